/* Public keys as OpenSSL reads them. It must never take a key with bytes left over behind it, nor a key of
 * another kind than the record's k= says: some verifier would refuse it. */
#include "codec/dkimkey.h"

#include <errno.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

static EVP_PKEY *rsa_read(const uint8_t *p, size_t n)
{
	const unsigned char *at = p;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, (long)n);

	if (!key) {
		at = p;
		key = d2i_PublicKey(EVP_PKEY_RSA, NULL, &at, (long)n);
	}
	if (key && (at != p + n || EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA)) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	ERR_clear_error();
	return key;
}

int dkimkey_bits(enum dkim_type type, const uint8_t *p, size_t n, unsigned *ret_bits)
{
	if (type == DKIM_TYPE_ED25519) {
		if (n != 32)
			return -EBADMSG;
		*ret_bits = 256;
		return 0;
	}
	if (type != DKIM_TYPE_RSA || n > DKIM_KEY_MAX)
		return -EBADMSG;
	EVP_PKEY *key = rsa_read(p, n);
	if (!key)
		return -EBADMSG;
	int bits = EVP_PKEY_get_bits(key);
	EVP_PKEY_free(key);
	if (bits <= 0)
		return -EBADMSG;
	*ret_bits = (unsigned)bits;
	return 0;
}

int dkimkey_digest(const uint8_t *p, size_t n, uint8_t ret[KEY_DIGEST])
{
	unsigned char md[EVP_MAX_MD_SIZE];
	size_t len = 0;

	if (!EVP_Q_digest(NULL, "SHA256", NULL, p, n, md, &len) || len != KEY_DIGEST) {
		ERR_clear_error();
		return -ENOSYS;
	}
	memcpy(ret, md, KEY_DIGEST);
	return 0;
}
