/* The ladder, rung by rung: what is proposed, whom it waits on and until when. Records come from folding passes, as in the
 * daemon; the gate is tested by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core_world.h"

#define assert_plan(w, why, what)                                                                            \
	do {                                                                                                 \
		assert_string_equal(reason_word(planned(w)), reason_word(why));                              \
		assert_string_equal(action_word((w)->dec.action), action_word(what));                        \
	} while (0)

static void both_selectors_of_a_virgin_domain(void **state)
{
	struct core_world w = world_new(PLATFORM_EXCHANGE);

	(void)state;
	says(&w, 0, SELECTOR_ABSENT);
	says(&w, 1, SELECTOR_ABSENT);
	look(&w, 0);
	assert_plan(&w, REASON_CREATE_DUE, ACTION_CREATE);
	assert_string_equal(w.dec.selector, "s1");
	sent(&w, ACTION_CREATE, "s1");
	assert_plan(&w, REASON_CREATE_DUE, ACTION_CREATE);
	assert_string_equal(w.dec.selector, "s2");
	sent(&w, ACTION_CREATE, "s2");
	assert_plan(&w, REASON_CHANGE_SENT, ACTION_NONE);
	says(&w, 0, SELECTOR_READY);
	says(&w, 1, SELECTOR_TODO);
	look(&w, MS_MINUTE);
	assert_plan(&w, REASON_KEY_MAKING, ACTION_NONE);
	look(&w, MS_HOUR + 1); /* it holds up its own selector only */
	assert_plan(&w, REASON_ACTIVATION_DUE, ACTION_ENABLE);
	assert_string_equal(w.dec.selector, "s1");
}

static void a_creation_that_nobody_sees_holds_up_its_own_selector_only(void **state)
{
	struct core_world w = world_new(PLATFORM_EXCHANGE);

	(void)state;
	says(&w, 0, SELECTOR_READY);
	says(&w, 1, SELECTOR_ABSENT);
	look(&w, 0);
	sent(&w, ACTION_CREATE, "s2");
	w.o.sel[1].task = TASK_PENDING;
	look(&w, 30 * MS_MINUTE);
	assert_plan(&w, REASON_CHANGE_SENT, ACTION_NONE);
	look(&w, 2 * MS_HOUR);
	assert_true(record_has_intent(&w.r) && record_needs_full_look(&w.r, w.now));
	assert_plan(&w, REASON_ACTIVATION_DUE, ACTION_ENABLE);
}

static void first_activation_waits_for_no_clock_cap_or_breaker(void **state)
{
	struct core_world w = world_new(PLATFORM_EMAILPRO);

	(void)state;
	says(&w, 0, SELECTOR_READY);
	says(&w, 1, SELECTOR_ABSENT);
	look(&w, 0);
	w.st.clock_sure = false;
	w.st.breaker_open = true;
	w.st.rotating = w.st.max_rotating;
	w.st.changed = w.st.max_changed;
	assert_plan(&w, REASON_ACTIVATION_DUE, ACTION_ENABLE);
	w.o.domain_task_state = TASK_PENDING; /* rule 6 it does obey */
	assert_plan(&w, REASON_TASK_PENDING, ACTION_NONE);
}

static void what_holds_a_rotation_back(void **state)
{
	static const struct {
		enum reason why;
		enum action_kind action;
		unsigned rotating, changed;
		bool unsure, breaker, this;
		enum order order;
	} cases[] = {
	        {REASON_SWITCH_DUE, ACTION_ENABLE, 0, 0, false, false, false, ORDER_NONE},
	        {REASON_CLOCK, ACTION_NONE, 0, 0, true, false, false, ORDER_NONE},
	        {REASON_CLOCK, ACTION_NONE, 0, 0, true, false, false, ORDER_ROTATE},
	        {REASON_BREAKER, ACTION_NONE, 0, 0, false, true, false, ORDER_NONE},
	        {REASON_SWITCH_DUE, ACTION_ENABLE, 0, 0, false, true, false, ORDER_ROTATE},
	        {REASON_CAP_ROTATING, ACTION_NONE, 5, 0, false, false, false, ORDER_NONE},
	        {REASON_CAP_DAILY, ACTION_NONE, 0, 5, false, false, false, ORDER_NONE},
	        {REASON_SWITCH_DUE, ACTION_ENABLE, 0, 5, false, false, true, ORDER_NONE},
	        {REASON_SWITCH_DUE, ACTION_ENABLE, 5, 5, false, false, false, ORDER_COMPROMISED},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct core_world w = world_settled();

		look_for_days(&w, 90);
		w.st.clock_sure = !cases[i].unsure;
		w.st.breaker_open = cases[i].breaker;
		w.st.rotating = cases[i].rotating;
		w.st.changed = cases[i].changed;
		w.st.changed_this = cases[i].this;
		w.st.order = cases[i].order;
		assert_plan(&w, cases[i].why, cases[i].action);
		assert_int_equal(w.dec.next_action, ACTION_ENABLE);
	}
}

