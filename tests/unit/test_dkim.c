/* DKIM key records, by the grammar of RFC 6376 sections 3.2 and 3.6.1: what is read, and what is refused. */
#include "core/dkim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

/* Parses a text that lies in a block of exactly its size, so that a byte read too far is seen. */
static enum dkim_fault parse(const char *text, struct dkim_key *ret)
{
	size_t n = strlen(text);
	char *copy = xmalloc(n);

	memcpy(copy, text, n);
	enum dkim_fault f = dkim_parse(copy, n, ret);
	free(copy);
	return f;
}

static void test_records_that_are_keys(void **state)
{
	(void)state;
	static const struct {
		const char *text, *key;
		enum dkim_type type;
		bool test_mode, strict, granularity;
	} rows[] = {
	        {"v=DKIM1; k=rsa; p=Zm9v", "foo", DKIM_TYPE_RSA, false, false, false},
	        {"p=Zm9v", "foo", DKIM_TYPE_RSA, false, false, false},
	        {"p=Zm9v;", "foo", DKIM_TYPE_RSA, false, false, false},
	        {"p=Zm9v; \t", "foo", DKIM_TYPE_RSA, false, false, false},
	        {"  v = DKIM1 ;\tp =\tZm9v  ", "foo", DKIM_TYPE_RSA, false, false, false},
	        {"v=DKIM1;p=Zm\r\n 9vYm\tFy;k=rsa", "foobar", DKIM_TYPE_RSA, false, false, false},
	        {"v=DKIM1; p=Zm9vYg==", "foob", DKIM_TYPE_RSA, false, false, false},
	        {"v=DKIM1; p=Zm9vYg= =", "foob", DKIM_TYPE_RSA, false, false, false},
	        {"v=DKIM1; p=Zm9vYmE=; t=y", "fooba", DKIM_TYPE_RSA, true, false, false},
	        {"t=s:y; v2=x; p=Zm9v", "foo", DKIM_TYPE_RSA, true, true, false},
	        {"v=DKIM1; t= s ; p=Zm9v", "foo", DKIM_TYPE_RSA, false, true, false},
	        {"v=DKIM1; t=; p=Zm9v", "foo", DKIM_TYPE_RSA, false, false, false},
	        {"v=DKIM1; k=ed25519; p=Zm9v", "foo", DKIM_TYPE_ED25519, false, false, false},
	        {"v=DKIM1; h=sha1:sha256; s=email; p=Zm9v", "foo", DKIM_TYPE_RSA, false, false, false},
	        {"v=DKIM1; h=sha256:quantum; s=tlsrpt : email; p=Zm9v", "foo", DKIM_TYPE_RSA, false, false,
	                false},
	        {"v=DKIM1; s=*; g=*; p=Zm9v", "foo", DKIM_TYPE_RSA, false, false, false},
	        {"v=DKIM1; g=sales; p=Zm9v", "foo", DKIM_TYPE_RSA, false, false, true},
	        {"v=DKIM1; n=a note: with = and =20signs; x_1=?; V=what; p=Zm9v", "foo", DKIM_TYPE_RSA, false,
	                false, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct dkim_key k;
		assert_int_equal(parse(rows[i].text, &k), DKIM_OK);
		assert_int_equal(k.len, strlen(rows[i].key));
		assert_memory_equal(k.key, rows[i].key, k.len);
		assert_int_equal(k.type, rows[i].type);
		assert_int_equal(k.test_mode, rows[i].test_mode);
		assert_int_equal(k.strict, rows[i].strict);
		assert_int_equal(k.granularity, rows[i].granularity);
		assert_false(k.revoked);
	}
}

static void test_records_that_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum dkim_fault fault;
	} rows[] = {
	        {"", DKIM_NOT_A_KEY},
	        {" ", DKIM_NOT_A_KEY},
	        {"v=spf1 include:mx.ovh.com -all", DKIM_VERSION},
	        {"google-site-verification=abc", DKIM_NOT_A_KEY},
	        {"verification=abc", DKIM_NOT_A_KEY},
	        {"hello", DKIM_NOT_A_KEY},
	        {"v=DMARC1; p=none", DKIM_VERSION},
	        {"v=DKIM1; p=Zm9v;;", DKIM_SYNTAX},
	        {"v=DKIM1;; p=Zm9v", DKIM_SYNTAX},
	        {"v=DKIM1; 1k=rsa; p=Zm9v", DKIM_SYNTAX},
	        {"v=DKIM1; k-x=rsa; p=Zm9v", DKIM_SYNTAX},
	        {"v=DKIM1; p", DKIM_SYNTAX},
	        {"v=DKIM1; n=caf\xc3\xa9; p=Zm9v", DKIM_SYNTAX},
	        {"v=DKIM1; p=Zm9v\r\n", DKIM_SYNTAX},
	        {"v=DKIM1; p=Zm\n9v", DKIM_SYNTAX},
	        {"v=DKIM1; p=Zm9v; p=Zm9v", DKIM_DUPLICATE},
	        {"v=DKIM1; xy=1; p=Zm9v; xy=2", DKIM_DUPLICATE},
	        {"v=DKIM1; v=DKIM1; p=Zm9v", DKIM_DUPLICATE},
	        {"p=Zm9v; v=DKIM1", DKIM_VERSION},
	        {"v=DKIM2; p=Zm9v", DKIM_VERSION},
	        {"v=dkim1; p=Zm9v", DKIM_VERSION},
	        {"v=; p=Zm9v", DKIM_VERSION},
	        {"v=DKIM1", DKIM_NO_KEY},
	        {"v=DKIM1; P=Zm9v", DKIM_NO_KEY},
	        {"v=DKIM1; p=Zm9", DKIM_BASE64},
	        {"v=DKIM1; p=Zm9vY", DKIM_BASE64},
	        {"v=DKIM1; p=Zm9vYg=", DKIM_BASE64},
	        {"v=DKIM1; p=Zm9v====", DKIM_BASE64},
	        {"v=DKIM1; p=====", DKIM_BASE64},
	        {"v=DKIM1; p=Zm=v", DKIM_BASE64},
	        {"v=DKIM1; p=Zm9v\"Zm9v", DKIM_BASE64},
	        {"v=DKIM1; p=Zm9-", DKIM_BASE64},
	        {"v=DKIM1; k=dsa; p=Zm9v", DKIM_UNKNOWN_TYPE},
	        {"v=DKIM1; k=RSA; p=Zm9v", DKIM_UNKNOWN_TYPE},
	        {"v=DKIM1; k=; p=Zm9v", DKIM_UNKNOWN_TYPE},
	        {"v=DKIM1; h=sha1; p=Zm9v", DKIM_NO_SHA256},
	        {"v=DKIM1; h=; p=Zm9v", DKIM_NO_SHA256},
	        {"v=DKIM1; s=tlsrpt; p=Zm9v", DKIM_NOT_EMAIL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct dkim_key k, untouched;
		memset(&k, 0x5a, sizeof(k));
		untouched = k;
		assert_int_equal(parse(rows[i].text, &k), rows[i].fault);
		assert_memory_equal(&k, &untouched, sizeof(k));
		assert_true(strlen(dkim_fault_text(rows[i].fault)) > 0);
	}
}

