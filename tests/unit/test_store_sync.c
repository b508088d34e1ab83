/* What waits for the disk and what does not: the syncs that SQLite asks the kernel for, counted. Whoever reads the files back
 * cannot tell, for until the power goes everything is there. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "store_common.h"

static unsigned syncs;
static int sync_error;

/* In the place of the C library's. */
int fdatasync(int fildes)
{
	syncs++;
	if (sync_error == 0)
		return (int)syscall(SYS_fdatasync, fildes);
	errno = sync_error;
	return -1;
}

static struct store *store;
static char *dir;

static int setup(void **state)
{
	(void)state;
	dir = folder_new();
	store = open_or_fail(dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sync_error = 0;
	store_close(store);
	folder_remove(dir);
	return 0;
}

/* A look at a domain ends: record and history. */
static void look(unsigned seed)
{
	struct store_key k = key_of("mydomain.ovh");
	struct record r;

	make_record(&r, seed);
	assert_int_equal(store_save(store, &k, &r), 0);
	assert_int_equal(store_history(store, r.id, 10, "change", "{}"), 0);
}

static unsigned commit(void)
{
	syncs = 0;
	assert_int_equal(store_commit(store), 0);
	assert_false(store_dirty(store));
	return syncs;
}

static unsigned write_only(void)
{
	syncs = 0;
	assert_int_equal(store_write(store), 0);
	return syncs;
}

static void what_waits(void **state)
{
	(void)state;
	look(1);
	assert_true(commit() >= 2); /* the state, and the history */
	for (unsigned i = 2; i < 5; i++) {
		look(i);
		assert_int_equal(write_only(), 0);
	}
	assert_true(commit() >= 2); /* for what was written before; nothing is new */
	assert_int_equal(commit(), 0);
	look(5);
	assert_int_equal(write_only(), 0);
	look(6);
	assert_true(commit() >= 2);
	assert_int_equal(store_set_fact(store, "paused", "1"), 0);
	assert_true(commit() >= 1);
	assert_int_equal(write_only(), 0);
}

/* A disk that takes what is written, but does not say that it has it: no commit is taken for durable. */
static void a_sync_that_fails(void **state)
{
	struct store_key k = key_of("mydomain.ovh");
	struct record r, wanted;

	(void)state;
	look(1);
	commit();
	look(2);
	assert_int_equal(write_only(), 0);
	look(3);
	sync_error = EIO;
	assert_true(store_commit(store) < 0);
	assert_true(store_commit(store) < 0);
	assert_true(store_dirty(store));
	sync_error = 0;
	assert_true(commit() >= 1);
	store_close(store);
	store = open_or_fail(dir);
	make_record(&wanted, 3);
	assert_int_equal(store_load(store, &k, &r), 0);
	wanted.id = r.id;
	assert_same(&r, &wanted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(what_waits, setup, teardown),
	        cmocka_unit_test_setup_teardown(a_sync_that_fails, setup, teardown)};

	return cmocka_run_group_tests_name("store_sync", tests, NULL, NULL);
}
