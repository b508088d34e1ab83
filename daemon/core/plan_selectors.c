/* The ladder of Exchange and Email Pro: two selectors, one signs, one is ready; rotation is `enable` on the other, and the
 * old key is deleted and made anew after its grace. */
#include <string.h>

#include "core/planning.h"
#include "core/text.h"

#define HOUR (3600 * INT64_C(1000))
#define DAY  (24 * HOUR)

/* --- tasks (safety rule 6) ---------------------------------------------------------------------------------- */

/* A change of this selector is under way at OVHcloud. waitingRecord is not a task. */
static bool is_pending(const struct view *v, const struct rec_selector *s)
{
	const struct seen_selector *o = view_seen(v, s);

	if (s->state == SELECTOR_TODO || s->state == SELECTOR_DELETING || s->state == SELECTOR_ENABLING ||
	        s->state == SELECTOR_DISABLING)
		return true;
	return o != NULL && (o->task == TASK_PENDING || o->task == TASK_UNKNOWN);
}

const struct rec_selector *pending_for(const struct view *v, const struct rec_selector *s)
{
	for (unsigned i = 0; i < v->r->n; i++) {
		const struct rec_selector *t = &v->r->sel[i];

		if (!is_pending(v, t))
			continue;
		if (t != s && selector_is_slow_creation(t->state, t, v->now))
			continue;
		return t;
	}
	return NULL;
}

static bool say_pending(const struct view *v, const struct rec_selector *t, struct decision *dec)
{
	const struct seen_selector *o = view_seen(v, t);
	bool stuck = outlasts(v, dec, t->task_since, DAY);
	enum reason why = REASON_TASK_PENDING;
	char text[200];

	if (t->state == SELECTOR_TODO)
		why = REASON_KEY_MAKING;
	else if (t->state == SELECTOR_DELETING)
		why = REASON_DELETING;
	else if (t->state == SELECTOR_ENABLING)
		why = v->r->last_signer[0] != '\0' ? REASON_SWITCHING : REASON_ACTIVATING;
	if (t->state == SELECTOR_ENABLING && outlasts(v, dec, t->task_since, HOUR))
		why = REASON_SWITCH_OVERDUE;
	if (o != NULL && o->task == TASK_ERROR)
		why = REASON_TASK_ERROR;
	if (stuck)
		why = REASON_TASK_STUCK;
	text_join(text, sizeof(text), t->name, " is ", selector_state_word(t->state), NULL);
	verdict(dec, why, text);
	if (stuck || (o != NULL && o->task == TASK_ERROR))
		dec->code = 502;
	return true;
}

/* The domain object has a task that is none of its selectors'; a slow creation may show up there alone. */
static bool domain_task_pends(const struct view *v)
{
	if (v->o == NULL ||
	        (v->o->domain_task_state != TASK_PENDING && v->o->domain_task_state != TASK_UNKNOWN))
		return false;
	for (unsigned i = 0; i < v->r->n; i++)
		if (selector_is_slow_creation(v->r->sel[i].state, &v->r->sel[i], v->now))
			return false;
	return true;
}

static bool say_domain_task(const struct view *v, struct decision *dec)
{
	bool was = v->r->reason == REASON_TASK_PENDING && outlasts(v, dec, v->r->since, DAY);

	verdict(dec, was || v->r->reason == REASON_TASK_STUCK ? REASON_TASK_STUCK : REASON_TASK_PENDING,
	        "the domain itself");
	dec->code = dec->reason == REASON_TASK_STUCK ? 502 : 0;
	return true;
}

/* Proposes unless a task bars it. */
static bool propose_or_wait(struct view *v, struct decision *dec, enum action_kind action,
        const struct rec_selector *s, enum reason why)
{
	const struct rec_selector *t = pending_for(v, s);
	bool virgin = action == ACTION_CREATE && v->r->last_signer[0] == '\0';

	if (t == NULL && !virgin && domain_task_pends(v))
		return say_domain_task(v, dec);
	return t != NULL ? say_pending(v, t, dec) : propose(dec, action, s, why);
}

/* --- record and key ------------------------------------------------------------------------------------------ */

/* Ready, our own look-up agrees, and OVHcloud's does not contradict (safety rule 2 without its wait). */
static bool is_enableable(const struct rec_selector *s)
{
	return s->state == SELECTOR_READY && s->dns == SEEN_OK && s->confirmed_since != 0 &&
	       s->cname_valid != TRI_NO;
}

/* When the new key has been visible for longer than any cache can hold something older. */
static int64_t visible_enough(const struct rec_selector *s)
{
	return s->confirmed_since + s->ttl_wait + CLOCK_GRAIN;
}

