/* The simulator's clock: OVHcloud's time. It runs `speed` times as fast as the host's boot clock, can be
 * moved forward, never goes back, and does not notice when somebody sets the host's wall clock. */
#ifndef OVHSIM_SIMCLOCK_H
#define OVHSIM_SIMCLOCK_H

#include <stdint.h>

struct simclock {
	int64_t start;      /* instant shown at mono_start, ms since 1970 */
	int64_t mono_start; /* host, ms */
	int64_t moved;      /* sum of all simclock_advance */
	double speed;       /* > 0 */
};

void simclock_start(
        struct simclock *c, int64_t start_ms, double speed); /* start_ms 0 = the host's wall clock */
int64_t simclock_now(const struct simclock *c);
void simclock_advance(struct simclock *c, int64_t ms); /* ms >= 0 */
/* How long a span of simulated time takes on the host, ms. */
int64_t simclock_host_span(const struct simclock *c, int64_t ms);

#endif
