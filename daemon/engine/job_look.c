/* Which look a domain gets, and the look itself: what the platform says, request by request, and our own look-ups beside it. */
#include "engine/external.h"

#include <string.h>

static void ask_next(struct job *j);
static void look_up(struct job *j);

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
enum look_kind job_look_for(const struct job *j)
{
	const struct record *r = &j->record;
	int64_t now = account_now(j->account);

	if (job_is_external(j))
		return LOOK_FULL;
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
	int64_t most = j->rules.longest_gap - j->rules.settled; /* light looks bridge no gap */
	if (now < r->last_full ||
	        now - r->last_full + j->rules.settled / 2 >= (most < MS_DAY ? most : MS_DAY))
		return LOOK_FULL;
	if (record_in_doubt(r->last_full, j->rules.doubted))
		return LOOK_FULL;
	return LOOK_LIGHT;
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
	if (job_is_external(j))
		external_read(j);
	else
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

void job_in_dns(struct job *j, bool on)
{
	if (on == j->in_dns)
		return;
	j->in_dns = on;
	if (on)
		j->account->in_dns++;
	else
		j->account->in_dns--;
}

static void looked(void *arg, const struct evidence *ev)
{
	struct lookup *l = arg;
	struct job *j = l->job;
	struct seen_selector *s = &j->pass.seen.sel[l->index];

	l->look = NULL;
	s->dns = *ev;
	j->e->dns_looks[ev->state <= SEEN_BOGUS ? ev->state : SEEN_UNKNOWN]++;
	s->dns_at = account_now(j->account);
	if (--j->looking > 0)
		return;
	job_in_dns(j, false);
	job_fold(j);
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

/* The TTLs say how long a switch to a selector has to wait (safety rule 2), and nobody will switch to one that signs: there
 * those that were seen when its records were first found right will do, should somebody want it back. A light look reads no
 * state, and decides nothing: the recorded one does. */
static bool needs_no_ttls(const struct job *j, const struct seen_selector *s)
{
	const struct rec_selector *r = record_selector_const(&j->record, s->name);

	if (r == NULL || !record_knows_ttls(r))
		return false;
	return (j->pass.kind == LOOK_LIGHT ? r->state : s->state) == SELECTOR_IN_PRODUCTION;
}

static void look_up(struct job *j)
{
	struct observed *o = &j->pass.seen;

	if (o->trouble != TROUBLE_NONE && o->trouble != TROUBLE_ODD) {
		job_fold(j);
		return;
	}
	if (j->pass.kind == LOOK_LIGHT)
		borrow_selectors(j);
	if (j->pass.kind == LOOK_FLIGHT)
		intent_show_records(&j->record, o);
	j->looking = 1; /* this function's own hold, so that no early answer ends the round */
	for (unsigned i = 0; i < o->n; i++) {
		struct seen_selector *s = &o->sel[i];
		struct dns_question q = {.record = s->record,
		        .target = s->target,
		        .zone = j->slot->d->zone,
		        .untimed = needs_no_ttls(j, s)};

		if (!worth_a_look(j, s))
			continue;
		j->lookups[i].job = j;
		j->lookups[i].index = i;
		j->looking++;
		j->lookups[i].look = dns_look(j->e->p.dns, &q, looked, &j->lookups[i]);
	}
	if (--j->looking == 0)
		job_fold(j);
	else
		job_in_dns(j, true);
}
