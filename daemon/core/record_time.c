/* What a record's instants are worth when time itself is in doubt: a gap in the readings, a clock that ran backwards, a
 * state that may be older than what was done since. Every doubt only delays (safety rules 2, 3, 5 and 9). */
#include <string.h>

#include "core/fold.h"

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void clamp(int64_t *at, int64_t most)
{
	if (*at > most)
		*at = most;
}

/* A clock went back. Instants that now lie ahead count from now, so that nothing waits for years; but those that a wait
 * protects stay where they are, up to longest_gap ahead: should the clock go forward again by less than a gap that
 * restarts every grace, no wait has become shorter by it. */
static void clamp_all(struct record *r, const struct rules *rules, int64_t now)
{
	int64_t *const domain[] = {&r->first_met, &r->rotation_base, &r->last_good, &r->last_full,
	        &r->names_at, &r->rotated, &r->not_signing_since, &r->repaired, &r->status_since, &r->since,
	        &r->told, &r->differ_since, &r->differ_told};

	for (unsigned i = 0; i < sizeof(domain) / sizeof(domain[0]); i++)
		clamp(domain[i], now);
	for (unsigned i = 0; i < INTENTS_MAX; i++) {
		clamp(&r->intent[i].at, now);
		clamp(&r->intent[i].first_look, now);
	}
	for (unsigned i = 0; i < r->n; i++) {
		struct rec_selector *s = &r->sel[i];
		int64_t *const own[] = {&s->created, &s->published, &s->dns_at, &s->bad_since,
		        &s->absent_since, &s->task_since, &s->target_since, &s->enabled, &s->disabled,
		        &s->written, &s->task_failed};
		int64_t *const protect[] = {&s->known_since, &s->confirmed_since, &s->signing_since,
		        &s->may_sign_last, &s->stopped, &s->signing_began};

		for (unsigned k = 0; k < sizeof(own) / sizeof(own[0]); k++)
			clamp(own[k], now);
		for (unsigned k = 0; k < sizeof(protect) / sizeof(protect[0]); k++)
			clamp(protect[k], now + rules->longest_gap);
	}
}

static int64_t last_reading(const struct record *r)
{
	int64_t last = later(r->last_good, r->last_full);

	for (unsigned i = 0; i < r->n; i++)
		last = later(last, r->sel[i].dns_at);
	return last;
}

/* ---- a state that may be older ---- */

bool record_in_doubt(int64_t last_full, int64_t doubted)
{
	int64_t at = last_full < 0 ? -last_full : last_full;

	return doubted != 0 && at <= doubted;
}

/* What our looks found without a break may have been broken in looks that are not remembered. */
static void doubt_looks(struct record *r)
{
	for (unsigned i = 0; i < r->n; i++)
		r->sel[i].confirmed_since = r->sel[i].ttl_wait = r->sel[i].absent_since = 0;
}

/* So may whatever OVHcloud said. A person's word about a leaked key holds for the key that was meant, and nobody knows
 * whether it is still this one. */
static void doubt_keys(struct record *r, int64_t now)
{
	r->compromised[0] = '\0';
	for (unsigned i = 0; i < r->n; i++)
		if (r->sel[i].target_since != 0)
			r->sel[i].target_since = now;
}

#define SLACK   (60 * INT64_C(1000))   /* between what happens there and the end of the look that found it */
#define LASTING (3600 * INT64_C(1000)) /* longer than any look takes */

/* The last change of its state that the record knows of: it was not earlier than this. */
static int64_t last_change(const struct rec_selector *s, const struct rules *rules)
{
	if (!selector_may_sign(s->state))
		return s->may_sign_last;
	return later(s->enabled, s->signing_began - rules->longest_gap);
}

/* OVHcloud's lastUpdate moves when a selector changes its state, so the same one at the same state and target says that it
 * did not, there and back neither. It must be known to move: one that stayed behind a change that we know of tells nothing.
 * And it has whole seconds: the recorded look must be later than what could happen within the same one. */
