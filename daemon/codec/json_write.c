/* JSON written by yajl's generator, which escapes and keeps the grammar. It must never write what json.c would refuse:
 * broken text is mended, and a misuse aborts. */
#include "codec/json.h"

#include "codec/json_memory.h"

#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_gen.h>

static void *alloc_abort(void *ctx, size_t n)
{
	(void)ctx;
	return xmalloc(n);
}

static void *realloc_abort(void *ctx, void *p, size_t n)
{
	(void)ctx;
	return xrealloc(p, n);
}

static void free_plain(void *ctx, void *p)
{
	(void)ctx;
	free(p);
}

yajl_alloc_funcs json_memory = {.malloc = alloc_abort, .realloc = realloc_abort, .free = free_plain};

struct json_w {
	yajl_gen gen;
	bool is_object[JSON_MAX_DEPTH]; /* of the containers not yet ended */
	unsigned depth;
};

static void must(yajl_gen_status status)
{
	if (status != yajl_gen_status_ok)
		abort();
}

static void append(void *ctx, const char *s, size_t n)
{
	buf_add(ctx, s, n);
}

struct json_w *json_w_open(struct buf *out)
{
	struct json_w *w = xcalloc(1, sizeof(*w));

	w->gen = yajl_gen_alloc(&json_memory);
	yajl_gen_config(w->gen, yajl_gen_print_callback, append, out);
	return w;
}

void json_w_close(struct json_w *w)
{
	if (w->depth != 0)
		abort();
	yajl_gen_free(w->gen);
	free(w);
}

static void enter(struct json_w *w, bool is_object)
{
	if (w->depth == JSON_MAX_DEPTH)
		abort();
	w->is_object[w->depth++] = is_object;
	must(is_object ? yajl_gen_map_open(w->gen) : yajl_gen_array_open(w->gen));
}

void json_w_object(struct json_w *w)
{
	enter(w, true);
}

void json_w_array(struct json_w *w)
{
	enter(w, false);
}

void json_w_end(struct json_w *w)
{
	if (w->depth == 0)
		abort();
	must(w->is_object[--w->depth] ? yajl_gen_map_close(w->gen) : yajl_gen_array_close(w->gen));
}

void json_w_str(struct json_w *w, const char *s)
{
	if (!s) {
		json_w_null(w);
		return;
	}

	size_t n = strlen(s);
	char *mended = NULL;
	uint32_t code;

	for (size_t i = str_plain(s, n), length; i < n; i += length) {
		length = utf8_next(s + i, n - i, &code);
		if (length > 0)
			continue;
		if (!mended)
			mended = xstrdup(s);
		mended[i] = '?';
		length = 1;
	}
	must(yajl_gen_string(w->gen, (const unsigned char *)(mended ? mended : s), n));
	free(mended);
}

void json_w_key(struct json_w *w, const char *key)
{
	json_w_str(w, key);
}

void json_w_int(struct json_w *w, int64_t v)
{
	must(yajl_gen_integer(w->gen, v));
}

void json_w_bool(struct json_w *w, bool v)
{
	must(yajl_gen_bool(w->gen, v));
}

void json_w_null(struct json_w *w)
{
	must(yajl_gen_null(w->gen));
}

void json_w_time(struct json_w *w, int64_t at_ms)
{
	char text[TIME_TEXT];

	json_w_str(w, at_ms != 0 ? time_text(text, at_ms) : NULL);
}

/* yajl writes the text of a number as it is given, so what comes as JSON passes for a number. */
void json_w_raw(struct json_w *w, const char *text)
{
	must(yajl_gen_number(w->gen, text, strlen(text)));
}

void json_w_kstr(struct json_w *w, const char *key, const char *s)
{
	json_w_key(w, key);
	json_w_str(w, s);
}

void json_w_kint(struct json_w *w, const char *key, int64_t v)
{
	json_w_key(w, key);
	json_w_int(w, v);
}

void json_w_kbool(struct json_w *w, const char *key, bool v)
{
	json_w_key(w, key);
	json_w_bool(w, v);
}

void json_w_knull(struct json_w *w, const char *key)
{
	json_w_key(w, key);
	json_w_null(w);
}

void json_w_ktime(struct json_w *w, const char *key, int64_t at_ms)
{
	json_w_key(w, key);
	json_w_time(w, at_ms);
}
