/* One driver a platform, and one for OVHcloud's zones. A driver does no I/O: it says which request comes next and is
 * handed the answer; it turns JSON into observations and an action into a request. It never decides whether a change
 * is wise (plan) or allowed (gate), and what it does not understand it calls unknown (safety rule 4).
 * To add a platform: implement the five functions below from their prose, and add a row in platform.c. */
#ifndef DKIMROTD_PLATFORM_PLATFORM_H
#define DKIMROTD_PLATFORM_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/desired.h"
#include "core/model.h"

/* A request without host, signature or time. path starts with "/" and has neither "/1.0" nor "/v1" in front; a path
 * that starts with "/v2/" is the v2 API. Every segment is percent-encoded. */
struct api_request {
	const char *method; /* static */
	char path[1024];
	char body[1024];  /* "" = none */
	char cursor[128]; /* X-Pagination-Cursor, "" = none (v2) */
	bool changes;     /* it changes something: it needs the gate and a durable intent */
};

/* What came back, as io/http gave it; borrowed for the call. */
struct api_answer {
	bool answered; /* a whole HTTP answer; else nothing is known but not_sent */
	bool not_sent; /* certain that nothing left */
	int status;
	const char *body;
	size_t body_len;
	const char *content_type, *query_id, *cursor_next, *error;
	int64_t now; /* API's clock, when it came */
};

enum look_kind {
	LOOK_LIGHT,  /* the domain object alone (MX Plan and Zimbra: the same as full) */
	LOOK_FLIGHT, /* only the selectors of the unresolved intents and the task they name; never complete */
	LOOK_FULL,   /* domain object, list, every selector, tasks that pend; names when `names_due` */
};

struct driver;

/* What a selector's own path said; the driver's alone. */
enum own_path { OWN_UNASKED, OWN_READ, OWN_GONE, OWN_TROUBLE };

#define TOKEN_MAX     64 /* an id that the v2 API made */
#define PLATFORMS_MAX 32 /* Zimbra platforms of one account */

/* A look in progress. The caller zeroes it, sets the first five members, and asks platform_next until it returns
 * false; then `seen` is whole. Everything outside `seen` and after it is the driver's, except that a change of
 * Zimbra v2 reads the ids from the last pass. */
struct pass {
	const struct driver *platform;
	const struct desired *desired;
	const struct record
	        *record; /* names of last time; what to look at in a flight look; NULL = first contact */
	enum look_kind kind;
	bool names_due; /* what changes rarely too: dkimSelector, MX Plan's service (daily, at first contact).
	                              * Drivers ask it by themselves when the record has no name, or the list an unknown one */
	struct observed seen;
	/* the driver's own cursor */
	bool whole;     /* the look has ended, one way or the other */
	bool list_read; /* the list of existing selectors was read in this pass and is valid */
	bool names_ask; /* the list has a name that the record does not know */
	unsigned step, at;
	enum own_path own[SELECTORS_MAX];
	char asked[200]; /* "GET /email/..." of the last request, for trouble_text */
	char cursor[128];
	char token[TOKEN_MAX];  /* Zimbra v2: platform id */
	char token2[TOKEN_MAX]; /* Zimbra v2: domain id */
	enum trouble skipped;   /* Zimbra v2: the worst of platforms that could not be searched */
	unsigned pages, n_tokens;
	char tokens[PLATFORMS_MAX][TOKEN_MAX]; /* Zimbra v2: platforms to search */
};

enum outcome_kind {
	OUTCOME_ACCEPTED, /* 2xx: it was taken; reading will tell whether it was done */
	OUTCOME_REFUSED,  /* 400, 403, 404, 409 with a JSON error: it was certainly not done */
	OUTCOME_OPEN,     /* 408, 429, 5xx, HTML, silence: nobody knows (safety rule 7) */
	OUTCOME_NOT_SENT, /* nothing left this host */
};

struct outcome {
	enum outcome_kind kind;
	enum trouble trouble;
	int64_t task_id; /* that the answer named, 0 = none */
	int status;
	char text[200]; /* what OVHcloud said, cleaned */
	char query_id[80];
};

struct driver {
	enum platform kind; /* see desired.h */
	/* What the API can do there; plan() asks only these. */
	bool has_selectors; /* selectors are created, switched and deleted one by one */
	bool has_light;     /* a light look is cheaper than a full one */

