/* One message to one name server and its answer, over TCP: updates with two keys and a signature do not fit into what UDP
 * carries everywhere, and one that is lost there is lost without a word (RFC 2136 section 2.3 leaves the choice). Bytes out,
 * bytes in; what they mean is codec/dnsupdate's. The deterministic simulation implements this header too. */
#ifndef DKIMROTD_IO_DNS_UPDATE_H
#define DKIMROTD_IO_DNS_UPDATE_H

#include <stddef.h>
#include <stdint.h>

#include "codec/address.h"

struct loop;
struct dns_exchange;

enum exchange_end {
	EXCHANGE_ANSWERED, /* a whole message came back */
	EXCHANGE_NOT_SENT, /* no connection: nothing left */
	EXCHANGE_LOST,     /* it left, and no whole message came back */
};
/* bytes are borrowed for the call; error is for people, "" = none. */
typedef void dns_exchanged(
        void *arg, enum exchange_end end, const uint8_t *bytes, size_t n, const char *error);

/* Sends a message of at most 65535 bytes (copied); done runs from the loop exactly once, never from inside the call, after
 * timeout_ms at the latest (0 = 10 s). The handle is good until then. */
struct dns_exchange *dns_exchange(struct loop *l, const struct address *to, const uint8_t *bytes, size_t n,
        int64_t timeout_ms, dns_exchanged *done, void *arg);
void dns_exchange_cancel(struct dns_exchange *x);

#endif
