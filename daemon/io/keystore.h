/* The private keys of domains that the site signs itself, and the maps through which its signers are told which to use.
 * Everything touches the disk and most of it waits for it, so it is done by a thread of its own, one thing after the other;
 * what came of it is handed back from the loop. The simulation implements this header too.
 *
 *   ROOT/private/DOMAIN/keys             what is known of the domain's keys (codec/keyring.h)
 *   ROOT/private/DOMAIN/SELECTOR.pem     the private key, 0640
 *   ROOT/SIGNER/...                      the two files of codec/signermap.h, 0640
 *
 * ROOT is made 2750 with the signers' group by the package (tmpfiles.d), so that what is made in it has that group; made by
 * us when it is not there. Files appear whole and durable, by rename. A private key is wiped from memory at once; it is
 * never in a message. It keeps no name of a key that it cannot account for: what it cannot read it changes nothing of. */
#ifndef DKIMROTD_IO_KEYSTORE_H
#define DKIMROTD_IO_KEYSTORE_H

#include <stddef.h>
#include <stdint.h>

#include "core/external.h"

struct loop;
struct keystore;
struct keystore_call;

/* NULL with a sentence in error when the folder cannot be used. */
struct keystore *keystore_new(struct loop *l, const char *root, char *error, size_t error_len);
/* What was asked for is done to its end; nobody is told any more. */
void keystore_free(struct keystore *k);

enum keystore_op {
	KEYSTORE_LOOK, /* what is there */
	KEYSTORE_MAKE, /* a key pair (two for KEY_BOTH) under a name that was never used. -EEXIST: it was */
	KEYSTORE_MAP, /* the signer's map names this key. -ENOENT, or -EKEYREVOKED: there is no such key in the rotation */
	KEYSTORE_REVOKE, /* it leaves the rotation for ever. -EBUSY: the signer's map names it, or its stamp may */
	KEYSTORE_SHOWN, /* every server of the zone says that it is revoked: from now on. -EBUSY: it is not */
	KEYSTORE_SHRED, /* a revoked key's private half is overwritten and removed. -EBUSY: it is not revoked */
	KEYSTORE_NUDGE, /* the signer's map is written once more as it is, for its reload unit to see. -ENOENT: there is none */
	KEYSTORE_ADOPT, /* a key that signs already is taken over, and named in the signer's map. -EEXIST: another key of
	                  * ours signs, or the name was used; -EBADMSG, -ERANGE: see keypair_read */
};

struct keystore_request {
	enum keystore_op op;
	const char *domain;
	const struct external *external; /* signer, layout, stamp, key, bits */
	const char *name;                /* of the key; not for LOOK and NUDGE */
	int64_t now;
	const char *pem; /* ADOPT; copied, the copy is wiped */
	size_t pem_len;
	bool again; /* MAKE: one of two fixed names in turn: the key that had it must be shredded */
};

/* result: 0 or negative errno, with a sentence for people. held: how it stands then; valid for LOOK, and for what succeeded.
 * Borrowed for the call. */
typedef void keystore_done(void *arg, int result, const char *why, const struct holding *held);

/* done runs from the loop exactly once, never from inside the call. The request is copied. */
struct keystore_call *keystore_start(
        struct keystore *k, const struct keystore_request *q, keystore_done *done, void *arg);
/* Nobody is told; it is done nevertheless. */
void keystore_cancel(struct keystore_call *c);

#endif
