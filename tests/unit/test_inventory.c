/* The inventory: its keys and defaults, its faults with their places, and how files become one generation. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "codec/inventory.h"

static struct config *config(const char *more)
{
	struct diags d = {0};
	char line[1200];
	char *text = xasprintf("accounts:\n"
	                       "  default: {endpoint: ovh-eu, credentials: a}\n"
	                       "  zones: {endpoint: ovh-ca, credentials: b}\n%s",
	        more);
	struct config *c = config_parse(text, strlen(text), "c.yaml", &d);

	if (!c)
		fail_msg("%s", diag_format(&d.list[0], line, sizeof line));
	free(text);
	return c;
}

static struct inventory_text file(const char *path, const char *text)
{
	return (struct inventory_text){.path = path, .text = text, .len = text ? strlen(text) : 0};
}

static struct inventory *build_one(const struct config *c, const char *text, struct diags *d)
{
	struct inventory_text f = file("i.yaml", text);
	char *copy = xmalloc(f.len); /* of its own size, so that a byte read too far is seen */

	memcpy(copy, text, f.len);
	f.text = copy;
	struct inventory *inv = inventory_build(c, &f, 1, NULL, 0, NULL, d);
	free(copy);
	return inv;
}

static struct inventory *good(const struct config *c, const char *text)
{
	struct diags d = {0};
	char line[1200];
	struct inventory *inv = build_one(c, text, &d);

	if (d.count)
		fail_msg("%s", diag_format(&d.list[0], line, sizeof line));
	assert_int_equal(inv->files[0].state, INVENTORY_OK);
	assert_null(inv->files[0].error);
	return inv;
}

/* ---- what stands in a file ---- */

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

