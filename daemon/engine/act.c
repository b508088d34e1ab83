/* Carrying out one decision: the gate, the durable intent, the request, its answer. The order is the whole point: nothing
 * leaves before its intent is durable, and the gate is asked again at the moment of leaving (safety rules 7 and 15). */
#include "engine/act.h"
#include "engine/external.h"

#include <stdlib.h>
#include <string.h>

static bool is_zone_work(const struct job *j)
{
	return j->decision.action == ACTION_PUBLISH;
}

const struct gate_verdict act_left_inventory = {.rule = 8, .why = "the domain has left the inventory"};

static struct gate_verdict ask_gate(struct job *j)
{
	const struct decision *dec = &j->decision;

	j->standing.now = account_now(j->account);
	j->standing.clock_sure = account_clock_sure(j->account);
	j->standing.paused = j->e->paused;
	if (j->slot->missing_since != 0)
		return act_left_inventory;
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
int64_t act_spacing(const struct job *j, int64_t first)
{
	bool same = j->before.reason == j->decision.reason;

	return due_again(&j->rules, same ? j->before.interval : 0, first);
}

/* The gate said no: nothing was sent, and the domain waits with the gate's reason. */
void act_denied(struct job *j)
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
	j->decision.next_look = j->standing.now + act_spacing(j, j->rules.active);
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

void act_outcome_committed(struct job *j, bool durable)
{
	(void)durable; /* the intent is durable: a lost outcome is resolved by reading */

	if (j->sent != NULL) /* and a restart does not forget the pause that --back brings about */
		job_answer(j, ASK_OK, j->sent);
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
		act_denied(j);
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
		j->sent = "sent";
	} else if (out.kind == OUTCOME_OPEN) {
		tell_change(j, EVENT_CHANGE_UNRESOLVED, &out);
		j->sent = "sent; the answer was lost, so only looking can tell whether it was done";
	} else {
		tell_change(j, EVENT_CHANGE_REFUSED, &out);
		job_answer(j, ASK_REFUSED, out.text);
		str_format(j->decision.detail, sizeof(j->decision.detail), "%s", out.text);
		j->decision.reason = out.trouble == TROUBLE_GRANT ? REASON_NOT_GRANTED : REASON_API_REFUSED;
		j->decision.condition = reason_condition(j->decision.reason);
		j->decision.waits_on = reason_waits_on(j->decision.reason);
		j->decision.next_look = now + act_spacing(j, 2 * j->rules.active);
		j->decision.moving = true;
		if (out.trouble == TROUBLE_ACCOUNT)
			account_stop(j->account, out.text);
		job_end(j);
		return;
	}
	job_save(j);
	job_commit(j, act_outcome_committed);
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
		act_join_zone(j);
		return;
	}
	if (job_is_external(j)) {
		external_leave(j);
		return;
	}
	j->call = account_call(
	        j->account, &j->change, (enum urgency)j->slot->urgency, &j->reserved, may_leave, changed, j);
}

void act_put_intent(struct job *j)
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
	slot_number(j->slot, &j->record);
	bool leaked = dec->action == ACTION_DELETE && str_eq(j->record.compromised, dec->selector);
	if (dec->scheduled && dec->action != ACTION_DISABLE && j->order.order == ORDER_NONE && !leaked)
		brakes_changed(j->account, j->slot);
	if (dec->action == ACTION_ENABLE && dec->scheduled && j->order.order == ORDER_NONE)
		brakes_switching(j->account, j->slot, true);
	job_save(j);
	slot_in_flight(j->slot, true);
	job_commit(j, intent_durable);
}

/* --- the door --------------------------------------------------------------------------------------------------- */

void act_start(struct job *j)
{
	const struct decision *dec = &j->decision;

	if (is_zone_work(j)) {
		act_publish(j);
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
		act_denied(j);
		return;
	}
	act_put_intent(j);
}

void act_release(struct job *j)
{
	zone_leave(j);
}
