/* The configuration's keys, their checks and defaults. It must never look at the system (files, environment,
 * addresses in use): main does, with what stands here. */
#include "codec/config_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "codec/address.h"
#include "core/span.h"

#define SOCKET_PATH_MAX 107 /* sun_path without its end */

static void read_metrics(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	struct address a = {0};

	if (value->kind == YAML_KIND_SCALAR && value->quoted && !*value->text)
		return; /* "" = none */
	const char *text = keys_text(k, key, value);
	if (!text || str_eq(text, "none"))
		return;
	if (!address_parse(text, &a) || a.port == 0)
		keys_fault(k, value,
		        "metrics: \"%.60s\" is not an address with a port, such as 127.0.0.1:9477 or "
		        "[::1]:9477",
		        text);
	else
		*(struct address *)field = a;
}

static void read_resolvers(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	struct config *c = field;
	size_t n = 0;

	if (yaml_is_null(value))
		return;
	if (value->kind != YAML_KIND_LIST) {
		keys_fault(k, value, "%s must be a list, such as [ 192.0.2.53, \"::1@5353\" ]", key->name);
		return;
	}
	for (const struct yaml_node *i = value->child; i; i = i->next)
		n++;
	c->dns.resolvers = arena_alloc(k->arena, n * sizeof *c->dns.resolvers);
	for (const struct yaml_node *i = value->child; i; i = i->next) {
		struct address a = {.port = 53};
		const char *text = keys_text(k, key, i);

		if (text && address_parse(text, &a))
			c->dns.resolvers[c->dns.n_resolvers++] = a;
		else if (text)
			keys_fault(k, i,
			        "resolvers: \"%.60s\" is not an address, address:port or address@port", text);
	}
}

/* ---- sections ---- */

static void read_poll(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	static const struct key table[] = {
	        {.name = "active",
	                .read = key_span,
	                .offset = offsetof(struct config, poll.active),
	                .min = 1},
	        {.name = "settled",
	                .read = key_span,
	                .offset = offsetof(struct config, poll.settled),
	                .min = 1},
	};

	keys_read(k, value, key->name, table, ARRAY_SIZE(table), field);
}

static void read_trust_anchor(
        struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	if (value->kind == YAML_KIND_SCALAR && value->quoted && !*value->text)
		*(const char **)field = "";
	else
		key_path(k, key, value, field);
}

static void read_dns(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	static const struct key table[] = {
	        {.name = "resolvers", .read = read_resolvers},
	        {.name = "authoritative",
	                .read = key_bool,
	                .offset = offsetof(struct config, dns.authoritative)},
	        {.name = "authoritative_port",
	                .read = key_count,
	                .offset = offsetof(struct config, dns.authoritative_port),
	                .min = 1,
	                .max = 65535},
	        {.name = "trust_anchor",
	                .read = read_trust_anchor,
	                .offset = offsetof(struct config, dns.trust_anchor)},
	};

	keys_read(k, value, key->name, table, ARRAY_SIZE(table), field);
}

static void read_max_daily(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	const char *text = keys_text(k, key, value);
	struct config *c = field;
	int v;

	if (!text)
		return;
	bool percent = keys_parse_percent(text, &v);
	if (!percent && !keys_parse_number(text, &v))
		keys_fault(k, value, "%s: \"%.60s\" is neither a percentage (5%%) nor a number", key->name,
		        text);
	else if (v == 0)
		keys_fault(
		        k, value, "%s: at least 1; to hold back every change set mode: observe", key->name);
	else if (percent)
		c->safety.max_daily_hundredths = v;
	else
		c->safety.max_daily_number = v;
}

static void read_safety(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	static const struct key table[] = {
	        {.name = "minimum_grace",
	                .read = key_span,
	                .offset = offsetof(struct config, safety.minimum_grace),
	                .min = 1},
	        {.name = "longest_gap",
	                .read = key_span,
	                .offset = offsetof(struct config, safety.longest_gap),
	                .min = 1},
	        {.name = "max_rotating",
	                .read = key_count,
	                .offset = offsetof(struct config, safety.max_rotating),
	                .min = 1,
	                .max = 1000000},
	        {.name = "max_daily_changes", .read = read_max_daily},
	};

	keys_read(k, value, key->name, table, ARRAY_SIZE(table), field);
}

