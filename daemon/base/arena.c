/* Blocks filled from the front, and a table of the strings interned. It must never free or move a single
 * piece. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

#define BLOCK_FIRST 1024
#define BLOCK_MOST  65536

struct block {
	struct block *next;
	size_t used, size;
	alignas(max_align_t) char data[];
};

struct arena {
	struct block *blocks;
	size_t next_size, held;
	const char **table; /* open addressing, NULL = free; size a power of two */
	size_t n, cap;
};

struct arena *arena_new(void)
{
	struct arena *a = xcalloc(1, sizeof *a);

	a->next_size = BLOCK_FIRST;
	return a;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	for (struct block *b = a->blocks, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	free(a->table);
	free(a);
}

void arena_clear(struct arena *a)
{
	struct block *keep = a->blocks;

	free(a->table);
	a->table = NULL;
	a->n = a->cap = 0;
	a->held = 0;
	if (!keep)
		return;
	for (struct block *b = keep->next, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	keep->next = NULL;
	memset(keep->data, 0, keep->used);
	keep->used = 0;
	a->held = sizeof *keep + keep->size;
}

/* What is larger than a block gets its own, behind the one being filled. */
static void *alloc_aligned(struct arena *a, size_t n, size_t align)
{
	struct block *b = a->blocks;
	size_t at = b ? (b->used + align - 1) & ~(align - 1) : 0;

	if (!b || at > b->size || n > b->size - at) {
		size_t size = n > a->next_size ? n : a->next_size;

		if (a->next_size < BLOCK_MOST)
			a->next_size *= 2;
		b = xcalloc(1, sizeof *b + size);
		b->size = size;
		a->held += sizeof *b + size;
		at = 0;
		if (n > BLOCK_MOST / 2 && a->blocks) {
			b->next = a->blocks->next;
			a->blocks->next = b;
		} else {
			b->next = a->blocks;
			a->blocks = b;
		}
	}
	b->used = at + n;
	return b->data + at;
}

void *arena_alloc(struct arena *a, size_t n)
{
	return alloc_aligned(a, n, alignof(max_align_t));
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *p = alloc_aligned(a, len + 1, 1);

	memcpy(p, s, len);
	return p;
}

static size_t hash_text(const char *s)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(1099511628211);
	return (size_t)(h ^ h >> 32);
}

/* Where s stands in the table, or the free place where it belongs. */
static const char **find_place(const char **table, size_t cap, const char *s)
{
	size_t i = hash_text(s) & (cap - 1);

	while (table[i] && strcmp(table[i], s) != 0)
		i = (i + 1) & (cap - 1);
	return &table[i];
}

const char *arena_intern(struct arena *a, const char *s)
{
	if (!s)
		return NULL;
	if (a->n * 4 >= a->cap * 3) {
		size_t cap = a->cap ? a->cap * 2 : 64;
		const char **table = xcalloc(cap, sizeof *table);

		for (size_t i = 0; i < a->cap; i++)
			if (a->table[i])
				*find_place(table, cap, a->table[i]) = a->table[i];
		free(a->table);
		a->table = table;
		a->held += (cap - a->cap) * sizeof *table;
		a->cap = cap;
	}
	const char **place = find_place(a->table, a->cap, s);
	if (!*place) {
		*place = arena_strdup(a, s);
		a->n++;
	}
	return *place;
}

size_t arena_size(const struct arena *a)
{
	return a->held;
}
