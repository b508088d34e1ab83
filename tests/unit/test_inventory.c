/* The inventory: its keys and their defaults. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "unit/inventory_common.h"

static void defaults_of_each_platform(void **state)
{
	struct config *c = config("");
	struct inventory *inv =
	        good(c, "domains:\n"
	                "  - domain: a.example\n"
	                "    platform: exchange\n"
	                "    service: hosted-zz1-1\n"
	                "  - {domain: b.example, platform: emailpro, service: emailpro-zz1-1}\n"
	                "  - {domain: c.example, platform: mxplan}\n"
	                "  - {domain: d.example, platform: zimbra}\n");

	(void)state;
	assert_int_equal(inv->n, 4);
	const struct desired *d = &inv->list[0];
	assert_string_equal(d->domain, "a.example");
	assert_int_equal(d->platform, PLATFORM_EXCHANGE);
	assert_string_equal(d->organization, "hosted-zz1-1");
	assert_string_equal(d->service, "hosted-zz1-1");
	assert_string_equal(d->account, "default");
	assert_string_equal(d->zone, "a.example");
	assert_string_equal(d->zone_account, "default");
	assert_int_equal(d->dns, DNS_OVH);
	assert_int_equal(d->mode, MODE_MANAGE);
	assert_string_equal(d->policy_name, "default");
	assert_int_equal(d->policy.rotate_every, 90 * MS_DAY);
	assert_int_equal(d->policy.grace, 7 * MS_DAY);
	assert_int_equal(d->policy.splay_permille, 100);
	assert_null(d->policy.window);
	assert_string_equal(d->file, "i.yaml");
	assert_int_equal(d->line, 2);
	assert_int_equal(d->column, 13);
	d = &inv->list[1];
	assert_int_equal(d->platform, PLATFORM_EMAILPRO);
	assert_null(d->organization);
	assert_int_equal(d->dns, DNS_OVH);
	d = &inv->list[2];
	assert_int_equal(d->platform, PLATFORM_MXPLAN);
	assert_null(d->service);
	assert_int_equal(d->dns, DNS_PLATFORM);
	d = &inv->list[3];
	assert_int_equal(d->platform, PLATFORM_ZIMBRA);
	assert_int_equal(d->zimbra_api, ZIMBRA_V1);
	assert_int_equal(d->dns, DNS_PLATFORM);
	inventory_free(inv);
	inventory_free(NULL);
	config_free(c);
}

static void every_key(void **state)
{
	struct config *c = config("policies: {fast: {rotate_every: 30d}}\n");
	struct inventory *inv =
	        good(c, "domains:\n"
	                "  - domain: Mail.B\xc3\xbc"
	                "cher.example.\n"
	                "    platform: exchange\n"
	                "    organization: org-1\n"
	                "    service: svc.2\n"
	                "    account: zones\n"
	                "    policy: fast\n"
	                "    mode: observe\n"
	                "    dns: manual\n"
	                "    zone: B\xc3\xbc"
	                "cher.example\n"
	                "    zone_account: default\n"
	                "  - {domain: z.example, platform: zimbra, zimbra_api: v2, service: 'uuid-1',\n"
	                "     policy: {rotate_every: never, window: 'Sat 01:00-02:00'}}\n");

	(void)state;
	const struct desired *d = &inv->list[0];
	assert_string_equal(d->domain, "mail.xn--bcher-kva.example");
	assert_string_equal(d->zone, "xn--bcher-kva.example");
	assert_string_equal(d->organization, "org-1");
	assert_string_equal(d->service, "svc.2");
	assert_string_equal(d->account, "zones");
	assert_string_equal(d->zone_account, "default");
	assert_string_equal(d->policy_name, "fast");
	assert_int_equal(d->policy.rotate_every, 30 * MS_DAY);
	assert_int_equal(d->mode, MODE_OBSERVE);
	assert_int_equal(d->dns, DNS_MANUAL);
	d = &inv->list[1];
	assert_int_equal(d->zimbra_api, ZIMBRA_V2);
	assert_string_equal(d->service, "uuid-1");
	assert_null(d->policy_name);
	assert_int_equal(d->policy.rotate_every, 0);
	assert_int_equal(d->policy.grace, 7 * MS_DAY);
	assert_non_null(d->policy.window);
	inventory_free(inv);
	config_free(c);
}

/* Who takes the updates: named by the domain or by the file, and nobody where somebody else writes the zone. */
static void dns_servers(void **state)
{
	struct config *c = config("");
	struct inventory *inv = good(c, "defaults: {platform: mxplan, dns: rfc2136, dns_server: primary}\n"
	                                "domains:\n"
	                                "  - domain: a.example\n"
	                                "  - {domain: b.example, dns: platform}\n");

	(void)state;
	assert_int_equal(inv->list[0].dns, DNS_RFC2136);
	assert_string_equal(inv->list[0].dns_server, "primary");
	assert_null(inv->list[1].dns_server);
	inventory_free(inv);
	config_free(c);
}

