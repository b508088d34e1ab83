/* HTTP on the loop: how every way of not answering ends, that nothing is sent twice, and that calls may be started, dropped
 * and freed anywhere. */
#include "http_client.h"

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

static void stop_loop(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

/* The server reads what is on its way and sees every connection end, so that it counts nothing of it later. */
static void settle(void)
{
	struct timer *t = timer_new(loop, stop_loop, NULL);

	do {
		timer_set(t, 1, 0);
		loop_run(loop);
	} while (web.first);
	timer_free(t);
}

/* Three requests at once that nobody answers, where two connections are allowed; returns how many never left. */
static unsigned third_of_two(void)
{
	struct seen s[3];
	unsigned lost = 0, not_sent = 0;

	settle();
	unsigned before = web.requests;
	for (int i = 0; i < 3; i++)
		start("PUT", "/never", &s[i]);
	run();
	for (int i = 0; i < 3; i++) {
		lost += s[i].end == HTTP_LOST;
		not_sent += s[i].end == HTTP_NOT_SENT;
	}
	assert_int_equal(lost + not_sent, 3);
	assert_true(web.requests - before <= lost);
	return not_sent;
}

/* However slow this machine is: what the server received is lost, and what it could not receive was not sent. */
static void test_timeouts(void **state)
{
	(void)state;
	static const char *const paths[] = {"/never", "/hang-body"};

	http_free(http);
	http = http_new(loop, "t", 2, 100);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		enum http_end end;

		settle();
		unsigned before = web.requests;
		do
			end = ask("PUT", paths[i])->end;
		while (web.requests == before && end == HTTP_NOT_SENT);
		assert_int_equal(end, HTTP_LOST);
	}

	/* Both connections are busy: the third waits within its timeout and never leaves, unless this machine was so slow
	 * to start it that one of them became free before. */
	unsigned never_left = 0;
	for (int tries = 0; tries < 20 && never_left == 0; tries++)
		never_left = third_of_two();
	assert_true(never_left >= 1);

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

int main(void)
{
	const struct CMUnitTest tests[] = {
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
