/* Giving memory back: what is a copy of a file leaves, and whatever was written stays as it is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <curl/curl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "io/memory.h"

/* Relocated when the program starts and read-only since (RELRO): in the file there are other values. */
static const char *const relocated[] = {"one", "two", "three", NULL};
static int (*const code[])(const char *) = {puts, atoi};
static char written[3 * 4096] = "data";
static char *heap;

/* KiB of the program's code and constants (not writable, from a file) that are in memory. */
static long resident(const char *file)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	char line[512], access[8] = "", path[300] = "";
	long sum = 0, kib;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%*x-%*x %7s %*s %*s %*s %299s", access, path) >= 1 && strchr(line, '-') &&
		        access[3] == 'p') {
			if (!strchr(line, '/'))
				path[0] = '\0';
		} else if (sscanf(line, "Rss: %ld", &kib) == 1 && access[2] == 'x' && strstr(path, file)) {
			sum += kib;
		}
	}
	fclose(f);
	return sum;
}

/* Every page of curl's own code is read once, as a start reads the code of many libraries once. */
static void touch_curl(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512];
	volatile unsigned char sink = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		unsigned long from, to;

		if (!strstr(line, "libcurl") || sscanf(line, "%lx-%lx r-xp", &from, &to) != 2 ||
		        !strstr(line, "r-xp"))
			continue;
		for (unsigned long at = from; at < to; at += 4096)
			sink = (unsigned char)(sink ^ *(const unsigned char *)(uintptr_t)at);
	}
	fclose(f);
}

static void test_code_leaves(void **state)
{
	(void)state;
	touch_curl();
	long before = resident("libcurl");
	memory_give_back();
	long after = resident("libcurl");

	assert_true(before > 100);
	assert_true(after < before / 4);
	assert_non_null(strstr(curl_version(), "libcurl")); /* and comes again when it is wanted */
}

static void test_what_was_written_stays(void **state)
{
	(void)state;
	heap = xstrdup("heap");
	memset(written + 4096, 'x', 4096);
	memory_give_back();
	assert_string_equal(relocated[0], "one");
	assert_string_equal(relocated[2], "three");
	assert_ptr_equal(code[0], puts);
	assert_int_equal(code[1]("42"), 42);
	assert_string_equal(written, "data");
	for (size_t i = 4096; i < 8192; i++)
		assert_int_equal(written[i], 'x');
	assert_string_equal(heap, "heap");
	free(heap);
}

static void test_again_and_again(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		char *p = xmalloc(100000);

		memset(p, i, 100000);
		memory_give_back();
		assert_int_equal(p[99999], i);
		free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_code_leaves),
	        cmocka_unit_test(test_what_was_written_stays),
	        cmocka_unit_test(test_again_and_again),
	};

	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
