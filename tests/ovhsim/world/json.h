/* JSON for the world: a writer that places its own commas, and a strict reader for request bodies. */
#ifndef OVHSIM_JSON_H
#define OVHSIM_JSON_H

#include "util.h"

void w_open(struct w_buf *b, char bracket);  /* '{' or '[' */
void w_close(struct w_buf *b, char bracket); /* '}' or ']' */
void w_key(struct w_buf *b, const char *key);
void w_str(struct w_buf *b, const char *s); /* NULL writes null */
void w_int(struct w_buf *b, int64_t v);
void w_num(struct w_buf *b, double v);
void w_bool(struct w_buf *b, bool v);
void w_null(struct w_buf *b);
void w_time(struct w_buf *b, int64_t at); /* a datetime; W_NEVER writes null */
/* "key": value in one go. */
void w_key_str(struct w_buf *b, const char *key, const char *s);
void w_key_int(struct w_buf *b, const char *key, int64_t v);
void w_key_bool(struct w_buf *b, const char *key, bool v);
void w_key_null(struct w_buf *b, const char *key);
void w_key_time(struct w_buf *b, const char *key, int64_t at);

enum w_json_kind { W_JSON_NULL, W_JSON_BOOL, W_JSON_NUMBER, W_JSON_STRING, W_JSON_ARRAY, W_JSON_OBJECT };
struct w_json {
	enum w_json_kind kind;
	bool truth; /* of a BOOL */
	char *text; /* of a STRING, and a NUMBER as written */
	char *key;  /* within an object */
	struct w_json *child, *next;
};
/* The tree of a whole text, or NULL when it is not exactly one JSON value. */
struct w_json *w_json_read(const char *text, size_t len);
void w_json_free(struct w_json *j);
const struct w_json *w_json_get(const struct w_json *object, const char *key); /* NULL: no such key */

#endif
