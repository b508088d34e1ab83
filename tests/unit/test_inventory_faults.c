/* Bad inventories: for each its place and its reason. */
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

static const struct {
	const char *text, *fault;
} bad[] = {
        /* the file */
        {"[]", "i.yaml:1:1: keys with values are expected here, not a list"},
        {"- domain: a.example", "i.yaml:1:1: keys with values are expected here, not a list"},
        {"domains: a.example",
                "i.yaml:1:10: domains must be a list, each entry beginning with \"- domain:\""},
        {"domains: {a.example: {}}", "i.yaml:1:10: domains must be a list"},
        {"domains: ''", "i.yaml:1:10: domains must be a list"},
        {"domain: []", "i.yaml:1:1: unknown key in an inventory \"domain\": did you mean \"domains\"?"},
        {"default: {}", "i.yaml:1:1: unknown key in an inventory \"default\": did you mean \"defaults\"?"},
        {"domains: []\nmore: [1]",
                "i.yaml:2:1: unknown key in an inventory \"more\"; known here: domains, defaults"},
        {"domains: []\ndomains: []",
                "i.yaml:2:1: the key \"domains\" stands here a second time, first on line 1"},
        {"defaults: {}\nx: {}\ndefaults: {}", "i.yaml:2:1: unknown key in an inventory \"x\""},
        {"defaults: []", "i.yaml:1:11: defaults must be a map of keys, not a list"},
        {"defaults: x", "i.yaml:1:11: defaults must be a map of keys, not a single value"},
        {"domains: [a.example]", "i.yaml:1:11: a domain must be a map of keys that begins with domain:"},
        {"domains: [[]]", "i.yaml:1:11: a domain must be a map"},
        {"domains: [{}]", "i.yaml:1:11: domain is missing"},
        {"domains:\n - ", "i.yaml:2:3: a domain must be a map"},
        {"domains: [{platform: mxplan}]", "i.yaml:1:11: domain is missing"},
        {"domains: [{domain: a.example, platform: mxplan}", "i.yaml:2:1: did not find expected ',' or ']'"},
        {"domains: [{domain: &a a.example}]", "i.yaml:1:20: an anchor (&a): anchors are not supported"},
        {"domains: [&a {domain: a.example}, *a]", "i.yaml:1:11: an anchor"},
        {"domains: [*a]", "i.yaml:1:11: an alias (*a): aliases are not supported"},
        {"domains: [!x {}]", "i.yaml:1:11: a tag (!x)"},
        {"domains: [[[[[[[[]]]]]]]]", "i.yaml:1:17: nested more than 8 deep"},
        {"domains: []\n---\ndomains: []", "i.yaml:2:1: a second document begins here"},
        {"domains:\n\t- domain: a", "i.yaml:2:1: found character that cannot start any token"},
        {"# \xfe", "i.yaml:1:3: the byte 0xfe is not valid UTF-8"},
        /* the domain */
        {"domains: [{domain: , platform: mxplan}]", "i.yaml:1:20: domain has no value"},
        {"domains: [{domain: [], platform: mxplan}]",
                "i.yaml:1:20: domain must be a single value, not a list"},
        {"domains: [{domain: localhost, platform: mxplan}]",
                "i.yaml:1:20: domain: \"localhost\" has only one label"},
        {"domains: [{domain: a..b, platform: mxplan}]", "i.yaml:1:20: domain: \"a..b\" is not a domain name"},
        {"domains: [{domain: 'me@a.example', platform: mxplan}]",
                "is an address: write only what stands after the @"},
        {"domains: [{domain: '*.a.example', platform: mxplan}]", "is a wildcard"},
        {"domains: [{domain: 192.0.2.1, platform: mxplan}]", "is not a domain name"},
        {"domains: [{domain: xn--a.example, platform: mxplan}]", "is not a valid international domain name"},
        {"domains: [{domain: \"a.ex\\x1b[2Jample\", platform: mxplan}]",
                "domain has a control character in its value"},
        {"domains: [{domian: a.example, platform: mxplan}]",
                "i.yaml:1:12: unknown key in a domain \"domian\": did you mean \"domain\"?"},
        {"domains: [{domain: a.example, domain: b.example}]",
                "i.yaml:1:31: the key \"domain\" stands here a second time"},
        /* words */
        {"domains: [{domain: a.example}]", "i.yaml:1:20: platform is missing"},
        {"domains: [{domain: a.example, platform: Exchange}]",
                "i.yaml:1:41: unknown platform \"Exchange\": did you mean \"exchange\"?"},
        {"domains: [{domain: a.example, platform: gmail}]",
                "unknown platform \"gmail\"; known here: exchange, emailpro, mxplan, zimbra, external"},
        {"domains: [{domain: a.example, platform: external}]",
                "i.yaml:1:20: signer is missing: the configuration has several"},
        {"domains: [{domain: a.example, platform: mxplan, signer: opendkim}]",
                "i.yaml:1:49: signer is for external only"},
        {"domains: [{domain: a.example, platform: mxplan, dns: rfc2136}]",
                "i.yaml:1:20: dns_server is missing: the configuration has no server \"default\" in "
                "dns_servers"},
        {"domains: [{domain: a.example, platform: mxplan, dns: rfc2136, dns_server: primry}]",
                "i.yaml:1:75: the configuration has no dns server \"primry\": did you mean \"primary\"?"},
        {"domains: [{domain: a.example, platform: mxplan, dns_server: primary}]",
                "i.yaml:1:49: dns_server is for dns: rfc2136 only"},
        {"defaults: {dns_server: nowhere}\ndomains: []",
                "i.yaml:1:24: the configuration has no dns server \"nowhere\""},
        {"domains: [{domain: a.example, platform: mxplan, dns: auto}]", "i.yaml:1:54: unknown dns \"auto\""},
        {"domains: [{domain: a.example, platform: mxplan, mode: manual}]",
                "i.yaml:1:55: unknown mode \"manual\""},
        {"domains: [{domain: a.example, platform: zimbra, zimbra_api: v3}]",
                "i.yaml:1:61: unknown zimbra_api \"v3\": did you mean"},
        {"domains: [{domain: a.example, platform: mxplan, zimbra_api: v1}]",
                "i.yaml:1:49: zimbra_api is for zimbra only"},
        {"domains: [{domain: a.example, platform: mxplan, organization: x}]",
                "i.yaml:1:49: organization is for exchange only"},
        /* services */
        {"domains: [{domain: a.example, platform: exchange}]",
                "i.yaml:1:20: service is missing: exchange needs one"},
        {"domains: [{domain: a.example, platform: emailpro, organization: o}]",
                "i.yaml:1:20: service is missing: emailpro needs one"},
        {"domains: [{domain: a.example, platform: emailpro, service: 'a/b'}]",
                "i.yaml:1:60: service: \"a/b\" is not a service's name"},
        {"domains: [{domain: a.example, platform: emailpro, service: ..}]",
                "service: \"..\" is not a service's name"},
        {"domains: [{domain: a.example, platform: emailpro, service: a_b}]", "is not a service's name"},
        {"domains: [{domain: a.example, platform: emailpro, service: caf\xc3\xa9}]",
                "is not a service's name"},
        {"domains: [{domain: a.example, platform: emailpro, service: "
         "a0123456789012345678901234567890123456789012345678901234567890123}]",
                "is not a service's name"},
        {"domains: [{domain: a.example, platform: exchange, service: a, organization: '%2e'}]",
                "organization: \"%2e\" is not a service's name"},
        /* accounts and zones */
        {"domains: [{domain: a.example, platform: mxplan, account: zone}]",
                "i.yaml:1:58: the configuration has no account \"zone\": did you mean \"zones\"?"},
        {"domains: [{domain: a.example, platform: mxplan, zone_account: other}]",
                "i.yaml:1:63: the configuration has no account \"other\"; known here: default, zones"},
        {"domains: [{domain: a.example, platform: mxplan, zone: b.example}]",
                "i.yaml:1:55: zone: a.example does not lie in the zone b.example"},
        {"domains: [{domain: a.example, platform: mxplan, zone: x.a.example}]",
                "does not lie in the zone x.a.example"},
        {"domains: [{domain: ba.example, platform: mxplan, zone: a.example}]",
                "does not lie in the zone a.example"},
        {"domains: [{domain: a.example, platform: mxplan, zone: example}]",
                "i.yaml:1:55: zone: \"example\" has only one label"},
        {"defaults: {zone: b.example}\ndomains: [{domain: a.example, platform: mxplan}]",
                "i.yaml:2:20: zone: a.example does not lie"},
        /* policies */
        {"domains: [{domain: a.example, platform: mxplan, policy: defualt}]",
                "i.yaml:1:57: the configuration has no policy \"defualt\": did you mean \"default\"?"},
        {"domains: [{domain: a.example, platform: mxplan, policy: {grace: 1d}}]",
                "i.yaml:1:65: a grace of 1d is below safety.minimum_grace, 7d"},
        {"domains: [{domain: a.example, platform: mxplan, policy: {rotate_every: 7d}}]",
                "i.yaml:1:72: rotate_every, 7d, must exceed the grace, 7d"},
        {"domains: [{domain: a.example, platform: mxplan, policy: {grace: 90d}}]",
                "i.yaml:1:65: rotate_every, 90d, must exceed"},
        {"domains: [{domain: a.example, platform: mxplan, policy: {rotate: 7d}}]",
                "i.yaml:1:58: unknown key in a policy \"rotate\""},
        {"domains: [{domain: a.example, platform: mxplan, policy: {window: 'Mon 25:00-26:00'}}]",
                "i.yaml:1:66: window:"},
        {"domains: [{domain: a.example, platform: mxplan, policy: []}]",
                "i.yaml:1:57: policy must be a single value, not a list"},
        {"domains: [{domain: a.example, platform: mxplan, policy: }]", "policy has no value"},
        /* defaults, each told once at its own place */
        {"defaults: {domain: a.example}", "i.yaml:1:12: domain can have no default"},
        {"defaults: {platform: external, bits: 12}", "i.yaml:1:38: bits: 12 is not within"},
        {"defaults: {service: a/b, platform: emailpro}\ndomains: [{domain: a.example}]",
                "i.yaml:1:21: service: \"a/b\""},
        {"defaults: {policy: {grace: 1h}}", "i.yaml:1:28: a grace of 1h is below"},
        {"domains: [{domain: a.example, platform: mxplan}]\ndefaults: {acount: zones}",
                "i.yaml:2:12: unknown key in defaults \"acount\": did you mean \"account\"?"},
        /* twice */
        {"domains:\n - {domain: a.example, platform: mxplan}\n - {domain: b.example, platform: mxplan}\n"
         " - {domain: A.Example., platform: mxplan}",
                "i.yaml:4:13: a.example on mxplan stands here a second time, first on line 2"},
};

