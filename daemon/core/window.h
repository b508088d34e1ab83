/* A policy's window as a sorted list of UTC intervals, which is all that the core needs to know of weekdays,
 * time zones and summer time. codec/window.h makes and renews the list. */
#ifndef DKIMROTD_CORE_WINDOW_H
#define DKIMROTD_CORE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct interval {
	int64_t from, to; /* ms; from <= t < to */
};

struct window {
	const char *text; /* as it was written */
	size_t n;
	const struct interval *list; /* sorted, neither overlapping nor touching */
	int64_t from, to; /* the span that the list covers; beyond it nothing is known, and nothing is open */
};

/* Is it open at this instant? NULL is always open. */
bool window_open(const struct window *w, int64_t now);
/* The first instant at or after now at which it is open; 0 when the list holds none (then it must be renewed,
 * or it never opens). NULL gives now. */
int64_t window_next(const struct window *w, int64_t now);

#endif
