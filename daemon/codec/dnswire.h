/* DNS messages: bytes <-> structures (RFC 1035 section 4, RFC 6891 for EDNS). Bytes in memory only. A message
 * that does not hold together in every section is refused as a whole; a truncated one (TC) is read up to its
 * question and must be asked again over TCP. */
#ifndef DKIMROTD_CODEC_DNSWIRE_H
#define DKIMROTD_CODEC_DNSWIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dns_type {
	DNS_TYPE_A = 1,
	DNS_TYPE_NS = 2,
	DNS_TYPE_CNAME = 5,
	DNS_TYPE_SOA = 6,
	DNS_TYPE_TXT = 16,
	DNS_TYPE_AAAA = 28,
	DNS_TYPE_OPT = 41,
};

enum dns_rcode { DNS_NOERROR, DNS_FORMERR, DNS_SERVFAIL, DNS_NXDOMAIN, DNS_NOTIMP, DNS_REFUSED };

/* A name in wire form, without compression and in lower case, so that equal names are equal bytes. */
struct dnswire_name {
	uint8_t len;
	uint8_t wire[255];
};

/* Reads "a.b.c", "a.b.c." or "." with RFC 1035's escapes \. and \DDD. -EINVAL: empty or too long labels or
 * name. */
int dnswire_name_read(const char *text, struct dnswire_name *ret);
/* Back to text, lower case, no trailing dot ("." for the root), everything but letters, digits and -_*+/
 * escaped. False, with an empty dst, when it does not fit; DNSWIRE_NAME_TEXT always does. */
#define DNSWIRE_NAME_TEXT 1024
bool dnswire_name_text(const struct dnswire_name *n, char *dst, size_t cap);
bool dnswire_name_eq(const struct dnswire_name *a, const struct dnswire_name *b);
/* The name without its first label; false: nothing but the root is above it. */
bool dnswire_name_parent(const struct dnswire_name *n, struct dnswire_name *ret);
/* Is name equal to or below zone? */
bool dnswire_name_within(const struct dnswire_name *name, const struct dnswire_name *zone);

#define DNSWIRE_QUERY_MAX (12 + 255 + 4 + 11)
struct dnswire_query {
	uint16_t id;
	const struct dnswire_name *name;
	uint16_t type;
	bool recursion; /* RD */
	bool edns;      /* OPT with a payload of 1232 bytes, which no path fragments */
};
/* Writes the query, class IN; returns its length. */
size_t dnswire_query_write(const struct dnswire_query *q, uint8_t dst[DNSWIRE_QUERY_MAX]);

/* A parsed message borrows the bytes it was read from. */
struct dnswire {
	const uint8_t *bytes;
	size_t n;
	uint16_t id;
	bool response, authoritative, truncated, recursion_available;
	unsigned rcode; /* with EDNS's upper bits */
	bool asked;     /* there is a question, the only one */
	struct dnswire_name name;
	uint16_t type, klass;
	size_t records_at;  /* where the answer section begins */
	unsigned counts[3]; /* answer, authority, additional; all 0 when truncated */
};

enum dnswire_section { DNSWIRE_ANSWER, DNSWIRE_AUTHORITY, DNSWIRE_ADDITIONAL };

struct dnswire_record {
	enum dnswire_section section;
	struct dnswire_name owner;
	uint16_t type, klass;
	uint32_t ttl; /* seconds; with the highest bit set it counts as 0 (RFC 2181 section 8) */
	size_t data_at, data_len;
};

/* 0 or -EBADMSG. */
int dnswire_read(const uint8_t *bytes, size_t n, struct dnswire *ret);
/* Is it an answer to this very question? Compare before anything else of it is believed. */
bool dnswire_answers(const struct dnswire *m, uint16_t id, const struct dnswire_name *name, uint16_t type);

/* Walks all records in order; start with a zeroed walk. */
struct dnswire_walk {
	size_t at;
	unsigned i;
};
bool dnswire_next(const struct dnswire *m, struct dnswire_walk *w, struct dnswire_record *ret);

/* What a record holds; 0 or -EBADMSG. Outputs are untouched on failure. */
int dnswire_record_name(
        const struct dnswire *m, const struct dnswire_record *r, struct dnswire_name *ret); /* CNAME, NS */
int dnswire_record_minimum(const struct dnswire *m, const struct dnswire_record *r, uint32_t *ret); /* SOA */
/* The strings of a TXT record joined, as RFC 6376 section 3.6.2.2 wants them. The text is not terminated and
 * may hold any byte; free() it. */
int dnswire_record_text(const struct dnswire *m, const struct dnswire_record *r, char **ret, size_t *ret_len);

/* What the answer section says of a name and type, CNAMEs followed whatever their order (not when a CNAME was
 * asked for). */
struct dnswire_found {
	unsigned n;                  /* records of the type at the chain's end */
	struct dnswire_record first; /* the first of them */
	struct dnswire_name end;     /* the chain's end; the name itself without CNAMEs */
	uint32_t ttl;                /* the longest along the chain and of the records */
	bool loop;                   /* the CNAMEs lead in a circle (or through more than 16) */
};
void dnswire_find(
        const struct dnswire *m, const struct dnswire_name *name, uint16_t type, struct dnswire_found *ret);

/* The SOA of a negative answer (RFC 2308 section 3): its owner and for how long the answer may be kept, the
 * lesser of TTL and minimum (section 5). False without one. */
bool dnswire_negative(const struct dnswire *m, struct dnswire_name *ret_zone, uint32_t *ret_ttl);

#endif
