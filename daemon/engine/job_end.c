/* The end of a job: what it found becomes durable with whatever else was saved in this turn of the loop, and the domain gets
 * its next look. */
#include "engine/external.h"

#include <stdlib.h>
#include <string.h>

#define TRIM_FROM     500 /* jobs ended since memory was given back last; a whole pass of fewer domains will do */
#define WRITE_WITHIN  250  /* ms: looks that end meanwhile are written together */
#define WRITE_MOST    32   /* so many at most: a long write would keep the control socket waiting */
#define COMMIT_WITHIN 1000 /* ms: what was written is on the disk */

void job_told_disk(struct engine *e, int r)
{
	bool bad = r < 0;

	if (bad == e->disk_trouble)
		return;
	e->disk_trouble = bad;
	if (bad)
		report(EVENT_STATE_UNWRITABLE, NULL, strerror(-r));
	else
		report(EVENT_STATE_WRITABLE, NULL);
}

static enum urgency urgency_of(const struct job *j)
{
	const struct record *r = &j->record;

	if (record_has_intent(r))
		return URGENT_IN_FLIGHT;
	if (r->not_signing_since != 0)
		return URGENT_UNSIGNED;
	if (r->first_met != 0 && r->last_signer[0] == '\0' && r->status != STATUS_ENABLED && r->interval != 0)
		return URGENT_UNSIGNED;
	/* however long a round of all domains takes, a grace must not begin anew for want of a look */
	if (r->phase == PHASE_GRACE && r->next_action != ACTION_LOOK &&
	        j->rules.settled > j->rules.longest_gap / 2)
		return URGENT_CHANGE;
	if (r->next_action != ACTION_LOOK && r->next_action != ACTION_NONE)
		return r->next_at <= r->next_look ? URGENT_CHANGE : URGENT_ROUTINE;
	return r->interval != 0 ? URGENT_CHANGE : URGENT_ROUTINE;
}

void job_save(struct job *j)
{
	slot_save(j->slot, &j->record);
}

/* A pass leaves holes all over the heap. They are given back when nothing is under way, not held until the next pass;
 * where there is none, the end gives back everything. */
static void give_memory_back(struct engine *e)
{
	e->jobs_ended++;
	if (e->p.once || e->jobs != 0 || (e->jobs_ended < TRIM_FROM && e->jobs_ended < e->n_slots))
		return;
	store_rest(e->p.store);
	memory_give_back();
	e->jobs_ended = 0;
}

static void ended(struct job *j, bool durable)
{
	(void)durable; /* it stays queued in the store */
	struct engine *e = j->e;
	struct account *a = j->account;
	struct slot *s = j->slot;

	s->job = NULL;
	a->jobs--;
	e->jobs--;
	budget_release(&a->budget, j->reserved);
	if (!s->looked) {
		s->looked = true;
		if (a->unlooked > 0)
			a->unlooked--;
	}
	if (a->unlooked == 0)
		a->last_pass = account_now(a);
	slot_schedule(s, urgency_of(j), j->record.next_look);
	act_release(j);
	external_release(j);
	struct job_order next = j->next;
	free(j);
	if (next.answer != NULL)
		order_start(e, s, &next);
	give_memory_back(e);
	if (e->p.changed != NULL)
		e->p.changed(e->p.arg);
	engine_poke(e);
	account_pump(a);
}

/* An ENABLE that an hour did not confirm, in a domain that had a signer (safety rule 10; a first activation is no switch). */
static bool switch_is_stuck(const struct record *r, int64_t now)
{
	for (unsigned i = 0; i < INTENTS_MAX; i++)
		if (r->intent[i].action == ACTION_ENABLE && r->intent[i].selector[0] != '\0' &&
		        r->last_signer[0] != '\0' && now - r->intent[i].at > MS_HOUR)
			return true;
	return false;
}

void job_end(struct job *j)
{
	struct slot *s = j->slot;
	struct record *r = &j->record;
	int64_t now = account_now(j->account);

	if (job_is_external(j) && j->pass.seen.complete)
		external_sweep(j);
	if (j->decision.next_look <= now)
		j->decision.next_look = now + MS_SECOND;
	plan_note(r, &j->decision, now);
	tell_verdict(s, &j->before, r, &j->decision);
	if (j->pass.seen.complete)
		tell_difference(s, r, now);
	if (switch_is_stuck(r, now)) { /* it leaves the first count and enters the breaker's */
		if (r->theirs.code == 0)
			brakes_trouble(j->account, s);
		brakes_switching(j->account, s, false);
	}
	s->phase = (uint8_t)r->phase;
	s->condition = (uint8_t)r->condition;
	s->reason = (uint8_t)r->reason;
	s->unsigned_now = r->not_signing_since != 0 ||
	                  (r->first_met != 0 && record_signer(r) == NULL && r->status != STATUS_ENABLED);
	job_save(j);
	history_verdict(j);
	slot_in_flight(s, record_has_intent(r));
	job_commit(j, ended);
}