/* ---- what several sections need ---- */

bool config_check_name(struct keys *k, const struct yaml_node *n, const char *what)
{
	if (keys_is_name(n->key))
		return true;
	keys_fault_at(k, n->key_at,
	        "\"%.60s\" is no name for %s: letters, digits, '.', '_' and '-', 64 at most", n->key, what);
	return false;
}

size_t config_count_children(const struct yaml_node *map)
{
	size_t n = 0;

	for (const struct yaml_node *c = map->child; c; c = c->next)
		n++;
	return n;
}

/* ---- policies ---- */

/* `default` first, wherever it stands, since the others inherit from it. */
static void read_policies(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	struct config *c = field;

	if (yaml_is_null(value))
		return;
	if (value->kind != YAML_KIND_MAP) {
		keys_fault(k, value, "%s must be a map from names to policies", key->name);
		return;
	}
	const struct yaml_node *first = yaml_get(value, "default");
	struct policy_settings *list =
	        arena_alloc(k->arena, (config_count_children(value) + 1) * sizeof *list);
	list[0] = policy_built_in;
	if (first)
		policy_read(k, first, &policy_built_in, &list[0]);
	c->policies = list;
	c->n_policies = 1;
	for (const struct yaml_node *n = value->child; n; n = n->next) {
		if (str_eq(n->key, "default"))
			continue;
		config_check_name(k, n, "a policy");
		struct policy_settings *p = &list[c->n_policies++];
		policy_read(k, n, &list[0], p);
		p->name = arena_intern(k->arena, n->key);
	}
}

static void read_control(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	key_path(k, key, value, field);
	if (value->kind == YAML_KIND_SCALAR && strlen(value->text) > SOCKET_PATH_MAX)
		keys_fault(k, value, "control: a socket's path has at most %d bytes", SOCKET_PATH_MAX);
}

static const struct key config_keys[] = {
        {.name = "mode", .read = key_word, .offset = offsetof(struct config, mode), .words = &words_run_mode},
        {.name = "accounts", .read = config_read_accounts},
        {.name = "dns_servers", .read = config_read_servers},
        {.name = "signers", .read = config_read_signers},
        {.name = "keys", .read = key_path, .offset = offsetof(struct config, keys)},
        {.name = "inventory", .read = key_path, .offset = offsetof(struct config, inventory)},
        {.name = "state", .read = key_path, .offset = offsetof(struct config, state)},
        {.name = "control", .read = read_control, .offset = offsetof(struct config, control)},
        {.name = "metrics", .read = read_metrics, .offset = offsetof(struct config, metrics)},
        {.name = "poll", .read = read_poll},
        {.name = "dns", .read = read_dns},
        {.name = "safety", .read = read_safety},
        {.name = "policies", .read = read_policies},
};

/* ---- the whole ---- */

static struct config *config_new(const char *file)
{
	struct config *c = xcalloc(1, sizeof *c);

	c->arena = arena_new();
	c->file = arena_intern(c->arena, file);
	c->mode = MODE_MANAGE;
	c->inventory = "/etc/dkimrotd/inventory.d";
	c->state = "/var/lib/dkimrotd";
	c->control = "/run/dkimrotd/control.sock";
	c->poll.active = 30 * MS_SECOND;
	c->poll.settled = 6 * MS_HOUR;
	c->dns.authoritative = true;
	c->dns.authoritative_port = 53;
	c->dns.trust_anchor = "/usr/share/dns/root.key";
	c->safety.minimum_grace = 7 * MS_DAY;
	c->safety.longest_gap = 36 * MS_HOUR;
	c->safety.max_rotating = 5;
	c->safety.max_daily_hundredths = 500;
	c->policies = arena_alloc(c->arena, sizeof *c->policies);
	c->policies[0] = policy_built_in;
	c->n_policies = 1;
	return c;
}

