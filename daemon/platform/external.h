/* `platform: external`: what the key store holds as an observation, what its keys want of the zone, and what the DNS says
 * of them. No I/O. For engine/external.c. */
#ifndef DKIMROTD_PLATFORM_EXTERNAL_H
#define DKIMROTD_PLATFORM_EXTERNAL_H

#include "core/rr.h"
#include "platform/platform.h"

extern const struct driver driver_external; /* it asks no API: next() gives nothing */

/* The holding as an observation. Selectors: the two keys of the rotation (those that sign first), names for those that are
 * still to be made, and up to REMAINS_MOST revoked keys whose records are not gone. taken: names that stand in the DNS with
 * something of nobody's; they are not given to a new key. DNS and READY come later. `held` must live as long as `p`. */
#define REMAINS_MOST 3
void external_see(struct pass *p, const struct holding *held, int64_t now, const char (*taken)[SELECTOR_NAME],
        unsigned n_taken);

/* The records that a selector wants, at most EXTERNAL_RECORDS; what is to go is marked absent. */
#define EXTERNAL_RECORDS HELD_PARTS
unsigned external_records(
        const struct desired *d, const struct seen_selector *s, struct rr ret[EXTERNAL_RECORDS]);

/* What is asked of the DNS about a selector: about each part its record (and, for `record: cname`, the customer's CNAME to
 * it, which a person writes). */
struct external_question {
	char record[HOST_NAME], target[HOST_NAME], zone[HOST_NAME];
	bool key_record; /* see struct dns_question */
};
#define EXTERNAL_QUESTIONS (2 * HELD_PARTS)
unsigned external_questions(const struct desired *d, const struct seen_selector *s,
        struct external_question ret[EXTERNAL_QUESTIONS]);
/* What the answers say together goes into s->dns. */
void external_answered(struct seen_selector *s, const struct external_question *q, const struct evidence *e,
        unsigned n, int64_t now);

/* When everything is looked up: which keys are ready. */
void external_conclude(struct observed *o, const struct record *r);

/* Names of new keys at which something stands already. */
bool external_name_is_taken(const struct seen_selector *s, const struct evidence *e);

#endif
