/* The judge of the other rules: what exists, what pends, what is forbidden, how much a day, and records; each breach
 * beside its lawful neighbour. */
#include "world_hosted.h"

#define ZONE "/1.0/domain/zone/a.example/record"

static void switched(void)
{
	start("signing");
	assert_int_equal(order("POST", A2, "/enable"), 200);
	assert_broken(0);
	now += 10 * SECOND;
	assert_string_equal(signers(), A2);
}

static void rule_4(void **state)
{
	(void)state;
	start("signing");
	now += MINUTE;
	ask("POST", P "dkim", CREATE);
	assert_broken(4);
	ask("POST", P "dkim", "{\"selectorName\":\"mine\",\"autoEnableDKIM\":false}");
	assert_broken(4);
	world_person(w, now, "a.example", "switch");
	now += MINUTE;
	world_person(w, now, "a.example", "delete 1");
	now += 30 * MINUTE;
	ask("POST", P "dkim", CREATE);
	assert_broken(4); /* a signer that somebody deleted, half an hour ago */
}

static void rule_6(void **state)
{
	(void)state;
	start("virgin");
	ask("POST", P "dkim", CREATE);
	assert_broken(0);
	ask("POST", P "dkim", "{\"selectorName\":\"" A2 "\",\"autoEnableDKIM\":false}");
	assert_broken(0);
	end(NULL);

	switched();
	now += 8 * DAY;
	order("DELETE", A1, "");
	assert_broken(0);
	now += 2 * SECOND;
	set("pending_scope", "selector");
	order("POST", A2, "/enable");
	assert_broken(2);
	now += MINUTE;
	set("task_stuck", "1");
	ask("POST", P "dkim", CREATE);
	assert_broken(0);
	world_person(w, now, "a.example", "disable 2");
	set("task_stuck", "0");
	now += 30 * MINUTE;
	order("POST", A2, "/disable");
	assert_broken(1);
	end(NULL);
}

/* A creation that hangs holds up its own selector only, after an hour. */
static void rule_6_creation(void **state)
{
	(void)state;
	start("ready");
	now += DAY;
	world_person(w, now, "a.example", "delete 1");
	now += MINUTE;
	set("task_stuck", "1");
	ask("POST", P "dkim", CREATE);
	assert_broken(0);
	set("task_stuck", "0");
	now += 30 * MINUTE;
	only_asked("POST", A2, "/enable", 6);
	now += 31 * MINUTE;
	order("POST", A2, "/enable");
	assert_broken(0);
}

static void rule_8_and_15(void **state)
{
	(void)state;
	start("signing");
	set("judge_forbidden@a.example", "yes");
	order("POST", A2, "/enable");
	assert_broken(8);
	ask("POST", ZONE, "{\"fieldType\":\"CNAME\",\"subDomain\":\"x\",\"target\":\"y.\"}");
	assert_broken(8);
	ask("POST", "/1.0/domain/zone/a.example/refresh", NULL);
	assert_broken(8);
	end(NULL);
	start("signing");
	world_person(w, now, "a.example", "suspend");
	now += MINUTE;
	only_asked("POST", A2, "/enable", 15);
	world_person(w, now, "a.example", "restore");
	now += MINUTE;
	order("POST", A2, "/enable");
	assert_broken(0);
}

static void rule_10(void **state)
{
	static const char *const names[] = {"a.example", "b.example", "c.example"};

	(void)state;
	for (int what = 0; what < 3; what++) {
		begin();
		set("judge_max_daily", what ? "0" : "2");
		set("judge_max_rotating", what ? "1" : "0");
		for (int i = 0; i < 3; i++)
			add("emailpro", "pro-1", names[i], "signing");
		for (int i = 0; i < 3; i++) {
			char path[200];

			put(path, sizeof(path),
			        "/1.0/email/pro/pro-1/domain/%s/dkim/ovhemp%d-selector2/enable", names[i],
			        i + 1);
			if (what == 2 && i)
				set("judge_ordered", "yes");
			assert_int_equal(ask("POST", path, NULL), 200);
			assert_broken(what == 0 && i == 2 ? 10 : what == 1 && i == 1 ? 10 : 0);
			now += i == 1 ? MINUTE : SECOND;
		}
		end(NULL);
	}
	begin();
}

static void rule_11(void **state)
{
	static const char *const bodies[] = {"{\"selectorName\":\"" A1 "\"}",
	        "{\"selectorName\":\"" A1 "\",\"autoEnableDKIM\":true}",
	        "{\"selectorName\":\"" A1 "\",\"autoEnableDKIM\":\"false\"}"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		start("virgin");
		ask("POST", P "dkim", bodies[i]);
		assert_broken(11);
		end(NULL);
	}
	begin();
}

/* Doubt is given for what a reading of half a minute ago could still show. */
static void slack(void **state)
{
	(void)state;
	start("signing");
	world_person(w, now, "a.example", "switch 2");
	now += 5 * SECOND;
	order("POST", A2, "/enable");
	assert_broken(0);
	end(NULL);
	start("signing");
	world_person(w, now, "a.example", "switch 2");
	now += 50 * SECOND;
	order("POST", A2, "/enable");
	assert_broken(2);
}

