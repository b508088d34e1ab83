/* The whole state space of the gate: two selectors x every state x task x DNS x grace x clock x mode, and every action
 * asked of every state. The safety rules are proven on each combination from the rules' own words, not from the gate's
 * code; and plan() must never be silent: in every state somebody signs, or a change is allowed, or OVHcloud will move it, or
 * time will, or the verdict names the person. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "core/gate.h"

#define NOW   (INT64_C(1800000000) * 1000)
#define GRACE (7 * MS_DAY)
#define TTL   (3600 * MS_SECOND)

static const enum selector_state states[] = {SELECTOR_UNKNOWN, SELECTOR_ABSENT, SELECTOR_TODO,
        SELECTOR_WAITING_RECORD, SELECTOR_READY, SELECTOR_ENABLING, SELECTOR_IN_PRODUCTION,
        SELECTOR_DISABLING, SELECTOR_DELETING};
static const enum task_state tasks[] = {TASK_NONE, TASK_PENDING, TASK_OVER, TASK_ERROR};
static const enum seen seens[] = {SEEN_UNKNOWN, SEEN_OK, SEEN_MISSING, SEEN_WRONG};
/* over, but for a gap, an older state or a clock that went back: then it counts anew, from a day ago, or from where the clock
 * had been, which is ahead */
enum grace_case { NEVER_SIGNED, IN_GRACE, GRACE_OVER, GRACE_ANEW, CLOCK_WENT_BACK, GRACE_CASES };
enum clock_case { CLOCK_SURE, CLOCK_UNSURE };
enum mode_case { MANAGED, OBSERVED, PAUSED };
static const enum action_kind actions[] = {
        ACTION_CREATE, ACTION_ENABLE, ACTION_DISABLE, ACTION_DELETE, ACTION_PUBLISH};

static const struct rules rules = {.active = 30 * MS_SECOND,
        .settled = 6 * MS_HOUR,
        .longest_gap = 36 * MS_HOUR,
        .minimum_grace = GRACE};

struct world {
	struct desired d;
	struct observed o;
	struct record r;
	struct standing st;
	enum grace_case grace;
	bool visible_long;
};

static void put(struct world *w, unsigned i, enum selector_state state, enum task_state task, enum seen dns)
{
	struct seen_selector *s = &w->o.sel[i];
	struct rec_selector *r = &w->r.sel[i];

	snprintf(s->name, sizeof(s->name), "ovhex1-selector%u", i + 1);
	s->named = true;
	s->listed = state != SELECTOR_ABSENT;
	s->state = state;
	s->task = task;
	s->task_id = task == TASK_NONE ? 0 : 5000000000 + i;
	s->cname_valid = TRI_UNKNOWN;
	s->read_at = NOW - MS_SECOND;
	if (state != SELECTOR_ABSENT && state != SELECTOR_UNKNOWN) {
		snprintf(s->record, sizeof(s->record), "ovhex1-selector%u._domainkey.example.org", i + 1);
		snprintf(s->target, sizeof(s->target), "ovhex1-selector%u._domainkey.%u.ac.dkim.mail.ovh.net",
		        i + 1, 1675 + i);
		s->dns_at = NOW - MS_SECOND;
		s->dns.state = s->dns.record = dns;
		s->dns.key = dns == SEEN_UNKNOWN ? SEEN_UNKNOWN : SEEN_OK;
		s->dns.ttl_record = 3600;
	}
	memcpy(r->name, s->name, sizeof(r->name));
	memcpy(r->record, s->record, sizeof(r->record));
	memcpy(r->target, s->target, sizeof(r->target));
	r->named = true;
	r->state = state;
	r->known_since = NOW - 100 * MS_DAY;
	r->target_since = r->known_since;
	r->created = NOW - 100 * MS_DAY;
	r->dns = s->dns.state;
	r->dns_at = s->dns_at;
	if (dns == SEEN_OK && s->dns_at != 0) {
		r->published = r->known_since;
		r->confirmed_since = w->visible_long ? NOW - 2 * TTL : NOW - TTL / 2;
		r->ttl_wait = TTL;
	}
	if (state == SELECTOR_IN_PRODUCTION) {
		r->signing_since = w->grace >= GRACE_OVER ? NOW - 90 * MS_DAY - (int64_t)i * MS_DAY
		                                          : NOW - MS_DAY - (int64_t)i;
		r->signing_began = r->signing_since;
		r->may_sign_last = NOW;
	} else if (selector_may_sign(state)) {
		r->may_sign_last = NOW;
	} else if (w->grace != NEVER_SIGNED &&
	           (state == SELECTOR_READY || state == SELECTOR_WAITING_RECORD)) {
		r->may_sign_last = w->grace == IN_GRACE ? NOW - MS_DAY : NOW - 20 * MS_DAY;
		r->stopped = r->may_sign_last + 1;
	}
	if (task == TASK_PENDING || state == SELECTOR_TODO || state == SELECTOR_ENABLING)
		r->task_since = NOW - MS_MINUTE;
}

