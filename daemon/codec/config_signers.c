/* The section signers: who signs the domains whose keys are our own, and how each one reads its keys and map. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "codec/config_parts.h"

static const struct key signer_keys[] = {
        {.name = "layout",
                .read = key_word,
                .offset = offsetof(struct config_signer, layout),
                .words = &words_signer_layout},
        {.name = "stamp", .read = key_path, .offset = offsetof(struct config_signer, stamp)},
};

static int compare_signers(const void *a, const void *b)
{
	const struct config_signer *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* The name is the instance of the reload unit too, and a folder's name below `keys`. */
void config_read_signers(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	struct config *c = field;

	if (yaml_is_null(value))
		return;
	if (value->kind != YAML_KIND_MAP) {
		keys_fault(k, value, "%s must be a map from names to signers", key->name);
		return;
	}
	c->signers = arena_alloc(k->arena, config_count_children(value) * sizeof *c->signers);
	for (const struct yaml_node *n = value->child; n; n = n->next) {
		struct config_signer *s = &c->signers[c->n_signers++];
		int layout = words_parse(&words_signer_layout, n->key);
		char text[200];

		if (config_check_name(k, n, "a signer") && (n->key[0] == '.' || str_eq(n->key, "private")))
			keys_fault_at(k, n->key_at, "\"%.60s\" is no name for a signer", n->key);
		str_format(text, sizeof text, "/var/lib/dkimrotd-signer/%.64s", n->key);
		*s = (struct config_signer){.name = arena_intern(k->arena, n->key),
		        .layout = layout >= 0 ? (enum signer_layout)layout : LAYOUT_OPENDKIM,
		        .stamp = arena_intern(k->arena, text),
		        .at = n->key_at};
		str_format(text, sizeof text, "signer %.64s", n->key);
		keys_read(k, n, text, signer_keys, ARRAY_SIZE(signer_keys), s);
		if (layout < 0 && (n->kind != YAML_KIND_MAP || !yaml_get(n, "layout")))
			keys_fault_at(k, n->key_at, "signer %.64s has no layout: opendkim or rspamd", n->key);
	}
	qsort(c->signers, c->n_signers, sizeof *c->signers, compare_signers);
}
