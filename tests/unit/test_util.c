/* Strings, text for people, instants, the growing buffer, the arena and "did you mean". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/nearest.h"
#include "base/util.h"

static void copies_refuse_to_cut(void **state)
{
	char dst[4] = "xyz";

	(void)state;
	assert_true(str_copy(dst, sizeof dst, "abc"));
	assert_string_equal(dst, "abc");
	assert_false(str_copy(dst, sizeof dst, "abcd"));
	assert_string_equal(dst, "");
	assert_false(str_copy(dst, 0, ""));
}

static void comparisons(void **state)
{
	(void)state;
	assert_true(str_eq(NULL, NULL));
	assert_false(str_eq(NULL, ""));
	assert_true(str_caseeq("AbC-9", "aBc-9"));
	assert_false(str_caseeq("abc", "abcd"));
	assert_false(str_caseeq("a[", "a{")); /* letters only */
	assert_true(str_prefix("abc", "ab"));
	assert_false(str_prefix("a", "ab"));
	assert_true(str_suffix("x.yaml", ".yaml"));
	assert_false(str_suffix("yaml", ".yaml"));
}

static void text_from_outside_is_cleaned(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	        {"plain", "plain"},
	        {"a\tb\nc\x1b[31mred\x7f", "a?b?c?[31mred?"},
	        {"caf\xc3\xa9", "caf\xc3\xa9"},
	        {"\xff\xc3", "??"},
	        {"\xc0\xaf", "??"},      /* overlong */
	        {"\xed\xa0\x80", "???"}, /* a surrogate */
	        {"\xc2\x9b"
	         "31m",
	                "?31m"},                       /* C1: an escape sequence in one character */
	        {"a\xe2\x80\xaegpj.exe", "a?gpj.exe"}, /* right-to-left override */
	        {"a\xe2\x80\xa8z", "a?z"},             /* line separator */
	        {"\xf0\x9f\x94\x91", "\xf0\x9f\x94\x91"},
	};
	char dst[600];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(str_clean(dst, sizeof dst, cases[i].in), cases[i].out);
}

static void counts_are_told_with_their_noun(void **state)
{
	char dst[STR_COUNT];

	(void)state;
	assert_string_equal(str_count(dst, 0, "domain"), "0 domains");
	assert_string_equal(str_count(dst, 1, "domain"), "1 domain");
	assert_string_equal(str_count(dst, 10000, "domain"), "10000 domains");
}

/* Every byte at every place of a text longer than what is looked at at once. */
static void plain_text_is_told_from_the_rest(void **state)
{
	char text[21] = "abcdefghijklmnopqrst", dst[40];

	(void)state;
	for (unsigned c = 1; c < 256; c++)
		for (size_t at = 0; at < 20; at++) {
			bool plain = c >= 0x20 && c < 0x7f;
			char was = text[at];

			text[at] = (char)c;
			assert_int_equal(str_plain(text, 20), plain ? 20 : at);
			assert_int_equal(str_plain(text, at), at);
			assert_int_equal(str_clean(dst, sizeof dst, text)[at], plain ? (int)c : '?');
			assert_int_equal(strlen(dst), 20);
			text[at] = was;
		}
	assert_string_equal(str_clean(dst, 10, text), "abcdefghi");
}

static void text_from_outside_is_cut_on_a_character(void **state)
{
	char dst[2000], small[4], src[1201];

	(void)state;
	for (size_t i = 0; i + 1 < sizeof src; i += 2)
		memcpy(src + i, "\xc3\xa9", 2);
	src[1200] = '\0';
	assert_int_equal(strlen(str_clean(dst, sizeof dst, src)), 500);
	memmove(src + 1, src, 1198);
	src[0] = 'a';
	assert_int_equal(strlen(str_clean(dst, sizeof dst, src)), 499);
	assert_string_equal(str_clean(small, sizeof small, "ab\xc3\xa9"), "ab");
}

static void buffers_grow(void **state)
{
	struct buf b = {0};

	(void)state;
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "%03d,", i);
	buf_puts(&b, "end");
	buf_add(&b, "\0z", 2);
	assert_int_equal(b.len, 4005);
	assert_memory_equal(b.data + 3996, "999,end\0z", 10);
	buf_free(&b);
	assert_null(b.data);
	buf_puts(&b, "");
	assert_string_equal(b.data, "");
	buf_free(&b);
}

static void instants_as_text(void **state)
{
	char t[TIME_TEXT];

	(void)state;
	assert_string_equal(time_text(t, INT64_C(1795168800000)), "2026-11-20T10:00:00Z");
	assert_string_equal(time_text(t, INT64_C(1795168800999)), "2026-11-20T10:00:00Z");
	assert_string_equal(time_text_ms(t, INT64_C(1795168800007)), "2026-11-20T10:00:00.007Z");
	assert_string_equal(time_text_ms(t, INT64_C(1795168800000)), "2026-11-20T10:00:00Z");
	assert_string_equal(time_text(t, INT64_MAX), "9999-12-31T23:59:59Z");
	assert_string_equal(time_text(t, -1), "1970-01-01T00:00:00Z");
}

