/* Folding: what a pass does to a record, rule by rule. Time is virtual; every instant is checked against the rule's own
 * words (safety rules 3, 4, 5, 7 and 10). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core_world.h"

static void a_grace_counts_from_the_later_of_both(void **state)
{
	struct core_world w = world_switched();
	int64_t at = w.now;

	(void)state;
	assert_true(told(&w, NOTE_ROTATED));
	assert_int_equal(grace_from(&w, "s1"), at);
	look_for_days(&w, 3);
	assert_int_equal(grace_from(&w, "s1"), at);
	says(&w, 0, SELECTOR_ENABLING); /* it may sign again */
	look(&w, MS_HOUR);
	says(&w, 0, SELECTOR_READY);
	look(&w, MS_HOUR);
	assert_true(grace_from(&w, "s1") >= w.now - MS_HOUR);
}

static void an_old_key_that_goes_on_signing_has_its_grace_later(void **state)
{
	struct core_world w = world_settled();

	(void)state;
	sent(&w, ACTION_ENABLE, "s2");
	says(&w, 1, SELECTOR_IN_PRODUCTION);
	look(&w, MS_MINUTE);
	look_for_days(&w, 2); /* both sign */
	says(&w, 0, SELECTOR_READY);
	look(&w, MS_HOUR);
	assert_false(told(&w, NOTE_KEY_CHANGED)); /* our ENABLE explains it */
	assert_int_equal(grace_from(&w, "s1"), w.now);
}

static void unknown_neither_counts_nor_restarts(void **state)
{
	struct core_world w = world_switched();
	int64_t at = grace_from(&w, "s1");

	(void)state;
	says(&w, 0, SELECTOR_UNKNOWN);
	says(&w, 1, SELECTOR_UNKNOWN);
	w.o.complete = false;
	w.o.trouble = TROUBLE_TRANSIENT;
	look(&w, MS_DAY);
	assert_int_equal(grace_from(&w, "s1"), at);
	assert_int_equal(w.r.last_full, at);
	assert_int_equal(w.r.not_signing_since, 0);
}

/* A person said that this key leaked; another one in its place has its grace. */
static void that_a_key_leaked_is_said_of_this_key(void **state)
{
	struct core_world w = world_switched();

	(void)state;
	memcpy(w.r.compromised, "s1", 3);
	look(&w, MS_MINUTE);
	assert_string_equal(w.r.compromised, "s1");
	w.o.sel[0].dns.digest[0] = 77;
	look(&w, MS_MINUTE);
	assert_string_equal(w.r.compromised, "");
}

static void another_key_begins_anew(void **state)
{
	(void)state;
	for (int how = 0; how < 4; how++) {
		struct core_world w = world_settled();
		const struct rec_selector *s = record_selector(&w.r, "s2");

		assert_int_not_equal(s->created, 0);
		assert_int_equal(record_role(s, GRACE, w.now), ROLE_SPARE);
		if (how == 0)
			memcpy(w.o.sel[1].target, "other.example.net", 18);
		else if (how == 1)
			w.o.sel[1].dns.digest[5] = 9;
		else if (how == 2) /* somebody signed with it in between: no request of ours explains that */
			says(&w, 1, SELECTOR_IN_PRODUCTION);
		if (how == 3) { /* gone, and back with another key */
			says(&w, 1, SELECTOR_ABSENT);
			look(&w, MS_HOUR);
			says(&w, 1, SELECTOR_READY);
			memcpy(w.o.sel[1].target, "other.example.net", 18);
		}
		look(&w, MS_HOUR);
		assert_true(told(&w, NOTE_KEY_CHANGED));
		assert_int_equal(s->created, 0);
		assert_int_equal(s->known_since, w.now);
		if (how != 2)
			assert_int_equal(record_role(s, GRACE, w.now), ROLE_RETIRED);
		look(&w, MS_HOUR);
		assert_false(told(&w, NOTE_KEY_CHANGED)); /* once */
		if (how != 2)
			assert_int_equal(record_role(s, GRACE, w.now + GRACE), ROLE_SPARE);
	}
}

