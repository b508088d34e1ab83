/* Which domains of an account did something within the last 24 h: those switched or with a deletion (the daily cap), and
 * those that stopped signing or stuck in a switch for no named cause (the breaker); safety rule 10. Pure arithmetic over a
 * list that the caller owns and makes durable. Instants on the API's clock. */
#ifndef DKIMROTD_CORE_TALLY_H
#define DKIMROTD_CORE_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TALLY_SPAN (24 * 3600 * INT64_C(1000))

struct tally_entry {
	int64_t domain; /* the record's id */
	int64_t at;
};

/* Drops what is older than a day and returns the new length. What lies in the future (a clock ran ahead) counts from now. */
size_t tally_trim(struct tally_entry *list, size_t n, int64_t now);
bool tally_has(const struct tally_entry *list, size_t n, int64_t domain);
/* Puts a domain in once, or renews its instant; the list must have room for one more. Returns the new length. */
size_t tally_put(struct tally_entry *list, size_t n, int64_t domain, int64_t at);

/* Takes a domain out. Returns the new length. */
size_t tally_drop(struct tally_entry *list, size_t n, int64_t domain);
/* How many other domains were put in less than `span` ago. */
unsigned tally_others(const struct tally_entry *list, size_t n, int64_t domain, int64_t now, int64_t span);

/* The breaker opens at two domains and 1 % of the account. */
bool tally_opens_breaker(size_t troubled, size_t domains);

#endif
