/* The life of a domain's selectors as lanes over time: the past from the history, the present from the daemon, the future
 * from the plan. Pure data for a picture. Steps are added in the order of time. */
#ifndef DKIMROTD_CTL_LANES_H
#define DKIMROTD_CTL_LANES_H

#include <stddef.h>
#include <stdint.h>

#include "codec/json.h"
#include "ctl/shown.h"

/* In the order in which one hides another where both fall into a column. */
enum lane_state { LANE_UNKNOWN, LANE_NONE, LANE_READY, LANE_MAKING, LANE_SIGNS, LANE_GRACE };
enum lane_mark { MARK_NONE, MARK_SWITCH, MARK_DELETION };

struct lane_step {
	int64_t at;
	enum lane_state state;
	enum lane_mark mark;
};

struct lane { /* of one selector */
	char *name;
	struct lane_step *steps;
	size_t n;
};

struct lane_event { /* a switch or a deletion, for the list beneath */
	int64_t at;
	enum lane_mark mark;
	char *text;
};

struct lanes {
	struct lane *list;
	size_t n;
	struct lane_event *events;
	size_t n_events;
	int64_t unnamed; /* since when it signs with a selector that OVHcloud did not name, 0 = never heard */
	int64_t first;   /* the earliest instant that anything is known of, 0 = nothing yet */
};

/* In this order. */
void lanes_history(struct lanes *l, const struct json *entries); /* as often as there are pages */
void lanes_present(struct lanes *l, const struct shown_domain *d);
void lanes_plan(struct lanes *l, const struct json *transitions); /* that will be */
void lanes_free(struct lanes *l);
/* By name. */
void lanes_sort(struct lanes *l);

/* What a lane shows between two instants, and the mark that falls between them. */
enum lane_state lane_between(const struct lane *x, int64_t from, int64_t to, enum lane_mark *ret_mark);

#endif
