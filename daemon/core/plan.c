/* plan(): the ladder of questions that every domain is asked, from top to bottom; the first that applies decides.
 * Trouble first, then what is in flight, then the platform's own ladder, and at the end what holds a change back. */
#include "core/plan.h"

#include <string.h>

#include "core/planning.h"
#include "core/text.h"
#include "core/window.h"

#define HOUR (3600 * INT64_C(1000))
#define DAY  (24 * HOUR)

bool verdict(struct decision *dec, enum reason why, const char *detail)
{
	dec->reason = why;
	if (detail != NULL)
		text_join(dec->detail, sizeof(dec->detail), detail, NULL);
	enum waits_on who = reason_waits_on(why);
	dec->moving = who == WAITS_OVHCLOUD || who == WAITS_DNS;
	return true;
}

bool propose(struct decision *dec, enum action_kind action, const struct rec_selector *s, enum reason why)
{
	dec->action = action;
	dec->reason = why;
	if (s != NULL) {
		memcpy(dec->selector, s->name, sizeof(dec->selector));
		memcpy(dec->target, s->target, sizeof(dec->target));
	}
	return true;
}

bool await(struct decision *dec, enum reason why, enum action_kind next, int64_t at)
{
	dec->reason = why;
	dec->next_action = next;
	dec->next_at = at;
	return true;
}

bool outlasts(const struct view *v, struct decision *dec, int64_t since, int64_t span)
{
	int64_t at = since + span + 1;

	if (since == 0 || v->now >= at)
		return since != 0;
	if (dec->overdue_at == 0 || at < dec->overdue_at)
		dec->overdue_at = at;
	return false;
}

bool ladder_climb(const struct rung *ladder, struct view *v, struct decision *dec)
{
	for (; ladder->step != NULL; ladder++)
		if (ladder->step(v, dec))
			return true;
	return false;
}

/* --- the rungs that every platform shares ------------------------------------------------------------------- */

static const enum reason trouble_reasons[] = {
        [TROUBLE_NONE] = REASON_API_ODD,
        [TROUBLE_TRANSIENT] = REASON_API_TROUBLE,
        [TROUBLE_ODD] = REASON_API_ODD,
        [TROUBLE_CONFLICT] = REASON_API_TROUBLE,
        [TROUBLE_GRANT] = REASON_NOT_GRANTED,
        [TROUBLE_MISSING] = REASON_NO_SERVICE,
        [TROUBLE_EXPIRED] = REASON_SERVICE_EXPIRED,
        [TROUBLE_ACCOUNT] = REASON_ACCOUNT_STOPPED,
        [TROUBLE_CLOCK] = REASON_API_TROUBLE,
};

/* After a look that ended in trouble it is looked again soon, then less and less often. */
static bool step_trouble(struct view *v, struct decision *dec)
{
	const struct record *r = v->r;

	if (v->o == NULL || (v->o->trouble == TROUBLE_NONE && (v->o->complete || v->o->flight)))
		return false;
	v->retry = v->rules->active +
	           (r->trouble_since != 0 && v->now > r->trouble_since ? v->now - r->trouble_since : 0);
	/* One odd answer is no verdict: it must hold before a person is called, except at first contact. */
	bool fleeting = v->r->first_met != 0 && v->now - v->r->trouble_since < rules_settle(v->rules) &&
	                v->o->trouble != TROUBLE_ACCOUNT;

	enum condition was = reason_condition(v->r->reason);
	/* What is unknown for a moment takes no trouble back either: it stays what it is, and is not told twice. */
	bool stays = fleeting && (was == CONDITION_BLOCKED || was == CONDITION_ERROR);

	verdict(dec,
	        stays      ? v->r->reason
	        : fleeting ? REASON_API_TROUBLE
	                   : trouble_reasons[v->o->trouble],
	        stays ? v->r->detail : v->o->trouble_text);
	dec->moving = true;
	return true;
}

static bool step_never_seen(struct view *v, struct decision *dec)
{
	if (v->r->first_met != 0)
		return false;
	return propose(dec, ACTION_LOOK, NULL, REASON_NOT_LOOKED);
}

