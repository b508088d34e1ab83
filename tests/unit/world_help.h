/* What the tests of the simulated OVHcloud share: one request in one line, and answers looked at as text. */
#ifndef WORLD_HELP_H
#define WORLD_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "../ovhsim/world/world.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define T0     INT64_C(1790000000000)
#define E      "/1.0/email/exchange/org/service/org/domain/a.example/"
#define P      "/1.0/email/pro/pro-1/domain/a.example/"
#define S1     "ovhex1-selector1"
#define S2     "ovhex1-selector2"

static int64_t now;
static struct world *w;
static struct world_answer last;

/* printf into an array that must be large enough. */
__attribute__((format(printf, 3, 4))) static inline void put(char *dst, size_t n, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(dst, n, fmt, ap);
	va_end(ap);
	assert_true(len >= 0 && (size_t)len < n);
}

static inline int ask(const char *method, const char *path, const char *body)
{
	struct world_request q = {.account = "acc", .method = method, .path = path, .body = body};

	q.body_len = body ? strlen(body) : 0;
	free(last.body);
	world_request(w, now, &q, &last);
	return last.status;
}

static inline int get(const char *path)
{
	return ask("GET", path, NULL);
}

/* The last answer holds the text. */
static inline int says(const char *text)
{
	return strstr(last.body, text) != NULL;
}

static inline void begin(void)
{
	now = T0;
	w = world_new(7);
	assert_non_null(w);
}

static inline int end(void **state)
{
	(void)state;
	free(last.body);
	last.body = NULL;
	world_free(w);
	w = NULL;
	return 0;
}

static inline void set(const char *name, const char *value)
{
	assert_int_equal(world_set(w, name, value), 0);
}

static inline void add(const char *platform, const char *service, const char *domain, const char *state)
{
	assert_int_equal(
	        world_add_domain(w, now, "acc", platform, service, domain, NULL, "ovh", 2, state), 0);
}

static inline const struct world_change *last_change(void)
{
	assert_true(world_changes(w) > 0);
	return world_change(w, world_changes(w) - 1);
}

/* The rule that the last change broke, 0 = none. */
#define assert_broken(rule)                                                                                  \
	do {                                                                                                 \
		const struct world_change *c_ = last_change();                                               \
		if (c_->broken != (rule))                                                                    \
			print_error("%s %s: rule %d (%s)\n", c_->method, c_->path, c_->broken, c_->why);     \
		assert_int_equal(c_->broken, rule);                                                          \
	} while (0)

/* The value of a string field of the last answer; "" when there is none. */
static inline const char *field(const char *name)
{
	static char text[600];
	char key[80];
	const char *at;

	put(key, sizeof(key), "\"%s\":\"", name);
	at = strstr(last.body, key);
	text[0] = 0;
	if (at) {
		at += strlen(key);
		put(text, sizeof(text), "%.*s", (int)strcspn(at, "\""), at);
	}
	return text;
}

/* Keeps a text beyond the next request. */
static inline void keep(char *dst, size_t n, const char *src)
{
	put(dst, n, "%s", src);
}

/* The status of a selector as the API shows it; "" when it is 404. */
static inline const char *state_of(const char *base, const char *selector)
{
	char path[300];

	put(path, sizeof(path), "%sdkim/%s", base, selector);
	return get(path) == 200 ? field("status") : "";
}

#endif
