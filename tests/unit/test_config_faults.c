/* Bad configurations: for each its place and its reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "unit/config_common.h"

/* The first fault of each text, as it is printed; the text stands behind ACCOUNT, which is line 1. */
static const struct {
	const char *text, *fault;
} bad[] = {
        /* keys */
        {"mod: manage", "c.yaml:2:1: unknown key in the configuration \"mod\": did you mean \"mode\"?"},
        {"poll: {activ: 1s}", "c.yaml:2:8: unknown key in poll \"activ\": did you mean \"active\"?"},
        {"safety: {minimum-grace: 7d}",
                "c.yaml:2:10: unknown key in safety \"minimum-grace\": did you mean \"minimum_grace\"?"},
        {"backup_locations: {}",
                "c.yaml:2:1: unknown key in the configuration \"backup_locations\"; known here: "
                "mode, accounts, "},
        {"policies: {x: {colour: red}}", "c.yaml:2:16: unknown key in a policy \"colour\"; known here: "
                                         "rotate_every, grace, splay, window"},
        {"poll: {}\npoll: {}", "c.yaml:3:1: the key \"poll\" stands here a second time, first on line 2"},
        {"poll: {active: 1s, active: 1s}", "c.yaml:2:20: the key \"active\" stands here a second time"},
        {"accounts: {}", "c.yaml:2:1: the key \"accounts\" stands here a second time, first on line 1"},
        {"? [a]\n: b", "c.yaml:2:3: a key must be a word"},
        {"<<: {}", "c.yaml:2:1: unknown key in the configuration \"<<\""},
        /* types */
        {"mode: []", "c.yaml:2:7: mode must be a single value, not a list"},
        {"mode: {}", "c.yaml:2:7: mode must be a single value, not a map"},
        {"mode:", "c.yaml:2:6: mode has no value"},
        {"mode: ~", "c.yaml:2:7: mode has no value"},
        {"mode: ''", "c.yaml:2:7: mode has no value"},
        {"poll: []", "c.yaml:2:7: poll must be a map of keys, not a list"},
        {"poll: 30s", "c.yaml:2:7: poll must be a map of keys, not a single value"},
        {"policies: [a]", "c.yaml:2:11: policies must be a map"},
        {"policies: {fast: 30d}", "c.yaml:2:18: a policy must be a map of keys, not a single value"},
        {"dns: {resolvers: 192.0.2.1}", "c.yaml:2:18: resolvers must be a list"},
        {"dns: {resolvers: [[]]}", "c.yaml:2:19: resolvers must be a single value"},
        /* words */
        {"mode: Manage", "c.yaml:2:7: unknown mode \"Manage\": did you mean \"manage\"?"},
        {"mode: off", "c.yaml:2:7: unknown mode \"off\"; known here: manage, observe"},
        {"dns: {authoritative: yes}", "c.yaml:2:22: authoritative: \"yes\" is neither true nor false"},
        {"mode: \"manage\\n\"", "c.yaml:2:7: mode has a control character in its value"},
        /* spans */
        {"poll: {active: 30}", "c.yaml:2:16: active: \"30\" needs a unit, such as 30d or 30s"},
        {"poll: {active: 30x}", "c.yaml:2:16: active: \"30x\" is not a span of time such as 90d"},
        {"poll: {active: -30s}", "c.yaml:2:16: active: \"-30s\" is not a span of time"},
        {"poll: {active: 0}", "c.yaml:2:16: active: 0 is below 1ms"},
        {"poll: {settled: 999y}", "c.yaml:2:17: settled: \"999y\" is longer than 200 years"},
        {"poll: {settled: never}", "c.yaml:2:17: settled: \"never\" is not a span"},
        {"poll: {active: 2h, settled: 1h}", "c.yaml:2:16: poll.active, 2h, is above poll.settled, 1h"},
        {"poll: {active: 7h}", "c.yaml:2:16: poll.active, 7h, is above poll.settled, 6h"},
        {"poll: {settled: 36h}", "c.yaml:2:17: safety.longest_gap, 1d 12h, must exceed poll.settled, 1d 12h"},
        {"safety: {longest_gap: 1h}", "c.yaml:2:23: safety.longest_gap, 1h, must exceed poll.settled, 6h"},
        {"safety: {minimum_grace: 0s}", "c.yaml:2:25: minimum_grace: 0s is below 1ms"},
        /* numbers */
        {"safety: {max_rotating: 0}", "c.yaml:2:24: max_rotating: 0 is not within 1 to 1000000"},
        {"safety: {max_rotating: many}", "c.yaml:2:24: max_rotating: \"many\" is not a number"},
        {"safety: {max_rotating: 0x10}", "is not a number"},
        {"safety: {max_rotating: -1}", "is not a number"},
        {"safety: {max_rotating: 99999999999}", "is not a number"},
        {"safety: {max_rotating: 5%}", "is not a number"},
        {"safety: {max_daily_changes: 0}", "c.yaml:2:29: max_daily_changes: at least 1"},
        {"safety: {max_daily_changes: 0%}", "c.yaml:2:29: max_daily_changes: at least 1"},
        {"safety: {max_daily_changes: 101%}", "neither a percentage (5%) nor a number"},
        {"safety: {max_daily_changes: 5.123%}", "neither a percentage"},
        {"safety: {max_daily_changes: .5%}", "neither a percentage"},
        {"safety: {max_daily_changes: 5.%}", "neither a percentage"},
        {"safety: {max_daily_changes: '%'}", "neither a percentage"},
        {"safety: {max_daily_changes: 5 %}", "neither a percentage"},
        {"safety: {max_daily_changes: 1.2.3%}", "neither a percentage"},
        {"dns: {authoritative_port: 65536}",
                "c.yaml:2:27: authoritative_port: 65536 is not within 1 to 65535"},
        /* paths and addresses */
        {"inventory: inventory.d", "c.yaml:2:12: inventory must be an absolute path"},
        {"state: ~/x", "c.yaml:2:8: state must be an absolute path"},
        {"control: "
         "/01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567"
         "89012.sock",
                "c.yaml:2:10: control: a socket's path has at most 107 bytes"},
        {"dns: {trust_anchor: root.key}", "trust_anchor must be an absolute path"},
        {"dns: {trust_anchor: }", "trust_anchor has no value"},
        {"metrics: 9477", "c.yaml:2:10: metrics: \"9477\" is not an address with a port"},
        {"metrics: localhost:9477", "is not an address with a port"},
        {"metrics: 127.0.0.1", "is not an address with a port"},
        {"metrics: 127.0.0.1:0", "is not an address with a port"},
        {"metrics: 127.0.0.1:99999", "is not an address with a port"},
        {"metrics: '::1'", "is not an address with a port"},
        {"metrics: '[::1'", "is not an address with a port"},
        {"metrics: '[::1]x'", "is not an address with a port"},
        {"metrics: '[127.0.0.1]:80'", "is not an address with a port"},
        {"metrics: 127.0.0.1:9477:1", "is not an address with a port"},
        {"dns: {resolvers: [192.0.2.1, dns.example]}",
                "c.yaml:2:30: resolvers: \"dns.example\" is not an address"},
        {"dns: {resolvers: [192.0.2.300]}", "c.yaml:2:19: resolvers: \"192.0.2.300\" is not an address"},
        {"dns: {resolvers: ['192.0.2.1@0']}", "is not an address"},
        /* policies */
        {"policies: {default: {grace: 6d}}", "c.yaml:2:29: a grace of 6d is below safety.minimum_grace, 7d"},
        {"safety: {minimum_grace: 8d}", "c.yaml:2:25: a grace of 7d is below safety.minimum_grace, 8d"},
        {"policies: {x: {rotate_every: 7d}}", "c.yaml:2:30: rotate_every, 7d, must exceed the grace, 7d"},
        {"policies: {x: {grace: 90d}}", "c.yaml:2:23: rotate_every, 90d, must exceed the grace, 90d"},
        {"policies:\n  default: {rotate_every: 20d}\n  x: {grace: 30d}",
                "c.yaml:4:14: rotate_every, 20d, must exceed the grace, 30d"},
        {"policies: {x: {rotate_every: Never}}", "c.yaml:2:30: rotate_every: \"Never\" is not a span"},
        {"policies: {x: {splay: 10}}", "c.yaml:2:23: splay: \"10\" is not a percentage"},
        {"policies: {x: {splay: 101%}}", "is not a percentage"},
        {"policies: {x: {splay: 1.25%}}", "is not a percentage"},
        {"policies: {x: {window: Mon-Fri}}", "c.yaml:2:24: window: \"Mon-Fri\" is not understood"},
        {"policies: {x: {window: 'Mon 08:00-09:00 Europe/Atlantis'}}", "no time zone that this system knows"},
        {"policies: {'a b': {}}", "c.yaml:2:12: \"a b\" is no name for a policy"},
        /* structure */
        {"mode: &x observe", "c.yaml:2:7: an anchor (&x): anchors are not supported"},
        {"mode: *x", "c.yaml:2:7: an alias (*x): aliases are not supported"},
        {"mode: !!str observe", "c.yaml:2:7: a tag (tag:yaml.org,2002:str): tags are not supported"},
        {"mode: ! observe", "c.yaml:2:7: a tag (!): tags are not supported"},
        {"poll: !x {}", "c.yaml:2:7: a tag (!x)"},
        {"dns: {resolvers: &a []}", "c.yaml:2:18: an anchor"},
        {"---\nmode: observe", "c.yaml:2:1: a second document begins here"},
        {"...\n---\n", "c.yaml:3:1: a second document begins here"},
        {"x: [[[[[[[[[]]]]]]]]]", "c.yaml:2:11: nested more than 8 deep"},
        {"x: {a: {a: {a: {a: {a: {a: {a: {a: 1}}}}}}}}", "c.yaml:2:32: nested more than 8 deep"},
        {"poll: {active: 1s",
                "c.yaml:3:1: did not find expected ',' or '}' (while parsing a flow mapping begun at 2:7)"},
        {"\tmode: observe", "c.yaml:2:1: found character that cannot start any token"},
        {"mode: observe\n  x: y", "c.yaml:3:4: mapping values are not allowed in this context"},
        {"mode: 'observe",
                "c.yaml:3:1: found unexpected end of stream (while scanning a quoted scalar begun at 2:7)"},
        {"mode", "c.yaml:3:1: could not find expected ':'"},
        {"mode: \"a\\0b\"", "c.yaml:2:7: a NUL character in a text"},
        {"\"a\\0b\": x", "c.yaml:2:1: a NUL character in a text"},
        {"mode: \xff", "c.yaml:2:7: the byte 0xff is not valid UTF-8 here"},
        {"# caf\xc3\xa9 \xc3", "c.yaml:2:8: the byte 0xc3 is not valid UTF-8 here"},
        {"mode: \x01", "c.yaml:2:7: the control character U+0001 is not allowed"},
        {"mode: \xef\xbb\xbfobserve", "c.yaml:2:7: the control character U+FEFF is not allowed"},
};

