/* What the files of plan() share; nobody else includes it. A step looks at the view and either claims the domain
 * (true: the decision stands) or leaves it to the next step of the ladder. */
#ifndef DKIMROTD_CORE_PLANNING_H
#define DKIMROTD_CORE_PLANNING_H

#include "core/plan.h"

struct view {
	const struct desired *d;
	const struct observed *o; /* may be NULL */
	const struct record *r;
	const struct standing *st;
	const struct rules *rules;
	int64_t now;
	bool has_selectors;                    /* exchange, emailpro, external */
	bool fresh;                            /* every selector was read in this pass */
	const struct rec_selector *signer;     /* the newest that signs */
	const struct rec_selector *primary[2]; /* the first two of dkimSelector by name */
	unsigned primaries, named, signers;
	bool may_sign; /* some selector is being switched */
	int64_t retry; /* a look ended in trouble: how soon to look again, 0 = it did not */
	const struct rec_selector
	        *grieved; /* a selector in use whose record or key is gone: outranks whatever else is said */
	enum reason grief;
};

typedef bool step(struct view *v, struct decision *dec);
struct rung {
	const char *name; /* so that the ladder can be read aloud */
	step *step;
};
bool ladder_climb(const struct rung *ladder, struct view *v, struct decision *dec);

extern const struct rung selectors_ladder[], domain_ladder[];

/* A verdict without an action: why, with particulars (NULL = none). */
bool verdict(struct decision *dec, enum reason why, const char *detail);
/* One change to send, for this selector (NULL: the whole domain). */
bool propose(struct decision *dec, enum action_kind action, const struct rec_selector *s, enum reason why);
/* A wait for an instant, after which `next` happens. */
bool await(struct decision *dec, enum reason why, enum action_kind next, int64_t at);

/* Has it lasted for longer than that (safety rule 13)? Where it has not yet, the next look is when it will have. since 0:
 * it has not begun. */
bool outlasts(const struct view *v, struct decision *dec, int64_t since, int64_t span);
/* Is this selector's record or key not as it should be? Claims the domain with what is to be done about it. */
bool mend_record(struct view *v, const struct rec_selector *s, struct decision *dec);
/* What our look-up of this pass (else the last one) said. */
const struct evidence *view_evidence(const struct view *v, const struct rec_selector *s);
const struct seen_selector *view_seen(const struct view *v, const struct rec_selector *s);
/* A task or transition that bars changes to `s` (NULL: to any selector); safety rule 6. */
const struct rec_selector *pending_for(const struct view *v, const struct rec_selector *s);
bool step_in_flight(struct view *v, struct decision *dec);
/* plan_external.c: the records of revoked keys, which are rewritten and at last removed; and the words of reasons that speak
 * of OVHcloud where there is none. */
bool step_remains(struct view *v, struct decision *dec);
void external_words(struct decision *dec);

#endif
