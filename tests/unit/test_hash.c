/* The hash that spreads rotations: fixed for ever, and even. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/util.h"
#include "core/hash.h"

/* Changing these numbers moves the schedule of every domain of every user: do not. (FNV-1a of "" and "a" are
 * the published test vectors af63dc4c8601ec8c and cbf29ce484222325, here after the finalizer.) */
static void values_are_fixed(void **state)
{
	(void)state;
	assert_true(hash_name("") == UINT64_C(0xefd01f60ba992926));
	assert_true(hash_name("a") == UINT64_C(0x82a2a958a9bece5b));
	assert_true(hash_name("mydomain.ovh") == UINT64_C(0x9cab7685f6ff377e));
	assert_true(hash_name_for("splay", "mydomain.ovh") == UINT64_C(0x6118872e686abdaa));
}

static void purposes_differ(void **state)
{
	(void)state;
	assert_true(hash_name_for("a", "bc") != hash_name_for("ab", "c"));
	assert_true(hash_name_for("look", "x.org") != hash_name_for("splay", "x.org"));
}

/* Ten thousand neighbouring names over twenty slots: each within a tenth of its share. */
static void spread_is_even(void **state)
{
	int slots[20] = {0};
	char name[32];

	(void)state;
	for (int i = 0; i < 10000; i++) {
		str_format(name, sizeof name, "domain%d.example", i);
		slots[hash_part(hash_name(name), 20)]++;
	}
	for (size_t i = 0; i < ARRAY_SIZE(slots); i++)
		assert_in_range(slots[i], 400, 600);
}

static void parts_stay_within(void **state)
{
	(void)state;
	assert_int_equal(hash_part(UINT64_MAX, 0), 0);
	assert_int_equal(hash_part(UINT64_MAX, -5), 0);
	assert_int_equal(hash_part(UINT64_MAX, 1), 0);
	assert_int_equal(hash_part(0, INT64_MAX), 0);
	assert_true(hash_part(UINT64_MAX, INT64_MAX) < INT64_MAX);
	assert_true(hash_part(UINT64_MAX, INT64_MAX) > INT64_MAX - INT64_MAX / 1000000);
	assert_int_equal(hash_part(UINT64_C(0x8000000000000000), 90 * MS_DAY), 45 * MS_DAY);
	assert_int_equal(hash_fraction(UINT64_C(0xffffffff00000001)), 0xffffffff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(values_are_fixed),
	        cmocka_unit_test(purposes_differ),
	        cmocka_unit_test(spread_is_even),
	        cmocka_unit_test(parts_stay_within),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