#define EXTERNAL "domains: [{domain: a.example, platform: external"
static const struct {
	const char *text, *fault;
} bad_external[] = {
        {EXTERNAL ", dns: platform}]", "i.yaml:1:20: dns: platform is for OVHcloud's platforms"},
        {EXTERNAL ", account: zones}]", "i.yaml:1:51: account is for OVHcloud's platforms; zone_account "
                                        "names the account of the zone"},
        {EXTERNAL ", selector: \"dk%Y\"}]", "i.yaml:1:61: selector: \"dk%Y\" must hold %n once"},
        {EXTERNAL ", selector: \"dk_%n\"}]", "selector: \"dk_%n\" makes no selector"},
        {EXTERNAL ", bits: 1024}]", "i.yaml:1:57: bits: 1024 is not within 2048 to 4096"},
        {EXTERNAL ", key: dsa}]", "i.yaml:1:56: unknown key \"dsa\""},
        {EXTERNAL ", record: cname}]", "i.yaml:1:20: target is missing"},
        {EXTERNAL ", target: keys.example.net}]", "target is for record: cname only"},
        {EXTERNAL ", selectors: [a, b]}]", "selectors: two names in turn are for record: cname"},
        {EXTERNAL ", record: cname, target: k.example.net, selectors: [a]}]",
                "selectors must be a list of two names"},
        {EXTERNAL ", record: cname, target: k.example.net, selectors: [a, A]}]",
                "selectors: the two names must differ"},
        {EXTERNAL ", record: dkim, dns: manual}]", "record: dkim is OVHcloud's own type, for dns: ovh only"},
        {EXTERNAL ", signer: opendkin}]",
                "i.yaml:1:59: the configuration has no signer \"opendkin\": did you mean \"opendkim\"?"},
        {EXTERNAL ", signer: rspamd, key: both}]", "key: both needs a signer that signs twice"},
        {EXTERNAL ", confirm: mail}]", "unknown confirm \"mail\""},
        {EXTERNAL ", tags: {h: sha1}}]", "i.yaml:1:61: tag h: \"sha1\" must be sha256"},
        {EXTERNAL ", tags: {q: x}}]", "i.yaml:1:58: unknown key in tags \"q\""},
        {EXTERNAL ", ttl: 10s}]", "ttl: a minute at least"},
        {EXTERNAL ", revoke: 7}]", "revoke: \"7\" needs a unit"},
};

