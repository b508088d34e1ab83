/* What the tests of Exchange and Email Pro share: one Email Pro domain, a.example, with two selectors. */
#ifndef WORLD_HOSTED_H
#define WORLD_HOSTED_H

#include "world_help.h"

#define A1     "ovhemp1-selector1"
#define A2     "ovhemp1-selector2"
#define CREATE "{\"selectorName\":\"" A1 "\",\"autoEnableDKIM\":false,\"configureDkim\":false}"

static inline void start(const char *state)
{
	begin();
	set("task_todo_ms", "1s");
	set("task_ms", "9s");
	add("emailpro", "pro-1", "a.example", state);
}

static inline int order(const char *method, const char *selector, const char *tail)
{
	char path[300];

	put(path, sizeof(path), P "dkim/%s%s", selector, tail);
	return ask(method, path, NULL);
}

static inline const char *st(const char *selector)
{
	return state_of(P, selector);
}

static inline const char *signers(void)
{
	return world_signing(w, now, "a.example");
}

/* The status of the task that the last answer named. */
static inline const char *task(void)
{
	static char path[200];
	const char *id = strstr(last.body, "\"id\":");

	assert_non_null(id);
	put(path, sizeof(path), "/1.0/email/pro/pro-1/task/%.*s", (int)strspn(id + 5, "0123456789"), id + 5);
	return path;
}

/* Asked for, and not carried out: the judge sees it all the same, and the world stays as it was. */
static inline void only_asked(const char *method, const char *selector, const char *tail, int rule)
{
	set("fault_5xx", "1");
	order(method, selector, tail);
	set("fault_5xx", "0");
	assert_false(last_change()->applied);
	assert_broken(rule);
}

#endif
