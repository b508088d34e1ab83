/* One look at one domain: read what the platform says, look the records up, fold, plan, and act or wait. It must never
 * send a change by itself: act.c does, through the gate. */
#include "engine/external.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Is a record of it likely to be written when it is looked at? */
static bool publishes(const struct slot *s)
{
	bool stage = s->phase == PHASE_CREATING || s->phase == PHASE_PUBLISHING || s->phase == PHASE_RENEWING;

	return s->d->dns == DNS_OVH && str_eq(s->d->zone_account, s->d->account) &&
	       (stage || s->reason == REASON_RECORD_DUE);
}

/* Requests that a look needs at most, and the change that may follow it. */
unsigned job_need(const struct slot *s)
{
	if (s->d->platform == PLATFORM_EXTERNAL)
		return 0;
	return (platform_rotates(s->d->platform) ? LOOK_NEED : LOOK_NEED / 2) +
	       (publishes(s) ? zone_need(1) : 0);
}

struct rules engine_rules(const struct engine *e, struct account *a)
{
	return (struct rules){
	        .active = e->p.config->poll.active,
	        .settled = a->effective_settled,
	        .longest_gap = e->p.config->safety.longest_gap,
	        .minimum_grace = e->p.config->safety.minimum_grace,
	        .doubted = doubt_until(a),
	};
}

void job_start(struct engine *e, struct slot *s, unsigned reserved, const struct job_order *order)
{
	struct job *j = xcalloc(1, sizeof(*j));
	struct store_key key;
	int r;

	j->e = e;
	j->account = s->account;
	j->slot = s;
	j->reserved = reserved;
	if (order != NULL)
		j->order = *order;
	j->rules = engine_rules(e, s->account);
	s->job = j;
	s->account->jobs++;
	e->jobs++;
	slot_unschedule(s);
	slot_key(s, &key);
	r = store_load(e->p.store, &key, &j->record);
	if (r == -ENOENT)
		record_init(&j->record);
	else if (r < 0) { /* the disk fails: what is recorded is unknown, and must not be taken for nothing */
		job_told_disk(e, r);
		job_cancel(j);
		slot_schedule(s, (enum urgency)s->urgency, account_now(s->account) + MS_MINUTE);
		return;
	}
	j->before = j->record;
	j->pass.platform = platform_for(s->d);
	job_read(j, job_look_for(j));
}

bool job_queue(struct job *j, const struct job_order *order)
{
	if (j->next.answer != NULL)
		return false;
	j->next = *order;
	return true;
}

/* --- folding and deciding --------------------------------------------------------------------------------------- */

/* The domain object reads as before? Then the selectors are taken to be as before until the daily look. */
static bool reads_as_before(const struct record *r, const struct observed *o)
{
	return o->service == r->service && o->domain_task == r->domain_task &&
	       o->theirs.given == r->theirs.given && o->theirs.code == r->theirs.code &&
	       str_eq(o->theirs.state, r->theirs.state);
}

/* A key that stood there and does not, where no intent of ours explains it: the notes tell of every other change. */
static bool misses_a_key(const struct record *before, const struct record *after)
{
	for (unsigned i = 0; i < after->n && !record_has_intent(before); i++) {
		const struct rec_selector *was = record_selector_const(before, after->sel[i].name);

		if (was != NULL && was->state == SELECTOR_READY && after->sel[i].state == SELECTOR_ABSENT)
			return true;
	}
	return false;
}

/* The state was older: does this domain read as if it had been switched, or its key deleted, in what is not remembered?
 * Then it counts for the caps (safety rule 10). */
static bool was_changed(const struct record *before, const struct record *after, const struct notes *n)
{
	for (unsigned i = 0; i < n->n; i++)
		if (n->list[i].kind == NOTE_KEY_CHANGED)
			return true;
	return !str_eq(before->last_signer, after->last_signer) || misses_a_key(before, after);
}

