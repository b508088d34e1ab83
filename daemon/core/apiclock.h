/* Time is the API's (safety rule 9): the host's wall clock plus an offset measured with /auth/time. Pure: the samples and
 * both of the host's clocks are handed in. Nothing here stops a domain for ever; the worst is to wait for agreement. */
#ifndef DKIMROTD_CORE_APICLOCK_H
#define DKIMROTD_CORE_APICLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct apiclock {
	bool known;
	int64_t offset;   /* API minus host wall, ms: the one agreed on */
	int64_t sample;   /* likewise, as measured last: requests are signed with it */
	int64_t measured; /* boot clock of the last sample */
	unsigned agree;   /* samples in a row that agree, counted after a disagreement; 0 = no disagreement */
	int64_t wall, boot; /* of the last wake-up */
};

/* A sample: the API said `api`, received at these host clocks. Returns true when it disagrees with the one before by more
 * than a minute: from then on nothing that depends on time is done until three in a row agree, and until then the time
 * goes on as it went, so that one wrong answer writes no wrong instant into a record. */
bool apiclock_sample(struct apiclock *c, int64_t api, int64_t wall, int64_t boot);
/* Once per wake-up, before anything asks what time it is. True when wall and boot clocks moved apart by more than a minute
 * since the last one: measure again, and do nothing that depends on time before. The API's clock did not step with the
 * host's, so the time goes on with the boot clock meanwhile. */
bool apiclock_wakeup(struct apiclock *c, int64_t wall, int64_t boot);
/* A time or signature error: the sample is too old to be believed. */
void apiclock_doubt(struct apiclock *c, int64_t boot);
/* May what depends on time be done? Needs a sample younger than 2 h and no open disagreement. */
bool apiclock_sure(const struct apiclock *c, int64_t boot);
int64_t apiclock_now(const struct apiclock *c, int64_t wall);
/* What requests are signed with. */
int64_t apiclock_stamp(const struct apiclock *c, int64_t wall);
/* When the next sample is due, on the boot clock: hourly, and every half minute while it is not sure. */
int64_t apiclock_due(const struct apiclock *c);

#endif
