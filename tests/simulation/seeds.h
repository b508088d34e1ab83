/* A simulation by seeds: the same story told by many of them, in a hostile world or a calm one. Whatever fails prints the line
 * that replays it. Shared by those that live through years of it.
 *
 *   PROGRAM [--seed N] [--seeds COUNT] [--domains N] [--days N] [--calm] [--trace]
 */
#ifndef DKIMROTD_SEEDS_H
#define DKIMROTD_SEEDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/report.h"

struct seeds {
	uint64_t seed;
	unsigned count, domains, days;
	bool calm;
};

/* One seed's life: was all well? */
typedef bool seeds_life(uint64_t seed, unsigned domains, unsigned days, bool calm);

/* What main() returns. Without an argument `usual` is run, as the tests do; else by_hand, changed by the options. */
int seeds_main(
        int argc, char **argv, seeds_life *life, struct seeds by_hand, const struct seeds *usual, size_t n);

/* How often each event was told in this life; with --trace they are shown. */
extern unsigned long seeds_told[EVENT_COUNT];

/* A switch of the simulated OVHcloud; one that there is not ends the program. The second sets many. */
void seeds_set(const char *name, const char *value);
void seeds_set_all(const char *const *names, size_t n, const char *value);

#endif
