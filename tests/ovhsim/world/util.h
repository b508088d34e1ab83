/* The world's own small tools: memory that aborts, a growing string, a hash map, repeatable chance, dates.
 * Every name starts with w_, so that the world can be linked beside the daemon without sharing a line with
 * it. */
#ifndef OVHSIM_UTIL_H
#define OVHSIM_UTIL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define W_COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define W_SECOND   INT64_C(1000)
#define W_MINUTE   (60 * W_SECOND)
#define W_HOUR     (60 * W_MINUTE)
#define W_DAY      (24 * W_HOUR)
#define W_NEVER    INT64_MIN /* an instant that did not happen */

void *w_alloc(size_t n); /* zeroed; aborts when memory runs out */
void *w_realloc(void *p, size_t n);
char *w_strdup(const char *s);

/* A growing string, always terminated once something was added; free(text). */
struct w_buf {
	char *text;
	size_t len, cap;
};
void w_add(struct w_buf *b, const char *p, size_t n);
void w_puts(struct w_buf *b, const char *s);
void w_printf(struct w_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* printf into a fixed buffer, cut to fit. */
void w_format(char *dst, size_t n, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* From bytes to pointers. Keys are borrowed: they must live as long as the entry. */
struct w_entry {
	uint64_t hash;
	const void *key;
	size_t len;
	void *value;
};
struct w_map {
	struct w_entry *slot;
	size_t n, cap;
};
void *w_map_get(const struct w_map *m, const void *key, size_t len);
void *w_map_text(const struct w_map *m, const char *key);
void w_map_put(struct w_map *m, const void *key, size_t len, void *value);
void w_map_drop(struct w_map *m, const void *key, size_t len);
void w_map_free(struct w_map *m);

uint64_t w_hash(const void *p, size_t n);
uint64_t w_hash_text(const char *s);
uint64_t w_mix(uint64_t x); /* one step of splitmix64: the whole of the world's chance comes from it */

/* "2026-11-20T11:00:00+01:00", the way OVHcloud writes it. */
void w_time_text(char dst[40], int64_t at_ms);
/* Lower case, without the dot at the end. Returns false when it does not fit. */
bool w_name_fold(char *dst, size_t n, const char *name);
/* name is `parent` or lies below it; both folded. */
bool w_name_below(const char *name, const char *parent);

#endif