static bool step_names(struct view *v, struct decision *dec)
{
	return v->primaries == 0 && verdict(dec, REASON_NO_SELECTORS, NULL);
}

/* Safety rule 4: a selector once seen signing that is gone without our DELETE is made anew only after two complete
 * passes at least an hour apart. */
static bool may_create(const struct view *v, const struct rec_selector *s)
{
	if (s->state != SELECTOR_ABSENT)
		return false;
	if (s->deleted_by_us || s->may_sign_last == 0)
		return true;
	return s->absent_since != 0 && v->now - s->absent_since >= HOUR;
}

static bool is_being_created(const struct view *v, const struct rec_selector *s)
{
	for (unsigned i = 0; i < INTENTS_MAX; i++)
		if (v->r->intent[i].action == ACTION_CREATE && strcmp(v->r->intent[i].selector, s->name) == 0)
			return true;
	return false;
}

static bool create_or_wait(struct view *v, const struct rec_selector *s, struct decision *dec)
{
	if (is_being_created(v, s))
		return verdict(dec, REASON_CHANGE_SENT, s->name);
	if (!may_create(v, s))
		return await(dec, REASON_ABSENT_SETTLING, ACTION_CREATE, s->absent_since + HOUR);
	return propose_or_wait(v, dec, ACTION_CREATE, s, REASON_CREATE_DUE);
}

/* --- nobody signs -------------------------------------------------------------------------------------------- */

static const struct rec_selector *repair_choice(const struct view *v)
{
	const struct rec_selector *best = NULL;

	for (unsigned i = 0; i < v->primaries; i++) {
		const struct rec_selector *s = v->primary[i];

		if (!is_enableable(s))
			continue;
		if (best == NULL || strcmp(s->name, v->r->last_signer) == 0)
			best = s;
	}
	return best;
}

/* What else can be done for a domain without a signer: make what is missing, publish what is made. */
static bool build_up(struct view *v, struct decision *dec)
{
	for (unsigned i = 0; i < v->primaries; i++) {
		const struct rec_selector *s = v->primary[i];

		if (s->state != SELECTOR_ABSENT || s->may_sign_last != 0 || s->deleted_by_us ||
		        is_being_created(v, s))
			continue;
		/* both selectors of a virgin domain may be created at once */
		if (v->r->last_signer[0] == '\0' && !is_pending(v, s))
			return propose(dec, ACTION_CREATE, s, REASON_CREATE_DUE);
		return propose_or_wait(v, dec, ACTION_CREATE, s, REASON_CREATE_DUE);
	}
	for (unsigned i = 0; i < v->primaries; i++) {
		const struct rec_selector *s = v->primary[i];

		if (s->state != SELECTOR_ABSENT && mend_record(v, s, dec) &&
		        (dec->action != ACTION_NONE || i + 1 == v->primaries))
			return true;
	}
	return false;
}

static bool say_unready(struct view *v, struct decision *dec)
{
	if (dec->reason != REASON_NOT_LOOKED)
		return true; /* build_up said why */
	for (unsigned i = 0; i < v->primaries; i++) {
		const struct rec_selector *s = v->primary[i];

		if (s->state == SELECTOR_ABSENT)
			return create_or_wait(v, s, dec);
	}
	for (unsigned i = 0; i < v->primaries; i++) {
		const struct rec_selector *s = v->primary[i];

		if (is_pending(v, s))
			return say_pending(v, s, dec);
		if (s->state == SELECTOR_WAITING_RECORD || s->cname_valid == TRI_NO)
			return verdict(dec,
			        outlasts(v, dec, s->published, DAY) ? REASON_CHECK_OVERDUE
			                                            : REASON_CHECK_PENDING,
			        NULL);
	}
	return verdict(dec, REASON_NO_READY_SELECTOR, NULL);
}

/* It signed and no longer does: two looks must agree, then the last confirmed signer is switched on again, once a day
 * at most (safety rule 10). */
static bool repair(struct view *v, struct decision *dec)
{
	int64_t settled = v->r->not_signing_since + rules_settle(v->rules);
	const struct rec_selector *s = repair_choice(v);

	if (v->r->not_signing_since == 0)
		return await(dec, REASON_STOPPED, ACTION_LOOK, v->now + v->rules->active);
	if (v->r->not_signing_looks < 2 || v->now < settled)
		return await(dec, REASON_STOPPED, ACTION_ENABLE,
		        settled > v->now ? settled : v->now + v->rules->active);
	if (s != NULL && v->r->repaired != 0 && v->now - v->r->repaired < DAY)
		return verdict(dec, REASON_REPAIRED_TWICE, NULL);
	if (s == NULL)
		return false;
	dec->repair = true;
	return propose_or_wait(v, dec, ACTION_ENABLE, s, REASON_REPAIR_DUE);
}

