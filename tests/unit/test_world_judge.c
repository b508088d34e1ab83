/* The judge of rules 1 to 3: who signs, what may be enabled, what may go; each breach beside its lawful neighbour. */
#include "world_hosted.h"

static void start_quick(const char *state)
{
	start(state);
	set("check_ms", "1s");
	set("publish_ms", "0");
}

static void rule_1(void **state)
{
	(void)state;
	start("signing");
	order("POST", A1, "/disable");
	assert_broken(1);
	now += MINUTE;
	assert_string_equal(signers(), "");
	assert_int_equal(world_broken(w), 1);
	end(NULL);
	start("signing");
	order("DELETE", A1, "");
	assert_broken(1);
	end(NULL);
	/* asked is enough, refused or not */
	start("signing");
	set("delete_signing", "400");
	order("DELETE", A1, "");
	assert_broken(1);
	assert_false(last_change()->applied);
	assert_int_equal(last_change()->status, 400);
}

/* It was right when it was asked for, but what it asked for left nobody. */
static void rule_1_at_the_end(void **state)
{
	(void)state;
	start("signing");
	set("old_selector", "inProduction");
	set("judge_grace_ms", "0");
	order("POST", A2, "/enable");
	now += MINUTE;
	assert_string_equal(signers(), A1 "," A2);
	order("POST", A1, "/disable");
	assert_broken(0);
	world_person(w, now, "a.example", "disable 2");
	now += MINUTE;
	assert_string_equal(signers(), "");
	assert_int_equal(world_broken(w), 0); /* the person was later */
	end(NULL);

	start("signing");
	set("old_selector", "inProduction");
	set("judge_grace_ms", "0");
	order("POST", A2, "/enable");
	now += MINUTE;
	world_person(w, now, "a.example", "disable 2");
	now += SECOND;
	order("POST", A1, "/disable");
	assert_broken(0);
	now += MINUTE;
	assert_string_equal(signers(), "");
	assert_broken(1);
	assert_string_equal(last_change()->why, "its task's end left a.example without a signer");
}

static void rule_2_ready(void **state)
{
	(void)state;
	start("virgin");
	ask("POST", P "dkim", CREATE);
	assert_broken(0);
	now += MINUTE;
	assert_int_equal(order("POST", A1, "/enable"), 400);
	assert_broken(2);
	order("POST", "nobody", "/enable");
	assert_broken(2);
	/* with nobody signing, a visible record is enough, however young */
	world_person(w, now, "a.example", "add-cname");
	now += 20 * MINUTE;
	order("POST", A1, "/enable");
	assert_broken(0);
}

static void rule_2_dns(void **state)
{
	(void)state;
	start("ready");
	world_person(w, now, "a.example", "remove-cname 1");
	now += MINUTE;
	order("POST", A1, "/enable"); /* gone for less than what a reading may be old */
	assert_broken(0);
	end(NULL);
	start("ready");
	world_person(w, now, "a.example", "remove-cname 1");
	now += 2 * MINUTE;
	order("POST", A1, "/enable");
	assert_broken(2);
	end(NULL);
	start("ready");
	set("key_served", "revoked");
	get(P "dkim");
	now += MINUTE;
	order("POST", A1, "/enable");
	assert_broken(0); /* nothing told the judge when it went: the benefit of the doubt */
	now += MINUTE;
	order("POST", A2, "/enable");
	assert_broken(2);
}

/* A record comes back, which one of two servers shows five minutes late, and its selector is switched on after a while; the
 * longest TTL is a quarter of an hour. */
static void one_lags(const char *stage, int64_t wait, bool unheard)
{
	struct world_rrs r;

	start_quick(stage);
	set("zone_ttl", "900");
	set("key_ttl", "600");
	set("dns_lagging", "2");
	set("dns_lag_ms", "5min");
	set("judge_unheard", unheard ? "yes" : "no");
	world_person(w, now, "a.example", "remove-cname 2");
	now += 10 * MINUTE;
	world_dns(w, now, 0, A2 "._domainkey.a.example", 5, &r);
	world_rrs_free(&r);
	world_person(w, now, "a.example", "add-cname 2");
	now += wait;
	order("POST", A2, "/enable");
}

