/* Policies: reading, inheritance, floors. It must never let a grace below safety.minimum_grace through, wherever it is
 * written: keys are deleted on the strength of it. */
#include "codec/policy.h"

#include "base/util.h"
#include "core/span.h"

const struct policy_settings policy_built_in = {
        .name = "default", .rotate_every = 90 * MS_DAY, .grace = 7 * MS_DAY, .splay_permille = 100};

static void read_rotate_every(
        struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	struct policy_settings *p = field;

	p->rotate_at = value->at;
	if (value->kind == YAML_KIND_SCALAR && str_eq(value->text, "never"))
		p->rotate_every = 0;
	else
		key_span(k, key, value, &p->rotate_every);
}

static void read_grace(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	struct policy_settings *p = field;

	p->grace_at = value->at;
	key_span(k, key, value, &p->grace);
}

static void read_splay(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	const char *text = keys_text(k, key, value);
	int hundredths;

	if (!text)
		return;
	if (!keys_parse_percent(text, &hundredths) || hundredths % 10 != 0)
		keys_fault(k, value,
		        "splay: \"%.60s\" is not a percentage of rotate_every, 0%% to 100%%, such as 10%%",
		        text);
	else
		*(int *)field = hundredths / 10;
}

static void read_window(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	const char *text = keys_text(k, key, value);
	char error[300];

	if (!text)
		return;
	if (str_eq(text, "none")) { /* takes away what default has */
		*(const char **)field = NULL;
		return;
	}
	struct windows *scratch = k->windows ? NULL : windows_new();
	if (windows_add(scratch ? scratch : k->windows, text, error, sizeof error))
		*(const char **)field = arena_intern(k->arena, text);
	else
		keys_fault(k, value, "window: %s", error);
	windows_free(scratch);
}

static const struct key policy_keys[] = {
        {.name = "rotate_every", .read = read_rotate_every, .min = 1},
        {.name = "grace", .read = read_grace, .min = 1},
        {.name = "splay", .read = read_splay, .offset = offsetof(struct policy_settings, splay_permille)},
        {.name = "window", .read = read_window, .offset = offsetof(struct policy_settings, window)},
};

void policy_read(struct keys *k, const struct yaml_node *map, const struct policy_settings *base,
        struct policy_settings *ret)
{
	struct policy_settings p = *base;

	p.rotate_at = p.grace_at = (struct place){0};
	keys_read(k, map, "a policy", policy_keys, ARRAY_SIZE(policy_keys), &p);
	*ret = p;
}

bool policy_check(struct keys *k, const struct policy_settings *p, int64_t minimum_grace, struct place at)
{
	char grace[SPAN_TEXT], other[SPAN_TEXT];

	if (p->grace < minimum_grace) {
		keys_fault_at(k, p->grace_at.line ? p->grace_at : at,
		        "a grace of %s is below safety.minimum_grace, %s", span_format(grace, p->grace),
		        span_format(other, minimum_grace));
		return false;
	}
	if (p->rotate_every != 0 && p->rotate_every <= p->grace) {
		struct place where = p->rotate_at.line ? p->rotate_at : p->grace_at.line ? p->grace_at : at;

		keys_fault_at(k, where, "rotate_every, %s, must exceed the grace, %s",
		        span_format(other, p->rotate_every), span_format(grace, p->grace));
		return false;
	}
	return true;
}

struct policy policy_resolve(const struct policy_settings *p, struct windows *set)
{
	char error[300];

	return (struct policy){.rotate_every = p->rotate_every,
	        .grace = p->grace,
	        .splay_permille = p->splay_permille,
	        .window = p->window ? windows_add(set, p->window, error, sizeof error) : NULL};
}
