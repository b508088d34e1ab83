/* What the two files of acting share: act.c for changes of a selector and for whatever holds for all, act_record.c for records
 * in a zone. */
#ifndef DKIMROTD_ENGINE_ACT_H
#define DKIMROTD_ENGINE_ACT_H

#include "engine/job.h"

/* act.c */
extern const struct gate_verdict act_left_inventory; /* the domain has, so nothing may leave */
/* The gate said no (j->denial): nothing was sent, and the domain waits with the gate's reason. */
void act_denied(struct job *j);
/* How long a domain waits after it got nowhere, ms: `first`, longer each time that the reason is the same. */
int64_t act_spacing(const struct job *j, int64_t first);
/* Makes the intents of the decision and of j->records durable; then the change leaves. */
void act_put_intent(struct job *j);
/* The outcome is as durable as it gets: decides what comes next. */
void act_outcome_committed(struct job *j, bool durable);

/* act_record.c */
void act_publish(struct job *j);   /* the decision is to write a record */
void act_join_zone(struct job *j); /* its intents are durable: hands the records over to the zone's writer */

#endif
