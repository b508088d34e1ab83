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

/* The state may be older than what was done since: whatever it says that was so without a break may have been broken. A
 * person's word about a leaked key holds for the key that was meant, and nobody knows whether it is still this one. */
static void doubt_history(struct record *r, int64_t now)
{
	r->compromised[0] = '\0';
	for (unsigned i = 0; i < r->n; i++) {
		struct rec_selector *s = &r->sel[i];

		s->confirmed_since = s->ttl_wait = 0;
		s->absent_since = 0;
		if (s->target_since != 0)
			s->target_since = now;
	}
}

static const char *restart(struct record *r, int64_t from, const char *why)
{
	r->grace_from = later(r->grace_from, from);
	return why;
}

bool see_time(struct record *r, bool whole, const struct rules *rules, int64_t now, struct notes *notes)
{
	int64_t last = last_reading(r);
	const char *why = NULL;

	if (last > now + CLOCK_GRAIN) {
		clamp_all(r, rules, now);
		why = restart(r, last, "time ran backwards");
		clamp(&r->grace_from, now + rules->longest_gap);
	}
	bool doubted = whole && r->last_full != 0 && r->last_full <= rules->doubted;
	if (doubted) {
		doubt_history(r, now);
		why = restart(r, now, "the state may be older than what was done since");
	} else if (whole && r->last_full != 0 && now - r->last_full > rules->longest_gap) {
		why = restart(r, now, "a gap in the readings");
	}
	if (why != NULL)
		notes_add(notes, NOTE_GRACE_RESTART, "", "", why);
	return doubted;
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

void record_doubt_time(struct record *r)
{
	if (r->last_full != 0)
		r->last_full = 1; /* longer ago than any gap that is borne */
}
