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
	const char *method;   /* static */
	char path[1024];
	char body[1024];      /* "" = none */
	char cursor[128];     /* X-Pagination-Cursor, "" = none (v2) */
	bool changes;         /* it changes something: it needs the gate and a durable intent */
};

/* What came back, as io/http gave it; borrowed for the call. */
struct api_answer {
	bool answered;        /* a whole HTTP answer; else nothing is known but not_sent */
	bool not_sent;        /* certain that nothing left */
	int status;
	const char *body;
	size_t body_len;
	const char *content_type, *query_id, *cursor_next, *error;
	int64_t now;          /* API's clock, when it came */
};

enum look_kind {
	LOOK_LIGHT,  /* the domain object alone (MX Plan and Zimbra: the same as full) */
	LOOK_FLIGHT, /* only the selectors of the unresolved intents and the task they name; never complete */
	LOOK_FULL,   /* domain object, list, every selector, tasks that pend; names when `names_due` */
};

struct driver;

/* A look in progress. The caller zeroes it, sets the first five members, and asks platform_next until it returns
 * false; then `seen` is whole. */
struct pass {
	const struct driver *platform;
	const struct desired *desired;
	const struct record *record; /* names and targets of last time; what to look at in a flight look */
	enum look_kind kind;
	bool names_due;              /* ask dkimSelector too (daily, at first contact, and when a name is unknown) */
	struct observed seen;
	/* the driver's own cursor */
	unsigned step, at;
	char token[HOST_NAME];       /* Zimbra v2: platform id */
	char token2[HOST_NAME];      /* Zimbra v2: domain id */
	char cursor[128];
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
	int64_t task_id;      /* that the answer named, 0 = none */
	int status;
	char text[200];       /* what OVHcloud said, cleaned */
	char query_id[80];
};

struct driver {
	enum platform kind; /* see desired.h */
	/* What the API can do there; plan() asks only these. */
	bool has_selectors;      /* selectors are created, switched and deleted one by one */
	bool has_light;          /* a light look is cheaper than a full one */

	/* The next request of this look in *ret (true), or false: the look is whole, also when it ended in trouble. */
	bool (*next)(struct pass *p, struct api_request *ret);
	/* Takes the answer to the request that next gave last. */
	void (*feed)(struct pass *p, const struct api_answer *a);
	/* The request for an action on a selector (create sends autoEnableDKIM false, always; configureDkim as dns says).
	 * Returns 0, or -ENOTSUP where the platform's API has no such call. `record` gives what a look left there (Zimbra
	 * v2: ids are looked up anew in `seen`). */
	int (*change)(const struct desired *d, const struct pass *last, enum action_kind action, const char *selector,
	        struct api_request *ret);
	/* What the answer to a change means. */
	void (*outcome)(const struct api_answer *a, struct outcome *ret);
};

const struct driver *platform_for(const struct desired *d);
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

/* Makes one CNAME right: looks first, compares exactly (names fold case; ilike answers are filtered), creates or updates,
 * reads back, refreshes. Never creates a duplicate: whatever failed, the next job looks again. Removes only a duplicate
 * that is exactly right twice. */
struct zone_job {
	char zone[HOST_NAME], name[HOST_NAME]; /* name: the whole customer record, inside the zone */
	char target[HOST_NAME];                /* without the dot; it is written with one */
	enum zone_verdict verdict;
	enum trouble trouble;
	char text[200], query_id[80];
	bool changed;          /* a record was created, updated or removed by this job */
	/* what the next changing request would replace, for the gate; "" = it creates one */
	char old_target[HOST_NAME];
	bool removes;          /* the next request deletes a duplicate of ours */
	/* cursor */
	unsigned step, at, tries;
	unsigned n;
	struct {
		int64_t id;
		char type[16];
		char target[HOST_NAME];
	} found[8];
};
/* 0, or -EINVAL: the name is not inside the zone or the target is no host name (safety rule 14). */
int zone_job_init(struct zone_job *z, const char *zone, const char *name, const char *target);
bool zone_next(struct zone_job *z, struct api_request *ret);
void zone_feed(struct zone_job *z, const struct api_answer *a);
/* The gate refused the request that zone_next gave last. */
void zone_deny(struct zone_job *z, const char *why);

#endif
