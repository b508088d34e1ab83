/* Domain names: what is valid, what lies within what, and the one name that we write at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "core/dname.h"

#define L63 "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123"

static void lower_case_and_the_last_dot(void **state)
{
	char dst[DNAME_TEXT];

	(void)state;
	assert_true(dname_lower(dst, sizeof dst, "MyDomain.OVH."));
	assert_string_equal(dst, "mydomain.ovh");
	assert_false(dname_lower(dst, sizeof dst, "."));
	assert_string_equal(dst, "");
	assert_false(dname_lower(dst, sizeof dst, ""));
	assert_true(dname_lower(dst, 4, "ABC."));
	assert_string_equal(dst, "abc");
	assert_false(dname_lower(dst, 4, "abcd"));
	assert_false(dname_lower(dst, 0, "a"));
}

static void hosts(void **state)
{
	static const char *const good[] = {
	        "a.b", "mydomain.ovh", "xn--caf-dma.example", "1.2.3.com", "a-b.c--d.org", L63 ".fr"};
	static const char *const bad[] = {"", ".", "a", "localhost", "a..b", ".a.b", "a.b.", "-a.b", "a-.b",
	        "a_b.c", "1.2.3.4", "a b.c", "a.b/c", "caf\xc3\xa9.fr", "*.a.b", "a." L63 "4.b", "a@b.c",
	        L63 "." L63 "." L63 "." L63};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(dname_valid_host(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(dname_valid_host(bad[i]));
	assert_true(dname_valid("_domainkey.example"));
	assert_true(dname_valid("a"));
	assert_false(dname_valid("a..b"));
	assert_false(dname_valid("a*b"));
}

static void selectors(void **state)
{
	(void)state;
	assert_true(dname_valid_selector("ovhex1-selector1"));
	assert_true(dname_valid_selector("2026.ovh"));
	assert_false(dname_valid_selector(""));
	assert_false(dname_valid_selector("a/b"));
	assert_false(dname_valid_selector("_a"));
	assert_false(dname_valid_selector("../x"));
}

static void within(void **state)
{
	(void)state;
	assert_true(dname_within("a.example.org", "example.org"));
	assert_true(dname_within("A.Example.Org.", "eXample.org"));
	assert_true(dname_within("example.org", "example.org."));
	assert_false(dname_within("badexample.org", "example.org"));
	assert_false(dname_within("example.org", "a.example.org"));
	assert_false(dname_within("example.org", ""));
	assert_true(dname_equal("a.b.", "A.b"));
	assert_false(dname_equal("a.b", "a.bc"));
}

static void records(void **state)
{
	char dst[DNAME_TEXT] = "untouched";

	(void)state;
	assert_true(dname_dkim(dst, "OVHex1-selector1", "MyDomain.ovh."));
	assert_string_equal(dst, "ovhex1-selector1._domainkey.mydomain.ovh");
	str_copy(dst, sizeof dst, "untouched");
	assert_false(dname_dkim(dst, "sel ector", "mydomain.ovh"));
	assert_false(dname_dkim(dst, "", "mydomain.ovh"));
	assert_false(dname_dkim(dst, "s", "ovh"));
	assert_false(dname_dkim(dst, "s", "a_b.ovh"));
	assert_false(dname_dkim(dst, "s",
	        L63 "." L63 "." L63 "."
	            "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"));
	assert_string_equal(dst, "untouched");
	assert_true(dname_dkim(dst, "s",
	        L63 "." L63 "." L63 "."
	            "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd1234567"));
	assert_int_equal(strlen(dst), 252);
}

static void relative(void **state)
{
	char dst[DNAME_TEXT] = "x";

	(void)state;
	assert_true(dname_relative(dst, "S._domainkey.example.org", "example.org"));
	assert_string_equal(dst, "s._domainkey");
	assert_true(dname_relative(dst, "s._domainkey.mail.example.org.", "Example.ORG."));
	assert_string_equal(dst, "s._domainkey.mail");
	assert_true(dname_relative(dst, "example.org", "example.org"));
	assert_string_equal(dst, "");
	assert_false(dname_relative(dst, "badexample.org", "example.org"));
	assert_string_equal(dname_parent("a.b.c"), "b.c");
	assert_null(dname_parent("c"));
	assert_null(dname_parent("c."));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(lower_case_and_the_last_dot),
	        cmocka_unit_test(hosts),
	        cmocka_unit_test(selectors),
	        cmocka_unit_test(within),
	        cmocka_unit_test(records),
	        cmocka_unit_test(relative),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
