/* Carrying out a decision about DNS records: which of them go together into the zone, the gate for each, and what became of
 * them. zones.c writes; act.c has made the intents durable. */
#include "engine/act.h"
#include "engine/external.h"

#include <stdlib.h>
#include <string.h>

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
	                    ? act_left_inventory
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
	j->decision.next_look = account_now(j->account) + act_spacing(j, 2 * j->rules.active);
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
		act_denied(j);
	} else {
		job_save(j);
		job_commit(j, act_outcome_committed);
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

void act_join_zone(struct job *j)
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

void act_publish(struct job *j)
{
	const struct zone_way way = zone_way(j);

	j->n_records = 0;
	if (!want_records(j)) {
		j->n_records = 0;
		j->denial = (struct gate_verdict){.rule = 14,
		        .why = "the record's name is not inside the zone, or its target is no host name"};
		act_denied(j);
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
		act_put_intent(j);
}
