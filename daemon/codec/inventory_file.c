/* One inventory file: its keys, the defaults for its domains, and the rules between keys. It must never let a domain
 * of a faulty file through: half a file is another inventory than the one that was written. */
#include "codec/inventory_file.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "codec/inventory_external.h"
#include "codec/inventory_value.h"
#include "codec/keys.h"
#include "codec/yaml.h"
#include "core/dname.h"

/* The values of one domain as they stand in the file; NULL where the key was left out. */
struct entry {
	const struct yaml_node *domain, *platform, *organization, *service, *zimbra_api, *account, *policy,
	        *mode, *dns, *zone, *zone_account, *dns_server;
	struct external_nodes external;
};

struct reader {
	struct keys k;
	const struct config *cfg;
	bool lenient;
	struct entry defaults;
	bool defaults_faulty; /* or cut off: then a domain without a value of its own is no further fault */
	struct policy_settings default_policy; /* of `defaults`, read once */
	struct desired_list found;
};

int desired_compare(const struct desired *a, const struct desired *b)
{
	int c = strcmp(a->domain, b->domain);

	if (c == 0)
		c = (a->platform > b->platform) - (a->platform < b->platform);
	if (c == 0)
		c = strcmp(a->file, b->file);
	if (c == 0)
		c = (a->line > b->line) - (a->line < b->line);
	return c ? c : (a->column > b->column) - (a->column < b->column);
}

void desired_add(struct desired_list *l, const struct desired *d)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 16;
		l->list = xrealloc(l->list, l->cap * sizeof *l->list);
	}
	l->list[l->n++] = *d;
}

/* ---- keys ---- */

static void keep_node(struct keys *k, const struct key *key, const struct yaml_node *value, void *field)
{
	(void)k;
	(void)key;
	*(const struct yaml_node **)field = value;
}

#define ENTRY(name_)                                                                                         \
	{                                                                                                    \
		.name = #name_, .read = keep_node, .offset = offsetof(struct entry, name_)                   \
	}
