/* The gate: each rule is a small check, and each action a row of checks that must all pass. The rows can be read aloud. */
#include "core/gate.h"

#include <string.h>

#include "core/dname.h"
#include "core/window.h"

#define HOUR (3600 * INT64_C(1000))

struct door {
	enum action_kind action;
	const struct desired *d;
	const struct observed *o;
	const struct record *r;
	const struct standing *st;
	const struct rules *rules;
	const struct seen_selector *seen; /* the selector to be changed, NULL for the whole domain */
	const struct rec_selector *rec;
	const struct seen_selector *other; /* the newest other one read as inProduction */
	const struct rec_selector *other_rec;
	int64_t earliest;
};

/* A check returns NULL when it is content, else why it refuses. */
typedef const char *check(struct door *g);

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

static const char *selector_is_ours(struct door *g)
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

static const char *no_other_intent(struct door *g)
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
	bool making = s->state == SELECTOR_TODO || s->state == SELECTOR_WAITING_RECORD ||
	              s->state == SELECTOR_ABSENT;

	return making && s != g->seen && rec != NULL && rec->task_since != 0 &&
	       g->st->now - rec->task_since > HOUR;
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

static const char *no_task_pends(struct door *g)
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

static const char *time_is_sure(struct door *g)
{
	return g->st->clock_sure ? NULL : "the API's time is not known well enough";
}

static bool somebody_signs(const struct door *g)
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

static const char *breaker_is_closed(struct door *g)
{
	return g->st->breaker_open && !is_ordered(g) ? "the account's breaker is open" : NULL;
}

static const char *window_is_open(struct door *g)
{
	if (is_ordered(g) || window_open(g->d->policy.window, g->st->now))
		return NULL;
	g->earliest = window_next(g->d->policy.window, g->st->now);
	return "the policy's window is closed";
}

static const char *daily_cap_has_room(struct door *g)
{
	if (is_ordered(g) || g->st->changed_this || g->st->changed < g->st->max_changed)
		return NULL;
	return "as many domains as allowed were changed in the last 24 hours";
}

static const char *rotating_cap_has_room(struct door *g)
{
	return is_ordered(g) || g->st->rotating < g->st->max_rotating
	               ? NULL
	               : "as many domains as allowed are being switched";
}

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

struct row {
	int rule;
	check *check;
};
static const struct row every_change[] = {
        {10, mode_allows       },
        {15, reading_is_fresh  },
        {15, domain_is_in_order},
        {0,  NULL              },
};
static const struct row create[] = {
        {4, selector_is_ours},
        {4, is_absent       },
        {6, no_other_intent },
        {6, no_task_pends   },
        {0, NULL            },
};
static const struct row enable[] = {
        {2,  selector_is_ours},
        {2,  is_ready        },
        {2,  is_confirmed    },
        {2,  is_long_visible },
        {6,  no_other_intent },
        {6,  no_task_pends   },
        {10, repair_is_due   },
        {10, switch_has_leave},
        {0,  NULL            },
};
static const struct row disable[] = {
        {3,  selector_is_ours   },
        {3,  both_sign          },
        {1,  another_signs      },
        {3,  is_the_older       },
        {3,  newer_had_its_grace},
        {9,  time_is_sure       },
        {6,  no_other_intent    },
        {6,  no_task_pends      },
        {10, window_is_open     },
        {0,  NULL               },
};
static const struct row delete[] = {
        {3,  selector_is_ours  },
        {3,  is_retired        },
        {3,  another_signs     },
        {3,  grace_is_over     },
        {9,  time_is_sure      },
        {6,  no_other_intent   },
        {6,  no_task_pends     },
        {10, breaker_is_closed },
        {10, window_is_open    },
        {10, daily_cap_has_room},
        {0,  NULL              },
};
static const struct row enable_domain[] = {
        {4,  domain_is_switched_off  },
        {2,  domain_records_confirmed},
        {6,  no_other_intent         },
        {6,  no_task_pends           },
        {10, repair_is_due           },
        {0,  NULL                    },
};
static const struct row nothing[] = {
        {1, never},
        {0, NULL }
};

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

static struct gate_verdict walk(const struct row *row, struct door *g)
{
	for (; row->check != NULL; row++) {
		const char *why = row->check(g);

		if (why != NULL)
			return (struct gate_verdict){.rule = row->rule, .why = why, .earliest = g->earliest};
	}
	return (struct gate_verdict){.allow = true, .why = ""};
}

static void find_selectors(struct door *g, const char *selector)
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

