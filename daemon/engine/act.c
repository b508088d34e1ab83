/* Carrying out one decision: the gate, the durable intent, the request, its answer. The order is the whole point: nothing
 * leaves before its intent is durable, and the gate is asked again at the moment of leaving (safety rules 7 and 15). */
#include "engine/external.h"

#include <stdlib.h>
#include <string.h>

static void join_zone(struct job *j);

static bool is_zone_work(const struct job *j)
{
	return j->decision.action == ACTION_PUBLISH;
}

static const struct gate_verdict left_inventory = {.rule = 8, .why = "the domain has left the inventory"};

static struct gate_verdict ask_gate(struct job *j)
{
	const struct decision *dec = &j->decision;

	j->standing.now = account_now(j->account);
	j->standing.clock_sure = account_clock_sure(j->account);
	j->standing.paused = j->e->paused;
	if (j->slot->missing_since != 0)
		return left_inventory;
	return gate_selector(
	        dec->action, dec->selector, j->slot->d, &j->pass.seen, &j->record, &j->standing, &j->rules);
}

/* What the change is about, in words: "ovhex1-selector2 of mydomain.ovh", or the domain alone. */
static const char *subject(struct job *j)
{
	const char *selector = j->decision.selector, *domain = j->slot->d->domain;

	if (selector[0] == '\0')
		return domain;
	str_format(j->subject, sizeof(j->subject), "%s of %s", selector, domain);
	return j->subject;
}

/* How long a domain waits after it got nowhere: longer each time that the reason is the same. */
static int64_t spacing(const struct job *j, int64_t first)
{
	bool same = j->before.reason == j->decision.reason;

	return due_again(&j->rules, same ? j->before.interval : 0, first);
}

/* The gate said no: nothing was sent, and the domain waits with the gate's reason. */
static void denied(struct job *j)
{
	struct fields f;

	tell_fields(&f, j->slot);
	f.action = action_word(j->decision.action);
	f.selector = j->decision.selector;
	report(EVENT_GATE_REFUSED, &f, f.action, subject(j), j->denial.why);
	if (j->denial.earliest > j->standing.now)
		j->decision.next_at = j->denial.earliest;
	job_answer(j, ASK_REFUSED, j->denial.why);
	str_format(j->decision.detail, sizeof(j->decision.detail), "%s", j->denial.why);
	j->decision.next_action = j->decision.action;
	j->decision.moving = true;
	j->decision.next_look = j->standing.now + spacing(j, j->rules.active);
	job_end(j);
}

/* --- changes of a selector -------------------------------------------------------------------------------------- */

static const enum answer_kind answer_kinds[] = {
        [OUTCOME_ACCEPTED] = ANSWER_ACCEPTED,
        [OUTCOME_REFUSED] = ANSWER_REFUSED,
        [OUTCOME_OPEN] = ANSWER_OPEN,
        [OUTCOME_NOT_SENT] = ANSWER_NOT_SENT,
};

static void tell_change(struct job *j, enum event ev, const struct outcome *out)
{
	struct fields f;

	tell_fields(&f, j->slot);
	f.action = action_word(j->decision.action);
	f.selector = j->decision.selector;
	f.http_method = j->change.method;
	f.http_path = j->change.path;
	f.http_status = out->status;
	f.query_id = out->query_id;
	f.task_id = out->task_id;
	report(ev, &f, f.action, subject(j), out->text);
}

/* The journal's story of a rotation begins when its enable has left. */
static void tell_rotation(struct job *j)
{
	const struct rec_selector *old = record_signer(&j->record);
	const struct decision *dec = &j->decision;
	struct fields f;

	if (dec->action != ACTION_ENABLE || dec->selector[0] == '\0' || old == NULL ||
	        str_eq(old->name, dec->selector))
		return;
	tell_fields(&f, j->slot);
	f.action = action_word(dec->action);
	f.selector = dec->selector;
	report(EVENT_ROTATION_STARTED, &f, j->slot->d->domain, old->name, dec->selector);
}

static void outcome_committed(struct job *j, bool durable)
{
	(void)durable; /* the intent is durable: a lost outcome is resolved by reading */
	job_decide(j);
}

/* A person went back to the previous key: nothing more happens by itself. Not before the request has left, for the gate
 * lets nothing of a paused domain pass. */
static void pause_after_back(struct record *r)
{
	r->paused = true;
	r->paused_until = 0;
	str_copy(r->paused_by, sizeof(r->paused_by), "rotate --back");
}

static void changed(void *arg, const struct api_answer *a, bool was_denied)
{
	struct job *j = arg;
	struct outcome out = {.kind = OUTCOME_NOT_SENT};

	j->call = NULL;
	if (!was_denied)
		j->pass.platform->outcome(a, &out);
	act_changed(j, &out, was_denied);
}

