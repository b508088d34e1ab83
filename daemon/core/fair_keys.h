/* Fair weather for domains that the site signs itself (see core/fair.h): keys are made, a record that was written is served,
 * the signer takes its map, a person does nothing. What the forecast knows of their keys is this, not the key store: the
 * record tells it as well as a look would, but for keys long destroyed. Pure. Instants are ms, 0 = never. */
#ifndef DKIMROTD_CORE_FAIR_KEYS_H
#define DKIMROTD_CORE_FAIR_KEYS_H

#include "core/desired.h"
#include "core/external.h"
#include "core/fair.h"

#define FAIR_KEYS 8 /* the rotation's pair, those on their way out, and the names of some that are gone */

struct fair_key {
	char name[SELECTOR_NAME];
	int64_t made, changed, revoked, shown; /* as struct held_key has them */
	int64_t served;                  /* when every server will have `coming`, 0 = nothing is under way */
	enum record_want stands, coming; /* in the zone */
	bool foretold;                   /* made in this forecast: the record knows nothing of it yet */
	bool mapped, taken;
	bool gone; /* its private key is destroyed: only the name is remembered */
};

struct fair_keys {
	const struct fair_pace *pace;
	int64_t takes; /* when the signer will have taken its map, 0 = it has */
	unsigned n;
	struct fair_key key[FAIR_KEYS];
};

/* NULL when there is none of that name. */
const struct fair_key *fair_keys_find(const struct fair_keys *f, const char *name);

/* As fair_begin() and its like. */
void fair_keys_begin(struct fair_keys *f, const struct desired *d, const struct record *r,
        const struct fair_pace *pace, int64_t now);
int64_t fair_keys_next(const struct fair_keys *f, int64_t now);
/* When the record of a revoked key has said so for long enough, 0 = none does; a look may only have found since when. */
int64_t fair_keys_over(const struct fair_keys *f, const struct desired *d, int64_t now);
void fair_keys_pass(struct fair_keys *f, int64_t now);
/* held: what ret->sel[].key points to. */
void fair_keys_see(const struct fair_keys *f, const struct desired *d, const struct record *r, int64_t now,
        struct held_key held[SELECTORS_MAX], struct observed *ret);
void fair_keys_do(struct fair_keys *f, const struct desired *d, enum action_kind action, const char *selector,
        int64_t now);
/* What is done at the end of a look by itself. The name of a key that is destroyed now, one a call; NULL = no more. */
const char *fair_keys_sweep(struct fair_keys *f, const struct desired *d, int64_t now);

#endif