static void must_say(const struct config *c, const char *text, const char *fault)
{
	struct diags d = {0};
	char line[1200];
	struct inventory *inv = build_one(c, text, &d);

	if (d.n == 0)
		fail_msg("passed: %s", text);
	if (!strstr(diag_format(&d.list[0], line, sizeof line), fault))
		fail_msg("%s\nsays     %s\nnot only %s", text, line, fault);
	diags_clear(&d);
	inventory_free(inv);
}

static void bad_external_domains_are_refused(void **state)
{
	struct config *c = config("signers: {opendkim: {}}\n"),
	              *two = config("signers: {opendkim: {}, rspamd: {}}\n"), *none = config("");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_external); i++)
		must_say(strstr(bad_external[i].text, "rspamd") ? two : c, bad_external[i].text,
		        bad_external[i].fault);
	must_say(none, EXTERNAL "}]", "i.yaml:1:20: signer: the configuration has none");
	config_free(c);
	config_free(two);
	config_free(none);
}

static void bad_texts_are_refused_with_their_place(void **state)
{
	struct config *c = config("signers: {opendkim: {}, rspamd: {}}\n");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct diags d = {0};
		char line[1200];
		struct inventory *inv = build_one(c, bad[i].text, &d);

		if (d.n == 0)
			fail_msg("passed: %s", bad[i].text);
		if (!strstr(diag_format(&d.list[0], line, sizeof line), bad[i].fault))
			fail_msg("%s\nsays     %s\nnot only %s", bad[i].text, line, bad[i].fault);
		assert_int_equal(inv->files[0].state, INVENTORY_REFUSED);
		assert_string_equal(inv->files[0].error, line);
		assert_int_equal(inv->n, 0);
		diags_clear(&d);
		inventory_free(inv);
	}
	config_free(c);
}

