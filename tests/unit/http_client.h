/* A client of io/http.h on a loop of its own, and the web server of webserver.h to ask: what the tests of HTTP share. */
#ifndef TESTS_HTTP_CLIENT_H
#define TESTS_HTTP_CLIENT_H

#include "io/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "webserver.h"

static struct loop *loop;
static struct http *http;
static struct web web;

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

static inline struct http_call *start_url(
        const char *method, const char *url, const char *ca_file, struct seen *s)
{
	struct http_request q = {.method = method, .url = url, .ca_file = ca_file};

	*s = (struct seen){0};
	pending++;
	struct http_call *c = http_start(http, &q, take, s);
	assert_int_equal(s->calls, 0); /* never from inside */
	return c;
}

static inline struct http_call *start(const char *method, const char *path, struct seen *s)
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

static inline const struct seen *ask(const char *method, const char *path)
{
	static struct seen s;

	start(method, path, &s);
	run();
	assert_int_equal(s.calls, 1);
	return &s;
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