static void build(struct world *w, const enum selector_state s[2], const enum task_state t[2],
        const enum seen n[2], enum grace_case grace, enum clock_case clk, enum mode_case mode,
        bool visible_long)
{
	memset(w, 0, sizeof(*w));
	w->d = (struct desired){
	        .domain = "example.org",
	        .account = "default",
	        .service = "hosted-zz1-1",
	        .organization = "hosted-zz1-1",
	        .zone = "example.org",
	        .zone_account = "default",
	        .platform = PLATFORM_EXCHANGE,
	        .policy = {.rotate_every = 90 * MS_DAY, .grace = GRACE}
        };
	w->grace = grace;
	w->r.grace_from = grace == GRACE_ANEW        ? NOW - MS_DAY
	                  : grace == CLOCK_WENT_BACK ? NOW + 10 * MS_HOUR
	                                             : 0;
	w->visible_long = visible_long;
	w->o.began = NOW - 2 * MS_SECOND;
	w->o.complete = s[0] != SELECTOR_UNKNOWN && s[1] != SELECTOR_UNKNOWN;
	w->o.service = SERVICE_OK;
	w->o.n = w->r.n = 2;
	w->r.service = SERVICE_OK;
	w->r.first_met = w->r.rotation_base = NOW - 200 * MS_DAY;
	w->r.last_good = w->r.last_full = NOW;
	for (unsigned i = 0; i < 2; i++)
		put(w, i, s[i], t[i], n[i]);
	const struct rec_selector *signer = record_signer(&w->r);
	if (signer != NULL || grace != NEVER_SIGNED)
		memcpy(w->r.last_signer, w->r.sel[signer == &w->r.sel[1]].name, sizeof(w->r.last_signer));
	if (signer == NULL && w->r.last_signer[0] != '\0') {
		w->r.not_signing_since = NOW - MS_HOUR;
		w->r.not_signing_looks = 3;
	}
	w->st = (struct standing){.now = NOW,
	        .clock_sure = clk == CLOCK_SURE,
	        .observe = mode == OBSERVED,
	        .paused = mode == PAUSED,
	        .max_rotating = 5,
	        .max_changed = 10};
}

static struct gate_verdict ask(const struct world *w, enum action_kind a, unsigned i)
{
	if (a != ACTION_PUBLISH)
		return gate_selector(a, w->o.sel[i].name, &w->d, &w->o, &w->r, &w->st, &rules);
	struct rr rr;

	if (!rr_cname(&rr, w->o.sel[i].record, w->o.sel[i].target)) /* no target is named */
		rr = (struct rr){0};
	struct gate_record_change c = {.selector = w->o.sel[i].name,
	        .rr = &rr,
	        .zone = w->d.zone,
	        .old = w->o.sel[i].dns.record == SEEN_WRONG ? "elsewhere.example.net" : ""};
	return gate_record(&c, &w->d, &w->o, &w->r, &w->st, &rules);
}

static bool signs(const struct world *w, unsigned i)
{
	return w->o.sel[i].state == SELECTOR_IN_PRODUCTION;
}

static bool transitional(const struct seen_selector *s)
{
	return s->state == SELECTOR_TODO || s->state == SELECTOR_ENABLING || s->state == SELECTOR_DISABLING ||
	       s->state == SELECTOR_DELETING || s->task == TASK_PENDING;
}

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