struct gate_verdict gate_selector(enum action_kind action, const char *selector, const struct desired *d,
        const struct observed *o, const struct record *r, const struct standing *st,
        const struct rules *rules)
{
	struct door g = {.action = action, .d = d, .o = o, .r = r, .st = st, .rules = rules};
	struct gate_verdict v;
	bool whole = selector[0] == '\0';

	find_selectors(&g, selector);
	v = walk(every_change, &g);
	if (!v.allow)
		return v;
	if (!whole && (g.seen == NULL || g.rec == NULL))
		return (struct gate_verdict){.rule = 15, .why = "the selector was not read in this pass"};
	return walk(row_of(action, whole), &g);
}

/* --- records: safety rule 14 ----------------------------------------------------------------------------------- */

/* OVHcloud's platforms: one CNAME to what the API names, and it is never taken away. */
static const char *record_is_named(const struct gate_record_change *c, const struct seen_selector *s)
{
	if (c->rr->absent)
		return "nothing is removed from a zone but a duplicate that we made";
	if (s == NULL || !s->named || s->target[0] == '\0')
		return "OVHcloud does not name this selector and its target";
	if (c->rr->type != RR_CNAME || !dname_equal(c->rr->data, s->target))
		return "the target is not the one that the API names";
	return NULL;
}

/* Keys of our own: not known yet. */
static const char *record_is_our_keys(const struct gate_record_change *c, const struct seen_selector *s)
{
	(void)c;
	(void)s;
	return "records of domains that sign elsewhere are not written";
}

static const char *record_is_in_place(
        const struct gate_record_change *c, const struct desired *d, const struct seen_selector *s)
{
	char name[DNAME_TEXT];
	const char *why = d->platform == PLATFORM_EXTERNAL ? record_is_our_keys(c, s) : record_is_named(c, s);

	if (why != NULL)
		return why;
	if (!dname_dkim(name, s->name, d->domain) || !dname_equal(name, c->rr->name))
		return "the name is not <selector>._domainkey.<domain>";
	return rr_fault(c->rr, c->zone);
}

static bool in_use(const struct desired *d, const struct record *r, const struct seen_selector *s,
        const struct rec_selector *rec, const struct rules *rules, int64_t now)
{
	if (r->status != STATUS_NONE)
		return record_switch_in_use(r, rules, now);
	if (selector_may_sign(s->state))
		return true;
	return record_role(r, rec, d->policy.grace, now) == ROLE_RETIRED;
}

static const char *may_rewrite(const struct gate_record_change *c, const struct seen_selector *s,
        const struct rec_selector *rec, int64_t now, const struct rules *rules)
{
	if (now - rec->target_since < rules_settle(rules))
		return "the API has not named this target on two looks far enough apart";
	if (c->old[0] == '\0' && (c->guarded || s->dns.record == SEEN_MISSING))
		return NULL;
	if (s->dns_at == 0 || s->dns.key != SEEN_OK)
		return "no key was seen at the new target";
	if (s->dns.served_key == SEEN_OK && s->cname_valid != TRI_NO && s->state != SELECTOR_TO_FIX)
		return "the record as served still leads to a key";
	return NULL;
}

struct gate_verdict gate_record(const struct gate_record_change *c, const struct desired *d,
        const struct observed *o, const struct record *r, const struct standing *st,
        const struct rules *rules)
{
	struct door g = {.action = ACTION_PUBLISH, .d = d, .o = o, .r = r, .st = st, .rules = rules};
	struct gate_verdict v;
	const char *why;

	find_selectors(&g, c->selector);
	v = walk(every_change, &g);
	if (!v.allow)
		return v;
	why = no_other_intent(&g);
	if (why != NULL)
		return (struct gate_verdict){.rule = 6, .why = why};
	why = record_is_in_place(c, d, g.seen);
	if (why != NULL || g.rec == NULL)
		return (struct gate_verdict){
		        .rule = 14, .why = why != NULL ? why : "the selector has no record"};
	if (c->removes || c->refreshes)
		return (struct gate_verdict){.allow = true, .why = ""};
	if (c->old[0] == '\0' && !c->guarded && (g.seen->dns_at == 0 || g.seen->dns.record != SEEN_MISSING))
		return (struct gate_verdict){.rule = 14,
		        .why = "the zone lists no record there, and our look-up does not prove that there is "
		               "none"};
	if (c->old[0] != '\0' || in_use(d, r, g.seen, g.rec, rules, st->now)) {
		if (in_use(d, r, g.seen, g.rec, rules, st->now) &&
		        (why = may_rewrite(c, g.seen, g.rec, st->now, rules)) != NULL)
			return (struct gate_verdict){.rule = 14,
			        .why = why,
			        .earliest = g.rec->target_since + rules_settle(rules)};
	}
	return (struct gate_verdict){.allow = true, .why = ""};
}