static void an_enable_of_ours_explains_once(void **state)
{
	struct core_world w = world_switched(); /* s1 to s2, by us */

	(void)state;
	look_for_days(&w, 8);
	sent(&w, ACTION_ENABLE, "s1"); /* and back, by us */
	says(&w, 0, SELECTOR_IN_PRODUCTION);
	says(&w, 1, SELECTOR_READY);
	look(&w, MS_MINUTE);
	assert_false(told(&w, NOTE_KEY_CHANGED));
	says(&w, 0, SELECTOR_READY); /* a person goes to s2 in the control panel */
	says(&w, 1, SELECTOR_IN_PRODUCTION);
	look(&w, MS_DAY);
	assert_true(told(&w, NOTE_KEY_CHANGED));
	assert_int_equal(record_selector(&w.r, "s2")->known_since, w.now);
}

static void the_run_of_good_lookups(void **state)
{
	struct core_world w = world_settled();
	const struct rec_selector *s = record_selector(&w.r, "s2");
	int64_t since = s->confirmed_since;

	(void)state;
	assert_true(since != 0 && since < w.now);
	assert_int_equal(s->ttl_wait, TTL * MS_SECOND);
	w.o.sel[1].dns.ttl_negative_target = 7200;
	look(&w, MS_HOUR);
	assert_int_equal(s->ttl_wait, 7200 * MS_SECOND); /* the longest of all */
	assert_int_equal(s->confirmed_since, since);
	w.o.sel[1].dns.state = SEEN_UNKNOWN; /* not confirmed at every look */
	look(&w, MS_HOUR);
	assert_int_equal(s->confirmed_since, 0);
	assert_int_equal(s->bad_since, 0);
	w.o.sel[1].dns.state = SEEN_MISSING;
	look(&w, MS_HOUR);
	assert_int_equal(s->bad_since, w.now);
	says(&w, 1, SELECTOR_READY);
	look(&w, MS_HOUR);
	assert_int_equal(s->confirmed_since, w.now);
	assert_int_equal(s->bad_since, 0);
	assert_true(s->ttl_wait >= TTL * MS_SECOND); /* what caches held before */
}

/* A look at s1, which signs, with or without the TTLs; `ttl`: of negative answers of the target's zone, seconds. */
static void look_timed(struct core_world *w, bool timed, uint32_t ttl, int64_t after)
{
	w->o.sel[0].dns.untimed = !timed;
	w->o.sel[0].dns.ttl_negative_target = timed ? ttl : 0;
	look(w, after);
}

static void ttls_that_were_not_asked_for_count_from_when_they_are(void **state)
{
	struct core_world w = world_new(PLATFORM_EXCHANGE);
	const struct rec_selector *s;

	(void)state;
	says(&w, 0, SELECTOR_IN_PRODUCTION);
	says(&w, 1, SELECTOR_READY);
	look_timed(&w, false, 0, 0);
	s = record_selector(&w.r, "s1");
	assert_true(s->ttl_wait >= EVIDENCE_UNTIMED);
	look_timed(&w, false, 0, MS_HOUR);
	assert_true(s->ttl_wait >= EVIDENCE_UNTIMED);
	assert_int_equal(s->ttl_negative_target, 0);
	look_timed(&w, true, 7200, MS_HOUR);
	assert_int_equal(s->ttl_wait, 2 * MS_HOUR + 7200 * MS_SECOND);
	look_timed(&w, true, 300, MS_HOUR); /* a shorter one that comes later shortens nothing */
	look_timed(&w, false, 0, MS_HOUR);  /* nor does one that was not asked for make it longer */
	assert_int_equal(s->ttl_wait, 2 * MS_HOUR + 7200 * MS_SECOND);
	assert_int_equal(s->ttl_negative_target, 300); /* for people: as seen last */
	look_timed(&w, true, 40000, MS_HOUR);
	assert_int_equal(s->ttl_wait, 40000 * MS_SECOND);
}

