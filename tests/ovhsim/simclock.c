/* OVHcloud's time, made from the host's boot clock. It must never be asked for the host's own wall time. */
#include "simclock.h"

#include <time.h>

static int64_t read_clock(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void simclock_start(struct simclock *c, int64_t start_ms, double speed)
{
	c->start = start_ms ? start_ms : read_clock(CLOCK_REALTIME);
	c->mono_start = read_clock(CLOCK_BOOTTIME);
	c->moved = 0;
	c->speed = speed;
}

int64_t simclock_now(const struct simclock *c)
{
	double gone = (double)(read_clock(CLOCK_BOOTTIME) - c->mono_start);

	return c->start + c->moved + (int64_t)(gone * c->speed);
}

void simclock_advance(struct simclock *c, int64_t ms)
{
	if (ms > 0)
		c->moved += ms;
}

int64_t simclock_host_span(const struct simclock *c, int64_t ms)
{
	return (int64_t)((double)ms / c->speed);
}
