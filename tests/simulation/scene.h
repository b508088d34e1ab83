/* A scene of the simulation: some domains, the real engine over the virtual clock, the simulated OVHcloud without faults.
 * Shared by the tests that live through a year or two of it. */
#ifndef DKIMROTD_SCENE_H
#define DKIMROTD_SCENE_H

#include "engine/engine.h"
#include "simulation/sim.h"

/* A case: its policy, what else the configuration says, its domains ("name platform state selectors, keys"; external ones
 * are signed by an OpenDKIM that takes its map at once), how old its world is when the forecast is made, and whether the
 * daemon is paused for an hour meanwhile. */
struct scene {
	const char *name, *policy, *top;
	const char *domains[24];
	const char *set[6][2];
	int64_t age;
	bool paused;
	size_t least; /* changes, so that nothing is compared with nothing */
};

struct stage {
	struct config *config;
	struct loop *loop;
	struct http *http;
	struct dns *dns;
	struct store *store;
	struct keystore *keys;
	struct engine *engine;
};
extern struct stage scene;

/* The world is made, the daemon starts, and the scene's age passes. */
void scene_begin(const struct scene *s);
void scene_end(void);
/* The test itself is at fault: says so, and ends the program. */
void scene_trouble(const char *what) __attribute__((noreturn));

/* Nobody hears what the daemon reports. */
void scene_hush(void);
/* A line of TAP for each; at the end the plan, and what main() returns. */
void scene_is(const char *what, size_t got, size_t wanted);
int scene_verdict(void);

#endif
