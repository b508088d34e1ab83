/* Lanes from what the daemon tells. What is not known stays unknown: a picture must not make up a past. */
#include "ctl/lanes.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"

static const char *text(const struct json *object, const char *key)
{
	const char *s = json_string(json_get(object, key));

	return s != NULL ? s : "";
}

static int64_t time_of(const struct json *object, const char *key)
{
	int64_t at = 0;

	return time_parse(text(object, key), &at) ? at : 0;
}

/* --- building -------------------------------------------------------------------------------------------------------- */

static struct lane *lane_of(struct lanes *l, const char *name)
{
	char clean[STR_CLEAN_MAX + 1];

	str_clean(clean, sizeof(clean), name);
	if (clean[0] == '\0')
		return NULL;
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->list[i].name, clean))
			return &l->list[i];
	l->list = xrealloc(l->list, (l->n + 1) * sizeof(*l->list));
	l->list[l->n] = (struct lane){.name = xstrdup(clean)};
	return &l->list[l->n++];
}

static void step(struct lanes *l, struct lane *x, int64_t at, enum lane_state state, enum lane_mark mark)
{
	if (x == NULL)
		return;
	x->steps = xrealloc(x->steps, (x->n + 1) * sizeof(*x->steps));
	x->steps[x->n++] = (struct lane_step){.at = at, .state = state, .mark = mark};
	if (at != 0 && (l->first == 0 || at < l->first))
		l->first = at;
}

static enum lane_state last_state(const struct lane *x)
{
	return x->n != 0 ? x->steps[x->n - 1].state : LANE_UNKNOWN;
}

static void event(struct lanes *l, int64_t at, enum lane_mark mark, char *what)
{
	l->events = xrealloc(l->events, (l->n_events + 1) * sizeof(*l->events));
	l->events[l->n_events++] = (struct lane_event){.at = at, .mark = mark, .text = what};
}

/* It signs from now on, and whoever signed before is kept for its grace. */
static void begins(struct lanes *l, const char *name, int64_t at)
{
	const struct lane *old = NULL;
	size_t self = SIZE_MAX;

	if (lane_of(l, name) == NULL)
		return;
	for (size_t i = 0; i < l->n; i++) {
		struct lane *x = &l->list[i];

		if (str_eq(x->name, name))
			self = i;
		else if (last_state(x) == LANE_SIGNS) {
			step(l, x, at, LANE_GRACE, MARK_NONE);
			old = x;
		}
	}
	if (self == SIZE_MAX || last_state(&l->list[self]) == LANE_SIGNS)
		return;
	step(l, &l->list[self], at, LANE_SIGNS, MARK_SWITCH);
	event(l, at, MARK_SWITCH,
	        old != NULL ? xasprintf("%s signs, %s is kept for its grace", l->list[self].name, old->name)
	                    : xasprintf("%s signs", l->list[self].name));
}

static void ends(struct lanes *l, const char *name, int64_t at)
{
	struct lane *x = lane_of(l, name);

	if (x == NULL)
		return;
	step(l, x, at, LANE_NONE, MARK_DELETION);
	event(l, at, MARK_DELETION, xasprintf("%s is deleted and made anew", x->name));
}

/* --- the past -------------------------------------------------------------------------------------------------------- */

static void past(struct lanes *l, const struct json *e)
{
	const char *what = text(e, "event"), *name = text(e, "selector");
	int64_t at = time_of(e, "at");

	bool as_one = str_eq(text(e, "platform"), "mxplan") || str_eq(text(e, "platform"), "zimbra");

	/* MX Plan and Zimbra may begin to sign by themselves once their records are found */
	if (as_one && l->unnamed == 0 && str_eq(text(e, "phase"), "settled"))
		l->unnamed = at;
	if (at == 0 || !str_eq(text(e, "kind"), "transition"))
		return;
	if (*name == '\0' && (str_eq(what, "signing") || str_eq(what, "repaired")))
		l->unnamed = at; /* MX Plan and Zimbra: the domain as a whole */
	else if (str_eq(what, "signing") || str_eq(what, "rotated") || str_eq(what, "repaired"))
		begins(l, name, at);
	else if (str_eq(what, "met"))
		step(l, lane_of(l, name), at, LANE_SIGNS, MARK_NONE);
	else if (str_eq(what, "deleted"))
		ends(l, name, at);
	else if (str_eq(what, "created"))
		step(l, lane_of(l, name), at, LANE_MAKING, MARK_NONE);
	else if (str_eq(what, "ready") || str_eq(what, "stopped"))
		step(l, lane_of(l, name), at, LANE_READY, MARK_NONE);
	else if (str_eq(what, "disabled"))
		step(l, lane_of(l, name), at, LANE_GRACE, MARK_NONE);
}