static bool step_unsigned(struct view *v, struct decision *dec)
{
	if (v->signers > 0)
		return false;
	for (unsigned i = 0; i < v->r->n; i++)
		if (v->r->sel[i].state == SELECTOR_ENABLING || v->r->sel[i].state == SELECTOR_DISABLING)
			return say_pending(v, &v->r->sel[i], dec);
	if (v->r->last_signer[0] != '\0') {
		if (repair(v, dec))
			return true;
	} else {
		const struct rec_selector *s = repair_choice(v);

		if (s != NULL)
			return propose_or_wait(v, dec, ACTION_ENABLE, s, REASON_ACTIVATION_DUE);
	}
	if (build_up(v, dec))
		return true;
	return say_unready(v, dec);
}

/* --- somebody signs ------------------------------------------------------------------------------------------ */

static bool step_both_sign(struct view *v, struct decision *dec)
{
	const struct rec_selector *a = v->primary[0], *b = v->primary[1];

	if (v->primaries < 2 || a->state != SELECTOR_IN_PRODUCTION || b->state != SELECTOR_IN_PRODUCTION)
		return false;
	const struct rec_selector *old = record_older(a, b);
	if (old == NULL)
		return verdict(dec, REASON_BOTH_SIGN_PERSON, NULL);
	const struct rec_selector *new = old == a ? b : a;
	int64_t from = new->signing_since > v->r->grace_from ? new->signing_since : v->r->grace_from;
	int64_t at = from + record_grace(v->r, v->d, old) + CLOCK_GRAIN;

	if (v->now < at)
		return await(dec, REASON_BOTH_SIGN, ACTION_DISABLE, at);
	if (new->dns != SEEN_OK && mend_record(v, new, dec))
		return true;
	dec->scheduled = true;
	return propose_or_wait(v, dec, ACTION_DISABLE, old, REASON_BOTH_SIGN);
}

/* The record of the selector that signs comes before everything else; while it is gone the domain is in error. */
static bool step_signer_record(struct view *v, struct decision *dec)
{
	const struct rec_selector *s = v->signer;

	if (!mend_record(v, s, dec))
		return false;
	if (dec->action != ACTION_NONE)
		return true;
	if (dec->reason != REASON_DNS_UNKNOWN && dec->reason != REASON_DNS_BOGUS) {
		v->grieved = s;
		v->grief = dec->reason == REASON_KEY_BAD || dec->reason == REASON_KEY_MAKING
		                   ? REASON_KEY_BAD
		                   : REASON_SIGNING_RECORD_GONE;
	}
	return true;
}

/* The old key: kept for its grace, then deleted (safety rule 3). One of unknown history is kept as long, and then it is a
 * spare (record_role). */
static bool retire(struct view *v, const struct rec_selector *s, struct decision *dec)
{
	bool signed_once = s->may_sign_last != 0 || s->state == SELECTOR_DELETING;
	int64_t at = signed_once ? due_deletion(v->d, v->r, s) : s->known_since + v->d->policy.grace;

	if (at == 0)
		return await(dec, REASON_OLD_KEY_IN_GRACE, ACTION_DELETE, 0);
	if (record_grace(v->r, v->d, s) != 0 && signed_once)
		at += CLOCK_GRAIN;
	if (v->now < at) {
		/* its record must stay right while mail signed with it is still on its way */
		if (s->dns != SEEN_OK && s->dns != SEEN_UNKNOWN && mend_record(v, s, dec) &&
		        dec->action != ACTION_NONE)
			return true;
		dec->action = ACTION_NONE;
		dec->detail[0] = '\0';
		dec->moving = false;
		dec->code = 0;
		return await(dec, signed_once ? REASON_OLD_KEY_IN_GRACE : REASON_SPARE_IN_GRACE,
		        signed_once ? ACTION_DELETE : ACTION_LOOK, at);
	}
	if (!signed_once) /* plan and role agree on the instant; never a deletion */
		return false;
	dec->scheduled = true;
	return propose_or_wait(v, dec, ACTION_DELETE, s, REASON_DELETE_DUE);
}

/* The DNS may serve the deleted key for a while; a key that stays the same is no rotation. */
static bool say_repeated_key(const struct view *v, const struct rec_selector *s, struct decision *dec)
{
	const char *why = record_key_repeats(v->r, s);

	if (why == NULL)
		return false;
	return verdict(dec, v->now - s->known_since > DAY ? REASON_KEY_NOT_NEW : REASON_KEY_MAKING, why);
}

