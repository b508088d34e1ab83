/* The request budget: no 60 s hold more, whole jobs reserve, five classes in order and a tenth for routine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "core/budget.h"

#define LIMIT 6

static int64_t ring[LIMIT];

static void no_minute_holds_more(void **state)
{
	struct budget b;
	int64_t sent[600];
	size_t n = 0;

	(void)state;
	budget_init(&b, LIMIT, ring);
	for (int64_t now = 0; now < 10 * MS_MINUTE; now += 700) /* as often as there is room */
		while (budget_room(&b, now) > 0) {
			budget_spend(&b, false, now);
			sent[n++] = now;
		}
	assert_true(n >= 10 * LIMIT);
	for (size_t i = 0; i < n; i++) /* each is under way for a while, up to a second */
		sent[i] += (int64_t)(i * 379 % 1000);
	for (size_t i = LIMIT; i < n; i++)
		assert_true(sent[i] - sent[i - LIMIT] >= MS_MINUTE);
}

static void reservations_are_kept_for_their_job(void **state)
{
	struct budget b;

	(void)state;
	budget_init(&b, LIMIT, ring);
	assert_true(budget_reserve(&b, 4, 0));
	assert_int_equal(budget_room(&b, 0), 2);
	assert_false(budget_reserve(&b, 3, 0));
	budget_spend(&b, true, 0);
	assert_int_equal(budget_room(&b, 0), 2); /* out of the reservation */
	budget_spend(&b, false, 0);
	assert_int_equal(budget_room(&b, 0), 1);
	budget_release(&b, 3);
	assert_int_equal(budget_room(&b, 0), 4);
	budget_release(&b, 9); /* never below none */
	assert_int_equal(budget_room(&b, 0), 4);
}

static void more_than_the_limit_counts_as_the_limit(void **state)
{
	struct budget b;

	(void)state;
	budget_init(&b, LIMIT, ring);
	assert_true(budget_reserve(&b, 50, 0));
	assert_int_equal(b.reserved, LIMIT);
	assert_int_equal(budget_room(&b, 0), 0);
}

static void when_there_is_room(void **state)
{
	struct budget b;

	(void)state;
	budget_init(&b, LIMIT, ring);
	for (int64_t i = 0; i < LIMIT; i++)
		budget_spend(&b, false, 1000 * i);
	assert_int_equal(budget_when(&b, 1, 6000), BUDGET_WINDOW);
	assert_int_equal(budget_when(&b, 3, 6000), BUDGET_WINDOW + 2000);
	assert_int_equal(budget_room(&b, BUDGET_WINDOW - 1), 0);
	assert_int_equal(budget_when(&b, 1, BUDGET_WINDOW), BUDGET_WINDOW);
	assert_int_equal(budget_room(&b, BUDGET_WINDOW), 1);
}

static void without_a_limit_there_is_always_room(void **state)
{
	struct budget b;

	(void)state;
	budget_init(&b, 0, NULL);
	for (int i = 0; i < 1000; i++) {
		assert_true(budget_reserve(&b, 8, 0));
		budget_spend(&b, true, 0);
	}
	assert_int_equal(budget_when(&b, 1000, 5), 5);
}

static void classes_go_in_order_and_routine_gets_a_tenth(void **state)
{
	bool waiting[URGENCIES] = {false};
	unsigned granted[URGENCIES] = {0};
	struct budget b;

	(void)state;
	budget_init(&b, LIMIT, ring);
	assert_int_equal(budget_pick(&b, waiting), URGENCIES);
	for (unsigned c = URGENCIES; c-- > 0;) {
		waiting[c] = true;
		assert_int_equal(budget_pick(&b, waiting), c); /* the most urgent that waits */
	}
	for (int i = 0; i < 1000; i++) {
		enum urgency u;
		int again = i % 4;

		do /* a pick without room is nobody's turn */
			u = budget_pick(&b, waiting);
		while (again-- > 0);
		budget_granted(&b, u, waiting);
		granted[u]++;
	}
	assert_int_equal(granted[URGENT_ROUTINE], 100);
	assert_int_equal(granted[URGENT_IN_FLIGHT], 900);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(no_minute_holds_more),
	        cmocka_unit_test(reservations_are_kept_for_their_job),
	        cmocka_unit_test(more_than_the_limit_counts_as_the_limit),
	        cmocka_unit_test(when_there_is_room),
	        cmocka_unit_test(without_a_limit_there_is_always_room),
	        cmocka_unit_test(classes_go_in_order_and_routine_gets_a_tenth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
