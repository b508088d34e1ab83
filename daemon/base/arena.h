/* Memory given back all at once: one arena per inventory generation or API answer. Strings may be interned,
 * so that a hundred thousand domains share one copy of their service's name. */
#ifndef DKIMROTD_BASE_ARENA_H
#define DKIMROTD_BASE_ARENA_H

#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a); /* NULL is fine; everything from it goes with it */
/* Everything from it goes, and it begins anew in the memory that it has. */
void arena_clear(struct arena *a);

/* Zeroed memory aligned for any type; never NULL. */
void *arena_alloc(struct arena *a, size_t n);
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
/* The one copy of this text in the arena: equal texts give the same pointer. NULL gives NULL. */
const char *arena_intern(struct arena *a, const char *s);
/* Bytes held, the unused ends of blocks included. */
size_t arena_size(const struct arena *a);

#endif
