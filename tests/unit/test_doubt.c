/* A state that may be older than what was done since: it only delays, and OVHcloud's lastUpdate may show that nothing was
 * (safety rules 3 and 5). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core_world.h"

/* The state came back from a backup: what it says went on without a break may have been broken since. */
static void an_older_state_only_delays(void **state)
{
	struct core_world w = world_switched();
	struct rules doubting = rules;

	(void)state;
	look_for_days(&w, 6);
	memcpy(w.r.compromised, "s1", 3);
	doubting.doubted = w.now + MS_HOUR;
	w.now += 2 * MS_HOUR;
	w.o.light = true; /* only a reading of every selector tells */
	record_see(&w.r, &w.d, &w.o, &doubting, w.now, &w.notes);
	assert_false(told(&w, NOTE_GRACE_RESTART));
	w.o.light = false;
	for (unsigned i = 0; i < w.o.n; i++)
		w.o.sel[i].dns_at = w.now;
	record_see(&w.r, &w.d, &w.o, &doubting, w.now, &w.notes);
	assert_true(told(&w, NOTE_GRACE_RESTART));
	assert_int_equal(grace_from(&w, "s1"), w.now);
	assert_int_equal(record_selector(&w.r, "s1")->confirmed_since, w.now); /* the wait for the TTL */
	assert_string_equal(w.r.compromised, "");
	memset(&w.notes, 0, sizeof(w.notes));
	w.now += MS_HOUR;
	record_see(&w.r, &w.d, &w.o, &doubting, w.now, &w.notes);
	assert_false(told(&w, NOTE_GRACE_RESTART)); /* read since: believed */
	assert_int_equal(grace_from(&w, "s1"), w.now - MS_HOUR);
}