/* It waits for the next commit no more. */
static void leave_commit(struct job *j)
{
	struct engine *e = j->e;
	struct job *before = NULL;

	for (struct job *x = e->commit_head; x != NULL; before = x, x = x->next_commit) {
		if (x != j)
			continue;
		if (before != NULL)
			before->next_commit = x->next_commit;
		else
			e->commit_head = x->next_commit;
		if (e->commit_tail == x)
			e->commit_tail = before;
		return;
	}
}

void job_cancel(struct job *j)
{
	struct account *a = j->account;

	if (j->call != NULL)
		call_cancel(j->call);
	for (unsigned i = 0; i < SELECTORS_MAX; i++)
		if (j->lookups[i].look != NULL)
			dns_cancel(j->lookups[i].look);
	job_in_dns(j, false);
	act_release(j);
	external_release(j);
	budget_release(&a->budget, j->reserved);
	j->slot->job = NULL;
	a->jobs--;
	j->e->jobs--;
	leave_commit(j);
	if (j->sent != NULL)
		job_answer(j, ASK_OK, j->sent);
	job_answer(j, ASK_REFUSED,
	        "it was stopped before it was decided; what had left by then is resolved by looking");
	if (j->next.answer != NULL)
		j->next.answer(
		        j->next.arg, ASK_REFUSED, "it was stopped before its turn came: order it again");
	free(j);
}

/* A change has left and its answer is awaited, or is about to leave. */
bool job_is_acting(const struct job *j)
{
	if (j->external != NULL && j->external->call != NULL && j->change.changes)
		return true;
	return (j->change.changes && j->call != NULL) || zone_is_acting(j);
}

/* --- commits: one a turn ---------------------------------------------------------------------------------------- */

enum due { NOT_YET, WRITE, COMMIT };

/* A look that ended needs no disk to go on, for what was read can be read again: those that end within a moment are written
 * together, and are on the disk within a second. Whoever waits to send something is served in the same turn, and the last
 * look of a pass leaves nothing behind. */
static enum due disk_due(struct engine *e)
{
	unsigned ending = 0;
	int64_t now = loop_boot(e->p.loop);

	for (const struct job *j = e->commit_head; j != NULL; j = j->next_commit) {
		if (j->committed != ended)
			return COMMIT;
		ending++;
	}
	e->unwritten += ending;
	if (e->commit_by == 0)
		e->commit_by = now + COMMIT_WITHIN;
	if (e->write_by == 0 && ending > 0)
		e->write_by = now + WRITE_WITHIN;
	if (ending == e->jobs || now >= e->commit_by)
		return COMMIT;
	return e->unwritten >= WRITE_MOST || (e->write_by != 0 && now >= e->write_by) ? WRITE : NOT_YET;
}

static int disk_do(struct engine *e, enum due due)
{
	if (due == NOT_YET)
		return 0;
	int r = due == COMMIT ? engine_commit(e) : engine_write(e);
	e->write_by = 0;
	e->unwritten = 0;
	if (due == COMMIT)
		e->commit_by = 0;
	job_told_disk(e, r);
	return r;
}

void commit_turn(void *arg)
{
	struct engine *e = arg;
	enum due due = disk_due(e);
	struct job *list = e->commit_head;

	e->commit_head = e->commit_tail = NULL;
	int r = disk_do(e, due);
	while (list != NULL) {
		struct job *j = list;

		list = j->next_commit;
		j->next_commit = NULL;
		j->committed(j, r == 0);
	}
	if (e->commit_by == 0 || e->commit_head != NULL)
		return;
	int64_t next = e->write_by != 0 && e->write_by < e->commit_by ? e->write_by : e->commit_by;
	timer_set(e->commit, next - loop_boot(e->p.loop), 0);
}

void job_commit(struct job *j, void (*next)(struct job *j, bool durable))
{
	struct engine *e = j->e;

	j->committed = next;
	j->next_commit = NULL;
	if (e->commit_tail != NULL)
		e->commit_tail->next_commit = j;
	else
		e->commit_head = j;
	e->commit_tail = j;
	timer_set(e->commit, 0, 0);
}
