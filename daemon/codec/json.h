/* JSON (RFC 8259) as bytes in memory: a strict reader into nodes that are read with accessors which take
 * anything, and a writer that cannot produce what the reader would refuse. Numbers are never floating point:
 * ids reach beyond 2^53. Stricter than the RFC where leniency would let one text mean two things: a key twice
 * in one object, a NUL inside a string, a broken UTF-8 sequence, more than 32 levels or 256 keys in one
 * object are refused. */
#ifndef DKIMROTD_CODEC_JSON_H
#define DKIMROTD_CODEC_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

#define JSON_MAX_DEPTH 32
#define JSON_MAX_KEYS  256               /* in one object */
#define JSON_MAX_API   ((size_t)4 << 20) /* for json_parse: what the API answers */
#define JSON_MAX_LOCAL                                                                                       \
	((size_t)1 << 30) /* for json_parse: what we wrote ourselves, such as a status of 100,000 domains */

/* ---- reading ---- */

enum json_kind {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

struct json;

/* Parses exactly one value of at most `max` bytes, white space around it allowed. Returns 0 and the root,
 * which owns every node and string below it (json_free). Otherwise -EBADMSG (not JSON, or refused) or -EFBIG,
 * *ret_root is untouched, and why (n bytes; may be NULL) says it in words without a full stop. */
int json_parse(const char *text, size_t len, size_t max, const struct json **ret_root, char *why, size_t n);
void json_free(const struct json *root); /* NULL is fine; only for what json_parse gave */

/* The same, for a text that comes in pieces. each: when the value is an array, it gets every element as soon as that is
 * whole and the next one begins; the element is gone after the call, and the root that comes in the end has none (its
 * json_count says how many there were). What is refused late was handed over in part. each NULL: all is kept. */
typedef void json_each(void *arg, const struct json *element);
struct json_reader;
struct json_reader *json_reader_new(size_t max, json_each *each, void *arg);
void json_reader_feed(struct json_reader *p, const char *text, size_t len);
/* What json_parse returns; frees the reader. To give up a text that will not be read to its end, end it and free what comes. */
int json_reader_end(struct json_reader *p, const struct json **ret_root, char *why, size_t n);

/* All of these take NULL, and nodes of any kind: what is not there, or is something else, gives NULL or
 * false. So a path is read without checks in between: json_string(json_get(answer, "targetRecord")). */
const struct json *json_get(const struct json *object, const char *key);
bool json_is(
        const struct json *j, enum json_kind kind);  /* a missing node is of no kind, not even JSON_NULL */
bool json_is_null(const struct json *j);             /* an explicit null */
const char *json_string(const struct json *j);       /* decoded, terminated, without NUL inside */
const char *json_number(const struct json *j);       /* as written */
bool json_int64(const struct json *j, int64_t *ret); /* whole numbers that fit, written without . and e */
bool json_bool(const struct json *j, bool *ret);

/* The elements of an array or members of an object, in their order:
 *	for (const struct json *e = json_first(list); e; e = json_next(e)) */
const struct json *json_first(const struct json *container);
const struct json *json_next(const struct json *element);
const char *json_key(const struct json *member); /* NULL for what is not a member */
size_t json_count(const struct json *container);

/* ---- writing ---- */

/* Appends one JSON value to `out`, piece by piece. A writer used against JSON's grammar (a value without its
 * key, a second root) is a mistake of ours and aborts. */
struct json_w;

struct json_w *json_w_open(struct buf *out);
void json_w_close(struct json_w *w); /* frees the writer, not `out`; every container must have been ended */

void json_w_object(struct json_w *w);
void json_w_array(struct json_w *w);
void json_w_end(struct json_w *w); /* of the innermost container */
void json_w_key(struct json_w *w, const char *key);
void json_w_str(struct json_w *w, const char *s); /* NULL becomes null; broken UTF-8 becomes '?' */
void json_w_int(struct json_w *w, int64_t v);
void json_w_bool(struct json_w *w, bool v);
void json_w_null(struct json_w *w);
void json_w_time(struct json_w *w, int64_t at_ms);   /* as time_text; 0, which is "never", becomes null */
void json_w_raw(struct json_w *w, const char *text); /* one value that is JSON already, taken at its word */

/* A key and its value at once. */
void json_w_kstr(struct json_w *w, const char *key, const char *s);
void json_w_kint(struct json_w *w, const char *key, int64_t v);
void json_w_kbool(struct json_w *w, const char *key, bool v);
void json_w_knull(struct json_w *w, const char *key);
void json_w_ktime(struct json_w *w, const char *key, int64_t at_ms);

#endif
