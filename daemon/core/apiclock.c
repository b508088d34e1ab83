/* The offset between the API's clock and ours, and when to believe it. */
#include "core/apiclock.h"

#define SECOND   INT64_C(1000)
#define MINUTE   (60 * SECOND)
#define HOUR     (60 * MINUTE)
#define JITTER   (2 * SECOND) /* /auth/time has whole seconds: a smaller difference is no news */
#define OLDEST   (2 * HOUR)
#define IN_A_ROW 3

static int64_t distance(int64_t a, int64_t b)
{
	return a > b ? a - b : b - a;
}

bool apiclock_sample(struct apiclock *c, int64_t api, int64_t wall, int64_t boot)
{
	int64_t offset = api - wall;
	bool jump = c->known && distance(offset, c->sample) > MINUTE;

	if (jump)
		c->agree = 1;
	else if (c->agree != 0 && ++c->agree >= IN_A_ROW)
		c->agree = 0;
	c->sample = offset;
	if (!c->known || (c->agree == 0 && distance(offset, c->offset) > JITTER))
		c->offset = offset;
	c->known = true;
	c->measured = boot;
	return jump;
}

bool apiclock_wakeup(struct apiclock *c, int64_t wall, int64_t boot)
{
	bool first = c->wall == 0 && c->boot == 0;
	int64_t step = (wall - c->wall) - (boot - c->boot);
	bool apart = !first && distance(step, 0) > MINUTE;

	c->wall = wall;
	c->boot = boot;
	if (apart && c->known) {
		c->offset -= step;
		apiclock_doubt(c, boot); /* the sample was taken on another wall clock */
	}
	return apart;
}

void apiclock_doubt(struct apiclock *c, int64_t boot)
{
	c->measured = boot - OLDEST;
}

bool apiclock_sure(const struct apiclock *c, int64_t boot)
{
	return c->known && c->agree == 0 && boot - c->measured < OLDEST;
}

int64_t apiclock_now(const struct apiclock *c, int64_t wall)
{
	return wall + c->offset;
}

int64_t apiclock_stamp(const struct apiclock *c, int64_t wall)
{
	return wall + c->sample;
}

int64_t apiclock_due(const struct apiclock *c)
{
	if (!c->known)
		return 0;
	return c->measured + (c->agree != 0 ? 30 * SECOND : HOUR);
}
