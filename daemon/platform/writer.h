/* Who writes DNS records: one driver a way (`dns: ovh`, `dns: rfc2136`) behind one interface. A writer does no I/O: it
 * says which request comes next and is handed the answer. It looks before it writes, touches no record but the wanted
 * ones at their own names, reads back what it wrote, and never asks itself whether a write is allowed: whoever sends the
 * request asks the gate at the moment it leaves, and its intent is durable before. Whatever failed, the next job looks
 * again before it writes.
 * To add a writer: implement the three functions of struct writer from their prose, and add a row in writer.c. */
#ifndef DKIMROTD_PLATFORM_WRITER_H
#define DKIMROTD_PLATFORM_WRITER_H

#include "codec/dnsupdate.h"
#include "core/rr.h"
#include "platform/platform.h"

enum write_verdict {
	WRITE_BUSY, /* its turn has not come, or is not over */
	WRITE_MADE, /* right in the zone as it was read back; not published yet (only before the job's end) */
	WRITE_DONE, /* right in the zone, and published */
	WRITE_FOREIGN, /* something else stands at exactly this name: a person must look */
	WRITE_TROUBLE, /* see trouble and text; it is tried again later */
	WRITE_DENIED,  /* the gate refused the write */
};

#define WRITE_ITEMS 8 /* records of one job */
#define WRITE_FOUND 8 /* records at one name; more is nobody's key */

struct write_item {
	struct rr rr;
	enum write_verdict verdict;
	enum trouble trouble;
	char text[200], query_id[80]; /* what is wrong, for people */
	bool changed;                 /* something was written for it, and the server said so */
	bool open;                    /* a write left whose answer never came: only looking can tell */
};

enum write_via { VIA_API, VIA_DNS };
struct write_request {
	enum write_via via;
	bool changes;           /* it needs the gate and a durable intent */
	struct api_request api; /* VIA_API */
	struct dns_request dns; /* VIA_DNS; borrows from the job */
};
struct write_answer { /* one of the two, by the request's way; borrowed for the call */
	const struct api_answer *api;
	struct dns_answer {
		const struct dns_reply *reply; /* NULL: nothing came back, see error */
		bool not_sent;                 /* certain that nothing left */
		const char *error;             /* for people; "" = none */
	} dns;
};

struct writer;

/* Some records of one zone, and one publication (OVHcloud's refresh) for them all. Two jobs in one zone must not
 * overlap: the caller keeps them apart, and adds to the one that runs. */
struct write_job {
	const struct writer *writer;
	char zone[HOST_NAME];
	uint32_t ttl; /* of records that name none; 0 = the zone's */
	unsigned n;
	struct write_item items[WRITE_ITEMS];
	bool over;       /* every item has its last verdict */
	bool publishing; /* what is made is being published: nothing can be added any more */
	/* About the request that write_next gave last, for the gate: */
	unsigned at;    /* the item that it is for; a publication is for all that are made */
	bool removes;   /* it removes a duplicate that we made, and an equal one stays; not for rr.absent */
	bool refreshes; /* it changes no record: what stands there is published */
	bool guarded; /* the server itself makes sure, in the same step, that `old` is all that stands there */
	char old[RR_DATA]; /* the data that it replaces or removes; "" = nothing stands there */
	enum rr_type old_type;
	/* the driver's own cursor, anew for each item */
	bool begun;
	unsigned step, look, tries, empty, found_n;
	int64_t created; /* ovh: id that the POST was answered with, -1 = answered without one */
	bool updated;
	bool as_txt; /* ovh: the pseudo-type refused the text */
	struct write_found {
		int64_t id, ttl;
		char type[16];
		bool known; /* of a type that we write: */
		enum rr_type rr_type;
		char data
		        [RR_DATA]; /* CNAME: as a whole name, lower case, no dot; texts unquoted; never "" when known */
	} found[WRITE_FOUND];
	struct dns_set seen; /* rfc2136: what stands there as far as we know; the next request's condition */
	const struct dns_data *drop;
	struct rr add;
};

struct writer {
	enum dns_mode kind;
	/* The next request for items[at] in *ret. Asked twice without an answer in between it gives the same. False when
	 * the item has its verdict: WRITE_MADE, or an end. */
	bool (*next)(struct write_job *w, struct write_request *ret);
	void (*feed)(struct write_job *w, const struct write_answer *a);
	/* The request that publishes all that is made, or NULL where writing is publishing. */
	void (*publish)(struct write_job *w, struct write_request *ret);
};

/* Begins a job without items. -ENOTSUP: nobody of ours writes there (`manual`, `platform`); -EINVAL: the zone is none. */
int write_begin(struct write_job *w, enum dns_mode dns, const char *zone, uint32_t ttl);
/* Adds a record; returns its place, or -EINVAL (rr_fault), -ENOSPC (full), -EBUSY (publishing or over: begin another job). */
int write_add(struct write_job *w, const struct rr *rr);
/* The next request in *ret (true; ask the gate when it `changes`), or false: the job is over. */
bool write_next(struct write_job *w, struct write_request *ret);
void write_feed(struct write_job *w, const struct write_answer *a);
/* The gate refused the request that write_next gave last: its item ends without it; of a publication nothing is done. */
void write_deny(struct write_job *w, const char *why);
/* Nobody waits for the item any more: it ends where it stands, without another write. */
void write_drop(struct write_job *w, unsigned item);

#endif
