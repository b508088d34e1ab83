/* A domain's keys as the text of its file in the key store: public things only. A line a key, a line for each of its parts:
 *
 *   key dk2026111 created=1795046400000 revoked=0 shredded=0 imported=0 version=12 changed=1795046460000 shown=0
 *   part dk2026111 rsa 2048 MIIBIjANBgkq...
 *
 * Lines are never removed: a name that stands here is never used again. */
#ifndef DKIMROTD_CODEC_KEYRING_H
#define DKIMROTD_CODEC_KEYRING_H

#include <stdint.h>

#include "base/util.h"
#include "core/external.h"

struct keyring_key {
	struct held_key held;
	uint64_t version; /* of the signer's map, in which it came to sign; 0 = it never did */
};
struct keyring {
	unsigned n, cap;
	struct keyring_key *key; /* owned, oldest first */
};

/* 0; -EBADMSG when the text is not as we write it: then nothing is known of the domain's keys, and *ret is empty. */
int keyring_read(const char *text, size_t n, struct keyring *ret);
void keyring_write(struct buf *out, const struct keyring *r);
void keyring_clear(struct keyring *r);
struct keyring_key *keyring_find(struct keyring *r, const char *name); /* NULL = none */
/* A new one at the end; borrowed until the next. */
struct keyring_key *keyring_add(struct keyring *r);

/* What the ring, the map and the stamp say together. Keys that are shredded give only their names. */
struct signermap_line;
void keyring_hold(const struct keyring *r, const struct signermap_line *map,
        const struct signermap_line *stamp, uint64_t stamp_version, struct holding *ret);
void holding_clear(struct holding *h);

#endif
