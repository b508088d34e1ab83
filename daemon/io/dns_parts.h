/* What the files of io/dns share and nobody else sees. Looks are made in a room of their own (dns_room.c), on a thread of its
 * own (dns.c): one look (dns_look.c) asks several questions and weighs the answers; one question is put either to the
 * resolver (dns_resolver.c) or to one address of an authoritative server (dns_direct.c). Answers are never handed over from
 * inside a call or a library's callback: they are queued, and the room's pump hands them to their looks from a timer. */
#ifndef DKIMROTD_IO_DNS_PARTS_H
#define DKIMROTD_IO_DNS_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "codec/dnswire.h"
#include "core/witness.h"
#include "io/dns.h"

enum ask {
	ASK_SERVERS,  /* resolver: NS of the zone */
	ASK_ADDRESS4, /* resolver: A of a name server */
	ASK_ADDRESS6,
	ASK_RECORD,          /* server: CNAME at the customer's name */
	ASK_RECURSIVE,       /* resolver: the same */
	ASK_FLATTENED,       /* server: TXT at the customer's name */
	ASK_ZONE_SOA,        /* server: SOA of the customer's zone */
	ASK_KEY,             /* resolver: TXT at the expected target */
	ASK_TARGET_SOA,      /* resolver: SOA above the expected target, for its zone's negative answers */
	ASK_TARGET_SERVERS,  /* resolver: NS of that zone */
	ASK_TARGET_ADDRESS4, /* resolver: A of one of them */
	ASK_TARGET_ADDRESS6,
	ASK_TARGET_SOA_TTL, /* server of the target's zone: its SOA, with its whole TTL */
	ASK_KEY_TTL,        /* the same server: TXT at the target, likewise */
	ASK_SERVED,         /* resolver: TXT where the record as served leads */
	ASK_CHASE,          /* resolver: CNAME there, step by step, when the resolver gives up (a circle?) */
	ASK_COUNT
};

enum reply {
	REPLY_NONE,     /* nothing came within the time */
	REPLY_REFUSED,  /* the port is closed, or the connection broke */
	REPLY_NO_ROUTE, /* this host has no way to that address */
	REPLY_BROKEN,   /* the resolver failed, or the answer does not hold together */
	REPLY_MESSAGE,  /* bytes hold an answer to this very question */
};

struct dns_address {
	struct sockaddr_storage sa;
	socklen_t len;
};

/* Owned by the part that is asked until it is answered or dropped, then by the pump. */
struct dns_ask {
	struct dns_ask *next, **prev; /* in one list at a time: a part's, or the pump's once answered */
	struct dns_ask *sibling;      /* the look's other open asks */
	struct dns_room *room;
	struct look *look;
	enum ask kind;
	unsigned server; /* index into the look's servers, for the kinds that concern one */
	struct dnswire_name name;
	uint16_t type;
	bool direct;   /* asked of `to`, else of the resolver */
	bool answered; /* it has its outcome and waits for the pump */
	struct dns_address to;
	void *part; /* the asked part's own state; NULL when there is none */
	/* the outcome */
	enum reply reply;
	uint8_t *bytes;
	size_t n;
	enum dnssec dnssec; /* the resolver's verdict */
	char why[96];       /* with DNSSEC_BOGUS: the library's words, cleaned */
};

/* Intrusive first-in first-out list; dns_asks_init() first. */
struct dns_asks {
	struct dns_ask *first, **end;
	unsigned n;
};
void dns_asks_init(struct dns_asks *list);
void dns_asks_add(struct dns_asks *list, struct dns_ask *a);
void dns_asks_remove(struct dns_asks *list, struct dns_ask *a);
struct dns_ask *dns_asks_take(struct dns_asks *list);

#define DNS_SERVERS_MAX   16 /* names of one NS set that are asked */
#define DNS_ADDRESSES_MAX 4  /* addresses of one name and family */
/* Names of the target's zone that are asked: two are enough, the resolver shuffles them, so that all get their share. */
#define DNS_TARGET_SERVERS 2

/* Where a look is, which says who may touch it. */
enum dns_look_place {
	LOOK_FRESH,  /* the loop's: not handed over yet */
	LOOK_IN,     /* on its way to the thread: both sides', under the lock */
	LOOK_THREAD, /* the thread's */
	LOOK_OUT,    /* on its way back */
	LOOK_BACK,   /* the loop's again */
};

enum dns_look_state { LOOK_WAITING, LOOK_RUNNING, LOOK_OVER };