	/* The next request of this look in *ret (true), or false: the look is whole, also when it ended in trouble.
	 * Asked twice without an answer in between it gives the same request. */
	bool (*next)(struct pass *p, struct api_request *ret);
	/* Takes the answer to the request that next gave last. */
	void (*feed)(struct pass *p, const struct api_answer *a);
	/* The request for an action on a selector (create sends autoEnableDKIM false, always; configureDkim as dns says).
	 * Returns 0, or -ENOTSUP where the platform's API has no such call. `record` gives what a look left there (Zimbra
	 * v2: ids are looked up anew in `seen`). */
	int (*change)(const struct desired *d, const struct pass *last, enum action_kind action,
	        const char *selector, struct api_request *ret);
	/* What the answer to a change means. */
	void (*outcome)(const struct api_answer *a, struct outcome *ret);
};

/* NULL for a domain that is none of OVHcloud's (PLATFORM_EXTERNAL). */
const struct driver *platform_for(const struct desired *d);

/* A look ends early when going on is pointless: the account, the clock, the service, or nobody answers. At its end
 * `seen` holds what was read. `complete` is set by a light or full look in which everything that was asked was read and
 * understood; a flight look never sets it, and too_many prevents it. `trouble` is the worst that happened. */
bool platform_next(struct pass *p, struct api_request *ret);
void platform_feed(struct pass *p, const struct api_answer *a);

/* --- records in an OVHcloud zone: /domain/zone/{zoneName}/record ---------------------------------------------- */

enum zone_verdict {
	ZONE_BUSY,    /* not finished: ask zone_next */
	ZONE_DONE,    /* the record is right in the zone and a refresh was accepted */
	ZONE_FOREIGN, /* something else stands at exactly this name: a person must look */
	ZONE_TROUBLE, /* see trouble and text; the change failed and is tried again later */
	ZONE_DENIED,  /* the gate refused the write */
};

#define ZONE_FOUND_MAX 8 /* records at one name; more is nobody's CNAME */

/* Makes one CNAME right: looks first, compares exactly (names fold case; what the ilike filter brings besides is left
 * alone), creates or updates, reads back, refreshes. It ends with a refresh also when nothing had to be changed: a job is
 * started because the DNS does not show the record. Whatever failed, the next job looks again before it writes. It removes
 * a CNAME only where an equal one stays (safety rule 14), or the one that this very job has just made beside something that
 * the list had not shown. Two jobs in one zone must not overlap: the caller keeps them apart. */
struct zone_job {
	char zone[HOST_NAME], name[HOST_NAME]; /* name: the whole customer record, inside the zone */
	char target[HOST_NAME];                /* without the dot; it is written with one */
	enum zone_verdict verdict;
	enum trouble trouble;
	char text[200], query_id[80];
	bool changed; /* a record was created, updated or removed by this job, and the API said so */
	/* What the request that zone_next gave last would change, for the gate. */
	char old_target
	        [HOST_NAME]; /* the CNAME that it replaces or removes; "" = it creates one, or only publishes */
	bool removes;        /* it deletes a duplicate of ours */
	bool refreshes;      /* it changes no record: it has the zone served as it stands */
	/* cursor */
	unsigned step, at, tries;
	unsigned empty;        /* lists without a record at the name */
	int64_t created; /* id that this job's POST was answered with, -1 = a POST was answered without one */
	bool updated;
	unsigned n;
	struct {
		int64_t id, ttl;
		char type[16];
		char target[HOST_NAME]; /* as a whole name, lower case, no dot; "" where it is no name */
	} found[ZONE_FOUND_MAX];
};
/* 0, or -EINVAL: the name is no <selector>._domainkey.<domain> inside the zone, or the target no host name (safety
 * rule 14); *z is untouched then. */
int zone_job_init(struct zone_job *z, const char *zone, const char *name, const char *target);
/* The next request in *ret (true; ask the gate when it `changes`), or false: see verdict. */
bool zone_next(struct zone_job *z, struct api_request *ret);
void zone_feed(struct zone_job *z, const struct api_answer *a);
/* The gate refused the request that zone_next gave last: the job ends without it. */
void zone_deny(struct zone_job *z, const char *why);

#endif
