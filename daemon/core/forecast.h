/* The forecast: the daemon's own decisions over virtual time. One domain at a time is looked at, folded, planned, asked of
 * the gate and "changed" as the engine does it, on a copy of its record and against fair weather (core/fair.h). The domains
 * of an account share its caps, so the caller moves all of them on in the order of their instants. Pure: nothing leaves,
 * nothing is written; memory is the caller's. */
#ifndef DKIMROTD_CORE_FORECAST_H
#define DKIMROTD_CORE_FORECAST_H

#include "core/fair.h"
#include "core/fair_keys.h"
#include "core/plan.h"
#include "core/tally.h"

/* What the domains of an account share. The lists must have room for every domain of it and one more. */
struct forecast_account {
	struct rules rules;
	struct tally_entry *changes, *switching;
	size_t n_changes, n_switching;
	unsigned max_rotating, max_changed;
	bool breaker, observe, paused;
	int64_t paused_until; /* 0 = until somebody resumes */
};

/* One domain. The record comes last: where memory counts, a copy may end after its last selector. */
struct forecast_domain {
	const struct desired *d;
	int64_t id;    /* for the tallies */
	int64_t at;    /* its next look */
	bool over;     /* nothing more comes by itself; the record's reason says what it waits for */
	bool began;    /* it was looked at in this forecast */
	unsigned idle; /* looks in a row that showed nothing new */
	union {
		struct fair fair;
		struct fair_keys keys; /* platform: external */
	};
	struct record r;
};

/* A change that would leave. */
struct forecast_change {
	int64_t at;
	enum action_kind action;
	/* selector "": the domain's switch, or one that OVHcloud will name; target "": named when the key is made */
	const char *selector, *target;
	enum reason reason;
	enum seen
	        record; /* PUBLISH: what stands at the name: missing = created, right = refreshed, else updated */
	bool removes; /* PUBLISH: the record of a revoked key goes */
	bool shreds;  /* no action: the private key of `selector` is destroyed */
};
struct forecast_listener {
	void (*change)(void *arg, const struct forecast_domain *x, const struct forecast_change *c);
	void (*note)(void *arg, const struct forecast_domain *x, const struct note *n); /* at x->at */
	void *arg;
};

/* x->d, id, at and r are set; the rest follows from them and `now`. */
void forecast_begin(struct forecast_domain *x, int64_t now);
/* Is anything to be foretold of it at all? Not of one that was never looked at. */
bool forecast_possible(const struct forecast_domain *x);
/* The look at x->at with what would be sent then; afterwards x->at is the next one, or x is over. */
void forecast_look(
        struct forecast_domain *x, struct forecast_account *a, const struct forecast_listener *listener);

#endif
