/* One domain's life in fair weather. It must follow engine/job.c and act.c step by step: the test that compares a forecast
 * with what is sent afterwards holds the two together. Looks that can show nothing new are leapt over. */
#include "core/forecast.h"

#include <string.h>

#include "core/gate.h"
#include "core/dname.h"
#include "core/rr.h"
#include "core/text.h"

#define SECOND (INT64_C(1000))
#define HOUR   (3600 * SECOND)
#define ROUNDS 7   /* decisions in one look */
#define IDLE   100 /* looks without news: it waits for something that fair weather does not bring */

static bool is_external(const struct forecast_domain *x)
{
	return x->d->platform == PLATFORM_EXTERNAL;
}

void forecast_begin(struct forecast_domain *x, int64_t now)
{
	x->over = x->began = false;
	x->idle = 0;
	if (x->at < now)
		x->at = now;
	if (is_external(x))
		fair_keys_begin(&x->keys, x->d, &x->r, &fair_usual, now);
	else
		fair_begin(&x->fair, x->d, &x->r, &fair_usual, now);
}

bool forecast_possible(const struct forecast_domain *x)
{
	return x->r.first_met != 0;
}

/* --- the account ---------------------------------------------------------------------------------------------------- */

static void standing(const struct forecast_domain *x, struct forecast_account *a, struct standing *ret)
{
	memset(ret, 0, sizeof(*ret));
	a->n_changes = tally_trim(a->changes, a->n_changes, x->at);
	ret->now = x->at;
	ret->clock_sure = true;
	ret->observe = a->observe || x->d->mode == MODE_OBSERVE;
	ret->paused = a->paused;
	ret->breaker_open = a->breaker;
	ret->rotating = tally_others(a->switching, a->n_switching, x->id, x->at, HOUR);
	ret->max_rotating = a->max_rotating;
	ret->changed = (unsigned)a->n_changes;
	ret->max_changed = a->max_changed;
	ret->changed_this = tally_has(a->changes, a->n_changes, x->id);
}

static void count(const struct forecast_domain *x, struct forecast_account *a, const struct decision *dec)
{
	bool leaked = dec->action == ACTION_DELETE && strcmp(x->r.compromised, dec->selector) == 0;

	if (!dec->scheduled || leaked)
		return;
	if (dec->action != ACTION_DISABLE)
		a->n_changes = tally_put(a->changes, a->n_changes, x->id, x->at);
	if (dec->action == ACTION_ENABLE)
		a->n_switching = tally_put(a->switching, a->n_switching, x->id, x->at);
}

static void confirmed(const struct forecast_domain *x, struct forecast_account *a, const struct notes *notes)
{
	for (unsigned i = 0; i < notes->n; i++) {
		enum note_kind k = notes->list[i].kind;

		if (k == NOTE_ROTATED || k == NOTE_SIGNING || k == NOTE_REPAIRED)
			a->n_switching = tally_drop(a->switching, a->n_switching, x->id);
	}
}

/* --- acting ---------------------------------------------------------------------------------------------------------- */

static const struct seen_selector *seen_of(const struct observed *o, const char *name)
{
	for (unsigned i = 0; i < o->n; i++)
		if (strcmp(o->sel[i].name, name) == 0)
			return &o->sel[i];
	return NULL;
}

/* Of a key of our own: the record of each of its parts. What stands there is taken for one of this key. */
static struct gate_verdict ask_for_key(const struct forecast_domain *x, const struct seen_selector *s,
        const struct observed *o, const struct standing *st, const struct rules *rules)
{
	struct gate_verdict v = {.rule = 14, .why = "there is no such key"};
	char name[DNAME_TEXT];

	for (unsigned i = 0; s->key != NULL && i < s->key->n; i++) {
		const struct held_part *part = &s->key->part[i];
		struct rr rr = {.type = RR_TXT, .absent = s->want == WANT_NOTHING};
		struct gate_record_change c = {
		        .selector = s->name,
		        .rr = &rr,
		        .zone = external_zone(x->d),
		        .old = s->dns.record == SEEN_MISSING ? "" : "v=DKIM1; p=",
		};

		if (!external_owner(name, x->d, part->selector) ||
		        !dkimtext_write(rr.data, sizeof(rr.data), x->d->external, part,
		                rr.absent ? WANT_REVOKED : s->want))
			return (struct gate_verdict){.rule = 14, .why = "the name or the text is none"};
		text_join(rr.name, sizeof(rr.name), name, NULL);
		v = gate_record(&c, x->d, o, &x->r, st, rules);
		if (!v.allow)
			break;
	}
	return v;
}

