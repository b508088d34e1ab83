/* The store in memory keeps the promises of the header and some of its own: what
 * a crash takes, what a failed commit keeps, and what a damaged row does. */
#include "store_promises.h"

#include "io_ram/store_ram.h"

static int ram_teardown(void **state)
{
	(void)state;
	store_close(store);
	store_ram_forget(dir);
	folder_remove(dir);
	return 0;
}
#define T(f) cmocka_unit_test_setup_teardown(f, setup, ram_teardown)

static void a_crash_takes_what_was_not_committed(void **state)
{
	const struct store_key k = key_of("example.org");
	struct record r = {.first_met = 1}, back;
	char error[200];

	(void)state;
	store_save(store, &k, &r);
	store_set_fact(store, "f", "1");
	store_commit(store);
	r.first_met = 2;
	store_save(store, &k, &r);
	store_set_fact(store, "f", "2");
	store_history(store, 1, 1, "x", "{}");
	store_budget_note(store, "a", 5);
	store_ram_crash(store);
	store = store_open(dir, false, error, sizeof(error));
	assert_non_null(store);
	assert_int_equal(store_load(store, &k, &back), 0);
	assert_int_equal(back.first_met, 1);
	assert_fact("f", "1");
	assert_history(0, 0, "");
	int64_t at;
	assert_int_equal(store_budget_read(store, "a", 0, &at, 1), 1); /* a kill does not take it */
	assert_null(store_open(dir, false, error, sizeof(error)));
	assert_non_null(strstr(error, "locked by another daemon"));
}

static void a_failed_commit_keeps_everything(void **state)
{
	const struct store_key k = key_of("example.org");
	struct record r = {.first_met = 1}, back;

	(void)state;
	store_save(store, &k, &r);
	store_set_fact(store, "f", "1");
	store_ram_fail(store, ENOSPC);
	assert_int_equal(store_write(store), -ENOSPC);
	assert_int_equal(store_commit(store), -ENOSPC);
	assert_int_equal(store_commit(store), -ENOSPC);
	assert_true(store_dirty(store));
	assert_int_equal(store_load(store, &k, &back), 0);
	store_ram_fail(store, 0);
	assert_int_equal(store_commit(store), 0);
	assert_int_equal(store_ram_commits(store), 1);
	reopen();
	assert_int_equal(store_load(store, &k, &back), 0);
	assert_fact("f", "1");
}

static void count_lost(void *arg, const char *what)
{
	assert_non_null(strstr(what, "example.org"));
	++*(int *)arg;
}

static void a_damaged_row_is_told_and_gone(void **state)
{
	const struct store_key k = key_of("example.org");
	struct record r = {.first_met = 1}, back;
	int lost = 0;

	(void)state;
	store_save(store, &k, &r);
	store_commit(store);
	store_on_lost(store, count_lost, &lost);
	store_ram_damage(store, &k);
	assert_int_equal(store_load(store, &k, &back), -ENOENT);
	assert_int_equal(lost, 1);
	assert_int_equal(store_load(store, &k, &back), -ENOENT);
	assert_int_equal(lost, 1);
}

static void a_backup_brings_the_old_state_back(void **state)
{
	const struct store_key k = key_of("example.org");
	struct record r = {.first_met = 1}, back;

	(void)state;
	store_save(store, &k, &r);
	store_set_file(store, "/p", "text", 4);
	store_commit(store);
	store_ram_copy(dir, "backup");
	r.first_met = 2;
	store_save(store, &k, &r);
	store_commit(store);
	store_close(store);
	store_ram_copy("backup", dir);
	store_ram_forget("backup");
	store = open_or_fail(dir);
	assert_int_equal(store_load(store, &k, &back), 0);
	assert_int_equal(back.first_met, 1);
	struct told t = {0};
	store_each_file(store, see_file, &t);
	assert_string_equal(t.text, "/p=text(4) ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {PROMISES, T(a_crash_takes_what_was_not_committed),
	        T(a_failed_commit_keeps_everything), T(a_damaged_row_is_told_and_gone),
	        T(a_backup_brings_the_old_state_back)};

	return cmocka_run_group_tests_name("store_ram", tests, NULL, NULL);
}
