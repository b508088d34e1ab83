/* A DKIM key record as it stands in a TXT record: RFC 6376 section 3.6.1, with RFC 8301 (no SHA-1, no RSA
 * below 1024 bits) and RFC 8463 (ed25519) in mind. Text in, structure out; what the key itself is worth is
 * asked of codec/dkimkey.h. It is strict where verifiers differ: a record that some verifier refuses is
 * refused here. */
#ifndef DKIMROTD_CORE_DKIM_H
#define DKIMROTD_CORE_DKIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DKIM_KEY_MAX 2304 /* bytes of p= decoded: room for RSA-16384 as SubjectPublicKeyInfo */

enum dkim_type { DKIM_TYPE_RSA, DKIM_TYPE_ED25519, DKIM_TYPE_OTHER };

enum dkim_fault {
	DKIM_OK,
	DKIM_NOT_A_KEY,    /* neither v=DKIM1 nor p=: another kind of TXT record */
	DKIM_SYNTAX,       /* not a tag list (section 3.2) */
	DKIM_DUPLICATE,    /* a tag twice: the whole list is invalid (section 3.2) */
	DKIM_VERSION,      /* v= is not DKIM1, or not the first tag: the record must be discarded */
	DKIM_NO_KEY,       /* no p= tag */
	DKIM_BASE64,       /* p= is not base64 */
	DKIM_TOO_LONG,     /* p= holds more than DKIM_KEY_MAX bytes */
	DKIM_UNKNOWN_TYPE, /* k= is neither rsa nor ed25519 */
	DKIM_NO_SHA256, /* h= leaves out sha256: nothing signed today can be verified (RFC 8301 section 3.1)
	                 */
	DKIM_NOT_EMAIL, /* s= leaves out email */
};

struct dkim_key {
	enum dkim_type type;
	bool revoked;     /* p= is empty */
	bool test_mode;   /* t=y: verifiers must not treat its mail differently from unsigned mail */
	bool strict;      /* t=s: i= must not be a subdomain of d= */
	bool granularity; /* g= other than "*": history (RFC 4871), ignored by RFC 6376, told to people */
	size_t len;       /* bytes of key; 0 when revoked */
	uint8_t key[DKIM_KEY_MAX];
};

/* Parses the n bytes of a TXT record's strings, joined without anything between them. *ret is untouched
 * unless DKIM_OK is returned. Unknown tags are ignored; so are unknown words in h=, s= and t=. */
enum dkim_fault dkim_parse(const char *text, size_t n, struct dkim_key *ret);

/* A sentence's end for people, after "the record ...": "names a tag twice". */
const char *dkim_fault_text(enum dkim_fault f);

#endif
