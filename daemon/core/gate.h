/* The one door for every call that changes something, asked at the moment the request leaves (safety rule 15). It knows
 * the safety rules and nothing else: it reads the fresh observation, the record's instants and the time, and says yes, or
 * no with the rule and the reason. It does not trust plan(). One shape for selectors, one for DNS records. Pure. */
#ifndef DKIMROTD_CORE_GATE_H
#define DKIMROTD_CORE_GATE_H

#include "core/desired.h"
#include "core/model.h"
#include "core/plan.h"
#include "core/rr.h"

#define GATE_FRESH_MS 30000 /* the reading behind a change is at most this old */

struct gate_verdict {
	bool allow;
	int rule;         /* the safety rule that refuses, 0 when allowed */
	const char *why;  /* static sentence; "" when allowed */
	int64_t earliest; /* when it may be asked again with hope, 0 = unknown */
};

/* A change of a selector: CREATE, ENABLE, DISABLE, DELETE. selector "" is MX Plan's and Zimbra's switch (ENABLE,
 * DISABLE). The record holds the intent of this very change already. */
struct gate_verdict gate_selector(enum action_kind action, const char *selector, const struct desired *d,
        const struct observed *o, const struct record *r, const struct standing *st,
        const struct rules *rules);

/* A change of a DNS record, as a writer (platform/writer.h) is about to make it. */
struct gate_record_change {
	const char *selector;
	const struct rr *rr; /* the record as it is to be, or the one that is to go */
	const char *zone;
	const char *old; /* the data that it replaces or removes, "" = nothing stands there */
	bool refreshes;  /* no record is touched: what is there is published */
	bool removes;    /* a duplicate that is exactly right stays once */
	bool guarded;    /* the server makes sure in the same step that `old` is all that stands there */
};
struct gate_verdict gate_record(const struct gate_record_change *c, const struct desired *d,
        const struct observed *o, const struct record *r, const struct standing *st,
        const struct rules *rules);

#endif
