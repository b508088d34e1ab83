/* One look at one domain: read what the platform says, look the records up, fold, plan, and act or wait. It must never
 * send a change by itself: act.c does, through the gate. */
#include "engine/job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TRIM_FROM     500 /* jobs ended since memory was given back last; a whole pass of fewer domains will do */
#define COMMIT_WITHIN 50 /* ms: looks that end meanwhile share a commit */

static void ask_next(struct job *j);
static void look_up(struct job *j);
static void fold(struct job *j);

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
	bool selectors = s->d->platform == PLATFORM_EXCHANGE || s->d->platform == PLATFORM_EMAILPRO;

	return (selectors ? LOOK_NEED : LOOK_NEED / 2) + (publishes(s) ? zone_need(1) : 0);
}

static struct rules rules_for(const struct engine *e, struct account *a)
{
	return (struct rules){
	        .active = e->p.config->poll.active,
	        .settled = a->effective_settled,
	        .longest_gap = e->p.config->safety.longest_gap,
	        .minimum_grace = e->p.config->safety.minimum_grace,
	        .doubted = doubt_until(a),
	};
}

/* A creation or a deletion that is done is followed by the next change at once, and that needs every selector read. So
 * the first look after one reads them all: most are done by then, and nothing has to be read twice. */
static bool leads_on(const struct job *j)
{
	const struct record *r = &j->record;

	for (unsigned i = 0; i < INTENTS_MAX; i++)
		if (r->intent[i].action == ACTION_CREATE || r->intent[i].action == ACTION_DELETE)
			return r->interval <= j->rules.active;
	return false;
}

/* Three of four looks may be the domain object alone, while nothing is under way and nothing is due; every selector is
 * read at least once a day. */
static enum look_kind look_for(const struct job *j)
{
	const struct record *r = &j->record;
	int64_t now = account_now(j->account);

	if (record_has_intent(r))
		return leads_on(j) || record_needs_full_look(r, now) ? LOOK_FULL : LOOK_FLIGHT;
	if (j->order.order != ORDER_NONE || r->first_met == 0 || !j->pass.platform->has_light)
		return LOOK_FULL;
	if (r->interval != 0 || (r->phase != PHASE_SETTLED && r->phase != PHASE_GRACE))
		return LOOK_FULL;
	if (r->next_action != ACTION_LOOK && r->next_at != 0 && r->next_at <= now)
		return LOOK_FULL;
	/* Switched off again soon after a repair? OVHcloud's own diagnosis lags, and twice in a day calls a person. */
	if (r->repaired != 0 && now - r->repaired < MS_DAY)
		return LOOK_FULL;
	if (now < r->last_full || now - r->last_full + j->rules.settled / 2 >= MS_DAY)
		return LOOK_FULL;
	if (r->last_full <= j->rules.doubted)
		return LOOK_FULL;
	return LOOK_LIGHT;
}

static void told_disk(struct engine *e, int r)
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
	j->rules = rules_for(e, s->account);
	s->job = j;
	s->account->jobs++;
	e->jobs++;
	slot_unschedule(s);
	slot_key(s, &key);
	r = store_load(e->p.store, &key, &j->record);
	if (r == -ENOENT)
		record_init(&j->record);
	else if (r < 0) { /* the disk fails: what is recorded is unknown, and must not be taken for nothing */
		told_disk(e, r);
		job_cancel(j);
		slot_schedule(s, (enum urgency)s->urgency, account_now(s->account) + MS_MINUTE);
		return;
	}
	j->before = j->record;
	j->pass.platform = platform_for(s->d);
	job_read(j, look_for(j));
}

void job_read(struct job *j, enum look_kind kind)
{
	const struct driver *platform = platform_for(j->slot->d);
	int64_t now = account_now(j->account);

	memset(&j->pass, 0, sizeof(j->pass));
	j->pass.platform = platform;
	j->pass.desired = j->slot->d;
	j->pass.record = &j->record;
	j->pass.kind = kind;
	/* Where a change may follow, MX Plan's service must be read in the same pass (safety rule 15). */
	bool restless = !platform->has_selectors &&
	                (j->record.status != STATUS_ENABLED || j->record.next_action == ACTION_PUBLISH);
	j->pass.names_due =
	        kind == LOOK_FULL && (restless || j->record.names_at == 0 ||
	                                     now - j->record.names_at >= MS_DAY - j->rules.settled / 2 ||
	                                     now < j->record.names_at);
	j->pass.seen.light = kind == LOOK_LIGHT;
	j->pass.seen.flight = kind == LOOK_FLIGHT;
	ask_next(j);
}