static const struct {
	const char *text, *fault;
} bad[] = {
  /* the file */
        {"[]",                                                                                    "i.yaml:1:1: keys with values are expected here, not a list"                     },
        {"- domain: a.example",                                                                   "i.yaml:1:1: keys with values are expected here, not a list"                     },
        {"domains: a.example",
         "i.yaml:1:10: domains must be a list, each entry beginning with \"- domain:\""                                                                                            },
        {"domains: {a.example: {}}",                                                              "i.yaml:1:10: domains must be a list"                                            },
        {"domains: ''",                                                                           "i.yaml:1:10: domains must be a list"                                            },
        {"domain: []",                                                                            "i.yaml:1:1: unknown key in an inventory \"domain\": did you mean \"domains\"?"  },
        {"default: {}",                                                                           "i.yaml:1:1: unknown key in an inventory \"default\": did you mean \"defaults\"?"},
        {"domains: []\nmore: [1]",
         "i.yaml:2:1: unknown key in an inventory \"more\"; there is domains, defaults"                                                                                            },
        {"domains: []\ndomains: []",
         "i.yaml:2:1: the key \"domains\" stands here a second time, first on line 1"                                                                                              },
        {"defaults: {}\nx: {}\ndefaults: {}",                                                     "i.yaml:2:1: unknown key in an inventory \"x\""                                  },
        {"defaults: []",                                                                          "i.yaml:1:11: defaults must be a map of keys, not a list"                        },
        {"defaults: x",                                                                           "i.yaml:1:11: defaults must be a map of keys, not a single value"                },
        {"domains: [a.example]",                                                                  "i.yaml:1:11: a domain must be a map of keys that begins with domain:"           },
        {"domains: [[]]",                                                                         "i.yaml:1:11: a domain must be a map"                                            },
        {"domains: [{}]",                                                                         "i.yaml:1:11: domain is missing"                                                 },
        {"domains:\n - ",                                                                         "i.yaml:2:3: a domain must be a map"                                             },
        {"domains: [{platform: mxplan}]",                                                         "i.yaml:1:11: domain is missing"                                                 },
        {"domains: [{domain: a.example, platform: mxplan}",                                       "i.yaml:2:1: did not find expected ',' or ']'"                                   },
        {"domains: [{domain: &a a.example}]",                                                     "i.yaml:1:20: an anchor (&a): anchors are not supported"                         },
        {"domains: [&a {domain: a.example}, *a]",                                                 "i.yaml:1:11: an anchor"                                                         },
        {"domains: [*a]",                                                                         "i.yaml:1:11: an alias (*a): aliases are not supported"                          },
        {"domains: [!x {}]",                                                                      "i.yaml:1:11: a tag (!x)"                                                        },
        {"domains: [[[[[[[[]]]]]]]]",                                                             "i.yaml:1:17: nested more than 8 deep"                                           },
        {"domains: []\n---\ndomains: []",                                                         "i.yaml:2:1: a second document begins here"                                      },
        {"domains:\n\t- domain: a",                                                               "i.yaml:2:1: found character that cannot start any token"                        },
        {"# \xfe",                                                                                "i.yaml:1:3: the byte 0xfe is not valid UTF-8"                                   },
 /* the domain */
        {"domains: [{domain: , platform: mxplan}]",                                               "i.yaml:1:20: domain has no value"                                               },
        {"domains: [{domain: [], platform: mxplan}]",
         "i.yaml:1:20: domain must be a single value, not a list"                                                                                                                  },
        {"domains: [{domain: localhost, platform: mxplan}]",
         "i.yaml:1:20: domain: \"localhost\" has only one label"                                                                                                                   },
        {"domains: [{domain: a..b, platform: mxplan}]",                                           "i.yaml:1:20: domain: \"a..b\" is not a domain name"                             },
        {"domains: [{domain: 'me@a.example', platform: mxplan}]",
         "is an address: write only what stands after the @"                                                                                                                       },
        {"domains: [{domain: '*.a.example', platform: mxplan}]",                                  "is a wildcard"                                                                  },
        {"domains: [{domain: 192.0.2.1, platform: mxplan}]",                                      "is not a domain name"                                                           },
        {"domains: [{domain: xn--a.example, platform: mxplan}]",                                  "is not a valid international domain name"                                       },
        {"domains: [{domain: \"a.ex\\x1b[2Jample\", platform: mxplan}]",
         "domain has a control character in its value"                                                                                                                             },
        {"domains: [{domian: a.example, platform: mxplan}]",
         "i.yaml:1:12: unknown key in a domain \"domian\": did you mean \"domain\"?"                                                                                               },
        {"domains: [{domain: a.example, domain: b.example}]",
         "i.yaml:1:31: the key \"domain\" stands here a second time"                                                                                                               },
 /* words */
        {"domains: [{domain: a.example}]",                                                        "i.yaml:1:20: platform is missing"                                               },
        {"domains: [{domain: a.example, platform: Exchange}]",
         "i.yaml:1:41: platform has no value \"Exchange\": did you mean \"exchange\"?"                                                                                             },
        {"domains: [{domain: a.example, platform: gmail}]",
         "platform has no value \"gmail\"; there is exchange, emailpro, mxplan, zimbra, external"                                                                                  },
        {"domains: [{domain: a.example, platform: external}]",
         "i.yaml:1:41: platform: external is not supported by this version"                                                                                                        },
        {"domains: [{domain: a.example, platform: mxplan, dns: rfc2136}]",
         "i.yaml:1:54: dns: rfc2136 is not supported by this version"                                                                                                              },
        {"domains: [{domain: a.example, platform: mxplan, dns: auto}]",
         "i.yaml:1:54: dns has no value \"auto\""                                                                                                                                  },
        {"domains: [{domain: a.example, platform: mxplan, mode: manual}]",
         "i.yaml:1:55: mode has no value \"manual\""                                                                                                                               },
        {"domains: [{domain: a.example, platform: zimbra, zimbra_api: v3}]",
         "i.yaml:1:61: zimbra_api has no value \"v3\": did you mean"                                                                                                               },
        {"domains: [{domain: a.example, platform: mxplan, zimbra_api: v1}]",
         "i.yaml:1:49: zimbra_api is for zimbra only"                                                                                                                              },
        {"domains: [{domain: a.example, platform: mxplan, organization: x}]",
         "i.yaml:1:49: organization is for exchange only"                                                                                                                          },
 /* services */
        {"domains: [{domain: a.example, platform: exchange}]",
         "i.yaml:1:20: service is missing: exchange needs one"                                                                                                                     },
        {"domains: [{domain: a.example, platform: emailpro, organization: o}]",
         "i.yaml:1:20: service is missing: emailpro needs one"                                                                                                                     },
        {"domains: [{domain: a.example, platform: emailpro, service: 'a/b'}]",
         "i.yaml:1:60: service: \"a/b\" is not a service's name"                                                                                                                   },
        {"domains: [{domain: a.example, platform: emailpro, service: ..}]",
         "service: \"..\" is not a service's name"                                                                                                                                 },
        {"domains: [{domain: a.example, platform: emailpro, service: a_b}]",                      "is not a service's name"                                                        },
        {"domains: [{domain: a.example, platform: emailpro, service: caf\xc3\xa9}]",
         "is not a service's name"                                                                                                                                                 },
        {"domains: [{domain: a.example, platform: emailpro, service: "
         "a0123456789012345678901234567890123456789012345678901234567890123}]",          "is not a service's name"                                                        },
        {"domains: [{domain: a.example, platform: exchange, service: a, organization: '%2e'}]",
         "organization: \"%2e\" is not a service's name"                                                                                                                           },
 /* accounts and zones */
        {"domains: [{domain: a.example, platform: mxplan, account: zone}]",
         "i.yaml:1:58: the configuration has no account \"zone\": did you mean \"zones\"?"                                                                                         },
        {"domains: [{domain: a.example, platform: mxplan, zone_account: other}]",
         "i.yaml:1:63: the configuration has no account \"other\"; there is default, zones"                                                                                        },
        {"domains: [{domain: a.example, platform: mxplan, zone: b.example}]",
         "i.yaml:1:55: zone: a.example does not lie in the zone b.example"                                                                                                         },
        {"domains: [{domain: a.example, platform: mxplan, zone: x.a.example}]",
         "does not lie in the zone x.a.example"                                                                                                                                    },
        {"domains: [{domain: ba.example, platform: mxplan, zone: a.example}]",
         "does not lie in the zone a.example"                                                                                                                                      },
        {"domains: [{domain: a.example, platform: mxplan, zone: example}]",
         "i.yaml:1:55: zone: \"example\" has only one label"                                                                                                                       },
        {"defaults: {zone: b.example}\ndomains: [{domain: a.example, platform: mxplan}]",
         "i.yaml:2:20: zone: a.example does not lie"                                                                                                                               },
 /* policies */
        {"domains: [{domain: a.example, platform: mxplan, policy: defualt}]",
         "i.yaml:1:57: the configuration has no policy \"defualt\": did you mean \"default\"?"                                                                                     },
        {"domains: [{domain: a.example, platform: mxplan, policy: {grace: 1d}}]",
         "i.yaml:1:65: a grace of 1d is below safety.minimum_grace, 7d"                                                                                                            },
        {"domains: [{domain: a.example, platform: mxplan, policy: {rotate_every: 7d}}]",
         "i.yaml:1:72: rotate_every, 7d, must exceed the grace, 7d"                                                                                                                },
        {"domains: [{domain: a.example, platform: mxplan, policy: {grace: 90d}}]",
         "i.yaml:1:65: rotate_every, 90d, must exceed"                                                                                                                             },
        {"domains: [{domain: a.example, platform: mxplan, policy: {rotate: 7d}}]",
         "i.yaml:1:58: unknown key in a policy \"rotate\""                                                                                                                         },
        {"domains: [{domain: a.example, platform: mxplan, policy: {window: 'Mon 25:00-26:00'}}]",
         "i.yaml:1:66: window:"                                                                                                                                                    },
        {"domains: [{domain: a.example, platform: mxplan, policy: []}]",
         "i.yaml:1:57: policy must be a single value, not a list"                                                                                                                  },
        {"domains: [{domain: a.example, platform: mxplan, policy: }]",                            "policy has no value"                                                            },
 /* defaults, each told once at its own place */
        {"defaults: {domain: a.example}",                                                         "i.yaml:1:12: domain can have no default"                                        },
        {"defaults: {platform: external}",                                                        "i.yaml:1:22: platform: external is not supported"                               },
        {"defaults: {service: a/b, platform: emailpro}\ndomains: [{domain: a.example}]",
         "i.yaml:1:21: service: \"a/b\""                                                                                                                                           },
        {"defaults: {policy: {grace: 1h}}",                                                       "i.yaml:1:28: a grace of 1h is below"                                            },
        {"domains: [{domain: a.example, platform: mxplan}]\ndefaults: {acount: zones}",
         "i.yaml:2:12: unknown key in defaults \"acount\": did you mean \"account\"?"                                                                                              },
 /* twice */
        {"domains:\n - {domain: a.example, platform: mxplan}\n - {domain: b.example, platform: mxplan}\n"
         " - {domain: A.Example., platform: mxplan}",                                    "i.yaml:4:13: a.example on mxplan stands here a second time, first on line 2"    },
};