void lanes_history(struct lanes *l, const struct json *entries)
{
	for (const struct json *e = json_first(entries); e != NULL; e = json_next(e))
		past(l, e);
}

/* --- the present ----------------------------------------------------------------------------------------------------- */

static enum lane_state state_of(const struct shown_selector *s)
{
	const char *state = s->state != NULL ? s->state : "unknown";

	if (str_eq(state, "absent") || str_eq(state, "deleting"))
		return LANE_NONE;
	if (str_eq(state, "unknown"))
		return LANE_UNKNOWN;
	if (str_eq(s->role, "active"))
		return LANE_SIGNS;
	if (str_eq(s->role, "retired"))
		return LANE_GRACE;
	return str_eq(state, "ready") || str_eq(state, "set") ? LANE_READY : LANE_MAKING;
}

void lanes_present(struct lanes *l, const struct shown_domain *d)
{
	for (size_t i = 0; i < d->n_selectors; i++) {
		const struct shown_selector *s = &d->selectors[i];
		struct lane *x = lane_of(l, s->name != NULL ? s->name : "");
		enum lane_state now = state_of(s);

		if (x == NULL)
			continue;
		if (x->n == 0 && now == LANE_SIGNS && s->signing_since != 0)
			step(l, x, s->signing_since, LANE_SIGNS, MARK_NONE);
		else if (x->n == 0 && l->unnamed != 0 && (now == LANE_SIGNS || now == LANE_READY))
			step(l, x, l->unnamed, now, now == LANE_SIGNS ? MARK_SWITCH : MARK_NONE);
		else if (x->n == 0 && now == LANE_GRACE && s->stopped != 0)
			step(l, x, s->stopped, LANE_GRACE, MARK_NONE);
		/* a selector that is being switched on signs from now on, as far as a picture is concerned */
		if (str_eq(s->state, "enabling"))
			continue;
		if (last_state(x) != now || x->n == 0)
			step(l, x, d->now, now, MARK_NONE);
	}
	for (size_t i = 0; i < d->n_selectors; i++)
		if (str_eq(d->selectors[i].state, "enabling"))
			begins(l, d->selectors[i].name, d->now);
	if (l->first == 0)
		l->first = d->now;
}

/* --- the future ------------------------------------------------------------------------------------------------------ */

void lanes_plan(struct lanes *l, const struct json *transitions)
{
	lanes_history(l, transitions); /* they have one shape */
}

/* --- showing --------------------------------------------------------------------------------------------------------- */

enum lane_state lane_between(const struct lane *x, int64_t from, int64_t to, enum lane_mark *ret_mark)
{
	enum lane_state state = LANE_UNKNOWN;

	*ret_mark = MARK_NONE;
	for (size_t i = 0; i < x->n && x->steps[i].at < to; i++) {
		const struct lane_step *s = &x->steps[i];

		if (s->at <= from || s->state > state)
			state = s->state;
		if (s->at >= from && s->mark > *ret_mark)
			*ret_mark = s->mark;
	}
	return state;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct lane *)a)->name, ((const struct lane *)b)->name);
}

void lanes_sort(struct lanes *l)
{
	if (l->n != 0)
		qsort(l->list, l->n, sizeof(*l->list), by_name);
}

void lanes_free(struct lanes *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->list[i].name);
		free(l->list[i].steps);
	}
	for (size_t i = 0; i < l->n_events; i++)
		free(l->events[i].text);
	free(l->list);
	free(l->events);
}
