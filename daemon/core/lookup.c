/* Folding our own DNS look-ups into a selector's record: since when record and key are confirmed without a break, and
 * how long caches may still hold something older (safety rules 2 and 5). */
#include <string.h>

#include "core/fold.h"

static bool is_proven_fault(enum seen s)
{
	return s != SEEN_OK && s != SEEN_UNKNOWN;
}

/* The key that stands in the DNS is part of the selector's identity, as the target is. */
static void see_digest(struct rec_selector *s, const struct evidence *e, int64_t now, struct notes *notes)
{
	if (!e->has_digest)
		return;
	if (s->has_digest && memcmp(s->digest, e->digest, KEY_DIGEST) != 0) {
		struct rec_selector old = *s;

		selector_anew(s, now);
		/* The same selector in the same state, with another key: its present state is evidence, its past is not. */
		memcpy(s->target, old.target, sizeof(s->target));
		s->target_since = now;
		s->state = old.state;
		s->cname_valid = old.cname_valid;
		s->last_update = old.last_update;
		s->task_since = old.task_since;
		if (selector_may_sign(s->state))
			s->may_sign_last = now;
		if (s->state == SELECTOR_IN_PRODUCTION)
			s->signing_since = now;
		notes_add(notes, NOTE_KEY_CHANGED, s->name, "", "another key stands behind its target");
	}
	s->has_digest = true;
	s->key_bits = e->key_bits;
	memcpy(s->digest, e->digest, KEY_DIGEST);
}

void see_evidence(const struct record *r, struct rec_selector *s, const struct seen_selector *o, int64_t now,
        struct notes *notes)
{
	const struct evidence *e = &o->dns;

	see_digest(s, e, now, notes);
	if (e->state == SEEN_OK) {
		int64_t ttl = evidence_longest_ttl(e);
		int64_t before = (int64_t)s->ttl_record * 1000;

		if (s->confirmed_since == 0) {
			/* after a clock went back its wait, too, counts from where the clock had been */
			s->confirmed_since = now > r->grace_from ? now : r->grace_from;
			s->ttl_wait = before; /* caches may still hold the record as it was */
		}
		if (ttl > s->ttl_wait)
			s->ttl_wait = ttl;
		if (s->published == 0) {
			s->published = now;
			notes_add(notes, NOTE_RECORD_RIGHT, s->name, "", "");
		}
		s->bad_since = 0;
	} else {
		s->confirmed_since = 0;
		s->ttl_wait = 0;
		if (!is_proven_fault(e->state))
			; /* unknown: neither good nor a fault */
		else if (s->bad_since == 0)
			s->bad_since = now;
	}
	if (e->ttl_record != 0)
		s->ttl_record = e->ttl_record;
	s->dns = e->state;
	s->dns_at = now;
}
