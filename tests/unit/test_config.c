/* The configuration: every key and every default. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "unit/config_common.h"

static struct config *good(const char *text)
{
	struct diags d = {0};
	char line[1200];
	struct config *c = parse(text, &d);

	if (!c)
		fail_msg("%s", d.n ? diag_format(&d.list[0], line, sizeof line) : "no reason");
	assert_int_equal(d.count, 0);
	return c;
}

static void defaults(void **state)
{
	struct config *c = good(ACCOUNT);

	(void)state;
	assert_int_equal(c->mode, MODE_MANAGE);
	assert_int_equal(c->n_accounts, 1);
	assert_string_equal(c->accounts[0].name, "default");
	assert_string_equal(c->accounts[0].base_url, "https://eu.api.ovh.com/1.0");
	assert_string_equal(c->accounts[0].token_url, "https://www.ovh.com/auth/oauth2/token");
	assert_string_equal(c->accounts[0].credentials, "ovh.conf");
	assert_int_equal(c->accounts[0].requests_per_minute, 60);
	assert_int_equal(c->accounts[0].connections, 8);
	assert_null(c->accounts[0].ca_file);
	assert_string_equal(c->inventory, "/etc/dkimrotd/inventory.d");
	assert_string_equal(c->state, "/var/lib/dkimrotd");
	assert_string_equal(c->control, "/run/dkimrotd/control.sock");
	assert_false(c->state_given || c->control_given);
	assert_string_equal(c->metrics.host, "");
	assert_int_equal(c->poll.active, 30000);
	assert_int_equal(c->poll.settled, 6 * MS_HOUR);
	assert_int_equal(c->dns.n_resolvers, 0);
	assert_true(c->dns.authoritative);
	assert_int_equal(c->dns.authoritative_port, 53);
	assert_string_equal(c->dns.trust_anchor, "/usr/share/dns/root.key");
	assert_int_equal(c->safety.minimum_grace, 7 * MS_DAY);
	assert_int_equal(c->safety.longest_gap, 36 * MS_HOUR);
	assert_int_equal(c->safety.max_rotating, 5);
	assert_int_equal(config_daily_changes(c, 0), 1);
	assert_int_equal(config_daily_changes(c, 1), 1);
	assert_int_equal(config_daily_changes(c, 20), 1);
	assert_int_equal(config_daily_changes(c, 21), 2);
	assert_int_equal(config_daily_changes(c, 100000), 5000);
	const struct policy_settings *p = config_policy(c, "default");
	assert_int_equal(p->rotate_every, 90 * MS_DAY);
	assert_int_equal(p->grace, 7 * MS_DAY);
	assert_int_equal(p->splay_permille, 100);
	assert_null(p->window);
	assert_null(config_policy(c, "fast"));
	assert_null(config_account(c, "other"));
	config_free(c);
	config_free(NULL);
}

static const char everything[] =
        "\xef\xbb\xbf%YAML 1.1\n---\n"
        "mode: observe\n"
        "accounts:\n"
        "  zweit:\n"
        "    endpoint: http://127.0.0.1:8080/1.0/\n"
        "    credentials: /srv/secret/ovh.conf\n"
        "    requests_per_minute: 0\n"
        "    connections: 2\n"
        "    ca_file: /etc/ca.pem\n"
        "  default: {endpoint: \"ovh-us\", credentials: us.conf}\n"
        "inventory: /srv/inv\n"
        "state: /srv/state\n"
        "control: /srv/c.sock\n"
        "metrics: '[::1]:9477'\n"
        "poll: {active: 250ms, settled: 1h 30min}\n"
        "dns:\n"
        "  resolvers: [192.0.2.1, '192.0.2.2:5353', 192.0.2.3@54, '::1', '2001:db8::1@55', '[::2]:56']\n"
        "  authoritative: false\n"
        "  authoritative_port: 5300\n"
        "  trust_anchor: \"\"\n"
        "safety:\n"
        "  minimum_grace: 1s\n"
        "  longest_gap: 2d\n"
        "  max_rotating: 50\n"
        "  max_daily_changes: 7\n"
        "policies:\n"
        "  slow: { rotate_every: never, window: none }\n"
        "  fast: { rotate_every: 30d, splay: 2.5% }\n"
        "  default:\n"
        "    rotate_every: 60d\n"
        "    grace: 10s\n"
        "    splay: 0%\n"
        "    window: \"Mon..Fri 08:00-17:00 Europe/Paris\"\n"
        "...\n";

static void every_account(void **state)
{
	struct config *c = good(everything);

	(void)state;
	assert_int_equal(c->mode, MODE_OBSERVE);
	assert_int_equal(c->n_accounts, 2);
	assert_string_equal(c->accounts[0].name, "default"); /* sorted */
	assert_string_equal(c->accounts[0].token_url, "https://us.ovhcloud.com/auth/oauth2/token");
	const struct config_account *a = config_account(c, "zweit");
	assert_string_equal(a->base_url, "http://127.0.0.1:8080/1.0");
	assert_null(a->token_url);
	assert_string_equal(a->credentials, "/srv/secret/ovh.conf");
	assert_int_equal(a->requests_per_minute, 0);
	assert_int_equal(a->connections, 2);
	assert_string_equal(a->ca_file, "/etc/ca.pem");
	assert_int_equal(a->at.line, 5);
	assert_int_equal(a->at.column, 3);
	config_free(c);
}

