/* Mail signed by the site's own OpenDKIM or rspamd (`platform: external`): what is wanted of such a domain beyond struct
 * desired, and what the key store holds for it. Pure data.
 *
 * How it fits the rest. A selector of the model is one key (or, with `key: both`, one RSA key and one ed25519 key that live
 * and die together under two DKIM selectors, RFC 8463). Its states are the model's, read from the key store and from the
 * signer's stamp instead of an API, so that plan()'s ladder, the gate's rules and the caps hold as they are:
 *
 *   absent         no key yet: the name that the next one will get; or its key is revoked and has left the rotation
 *   waitingRecord  the key is made, and its record is not seen at every server yet
 *   ready          its record is seen
 *   enabling       the signer's map names it, and the signer's stamp does not say yet that it took this map
 *   inProduction   the stamp says so: the signer signs with it
 *   disabling      only the stamp still names it: the map does not name the domain any more
 *
 *   CREATE   a key pair is made (a new name, unless two names are used in turn)
 *   PUBLISH  its record is written, or as it is wanted later: revoked, and at last absent
 *   ENABLE   the signer's map names it, and so no longer the one before
 *   DELETE   the key is revoked for ever: it leaves the rotation. Its record is published with an empty p= for `revoke`,
 *            then removed; when the record is seen gone everywhere, the private key is shredded
 *
 * A key that was revoked is seen as a selector that is not named, so no rule about the rotation's pair looks at it. */
#ifndef DKIMROTD_CORE_EXTERNAL_H
#define DKIMROTD_CORE_EXTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/dkim.h"
#include "core/evidence.h"

enum signer_layout {
	LAYOUT_OPENDKIM, /* KeyTable, SigningTable */
	LAYOUT_RSPAMD,   /* selectors.map, paths.map */
};

enum key_kind { KEY_RSA, KEY_ED25519, KEY_BOTH };

enum record_kind {
	RECORD_TXT,
	RECORD_DKIM,  /* OVHcloud's pseudo-type, served as TXT; for `dns: ovh` only */
	RECORD_CNAME, /* the customer's zone points to a name in `target`, a zone that we write */
};

#define KEY_BITS_LEAST   2048
#define KEY_BITS_MOST    4096
#define KEY_BITS_DEFAULT 2048

/* Whatever of it is text lives as long as the inventory generation. */
struct external {
	const char *signer; /* a name of the configuration's signers */
	enum signer_layout layout;
	const char *stamp;    /* path; NULL without a configuration at hand */
	const char *selector; /* template, see core/keyname.h */
	const char *pair[2];  /* two fixed names in turn instead; NULL = the template */
	enum key_kind key;
	int bits;
	enum record_kind record;
	const char *target;   /* record: cname only: the zone that the CNAMEs lead into */
	int64_t revoke;       /* ms: how long the record stands with an empty p= */
	int64_t ttl;          /* ms: of the records that we write */
	bool confirm_message; /* a message signed through the signer is verified too */
	/* Tags of RFC 6376 section 3.6.1; NULL = left out. v, k and p are never left out. */
	const char *tag_h, *tag_n, *tag_s, *tag_t, *tag_g;
};

#define KEY_TEXT   760 /* p= of an RSA key of 4096 bits: 736 characters */
#define HELD_PARTS 2
#define HELD_MAX   16 /* keys of a domain that are looked at in one pass */

struct held_part {
	char selector[128]; /* SELECTOR_NAME */
	enum dkim_type type;
	unsigned bits;
	char text[KEY_TEXT]; /* the public key as p= has it */
	uint8_t digest[KEY_DIGEST];
};

struct held_key {
	char name[128]; /* SELECTOR_NAME: that of its first part */
	int64_t created;
	int64_t changed; /* when the map last came to name it, or ceased to; 0 = never */
	int64_t revoked; /* 0 = it is in the rotation */
	int64_t shown;   /* since when every server of the zone says that it is revoked, 0 = not seen yet */
	int64_t shredded; /* 0 = its private key is there. Then only the name is remembered: it is never used again */
	bool imported; /* `dkimrotctl adopt` brought it */
	bool mapped;   /* the signer's map names it */
	bool taken;    /* the signer's stamp names it, and is as new as the map's line about it */
	unsigned n;
	struct held_part part[HELD_PARTS];
};

/* Everything known of one domain's keys, read at one instant. Oldest first. */
struct holding {
	unsigned n;
	struct held_key key[HELD_MAX];
	unsigned n_used;   /* every name that was ever used, also of keys that found no place above */
	char (*used)[128]; /* owned: holding_clear */
	bool stamped;      /* there is a stamp that could be read */
};

struct desired;

/* Where the record of a selector stands, and in which zone: the customer's own name, or for `record: cname` the name that
 * the customer's CNAME leads to, <selector>._domainkey.<domain>.<target>. dst has DNAME_TEXT bytes; false when it does not
 * fit. */
bool external_owner(char *dst, const struct desired *d, const char *selector);
const char *external_zone(const struct desired *d);

/* What the zone is to hold for a key at `now`: the key; when it is revoked, a record that says so, for `revoke` from when it
 * was seen at every server (a person who writes the zone: from when it was revoked); then nothing. *ret_since: since when. */
enum record_want {
	WANT_KEY,     /* the public key */
	WANT_REVOKED, /* an empty p= (RFC 6376 section 3.6.1: "this public key has been revoked") */
	WANT_NOTHING, /* no record at all */
};
enum record_want external_wanted(
        const struct desired *d, const struct held_key *k, int64_t now, int64_t *ret_since);

#endif
