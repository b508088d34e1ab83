/* libyaml's events made into maps, lists and scalars. It must never follow an alias (the billion laughs), never hold
 * more than one item of a long list, and never go on after libyaml's first error: then it reports success for ever. */
#include "codec/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/util.h"
#include "codec/text.h"

struct reader {
	yaml_parser_t parser;
	yaml_event_t event; /* the present one; YAML_NO_EVENT when there is none */
	const char *text, *file;
	size_t len;
	struct diags *diags;
	bool failed;
	int depth;
};

static struct place place_of(const yaml_mark_t *m)
{
	return (struct place){.line = (int)m->line + 1, .column = (int)m->column + 1};
}

__attribute__((format(printf, 3, 4))) static void fault(
        struct reader *r, struct place at, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	diag_add(r->diags, r->file, at.line, at.column, "%s", text);
	r->failed = true;
}

/* What libyaml says, with the place where the thing it was in began. */
static void report_syntax(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	struct place at = place_of(&p->problem_mark), began = place_of(&p->context_mark);

	if (p->error == YAML_MEMORY_ERROR)
		out_of_memory();
	if (p->error == YAML_READER_ERROR) { /* text_check should have seen it */
		fault(r, (struct place){0}, "%s at byte %zu", p->problem ? p->problem : "unreadable",
		        p->problem_offset);
		return;
	}
	if (p->context && (began.line != at.line || began.column != at.column))
		fault(r, at, "%s (%s begun at %d:%d)", p->problem ? p->problem : "not YAML", p->context,
		        began.line, began.column);
	else
		fault(r, at, "%s%s%s", p->problem ? p->problem : "not YAML", p->context ? " " : "",
		        p->context ? p->context : "");
}

/* Anchors, aliases and tags have no use here, and each is a way to surprise a reader or a walker. */
static void check_plain(struct reader *r)
{
	const yaml_event_t *e = &r->event;
	const yaml_char_t *anchor = NULL, *tag = NULL;
	struct place at = place_of(&e->start_mark);

	if (e->type == YAML_ALIAS_EVENT) {
		fault(r, at, "an alias (*%.40s): aliases are not supported",
		        (const char *)e->data.alias.anchor);
		return;
	}
	if (e->type == YAML_SCALAR_EVENT) {
		anchor = e->data.scalar.anchor;
		tag = e->data.scalar.tag;
	} else if (e->type == YAML_SEQUENCE_START_EVENT) {
		anchor = e->data.sequence_start.anchor;
		tag = e->data.sequence_start.tag;
	} else if (e->type == YAML_MAPPING_START_EVENT) {
		anchor = e->data.mapping_start.anchor;
		tag = e->data.mapping_start.tag;
	}
	if (anchor)
		fault(r, at, "an anchor (&%.40s): anchors are not supported", (const char *)anchor);
	else if (tag)
		fault(r, at, "a tag (%.40s): tags are not supported", (const char *)tag);
}

static void check_depth(struct reader *r)
{
	yaml_event_type_t t = r->event.type;

	if (t == YAML_SEQUENCE_START_EVENT || t == YAML_MAPPING_START_EVENT) {
		if (++r->depth > YAML_DEPTH_MAX)
			fault(r, place_of(&r->event.start_mark), "nested more than %d deep", YAML_DEPTH_MAX);
	} else if (t == YAML_SEQUENCE_END_EVENT || t == YAML_MAPPING_END_EVENT) {
		r->depth--;
	}
}

/* The next event into r->event. False on a fault, told already; then there is no further one. */
static bool next(struct reader *r)
{
	if (r->event.type != YAML_NO_EVENT)
		yaml_event_delete(&r->event);
	r->event.type = YAML_NO_EVENT;
	if (r->failed)
		return false;
	if (!yaml_parser_parse(&r->parser, &r->event)) {
		r->event.type = YAML_NO_EVENT;
		report_syntax(r);
		return false;
	}
	check_plain(r);
	check_depth(r);
	return !r->failed && r->event.type != YAML_NO_EVENT;
}

static struct yaml_node *make_node(const struct reader *r, struct arena *a)
{
	struct yaml_node *n = arena_alloc(a, sizeof *n);

	n->at = place_of(&r->event.start_mark);
	n->text = "";
	return n;
}

/* Equal keys side by side, in the order they stand in the file. */
static int compare_keys(const void *a, const void *b)
{
	const struct yaml_node *const *x = a, *const *y = b;
	int c = strcmp((*x)->key, (*y)->key);

	if (c != 0)
		return c;
	if ((*x)->key_at.line != (*y)->key_at.line)
		return (*x)->key_at.line < (*y)->key_at.line ? -1 : 1;
	return ((*x)->key_at.column > (*y)->key_at.column) - ((*x)->key_at.column < (*y)->key_at.column);
}

