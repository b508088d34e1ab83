/* The driver of domains that sign elsewhere. It must never call a key ready on a look-up that failed, nor give a name that
 * was used. */
#include "platform/external.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "codec/dkimkey.h"
#include "core/dname.h"
#include "core/keyname.h"
#include "core/record.h"

/* ---- the holding as selectors ---- */

static enum selector_state state_of(const struct held_key *k)
{
	if (k->mapped)
		return k->taken ? SELECTOR_IN_PRODUCTION : SELECTOR_ENABLING;
	/* The signer has not taken another map since, so it signs with it still: until it says otherwise. */
	return k->taken ? SELECTOR_IN_PRODUCTION : SELECTOR_WAITING_RECORD;
}

static struct seen_selector *place(struct observed *o, const char *name)
{
	struct seen_selector *s;

	if (o->n == SELECTORS_MAX) {
		o->too_many = true;
		return NULL;
	}
	s = &o->sel[o->n++];
	*s = (struct seen_selector){.state = SELECTOR_ABSENT};
	str_copy(s->name, sizeof(s->name), name);
	return s;
}

static void place_key(struct pass *p, const struct held_key *k, int64_t now)
{
	const struct desired *d = p->desired;
	struct seen_selector *s = place(&p->seen, k->name);
	char name[DNAME_TEXT];
	int64_t since;

	if (s == NULL)
		return;
	s->key = k;
	s->listed = true;
	s->read_at = now;
	s->last_update = k->changed > k->created ? k->changed : k->created; /* as OVHcloud's: of its state */
	if (dname_dkim(name, k->name, d->domain))
		str_copy(s->record, sizeof(s->record), name);
	dkimkey_hex(k->part[0].digest, s->target); /* its identity, where the model has a CNAME's target */
	if (k->revoked == 0) {
		s->named = true;
		s->state = state_of(k);
		return;
	}
	s->want = external_wanted(d, k, now, &since);
}

/* Those that sign come first, then the oldest: a third is left alone until there is room for it. */
static unsigned place_rotation(struct pass *p, const struct holding *h, int64_t now)
{
	unsigned n = 0;

	for (int round = 0; round < 2; round++)
		for (unsigned i = 0; i < h->n && n < 2; i++) {
			const struct held_key *k = &h->key[i];
			bool signs = k->mapped || k->taken;

			if (k->revoked != 0 || signs != (round == 0))
				continue;
			place_key(p, k, now);
			n++;
		}
	return n;
}

static void place_remains(struct pass *p, const struct holding *h, int64_t now)
{
	unsigned n = 0;

	for (unsigned i = 0; i < h->n && n < REMAINS_MOST; i++)
		if (h->key[i].revoked != 0) {
			place_key(p, &h->key[i], now);
			n++;
		}
}

/* ---- names for keys to be made ---- */

static bool is_held(const struct holding *h, const char *name)
{
	for (unsigned i = 0; i < h->n; i++)
		if (str_caseeq(h->key[i].name, name))
			return true;
	return false;
}

static void place_name(struct pass *p, const char *name, int64_t now)
{
	struct seen_selector *s = place(&p->seen, name);
	char record[DNAME_TEXT];

	if (s == NULL)
		return;
	s->named = true;
	s->read_at = now;
	s->want = WANT_NOTHING;
	if (dname_dkim(record, name, p->desired->domain))
		str_copy(s->record, sizeof(s->record), record);
}

static void place_pair(struct pass *p, const struct holding *h, unsigned n, int64_t now)
{
	for (unsigned i = 0; i < 2 && n < 2; i++)
		if (!is_held(h, p->desired->external->pair[i])) {
			place_name(p, p->desired->external->pair[i], now);
			n++;
		}
}

#define NAMES_MOST 512 /* of one domain, ever: a name a quarter is a century */

static void place_names(struct pass *p, const struct holding *h, unsigned n, int64_t now,
        const char (*taken)[SELECTOR_NAME], unsigned n_taken)
{
	char(*used)[SELECTOR_NAME] = xcalloc(NAMES_MOST, SELECTOR_NAME), name[SELECTOR_NAME];
	unsigned n_used = 0;

	for (unsigned i = 0; i < h->n_used && n_used < NAMES_MOST; i++)
		memcpy(used[n_used++], h->used[i], SELECTOR_NAME);
	for (unsigned i = 0; i < n_taken && n_used < NAMES_MOST; i++)
		memcpy(used[n_used++], taken[i], SELECTOR_NAME);
	for (; n < 2 && n_used < NAMES_MOST; n++) {
		if (!keyname_next(name, sizeof(name), p->desired->external->selector, now,
		            (const char(*)[SELECTOR_NAME])used, n_used))
			break;
		place_name(p, name, now);
		memcpy(used[n_used++], name, SELECTOR_NAME);
	}
	free(used);
}

