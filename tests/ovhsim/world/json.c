/* JSON for the world. It must stay the simulator's own: a fault shared with the daemon's reader would hide
 * itself. */
#include "json.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32

static void comma(struct w_buf *b)
{
	char last = b->len ? b->text[b->len - 1] : '{';

	if (last != '{' && last != '[' && last != ':')
		w_add(b, ",", 1);
}

void w_open(struct w_buf *b, char bracket)
{
	comma(b);
	w_add(b, &bracket, 1);
}

void w_close(struct w_buf *b, char bracket)
{
	w_add(b, &bracket, 1);
}

static void quoted(struct w_buf *b, const char *s)
{
	const char *from = s; /* what needs no escape goes in one piece */

	w_add(b, "\"", 1);
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		w_add(b, from, (size_t)(s - from));
		w_printf(b, c < 0x20 ? "\\u%04x" : "\\%c", c);
		from = s + 1;
	}
	w_add(b, from, (size_t)(s - from));
	w_add(b, "\"", 1);
}

void w_key(struct w_buf *b, const char *key)
{
	comma(b);
	quoted(b, key);
	w_add(b, ":", 1);
}

void w_str(struct w_buf *b, const char *s)
{
	if (!s) {
		w_null(b);
		return;
	}
	comma(b);
	quoted(b, s);
}

void w_int(struct w_buf *b, int64_t v)
{
	unsigned long long size = (unsigned long long)v;
	char text[24];

	comma(b);
	w_format(text, sizeof(text), "%s%llu", v < 0 ? "-" : "", v < 0 ? -size : size);
	w_puts(b, text);
}

void w_num(struct w_buf *b, double v)
{
	comma(b);
	w_printf(b, "%g", v);
}

void w_bool(struct w_buf *b, bool v)
{
	comma(b);
	w_puts(b, v ? "true" : "false");
}

void w_null(struct w_buf *b)
{
	comma(b);
	w_puts(b, "null");
}

void w_time(struct w_buf *b, int64_t at)
{
	char text[40];

	if (at == W_NEVER) {
		w_null(b);
		return;
	}
	w_time_text(text, at);
	w_str(b, text);
}

void w_key_str(struct w_buf *b, const char *key, const char *s)
{
	w_key(b, key);
	w_str(b, s);
}

void w_key_int(struct w_buf *b, const char *key, int64_t v)
{
	w_key(b, key);
	w_int(b, v);
}

void w_key_bool(struct w_buf *b, const char *key, bool v)
{
	w_key(b, key);
	w_bool(b, v);
}

void w_key_null(struct w_buf *b, const char *key)
{
	w_key(b, key);
	w_null(b);
}

void w_key_time(struct w_buf *b, const char *key, int64_t at)
{
	w_key(b, key);
	w_time(b, at);
}

struct reader {
	const char *p, *end;
};

static struct w_json *value(struct reader *r, unsigned depth);

static void blanks(struct reader *r)
{
	while (r->p < r->end && strchr(" \t\r\n", *r->p) && *r->p)
		r->p++;
}

static bool take(struct reader *r, const char *word)
{
	size_t n = strlen(word);

	if ((size_t)(r->end - r->p) < n || memcmp(r->p, word, n))
		return false;
	r->p += n;
	return true;
}

/* One \uXXXX beyond ASCII is kept as its UTF-8; surrogates are not needed by anything the API takes. */
static bool escape(struct reader *r, struct w_buf *b)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;
	unsigned code = 0;

	if (r->p >= r->end)
		return false;
	at = *r->p ? strchr(from, *r->p) : NULL;
	if (at) {
		w_add(b, &to[at - from], 1);
		r->p++;
		return true;
	}
	if (*r->p++ != 'u' || r->end - r->p < 4)
		return false;
	for (int i = 0; i < 4; i++, r->p++) {
		if (!isxdigit((unsigned char)*r->p))
			return false;
		code = code * 16 +
		       (unsigned)(isdigit((unsigned char)*r->p) ? *r->p - '0' : (*r->p | 32) - 'a' + 10);
	}
	if (!code || (code >= 0xd800 && code < 0xe000))
		return false;
	if (code < 0x80)
		w_printf(b, "%c", (int)code);
	else if (code < 0x800)
		w_printf(b, "%c%c", (int)(0xc0 | code >> 6), (int)(0x80 | (code & 63)));
	else
		w_printf(b, "%c%c%c", (int)(0xe0 | code >> 12), (int)(0x80 | (code >> 6 & 63)),
		        (int)(0x80 | (code & 63)));
	return true;
}

