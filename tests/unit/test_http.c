/* HTTP on the loop: what an answer brings, how every way of not answering ends, that nothing is sent twice or to the
 * wrong place, and that calls may be started, dropped and freed anywhere. */
#include "io/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "webserver.h"

static struct loop *loop;
static struct http *http;
static struct web web;
static char folder[] = "/tmp/test_http.XXXXXX";

static int setup(void **state)
{
	(void)state;
	loop = loop_new();
	http = http_new(loop, "dkimrotd-test/1", 8, 0);
	web_open(&web, loop, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	http_free(http);
	http = NULL;
	web_close(&web);
	loop_free(loop);
	return 0;
}

/* What a callback leaves for the test; text outlives the answer. */
struct seen {
	unsigned calls;
	enum http_end end;
	int status;
	int64_t retry_after_ms;
	size_t body_len;
	char body[4096], content_type[100], query_id[100], cursor_next[100], error[300];
};

static unsigned pending; /* calls awaited; the last one stops the loop */

static void take(void *arg, const struct http_answer *a)
{
	struct seen *s = arg;

	s->calls++;
	s->end = a->end;
	s->status = a->status;
	s->retry_after_ms = a->retry_after_ms;
	s->body_len = a->body_len;
	assert_int_equal(a->body[a->body_len], '\0');
	assert_true(a->took_ms >= 0);
	str_format(s->body, sizeof(s->body), "%s", a->body);
	str_format(s->content_type, sizeof(s->content_type), "%s", a->content_type);
	str_format(s->query_id, sizeof(s->query_id), "%s", a->query_id);
	str_format(s->cursor_next, sizeof(s->cursor_next), "%s", a->cursor_next);
	str_format(s->error, sizeof(s->error), "%s", a->error);
	assert_int_equal(s->end == HTTP_ANSWERED, s->status != 0);
	assert_int_equal(s->end == HTTP_ANSWERED, s->error[0] == '\0');
	if (--pending == 0)
		loop_stop(loop);
}

static struct http_call *start_url(const char *method, const char *url, const char *ca_file, struct seen *s)
{
	struct http_request q = {.method = method, .url = url, .ca_file = ca_file};

	*s = (struct seen){0};
	pending++;
	struct http_call *c = http_start(http, &q, take, s);
	assert_int_equal(s->calls, 0); /* never from inside */
	return c;
}

static struct http_call *start(const char *method, const char *path, struct seen *s)
{
	char url[600];

	str_format(url, sizeof(url), "http://127.0.0.1:%u%s", web.port, path);
	return start_url(method, url, NULL, s);
}

static void run(void)
{
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(pending, 0);
}

static const struct seen *ask(const char *method, const char *path)
{
	static struct seen s;

	start(method, path, &s);
	run();
	assert_int_equal(s.calls, 1);
	return &s;
}

/* ---- answers ---- */

static void test_answer(void **state)
{
	(void)state;
	const struct seen *s = ask("GET", "/json");

	assert_int_equal(s->end, HTTP_ANSWERED);
	assert_int_equal(s->status, 200);
	assert_string_equal(s->body, "{\"a\":1}");
	assert_int_equal(s->body_len, 7);
	assert_string_equal(s->content_type, "application/json; charset=utf-8");
	assert_string_equal(s->query_id, "EU.ext-3.65e35d73");
	assert_string_equal(s->cursor_next, "abc");
	assert_int_equal(s->retry_after_ms, 0);

	s = ask("GET", "/nothing"); /* and nothing of the answer before is left */
	assert_int_equal(s->status, 204);
	assert_string_equal(s->body, "");
	assert_string_equal(s->content_type, "");
	assert_string_equal(s->query_id, "");
	assert_string_equal(s->cursor_next, "");

	s = ask("GET", "/interim"); /* a 103 before it is no answer, and its headers are not the answer's */
	assert_int_equal(s->status, 200);
	assert_string_equal(s->body, "ok");
	assert_string_equal(s->query_id, "");
	assert_string_equal(s->content_type, "");

	s = ask("GET", "/trailers");
	assert_int_equal(s->end, HTTP_ANSWERED);
	assert_string_equal(s->body, "ok");
}

static void test_every_status_is_an_answer(void **state)
{
	(void)state;
	static const int statuses[] = {201, 400, 401, 403, 404, 408, 409, 429, 460, 500, 502, 503};

	for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
		char path[32];

		str_format(path, sizeof(path), "/status/%d", statuses[i]);
		const struct seen *s = ask("POST", path);
		assert_int_equal(s->end, HTTP_ANSWERED);
		assert_int_equal(s->status, statuses[i]);
		assert_string_equal(s->body, "{\"message\":\"no\"}");
	}
	assert_int_equal(web.requests, ARRAY_SIZE(statuses));
}