static struct gate_verdict ask_gate(const struct forecast_domain *x, const struct decision *dec,
        const struct observed *o, const struct standing *st, const struct rules *rules)
{
	const struct seen_selector *s = seen_of(o, dec->selector);

	if (dec->action != ACTION_PUBLISH)
		return gate_selector(dec->action, dec->selector, x->d, o, &x->r, st, rules);
	if (s == NULL)
		return (struct gate_verdict){.rule = 14, .why = "the selector was not read in this pass"};
	if (is_external(x))
		return ask_for_key(x, s, o, st, rules);
	struct rr rr;
	struct gate_record_change c = {
	        .selector = s->name,
	        .rr = &rr,
	        .zone = x->d->zone,
	        .old = s->dns.record == SEEN_MISSING ? "" : "another.invalid",
	        .refreshes = s->dns.record == SEEN_OK,
	};

	if (!rr_cname(&rr, s->record, s->target))
		return (struct gate_verdict){.rule = 14, .why = "the name or the target is none"};
	return gate_record(&c, x->d, o, &x->r, st, rules);
}

/* OVHcloud's selector in this forecast, NULL = it has not named it yet. */
static const struct fair_selector *fair_of(const struct forecast_domain *x, const char *selector)
{
	for (unsigned i = 0; !is_external(x) && i < x->fair.known; i++)
		if (strcmp(x->r.sel[i].name, selector) == 0)
			return &x->fair.sel[i];
	return NULL;
}

/* It leaves and is taken. False: the gate is shut, or plan() proposes what has no room; it is asked again later. */
static bool act(struct forecast_domain *x, struct forecast_account *a, const struct decision *dec,
        const struct observed *o, const struct standing *st, const struct forecast_listener *listener)
{
	const struct seen_selector *s = seen_of(o, dec->selector);
	const struct fair_selector *fair = fair_of(x, dec->selector);

	if (!ask_gate(x, dec, o, st, &a->rules).allow)
		return false;
	struct intent *in = record_intend(&x->r, dec->action, dec->selector, dec->target, x->at);
	if (in == NULL)
		return false;
	in->scheduled = dec->scheduled;
	if (dec->repair)
		x->r.repaired = x->at;
	count(x, a, dec);
	struct forecast_change c = {
	        .at = x->at,
	        .action = dec->action,
	        .selector = fair != NULL || is_external(x) ? dec->selector : "",
	        .target = fair != NULL && fair->keys == 0 && dec->action != ACTION_CREATE ? dec->target : "",
	        .reason = dec->reason,
	        .record = s != NULL ? s->dns.record : SEEN_UNKNOWN,
	        .removes = dec->action == ACTION_PUBLISH && s != NULL && s->key != NULL &&
	                   s->want == WANT_NOTHING,
	};
	listener->change(listener->arg, x, &c);
	if (is_external(x))
		fair_keys_do(&x->keys, x->d, dec->action, dec->selector, x->at);
	else
		fair_do(&x->fair, &x->r, dec->action, dec->selector, x->at);
	if (dec->action == ACTION_PUBLISH)
		record_published(&x->r, dec->selector, x->at);
	else
		record_answer(&x->r, dec->action, dec->selector, ANSWER_ACCEPTED, 0, x->at);
	return true;
}

/* --- when to look again ---------------------------------------------------------------------------------------------- */

/* A pause ends by itself, or never. */
static int64_t pause_ends(const struct forecast_domain *x, const struct forecast_account *a)
{
	int64_t until = a->paused ? a->paused_until : 0;

	if (x->r.paused && x->r.paused_until != 0 && x->r.paused_until > until)
		until = a->paused && a->paused_until == 0 ? 0 : x->r.paused_until;
	if (x->r.paused && x->r.paused_until == 0)
		until = 0;
	return until;
}

/* The first of the looks at a steady pace, from `next` on, that comes at or after `at`. */
static int64_t pace_after(int64_t next, int64_t pace, int64_t at)
{
	return at <= next || pace <= 0 ? next : next + (at - next + pace - 1) / pace * pace;
}

/* The look that finds a change of the weather is one of those that follow each other; for what is over at an instant that is
 * known beforehand there is a look of its own. */
static int64_t leap_to(int64_t next, int64_t pace, int64_t change, int64_t over)
{
	int64_t at = change != 0 ? pace_after(next, pace, change) : INT64_MAX;

	if (over > next && over < at)
		at = over;
	return at != INT64_MAX ? at : next;
}