/* Nobody signs, and the record was written a minute ago. */
static void rule_2_where_one_lags(void **state)
{
	(void)state;
	one_lags("ready", MINUTE, false);
	assert_broken(2);
	end(NULL);
	one_lags("ready", MINUTE, true);
	assert_broken(0); /* it was right at the one that was heard */
	end(NULL);
	one_lags("signing", MINUTE, true);
	assert_broken(2); /* somebody signs: that may wait */
}

static void rule_2_ttl(void **state)
{
	(void)state;
	start_quick("signing");
	set("key_ttl", "600");
	set("zone_ttl", "900");
	world_person(w, now, "a.example", "delete 2");
	now += MINUTE;
	ask("POST", P "dkim", "{\"selectorName\":\"" A2 "\",\"autoEnableDKIM\":false}");
	assert_broken(0);
	now += MINUTE;
	world_person(w, now, "a.example", "add-cname 2");
	now += 14 * MINUTE + 57 * SECOND;
	assert_string_equal(st(A2), "ready");
	order("POST", A2, "/enable");
	assert_broken(2);
	end(NULL);
	start_quick("signing");
	set("zone_ttl", "900");
	set("key_ttl", "600");
	world_person(w, now, "a.example", "remove-cname 2");
	now += MINUTE;
	world_person(w, now, "a.example", "add-cname 2");
	now += 15 * MINUTE + SECOND;
	order("POST", A2, "/enable");
	assert_broken(0);
	end(NULL);
	one_lags("signing", 19 * MINUTE, false);
	assert_broken(2); /* it has not shown it for long enough */
	end(NULL);
	one_lags("signing", 19 * MINUTE, true);
	assert_broken(0); /* a look may have left it out */
	end(NULL);
	one_lags("signing", 14 * MINUTE, true);
	assert_broken(2); /* nor have the others, then */
}

static void switched(void)
{
	start("signing");
	assert_int_equal(order("POST", A2, "/enable"), 200);
	assert_broken(0);
	now += 10 * SECOND; /* that is when A1 stops */
	assert_string_equal(signers(), A2);
}

static void rule_3(void **state)
{
	(void)state;
	switched();
	now += 7 * DAY - 3 * SECOND;
	order("DELETE", A1, "");
	assert_broken(3);
	end(NULL);
	switched();
	now += 7 * DAY;
	order("DELETE", A1, "");
	assert_broken(0);
	end(NULL);
	switched();
	set("judge_grace_ms@a.example", "1h");
	now += HOUR;
	order("DELETE", A1, "");
	assert_broken(0);
	end(NULL);
	switched();
	set("judge_compromised@a.example", "yes");
	now += SECOND;
	order("DELETE", A1, "");
	assert_broken(0);
}

/* The other must sign, and must be seen to. */
static void rule_3_the_other(void **state)
{
	(void)state;
	switched();
	now += 8 * DAY;
	world_person(w, now, "a.example", "remove-cname 2");
	now += HOUR;
	order("DELETE", A1, "");
	assert_broken(3);
	end(NULL);
	start("ready");
	now += 30 * DAY;
	order("DELETE", A1, "");
	assert_broken(3);
	end(NULL);
	switched();
	now += 8 * DAY;
	world_person(w, now, "a.example", "foreign");
	order("DELETE", "ovhemp1-selector99", "");
	assert_broken(3);
	order("DELETE", "ovhemp1-selector7", "");
	assert_broken(3);
	end(NULL);
	/* a person switched back meanwhile: a new grace */
	switched();
	now += 5 * DAY;
	world_person(w, now, "a.example", "switch 1");
	now += HOUR;
	world_person(w, now, "a.example", "switch 2");
	now += 6 * DAY;
	order("DELETE", A1, "");
	assert_broken(3);
}

