/* What the parts of the program ovhsim share: the world, its clock, the switches of the shell itself, and the
 * accounts. The world decides what OVHcloud does; the shell only speaks HTTP and DNS for it, checks who asks,
 * and counts. Nothing here is shared with the daemon. */
#ifndef OVHSIM_SIM_H
#define OVHSIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "knobs.h"
#include "simclock.h"
#include "world/world.h"

struct auth;
struct event_base;
struct meter;

struct sim {
	struct event_base *base;
	struct world *world;
	struct simclock clock;
	struct knobs knobs;
	struct auth *auth;
	struct meter *meter;
	FILE *log;       /* NULL: no log */
	uint64_t random; /* state of sim_random */
};

int64_t sim_now(struct sim *s);     /* ms since 1970, never runs backwards */
uint64_t sim_random(struct sim *s); /* from the seed */
bool sim_chance(struct sim *s, int64_t millionths);
/* An X-OVH-QUERYID as the shell's own answers carry it. */
void sim_query_id(struct sim *s, char dst[80]);
/* Sets a switch of the shell or of the world. 0, or -EINVAL. */
int sim_set(struct sim *s, const char *name, const char *value);

/* One HTTP request as it came in. All borrowed for the length of the call; absent headers are NULL. */
struct incoming {
	bool tls;
	const char *method;
	const char *uri;  /* exactly as sent */
	const char *path; /* the same from the first slash behind the authority, query included */
	const char *host, *content_type, *authorization;
	const char *application, *consumer, *timestamp, *signature; /* X-Ovh-* */
	const char *page_size, *page_cursor;                        /* X-Pagination-* */
	const char *body;                                           /* terminated; "" when there is none */
	size_t body_len;
};

/* Makes an answer of text that the answer then owns. content_type is borrowed. */
void reply_text(struct world_answer *a, int status, const char *content_type, char *owned_body);
#define REPLY_JSON "application/json; charset=utf-8"

/* An error as one of OVHcloud's two generations of bodies (switch errors). details: NULL or a JSON object. */
struct refusal {
	int status;
	const char *class, *code, *message; /* code: the old errorCode, NULL = none */
};
void reply_refusal(struct sim *s, struct world_answer *a, const struct refusal *r, const char *details);

/* Does the path (query ignored) equal `want`? */
bool path_is(const char *path, const char *want);
/* The path behind /1.0 or /v1, as rules and the shell's own routes name it; /v2 stays. */
const char *path_route(const char *path);

#endif
