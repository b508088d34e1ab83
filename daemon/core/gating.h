/* What the files of the gate share; nobody else includes it. */
#ifndef DKIMROTD_CORE_GATING_H
#define DKIMROTD_CORE_GATING_H

#include "core/gate.h"

struct door {
	enum action_kind action;
	const struct desired *d;
	const struct observed *o;
	const struct record *r;
	const struct standing *st;
	const struct rules *rules;
	const struct seen_selector *seen; /* the selector to be changed, NULL for the whole domain */
	const struct rec_selector *rec;
	const struct seen_selector *other; /* the newest other one read as inProduction */
	const struct rec_selector *other_rec;
	int64_t earliest;
};

/* A check returns NULL when it is content, else why it refuses. */
typedef const char *check(struct door *g);

struct row {
	int rule;
	check *check;
};

/* gate_common.c: what more than one change is asked. */
check no_other_intent, no_task_pends;
check time_is_sure, breaker_is_closed, window_is_open, daily_cap_has_room, rotating_cap_has_room;
check selector_is_ours;
bool somebody_signs(const struct door *g);
/* Does the mode allow it, is the reading fresh, is the domain in order? */
extern const struct row gate_every_change[];
/* The first check that refuses, else the change is allowed. */
struct gate_verdict gate_walk(const struct row *row, struct door *g);
/* Puts the selector to be changed, and the newest other one that signs, into the door. */
void gate_find_selectors(struct door *g, const char *selector);

#endif
