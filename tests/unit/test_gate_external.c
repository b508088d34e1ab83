/* The gate for keys of our own (platform: external): ENABLE and DELETE over the states that the key store and the signer's
 * stamp can show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gate_external_world.h"

static const enum selector_state states[] = {SELECTOR_UNKNOWN, SELECTOR_ABSENT, SELECTOR_WAITING_RECORD,
        SELECTOR_READY, SELECTOR_ENABLING, SELECTOR_IN_PRODUCTION, SELECTOR_DISABLING};
static const enum seen seens[] = {
        SEEN_UNKNOWN, SEEN_OK, SEEN_MISSING, SEEN_WRONG, SEEN_PARTIAL, SEEN_REVOKED};
static const enum action_kind actions[] = {ACTION_CREATE, ACTION_ENABLE, ACTION_DELETE};
enum hindrance {
	NONE,
	OBSERVED,
	PAUSED,
	STALE,
	NOT_WHOLE,
	CLOCK,
	BREAKER,
	CAP_DAY,
	CAP_ROTATING,
	HINDRANCES
};
enum past { NEVER_SIGNED, IN_GRACE, GRACE_OVER, PASTS };

static void hinder(struct world *w, enum hindrance h)
{
	w->st.observe = h == OBSERVED;
	w->r.paused = h == PAUSED;
	w->o.began = h == STALE ? NOW - GATE_FRESH_MS - 1 : w->o.began;
	w->o.complete = h != NOT_WHOLE;
	w->st.clock_sure = h != CLOCK;
	w->st.breaker_open = h == BREAKER;
	w->st.changed = h == CAP_DAY ? w->st.max_changed : 0;
	w->st.rotating = h == CAP_ROTATING ? w->st.max_rotating : 0;
}

/* What is allowed of selector 1 must be what the rules say, whatever the gate's code is. */
static void prove(const struct world *w, enum action_kind a, enum hindrance h, enum past past, bool visible)
{
	const struct seen_selector *s = &w->o.sel[0], *other = &w->o.sel[1];
	bool other_signs = other->state == SELECTOR_IN_PRODUCTION;

	assert_true(h != OBSERVED && h != PAUSED); /* 10 */
	assert_true(h != STALE && h != NOT_WHOLE); /* 15 */
	assert_true(s->state != SELECTOR_ENABLING && s->state != SELECTOR_DISABLING);
	switch (a) {
	case ACTION_CREATE: /* where a key is, no other is made */
		assert_true(s->state == SELECTOR_ABSENT && s->key == NULL && !s->listed);
		break;
	case ACTION_ENABLE:
		assert_int_equal(s->state, SELECTOR_READY); /* 2 */
		assert_int_equal(s->dns.state, SEEN_OK);
		assert_true(!other_signs || visible);
		assert_true(!other_signs || h == NONE); /* 9, 10 */
		break;
	default:
		assert_true(s->state == SELECTOR_READY || s->state == SELECTOR_WAITING_RECORD); /* 3 */
		assert_true(other_signs && other->dns.state == SEEN_OK);                        /* 1 */
		assert_int_not_equal(past, IN_GRACE);
		assert_true(h == NONE || h == CAP_ROTATING);
	}
}

static void each_change_of(
        struct world *w, enum hindrance h, enum past past, bool visible, unsigned long *allowed)
{
	hinder(w, h);
	w->r.sel[0].confirmed_since = visible ? NOW - 2 * TTL : NOW - TTL / 2;
	if (past != NEVER_SIGNED && !selector_may_sign(w->o.sel[0].state) && w->o.sel[0].key != NULL) {
		w->r.sel[0].may_sign_last = past == IN_GRACE ? NOW - MS_DAY : NOW - 20 * MS_DAY;
		w->r.sel[0].stopped = w->r.sel[0].may_sign_last + 1;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(actions); i++) {
		struct gate_verdict v = gate_selector(actions[i], "dk1", &w->d, &w->o, &w->r, &w->st, &rules);

		if (!v.allow)
			continue;
		allowed[actions[i]]++;
		prove(w, actions[i], h, past, visible);
	}
}

static void every_state_of_the_rotation(void **state)
{
	unsigned long allowed[ACTION_DELETE + 1] = {0};
	const unsigned n = ARRAY_SIZE(states), m = ARRAY_SIZE(seens);

	(void)state;
	for (unsigned s = 0; s < n * n; s++)
		for (unsigned e = 0; e < m * m; e++)
			for (unsigned h = 0; h < HINDRANCES * PASTS * 2; h++) {
				struct world w = world_new();

				settle(&w, states[s / n], states[s % n], seens[e / m], seens[e % m]);
				each_change_of(&w, (enum hindrance)(h / 2 / PASTS),
				        (enum past)(h / 2 % PASTS), h % 2 != 0, allowed);
			}
	for (unsigned i = 0; i < ARRAY_SIZE(actions); i++)
		assert_true(allowed[actions[i]] > 0);
}

/* A key that left the rotation stands beside its pair; whatever its state is called, nothing is done to it but records. */
static void a_revoked_key_is_never_switched_to(void **state)
{
	(void)state;
	for (unsigned s = 0; s < ARRAY_SIZE(states); s++)
		for (unsigned i = 0; i < ARRAY_SIZE(actions); i++) {
			struct world w = world_new();

			settle(&w, states[s], SELECTOR_IN_PRODUCTION, SEEN_OK, SEEN_OK);
			w.key[0].revoked = NOW - 60 * MS_DAY;
			w.o.sel[0].named = false;
			assert_false(gate_selector(actions[i], "dk1", &w.d, &w.o, &w.r, &w.st, &rules).allow);
		}
}

/* `rotate --compromised`: the leaked key has no grace. It is revoked all the same only while another signs and is seen. */
static void a_leaked_key_goes_when_another_signs(void **state)
{
	struct world w = world_new();

	(void)state;
	settle(&w, SELECTOR_READY, SELECTOR_IN_PRODUCTION, SEEN_OK, SEEN_OK);
	w.r.sel[0].may_sign_last = NOW - MS_MINUTE;
	w.r.sel[0].stopped = NOW - MS_MINUTE + 1;
	assert_int_equal(gate_selector(ACTION_DELETE, "dk1", &w.d, &w.o, &w.r, &w.st, &rules).rule, 3);
	memcpy(w.r.compromised, "dk1", 4);
	assert_true(gate_selector(ACTION_DELETE, "dk1", &w.d, &w.o, &w.r, &w.st, &rules).allow);
	w.o.sel[1].dns.state = SEEN_MISSING;
	assert_false(gate_selector(ACTION_DELETE, "dk1", &w.d, &w.o, &w.r, &w.st, &rules).allow);
	w.o.sel[1].dns.state = SEEN_OK;
	w.o.sel[1].state = SELECTOR_ENABLING; /* the map names it, and the signer has not said so */
	assert_false(gate_selector(ACTION_DELETE, "dk1", &w.d, &w.o, &w.r, &w.st, &rules).allow);
	w.o.sel[0].state = SELECTOR_IN_PRODUCTION; /* nor while the signer still uses the leaked one */
	w.o.sel[1].state = SELECTOR_IN_PRODUCTION;
	assert_false(gate_selector(ACTION_DELETE, "dk1", &w.d, &w.o, &w.r, &w.st, &rules).allow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_state_of_the_rotation),
	        cmocka_unit_test(a_revoked_key_is_never_switched_to),
	        cmocka_unit_test(a_leaked_key_goes_when_another_signs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
