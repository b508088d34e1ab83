/* What every floor may use: memory that aborts when it runs out, bounded strings, text for people.
 * It knows nothing of mail, DNS or OVHcloud. */
#ifndef DKIMROTD_BASE_UTIL_H
#define DKIMROTD_BASE_UTIL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Instants and spans are int64_t milliseconds everywhere (instants since 1970 on the API's clock, unless a
 * name says mono or host). 0 as an instant is "never". */
#define MS_SECOND INT64_C(1000)
#define MS_MINUTE (60 * MS_SECOND)
#define MS_HOUR   (60 * MS_MINUTE)
#define MS_DAY    (24 * MS_HOUR)

/* Memory: these never return NULL; running out aborts with one line (the store is crash-safe and systemd
 * restarts us). Free with free(). */
__attribute__((noreturn)) void out_of_memory(void); /* for libraries that report it to us */
void *xmalloc(size_t n);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t n);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xmemdup(const void *p, size_t n); /* all n bytes, those that are NUL too, and a NUL behind them */
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Copies into a buffer of n bytes, always terminated. Returns false, with an empty dst, when src does not
 * fit: a name cut short is another name. */
bool str_copy(char *dst, size_t n, const char *src);
/* printf into a buffer, always terminated; text for people may be cut. */
void str_format(char *dst, size_t n, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
bool str_eq(const char *a, const char *b);     /* NULL equals only NULL */
bool str_caseeq(const char *a, const char *b); /* ASCII, locale-free */
bool str_prefix(const char *s, const char *prefix);
bool str_suffix(const char *s, const char *suffix);

/* How many of what, for people: "1 domain", "2 domains". The noun's plural ends in s. */
#define STR_COUNT 48
const char *str_count(char dst[STR_COUNT], uint64_t n, const char *noun);

/* Makes outside text fit for a terminal, a log line or STATUS=: control characters and broken UTF-8 become
 * '?', the rest is cut at 500 bytes on a character boundary. Returns dst. */
#define STR_CLEAN_MAX 500
char *str_clean(char *dst, size_t n, const char *src);

/* The length of the UTF-8 character at s (n bytes are left, at most 4 are looked at), and its code point;
 * 0 when it is not one (RFC 3629: no overlong forms, no surrogates). */
size_t utf8_next(const char *s, size_t n, uint32_t *ret_code);
/* How many of the first bytes are printable ASCII, which needs no closer look. */
size_t str_plain(const char *s, size_t n);

/* A growing string; free with buf_free. data is NULL until the first byte, then terminated. */
struct buf {
	char *data;
	size_t len, cap;
};
void buf_add(struct buf *b, const void *p, size_t n);
void buf_puts(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_free(struct buf *b);

/* UTC, "2026-11-20T10:00:00Z"; milliseconds are dropped, or with time_text_ms shown when they are not zero.
 */
#define TIME_TEXT 32
const char *time_text(char dst[TIME_TEXT], int64_t at_ms);
const char *time_text_ms(char dst[TIME_TEXT], int64_t at_ms);
/* RFC 3339 with any offset to ms; false when it is not one. */
bool time_parse(const char *s, int64_t *ret_ms);

#endif
