/* Records as data: what may be written, and what two ways of writing the same text come to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "core/rr.h"

static void faults(void **state)
{
	(void)state;
	static const struct {
		enum rr_type type;
		const char *name, *data, *zone;
		uint32_t ttl;
		const char *fault; /* NULL = none */
	} rows[] = {
	        {RR_CNAME, "s._domainkey.a.org", "t.b.net", "a.org", 0, NULL},
	        {RR_CNAME, "s._domainkey.m.a.org", "s._domainkey.t.b.net", "a.org", 60, NULL},
	        {RR_TXT, "s._domainkey.a.org", "v=DKIM1; k=rsa; p=", "a.org", RR_TTL_MAX, NULL},
	        {RR_DKIM, "s._domainkey.a.org", "p=AB+/==", "a.org", 3600, NULL},
	        {RR_CNAME, "www.a.org", "t.b.net", "a.org", 0, "the name is not"},
	        {RR_CNAME, "_domainkey.a.org", "t.b.net", "a.org", 0, "the name is not"},
	        {RR_CNAME, "s._domainkey.a.org", "t.b.net", "b.org", 0, "outside the zone"},
	        {RR_CNAME, "s._domainkey.a.org", "t.b.net", "..", 0, "the zone's name"},
	        {RR_CNAME, "s._domainkey.a.org", "s._domainkey.a.org", "a.org", 0, "no host name"},
	        {RR_CNAME, "s._domainkey.a.org", "192.0.2.1", "a.org", 0, "no host name"},
	        {RR_CNAME, "s._domainkey.a.org", "localhost", "a.org", 0, "no host name"},
	        {RR_CNAME, "s._domainkey.a.org", "a b.net", "a.org", 0, "no host name"},
	        {RR_TXT, "s._domainkey.a.org", "", "a.org", 0, "not that of a key"},
	        {RR_TXT, "s._domainkey.a.org", "\"p=\"", "a.org", 0, "not that of a key"},
	        {RR_TXT, "s._domainkey.a.org", "p=\n", "a.org", 0, "not that of a key"},
	        {RR_TXT, "s._domainkey.a.org", "p=", "a.org", 59, "out of bounds"},
	        {RR_TXT, "s._domainkey.a.org", "p=", "a.org", RR_TTL_MAX + 1, "out of bounds"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct rr rr = {.type = rows[i].type, .ttl = rows[i].ttl};

		assert_true(str_copy(rr.name, sizeof(rr.name), rows[i].name));
		assert_true(str_copy(rr.data, sizeof(rr.data), rows[i].data));
		const char *why = rr_fault(&rr, rows[i].zone);
		if ((why == NULL) != (rows[i].fault == NULL) ||
		        (why != NULL && strstr(why, rows[i].fault) == NULL))
			fail_msg("row %zu: %s", i, why != NULL ? why : "no fault");
	}
}

static void quotes(void **state)
{
	(void)state;
	static const struct {
		const char *text, *whole; /* NULL = broken */
	} rows[] = {
	        {"v=DKIM1; p=AB", "v=DKIM1; p=AB"},
	        {"\"v=DKIM1; p=AB\"", "v=DKIM1; p=AB"},
	        {"\"v=DKIM1; p=\" \"AB\"", "v=DKIM1; p=AB"},
	        {"\"a\"\"b\"", "ab"},
	        {"\"a\\\"b\\\\\"", "a\"b\\"},
	        {"\"a\\059b\"", "a;b"},
	        {"\"\"", ""},
	        {"", ""},
	        {"a\"b", "a\"b"},
	        {"\"a", NULL},
	        {"\"a\" b", NULL},
	        {"\"a\\", NULL},
	        {"\"a\\999\"", NULL},
	        {"\"a\\000\"", NULL},
	        {"\"0123456789012345678\"", NULL}, /* one more than there is room for */
	        {"\"012345678901234567\"", "012345678901234567"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char whole[19] = "x";
		bool good = rr_unquote(whole, sizeof(whole), rows[i].text);

		if (good != (rows[i].whole != NULL) || !str_eq(whole, good ? rows[i].whole : ""))
			fail_msg("%s: %d %s", rows[i].text, good, whole);
	}
}

static void alike(void **state)
{
	(void)state;
	assert_true(rr_same_data(RR_CNAME, "A.b.", RR_CNAME, "a.B"));
	assert_true(rr_same_data(RR_TXT, "p=Ab", RR_DKIM, "p=Ab"));
	assert_false(rr_same_data(RR_TXT, "p=Ab", RR_TXT, "p=aB"));
	assert_false(rr_same_data(RR_CNAME, "a.b", RR_TXT, "a.b"));
	struct rr rr;
	assert_true(rr_cname(&rr, "S._domainkey.A.org.", "T.B.net."));
	assert_string_equal(rr.name, "s._domainkey.a.org");
	assert_string_equal(rr.data, "t.b.net");
	assert_false(rr_cname(&rr, "s._domainkey.a.org", ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(faults),
	        cmocka_unit_test(quotes),
	        cmocka_unit_test(alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