void job_fold(struct job *j)
{
	struct observed *o = &j->pass.seen;
	int64_t now = account_now(j->account);
	struct notes notes = {0};

	j->e->progress++;
	if (o->light && o->trouble == TROUBLE_NONE && (!o->complete || !reads_as_before(&j->record, o))) {
		job_read(j, LOOK_FULL);
		return;
	}
	record_see(&j->record, j->slot->d, o, &j->rules, now, &notes);
	bool in_doubt = j->before.last_full != 0 && record_in_doubt(j->before.last_full, j->rules.doubted);
	if (!j->account->clock.known && o->complete && !o->light)
		record_doubt_time(&j->record, in_doubt, &j->rules);
	if (j->pass.names_due && o->complete)
		j->record.names_at = now;
	tell_notes(j->slot, &j->record, &notes);
	if (in_doubt && was_changed(&j->before, &j->record, &notes)) {
		brakes_found_changed(j->account, j->slot);
		brakes_switching(j->account, j->slot, true);
	}
	doubt_read(j->slot, j->record.last_full);
	history_notes(j, &notes);
	for (unsigned i = 0; i < notes.n; i++) {
		const struct note *n = &notes.list[i];

		if (n->kind == NOTE_ROTATED || n->kind == NOTE_SIGNING || n->kind == NOTE_REPAIRED ||
		        (n->kind == NOTE_NOT_DONE && n->action == ACTION_ENABLE))
			brakes_switching(j->account, j->slot, false);
		if (n->kind == NOTE_STOPPED && !record_stop_has_cause(&j->record))
			brakes_trouble(j->account, j->slot);
	}
	if (o->trouble == TROUBLE_ACCOUNT)
		account_stop(j->account, o->trouble_text);
	else if (o->complete)
		account_well(j->account);
	job_decide(j);
}

static void standing_for(struct job *j)
{
	struct standing *st = &j->standing;
	struct engine *e = j->e;

	memset(st, 0, sizeof(*st));
	st->now = account_now(j->account);
	st->clock_sure = account_clock_sure(j->account);
	st->observe = j->slot->d->mode == MODE_OBSERVE || e->p.config->mode == MODE_OBSERVE;
	st->paused = e->paused;
	st->order = j->order.order;
	brakes_standing(j->account, j->slot, st);
}

/* Why nothing is sent that would be otherwise: NULL when neither a person nor the inventory holds it back. */
static const char *held_back(const struct job *j)
{
	if (j->standing.observe)
		return "mode: observe: it is looked at, and nothing is changed";
	if (j->standing.paused)
		return "everything is paused: resume it first";
	return j->record.paused ? "it is paused: resume it first" : NULL;
}

static const char *why_refused(const struct job *j)
{
	const char *held = held_back(j);

	if (held != NULL)
		return held;
	return j->decision.detail[0] != '\0' ? j->decision.detail : reason_text(j->decision.reason);
}

void job_decide(struct job *j)
{
	struct decision *dec = &j->decision;

	standing_for(j);
	if (j->record.paused && j->record.paused_until != 0 && j->record.paused_until <= j->standing.now)
		j->record.paused = false;
	plan(j->slot->d, &j->pass.seen, &j->record, &j->standing, &j->rules, dec);
	if (j->slot->missing_since != 0 && dec->action != ACTION_LOOK)
		dec->action =
		        ACTION_NONE; /* released: what is in flight is followed to its end, nothing new begins (rule 8) */
	bool more = j->rounds++ < JOB_ROUNDS && !j->e->stopping;
	if (dec->action == ACTION_LOOK && more && !(j->pass.seen.complete && !j->pass.seen.light)) {
		plan_note(&j->record, dec, j->standing.now);
		job_read(j, LOOK_FULL);
		return;
	}
	if (dec->action != ACTION_NONE && dec->action != ACTION_LOOK && more) {
		plan_note(&j->record, dec, j->standing.now);
		act_start(j);
		return;
	}
	if (j->order.answer != NULL && !j->acted) {
		job_answer(j, ASK_REFUSED, why_refused(j));
		j->order.order = ORDER_NONE; /* the domain stands where it would stand without it */
		job_decide(j);
		return;
	}
	job_end(j);
}

void job_answer(struct job *j, enum ask_result result, const char *text)
{
	engine_answer *answer = j->order.answer;
	char with_time[400], when[TIME_TEXT];

	if (answer == NULL)
		return;
	j->order.answer = NULL;
	if (result == ASK_REFUSED && held_back(j) == NULL && j->decision.next_at > j->standing.now &&
	        j->decision.next_action != ACTION_LOOK) {
		str_format(with_time, sizeof(with_time), "%s; earliest %s", text,
		        time_text(when, j->decision.next_at));
		text = with_time;
	}
	answer(j->order.arg, result, text);
}
