/* Names and queries: text, bytes, and the limits of both (RFC 1035 section 2.3.4). */
#include "codec/dnswire.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

static struct dnswire_name name_of(const char *text)
{
	struct dnswire_name n;

	assert_int_equal(dnswire_name_read(text, &n), 0);
	return n;
}

/* ---- names ---- */

static void test_names(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
		int len;
	} good[] = {
	        {".", ".", 1},
	        {"Example", "example", 9},
	        {"s1._DomainKey.My-Domain.ovh.", "s1._domainkey.my-domain.ovh", 29},
	        {"a\\.b.c", "a\\046b.c", 7},
	        {"\\000\\255.c", "\\000\\255.c", 6},
	        {"\\A\\\\.c", "a\\092.c", 6},
	};
	static const char *const bad[] = {"", "..", ".a", "a..b", "a\\", "a\\25", "a\\256", "a\\2x5"};
	struct dnswire_name n;
	char text[DNSWIRE_NAME_TEXT];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(dnswire_name_read(good[i].in, &n), 0);
		assert_int_equal(n.len, good[i].len);
		assert_true(dnswire_name_text(&n, text, sizeof(text)));
		assert_string_equal(text, good[i].out);
		struct dnswire_name again = name_of(text);
		assert_true(dnswire_name_eq(&n, &again));
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(dnswire_name_read(bad[i], &n), -EINVAL);
}

/* A label of 63 bytes and a name of 255 fit; one more of either does not. */
static void test_name_limits(void **state)
{
	(void)state;
	struct dnswire_name n;
	char text[DNSWIRE_NAME_TEXT], again[DNSWIRE_NAME_TEXT];
	struct buf b = {0};

	for (int i = 0; i < 63; i++)
		buf_puts(&b, "x");
	assert_int_equal(dnswire_name_read(b.data, &n), 0);
	buf_puts(&b, "x");
	assert_int_equal(dnswire_name_read(b.data, &n), -EINVAL);
	buf_free(&b);

	for (int i = 0; i < 127; i++)
		buf_puts(&b, i ? ".a" : "a");
	assert_int_equal(dnswire_name_read(b.data, &n), 0);
	assert_int_equal(n.len, 255);
	assert_true(dnswire_name_text(&n, text, 254));
	assert_string_equal(text, b.data);
	assert_false(dnswire_name_text(&n, text, 253));
	assert_string_equal(text, "");
	buf_puts(&b, ".");
	assert_int_equal(dnswire_name_read(b.data, &n), 0);
	assert_int_equal(n.len, 255);
	buf_puts(&b, "b");
	assert_int_equal(dnswire_name_read(b.data, &n), -EINVAL);
	buf_free(&b);

	for (int i = 0; i < 3; i++) {
		for (int k = 0; k < 63; k++)
			buf_puts(&b, "\\001");
		buf_puts(&b, ".");
	}
	for (int k = 0; k < 61; k++)
		buf_puts(&b, "\\001");
	assert_int_equal(dnswire_name_read(b.data, &n), 0);
	assert_int_equal(n.len, 255);
	assert_true(dnswire_name_text(&n, again, sizeof(again)));
	assert_string_equal(again, b.data);
	buf_free(&b);
}

static void test_within(void **state)
{
	(void)state;
	static const struct {
		const char *name, *zone;
		bool within;
	} rows[] = {
	        {"a.example", "example", true},
	        {"example", "example", true},
	        {"A.B.example", "b.Example", true},
	        {"anexample", "example", false},
	        {"an\\.example", "example", false},
	        {"example", "a.example", false},
	        {"a.example", ".", true},
	        {".", ".", true},
	        {".", "example", false},
	        {"a.b", "a", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct dnswire_name n = name_of(rows[i].name), z = name_of(rows[i].zone);
		assert_int_equal(dnswire_name_within(&n, &z), rows[i].within);
	}
}

static void what_is_above_a_name(void **state)
{
	struct dnswire_name n, above, wanted;

	(void)state;
	assert_int_equal(dnswire_name_read("s._domainkey.a.example", &n), 0);
	assert_true(dnswire_name_parent(&n, &above));
	dnswire_name_read("_domainkey.a.example", &wanted);
	assert_true(dnswire_name_eq(&above, &wanted));
	dnswire_name_read("example", &n);
	assert_false(dnswire_name_parent(&n, &above));
	dnswire_name_read(".", &n);
	assert_false(dnswire_name_parent(&n, &above));
}

/* ---- queries ---- */

static void test_query_bytes(void **state)
{
	(void)state;
	const struct dnswire_name n = name_of("A.b");
	struct dnswire_query q = {.id = 0xabcd, .name = &n, .type = DNS_TYPE_TXT};
	uint8_t dst[DNSWIRE_QUERY_MAX];
	static const uint8_t plain[] = {
	        0xab, 0xcd, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 1, 'b', 0, 0, 16, 0, 1};
	static const uint8_t edns[] = {0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0};

	assert_int_equal(dnswire_query_write(&q, dst), sizeof(plain));
	assert_memory_equal(dst, plain, sizeof(plain));
	q.edns = q.recursion = true;
	assert_int_equal(dnswire_query_write(&q, dst), sizeof(plain) + sizeof(edns));
	assert_int_equal(dst[2], 1);
	assert_int_equal(dst[11], 1);
	assert_memory_equal(dst + sizeof(plain), edns, sizeof(edns));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(what_is_above_a_name),
	        cmocka_unit_test(test_names),
	        cmocka_unit_test(test_name_limits),
	        cmocka_unit_test(test_within),
	        cmocka_unit_test(test_query_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