static void bad_texts_are_refused_with_their_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct diags d = {0};
		char line[1200], *text = xasprintf(ACCOUNT "%s\n", bad[i].text);

		if (parse(text, &d))
			fail_msg("passed: %s", bad[i].text);
		assert_true(d.n > 0);
		if (!strstr(diag_format(&d.list[0], line, sizeof line), bad[i].fault))
			fail_msg("%s\nsays     %s\nnot only %s", bad[i].text, line, bad[i].fault);
		diags_clear(&d);
		free(text);
	}
}

/* Whole texts, without the account before them. */
static const struct {
	const char *text, *fault;
} bad_whole[] = {
        {"", "c.yaml:1:1: there is no account"},
        {"# nothing\n", "c.yaml:1:1: there is no account"},
        {"---\n", "c.yaml:1:1: there is no account"},
        {"accounts:\n", "c.yaml:1:1: there is no account"},
        {"[]", "c.yaml:1:1: keys with values are expected here, not a list"},
        {"hello", "c.yaml:1:1: keys with values are expected here, not a single value"},
        {"''", "c.yaml:1:1: keys with values are expected here, not a single value"},
        {"accounts: [x]", "c.yaml:1:11: accounts must be a map"},
        {"accounts: {x: }", "c.yaml:1:12: account x has no endpoint"},
        {"accounts: {x: {endpoint: ovh-eu}}", "c.yaml:1:12: account x has no credentials"},
        {"accounts: {x: ovh-eu}", "c.yaml:1:15: account x must be a map of keys"},
        {"accounts: {x y: {endpoint: ovh-eu, credentials: a}}",
                "c.yaml:1:12: \"x y\" is no name for an account"},
        {"accounts: {'': {endpoint: ovh-eu, credentials: a}}", "c.yaml:1:12: \"\" is no name for an account"},
        {"accounts: {x: {endpoint: ovh-ue, credentials: a}}",
                "c.yaml:1:26: unknown endpoint \"ovh-ue\": did you mean \"ovh-eu\"?"},
        {"accounts: {x: {endpoint: mars, credentials: a}}",
                "unknown endpoint \"mars\"; known here: ovh-eu, ovh-ca, ovh-us"},
        {"accounts: {x: {endpoint: 'http://api.example/1.0', credentials: a}}",
                "c.yaml:1:26: endpoint: \"http://api.example/1.0\" is plain http"},
        {"accounts: {x: {endpoint: 'http://localhost:80/1.0', credentials: a}}", "is plain http"},
        {"accounts: {x: {endpoint: 'ftp://h/', credentials: a}}", "is not a URL that begins with https://"},
        {"accounts: {x: {endpoint: 'https://u:p@h/', credentials: a}}", "must have neither user"},
        {"accounts: {x: {endpoint: ovh-eu, credentials: a/b}}",
                "c.yaml:1:47: credentials: \"a/b\" is neither a file's name"},
        {"accounts: {x: {endpoint: ovh-eu, credentials: ..}}", "is neither a file's name"},
        {"accounts: {x: {endpoint: ovh-eu, credentials: a, connections: 0}}",
                "connections: 0 is not within 1 to 256"},
        {"accounts: {x: {endpoint: ovh-eu, credentials: a, requests_per_minute: none}}", "is not a number"},
        {"accounts: {x: {endpoint: ovh-eu, credentials: a, ca_file: ca.pem}}",
                "ca_file must be an absolute path"},
        {"accounts: {x: {endpoint: ovh-eu, credential: a}}",
                "c.yaml:1:34: unknown key in account x \"credential\": did you mean \"credentials\"?"},
        {"dns_servers: [x]", "c.yaml:1:14: dns_servers must be a map from names to servers"},
        {"dns_servers: {x: }", "c.yaml:1:15: dns server x has no server"},
        {"dns_servers: {x: y}", "c.yaml:1:18: dns server x must be a map of keys"},
        {"dns_servers: {x: {server: 192.0.2.1}}", "c.yaml:1:15: dns server x has no secret"},
        {"dns_servers: {x: {secret: a}}", "c.yaml:1:15: dns server x has no server"},
        {"dns_servers: {x y: {server: 192.0.2.1, secret: a}}",
                "c.yaml:1:15: \"x y\" is no name for a server"},
        {"dns_servers: {x: {server: ns1.example, secret: a}}",
                "c.yaml:1:27: server: \"ns1.example\" is not an address, address:port or address@port; a "
                "name"},
        {"dns_servers: {x: {server: 192.0.2.1, secret: a/b}}", "c.yaml:1:46: secret: \"a/b\" is neither"},
        {"dns_servers: {x: {server: 192.0.2.1, secret: a, key: a..b}}",
                "c.yaml:1:54: key: \"a..b\" is not the name of a TSIG key"},
        {"dns_servers: {x: {server: 192.0.2.1, secret: a, algorithm: hmac-sha265}}",
                "c.yaml:1:60: unknown algorithm \"hmac-sha265\": did you mean \"hmac-sha256\"?"},
        {"dns_servers: {x: {server: 192.0.2.1, secret: a, ttl: 59}}",
                "c.yaml:1:54: ttl: 59 is not within 60 to 604800"},
        {"dns_servers: {x: {server: 192.0.2.1, secret: a, colour: red}}",
                "c.yaml:1:49: unknown key in dns server x \"colour\"; known here: server, key, algorithm, "
                "secret, ttl"},
        {"dns_servers: {x: {}, x: {}}", "c.yaml:1:22: the key \"x\" stands here a second time"},
        {"accounts: {x: {endpoint: ovh-eu, application_secret: a}}",
                "unknown key in account x \"application_secret\""},
};

