/* The store when its process is killed at any moment, when the power goes, and when its disk is full: what was acknowledged
 * is there, what failed waits and is written later. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "store_common.h"

#define DOMAINS 5

static struct store_key numbered(unsigned i)
{
	static char name[32];

	str_format(name, sizeof(name), "domain%u.example", i);
	return key_of(name);
}

/* All records in one turn, each with this number and an intent that bears it. */
static void save_all(struct store *s, int64_t number)
{
	char text[32];

	for (unsigned i = 0; i < DOMAINS; i++) {
		struct store_key k = numbered(i);
		struct record r;

		make_record(&r, (unsigned)number + i);
		r.id = i + 1;
		r.last_good = number;
		r.intent[0] = (struct intent){.action = ACTION_ENABLE, .at = number};
		if (store_save(s, &k, &r) < 0)
			abort();
	}
	str_format(text, sizeof(text), "%lld", (long long)number);
	store_set_fact(s, "number", text);
}

static void count_lost(void *arg, const char *what)
{
	(void)what;
	++*(unsigned *)arg;
}

static bool count_events(void *arg, int64_t domain_id, int64_t at, const char *kind, const char *json)
{
	(void)domain_id, (void)at, (void)kind, (void)json;
	++*(unsigned *)arg;
	return true;
}

/* Every record has one number, which the fact repeats; that number. */
static int64_t number_in(struct store *s)
{
	int64_t number = -1;

	for (unsigned i = 0; i < DOMAINS; i++) {
		struct store_key k = numbered(i);
		struct record r, wanted;

		if (store_load(s, &k, &r) == -ENOENT && i == 0)
			return 0;
		assert_int_equal(store_load(s, &k, &r), 0);
		if (number < 0)
			number = r.last_good;
		make_record(&wanted, (unsigned)number + i);
		wanted.id = i + 1;
		wanted.last_good = number;
		wanted.intent[0] = (struct intent){.action = ACTION_ENABLE, .at = number};
		assert_same(&r, &wanted);
	}
	char *fact = store_fact(s, "number");
	assert_non_null(fact);
	assert_int_equal(strtoll(fact, NULL, 10), number);
	free(fact);
	return number;
}

/* Commits, or writes without waiting for the disk, and acknowledges until it is killed. */
static void write_until_killed(const char *dir, int64_t from, int ack)
{
	char error[500];
	struct store *s = store_open(dir, false, error, sizeof(error));

	if (!s)
		_exit(1);
	for (int64_t n = from;; n++) {
		save_all(s, n);
		int e = n % 3 == 0 ? store_commit(s) : store_write(s);
		if (e < 0 || write(ack, &n, sizeof(n)) != sizeof(n))
			_exit(2);
	}
}

static void killed_during_commits(void **state)
{
	char *dir = folder_new();
	unsigned seed = 5;
	int64_t number = 0;

	(void)state;
	for (int round = 0; round < 40; round++) {
		int ends[2], status;
		int64_t acknowledged = 0;
		unsigned lost = 0;

		assert_int_equal(pipe(ends), 0);
		pid_t child = fork();
		if (child == 0) {
			close(ends[0]);
			write_until_killed(dir, number + 1, ends[1]);
		}
		close(ends[1]);
		for (int acks = rand_r(&seed) % 12; acks >= 0; acks--)
			assert_int_equal(
			        read(ends[0], &acknowledged, sizeof(acknowledged)), sizeof(acknowledged));
		for (int spin = rand_r(&seed) % 200000; spin > 0; spin--) /* anywhere in the next commit */
			__asm__ volatile("");
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		while (read(ends[0], &acknowledged, sizeof(acknowledged)) > 0)
			;
		close(ends[0]);
		struct store *s = open_or_fail(dir);
		store_on_lost(s, count_lost, &lost);
		number = number_in(s);
		assert_true(number >= acknowledged);
		assert_true(number <= acknowledged + 1);
		assert_int_equal(lost, 0);
		store_close(s);
	}
	folder_remove(dir);
}

/* ---- a power cut ---- */

static const char *const logs[] = {"state.db-wal", "history.db-wal"};

static long size_of(const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	free(path);
	return (long)st.st_size;
}

/* What the disk has of the folder when only so much of the logs has reached it. */
static char *after_power_cut(const char *dir, const long keep[2])
{
	char *copy = folder_new(), *command = xasprintf("cp %s/* %s/", dir, copy);

	assert_int_equal(system(command), 0);
	free(command);
	for (int i = 0; i < 2; i++) {
		char *path = xasprintf("%s/%s", copy, logs[i]);

		assert_int_equal(truncate(path, keep[i]), 0);
		free(path);
	}
	return copy;
}