/* They may stand behind the domains, and give only what makes sense for each. */
static void file_defaults(void **state)
{
	struct config *c = config("");
	struct inventory *inv = good(c, "domains:\n"
	                                "  - domain: a.example\n"
	                                "  - {domain: b.example, platform: mxplan, account: default}\n"
	                                "  - {domain: c.example, platform: exchange, service: s}\n"
	                                "  - {domain: d.example, policy: default, mode: manage}\n"
	                                "defaults: {platform: emailpro, service: emailpro-1, organization: "
	                                "o, zimbra_api: v2, account: zones,\n"
	                                "  policy: {grace: 8d}, mode: observe, dns: manual}\n");

	(void)state;
	assert_int_equal(inv->list[0].platform, PLATFORM_EMAILPRO);
	assert_string_equal(inv->list[0].service, "emailpro-1");
	assert_null(inv->list[0].organization);
	assert_string_equal(inv->list[0].account, "zones");
	assert_string_equal(inv->list[0].zone_account, "zones");
	assert_int_equal(inv->list[0].policy.grace, 8 * MS_DAY);
	assert_null(inv->list[0].policy_name);
	assert_int_equal(inv->list[0].mode, MODE_OBSERVE);
	assert_int_equal(inv->list[0].dns, DNS_MANUAL);
	assert_null(inv->list[1].service); /* another platform's service */
	assert_string_equal(inv->list[1].account, "default");
	assert_string_equal(inv->list[2].organization, "o");
	assert_string_equal(inv->list[2].service, "s");
	assert_int_equal(inv->list[3].policy.grace, 7 * MS_DAY);
	assert_int_equal(inv->list[3].mode, MODE_MANAGE);
	inventory_free(inv);
	config_free(c);
}

static void empty_files_are_fine(void **state)
{
	static const char *const texts[] = {"", "\n", "# later\n", "---\n", "domains:\n", "domains: []\n",
	        "domains: ~\n", "defaults:\n", "defaults: {}\ndomains:\n"};
	struct config *c = config("");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct inventory *inv = good(c, texts[i]);

		assert_int_equal(inv->n, 0);
		inventory_free(inv);
	}
	config_free(c);
}

static void observe_of_the_whole_wins(void **state)
{
	struct config *c = config("mode: observe\n");
	struct inventory *inv = good(c, "domains: [{domain: a.example, platform: mxplan, mode: manage}]");

	(void)state;
	assert_int_equal(inv->list[0].mode, MODE_OBSERVE);
	assert_int_equal(inv->list[0].own_mode, MODE_MANAGE);
	inventory_free(inv);
	config_free(c);
}

/* For a CI job without the daemon's configuration: names stay unresolved, all else is checked. */
static void without_a_configuration(void **state)
{
	struct inventory *inv =
	        good(NULL, "domains: [{domain: a.example, platform: mxplan, account: any, policy: any}]");
	struct diags d = {0};
	char line[1200];

	(void)state;
	assert_string_equal(inv->list[0].account, "any");
	assert_string_equal(inv->list[0].policy_name, "any");
	inventory_free(inv);
	inv = build_one(NULL,
	        "domains: [{domain: a.example, platform: mxplan, policy: {grace: 6d}, account: 'a b'}]", &d);
	assert_int_equal(d.n, 2);
	assert_string_equal(diag_format(&d.list[0], line, sizeof line),
	        "i.yaml:1:79: account: \"a b\" is no account's name");
	assert_string_equal(diag_format(&d.list[1], line, sizeof line),
	        "i.yaml:1:65: a grace of 6d is below safety.minimum_grace, 7d");
	diags_clear(&d);
	inventory_free(inv);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(defaults_of_each_platform),
	        cmocka_unit_test(every_key),
	        cmocka_unit_test(dns_servers),
	        cmocka_unit_test(file_defaults),
	        cmocka_unit_test(empty_files_are_fine),
	        cmocka_unit_test(observe_of_the_whole_wins),
	        cmocka_unit_test(without_a_configuration),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
