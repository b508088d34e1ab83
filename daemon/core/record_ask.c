/* The questions that a record answers: who signs, which is the older, where a selector stands, and from when its grace
 * counts. Nothing here changes a record. */
#include <string.h>

#include "core/fold.h"

bool is_switched_off(enum signing_status s)
{
	return s == STATUS_DISABLED || s == STATUS_TO_CONFIGURE;
}

bool record_switch_in_use(const struct record *r, const struct rules *rules, int64_t now)
{
	if (r->status == STATUS_NONE)
		return false;
	if (!is_switched_off(r->status))
		return true;
	return r->last_signer[0] != '\0' && now - r->status_since < rules_settle(rules);
}

const struct rec_selector *record_signer(const struct record *r)
{
	const struct rec_selector *best = NULL;

	for (unsigned i = 0; i < r->n; i++) {
		const struct rec_selector *s = &r->sel[i];

		if (s->state != SELECTOR_IN_PRODUCTION)
			continue;
		if (best == NULL || (s->named && !best->named) ||
		        (s->named == best->named && s->signing_since > best->signing_since))
			best = s;
	}
	return best;
}

const struct rec_selector *record_older(const struct rec_selector *a, const struct rec_selector *b)
{
	if (a->signing_began == BEGAN_DISPUTED || b->signing_began == BEGAN_DISPUTED)
		return NULL;
	const struct rec_selector *began = b->signing_began != 0 ? b : a, *other = began == b ? a : b;

	/* Both were seen to begin, or one was while the other was known already and has signed ever since. */
	if (a->signing_began != 0 && b->signing_began != 0 && a->signing_began != b->signing_began)
		return a->signing_began < b->signing_began ? a : b;
	if (began->signing_began != 0 && other->signing_began == 0 &&
	        other->known_since < began->signing_began)
		return other;
	if (a->last_update > 0 && b->last_update > 0 && a->last_update != b->last_update)
		return a->last_update < b->last_update ? a : b;
	return NULL;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t record_grace_from(
        const struct record *r, const struct rec_selector *old, const struct rec_selector *signer)
{
	if (signer == NULL || signer->signing_since == 0)
		return 0;
	/* It stopped at some time between its last reading as a signer and the first that showed otherwise: the later
	 * counts. */
	int64_t stopped = later(old->may_sign_last, old->stopped);

	return later(later(signer->signing_since, stopped), later(old->known_since, r->grace_from));
}

int64_t record_grace(const struct record *r, const struct desired *d, const struct rec_selector *old)
{
	return strcmp(r->compromised, old->name) == 0 && r->compromised[0] != '\0' ? 0 : d->policy.grace;
}

enum role record_role(const struct rec_selector *s, int64_t grace, int64_t now)
{
	if (!s->named)
		return ROLE_FOREIGN;
	if (selector_may_sign(s->state))
		return ROLE_ACTIVE;
	if (s->state == SELECTOR_ABSENT || s->state == SELECTOR_TODO || s->state == SELECTOR_UNKNOWN)
		return ROLE_NEW;
	if (s->state == SELECTOR_DELETING || s->may_sign_last != 0)
		return ROLE_RETIRED;
	if (s->state == SELECTOR_WAITING_RECORD)
		return ROLE_NEW;
	if (s->created != 0)
		return ROLE_SPARE;
	/* Of unknown history: nothing of it is deleted, now or later, so that a gap in the readings takes nothing from it */
	return now - s->known_since >= grace ? ROLE_SPARE : ROLE_RETIRED;
}

const char *record_active(const struct record *r)
{
	const struct rec_selector *signer = record_signer(r);

	if (signer != NULL)
		return signer->name;
	if (r->status != STATUS_ENABLED)
		return NULL;
	return r->active[0] != '\0' || r->n == 0 ? r->active : r->sel[0].name;
}

static bool same_key(const uint8_t a[KEY_DIGEST], const uint8_t b[KEY_DIGEST])
{
	return memcmp(a, b, KEY_DIGEST) == 0;
}

const char *record_key_repeats(const struct record *r, const struct rec_selector *s)
{
	if (!s->has_digest)
		return NULL;
	if (s->has_former && same_key(s->digest, s->former))
		return "it is the key that was deleted";
	for (unsigned i = 0; i < r->n; i++) {
		const struct rec_selector *o = &r->sel[i];
		bool gone = o->state == SELECTOR_ABSENT || o->state == SELECTOR_UNKNOWN;

		if (o != s && o->has_digest && !gone && same_key(s->digest, o->digest))
			return "the other selector has the same key";
	}
	return NULL;
}
