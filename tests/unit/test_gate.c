/* The whole state space of the gate: two selectors x every state x task x DNS x grace x clock x mode, and every action
 * asked of every state. The safety rules are proven on each combination from the rules' own words, not from the gate's
 * code; and plan() must never be silent: in every state somebody signs, or a change is allowed, or OVHcloud will move it, or
 * time will, or the verdict names the person. */
#include "gate_world.h"

/* What the rules say of an allowed change, in their own words. */
static void prove(const struct world *w, enum action_kind a, unsigned i, enum grace_case grace,
        enum clock_case clk, enum mode_case mode)
{
	const struct seen_selector *s = &w->o.sel[i], *other = &w->o.sel[1 - i];

	assert_int_equal(mode, MANAGED);
	assert_true(w->o.complete); /* 4: unknown is not evidence; 15 */
	assert_true(s->state != SELECTOR_UNKNOWN && other->state != SELECTOR_UNKNOWN);
	if (a != ACTION_PUBLISH && !(a == ACTION_CREATE && w->r.last_signer[0] == '\0')) /* 6 */
		assert_false(transitional(s) || transitional(other));
	switch (a) {
	case ACTION_CREATE:
		assert_int_equal(s->state, SELECTOR_ABSENT);
		break;
	case ACTION_ENABLE:
		assert_int_equal(s->state, SELECTOR_READY); /* 2 */
		assert_int_equal(s->dns.state, SEEN_OK);
		if (signs(w, 1 - i)) {
			assert_true(w->visible_long);
			assert_int_equal(clk, CLOCK_SURE); /* 9 */
		}
		break;
	case ACTION_DELETE:
		assert_true(s->state == SELECTOR_READY || s->state == SELECTOR_WAITING_RECORD); /* 3 */
		assert_true(signs(w, 1 - i));                                                   /* 1 */
		assert_int_equal(other->dns.state, SEEN_OK);
		assert_true(grace == NEVER_SIGNED || grace == GRACE_OVER);
		assert_true(NOW - w->r.sel[1 - i].signing_since >= GRACE);
		assert_true(NOW - w->r.sel[i].may_sign_last >= GRACE);
		assert_int_equal(clk, CLOCK_SURE);
		break;
	case ACTION_DISABLE:
		assert_true(signs(w, i) && signs(w, 1 - i)); /* 1 */
		assert_int_equal(other->dns.state, SEEN_OK);
		assert_true(NOW - w->r.sel[1 - i].signing_since >= GRACE);
		assert_true(w->r.sel[i].signing_since < w->r.sel[1 - i].signing_since); /* the older */
		assert_true(w->r.grace_from == 0);
		assert_int_equal(clk, CLOCK_SURE);
		break;
	case ACTION_PUBLISH:
		assert_true(s->target[0] != '\0'); /* 14 */
		if (signs(w, i) && s->dns.record == SEEN_WRONG)
			assert_true(s->dns.served_key != SEEN_OK || s->cname_valid == TRI_NO);
		break;
	default:
		fail();
	}
}

/* Liveness: plan() gives a reason, a finite next look, and somebody or something that moves. */
static void prove_not_silent(const struct world *w, enum mode_case mode)
{
	struct decision dec;

	plan(&w->d, &w->o, &w->r, &w->st, &rules, &dec);
	assert_true(dec.next_look > NOW);
	assert_true(dec.next_look <= NOW + rules.settled);
	assert_int_equal(dec.waits_on, reason_waits_on(dec.reason));
	if (dec.action != ACTION_NONE && dec.action != ACTION_LOOK) {
		assert_int_equal(mode, MANAGED);
		if (dec.action !=
		        ACTION_PUBLISH) { /* what it proposes the gate allows: no quarrel, no spinning */
			struct gate_verdict v =
			        gate_selector(dec.action, dec.selector, &w->d, &w->o, &w->r, &w->st, &rules);

			if (!v.allow)
				fail_msg("plan proposes %s %s (%s / %s), gate: rule %d %s",
				        action_word(dec.action), dec.selector,
				        selector_state_word(w->o.sel[0].state),
				        selector_state_word(w->o.sel[1].state), v.rule, v.why);
		}
		return;
	}
	bool somebody = signs(w, 0) || signs(w, 1);
	bool moving =
	        dec.waits_on == WAITS_OVHCLOUD || dec.waits_on == WAITS_DNS || dec.waits_on == WAITS_TIME;
	bool person = dec.waits_on == WAITS_PERSON;
	bool look = dec.action == ACTION_LOOK || dec.next_action == ACTION_LOOK;
	bool standing_still = mode != MANAGED; /* a person asked for it */
	if (!(somebody || moving || person || look || standing_still))
		fail_msg("silent: %s / %s: %s", selector_state_word(w->o.sel[0].state),
		        selector_state_word(w->o.sel[1].state), reason_word(dec.reason));
}

