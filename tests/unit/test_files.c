/* Safe reading: whose file it is, who may write to it, what kind it is, and how large. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/util.h"
#include "io/files.h"
#include "unit/folder.h"

static void put(const char *name, const char *text, mode_t mode)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(chmod(name, mode), 0);
}

static char *path_of(const char *name)
{
	return xasprintf("%s/%s", folder, name);
}

/* Reads NAME in the folder; checks the result, and what is said of it when it is refused. */
static void check(const char *name, enum file_kind kind, int expected, const char *says)
{
	struct file_text t = {0};
	struct diags d = {0};
	char line[1200] = "";
	char *path = path_of(name);
	int r = files_read(path, kind, true, &t, &d);

	if (d.n)
		diag_format(&d.list[0], line, sizeof line);
	if (r != expected || (says && !strstr(line, says)) || (!says && d.n))
		fail_msg("%s: %d %s", name, r, line);
	if (r == 0)
		assert_int_equal(strlen(t.text), t.len);
	else
		assert_null(t.text);
	files_free(&t);
	diags_clear(&d);
	free(path);
}

static void whole_texts(void **state)
{
	struct file_text t = {0};
	struct diags d = {0};
	char *big = xmalloc(200001), *path = path_of("big");

	(void)state;
	memset(big, 'x', 200000);
	big[200000] = '\0';
	put("big", big, 0644);
	put("empty", "", 0644);
	assert_int_equal(files_read(path, FILE_PUBLIC, true, &t, &d), 0);
	assert_int_equal(t.len, 200000);
	assert_string_equal(t.text, big);
	files_free(&t);
	assert_null(t.text);
	check("empty", FILE_PUBLIC, 0, NULL);
	free(path);
	free(big);
}

static void modes(void **state)
{
	static const struct {
		mode_t mode;
		enum file_kind kind;
		int result;
	} cases[] = {
	        {0644, FILE_PUBLIC, 0},
	        {0600, FILE_PUBLIC, 0},
	        {0444, FILE_PUBLIC, 0},
	        {0664, FILE_PUBLIC, -EPERM},
	        {0646, FILE_PUBLIC, -EPERM},
	        {0666, FILE_PUBLIC, -EPERM},
	        {0600, FILE_SECRET, 0},
	        {0400, FILE_SECRET, 0},
	        {0640, FILE_SECRET, -EPERM},
	        {0604, FILE_SECRET, -EPERM},
	        {0644, FILE_SECRET, -EPERM},
	        {0620, FILE_SECRET, -EPERM},
	        {0602, FILE_SECRET, -EPERM},
	        {0600, FILE_PASSED, 0},
	        {0400, FILE_PASSED, 0},
	        {0440, FILE_PASSED, -EPERM},
	        {0444, FILE_PASSED, -EPERM},
	        {0604, FILE_PASSED, -EPERM},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		put("f", "x", cases[i].mode);
		check("f", cases[i].kind, cases[i].result,
		        cases[i].result == 0           ? NULL
		        : cases[i].kind == FILE_PUBLIC ? "others may write to it"
		                                       : "others may read it");
		unlink("f");
	}
}