static void test_sizes(void **state)
{
	(void)state;
	const struct seen *s = ask("GET", "/chunks");

	assert_int_equal(s->end, HTTP_ANSWERED);
	assert_int_equal(s->body_len, 3 * 65536);
	s = ask("GET", "/most");
	assert_int_equal(s->end, HTTP_ANSWERED);
	assert_int_equal(s->body_len, 4 << 20);
	s = ask("GET", "/huge");
	assert_int_equal(s->end, HTTP_LOST);
	assert_string_equal(s->error, "the answer is larger than 4 MiB");
	s = ask("GET", "/huge-chunks");
	assert_int_equal(s->end, HTTP_LOST);
	assert_string_equal(s->error, "the answer is larger than 4 MiB");
	s = ask("GET", "/json");
	assert_int_equal(s->status, 200);
}

static void test_waits(void **state)
{
	(void)state;
	assert_int_equal(ask("GET", "/wait")->retry_after_ms, 7000);
	assert_int_equal(ask("GET", "/wait-long")->retry_after_ms, MS_DAY);
}

static void test_redirects_are_answers(void **state)
{
	(void)state;
	const struct seen *s = ask("GET", "/redirect");

	assert_int_equal(s->end, HTTP_ANSWERED);
	assert_int_equal(s->status, 302);
	assert_int_equal(web.requests, 1);
}

/* ---- requests as sent ---- */

static bool line_in(const char *request, const char *line)
{
	char *whole = xasprintf("\r\n%s\r\n", line);
	bool found = strcasestr(request, whole) != NULL;

	free(whole);
	return found;
}

static bool header_in(const char *request, const char *name)
{
	char *start_of = xasprintf("\r\n%s:", name);
	bool found = strcasestr(request, start_of) != NULL;

	free(start_of);
	return found;
}

static void test_methods_without_body(void **state)
{
	(void)state;
	static const struct {
		const char *method;
		bool length;
	} rows[] = {
	        {"GET",    false},
                {"POST",   true },
                {"PUT",    true },
                {"DELETE", false}
        };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct seen *s = ask(rows[i].method, "/echo/a%2Fb/../c?x=%20&y");
		char first[100];

		str_format(
		        first, sizeof(first), "%s /echo/a%%2Fb/../c?x=%%20&y HTTP/1.1\r\n", rows[i].method);
		assert_true(str_prefix(s->body, first)); /* byte by byte as signed */
		assert_int_equal(line_in(s->body, "Content-Length: 0"), rows[i].length);
		assert_int_equal(header_in(s->body, "Content-Length"), rows[i].length);
		assert_true(line_in(s->body, "User-Agent: dkimrotd-test/1"));
		assert_false(header_in(s->body, "Content-Type"));
		assert_false(header_in(s->body, "Expect"));
		assert_false(header_in(s->body, "Cookie"));
		assert_false(header_in(s->body, "Authorization"));
	}
}

/* Everything is copied: what the caller gave is overwritten before the request leaves. */
static void test_body_and_headers(void **state)
{
	(void)state;
	static const char *const methods[] = {"POST", "PUT", "DELETE"};

	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		char url[100], body[] = "{\"a\":\"b\"}", one[] = "Content-Type: application/json";
		char two[] = "X-Ovh-Application: TDPKJdwZwAQPwKX2";
		const char *lines[] = {one, two, NULL};
		struct seen s = {0};

		str_format(url, sizeof(url), "http://127.0.0.1:%u/echo", web.port);
		struct http_request q = {
		        .method = methods[i], .url = url, .headers = lines, .body = body, .body_len = 9};
		pending++;
		http_start(http, &q, take, &s);
		memset(url, 'x', sizeof(url));
		memset(body, 'x', sizeof(body));
		memset(one, 'x', sizeof(one));
		memset(two, 'x', sizeof(two));
		run();
		assert_int_equal(s.status, 200);
		assert_true(str_prefix(s.body, methods[i]));
		assert_true(line_in(s.body, "Content-Type: application/json"));
		assert_true(line_in(s.body, "X-Ovh-Application: TDPKJdwZwAQPwKX2"));
		assert_true(line_in(s.body, "Content-Length: 9"));
		assert_true(str_suffix(s.body, "\r\n\r\n{\"a\":\"b\"}"));
	}

	const struct seen *s = ask("GET", "/echo"); /* and nothing of the request before is left */
	assert_true(str_prefix(s->body, "GET /echo HTTP/1.1\r\n"));
	assert_false(header_in(s->body, "Content-Length"));
	assert_false(header_in(s->body, "Transfer-Encoding"));
	assert_false(header_in(s->body, "Content-Type"));
	assert_false(header_in(s->body, "X-Ovh-Application"));
	assert_true(str_suffix(s->body, "\r\n\r\n"));
	assert_true(header_in(s->body, "User-Agent"));
}