/* Tells of every key that stands twice in a map; libyaml lets them pass. The reading goes on after it. */
static void check_duplicates(struct reader *r, const struct yaml_node *map)
{
	size_t n = 0, i = 0;

	for (const struct yaml_node *c = map->child; c; c = c->next)
		n++;
	if (n < 2)
		return;
	const struct yaml_node **keys = xmalloc(n * sizeof *keys);
	for (const struct yaml_node *c = map->child; c; c = c->next)
		keys[i++] = c;
	qsort(keys, n, sizeof *keys, compare_keys);
	for (i = 1; i < n; i++)
		if (strcmp(keys[i - 1]->key, keys[i]->key) == 0)
			diag_add(r->diags, r->file, keys[i]->key_at.line, keys[i]->key_at.column,
			        "the key \"%.60s\" stands here a second time, first on line %d", keys[i]->key,
			        keys[i - 1]->key_at.line);
	free(keys);
}

/* The text of the present event, a scalar; NULL when an escape ("\0") put a NUL into it. */
static const char *read_scalar(struct reader *r, struct arena *a)
{
	const char *text = (const char *)r->event.data.scalar.value;

	if (strlen(text) != r->event.data.scalar.length) {
		fault(r, place_of(&r->event.start_mark), "a NUL character in a text");
		return NULL;
	}
	return arena_strdup(a, text);
}

/* The present event is a key: its text and place. */
static bool read_key(struct reader *r, struct arena *a, const char **ret_key, struct place *ret_at)
{
	*ret_at = place_of(&r->event.start_mark);
	if (r->event.type != YAML_SCALAR_EVENT) {
		fault(r, *ret_at, "a key must be a word, not a list or a map");
		return false;
	}
	*ret_key = read_scalar(r, a);
	return *ret_key != NULL;
}

static struct yaml_node *read_node(struct reader *r, struct arena *a);

/* The children of a map or list, whose start is the present event, up to its end. */
static bool read_children(struct reader *r, struct arena *a, struct yaml_node *parent)
{
	yaml_event_type_t end =
	        parent->kind == YAML_KIND_MAP ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
	struct yaml_node **link = &parent->child;

	while (next(r) && r->event.type != end) {
		const char *key = NULL;
		struct place at = {0};

		if (parent->kind == YAML_KIND_MAP && (!read_key(r, a, &key, &at) || !next(r)))
			return false;
		struct yaml_node *n = read_node(r, a);
		if (!n)
			return false;
		n->key = key;
		n->key_at = at;
		*link = n;
		link = &n->next;
	}
	return !r->failed;
}

/* The value that begins with the present event, whole; NULL on a fault. The recursion ends at YAML_DEPTH_MAX. */
static struct yaml_node *read_node(struct reader *r, struct arena *a)
{
	struct yaml_node *n = make_node(r, a);
	const yaml_event_t *e = &r->event;

	switch (e->type) {
	case YAML_SCALAR_EVENT:
		n->kind = YAML_KIND_SCALAR;
		n->quoted = e->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
		n->text = read_scalar(r, a);
		return n->text ? n : NULL;
	case YAML_MAPPING_START_EVENT:
		n->kind = YAML_KIND_MAP;
		if (!read_children(r, a, n))
			return NULL;
		check_duplicates(r, n);
		return n;
	case YAML_SEQUENCE_START_EVENT:
		n->kind = YAML_KIND_LIST;
		return read_children(r, a, n) ? n : NULL;
	default:
		fault(r, place_of(&e->start_mark), "a value is expected here");
		return NULL;
	}
}

/* From the start to the root's own event. False when there is nothing to read: an empty document, or a fault. */
static bool read_start(struct reader *r)
{
	if (!next(r) || r->event.type != YAML_STREAM_START_EVENT)
		return false;
	if (!next(r) || r->event.type != YAML_DOCUMENT_START_EVENT)
		return false;
	if (!next(r))
		return false;
	if (r->event.type == YAML_MAPPING_START_EVENT)
		return true;
	struct place at = place_of(&r->event.start_mark);
	bool empty = r->event.type == YAML_SCALAR_EVENT && r->event.data.scalar.length == 0 &&
	             r->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	if (!empty)
		fault(r, at, "keys with values are expected here, not %s",
		        r->event.type == YAML_SCALAR_EVENT ? "a single value" : "a list");
	return false;
}

/* After the root (or an empty document): nothing more may follow. */
static void read_end(struct reader *r)
{
	while (!r->failed && r->event.type != YAML_STREAM_END_EVENT && next(r))
		if (r->event.type == YAML_DOCUMENT_START_EVENT)
			fault(r, place_of(&r->event.start_mark),
			        "a second document begins here: one file holds one");
}