static void bad_wholes(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_whole); i++) {
		struct diags d = {0};
		char line[1200];

		if (parse(bad_whole[i].text, &d))
			fail_msg("passed: %s", bad_whole[i].text);
		if (!strstr(diag_format(&d.list[0], line, sizeof line), bad_whole[i].fault))
			fail_msg("%s\nsays     %s\nnot only %s", bad_whole[i].text, line, bad_whole[i].fault);
		diags_clear(&d);
	}
}

static void all_faults_are_told_at_once(void **state)
{
	struct diags d = {0};

	(void)state;
	assert_null(parse("mode: x\nstate: y\npoll: {activ: 1s, settled: q}\naccounts: {a: {}}\n", &d));
	assert_int_equal(d.n, 6);
	diags_clear(&d);
}

static void bytes_that_are_no_text(void **state)
{
	static const char nul[] = "mode: observe\nx: a\0b\n";
	struct diags d = {0};
	char line[1200];

	(void)state;
	assert_null(config_parse(nul, sizeof nul - 1, "c.yaml", &d));
	assert_string_equal(diag_format(&d.list[0], line, sizeof line),
	        "c.yaml:2:5: a NUL byte: this is not a text file");
	diags_clear(&d);
	/* UTF-16 with its mark */
	assert_null(config_parse("\xff\xfem\0o\0", 6, "c.yaml", &d));
	assert_string_equal(diag_format(&d.list[0], line, sizeof line),
	        "c.yaml:1:1: the byte 0xff is not valid UTF-8 here");
	diags_clear(&d);
	/* each kind of line break counts */
	assert_null(config_parse("\r\n\r\xc2\x85\xe2\x80\xa8 \x02", 10, "c.yaml", &d));
	assert_string_equal(diag_format(&d.list[0], line, sizeof line),
	        "c.yaml:5:2: the control character U+0002 is not allowed");
	diags_clear(&d);
	assert_null(config_parse(NULL, 0, "c.yaml", &d));
	diags_clear(&d);
}