/* Two sign, and the state may be older than that: what the record says of the order, lastUpdate must say too. */
static void an_older_state_and_two_signers(void **state)
{
	static const struct {
		int64_t update[2];
		const char *older; /* "" = a person decides */
	} cases[] = {
	        {{100, 200}, "s1"},
	        {{200, 100}, ""},
	        {{0, 0}, ""},
	        {{100, 100}, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct core_world w = world_switched();
		struct rules doubting = rules;
		const struct rec_selector *s1, *s2, *older;

		says(&w, 0, SELECTOR_IN_PRODUCTION);
		look(&w, MS_HOUR);
		s1 = record_selector(&w.r, "s1");
		s2 = record_selector(&w.r, "s2");
		((struct rec_selector *)(uintptr_t)s1)->signing_began = START;
		assert_ptr_equal(record_older(s1, s2), s1);
		doubting.doubted = w.now;
		w.now += MS_HOUR;
		for (unsigned k = 0; k < 2; k++)
			w.o.sel[k].last_update = cases[i].update[k];
		record_see(&w.r, &w.d, &w.o, &doubting, w.now, &w.notes);
		older = record_older(s1, s2);
		assert_string_equal(older != NULL ? older->name : "", cases[i].older);
	}
}

static void look_doubting(struct core_world *w, int64_t after, const struct rules *doubting)
{
	w->now += after;
	for (unsigned i = 0; i < w->o.n; i++)
		w->o.sel[i].dns_at = w->now;
	memset(&w->notes, 0, sizeof(w->notes));
	record_see(&w->r, &w->d, &w->o, doubting, w->now, &w->notes);
}

/* The doubt about the state ended with a look; then one was timed by a clock that nobody vouches for. That restarts every
 * grace, but what is recorded stays believed, until the state is in doubt once more. */
static void a_doubt_about_time_is_none_about_the_state(void **state)
{
	struct core_world w = world_switched();
	struct rules doubting = rules;

	(void)state;
	doubting.doubted = w.now - MS_HOUR;
	assert_false(record_in_doubt(w.r.last_full, doubting.doubted));
	memcpy(w.r.compromised, "s1", 3);
	record_doubt_time(&w.r, false, &doubting);
	assert_false(record_in_doubt(w.r.last_full, doubting.doubted));
	assert_true(record_in_doubt(w.r.last_full, w.now)); /* the host starts anew */
	look_doubting(&w, MS_MINUTE, &doubting);
	assert_true(told(&w, NOTE_GRACE_RESTART));
	assert_non_null(strstr(w.notes.list[w.notes.n - 1].why, "clock"));
	assert_int_equal(grace_from(&w, "s1"), w.now);
	assert_string_equal(w.r.compromised, "s1");
	look_doubting(&w, MS_MINUTE, &doubting);
	assert_false(told(&w, NOTE_GRACE_RESTART));
}

/* And the other way round: such a look ends no doubt about the state. */
static void a_look_by_an_unknown_clock_ends_no_doubt(void **state)
{
	struct core_world w = world_switched();
	struct rules doubting = rules;

	(void)state;
	doubting.doubted = INT64_MAX; /* until when is not known yet */
	record_doubt_time(&w.r, true, &doubting);
	assert_true(record_in_doubt(w.r.last_full, w.now));
	doubting.doubted = w.now;
	record_doubt_time(&w.r, true, &doubting);
	assert_true(record_in_doubt(w.r.last_full, w.now));
	look_doubting(&w, MS_MINUTE, &doubting);
	assert_true(told(&w, NOTE_GRACE_RESTART));
	assert_non_null(strstr(w.notes.list[w.notes.n - 1].why, "older"));
}

/* --- lastUpdate ------------------------------------------------------------------------------------------------ */

/* s1 is in its grace, s2 signs, and each was last updated at the switch; then nobody vouches for the state. */
static struct core_world doubted_in_grace(struct rules *ret)
{
	struct core_world w = world_switched();

	for (unsigned i = 0; i < 2; i++)
		w.o.sel[i].last_update = w.now - MS_MINUTE;
	look_for_days(&w, 3);
	*ret = rules;
	ret->doubted = w.now + MS_HOUR;
	return w;
}

/* The host started anew, and every selector reads as recorded, lastUpdate and all: the grace goes on. What the DNS served
 * meanwhile nobody tells, so the wait for its TTLs begins anew. */
static void the_same_last_update_ends_the_doubt(void **state)
{
	struct rules doubting;
	struct core_world w = doubted_in_grace(&doubting);
	int64_t from = grace_from(&w, "s1");

	(void)state;
	memcpy(w.r.compromised, "s1", 3);
	look_doubting(&w, 2 * MS_HOUR, &doubting);
	assert_false(told(&w, NOTE_GRACE_RESTART));
	assert_int_equal(grace_from(&w, "s1"), from);
	assert_string_equal(w.r.compromised, "s1");
	assert_int_equal(record_selector(&w.r, "s2")->confirmed_since, w.now);
	assert_true(w.r.last_full > doubting.doubted);
	look_doubting(&w, 37 * MS_HOUR, &doubting);
	assert_true(told(&w, NOTE_GRACE_RESTART)); /* a gap is one all the same */
}

/* Whatever says less than that delays, as if there were no lastUpdate. */
static void what_proves_nothing(void **state)
{
	enum { NULL_, FIRST, SECOND, TARGET, STATE, VANISHED, NEW, STALE, RECENT, SILENT, CASES };

	(void)state;
	for (unsigned c = 0; c < CASES; c++) {
		struct rules doubting;
		struct core_world w = doubted_in_grace(&doubting);
		struct seen_selector *s = w.o.sel;

		if (c == NULL_)
			s[0].last_update = 0;
		if (c == FIRST || c == SECOND)
			s[c == SECOND].last_update += MS_DAY;
		if (c == TARGET)
			memcpy(s[0].target, "s9", 2);
		if (c == STATE)
			s[0].state = SELECTOR_WAITING_RECORD;
		if (c == VANISHED)
			w.o.n = 1;
		if (c == NEW) {
			s[2] = s[0];
			memcpy(s[2].name, "s3", 3);
			w.o.n = 3;
		}
		if (c == STALE) /* it did not move with the switch: it tells nothing */
			for (unsigned i = 0; i < 2; i++)
				record_selector(&w.r, s[i].name)->last_update = s[i].last_update -=
				        9 * MS_DAY;
		if (c == RECENT) /* within the same second it may have gone there and back */
			record_selector(&w.r, "s2")->last_update = s[1].last_update = w.r.last_full;
		if (c == SILENT)
			for (unsigned i = 0; i < 2; i++)
				record_selector(&w.r, s[i].name)->last_update = s[i].last_update = 0;
		look_doubting(&w, 2 * MS_HOUR, &doubting);
		assert_true(told(&w, NOTE_GRACE_RESTART));
		assert_int_equal(w.r.grace_from, w.now);
	}
}

/* A look that did not read all must not make the next one look as if nothing had happened; nor must one that was timed
 * before it can be said until when the state is doubted. */
static void the_doubt_outlives_looks_that_do_not_settle_it(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 2; c++) {
		struct rules doubting;
		struct core_world w = doubted_in_grace(&doubting);

		w.o.sel[0].last_update += MS_DAY; /* s1 signed again for a while */
		w.o.complete = c == 1;
		look_doubting(&w, c == 0 ? 2 * MS_HOUR : MS_MINUTE, &doubting);
		w.o.complete = true;
		look_doubting(&w, 2 * MS_HOUR, &doubting);
		assert_true(told(&w, NOTE_GRACE_RESTART));
		assert_int_equal(grace_from(&w, "s1"), w.now);
		look_doubting(&w, MS_HOUR, &doubting);
		assert_false(told(&w, NOTE_GRACE_RESTART));
	}
}

