/* What the two files of the diagnosis share; nobody else sees it. Codes are OVHcloud's 501 to 504, 0 = nothing is wrong. */
#ifndef DKIMROTD_CORE_DIAGNOSING_H
#define DKIMROTD_CORE_DIAGNOSING_H

#include "base/util.h"
#include "core/diagnose.h"

#define TEXT(dst, ...) str_format((dst), sizeof(dst), __VA_ARGS__)

/* diagnose.c: what our own looks say */
const char *fault_text(int code); /* OVHcloud's own words for its codes */
int fault_ours(const struct record *r, const struct rec_selector **ret_selector);
bool fault_concerns(const struct rec_selector *s); /* its record is wanted in the zone */
/* The selector that is gone where one is left, or NULL. Renewed: one of them is being made anew. */
const struct rec_selector *fault_lacking(const struct record *r, bool *ret_renewed);
/* What a support ticket needs, of one selector or (NULL) of the domain. */
void fault_ticket(
        const struct desired *d, const struct record *r, const struct rec_selector *s, char *dst, size_t n);

/* diagnose_theirs.c */
int fault_theirs(const struct record *r);
bool theirs_differ_long(const struct record *r, int64_t now);
/* Nothing of ours is wrong, and OVHcloud says that something is. */
void theirs_say(const struct desired *d, const struct record *r, int64_t now, struct finding *f);
void theirs_add(const struct record *r, int64_t now, struct finding *f); /* beside what is ours */

#endif