/* What dns_look() hands out: small while it waits, because thousands may. */
struct dns_look {
	struct dns_look *next, **prev; /* in one list at a time */
	struct dns *dns;
	enum dns_look_place place;
	dns_seen *seen;
	void *arg;
	char *record, *target, *zone; /* as the caller gave them, "" for NULL; owned */
	bool key_record, untimed;
	bool dropped; /* the loop's, under the lock: nobody wants to know any more */
	struct dns_look *next_dropped;
	/* in the room */
	struct dns_room *room;
	enum dns_look_state state;
	struct look *look;  /* while it runs */
	struct evidence *e; /* once it is over; owned */
};

/* Intrusive lists of looks, in order; a member leaves its list by itself. dns_looks_init() first. */
struct dns_looks {
	struct dns_look *first, **end;
	unsigned n;
};
void dns_looks_init(struct dns_looks *list);
void dns_looks_add(struct dns_looks *list, struct dns_look *h);
void dns_looks_remove(struct dns_looks *list, struct dns_look *h);
struct dns_look *dns_looks_take(struct dns_looks *list);

/* A look that has begun. */
struct look {
	struct dns_room *room;
	struct dns_look *handle;
	struct timer *deadline;
	char record[256], target[256], zone[256]; /* no trailing dot */
	struct dnswire_name record_name, target_name, zone_name;
	struct dns_ask *open;
	unsigned open_servers; /* of them: those that must end before the servers' words are weighed */
	bool weighed;
	bool key_record;                /* see struct dns_question */
	char *servers[DNS_SERVERS_MAX]; /* owned */
	unsigned n_servers;
	struct witness *list;      /* one for each address asked; owned */
	struct dns_address *where; /* beside it */
	size_t n;
	size_t soa_at; /* how far into the list the zone's SOA was asked */
	unsigned soa_tries;
	struct dnswire_name target_zone; /* the zone that holds the target, and addresses of its servers */
	struct dnswire_name target_servers[DNS_TARGET_SERVERS];
	size_t n_target_servers;
	bool knows_target_servers;
	uint32_t target_life; /* seconds for which what the resolver said of that zone holds */
	struct dns_address target_where[4];
	size_t n_target, ttl_tries;
	bool knows_target_zone, knows_ttls, ttl_asking;
	uint32_t ttl_key_told;
	unsigned hops; /* of the chase */
	bool climbed;  /* the zone given lies in another zone, whose servers are asked */
	bool knows_zone_soa, knows_target_soa;
	enum dnssec dnssec_record, dnssec_key;
	int64_t began;            /* boot clock */
	struct witness recursive; /* the resolver's word on the record, beside the servers' */
	bool has_recursive;
	struct evidence e;
	char key_detail[160], bogus_detail[160];
};

/* dns_room.c: everything that looks need, on one loop. `over` is called from a timer when a look is over: it has left the
 * room, and h->e holds what was seen. */
typedef void dns_over(void *arg, struct dns_look *h);
struct dns_room {
	struct loop *loop;
	struct dns_resolver *resolver;
	struct dns_direct *direct;
	struct dns_book *book; /* dns_book.h */
	bool authoritative;
	uint16_t port;
	int64_t timeout;
	struct timer *pump;
	struct dns_asks answered;
	struct dns_looks looks[3]; /* by enum dns_look_state */
	dns_over *over;
	void *arg;
};
struct dns_room *dns_room_new(
        struct loop *l, const struct dns_options *o, dns_over *over, void *arg, const char **ret_error);
void dns_room_free(struct dns_room *r); /* NULL is fine; its looks were dropped before */
const char *dns_room_warning(const struct dns_room *r);
void dns_room_take(struct dns_room *r, struct dns_look *h); /* it waits for its turn there */
void dns_room_drop(struct dns_look *h);                     /* takes it out; the look stays the caller's */
struct dns_look *dns_room_any(const struct dns_room *r);    /* one that is there, or NULL */

/* The asked parts call this once an ask has its outcome. */
void dns_answered(struct dns_ask *a);
void dns_ask_free(struct dns_ask *a);

/* dns_forwarder.c: "address", "address:port", "address@port", "[v6]:port" as libunbound wants it,
 * "address@port"; NULL when it is none of them. free() it. */
char *dns_forwarder_read(const char *text);

/* dns_resolver.c: libunbound. */
struct dns_resolver;
struct dns_resolver *dns_resolver_new(struct loop *l, const struct dns_options *o, const char **ret_error);
void dns_resolver_free(struct dns_resolver *r);
const char *dns_resolver_warning(const struct dns_resolver *r);
void dns_resolver_ask(struct dns_resolver *r, struct dns_ask *a);
void dns_resolver_drop(struct dns_resolver *r, struct dns_ask *a);