/* Both sign since a person switched the newer one on: its lastUpdate must have moved with that. */
static void a_person_switched_and_last_update_did_not_move(void **state)
{
	(void)state;
	for (unsigned moved = 0; moved < 2; moved++) {
		struct core_world w = world_settled();
		struct rules doubting = rules;

		look_for_days(&w, 3);
		w.o.sel[0].last_update = START - MS_DAY;
		w.o.sel[1].last_update = moved ? w.now + MS_HOUR : START;
		says(&w, 1, SELECTOR_IN_PRODUCTION);
		look_for_days(&w, 3);
		doubting.doubted = w.now + MS_HOUR;
		look_doubting(&w, 2 * MS_HOUR, &doubting);
		assert_int_equal(told(&w, NOTE_GRACE_RESTART), !moved);
	}
}

/* Another key behind a target, or a resolver that says so, does not make the record forget which of two signers is the older,
 * nor that nobody knows. */
static void a_key_in_the_dns_says_nothing_of_the_order(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++)
		for (unsigned disputed = 0; disputed < 2; disputed++) {
			struct core_world w = world_settled();
			struct rec_selector *s1 = record_selector(&w.r, "s1"),
			                    *s2 = record_selector(&w.r, "s2");

			sent(&w, ACTION_ENABLE, "s2");
			says(&w, 1,
			        SELECTOR_IN_PRODUCTION); /* both sign: s1 since it was met, s2 since now */
			w.o.sel[0].last_update = START + MS_DAY;
			w.o.sel[1].last_update = START;
			look(&w, MS_HOUR);
			assert_ptr_equal(record_older(s1, s2), s1);
			if (disputed)
				s1->signing_began = s2->signing_began = BEGAN_DISPUTED;
			w.o.sel[i].dns.digest[0] ^= 1;
			look(&w, MS_HOUR);
			assert_true(told(&w, NOTE_KEY_CHANGED));
			assert_ptr_equal(record_older(s1, s2), disputed ? NULL : s1);
		}
}

static void mx_plan_has_no_grace_to_begin_anew(void **state)
{
	struct core_world w = world_new(PLATFORM_MXPLAN);
	struct rules doubting = rules;

	(void)state;
	w.o.status = STATUS_ENABLED;
	look_for_days(&w, 3);
	doubting.doubted = w.now + MS_HOUR;
	look_doubting(&w, 2 * MS_HOUR, &doubting);
	assert_false(told(&w, NOTE_GRACE_RESTART));
	assert_true(w.r.last_full > doubting.doubted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(an_older_state_only_delays),
	        cmocka_unit_test(an_older_state_and_two_signers),
	        cmocka_unit_test(a_doubt_about_time_is_none_about_the_state),
	        cmocka_unit_test(a_look_by_an_unknown_clock_ends_no_doubt),
	        cmocka_unit_test(the_same_last_update_ends_the_doubt),
	        cmocka_unit_test(what_proves_nothing),
	        cmocka_unit_test(the_doubt_outlives_looks_that_do_not_settle_it),
	        cmocka_unit_test(a_person_switched_and_last_update_did_not_move),
	        cmocka_unit_test(a_key_in_the_dns_says_nothing_of_the_order),
	        cmocka_unit_test(mx_plan_has_no_grace_to_begin_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
