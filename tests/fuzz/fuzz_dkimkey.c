/* Any bytes as an RSA key: what we take, OpenSSL must take too, and find of the same size. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "codec/dkimkey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* 0 when OpenSSL sees no key in exactly these bytes. */
static int openssl_bits(const uint8_t *data, size_t size)
{
	const unsigned char *at = data;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)size);
	int bits = 0;

	if (!key) {
		at = data;
		key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)size);
	}
	if (key && at == data + size && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA)
		bits = EVP_PKEY_get_bits(key);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return bits;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned bits = 0;

	if (dkimkey_bits(DKIM_TYPE_RSA, data, size, &bits) < 0)
		return 0;
	if (size <= DKIM_KEY_MAX && openssl_bits(data, size) != (int)bits) {
		fprintf(stderr, "ours %u, OpenSSL's %d\n", bits, openssl_bits(data, size));
		abort();
	}
	return 0;
}