static bool is_unchanged(const struct record *r, const struct seen_selector *o, const struct rules *rules)
{
	const struct rec_selector *s = record_selector_const(r, o->name);

	if (s == NULL || s->state != o->state || strcmp(s->target, o->target) != 0)
		return false;
	if (o->last_update <= 0 || s->last_update != o->last_update)
		return false;
	return s->last_update + SLACK >= last_change(s, rules) && r->last_full - s->last_update > LASTING;
}

/* Does this reading of every selector show that nothing happened since the record's own? */
static bool nothing_happened(const struct record *r, const struct observed *o, const struct rules *rules)
{
	unsigned known = 0;

	for (unsigned i = 0; i < r->n; i++)
		known += r->sel[i].state != SELECTOR_UNKNOWN;
	for (unsigned i = 0; i < o->n; i++)
		if (!is_unchanged(r, &o->sel[i], rules))
			return false;
	return o->n != 0 && known == o->n;
}

bool doubt_stays(const struct record *r, bool whole, const struct rules *rules, int64_t now)
{
	return r->last_full != 0 && record_in_doubt(r->last_full, rules->doubted) &&
	       (!whole || now <= rules->doubted);
}

static const char *restart(struct record *r, int64_t from, const char *why)
{
	r->grace_from = later(r->grace_from, from);
	return why;
}

bool see_time(struct record *r, const struct observed *o, const struct rules *rules, int64_t now,
        struct notes *notes)
{
	bool whole = o->complete && !o->light && r->last_full != 0;
	int64_t last = last_reading(r);
	const char *why = NULL;

	if (last > now + CLOCK_GRAIN) {
		clamp_all(r, rules, now);
		why = restart(r, last, "time ran backwards");
		clamp(&r->grace_from, now + rules->longest_gap);
	}
	bool doubted = whole && record_in_doubt(r->last_full, rules->doubted),
	     older = doubted && !nothing_happened(r, o, rules);
	if (doubted)
		doubt_looks(r);
	if (older) {
		doubt_keys(r, now);
		why = restart(r, now, "the state may be older than what was done since");
	} else if (whole && r->last_full < 0) {
		why = restart(r, now, "it was last read by a clock that nobody vouches for");
	} else if (whole && now - r->last_full > rules->longest_gap) {
		why = restart(r, now, "a gap in the readings");
	}
	if (why != NULL && o->status == STATUS_NONE) /* MX Plan and Zimbra have no grace */
		notes_add(notes, NOTE_GRACE_RESTART, "", "", why);
	return older;
}

/* Two sign, and the record says which is the older; but one of them may have stopped and begun again in what is not
 * remembered. OVHcloud's lastUpdate must say the same, else nothing tells, and a person decides (safety rule 3). */
void doubt_order(struct record *r)
{
	for (unsigned i = 0; i < r->n; i++)
		for (unsigned k = i + 1; k < r->n; k++) {
			struct rec_selector *a = &r->sel[i], *b = &r->sel[k], x = *a, y = *b;

			if (a->state != SELECTOR_IN_PRODUCTION || b->state != SELECTOR_IN_PRODUCTION ||
			        a->signing_began == BEGAN_DISPUTED)
				continue;
			x.signing_began = y.signing_began = 0;
			const struct rec_selector *told = record_older(&x, &y);
			if (told != NULL && record_older(a, b) == (told == &x ? a : b))
				continue;
			a->signing_began = b->signing_began = BEGAN_DISPUTED;
		}
}

/* The instant that is kept is the earliest that keeps the two doubts apart: no reading by such a clock ends or begins that
 * about the state, and a later one about the state holds for it. */
void record_doubt_time(struct record *r, bool in_doubt, const struct rules *rules)
{
	if (r->last_full == 0)
		return;
	r->last_full = in_doubt || rules->doubted == INT64_MAX ? -1 : -(rules->doubted + 1);
}
