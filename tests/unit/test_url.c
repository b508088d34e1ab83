/* Percent-encoding: nothing that comes from outside may change the path or the query around it. */
#include "codec/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void encodes(const char *text, const char *expected)
{
	struct buf b = {0};

	buf_puts(&b, "");
	url_encode(&b, text);
	assert_string_equal(b.data ? b.data : "", expected);
	buf_free(&b);
}

static void test_encode(void **state)
{
	(void)state;
	encodes("", "");
	encodes("ovhex1-selector1.A_z~9", "ovhex1-selector1.A_z~9");
	encodes("a/b?c#d&e=f+g h%i", "a%2Fb%3Fc%23d%26e%3Df%2Bg%20h%25i");
	encodes("caf\xc3\xa9\n\x7f\xff", "caf%C3%A9%0A%7F%FF");
	encodes("@:;!$'()*,[]\\\"<>^`{|}", "%40%3A%3B%21%24%27%28%29%2A%2C%5B%5D%5C%22%3C%3E%5E%60%7B%7C%7D");
}

/* Every byte either stands for itself or is two upper-case digits, and the text can be got back. */
static void test_every_byte(void **state)
{
	(void)state;
	for (unsigned c = 1; c < 256; c++) {
		char text[2] = {(char)c, '\0'};
		struct buf b = {0};

		url_encode(&b, text);
		if (b.len == 1) {
			assert_int_equal((unsigned char)b.data[0], c);
			assert_non_null(
			        strchr("-._~ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
			                (int)c));
		} else {
			assert_int_equal(b.len, 3);
			assert_int_equal(b.data[0], '%');
			assert_int_equal(strtoul(b.data + 1, NULL, 16), c);
		}
		buf_free(&b);
	}
}

static void segment(const char *text, bool fine, const char *expected)
{
	struct buf b = {0};

	buf_puts(&b, "/dkim/");
	assert_int_equal(url_segment(&b, text), fine);
	assert_string_equal(b.data, expected);
	buf_free(&b);
}

static void test_segment(void **state)
{
	(void)state;
	segment("selector1", true, "/dkim/selector1");
	segment("../../me", true, "/dkim/..%2F..%2Fme");
	segment("...", true, "/dkim/...");
	segment(".a", true, "/dkim/.a");
	segment("..", false, "/dkim/%00");
	segment(".", false, "/dkim/%00");
	segment("", false, "/dkim/%00");
}

static void test_query(void **state)
{
	(void)state;
	struct buf b = {0};

	buf_puts(&b, "/domain/zone/x/record");
	url_query(&b, "fieldType", "CNAME");
	url_query(&b, "subDomain", "a&b=c");
	url_query(&b, "", "");
	assert_string_equal(b.data, "/domain/zone/x/record?fieldType=CNAME&subDomain=a%26b%3Dc&=");
	buf_free(&b);
	url_query(&b, "a", "b"); /* onto nothing */
	assert_string_equal(b.data, "?a=b");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_encode),
	        cmocka_unit_test(test_every_byte),
	        cmocka_unit_test(test_segment),
	        cmocka_unit_test(test_query),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