static void the_first_rotation_is_spread_over_the_whole(void **state)
{
	struct core_world w = world_settled();
	char name[32];
	int64_t least = EVERY, most = 0;

	(void)state;
	w.d.domain = name;
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "d%d.example.org", i);
		int64_t at = due_rotation(&w.d, &w.r) - START;

		least = at < least ? at : least;
		most = at > most ? at : most;
	}
	assert_true(least >= 0 && least < EVERY / 20);
	assert_true(most < EVERY && most > EVERY - EVERY / 20);
	w.r.met_signing = false; /* from then on its own clock */
	assert_int_equal(due_rotation(&w.d, &w.r), w.r.rotation_base + EVERY);
}

static void a_new_key_waits_for_the_longest_ttl(void **state)
{
	struct core_world w = world_settled();

	(void)state;
	look_for_days(&w, 90);
	w.o.sel[1].dns.state = SEEN_UNKNOWN;
	look(&w, MS_HOUR);
	assert_int_not_equal((planned(&w), w.dec.action), ACTION_ENABLE);
	says(&w, 1, SELECTOR_READY);
	look(&w, MS_HOUR);
	assert_plan(&w, REASON_TTL_WAIT, ACTION_NONE);
	assert_int_equal(w.dec.next_look, w.now + TTL * MS_SECOND + CLOCK_GRAIN);
	look(&w, TTL * MS_SECOND);
	assert_plan(&w, REASON_TTL_WAIT, ACTION_NONE);
	look(&w, CLOCK_GRAIN);
	assert_plan(&w, REASON_SWITCH_DUE, ACTION_ENABLE);
}

static void the_old_key_is_deleted_after_its_grace(void **state)
{
	struct core_world w = world_switched();

	(void)state;
	assert_plan(&w, REASON_OLD_KEY_IN_GRACE, ACTION_NONE);
	assert_int_equal(w.dec.next_at, w.now + GRACE + CLOCK_GRAIN);
	look_for_days(&w, 7);
	assert_plan(&w, REASON_OLD_KEY_IN_GRACE, ACTION_NONE);
	look(&w, CLOCK_GRAIN);
	assert_plan(&w, REASON_DELETE_DUE, ACTION_DELETE);
	assert_string_equal(w.dec.selector, "s1");
	w.o.sel[1].dns.state = w.o.sel[1].dns.record =
	        SEEN_MISSING; /* never while the signer's own record is gone */
	look(&w, MS_HOUR);
	assert_int_not_equal((planned(&w), w.dec.action), ACTION_DELETE);
	assert_int_equal(w.dec.condition, CONDITION_OK); /* it is written at once */
	assert_int_equal(w.dec.action, ACTION_PUBLISH);
}

static void a_leaked_key_waits_for_no_window_or_cap(void **state)
{
	struct core_world w = world_switched();

	(void)state;
	memcpy(w.r.compromised, "s1", 3);
	w.st.changed = w.st.max_changed;
	w.st.breaker_open = true;
	assert_plan(&w, REASON_DELETE_DUE, ACTION_DELETE);
	w.st.clock_sure = false;
	assert_plan(&w, REASON_CLOCK, ACTION_NONE);
}

