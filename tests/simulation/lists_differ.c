/* Lists compared with pages, member by member. */
#include "simulation/lists.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "engine/engine.h"

typedef bool next_piece(struct engine *e, struct engine_cursor *at, struct buf *out);

static char *text_of(struct engine *e, next_piece *next)
{
	struct engine_cursor at = {0};
	struct buf b = {0};

	while (next(e, &at, &b))
		;
	return b.data;
}

static const struct json *parse(const char *text)
{
	const struct json *root = NULL;
	char why[200] = "";

	if (json_parse(text, strlen(text), JSON_MAX_LOCAL, &root, why, sizeof(why)) != 0) {
		fprintf(stderr, "%s: %s\n", why, text);
		exit(2);
	}
	return root;
}

static bool same(const struct json *shown, const struct json *page, bool whole);

/* Every member that is shown is the page's; whole: and none of the page's is missing but the evidence. */
static bool same_members(const struct json *shown, const struct json *page, bool whole)
{
	for (const struct json *m = json_first(shown); m != NULL; m = json_next(m))
		if (!same(m, json_get(page, json_key(m)), whole))
			return false;
	for (const struct json *m = json_first(page); whole && m != NULL; m = json_next(m))
		if (json_get(shown, json_key(m)) == NULL && !str_eq(json_key(m), "evidence"))
			return false;
	return true;
}

static bool same_elements(const struct json *shown, const struct json *page, bool whole)
{
	const struct json *a = json_first(shown), *b = json_first(page);

	for (; a != NULL && b != NULL; a = json_next(a), b = json_next(b))
		if (!same(a, b, whole))
			return false;
	return a == NULL && b == NULL;
}

static bool same(const struct json *shown, const struct json *page, bool whole)
{
	bool a = false, b = false;

	for (enum json_kind k = JSON_NULL; k <= JSON_OBJECT; k++)
		if (json_is(shown, k) != json_is(page, k))
			return false;
	if (json_is(shown, JSON_OBJECT))
		return same_members(shown, page, whole);
	if (json_is(shown, JSON_ARRAY))
		return same_elements(shown, page, whole);
	json_bool(shown, &a);
	json_bool(page, &b);
	return a == b && str_eq(json_string(shown), json_string(page)) &&
	       str_eq(json_number(shown), json_number(page));
}

static size_t compare(struct engine *e, next_piece *next, bool whole, size_t *ret_n)
{
	char *text = text_of(e, next);
	const struct json *list = parse(text);
	size_t bad = 0, n = 0;

	for (const struct json *row = json_first(list); row != NULL; row = json_next(row), n++) {
		const char *domain = json_string(json_get(row, "domain"));
		char *name = xasprintf("%s:%s", domain, json_string(json_get(row, "platform")));
		struct buf b = {0};

		if (engine_domain_json(e, name, &b) != ASK_OK)
			buf_puts(&b, "{}");
		const struct json *page = parse(b.data);
		if (!same(row, page, whole)) {
			fprintf(stderr, "a %s tells %s otherwise than its page: %s\n",
			        whole ? "list" : "table", name, b.data);
			bad++;
		}
		json_free(page);
		buf_free(&b);
		free(name);
	}
	json_free(list);
	free(text);
	*ret_n = n;
	return bad;
}

size_t lists_differ(struct engine *e, size_t *ret_n)
{
	size_t listed, shown;
	size_t bad = compare(e, engine_domains_json, true, &listed);

	bad += compare(e, engine_table_json, false, &shown);
	*ret_n = engine_inventory(e)->n;
	return bad + (listed != *ret_n) + (shown != *ret_n);
}
