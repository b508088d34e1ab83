/* ovh.conf: which section counts, what must be in it, and that no fault shows a secret. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "codec/ovhconf.h"

#define KEYS  "application_key=AK7\napplication_secret=SECRETA\nconsumer_key=SECRETC\n"
#define OAUTH "client_id=ID7\nclient_secret=SECRETO\n"

static struct credentials *parse(const char *text, const char *endpoint, struct diags *d)
{
	size_t n = strlen(text);
	char *copy = xmalloc(n); /* of its own size, so that a byte read too far is seen */

	memcpy(copy, text, n);
	struct credentials *c = ovhconf_parse(copy, n, "ovh.conf", endpoint, d);
	free(copy);
	return c;
}

static struct credentials *good(const char *text, const char *endpoint)
{
	struct diags d = {0};
	char line[1200];
	struct credentials *c = parse(text, endpoint, &d);

	if (!c)
		fail_msg("%s", d.n ? diag_format(&d.list[0], line, sizeof line) : "no reason");
	assert_int_equal(d.count, 0);
	return c;
}

static void keys_in_either_section(void **state)
{
	static const char *const texts[] = {
	        "[default]\n" KEYS,
	        "[ovh-eu]\n" KEYS,
	        "[default]\nendpoint=ovh-eu\n\n[ovh-eu]\n" KEYS,
	        "[https://eu.api.ovh.com/1.0]\n" KEYS,
	        "[default]\napplication_key=other\n[ovh-eu]\n" KEYS,
	        "; comment\n# "
	        "comment\n[kimsufi-eu]\napplication_key=other\napplication_key=twice\n[ovh-eu]\n" KEYS
	        "[x]\n" OAUTH,
	        "\xef\xbb\xbf[ ovh-eu ]\r\n  application_key : AK7\r\n\tapplication_secret = "
	        "\"SECRETA\"\r\nconsumer_key\t='SECRETC'  \r\n",
	        "[ovh-eu]\napplication_key=AK7 ; mine\napplication_secret=SECRETA\t# "
	        "his\nconsumer_key=SECRETC",
	        "[default]\nendpoint=https://eu.api.ovh.com/1.0/\n" KEYS "access_token_x=1\nfoo=bar baz\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct credentials *c = good(texts[i], i % 2 ? "ovh-eu" : "https://eu.api.ovh.com/1.0");

		assert_int_equal(c->kind, CREDENTIALS_KEYS);
		assert_string_equal(c->application_key, "AK7");
		assert_string_equal(c->application_secret, "SECRETA");
		assert_string_equal(c->consumer_key, "SECRETC");
		assert_null(c->client_id);
		assert_null(c->token_url);
		credentials_free(c);
	}
	credentials_free(NULL);
}

static void oauth2(void **state)
{
	struct credentials *c = good("[ovh-ca]\n" OAUTH, "ovh-ca");

	(void)state;
	assert_int_equal(c->kind, CREDENTIALS_OAUTH2);
	assert_string_equal(c->client_id, "ID7");
	assert_string_equal(c->client_secret, "SECRETO");
	assert_string_equal(c->token_url, "https://ca.ovh.com/auth/oauth2/token");
	assert_null(c->application_key);
	credentials_free(c);
	c = good(
	        "[default]\n" OAUTH "token_url = http://127.0.0.1:8080/token\n", "http://127.0.0.1:8080/1.0");
	assert_string_equal(c->token_url, "http://127.0.0.1:8080/token");
	credentials_free(c);
	c = good("[http://[::1]:1/1.0]\n[default]\n" OAUTH "token_url = https://login.example/t\n", "ovh-us");
	assert_string_equal(c->token_url, "https://login.example/t");
	credentials_free(c);
}

