/* What zone.c and zone_answer.c share; nobody else sees it. */
#ifndef DKIMROTD_PLATFORM_ZONE_PARTS_H
#define DKIMROTD_PLATFORM_ZONE_PARTS_H

#include "platform/look.h"
#include "platform/writers.h"

enum zone_step { AT_LIST, AT_READ, AT_CREATE, AT_UPDATE, AT_REMOVE, AT_CHECK, AT_REFRESH };

/* --- zone.c --- */
const struct rr *zone_wanted(const struct write_job *w); /* the present item's record */
/* "creating a record in zone mydomain.ovh: what" */
void zone_describe(const struct write_job *w, enum zone_step step, const char *what, char *dst, size_t n);
/* The present item ends. */
void zone_trouble(struct write_job *w, enum trouble t, const char *what);
/* It is listed anew, or ends with `why` when that does not help any more. */
void zone_list_again(struct write_job *w, const char *why);
/* All that stands at the name has been read: what comes next, or the end. */
void zone_decide(struct write_job *w);
enum rr_type zone_type_to_create(const struct write_job *w);

/* --- zone_answer.c --- */
void zone_feed(struct write_job *w, const struct write_answer *answer);

#endif