static void rule_3_both(void **state)
{
	(void)state;
	start("signing");
	set("old_selector", "inProduction");
	order("POST", A2, "/enable");
	now += 6 * DAY;
	order("POST", A1, "/disable");
	assert_broken(3);
	end(NULL);
	start("signing");
	set("old_selector", "inProduction");
	order("POST", A2, "/enable");
	now += 8 * DAY;
	order("POST", A2, "/disable"); /* the newer one */
	assert_broken(3);
	now += MINUTE;
	order("POST", A2, "/enable");
	now += 8 * DAY;
	order("POST", A1, "/disable");
	assert_broken(0);
	now += MINUTE;
	only_asked("DELETE", A1, "", 3);
	now += 7 * DAY;
	order("DELETE", A1, "");
	assert_broken(0);
}

/* A record that was gone between two looks was right at every look. */
static void rule_2_unseen(void **state)
{
	(void)state;
	for (int seen = 0; seen < 2; seen++) {
		struct world_rrs r;

		start_quick("signing");
		now += DAY;
		world_person(w, now, "a.example", "remove-cname 2");
		now += 20 * MINUTE;
		if (seen) {
			world_dns(w, now, 0, A2 "._domainkey.a.example", 5, &r);
			assert_int_equal(r.rcode, WORLD_NXDOMAIN);
			world_rrs_free(&r);
		}
		only_asked("POST", A2, "/enable", 2);
		world_person(w, now, "a.example", "add-cname 2");
		now += 20 * MINUTE;
		order("POST", A2, "/enable");
		assert_broken(seen ? 2 : 0);
		end(NULL);
	}
	begin();
}

/* So did a selector that stopped and went on between two readings. */
static void rule_3_unseen(void **state)
{
	(void)state;
	for (int seen = 0; seen < 2; seen++) {
		switched();
		assert_string_equal(st(A1), "ready");
		assert_string_equal(st(A2), "inProduction");
		now += 6 * DAY;
		world_person(w, now, "a.example", "switch 1");
		now += HOUR;
		if (seen) {
			assert_string_equal(st(A1), "inProduction");
			assert_string_equal(st(A2), "ready");
		}
		world_person(w, now, "a.example", "switch 2");
		now += DAY;
		assert_string_equal(st(A1), "ready");
		assert_string_equal(st(A2), "inProduction");
		order("DELETE", A1, "");
		assert_broken(3); /* it was never read as signing, so that the truth counts */
		end(NULL);
	}
	for (int seen = 0; seen < 2; seen++) {
		start("signing");
		assert_string_equal(st(A1), "inProduction");
		order("POST", A2, "/enable");
		now += MINUTE;
		assert_string_equal(st(A2), "inProduction");
		now += 6 * DAY;
		world_person(w, now, "a.example", "switch 1");
		now += HOUR;
		if (seen)
			assert_string_equal(st(A1), "inProduction");
		world_person(w, now, "a.example", "switch 2");
		now += DAY;
		assert_string_equal(st(A2), "inProduction");
		order("DELETE", A1, "");
		assert_broken(seen ? 3 : 0);
		end(NULL);
	}
	begin();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_teardown(rule_1, end),
	        cmocka_unit_test_teardown(rule_1_at_the_end, end),
	        cmocka_unit_test_teardown(rule_2_ready, end),
	        cmocka_unit_test_teardown(rule_2_dns, end),
	        cmocka_unit_test_teardown(rule_2_ttl, end),
	        cmocka_unit_test_teardown(rule_2_where_one_lags, end),
	        cmocka_unit_test_teardown(rule_2_unseen, end),
	        cmocka_unit_test_teardown(rule_3_unseen, end),
	        cmocka_unit_test_teardown(rule_3, end),
	        cmocka_unit_test_teardown(rule_3_the_other, end),
	        cmocka_unit_test_teardown(rule_3_both, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
