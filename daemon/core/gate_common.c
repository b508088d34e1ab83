/* What the gate asks of more than one change: mode, freshness, one unresolved change a domain, the clock, the account's
 * brakes. Each rule is a small check. */
#include <string.h>

#include "core/gating.h"
#include "core/window.h"

/* --- for every change ------------------------------------------------------------------------------------------ */

static const char *mode_allows(struct door *g)
{
	if (g->st->observe || g->d->mode == MODE_OBSERVE)
		return "the domain is only observed";
	if (g->st->paused || g->r->paused)
		return "it is paused";
	return NULL;
}

static const char *reading_is_fresh(struct door *g)
{
	int64_t age = g->st->now - g->o->began;

	if (!g->o->complete || g->o->light || g->o->flight)
		return "not every selector of the domain was read in this pass";
	if (g->o->too_many)
		return "there are more selectors than can be watched";
	if (age < 0 || age > GATE_FRESH_MS)
		return "the reading behind it is more than 30 s old";
	return NULL;
}

static const char *domain_is_in_order(struct door *g)
{
	return g->o->service == SERVICE_OK ? NULL : "the domain itself is not in state ok";
}

const char *selector_is_ours(struct door *g)
{
	if (g->seen == NULL || g->rec == NULL)
		return "the selector was not read in this pass";
	unsigned before = 0;
	for (unsigned i = 0; i < g->o->n; i++)
		if (g->o->sel[i].named && strcmp(g->o->sel[i].name, g->seen->name) < 0)
			before++;
	return g->seen->named && before < 2
	               ? NULL
	               : "the selector is foreign: it is not one of the first two that OVHcloud reserves";
}

/* --- safety rule 6: one unresolved change ---------------------------------------------------------------------- */

static bool is_virgin_creation(const struct door *g)
{
	if (g->action != ACTION_CREATE)
		return false;
	for (unsigned i = 0; i < g->o->n; i++)
		if (selector_may_sign(g->o->sel[i].state))
			return false;
	return g->r->last_signer[0] == '\0';
}

const char *no_other_intent(struct door *g)
{
	for (unsigned i = 0; i < INTENTS_MAX; i++) {
		const struct intent *x = &g->r->intent[i];

		if (x->action == ACTION_NONE)
			continue;
		if (x->action == g->action && (g->seen == NULL || strcmp(x->selector, g->seen->name) == 0))
			continue; /* this very change */
		if (x->action == ACTION_PUBLISH && g->action == ACTION_PUBLISH)
			continue; /* records do not get in each other's way, and share a refresh */
		if (x->action == ACTION_CREATE && is_virgin_creation(g))
			continue;
		if (intent_is_slow_creation(x, g->st->now) && g->action != ACTION_CREATE &&
		        (g->seen == NULL || strcmp(x->selector, g->seen->name) != 0))
			continue;
		return "another change of this domain is not resolved yet";
	}
	return NULL;
}

static bool is_under_way(const struct seen_selector *s)
{
	return s->state == SELECTOR_TODO || s->state == SELECTOR_ENABLING || s->state == SELECTOR_DISABLING ||
	       s->state == SELECTOR_DELETING || s->task == TASK_PENDING || s->task == TASK_UNKNOWN;
}

/* A creation that pends for more than an hour holds up its own selector only. */
static bool is_slow_creation(const struct door *g, const struct seen_selector *s)
{
	const struct rec_selector *rec = record_selector_const(g->r, s->name);

	return s != g->seen && rec != NULL && selector_is_slow_creation(s->state, rec, g->st->now);
}

/* The domain object has a task that is none of its selectors'; a slow creation may show up there alone. */
static bool domain_task_pends(const struct door *g)
{
	if (g->o->domain_task_state != TASK_PENDING && g->o->domain_task_state != TASK_UNKNOWN)
		return false;
	for (unsigned i = 0; i < g->o->n; i++)
		if (is_slow_creation(g, &g->o->sel[i]))
			return false;
	return !is_virgin_creation(g);
}

const char *no_task_pends(struct door *g)
{
	if (domain_task_pends(g))
		return "a task of OVHcloud is pending for the domain itself";
	for (unsigned i = 0; i < g->o->n; i++) {
		const struct seen_selector *s = &g->o->sel[i];

		if (!is_under_way(s) || is_slow_creation(g, s))
			continue;
		if (is_virgin_creation(g) && s != g->seen)
			continue;
		return "a task of OVHcloud is pending for this domain";
	}
	return NULL;
}

/* --- what depends on time, and the account's brakes (rules 9 and 10) -------------------------------------------- */

const char *time_is_sure(struct door *g)
{
	return g->st->clock_sure ? NULL : "the API's time is not known well enough";
}

bool somebody_signs(const struct door *g)
{
	for (unsigned i = 0; i < g->o->n; i++)
		if (g->o->sel[i].state == SELECTOR_IN_PRODUCTION)
			return true;
	return false;
}

static bool is_ordered(const struct door *g)
{
	return g->st->order != ORDER_NONE ||
	       (g->action == ACTION_DELETE && g->rec != NULL && strcmp(g->r->compromised, g->rec->name) == 0);
}

const char *breaker_is_closed(struct door *g)
{
	return g->st->breaker_open && !is_ordered(g) ? "the account's breaker is open" : NULL;
}

const char *window_is_open(struct door *g)
{
	if (is_ordered(g) || window_open(g->d->policy.window, g->st->now))
		return NULL;
	g->earliest = window_next(g->d->policy.window, g->st->now);
	return "the policy's window is closed";
}

const char *daily_cap_has_room(struct door *g)
{
	if (is_ordered(g) || g->st->changed_this || g->st->changed < g->st->max_changed)
		return NULL;
	return "as many domains as allowed were changed in the last 24 hours";
}

const char *rotating_cap_has_room(struct door *g)
{
	return is_ordered(g) || g->st->rotating < g->st->max_rotating
	               ? NULL
	               : "as many domains as allowed are being switched";
}

/* --- the door ------------------------------------------------------------------------------------------------ */

const struct row gate_every_change[] = {
        {10, mode_allows},
        {15, reading_is_fresh},
        {15, domain_is_in_order},
        {0, NULL},
};

struct gate_verdict gate_walk(const struct row *row, struct door *g)
{
	for (; row->check != NULL; row++) {
		const char *why = row->check(g);

		if (why != NULL)
			return (struct gate_verdict){.rule = row->rule, .why = why, .earliest = g->earliest};
	}
	return (struct gate_verdict){.allow = true, .why = ""};
}

void gate_find_selectors(struct door *g, const char *selector)
{
	for (unsigned i = 0; i < g->o->n; i++) {
		const struct seen_selector *s = &g->o->sel[i];
		const struct rec_selector *rec = record_selector_const(g->r, s->name);

		if (strcmp(s->name, selector) == 0) {
			g->seen = s;
			g->rec = rec;
			continue;
		}
		if (s->state != SELECTOR_IN_PRODUCTION || rec == NULL || rec->signing_since == 0)
			continue;
		if (g->other == NULL || rec->signing_since > g->other_rec->signing_since) {
			g->other = s;
			g->other_rec = rec;
		}
	}
}
