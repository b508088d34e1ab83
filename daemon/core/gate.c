/* The gate for selectors: each rule is a small check, and each action a row of checks that must all pass. The rows can be
 * read aloud. */
#include <string.h>

#include "core/gating.h"

#define HOUR (3600 * INT64_C(1000))

/* --- rule 4: creation ------------------------------------------------------------------------------------------ */

static const char *is_absent(struct door *g)
{
	if (g->seen->state != SELECTOR_ABSENT || g->seen->listed)
		return "the selector was not read as absent in this pass";
	if (g->rec->may_sign_last == 0 || g->rec->deleted_by_us)
		return NULL;
	if (g->rec->absent_since != 0 && g->st->now - g->rec->absent_since >= HOUR)
		return NULL;
	g->earliest = g->rec->absent_since + HOUR;
	return "it signed once and is gone without our deletion: two passes an hour apart must agree";
}

/* --- rule 2: enable -------------------------------------------------------------------------------------------- */

static const char *is_ready(struct door *g)
{
	if (g->seen->state != SELECTOR_READY)
		return "the selector was not read as ready in this pass";
	return g->seen->cname_valid == TRI_NO ? "OVHcloud's own check says that its CNAME is wrong" : NULL;
}

static const char *is_confirmed(struct door *g)
{
	if (g->seen->dns_at == 0 || g->st->now - g->seen->dns_at > GATE_FRESH_MS ||
	        g->seen->dns.state != SEEN_OK)
		return "our own look-up does not confirm its record and key";
	return g->rec->confirmed_since != 0 ? NULL : "its record and key were not confirmed at every look";
}

/* A switch to the same key would rotate nothing. Where nobody signs any key is better than none. */
static const char *is_another_key(struct door *g)
{
	if (!somebody_signs(g) || g->st->order == ORDER_BACK)
		return NULL;
	return record_key_repeats(g->r, g->rec) == NULL ? NULL : "its key is not a new one";
}

static const char *is_long_visible(struct door *g)
{
	int64_t wait = g->rec->ttl_wait;

	if (!somebody_signs(g))
		return NULL; /* unsigned mail is no better */
	if (evidence_longest_ttl(&g->seen->dns) > wait)
		wait = evidence_longest_ttl(&g->seen->dns);
	g->earliest = g->rec->confirmed_since + wait + CLOCK_GRAIN;
	if (g->st->now >= g->earliest)
		return NULL;
	return "its key has not been visible for longer than the longest TTL";
}

static const char *switch_has_leave(struct door *g)
{
	const char *why;

	if (!somebody_signs(g))
		return NULL; /* first activation and repair do not depend on time, nor count for the caps */
	if ((why = time_is_sure(g)) != NULL || (why = breaker_is_closed(g)) != NULL)
		return why;
	if ((why = window_is_open(g)) != NULL || (why = rotating_cap_has_room(g)) != NULL)
		return why;
	return daily_cap_has_room(g);
}

/* Repair, not first activation: two looks must have agreed, and once a day at most (rule 10). */
static const char *repair_is_due(struct door *g)
{
	int64_t repaired = g->r->repaired;

	if (somebody_signs(g) || g->r->last_signer[0] == '\0')
		return NULL;
	for (unsigned i = 0; i < INTENTS_MAX; i++)
		if (g->r->intent[i].action == ACTION_ENABLE && g->r->intent[i].at == g->r->repaired)
			repaired = 0; /* it is this very repair */
	if (repaired != 0 && g->st->now - repaired < 24 * HOUR)
		return "it was repaired within the last 24 hours: a person must look";
	if (g->r->not_signing_looks < 2 || g->st->now - g->r->not_signing_since < rules_settle(g->rules))
		return "it stopped signing: a second look must agree first";
	return NULL;
}

/* --- rule 3: delete and disable -------------------------------------------------------------------------------- */

static const char *is_retired(struct door *g)
{
	if (g->seen->state == SELECTOR_READY || g->seen->state == SELECTOR_WAITING_RECORD)
		return NULL;
	return "the selector was not read as ready or waitingRecord in this pass";
}

static const char *another_signs(struct door *g)
{
	if (g->other == NULL || g->other_rec == NULL)
		return "no other selector was read as inProduction in this pass";
	if (g->other->dns_at == 0 || g->st->now - g->other->dns_at > GATE_FRESH_MS ||
	        g->other->dns.state != SEEN_OK)
		return "our own look-up does not confirm the record and key of the selector that signs";
	return NULL;
}

static int64_t grace_of(const struct door *g)
{
	int64_t grace = record_grace(g->r, g->d, g->rec);

	if (g->r->compromised[0] != '\0' && strcmp(g->r->compromised, g->rec->name) == 0)
		return 0;
	return grace > g->rules->minimum_grace ? grace : g->rules->minimum_grace;
}

