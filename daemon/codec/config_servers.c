/* The section dns_servers: the primaries that take dynamic updates, and the keys that sign them (RFC 2136, RFC 8945). The
 * secrets themselves are never in it. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "codec/config_parts.h"
#include "codec/tsigkey.h"
#include "core/dname.h"
#include "core/rr.h"

static void read_server(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	struct address a = {.port = 53};
	const char *text = keys_text(k, key, value);

	if (text && !address_parse(text, &a))
		keys_fault(k, value,
		        "server: \"%.60s\" is not an address, address:port or address@port; a name is not "
		        "looked up here",
		        text);
	else if (text)
		*(struct address *)field = a;
}

static void read_key_name(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	const char *text = keys_text(k, key, value);
	char name[DNAME_TEXT];

	if (!text)
		return;
	if (!dname_lower(name, sizeof name, text) || !dname_valid(name))
		keys_fault(k, value, "key: \"%.60s\" is not the name of a TSIG key", text);
	else
		*(const char **)field = arena_intern(k->arena, name);
}

static void read_algorithm(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	const char *text = keys_text(k, key, value);

	if (!text)
		return;
	const char *known = tsig_algorithm(text);
	if (!known)
		keys_fault_word(k, value->at, "unknown algorithm", text, tsig_algorithms, TSIG_ALGORITHMS);
	else
		*(const char **)field = known;
}

static void read_secret(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	struct config_server *s = field;

	config_credential(k, key, value, &s->secret);
	s->secret_at = value->at;
}

/* clang-format off */
static const struct key server_keys[] = {
	{.name = "server", .read = read_server, .offset = offsetof(struct config_server, server)},
	{.name = "key", .read = read_key_name, .offset = offsetof(struct config_server, key)},
	{.name = "algorithm", .read = read_algorithm, .offset = offsetof(struct config_server, algorithm)},
	{.name = "secret", .read = read_secret},
	{.name = "ttl", .read = key_count, .offset = offsetof(struct config_server, ttl), .min = RR_TTL_MIN, .max = RR_TTL_MAX},
};
/* clang-format on */

static int compare(const void *a, const void *b)
{
	const struct config_server *x = a, *y = b;

	return strcmp(x->name, y->name);
}

void config_read_servers(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	static const char *const needed[] = {"server", "secret"};
	struct config *c = field;

	if (yaml_is_null(value))
		return;
	if (value->kind != YAML_KIND_MAP) {
		keys_fault(k, value, "%s must be a map from names to servers", key->name);
		return;
	}
	c->servers = arena_alloc(k->arena, config_count_children(value) * sizeof *c->servers);
	for (const struct yaml_node *n = value->child; n; n = n->next) {
		struct config_server *s = &c->servers[c->n_servers++];
		char section[100];

		config_check_name(k, n, "a server");
		*s = (struct config_server){
		        .name = arena_intern(k->arena, n->key), .ttl = CONFIG_SERVER_TTL, .at = n->key_at};
		str_format(section, sizeof section, "dns server %.64s", n->key);
		keys_read(k, n, section, server_keys, ARRAY_SIZE(server_keys), s);
		if (n->kind != YAML_KIND_MAP && !yaml_is_null(n))
			continue;
		for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
			if (n->kind != YAML_KIND_MAP || !yaml_get(n, needed[i]))
				keys_fault_at(k, n->key_at, "dns server %.64s has no %s", n->key, needed[i]);
	}
	qsort(c->servers, c->n_servers, sizeof *c->servers, compare);
}

const struct config_server *config_server(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_servers; i++)
		if (str_eq(c->servers[i].name, name))
			return &c->servers[i];
	return NULL;
}