void act_changed(struct job *j, const struct outcome *answer, bool was_denied)
{
	const struct decision *dec = &j->decision;
	struct outcome out = *answer;
	int64_t now = account_now(j->account);

	record_answer(&j->record, dec->action, dec->selector, answer_kinds[out.kind], out.task_id, now);
	if (!was_denied)
		record_asked(&j->record, dec->selector, out.query_id, out.task_id);
	if (out.kind == OUTCOME_REFUSED || out.kind == OUTCOME_NOT_SENT)
		brakes_switching(j->account, j->slot, false);
	if (was_denied) {
		denied(j);
		return;
	}
	j->acted = true;
	history_change(j, &out);
	if (out.kind == OUTCOME_ACCEPTED || out.kind == OUTCOME_OPEN) {
		tell_rotation(j);
		if (j->order.order == ORDER_BACK)
			pause_after_back(&j->record);
	}
	if (out.kind == OUTCOME_ACCEPTED) {
		tell_change(j, EVENT_CHANGE_SENT, &out);
		job_answer(j, ASK_OK, "sent");
	} else if (out.kind == OUTCOME_OPEN) {
		tell_change(j, EVENT_CHANGE_UNRESOLVED, &out);
		job_answer(
		        j, ASK_OK, "sent; the answer was lost, so only looking can tell whether it was done");
	} else {
		tell_change(j, EVENT_CHANGE_REFUSED, &out);
		job_answer(j, ASK_REFUSED, out.text);
		str_format(j->decision.detail, sizeof(j->decision.detail), "%s", out.text);
		j->decision.reason = out.trouble == TROUBLE_GRANT ? REASON_NOT_GRANTED : REASON_API_REFUSED;
		j->decision.condition = reason_condition(j->decision.reason);
		j->decision.waits_on = reason_waits_on(j->decision.reason);
		j->decision.next_look = now + spacing(j, 2 * j->rules.active);
		j->decision.moving = true;
		if (out.trouble == TROUBLE_ACCOUNT)
			account_stop(j->account, out.text);
		job_end(j);
		return;
	}
	job_save(j);
	job_commit(j, outcome_committed);
}

bool act_may_leave(struct job *j)
{
	j->denial = ask_gate(j);
	return j->denial.allow;
}

static bool may_leave(void *arg)
{
	return act_may_leave(arg);
}

/* The disk failed: nothing leaves. */
static void not_durable(struct job *j)
{
	int64_t now = account_now(j->account);

	record_answer(&j->record, j->decision.action, j->decision.selector, ANSWER_NOT_SENT, 0, now);
	for (unsigned i = 0; i < j->n_records; i++)
		record_answer(
		        &j->record, j->decision.action, j->records[i].selector, ANSWER_NOT_SENT, 0, now);
	brakes_switching(j->account, j->slot, false);
	j->decision.reason = REASON_STATE_DISK;
	j->decision.condition = CONDITION_ERROR;
	j->decision.next_look = now + j->rules.active;
	job_answer(j, ASK_REFUSED, reason_text(REASON_STATE_DISK));
	job_end(j);
}

static void intent_durable(struct job *j, bool durable)
{
	if (!durable) {
		not_durable(j);
		return;
	}
	if (is_zone_work(j)) {
		join_zone(j);
		return;
	}
	if (job_is_external(j)) {
		external_leave(j);
		return;
	}
	j->call = account_call(
	        j->account, &j->change, (enum urgency)j->slot->urgency, &j->reserved, may_leave, changed, j);
}

static void put_intent(struct job *j)
{
	const struct decision *dec = &j->decision;
	int64_t now = account_now(j->account);
	struct intent *x = record_intend(&j->record, dec->action, dec->selector, dec->target, now);

	if (x == NULL) { /* plan() never proposes a third */
		job_end(j);
		return;
	}
	for (unsigned i = 1; i < j->n_records && !job_is_external(j); i++)
		record_intend(&j->record, dec->action, j->records[i].selector, j->records[i].rr.data, now);
	x->scheduled = dec->scheduled;
	if (dec->repair)
		j->record.repaired = now;
	x->compromised = j->order.order == ORDER_COMPROMISED && dec->action == ACTION_ENABLE;
	if (j->record.id == 0)
		job_save(j); /* so that counts can name it */
	bool leaked = dec->action == ACTION_DELETE && str_eq(j->record.compromised, dec->selector);
	if (dec->scheduled && dec->action != ACTION_DISABLE && j->order.order == ORDER_NONE && !leaked)
		brakes_changed(j->account, j->slot);
	if (dec->action == ACTION_ENABLE && dec->scheduled && j->order.order == ORDER_NONE)
		brakes_switching(j->account, j->slot, true);
	job_save(j);
	slot_note_api(j->slot, true);
	job_commit(j, intent_durable);
}

