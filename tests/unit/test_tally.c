/* Counting domains over a day: the daily cap and the breaker (safety rule 10). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/util.h"
#include "core/tally.h"

#define NOW (INT64_C(1800000000) * 1000)

static void a_domain_counts_once_and_for_a_day(void **state)
{
	struct tally_entry list[4];
	size_t n = 0;

	(void)state;
	n = tally_put(list, n, 7, NOW);
	n = tally_put(list, n, 8, NOW + MS_HOUR);
	n = tally_put(list, n, 7, NOW + 2 * MS_HOUR); /* renewed */
	assert_int_equal(n, 2);
	assert_true(tally_has(list, n, 7));
	assert_false(tally_has(list, n, 9));
	n = tally_trim(list, n, NOW + MS_HOUR + TALLY_SPAN - 1);
	assert_int_equal(n, 2);
	n = tally_trim(list, n, NOW + MS_HOUR + TALLY_SPAN);
	assert_int_equal(n, 1);
	assert_int_equal(list[0].domain, 7);
}

static void what_lies_in_the_future_counts_from_now(void **state)
{
	struct tally_entry list[2];
	size_t n = tally_put(list, 0, 7, NOW + 100 * MS_DAY);

	(void)state;
	n = tally_trim(list, n, NOW);
	assert_int_equal(n, 1);
	assert_int_equal(tally_trim(list, n, NOW + TALLY_SPAN), 0);
}

static void the_breaker_needs_two_and_one_in_a_hundred(void **state)
{
	static const struct {
		size_t troubled, domains;
		bool opens;
	} cases[] = {
	        {0, 0, false},
	        {1, 1, false},
	        {1, 50, false},
	        {2, 2, true},
	        {2, 200, true},
	        {2, 201, false},
	        {3, 300, true},
	        {3, 301, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(tally_opens_breaker(cases[i].troubled, cases[i].domains), cases[i].opens);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_domain_counts_once_and_for_a_day),
	        cmocka_unit_test(what_lies_in_the_future_counts_from_now),
	        cmocka_unit_test(the_breaker_needs_two_and_one_in_a_hundred),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
