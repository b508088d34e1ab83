/* Messages taken apart (RFC 5322), and what stands in their Authentication-Results (RFC 8601). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "codec/mail.h"

static struct mail read_ok(const char *text)
{
	struct mail m;
	const char *why = NULL;

	assert_int_equal(mail_read(text, strlen(text), &m, &why), 0);
	assert_null(why);
	return m;
}

static void test_line_ends(void **state)
{
	static const char *const same[] = {"A: 1\nB: 2\n three\n\nbody\n.\n",
	        "A: 1\r\nB: 2\r\n three\r\n\r\nbody\r\n.\r\n", "From x y\nA: 1\nB: 2\n three\n\nbody\n.",
	        "A: 1\r\nB: 2\n three\n\r\nbody\n.\r\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		struct mail m = read_ok(same[i]);

		assert_string_equal(m.text, "A: 1\r\nB: 2\r\n three\r\n\r\nbody\r\n.\r\n");
		assert_string_equal(m.body, "body\r\n.\r\n");
		assert_int_equal(m.body_len, strlen(m.body));
		assert_int_equal(m.n, 2);
		assert_int_equal(m.fields[1].line_len, strlen("B: 2\r\n three"));
		char *value = mail_value(&m.fields[1]);
		assert_string_equal(value, "2  three");
		free(value);
		mail_free(&m);
	}
}

static void test_edges(void **state)
{
	(void)state;
	struct mail m = read_ok("A: 1\n"); /* a header and nothing else */
	assert_int_equal(m.body_len, 0);
	mail_free(&m);
	m = read_ok("A: 1\n\n\n\nb"); /* empty lines belong to the body */
	assert_string_equal(m.body, "\r\n\r\nb\r\n");
	mail_free(&m);
	m = read_ok("Name : obsolete\nnAME: 2\n\n");
	assert_true(mail_is(&m.fields[0], "name"));
	assert_true(mail_is(&m.fields[1], "Name"));
	assert_false(mail_is(&m.fields[1], "Name2"));
	mail_free(&m);
}

static void refused(const char *text, size_t n, const char *why)
{
	struct mail m;
	const char *said = NULL;

	assert_int_equal(mail_read(text, n, &m, &said), -EBADMSG);
	assert_non_null(strstr(said, why));
}

static void test_no_message(void **state)
{
	(void)state;
	refused("", 0, "empty");
	refused("\n\nbody", 6, "empty");
	refused("From x\n", 7, "empty");
	refused("hello world\n", 12, "begin with a header");
	refused(" folded: first\n", 15, "begin with a header");
	refused("A: 1\nno colon\n\n", 15, "no header field");
	refused("A: 1\nB\0: x\n\n", 12, "no header field");

	struct buf b = {0};
	buf_puts(&b, "A: ");
	for (size_t i = 0; i < MAIL_FIELD_MAX; i++)
		buf_puts(&b, "x");
	refused(b.data, b.len, "64 KiB");
	b.len = 0;
	for (size_t i = 0; i <= MAIL_FIELDS_MAX; i++)
		buf_puts(&b, "A: 1\n");
	refused(b.data, b.len, "2000");
	buf_free(&b);
}

static void test_from(void **state)
{
	static const struct {
		const char *text, *domain; /* NULL = none */
	} cases[] = {
	        {"From: a@B.example\n", "b.example"},
	        {"From: \"x@y.example\" <a@b.example>\n", "b.example"},
	        {"From: (x@c.example) A <a@b.example>, c@d.example\n", "b.example"},
	        {"FROM: <a@b.example>\n", "b.example"},
	        {"From: nobody\n", NULL},
	        {"From: a@\n", NULL},
	        {"To: a@b.example\n", NULL},
	        {"From: a@b.example\nFrom: c@d.example\n", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct mail m = read_ok(cases[i].text);
		char domain[256] = "untouched";

		assert_int_equal(mail_from_domain(&m, domain, sizeof(domain)), cases[i].domain != NULL);
		assert_string_equal(domain, cases[i].domain ? cases[i].domain : "untouched");
		if (cases[i].domain)
			assert_false(mail_from_domain(&m, domain, 4));
		mail_free(&m);
	}
}

static void test_tags(void **state)
{
	char v[16];

	(void)state;
	assert_true(mail_tag("a=1; d = x.exam ple ;s=y", "d", v, sizeof(v)));
	assert_string_equal(v, "x.example");
	assert_true(mail_tag("a=1;s=", "s", v, sizeof(v)));
	assert_string_equal(v, "");
	assert_true(mail_tag("bb=2; b=1=1", "b", v, sizeof(v)));
	assert_string_equal(v, "1=1");
	assert_false(mail_tag("bb=2", "b", v, sizeof(v)));
	assert_false(mail_tag("b", "b", v, sizeof(v)));
	assert_false(mail_tag("", "b", v, sizeof(v)));
	assert_false(mail_tag("b=0123456789abcdef", "b", v, sizeof(v)));
}

static void test_results(void **state)
{
	struct mail_result r[MAIL_RESULTS_MAX];
	char who[64];

	(void)state;
	assert_int_equal(mail_results("mx.example (c; x=y) 1; dkim=pass (ok) header.d=a.example header.s=s1 "
	                              "header.b=\"ab;c\";"
	                              " spf = fail smtp.mailfrom=x; dmarc=none",
	                         who, sizeof(who), r),
	        3);
	assert_string_equal(who, "mx.example");
	assert_string_equal(r[0].method, "dkim");
	assert_string_equal(r[0].result, "pass");
	assert_string_equal(r[0].domain, "a.example");
	assert_string_equal(r[0].selector, "s1");
	assert_string_equal(r[1].method, "spf");
	assert_string_equal(r[1].result, "fail");
	assert_string_equal(r[1].domain, "");
	assert_string_equal(r[2].result, "none");
	assert_int_equal(mail_results("mx.example; none", who, sizeof(who), r), 0);
	assert_int_equal(mail_results("", who, sizeof(who), r), 0);
	assert_int_equal(mail_results("x; dkim=pass (unclosed header.d=a", who, sizeof(who), r), 1);
	assert_string_equal(r[0].domain, "");

	struct buf b = {0};
	buf_puts(&b, "x");
	for (int i = 0; i < 100; i++)
		buf_puts(&b, "; a=b");
	assert_int_equal(mail_results(b.data, who, sizeof(who), r), MAIL_RESULTS_MAX);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_line_ends),
	        cmocka_unit_test(test_edges),
	        cmocka_unit_test(test_no_message),
	        cmocka_unit_test(test_from),
	        cmocka_unit_test(test_tags),
	        cmocka_unit_test(test_results),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
