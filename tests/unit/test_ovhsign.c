/* The $1$ signature against the vectors that OVHcloud's own SDKs test themselves with. */
#include "codec/ovhsign.h"

#include "base/util.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Revoked credentials that OVHcloud published in its SDKs. */
static const char secret[] = "9ufkBmLaTQ9nz5yMUlg79taH0GNnzDjk";
static const char consumer[] = "5mBuy6SUQcRw2ZUxg0cG68BoDKpED4KY";
static const char url[] = "https://eu.api.ovh.com/1.0/auth";

static void test_vectors(void **state)
{
	(void)state;
	static const struct {
		const char *method, *body, *signature;
	} rows[] = {
	        {"GET", NULL, "$1$e9556054b6309771395efa467c22e627407461ad"},
	        {"GET", "", "$1$e9556054b6309771395efa467c22e627407461ad"},
	        {"POST", "{\"a\":\"b\",\"c\":\"d\"}", "$1$ec2fb5c7a81f64723c77d2e5b609ae6f58a84fc1"},
	        {"PUT", "{\"a\":\"b\",\"c\":\"d\"}", "$1$8a75a9e7c8e7296c9dbeda6a2a735eb6bd58ec4b"},
	};

	assert_int_equal(ovhsign_available(), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char got[OVHSIGN_TEXT];

		ovhsign(got, secret, consumer, rows[i].method, url, rows[i].body,
		        rows[i].body ? strlen(rows[i].body) : 0, 1457018875);
		assert_string_equal(got, rows[i].signature);
	}
}

static void test_every_part_counts(void **state)
{
	(void)state;
	char base[OVHSIGN_TEXT], other[6][OVHSIGN_TEXT];

	ovhsign(base, secret, consumer, "PUT", url, "b", 1, 1457018875);
	ovhsign(other[0], "s", consumer, "PUT", url, "b", 1, 1457018875);
	ovhsign(other[1], secret, "c", "PUT", url, "b", 1, 1457018875);
	ovhsign(other[2], secret, consumer, "POST", url, "b", 1, 1457018875);
	ovhsign(other[3], secret, consumer, "PUT", "https://eu.api.ovh.com/1.0/auth?a=b", "b", 1, 1457018875);
	ovhsign(other[4], secret, consumer, "PUT", url, "b\0", 2, 1457018875); /* bytes, not text */
	ovhsign(other[5], secret, consumer, "PUT", url, "b", 1, 1457018876);
	for (size_t i = 0; i < ARRAY_SIZE(other); i++) {
		assert_string_not_equal(base, other[i]);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(other[k], other[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_vectors),
	        cmocka_unit_test(test_every_part_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
