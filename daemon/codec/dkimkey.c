/* Public keys out of a p= tag. RSA keys are taken apart by hand: all that is asked of them is the size of the modulus,
 * and OpenSSL 3's decoder takes half a millisecond to say it, which ten thousand domains would feel. The fuzzing
 * target holds the two against each other. It must never take a key with bytes left over behind it, nor a key of another
 * kind than the record's k= says: some verifier would refuse it. */
#include "codec/dkimkey.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "core/text.h"

#define DER_INTEGER    0x02
#define DER_BIT_STRING 0x03
#define DER_SEQUENCE   0x30

/* AlgorithmIdentifier of rsaEncryption: 1.2.840.113549.1.1.1 with NULL parameters (RFC 3279 section 2.3.1). */
static const uint8_t rsa_encryption[] = {
        0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};

struct der {
	const uint8_t *p;
	size_t n;
};

/* Takes the element at the front, which must be of the type; its contents are returned, what follows stays. Lengths
 * must be in DER's one shortest form (X.690 section 10.1). */
static bool der_take(struct der *from, uint8_t type, struct der *ret)
{
	if (from->n < 2 || from->p[0] != type)
		return false;
	size_t head = 2, len = from->p[1];
	if (len >= 0x80) {
		size_t bytes = len & 0x7f;
		if (bytes < 1 || bytes > 2 || from->n < 2 + bytes || from->p[2] == 0)
			return false;
		len = from->p[2];
		if (bytes == 2)
			len = len << 8 | from->p[3];
		if (len < 0x80)
			return false;
		head += bytes;
	}
	if (from->n - head < len)
		return false;
	*ret = (struct der){from->p + head, len};
	from->p += head + len;
	from->n -= head + len;
	return true;
}

/* A positive INTEGER in its shortest form; returns its size in bits, 0 when it is none. */
static unsigned der_take_bits(struct der *from, bool *ret_odd)
{
	struct der i;

	if (!der_take(from, DER_INTEGER, &i) || i.n == 0 || (i.p[0] & 0x80))
		return 0;
	*ret_odd = i.p[i.n - 1] & 1;
	if (i.p[0] == 0) {
		i.p++;
		i.n--;
		if (i.n == 0 || !(i.p[0] & 0x80))
			return 0;
	}
	unsigned bits = (unsigned)i.n * 8;
	for (uint8_t top = i.p[0]; !(top & 0x80); top = (uint8_t)(top << 1))
		bits--;
	return bits;
}

/* RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }, and nothing behind it. */
static unsigned rsa_bits(struct der from)
{
	struct der key;
	bool odd_modulus, odd_exponent;

	if (!der_take(&from, DER_SEQUENCE, &key) || from.n != 0)
		return 0;
	unsigned bits = der_take_bits(&key, &odd_modulus);
	unsigned exponent = bits ? der_take_bits(&key, &odd_exponent) : 0;
	if (exponent < 2 || key.n != 0 || !odd_modulus || !odd_exponent)
		return 0;
	return bits;
}

/* SubjectPublicKeyInfo ::= SEQUENCE { algorithm, BIT STRING }; the bit string holds an RSAPublicKey. */
static unsigned spki_bits(struct der from)
{
	struct der info, key;

	if (!der_take(&from, DER_SEQUENCE, &info) || from.n != 0 || info.n < sizeof(rsa_encryption) ||
	        memcmp(info.p, rsa_encryption, sizeof(rsa_encryption)) != 0)
		return 0;
	info.p += sizeof(rsa_encryption);
	info.n -= sizeof(rsa_encryption);
	if (!der_take(&info, DER_BIT_STRING, &key) || info.n != 0 || key.n < 1 || key.p[0] != 0)
		return 0;
	return rsa_bits((struct der){key.p + 1, key.n - 1});
}

int dkimkey_bits(enum dkim_type type, const uint8_t *p, size_t n, unsigned *ret_bits)
{
	unsigned bits = 0;

	if (type == DKIM_TYPE_ED25519)
		bits = n == 32 ? 256 : 0;
	else if (type == DKIM_TYPE_RSA)
		bits = spki_bits((struct der){p, n});
	if (type == DKIM_TYPE_RSA && bits == 0)
		bits = rsa_bits((struct der){p, n});
	if (bits == 0)
		return -EBADMSG;
	*ret_bits = bits;
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

void dkimkey_hex(const uint8_t digest[KEY_DIGEST], char *ret)
{
	text_hex(ret, digest, KEY_DIGEST);
}