static const struct key entry_keys[] = {ENTRY(domain), ENTRY(platform), ENTRY(organization), ENTRY(service),
        ENTRY(zimbra_api), ENTRY(account), ENTRY(policy), ENTRY(mode), ENTRY(dns), ENTRY(zone),
        ENTRY(zone_account), ENTRY(dns_server),
#define ENTRY_EXTERNAL(name_)                                                                                \
	{.name = #name_, .read = keep_node, .offset = offsetof(struct entry, external.name_)},
        EXTERNAL_KEYS(ENTRY_EXTERNAL)};

/* ---- one domain ---- */

/* The value of the domain itself, else the file's default. */
#define OWN_OR_DEFAULT(field) (own->field ? own->field : r->defaults.field)

static void resolve_service(struct reader *r, const struct entry *own, struct desired *d)
{
	bool served = d->platform == PLATFORM_EXCHANGE || d->platform == PLATFORM_EMAILPRO;
	/* another platform's service is no default */
	const struct yaml_node *service = served ? OWN_OR_DEFAULT(service) : own->service;

	if (service)
		value_service(&r->k, "service", service, &d->service);
	else if (served && !r->defaults_faulty)
		keys_fault(
		        &r->k, own->domain, "service is missing: %s needs one", platform_word(d->platform));
	if (d->platform == PLATFORM_EXCHANGE) {
		const struct yaml_node *organization = OWN_OR_DEFAULT(organization);

		d->organization = d->service;
		if (organization)
			value_service(&r->k, "organization", organization, &d->organization);
	} else if (own->organization) {
		keys_fault_at(&r->k, own->organization->key_at, "organization is for exchange only");
	}
	if (d->platform == PLATFORM_ZIMBRA) {
		const struct yaml_node *api = OWN_OR_DEFAULT(zimbra_api);

		if (api)
			value_word(&r->k, "zimbra_api", &words_zimbra_api, api, &d->zimbra_api);
	} else if (own->zimbra_api) {
		keys_fault_at(&r->k, own->zimbra_api->key_at, "zimbra_api is for zimbra only");
	}
}

/* No account of OVHcloud's but that of the zone. */
static void resolve_external_account(
        struct reader *r, const struct entry *own, const struct yaml_node *zone_account, struct desired *d)
{
	d->account = d->zone_account = arena_intern(r->k.arena, ACCOUNT_EXTERNAL);
	if (own->account)
		keys_fault_at(&r->k, own->account->key_at,
		        "account is for OVHcloud's platforms; zone_account names the account of the zone");
	if (zone_account)
		value_account(&r->k, r->cfg, "zone_account", zone_account, &d->zone_account);
	else if (d->dns == DNS_OVH && r->cfg && !config_account(r->cfg, "default"))
		keys_fault(&r->k, own->domain,
		        "zone_account is missing: the configuration has no account \"default\"");
	else if (d->dns == DNS_OVH)
		d->zone_account = arena_intern(r->k.arena, "default");
}

static void resolve_account(struct reader *r, const struct entry *own, struct desired *d)
{
	const struct yaml_node *account = OWN_OR_DEFAULT(account),
	                       *zone_account = OWN_OR_DEFAULT(zone_account);

	if (d->platform == PLATFORM_EXTERNAL) {
		resolve_external_account(r, own, zone_account, d);
		return;
	}
	d->account = arena_intern(r->k.arena, "default");
	if (account)
		value_account(&r->k, r->cfg, "account", account, &d->account);
	else if (r->cfg && !config_account(r->cfg, "default"))
		keys_fault(&r->k, own->domain,
		        "account is missing: the configuration has no account \"default\"");
	d->zone_account = d->account;
	if (zone_account)
		value_account(&r->k, r->cfg, "zone_account", zone_account, &d->zone_account);
}

static void resolve_dns(struct reader *r, const struct entry *own, struct desired *d)
{
	const struct yaml_node *dns = OWN_OR_DEFAULT(dns), *zone = OWN_OR_DEFAULT(zone);

	d->dns = d->platform == PLATFORM_MXPLAN || d->platform == PLATFORM_ZIMBRA ? DNS_PLATFORM : DNS_OVH;
	if (dns)
		value_dns(&r->k, dns, &d->dns);
	d->zone = d->domain;
	if (zone && value_domain(&r->k, "zone", zone, &d->zone) && d->domain &&
	        !dname_within(d->domain, d->zone))
		keys_fault(&r->k, own->zone ? own->zone : own->domain, "zone: %s does not lie in the zone %s",
		        d->domain, d->zone);
}

/* Who takes the updates of a zone that is ours to write, and nobody else's. */
static void resolve_server(struct reader *r, const struct entry *own, struct desired *d)
{
	const struct yaml_node *server = OWN_OR_DEFAULT(dns_server);

	if (d->dns != DNS_RFC2136) {
		if (own->dns_server)
			keys_fault_at(&r->k, own->dns_server->key_at, "dns_server is for dns: rfc2136 only");
		return;
	}
	d->dns_server = arena_intern(r->k.arena, "default");
	if (server)
		value_server(&r->k, r->cfg, server, &d->dns_server);
	else if (r->cfg && !config_server(r->cfg, "default"))
		keys_fault(&r->k, own->domain,
		        "dns_server is missing: the configuration has no server \"default\" in dns_servers");
}

static void resolve_policy(struct reader *r, const struct entry *own, struct desired *d)
{
	struct policy_settings p = r->default_policy;

	if (own->policy && !value_policy(&r->k, r->cfg, own->policy, &p))
		return;
	d->policy_name = p.name;
	d->policy = policy_resolve(&p, r->k.windows);
}

/* A domain with all its defaults; told when it is faulty. */
static void resolve(
        struct reader *r, const struct yaml_node *item, const struct entry *own, struct desired *d)
{
	const struct yaml_node *platform = OWN_OR_DEFAULT(platform), *mode = OWN_OR_DEFAULT(mode);

	if (!own->domain) {
		keys_fault(&r->k, item, "domain is missing");
		return;
	}
	d->file = arena_intern(r->k.arena, r->k.file);
	d->line = own->domain->at.line;
	d->column = own->domain->at.column;
	value_domain(&r->k, "domain", own->domain, &d->domain);
	if (platform && value_platform(&r->k, platform, &d->platform))
		resolve_service(r, own, d);
	else if (!platform && !r->defaults_faulty)
		keys_fault(&r->k, own->domain, "platform is missing");
	resolve_dns(r, own, d);
	resolve_server(r, own, d);
	resolve_account(r, own, d);
	external_resolve(&r->k, r->cfg, own->domain, &own->external, &r->defaults.external, d);
	resolve_policy(r, own, d);
	if (mode)
		value_word(&r->k, "mode", &words_run_mode, mode, &d->own_mode);
	d->mode = r->cfg && r->cfg->mode == MODE_OBSERVE ? MODE_OBSERVE : d->own_mode;
}

static void read_item(struct reader *r, const struct yaml_node *item)
{
	size_t before = r->k.diags->count;
	struct entry own = {0};
	struct desired d = {.platform = PLATFORM_MXPLAN, .own_mode = MODE_MANAGE};

	if (item->kind != YAML_KIND_MAP) {
		keys_fault(&r->k, item, "a domain must be a map of keys that begins with domain:");
		return;
	}
	keys_read(&r->k, item, "a domain", entry_keys, ARRAY_SIZE(entry_keys), &own);
	resolve(r, item, &own, &d);
	if (r->k.diags->count == before)
		desired_add(&r->found, &d);
}

/* ---- defaults ---- */

/* Each default by itself, once, at its own place. A faulty one is taken out. */
static void check_defaults(struct reader *r)
{
	struct entry *e = &r->defaults;
	size_t before = r->k.diags->count;
	enum platform platform;
	enum zimbra_api api;
	enum run_mode mode;
	enum dns_mode dns;
	const char *text;

	if (e->domain) {
		keys_fault_at(&r->k, e->domain->key_at, "domain can have no default");
		e->domain = NULL;
	}
	if (e->platform && !value_platform(&r->k, e->platform, &platform))
		e->platform = NULL;
	if (e->organization && !value_service(&r->k, "organization", e->organization, &text))
		e->organization = NULL;
	if (e->service && !value_service(&r->k, "service", e->service, &text))
		e->service = NULL;
	if (e->zimbra_api && !value_word(&r->k, "zimbra_api", &words_zimbra_api, e->zimbra_api, &api))
		e->zimbra_api = NULL;
	if (e->account && !value_account(&r->k, r->cfg, "account", e->account, &text))
		e->account = NULL;
	if (e->zone_account && !value_account(&r->k, r->cfg, "zone_account", e->zone_account, &text))
		e->zone_account = NULL;
	if (e->dns_server && !value_server(&r->k, r->cfg, e->dns_server, &text))
		e->dns_server = NULL;
	if (e->mode && !value_word(&r->k, "mode", &words_run_mode, e->mode, &mode))
		e->mode = NULL;
	if (e->dns && !value_dns(&r->k, e->dns, &dns))
		e->dns = NULL;
	if (e->zone && !value_domain(&r->k, "zone", e->zone, &text))
		e->zone = NULL;
	external_check_defaults(&r->k, r->cfg, &e->external);
	if (e->policy)
		value_policy(&r->k, r->cfg, e->policy, &r->default_policy);
	r->defaults_faulty = r->k.diags->count != before;
}

/* ---- the file ---- */

static void visit(void *arg, const struct yaml_node *node, bool item)
{
	static const char *const known[] = {"domains", "defaults"};
	struct reader *r = arg;

	if (str_eq(node->key, "domains")) {
		if (item)
			read_item(r, node);
		else if (node->kind != YAML_KIND_LIST && !yaml_is_null(node))
			keys_fault(&r->k, node,
			        "domains must be a list, each entry beginning with \"- domain:\"");
	} else if (!item && !str_eq(node->key, "defaults")) {
		keys_fault_word(&r->k, node->key_at, "unknown key in an inventory", node->key, known,
		        ARRAY_SIZE(known));
	}
}

static int compare(const void *a, const void *b)
{
	return desired_compare(a, b);
}

/* The same domain on the same platform twice in this file. */
static void check_twice(struct reader *r)
{
	struct desired *l = r->found.list;

	if (r->found.n > 0)
		qsort(l, r->found.n, sizeof *l, compare);
	for (size_t i = 1; i < r->found.n; i++)
		if (str_eq(l[i].domain, l[i - 1].domain) && l[i].platform == l[i - 1].platform)
			keys_fault_at(&r->k, (struct place){l[i].line, l[i].column},
			        "%s on %s stands here a second time, first on line %d", l[i].domain,
			        platform_word(l[i].platform), l[i - 1].line);
}

bool inventory_file_parse(const struct config *cfg, const char *text, size_t len, const char *path,
        struct arena *arena, struct windows *windows, bool lenient, struct desired_list *ret, struct diags *d)
{
	struct reader r = {.k = {.file = path, .diags = d, .arena = arena, .windows = windows}, .cfg = cfg};
	const struct policy_settings *base = cfg ? config_policy(cfg, "default") : &policy_built_in;
	struct arena *scratch = arena_new();
	const struct yaml_node *defaults;
	size_t before = d->count;

	r.default_policy = *base;
	if (!yaml_find(text, len, "defaults", scratch, &defaults)) /* they may stand behind the domains */
		r.defaults_faulty = true;
	if (defaults) {
		keys_read(&r.k, defaults, "defaults", entry_keys, ARRAY_SIZE(entry_keys), &r.defaults);
		check_defaults(&r);
	}
	yaml_walk(text, len, path, d, visit, &r);
	check_twice(&r);
	arena_free(scratch);
	bool good = d->count == before;
	for (size_t i = 0; i < r.found.n && (good || lenient); i++)
		desired_add(ret, &r.found.list[i]);
	free(r.found.list);
	return good;
}
