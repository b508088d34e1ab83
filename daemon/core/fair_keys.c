/* The model of keys of our own behind the forecast. It must place keys and names as platform/external.c does, and never be
 * wiser than a look could be. */
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

/* Its place, f->n = it has none. */
static unsigned place_of(const struct fair_keys *f, const char *name)
{
	unsigned i = 0;

	while (i < f->n && strcmp(f->key[i].name, name) != 0)
		i++;
	return i;
}

static const struct fair_key *find(const struct fair_keys *f, const char *name)
{
	unsigned i = place_of(f, name);

	return i < f->n ? &f->key[i] : NULL;
}

/* A place for one more: the oldest of those that are gone makes room. */
static struct fair_key *add(struct fair_keys *f, const char *name)
{
	unsigned at = f->n;

	if (f->n < FAIR_KEYS) {
		f->n++;
	} else {
		for (at = 0; at < FAIR_KEYS && !f->key[at].gone; at++)
			;
		if (at == FAIR_KEYS)
			return NULL;
		memmove(&f->key[at], &f->key[at + 1], (FAIR_KEYS - 1 - at) * sizeof(f->key[0]));
		at = FAIR_KEYS - 1;
	}
	memset(&f->key[at], 0, sizeof(f->key[at]));
	text_join(f->key[at].name, sizeof(f->key[at].name), name, NULL);
	f->key[at].stands = WANT_NOTHING;
	return &f->key[at];
}

/* --- beginning ------------------------------------------------------------------------------------------------------- */

static enum record_want standing(const struct rec_selector *s)
{
	switch (s->dns) {
	case SEEN_MISSING:
		return WANT_NOTHING;
	case SEEN_REVOKED:
		return WANT_REVOKED;
	case SEEN_UNKNOWN:
		return s->absent_since != 0 && s->written >= s->absent_since ? WANT_REVOKED
		       : s->published != 0                                   ? WANT_KEY
		                                                             : WANT_NOTHING;
	default:
		return WANT_KEY;
	}
}

static void begin_key(struct fair_keys *f, const struct rec_selector *s, int64_t now)
{
	struct fair_key *k;

	if (s->named && s->state == SELECTOR_ABSENT)
		return; /* a name for a key that is still to be made */
	k = add(f, s->name);
	if (k == NULL)
		return;
	k->gone = !s->named && s->state == SELECTOR_UNKNOWN;
	k->made = s->created != 0 ? s->created : s->known_since;
	k->changed = s->last_update;
	k->stands = standing(s);
	if (s->state == SELECTOR_ABSENT) {
		k->revoked = s->absent_since;
		k->shown = s->dns == SEEN_REVOKED ? s->bad_since : s->dns == SEEN_MISSING ? k->revoked : 0;
		return;
	}
	k->mapped = s->state == SELECTOR_ENABLING || s->state == SELECTOR_IN_PRODUCTION;
	k->taken = s->state == SELECTOR_IN_PRODUCTION;
	if (s->state == SELECTOR_ENABLING)
		f->takes = (s->task_since != 0 ? s->task_since : now) + f->pace->take;
	if (k->stands == WANT_NOTHING && s->written != 0) {
		k->coming = WANT_KEY;
		k->served = s->written + f->pace->publish;
	}
}

/* What was sent and is not to be seen yet has been done. */
static void begin_intents(struct fair_keys *f, const struct desired *d, const struct record *r, int64_t now)
{
	for (unsigned i = 0; i < INTENTS_MAX; i++) {
		const struct intent *x = &r->intent[i];
		const struct fair_key *k = find(f, x->selector);
		bool done = x->action == ACTION_CREATE   ? k != NULL && !k->gone
		            : k == NULL                  ? true
		            : x->action == ACTION_ENABLE ? k->mapped
		            : x->action == ACTION_DELETE ? k->revoked != 0
		                                         : k->served != 0;

		if (x->action != ACTION_NONE && !done)
			fair_keys_do(f, d, x->action, x->selector, now);
	}
}