/* --- records in a zone ------------------------------------------------------------------------------------------ */

bool act_may_write(struct job *j, unsigned record, const struct write_job *w)
{
	struct gate_record_change c = {
	        .selector = j->records[record].selector,
	        .rr = &j->records[record].rr,
	        .zone = w->zone,
	        .old = w->old,
	        .removes = w->removes,
	        .refreshes = w->refreshes,
	        .guarded = w->guarded,
	};

	j->standing.now = account_now(j->account);
	j->standing.paused = j->e->paused;
	j->denial = j->slot->missing_since != 0
	                    ? left_inventory
	                    : gate_record(&c, j->slot->d, &j->pass.seen, &j->record, &j->standing, &j->rules);
	return j->denial.allow;
}

/* Was it told when it was written? What follows while servers take their time publishes again what stands there already.
 * The record of a revoked key is written three times, and each is news. */
static bool is_old_news(const struct job *j, const struct job_record *r)
{
	const struct rec_selector *s = record_selector_const(&j->record, r->selector);

	for (unsigned i = 0; i < j->pass.seen.n; i++) {
		const struct seen_selector *o = &j->pass.seen.sel[i];

		if (str_eq(o->name, r->selector) && o->key != NULL && o->key->revoked != 0)
			return false;
	}
	return r->end.verdict == WRITE_DONE && !r->end.changed && s != NULL && s->bad_since != 0 &&
	       s->written >= s->bad_since;
}

static void tell_written(struct job *j, const struct job_record *r)
{
	char what[HOST_NAME + 40];
	struct fields f;

	tell_fields(&f, j->slot);
	f.selector = r->selector;
	f.action = action_word(j->decision.action);
	f.query_id = r->end.query_id;
	if (r->end.verdict != WRITE_DONE) {
		report(EVENT_DNS_PROBLEM, &f, r->rr.name, r->end.text);
		return;
	}
	str_format(what, sizeof(what), "%s%s%s", rr_type_word(r->rr.type),
	        r->rr.type == RR_CNAME ? " to " : "", r->rr.type == RR_CNAME ? r->rr.data : "");
	report(EVENT_RECORD_WRITTEN, &f, r->rr.name, what, r->rr.absent ? "removed" : "written");
}

/* What became of one record, into the domain's record. Whatever was written is found by the next look at the zone: it looks
 * first and never duplicates. */
static void note_written(struct job *j, const struct job_record *r, int64_t now)
{
	const struct write_item *x = &r->end;
	bool old_news = is_old_news(j, r);

	if (x->verdict == WRITE_DONE) {
		record_published(&j->record, r->selector, now);
		j->acted = true;
	} else {
		record_answer(&j->record, j->decision.action, r->selector,
		        x->changed || x->open ? ANSWER_OPEN : ANSWER_REFUSED, 0, now);
	}
	if (x->verdict == WRITE_DENIED)
		return;
	history_record(j, r);
	if (!old_news)
		tell_written(j, r);
}

static enum reason reason_of(const struct job *j, const struct write_item *x)
{
	bool person = x->trouble == TROUBLE_GRANT || x->trouble == TROUBLE_MISSING;

	if (x->verdict == WRITE_FOREIGN)
		return REASON_RECORD_FOREIGN;
	if (j->slot->d->dns == DNS_RFC2136)
		return person ? REASON_DNS_SERVER_PERSON : REASON_DNS_SERVER;
	return x->trouble == TROUBLE_GRANT     ? REASON_NOT_GRANTED
	       : x->trouble == TROUBLE_MISSING ? REASON_NO_SERVICE
	                                       : REASON_API_TROUBLE;
}

/* The zone did not take it: the domain waits, longer each time. */
static void failed(struct job *j, const struct write_item *x)
{
	j->decision.reason = reason_of(j, x);
	str_format(j->decision.detail, sizeof(j->decision.detail), "%s", x->text);
	j->decision.condition = reason_condition(j->decision.reason);
	j->decision.waits_on = reason_waits_on(j->decision.reason);
	j->decision.next_look = account_now(j->account) + spacing(j, 2 * j->rules.active);
	j->decision.moving = true;
	job_end(j);
}

void act_written(struct job *j)
{
	const struct write_item *bad = NULL;
	bool refused = false;
	int64_t now = account_now(j->account);

	for (unsigned i = 0; i < j->n_records; i++) {
		const struct job_record *r = &j->records[i];

		note_written(j, r, now);
		if (r->end.verdict == WRITE_DENIED)
			refused = true;
		else if (r->end.verdict != WRITE_DONE && bad == NULL)
			bad = &r->end;
	}
	j->n_records = 0;
	if (bad != NULL) {
		failed(j, bad);
	} else if (refused) {
		denied(j);
	} else {
		job_save(j);
		job_commit(j, outcome_committed);
	}
}

