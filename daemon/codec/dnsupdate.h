/* Dynamic updates (RFC 2136) signed by TSIG (RFC 8945): what is to be asked of a zone's primary <-> messages. Bytes in memory
 * only. The library is ldns. A look is an ordinary question without a signature: it is a hint, and every update repeats what
 * was seen as a condition that the server itself checks, so that nothing rests on it. */
#ifndef DKIMROTD_CODEC_DNSUPDATE_H
#define DKIMROTD_CODEC_DNSUPDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/tsigkey.h"
#include "core/rr.h"

#define UPDATE_SET 8 /* records of one set; more is nobody's key */

/* One record's data, as text and as it stands in messages (a text's division into strings is part of it). */
struct dns_data {
	char text
	        [RR_DATA]; /* CNAME: lower case, no dot; TXT: joined. `""` for a text that does not fit or holds a 0 */
	uint16_t len;
	uint8_t wire[RR_DATA + RR_DATA / 255 + 1];
};
/* The records that stand at one name. n 0: none of any type. */
struct dns_set {
	enum rr_type type; /* RR_CNAME or RR_TXT */
	unsigned n;
	bool more; /* there are more than fit */
	struct dns_data list[UPDATE_SET];
};

enum dns_request_kind {
	DNS_LOOK,  /* a question of type TXT for the name, to which a CNAME is an answer too */
	DNS_CHECK, /* an update without changes: does exactly this set stand there, or nothing at all? */
	DNS_WRITE, /* an update, on the condition that exactly this set stands there, or nothing at all */
};
struct dns_request { /* all pointers are borrowed */
	enum dns_request_kind kind;
	const char *zone, *name;
	const struct dns_set *set;
	const struct dns_data *drop; /* one of the set, goes; NULL = none */
	const struct rr *add;        /* comes; NULL = none. Its ttl is not 0. A DKIM is a TXT */
};

/* Response codes beside those of dnswire.h: RFC 2136 section 2.2, and of RFC 8945 section 3 with what TSIG says beside
 * NOTAUTH. */
enum {
	DNS_YXDOMAIN = 6,
	DNS_YXRRSET,
	DNS_NXRRSET,
	DNS_NOTAUTH,
	DNS_NOTZONE,
	DNS_BADSIG = 16,
	DNS_BADKEY,
	DNS_BADTIME,
};
const char *dns_rcode_word(unsigned rcode); /* "NXRRSET", "" for one without a name */

struct dns_reply {
	bool answered; /* a message that answers this very request; else `error` says what is wrong with it */
	bool authentic; /* signed with our key: it can be believed. Never for a look */
	unsigned rcode; /* see above */
	bool authoritative;
	struct dns_set
	        seen; /* DNS_LOOK with NOERROR or NXDOMAIN: what stands at the very name; wildcards look alike */
	const char *error; /* static text, "" = none */
};

#define UPDATE_MAC 66 /* the longest digest, behind two bytes of its length */
struct dns_sent {     /* what an answer is checked against */
	uint16_t id;
	uint8_t mac[UPDATE_MAC];
	size_t mac_len; /* 0 = a question, unsigned */
};

/* The data of a record as it stands in messages; false when it does not fit. */
bool dns_data_of(const struct rr *rr, struct dns_data *ret);

/* The message for a request, signed with the key at the host's present time (a look is not signed). free() it; NULL when a
 * name in it is none, or the library refuses the key. */
uint8_t *update_write(const struct dns_request *q, const struct tsig_key *key, uint16_t id, size_t *ret_len,
        struct dns_sent *ret_sent);
/* What came back. `ret` is whole in any case. */
void update_read(const struct dns_request *q, const struct tsig_key *key, const struct dns_sent *sent,
        const uint8_t *bytes, size_t n, struct dns_reply *ret);

#endif
