/* Fair weather: how OVHcloud and the DNS take our changes when all goes well. A task is done after its usual time, a
 * record that was written is served, OVHcloud's check finds it, a person does nothing. The forecast runs plan() and gate()
 * against this model over virtual time; nothing else may believe it. Pure. Its selectors are those of the domain's record,
 * in the same order; instants are ms on the API's clock, 0 = never. */
#ifndef DKIMROTD_CORE_FAIR_H
#define DKIMROTD_CORE_FAIR_H

#include "core/desired.h"
#include "core/model.h"

/* What is usual, as OVHcloud's guide and its control panel lead one to expect. ms, the TTL in seconds. */
struct fair_pace {
	int64_t task;    /* from a request to the end of its task */
	int64_t check;   /* from a record that is served to OVHcloud's check that finds it */
	int64_t publish; /* from a refresh to every server of the zone */
	int64_t take;    /* from a signer's new map to the stamp that says that it took it */
	uint32_t ttl;    /* of a record that was never looked at */
};
extern const struct fair_pace fair_usual;

struct fair_selector {
	enum selector_state state;
	int64_t ends;    /* its task */
	int64_t served;  /* when its record will be right at every server, 0 = no change is under way */
	int64_t checked; /* when OVHcloud's check will find it */
	enum seen dns;   /* the record's half of what a look-up says */
	enum seen key;   /* the key's half */
	enum tri valid;  /* cnameIsValid */
	unsigned keys;   /* made in this forecast: OVHcloud has not named the target yet */
};

struct fair {
	const struct fair_pace *pace;
	enum service_state service;
	enum signing_status status; /* MX Plan and Zimbra */
	int64_t ends;               /* their task */
	bool wanted;       /* they were switched on, and go on by themselves once their records are found */
	unsigned n, known; /* known: those that the record had; OVHcloud names the others later */
	struct fair_selector sel[SELECTORS_MAX];
};

/* As the record has it; what is under way there ends well. */
void fair_begin(struct fair *f, const struct desired *d, const struct record *r, const struct fair_pace *pace,
        int64_t now);
/* When something changes next by itself, 0 = never. */
int64_t fair_next(const struct fair *f);
/* Time passes: what was to end by `now` has ended. */
void fair_pass(struct fair *f, const struct desired *d, int64_t now);
/* A full look at it at `now`, complete, with our own look-ups in it. */
void fair_see(const struct fair *f, const struct desired *d, const struct record *r, int64_t now,
        struct observed *ret);
/* A change is accepted. PUBLISH: its record was written and the zone refreshed. */
void fair_do(
        struct fair *f, const struct record *r, enum action_kind action, const char *selector, int64_t now);

#endif
