/* What the DNS was seen to say about one selector: the customer's CNAME at every authoritative server of the zone
 * and the DKIM key behind its target. Pure data; the daemon's own look-up fills it, plan() and gate() read it. */
#ifndef DKIMROTD_CORE_EVIDENCE_H
#define DKIMROTD_CORE_EVIDENCE_H

#include <stdbool.h>
#include <stdint.h>

enum seen {
	SEEN_UNKNOWN, /* nobody answered, too few servers answered, or no look was made: not evidence */
	SEEN_OK,
	SEEN_MISSING,   /* proven absent: NXDOMAIN or no data */
	SEEN_PARTIAL,   /* servers of the zone disagree */
	SEEN_WRONG,     /* a CNAME to another target, or two CNAMEs */
	SEEN_FLATTENED, /* a TXT record stands at the customer's name where the CNAME should be */
	SEEN_REVOKED,   /* the key's p= is empty (RFC 6376 3.6.1) */
	SEEN_WEAK,      /* RSA below 1024 bits (RFC 8301) or not parsable as a key */
	SEEN_BOGUS,     /* DNSSEC says forged, and the root itself validated through the same path */
};

enum dnssec { DNSSEC_UNKNOWN, DNSSEC_SECURE, DNSSEC_INSECURE, DNSSEC_BOGUS };

#define EVIDENCE_HEARD 768 /* a dozen addresses; longer lists are cut */
#define KEY_DIGEST     32 /* SHA-256 over the decoded p= bytes, so that white space and splits do not matter */

struct evidence {
	enum seen state;      /* the verdict over both halves: SEEN_OK only when record and key are right */
	enum seen record;     /* the CNAME against the expected target */
	enum seen key;        /* the key at the expected target */
	enum seen served_key; /* the key where the record as served leads (differs when it is wrong) */
	char target[256]; /* where the record as served leads, lower case, no trailing dot; "" = nowhere */
	bool has_digest;  /* the key at the expected target was read */
	uint8_t digest[KEY_DIGEST];
	unsigned key_bits; /* RSA modulus; 256 for ed25519; 0 = unknown */
	bool test_mode;    /* t=y: verifiers must not treat its mail differently from unsigned mail */
	bool strict;       /* t=s: i= must not be a subdomain of d= */
	/* Seconds. How long old answers may live in caches: the CNAME, the key's TXT, and negative answers of the
	 * customer's zone and of the target's zone (the lesser of SOA TTL and SOA minimum, RFC 2308 section 5). */
	uint32_t ttl_record, ttl_key, ttl_negative_zone, ttl_negative_target;
	bool untimed; /* nobody wanted the TTLs: those above are what came by itself, 0 = not asked for */
	unsigned servers, answered,
	        agreed; /* names of the zone's NS set; those that answered; those that agree */
	enum dnssec dnssec;
	enum seen recursive; /* what the resolver says of the CNAME, recorded beside it; decides nothing */
	char detail[160];    /* for people: "not visible at 2 of 3 servers of the zone (ns2.example.)" */
	/* What each one asked said, for people: a line an address, as heard_next() reads it. What found no room is
	 * counted. */
	char heard[EVIDENCE_HEARD];
	unsigned unheard;
};

/* One line of it. */
struct heard {
	char server[128]; /* its name in the zone's NS set; "" = the recursive resolver */
	char address[48]; /* "" = it has none, or it is the resolver */
	uint32_t ttl;     /* seconds, of the CNAME; 0 without one */
	uint32_t took;    /* ms from the look's beginning to this answer */
	char said[16];    /* ok, wrong, two, missing, nxdomain, silent */
	char about[256];  /* wrong: where it leads; silent: why */
};
/* Reads the line at *at and moves it to the next; false at the end, and where a line is none. */
bool heard_next(const char **at, struct heard *ret);

/* What no cache exceeds (BIND's max-cache-ttl; others keep less), in seconds: a longer TTL counts as this. */
#define EVIDENCE_TTL_MAX (7u * 86400u)
/* ms, for TTLs that nobody asked for: longer than any of them. */
#define EVIDENCE_UNTIMED (EVIDENCE_TTL_MAX * INT64_C(1000) + 1)
/* The longest of the four TTLs in ms: what must pass before a switch (safety rule 2). */
int64_t evidence_longest_ttl(const struct evidence *e);

/* "ok", "missing", ... the closed list `dns` of the contract. */
const char *seen_word(enum seen s);
/* "unknown", "secure", "insecure", "bogus" */
const char *dnssec_word(enum dnssec d);

#endif
