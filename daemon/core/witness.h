/* From what each server said of one selector's CNAME to the record's half of struct evidence. Pure: the
 * servers are asked elsewhere (io/dns.c), here their words are only weighed against each other. A server is a
 * name of the zone's NS set and may have several addresses; it answers when one of them does, and it agrees
 * when all of them that answer do. */
#ifndef DKIMROTD_CORE_WITNESS_H
#define DKIMROTD_CORE_WITNESS_H

#include <stddef.h>
#include <stdint.h>

#include "core/evidence.h"

enum said {
	SAID_NOTHING, /* silent, refused, lame, or nonsense: no word at all */
	SAID_CNAME,
	SAID_CNAMES,  /* two or more at one name, which the DNS (of keys: RFC 6376, 3.6.2.2) does not allow */
	SAID_NO_DATA, /* the name exists, without a CNAME */
	SAID_NO_NAME, /* NXDOMAIN */
};

struct witness {
	unsigned server; /* index of its name in struct testimony */
	enum said said;
	const char *why;  /* with SAID_NOTHING, static: "no answer"; never NULL */
	char target[256]; /* with SAID_CNAME: lower case, no trailing dot; else empty */
	uint32_t ttl;     /* with SAID_CNAME and SAID_CNAMES: seconds */
	char address[48]; /* that was asked, for people; "" = not known */
	uint32_t took;    /* ms from the look's beginning to the answer */
};

struct testimony {
	const char *record;   /* the customer's name, no trailing dot; neither have the two below */
	const char *expected; /* the CNAME's target; of a key record, the identity of its key */
	const char *what;     /* what it is, for people; NULL = "CNAME" */
	const char *zone;
	const char *const *servers;
	unsigned n_servers;
	const struct witness *list;
	size_t n;
};

/* Fills record, target, ttl_record, servers, answered, agreed and detail of *e; the rest of it stays. A TXT
 * record found at the name later turns SEEN_MISSING into SEEN_FLATTENED by evidence_flattened(). */
void evidence_weigh(struct evidence *e, const struct testimony *t);
/* Writes down what one of them said, for people; server "" = the recursive resolver. evidence_weigh() has written down
 * those that it weighed. */
void evidence_hear(struct evidence *e, const char *server, const struct witness *w, const char *expected);
void evidence_flattened(struct evidence *e, const char *record);

/* Sets state from dnssec, record and key, and keeps the detail of the half that decided: key_detail is what a
 * person should read when the key did, bogus_detail when DNSSEC did. */
void evidence_conclude(struct evidence *e, const char *key_detail, const char *bogus_detail);

#endif
