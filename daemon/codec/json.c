/* JSON through yajl's streaming parser, which fills an arena of nodes. No recursion, so no text can exhaust the stack;
 * every limit is checked as the text is read, not after. It must never let a number pass through a double. */
#include "codec/json.h"

#include "base/arena.h"
#include "codec/json_memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

struct json {
	enum json_kind kind;
	bool truth;        /* of JSON_BOOL */
	uint32_t key_hash; /* so that a wide object is searched by comparing numbers */
	const char *key;   /* as a member, else NULL */
	const char *text;  /* of JSON_STRING and JSON_NUMBER */
	size_t count;      /* of containers */
	struct json *first, *last, *next;
};

/* The root comes first, so that the node handed out is the document. */
struct document {
	struct json root;
	struct arena *arena;
};

struct json_reader {
	struct document *doc;
	struct json *open[JSON_MAX_DEPTH]; /* containers not yet ended, outermost first */
	unsigned depth;
	const char *key; /* read and waiting for its value */
	uint32_t key_hash;
	const char *why; /* set when we, not yajl, refuse */
	yajl_handle yajl;
	yajl_status status;
	size_t len, max;
	json_each *each; /* NULL: the document is kept whole */
	void *arg;
};

/* ---- text ---- */

static bool utf8_valid(const char *s, size_t n)
{
	uint32_t code;

	for (size_t i = str_plain(s, n), length; i < n; i += length) {
		length = utf8_next(s + i, n - i, &code);
		if (length == 0)
			return false;
	}
	return true;
}

/* FNV-1a: only to tell keys apart quickly. */
static uint32_t hash(const char *s, size_t n)
{
	uint32_t h = 2166136261U;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * 16777619U;
	return h;
}

/* ---- yajl's callbacks: 1 goes on, 0 refuses ---- */

static int refuse(struct json_reader *p, const char *why)
{
	p->why = why;
	return 0;
}

/* The element of a long array that was read last is whole: it is handed over, and its memory is the next one's. */
static void hand_over(struct json_reader *p)
{
	struct json *root = &p->doc->root;

	if (!p->each || root->kind != JSON_ARRAY || !root->first)
		return;
	p->each(p->arg, root->first);
	root->first = root->last = NULL;
	arena_clear(p->doc->arena);
}

/* A node at the place where the parser stands: the root, the next element, or the value of the key read last.
 */
static struct json *add_node(struct json_reader *p, enum json_kind kind)
{
	struct json *j, *parent = p->depth > 0 ? p->open[p->depth - 1] : NULL;

	if (p->depth == 1)
		hand_over(p);
	if (!parent) {
		j = &p->doc->root;
	} else {
		j = arena_alloc(p->doc->arena, sizeof(*j));
		if (parent->last)
			parent->last->next = j;
		else
			parent->first = j;
		parent->last = j;
		parent->count++;
	}
	j->kind = kind;
	j->key = p->key;
	j->key_hash = p->key_hash;
	p->key = NULL;
	return j;
}

static int add_text(struct json_reader *p, enum json_kind kind, const char *s, size_t n)
{
	struct json *j = add_node(p, kind);

	j->text = arena_strndup(p->doc->arena, s, n);
	return 1;
}

static int open_container(struct json_reader *p, enum json_kind kind)
{
	if (p->depth == JSON_MAX_DEPTH)
		return refuse(p, "it is nested too deeply");

	struct json *j = add_node(p, kind);

	p->open[p->depth++] = j;
	return 1;
}

static int on_null(void *ctx)
{
	add_node(ctx, JSON_NULL);
	return 1;
}

static int on_boolean(void *ctx, int value)
{
	add_node(ctx, JSON_BOOL)->truth = value != 0;
	return 1;
}

static int on_number(void *ctx, const char *s, size_t n)
{
	return add_text(ctx, JSON_NUMBER, s, n);
}

static int on_string(void *ctx, const unsigned char *s, size_t n)
{
	struct json_reader *p = ctx;

	if (memchr(s, '\0', n))
		return refuse(p, "a string holds a NUL");
	if (!utf8_valid((const char *)s, n))
		return refuse(p, "a string is not UTF-8");
	return add_text(p, JSON_STRING, (const char *)s, n);
}

static const struct json *find(const struct json *object, const char *key, uint32_t h)
{
	for (const struct json *m = object->first; m; m = m->next)
		if (m->key_hash == h && strcmp(m->key, key) == 0)
			return m;
	return NULL;
}

static int on_key(void *ctx, const unsigned char *s, size_t n)
{
	struct json_reader *p = ctx;
	const struct json *object = p->open[p->depth - 1];

	if (memchr(s, '\0', n))
		return refuse(p, "a key holds a NUL");
	if (!utf8_valid((const char *)s, n))
		return refuse(p, "a key is not UTF-8");
	if (object->count == JSON_MAX_KEYS)
		return refuse(p, "an object has too many keys");
	p->key = arena_strndup(p->doc->arena, (const char *)s, n);
	p->key_hash = hash(p->key, n);
	if (find(object, p->key, p->key_hash))
		return refuse(p, "an object has one key twice");
	return 1;
}

