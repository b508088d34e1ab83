/* Spans of time, as systemd.time(7) has them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/util.h"
#include "core/span.h"

static void good_spans(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {
	        {"90d", 90 * MS_DAY},
	        {"12h 30min", 12 * MS_HOUR + 30 * MS_MINUTE},
	        {"12h30min", 12 * MS_HOUR + 30 * MS_MINUTE},
	        {"45s", 45 * MS_SECOND},
	        {"250ms", 250},
	        {"  1 week 2   days\t", 9 * MS_DAY},
	        {"1.5h", 90 * MS_MINUTE},
	        {"0.25 d", 6 * MS_HOUR},
	        {"1h 1h", 2 * MS_HOUR},
	        {"2 M", 2 * (MS_DAY / 4 * 1461 / 12)},
	        {"2m", 2 * MS_MINUTE},
	        {"1y", MS_DAY / 4 * 1461},
	        {"1us", 1},
	        {"1\xc2\xb5s", 1},
	        {"1500us", 2},
	        {"0", 0},
	        {"0s", 0},
	        {"000", 0},
	        {"007d", 7 * MS_DAY},
	        {"1.999999999999999999999s", 2000},
	        {"200y", SPAN_MOST},
	};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(span_parse(cases[i].text, &ms), 0);
		assert_int_equal(ms, cases[i].ms);
	}
}

static void bad_spans(void **state)
{
	static const struct {
		const char *text;
		int error;
	} cases[] = {
	        {"", -EINVAL},
	        {"  ", -EINVAL},
	        {"d", -EINVAL},
	        {"-1d", -EINVAL},
	        {"+1d", -EINVAL},
	        {"1x", -EINVAL},
	        {"1D", -EINVAL},
	        {"1dd", -EINVAL},
	        {"1.d", -EINVAL},
	        {".5d", -EINVAL},
	        {"1,5d", -EINVAL},
	        {"1d,2h", -EINVAL},
	        {"1d and 2h", -EINVAL},
	        {"never", -EINVAL},
	        {"1e3s", -EINVAL},
	        {"0x10s", -EINVAL},
	        {"90", -ENODATA},
	        {"1d 12", -ENODATA},
	        {"1 2d", -ENODATA},
	        {"0 1d", -ENODATA},
	        {"0.0", -ENODATA},
	        {"201y", -ERANGE},
	        {"199y 2y", -ERANGE},
	        {"99999999999999999999999999s", -ERANGE},
	        {"200.1y", -ERANGE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t ms = 42;

		assert_int_equal(span_parse(cases[i].text, &ms), cases[i].error);
		assert_int_equal(ms, 42);
	}
}

static void spans_as_text(void **state)
{
	char t[SPAN_TEXT];

	(void)state;
	assert_string_equal(span_format(t, 7 * MS_DAY), "7d");
	assert_string_equal(span_format(t, 36 * MS_HOUR), "1d 12h");
	assert_string_equal(span_format(t, 0), "0");
	assert_string_equal(span_format(t, 250), "250ms");
	assert_string_equal(span_format(t, -90 * MS_SECOND), "-1min 30s");
	assert_string_equal(
	        span_format(t, MS_DAY + MS_HOUR + MS_MINUTE + MS_SECOND + 1), "1d 1h 1min 1s 1ms");
	assert_string_equal(span_format_short(t, MS_DAY + MS_MINUTE + 5), "1d 1min");
	assert_string_equal(span_format_short(t, 6 * MS_DAY + 23 * MS_HOUR + 59 * MS_MINUTE), "6d 23h");
	assert_string_equal(span_format(t, INT64_MIN), "-106751991167d 7h 12min 55s 808ms");
}

static void text_and_back(void **state)
{
	char t[SPAN_TEXT];
	int64_t ms, step = 1;

	(void)state;
	for (int64_t v = 0; v < SPAN_MOST; v += step, step = step * 3 + 7) {
		assert_int_equal(span_parse(span_format(t, v), &ms), 0);
		assert_int_equal(ms, v);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(good_spans),
	        cmocka_unit_test(bad_spans),
	        cmocka_unit_test(spans_as_text),
	        cmocka_unit_test(text_and_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