/* Until then the daily cap that is full stays full: no domain leaves the day. */
static int64_t full_until(const struct forecast_account *a)
{
	int64_t oldest = a->n_changes != 0 ? a->changes[0].at : 0;

	for (size_t i = 1; i < a->n_changes; i++)
		if (a->changes[i].at < oldest)
			oldest = a->changes[i].at;
	return oldest + TALLY_SPAN;
}

/* Between two changes of the weather, and of what waits for an instant, every look shows the same. */
static void look_again(struct forecast_domain *x, const struct forecast_account *a, const struct standing *st,
        const struct decision *dec)
{
	int64_t now = x->at, next = dec->next_look > now ? dec->next_look : now + SECOND;
	int64_t change = is_external(x) ? fair_keys_next(&x->keys, now) : fair_next(&x->fair);
	int64_t over = is_external(x) ? fair_keys_over(&x->keys, x->d, now) : 0;

	x->at = next;
	if (change != 0 || over != 0) {
		int64_t pace = next - now;

		if (pace == a->rules.settled) /* it doubles no more */
			x->at = leap_to(next, pace, change, over);
		if (dec->next_at > now && dec->next_at < x->at)
			x->at = dec->next_at;
		x->idle = 0;
		return;
	}
	x->over = st->observe;
	if (x->over)
		return;
	if (a->paused || x->r.paused) {
		int64_t until = pause_ends(x, a);

		x->over = until == 0;
		x->at = until > now ? until : next;
	} else if (dec->waits_on == WAITS_BUDGET) {
		if (dec->reason == REASON_CAP_DAILY)
			x->at = pace_after(next, a->rules.settled, full_until(a));
		x->idle = 0;
	} else if (dec->next_at > now && dec->next_action != ACTION_LOOK) {
		x->at = dec->next_at;
	} else if (dec->moving || dec->waits_on == WAITS_TIME) {
		x->over = ++x->idle > IDLE;
	} else {
		x->over = true;
	}
}

/* --- a look ---------------------------------------------------------------------------------------------------------- */

/* The looks that were leapt over had been good: no gap lies behind us. */
static void leap(struct forecast_domain *x, const struct rules *rules)
{
	int64_t last = x->at - rules->settled;

	if (x->began && x->r.last_full < last)
		x->r.last_full = last;
	x->began = true;
}

/* The engine's tick ends what a person has paused for a while. */
static void end_pauses(struct forecast_domain *x, struct forecast_account *a)
{
	if (a->paused && a->paused_until != 0 && a->paused_until <= x->at)
		a->paused = false;
	if (x->r.paused && x->r.paused_until != 0 && x->r.paused_until <= x->at)
		x->r.paused = false;
}

/* The last of what a look does, whatever was decided. */
static void sweep(
        struct forecast_domain *x, const struct standing *st, const struct forecast_listener *listener)
{
	for (const char *name;
	        is_external(x) && !st->observe && (name = fair_keys_sweep(&x->keys, x->d, x->at)) != NULL;)
		listener->change(listener->arg, x,
		        &(struct forecast_change){.at = x->at,
		                .selector = name,
		                .target = "",
		                .reason = x->r.reason,
		                .shreds = true});
}

void forecast_look(
        struct forecast_domain *x, struct forecast_account *a, const struct forecast_listener *listener)
{
	struct notes notes = {0};
	struct held_key held[SELECTORS_MAX];
	struct observed o;
	struct standing st;
	struct decision dec;
	bool sent = false, shut = false;

	if (is_external(x)) {
		fair_keys_pass(&x->keys, x->at);
		fair_keys_see(&x->keys, x->d, &x->r, x->at, held, &o);
	} else {
		fair_pass(&x->fair, x->d, x->at);
		fair_see(&x->fair, x->d, &x->r, x->at, &o);
	}
	leap(x, &a->rules);
	end_pauses(x, a);
	record_see(&x->r, x->d, &o, &a->rules, x->at, &notes);
	confirmed(x, a, &notes);
	for (unsigned i = 0; i < notes.n; i++)
		listener->note(listener->arg, x, &notes.list[i]);
	for (unsigned i = 0; i < ROUNDS; i++) {
		standing(x, a, &st);
		plan(x->d, &o, &x->r, &st, &a->rules, &dec);
		if (dec.action == ACTION_NONE || dec.action == ACTION_LOOK)
			break;
		plan_note(&x->r, &dec, x->at);
		shut = !act(x, a, &dec, &o, &st, listener);
		if (shut)
			break;
		sent = true;
	}
	if (shut)
		dec.moving = true;
	plan_note(&x->r, &dec, x->at);
	sweep(x, &st, listener);
	if (sent || notes.n != 0)
		x->idle = 0;
	look_again(x, a, &st, &dec);
}