static void instants_from_text(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
	        {"2026-11-20T10:00:00Z", INT64_C(1795168800000)},
	        {"2026-11-20T11:00:00+01:00", INT64_C(1795168800000)},
	        {"2026-11-20t04:30:00.5-05:30", INT64_C(1795168800500)},
	        {"2026-11-20T10:00:00.1239999Z", INT64_C(1795168800123)},
	        {"2024-02-29T00:00:00z", INT64_C(1709164800000)},
	        {"1969-12-31T23:59:59Z", -1000},
	};
	static const char *const bad[] = {"", "2026-11-20", "2026-11-20T10:00:00", "2026-11-20 10:00:00Z",
	        "2026-13-20T10:00:00Z", "2025-02-29T10:00:00Z", "1900-02-29T10:00:00Z",
	        "2026-11-20T24:00:00Z", "2026-11-20T10:00:00.Z", "2026-11-20T10:00:00+0100",
	        "2026-11-20T10:00:00Zx", "2026-11-20T10:60:00Z", "+026-11-20T10:00:00Z",
	        "2026-1 -20T10:00:00Z", "2026-04-31T10:00:00Z"};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_true(time_parse(good[i].text, &ms));
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		ms = 42;
		assert_false(time_parse(bad[i], &ms));
		assert_int_equal(ms, 42);
	}
}

/* The calendar is ours; the C library has another. */
static void every_day_has_its_date(void **state)
{
	const int64_t first = -719528, last = 2932896; /* of the years 0 and 9999 */

	(void)state;
	for (int64_t day = first, near; day <= last;
	        day += near ? 1 : 7) { /* in step with no cycle of years */
		near = day < first + 150000 || (day >= 0 && day < 150000);
		time_t at = day * 86400 + (day - first) * 7919 % 86400;
		char text[64], ours[TIME_TEXT];
		struct tm tm;
		int64_t ms;

		gmtime_r(&at, &tm);
		str_format(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900,
		        tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
		if (!time_parse(text, &ms) || ms != at * MS_SECOND ||
		        (day >= 0 && strcmp(time_text(ours, at * MS_SECOND + 999), text) != 0))
			fail_msg("%s", text);
	}
}

static void arenas_begin_anew(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	arena_clear(a);
	for (int i = 0; i < 50; i++) {
		arena_alloc(a, 100000);
		assert_string_equal(arena_intern(a, "one"), "one");
		for (size_t n = 1; n < 3000; n += 7) {
			unsigned char *p = arena_alloc(a, n);

			for (size_t k = 0; k < n; k++)
				assert_int_equal(p[k], 0);
			memset(p, 0xff, n);
		}
		arena_clear(a);
		assert_true(arena_size(a) < 200000);
	}
	arena_free(a);
}

static void arenas_intern(void **state)
{
	struct arena *a = arena_new();
	char text[32];
	const char *first[500];

	(void)state;
	for (int i = 0; i < 500; i++) {
		str_format(text, sizeof text, "name-%d", i);
		first[i] = arena_intern(a, text);
		assert_ptr_not_equal(first[i], text);
		assert_string_equal(first[i], text);
	}
	size_t held = arena_size(a);
	for (int i = 0; i < 500; i++) {
		str_format(text, sizeof text, "name-%d", i);
		assert_ptr_equal(arena_intern(a, text), first[i]);
	}
	assert_int_equal(arena_size(a), held);
	assert_null(arena_intern(a, NULL));
	arena_free(a);
	arena_free(NULL);
}

static void arenas_give_zeroed_aligned_memory(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	for (size_t n = 1; n < 200000; n = n * 3 + 1) {
		arena_strdup(a, "x"); /* puts the next one off alignment */
		unsigned char *p = arena_alloc(a, n);
		assert_int_equal((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, n);
	}
	assert_string_equal(arena_strndup(a, "abcdef", 3), "abc");
	arena_free(a);
}

static void did_you_mean(void **state)
{
	static const char *const list[] = {"rotate_every", "grace", NULL, "splay", "window"};

	(void)state;
	assert_string_equal(nearest_word("rotate-every", list, 5), "rotate_every");
	assert_string_equal(nearest_word("gracee", list, 5), "grace");
	assert_string_equal(nearest_word("SPLAY", list, 5), "splay");
	assert_string_equal(nearest_word("saply", list, 5), "splay");
	assert_null(nearest_word("colour", list, 5));
	assert_null(nearest_word("", list, 5));
	assert_null(nearest_word("a-word-that-is-much-longer-than-any-key-we-know", list, 5));
	assert_int_equal(nearest_distance("ab", "ba"), 1);
	assert_int_equal(nearest_distance("kitten", "sitting"), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(copies_refuse_to_cut),
	        cmocka_unit_test(comparisons),
	        cmocka_unit_test(text_from_outside_is_cleaned),
	        cmocka_unit_test(counts_are_told_with_their_noun),
	        cmocka_unit_test(plain_text_is_told_from_the_rest),
	        cmocka_unit_test(text_from_outside_is_cut_on_a_character),
	        cmocka_unit_test(buffers_grow),
	        cmocka_unit_test(instants_as_text),
	        cmocka_unit_test(instants_from_text),
	        cmocka_unit_test(every_day_has_its_date),
	        cmocka_unit_test(arenas_begin_anew),
	        cmocka_unit_test(arenas_intern),
	        cmocka_unit_test(arenas_give_zeroed_aligned_memory),
	        cmocka_unit_test(did_you_mean),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
