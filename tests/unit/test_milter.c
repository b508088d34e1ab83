/* Packets of the milter protocol: what a mail server sends, and what a signer answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/milter.h"

static void wrote(const struct milter *m, enum milter_step step, const char *text, const char *more,
        bool answered, const char *bytes, size_t n)
{
	struct buf out = {0};

	assert_int_equal(milter_write(m, step, text, more, &out), answered);
	assert_int_equal(out.len, n);
	if (n > 0)
		assert_memory_equal(out.data, bytes, n);
	buf_free(&out);
}
#define WROTE(m, step, text, more, answered, bytes)                                                          \
	wrote(m, step, text, more, answered, bytes, sizeof(bytes) - 1)

static void test_writing(void **state)
{
	struct milter m = {0};

	(void)state;
	WROTE(&m, MILTER_HELO, "me", NULL, true, "\0\0\0\4Hme\0");
	WROTE(&m, MILTER_FIELD, "From", "<a@b>", true, "\0\0\0\14LFrom\0<a@b>\0");
	WROTE(&m, MILTER_BODY, "x\r\n", NULL, true, "\0\0\0\4Bx\r\n");
	WROTE(&m, MILTER_QUIT, NULL, NULL, false, "\0\0\0\1Q");
	WROTE(&m, MILTER_MAIL, "<a@b>", NULL, true, "\0\0\0\15DMi\0dkimrotd\0\0\0\0\7M<a@b>\0");
	m.protocol = 0x80; /* header fields are not answered */
	WROTE(&m, MILTER_FIELD, "A", "b", false, "\0\0\0\5LA\0b\0");
	WROTE(&m, MILTER_END, NULL, NULL, true, "\0\0\0\15DEi\0dkimrotd\0\0\0\0\1E");
	m.protocol = 0x2 | 0x200; /* neither HELO nor DATA is wanted */
	WROTE(&m, MILTER_HELO, "me", NULL, false, "");
	WROTE(&m, MILTER_DATA, NULL, NULL, false, "");
}

static struct milter_reply reads(struct milter *m, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(milter_read(m, bytes, i).kind, MILTER_MORE);
	return milter_read(m, bytes, n);
}
#define READS(m, bytes) reads(m, bytes, sizeof(bytes) - 1)

static void test_reading(void **state)
{
	struct milter m = {0};

	(void)state;
	struct milter_reply r = READS(&m, "\0\0\0\15O\0\0\0\6\0\0\0\1\0\0\1\200");
	assert_int_equal(r.kind, MILTER_CONTINUE);
	assert_int_equal(r.taken, 17);
	assert_int_equal(m.protocol, 0x180);
	r = READS(&m, "\0\0\0\11hName\0v\n\0");
	assert_int_equal(r.kind, MILTER_ADD);
	assert_string_equal(r.name, "Name");
	assert_string_equal(r.value, "v\n");
	r = READS(&m, "\0\0\0\11i\0\0\0\1A\0b\0");
	assert_int_equal(r.kind, MILTER_ADD);
	assert_string_equal(r.name, "A");
	assert_string_equal(r.value, "b");
	assert_int_equal(READS(&m, "\0\0\0\1c").kind, MILTER_CONTINUE);
	assert_int_equal(READS(&m, "\0\0\0\1a").kind, MILTER_ACCEPT);
	assert_int_equal(READS(&m, "\0\0\0\1t").kind, MILTER_REFUSED);
	assert_int_equal(READS(&m, "\0\0\0\1r").kind, MILTER_REFUSED);
	assert_int_equal(READS(&m, "\0\0\0\1p").kind, MILTER_OTHER);
}

static void test_broken(void **state)
{
	struct milter m = {.protocol = 7};

	(void)state;
	assert_int_equal(milter_read(&m, "\0\0\0\0c", 5).kind, MILTER_BROKEN);
	assert_int_equal(milter_read(&m, "\1\0\0\0c", 5).kind, MILTER_BROKEN);
	assert_int_equal(READS(&m, "\0\0\0\4hA\0b").kind, MILTER_BROKEN);
	assert_int_equal(READS(&m, "\0\0\0\3hA\0").kind, MILTER_BROKEN);
	assert_int_equal(READS(&m, "\0\0\0\7hA\0b\0c\0").kind, MILTER_BROKEN);
	assert_int_equal(READS(&m, "\0\0\0\5i\0\0\0\1").kind, MILTER_BROKEN);
	assert_int_equal(READS(&m, "\0\0\0\5O\0\0\0\6").kind, MILTER_BROKEN);
	assert_int_equal(m.protocol, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_writing),
	        cmocka_unit_test(test_reading),
	        cmocka_unit_test(test_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
