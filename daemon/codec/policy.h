/* A policy as it stands in a file: in the configuration under a name, or in place at a domain. What it leaves out
 * comes from the policy "default". */
#ifndef DKIMROTD_CODEC_POLICY_H
#define DKIMROTD_CODEC_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "codec/keys.h"
#include "codec/window.h"
#include "codec/yaml.h"
#include "core/desired.h"

struct policy_settings {
	const char *name;     /* NULL for one written in place */
	int64_t rotate_every; /* ms, 0 = never */
	int64_t grace;        /* ms */
	int splay_permille;
	const char *window; /* its text; NULL = always */
	/* Where rotate_every and grace were written in the file being read; {0, 0} = inherited or built in. */
	struct place rotate_at, grace_at;
};

/* rotate_every 90d, grace 7d, splay 10 %, no window. */
extern const struct policy_settings policy_built_in;

/* Reads a map: base, changed by what the map says. A window is checked (its time zone too), not expanded. */
void policy_read(struct keys *k, const struct yaml_node *map, const struct policy_settings *base,
        struct policy_settings *ret);
/* Tells of a grace below the floor, and of a rotation that does not exceed its grace; `at` is the place for what was
 * inherited. True when it is fine. */
bool policy_check(struct keys *k, const struct policy_settings *p, int64_t minimum_grace, struct place at);

/* As plan() and gate() read it; the window comes from the set, which must outlive it. */
struct policy policy_resolve(const struct policy_settings *p, struct windows *set);

#endif
