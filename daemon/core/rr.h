/* One DNS record that is to stand in a zone, or no longer to stand there: what a platform wants, what the gate is asked
 * about, and what a writer makes true (platform/writer.h). Pure data, and what the zone APIs and the DNS do to it. */
#ifndef DKIMROTD_CORE_RR_H
#define DKIMROTD_CORE_RR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/model.h"

enum rr_type {
	RR_CNAME,
	RR_TXT,
	RR_DKIM, /* OVHcloud's pseudo-type: served as TXT. For `dns: ovh` only; other writers write a TXT */
};
/* "CNAME", "TXT", "DKIM" */
const char *rr_type_word(enum rr_type t);

#define RR_DATA    1536   /* the text of an RSA key of 4096 bits with every tag, and room */
#define RR_TTL_MIN 60     /* the API raises less to this without a word (ovh-api 3); for every writer */
#define RR_TTL_MAX 604800 /* a week: what stands longer cannot be corrected in time */

struct rr {
	enum rr_type type;
	char name[HOST_NAME]; /* owner: the whole name, lower case, no dot at the end */
	char data
	        [RR_DATA]; /* CNAME: the target, lower case, no dot at the end. TXT, DKIM: the whole text, unquoted and
	                         joined (RFC 6376 3.6.2.2) */
	uint32_t ttl; /* seconds, 0 = as the zone or the writer has it */
	bool absent;  /* exactly this record is to go. What else stands there stays, and is no fault */
};

/* A CNAME: the record as OVHcloud's platforms want it. False when a name does not fit. */
bool rr_cname(struct rr *ret, const char *name, const char *target);

/* What is wrong with it as a record of this zone (safety rule 14), NULL = nothing: the name is a selector's inside the
 * zone, a CNAME leads to a host name other than itself, a text is printable and without quotes and backslashes (a key
 * record needs none), the ttl is 0 or within the bounds. A static sentence. */
const char *rr_fault(const struct rr *rr, const char *zone);

/* A TXT as zone files and OVHcloud's API show it, `"first255" "rest"` or bare, as one text. False when the quotes do not
 * match or it does not fit; dst is empty then. */
bool rr_unquote(char *dst, size_t n, const char *text);

/* Would the two be served alike? CNAME by name, texts byte by byte; DKIM and TXT are the same thing. Owner and ttl are
 * not looked at. */
bool rr_same_data(enum rr_type ta, const char *a, enum rr_type tb, const char *b);

#endif
