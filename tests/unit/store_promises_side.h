/* The promises of io/store.h about what stands beside the records: facts, files, history, budget, and who vouches for them
 * all. Part of store_promises.h, which has the store. */
#ifndef TESTS_STORE_PROMISES_SIDE_H
#define TESTS_STORE_PROMISES_SIDE_H

#include "store_promises.h"

static void assert_fact(const char *name, const char *wanted)
{
	char *value = store_fact(store, name);

	if (wanted)
		assert_string_equal(value, wanted);
	else
		assert_null(value);
	free(value);
}

static void facts(void **state)
{
	(void)state;
	assert_fact("a", NULL);
	store_set_fact(store, "b", "two");
	store_set_fact(store, "a", "");
	store_set_fact(store, "c", "three");
	assert_fact("b", "two");
	assert_int_equal(store_commit(store), 0);
	store_set_fact(store, "b", NULL);
	assert_fact("b", NULL);
	reopen();
	assert_fact("b", "two");
	assert_fact("a", "");
	store_set_fact(store, "b", NULL);
	store_set_fact(store, "c", "3");
	store_commit(store);
	assert_fact("b", NULL);
	reopen();
	assert_fact("b", NULL);
	assert_fact("c", "3");
	store_set_fact(store, "c", "3");
	assert_false(store_dirty(store)); /* nothing new */
}

static bool see_file(void *arg, const char *path, const char *text, size_t len)
{
	struct told *s = arg;
	size_t n = strlen(s->text);

	assert_int_equal(text[len], '\0');
	str_format(s->text + n, sizeof(s->text) - n, "%s=%s(%zu) ", path, text, len);
	return --s->stop_after != 0;
}

static void files(void **state)
{
	struct told a = {0}, b = {0}, c = {0};

	(void)state;
	store_set_file(store, "/b.yaml", "bee", 3);
	store_set_file(store, "/a.yaml", "aha", 3);
	store_set_file(store, "/z\0", "a\0b", 3);
	store_each_file(store, see_file, &a);
	assert_string_equal(a.text, "/a.yaml=aha(3) /b.yaml=bee(3) /z=a(3) ");
	assert_int_equal(store_commit(store), 0);
	store_set_file(store, "/b.yaml", NULL, 0);
	store_set_file(store, "/never.yaml", NULL, 0);
	store_set_file(store, "/a.yaml", "", 0);
	store_each_file(store, see_file, &b);
	assert_string_equal(b.text, "/a.yaml=(0) /z=a(3) ");
	assert_int_equal(store_commit(store), 0);
	reopen();
	store_each_file(store, see_file, &c);
	assert_string_equal(c.text, b.text);
}

static bool see_history(void *arg, int64_t id, int64_t at, const char *kind, const char *json)
{
	struct told *s = arg;
	size_t n = strlen(s->text);

	str_format(s->text + n, sizeof(s->text) - n, "%d@%d:%s%s ", (int)id, (int)at, kind, json);
	return --s->stop_after != 0;
}

static void assert_history(int64_t id, int64_t since, const char *wanted)
{
	struct told s = {0};

	assert_int_equal(store_each_history(store, id, since, see_history, &s), 0);
	assert_string_equal(s.text, wanted);
}

static void history(void **state)
{
	(void)state;
	store_history(store, 1, 10, "met", "{}");
	store_history(store, 2, 20, "met", "{}");
	store_commit(store);
	store_history(store, 1, 30, "change", "{\"a\":1}");
	assert_history(0, 0, "1@10:met{} 2@20:met{} 1@30:change{\"a\":1} ");
	assert_history(1, 11, "1@30:change{\"a\":1} ");
	reopen();
	assert_history(0, 0, "1@10:met{} 2@20:met{} ");
	store_prune(store, 15);
	store_commit(store);
	assert_history(0, 0, "2@20:met{} ");
}

static void budget(void **state)
{
	int64_t times[10];

	(void)state;
	assert_int_equal(store_budget_read(store, "default", 0, times, 10), 0);
	for (int64_t t = 1; t <= 20000; t++)
		store_budget_note(store, "default", t);
	store_budget_note(store, "../../etc/x y", 7);
	reopen();
	assert_int_equal(store_budget_read(store, "default", 19998, times, 10), 3);
	assert_int_equal(times[0], 19998);
	assert_int_equal(times[2], 20000);
	store_budget_note(store, "default", 20001);
	assert_int_equal(store_budget_read(store, "default", 1, times, 2), 2);
	assert_int_equal(times[0], 20000);
	assert_int_equal(times[1], 20001);
	assert_int_equal(store_budget_read(store, "../../etc/x y", 0, times, 10), 1);
	assert_int_equal(times[0], 7);
}

static void assert_vouched(const char *witness, bool yes)
{
	char *before = store_fact(store, STORE_IDENTITY), *after;

	assert_int_equal(store_witness(store, witness), yes);
	after = store_fact(store, STORE_IDENTITY);
	assert_non_null(after);
	if (yes)
		assert_string_equal(before, after);
	else
		assert_true(before == NULL || strcmp(before, after) != 0);
	free(before);
	free(after);
}

static void somebody_vouches_for_the_newest_state(void **state)
{
	char *witness = xasprintf("%s/witness", dir); /* elsewhere in earnest */

	(void)state;
	assert_vouched(witness, false); /* nobody knows a new state */
	reopen();
	assert_vouched(witness, false); /* it died before its first commit */
	store_commit(store);
	reopen();
	assert_vouched(witness, true);
	store_set_fact(store, "a", "1");
	store_commit(store);
	store_set_fact(store, "a", "2");
	reopen(); /* killed: what was not committed is not missed */
	assert_vouched(witness, true);
	free(witness);
}

#endif