static char *string(struct reader *r)
{
	struct w_buf b = {0};

	if (!take(r, "\""))
		return NULL;
	w_puts(&b, "");
	while (r->p < r->end && (unsigned char)*r->p >= 0x20) {
		if (take(r, "\""))
			return b.text;
		if (*r->p != '\\') {
			w_add(&b, r->p++, 1);
			continue;
		}
		r->p++;
		if (!escape(r, &b))
			break;
	}
	free(b.text);
	return NULL;
}

static bool digits(struct reader *r)
{
	const char *from = r->p;

	while (r->p < r->end && isdigit((unsigned char)*r->p))
		r->p++;
	return r->p > from;
}

static bool number(struct reader *r, struct w_json *j)
{
	const char *from = r->p;
	struct w_buf b = {0};

	take(r, "-");
	if (!take(r, "0") && !digits(r))
		return false;
	if (take(r, ".") && !digits(r))
		return false;
	if (take(r, "e") || take(r, "E")) {
		if (!take(r, "+"))
			take(r, "-");
		if (!digits(r))
			return false;
	}
	w_add(&b, from, (size_t)(r->p - from));
	j->kind = W_JSON_NUMBER;
	j->text = b.text;
	return true;
}

/* The inside of an object or an array, up to and with its closing bracket. */
static bool members(struct reader *r, struct w_json *j, char close, unsigned depth)
{
	struct w_json **tail = &j->child;

	blanks(r);
	if (r->p < r->end && *r->p == close) {
		r->p++;
		return true;
	}
	for (;;) {
		char *key = NULL;

		blanks(r);
		if (close == '}') {
			key = string(r);
			blanks(r);
			if (!key || !take(r, ":")) {
				free(key);
				return false;
			}
		}
		*tail = value(r, depth + 1);
		if (!*tail) {
			free(key);
			return false;
		}
		(*tail)->key = key;
		tail = &(*tail)->next;
		blanks(r);
		if (r->p < r->end && *r->p == close) {
			r->p++;
			return true;
		}
		if (!take(r, ","))
			return false;
	}
}

static struct w_json *value(struct reader *r, unsigned depth)
{
	struct w_json *j = w_alloc(sizeof(*j));
	bool good = false;

	blanks(r);
	if (depth > DEPTH_MAX || r->p >= r->end) {
		good = false;
	} else if (take(r, "{")) {
		j->kind = W_JSON_OBJECT;
		good = members(r, j, '}', depth);
	} else if (take(r, "[")) {
		j->kind = W_JSON_ARRAY;
		good = members(r, j, ']', depth);
	} else if (*r->p == '"') {
		j->kind = W_JSON_STRING;
		j->text = string(r);
		good = j->text != NULL;
	} else if (take(r, "true") || take(r, "false")) {
		j->kind = W_JSON_BOOL;
		j->truth = r->p[-2] == 'u';
		good = true;
	} else if (take(r, "null")) {
		good = true;
	} else {
		good = number(r, j);
	}
	if (good)
		return j;
	w_json_free(j);
	return NULL;
}

struct w_json *w_json_read(const char *text, size_t len)
{
	struct reader r = {text, text + len};
	struct w_json *j = value(&r, 0);

	blanks(&r);
	if (j && r.p == r.end)
		return j;
	w_json_free(j);
	return NULL;
}

void w_json_free(struct w_json *j)
{
	while (j) {
		struct w_json *next = j->next;

		w_json_free(j->child);
		free(j->text);
		free(j->key);
		free(j);
		j = next;
	}
}

const struct w_json *w_json_get(const struct w_json *object, const char *key)
{
	if (!object || object->kind != W_JSON_OBJECT)
		return NULL;
	for (const struct w_json *j = object->child; j; j = j->next)
		if (!strcmp(j->key, key))
			return j;
	return NULL;
}
