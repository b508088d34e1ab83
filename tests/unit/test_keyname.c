/* Names for keys from a template: what is accepted, and that no name is ever given twice. */
#include "core/keyname.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

#define DAY (INT64_C(1795046400) * 1000) /* 2026-11-19T00:00:00Z */

static void test_templates(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool good;
	} cases[] = {
	        {"dk%Y%m%n", true},
	        {"s%n", true},
	        {"%Y-%m-%d.k%n", true},
	        {"dk%Y%m", false},
	        {"dk%n%n", false},
	        {"dk%", false},
	        {"dk%x%n", false},
	        {"dk_%n", false},
	        {"-dk%n", false},
	        {"%n.", false},
	        {"", false},
	        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%n", false},
	        {"dk %n", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if ((keyname_fault(cases[i].text) == NULL) != cases[i].good)
			fail_msg("%s: %s", cases[i].text, keyname_fault(cases[i].text));
}

static void test_names(void **state)
{
	(void)state;
	char name[128], tiny[8];

	assert_true(keyname_make(name, sizeof(name), "dk%Y%m%n", DAY, 1));
	assert_string_equal(name, "dk2026111");
	assert_true(keyname_make(name, sizeof(name), "%d-%n", DAY, 120));
	assert_string_equal(name, "19-120");
	assert_false(keyname_make(tiny, sizeof(tiny), "dk%Y%m%n", DAY, 1));
	assert_string_equal(tiny, "");
	assert_true(keyname_second(name, sizeof(name), "dk2026111"));
	assert_string_equal(name, "dk2026111e");
}

/* Neither name of the next pair was ever used, in whatever case. */
static void test_never_again(void **state)
{
	(void)state;
	char used[40][128], name[128], second[128];

	for (unsigned n = 0; n < 20; n++) {
		assert_true(keyname_next(name, sizeof(name), "k%n", DAY, used, 2 * n));
		assert_true(keyname_second(second, sizeof(second), name));
		for (unsigned i = 0; i < 2 * n; i++)
			assert_true(!str_caseeq(used[i], name) && !str_caseeq(used[i], second));
		memcpy(used[2 * n], name, sizeof(name));
		memcpy(used[2 * n + 1], second, sizeof(second));
	}
	strcpy(used[0], "K21");
	strcpy(used[1], "zz");
	assert_true(keyname_next(name, sizeof(name), "k%n", DAY, used, 40));
	assert_string_equal(name, "k1");
	strcpy(used[1], "k1E");
	assert_true(keyname_next(name, sizeof(name), "k%n", DAY, used, 40));
	assert_string_equal(name, "k22");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_templates),
	        cmocka_unit_test(test_names),
	        cmocka_unit_test(test_never_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
