/* Windows: their text, their intervals through summer time, and the core's search in them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/util.h"
#include "codec/tz.h"
#include "codec/window.h"

static int64_t at(const char *text)
{
	int64_t ms = 0;

	assert_true(time_parse(text, &ms));
	return ms;
}

/* One window expanded from an instant; the caller frees the set. */
static const struct window *expand(struct windows **set, const char *text, const char *from, int days)
{
	char error[300] = "";

	*set = windows_new();
	const struct window *w = windows_add(*set, text, error, sizeof error);
	if (!w)
		fail_msg("%s: %s", text, error);
	windows_expand(*set, at(from), days);
	return w;
}

static void check_intervals(const char *text, const char *from, int days, const char *expected)
{
	struct windows *set;
	const struct window *w = expand(&set, text, from, days);
	struct buf b = {0};
	char t[TIME_TEXT];

	for (size_t i = 0; i < w->n; i++) {
		buf_printf(&b, "%s%s", i ? " " : "", time_text(t, w->list[i].from));
		buf_printf(&b, "/%s", time_text(t, w->list[i].to));
	}
	assert_string_equal(b.data ? b.data : "", expected);
	buf_free(&b);
	windows_free(set);
}

static void office_hours(void **state)
{
	(void)state;
	/* Friday 20 November 2026 to Tuesday, Paris in winter */
	check_intervals("Mon..Fri 08:00-17:00 Europe/Paris", "2026-11-20T00:00:00Z", 4,
	        "2026-11-20T07:00:00Z/2026-11-20T16:00:00Z 2026-11-23T07:00:00Z/2026-11-23T16:00:00Z");
	/* from the middle of one: it is cut there */
	check_intervals("Mon..Fri 08:00-17:00 Europe/Paris", "2026-11-20T12:00:00Z", 1,
	        "2026-11-20T12:00:00Z/2026-11-20T16:00:00Z");
	check_intervals("08:00-12:00,13:00-17:00", "2026-11-20T00:00:00Z", 1,
	        "2026-11-20T08:00:00Z/2026-11-20T12:00:00Z 2026-11-20T13:00:00Z/2026-11-20T17:00:00Z");
}

static void days_and_lists(void **state)
{
	(void)state;
	check_intervals("sat,SUNDAY", "2026-11-20T00:00:00Z", 7, "2026-11-21T00:00:00Z/2026-11-23T00:00:00Z");
	check_intervals("Sat..Mon", "2026-11-20T00:00:00Z", 7, "2026-11-21T00:00:00Z/2026-11-24T00:00:00Z");
	check_intervals("Fri", "2026-11-20T00:00:00Z", 8,
	        "2026-11-20T00:00:00Z/2026-11-21T00:00:00Z 2026-11-27T00:00:00Z/2026-11-28T00:00:00Z");
	check_intervals("Mon..Sun", "2026-11-20T00:00:00Z", 2, "2026-11-20T00:00:00Z/2026-11-22T00:00:00Z");
}

static void over_midnight(void **state)
{
	(void)state;
	/* Thursday's night belongs to Thursday's rule */
	check_intervals("Thu 22:00-04:00", "2026-11-20T00:00:00Z", 7,
	        "2026-11-20T00:00:00Z/2026-11-20T04:00:00Z 2026-11-26T22:00:00Z/2026-11-27T00:00:00Z");
	check_intervals(
	        "Thu 22:00-24:00", "2026-11-19T00:00:00Z", 2, "2026-11-19T22:00:00Z/2026-11-20T00:00:00Z");
	check_intervals(
	        "00:00-00:00", "2026-11-19T00:00:00Z", 2, "2026-11-19T00:00:00Z/2026-11-21T00:00:00Z");
}

/* Paris: 28 March 2027 02:00 -> 03:00, 31 October 2027 03:00 -> 02:00. */
static void summer_time(void **state)
{
	(void)state;
	check_intervals("08:00-17:00 Europe/Paris", "2027-03-27T00:00:00Z", 2,
	        "2027-03-27T07:00:00Z/2027-03-27T16:00:00Z 2027-03-28T06:00:00Z/2027-03-28T15:00:00Z");
	/* the hour that is skipped is no part of it */
	check_intervals("02:00-03:00 Europe/Paris", "2027-03-28T00:00:00Z", 1, "");
	check_intervals("01:30-03:30 Europe/Paris", "2027-03-27T23:00:00Z", 1,
	        "2027-03-28T00:30:00Z/2027-03-28T01:30:00Z");
	/* the hour that comes twice is there twice */
	check_intervals("02:00-03:00 Europe/Paris", "2027-10-30T22:00:00Z", 1,
	        "2027-10-31T00:00:00Z/2027-10-31T02:00:00Z");
	check_intervals("02:30-03:00 Europe/Paris", "2027-10-30T22:00:00Z", 1,
	        "2027-10-31T00:30:00Z/2027-10-31T01:00:00Z 2027-10-31T01:30:00Z/2027-10-31T02:00:00Z");
	/* the other hemisphere, and a half hour of summer time (Lord Howe, 4 April 2027 02:00 -> 01:30) */
	check_intervals("Sun 08:00-09:00 Australia/Lord_Howe", "2027-04-03T00:00:00Z", 2,
	        "2027-04-03T21:30:00Z/2027-04-03T22:30:00Z");
}

