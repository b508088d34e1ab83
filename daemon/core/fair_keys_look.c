/* A look at keys of our own in the forecast. It must place keys and names as platform/external.c does. */
#include "core/fair_keys.h"

#include <string.h>

#include "core/dname.h"
#include "core/hash.h"
#include "core/keyname.h"
#include "core/record.h"
#include "core/text.h"

#define REMAINS      3   /* revoked keys that are looked at in one pass */
#define TTL_NEGATIVE 300 /* as usual */
/* No public key is known here, and none is shown: this one stands for all. */
#define ANY_KEY "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

/* Another key than any that was there: by its name and its birth. */
static void digest_of(const struct fair_key *k, const struct rec_selector *known, uint8_t dst[KEY_DIGEST])
{
	uint64_t h = hash_name_for("forecast", k->name) ^ (uint64_t)k->made;

	if (!k->foretold && known != NULL && known->has_digest) {
		memcpy(dst, known->digest, KEY_DIGEST);
		return;
	}
	for (unsigned i = 0; i < KEY_DIGEST; i++)
		dst[i] = (uint8_t)(h >> i % 8 * 8);
}

static void hold(const struct fair_key *k, const struct desired *d, const struct rec_selector *known,
        struct held_key *ret)
{
	memset(ret, 0, sizeof(*ret));
	text_join(ret->name, sizeof(ret->name), k->name, NULL);
	ret->created = k->made;
	ret->changed = k->changed;
	ret->revoked = k->revoked;
	ret->shown = k->shown;
	ret->mapped = k->mapped;
	ret->taken = k->taken;
	ret->n = d->external->key == KEY_BOTH ? 2 : 1;
	for (unsigned i = 0; i < ret->n; i++) {
		struct held_part *p = &ret->part[i];

		p->type = DKIM_TYPE_ED25519;
		p->bits = 256;
		text_join(p->text, sizeof(p->text), ANY_KEY, NULL);
		digest_of(k, known, p->digest);
		if (i == 0 || !keyname_second(p->selector, sizeof(p->selector), k->name))
			text_join(p->selector, sizeof(p->selector), k->name, NULL);
	}
}

static void see_dns(const struct fair_key *k, const struct desired *d, const struct rec_selector *known,
        const struct fair_pace *pace, int64_t now, struct seen_selector *ret)
{
	struct evidence *e = &ret->dns;
	uint32_t ttl = (uint32_t)(d->external->ttl / 1000);

	ret->dns_at = now;
	e->record = k->stands == WANT_NOTHING ? SEEN_MISSING : k->stands == ret->want ? SEEN_OK : SEEN_WRONG;
	e->key = e->served_key = k->stands == WANT_KEY ? SEEN_OK : SEEN_MISSING;
	e->state = k->stands == WANT_REVOKED && ret->want == WANT_REVOKED ? SEEN_REVOKED : e->record;
	e->has_digest = true;
	memcpy(e->digest, ret->key->part[0].digest, KEY_DIGEST);
	e->key_bits = known != NULL && known->key_bits != 0 ? known->key_bits : 2048;
	if (e->record != SEEN_MISSING)
		e->ttl_record = e->ttl_key = ttl != 0                                  ? ttl
		                             : known != NULL && known->ttl_record != 0 ? known->ttl_record
		                                                                       : pace->ttl;
	e->ttl_negative_zone = TTL_NEGATIVE;
	e->servers = e->answered = 2;
	e->agreed = e->record == SEEN_OK ? 2 : 0;
}

static enum selector_state state_of(const struct fair_key *k)
{
	if (k->revoked != 0)
		return SELECTOR_ABSENT;
	if (k->taken)
		return SELECTOR_IN_PRODUCTION;
	if (k->mapped)
		return SELECTOR_ENABLING;
	return k->stands == WANT_KEY ? SELECTOR_READY : SELECTOR_WAITING_RECORD;
}