static void a_stop_is_repaired_once_a_day(void **state)
{
	struct core_world w = world_settled();

	(void)state;
	says(&w, 0, SELECTOR_READY);
	look(&w, MS_HOUR);
	assert_plan(&w, REASON_STOPPED, ACTION_NONE);
	w.st.breaker_open = true; /* repair goes on meanwhile */
	look(&w, rules_settle(&rules));
	assert_plan(&w, REASON_REPAIR_DUE, ACTION_ENABLE);
	assert_true(w.dec.repair);
	assert_string_equal(w.dec.selector, "s1"); /* the last confirmed signer */
	w.o.sel[0].dns.state = SEEN_MISSING;
	look(&w, MS_MINUTE);
	assert_plan(&w, REASON_REPAIR_DUE, ACTION_ENABLE);
	assert_string_equal(w.dec.selector, "s2"); /* else any ready one */
	w.r.repaired = w.now - MS_HOUR;
	assert_plan(&w, REASON_REPAIRED_TWICE, ACTION_NONE);
	w.r.repaired = w.now - MS_DAY;
	w.r.paused = true; /* pause stops repair too */
	assert_plan(&w, REASON_REPAIR_DUE, ACTION_NONE);
	assert_int_equal(w.dec.condition, CONDITION_ERROR);
}

static void a_signer_that_vanished_is_made_anew_after_an_hour(void **state)
{
	struct core_world w = world_settled();

	(void)state;
	says(&w, 0, SELECTOR_ABSENT);
	says(&w, 1, SELECTOR_WAITING_RECORD);
	look(&w, MS_MINUTE);
	look(&w, 10 * MS_MINUTE);
	assert_plan(&w, REASON_ABSENT_SETTLING, ACTION_NONE);
	look(&w, MS_HOUR);
	assert_plan(&w, REASON_CREATE_DUE, ACTION_CREATE);
}

static void the_older_of_two_signers_is_switched_off_after_a_grace(void **state)
{
	struct core_world w = world_settled();

	(void)state;
	sent(&w, ACTION_ENABLE, "s2");
	says(&w, 1, SELECTOR_IN_PRODUCTION);
	look(&w, MS_MINUTE);
	assert_plan(&w, REASON_BOTH_SIGN, ACTION_NONE);
	look_for_days(&w, 7);
	assert_plan(&w, REASON_BOTH_SIGN, ACTION_NONE);
	look(&w, CLOCK_GRAIN);
	assert_plan(&w, REASON_BOTH_SIGN, ACTION_DISABLE);
	assert_string_equal(w.dec.selector, "s1");
}

static void trouble_that_passes_takes_nothing_back(void **state)
{
	struct core_world w = world_settled();

	(void)state;
	w.d.dns = DNS_MANUAL;
	w.o.sel[0].dns.state = w.o.sel[0].dns.record = SEEN_MISSING;
	look(&w, MS_HOUR);
	assert_plan(&w, REASON_SIGNING_RECORD_GONE, ACTION_NONE); /* at once */
	plan_note(&w.r, &w.dec, w.now);
	w.o.complete = false;
	w.o.trouble = TROUBLE_TRANSIENT;
	look(&w, MS_MINUTE);
	assert_plan(&w, REASON_SIGNING_RECORD_GONE, ACTION_NONE);
	plan_note(&w.r, &w.dec, w.now);
	look(&w, rules_settle(&rules));
	assert_plan(&w, REASON_API_TROUBLE, ACTION_NONE);
}

static void a_pause_ends_in_time(void **state)
{
	struct core_world w = world_settled();

	(void)state;
	w.r.paused = true;
	w.r.paused_until = w.now + MS_HOUR;
	planned(&w);
	assert_int_equal(w.dec.condition, CONDITION_PAUSED);
	assert_int_equal(w.dec.next_look, w.now + MS_HOUR);
}

static void a_grace_is_read_often_enough(void **state)
{
	static const struct rules slow = {.active = 30 * MS_SECOND,
	        .settled = 70 * MS_HOUR,
	        .longest_gap = 36 * MS_HOUR,
	        .minimum_grace = GRACE};
	struct core_world w = world_switched();

	(void)state;
	w.st.now = w.now;
	plan(&w.d, &w.o, &w.r, &w.st, &slow, &w.dec);
	assert_true(w.dec.next_look - w.now < slow.longest_gap);
}

static struct core_world mxplan(enum signing_status status)
{
	struct core_world w = world_new(PLATFORM_MXPLAN);

	w.o.status = status;
	memcpy(w.o.active, "s1", 3);
	says(&w, 0, SELECTOR_SET);
	says(&w, 1, SELECTOR_SET);
	look(&w, 0);
	return w;
}