static bool step_service(struct view *v, struct decision *dec)
{
	if (v->r->service == SERVICE_OK)
		return false;
	if (v->r->service == SERVICE_CLOSED)
		return verdict(dec, REASON_SERVICE_CLOSED, v->o != NULL ? v->o->service_word : NULL);
	if (v->r->service == SERVICE_BUSY)
		return verdict(dec, REASON_SERVICE_BUSY, v->o != NULL ? v->o->service_word : NULL);
	return verdict(dec, REASON_API_ODD, "the domain's state is not known");
}

static bool step_too_many(struct view *v, struct decision *dec)
{
	return v->o != NULL && v->o->too_many && verdict(dec, REASON_TOO_MANY, NULL);
}

static const enum reason flight_reasons[] = {
        [ACTION_CREATE] = REASON_CHANGE_SENT,
        [ACTION_PUBLISH] = REASON_CHANGE_SENT,
        [ACTION_ENABLE] = REASON_ACTIVATING,
        [ACTION_DISABLE] = REASON_CHANGE_SENT,
        [ACTION_DELETE] = REASON_DELETING,
};

/* A creation that pends for more than an hour holds up its own selector only: is there another one to act on? */
static bool other_may_go_on(const struct view *v, const struct intent *x)
{
	if (!v->fresh || !v->has_selectors || v->signers != 0)
		return false;
	for (unsigned i = 0; i < v->primaries; i++)
		if (strcmp(v->primary[i]->name, x->selector) != 0 && v->primary[i]->state == SELECTOR_READY)
			return true;
	return false;
}

/* Safety rule 6: one unresolved change a domain; reading resolves it. Both selectors of a virgin domain may be created
 * at once. */
bool step_in_flight(struct view *v, struct decision *dec)
{
	const struct intent *x = NULL;
	unsigned n = 0;

	for (unsigned i = 0; i < INTENTS_MAX; i++) {
		if (v->r->intent[i].action == ACTION_NONE)
			continue;
		n++;
		if (intent_is_slow_creation(&v->r->intent[i], v->now) && other_may_go_on(v, &v->r->intent[i]))
			continue;
		if (x == NULL || v->r->intent[i].at < x->at)
			x = &v->r->intent[i];
	}
	if (x == NULL)
		return false;
	if (n == 1 && x->action == ACTION_CREATE && v->has_selectors && v->signers == 0 && !v->may_sign &&
	        v->fresh)
		for (unsigned i = 0; i < v->primaries; i++)
			if (v->primary[i]->state == SELECTOR_ABSENT && v->primary[i]->may_sign_last == 0 &&
			        strcmp(v->primary[i]->name, x->selector) != 0)
				return propose(dec, ACTION_CREATE, v->primary[i], REASON_CREATE_DUE);
	enum reason why = x->answered ? flight_reasons[x->action] : REASON_CHANGE_LOST;
	if (x->action == ACTION_ENABLE && v->has_selectors &&
	        (v->signer != NULL || v->r->last_signer[0] != '\0'))
		why = REASON_SWITCHING;
	if (x->action == ACTION_ENABLE && v->signer == NULL && v->r->repaired != 0 && v->r->repaired == x->at)
		why = REASON_REPAIRING; /* no news of order before it signs again */
	if (x->action == ACTION_ENABLE && outlasts(v, dec, x->at, HOUR))
		why = REASON_SWITCH_OVERDUE;
	if (outlasts(v, dec, x->at, DAY))
		why = REASON_TASK_STUCK;
	verdict(dec, why, NULL);
	if (why == REASON_TASK_STUCK)
		dec->code = 502;
	memcpy(dec->selector, x->selector, sizeof(dec->selector));
	dec->next_action = ACTION_LOOK;
	dec->moving = true;
	return true;
}

static const struct rung common_ladder[] = {
        {"there are more selectors than can be watched", step_too_many},
        {"the API or the pass is in trouble", step_trouble},
        {"it was never seen whole", step_never_seen},
        {"the domain itself is not in order at OVHcloud", step_service},
        {NULL, NULL},
};

/* --- phase and what holds a change back --------------------------------------------------------------------- */

static bool enable_in_flight(const struct view *v)
{
	for (unsigned i = 0; i < INTENTS_MAX; i++)
		if (v->r->intent[i].action == ACTION_ENABLE)
			return true;
	for (unsigned i = 0; i < v->primaries; i++)
		if (v->primary[i]->state == SELECTOR_ENABLING)
			return true;
	return false;
}

static enum phase phase_unsigned(const struct view *v)
{
	enum phase p = PHASE_CREATING;