static void bad_texts_are_refused_with_their_place(void **state)
{
	struct config *c = config("");

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

/* ---- generations ---- */

static void sorted_and_found(void **state)
{
	struct config *c = config("");
	struct inventory *inv = good(c, "defaults: {platform: mxplan}\n"
	                                "domains:\n"
	                                "  - domain: z.example\n"
	                                "  - domain: b\xc3\xbc"
	                                "cher.example\n"
	                                "  - {domain: z.example, platform: zimbra}\n"
	                                "  - domain: a.example\n");
	const struct desired *d = NULL;

	(void)state;
	assert_int_equal(inventory_find(inv, "a.example", &d), 0);
	assert_ptr_equal(d, &inv->list[0]);
	assert_int_equal(inventory_find(inv,
	                         "B\xc3\x9c"
	                         "CHER.example.",
	                         &d),
	        0);
	assert_string_equal(d->domain, "xn--bcher-kva.example");
	assert_int_equal(inventory_find(inv, "z.example", &d), -ENOTUNIQ);
	assert_int_equal(inventory_find(inv, "z.example:zimbra", &d), 0);
	assert_int_equal(d->platform, PLATFORM_ZIMBRA);
	assert_int_equal(inventory_find(inv, "z.example:mxplan", &d), 0);
	assert_int_equal(d->platform, PLATFORM_MXPLAN);
	assert_int_equal(inventory_find(inv, "a.example:zimbra", &d), -ENOENT);
	assert_int_equal(inventory_find(inv, "zz.example", &d), -ENOENT);
	assert_int_equal(inventory_find(inv, "a.example:gmail", &d), -EINVAL);
	assert_int_equal(inventory_find(inv, "", &d), -EINVAL);
	assert_int_equal(inventory_find(inv, ":", &d), -EINVAL);
	inventory_free(inv);
	config_free(c);
}

static void a_faulty_file_keeps_its_last_good_version(void **state)
{
	struct config *c = config("");
	const struct inventory_text now[] = {
	        file("a.yaml", "domains: [{domain: a.example, platform: gmail}]"),
	        file("b.yaml", "domains: [{domain: b.example, platform: mxplan}]"),
	        file("c.yaml", "domains: ["),
	        {.path = "d.yaml", .fault = "d.yaml: Permission denied"},
	};
	const struct inventory_text before[] = {
	        file("d.yaml", "domains: [{domain: d.example, platform: mxplan}]"),
	        file("a.yaml", "domains: [{domain: a.example, platform: zimbra}]"),
	        file("gone.yaml", "domains: [{domain: gone.example, platform: mxplan}]"),
	};
	struct diags d = {0};
	struct inventory *inv = inventory_build(c, now, 4, before, 3, NULL, &d);

	(void)state;
	assert_int_equal(inv->n, 3);
	assert_string_equal(inv->list[0].domain, "a.example");
	assert_int_equal(inv->list[0].platform, PLATFORM_ZIMBRA);
	assert_string_equal(inv->list[1].domain, "b.example");
	assert_string_equal(inv->list[2].domain, "d.example");
	assert_int_equal(inv->files[0].state, INVENTORY_LAST_GOOD);
	assert_non_null(strstr(inv->files[0].error, "a.yaml:1:41: platform has no value"));
	assert_int_equal(inv->files[0].domains, 1);
	assert_int_equal(inv->files[1].state, INVENTORY_OK);
	assert_int_equal(inv->files[2].state, INVENTORY_REFUSED);
	assert_int_equal(inv->files[2].domains, 0);
	assert_int_equal(inv->files[3].state, INVENTORY_LAST_GOOD);
	assert_string_equal(inv->files[3].error, "d.yaml: Permission denied");
	assert_int_equal(d.n, 2);
	diags_clear(&d);
	inventory_free(inv);
	config_free(c);
}

#define X_MXPLAN  "domains: [{domain: x.example, platform: mxplan}]"
#define X_OBSERVE "domains: [{domain: x.example, platform: mxplan, mode: observe}]"
#define X_ZIMBRA  "domains: [{domain: x.example, platform: zimbra}]"

static void two_files_claim_a_domain(void **state)
{
	struct config *c = config("");
	const struct inventory_text one[] = {file("a.yaml", X_MXPLAN)};
	const struct inventory_text two[] = {
	        file("a.yaml", X_OBSERVE), file("b.yaml", X_OBSERVE), file("z.yaml", X_ZIMBRA)};
	struct diags d = {0};
	char line[1200];

	(void)state;
	/* nothing in force before: not managed; the other platform is another domain */
	struct inventory *inv = inventory_build(c, two, 3, NULL, 0, NULL, &d);
	assert_int_equal(inv->n, 1);
	assert_int_equal(inv->list[0].platform, PLATFORM_ZIMBRA);
	assert_int_equal(inv->n_conflicts, 1);
	assert_false(inv->conflicts[0].held);
	assert_string_equal(inv->conflicts[0].text,
	        "x.example on mxplan stands at a.yaml:1:20 and at b.yaml:1:20: it is not managed");
	assert_int_equal(d.n, 1);
	assert_string_equal(diag_format(&d.list[0], line, sizeof line),
	        "b.yaml:1:20: x.example on mxplan stands at a.yaml:1:20 already: it is not managed");
	for (int i = 0; i < 3; i++)
		assert_int_equal(inv->files[i].state, INVENTORY_OK);
	assert_null(inventory_held(inv));
	diags_clear(&d);
	inventory_free(inv);

	/* in force before: it keeps that, though both files now say otherwise, and keeps it over generations */
	struct inventory *first = inventory_build(c, one, 1, NULL, 0, NULL, &d);
	struct inventory *second = inventory_build(c, two, 3, NULL, 0, first, &d);
	inventory_free(first);
	struct inventory *third = inventory_build(c, two, 3, NULL, 0, second, &d);
	inventory_free(second);
	assert_int_equal(third->n, 2);
	assert_int_equal(third->list[0].platform, PLATFORM_MXPLAN);
	assert_int_equal(third->list[0].mode, MODE_MANAGE);
	assert_string_equal(third->list[0].file, "a.yaml");
	assert_true(third->conflicts[0].held);
	assert_non_null(strstr(third->conflicts[0].text, "it keeps the settings last in force"));
	diags_clear(&d);

	/* settled: the file that is left decides */
	struct inventory *fourth = inventory_build(c, two + 1, 2, NULL, 0, third, &d);
	assert_int_equal(d.count, 0);
	assert_int_equal(fourth->list[0].mode, MODE_OBSERVE);
	inventory_free(fourth);
	inventory_free(third);
	config_free(c);
}

/* A restart in the middle of it, with everything that may be held. */
static void conflicts_survive_a_restart(void **state)
{
	static const char all[] =
	        "domains:\n"
	        "  - {domain: a.x.example, platform: exchange, service: s, organization: o, zone: x.example, "
	        "zone_account: zones}\n"
	        "  - {domain: b.example, platform: zimbra, zimbra_api: v2, mode: observe, dns: manual, "
	        "policy: fast}\n"
	        "  - {domain: c.example, platform: emailpro, service: t, policy: {rotate_every: never, "
	        "grace: 9d, splay: 2.5%,\n"
	        "      window: 'Mon..Fri 08:00-17:00 Europe/Paris'}}\n"
	        "  - {domain: d.example, platform: mxplan, policy: {rotate_every: 1500ms, grace: 1s}}\n";
	struct config *c = config(
	        "policies: {fast: {rotate_every: 30d}, default: {grace: 7d}}\nsafety: {minimum_grace: 1s}\n");
	const struct inventory_text before[] = {file("old.yaml", all)};
	const struct inventory_text now[] = {file("a.yaml", all), file("b.yaml", all)};
	struct diags d = {0};
	struct inventory *first = inventory_build(c, before, 1, NULL, 0, NULL, &d);

	(void)state;
	assert_int_equal(d.count, 0);
	struct inventory *second = inventory_build(c, now, 2, NULL, 0, first, &d);
	char *held = inventory_held(second);
	assert_int_equal(d.count, 4);
	diags_clear(&d);
	const struct inventory_text good_texts[] = {now[0], file(INVENTORY_HELD, held), now[1]};
	struct inventory *third = inventory_start(c, now, 2, good_texts, 3, &d);
	assert_int_equal(d.count, 4);
	assert_int_equal(third->n, 4);
	for (size_t i = 0; i < 4; i++) {
		const struct desired *x = &first->list[i], *y = &third->list[i];

		assert_true(third->conflicts[i].held);
		assert_string_equal(x->domain, y->domain);
		assert_int_equal(x->platform, y->platform);
		assert_true(str_eq(x->service, y->service) && str_eq(x->organization, y->organization));
		assert_true(str_eq(x->account, y->account) && str_eq(x->zone_account, y->zone_account));
		assert_true(str_eq(x->zone, y->zone) && str_eq(x->policy_name, y->policy_name));
		assert_true(x->dns == y->dns && x->own_mode == y->own_mode && x->zimbra_api == y->zimbra_api);
		assert_int_equal(x->policy.rotate_every, y->policy.rotate_every);
		assert_int_equal(x->policy.grace, y->policy.grace);
		assert_int_equal(x->policy.splay_permille, y->policy.splay_permille);
		assert_true(str_eq(x->policy.window ? x->policy.window->text : NULL,
		        y->policy.window ? y->policy.window->text : NULL));
	}
	char *again = inventory_held(third);
	assert_string_equal(again, held);
	diags_clear(&d);

	/* A conflict that began while we were down: the files last in force know, the one that is gone among them. */
	struct inventory *fourth = inventory_start(c, now, 2, before, 1, &d);
	assert_int_equal(fourth->n, 4);
	assert_true(fourth->conflicts[0].held);
	diags_clear(&d);

	/* What no longer fits the configuration is not held. */
	struct config *strict = config("");
	struct inventory *fifth = inventory_build(strict, now, 2, NULL, 0, fourth, &d);
	assert_int_equal(fifth->n, 0); /* faulty files, no good version: nothing claims them */
	diags_clear(&d);
	static const char plain[] =
	        "domains: [{domain: b.example, platform: zimbra}, {domain: d.example, platform: mxplan}]";
	const struct inventory_text both[] = {file("a.yaml", plain), file("b.yaml", plain)};
	struct inventory *sixth = inventory_build(strict, both, 2, NULL, 0, fourth, &d);
	assert_int_equal(sixth->n, 0);
	assert_int_equal(sixth->n_conflicts, 2);
	diags_clear(&d);
	inventory_free(sixth);
	inventory_free(fifth);
	inventory_free(fourth);
	inventory_free(third);
	inventory_free(second);
	inventory_free(first);
	free(again);
	free(held);
	config_free(strict);
	config_free(c);
}

static void windows_are_expanded_and_renewed(void **state)
{
	struct config *c = config("policies: {office: {window: 'Mon..Fri 08:00-17:00'}}\n");
	struct inventory *inv = good(c, "domains:\n"
	                                "  - {domain: a.example, platform: mxplan, policy: office}\n"
	                                "  - {domain: b.example, platform: mxplan, policy: office}\n"
	                                "  - {domain: c.example, platform: mxplan}\n");
	int64_t friday = INT64_C(1795168800000); /* 2026-11-20T10:00:00Z */

	(void)state;
	assert_ptr_equal(inv->list[0].policy.window, inv->list[1].policy.window);
	assert_false(window_open(inv->list[0].policy.window, friday));
	assert_true(inventory_expand_due(inv, friday));
	inventory_expand(inv, friday);
	assert_true(window_open(inv->list[0].policy.window, friday));
	assert_false(window_open(inv->list[0].policy.window, friday + MS_DAY));
	assert_false(inventory_expand_due(inv, friday + 199 * MS_DAY));
	assert_true(inventory_expand_due(inv, friday + 200 * MS_DAY));
	assert_true(inventory_expand_due(inv, friday - 1));
	assert_true(window_open(inv->list[2].policy.window, friday + MS_DAY));
	inventory_free(inv);
	inv = good(c, "domains:\n  - {domain: c.example, platform: mxplan}\n");
	assert_false(inventory_expand_due(inv, friday));
	inventory_free(inv);
	config_free(c);
}

/* A large inventory stays small: below 300 bytes a domain, the generation's arena included. */
static void many_domains_stay_small(void **state)
{
	struct config *c = config("");
	struct buf b = {0};

	(void)state;
	buf_puts(&b, "domains:\n");
	for (int i = 0; i < 20000; i++)
		buf_printf(&b,
		        "  - domain: customer-%d.example\n    platform: emailpro\n    service: "
		        "emailpro-zz111111-1\n",
		        i);
	struct inventory *inv = good(c, b.data);
	assert_int_equal(inv->n, 20000);
	assert_true(sizeof(struct desired) <= 152);
	assert_ptr_equal(inv->list[0].service, inv->list[19999].service);
	assert_ptr_equal(inv->list[7].zone, inv->list[7].domain);
	assert_true(inv->n * sizeof *inv->list + arena_size(inv->arena) < 300 * inv->n);
	inventory_free(inv);
	buf_free(&b);
	config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(defaults_of_each_platform),
	        cmocka_unit_test(every_key),
	        cmocka_unit_test(file_defaults),
	        cmocka_unit_test(empty_files_are_fine),
	        cmocka_unit_test(observe_of_the_whole_wins),
	        cmocka_unit_test(without_a_configuration),
	        cmocka_unit_test(bad_texts_are_refused_with_their_place),
	        cmocka_unit_test(all_faults_are_told_and_no_domain_passes),
	        cmocka_unit_test(an_account_named_default_is_not_required),
	        cmocka_unit_test(sorted_and_found),
	        cmocka_unit_test(a_faulty_file_keeps_its_last_good_version),
	        cmocka_unit_test(two_files_claim_a_domain),
	        cmocka_unit_test(conflicts_survive_a_restart),
	        cmocka_unit_test(windows_are_expanded_and_renewed),
	        cmocka_unit_test(many_domains_stay_small),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
