/* The store in SQLite: the promises of its header, and what a test below shows only on a real disk. */
#include "store_promises.h"

static int teardown(void **state)
{
	(void)state;
	store_close(store);
	folder_remove(dir);
	return 0;
}
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {PROMISES};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