static void test_large_bodies_do_not_wait_for_leave(void **state)
{
	(void)state;
	enum { N = 2 << 20 };
	char url[100], *body = malloc(N);
	struct seen s = {0};

	memset(body, 'b', N);
	str_format(url, sizeof(url), "http://127.0.0.1:%u/json", web.port);
	struct http_request q = {.method = "POST", .url = url, .body = body, .body_len = N};
	pending++;
	http_start(http, &q, take, &s);
	free(body);
	run();
	assert_int_equal(s.status, 200);
}

/* ---- what never starts ---- */

static void refuse_all(void)
{
	static const struct {
		const char *method, *url, *header, *words;
	} rows[] = {
	        {"GET",  "http://eu.api.ovh.com/1.0",          NULL,               "loopback"},
	        {"GET",  "http://localhost:%u/json",           NULL,               "loopback"},
	        {"GET",  "http://127.0.0.1.nip.io:%u/json",    NULL,               "loopback"},
	        {"GET",  "http://10.0.0.1/json",               NULL,               "loopback"},
	        {"GET",  "http://[::2]/json",                  NULL,               "loopback"},
	        {"GET",  "http://user@127.0.0.1:%u/json",      NULL,               "URL"     },
	        {"GET",  "http://127.0.0.1:%u/json#part",      NULL,               "URL"     },
	        {"GET",  "http://127.0.0.1:%u/json?a#part",    NULL,               "URL"     },
	        {"GET",  "http://127.0.0.1:%u/js on",          NULL,               "URL"     },
	        {"GET",  "http://127.0.0.1:%u/json?a b",       NULL,               "URL"     },
	        {"GET",  "http://127.0.0.1:%u/json?a\r\nX: y", NULL,               "URL"     },
	        {"GET",  "http://127.0.0.1:%u/a{b}",           NULL,               "URL"     },
	        {"GET",  "http://127.0.0.1:%u@eu.api.ovh.com", NULL,               "URL"     },
	        {"GET",  "http://127.0.0.1:%u/a@b",            NULL,               "URL"     },
	        {"GET",  "http://127.0.0.1:%u/caf\xc3\xa9",    NULL,               "URL"     },
	        {"GET",  "file:///etc/passwd",                 NULL,               "URL"     },
	        {"GET",  "ftp://127.0.0.1/",                   NULL,               "URL"     },
	        {"GET",  "127.0.0.1:%u/json",                  NULL,               "URL"     },
	        {"GET",  "",	                           NULL,               "URL"     },
	        {"HEAD", "http://127.0.0.1:%u/json",           NULL,               "method"  },
	        {"get",  "http://127.0.0.1:%u/json",           NULL,               "method"  },
	        {"GET",  "http://127.0.0.1:%u/json",           "X-A: b\r\nX-C: d", "header"  },
	        {"GET",  "http://127.0.0.1:%u/json",           "X-A: b\n",         "header"  },
	        {"GET",  "http://127.0.0.1:%u/json",           "no colon",         "header"  },
	        {"GET",  "http://127.0.0.1:%u/json",           ": no name",        "header"  },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *lines[] = {rows[i].header, NULL}, *gap = strstr(rows[i].url, "%u");
		char *url =
		        gap ? xasprintf("%.*s%u%s", (int)(gap - rows[i].url), rows[i].url, web.port, gap + 2)
		            : xstrdup(rows[i].url);
		struct http_request q = {.method = rows[i].method, .url = url, .headers = lines};
		struct seen s = {0};

		pending++;
		assert_non_null(http_start(http, &q, take, &s));
		assert_int_equal(s.calls, 0);
		run();
		if (s.end != HTTP_NOT_SENT || !strstr(s.error, rows[i].words))
			fail_msg("%s %s: %d %s", rows[i].method, url, s.end, s.error);
		free(url);
	}
}