void fair_keys_begin(struct fair_keys *f, const struct desired *d, const struct record *r,
        const struct fair_pace *pace, int64_t now)
{
	memset(f, 0, sizeof(*f));
	f->pace = pace;
	for (unsigned i = 0; i < r->n; i++)
		begin_key(f, &r->sel[i], now);
	for (unsigned i = 0; f->takes != 0 && i < f->n; i++) /* the map names another one already */
		f->key[i].mapped = f->key[i].mapped && !f->key[i].taken;
	begin_intents(f, d, r, now);
	fair_keys_pass(f, now);
}

/* --- time passes ----------------------------------------------------------------------------------------------------- */

static void sooner(int64_t *at, int64_t then, int64_t now)
{
	if (then > now && (*at == 0 || then < *at))
		*at = then;
}

int64_t fair_keys_next(const struct fair_keys *f, int64_t now)
{
	int64_t at = 0;

	sooner(&at, f->takes, now);
	for (unsigned i = 0; i < f->n; i++)
		sooner(&at, f->key[i].served, now);
	return at;
}

int64_t fair_keys_over(const struct fair_keys *f, const struct desired *d, int64_t now)
{
	int64_t at = 0;

	for (unsigned i = 0; i < f->n; i++)
		if (f->key[i].shown != 0 && !f->key[i].gone)
			sooner(&at, f->key[i].shown + d->external->revoke + 1, now);
	return at;
}

void fair_keys_pass(struct fair_keys *f, int64_t now)
{
	bool takes = f->takes != 0 && f->takes <= now;

	for (unsigned i = 0; i < f->n; i++) {
		struct fair_key *k = &f->key[i];

		if (k->served != 0 && k->served <= now) {
			k->stands = k->coming;
			k->served = 0;
		}
		if (takes)
			k->taken = k->mapped;
	}
	if (takes)
		f->takes = 0;
}

/* --- a look ---------------------------------------------------------------------------------------------------------- */

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
		const struct fair_key *k = find(f, x->pair[i]);

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

const char *fair_keys_sweep(struct fair_keys *f, const struct desired *d, int64_t now)
{
	for (unsigned i = 0; i < f->n; i++) {
		struct fair_key *k = &f->key[i];
		struct held_key held = {.revoked = k->revoked, .shown = k->shown};
		int64_t since;

		if (k->gone || k->revoked == 0)
			continue;
		enum record_want want = external_wanted(d, &held, now, &since);
		if (want == WANT_REVOKED && k->stands == want && k->shown == 0)
			k->shown = now;
		if (want != WANT_NOTHING || k->stands != want)
			continue;
		k->gone = true;
		return k->name;
	}
	return NULL;
}

/* --- changes --------------------------------------------------------------------------------------------------------- */

static void make(struct fair_keys *f, const char *selector, int64_t now)
{
	struct fair_key *k = add(f, selector);

	if (k == NULL)
		return;
	k->made = k->changed = now;
	k->foretold = true;
}

static void map(struct fair_keys *f, const struct fair_key *to, int64_t now)
{
	for (unsigned i = 0; i < f->n; i++) {
		struct fair_key *k = &f->key[i];

		if (k->mapped != (k == to))
			k->changed = now;
		k->mapped = k == to;
	}
	f->takes = now + f->pace->take;
}

/* Of two names in turn: the last key's place is given up, its name is another key's now. */
static void forget(struct fair_keys *f, const char *selector)
{
	unsigned at = place_of(f, selector);

	if (at == f->n || !f->key[at].gone)
		return;
	f->n--;
	memmove(&f->key[at], &f->key[at + 1], (f->n - at) * sizeof(f->key[0]));
}

void fair_keys_do(struct fair_keys *f, const struct desired *d, enum action_kind action, const char *selector,
        int64_t now)
{
	unsigned at = place_of(f, selector);
	int64_t since;

	if (action == ACTION_CREATE) {
		forget(f, selector);
		make(f, selector, now);
		return;
	}
	if (at == f->n)
		return;
	struct fair_key *k = &f->key[at];
	if (action == ACTION_ENABLE) {
		map(f, k, now);
	} else if (action == ACTION_DELETE) {
		k->revoked = now;
	} else if (action == ACTION_PUBLISH) {
		struct held_key held = {.revoked = k->revoked, .shown = k->shown};

		k->coming = external_wanted(d, &held, now, &since);
		k->served = now + f->pace->publish;
	}
}
