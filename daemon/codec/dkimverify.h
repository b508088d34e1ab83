/* The signatures of a received message, checked (RFC 6376 section 6, RFC 8463 for ed25519). The cryptography and the
 * canonical forms are libopendkim's; the keys come from whoever calls. Bytes in memory only. */
#ifndef DKIMROTD_CODEC_DKIMVERIFY_H
#define DKIMROTD_CODEC_DKIMVERIFY_H

#include <stdbool.h>
#include <stddef.h>

#include "codec/mail.h"

enum dkim_result { /* RFC 8601 2.7.1 */
	DKIM_PASS,
	DKIM_FAIL,      /* the message is not as it was signed, or another key signed it */
	DKIM_POLICY,    /* it holds by the numbers, and must not be accepted: rsa-sha1, a key too small */
	DKIM_TEMPERROR, /* the key could not be asked for now */
	DKIM_PERMERROR, /* signature or key record cannot be used */
};
const char *dkim_result_word(enum dkim_result r); /* "pass" ... */

struct dkim_signature {
	char domain[256], selector[256]; /* d= and s=, cleaned */
	char algorithm[32];              /* a= */
	char headers[256];               /* h=, cleaned and maybe cut */
	unsigned key_bits;               /* 0 = unknown */
	bool test_key;                   /* t=y in the key record */
	bool partial;                    /* l=: it does not cover the whole body */
	enum dkim_result result;
	char why[200]; /* for people; "" with DKIM_PASS */
};

#define KEY_WHY 200
enum key_answer { KEY_FOUND, KEY_ABSENT, KEY_FAILED };
/* The key record of `name` (SELECTOR._domainkey.DOMAIN), its strings joined, into dst (n bytes, terminated); why
 * (KEY_WHY bytes) for people when it is not KEY_FOUND. */
typedef enum key_answer key_lookup(void *arg, const char *name, char *dst, size_t n, char *why);

#define DKIM_SIGNATURES_MAX 20 /* more are not looked at: a message with hundreds is an attack */

/* Checks every signature, in the order in which they stand. 0 and *ret (free with free(), NULL when there is none);
 * -EBADMSG: the library takes the message for broken, -ENOTSUP: it was built without ed25519 or SHA-256. */
int dkim_verify_mail(
        const struct mail *m, key_lookup *lookup, void *arg, struct dkim_signature **ret, size_t *ret_n);

#endif