static void nothing_waits_longer_than_the_longest_ttl_there_can_be(void **state)
{
	struct core_world w = world_new(PLATFORM_EXCHANGE);
	const struct rec_selector *s;

	(void)state;
	says(&w, 0, SELECTOR_IN_PRODUCTION);
	look_timed(&w, false, 0, 0);
	s = record_selector(&w.r, "s1");
	look_timed(&w, true, 600, 30 * MS_DAY);
	assert_int_equal(s->ttl_wait, 7 * MS_DAY);
	/* Another run: what stood there before may be in caches for as long as its own TTL said. */
	w.o.sel[0].dns.ttl_record = 86400;
	w.o.sel[0].dns.state = w.o.sel[0].dns.record = SEEN_WRONG;
	look_timed(&w, false, 0, MS_HOUR);
	says(&w, 0, SELECTOR_IN_PRODUCTION);
	look_timed(&w, false, 0, MS_HOUR);
	assert_int_equal(s->confirmed_since, w.now);
	look_timed(&w, true, 600, MS_HOUR);
	assert_int_equal(s->ttl_wait, MS_DAY);
}

static void an_intent_is_not_done_after_three_good_looks(void **state)
{
	struct core_world w = world_settled();

	(void)state;
	record_intend(&w.r, ACTION_ENABLE, "s2", "", w.now);
	record_answer(&w.r, ACTION_ENABLE, "s2", ANSWER_OPEN, 0, w.now); /* the answer was lost */
	assert_int_not_equal(record_selector(&w.r, "s2")->enabled, 0);
	for (int i = 0; i < 5; i++) {
		look(&w, MS_MINUTE);
		assert_true(record_has_intent(&w.r)); /* enough looks, not enough time */
	}
	w.o.sel[1].task = TASK_PENDING;
	look(&w, MS_HOUR);
	w.o.sel[1].task = TASK_OVER;
	for (int i = 0; i < 2; i++) { /* the task began the count again */
		look(&w, MS_HOUR);
		assert_true(record_has_intent(&w.r));
	}
	w.o.sel[1].state = SELECTOR_UNKNOWN;
	look(&w, MS_HOUR); /* no good look */
	assert_true(record_has_intent(&w.r));
	w.o.sel[1].state = SELECTOR_READY;
	look(&w, MS_HOUR);
	assert_false(record_has_intent(&w.r));
	assert_true(told(&w, NOTE_NOT_DONE));
	assert_int_equal(w.r.attempts, 1);
	assert_int_equal(record_selector(&w.r, "s2")->enabled, 0); /* it explains nothing */
}

