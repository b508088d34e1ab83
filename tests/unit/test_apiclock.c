/* Whose time it is (safety rule 9): samples, steps of the host's clock, and when to do nothing that depends on time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/util.h"
#include "core/apiclock.h"

#define API  (INT64_C(1800000000) * 1000)
#define BOOT (5 * MS_HOUR)

/* A host whose wall clock is `behind` the API's, as time passes on its boot clock. */
struct host {
	struct apiclock c;
	int64_t boot, behind;
};

static int64_t wall(const struct host *h)
{
	return API + (h->boot - BOOT) - h->behind;
}

static bool sample(struct host *h, int64_t api_off)
{
	return apiclock_sample(&h->c, wall(h) + h->behind + api_off, wall(h), h->boot);
}

static bool pass(struct host *h, int64_t ms)
{
	h->boot += ms;
	return apiclock_wakeup(&h->c, wall(h), h->boot);
}

static struct host started(int64_t behind)
{
	struct host h = {.boot = BOOT, .behind = behind};

	apiclock_wakeup(&h.c, wall(&h), h.boot);
	sample(&h, 0);
	return h;
}

static void nothing_is_known_before_the_first_sample(void **state)
{
	struct host h = {.boot = BOOT};

	(void)state;
	assert_false(apiclock_sure(&h.c, h.boot));
	assert_int_equal(apiclock_due(&h.c), 0);
	sample(&h, 0);
	assert_true(apiclock_sure(&h.c, h.boot));
}

static void a_constant_offset_stops_nothing(void **state)
{
	struct host h = started(40 * MS_DAY);

	(void)state;
	for (int i = 0; i < 30; i++) {
		assert_false(pass(&h, MS_HOUR));
		assert_false(sample(&h, 0));
		assert_true(apiclock_sure(&h.c, h.boot));
		assert_int_equal(apiclock_now(&h.c, wall(&h)), API + h.boot - BOOT);
	}
}

static void an_offset_lasts_two_hours_and_is_due_hourly(void **state)
{
	struct host h = started(0);

	(void)state;
	assert_int_equal(apiclock_due(&h.c), BOOT + MS_HOUR);
	assert_true(apiclock_sure(&h.c, BOOT + 2 * MS_HOUR - 1));
	assert_false(apiclock_sure(&h.c, BOOT + 2 * MS_HOUR));
}

static void two_that_differ_need_three_that_agree(void **state)
{
	struct host h = started(0);

	(void)state;
	pass(&h, MS_HOUR);
	assert_false(sample(&h, MS_MINUTE)); /* not more than a minute */
	assert_true(apiclock_sure(&h.c, h.boot));
	pass(&h, MS_HOUR);
	assert_true(sample(&h, 3 * MS_MINUTE));
	assert_false(apiclock_sure(&h.c, h.boot));
	assert_int_equal(apiclock_due(&h.c), h.boot + 30 * MS_SECOND);
	pass(&h, 30 * MS_SECOND);
	assert_false(sample(&h, 3 * MS_MINUTE));
	assert_false(apiclock_sure(&h.c, h.boot));
	assert_int_equal(apiclock_now(&h.c, wall(&h)), API + h.boot - BOOT + MS_MINUTE); /* as it went */
	assert_int_equal(apiclock_stamp(&h.c, wall(&h)), API + h.boot - BOOT + 3 * MS_MINUTE);
	pass(&h, 30 * MS_SECOND);
	assert_false(sample(&h, 3 * MS_MINUTE));
	assert_true(apiclock_sure(&h.c, h.boot));
	assert_int_equal(apiclock_now(&h.c, wall(&h)), API + h.boot - BOOT + 3 * MS_MINUTE);
}

static void one_wrong_answer_moves_no_instant(void **state)
{
	struct host h = started(0);

	(void)state;
	for (int i = 0; i < 2; i++) { /* there and back again is a disagreement too */
		pass(&h, MS_MINUTE);
		assert_true(sample(&h, i == 0 ? -MS_DAY : 0));
		assert_false(apiclock_sure(&h.c, h.boot));
		assert_int_equal(apiclock_now(&h.c, wall(&h)), API + h.boot - BOOT);
	}
	pass(&h, MS_MINUTE);
	sample(&h, 0);
	pass(&h, MS_MINUTE);
	sample(&h, 0);
	assert_true(apiclock_sure(&h.c, h.boot));
	assert_int_equal(apiclock_now(&h.c, wall(&h)), API + h.boot - BOOT);
}

static void a_step_of_the_host_is_noticed_and_time_goes_on(void **state)
{
	static const int64_t steps[] = {10 * MS_DAY, -10 * MS_DAY, 2 * MS_MINUTE, -2 * MS_MINUTE};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		struct host h = started(3 * MS_HOUR);

		assert_false(pass(&h, 10 * MS_MINUTE));
		h.behind -= steps[i];
		assert_true(pass(&h, MS_SECOND));
		assert_false(apiclock_sure(&h.c, h.boot)); /* nothing that depends on time */
		assert_true(apiclock_due(&h.c) <= h.boot); /* measured at once */
		assert_int_equal(apiclock_now(&h.c, wall(&h)), API + h.boot - BOOT);
		assert_false(pass(&h, MS_SECOND)); /* once */
		assert_true(sample(&h, 0));        /* the offsets differ, so three must agree */
		for (int k = 0; k < 2; k++) {
			pass(&h, 30 * MS_SECOND);
			assert_false(sample(&h, 0));
		}
		assert_true(apiclock_sure(&h.c, h.boot));
		assert_int_equal(apiclock_now(&h.c, wall(&h)), API + h.boot - BOOT);
	}
}

static void suspend_is_no_step(void **state)
{
	struct host h = started(0);

	(void)state;
	assert_false(pass(&h, 3 * MS_DAY)); /* both clocks ran on */
	h.behind -= MS_MINUTE;
	assert_false(pass(&h, MS_SECOND)); /* a minute is not more than a minute */
}

static void doubt_measures_again(void **state)
{
	struct host h = started(0);

	(void)state;
	apiclock_doubt(&h.c, h.boot);
	assert_false(apiclock_sure(&h.c, h.boot));
	assert_true(apiclock_due(&h.c) <= h.boot);
	assert_false(sample(&h, 0));
	assert_true(apiclock_sure(&h.c, h.boot));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(nothing_is_known_before_the_first_sample),
	        cmocka_unit_test(a_constant_offset_stops_nothing),
	        cmocka_unit_test(an_offset_lasts_two_hours_and_is_due_hourly),
	        cmocka_unit_test(two_that_differ_need_three_that_agree),
	        cmocka_unit_test(one_wrong_answer_moves_no_instant),
	        cmocka_unit_test(a_step_of_the_host_is_noticed_and_time_goes_on),
	        cmocka_unit_test(suspend_is_no_step),
	        cmocka_unit_test(doubt_measures_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