/* dns_direct.c: our own questions to one address, over UDP and TCP */
struct dns_direct *dns_direct_new(struct loop *l);
void dns_direct_free(struct dns_direct *c);
void dns_direct_ask(struct dns_direct *c, struct dns_ask *a);
void dns_direct_drop(struct dns_direct *c, struct dns_ask *a);
void dns_direct_rest(struct dns_direct *c); /* no look is under way: keeps nothing open */

/* Moves a look to the end of another list of its room. */
void dns_look_move(struct dns_look *h, enum dns_look_state to);

/* dns_look.c */
/* Begins; the look may be over at once, when its names are none. */
void dns_look_begin(struct dns_look *h);
void dns_look_free(struct look *k); /* NULL is fine */
void dns_look_take(
        struct look *k, struct dns_ask *a); /* an answer; the ask stays the caller's. May end the look */
void dns_look_end(struct look *k);          /* drops what is open and concludes from what there is */
void dns_look_drop(struct look *k);         /* drops what is open */

void dns_look_ask(
        struct look *k, enum ask kind, unsigned server, const struct dnswire_name *name, uint16_t type);
void dns_look_ask_at(struct look *k, enum ask kind, unsigned index, const struct dns_address *where,
        const struct dnswire_name *name, uint16_t type);
/* ms since the look began. */
uint32_t dns_look_took(const struct look *k);
void dns_look_say_bogus(struct look *k, const struct dns_ask *a, const char *what);

/* dns_servers.c and dns_target.c: an answer of each kind */
void dns_take_servers(struct look *k, const struct dns_ask *a);
void dns_take_address(struct look *k, const struct dns_ask *a);
void dns_take_record(struct look *k, const struct dns_ask *a);
void dns_take_key(struct look *k, const struct dns_ask *a);
void dns_take_target_soa(struct look *k, const struct dns_ask *a);
void dns_take_target_servers(struct look *k, const struct dns_ask *a);
void dns_take_target_address(struct look *k, const struct dns_ask *a);
void dns_take_target_soa_ttl(struct look *k, const struct dns_ask *a);
void dns_take_key_ttl(struct look *k, const struct dns_ask *a);
void dns_take_served(struct look *k, const struct dns_ask *a);
void dns_take_chase(struct look *k, const struct dns_ask *a);
/* The look is over: what it knows of the target's zone goes into the book. */
void dns_note_target(struct look *k);

/* The NS set of the zone asked for, the addresses of the name asked for; both return how many. */
size_t dns_read_servers(const struct dns_ask *a, struct dnswire_name *ret, size_t cap);
size_t dns_read_addresses(const struct dns_ask *a, struct dns_address *ret, size_t cap);
/* For how long, in seconds, what the resolver says of a name server may be kept; 0 = nothing that could be. A denial
 * may be for as long as one likes to be wrong. */
uint32_t dns_read_life(const struct dns_ask *a);
/* Addresses that were just asked for, put into the book; returns how many, as dns_read_addresses() does. */
size_t dns_note_addresses(struct look *k, const struct dns_ask *a, struct dns_address *ret);

/* dns_read.c: what one answer says. A bool is false, and its outputs untouched, when the answer says nothing
 * of it. */
struct witness dns_read_record(const struct dns_ask *a); /* server stays 0 */
enum seen dns_read_recursive(const struct dns_ask *a, const char *target, struct witness *ret);
bool dns_read_soa(const struct dns_ask *a, uint32_t *ret_ttl); /* of an SOA at the very name asked */
/* The zone that denies what was asked, and for how long that may be remembered. */
bool dns_read_denial(const struct dns_ask *a, struct dnswire_name *ret_zone, uint32_t *ret_ttl);
bool dns_read_nxdomain(const struct dns_ask *a);
bool dns_read_key_ttl(const struct dns_ask *a, uint32_t *ret); /* the longest on the way to a TXT record */
bool dns_read_txt_stands(const struct dns_ask *a);             /* at the very name asked */
/* The key behind a name: the verdict, a detail for people unless it is SEEN_OK, and into *e what evidence
 * holds of a key (has_digest, digest, key_bits, test_mode, ttl_key). */
enum seen dns_read_key(const struct dns_ask *a, const char *name, struct evidence *e, char *detail, size_t n);

#endif