/* Each is cheap to write and was expensive to read somewhere. */
static void bombs(void **state)
{
	static const char laughs[] = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n";
	struct diags d = {0};
	size_t n = YAML_SIZE_MAX;
	char *big = xmalloc(n + 1), line[1200];

	(void)state;
	assert_null(parse(laughs, &d));
	assert_string_equal(diag_format(&d.list[0], line, sizeof line),
	        "c.yaml:1:4: an anchor (&a): anchors are not supported");
	diags_clear(&d);
	memset(big, '[', n);
	assert_null(config_parse(big, n, "c.yaml", &d));
	diags_clear(&d);
	memset(big, '{', n);
	memcpy(big, "x: ", 3);
	assert_null(config_parse(big, n, "c.yaml", &d));
	assert_string_equal(diag_format(&d.list[0], line, sizeof line),
	        "c.yaml:1:5: a key must be a word, not a list or a map");
	diags_clear(&d);
	for (size_t i = 0; i + 2 <= n; i += 2)
		memcpy(big + i, "- ", 2);
	assert_null(config_parse(big, n, "c.yaml", &d));
	diags_clear(&d);
	memset(big, 'a', n); /* one word as large as a file may be, as a key and as a value */
	assert_null(config_parse(big, n, "c.yaml", &d));
	diags_clear(&d);
	memcpy(big, "mode: ", 6);
	assert_null(config_parse(big, n, "c.yaml", &d));
	assert_true(strlen(diag_format(&d.list[0], line, sizeof line)) < 200);
	diags_clear(&d);
	memset(big, '\n', n + 1);
	assert_null(config_parse(big, n + 1, "c.yaml", &d));
	assert_string_equal(diag_format(&d.list[0], line, sizeof line), "c.yaml: larger than 16 MiB");
	diags_clear(&d);
	free(big);
}

/* A million faults are counted, a thousand told. */
static void faults_are_capped(void **state)
{
	struct buf b = {0};
	struct diags d = {0};

	(void)state;
	for (int i = 0; i < 5000; i++)
		buf_printf(&b, "k%d: 1\n", i);
	assert_null(config_parse(b.data, b.len, "c.yaml", &d));
	assert_int_equal(d.count, 5000);
	assert_int_equal(d.n, DIAGS_MOST + 1);
	assert_string_equal(d.list[DIAGS_MOST].text, "more faults are not shown");
	diags_clear(&d);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(bad_texts_are_refused_with_their_place),
	        cmocka_unit_test(bad_wholes),
	        cmocka_unit_test(all_faults_are_told_at_once),
	        cmocka_unit_test(bytes_that_are_no_text),
	        cmocka_unit_test(bombs),
	        cmocka_unit_test(faults_are_capped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