static const struct {
	const char *text, *endpoint, *fault;
} bad[] = {
        {"", "ovh-eu", "ovh.conf: neither a section [ovh-eu] nor [default] has credentials"},
        {"[ovh-ca]\n" KEYS, "ovh-eu", "neither a section [ovh-eu] nor [default]"},
        {KEYS, "ovh-eu", "neither a section [ovh-eu] nor [default]"},
        {"[DEFAULT]\n" KEYS, "ovh-eu", "neither a section"},
        {"[default]\n" KEYS OAUTH, "ovh-eu", "ovh.conf:5:1: an application key and an OAuth2 client at once"},
        {"[default]\n" OAUTH "consumer_key=SECRETC\n", "ovh-eu",
                "ovh.conf:2:1: an application key and an OAuth2 client at once"},
        {"[default]\nendpoint = ovh-ca\n" KEYS, "ovh-eu",
                "ovh.conf:2:12: endpoint contradicts the account's in the configuration, which is ovh-eu"},
        {"[default]\nendpoint=ovh-eu\n" KEYS, "http://127.0.0.1:1/1.0",
                "ovh.conf:2:10: endpoint contradicts"},
        {"[default]\nendpoint=ovh-ca\n[ovh-eu]\n" KEYS, "ovh-eu", "ovh.conf:2:10: endpoint contradicts"},
        {"[default]\napplication_key=AK7\napplication_secret=SECRETA\n", "ovh-eu",
                "ovh.conf:1:1: this section has no consumer_key"},
        {"[default]\napplication_key=AK7\napplication_secret=SECRETA\nconsumerkey=SECRETC\n", "ovh-eu",
                "ovh.conf:1:1: this section has no consumer_key (line 4 has \"consumerkey\")"},
        {"[default]\nclient_secret=SECRETO\n", "ovh-eu", "ovh.conf:1:1: this section has no client_id"},
        {"[default]\n" OAUTH, "http://127.0.0.1:1/1.0", "ovh.conf:1:1: client_id needs a token_url here"},
        {"[default]\n" OAUTH "token_url=http://login.example/t\n", "ovh-eu",
                "ovh.conf:4:11: token_url is plain http"},
        {"[default]\n" OAUTH "token_url=login.example\n", "ovh-eu", "ovh.conf:4:11: token_url is not a URL"},
        {"[default]\n" KEYS "consumer_key=SECRETC\n", "ovh-eu",
                "ovh.conf:5:1: consumer_key stands here a second time, first on line 4"},
        {"[default]\n" KEYS "[default]\n", "ovh-eu",
                "ovh.conf:5:1: the section [default] stands here a second time, first on line 1"},
        {"[default\n" KEYS, "ovh-eu", "ovh.conf:1:1: a section must be a name in brackets"},
        {"[default] x\n" KEYS, "ovh-eu", "ovh.conf:1:1: a section must be a name in brackets"},
        {"[default]\nSECRETA\n", "ovh-eu", "ovh.conf:2:1: neither a section nor \"key = value\""},
        {"[default]\n=SECRETA\n", "ovh-eu", "ovh.conf:2:1: neither a section nor"},
        {"[default]\napplication_key=\n", "ovh-eu", "ovh.conf:2:16: application_key has no value"},
        {"[default]\napplication_key=\"\"\n", "ovh-eu", "application_key has no value"},
        {"[default]\nconsumer_key=SECRETC SECRETD\n", "ovh-eu",
                "ovh.conf:2:14: consumer_key has a value with white space"},
        {"[default]\nconsumer_key=SECRETC\xc3\xa9\n", "ovh-eu",
                "consumer_key has a value with white space or other"},
        {"[default]\nconsumer_key=SECRETC\x01\n", "ovh-eu", "ovh.conf:2:21: the control character U+0001"},
        {"[default]\nconsumer_key=SECRETC\xff\n", "ovh-eu",
                "ovh.conf:2:21: the byte 0xff is not valid UTF-8"},
};

static void bad_texts_are_refused_without_showing_a_secret(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct diags d = {0};
		char line[1200];

		if (parse(bad[i].text, bad[i].endpoint, &d))
			fail_msg("passed: %s", bad[i].text);
		if (!strstr(diag_format(&d.list[0], line, sizeof line), bad[i].fault))
			fail_msg("%s\nsays     %s\nnot only %s", bad[i].text, line, bad[i].fault);
		for (size_t j = 0; j < d.n; j++)
			assert_null(strstr(d.list[j].text, "SECRET"));
		diags_clear(&d);
	}
}

static void long_values_are_refused(void **state)
{
	struct diags d = {0};
	struct buf b = {0};

	(void)state;
	buf_puts(&b, "[default]\n" KEYS "token_url=");
	for (int i = 0; i < 600; i++)
		buf_puts(&b, "x");
	assert_null(parse(b.data, "ovh-eu", &d));
	assert_int_equal(d.n, 1);
	diags_clear(&d);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(keys_in_either_section),
	        cmocka_unit_test(oauth2),
	        cmocka_unit_test(bad_texts_are_refused_without_showing_a_secret),
	        cmocka_unit_test(long_values_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