/* The pair by name, the others behind it. */
static void sort(struct observed *o)
{
	for (unsigned i = 1; i < o->n; i++)
		for (unsigned j = i; j > 0; j--) {
			struct seen_selector *a = &o->sel[j - 1], *b = &o->sel[j], t;

			if (a->named != b->named ? a->named : strcmp(a->name, b->name) <= 0)
				break;
			t = *a;
			*a = *b;
			*b = t;
		}
}

void external_see(struct pass *p, const struct holding *held, int64_t now, const char (*taken)[SELECTOR_NAME],
        unsigned n_taken)
{
	unsigned n = place_rotation(p, held, now);

	p->seen.began = now;
	p->seen.service = SERVICE_OK;
	if (p->desired->external->pair[0] != NULL)
		place_pair(p, held, n, now);
	else
		place_names(p, held, n, now, taken, n_taken);
	place_remains(p, held, now);
	sort(&p->seen);
}

/* ---- what the zone is to hold ---- */

unsigned external_records(
        const struct desired *d, const struct seen_selector *s, struct rr ret[EXTERNAL_RECORDS])
{
	const struct external *x = d->external;
	unsigned n = 0;

	for (unsigned i = 0; s->key != NULL && i < s->key->n; i++) {
		const struct held_part *part = &s->key->part[i];
		struct rr rr = {.type = x->record == RECORD_DKIM ? RR_DKIM : RR_TXT,
		        .ttl = (uint32_t)(x->ttl / MS_SECOND),
		        .absent = s->want == WANT_NOTHING};
		char name[DNAME_TEXT], key[2 * KEY_DIGEST + 1];

		/* What is to go is what we left there: the record that says revoked, or the key where that could not be
		 * written. */
		dkimkey_hex(part->digest, key);
		if (rr.absent && str_eq(s->dns.target, key))
			dkimtext_write(rr.data, sizeof(rr.data), x, part, WANT_KEY);
		if (!external_owner(name, d, part->selector) || !str_copy(rr.name, sizeof(rr.name), name) ||
		        (rr.data[0] == '\0' && !dkimtext_write(rr.data, sizeof(rr.data), x, part,
		                                       rr.absent ? WANT_REVOKED : s->want)))
			continue;
		ret[n++] = rr;
	}
	return n;
}

/* ---- what the DNS says ---- */

#define IDENTITY_REVOKED "revoked" /* as io/dns.h has it */

static void ask_record(
        const struct desired *d, const char *selector, const char *expected, struct external_question *q)
{
	char name[DNAME_TEXT];

	*q = (struct external_question){.key_record = true};
	external_owner(name, d, selector);
	str_copy(q->record, sizeof(q->record), name);
	str_copy(q->target, sizeof(q->target), expected);
	str_copy(q->zone, sizeof(q->zone), external_zone(d));
}

/* The customer's CNAME: only while it leads to a key that is to be found. */
static void ask_pointer(const struct desired *d, const char *selector, struct external_question *q)
{
	char name[DNAME_TEXT];

	*q = (struct external_question){.key_record = false};
	dname_dkim(name, selector, d->domain);
	str_copy(q->record, sizeof(q->record), name);
	external_owner(name, d, selector);
	str_copy(q->target, sizeof(q->target), name);
	str_copy(q->zone, sizeof(q->zone), d->zone);
}

unsigned external_questions(const struct desired *d, const struct seen_selector *s,
        struct external_question ret[EXTERNAL_QUESTIONS])
{
	char expected[2 * KEY_DIGEST + 1] = "", second[SELECTOR_NAME];
	unsigned n = 0;

	if (s->key == NULL) { /* a name: is it free? */
		ask_record(d, s->name, "", &ret[n++]);
		if (d->external->key == KEY_BOTH && keyname_second(second, sizeof(second), s->name))
			ask_record(d, second, "", &ret[n++]);
		return n;
	}
	for (unsigned i = 0; i < s->key->n; i++) {
		const struct held_part *part = &s->key->part[i];

		if (s->want == WANT_KEY)
			dkimkey_hex(part->digest, expected);
		else
			str_copy(expected, sizeof(expected), s->want == WANT_REVOKED ? IDENTITY_REVOKED : "");
		ask_record(d, part->selector, expected, &ret[n++]);
		if (d->external->record == RECORD_CNAME && s->want == WANT_KEY)
			ask_pointer(d, part->selector, &ret[n++]);
	}
	return n;
}