static struct seen_selector *place(struct observed *o, const struct desired *d, const char *name, int64_t now)
{
	struct seen_selector *s = &o->sel[o->n++];
	char record[DNAME_TEXT];

	text_join(s->name, sizeof(s->name), name, NULL);
	s->state = SELECTOR_ABSENT;
	s->named = true;
	s->read_at = now;
	s->want = WANT_NOTHING;
	if (dname_dkim(record, name, d->domain))
		text_join(s->record, sizeof(s->record), record, NULL);
	return s;
}

static void place_key(const struct fair_keys *f, const struct fair_key *k, const struct desired *d,
        const struct record *r, int64_t now, struct held_key *held, struct observed *o)
{
	const struct rec_selector *known = record_selector_const(r, k->name);
	struct seen_selector *s;
	int64_t since;

	if (o->n == SELECTORS_MAX)
		return;
	hold(k, d, known, &held[o->n]);
	s = place(o, d, k->name, now);
	s->key = &held[o->n - 1];
	s->named = k->revoked == 0;
	s->listed = true;
	s->state = state_of(k);
	s->last_update = k->changed > k->made ? k->changed : k->made;
	s->want = external_wanted(d, s->key, now, &since);
	if (!k->foretold && known != NULL && known->target[0] != '\0')
		text_join(s->target, sizeof(s->target), known->target, NULL);
	else
		text_hex(s->target, s->key->part[0].digest, KEY_DIGEST);
	see_dns(k, d, known, f->pace, now, s);
}

/* Those that sign come first, then the oldest, as the key store's are placed. */
static void place_rotation(const struct fair_keys *f, const struct desired *d, const struct record *r,
        int64_t now, struct held_key *held, struct observed *o)
{
	for (int round = 0; round < 2; round++)
		for (unsigned i = 0; i < f->n && o->n < 2; i++) {
			const struct fair_key *k = &f->key[i];

			if (!k->gone && k->revoked == 0 && (k->mapped || k->taken) == (round == 0))
				place_key(f, k, d, r, now, held, o);
		}
}

static void place_names(const struct fair_keys *f, const struct desired *d, int64_t now, struct observed *o)
{
	const struct external *x = d->external;
	char used[FAIR_KEYS + 2][SELECTOR_NAME], name[SELECTOR_NAME];
	unsigned n = 0;

	for (unsigned i = 0; x->pair[0] != NULL && i < 2 && o->n < 2; i++) {
		const struct fair_key *k = fair_keys_find(f, x->pair[i]);

		if (k == NULL || k->gone)
			place(o, d, x->pair[i], now);
	}
	if (x->pair[0] != NULL)
		return;
	for (; n < f->n; n++)
		memcpy(used[n], f->key[n].name, SELECTOR_NAME);
	while (o->n < 2 &&
	        keyname_next(name, sizeof(name), x->selector, now, (const char(*)[SELECTOR_NAME])used, n)) {
		place(o, d, name, now);
		memcpy(used[n++], name, SELECTOR_NAME);
	}
}

static void by_name(struct observed *o)
{
	if (o->n < 2 || !o->sel[1].named || strcmp(o->sel[0].name, o->sel[1].name) <= 0)
		return;
	struct seen_selector first = o->sel[0];
	o->sel[0] = o->sel[1];
	o->sel[1] = first;
}

void fair_keys_see(const struct fair_keys *f, const struct desired *d, const struct record *r, int64_t now,
        struct held_key held[SELECTORS_MAX], struct observed *ret)
{
	unsigned remains = 0;

	memset(ret, 0, sizeof(*ret));
	ret->began = now;
	ret->complete = true;
	ret->service = SERVICE_OK;
	place_rotation(f, d, r, now, held, ret);
	place_names(f, d, now, ret);
	by_name(ret);
	for (unsigned i = 0; i < f->n && remains < REMAINS; i++)
		if (!f->key[i].gone && f->key[i].revoked != 0) {
			place_key(f, &f->key[i], d, r, now, held, ret);
			remains++;
		}
}