static int on_object(void *ctx)
{
	return open_container(ctx, JSON_OBJECT);
}

static int on_array(void *ctx)
{
	return open_container(ctx, JSON_ARRAY);
}

static int on_end(void *ctx)
{
	struct json_reader *p = ctx;

	p->depth--;
	return 1;
}

/* on_number is there so that yajl never converts: without it an id beyond 2^63 would stop the parse. */
static const yajl_callbacks callbacks = {
        .yajl_null = on_null,
        .yajl_boolean = on_boolean,
        .yajl_number = on_number,
        .yajl_string = on_string,
        .yajl_start_map = on_object,
        .yajl_map_key = on_key,
        .yajl_end_map = on_end,
        .yajl_start_array = on_array,
        .yajl_end_array = on_end,
};

/* ---- reading ---- */

static void free_document(struct document *doc)
{
	arena_free(doc->arena);
	free(doc);
}

/* Puts yajl's or our own complaint into why. yajl's ends in a newline. */
static void explain(const struct json_reader *p, char *why, size_t n)
{
	if (!why || n == 0)
		return;
	if (p->len > p->max) {
		str_format(why, n, "it is larger than %zu bytes", p->max);
		return;
	}
	if (p->why) {
		str_format(why, n, "%s", p->why);
		return;
	}

	unsigned char *said = yajl_get_error(p->yajl, 0, NULL, 0);

	str_format(why, n, "%.*s", (int)strcspn((char *)said, "\n"), (char *)said);
	yajl_free_error(p->yajl, said);
}

struct json_reader *json_reader_new(size_t max, json_each *each, void *arg)
{
	struct json_reader *p = xcalloc(1, sizeof(*p));

	*p = (struct json_reader){.max = max, .each = each, .arg = arg};
	p->doc = xcalloc(1, sizeof(*p->doc));
	p->doc->arena = arena_new();
	p->yajl = yajl_alloc(&callbacks, &json_memory, p);
	p->status = yajl_status_ok;
	return p;
}

void json_reader_feed(struct json_reader *p, const char *text, size_t len)
{
	p->len = len > SIZE_MAX - p->len ? SIZE_MAX : p->len + len;
	if (p->len > p->max)
		p->status = yajl_status_client_canceled;
	else if (p->status == yajl_status_ok)
		p->status = yajl_parse(p->yajl, (const unsigned char *)text, len);
}

int json_reader_end(struct json_reader *p, const struct json **ret_root, char *why, size_t n)
{
	struct document *doc = p->doc;
	int r = 0;

	if (p->status == yajl_status_ok)
		p->status = yajl_complete_parse(p->yajl);
	if (p->status == yajl_status_ok) {
		hand_over(p);
		*ret_root = &doc->root;
	} else {
		r = p->len > p->max ? -EFBIG : -EBADMSG;
		explain(p, why, n);
		free_document(doc);
	}
	yajl_free(p->yajl);
	free(p);
	return r;
}

int json_parse(const char *text, size_t len, size_t max, const struct json **ret_root, char *why, size_t n)
{
	struct json_reader *p = json_reader_new(max, NULL, NULL);

	json_reader_feed(p, text, len);
	return json_reader_end(p, ret_root, why, n);
}

void json_free(const struct json *root)
{
	if (root)
		free_document((struct document *)(uintptr_t)root);
}

bool json_is(const struct json *j, enum json_kind kind)
{
	return j && j->kind == kind;
}

bool json_is_null(const struct json *j)
{
	return json_is(j, JSON_NULL);
}

const struct json *json_get(const struct json *object, const char *key)
{
	return json_is(object, JSON_OBJECT) ? find(object, key, hash(key, strlen(key))) : NULL;
}

const char *json_string(const struct json *j)
{
	return json_is(j, JSON_STRING) ? j->text : NULL;
}

const char *json_number(const struct json *j)
{
	return json_is(j, JSON_NUMBER) ? j->text : NULL;
}

bool json_int64(const struct json *j, int64_t *ret)
{
	const char *s = json_number(j);
	char *end;

	if (!s || s[strspn(s, "-0123456789")] != '\0')
		return false;
	errno = 0;
	long long v = strtoll(s, &end, 10);
	if (errno != 0 || end == s || *end != '\0')
		return false;
	*ret = v;
	return true;
}

bool json_bool(const struct json *j, bool *ret)
{
	if (!json_is(j, JSON_BOOL))
		return false;
	*ret = j->truth;
	return true;
}

const struct json *json_first(const struct json *container)
{
	return container ? container->first : NULL;
}

const struct json *json_next(const struct json *element)
{
	return element ? element->next : NULL;
}

const char *json_key(const struct json *member)
{
	return member ? member->key : NULL;
}

size_t json_count(const struct json *container)
{
	return container ? container->count : 0;
}