static void test_what_may_not_be_sent(void **state)
{
	(void)state;
	refuse_all();
	assert_int_equal(web.connections, 0);
	assert_int_equal(ask("GET", "/json")->status, 200);
	refuse_all(); /* nor from a handle that has just sent something good to the same place */
	assert_int_equal(web.requests, 1);
}

static void test_ipv6_loopback_is_fine(void **state)
{
	(void)state;
	struct seen s;

	start_url("GET", "http://[::1]:1/json", NULL, &s); /* nobody listens, but it was tried */
	run();
	assert_int_equal(s.end, HTTP_NOT_SENT);
	assert_non_null(strstr(s.error, "connect"));
}

/* ---- what gets no answer ---- */

static void test_lost(void **state)
{
	(void)state;
	static const char *const paths[] = {
	        "/reset", "/close", "/cut", "/cut-chunks", "/cut-header", "/not-http"};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		unsigned before = web.requests;
		const struct seen *s = ask("PUT", paths[i]);

		if (s->end != HTTP_LOST)
			fail_msg("%s: %d %s", paths[i], s->end, s->error);
		assert_string_equal(s->body, "");
		assert_int_equal(s->status, 0);
		assert_int_equal(web.requests, before + 1); /* not one more */
	}
	assert_int_equal(ask("GET", "/json")->status, 200);
}

/* However slow this machine is: what the server received is lost, and what it could not receive was not sent. */
static void test_timeouts(void **state)
{
	(void)state;
	static const char *const paths[] = {"/never", "/hang-body"};

	http_free(http);
	http = http_new(loop, "t", 2, 100);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		unsigned before = web.requests;
		enum http_end end;

		do
			end = ask("PUT", paths[i])->end;
		while (web.requests == before && end == HTTP_NOT_SENT);
		assert_int_equal(end, HTTP_LOST);
	}

	/* Both connections are busy: the third waits within its timeout and never leaves. */
	struct seen s[3];
	unsigned before = web.requests, lost = 0, not_sent = 0;
	for (int i = 0; i < 3; i++)
		start("PUT", "/never", &s[i]);
	run();
	for (int i = 0; i < 3; i++) {
		lost += s[i].end == HTTP_LOST;
		not_sent += s[i].end == HTTP_NOT_SENT;
	}
	assert_int_equal(lost + not_sent, 3);
	assert_true(not_sent >= 1);
	assert_true(web.requests - before <= lost);

	/* A TLS handshake that nobody answers. */
	struct seen t;
	char url[100];
	web.silent = true;
	str_format(url, sizeof(url), "https://127.0.0.1:%u/", web.port);
	start_url("PUT", url, NULL, &t);
	run();
	assert_int_equal(t.end, HTTP_NOT_SENT);
}

static void test_nobody_listens(void **state)
{
	(void)state;
	struct seen s;
	char url[100];

	str_format(url, sizeof(url), "http://127.0.0.1:%u/json", web.port);
	web_close(&web);
	start_url("POST", url, NULL, &s);
	run();
	assert_int_equal(s.end, HTTP_NOT_SENT);
	assert_non_null(strstr(s.error, "connect"));
}

/* ---- connections ---- */

static void test_connections_are_kept(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++)
		assert_int_equal(ask(i % 3 ? "GET" : "POST", "/json")->status, 200);
	assert_int_equal(web.connections, 1);
	assert_int_equal(web.requests, 20);
}

static void test_many_at_once(void **state)
{
	(void)state;
	enum { N = 100 };
	static struct seen s[N];

	for (int i = 0; i < N; i++)
		start(i % 2 ? "GET" : "PUT", i % 5 ? "/json" : "/slow", &s[i]);
	run();
	for (int i = 0; i < N; i++) {
		assert_int_equal(s[i].calls, 1);
		assert_int_equal(s[i].status, 200);
		assert_string_equal(s[i].body, i % 5 ? "{\"a\":1}" : "late");
	}
	assert_in_range(web.connections, 1, 8);
	assert_int_equal(web.requests, N);
}

/* A kept connection dies as the second request arrives. A reading is asked again by itself; a change is not, for it
 * may have been received. */
