/* Public keys as they stand in p=: sizes, kinds, and what is no key. The keys are made by OpenSSL here, so that no
 * private key lies in the tree. */
#include "codec/dkimkey.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/util.h"

struct der {
	unsigned char *p;
	size_t n;
};

static struct der der_of(EVP_PKEY *key, int (*write)(const EVP_PKEY *, unsigned char **))
{
	struct der d = {.p = NULL};
	int n = write(key, &d.p);

	assert_true(n > 0);
	d.n = (size_t)n;
	return d;
}

static void test_rsa_sizes(void **state)
{
	(void)state;
	static const unsigned sizes[] = {512, 768, 1023, 1024, 1025, 2048};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		EVP_PKEY *key = EVP_RSA_gen(sizes[i]);
		struct der spki = der_of(key, i2d_PUBKEY), bare = der_of(key, i2d_PublicKey);
		unsigned bits = 0;
		assert_int_equal(dkimkey_bits(DKIM_TYPE_RSA, spki.p, spki.n, &bits), 0);
		assert_int_equal(bits, sizes[i]);
		bits = 0;
		assert_int_equal(dkimkey_bits(DKIM_TYPE_RSA, bare.p, bare.n, &bits), 0);
		assert_int_equal(bits, sizes[i]);
		OPENSSL_free(spki.p);
		OPENSSL_free(bare.p);
		EVP_PKEY_free(key);
	}
}

/* Cut anywhere, with a byte too many, or of another kind: no key, and the output is left alone. */
static void test_no_keys(void **state)
{
	(void)state;
	EVP_PKEY *rsa = EVP_RSA_gen(1024), *ec = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	struct der spki = der_of(rsa, i2d_PUBKEY), other = der_of(ec, i2d_PUBKEY);
	unsigned bits = 77;

	for (size_t n = 0; n < spki.n; n++) {
		uint8_t *copy = xmalloc(n);
		memcpy(copy, spki.p, n);
		assert_int_equal(dkimkey_bits(DKIM_TYPE_RSA, copy, n, &bits), -EBADMSG);
		free(copy);
	}
	uint8_t *longer = xcalloc(spki.n + 1, 1);
	memcpy(longer, spki.p, spki.n);
	assert_int_equal(dkimkey_bits(DKIM_TYPE_RSA, longer, spki.n + 1, &bits), -EBADMSG);
	free(longer);
	assert_int_equal(dkimkey_bits(DKIM_TYPE_RSA, other.p, other.n, &bits), -EBADMSG);
	assert_int_equal(dkimkey_bits(DKIM_TYPE_OTHER, spki.p, spki.n, &bits), -EBADMSG);
	assert_int_equal(dkimkey_bits(DKIM_TYPE_ED25519, spki.p, spki.n, &bits), -EBADMSG);
	assert_int_equal(bits, 77);
	OPENSSL_free(spki.p);
	OPENSSL_free(other.p);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(ec);
}

/* BER where DER is wanted, and numbers that no RSA key has. Each row changes bytes of a small key that is right. */
static void test_odd_encodings(void **state)
{
	(void)state;
	static const uint8_t right[] = {0x30, 0x07, 0x02, 0x02, 0x00, 0x8f, 0x02, 0x01, 0x03};
	static const struct {
		const char *what;
		uint8_t der[16];
		size_t n;
	} rows[] = {
	        {"long form of a short length", {0x30, 0x81, 0x07, 0x02, 0x02, 0x00, 0x8f, 0x02, 0x01, 0x03},
	                10},
	        {"indefinite length", {0x30, 0x80, 0x02, 0x02, 0x00, 0x8f, 0x02, 0x01, 0x03, 0, 0}, 11},
	        {"three bytes of length", {0x30, 0x83, 0, 0, 0x07, 0x02, 0x02, 0x00, 0x8f, 0x02, 0x01, 0x03},
	                12},
	        {"negative modulus", {0x30, 0x06, 0x02, 0x01, 0x8f, 0x02, 0x01, 0x03}, 8},
	        {"modulus with a zero too many", {0x30, 0x07, 0x02, 0x02, 0x00, 0x0f, 0x02, 0x01, 0x03}, 9},
	        {"empty modulus", {0x30, 0x05, 0x02, 0x00, 0x02, 0x01, 0x03}, 7},
	        {"modulus of zero", {0x30, 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x03}, 8},
	        {"even modulus", {0x30, 0x07, 0x02, 0x02, 0x00, 0x8e, 0x02, 0x01, 0x03}, 9},
	        {"exponent of one", {0x30, 0x07, 0x02, 0x02, 0x00, 0x8f, 0x02, 0x01, 0x01}, 9},
	        {"even exponent", {0x30, 0x07, 0x02, 0x02, 0x00, 0x8f, 0x02, 0x01, 0x04}, 9},
	        {"a third number", {0x30, 0x0a, 0x02, 0x02, 0x00, 0x8f, 0x02, 0x01, 0x03, 0x02, 0x01, 0x03},
	                12},
	        {"a set", {0x31, 0x07, 0x02, 0x02, 0x00, 0x8f, 0x02, 0x01, 0x03}, 9},
	};
	unsigned bits = 0;

	assert_int_equal(dkimkey_bits(DKIM_TYPE_RSA, right, sizeof(right), &bits), 0);
	assert_int_equal(bits, 8);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (dkimkey_bits(DKIM_TYPE_RSA, rows[i].der, rows[i].n, &bits) != -EBADMSG)
			fail_msg("%s", rows[i].what);
}

static void test_ed25519(void **state)
{
	(void)state;
	const uint8_t raw[33] = {1};
	unsigned bits = 0;

	assert_int_equal(dkimkey_bits(DKIM_TYPE_ED25519, raw, 32, &bits), 0);
	assert_int_equal(bits, 256);
	assert_int_equal(dkimkey_bits(DKIM_TYPE_ED25519, raw, 31, &bits), -EBADMSG);
	assert_int_equal(dkimkey_bits(DKIM_TYPE_ED25519, raw, 33, &bits), -EBADMSG);
}

/* FIPS 180-2, appendix B.1. */
static void test_digest(void **state)
{
	(void)state;
	static const uint8_t abc[KEY_DIGEST] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41,
	        0x40, 0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4,
	        0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
	uint8_t digest[KEY_DIGEST];

	assert_int_equal(dkimkey_digest((const uint8_t *)"abc", 3, digest), 0);
	assert_memory_equal(digest, abc, sizeof(abc));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_rsa_sizes),
	        cmocka_unit_test(test_no_keys),
	        cmocka_unit_test(test_odd_encodings),
	        cmocka_unit_test(test_ed25519),
	        cmocka_unit_test(test_digest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
