/* What discover found, and how it is shown. */
#ifndef DKIMROTD_CTL_DISCOVER_H
#define DKIMROTD_CTL_DISCOVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/util.h"
#include "core/desired.h"

struct found_domain {
	const char *domain;                 /* A-labels; as the API wrote it where that is no domain name */
	const char *fault;                  /* why the inventory cannot name it, NULL = it can */
	const char *account;                /* of the service */
	const char *organization, *service; /* NULL where the platform has none */
	const char *zone, *zone_account;    /* NULL: in none of our accounts */
	enum platform platform;
};

struct found_zone {
	const char *zone, *account;
};

struct found {
	struct arena *arena; /* every text */
	struct found_domain *list;
	size_t n, cap;
	struct found_zone *zones;
	size_t n_zones, cap_zones;
	size_t listed;           /* left out, for the inventory has them */
	const char **incomplete; /* what could not be had, in words */
	size_t n_incomplete;
	bool zones_unknown; /* of one account at least */
};

/* Sorts by name, finds each domain's zone, and drops what stands there twice. */
void found_finish(struct found *f);
void found_yaml(const struct found *f, struct buf *out);
void found_json(const struct found *f, struct buf *out);

#endif