static void assert_left(const char *dir, const long keep[2], int64_t number, unsigned events)
{
	char *copy = after_power_cut(dir, keep);
	struct store *s = open_or_fail(copy);
	unsigned lost = 0, seen = 0;

	store_on_lost(s, count_lost, &lost);
	assert_int_equal(number_in(s), number);
	assert_int_equal(store_each_history(s, 0, 0, count_events, &seen), 0);
	assert_int_equal(seen, events);
	assert_int_equal(lost, 0); /* nobody claims that there was more */
	store_close(s);
	folder_remove(copy);
}

static void power_goes_after_a_write(void **state)
{
	char *dir = folder_new();
	struct store *s = open_or_fail(dir);
	long safe[2], written[2];

	(void)state;
	save_all(s, 1);
	store_history(s, 1, 10, "change", "{}");
	assert_int_equal(store_commit(s), 0);
	assert_false(store_dirty(s));
	for (int i = 0; i < 2; i++)
		safe[i] = size_of(dir, logs[i]);
	for (int64_t n = 2; n < 5; n++) {
		save_all(s, n);
		store_history(s, 1, 10 * n, "change", "{}");
		assert_int_equal(store_write(s), 0);
		assert_true(store_dirty(s));
	}
	assert_left(dir, safe, 1, 1);
	for (int i = 0; i < 2; i++) {
		written[i] = size_of(dir, logs[i]);
		assert_true(written[i] > safe[i]);
	}
	assert_left(dir, written, 4, 4);
	assert_int_equal(store_commit(s), 0); /* nothing is new, but a commit alone takes the rest along */
	assert_false(store_dirty(s));
	for (int i = 0; i < 2; i++)
		assert_true(size_of(dir, logs[i]) > written[i]);
	store_close(s);
	folder_remove(dir);
}

/* ---- a full disk ---- */

/* Saves until a commit fails; what failed and what came before must all be readable meanwhile. */
static int fill(struct store *s, int64_t *ret_number)
{
	int64_t n = 1;
	int e;

	for (;; n++) {
		char *text = xcalloc(1, 20000);

		save_all(s, n);
		memset(text, 'x', 19999);
		store_set_file(s, "/big.yaml", text, 19999);
		char path[40];
		str_format(path, sizeof(path), "/more%lld.yaml", (long long)n);
		store_set_file(s, path, text, 19999);
		free(text);
		e = store_commit(s);
		if (e < 0 || n > 3000)
			break;
	}
	*ret_number = n;
	return e;
}

static bool count_files(void *arg, const char *path, const char *text, size_t len)
{
	(void)path;
	if (len == 19999 && text[0] == 'x' && text[19998] == 'x')
		++*(unsigned *)arg;
	return true;
}

static void failed_and_tried_again(const char *dir, void (*relief)(const char *dir))
{
	struct store *s = open_or_fail(dir);
	int64_t number;
	unsigned files = 0;
	int e = fill(s, &number);

	assert_true(e < 0);
	print_message("# the commit failed with %s\n", strerror(-e));
	assert_true(store_dirty(s));
	assert_int_equal(number_in(s), number); /* still known here */
	save_all(s, number + 1);
	assert_true(store_commit(s) < 0);
	assert_int_equal(number_in(s), number + 1);
	relief(dir);
	assert_int_equal(store_commit(s), 0);
	assert_false(store_dirty(s));
	store_close(s);
	s = open_or_fail(dir);
	unsigned lost = 0;
	store_on_lost(s, count_lost, &lost);
	assert_int_equal(number_in(s), number + 1);
	assert_int_equal(store_each_file(s, count_files, &files), 0);
	assert_int_equal(files, number + 1);
	assert_int_equal(lost, 0);
	store_close(s);
}

/* The kernel refuses to make a file longer than this. */
static void limit_files(rlim_t bytes)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void no_limit(const char *dir)
{
	struct rlimit limit;

	(void)dir;
	getrlimit(RLIMIT_FSIZE, &limit);
	limit_files(limit.rlim_max);
}

static void files_may_not_grow(void **state)
{
	char *dir = folder_new();

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	limit_files(300000);
	failed_and_tried_again(dir, no_limit);
	signal(SIGXFSZ, SIG_DFL);
	folder_remove(dir);
}

static void make_room(const char *dir)
{
	assert_int_equal(mount("tmpfs", dir, "tmpfs", MS_REMOUNT, "size=200m"), 0);
}

/* A real file system without room, in a mount namespace that goes with the process. */
static void the_disk_is_full(void **state)
{
	char *dir = folder_new();
	int status;

	(void)state;
	pid_t child = fork();
	if (child == 0) {
		if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		        mount("tmpfs", dir, "tmpfs", 0, "size=600k") < 0)
			_exit(77);
		failed_and_tried_again(dir, make_room);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	folder_remove(dir);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip(); /* no namespaces here */
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(killed_during_commits),
	        cmocka_unit_test(power_goes_after_a_write), cmocka_unit_test(files_may_not_grow),
	        cmocka_unit_test(the_disk_is_full)};

	return cmocka_run_group_tests_name("store_crash", tests, NULL, NULL);
}
