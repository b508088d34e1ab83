/* Domains as the daemon tells them (GET /v1/domains) or as its state has them, ready to be shown. Every text in here is
 * clean and belongs to the list; what is not known is NULL or 0. Instants are ms on the API's clock. */
#ifndef DKIMROTD_CTL_SHOWN_H
#define DKIMROTD_CTL_SHOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec/json.h"

struct shown_selector {
	const char *name, *state, *role, *record, *target, *dns;
	const char *dns_detail; /* what is wrong, NULL = nothing, or it was not told */
	int64_t bits;           /* of the key */
	int64_t signing_since, stopped, delete_after;
};

/* A record of a key of our own, as the daemon wants it; its text is printable and needs no quoting. */
struct shown_record {
	const char *name, *type, *data;
	int64_t ttl;
	bool absent, seen; /* it is to go; the zone is as it should be about it */
};

struct shown_domain {
	const char *domain, *account, *platform, *zone; /* zone: the domain where nothing else is told */
	const char *phase, *condition, *reason, *waits_on;
	const char *active; /* the selector that signs, NULL = none, or not known which */
	bool signing;
	const char *detail, *paused;
	const char *action; /* what comes next ... */
	int64_t next_at;    /* ... and when */
	int64_t since, next_look, rotated, next_rotation;
	bool diagnosed;
	int64_t code; /* 501 to 504; 0 = none */
	const char *message, *remedy;
	const struct shown_selector *selectors;
	size_t n_selectors;
	const struct shown_record *records; /* external domains only */
	size_t n_records;
	int64_t now;       /* on its account's clock */
	int rank;          /* the lower, the worse */
	int64_t change_at; /* when the next change is due, INT64_MAX = not known; looks come all the time */
};

struct shown {
	struct shown_domain *list;
	size_t n, cap;
	struct arena *arena;
};

struct shown *shown_new(void);
void shown_free(struct shown *s);
/* Appends a domain. status is what /v1/status said, for the clock; may be NULL. False for what is none. */
bool shown_add(struct shown *s, const struct json *domain, const struct json *status);
/* Appends one that was made by other means; its texts must last as long as the list. */
void shown_take(struct shown *s, const struct shown_domain *d);
/* A domain in the contract's words, for programs. */
void shown_json(const struct shown_domain *d, struct json_w *w);
/* Worst first, then what comes soonest, then by name. */
void shown_sort(struct shown *s);

/* It was looked at, and no selector of it signs. */
bool shown_unsigned(const struct shown_domain *d);
/* A look is late by an hour, or a rotation by a day, and nobody said that it should be. */
bool shown_overdue(const struct shown_domain *d);

/* The sentence behind a reason's word, the word itself when it is none of ours. */
const char *shown_sentence(const char *reason);
/* How far the grace of a retired selector has gone; -1 where none is running. */
int shown_grace_permille(const struct shown_domain *d);
/* "in 3d 2h", "now", "2m ago" */
#define SHOWN_WHEN 128
const char *shown_when(char dst[SHOWN_WHEN], int64_t at, int64_t now);

#endif