static void test_a_change_is_never_repeated(void **state)
{
	(void)state;
	static const char *const paths[] = {"/reset-second", "/close-second"};
	static const char *const methods[] = {"POST", "PUT", "DELETE"};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		assert_int_equal(ask("GET", paths[i])->status, 200);
		assert_int_equal(ask("GET", paths[i])->status, 200);
		for (size_t k = 0; k < ARRAY_SIZE(methods); k++) {
			assert_int_equal(
			        ask("GET", "/json")->status, 200); /* there is a connection to reuse */
			unsigned before = web.posts;
			const struct seen *s = ask(methods[k], paths[i]);
			assert_int_equal(s->end, HTTP_LOST);
			assert_int_equal(web.posts, before + 1);
		}
	}
}

static void test_no_proxy_to_loopback(void **state)
{
	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("all_proxy", "http://127.0.0.1:1", 1);
	assert_int_equal(ask("GET", "/json")->status, 200);

	/* And other hosts do go through it: nobody listens there, so nothing is sent. */
	struct seen s;
	setenv("https_proxy", "http://127.0.0.1:1", 1);
	start_url("GET", "https://api.example.net/1.0/auth/time", NULL, &s);
	run();
	assert_int_equal(s.end, HTTP_NOT_SENT);
	assert_non_null(strstr(s.error, "127.0.0.1 port 1"));
	unsetenv("http_proxy");
	unsetenv("https_proxy");
	unsetenv("all_proxy");
}

/* ---- dropping ---- */

static void test_cancel(void **state)
{
	(void)state;
	struct seen never, kept, unborn;

	start("GET", "/never", &never);
	http_cancel(start("GET", "/json", &unborn)); /* before curl saw it */
	pending--;
	struct http_call *bad = start("HEAD", "/json", &unborn); /* ended, its callback not yet run */
	http_cancel(bad);
	pending--;
	start("GET", "/slow", &kept);
	pending--; /* only the slow one is awaited */
	run();
	assert_int_equal(kept.status, 200);
	assert_int_equal(never.calls + unborn.calls, 0);
	/* teardown frees what /never still holds */
}

static struct http_call *others[10];

static void cancel_others(void *arg, const struct http_answer *a)
{
	(void)arg, (void)a;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (others[i])
			http_cancel(others[i]); /* itself among them: ignored */
	memset(others, 0, sizeof(others));
	loop_stop(loop);
}

static void test_cancel_from_callbacks(void **state)
{
	(void)state;
	char url[100];

	/* Half of them end in the same run as the first, half are still under way. */
	str_format(url, sizeof(url), "http://127.0.0.1:%u/slow", web.port);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		struct http_request q = {.method = i % 2 ? "GET" : "HEAD", .url = url};

		others[i] = http_start(http, &q, cancel_others, NULL);
	}
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(ask("GET", "/json")->status, 200);
}

static void start_another(void *arg, const struct http_answer *a)
{
	assert_int_equal(a->end, HTTP_NOT_SENT);
	start("GET", "/json", arg);
	pending--;
}

static void test_start_from_callback(void **state)
{
	(void)state;
	static struct seen s;
	struct http_request q = {.method = "GET", .url = "nonsense"};

	pending++;
	http_start(http, &q, start_another, &s);
	run();
	assert_int_equal(s.status, 200);
}

static void free_http(void *arg, const struct http_answer *a)
{
	(void)arg;
	assert_non_null(a->body);
	http_free(http);
	http = NULL;
	loop_stop(loop);
}

static void test_free_from_callback(void **state)
{
	(void)state;
	static struct seen s[4];
	char url[100];
	struct http_request q = {.method = "GET", .url = url};

	str_format(url, sizeof(url), "http://127.0.0.1:%u/json", web.port);
	start("GET", "/never", &s[0]);
	http_start(http, &q, free_http, NULL);
	start("HEAD", "/json", &s[1]);
	start("GET", "/slow", &s[2]);
	q.url = "nonsense";
	http_start(http, &q, free_http, NULL); /* runs first, and the last of them all */
	start("HEAD", "/json", &s[3]);
	pending = 0;
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(s[0].calls + s[2].calls + s[3].calls, 0);
	assert_null(http);
	pending = 0;
}

/* ---- TLS ---- */

static const struct seen *ask_tls(const char *host, const char *ca_file)
{
	static struct seen s;
	char url[100];

	str_format(url, sizeof(url), "https://%s:%u/json", host, web.port);
	start_url("PUT", url, ca_file, &s);
	run();
	return &s;
}

