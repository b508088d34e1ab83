/* Options, runs and what is told of them. */
#include "simulation/seeds.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "simulation/sim.h"

unsigned long seeds_told[EVENT_COUNT];
static bool tracing;

static void hear(void *arg, enum event e, int priority, const struct fields *f, const char *message)
{
	(void)arg;
	seeds_told[e]++;
	if (!tracing || priority > 6)
		return;
	char when[TIME_TEXT];
	printf("%s %-20s %s: %s\n", time_text(when, sim.now), event_name(e),
	        f != NULL && f->domain != NULL ? f->domain : "-", message);
}

void seeds_set(const char *name, const char *value)
{
	if (world_set(sim.world, name, value) != 0) {
		fprintf(stderr, "no switch %s=%s\n", name, value);
		exit(2);
	}
}

void seeds_set_all(const char *const *names, size_t n, const char *value)
{
	for (size_t i = 0; i < n; i++)
		seeds_set(names[i], value);
}

/* --- runs ------------------------------------------------------------------------------------------------------------- */

static unsigned runs(const struct seeds *s, unsigned before, seeds_life *life)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < s->count; i++) {
		uint64_t seed = s->seed + i;

		memset(seeds_told, 0, sizeof(seeds_told));
		bool good = life(seed, s->domains, s->days, s->calm);
		printf("%s %u - seed %" PRIu64 "%s: replay with --seed %" PRIu64
		       " --domains %u --days %u%s\n",
		        good ? "ok" : "not ok", before + i + 1, seed, s->calm ? " (calm)" : "", seed,
		        s->domains, s->days, s->calm ? " --calm" : "");
		bad += !good;
	}
	return bad;
}

static bool read_options(int argc, char **argv, struct seeds *s)
{
	static const struct option options[] = {{"seed", 1, NULL, 's'}, {"seeds", 1, NULL, 'n'},
	        {"domains", 1, NULL, 'd'}, {"days", 1, NULL, 'y'}, {"calm", 0, NULL, 'c'},
	        {"trace", 0, NULL, 't'}, {NULL, 0, NULL, 0}};

	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (c == 's')
			s->seed = strtoull(optarg, NULL, 10);
		else if (c == 'n')
			s->count = (unsigned)atoi(optarg);
		else if (c == 'd')
			s->domains = (unsigned)atoi(optarg);
		else if (c == 'y')
			s->days = (unsigned)atoi(optarg);
		else if (c == 'c')
			s->calm = true;
		else if (c == 't')
			tracing = true;
		else
			return false;
	}
	return true;
}

int seeds_main(
        int argc, char **argv, seeds_life *life, struct seeds by_hand, const struct seeds *usual, size_t n)
{
	unsigned bad = 0, told = 0;

	if (argc > 1) {
		if (!read_options(argc, argv, &by_hand))
			return 2;
		usual = &by_hand;
		n = 1;
	}
	report_capture(hear, NULL);
	for (size_t i = 0; i < n; i++) {
		bad += runs(&usual[i], told, life);
		told += usual[i].count;
	}
	printf("1..%u\n", told);
	return bad != 0;
}
