/* The promises of io/store.h, as tests that hold for SQLite (test_store.c) and for memory (test_store_ram.c) alike. */
#ifndef TESTS_STORE_PROMISES_H
#define TESTS_STORE_PROMISES_H

#include "io/store.h"

#include "io/store_rows.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store_common.h"

static char *dir;
static struct store *store;

static int setup(void **state)
{
	(void)state;
	dir = folder_new();
	store = open_or_fail(dir);
	return 0;
}

static void reopen(void)
{
	store_close(store);
	store = open_or_fail(dir);
}

/* ---- records ---- */

static void every_field_survives(void **state)
{
	const struct store_key k = key_of("example.org");
	struct record r, back;

	(void)state;
	for (unsigned seed = 1; seed <= 200; seed++) {
		make_record(&r, seed);
		r.id = 0;
		assert_int_equal(store_save(store, &k, &r), 0);
		assert_true(r.id > 0);
		assert_int_equal(store_load(store, &k, &back), 0); /* out of the queue */
		assert_same(&r, &back);
		assert_int_equal(store_commit(store), 0);
		memset(&back, 0xff, sizeof(back));
		assert_int_equal(store_load(store, &k, &back), 0); /* out of the database */
		assert_same(&r, &back);
	}
	reopen();
	assert_int_equal(store_load(store, &k, &back), 0);
	assert_same(&r, &back);
}

static void a_record_that_is_not_there(void **state)
{
	const struct store_key k = key_of("nowhere.example");
	struct record r, before;

	(void)state;
	memset(&r, 0x5a, sizeof(r));
	memset(&before, 0x5a, sizeof(before));
	assert_int_equal(store_load(store, &k, &r), -ENOENT);
	assert_memory_equal(&r, &before, sizeof(r));
}

static void another_key_is_another_domain(void **state)
{
	struct store_key keys[6];
	struct record r, back;

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		keys[i] = key_of("example.org");
	keys[1].account = "other";
	keys[2].platform = "emailpro";
	keys[3].service = "other-1";
	keys[4].organization = "";
	keys[5].domain = "example.net";
	for (unsigned i = 0; i < 6; i++) {
		make_record(&r, i + 1);
		r.id = 0;
		if (i % 2 == 0) {
			store_number(store, &keys[i], &r);
			assert_int_equal(r.id, i + 1);
			assert_int_equal(
			        store_load(store, &keys[i], &back), -ENOENT); /* a number makes no record */
		}
		assert_int_equal(store_save(store, &keys[i], &r), 0);
		assert_int_equal(r.id, i + 1);
	}
	assert_int_equal(store_commit(store), 0);
	for (unsigned i = 0; i < 6; i++) {
		make_record(&r, i + 1);
		r.id = i + 1;
		assert_int_equal(store_load(store, &keys[i], &back), 0);
		assert_same(&r, &back);
	}
}

static void fewer_selectors_replace_more(void **state)
{
	const struct store_key k = key_of("example.org");
	struct record r, back;

	(void)state;
	make_record(&r, 3);
	r.id = 0;
	r.n = SELECTORS_MAX;
	for (unsigned i = 0; i < SELECTORS_MAX; i++)
		str_format(r.sel[i].name, sizeof(r.sel[i].name), "selector%u", i);
	store_save(store, &k, &r);
	store_commit(store);
	r.n = 1;
	memset(r.intent, 0, sizeof(r.intent));
	store_save(store, &k, &r);
	assert_int_equal(store_commit(store), 0);
	assert_int_equal(store_load(store, &k, &back), 0);
	assert_int_equal(back.n, 1);
	assert_same(&r, &back);
	r.n = SELECTORS_MAX + 1;
	assert_int_equal(store_save(store, &k, &r), -EINVAL);
}

static void a_new_record_under_an_old_key_keeps_its_id(void **state)
{
	const struct store_key k = key_of("example.org");
	struct record r = {.first_met = 1}, again = {.first_met = 2}, back;

	(void)state;
	store_save(store, &k, &r);
	store_commit(store);
	store_number(store, &k, &again);
	assert_int_equal(again.id, r.id);
	again.id = 0;
	assert_int_equal(store_save(store, &k, &again), 0);
	assert_int_equal(again.id, r.id);
	store_commit(store);
	store_load(store, &k, &back);
	assert_int_equal(back.first_met, 2);
}

static void ids_are_never_given_twice(void **state)
{
	struct record a = {0}, b = {0};
	struct store_key ka = key_of("a.example"), kb = key_of("b.example");

	(void)state;
	store_save(store, &ka, &a);
	store_commit(store);
	reopen();
	store_save(store, &kb, &b);
	assert_true(b.id > a.id);
}

/* ---- commit ---- */

static void what_is_not_committed_is_gone(void **state)
{
	const struct store_key k = key_of("example.org");
	struct record r = {.first_met = 1}, back;

	(void)state;
	assert_false(store_dirty(store));
	store_save(store, &k, &r);
	assert_true(store_dirty(store));
	store_commit(store);
	assert_false(store_dirty(store));
	r.first_met = 2;
	store_save(store, &k, &r);
	store_set_fact(store, "f", "v");
	store_set_file(store, "/p", "text", 4);
	reopen();
	assert_false(store_dirty(store));
	assert_int_equal(store_load(store, &k, &back), 0);
	assert_int_equal(back.first_met, 1);
	assert_null(store_fact(store, "f"));
}

/* ---- all of them ---- */

struct told {
	char text[2000];
	int stop_after;
};

