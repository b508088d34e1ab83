/* The values of an inventory's keys, one function each. It must never let a name through that would become another
 * in a path of the API or in the DNS. */
#include "codec/inventory_value.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "codec/idna.h"

#define SERVICE_MAX 64

/* A word of a list, from the node. False when told. */
bool value_word(
        struct keys *k, const char *name, const struct words *words, const struct yaml_node *value, void *ret)
{
	const struct key key = {.name = name, .words = words};
	size_t before = k->diags->count;

	key_word(k, &key, value, ret);
	return k->diags->count == before;
}

static const char *read_text(struct keys *k, const char *name, const struct yaml_node *value)
{
	return keys_text(k, &(struct key){.name = name}, value);
}

bool value_platform(struct keys *k, const struct yaml_node *value, enum platform *ret)
{
	enum platform p;

	if (!value_word(k, "platform", &words_platform, value, &p))
		return false;
	*ret = p;
	return true;
}

bool value_dns(struct keys *k, const struct yaml_node *value, enum dns_mode *ret)
{
	return value_word(k, "dns", &words_dns_mode, value, ret);
}

/* A service or organization: it becomes a segment of an API path. */
bool value_service(struct keys *k, const char *name, const struct yaml_node *value, const char **ret)
{
	const char *text = read_text(k, name, value);

	if (!text)
		return false;
	bool good = strlen(text) <= SERVICE_MAX && *text != '.' && *text != '-';
	for (const char *p = text; *p; p++)
		good = good && ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		                       (*p >= '0' && *p <= '9') || *p == '.' || *p == '-');
	if (!good) {
		keys_fault(k, value,
		        "%s: \"%.80s\" is not a service's name: letters, digits, '.' and '-', %d at most, a "
		        "letter or digit first",
		        name, text, SERVICE_MAX);
		return false;
	}
	*ret = arena_intern(k->arena, text);
	return true;
}

bool value_domain(struct keys *k, const char *name, const struct yaml_node *value, const char **ret)
{
	const char *text = read_text(k, name, value);
	char ascii[DNAME_TEXT];

	if (!text)
		return false;
	const char *why = idna_domain(ascii, text);
	if (why) {
		keys_fault(k, value, "%s: \"%.100s\" %s", name, text, why);
		return false;
	}
	*ret = arena_intern(k->arena, ascii);
	return true;
}

static void fault_account(struct keys *k, const struct config *cfg, struct place at, const char *name)
{
	const char **names = xcalloc(cfg->n_accounts, sizeof *names);

	for (size_t i = 0; i < cfg->n_accounts; i++)
		names[i] = cfg->accounts[i].name;
	keys_fault_word(k, at, "the configuration has no account", name, names, cfg->n_accounts);
	free(names);
}

bool value_account(struct keys *k, const struct config *cfg, const char *name, const struct yaml_node *value,
        const char **ret)
{
	const char *text = read_text(k, name, value);

	if (!text)
		return false;
	if (cfg && !config_account(cfg, text)) {
		fault_account(k, cfg, value->at, text);
		return false;
	}
	if (!keys_is_name(text)) {
		keys_fault(k, value, "%s: \"%.60s\" is no account's name", name, text);
		return false;
	}
	*ret = arena_intern(k->arena, text);
	return true;
}

/* A server of the configuration that takes dynamic updates. */
bool value_server(struct keys *k, const struct config *cfg, const struct yaml_node *value, const char **ret)
{
	const char *text = read_text(k, "dns_server", value);

	if (!text)
		return false;
	if (cfg && !config_server(cfg, text)) {
		const char **names = xcalloc(cfg->n_servers + 1, sizeof *names);

		for (size_t i = 0; i < cfg->n_servers; i++)
			names[i] = cfg->servers[i].name;
		keys_fault_word(
		        k, value->at, "the configuration has no dns server", text, names, cfg->n_servers);
		free(names);
		return false;
	}
	if (!keys_is_name(text)) {
		keys_fault(k, value, "dns_server: \"%.60s\" is no server's name", text);
		return false;
	}
	*ret = arena_intern(k->arena, text);
	return true;
}

/* A policy's name, or a map in place. */
bool value_policy(
        struct keys *k, const struct config *cfg, const struct yaml_node *value, struct policy_settings *ret)
{
	const struct policy_settings *base = cfg ? config_policy(cfg, "default") : &policy_built_in, *named;
	size_t before = k->diags->count;
	struct policy_settings p = *base;

	if (value->kind == YAML_KIND_MAP) {
		policy_read(k, value, base, &p);
		p.name = NULL;
		if (k->diags->count == before)
			policy_check(
			        k, &p, cfg ? cfg->safety.minimum_grace : policy_built_in.grace, value->at);
	} else {
		const char *text = read_text(k, "policy", value);

		if (!text)
			return false;
		named = cfg ? config_policy(cfg, text) : base;
		if (named) {
			p = *named;
			p.name = arena_intern(k->arena, text);
		} else {
			const char **names = xcalloc(cfg->n_policies, sizeof *names);

			for (size_t i = 0; i < cfg->n_policies; i++)
				names[i] = cfg->policies[i].name;
			keys_fault_word(k, value->at, "the configuration has no policy", text, names,
			        cfg->n_policies);
			free(names);
		}
	}
	if (k->diags->count != before)
		return false;
	*ret = p;
	return true;
}