static void test_revoked(void **state)
{
	(void)state;
	static const char *const rows[] = {
	        "v=DKIM1; p=",
	        "v=DKIM1; p=; t=y",
	        "p= ;",
	        "v=DKIM1; k=unheard; h=sha1; p= \t",
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct dkim_key k;
		assert_int_equal(parse(rows[i], &k), DKIM_OK);
		assert_true(k.revoked);
		assert_int_equal(k.len, 0);
	}
}

/* The longest key that fits, one byte more, and a list with more tags than anybody writes. */
static void test_limits(void **state)
{
	(void)state;
	struct buf b = {0};
	struct dkim_key k;

	buf_puts(&b, "p=");
	for (size_t i = 0; i < DKIM_KEY_MAX / 3; i++)
		buf_puts(&b, "AAAA");
	assert_int_equal(parse(b.data, &k), DKIM_OK);
	assert_int_equal(k.len, DKIM_KEY_MAX);
	buf_puts(&b, "AA==");
	assert_int_equal(parse(b.data, &k), DKIM_TOO_LONG);
	buf_free(&b);

	for (unsigned i = 0; i < 63; i++)
		buf_printf(&b, "x%u=;", i);
	buf_puts(&b, "p=Zm9v");
	assert_int_equal(parse(b.data, &k), DKIM_OK);
	buf_puts(&b, ";y=");
	assert_int_equal(parse(b.data, &k), DKIM_SYNTAX);
	buf_free(&b);
}

/* Every digit in every place, folded anywhere or not at all: the same bytes. */
static void test_base64(void **state)
{
	(void)state;
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct dkim_key k;
	char text[100];

	for (unsigned first = 0; first < 64; first++)
		for (size_t fold = 0; fold <= 8; fold++) {
			unsigned d[8];
			size_t at = (size_t)sprintf(text, "p=");

			for (unsigned i = 0; i < 8; i++) {
				d[i] = (first + 11 * i) % 64;
				at += (size_t)sprintf(
				        text + at, "%s%c", i == fold ? "\t " : "", digits[d[i]]);
			}
			assert_int_equal(parse(text, &k), DKIM_OK);
			assert_int_equal(k.len, 6);
			for (unsigned i = 0; i < 2; i++) {
				const unsigned *q = d + 4 * i;

				assert_int_equal(k.key[3 * i], q[0] << 2 | q[1] >> 4);
				assert_int_equal(k.key[3 * i + 1], (q[1] << 4 | q[2] >> 2) & 255);
				assert_int_equal(k.key[3 * i + 2], (q[2] << 6 | q[3]) & 255);
			}
		}
	for (unsigned c = 0x21; c < 0x7f; c++) { /* and nothing else is one */
		bool is_digit = strchr(digits, (char)c) != NULL;

		sprintf(text, "p=AAAAA%cAAAAAA", (char)c);
		if (c != ';')
			assert_int_equal(parse(text, &k), is_digit ? DKIM_OK : DKIM_BASE64);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_records_that_are_keys),
	        cmocka_unit_test(test_records_that_are_refused),
	        cmocka_unit_test(test_revoked),
	        cmocka_unit_test(test_limits),
	        cmocka_unit_test(test_base64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