#define EACH(i, list) for (unsigned i = 0; i < ARRAY_SIZE(list); i++)

static void every_state_every_action(void **state)
{
	unsigned long asked = 0, allowed[ACTION_DELETE + 1] = {0};
	struct world w;

	(void)state;
	/* clang-format off */
	EACH(a, states) EACH(b, states) EACH(ta, tasks) EACH(tb, tasks) EACH(na, seens) EACH(nb, seens)
		for (int grace = 0; grace < GRACE_CASES; grace++)
			for (int clk = 0; clk < 2; clk++)
				for (int mode = 0; mode < 3; mode++)
					for (int visible = 0; visible < 2; visible++) {
						const enum selector_state s[2] = {states[a], states[b]};
						const enum task_state t[2] = {tasks[ta], tasks[tb]};
						const enum seen n[2] = {seens[na], seens[nb]};

						build(&w, s, t, n, (enum grace_case)grace, (enum clock_case)clk, (enum mode_case)mode, visible != 0);
						EACH(k, actions) for (unsigned i = 0; i < 2; i++) {
							asked++;
							if (!ask(&w, actions[k], i).allow)
								continue;
							allowed[actions[k]]++;
							prove(&w, actions[k], i, (enum grace_case)grace, (enum clock_case)clk, (enum mode_case)mode);
						}
						prove_not_silent(&w, (enum mode_case)mode);
					}
	/* clang-format on */
	EACH(k, actions) assert_true(allowed[actions[k]] > 0); /* the gate can open */
	print_message("%lu questions; allowed: create %lu publish %lu enable %lu disable %lu delete %lu\n",
	        asked, allowed[ACTION_CREATE], allowed[ACTION_PUBLISH], allowed[ACTION_ENABLE],
	        allowed[ACTION_DISABLE], allowed[ACTION_DELETE]);
}

static void a_reading_of_more_than_30_s_is_refused(void **state)
{
	struct world w;

	(void)state;
	settled(&w, SELECTOR_IN_PRODUCTION, SELECTOR_READY, NEVER_SIGNED);
	assert_true(ask(&w, ACTION_ENABLE, 1).allow);
	w.o.began = NOW - GATE_FRESH_MS - 1;
	assert_int_equal(ask(&w, ACTION_ENABLE, 1).rule, 15);
	w.o.began = NOW + 1;
	assert_int_equal(ask(&w, ACTION_ENABLE, 1).rule, 15);
}

static void a_switch_obeys_caps_breaker_and_order(void **state)
{
	struct world w;

	(void)state;
	settled(&w, SELECTOR_IN_PRODUCTION, SELECTOR_READY, NEVER_SIGNED);
	w.st.rotating = w.st.max_rotating;
	assert_int_equal(ask(&w, ACTION_ENABLE, 1).rule, 10);
	w.st.order = ORDER_ROTATE;
	assert_true(ask(&w, ACTION_ENABLE, 1).allow);
	w.st.order = ORDER_NONE;
	w.st.rotating = 0;
	w.st.changed = w.st.max_changed;
	assert_int_equal(ask(&w, ACTION_ENABLE, 1).rule, 10);
	w.st.changed_this = true;
	assert_true(ask(&w, ACTION_ENABLE, 1).allow);
	w.st.breaker_open = true;
	assert_int_equal(ask(&w, ACTION_ENABLE, 1).rule, 10);
}

static void ttls_that_nobody_asked_for_are_longer_than_any(void **state)
{
	struct world w;

	(void)state;
	settled(&w, SELECTOR_IN_PRODUCTION, SELECTOR_READY, NEVER_SIGNED);
	w.o.sel[1].dns.untimed = true;
	assert_int_equal(ask(&w, ACTION_ENABLE, 1).rule, 2);
	w.r.sel[1].confirmed_since = NOW - 7 * MS_DAY;
	assert_int_equal(ask(&w, ACTION_ENABLE, 1).rule, 2);
	w.r.sel[1].confirmed_since = NOW - 7 * MS_DAY - MS_MINUTE;
	assert_true(ask(&w, ACTION_ENABLE, 1).allow);
	w.o.sel[1].dns.untimed = false; /* nor where the record says that they are open */
	w.r.sel[1].confirmed_since = NOW - MS_DAY;
	w.r.sel[1].ttl_wait = EVIDENCE_UNTIMED;
	assert_int_equal(ask(&w, ACTION_ENABLE, 1).rule, 2);
}