/* --- reading ---------------------------------------------------------------------------------------------------- */

static void answered(void *arg, const struct api_answer *a, bool denied)
{
	struct job *j = arg;

	(void)denied;
	j->call = NULL;
	platform_feed(&j->pass, a);
	if (a->answered && (j->pass.seen.began == 0 || a->now < j->pass.seen.began))
		j->pass.seen.began = a->now;
	ask_next(j);
}

static void ask_next(struct job *j)
{
	struct api_request q;

	if (!platform_next(&j->pass, &q)) {
		look_up(j);
		return;
	}
	j->call =
	        account_call(j->account, &q, (enum urgency)j->slot->urgency, &j->reserved, NULL, answered, j);
}

/* --- our own look-ups ------------------------------------------------------------------------------------------- */

static void looked(void *arg, const struct evidence *ev)
{
	struct lookup *l = arg;
	struct job *j = l->job;
	struct seen_selector *s = &j->pass.seen.sel[l->index];

	l->look = NULL;
	s->dns = *ev;
	s->dns_at = account_now(j->account);
	if (--j->looking == 0)
		fold(j);
}

/* A light look reads no selector: those recorded are looked up all the same, for DNS costs no budget. */
static void borrow_selectors(struct job *j)
{
	struct observed *o = &j->pass.seen;

	o->n = 0;
	for (unsigned i = 0; i < j->record.n; i++) {
		const struct rec_selector *r = &j->record.sel[i];
		struct seen_selector *s = &o->sel[o->n];

		if (!r->named || r->target[0] == '\0' || r->state == SELECTOR_ABSENT)
			continue;
		memset(s, 0, sizeof(*s));
		str_copy(s->name, sizeof(s->name), r->name);
		str_copy(s->record, sizeof(s->record), r->record);
		str_copy(s->target, sizeof(s->target), r->target);
		s->named = true;
		o->n++;
	}
}

static bool worth_a_look(const struct job *j, const struct seen_selector *s)
{
	if (!s->named || s->record[0] == '\0' || s->target[0] == '\0')
		return false;
	if (s->state == SELECTOR_ABSENT || s->state == SELECTOR_DELETING)
		return false;
	if (j->pass.kind == LOOK_FLIGHT)
		return intent_wants_dns(&j->record, s->name);
	return j->pass.kind == LOOK_LIGHT || s->state != SELECTOR_UNKNOWN;
}

static void look_up(struct job *j)
{
	struct observed *o = &j->pass.seen;

	if (o->trouble != TROUBLE_NONE && o->trouble != TROUBLE_ODD) {
		fold(j);
		return;
	}
	if (j->pass.kind == LOOK_LIGHT)
		borrow_selectors(j);
	if (j->pass.kind == LOOK_FLIGHT)
		intent_show_records(&j->record, o);
	j->looking = 1; /* this function's own hold, so that no early answer ends the round */
	for (unsigned i = 0; i < o->n; i++) {
		struct seen_selector *s = &o->sel[i];
		struct dns_question q = {.record = s->record, .target = s->target, .zone = j->slot->d->zone};

		if (!worth_a_look(j, s))
			continue;
		j->lookups[i].job = j;
		j->lookups[i].index = i;
		j->looking++;
		j->lookups[i].look = dns_look(j->e->p.dns, &q, looked, &j->lookups[i]);
	}
	if (--j->looking == 0)
		fold(j);
}

/* --- folding and deciding --------------------------------------------------------------------------------------- */

/* The domain object reads as before? Then the selectors are taken to be as before until the daily look. */
static bool reads_as_before(const struct record *r, const struct observed *o)
{
	return o->service == r->service && o->domain_task == r->domain_task &&
	       o->theirs.given == r->theirs.given && o->theirs.code == r->theirs.code &&
	       str_eq(o->theirs.state, r->theirs.state);
}

/* The state was older: does this domain read as if it had been switched, or its key deleted, in what is not remembered?
 * Then it counts for the daily cap (safety rule 10). */
static bool was_changed(const struct record *before, const struct record *after, const struct notes *n)
{
	for (unsigned i = 0; i < n->n; i++)
		if (n->list[i].kind == NOTE_KEY_CHANGED)
			return true;
	return !str_eq(before->last_signer, after->last_signer);
}