	for (unsigned i = 0; i < v->primaries; i++) {
		const struct rec_selector *s = v->primary[i];

		if (s->state == SELECTOR_READY || selector_may_sign(s->state) || v->r->last_signer[0] != '\0')
			return PHASE_ACTIVATING;
		if (s->state == SELECTOR_WAITING_RECORD || s->target[0] != '\0')
			p = PHASE_PUBLISHING;
	}
	return p;
}

static enum phase phase_of_selectors(const struct view *v)
{
	enum phase p = PHASE_SETTLED;

	if (enable_in_flight(v))
		return v->r->last_signer[0] != '\0' ? PHASE_ROTATING : PHASE_ACTIVATING;
	if (v->signer == NULL)
		return phase_unsigned(v);
	for (unsigned i = 0; i < v->primaries; i++) {
		const struct rec_selector *s = v->primary[i];

		if (s == v->signer)
			continue;
		enum role role = record_role(s, v->d->policy.grace, v->now);
		if (s->state == SELECTOR_DELETING || role == ROLE_NEW)
			return v->r->rotated != 0     ? PHASE_RENEWING
			       : s->target[0] != '\0' ? PHASE_PUBLISHING
			                              : PHASE_CREATING;
		if (role == ROLE_RETIRED || role == ROLE_ACTIVE)
			p = PHASE_GRACE;
	}
	return p;
}

static enum phase phase_of_domain(const struct view *v)
{
	if (v->r->status == STATUS_ENABLED)
		return PHASE_SETTLED;
	if (v->r->n == 0)
		return PHASE_CREATING;
	for (unsigned i = 0; i < v->r->n; i++)
		if (v->r->sel[i].state != SELECTOR_SET)
			return PHASE_PUBLISHING;
	return PHASE_ACTIVATING;
}

static bool hold(struct decision *dec, enum reason why)
{
	dec->next_action = dec->action;
	dec->action = ACTION_NONE;
	dec->reason = why;
	dec->condition = reason_condition(why);
	return true;
}

/* Of the scheduled changes: the clock, the breaker, the window and the caps, in this order (rules 9 and 10). A person's
 * order passes window and caps, never the clock or the gate. */
static bool held_back(const struct view *v, struct decision *dec)
{
	const struct standing *st = v->st;
	/* the deletion of a key that leaked is what a person ordered */
	bool ordered = st->order != ORDER_NONE ||
	               (dec->action == ACTION_DELETE && strcmp(v->r->compromised, dec->selector) == 0);

	if (!dec->scheduled)
		return false;
	if (!st->clock_sure)
		return hold(dec, REASON_CLOCK);
	if (ordered)
		return false;
	if (st->breaker_open && dec->action != ACTION_DISABLE)
		return hold(dec, REASON_BREAKER);
	if (!window_open(v->d->policy.window, v->now)) {
		dec->next_at = window_next(v->d->policy.window, v->now);
		return hold(dec, REASON_WINDOW);
	}
	if (dec->action == ACTION_ENABLE && st->rotating >= st->max_rotating)
		return hold(dec, REASON_CAP_ROTATING);
	if (dec->action != ACTION_DISABLE && !st->changed_this && st->changed >= st->max_changed)
		return hold(dec, REASON_CAP_DAILY);
	return false;
}

/* Pause and observe stop all acting; the reason stays what it is, so that people see what would happen. */
static void stand_still(const struct view *v, struct decision *dec)
{
	bool paused = v->st->paused || v->r->paused;

	if (!v->st->observe && !paused)
		return;
	if (dec->condition == CONDITION_OK)
		dec->condition = paused ? CONDITION_PAUSED : CONDITION_OBSERVING;
	if (dec->action == ACTION_NONE || dec->action == ACTION_LOOK)
		return;
	dec->next_action = dec->action;
	dec->action = ACTION_NONE;
	dec->moving = false;
}

/* A change is only ever decided on a pass in which every selector was read: otherwise look first. */
static void freshen(const struct view *v, struct decision *dec)
{
	if (v->fresh || dec->action == ACTION_NONE || dec->action == ACTION_LOOK)
		return;
	dec->next_action = dec->action;
	dec->action = ACTION_LOOK;
}

/* The next look: soon and doubling while something moves, else at the settled pace, but never past the next due
 * instant. poll.settled also holds in grace and while a person is awaited. */