static uint32_t most(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Of the CNAME only the record counts: its key is asked for where it stands. */
static enum seen verdict_of(const struct external_question *q, const struct evidence *e)
{
	if (e->state == SEEN_BOGUS || q->key_record)
		return e->state;
	return e->record;
}

/* How far a state is from right: the worst of several is the verdict over all, unknown first. */
static int rank(enum seen s)
{
	return s == SEEN_UNKNOWN ? 100 : s == SEEN_BOGUS ? 99 : (int)s;
}

static void join(struct evidence *to, const struct evidence *e, enum seen verdict)
{
	uint32_t record = most(to->ttl_record, e->ttl_record), key = most(to->ttl_key, e->ttl_key);
	uint32_t zone = most(to->ttl_negative_zone, e->ttl_negative_zone);
	uint32_t target = most(to->ttl_negative_target, e->ttl_negative_target);
	bool has_digest = to->has_digest;
	uint8_t digest[KEY_DIGEST];
	unsigned bits = to->key_bits;

	memcpy(digest, to->digest, sizeof(digest));
	/* one missing and one there is neither */
	if (to->state != verdict && (to->state == SEEN_MISSING || verdict == SEEN_MISSING) &&
	        (to->state == SEEN_OK || verdict == SEEN_OK)) {
		*to = to->state == SEEN_OK ? *e : *to;
		to->state = to->record = SEEN_PARTIAL;
	} else if (rank(verdict) > rank(to->state)) {
		*to = *e;
		to->state = verdict;
	}
	to->ttl_record = record;
	to->ttl_key = key;
	to->ttl_negative_zone = zone;
	to->ttl_negative_target = target;
	to->has_digest = has_digest;
	to->key_bits = bits;
	memcpy(to->digest, digest, sizeof(digest));
}

void external_answered(struct seen_selector *s, const struct external_question *q, const struct evidence *e,
        unsigned n, int64_t now)
{
	for (unsigned i = 0; i < n; i++) {
		enum seen verdict = verdict_of(&q[i], &e[i]);

		if (i == 0) {
			s->dns = e[i];
			s->dns.state = verdict;
		} else {
			join(&s->dns, &e[i], verdict);
		}
	}
	if (s->key != NULL) {
		s->dns.has_digest = true; /* what is recorded is the key that we hold */
		memcpy(s->dns.digest, s->key->part[0].digest, KEY_DIGEST);
		s->dns.key_bits = s->key->part[0].bits;
	}
	if (s->want == WANT_REVOKED && s->dns.state == SEEN_OK)
		s->dns.state = SEEN_REVOKED;
	s->dns_at = now;
}

bool external_name_is_taken(const struct seen_selector *s, const struct evidence *e)
{
	return s->key == NULL && e->state != SEEN_UNKNOWN && e->state != SEEN_MISSING &&
	       e->state != SEEN_BOGUS;
}

/* A key that was ready stays so while nobody answers. A name that was not seen free is not known to be free. */
void external_conclude(struct observed *o, const struct record *r)
{
	for (unsigned i = 0; i < o->n; i++) {
		struct seen_selector *s = &o->sel[i];
		const struct rec_selector *rec = r != NULL ? record_selector_const(r, s->name) : NULL;
		bool was_ready = rec != NULL && rec->state == SELECTOR_READY;

		if (s->key == NULL) {
			if (s->dns_at == 0 || s->dns.state != SEEN_MISSING)
				s->state = SELECTOR_UNKNOWN;
			s->dns_at = 0; /* a name has no history */
		} else if (s->state == SELECTOR_WAITING_RECORD && s->dns_at != 0) {
			if (s->dns.state == SEEN_OK || (s->dns.state == SEEN_UNKNOWN && was_ready))
				s->state = SELECTOR_READY;
		}
	}
}

/* ---- the driver ---- */

static bool no_request(struct pass *p, struct api_request *ret)
{
	(void)p;
	(void)ret;
	return false;
}

static void no_answer(struct pass *p, const struct api_answer *a)
{
	(void)p;
	(void)a;
}

static int no_change(const struct desired *d, const struct pass *last, enum action_kind action,
        const char *selector, struct api_request *ret)
{
	(void)d;
	(void)last;
	(void)action;
	(void)selector;
	(void)ret;
	return -ENOTSUP;
}

static void no_outcome(const struct api_answer *a, struct outcome *ret)
{
	(void)a;
	*ret = (struct outcome){.kind = OUTCOME_NOT_SENT};
}

const struct driver driver_external = {
        .kind = PLATFORM_EXTERNAL,
        .has_selectors = true,
        .next = no_request,
        .feed = no_answer,
        .change = no_change,
        .outcome = no_outcome,
};
