/* HTTP on the loop: what an answer brings, how a request looks as it is sent, and what is never sent. */
#include "http_client.h"

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
	} rows[] = {{"GET", false}, {"POST", true}, {"PUT", true}, {"DELETE", false}};

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
	        {"GET", "http://eu.api.ovh.com/1.0", NULL, "loopback"},
	        {"GET", "http://localhost:%u/json", NULL, "loopback"},
	        {"GET", "http://127.0.0.1.nip.io:%u/json", NULL, "loopback"},
	        {"GET", "http://10.0.0.1/json", NULL, "loopback"},
	        {"GET", "http://[::2]/json", NULL, "loopback"},
	        {"GET", "http://user@127.0.0.1:%u/json", NULL, "URL"},
	        {"GET", "http://127.0.0.1:%u/json#part", NULL, "URL"},
	        {"GET", "http://127.0.0.1:%u/json?a#part", NULL, "URL"},
	        {"GET", "http://127.0.0.1:%u/js on", NULL, "URL"},
	        {"GET", "http://127.0.0.1:%u/json?a b", NULL, "URL"},
	        {"GET", "http://127.0.0.1:%u/json?a\r\nX: y", NULL, "URL"},
	        {"GET", "http://127.0.0.1:%u/a{b}", NULL, "URL"},
	        {"GET", "http://127.0.0.1:%u@eu.api.ovh.com", NULL, "URL"},
	        {"GET", "http://127.0.0.1:%u/a@b", NULL, "URL"},
	        {"GET", "http://127.0.0.1:%u/caf\xc3\xa9", NULL, "URL"},
	        {"GET", "file:///etc/passwd", NULL, "URL"},
	        {"GET", "ftp://127.0.0.1/", NULL, "URL"},
	        {"GET", "127.0.0.1:%u/json", NULL, "URL"},
	        {"GET", "", NULL, "URL"},
	        {"HEAD", "http://127.0.0.1:%u/json", NULL, "method"},
	        {"get", "http://127.0.0.1:%u/json", NULL, "method"},
	        {"GET", "http://127.0.0.1:%u/json", "X-A: b\r\nX-C: d", "header"},
	        {"GET", "http://127.0.0.1:%u/json", "X-A: b\n", "header"},
	        {"GET", "http://127.0.0.1:%u/json", "no colon", "header"},
	        {"GET", "http://127.0.0.1:%u/json", ": no name", "header"},
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