static void a_foreign_selector_is_never_touched(void **state)
{
	struct world w;

	(void)state;
	settled(&w, SELECTOR_IN_PRODUCTION, SELECTOR_READY, GRACE_OVER);
	assert_true(ask(&w, ACTION_DELETE, 1).allow);
	w.o.sel[1].named = false;
	assert_false(ask(&w, ACTION_DELETE, 1).allow);
	assert_false(ask(&w, ACTION_ENABLE, 1).allow);
}

static void a_leaked_key_has_no_grace_and_every_other_check(void **state)
{
	struct world w;

	(void)state;
	settled(&w, SELECTOR_IN_PRODUCTION, SELECTOR_READY, IN_GRACE);
	assert_int_equal(ask(&w, ACTION_DELETE, 1).rule, 3);
	memcpy(w.r.compromised, w.r.sel[1].name, sizeof(w.r.compromised));
	assert_true(ask(&w, ACTION_DELETE, 1).allow);
	w.o.sel[0].dns.state = SEEN_UNKNOWN;
	assert_false(ask(&w, ACTION_DELETE, 1).allow);
}

static void what_the_reading_says_against_it(void **state)
{
	struct world w;

	(void)state;
	settled(&w, SELECTOR_IN_PRODUCTION, SELECTOR_READY, NEVER_SIGNED);
	w.o.sel[1].cname_valid = TRI_NO; /* OVHcloud's own check */
	assert_int_equal(ask(&w, ACTION_ENABLE, 1).rule, 2);
	settled(&w, SELECTOR_IN_PRODUCTION, SELECTOR_ABSENT, NEVER_SIGNED);
	assert_true(ask(&w, ACTION_CREATE, 1).allow);
	w.o.sel[1].listed = true;
	assert_int_equal(ask(&w, ACTION_CREATE, 1).rule, 4);
	w.o.sel[1].listed = false;
	w.o.service = SERVICE_UNKNOWN;
	assert_int_equal(ask(&w, ACTION_CREATE, 1).rule, 15);
	w.o.service = SERVICE_OK;
	w.o.too_many = true;
	assert_false(ask(&w, ACTION_CREATE, 1).allow);
	w.o.too_many = false;
	w.r.sel[1].may_sign_last = NOW - MS_DAY; /* it signed once, and nobody deleted it */
	w.r.sel[1].absent_since = NOW - MS_MINUTE;
	assert_int_equal(ask(&w, ACTION_CREATE, 1).rule, 4);
	w.r.sel[1].absent_since = NOW - MS_HOUR;
	assert_true(ask(&w, ACTION_CREATE, 1).allow);
	w.o.domain_task_state = TASK_PENDING;
	assert_int_equal(ask(&w, ACTION_CREATE, 1).rule, 6);
}

static void a_repair_needs_two_looks_and_is_done_once_a_day(void **state)
{
	struct world w;

	(void)state;
	settled(&w, SELECTOR_READY, SELECTOR_READY, GRACE_OVER);
	assert_true(ask(&w, ACTION_ENABLE, 0).allow);
	w.r.not_signing_looks = 1;
	assert_int_equal(ask(&w, ACTION_ENABLE, 0).rule, 10);
	w.r.not_signing_looks = 2;
	w.r.repaired = NOW - MS_HOUR;
	assert_int_equal(ask(&w, ACTION_ENABLE, 0).rule, 10);
	w.r.repaired = NOW; /* this very one, whose intent is down */
	record_intend(&w.r, ACTION_ENABLE, w.o.sel[0].name, "", NOW);
	assert_true(ask(&w, ACTION_ENABLE, 0).allow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_state_every_action),
	        cmocka_unit_test(a_reading_of_more_than_30_s_is_refused),
	        cmocka_unit_test(a_switch_obeys_caps_breaker_and_order),
	        cmocka_unit_test(ttls_that_nobody_asked_for_are_longer_than_any),
	        cmocka_unit_test(a_foreign_selector_is_never_touched),
	        cmocka_unit_test(a_leaked_key_has_no_grace_and_every_other_check),
	        cmocka_unit_test(what_the_reading_says_against_it),
	        cmocka_unit_test(a_repair_needs_two_looks_and_is_done_once_a_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
