/* The model of keys of our own behind the forecast: what becomes of them. It must never be wiser than a look could be. */
#include "core/fair_keys.h"

#include <string.h>

#include "core/text.h"

/* Its place, f->n = it has none. */
static unsigned place_of(const struct fair_keys *f, const char *name)
{
	unsigned i = 0;

	while (i < f->n && strcmp(f->key[i].name, name) != 0)
		i++;
	return i;
}

const struct fair_key *fair_keys_find(const struct fair_keys *f, const char *name)
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
		const struct fair_key *k = fair_keys_find(f, x->selector);
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

/* --- after a look ---------------------------------------------------------------------------------------------------- */

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