static void kinds(void **state)
{
	(void)state;
	assert_int_equal(mkdir("dir", 0700), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	check("dir", FILE_PUBLIC, -EPERM, "is not a regular file");
	check("fifo", FILE_PUBLIC, -EPERM, "is not a regular file"); /* and does not hang */
	check("none", FILE_PUBLIC, -ENOENT, "No such file");
	put("f", "x", 0644);
	check("f/x", FILE_PUBLIC, -ENOTDIR, "Not a directory");
	assert_int_equal(symlink("/dev/zero", "zero"), 0);
	check("zero", FILE_PUBLIC, -EPERM, "is not a regular file");
	assert_int_equal(symlink("loop", "loop"), 0);
	check("loop", FILE_PUBLIC, -ELOOP, "symbolic links");
}

static void missing_files_may_be_no_fault(void **state)
{
	struct file_text t = {0};
	struct diags d = {0};
	char *path = path_of("none");

	(void)state;
	assert_int_equal(files_read(path, FILE_SECRET, false, &t, &d), -ENOENT);
	assert_int_equal(d.n, 0);
	free(path);
}

static void sizes(void **state)
{
	(void)state;
	put("f", "x", 0644);
	assert_int_equal(truncate("f", (off_t)FILES_SIZE_MAX + 1), 0);
	check("f", FILE_PUBLIC, -EFBIG, "is larger than 16 MiB");
	assert_int_equal(truncate("f", 0), 0);
	check("f", FILE_PUBLIC, 0, NULL);
}

static void folders(void **state)
{
	(void)state;
	assert_int_equal(mkdir("open", 0700) | mkdir("safe", 0755), 0);
	put("open/f", "x", 0644);
	put("safe/f", "x", 0644);
	assert_int_equal(chmod("open", 0777), 0);
	check("open/f", FILE_PUBLIC, -EPERM, "open: is a folder that others may write to");
	assert_int_equal(chmod("open", 0770), 0);
	check("open/f", FILE_PUBLIC, -EPERM, "is a folder that others may write to");
	assert_int_equal(chmod("open", 01777), 0); /* as /tmp is */
	check("open/f", FILE_PUBLIC, 0, NULL);
	check("safe/f", FILE_PUBLIC, 0, NULL);
	/* links are followed, and what is behind them is asked the same */
	assert_int_equal(symlink("../safe/f", "safe/good") | symlink("../open/f", "safe/bad"), 0);
	assert_int_equal(chmod("open", 0777), 0);
	check("safe/good", FILE_PUBLIC, 0, NULL);
	check("safe/bad", FILE_PUBLIC, -EPERM, "is a folder that others may write to");
}

static void owners(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	put("f", "x", 0644);
	assert_int_equal(chown("f", 4711, 0), 0);
	check("f", FILE_PUBLIC, -EPERM, "belongs to user 4711, which is neither root nor the daemon's user");
	assert_int_equal(mkdir("dir", 0755), 0);
	put("dir/f", "x", 0644);
	assert_int_equal(chown("dir", 4711, 0), 0);
	check("dir/f", FILE_PUBLIC, -EPERM, "dir: belongs to user 4711");
}

static void check_list_refused(const char *name, int expected, const char *says)
{
	struct file_list l = {0};
	struct diags d = {0};
	char line[1200] = "";
	char *path = path_of(name);

	assert_int_equal(files_list(path, &l, &d), expected);
	assert_int_equal(d.n, 1);
	if (!strstr(diag_format(&d.list[0], line, sizeof line), says))
		fail_msg("%s", line);
	assert_null(l.paths);
	diags_clear(&d);
	free(path);
}

static void the_inventory_folder(void **state)
{
	static const char *const there[] = {"b.yaml", "a.yml", "B.yaml", ".hidden.yaml", "c.yaml~",
	        "d.yaml.dpkg-new", "e.txt", "yaml", ".yaml", "10.yaml", "9.yaml", "#x.yaml#", "x.yaml.swp"};
	static const char *const expected[] = {"10.yaml", "9.yaml", "B.yaml", "a.yml", "b.yaml"};
	struct file_list l = {0};
	struct diags d = {0};

	(void)state;
	assert_int_equal(mkdir("inv", 0755), 0);
	char *dir = path_of("inv");
	assert_int_equal(files_list(dir, &l, &d), 0);
	assert_int_equal(l.n, 0);
	files_list_free(&l);
	for (size_t i = 0; i < ARRAY_SIZE(there); i++) {
		char *name = xasprintf("inv/%s", there[i]);

		put(name, "", 0644);
		free(name);
	}
	assert_int_equal(files_list(dir, &l, &d), 0);
	assert_int_equal(l.n, ARRAY_SIZE(expected));
	for (size_t i = 0; i < l.n; i++) {
		char *path = xasprintf("%s/inv/%s", folder, expected[i]);

		assert_string_equal(l.paths[i], path);
		free(path);
	}
	files_list_free(&l);
	assert_int_equal(d.n, 0);
	free(dir);
	assert_int_equal(chmod("inv", 0775), 0);
	check_list_refused("inv", -EPERM, "others may write to this folder (mode 0775)");
	assert_int_equal(chmod("inv", 01777), 0);
	check_list_refused("inv", -EPERM, "others may write to this folder (mode 1777)");
	check_list_refused("none", -ENOENT, "No such file or directory");
	put("file", "", 0644);
	check_list_refused("file", -ENOTDIR, "Not a directory");
	if (geteuid() == 0) {
		assert_int_equal(chmod("inv", 0755) | chown("inv", 4711, 0), 0);
		check_list_refused("inv", -EPERM, "belongs to user 4711");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(whole_texts, enter, leave),
	        cmocka_unit_test_setup_teardown(modes, enter, leave),
	        cmocka_unit_test_setup_teardown(kinds, enter, leave),
	        cmocka_unit_test_setup_teardown(missing_files_may_be_no_fault, enter, leave),
	        cmocka_unit_test_setup_teardown(sizes, enter, leave),
	        cmocka_unit_test_setup_teardown(folders, enter, leave),
	        cmocka_unit_test_setup_teardown(owners, enter, leave),
	        cmocka_unit_test_setup_teardown(the_inventory_folder, enter, leave),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
