/* YAML read strictly: one document of plain maps, lists and scalars. Anchors, aliases, tags, several documents,
 * duplicate keys, nesting beyond 8 and broken text are faults with their place. libyaml lives in yaml.c alone. */
#ifndef DKIMROTD_CODEC_YAML_H
#define DKIMROTD_CODEC_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"

#define YAML_DEPTH_MAX 8
#define YAML_SIZE_MAX  ((size_t)16 * 1024 * 1024)

enum yaml_kind { YAML_KIND_SCALAR, YAML_KIND_MAP, YAML_KIND_LIST };

struct place {
	int line, column; /* from 1, columns in characters; 0 = none */
};

/* One value. In a map every child has a key; in a list none has. */
struct yaml_node {
	enum yaml_kind kind;
	struct place at;  /* of the value */
	bool quoted;      /* a scalar in quotes or in a block */
	const char *text; /* of a scalar, without NUL inside */
	const char *key;  /* NULL in a list and at the root */
	struct place key_at;
	struct yaml_node *child; /* first of a map or list */
	struct yaml_node *next;
};

/* Calls visit for every key of the root map with its value (node->key is the key); for a list first with the list
 * itself, empty, and then once with each of its items (item = true; node->key is the list's), so that a long list is
 * never held whole. A node is borrowed for the call; its memory is used again after it. Faults go to d, those that
 * visit finds as well. visit sees the sound part of a document that turns out faulty further down: when this returns
 * false, throw away what was made of it. An empty document has no keys and is fine. */
bool yaml_walk(const char *text, size_t len, const char *file, struct diags *d,
        void (*visit)(void *arg, const struct yaml_node *node, bool item), void *arg);

/* The whole document as a tree in the arena: its root map, empty for an empty document. NULL on a fault. */
struct yaml_node *yaml_tree(const char *text, size_t len, const char *file, struct diags *d, struct arena *a);

/* The value of one key of the root map, read no further than it stands, kept in the arena; NULL in *ret when there is
 * none. False when the text is faulty before that; nothing is told. */
bool yaml_find(const char *text, size_t len, const char *key, struct arena *a, const struct yaml_node **ret);

/* The child of a map by key, or NULL. */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
/* A scalar that says nothing: `key:`, `~` or `null`, not in quotes. */
bool yaml_is_null(const struct yaml_node *n);

#endif
