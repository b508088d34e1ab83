/* The bytes of a DKIM key record's p= tag as a key: RSA (SubjectPublicKeyInfo, as everybody publishes it, or
 * the bare RSAPublicKey that RFC 6376 section 3.6.1 names), and ed25519's 32 raw bytes (RFC 8463 section 4).
 */
#ifndef DKIMROTD_CODEC_DKIMKEY_H
#define DKIMROTD_CODEC_DKIMKEY_H

#include <stddef.h>
#include <stdint.h>

#include "core/dkim.h"
#include "core/evidence.h"

/* The key's size: bits of the RSA modulus, 256 for ed25519. -EBADMSG: the bytes are no such key. */
int dkimkey_bits(enum dkim_type type, const uint8_t *p, size_t n, unsigned *ret_bits);

/* SHA-256 of the bytes. -ENOSYS when OpenSSL's configuration has no SHA-256. */
int dkimkey_digest(const uint8_t *p, size_t n, uint8_t ret[KEY_DIGEST]);

/* A digest as lower-case hex: 2 * KEY_DIGEST characters and an end. */
void dkimkey_hex(const uint8_t digest[KEY_DIGEST], char *ret);

#endif
