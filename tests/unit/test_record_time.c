/* Folding where time is in doubt: gaps, clocks that go back, and those that nobody vouches for (core/record_time.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core_world.h"

static void a_gap_or_time_running_backwards_restarts_the_grace(void **state)
{
	static const struct {
		int64_t after;
		bool restarts;
		int64_t ahead; /* how far ahead of the present reading it counts from, after time ran backwards */
	} cases[] = {
	        {36 * MS_HOUR, false, 0},
	        {36 * MS_HOUR + 1, true, 0},
	        {-1, false, 0}, /* two measures of one clock */
	        {-CLOCK_GRAIN, false, 0},
	        {-CLOCK_GRAIN - 1, true, CLOCK_GRAIN + 1},
	        {-10 * MS_HOUR, true, 10 * MS_HOUR}, /* from where the clock had been */
	        {-300 * MS_DAY, true, 36 * MS_HOUR}, /* but nothing waits for a year */
	        {0, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct core_world w = world_switched();
		int64_t before;

		look_for_days(&w, 2);
		before = grace_from(&w, "s1");
		look(&w, cases[i].after);
		assert_int_equal(told(&w, NOTE_GRACE_RESTART), cases[i].restarts);
		assert_int_equal(grace_from(&w, "s1"), cases[i].restarts ? w.now + cases[i].ahead : before);
		look(&w, MS_HOUR);
		assert_false(told(&w, NOTE_GRACE_RESTART)); /* once */
	}
}

/* The API's clock goes back and forward again, each time by less than longest_gap: no wait is shorter by that. */
static void a_clock_that_goes_back_and_forth_shortens_no_wait(void **state)
{
	struct core_world w = world_switched();
	int64_t began;

	(void)state;
	look_for_days(&w, 2);
	began = w.now;
	look(&w, -10 * MS_HOUR);
	w.o.sel[0].dns.state = SEEN_MISSING; /* its record breaks and is mended meanwhile */
	look(&w, MS_MINUTE);
	w.o.sel[0].dns.state = SEEN_OK;
	look(&w, MS_MINUTE);
	look(&w, -5 * MS_HOUR);
	look(&w, MS_MINUTE);
	look(&w, 15 * MS_HOUR);
	assert_false(told(&w, NOTE_GRACE_RESTART));
	assert_true(grace_from(&w, "s1") >= began);
	assert_true(record_selector(&w.r, "s1")->confirmed_since >= began);
	assert_true(record_selector(&w.r, "s2")->signing_since != 0);
}

/* The budget carries a look only every two days: one of unknown history is a spare all the same, and a grace begins anew. */
static void looks_further_apart_than_the_longest_gap(void **state)
{
	struct core_world w = world_new(PLATFORM_EXCHANGE);
	struct rules stretched = rules;

	(void)state;
	says(&w, 0, SELECTOR_IN_PRODUCTION);
	says(&w, 1, SELECTOR_READY);
	look(&w, 0);
	assert_int_equal(planned(&w), REASON_SPARE_IN_GRACE);
	stretched.settled = 2 * MS_DAY;
	plan(&w.d, &w.o, &w.r, &w.st, &stretched, &w.dec);
	assert_int_equal(w.dec.next_look, w.now + stretched.settled); /* it needs no more looks than others */
	for (int64_t i = 0; i < 3; i++) {
		look(&w, 2 * MS_DAY);
		assert_true(told(&w, NOTE_GRACE_RESTART));
		assert_int_equal(record_role(record_selector(&w.r, "s2"), GRACE, w.now), ROLE_RETIRED);
	}
	look(&w, 2 * MS_DAY);
	assert_int_equal(record_role(record_selector(&w.r, "s2"), GRACE, w.now), ROLE_SPARE);
	w = world_switched();
	w.st.now = w.now;
	plan(&w.d, &w.o, &w.r, &w.st, &stretched, &w.dec);
	assert_int_equal(w.dec.reason, REASON_OLD_KEY_IN_GRACE);
	assert_int_equal(w.dec.next_look, w.now + stretched.longest_gap / 2); /* a grace does */
}

static void light_looks_bridge_no_gap(void **state)
{
	struct core_world w = world_switched();

	(void)state;
	w.o.light = true;
	w.o.n = 0;
	look(&w, 30 * MS_HOUR);
	w = (struct core_world){.d = w.d, .o = world_switched().o, .r = w.r, .now = w.now};
	look(&w, 30 * MS_HOUR);
	assert_true(told(&w, NOTE_GRACE_RESTART));
}

static void a_reading_by_an_unknown_clock_restarts_every_grace(void **state)
{
	struct core_world w = world_switched();

	(void)state;
	look_for_days(&w, 2);
	record_doubt_time(&w.r, false, &rules);
	look(&w, MS_MINUTE);
	assert_int_equal(grace_from(&w, "s1"), w.now);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_gap_or_time_running_backwards_restarts_the_grace),
	        cmocka_unit_test(a_clock_that_goes_back_and_forth_shortens_no_wait),
	        cmocka_unit_test(looks_further_apart_than_the_longest_gap),
	        cmocka_unit_test(light_looks_bridge_no_gap),
	        cmocka_unit_test(a_reading_by_an_unknown_clock_restarts_every_grace),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
