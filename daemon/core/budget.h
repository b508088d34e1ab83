/* An account's request budget: no 60 s hold more than so many requests. Whole jobs reserve what they need before they
 * start, so that a reading is never stale for want of the next request. Five classes in order; routine looks get a tenth
 * at least. Pure; instants are on the boot clock, memory is the caller's. */
#ifndef DKIMROTD_CORE_BUDGET_H
#define DKIMROTD_CORE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/* A minute, and a second for the way: a request may be longer under way than one that leaves a minute after it, and OVHcloud
 * counts what arrives. */
#define BUDGET_WINDOW (61 * INT64_C(1000))

enum urgency {            /* in this order */
	URGENT_IN_FLIGHT, /* resolving intents and what is in flight */
	URGENT_UNSIGNED,  /* domains that do not sign */
	URGENT_PERSON,    /* what a person asked */
	URGENT_CHANGE,    /* changes due, with the looks they need */
	URGENT_ROUTINE,   /* routine looks: a tenth at least */
	URGENCIES,
};

struct budget {
	unsigned limit;    /* per minute, 0 = none */
	int64_t *ring;     /* `limit` instants, the caller's */
	unsigned head, n;  /* oldest, and how many */
	unsigned reserved; /* of jobs under way, not used yet */
	unsigned others;   /* grants since the last routine one while routine ones waited */
};

void budget_init(struct budget *b, unsigned limit, int64_t *ring);
/* How many requests could leave now beside those reserved; UINT32_MAX without a limit. */
unsigned budget_room(struct budget *b, int64_t now);
/* When `need` requests have room, at the earliest; now when they have it already. */
int64_t budget_when(struct budget *b, unsigned need, int64_t now);
/* A job needs that many: reserved, or false. More than the limit counts as the limit. */
bool budget_reserve(struct budget *b, unsigned need, int64_t now);
void budget_release(struct budget *b, unsigned unused);
/* One request leaves: from a reservation, or beside them. */
void budget_spend(struct budget *b, bool reserved, int64_t now);
/* Which class goes next; waiting[c] = something of class c waits. URGENCIES when nothing does. */
enum urgency budget_pick(const struct budget *b, const bool waiting[URGENCIES]);
/* The class picked was admitted: a pick without room for it changes nobody's turn. */
void budget_granted(struct budget *b, enum urgency class, const bool waiting[URGENCIES]);

#endif
