/* One driver a platform. A driver does no I/O: it says which request comes next and is
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
	char body[2048];  /* "" = none */
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

const struct driver *platform_for(const struct desired *d);

/* A look ends early when going on is pointless: the account, the clock, the service, or nobody answers. At its end
 * `seen` holds what was read. `complete` is set by a light or full look in which everything that was asked was read and
 * understood; a flight look never sets it, and too_many prevents it. `trouble` is the worst that happened. */
bool platform_next(struct pass *p, struct api_request *ret);
void platform_feed(struct pass *p, const struct api_answer *a);

#endif
