/* The inventory: which domains are ours, and what is wanted of each (dkimrotd-inventory(5)). One generation is made of
 * all files at once, and never changes afterwards, windows apart; the next one replaces it whole. */
#ifndef DKIMROTD_CODEC_INVENTORY_H
#define DKIMROTD_CODEC_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "codec/config.h"
#include "core/desired.h"

/* A file's text, not necessarily terminated; borrowed for the call. */
struct inventory_text {
	const char *path;
	const char
	        *text; /* NULL = it could not be read: then `fault` says why (and was told by who read it) */
	size_t len;
	const char *fault;
};

/* The path under which inventory_held's text is kept among the good ones. */
#define INVENTORY_HELD ""

enum inventory_state {
	INVENTORY_OK,        /* in force as it stands: its text is the new good one */
	INVENTORY_LAST_GOOD, /* faulty; its last good version stays in force */
	INVENTORY_REFUSED,   /* faulty, and there is no good version: none of its domains is managed */
};

struct inventory_file {
	const char *path;
	enum inventory_state state;
	const char *error; /* its first fault with its place, NULL when it is fine */
	size_t domains;    /* that it gives */
};

/* A domain that two files claim. */
struct inventory_conflict {
	const char *domain;
	enum platform platform;
	bool held;        /* it keeps the settings last in force; else it is not managed */
	const char *text; /* both places and what follows, for people */
};

struct inventory {
	struct desired *list; /* by (domain, platform) in byte order */
	size_t n;
	struct inventory_file *files; /* in the order given */
	size_t n_files;
	struct inventory_conflict *conflicts;
	size_t n_conflicts;
	struct windows *windows;
	struct arena *arena;
};

/* Makes a generation from the files as they stand. good: for each path the text that was last in force (others among
 * them do no harm). cfg NULL: account and policy names stay unresolved (any will do), the floor is the built-in one.
 * previous: the generation in force, or NULL; it is only read. Faults of the present texts go to d with their places,
 * and every conflict at its second place. Never NULL. */
struct inventory *inventory_build(const struct config *cfg, const struct inventory_text *files, size_t n,
        const struct inventory_text *good, size_t n_good, const struct inventory *previous, struct diags *d);
/* The same after a start, when there is no generation yet: what was last in force is known by the good texts, that of
 * INVENTORY_HELD and those of files that are gone included. */
struct inventory *inventory_start(const struct config *cfg, const struct inventory_text *files, size_t n,
        const struct inventory_text *good, size_t n_good, struct diags *d);
void inventory_free(struct inventory *inv); /* NULL is fine */

/* Settings held for domains in conflict have no file of their own. This is their text, to be kept under INVENTORY_HELD
 * beside the good texts; NULL when there are none. Free with free(). */
char *inventory_held(const struct inventory *inv);

/* One domain's settings as such a text, and such a text read again: without what no longer fits the configuration. Free with
 * free(), inventory_free(). */
char *inventory_settings(const struct desired *d);
struct inventory *inventory_read_settings(const struct config *cfg, const char *text, size_t len);

/* "mydomain.ovh" or "mydomain.ovh:mxplan", in any spelling that the inventory accepts. 0; -EINVAL for what is no such
 * name, -ENOENT, -ENOTUNIQ when the domain stands on two platforms and none was named. */
int inventory_find(const struct inventory *inv, const char *name, const struct desired **ret);

/* Lists every window's intervals from `now` on for WINDOW_DAYS. After inventory_build nothing is listed yet, so no
 * window is open; call it then, and again when due: less than half of the span is left, or time went back. */
void inventory_expand(struct inventory *inv, int64_t now);
bool inventory_expand_due(const struct inventory *inv, int64_t now);

#endif
