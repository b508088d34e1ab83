/* Domain names from people: normalised, or refused with a reason. And the addresses of the API. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "codec/endpoint.h"
#include "codec/idna.h"

#define L63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123"

static void names_are_normalised(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	        {"mydomain.ovh", "mydomain.ovh"},
	        {"MyDomain.OVH.", "mydomain.ovh"},
	        {"B\xc3\xbc"
	         "cher.example",
	                "xn--bcher-kva.example"},
	        {"b\xc3\xbc"
	         "cher.example",
	                "xn--bcher-kva.example"},
	        {"bu\xcc\x88"
	         "cher.example",
	                "xn--bcher-kva.example"}, /* u and a combining diaeresis */
	        {"xn--bcher-kva.example", "xn--bcher-kva.example"},
	        {"XN--BCHER-KVA.example", "xn--bcher-kva.example"},
	        {"fa\xc3\x9f.de", "xn--fa-hia.de"}, /* non-transitional: sharp s stays itself */
	        {"\xe4\xbe\x8b\xe3\x81\x88.\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88", "xn--r8jz45g.xn--zckzah"},
	        {"a\xe3\x80\x82"
	         "example",
	                "a.example"},                  /* the ideographic full stop */
	        {"\xef\xbd\x81.example", "a.example"}, /* full-width a */
	        {L63 ".fr", L63 ".fr"},
	        {"1and1.com", "1and1.com"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char dst[DNAME_TEXT] = "";
		const char *why = idna_domain(dst, cases[i].in);

		if (why)
			fail_msg("%s %s", cases[i].in, why);
		assert_string_equal(dst, cases[i].out);
	}
}

static void domains_are_asked_for_as_people_write_them(void **state)
{
	char dst[IDNA_ASKED], longest[300];

	(void)state;
	assert_string_equal(idna_asked(dst, "MyDomain.OVH."), "mydomain.ovh");
	assert_string_equal(idna_asked(dst, "B\xc3\xbc"
	                                    "cher.example:mxplan"),
	        "xn--bcher-kva.example:mxplan");
	assert_string_equal(idna_asked(dst, "nonsense"), "nonsense");
	assert_string_equal(idna_asked(dst, ""), "");
	assert_string_equal(idna_asked(dst, ":"), ":");
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	memcpy(longest, "A.example:", 10);
	assert_ptr_equal(idna_asked(dst, longest), longest);
}

static void bad_names_are_refused(void **state)
{
	static const struct {
		const char *in, *why;
	} cases[] = {
	        {"", "empty"},
	        {".", "empty"},
	        {"localhost", "one label"},
	        {"ovh.", "one label"},
	        {"a..b", "not a domain name"},
	        {".a.b", "not a domain name"},
	        {"a_b.c", "not a domain name"},
	        {"-a.b", "not a domain name"},
	        {"a-.b", "not a domain name"},
	        {"192.0.2.1", "not a domain name"},
	        {"a." L63 "4", "not a domain name"},
	        {L63 "." L63 "." L63 "." L63, "longer than 253"},
	        {"a b.c", "white space"},
	        {"a.b\n", "white space"},
	        {"a\x01.b", "control"},
	        {"me@example.org", "address"},
	        {"*.example.org", "wildcard"},
	        {"https://example.org", "URL"},
	        {"example.org/x", "URL or a path"},
	        {"xn--a.example", "international"},
	        {"xn--.example", "international"},
	        {"\xe2\x80\xaeovh.example", "international"}, /* a right-to-left override */
	        {"\xf0\x9f\x92\xa9\xcc\x81_.example", "international"},
	        {"a\xcc\xb8.\xe2\x9d\xb6", "not a"},
	        {"\xff.example", "international"},
	};
	char long_one[2000];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char dst[DNAME_TEXT] = "untouched";
		const char *why = idna_domain(dst, cases[i].in);

		if (!why || !strstr(why, cases[i].why))
			fail_msg("%s %s (%s)", cases[i].in, why ? why : "passed", dst);
		assert_string_equal(dst, "untouched");
	}
	memset(long_one, 'a', sizeof long_one - 1);
	long_one[sizeof long_one - 1] = '\0';
	assert_non_null(idna_domain(long_one, long_one));
	for (size_t i = 0; i + 3 < sizeof long_one; i += 2)
		memcpy(long_one + i, "\xc3\xa9", 2);
	memcpy(long_one + 500, ".fr", 4);
	assert_non_null(idna_domain((char[DNAME_TEXT]){0}, long_one));
}

