/* The watched folder, on a loop of the test's own whose clock moves only when told: when changed() comes, and that it
 * comes once. The descriptor behind it is the kernel's real inotify. */
#include "io/watch.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/util.h"
#include "io/loop.h"

/* ---- the loop: two timers are all that is needed ---- */

struct timer {
	void (*cb)(void *arg);
	void *arg;
	int64_t at; /* 0 = not set */
};

struct loop {
	struct event_base *base;
	int64_t now;
	struct timer *timers[4];
};

static struct loop fake = {.now = 1000};

int64_t loop_boot(const struct loop *l)
{
	return l->now;
}

void *loop_base(struct loop *l)
{
	return l->base;
}

struct timer *timer_new(struct loop *l, void (*cb)(void *arg), void *arg)
{
	struct timer *t = xcalloc(1, sizeof(*t));

	t->cb = cb;
	t->arg = arg;
	for (size_t i = 0; i < ARRAY_SIZE(l->timers); i++)
		if (!l->timers[i])
			return l->timers[i] = t;
	abort();
}

void timer_set(struct timer *t, int64_t delay_ms, int64_t slack_ms)
{
	(void)slack_ms;
	t->at = fake.now + (delay_ms < 0 ? 0 : delay_ms);
}

void timer_free(struct timer *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(fake.timers); i++)
		if (fake.timers[i] == t)
			fake.timers[i] = NULL;
	free(t);
}

/* Time passes, a millisecond at a turn. */
static void pass(int64_t ms)
{
	for (int64_t until = fake.now + ms;; fake.now++) {
		event_base_loop(fake.base, EVLOOP_NONBLOCK);
		for (size_t i = 0; i < ARRAY_SIZE(fake.timers); i++) {
			struct timer *t = fake.timers[i];

			if (t && t->at && t->at <= fake.now) {
				t->at = 0;
				t->cb(t->arg);
			}
		}
		if (fake.now == until)
			return;
	}
}

/* ---- the folder ---- */

static char *dir;
static struct watch *watch;
static int changes;
static int64_t last_change;

static void on_change(void *arg)
{
	assert_ptr_equal(arg, &changes);
	changes++;
	last_change = fake.now;
}

static char *in_dir(const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

static void put(const char *name)
{
	char *path = in_dir(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	free(path);
}

static void take(const char *name)
{
	char *path = in_dir(name);

	unlink(path);
	free(path);
}

static void move(const char *from, const char *to)
{
	char *a = in_dir(from), *b = in_dir(to);

	assert_int_equal(rename(a, b), 0);
	free(a);
	free(b);
}

static int setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	fake.base = event_base_new();
	dir = xasprintf("%s/watch.XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(dir));
	changes = 0;
	watch = watch_new(&fake, dir, on_change, &changes);
	assert_non_null(watch);
	pass(5);
	assert_int_equal(changes, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	watch_free(watch);
	event_base_free(fake.base);
	take("a.yaml");
	take("b.yaml");
	rmdir(dir);
	free(dir);
	return 0;
}

/* ---- tests ---- */

static void one_call_after_it_is_quiet(void **state)
{
	int64_t begun;

	(void)state;
	put("a.yaml");
	pass(1500);
	put("a.yaml.new");
	pass(1500);
	begun = fake.now;
	move("a.yaml.new", "a.yaml");
	pass(1990);
	assert_int_equal(changes, 0);
	pass(20);
	assert_int_equal(changes, 1);
	assert_in_range(last_change, begun + WATCH_QUIET_MS, begun + WATCH_QUIET_MS + 2);
	pass(60000);
	assert_int_equal(changes, 1);
	take("a.yaml");
	pass(2010);
	assert_int_equal(changes, 2);
}

static void not_for_ever(void **state)
{
	int64_t begun = fake.now;

	(void)state;
	while (fake.now < begun + 15000) {
		put("a.yaml");
		pass(500);
	}
	assert_int_equal(changes, 1);
	assert_in_range(last_change, begun + WATCH_MOST_MS, begun + WATCH_MOST_MS + 502);
}

static void permissions_count_and_swap_files_do_not(void **state)
{
	char *path = in_dir("a.yaml");

	(void)state;
	put("a.yaml");
	pass(3000);
	assert_int_equal(changes, 1);
	chmod(path, 0640);
	free(path);
	pass(3000);
	assert_int_equal(changes, 2);
	put(".a.yaml.swp");
	put("a.yaml~");
	take(".a.yaml.swp");
	take("a.yaml~");
	pass(20000);
	assert_int_equal(changes, 2);
	put("..data"); /* how a cluster swaps all files at once */
	take("..data");
	pass(3000);
	assert_int_equal(changes, 3);
}

static void a_folder_that_goes_and_comes_back(void **state)
{
	(void)state;
	rmdir(dir);
	pass(2100);
	assert_int_equal(changes, 1); /* gone is a change */
	pass(WATCH_ABSENT_MS);
	mkdir(dir, 0700);
	pass(WATCH_ABSENT_MS + 2100);
	assert_int_equal(changes, 2); /* back is one too */
	put("a.yaml");
	pass(2100);
	assert_int_equal(changes, 3); /* and it is watched again */
}

static void a_folder_replaced_by_another(void **state)
{
	char *aside = xasprintf("%s.old", dir);

	(void)state;
	assert_int_equal(rename(dir, aside), 0);
	mkdir(dir, 0700);
	pass(2100);
	assert_int_equal(changes, 1);
	put("b.yaml");
	pass(2100);
	assert_int_equal(changes, 2);
	char *stray = xasprintf("%s/c.yaml", aside);
	close(open(stray, O_WRONLY | O_CREAT, 0600));
	pass(20000);
	assert_int_equal(changes, 2); /* the old folder is nobody's */
	unlink(stray);
	rmdir(aside);
	free(stray);
	free(aside);
}

static void a_folder_that_is_not_there_yet(void **state)
{
	char *later = xasprintf("%s/later", dir);
	int mine = changes;

	(void)state;
	watch_free(watch);
	watch = watch_new(&fake, later, on_change, &changes);
	assert_non_null(watch);
	pass(100000);
	assert_int_equal(changes, mine);
	mkdir(later, 0700);
	pass(WATCH_ABSENT_MS + 2100);
	assert_int_equal(changes, mine + 1);
	rmdir(later);
	free(later);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(one_call_after_it_is_quiet), T(not_for_ever),
	        T(permissions_count_and_swap_files_do_not), T(a_folder_that_goes_and_comes_back),
	        T(a_folder_replaced_by_another), T(a_folder_that_is_not_there_yet)};

	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