static const char *grace_is_over(struct door *g)
{
	int64_t from = record_grace_from(g->r, g->rec, g->other_rec);

	if (from == 0)
		return "its grace has not begun";
	g->earliest = from + grace_of(g) + (grace_of(g) != 0 ? CLOCK_GRAIN : 0);
	return g->st->now >= g->earliest ? NULL : "its grace is not over";
}

static const char *both_sign(struct door *g)
{
	return g->seen->state == SELECTOR_IN_PRODUCTION
	               ? NULL
	               : "the selector was not read as inProduction in this pass";
}

/* The older is switched off after the newer has been confirmed signing for a full grace; which is older our record
 * knows, else OVHcloud's lastUpdate, else nobody. */
static const char *is_the_older(struct door *g)
{
	if (record_older(g->rec, g->other_rec) == g->rec)
		return NULL;
	return "nothing tells that it is the older of the two that sign";
}

static const char *newer_had_its_grace(struct door *g)
{
	int64_t from = g->other_rec->signing_since;

	if (g->r->grace_from > from)
		from = g->r->grace_from;
	g->earliest = from + grace_of(g) + CLOCK_GRAIN;
	return from != 0 && g->st->now >= g->earliest
	               ? NULL
	               : "the newer one has not been confirmed signing for a full grace";
}

/* --- MX Plan and Zimbra ---------------------------------------------------------------------------------------- */

static const char *domain_is_switched_off(struct door *g)
{
	if (g->o->status != STATUS_DISABLED && g->o->status != STATUS_TO_CONFIGURE)
		return "the domain was not read as disabled in this pass";
	for (unsigned i = 0; i < g->o->n; i++)
		if (g->o->sel[i].state != SELECTOR_SET)
			return "not every CNAME is set";
	if (g->r->status_since == 0 || g->st->now - g->r->status_since < rules_settle(g->rules))
		return "the reading has not settled";
	return NULL;
}

static const char *domain_records_confirmed(struct door *g)
{
	for (unsigned i = 0; i < g->o->n; i++)
		if (g->o->sel[i].dns_at != 0 && g->o->sel[i].dns.record != SEEN_OK &&
		        g->o->sel[i].dns.record != SEEN_UNKNOWN)
			return "our own look-up does not find its CNAMEs right";
	return NULL;
}

static const char *never(struct door *g)
{
	(void)g;
	return "this is never done";
}

/* --- the rows -------------------------------------------------------------------------------------------------- */

static const struct row create[] = {
        {4, selector_is_ours},
        {4, is_absent},
        {6, no_other_intent},
        {6, no_task_pends},
        {0, NULL},
};
static const struct row enable[] = {
        {2, selector_is_ours},
        {2, is_ready},
        {2, is_confirmed},
        {2, is_another_key},
        {2, is_long_visible},
        {6, no_other_intent},
        {6, no_task_pends},
        {10, repair_is_due},
        {10, switch_has_leave},
        {0, NULL},
};
static const struct row disable[] = {
        {3, selector_is_ours},
        {3, both_sign},
        {1, another_signs},
        {3, is_the_older},
        {3, newer_had_its_grace},
        {9, time_is_sure},
        {6, no_other_intent},
        {6, no_task_pends},
        {10, window_is_open},
        {0, NULL},
};
static const struct row delete[] = {
        {3, selector_is_ours},
        {3, is_retired},
        {3, another_signs},
        {3, grace_is_over},
        {9, time_is_sure},
        {6, no_other_intent},
        {6, no_task_pends},
        {10, breaker_is_closed},
        {10, window_is_open},
        {10, daily_cap_has_room},
        {0, NULL},
};
static const struct row enable_domain[] = {
        {4, domain_is_switched_off},
        {2, domain_records_confirmed},
        {6, no_other_intent},
        {6, no_task_pends},
        {10, repair_is_due},
        {0, NULL},
};
static const struct row nothing[] = {{1, never}, {0, NULL}};

static const struct row *row_of(enum action_kind action, bool whole_domain)
{
	if (whole_domain)
		return action == ACTION_ENABLE ? enable_domain
		                               : nothing; /* nobody's signing is switched off by us */
	switch (action) {
	case ACTION_CREATE:
		return create;
	case ACTION_ENABLE:
		return enable;
	case ACTION_DISABLE:
		return disable;
	case ACTION_DELETE:
		return delete;
	default:
		return nothing;
	}
}

struct gate_verdict gate_selector(enum action_kind action, const char *selector, const struct desired *d,
        const struct observed *o, const struct record *r, const struct standing *st,
        const struct rules *rules)
{
	struct door g = {.action = action, .d = d, .o = o, .r = r, .st = st, .rules = rules};
	struct gate_verdict v;
	bool whole = selector[0] == '\0';

	gate_find_selectors(&g, selector);
	v = gate_walk(gate_every_change, &g);
	if (!v.allow)
		return v;
	if (!whole && (g.seen == NULL || g.rec == NULL))
		return (struct gate_verdict){.rule = 15, .why = "the selector was not read in this pass"};
	return gate_walk(row_of(action, whole), &g);
}
