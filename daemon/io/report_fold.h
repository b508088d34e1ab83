/* Repeats of one trouble: the first is told at once, those of the next hour are counted, and the latest of them is told
 * with the count when the hour is over. A bounded table; pure, the caller brings the time. */
#ifndef DKIMROTD_IO_REPORT_FOLD_H
#define DKIMROTD_IO_REPORT_FOLD_H

#include <stdbool.h>
#include <stdint.h>

#include "io/report.h"

#define FOLD_MAX 2048 /* troubles remembered at once; beyond that the oldest is told and forgotten */

struct fold;

/* tell(arg, ...) is called for what was held back and is due now, with the number of times it is for. */
typedef void fold_tell(
        void *arg, enum event e, const struct fields *f, const char *message, unsigned repeats);

struct fold *fold_new(fold_tell *tell, void *arg);
void fold_free(struct fold *t); /* what is held back is not told */

/* True when this event is to be told now; false when it was counted. What makes a repeat is the event, domain, account, platform,
 * selector, action, reason and place in a file; the message may differ. now_ms: any clock that runs on. */
bool fold_see(struct fold *t, int64_t now_ms, enum event e, const struct fields *f, const char *message);
/* Tells what has been held back for an hour (or everything). */
void fold_flush(struct fold *t, int64_t now_ms, bool everything);

#endif