static void urls_that_are_fine(void **state)
{
	static const char *const good[] = {"https://eu.api.ovh.com/1.0", "https://h", "https://h:8443/x/y",
	        "http://127.0.0.1:8080/1.0", "http://127.9.9.9", "http://[::1]:80/1.0",
	        "https://[2001:db8::1]/1.0", "https://192.0.2.1/1.0"};
	static const char *const bad[] = {"", "eu.api.ovh.com", "ftp://h", "HTTP://127.0.0.1", "https://",
	        "https:///1.0", "https://h:0/", "https://h:65536", "https://h:", "https://h:8x",
	        "https://u:p@h/", "https://h/?a", "https://h/#a", "https://h /", "https://h\n",
	        "https://[::1", "https://[::1]x", "https://[zz]", "https://a..b", "https://h\\x",
	        "http://localhost/1.0", "http://127.1/", "http://2130706433/", "http://0x7f.0.0.1/",
	        "http://[::ffff:127.0.0.1]/", "http://192.0.2.1/", "http://[::2]/",
	        "http://127.0.0.1.example.org/", "http://eu.api.ovh.com/1.0",
	        "http://127.0.0.1@evil.example/"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (endpoint_url_fault(good[i]))
			fail_msg("%s %s", good[i], endpoint_url_fault(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (!endpoint_url_fault(bad[i]))
			fail_msg("%s passed", bad[i]);
}

static void api_addresses(void **state)
{
	char url[128] = "untouched";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(endpoints); i++) {
		assert_null(endpoint_url_fault(endpoints[i].base_url));
		assert_null(endpoint_url_fault(endpoints[i].token_url));
		assert_ptr_equal(endpoint_find(endpoints[i].name), &endpoints[i]);
		assert_ptr_equal(endpoint_find(endpoints[i].base_url), &endpoints[i]);
	}
	assert_ptr_equal(endpoint_find("https://eu.api.ovh.com/1.0/"), &endpoints[0]);
	assert_null(endpoint_find("ovh-mars"));
	assert_null(endpoint_find("ovh-eu/"));
	assert_true(endpoint_url(url, sizeof url, "https://eu.api.ovh.com/1.0", "/auth/time"));
	assert_string_equal(url, "https://eu.api.ovh.com/1.0/auth/time");
	assert_true(endpoint_url(url, sizeof url, "https://eu.api.ovh.com/1.0", "/v2/zimbra/platform"));
	assert_string_equal(url, "https://eu.api.ovh.com/v2/zimbra/platform");
	assert_true(endpoint_url(url, sizeof url, "http://127.0.0.1:80/v1/", "/v2/x"));
	assert_string_equal(url, "http://127.0.0.1:80/v2/x");
	assert_true(endpoint_url(url, sizeof url, "http://127.0.0.1:80/", "/domain/zone"));
	assert_string_equal(url, "http://127.0.0.1:80/domain/zone");
	assert_false(endpoint_url(url, 20, "https://eu.api.ovh.com/1.0", "/auth/time"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(names_are_normalised),
	        cmocka_unit_test(bad_names_are_refused),
	        cmocka_unit_test(domains_are_asked_for_as_people_write_them),
	        cmocka_unit_test(urls_that_are_fine),
	        cmocka_unit_test(api_addresses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
