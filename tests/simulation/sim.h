/* The deterministic simulation: the engine linked with a virtual clock (sim_loop.c), the simulated OVHcloud called in
 * process (sim_http.c), its DNS (sim_dns.c) and a store in memory, instead of the real ones. One seed, one run. */
#ifndef DKIMROTD_SIM_H
#define DKIMROTD_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "../ovhsim/world/world.h"

struct loop;

enum sim_fate {
	SIM_SEND,
	SIM_LOSE_REQUEST, /* it never arrives, and nobody answers */
	SIM_LOSE_ANSWER,  /* it is applied, and nobody answers */
	SIM_HALT_BEFORE,  /* the clock stands still at the moment of leaving; it never arrives */
	SIM_HALT_AFTER,   /* the clock stands still when it was applied and before it is answered */
};

struct sim {
	struct world *world;
	uint64_t rng;
	int64_t now;         /* true time: OVHcloud's clock, ms since 1970 */
	int64_t boot_at;     /* true time at which this host booted */
	int64_t host_offset; /* host's wall clock minus true time */
	unsigned long http_calls, dns_looks, dns_lies;
	unsigned long updates, updates_bad; /* dynamic updates applied; those that must never be asked for */
	double lie,
	        lost; /* chance that a look-up answers unknown; that an answer to a request is lost on the way */
	double forge;        /* chance that a look-up says something that is not so, in one of a dozen ways */
	void (*after)(void); /* after every event: the rules are checked */
	/* What becomes of a request; NULL = all of them are SIM_SEND. */
	enum sim_fate (*leaving)(const char *method, const char *path);
	bool halt; /* sim_run returns after the present event */
};
extern struct sim sim;

/* The key that the simulated primary (sim_update.c) shares with the daemon. */
#define SIM_KEY    "sim"
#define SIM_SECRET "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

uint64_t sim_random(void); /* 64 bits */
bool sim_chance(double p);
int64_t sim_between(int64_t a, int64_t b);

/* Runs events until true time `until`. */
void sim_run(struct loop *l, int64_t until);
/* Calls cb(arg) at now + delay, as an event of the world outside; dropped when the loop is freed. */
void sim_later(struct loop *l, int64_t delay, void (*cb)(void *arg), void *arg, void (*drop)(void *arg));

/* When every story begins, and the credentials of the account "default". */
#define SIM_EPOCH (INT64_C(1790000000) * 1000)
struct credentials *sim_credentials(void);

#endif
