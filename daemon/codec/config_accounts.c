/* The section accounts: where each one's API is, who its credentials are, and how much may be asked of it. The credentials
 * themselves are never in it. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "codec/config_parts.h"
#include "codec/endpoint.h"

static void read_endpoint(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	struct config_account *a = field;
	const char *text = keys_text(k, key, value), *names[ARRAY_SIZE(endpoints)];

	if (!text)
		return;
	const struct endpoint *known = endpoint_find(text);
	if (known) {
		a->endpoint = arena_intern(k->arena, text);
		a->base_url = known->base_url;
		a->token_url = known->token_url;
		return;
	}
	if (!strchr(text, ':')) {
		for (size_t i = 0; i < ARRAY_SIZE(endpoints); i++)
			names[i] = endpoints[i].name;
		keys_fault_word(k, value->at, "unknown endpoint", text, names, ARRAY_SIZE(names));
		return;
	}
	const char *why = endpoint_url_fault(text);
	if (why) {
		keys_fault(k, value, "endpoint: \"%.100s\" %s", text, why);
		return;
	}
	size_t n = strlen(text);
	while (n > 0 && text[n - 1] == '/')
		n--;
	a->endpoint = arena_intern(k->arena, text);
	a->base_url = arena_strndup(k->arena, text, n);
}

bool config_credential(struct keys *k, const struct key *key, const struct yaml_node *value, const char **ret)
{
	const char *text = keys_text(k, key, value);

	if (!text)
		return false;
	if (*text != '/' &&
	        (strchr(text, '/') || str_eq(text, ".") || str_eq(text, "..") || strlen(text) > 255)) {
		keys_fault(k, value, "%s: \"%.60s\" is neither a file's name nor an absolute path", key->name,
		        text);
		return false;
	}
	*ret = arena_intern(k->arena, text);
	return true;
}

static void read_credentials(
        struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	struct config_account *a = field;

	config_credential(k, key, value, &a->credentials);
	a->credentials_at = value->at;
}

static const struct key account_keys[] = {
        {.name = "endpoint", .read = read_endpoint},
        {.name = "credentials", .read = read_credentials},
        {.name = "requests_per_minute",
                .read = key_count,
                .offset = offsetof(struct config_account, requests_per_minute),
                .max = 1000000},
        {.name = "connections",
                .read = key_count,
                .offset = offsetof(struct config_account, connections),
                .min = 1,
                .max = 256},
        {.name = "ca_file", .read = key_path, .offset = offsetof(struct config_account, ca_file)},
};

static int compare_accounts(const void *a, const void *b)
{
	const struct config_account *x = a, *y = b;

	return strcmp(x->name, y->name);
}

void config_read_accounts(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	struct config *c = field;

	if (yaml_is_null(value))
		return;
	if (value->kind != YAML_KIND_MAP) {
		keys_fault(k, value, "%s must be a map from names to accounts", key->name);
		return;
	}
	c->accounts = arena_alloc(k->arena, config_count_children(value) * sizeof *c->accounts);
	for (const struct yaml_node *n = value->child; n; n = n->next) {
		struct config_account *a = &c->accounts[c->n_accounts++];
		char section[100];

		if (config_check_name(k, n, "an account") && str_eq(n->key, ACCOUNT_EXTERNAL))
			keys_fault_at(k, n->key_at,
			        "the name \"" ACCOUNT_EXTERNAL
			        "\" is that of the domains with platform: external");
		*a = (struct config_account){.name = arena_intern(k->arena, n->key),
		        .requests_per_minute = 60,
		        .connections = 8,
		        .at = n->key_at};
		str_format(section, sizeof section, "account %.64s", n->key);
		keys_read(k, n, section, account_keys, ARRAY_SIZE(account_keys), a);
		if (n->kind == YAML_KIND_MAP || yaml_is_null(n)) {
			if (n->kind != YAML_KIND_MAP || !yaml_get(n, "endpoint"))
				keys_fault_at(k, n->key_at, "account %.64s has no endpoint", n->key);
			if (n->kind != YAML_KIND_MAP || !yaml_get(n, "credentials"))
				keys_fault_at(k, n->key_at, "account %.64s has no credentials", n->key);
		}
	}
	qsort(c->accounts, c->n_accounts, sizeof *c->accounts, compare_accounts);
}
