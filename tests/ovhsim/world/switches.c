/* Switches: their texts, their values for the world, and their values narrowed to one domain or zone. */
#include "model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum kind { MS, PROB, YES, INT, SET, ONE };

#define ROW(constant, name, kind, preset, help) {name, preset, help},
static const struct world_switch texts[SW_COUNT] = {W_SWITCHES(ROW)};
#undef ROW
#define KIND(constant, name, kind, preset, help) kind,
static const enum kind kinds[SW_COUNT] = {W_SWITCHES(KIND)};
#undef KIND

/* Words that ONE switches take live for ever; few exist, so a list is enough. */
static const char *find_word(const char *help, const char *value, char *ret, size_t n)
{
	const char *p = strrchr(help, ':');
	size_t len = strlen(value);

	while (p && len && len < n) {
		size_t w;

		p += strspn(p, ": |");
		w = strcspn(p, "| (");
		if (w == len && !memcmp(p, value, len)) {
			memcpy(ret, value, len);
			ret[len] = 0;
			return ret;
		}
		p = strchr(p, '|');
	}
	return NULL;
}

static bool parse_span(const char *s, int64_t *ret)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"", 1}, {"ms", 1}, {"s", W_SECOND}, {"min", W_MINUTE}, {"h", W_HOUR}, {"d", W_DAY}};
	char *end;
	long long v;

	errno = 0;
	v = strtoll(s, &end, 10);
	if (end == s || errno)
		return false;
	for (size_t i = 0; i < W_COUNT(units); i++)
		if (!strcmp(end, units[i].unit) && v <= INT64_MAX / W_DAY && v >= INT64_MIN / W_DAY) {
			*ret = v * units[i].ms;
			return true;
		}
	return false;
}

static bool parse_set(const char *s, int64_t *ret)
{
	int64_t set = 0;

	if (!strcmp(s, "none") || !strcmp(s, "all")) {
		*ret = *s == 'n' ? 0 : 0xff;
		return true;
	}
	for (;;) {
		char *end;
		long v = strtol(s, &end, 10);

		if (end == s || v < 1 || v > 8 || (*end && *end != ','))
			return false;
		set |= INT64_C(1) << (v - 1);
		if (!*end)
			break;
		s = end + 1;
	}
	*ret = set;
	return true;
}

static const char *intern(struct world *w, const char *word)
{
	char *copy = w_map_text(&w->words, word);

	if (!copy) {
		copy = w_strdup(word);
		w_map_put(&w->words, copy, strlen(copy), copy);
	}
	return copy;
}

static int parse(struct world *w, enum w_switch sw, const char *s, struct w_value *ret)
{
	struct w_value v = {.word = ""};
	char word[64], *end;
	bool good = false;

	switch (kinds[sw]) {
	case MS:
		good = parse_span(s, &v.n);
		break;
	case PROB:
		v.chance = strtod(s, &end);
		good = end != s && !*end && v.chance >= 0 && v.chance <= 1;
		break;
	case YES:
		good = !strcmp(s, "yes") || !strcmp(s, "no");
		v.n = *s == 'y';
		break;
	case INT:
		v.n = strtoll(s, &end, 10);
		good = end != s && !*end && v.n >= 0;
		break;
	case SET:
		good = parse_set(s, &v.n);
		break;
	case ONE:
		good = find_word(texts[sw].help, s, word, sizeof(word)) != NULL;
		if (good)
			v.word = intern(w, word);
		break;
	}
	if (!good)
		return -EINVAL;
	*ret = v;
	return 0;
}

void w_switches_init(struct world *w)
{
	for (size_t i = 0; i < SW_COUNT; i++)
		if (parse(w, (enum w_switch)i, texts[i].value, &w->value[i]))
			abort(); /* a default that its own row refuses */
}

const struct world_switch *world_switches(size_t *ret_n)
{
	*ret_n = SW_COUNT;
	return texts;
}

const struct w_value *w_value(const struct world *w, const struct w_narrow *n, enum w_switch sw)
{
	for (unsigned i = 0; n && i < n->n; i++)
		if (n->item[i].sw == sw)
			return &n->item[i].value;
	return &w->value[sw];
}

static struct w_narrow *narrow_of(struct world *w, const char *name)
{
	struct w_narrow *n = w_map_text(&w->narrow, name);
	struct w_domain *d;
	struct w_zone *z;

	if (n)
		return n;
	n = w_alloc(sizeof(*n));
	n->name = w_strdup(name);
	w_map_put(&w->narrow, n->name, strlen(n->name), n);
	for (d = w_map_text(&w->names, name); d; d = d->same_name)
		d->narrow = n;
	z = w_map_text(&w->zones, name);
	if (z)
		z->narrow = n;
	return n;
}

void w_narrow_free(struct w_narrow *n)
{
	free(n->item);
	free(n->name);
	free(n);
}

int world_set(struct world *w, const char *name, const char *value)
{
	const char *at = strchr(name, '@');
	size_t len = at ? (size_t)(at - name) : strlen(name), i;
	char folded[256];
	struct w_narrow *n;
	struct w_value v;
	unsigned j;

	for (i = 0; i < SW_COUNT; i++)
		if (strlen(texts[i].name) == len && !memcmp(texts[i].name, name, len))
			break;
	if (i == SW_COUNT || parse(w, (enum w_switch)i, value, &v))
		return -EINVAL;
	if (!at) {
		w->value[i] = v;
		return 0;
	}
	if (!at[1] || !w_name_fold(folded, sizeof(folded), at + 1))
		return -EINVAL;
	n = narrow_of(w, folded);
	for (j = 0; j < n->n && n->item[j].sw != i; j++)
		;
	if (j == n->n) {
		n->item = w_realloc(n->item, (n->n + 1) * sizeof(*n->item));
		n->n++;
	}
	n->item[j].sw = (enum w_switch)i;
	n->item[j].value = v;
	return 0;
}
