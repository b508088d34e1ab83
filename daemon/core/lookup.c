/* Folding our own DNS look-ups into a selector's record: since when record and key are confirmed without a break, and
 * how long caches may still hold something older (safety rules 2 and 5). */
#include <string.h>

#include "core/fold.h"

/* Nobody has asked for the TTLs in this run yet. */
static bool is_open(const struct rec_selector *s)
{
	return s->ttl_wait >= EVIDENCE_UNTIMED;
}

static bool is_proven_fault(enum seen s)
{
	return s != SEEN_OK && s != SEEN_UNKNOWN;
}

/* Told once for each key: it works, but. RFC 8301 section 3.2 wants 2048 bits; 1024 and less than that is what verifiers
 * must still take. */
static void warn_of_key(const struct rec_selector *s, const struct evidence *e, struct notes *notes)
{
	bool small = e->key_bits >= 1024 && e->key_bits < 2048;

	if (small && s->key_bits != e->key_bits)
		notes_add(notes, NOTE_KEY_ODD, s->name, "",
		        "is an RSA key of fewer than 2048 bits, which RFC 8301 advises against");
	if (e->test_mode && !s->test_mode)
		notes_add(notes, NOTE_KEY_ODD, s->name, "",
		        "is published in test mode (t=y): receivers treat its mail like unsigned mail");
	if (e->strict && !s->strict)
		notes_add(notes, NOTE_KEY_ODD, s->name, "",
		        "is published with t=s: it vouches for the domain itself and for no subdomain of it");
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
		/* Whatever its key: which of two signers began first, or that nobody knows, has not changed. */
		if (s->state == SELECTOR_IN_PRODUCTION) {
			s->signing_since = now;
			s->signing_began = old.signing_began != 0 ? old.signing_began : old.known_since;
		}
		notes_add(notes, NOTE_KEY_CHANGED, s->name, "", "another key stands behind its target");
	}
	warn_of_key(s, e, notes);
	s->has_digest = true;
	s->test_mode = e->test_mode;
	s->strict = e->strict;
	s->key_bits = e->key_bits;
	memcpy(s->digest, e->digest, KEY_DIGEST);
}

/* What is shown of it. A TTL that was not seen this time, or not asked for, stays as it was seen last. */
static void see_for_people(struct rec_selector *s, const struct evidence *e)
{
	const uint32_t seen[] = {e->ttl_key, e->ttl_negative_zone, e->ttl_negative_target};
	uint32_t *const kept[] = {&s->ttl_key, &s->ttl_negative_zone, &s->ttl_negative_target};

	for (unsigned i = 0; i < sizeof(seen) / sizeof(seen[0]); i++)
		if (seen[i] != 0 && !e->untimed)
			*kept[i] = seen[i];
	s->dns_record = e->record;
	s->dns_key = e->key;
	s->dns_recursive = e->recursive;
	s->dnssec = e->dnssec;
	memcpy(s->served, e->target, sizeof(s->served));
	memcpy(s->dns_detail, e->detail, sizeof(s->dns_detail));
	memcpy(s->heard, e->heard, sizeof(s->heard));
	s->unheard = e->unheard;
}

/* How long the run must last. While nobody asks for the TTLs that stays open: longer than any, beside what is known. The
 * first that are seen then count from now, for what caches had taken in before is not known; but nothing in them is older
 * than the longest TTL there can be. */
static void see_ttls(struct rec_selector *s, const struct evidence *e, int64_t now)
{
	int64_t ttl = evidence_longest_ttl(e), lasted = now - s->confirmed_since;

	if (e->untimed)
		return;
	if (is_open(s)) {
		s->ttl_wait -= EVIDENCE_UNTIMED;
		ttl += lasted > 0 ? lasted : 0;
		if (ttl >= EVIDENCE_UNTIMED)
			ttl = EVIDENCE_UNTIMED - 1;
	}
	if (ttl > s->ttl_wait)
		s->ttl_wait = ttl;
}

bool record_knows_ttls(const struct rec_selector *s)
{
	return s->confirmed_since != 0 && !is_open(s);
}

void see_evidence(const struct record *r, struct rec_selector *s, const struct seen_selector *o, int64_t now,
        struct notes *notes)
{
	const struct evidence *e = &o->dns;

	see_digest(s, e, now, notes);
	if (e->state == SEEN_OK) {
		int64_t before = (int64_t)s->ttl_record * 1000;

		if (s->confirmed_since == 0) {
			/* after a clock went back its wait, too, counts from where the clock had been */
			s->confirmed_since = now > r->grace_from ? now : r->grace_from;
			s->ttl_wait = before; /* caches may still hold the record as it was */
			if (e->untimed)
				s->ttl_wait += EVIDENCE_UNTIMED;
		}
		see_ttls(s, e, now);
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
	see_for_people(s, e);
	s->dns = e->state;
	s->dns_at = now;
}