static void test_tls(void **state)
{
	(void)state;
	char mine[100], other[100];
	const char *const names = "DNS:localhost,IP:127.0.0.1";

	str_format(mine, sizeof(mine), "%s/ca.pem", folder);
	str_format(other, sizeof(other), "%s/other.pem", folder);
	SSL_CTX_free(tls_new(other, names, 1));
	web_close(&web);
	web_open(&web, loop, tls_new(mine, names, 1));

	const struct seen *s = ask_tls("127.0.0.1", mine);
	if (s->end != HTTP_ANSWERED)
		fail_msg("%s", s->error);
	assert_string_equal(s->body, "{\"a\":1}");
	setenv("https_proxy", "http://127.0.0.1:1", 1);
	assert_int_equal(ask_tls("localhost", mine)->end, HTTP_ANSWERED);
	unsetenv("https_proxy");

	unsigned served = web.requests;
	assert_int_equal(ask_tls("127.0.0.1", other)->end, HTTP_NOT_SENT);
	assert_int_equal(
	        ask_tls("127.0.0.1", NULL)->end, HTTP_NOT_SENT); /* the kept connection is no way round */
	assert_int_equal(ask_tls("127.0.0.2", mine)->end, HTTP_NOT_SENT);
	assert_int_equal(ask_tls("127.0.0.1", "/nonexistent/ca.pem")->end, HTTP_NOT_SENT);
	assert_int_equal(web.requests, served);
}

static void test_tls_refusals(void **state)
{
	(void)state;
	char ca[100], url[100];
	struct seen plain;

	str_format(url, sizeof(url), "https://127.0.0.1:%u/json", web.port);
	start_url("PUT", url, NULL, &plain); /* to a server that speaks plain HTTP */
	run();
	assert_int_equal(plain.end, HTTP_NOT_SENT);

	str_format(ca, sizeof(ca), "%s/ca.pem", folder);
	web_close(&web);
	web_open(&web, loop, tls_new(ca, "IP:127.0.0.1", -1));
	const struct seen *s = ask_tls("127.0.0.1", ca);
	assert_int_equal(s->end, HTTP_NOT_SENT);
	assert_non_null(strstr(s->error, "expired"));

	web_close(&web);
	str_format(
	        ca, sizeof(ca), "%s/name.pem", folder); /* another file: what was read is kept for a while */
	web_open(&web, loop, tls_new(ca, "DNS:api.example.net", 1));
	s = ask_tls("127.0.0.1", ca);
	assert_int_equal(s->end, HTTP_NOT_SENT);
	if (!strstr(s->error, "subject name"))
		fail_msg("%s", s->error);

	web_close(&web);
	str_format(ca, sizeof(ca), "%s/old.pem", folder);
	web_open(&web, loop, tls_new(ca, "IP:127.0.0.1", 1));
	SSL_CTX_set_security_level(web.tls, 0); /* TLS 1.1 is offered, and nothing else */
	SSL_CTX_set_max_proto_version(web.tls, TLS1_1_VERSION);
	s = ask_tls("127.0.0.1", ca);
	assert_int_equal(s->end, HTTP_NOT_SENT);
	if (!strstr(s->error, "protocol"))
		fail_msg("%s", s->error);
	assert_int_equal(web.requests, 0);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	static const char *const files[] = {"ca.pem", "other.pem", "name.pem", "old.pem"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char path[100];

		str_format(path, sizeof(path), "%s/%s", folder, files[i]);
		unlink(path);
	}
	return rmdir(folder);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        T(test_answer),
	        T(test_every_status_is_an_answer),
	        T(test_sizes),
	        T(test_waits),
	        T(test_redirects_are_answers),
	        T(test_methods_without_body),
	        T(test_body_and_headers),
	        T(test_large_bodies_do_not_wait_for_leave),
	        T(test_what_may_not_be_sent),
	        T(test_ipv6_loopback_is_fine),
	        T(test_lost),
	        T(test_timeouts),
	        T(test_nobody_listens),
	        T(test_connections_are_kept),
	        T(test_many_at_once),
	        T(test_a_change_is_never_repeated),
	        T(test_no_proxy_to_loopback),
	        T(test_cancel),
	        T(test_cancel_from_callbacks),
	        T(test_start_from_callback),
	        T(test_free_from_callback),
	        T(test_tls),
	        T(test_tls_refusals),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
