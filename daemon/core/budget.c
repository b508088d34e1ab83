/* A sliding window over the last 60 s. */
#include "core/budget.h"

#include <string.h>

#define ROUTINE_SHARE 9 /* after so many others a waiting routine look goes first: a tenth */

void budget_init(struct budget *b, unsigned limit, int64_t *ring)
{
	memset(b, 0, sizeof(*b));
	b->limit = limit;
	b->ring = ring;
}

static void forget_old(struct budget *b, int64_t now)
{
	while (b->n > 0 && b->ring[b->head] <= now - BUDGET_WINDOW) {
		b->head = (b->head + 1) % b->limit;
		b->n--;
	}
}

unsigned budget_room(struct budget *b, int64_t now)
{
	if (b->limit == 0)
		return UINT32_MAX;
	forget_old(b, now);
	unsigned used = b->n + b->reserved;
	return used >= b->limit ? 0 : b->limit - used;
}

static unsigned at_most(const struct budget *b, unsigned need)
{
	return b->limit != 0 && need > b->limit ? b->limit : need;
}

int64_t budget_when(struct budget *b, unsigned need, int64_t now)
{
	unsigned room = budget_room(b, now);

	need = at_most(b, need);
	if (room >= need)
		return now;
	/* the requests that must leave the window first, oldest first; reservations are spent or released meanwhile */
	unsigned lacking = need - room;
	if (lacking > b->n)
		return now + 100;
	return b->ring[(b->head + lacking - 1) % b->limit] + BUDGET_WINDOW;
}

bool budget_reserve(struct budget *b, unsigned need, int64_t now)
{
	need = at_most(b, need);
	if (budget_room(b, now) < need)
		return false;
	b->reserved += need;
	return true;
}

void budget_release(struct budget *b, unsigned unused)
{
	b->reserved -= unused < b->reserved ? unused : b->reserved;
}

void budget_spend(struct budget *b, bool reserved, int64_t now)
{
	if (reserved && b->reserved > 0)
		b->reserved--;
	if (b->limit == 0)
		return;
	forget_old(b, now);
	if (b->n == b->limit) { /* cannot happen while callers ask first; keep the newest */
		b->head = (b->head + 1) % b->limit;
		b->n--;
	}
	b->ring[(b->head + b->n++) % b->limit] = now;
}

enum urgency budget_pick(const struct budget *b, const bool waiting[URGENCIES])
{
	enum urgency pick = URGENCIES;

	for (unsigned c = 0; c < URGENCIES && pick == URGENCIES; c++)
		if (waiting[c])
			pick = (enum urgency)c;
	if (waiting[URGENT_ROUTINE] && b->others >= ROUTINE_SHARE)
		pick = URGENT_ROUTINE;
	return pick;
}

void budget_granted(struct budget *b, enum urgency class, const bool waiting[URGENCIES])
{
	if (class == URGENT_ROUTINE)
		b->others = 0;
	else if (waiting[URGENT_ROUTINE])
		b->others++;
}
