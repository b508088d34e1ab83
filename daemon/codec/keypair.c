/* Key pairs by OpenSSL. It must never leave a private key in memory that was handed back, nor take a passphrase from a
 * terminal. */
#include "codec/keypair.h"

#include <errno.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "codec/dkimkey.h"

#define RSA_LEAST_READ 1024 /* RFC 8301: what signs today may be smaller than what we would make */

void keypair_wipe(struct keypair *k)
{
	OPENSSL_cleanse(k, sizeof(*k));
}

/* The public half: its text and digest. */
static int write_public(EVP_PKEY *key, struct keypair *ret)
{
	unsigned char raw[1024], *p = raw;
	size_t len = sizeof(raw);

	if (ret->type == DKIM_TYPE_ED25519) {
		if (!EVP_PKEY_get_raw_public_key(key, raw, &len))
			return -EIO;
	} else {
		int n = i2d_PUBKEY(key, NULL);

		if (n <= 0 || (size_t)n > sizeof(raw) || i2d_PUBKEY(key, &p) != n)
			return -EIO;
		len = (size_t)n;
	}
	if ((len + 2) / 3 * 4 >= sizeof(ret->text))
		return -ERANGE;
	EVP_EncodeBlock((unsigned char *)ret->text, raw, (int)len);
	return dkimkey_digest(raw, len, ret->digest) < 0 ? -EIO : 0;
}

static int write_private(EVP_PKEY *key, struct keypair *ret)
{
	BIO *b = BIO_new(BIO_s_secmem());
	char *data;
	int r = -EIO;

	if (b != NULL && PEM_write_bio_PKCS8PrivateKey(b, key, NULL, NULL, 0, NULL, NULL)) {
		long n = BIO_get_mem_data(b, &data);

		if (n > 0 && (size_t)n < sizeof(ret->pem)) {
			memcpy(ret->pem, data, (size_t)n);
			ret->pem[n] = '\0';
			ret->pem_len = (size_t)n;
			r = 0;
		}
	}
	BIO_free(b);
	return r;
}

/* Fills ret from a key, which it frees. */
static int take(EVP_PKEY *key, struct keypair *ret)
{
	struct keypair k = {.type = DKIM_TYPE_RSA};
	int r;

	if (EVP_PKEY_is_a(key, "ED25519"))
		k.type = DKIM_TYPE_ED25519;
	k.bits = k.type == DKIM_TYPE_RSA ? (unsigned)EVP_PKEY_get_bits(key) : 256;
	r = write_public(key, &k);
	if (r == 0)
		r = write_private(key, &k);
	EVP_PKEY_free(key);
	ERR_clear_error();
	if (r == 0)
		*ret = k;
	keypair_wipe(&k);
	return r;
}

int keypair_make(enum dkim_type type, unsigned bits, struct keypair *ret)
{
	EVP_PKEY *key;

	if (type == DKIM_TYPE_ED25519)
		key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	else if (type == DKIM_TYPE_RSA && bits >= KEY_BITS_LEAST && bits <= KEY_BITS_MOST)
		key = EVP_RSA_gen(bits);
	else
		return -EINVAL;
	if (key == NULL) {
		ERR_clear_error();
		return -EIO;
	}
	return take(key, ret);
}

/* A passphrase would have to come from somewhere: none is given. */
static int no_passphrase(char *buf, int size, int rwflag, void *arg)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)arg;
	return -1;
}

int keypair_read(const char *pem, size_t n, struct keypair *ret)
{
	BIO *b = n > 0 && n < 65536 ? BIO_new_mem_buf(pem, (int)n) : NULL;
	EVP_PKEY *key = b != NULL ? PEM_read_bio_PrivateKey(b, NULL, no_passphrase, NULL) : NULL;

	BIO_free(b);
	ERR_clear_error();
	if (key == NULL)
		return -EBADMSG;
	bool rsa = EVP_PKEY_is_a(key, "RSA");
	int bits = EVP_PKEY_get_bits(key);
	if (!rsa && !EVP_PKEY_is_a(key, "ED25519")) {
		EVP_PKEY_free(key);
		return -EBADMSG;
	}
	if (rsa && (bits < RSA_LEAST_READ || bits > KEY_BITS_MOST)) {
		EVP_PKEY_free(key);
		return -ERANGE;
	}
	return take(key, ret);
}