/* Another batch is at it, or the budget has no room: again when there is (boot clock, 0 = soon), spread so that they do not
 * all come at once. */
static void come_again(struct job *j, int64_t when)
{
	int64_t boot = loop_boot(j->e->p.loop), wait = when > boot ? when - boot : 0;

	j->n_records = 0;
	j->decision.next_look =
	        account_now(j->account) + wait + MS_SECOND + (int64_t)(j->slot->at % 16) * 100;
	j->decision.next_action = j->decision.action;
	job_end(j);
}

static void join_zone(struct job *j)
{
	if (zone_join(j))
		return;
	for (unsigned i = 0; i < j->n_records; i++)
		record_answer(&j->record, j->decision.action, j->records[i].selector, ANSWER_NOT_SENT, 0,
		        account_now(j->account));
	come_again(j, 0);
}

/* The records of a key of our own. */
static bool want_key_records(struct job *j, const struct seen_selector *s)
{
	struct rr rr[EXTERNAL_RECORDS];
	unsigned n = external_records(j->slot->d, s, rr);

	for (unsigned i = 0; i < n && j->n_records < ARRAY_SIZE(j->records); i++) {
		struct job_record *r = &j->records[j->n_records++];

		r->rr = rr[i];
		str_copy(r->selector, sizeof(r->selector), s->name);
		if (rr_fault(&r->rr, external_zone(j->slot->d)) != NULL)
			return false;
	}
	return n != 0;
}

/* The record that a selector needs. False when the pass does not know it. */
static bool want_record(struct job *j, const char *selector)
{
	struct job_record *r = &j->records[j->n_records];

	for (unsigned i = 0; i < j->pass.seen.n; i++) {
		const struct seen_selector *s = &j->pass.seen.sel[i];

		if (str_eq(s->name, selector) && job_is_external(j))
			return want_key_records(j, s);
		if (!str_eq(s->name, selector) || !rr_cname(&r->rr, s->record, s->target))
			continue;
		str_copy(r->selector, sizeof(r->selector), selector);
		j->n_records++;
		return rr_fault(&r->rr, j->slot->d->zone) == NULL;
	}
	return false;
}

/* The decision's record, and those that would be decided on after it: they share a publication. The same plan() over a
 * copy tells. */
static bool want_records(struct job *j)
{
	struct record *copy = xmalloc(sizeof(*copy));
	struct decision dec = j->decision;
	bool fit = want_record(j, dec.selector);

	*copy = j->record;
	while (fit && !job_is_external(j) && j->n_records < INTENTS_MAX && !record_has_intent(&j->record)) {
		record_published(copy, dec.selector, j->standing.now);
		plan(j->slot->d, &j->pass.seen, copy, &j->standing, &j->rules, &dec);
		if (dec.action != ACTION_PUBLISH || str_eq(dec.selector, j->records[0].selector))
			break;
		if (!want_record(j, dec.selector)) { /* its own turn will tell why */
			j->n_records = 1;
			break;
		}
	}
	free(copy);
	return fit;
}

static void publish(struct job *j)
{
	const struct zone_way way = zone_way(j);

	j->n_records = 0;
	if (!want_records(j)) {
		j->n_records = 0;
		j->denial = (struct gate_verdict){.rule = 14,
		        .why = "the record's name is not inside the zone, or its target is no host name"};
		denied(j);
		return;
	}
	if (way.unfit != NULL) {
		struct write_item unfit = {.verdict = WRITE_TROUBLE,
		        .trouble = way.account != NULL ? TROUBLE_ACCOUNT : TROUBLE_GRANT};

		str_copy(unfit.text, sizeof(unfit.text), way.unfit);
		j->n_records = 0;
		failed(j, &unfit);
		return;
	}
	int64_t when = zone_has_room(j) ? zone_reserve(j) : 0;
	if (when != 0 && j->n_records > 1) { /* then one by one */
		j->n_records = 1;
		when = zone_reserve(j);
	}
	if (when != 0 || !zone_has_room(j))
		come_again(j, when);
	else
		put_intent(j);
}

/* --- the door --------------------------------------------------------------------------------------------------- */

void act_start(struct job *j)
{
	const struct decision *dec = &j->decision;

	if (is_zone_work(j)) {
		publish(j);
		return;
	}
	if (job_is_external(j) ? !external_can(dec->action)
	                       : j->pass.platform->change(
	                                 j->slot->d, &j->pass, dec->action, dec->selector, &j->change) != 0) {
		job_end(j);
		return;
	}
	j->denial = ask_gate(j); /* early, to spare a commit; asked again when it leaves */
	if (!j->denial.allow) {
		denied(j);
		return;
	}
	put_intent(j);
}

void act_release(struct job *j)
{
	zone_leave(j);
}
