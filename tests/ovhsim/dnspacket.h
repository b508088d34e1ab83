/* DNS wire format for the simulator's name servers (RFC 1035, EDNS0: RFC 6891). Bytes in memory only. */
#ifndef OVHSIM_DNSPACKET_H
#define OVHSIM_DNSPACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "world/world.h"

enum {
	DNS_UDP_PLAIN = 512,
	DNS_UDP_OURS = 1232,
	DNS_MESSAGE_MAX = 65535,
	DNS_FORMERR = 1,
	DNS_NOTIMP = 4,
	DNS_REFUSED = 5,
	DNS_BADVERS = 16,
};

struct dns_query {
	uint16_t id;
	bool rd, cd;
	unsigned opcode;
	unsigned rcode; /* 0, or what the question itself deserves (FORMERR, NOTIMP, REFUSED, BADVERS) */
	const uint8_t
	        *question; /* the question section as sent, inside the packet; NULL when there is none */
	size_t question_len;
	char name[1025]; /* text, no trailing dot, case as sent; odd bytes as \DDD; "." for the root */
	int type;
	bool edns, dnssec_ok;
	size_t edns_size; /* at least 512 */
};

/* Reads a query. false: not to be answered at all (too short, or itself an answer). */
bool dnspacket_parse(const uint8_t *p, size_t n, struct dns_query *ret_query);

/* Writes the answer into out (DNS_MESSAGE_MAX bytes); when it is longer than limit, header, question and OPT
 * alone with TC set. Returns the length. */
size_t dnspacket_answer(const struct dns_query *q, const struct world_rrs *rrs, size_t limit, uint8_t *out);

#endif