static void settled(struct world *w, enum selector_state a, enum selector_state b, enum grace_case grace)
{
	const enum selector_state s[2] = {a, b};
	const enum task_state t[2] = {TASK_NONE, TASK_NONE};
	const enum seen n[2] = {SEEN_OK, SEEN_OK};

	build(w, s, t, n, grace, CLOCK_SURE, MANAGED, true);
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

static void a_record_is_written_at_its_own_name_only(void **state)
{
	struct world w;

	(void)state;
	settled(&w, SELECTOR_IN_PRODUCTION, SELECTOR_WAITING_RECORD, NEVER_SIGNED);
	w.o.sel[1].dns.state = w.o.sel[1].dns.record = SEEN_MISSING;
	struct rr rr, right;
	assert_true(rr_cname(&right, w.o.sel[1].record, w.o.sel[1].target));
	struct gate_record_change c = {
	        .selector = w.o.sel[1].name, .rr = &rr, .zone = "example.org", .old = ""};
	rr = right;
	assert_true(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).allow);
	assert_true(rr_cname(&rr, "www.example.org", right.data));
	assert_int_equal(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).rule, 14);
	assert_true(rr_cname(&rr, right.name, "evil.example.net"));
	assert_int_equal(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).rule, 14);
	rr = right;
	c.zone = "example.net";
	assert_int_equal(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).rule, 14);
	c.zone = "example.org";
	rr.type = RR_TXT; /* another type with the same words */
	assert_int_equal(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).rule, 14);
	rr = right;
	rr.absent = true; /* nothing is taken from the zone of an OVHcloud platform */
	assert_int_equal(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).rule, 14);
	rr = right;
	rr.ttl = 59;
	assert_int_equal(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).rule, 14);
	rr = right;
	w.o.sel[1].dns.state = w.o.sel[1].dns.record = SEEN_WRONG; /* a wildcard answers there */
	assert_int_equal(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).rule, 14);
	c.guarded = true; /* and the server itself says that nothing stands at the very name */
	assert_true(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).allow);
	w.d.platform = PLATFORM_EXTERNAL;
	assert_int_equal(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).rule, 14);
}

static void records_of_both_selectors_go_together(void **state)
{
	struct world w;
	struct rr rr;

	(void)state;
	settled(&w, SELECTOR_READY, SELECTOR_WAITING_RECORD, NEVER_SIGNED);
	w.o.sel[1].dns.state = w.o.sel[1].dns.record = SEEN_MISSING;
	assert_true(rr_cname(&rr, w.o.sel[1].record, w.o.sel[1].target));
	struct gate_record_change c = {
	        .selector = w.o.sel[1].name, .rr = &rr, .zone = "example.org", .old = ""};
	assert_non_null(record_intend(&w.r, ACTION_PUBLISH, w.o.sel[0].name, "", NOW));
	assert_true(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).allow);
	w.r.intent[0].action = ACTION_ENABLE;
	assert_int_equal(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).rule, 6);
}

static void a_signers_record_is_rewritten_only_when_it_serves_nobody(void **state)
{
	struct world w;

	(void)state;
	settled(&w, SELECTOR_IN_PRODUCTION, SELECTOR_READY, NEVER_SIGNED);
	struct seen_selector *s = &w.o.sel[0];
	s->dns.state = s->dns.record = SEEN_WRONG;
	s->dns.served_key = SEEN_OK;
	struct rr rr;
	assert_true(rr_cname(&rr, s->record, s->target));
	struct gate_record_change c = {
	        .selector = s->name, .rr = &rr, .zone = "example.org", .old = "old.example.net"};
	assert_int_equal(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).rule, 14);
	s->dns.served_key = SEEN_MISSING;
	assert_true(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).allow);
	w.r.sel[0].target_since = NOW - rules_settle(&rules) + 1; /* the API named it only just now */
	assert_int_equal(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).rule, 14);
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
	        cmocka_unit_test(a_foreign_selector_is_never_touched),
	        cmocka_unit_test(a_leaked_key_has_no_grace_and_every_other_check),
	        cmocka_unit_test(a_record_is_written_at_its_own_name_only),
	        cmocka_unit_test(records_of_both_selectors_go_together),
	        cmocka_unit_test(a_signers_record_is_rewritten_only_when_it_serves_nobody),
	        cmocka_unit_test(what_the_reading_says_against_it),
	        cmocka_unit_test(a_repair_needs_two_looks_and_is_done_once_a_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