static void answers_end_an_intent_or_keep_it(void **state)
{
	static const struct {
		enum answer_kind kind;
		bool kept;
	} cases[] = {
	        {ANSWER_ACCEPTED, true},
	        {ANSWER_OPEN, true},
	        {ANSWER_REFUSED, false},
	        {ANSWER_NOT_SENT, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct core_world w = world_settled();

		record_intend(&w.r, ACTION_ENABLE, "s2", "", w.now);
		w.r.repaired = w.now;
		record_answer(&w.r, ACTION_ENABLE, "s2", cases[i].kind, 0, w.now);
		assert_int_equal(record_has_intent(&w.r), cases[i].kept);
		assert_int_equal(w.r.repaired != 0, cases[i].kept); /* nothing was repaired */
	}
}

static void a_leaked_key_is_named_when_the_new_one_signs(void **state)
{
	struct core_world w = world_settled();

	(void)state;
	record_intend(&w.r, ACTION_ENABLE, "s2", "", w.now)->compromised = true;
	record_answer(&w.r, ACTION_ENABLE, "s2", ANSWER_ACCEPTED, 0, w.now);
	look(&w, MS_MINUTE);
	assert_string_equal(w.r.compromised, "");
	says(&w, 0, SELECTOR_READY);
	says(&w, 1, SELECTOR_IN_PRODUCTION);
	look(&w, MS_MINUTE);
	assert_string_equal(w.r.compromised, "s1");
	assert_int_equal(record_grace(&w.r, &w.d, record_selector(&w.r, "s1")), 0);
	assert_int_equal(record_grace(&w.r, &w.d, record_selector(&w.r, "s2")), GRACE);
}

static void a_stop_is_told_when_two_looks_agree(void **state)
{
	struct core_world w = world_settled();

	(void)state;
	says(&w, 0, SELECTOR_READY);
	look(&w, MS_HOUR);
	assert_false(told(&w, NOTE_STOPPED));
	look(&w, MS_MINUTE);
	assert_false(told(&w, NOTE_STOPPED)); /* two, but too close */
	look(&w, rules_settle(&rules));
	assert_true(told(&w, NOTE_STOPPED));
	look(&w, MS_HOUR);
	assert_false(told(&w, NOTE_STOPPED));
	says(&w, 0, SELECTOR_IN_PRODUCTION);
	look(&w, MS_HOUR);
	assert_int_equal(w.r.not_signing_since, 0);
}

static void a_switch_of_the_domain_stops_too(void **state)
{
	struct core_world w = world_new(PLATFORM_MXPLAN);

	(void)state;
	w.o.status = STATUS_ENABLED;
	memcpy(w.o.active, "s1", 3);
	says(&w, 0, SELECTOR_SET);
	says(&w, 1, SELECTOR_SET);
	look(&w, 0);
	assert_true(record_switch_in_use(&w.r, &rules, w.now));
	w.o.status = STATUS_DISABLED;
	look(&w, MS_HOUR);
	assert_true(record_switch_in_use(&w.r, &rules, w.now)); /* it may be a flap */
	look(&w, rules_settle(&rules));
	assert_true(told(&w, NOTE_STOPPED));
	assert_false(record_switch_in_use(&w.r, &rules, w.now));
	w.o.status = STATUS_ENABLED;
	look(&w, MS_HOUR);
	assert_int_equal(w.r.not_signing_since, 0);
}

static void the_task_of_a_domain_keeps_its_intent(void **state)
{
	struct core_world w = world_new(PLATFORM_MXPLAN);

	(void)state;
	w.o.status = STATUS_DISABLED;
	says(&w, 0, SELECTOR_SET);
	says(&w, 1, SELECTOR_SET);
	look(&w, 0);
	sent(&w, ACTION_ENABLE, "");
	w.o.domain_task_state = TASK_PENDING;
	for (int i = 0; i < 5; i++)
		look(&w, MS_HOUR);
	assert_true(record_has_intent(&w.r));
	w.o.domain_task_state = TASK_OVER;
	for (int i = 0; i < 3; i++)
		look(&w, MS_HOUR);
	assert_false(record_has_intent(&w.r));
}

static void what_a_complete_pass_lacks_signs_no_more(void **state)
{
	struct core_world w = world_settled();

	(void)state;
	memcpy(w.o.sel[2].name, "x9", 3);
	w.o.n = 3;
	says(&w, 2, SELECTOR_IN_PRODUCTION); /* a foreign one */
	look(&w, MS_HOUR);
	says(&w, 0, SELECTOR_READY);
	w.o.n = 2;
	look(&w, MS_HOUR);
	assert_null(record_signer(&w.r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_grace_counts_from_the_later_of_both),
	        cmocka_unit_test(an_old_key_that_goes_on_signing_has_its_grace_later),
	        cmocka_unit_test(unknown_neither_counts_nor_restarts),
	        cmocka_unit_test(that_a_key_leaked_is_said_of_this_key),
	        cmocka_unit_test(another_key_begins_anew),
	        cmocka_unit_test(an_enable_of_ours_explains_once),
	        cmocka_unit_test(the_run_of_good_lookups),
	        cmocka_unit_test(ttls_that_were_not_asked_for_count_from_when_they_are),
	        cmocka_unit_test(nothing_waits_longer_than_the_longest_ttl_there_can_be),
	        cmocka_unit_test(an_intent_is_not_done_after_three_good_looks),
	        cmocka_unit_test(answers_end_an_intent_or_keep_it),
	        cmocka_unit_test(a_leaked_key_is_named_when_the_new_one_signs),
	        cmocka_unit_test(a_stop_is_told_when_two_looks_agree),
	        cmocka_unit_test(a_switch_of_the_domain_stops_too),
	        cmocka_unit_test(the_task_of_a_domain_keeps_its_intent),
	        cmocka_unit_test(what_a_complete_pass_lacks_signs_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