static void fold(struct job *j)
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
	if (!j->account->clock.known && o->complete && !o->light)
		record_doubt_time(&j->record);
	if (j->pass.names_due && o->complete)
		j->record.names_at = now;
	tell_notes(j->slot, &j->record, &notes);
	if (j->before.last_full != 0 && j->before.last_full <= j->rules.doubted &&
	        was_changed(&j->before, &j->record, &notes))
		brakes_changed(j->account, j->slot);
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
	if (j->order.answer != NULL && !j->acted)
		job_answer(j, ASK_REFUSED, dec->detail[0] != '\0' ? dec->detail : reason_text(dec->reason));
	job_end(j);
}

void job_answer(struct job *j, enum ask_result result, const char *text)
{
	engine_answer *answer = j->order.answer;
	char with_time[400], when[TIME_TEXT];

	if (answer == NULL)
		return;
	j->order.answer = NULL;
	if (result == ASK_REFUSED && j->decision.next_at > j->standing.now &&
	        j->decision.next_action != ACTION_LOOK) {
		str_format(with_time, sizeof(with_time), "%s; earliest %s", text,
		        time_text(when, j->decision.next_at));
		text = with_time;
	}
	answer(j->order.arg, result, text);
}

/* --- the end ---------------------------------------------------------------------------------------------------- */

static enum urgency urgency_of(const struct job *j)
{
	const struct record *r = &j->record;

	if (record_has_intent(r))
		return URGENT_IN_FLIGHT;
	if (r->not_signing_since != 0)
		return URGENT_UNSIGNED;
	if (r->first_met != 0 && r->last_signer[0] == '\0' && r->status != STATUS_ENABLED && r->interval != 0)
		return URGENT_UNSIGNED;
	if (r->next_action != ACTION_LOOK && r->next_action != ACTION_NONE)
		return r->next_at <= r->next_look ? URGENT_CHANGE : URGENT_ROUTINE;
	return r->interval != 0 ? URGENT_CHANGE : URGENT_ROUTINE;
}

void job_save(struct job *j)
{
	struct store_key key;

	slot_key(j->slot, &key);
	store_save(j->e->p.store, &key, &j->record);
	j->slot->id = j->record.id;
}

/* A pass leaves holes all over the heap. They are given back when nothing is under way, not held until the next pass. */
static void give_memory_back(struct engine *e)
{
	e->jobs_ended++;
	if (e->jobs != 0 || (e->jobs_ended < TRIM_FROM && e->jobs_ended < e->n_slots))
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
	free(j);
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
	s->in_flight = record_has_intent(r);
	job_save(j);
	slot_note_api(s, s->in_flight);
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
	act_release(j);
	budget_release(&a->budget, j->reserved);
	j->slot->job = NULL;
	a->jobs--;
	j->e->jobs--;
	leave_commit(j);
	job_answer(j, ASK_REFUSED,
	        "it was stopped before it was decided; what had left by then is resolved by looking");
	free(j);
}

/* A change has left and its answer is awaited, or is about to leave. */
bool job_is_acting(const struct job *j)
{
	return (j->change.changes && j->call != NULL) || zone_is_acting(j);
}

/* --- commits: one a turn ---------------------------------------------------------------------------------------- */

/* A look that ended needs no disk to go on, for what was read can be read again: those that end within a moment share a
 * commit. Whoever waits to send something is served in the same turn, and the last look of a pass leaves nothing behind. */
static bool commit_is_due(struct engine *e)
{
	unsigned ending = 0;

	for (const struct job *j = e->commit_head; j != NULL; j = j->next_commit) {
		if (j->committed != ended)
			return true;
		ending++;
	}
	if (e->commit_by == 0)
		e->commit_by = loop_boot(e->p.loop) + COMMIT_WITHIN;
	return ending == e->jobs || loop_boot(e->p.loop) >= e->commit_by;
}

void commit_turn(void *arg)
{
	struct engine *e = arg;
	bool due = commit_is_due(e);
	struct job *list = e->commit_head;
	int r = due ? store_commit(e->p.store) : 0;

	e->commit_head = e->commit_tail = NULL;
	if (due) {
		e->commit_by = 0;
		told_disk(e, r);
	}
	while (list != NULL) {
		struct job *j = list;

		list = j->next_commit;
		j->next_commit = NULL;
		j->committed(j, r == 0);
	}
	if (e->commit_by != 0 && e->commit_head == NULL)
		timer_set(e->commit, COMMIT_WITHIN, 0);
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