/* The place of section.key, or of the section, or of nothing. */
static struct place place_of(const struct yaml_node *root, const char *section, const char *key)
{
	const struct yaml_node *s = yaml_get(root, section);
	const struct yaml_node *v = s && s->kind == YAML_KIND_MAP ? yaml_get(s, key) : NULL;

	return v ? v->at : s ? s->key_at : (struct place){0};
}

/* What holds between keys. Asked only when every key by itself is right. */
static void check_together(struct keys *k, const struct yaml_node *root, struct config *c)
{
	const struct yaml_node *policies = yaml_get(root, "policies"), *accounts = yaml_get(root, "accounts");
	struct place active = place_of(root, "poll", "active"), settled = place_of(root, "poll", "settled");
	char a[SPAN_TEXT], b[SPAN_TEXT];

	if (c->n_accounts == 0 && c->n_signers == 0)
		keys_fault_at(k, accounts ? accounts->key_at : (struct place){1, 1},
		        "there is no account: accounts: must have one at least");
	if (c->poll.active > c->poll.settled) {
		const struct yaml_node *poll = yaml_get(root, "poll");

		if (poll && poll->kind == YAML_KIND_MAP && !yaml_get(poll, "active"))
			c->poll.active = c->poll.settled;
		else
			keys_fault_at(k, active, "poll.active, %s, is above poll.settled, %s",
			        span_format(a, c->poll.active), span_format(b, c->poll.settled));
	}
	if (c->safety.longest_gap <= c->poll.settled) {
		struct place gap = place_of(root, "safety", "longest_gap");

		keys_fault_at(k, gap.line ? gap : settled,
		        "safety.longest_gap, %s, must exceed poll.settled, %s: else every look restarts the "
		        "grace",
		        span_format(a, c->safety.longest_gap), span_format(b, c->poll.settled));
	}
	for (size_t i = 0; i < c->n_policies; i++) {
		const struct yaml_node *n = policies && policies->kind == YAML_KIND_MAP
		                                    ? yaml_get(policies, c->policies[i].name)
		                                    : NULL;

		policy_check(k, &c->policies[i], c->safety.minimum_grace,
		        n ? n->key_at : place_of(root, "safety", "minimum_grace"));
	}
}

struct config *config_parse(const char *text, size_t len, const char *file, struct diags *d)
{
	struct config *c = config_new(file);
	size_t before = d->count;
	struct arena *scratch = arena_new();
	struct keys k = {.file = c->file, .diags = d, .arena = c->arena};
	struct yaml_node *root = yaml_tree(text, len, file, d, scratch);

	if (root) {
		keys_read(&k, root, "the configuration", config_keys, ARRAY_SIZE(config_keys), c);
		c->state_given = yaml_get(root, "state") != NULL;
		c->control_given = yaml_get(root, "control") != NULL;
		if (d->count == before)
			check_together(&k, root, c);
	}
	arena_free(scratch);
	if (d->count == before)
		return c;
	config_free(c);
	return NULL;
}

void config_free(struct config *c)
{
	if (!c)
		return;
	arena_free(c->arena);
	free(c);
}

const struct config_account *config_account(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_accounts; i++)
		if (str_eq(c->accounts[i].name, name))
			return &c->accounts[i];
	return NULL;
}

const struct config_signer *config_signer(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_signers; i++)
		if (str_eq(c->signers[i].name, name))
			return &c->signers[i];
	return NULL;
}

const struct policy_settings *config_policy(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_policies; i++)
		if (str_eq(c->policies[i].name, name))
			return &c->policies[i];
	return NULL;
}

int config_daily_changes(const struct config *c, size_t domains)
{
	if (c->safety.max_daily_number > 0)
		return c->safety.max_daily_number;
	size_t n = domains > 1000000 ? 1000000 : domains, parts = n * (size_t)c->safety.max_daily_hundredths;
	size_t most = (parts + 9999) / 10000;

	return most > 0 ? (int)most : 1;
}