/* Beyond the last transition in the file the footer's rule decides. */
static void far_future(void **state)
{
	(void)state;
	check_intervals("12:00-13:00 Europe/Paris", "2090-07-01T00:00:00Z", 1,
	        "2090-07-01T10:00:00Z/2090-07-01T11:00:00Z");
	check_intervals("12:00-13:00 Europe/Paris", "2090-01-01T00:00:00Z", 1,
	        "2090-01-01T11:00:00Z/2090-01-01T12:00:00Z");
	check_intervals("12:00-13:00 America/New_York", "2090-07-01T00:00:00Z", 1,
	        "2090-07-01T16:00:00Z/2090-07-01T17:00:00Z");
	check_intervals("12:00-13:00 Australia/Sydney", "2090-01-01T00:00:00Z", 1,
	        "2090-01-01T01:00:00Z/2090-01-01T02:00:00Z");
	check_intervals("12:00-13:00 Asia/Tokyo", "2090-01-01T00:00:00Z", 1,
	        "2090-01-01T03:00:00Z/2090-01-01T04:00:00Z");
}

static void bad_windows(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
	        {"", "needs days or times"},
	        {"Europe/Paris", "not understood"},
	        {"Mon..Fri 8:00-17:00", "\"8:00-17:00\" is no span of the day"},
	        {"Mon 08:00", "no span of the day"},
	        {"Mon 08:00-25:00", "no span of the day"},
	        {"Mon 08:60-09:00", "no span of the day"},
	        {"Mon 24:00-01:00", "no span of the day"},
	        {"Mon 08:00-09:00,", "no span of the day"},
	        {"Mon 08:00-09:00-10:00", "no span of the day"},
	        {"Mon-Fri 08:00-17:00", "not understood"},
	        {"Mon..Frei", "not understood"},
	        {"Mon..", "not understood"},
	        {"Mon.Tue", "not understood"},
	        {"Mon,,Tue", "not understood"},
	        {"Mon 08:00-17:00 Europe/Atlantis", "no time zone"},
	        {"Mon 08:00-17:00 ../../etc/passwd", "no time zone"},
	        {"Mon 08:00-17:00 /etc/passwd", "no time zone"},
	        {"Mon 08:00-17:00 zone.tab", "no time zone"},
	        {"Mon 08:00-17:00 Europe", "no time zone"},
	        {"Mon 08:00-17:00 Europe/Paris UTC", "not understood"},
	        {"Mon Tue", "no time zone"},
	        {"08:00-17:00 Mon", "no time zone"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct windows *set = windows_new();
		char error[300] = "";

		assert_null(windows_add(set, cases[i].text, error, sizeof error));
		if (!strstr(error, cases[i].error))
			fail_msg("\"%s\" says: %s", cases[i].text, error);
		windows_free(set);
	}
}

static void there_is_a_limit(void **state)
{
	struct windows *set = windows_new();
	char error[300] = "", text[64], text_long[300];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		str_format(text, sizeof text, "Mon %02d:%02d-24:00", i / 60, i % 60);
		assert_non_null(windows_add(set, text, error, sizeof error));
	}
	assert_null(windows_add(set, "Tue", error, sizeof error));
	assert_string_equal(error, "more than 1000 different windows");
	memset(text_long, 'x', sizeof text_long - 1);
	text_long[sizeof text_long - 1] = '\0';
	assert_null(windows_add(set, text_long, error, sizeof error));
	assert_string_equal(error, "a window of more than 200 bytes");
	windows_free(set);
}

