/* The store in SQLite: the promises of its header, and what a test below shows only on a real disk. */
#include "store_promises.h"

static int teardown(void **state)
{
	(void)state;
	store_close(store);
	folder_remove(dir);
	return 0;
}
/* cp, as a backup does */
static void copy(const char *from, const char *to)
{
	char *command = xasprintf("rm -f %s/* && cp %s/* %s/", to, from, to);

	assert_int_equal(system(command), 0);
	free(command);
}

static void commit_something(void)
{
	static int n;
	char text[20];

	str_format(text, sizeof(text), "%d", ++n);
	store_set_fact(store, "something", text);
	assert_int_equal(store_commit(store), 0);
}

static void nobody_vouches_for_an_older_state(void **state)
{
	char *run = folder_new(), *backup = folder_new(), *witness = xasprintf("%s/run/witness", run);
	char *folder = xasprintf("%s/run", run);

	(void)state;
	assert_false(store_witness(store, witness)); /* its folder is made */
	commit_something();
	store_close(store);
	copy(dir, backup);
	store = open_or_fail(dir);
	assert_vouched(witness, true);
	commit_something();
	store_close(store);
	copy(backup, dir); /* the lock file, too, knows nothing of it */
	store = open_or_fail(dir);
	assert_vouched(witness, false);
	for (int i = 0; i < 5; i++)
		commit_something();
	store_close(store);
	copy(dir, backup); /* another branch, which went further */
	store = open_or_fail(dir);
	assert_vouched(witness, true);
	store_close(store);
	unlink(witness); /* the host starts anew */
	store = open_or_fail(dir);
	assert_vouched(witness, false);
	commit_something();
	store_close(store);
	copy(backup, dir);
	store = open_or_fail(dir);
	assert_vouched(witness, false);
	commit_something();
	store_close(store);
	assert_int_equal(truncate(witness, 10), 0);
	store = open_or_fail(dir);
	assert_vouched(witness, false);
	folder_remove(folder);
	folder_remove(run);
	folder_remove(backup);
	free(witness);
}
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {PROMISES, T(nobody_vouches_for_an_older_state)};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
