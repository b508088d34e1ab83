/* The daemon's own DNS look-ups, on the event loop: the CNAME of a selector at every authoritative server of the
 * customer's zone, the key behind its target through the resolvers, and the TTLs. It gives evidence; it decides
 * nothing. Unreachable, refused, SERVFAIL and silence are "unknown", never "missing". The deterministic simulation
 * implements this header too. */
#ifndef DKIMROTD_IO_DNS_H
#define DKIMROTD_IO_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/evidence.h"

struct loop;
struct dns;
struct dns_look;

struct dns_options {
	const char *const *
	        resolvers; /* address[:port] or address@port ([v6]:port), NULL-terminated; none = the system's */
	bool authoritative;          /* ask each server of the zone; false: the resolver's word is taken */
	uint16_t authoritative_port; /* 53; another one in tests */
	const char *trust_anchor;    /* file; NULL or "" = none */
	int64_t timeout_ms;          /* for one whole look, 0 = 10 s */
};

/* Returns NULL and sets ret_error (static text) when an option is unusable. */
struct dns *dns_new(struct loop *l, const struct dns_options *o, const char **ret_error);
/* What is wrong for now but stops nothing (static text), NULL = nothing: the trust anchor file cannot be read, or the
 * root does not validate through the resolvers. Known after the first look; tell it once. */
const char *dns_warning(struct dns *d);
/* For how long, in ms, whoever makes the looks has not come by although looks are out: each question calls it again, and it
 * comes within moments unless it stands still. 0 = nothing is out, or it has come since the last question. */
int64_t dns_silence(struct dns *d);
/* Drops every look; no callback runs any more. */
void dns_free(struct dns *d);

struct dns_question {
	const char *record; /* the customer's name, e.g. ovhex1-selector1._domainkey.mydomain.ovh */
	const char *target; /* the expected CNAME target, no trailing dot */
	const char *zone;   /* the customer's zone, whose name servers are asked */
	/* A key of our own: a TXT record with this key stands at `record` itself, and `target` is the key's identity: its
	 * digest in lower-case hex, "revoked" for an empty p=, "" where nothing is expected. What the servers say of the
	 * record decides about the key too; the resolver's word only tells whether DNSSEC calls it forged. */
	bool key_record;
	/* No switch will wait for what this look sees: the TTLs of the key and of both zones' negative answers are not
	 * asked for. The evidence says so too. */
	bool untimed;
};

typedef void dns_seen(void *arg, const struct evidence *e);

/* Looks; seen runs from the loop exactly once, never from inside the call. Any number at once (windowed inside). */
struct dns_look *dns_look(struct dns *d, const struct dns_question *q, dns_seen *seen, void *arg);
void dns_cancel(struct dns_look *look);

#endif
