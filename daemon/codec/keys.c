/* Maps read by tables. It must never take a value for something that it does not plainly say: no yes/no, no octal
 * numbers, no units guessed. */
#include "codec/keys.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/util.h"
#include "core/span.h"

__attribute__((format(printf, 3, 0))) static void fault_list(
        struct keys *k, struct place at, const char *fmt, va_list ap)
{
	char text[512];

	vsnprintf(text, sizeof text, fmt, ap);
	diag_add(k->diags, k->file, at.line, at.column, "%s", text);
}

void keys_fault(struct keys *k, const struct yaml_node *value, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fault_list(k, value->at, fmt, ap);
	va_end(ap);
}

void keys_fault_at(struct keys *k, struct place at, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fault_list(k, at, fmt, ap);
	va_end(ap);
}

void keys_fault_word(struct keys *k, struct place at, const char *what, const char *word,
        const char *const *list, size_t n)
{
	const char *near = nearest_word(word, list, n);
	struct buf all = {0};

	if (near) {
		keys_fault_at(k, at, "%s \"%.60s\": did you mean \"%s\"?", what, word, near);
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (list[i] && all.len < 300)
			buf_printf(&all, "%s%s", all.len ? ", " : "", list[i]);
	keys_fault_at(k, at, "%s \"%.60s\"%s%s", what, word, all.len ? "; known here: " : "",
	        all.len ? all.data : "");
	buf_free(&all);
}

static void fault_unknown_key(
        struct keys *k, const struct yaml_node *value, const char *section, const struct key *table, size_t n)
{
	const char *names[64], *word = value->key ? value->key : "";
	char what[100];

	for (size_t i = 0; i < n && i < ARRAY_SIZE(names); i++)
		names[i] = table[i].name;
	str_format(what, sizeof what, "unknown key in %s", section);
	keys_fault_word(k, value->key_at, what, word, names, n < ARRAY_SIZE(names) ? n : ARRAY_SIZE(names));
}

void keys_read(struct keys *k, const struct yaml_node *map, const char *section, const struct key *table,
        size_t n, void *target)
{
	if (yaml_is_null(map))
		return;
	if (map->kind != YAML_KIND_MAP) {
		keys_fault(k, map, "%s must be a map of keys, not %s", section,
		        map->kind == YAML_KIND_LIST ? "a list" : "a single value");
		return;
	}
	for (const struct yaml_node *c = map->child; c; c = c->next) {
		const struct key *row = NULL;

		for (size_t i = 0; i < n && !row; i++)
			if (str_eq(table[i].name, c->key))
				row = &table[i];
		if (row)
			row->read(k, row, c, (char *)target + row->offset);
		else
			fault_unknown_key(k, c, section, table, n);
	}
}

const char *keys_text(struct keys *k, const struct key *key, const struct yaml_node *value)
{
	if (value->kind != YAML_KIND_SCALAR) {
		keys_fault(k, value, "%s must be a single value, not a %s", key->name,
		        value->kind == YAML_KIND_LIST ? "list" : "map");
		return NULL;
	}
	if (yaml_is_null(value) || !*value->text) {
		keys_fault(k, value, "%s has no value", key->name);
		return NULL;
	}
	for (const char *p = value->text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f) {
			keys_fault(k, value, "%s has a control character in its value", key->name);
			return NULL;
		}
	return value->text;
}

bool keys_is_name(const char *text)
{
	size_t n = strlen(text);

	if (n == 0 || n > 64)
		return false;
	for (; *text; text++) {
		char c = *text;

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		        c != '.' && c != '_' && c != '-')
			return false;
	}
	return true;
}

bool keys_parse_number(const char *text, int *ret)
{
	int v = 0;
	size_t n = strlen(text);

	if (n == 0 || n > 9)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		v = v * 10 + (*text - '0');
	}
	*ret = v;
	return true;
}

bool keys_parse_percent(const char *text, int *ret)
{
	int v = 0, decimals = -1;
	const char *p = text;

	for (; (*p >= '0' && *p <= '9') || *p == '.'; p++) {
		if (*p == '.' && (decimals >= 0 || p == text))
			return false;
		if (*p != '.')
			v = v * 10 + (*p - '0');
		decimals += *p == '.' || decimals >= 0;
		if (v > 1000000 || decimals > 2)
			return false;
	}
	if (p == text || decimals == 0 || !str_eq(p, "%"))
		return false;
	for (int i = decimals < 0 ? 0 : decimals; i < 2; i++)
		v *= 10;
	*ret = v;
	return v <= 10000;
}

void key_text(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	const char *text = keys_text(k, key, value);

	if (text)
		*(const char **)field = arena_intern(k->arena, text);
}

void key_path(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	const char *text = keys_text(k, key, value);

	if (!text)
		return;
	if (*text != '/')
		keys_fault(k, value, "%s must be an absolute path", key->name);
	else if (strlen(text) > 4000)
		keys_fault(k, value, "%s is longer than a path may be", key->name);
	else
		*(const char **)field = arena_intern(k->arena, text);
}

void key_span(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	const char *text = keys_text(k, key, value);
	char least[SPAN_TEXT], most[SPAN_TEXT];
	int64_t ms;

	if (!text)
		return;
	int r = span_parse(text, &ms);
	if (r == -ENODATA)
		keys_fault(k, value, "%s: \"%.60s\" needs a unit, such as %.40sd or %.40ss", key->name, text,
		        text, text);
	else if (r == -ERANGE)
		keys_fault(k, value, "%s: \"%.60s\" is longer than 200 years", key->name, text);
	else if (r < 0)
		keys_fault(k, value, "%s: \"%.60s\" is not a span of time such as 90d, 12h 30min or 250ms",
		        key->name, text);
	else if (ms < key->min)
		keys_fault(k, value, "%s: %.60s is below %s", key->name, text, span_format(least, key->min));
	else if (key->max && ms > key->max)
		keys_fault(k, value, "%s: %.60s is above %s", key->name, text, span_format(most, key->max));
	else
		*(int64_t *)field = ms;
}

void key_count(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	const char *text = keys_text(k, key, value);
	int v;

	if (!text)
		return;
	if (!keys_parse_number(text, &v))
		keys_fault(k, value, "%s: \"%.60s\" is not a number", key->name, text);
	else if (v < key->min || v > key->max)
		keys_fault(k, value, "%s: %d is not within %lld to %lld", key->name, v, (long long)key->min,
		        (long long)key->max);
	else
		*(int *)field = v;
}

void key_bool(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	const char *text = keys_text(k, key, value);

	if (!text)
		return;
	if (str_eq(text, "true") || str_eq(text, "false"))
		*(bool *)field = str_eq(text, "true");
	else
		keys_fault(k, value, "%s: \"%.60s\" is neither true nor false", key->name, text);
}

void key_word(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	const char *text = keys_text(k, key, value);
	char what[80];

	if (!text)
		return;
	int v = words_parse(key->words, text);
	if (v >= 0) {
		memcpy(field, &v, sizeof v); /* every enum here has the size of an int */
		return;
	}
	str_format(what, sizeof what, "unknown %s", key->name);
	keys_fault_word(k, value->at, what, text, key->words->words, (size_t)key->words->n);
}