static bool see(void *arg, const struct store_key *k, const struct record *r)
{
	struct told *s = arg;
	size_t n = strlen(s->text);

	str_format(s->text + n, sizeof(s->text) - n, "%s/%s=%d ", k->domain, k->platform, (int)r->first_met);
	return --s->stop_after != 0;
}

static bool see_due(void *arg, const struct store_key *k, const struct store_due *d)
{
	struct told *s = arg;
	size_t n = strlen(s->text);

	str_format(s->text + n, sizeof(s->text) - n, "%s/%s:%d,%d,%d,%d,%d ", k->domain, k->platform,
	        (int)d->next_look, (int)d->phase, (int)d->condition, (int)d->reason, d->has_intent);
	assert_int_equal(d->last_full, d->next_look / 10);
	return --s->stop_after != 0;
}

static void put(const char *domain, const char *platform, int first_met)
{
	struct store_key k = key_of(domain);
	struct record r;

	k.platform = platform;
	if (store_load(store, &k, &r) < 0)
		memset(&r, 0, sizeof(r));
	r.first_met = first_met;
	r.next_look = first_met * 10;
	r.last_full = first_met;
	r.phase = PHASE_GRACE;
	r.condition = CONDITION_PAUSED;
	r.reason = REASON_TTL_WAIT;
	r.intent[1].action = first_met % 2 ? ACTION_ENABLE : ACTION_NONE;
	assert_int_equal(store_save(store, &k, &r), 0);
}

/* Committed and queued records come in one order, each once, the queued version winning. */
static void each_merges_queue_and_database(void **state)
{
	struct told all = {0}, due = {0}, two = {.stop_after = 2};

	(void)state;
	put("b.example", "exchange", 1);
	put("d.example", "exchange", 2);
	put("d.example", "emailpro", 3);
	store_commit(store);
	put("d.example", "exchange", 4);
	put("a.example", "exchange", 5);
	put("c.example", "mxplan", 6);
	put("e.example", "zimbra", 7);
	assert_int_equal(store_each(store, see, &all), 0);
	assert_string_equal(all.text,
	        "a.example/exchange=5 b.example/exchange=1 c.example/mxplan=6 d.example/emailpro=3 "
	        "d.example/exchange=4 e.example/zimbra=7 ");
	assert_int_equal(store_each_due(store, see_due, &due), 0);
	char wanted[300];
	str_format(wanted, sizeof(wanted),
	        "a.example/exchange:50,6,3,%d,1 b.example/exchange:10,6,3,%d,1 c.example/mxplan:60,6,3,%d,0 "
	        "d.example/emailpro:30,6,3,%d,1 d.example/exchange:40,6,3,%d,0 e.example/zimbra:70,6,3,%d,1 ",
	        REASON_TTL_WAIT, REASON_TTL_WAIT, REASON_TTL_WAIT, REASON_TTL_WAIT, REASON_TTL_WAIT,
	        REASON_TTL_WAIT);
	assert_string_equal(due.text, wanted);
	store_each(store, see, &two);
	assert_string_equal(two.text, "a.example/exchange=5 b.example/exchange=1 ");
	store_commit(store);
	memset(&two, 0, sizeof(two));
	assert_int_equal(store_each(store, see, &two), 0);
	assert_string_equal(two.text, all.text);
}

static void a_write_is_read_and_not_yet_safe(void **state)
{
	const struct store_key k = key_of("example.org");
	struct record r = {.first_met = 1}, back;

	(void)state;
	store_save(store, &k, &r);
	assert_int_equal(store_write(store), 0);
	assert_int_equal(store_load(store, &k, &back), 0);
	assert_int_equal(back.first_met, 1);
	assert_true(store_dirty(store));
	assert_int_equal(store_commit(store), 0);
	assert_false(store_dirty(store));
	assert_int_equal(store_write(store), 0); /* nothing to write */
	assert_false(store_dirty(store));
}

static bool save_meanwhile(void *arg, const struct store_key *k, const struct record *r)
{
	struct record changed = *r, other;
	int *n = arg;

	changed.first_met += 100;
	assert_int_equal(store_save(store, k, &changed), 0);
	assert_int_equal(store_load(store, k, &other), 0);
	assert_int_equal(other.first_met, r->first_met + 100);
	assert_int_equal(store_commit(store), -EBUSY);
	assert_int_equal(store_write(store), -EBUSY);
	return ++*n < 100;
}

static void each_may_save(void **state)
{
	int n = 0;
	struct told all = {0};

	(void)state;
	put("a.example", "exchange", 1);
	put("b.example", "exchange", 2);
	store_commit(store);
	put("c.example", "exchange", 3);
	assert_int_equal(store_each(store, save_meanwhile, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(store_commit(store), 0);
	store_each(store, see, &all);
	assert_string_equal(
	        all.text, "a.example/exchange=101 b.example/exchange=102 c.example/exchange=103 ");
}

#include "store_promises_side.h" /* facts, files, history, budget, the witness */

#define PROMISES                                                                                             \
	T(every_field_survives), T(a_record_that_is_not_there), T(another_key_is_another_domain),            \
	        T(fewer_selectors_replace_more), T(a_new_record_under_an_old_key_keeps_its_id),              \
	        T(ids_are_never_given_twice), T(what_is_not_committed_is_gone),                              \
	        T(a_write_is_read_and_not_yet_safe), T(each_merges_queue_and_database), T(each_may_save),    \
	        T(facts), T(files), T(history), T(budget), T(somebody_vouches_for_the_newest_state)

#endif