static void refused_and_lost(void **state)
{
	(void)state;
	start("signing");
	set("fault_reset_before", "1");
	order("POST", A2, "/enable");
	assert_int_equal(last.fault, WORLD_RESET);
	assert_broken(0);
	assert_false(last_change()->applied);
	assert_int_equal(last_change()->status, 0);
	set("fault_reset_before", "0");
	set("fault_reset_after", "1");
	order("POST", A2, "/enable");
	assert_int_equal(last.fault, WORLD_RESET);
	assert_true(last_change()->applied);
	set("fault_reset_after", "0");
	order("POST", A2, "/enable");
	assert_broken(6);
	assert_string_equal(last_change()->domain, "a.example");
	assert_string_equal(last_change()->selector, A2);
	assert_string_equal(last_change()->method, "POST");
	assert_string_equal(last_change()->path, P "dkim/" A2 "/enable");
	assert_true(last_change()->at == now);
	assert_int_equal(world_changes(w), 3);
	assert_null(world_change(w, 3));
}

/* A record POST of a.example's zone; target "" is the selector's own. */
static int post(const char *selector, const char *tail, const char *target)
{
	char body[800], own[300];

	st(selector);
	put(own, sizeof(own), "%s.", field("targetRecord"));
	put(body, sizeof(body), "{\"fieldType\":\"CNAME\",\"subDomain\":\"%s%s\",\"target\":\"%s\"}",
	        selector, tail, *target ? target : own);
	return ask("POST", ZONE, body);
}

static int change(const char *method, const char *sub, const char *body)
{
	char path[300];

	put(path, sizeof(path), ZONE "?fieldType=CNAME&subDomain=%s", sub);
	assert_int_equal(get(path), 200);
	put(path, sizeof(path), ZONE "/%.*s", (int)strspn(last.body + 1, "0123456789"), last.body + 1);
	return ask(method, path, body);
}

static void rule_14_writing(void **state)
{
	(void)state;
	start("virgin");
	ask("POST", P "dkim", CREATE);
	now += MINUTE;
	assert_int_equal(post(A1, "._domainkey", ""), 200);
	assert_broken(0);
	now += MINUTE;
	post(A1, "._domainkey", "");
	assert_broken(14); /* it stands there already */
	set("fault_empty_list", "0.000001");
	post(A1, "._domainkey", "");
	assert_broken(0); /* where lists lie nobody can know */
	set("fault_empty_list", "0");
	post(A1, "", "");
	assert_broken(14); /* another name */
	post(A2, "._domainkey", "x.example.");
	assert_broken(14); /* nothing names a target */
	end(NULL);
	start("virgin");
	ask("POST", P "dkim", CREATE);
	now += MINUTE;
	post(A1, "._domainkey", "elsewhere.example.");
	assert_broken(14);
	end(NULL);
	start("virgin");
	ask("POST", P "dkim", CREATE);
	now += MINUTE;
	post(A1, "._domainkey", "x.dkim.mail.ovh.net"); /* relative to the zone */
	assert_broken(14);
	end(NULL);
	start("virgin");
	set("judge_unwritable", "yes");
	ask("POST", P "dkim", CREATE);
	now += MINUTE;
	post(A1, "._domainkey", "");
	assert_broken(14);
	ask("POST", "/1.0/domain/zone/a.example/refresh", NULL);
	assert_broken(0);
}

static void rule_14_removing(void **state)
{
	(void)state;
	start("virgin");
	ask("POST", P "dkim", CREATE);
	now += MINUTE;
	post(A1, "._domainkey", "");
	post(A1, "._domainkey", "");
	assert_broken(0); /* a lost answer makes a duplicate */
	assert_int_equal(change("DELETE", A1 "._domainkey", NULL), 200);
	assert_broken(0);
	assert_int_equal(change("DELETE", A1 "._domainkey", NULL), 200);
	assert_broken(14);
	assert_int_equal(change("DELETE", A1 "._domainkey", NULL), 404);
}

static void rule_14_rewriting(void **state)
{
	char body[400];

	(void)state;
	start("signing");
	st(A1);
	put(body, sizeof(body), "{\"target\":\"%s.\"}", field("targetRecord"));
	change("PUT", A1 "._domainkey", body);
	assert_broken(14); /* right already, and it signs */
	world_person(w, now, "a.example", "wrong-cname 1");
	now += 20 * MINUTE;
	change("PUT", A1 "._domainkey", body);
	assert_broken(0);
	set("key_served", "missing");
	world_person(w, now, "a.example", "wrong-cname 1");
	now += 20 * MINUTE;
	change("PUT", A1 "._domainkey", "{\"subDomain\":\"www\"}");
	assert_broken(14);
	end(NULL);
	start("signing");
	world_person(w, now, "a.example", "delete 2");
	now += MINUTE;
	ask("POST", P "dkim", "{\"selectorName\":\"" A2 "\",\"autoEnableDKIM\":false}");
	now += MINUTE;
	st(A2);
	put(body, sizeof(body), "{\"target\":\"%s.\",\"ttl\":600}", field("targetRecord"));
	change("PUT", A2 "._domainkey", body);
	assert_broken(0);
	assert_string_equal(last_change()->selector, A2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_teardown(rule_4, end),
	        cmocka_unit_test_teardown(rule_6, end),
	        cmocka_unit_test_teardown(rule_6_creation, end),
	        cmocka_unit_test_teardown(rule_8_and_15, end),
	        cmocka_unit_test_teardown(rule_10, end),
	        cmocka_unit_test_teardown(rule_11, end),
	        cmocka_unit_test_teardown(slack, end),
	        cmocka_unit_test_teardown(refused_and_lost, end),
	        cmocka_unit_test_teardown(rule_14_writing, end),
	        cmocka_unit_test_teardown(rule_14_removing, end),
	        cmocka_unit_test_teardown(rule_14_rewriting, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