static void all_faults_are_told_and_no_domain_passes(void **state)
{
	struct config *c = config("");
	struct diags d = {0};
	struct inventory *inv = build_one(c,
	        "defaults: {platform: bad, mode: worse}\n"
	        "domains:\n"
	        "  - {domain: a.example}\n"
	        "  - {domain: b.example, platform: mxplan}\n"
	        "  - {domain: c.example, platform: mxplan, dns: x, account: y}\n",
	        &d);

	(void)state;
	assert_int_equal(
	        d.n, 4); /* two defaults, two of c.example; none for a.example, whose platform was told */
	assert_int_equal(inv->n, 0);
	diags_clear(&d);
	inventory_free(inv);
	/* broken before its defaults are reached: that is the one fault, not that they are missing */
	inv = build_one(c,
	        "domains:\n  - {domain: a.example}\n  - {domain: b.example\ndefaults: {platform: mxplan}\n",
	        &d);
	assert_int_equal(d.n, 1);
	assert_int_equal(d.list[0].line, 4);
	diags_clear(&d);
	inventory_free(inv);
	config_free(c);
}

static void an_account_named_default_is_not_required(void **state)
{
	static const char text[] = "accounts: {prod: {endpoint: ovh-eu, credentials: a}}";
	struct diags d = {0};
	struct config *c = config_parse(text, sizeof text - 1, "c.yaml", &d);
	char line[1200];

	(void)state;
	struct inventory *inv = good(c, "domains: [{domain: a.example, platform: mxplan, account: prod}]");
	inventory_free(inv);
	inv = build_one(c, "domains: [{domain: a.example, platform: mxplan}]", &d);
	assert_string_equal(diag_format(&d.list[0], line, sizeof line),
	        "i.yaml:1:20: account is missing: the configuration has no account \"default\"");
	diags_clear(&d);
	inventory_free(inv);
	config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(bad_texts_are_refused_with_their_place),
	        cmocka_unit_test(bad_external_domains_are_refused),
	        cmocka_unit_test(all_faults_are_told_and_no_domain_passes),
	        cmocka_unit_test(an_account_named_default_is_not_required),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