static void the_core_searches(void **state)
{
	struct windows *set;
	const struct window *w =
	        expand(&set, "Mon..Fri 08:00-17:00 Europe/Paris", "2026-11-20T00:00:00Z", WINDOW_DAYS);

	(void)state;
	assert_false(window_open(w, at("2026-11-20T06:59:59Z")));
	assert_true(window_open(w, at("2026-11-20T07:00:00Z")));
	assert_true(window_open(w, at("2026-11-20T15:59:59Z")));
	assert_false(window_open(w, at("2026-11-20T16:00:00Z")));
	assert_int_equal(window_next(w, at("2026-11-20T10:00:00Z")), at("2026-11-20T10:00:00Z"));
	assert_int_equal(window_next(w, at("2026-11-20T16:00:00Z")), at("2026-11-23T07:00:00Z"));
	assert_int_equal(window_next(w, at("2027-07-03T00:00:00Z")), at("2027-07-05T06:00:00Z"));
	/* beyond the span nothing is open, and nothing is promised */
	assert_int_equal(window_next(w, at("2032-07-05T00:00:00Z")), 0);
	assert_false(window_open(w, at("2032-07-05T10:00:00Z")));
	/* renewed, the same window goes on */
	windows_expand(set, at("2032-07-03T00:00:00Z"), WINDOW_DAYS);
	assert_true(window_open(w, at("2032-07-05T10:00:00Z")));
	assert_true(window_open(NULL, 5));
	assert_int_equal(window_next(NULL, 5), 5);
	assert_ptr_equal(windows_add(set, "Mon..Fri 08:00-17:00 Europe/Paris", NULL, 0), w);
	windows_free(set);
	windows_free(NULL);
}

static void zone_files_may_lie(void **state)
{
	static const uint8_t good[] =
	        "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
	        "\0\0\0\0\0\0UTC\0"
	        "TZif2\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
	        "\0\0\16\20\0\0UTC\0"
	        "\nCET-1CEST,M3.5.0,M10.5.0/3\n";
	struct tz *tz = NULL;
	int64_t until;

	(void)state;
	assert_int_equal(tz_parse(good, sizeof good - 1, &tz), 0);
	assert_int_equal(tz_offset(tz, 1000, &until), 3600);
	assert_int_equal(tz_offset(tz, at("2027-03-28T01:00:00Z") / 1000, &until), 7200);
	assert_int_equal(until, at("2027-10-31T01:00:00Z") / 1000);
	tz_free(tz);
	tz = NULL;
	for (size_t n = 0; n < sizeof good - 1;
	        n++) { /* cut anywhere: refused, in memory of its own size for ASan */
		uint8_t *p = xmalloc(n);

		memcpy(p, good, n);
		assert_int_equal(tz_parse(p, n, &tz), -EBADMSG);
		free(p);
	}
	for (size_t i = 0; i < sizeof good - 1; i++) /* a byte changed: never a crash */
		for (int bit = 0; bit < 8; bit++) {
			uint8_t copy[sizeof good];

			memcpy(copy, good, sizeof good);
			copy[i] ^= (uint8_t)(1U << bit);
			if (tz_parse(copy, sizeof good - 1, &tz) == 0) {
				tz_offset(tz, INT64_C(4000000000), &until);
				assert_true(until > INT64_C(4000000000));
				tz_free(tz);
			}
		}
}

/* Against the C library, for zones of every kind, each 11 hours over 70 years. */
static void offsets_agree_with_the_c_library(void **state)
{
	static const char *const zones[] = {"Europe/Paris", "America/New_York", "Asia/Kolkata",
	        "Australia/Lord_Howe", "Africa/Casablanca", "America/Sao_Paulo", "Europe/Dublin",
	        "Pacific/Apia", "Asia/Tehran", "America/Nuuk", "Antarctica/Troll"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(zones); i++) {
		struct tz *tz = NULL;
		int64_t until = INT64_MIN;
		int32_t offset = 0;

		assert_int_equal(tz_load(zones[i], &tz), 0);
		setenv("TZ", zones[i], 1);
		tzset();
		for (int64_t t = 0; t < INT64_C(2200000000); t += 39600) {
			time_t when = (time_t)t;
			struct tm tm;

			if (t >= until)
				offset = tz_offset(tz, t, &until);
			localtime_r(&when, &tm);
			if (tm.tm_gmtoff != offset)
				fail_msg("%s at %lld: %ld, not %d", zones[i], (long long)t, tm.tm_gmtoff,
				        (int)offset);
		}
		tz_free(tz);
	}
	unsetenv("TZ");
	tzset();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(office_hours),
	        cmocka_unit_test(days_and_lists),
	        cmocka_unit_test(over_midnight),
	        cmocka_unit_test(summer_time),
	        cmocka_unit_test(far_future),
	        cmocka_unit_test(bad_windows),
	        cmocka_unit_test(there_is_a_limit),
	        cmocka_unit_test(the_core_searches),
	        cmocka_unit_test(zone_files_may_lie),
	        cmocka_unit_test(offsets_agree_with_the_c_library),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
