/* The fault of a domain in OVHcloud's own terms (501 to 504, MX Plan's states), with a remedy that a person on call can act on
 * at night: one or two sentences, with the exact record or the ids to paste. Pure: from what is wanted, what is recorded, and
 * the time. It decides nothing; plan() does. */
#ifndef DKIMROTD_CORE_DIAGNOSE_H
#define DKIMROTD_CORE_DIAGNOSE_H

#include <stddef.h>

#include "core/desired.h"
#include "core/model.h"

/* How long OVHcloud's own check of the DNS may take (its guide: up to 24 hours). */
#define CHECK_PATIENCE (24 * 3600 * INT64_C(1000))

struct finding {
	int code; /* 501 to 504, 0 = none of them fits */
	char message[480], remedy[700];
};

/* Fills *ret and returns true where there is something to say: the domain is blocked or in error, OVHcloud's own diagnosis
 * names a fault, or the two differ. Only one selector between a deletion and the creation that follows is no fault. */
bool diagnose(const struct desired *d, const struct record *r, int64_t now, struct finding *ret);

/* Compares OVHcloud's diagnosis with ours, after each look that read it. True once, when they have differed for longer than
 * OVHcloud's own check should take; then `text` says both. */
bool diagnose_compare(const struct desired *d, struct record *r, int64_t now, char *text, size_t n);

/* What a person can do about a reason, static text; NULL = nothing needs to be done. */
const char *reason_remedy(enum reason r);

#endif
