/* Key pairs for DKIM: made, or read from a PEM file. Bytes in memory only; whoever gets a private key wipes it with
 * keypair_wipe. Slow (RSA with 4096 bits takes up to three seconds): never on the event loop. */
#ifndef DKIMROTD_CODEC_KEYPAIR_H
#define DKIMROTD_CODEC_KEYPAIR_H

#include <stddef.h>

#include "core/external.h"

#define KEYPAIR_PEM 4096 /* PKCS#8 of an RSA key of 4096 bits: 3272 bytes */

struct keypair {
	char pem[KEYPAIR_PEM]; /* the private key: PKCS#8, PEM */
	size_t pem_len;
	enum dkim_type type;
	unsigned bits;
	char text
	        [KEY_TEXT]; /* the public key as p= has it: base64 of SubjectPublicKeyInfo, or of ed25519's 32 bytes
	                        (RFC 8463 section 4) */
	uint8_t digest[KEY_DIGEST];
};

/* 0, -EINVAL for a type or size that is not made (RSA: KEY_BITS_LEAST to KEY_BITS_MOST), -EIO when OpenSSL refuses. */
int keypair_make(enum dkim_type type, unsigned bits, struct keypair *ret);
/* From a PEM text without a passphrase. -EBADMSG: no private key that DKIM knows; -ERANGE: RSA below 1024 bits or above
 * KEY_BITS_MOST. */
int keypair_read(const char *pem, size_t n, struct keypair *ret);
void keypair_wipe(struct keypair *k);

#endif