/* A selector on its way to be the spare. */
static bool prepare(struct view *v, const struct rec_selector *s, struct decision *dec)
{
	const struct seen_selector *o = view_seen(v, s);

	if (s->state == SELECTOR_ABSENT)
		return create_or_wait(v, s, dec);
	if (mend_record(v, s, dec))
		return true;
	if (o != NULL && o->task == TASK_ERROR) {
		verdict(dec, REASON_TASK_ERROR, s->name);
		dec->code = 502;
		return true;
	}
	if (is_pending(v, s))
		return say_pending(v, s, dec);
	if (s->state == SELECTOR_WAITING_RECORD)
		return verdict(dec,
		        outlasts(v, dec, s->published, DAY) ? REASON_CHECK_OVERDUE : REASON_CHECK_PENDING,
		        NULL);
	return say_repeated_key(v, s, dec);
}

static bool step_others(struct view *v, struct decision *dec)
{
	for (unsigned i = 0; i < v->primaries; i++) {
		const struct rec_selector *s = v->primary[i];

		if (s == v->signer || s->state == SELECTOR_IN_PRODUCTION)
			continue;
		if (s->state == SELECTOR_DELETING || s->state == SELECTOR_ENABLING ||
		        s->state == SELECTOR_DISABLING)
			return say_pending(v, s, dec);
		bool retired = record_role(s, v->d->policy.grace, v->now) == ROLE_RETIRED;
		if (retired ? retire(v, s, dec) : prepare(v, s, dec))
			return true;
	}
	return false;
}

/* --- rotation ------------------------------------------------------------------------------------------------- */

static const struct rec_selector *spare(const struct view *v)
{
	const struct rec_selector *best = NULL;

	for (unsigned i = 0; i < v->primaries; i++) {
		const struct rec_selector *s = v->primary[i];

		if (s == v->signer || s->state != SELECTOR_READY)
			continue;
		if (best == NULL || s->known_since > best->known_since)
			best = s;
	}
	return best;
}

static bool step_back(struct view *v, struct decision *dec)
{
	const struct rec_selector *s = record_selector_const(v->r, v->r->previous);

	if (v->st->order != ORDER_BACK)
		return false;
	if (s == NULL || s == v->signer || s->may_sign_last == 0 || !is_enableable(s))
		return verdict(dec, REASON_NO_READY_SELECTOR,
		        "the previous key is not there any more, or not ready");
	if (v->now < visible_enough(s))
		return await(dec, REASON_TTL_WAIT, ACTION_ENABLE, visible_enough(s));
	return propose_or_wait(v, dec, ACTION_ENABLE, s, REASON_SWITCH_DUE);
}

static bool step_rotation(struct view *v, struct decision *dec)
{
	const struct rec_selector *s = spare(v);
	int64_t due = due_rotation(v->d, v->r);

	if (v->st->order != ORDER_NONE && due > v->now)
		due = v->now;
	if (due == 0 && v->st->order == ORDER_NONE)
		return verdict(dec, REASON_WATCHED, NULL);
	if (v->named == 1 && v->d->platform != PLATFORM_EXTERNAL) {
		verdict(dec, REASON_ONE_SELECTOR, NULL);
		return true;
	}
	if (s == NULL && v->now < due) /* one of two names in turn is still on its way out */
		return await(dec, REASON_SETTLED, ACTION_CREATE, 0);
	if (s == NULL)
		return verdict(dec, REASON_NO_READY_SELECTOR, NULL);
	if (v->now < due)
		return await(dec, REASON_SETTLED, ACTION_ENABLE, due);
	if (!is_enableable(s)) {
		if (s->dns == SEEN_OK && s->cname_valid == TRI_NO)
			return verdict(dec, REASON_CHECK_PENDING, NULL);
		return verdict(dec, REASON_DNS_UNKNOWN, NULL);
	}
	if (v->now < visible_enough(s))
		return await(dec, REASON_TTL_WAIT, ACTION_ENABLE, visible_enough(s));
	dec->scheduled = true;
	return propose_or_wait(v, dec, ACTION_ENABLE, s, REASON_SWITCH_DUE);
}

const struct rung selectors_ladder[] = {
        {"a change of ours is in flight", step_in_flight},
        {"OVHcloud reserves no name", step_names},
        {"nobody signs", step_unsigned},
        {"a person wants the previous key back", step_back},
        {"both sign", step_both_sign},
        {"the signer's record or key is not right", step_signer_record},
        {"a revoked key left a record", step_remains},
        {"the other selector is not ready to be a spare", step_others},
        {"rotation", step_rotation},
        {NULL, NULL},
};