static void mxplan_is_enabled_when_it_has_settled(void **state)
{
	struct core_world w = mxplan(STATUS_DISABLED);

	(void)state;
	assert_plan(&w, REASON_SETTLING, ACTION_NONE);
	look(&w, rules_settle(&rules));
	assert_plan(&w, REASON_ENABLE_DUE, ACTION_ENABLE);
	for (unsigned i = 0; i < ATTEMPTS_MOST; i++) { /* 200 that did nothing */
		sent(&w, ACTION_ENABLE, "");
		for (int k = 0; k < 3; k++)
			look(&w, MS_HOUR);
		assert_false(record_has_intent(&w.r));
	}
	assert_plan(&w, REASON_DISABLED_BY_PERSON, ACTION_NONE);
	look_for_days(&w, 5);
	assert_plan(&w, REASON_DISABLED_BY_PERSON, ACTION_NONE); /* given up, with a reason */
	w.o.status = STATUS_TO_CONFIGURE;
	look(&w, MS_HOUR);
	look(&w, MS_HOUR);
	assert_plan(&w, REASON_ENABLE_DUE, ACTION_ENABLE);
}

static void mxplan_is_repaired_once_a_day(void **state)
{
	struct core_world w = mxplan(STATUS_ENABLED);

	(void)state;
	assert_plan(&w, REASON_NO_ROTATION, ACTION_NONE);
	w.o.status = STATUS_DISABLED;
	look(&w, MS_HOUR);
	assert_int_equal((planned(&w), w.dec.action), ACTION_NONE);
	look(&w, rules_settle(&rules));
	assert_plan(&w, REASON_REPAIR_DUE, ACTION_ENABLE);
	w.r.repaired = w.now - MS_HOUR;
	assert_plan(&w, REASON_REPAIRED_TWICE, ACTION_NONE);
}

static void records_are_mended_as_the_zone_is_kept(void **state)
{
	static const struct {
		enum dns_mode dns;
		int64_t after;
		enum reason why;
		enum action_kind action;
	} cases[] = {
	        {DNS_OVH, 0, REASON_RECORD_DUE, ACTION_PUBLISH},
	        {DNS_PLATFORM, 0, REASON_RECORD_PLATFORM, ACTION_NONE},
	        {DNS_MANUAL, 0, REASON_RECORD_PERSON, ACTION_NONE},
	        {DNS_MANUAL, MS_DAY, REASON_RECORD_PERSON, ACTION_NONE},
	        {DNS_PLATFORM, MS_DAY, REASON_RECORD_UNWRITTEN, ACTION_NONE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct core_world w = world_settled();

		w.d.dns = cases[i].dns;
		w.o.sel[1].dns.state = w.o.sel[1].dns.record = SEEN_MISSING;
		look(&w, MS_HOUR);
		look(&w, cases[i].after);
		look(&w, MS_HOUR);
		assert_plan(&w, cases[i].why, cases[i].action);
		if (cases[i].dns == DNS_MANUAL)
			assert_non_null(
			        strstr(w.dec.detail, "s2._domainkey.example.org. IN CNAME s2.example.net."));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(both_selectors_of_a_virgin_domain),
	        cmocka_unit_test(a_creation_that_nobody_sees_holds_up_its_own_selector_only),
	        cmocka_unit_test(first_activation_waits_for_no_clock_cap_or_breaker),
	        cmocka_unit_test(what_holds_a_rotation_back),
	        cmocka_unit_test(the_first_rotation_is_spread_over_the_whole),
	        cmocka_unit_test(a_new_key_waits_for_the_longest_ttl),
	        cmocka_unit_test(the_old_key_is_deleted_after_its_grace),
	        cmocka_unit_test(a_leaked_key_waits_for_no_window_or_cap),
	        cmocka_unit_test(a_stop_is_repaired_once_a_day),
	        cmocka_unit_test(a_signer_that_vanished_is_made_anew_after_an_hour),
	        cmocka_unit_test(the_older_of_two_signers_is_switched_off_after_a_grace),
	        cmocka_unit_test(trouble_that_passes_takes_nothing_back),
	        cmocka_unit_test(a_pause_ends_in_time),
	        cmocka_unit_test(a_grace_is_read_often_enough),
	        cmocka_unit_test(mxplan_is_enabled_when_it_has_settled),
	        cmocka_unit_test(mxplan_is_repaired_once_a_day),
	        cmocka_unit_test(records_are_mended_as_the_zone_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