static void every_key(void **state)
{
	static const struct address expected[] = {{"192.0.2.1", 53}, {"192.0.2.2", 5353}, {"192.0.2.3", 54},
	        {"::1", 53}, {"2001:db8::1", 55}, {"::2", 56}};
	struct config *c = good(everything);

	(void)state;
	assert_string_equal(c->inventory, "/srv/inv");
	assert_true(c->state_given && c->control_given);
	assert_string_equal(c->metrics.host, "::1");
	assert_int_equal(c->metrics.port, 9477);
	assert_int_equal(c->poll.active, 250);
	assert_int_equal(c->poll.settled, 90 * MS_MINUTE);
	assert_int_equal(c->dns.n_resolvers, ARRAY_SIZE(expected));
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_string_equal(c->dns.resolvers[i].host, expected[i].host);
		assert_int_equal(c->dns.resolvers[i].port, expected[i].port);
	}
	assert_false(c->dns.authoritative);
	assert_int_equal(c->dns.authoritative_port, 5300);
	assert_string_equal(c->dns.trust_anchor, "");
	assert_int_equal(c->safety.minimum_grace, 1000);
	assert_int_equal(c->safety.longest_gap, 2 * MS_DAY);
	assert_int_equal(c->safety.max_rotating, 50);
	assert_int_equal(config_daily_changes(c, 100000), 7);
	config_free(c);
}

static void every_policy(void **state)
{
	struct config *c = good(everything);

	(void)state;
	assert_int_equal(c->n_policies, 3);
	const struct policy_settings *p =
	        config_policy(c, "fast"); /* inherits, though it stands before default */
	assert_int_equal(p->rotate_every, 30 * MS_DAY);
	assert_int_equal(p->grace, 10000);
	assert_int_equal(p->splay_permille, 25);
	assert_string_equal(p->window, "Mon..Fri 08:00-17:00 Europe/Paris");
	p = config_policy(c, "slow");
	assert_int_equal(p->rotate_every, 0);
	assert_int_equal(p->splay_permille, 0);
	assert_null(p->window);
	config_free(c);
}

static void empty_sections_are_fine(void **state)
{
	struct config *c = good(ACCOUNT "poll:\ndns: {}\nsafety: ~\npolicies: null\n");

	(void)state;
	assert_int_equal(c->poll.active, 30000);
	config_free(c);
	/* a settled look more often than the default first one */
	c = good(ACCOUNT "poll: {settled: 2s}\nmetrics: none\ndns: {resolvers: }\n");
	assert_int_equal(c->poll.active, 2000);
	config_free(c);
	c = good(ACCOUNT "safety: {max_daily_changes: 0.01%}\npolicies: {a: {}, b: }\n");
	assert_int_equal(config_daily_changes(c, 10000), 1);
	assert_int_equal(config_daily_changes(c, 10001), 2);
	assert_int_equal(config_policy(c, "b")->grace, 7 * MS_DAY);
	config_free(c);
}

static void servers_of_dynamic_updates(void **state)
{
	struct diags d = {0};
	struct config *c =
	        parse(ACCOUNT "dns_servers:\n"
	                      "  two: {server: '[2001:db8::1]:5353', secret: /x/y, key: Dk.Example., "
	                      "algorithm: HMAC-SHA512, ttl: 60}\n"
	                      "  one: {server: 192.0.2.1, secret: tsig.key}\n",
	                &d);

	(void)state;
	assert_non_null(c);
	assert_int_equal(c->n_servers, 2);
	const struct config_server *s = config_server(c, "one");
	assert_string_equal(s->server.host, "192.0.2.1");
	assert_int_equal(s->server.port, 53);
	assert_string_equal(s->secret, "tsig.key");
	assert_null(s->key);
	assert_null(s->algorithm);
	assert_int_equal(s->ttl, 3600);
	s = config_server(c, "two");
	assert_string_equal(s->server.host, "2001:db8::1");
	assert_int_equal(s->server.port, 5353);
	assert_string_equal(s->key, "dk.example");
	assert_string_equal(s->algorithm, "hmac-sha512");
	assert_int_equal(s->ttl, 60);
	assert_null(config_server(c, "three"));
	config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(defaults),
	        cmocka_unit_test(every_account),
	        cmocka_unit_test(every_key),
	        cmocka_unit_test(every_policy),
	        cmocka_unit_test(servers_of_dynamic_updates),
	        cmocka_unit_test(empty_sections_are_fine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
