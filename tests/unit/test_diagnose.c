/* Faults in OVHcloud's terms, the remedy beside each, and where OVHcloud's own check and ours differ. Each row is what a
 * person on call would read at night: the words are the test. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/diagnose.h"
#include "core_world.h"

static struct finding find(struct core_world *w)
{
	struct finding f = {.code = -1};

	planned(w);
	plan_note(&w->r, &w->dec, w->now);
	if (!diagnose(&w->d, &w->r, w->now, &f))
		f.code = -1;
	return f;
}

#define assert_says(text, part)                                                                              \
	do {                                                                                                 \
		if (strstr((text), (part)) == NULL)                                                          \
			fail_msg("\"%s\" is not in \"%s\"", (part), (text));                                 \
	} while (0)

#define LINE1 "s1._domainkey.example.org. IN CNAME s1.example.net."

static void in_order_there_is_nothing_to_say(void **state)
{
	struct core_world w = world_settled();

	(void)state;
	assert_int_equal(find(&w).code, -1);
}

/* The signer's record, by who writes the zone. */
static void a_missing_record(void **state)
{
	static const struct {
		enum dns_mode writer;
		const char *remedy;
	} cases[] = {
	        {DNS_MANUAL, "Create this record in zone example.org: " LINE1},
	        {DNS_OVH, "dkimrotd writes this record into zone example.org by itself"},
	        {DNS_PLATFORM, "OVHcloud was to write it (configureDkim), which needs the zone example.org"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct core_world w = world_settled();
		struct finding f;

		w.d.dns = cases[i].writer;
		w.o.sel[0].dns.state = w.o.sel[0].dns.record = SEEN_MISSING;
		look(&w, MS_HOUR);
		f = find(&w);
		if (cases[i].writer == DNS_OVH) { /* it is written first */
			record_published(&w.r, "s1", w.now);
			look(&w, MS_MINUTE);
			f = find(&w);
		}
		assert_int_equal(f.code, 504);
		assert_string_equal(f.message,
		        "One CNAME record is missing: nothing stands at s1._domainkey.example.org");
		assert_says(f.remedy, cases[i].remedy);
		assert_says(f.remedy, LINE1);
	}
}

static void a_wrong_record(void **state)
{
	static const struct {
		enum seen seen;
		const char *detail, *message, *remedy;
	} cases[] = {
	        {SEEN_WRONG, "the CNAME leads to old.example",
	                "s1._domainkey.example.org (the CNAME leads to old.example), and should lead to "
	                "s1.example.net",
	                "Replace what stands at the name by this record in zone example.org: " LINE1},
	        {SEEN_PARTIAL, "not visible at 1 of 2 servers of the zone (ns2.example)",
	                "not visible at 1 of 2 servers of the zone (ns2.example)",
	                "See why these servers of zone example.org do not follow its primary"},
	        {SEEN_FLATTENED, "a TXT record stands there", "is flattened",
	                "switch off flattening or proxying"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct core_world w = world_settled();

		w.d.dns = DNS_MANUAL;
		w.o.sel[0].dns.state = w.o.sel[0].dns.record = cases[i].seen;
		str_copy(w.o.sel[0].dns.detail, sizeof(w.o.sel[0].dns.detail), cases[i].detail);
		look(&w, MS_HOUR);
		struct finding f = find(&w);
		assert_int_equal(f.code, 503);
		assert_says(f.message, "CNAME record is wrong");
		assert_says(f.message, cases[i].message);
		assert_says(f.remedy, cases[i].remedy);
		assert_says(f.remedy, LINE1);
	}
}

/* Before a day the remedy is to wait; after it, what to paste in the ticket. */
static void a_task_in_error(void **state)
{
	struct core_world w = world_settled();
	struct finding f;

	(void)state;
	record_asked(&w.r, "s2", "EU.ext-3.1", 0);
	w.o.sel[1].task = TASK_ERROR;
	w.o.sel[1].task_id = 5000000001;
	str_copy(w.o.sel[1].task_query, sizeof(w.o.sel[1].task_query), "EU.ext-3.2");
	look(&w, MS_HOUR);
	f = find(&w);
	assert_int_equal(f.code, 502);
	assert_says(f.message, "One DKIM configuration task is in error since 2027-01-25T09:01:00Z");
	assert_says(f.remedy, "Nothing before 2027-01-26T09:01:00Z");
	look(&w, MS_DAY + MS_HOUR);
	f = find(&w);
	assert_says(f.remedy, "Open a support ticket at OVHcloud now and paste: domain example.org, selector "
	                      "s2, task 5000000001, "
	                      "query id of the request EU.ext-3.1, query id of the answer EU.ext-3.2");
	w.o.sel[1].task = TASK_OVER;
	look(&w, MS_HOUR);
	assert_int_equal(find(&w).code, -1);
}

/* 501 is what OVHcloud says between a deletion and the creation that follows: no alarm there, and one elsewhere. */
static void one_selector(void **state)
{
	struct core_world w = world_settled();
	struct core_world ours = w;

	(void)state;
	says(&w, 1, SELECTOR_ABSENT);
	w.r.sel[1].may_sign_last = w.now - 30 * MS_DAY;
	w.o.theirs = (struct diagnosis){.given = true, .state = "error", .code = 501};
	look(&w, MS_HOUR);
	struct finding f = find(&w);
	assert_int_equal(f.code, 501);
	assert_says(f.message,
	        "Only one DKIM selector has been initialized: s2 is gone, and dkimrotd did not delete it");

	ours.o.theirs = w.o.theirs;
	sent(&ours, ACTION_DELETE, "s2");
	says(&ours, 1, SELECTOR_DELETING);
	look(&ours, MS_MINUTE);
	assert_int_equal(find(&ours).code, -1);
	says(&ours, 1, SELECTOR_ABSENT);
	look(&ours, MS_MINUTE);
	assert_int_equal(find(&ours).code, -1);
	sent(&ours, ACTION_CREATE, "s2");
	says(&ours, 1, SELECTOR_TODO);
	look(&ours, MS_MINUTE);
	assert_int_equal(find(&ours).code, -1);
}

/* MX Plan speaks in states. */
static void mxplan_states(void **state)
{
	static const struct {
		enum selector_state state;
		enum seen seen;
		int code;
		const char *message;
	} cases[] = {
	        {SELECTOR_TO_SET, SEEN_MISSING, 504, "(OVHcloud says toSet)"},
	        {SELECTOR_TO_FIX, SEEN_WRONG, 503, "(OVHcloud says toFix)"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct core_world w = world_new(PLATFORM_MXPLAN);

		w.d.dns = DNS_MANUAL;
		w.o.status = STATUS_TO_CONFIGURE;
		w.o.theirs = (struct diagnosis){.given = true, .state = "toConfigure"};
		says(&w, 0, cases[i].state);
		says(&w, 1, SELECTOR_SET);
		w.o.sel[0].dns.state = w.o.sel[0].dns.record = cases[i].seen;
		look(&w, 0);
		struct finding f = find(&w);
		assert_int_equal(f.code, cases[i].code);
		assert_says(f.message, cases[i].message);
		assert_says(f.remedy, LINE1);
	}
	struct core_world w = world_new(PLATFORM_MXPLAN);
	w.o.status = STATUS_ERROR;
	w.o.theirs = (struct diagnosis){.given = true, .state = "error"};
	record_asked(&w.r, "", "EU.ext-3.9", 77);
	look(&w, 0);
	struct finding f = find(&w);
	assert_int_equal(f.code, 502);
	assert_says(f.remedy, "domain example.org, task 77, query id of the request EU.ext-3.9");
}

/* The key's own faults are no matter of the zone. */
static void a_bad_key(void **state)
{
	struct core_world w = world_settled();

	(void)state;
	w.o.sel[0].dns.state = w.o.sel[0].dns.key = SEEN_REVOKED;
	str_copy(w.o.sel[0].dns.detail, sizeof(w.o.sel[0].dns.detail),
	        "the key at s1.example.net is revoked (its p= is empty)");
	look(&w, MS_HOUR);
	struct finding f = find(&w);
	assert_int_equal(f.code, 0);
	assert_says(f.message, "is revoked");
	assert_says(f.remedy, "The key is OVHcloud's, and no record of the zone can mend it");
	assert_says(f.remedy, "target s1.example.net");
}

/* Both are told, once, when they have differed for longer than OVHcloud's check should take. */
static void two_opinions(void **state)
{
	struct core_world w = world_settled();
	char text[700];

	(void)state;
	w.o.theirs = (struct diagnosis){.given = true, .state = "error", .code = 503};
	look(&w, MS_HOUR);
	assert_false(diagnose_compare(&w.d, &w.r, w.now, text, sizeof(text)));
	struct finding f = find(&w);
	assert_int_equal(f.code, 503);
	assert_says(f.remedy, "Nothing before");
	look(&w, MS_HOUR);
	w.o.theirs.code = 0; /* in between it agrees: the wait begins anew */
	look(&w, MS_HOUR);
	assert_false(diagnose_compare(&w.d, &w.r, w.now, text, sizeof(text)));
	assert_int_equal(find(&w).code, -1);
	w.o.theirs.code = 503;
	look(&w, MS_HOUR);
	assert_false(diagnose_compare(&w.d, &w.r, w.now, text, sizeof(text)));
	look(&w, CHECK_PATIENCE - MS_HOUR);
	assert_false(diagnose_compare(&w.d, &w.r, w.now, text, sizeof(text)));
	look(&w, MS_HOUR);
	assert_true(diagnose_compare(&w.d, &w.r, w.now, text, sizeof(text)));
	assert_string_equal(text,
	        "OVHcloud's own check says 503, CNAME record is wrong; our own look-ups find every record "
	        "and key right; they have differed for more than a day");
	assert_says(find(&w).remedy, "dkimrotctl explain example.org");
	look(&w, MS_HOUR);
	assert_false(diagnose_compare(&w.d, &w.r, w.now, text, sizeof(text)));

	/* and the other way round: a fault that OVHcloud does not see */
	w = world_settled();
	w.d.dns = DNS_MANUAL;
	w.o.theirs = (struct diagnosis){.given = true, .state = "active"};
	w.o.sel[0].dns.state = w.o.sel[0].dns.record = SEEN_MISSING;
	look(&w, MS_HOUR);
	diagnose_compare(&w.d, &w.r, w.now, text, sizeof(text));
	look(&w, CHECK_PATIENCE);
	assert_true(diagnose_compare(&w.d, &w.r, w.now, text, sizeof(text)));
	assert_says(text, "OVHcloud's own check finds nothing wrong (active); ours says 504");
	f = find(&w);
	assert_int_equal(f.code, 504);
	assert_says(f.message, "OVHcloud's own check finds nothing wrong (active), for more than a day now");
}

/* Whatever is blocked or in error has a message and something to do. */
static void every_reason_has_a_remedy(void **state)
{
	struct core_world w = world_settled();

	(void)state;
	for (int i = 0; i < REASON_COUNT; i++) {
		struct finding f;
		enum condition c = reason_condition((enum reason)i);

		if (c != CONDITION_BLOCKED && c != CONDITION_ERROR)
			continue;
		w.r.reason = (enum reason)i;
		assert_true(diagnose(&w.d, &w.r, w.now, &f));
		if (f.message[0] == '\0' || strlen(f.remedy) < 12)
			fail_msg("%s: \"%s\" \"%s\"", reason_word((enum reason)i), f.message, f.remedy);
	}
}

/* A key made anew must be another one; one that stays the same is told, and never switched to. */
static void a_key_that_is_not_new(void **state)
{
	struct core_world w = world_settled();

	(void)state;
	sent(&w, ACTION_DELETE, "s2");
	says(&w, 1, SELECTOR_ABSENT);
	look(&w, MS_MINUTE);
	sent(&w, ACTION_CREATE, "s2");
	says(&w, 1, SELECTOR_READY); /* the same digest as before */
	look(&w, MS_MINUTE);
	assert_non_null(record_key_repeats(&w.r, record_selector(&w.r, "s2")));
	planned(&w);
	assert_int_equal(w.dec.reason, REASON_KEY_MAKING);
	look_for_days(&w, 2);
	assert_int_equal(find(&w).code, 0);
	assert_int_equal(w.dec.reason, REASON_KEY_NOT_NEW);
	w.o.sel[1].dns.digest[0] = 9;
	look(&w, MS_HOUR);
	assert_null(record_key_repeats(&w.r, record_selector(&w.r, "s2")));
	w.o.sel[1].dns.digest[0] = w.o.sel[0].dns.digest[0]; /* the signer's */
	look(&w, MS_HOUR);
	assert_non_null(record_key_repeats(&w.r, record_selector(&w.r, "s2")));
}

static void odd_keys_are_told_once(void **state)
{
	struct core_world w = world_settled();

	(void)state;
	w.o.sel[0].dns.key_bits = 1024;
	look(&w, MS_HOUR);
	assert_true(told(&w, NOTE_KEY_ODD));
	look(&w, MS_HOUR);
	assert_false(told(&w, NOTE_KEY_ODD));
	w.o.sel[0].dns.test_mode = true;
	look(&w, MS_HOUR);
	assert_true(told(&w, NOTE_KEY_ODD));
	look(&w, MS_HOUR);
	assert_false(told(&w, NOTE_KEY_ODD));
	w.o.sel[0].dns.strict = true;
	look(&w, MS_HOUR);
	assert_true(told(&w, NOTE_KEY_ODD));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(in_order_there_is_nothing_to_say),
	        cmocka_unit_test(a_missing_record),
	        cmocka_unit_test(a_wrong_record),
	        cmocka_unit_test(a_task_in_error),
	        cmocka_unit_test(one_selector),
	        cmocka_unit_test(mxplan_states),
	        cmocka_unit_test(a_bad_key),
	        cmocka_unit_test(two_opinions),
	        cmocka_unit_test(every_reason_has_a_remedy),
	        cmocka_unit_test(a_key_that_is_not_new),
	        cmocka_unit_test(odd_keys_are_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