static bool open_reader(struct reader *r, const char *text, size_t len, const char *file, struct diags *d)
{
	*r = (struct reader){.text = text ? text : "", .len = len, .file = file, .diags = d};
	if (len > YAML_SIZE_MAX) {
		fault(r, (struct place){0}, "larger than %zu MiB", YAML_SIZE_MAX >> 20);
		return false;
	}
	if (len >= 3 &&
	        memcmp(r->text, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark says UTF-8, which we know */
		r->text += 3;
		r->len -= 3;
	}
	if (!text_check(r->text, r->len, file, d))
		return false;
	if (!yaml_parser_initialize(&r->parser))
		out_of_memory();
	yaml_parser_set_encoding(&r->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r->parser, (const unsigned char *)r->text, r->len);
	return true;
}

static void close_reader(struct reader *r)
{
	if (r->event.type != YAML_NO_EVENT)
		yaml_event_delete(&r->event);
	yaml_parser_delete(&r->parser);
}

/* The items of a root list, one at a time in an arena of their own. */
static void walk_items(struct reader *r, const struct yaml_node *list,
        void (*visit)(void *arg, const struct yaml_node *node, bool item), void *arg)
{
	while (next(r) && r->event.type != YAML_SEQUENCE_END_EVENT) {
		struct arena *a = arena_new();
		struct yaml_node *n = read_node(r, a);

		if (n) {
			n->key = list->key;
			n->key_at = list->key_at;
			visit(arg, n, true);
		}
		arena_free(a);
	}
}

/* One key of the root with its value. The key is kept in `root`, to find it when it comes a second time. */
static void walk_key(struct reader *r, struct arena *keys, struct yaml_node *root,
        void (*visit)(void *arg, const struct yaml_node *node, bool item), void *arg)
{
	struct yaml_node *k = make_node(r, keys), *n;
	struct place at;

	if (!read_key(r, keys, &k->key, &at) || !next(r))
		return;
	k->key_at = at;
	k->next = root->child;
	root->child = k;
	struct arena *a = arena_new();
	bool list = r->event.type == YAML_SEQUENCE_START_EVENT;
	if (list) {
		n = make_node(r, a);
		n->kind = YAML_KIND_LIST;
	} else {
		n = read_node(r, a);
	}
	if (n) {
		n->key = k->key;
		n->key_at = at;
		visit(arg, n, false);
	}
	if (list)
		walk_items(r, n, visit, arg);
	arena_free(a);
}

bool yaml_walk(const char *text, size_t len, const char *file, struct diags *d,
        void (*visit)(void *arg, const struct yaml_node *node, bool item), void *arg)
{
	struct yaml_node root = {.kind = YAML_KIND_MAP};
	size_t before = d->count;
	struct reader r;

	if (!open_reader(&r, text, len, file, d))
		return false;
	struct arena *keys = arena_new();
	if (read_start(&r))
		while (next(&r) && r.event.type != YAML_MAPPING_END_EVENT)
			walk_key(&r, keys, &root, visit, arg);
	read_end(&r);
	check_duplicates(&r, &root);
	close_reader(&r);
	arena_free(keys);
	return d->count == before;
}

struct yaml_node *yaml_tree(const char *text, size_t len, const char *file, struct diags *d, struct arena *a)
{
	struct yaml_node *root = NULL;
	size_t before = d->count;
	struct reader r;

	if (!open_reader(&r, text, len, file, d))
		return NULL;
	if (read_start(&r))
		root = read_node(&r, a);
	else
		root = arena_alloc(a, sizeof *root);
	if (root && !root->at.line)
		*root = (struct yaml_node){.kind = YAML_KIND_MAP, .at = {1, 1}, .text = ""};
	read_end(&r);
	close_reader(&r);
	return d->count == before ? root : NULL;
}

/* Passes over the value that the next event begins. */
static bool skip_node(struct reader *r)
{
	int depth = r->depth;

	do
		if (!next(r))
			return false;
	while (r->depth > depth);
	return true;
}

/* The key can only be there when its letters are, unless somebody escaped one. */
static bool may_have(const char *text, size_t len, const char *key)
{
	return len > 0 && (memmem(text, len, key, strlen(key)) || memchr(text, '\\', len));
}

bool yaml_find(const char *text, size_t len, const char *key, struct arena *a, const struct yaml_node **ret)
{
	const struct yaml_node *found = NULL;
	struct diags scratch = {0};
	struct reader r;

	*ret = NULL;
	if (!may_have(text, len, key))
		return true;
	if (open_reader(&r, text, len, "", &scratch)) {
		if (read_start(&r))
			while (!found && next(&r) && r.event.type == YAML_SCALAR_EVENT) {
				if (!str_eq((const char *)r.event.data.scalar.value, key))
					skip_node(&r);
				else if (next(&r))
					found = read_node(&r, a);
			}
		close_reader(&r);
	}
	bool good = scratch.count == 0;
	diags_clear(&scratch);
	if (good)
		*ret = found;
	return good;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	for (const struct yaml_node *n = map->child; n; n = n->next)
		if (n->key && strcmp(n->key, key) == 0)
			return n;
	return NULL;
}

bool yaml_is_null(const struct yaml_node *n)
{
	return n->kind == YAML_KIND_SCALAR && !n->quoted &&
	       (n->text[0] == '\0' || strcmp(n->text, "~") == 0 || strcmp(n->text, "null") == 0);
}
