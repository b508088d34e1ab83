/* What was learnt a moment ago and is the same for many looks of one pass: the addresses of name servers, and of a zone
 * that holds targets for how long it may be denied and who serves it. An entry is kept as long as its answer allows, a
 * minute at most, and all of them only while looks are under way. It must never hold anything of a record or key that a
 * look is about, nor what DNSSEC calls forged. */
#ifndef DKIMROTD_IO_DNS_BOOK_H
#define DKIMROTD_IO_DNS_BOOK_H

#include "io/dns_parts.h"

/* Throughout: `now` is the boot clock in ms, `ttl` in seconds; what is not known, or not any more, reads false or NULL.
 * A look-up's pointer is good until the next note. */
struct dns_book *dns_book_new(void);
void dns_book_free(struct dns_book *b); /* NULL is fine */
/* Forgets everything; an empty book takes next to no memory. */
void dns_book_rest(struct dns_book *b);

/* The addresses of one family: type A or AAAA. None may be noted too. */
struct dns_book_host {
	struct dnswire_name name;
	uint16_t type;
	int64_t until;
	struct dns_address where[DNS_ADDRESSES_MAX];
	size_t n;
};
void dns_book_note_host(struct dns_book *b, int64_t now, uint32_t ttl, const struct dns_book_host *h);
const struct dns_book_host *dns_book_host(
        const struct dns_book *b, int64_t now, const struct dnswire_name *name, uint16_t type);

struct dns_book_zone {
	struct dnswire_name name;
	int64_t until;
	uint32_t ttl_negative; /* seconds */
	struct dnswire_name servers[DNS_TARGET_SERVERS];
	size_t n;
};
void dns_book_note_zone(struct dns_book *b, int64_t now, uint32_t ttl, const struct dns_book_zone *z);
const struct dns_book_zone *dns_book_zone(
        const struct dns_book *b, int64_t now, const struct dnswire_name *name);

#endif
