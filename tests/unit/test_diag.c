/* Diagnostics: kept in order, printed as FILE:LINE:COLUMN: text, never with control characters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/diag.h"
#include "base/util.h"

static void places_are_printed(void **state)
{
	struct diags d = {0};
	char text[600];

	(void)state;
	diag_add(&d, "a.yaml", 3, 7, "unknown key \"%s\"", "grase");
	diag_add(&d, "a.yaml", 3, 0, "x");
	diag_add(&d, "a.yaml", 0, 5, "x");
	diag_add(&d, NULL, 3, 7, "x");
	assert_int_equal(d.n, 4);
	assert_string_equal(diag_format(&d.list[0], text, sizeof text), "a.yaml:3:7: unknown key \"grase\"");
	assert_string_equal(diag_format(&d.list[1], text, sizeof text), "a.yaml:3: x");
	assert_string_equal(diag_format(&d.list[2], text, sizeof text), "a.yaml: x");
	assert_string_equal(diag_format(&d.list[3], text, sizeof text), "x");
	diags_clear(&d);
	assert_int_equal(d.n, 0);
	assert_null(d.list);
}

static void hostile_text_is_cleaned_and_cut(void **state)
{
	struct diags d = {0};
	char text[2000], small[8], big[3000];

	(void)state;
	memset(big, 'x', sizeof big - 1);
	big[sizeof big - 1] = '\0';
	diag_add(&d, "bad\nname.yaml", 1, 2, "see \x1b[2J%s", "this");
	diag_add(&d, big, 1, 2, "%s", big);
	assert_string_equal(diag_format(&d.list[0], text, sizeof text), "bad?name.yaml:1:2: see ?[2Jthis");
	assert_int_equal(strlen(diag_format(&d.list[1], text, sizeof text)), 500 + strlen(":1:2: ") + 500);
	assert_string_equal(diag_format(&d.list[0], small, sizeof small), "bad?nam");
	diags_clear(&d);
}

static void the_list_grows(void **state)
{
	struct diags d = {0};

	(void)state;
	for (int i = 1; i <= 100; i++)
		diag_add(&d, "f", i, 1, "fault %d", i);
	assert_int_equal(d.n, 100);
	assert_int_equal(d.list[99].line, 100);
	assert_string_equal(d.list[41].text, "fault 42");
	diags_clear(&d);
	diags_clear(&d);
}

static void lists_are_joined(void **state)
{
	struct diags to = {0}, from = {0};

	(void)state;
	diag_add(&to, "a", 1, 1, "first");
	for (int i = 0; i < DIAGS_MOST + 500; i++)
		diag_add(&from, "b", i + 1, 1, "100%% of %d", i);
	assert_int_equal(from.n, DIAGS_MOST + 1);
	diags_move(&to, &from);
	assert_int_equal(from.count, 0);
	assert_null(from.list);
	assert_int_equal(to.count, DIAGS_MOST + 501); /* all are counted, the first of them kept */
	assert_int_equal(to.n, DIAGS_MOST + 1);
	assert_string_equal(to.list[1].text, "100% of 0");
	assert_string_equal(to.list[DIAGS_MOST].text, "more faults are not shown");
	diags_clear(&to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(places_are_printed),
	        cmocka_unit_test(hostile_text_is_cleaned_and_cut),
	        cmocka_unit_test(the_list_grows),
	        cmocka_unit_test(lists_are_joined),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