static void schedule(const struct view *v, struct decision *dec)
{
	int64_t gap = v->rules->settled;

	if (dec->moving || dec->action != ACTION_NONE) {
		bool first = v->r->interval == 0 || v->r->reason != dec->reason;

		gap = due_again(v->rules, first ? 0 : v->r->interval, v->rules->active);
	}
	/* a grace needs good readings no further apart than longest_gap, however long the round of all domains takes */
	if (dec->phase == PHASE_GRACE && dec->reason != REASON_SPARE_IN_GRACE &&
	        gap > v->rules->longest_gap / 2)
		gap = v->rules->longest_gap / 2;
	if (v->retry != 0 && v->retry < gap)
		gap = v->retry;
	dec->next_look = v->now + gap;
	if (v->r->paused && v->r->paused_until > v->now && v->r->paused_until < dec->next_look)
		dec->next_look = v->r->paused_until;
	if (dec->next_at > v->now && dec->next_at < dec->next_look)
		dec->next_look = dec->next_at;
	if (dec->overdue_at > v->now && dec->overdue_at < dec->next_look)
		dec->next_look = dec->overdue_at;
	if (dec->next_action == ACTION_NONE)
		dec->next_action = dec->action != ACTION_NONE ? dec->action : ACTION_LOOK;
	if (dec->next_at == 0)
		dec->next_at = dec->next_action == ACTION_LOOK ? dec->next_look : 0;
}

static void view_init(struct view *v, const struct desired *d, const struct observed *o,
        const struct record *r, const struct standing *st, const struct rules *rules)
{
	memset(v, 0, sizeof(*v));
	v->d = d;
	v->o = o;
	v->r = r;
	v->st = st;
	v->rules = rules;
	v->now = st->now;
	v->has_selectors = platform_rotates(d->platform);
	v->fresh = o != NULL && o->complete && !o->light;
	v->signer = record_signer(r);
	for (unsigned i = 0; i < r->n; i++) {
		const struct rec_selector *s = &r->sel[i];

		v->signers += s->state == SELECTOR_IN_PRODUCTION;
		v->may_sign = v->may_sign || selector_may_sign(s->state);
		v->named += s->named;
		if (!s->named)
			continue;
		/* the two smallest names, in order */
		if (v->primaries == 0 || strcmp(s->name, v->primary[0]->name) < 0) {
			v->primary[1] = v->primary[0];
			v->primary[0] = s;
		} else if (v->primaries == 1 || strcmp(s->name, v->primary[1]->name) < 0) {
			v->primary[1] = s;
		}
		if (v->primaries < 2)
			v->primaries++;
	}
}

void plan(const struct desired *d, const struct observed *o, const struct record *r,
        const struct standing *st, const struct rules *rules, struct decision *ret)
{
	struct decision dec;
	struct view v;

	memset(&dec, 0, sizeof(dec));
	view_init(&v, d, o, r, st, rules);
	if (!ladder_climb(common_ladder, &v, &dec))
		ladder_climb(v.has_selectors ? selectors_ladder : domain_ladder, &v, &dec);
	if (v.grieved != NULL && reason_condition(dec.reason) != CONDITION_ERROR) {
		dec.reason = v.grief;
		dec.moving = true;
	}
	if (d->platform == PLATFORM_EXTERNAL)
		external_words(&dec);
	dec.condition = reason_condition(dec.reason);
	dec.phase = r->first_met == 0 ? PHASE_UNKNOWN
	            : v.has_selectors ? phase_of_selectors(&v)
	                              : phase_of_domain(&v);
	held_back(&v, &dec);
	stand_still(&v, &dec);
	freshen(&v, &dec);
	dec.waits_on = reason_waits_on(dec.reason);
	schedule(&v, &dec);
	*ret = dec;
}

bool plan_note(struct record *r, const struct decision *dec, int64_t now)
{
	bool changed = r->phase != dec->phase || r->condition != dec->condition || r->reason != dec->reason;

	if (r->reason != dec->reason || r->since == 0)
		r->since = now;
	r->interval = dec->moving || dec->action != ACTION_NONE ? dec->next_look - now : 0;
	r->phase = dec->phase;
	r->condition = dec->condition;
	r->reason = dec->reason;
	r->next_action = dec->next_action;
	r->next_at = dec->next_at;
	r->next_look = dec->next_look;
	memcpy(r->detail, dec->detail, sizeof(r->detail));
	return changed;
}
