/* A look or a zone job driven by a script: which request must come next, and what is answered. */
#ifndef TESTS_UNIT_DRIVE_H
#define TESTS_UNIT_DRIVE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "platform/writer.h"

/* A turn without a cursor is the usual one. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define NOW     INT64_C(1795000000000)
#define SILENCE 0
#define JSON    "application/json; charset=utf-8"
#define HTML    "<html><body><h1>Bad gateway</h1></body></html>"
#define E404                                                                                                 \
	"{\"class\":\"Client::NotFound\",\"message\":\"The requested object (selectorName = x) does not "    \
	"exist\"}"
#define E403  "{\"class\":\"Client::Forbidden\",\"message\":\"This call has not been granted\"}"
#define E404S "{\"class\":\"Client::NotFound\",\"message\":\"This service does not exist\"}"

struct turn {
	const char *request; /* "GET /path", and with a body "POST /path {...}" */
	int status;          /* SILENCE: no answer */
	const char *body;    /* NULL = "" */
	const char *cursor;  /* X-Pagination-Cursor-Next */
};

static inline struct api_answer turn_answer(const struct turn *t, int64_t now)
{
	const char *body = t->body ? t->body : "";

	return (struct api_answer){
	        .answered = t->status != SILENCE,
	        .status = t->status,
	        .body = body,
	        .body_len = strlen(body),
	        .content_type = body[0] == '<' ? "text/html" : JSON,
	        .query_id = "EU.ext-3.65e35d73.1",
	        .cursor_next = t->cursor ? t->cursor : "",
	        .error = t->status == SILENCE ? "timeout" : "",
	        .now = now,
	};
}

static inline void turn_check(const struct turn *t, const struct api_request *r)
{
	char text[sizeof r->path + sizeof r->body + 16];

	str_format(text, sizeof text, "%s %s%s%s", r->method, r->path, r->body[0] ? " " : "", r->body);
	if (!t->request) {
		fail_msg("one request too many: %s", text);
		abort(); /* not reached; the analyzers do not know */
	}
	assert_string_equal(text, t->request);
}

/* Runs the look through the whole script; both must end together. */
static inline void drive_look(struct pass *p, const struct turn *script)
{
	struct api_request r, again;
	int64_t now = NOW;

	p->platform = platform_for(p->desired);
	assert_non_null(p->platform);
	while (platform_next(p, &r)) {
		assert_true(platform_next(p, &again));
		assert_string_equal(r.path, again.path);
		turn_check(script, &r);
		struct api_answer a = turn_answer(script++, now += 100);
		platform_feed(p, &a);
	}
	if (script->request)
		fail_msg("the look ended before %s: %s", script->request, p->seen.trouble_text);
	assert_false(platform_next(p, &r));
}

#endif
