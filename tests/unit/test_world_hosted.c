/* Selectors of Exchange and Email Pro: each unknown of the API, both ways. */
#include "world_hosted.h"

static void old_selector(void **state)
{
	static const struct {
		const char *how, *at_once, *later, *signs_at_once, *signs_later;
	} table[] = {
	        {"ready", "ready", "ready", A2, A2},
	        {"inProduction", "inProduction", "inProduction", A1 "," A2, A1 "," A2},
	        {"both", "inProduction", "ready", A1 "," A2, A2},
	        {"disabling", "disabling", "ready", A1 "," A2, A2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		start("signing");
		set("old_selector", table[i].how);
		assert_int_equal(order("POST", A2, "/enable"), 200);
		assert_string_equal(signers(), A1);
		now += 11 * SECOND;
		assert_string_equal(st(A2), "inProduction");
		assert_string_equal(st(A1), table[i].at_once);
		assert_string_equal(signers(), table[i].signs_at_once);
		now += 2 * MINUTE;
		assert_string_equal(st(A1), table[i].later);
		assert_string_equal(signers(), table[i].signs_later);
		assert_int_equal(world_broken(w), 0);
		end(NULL);
	}
	begin();
}

static void waiting_record(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		static const char *const how[] = {"no", "done", "gone", "doing"};
		char path[200];
		const char *id;

		start("virgin");
		set("pending_in_waiting", how[i]);
		assert_int_equal(ask("POST", P "dkim", CREATE), 200);
		now += MINUTE;
		assert_string_equal(st(A1), "waitingRecord");
		id = strstr(last.body, "\"taskPendingId\":") + 16;
		put(path, sizeof(path), "/1.0/email/pro/pro-1/task/%.*s", (int)strspn(id, "0123456789"), id);
		assert_int_equal(*id == 'n', i == 0);
		if (i)
			assert_int_equal(get(path), i == 2 ? 404 : 200);
		if (i == 1 || i == 3)
			assert_string_equal(field("status"), how[i]);
		assert_int_equal(world_person(w, now, "a.example", "add-cname"), 0);
		now += 20 * MINUTE;
		assert_string_equal(st(A1), "ready");
		assert_true(says("\"taskPendingId\":null"));
		end(NULL);
	}
	start("virgin");
	set("waiting_word", "WaitingRecord");
	set("no_task", "zero");
	assert_int_equal(ask("POST", P "dkim", CREATE), 200);
	now += MINUTE;
	assert_string_equal(st(A1), "WaitingRecord");
	assert_true(says("\"taskPendingId\":0"));
	set("no_task", "absent");
	st(A1);
	assert_false(says("taskPendingId"));
}

static void recreate(char target[300], const char *name)
{
	char body[200];

	assert_int_equal(order("DELETE", A2, ""), 200);
	now += MINUTE;
	put(body, sizeof(body), "{\"selectorName\":\"%s\",\"autoEnableDKIM\":false}", name);
	assert_int_equal(ask("POST", P "dkim", body), 200);
	now += MINUTE;
	assert_string_equal(st(name), "waitingRecord");
	keep(target, 300, field("targetRecord"));
}

static const char *key_at(const char *target)
{
	static char text[600];
	struct world_rrs r;

	world_dns(w, now, 0, target, 16, &r);
	keep(text, sizeof(text), r.n_answer ? r.answer[0].data : "");
	world_rrs_free(&r);
	return text;
}

static void targets_and_keys(void **state)
{
	char before[300], after[300], key[600];

	(void)state;
	start("signing");
	st(A2);
	keep(before, sizeof(before), field("targetRecord"));
	keep(key, sizeof(key), key_at(before));
	assert_memory_equal(key, "v=DKIM1; k=rsa; p=MIIBIjAN", 26);
	st(A1);
	assert_string_not_equal(key_at(field("targetRecord")), key);
	recreate(after, A2);
	assert_string_not_equal(before, after);
	assert_string_equal(key_at(before), key); /* the old one is served for a while */
	assert_string_not_equal(key_at(after), key);
	now += 2 * HOUR;
	assert_string_equal(key_at(before), "");

	set("target_changes", "no");
	keep(before, sizeof(before), after);
	keep(key, sizeof(key), key_at(before));
	recreate(after, A2);
	assert_string_equal(before, after);
	assert_string_not_equal(key_at(after), key);
	set("key_changes", "no");
	set("old_key_ms", "0");
	keep(key, sizeof(key), key_at(after));
	recreate(after, A2);
	assert_string_equal(key_at(after), key);
	set("names_change", "yes");
	recreate(after, "ovhemp1-selector4");
	get(P "dkimSelector");
	assert_string_equal(last.body, "[\"" A1 "\",\"ovhemp1-selector4\"]");
}

static void automatic(void **state)
{
	(void)state;
	start("virgin");
	assert_int_equal(
	        ask("POST", P "dkim",
	                "{\"selectorName\":\"" A1 "\",\"autoEnableDKIM\":true,\"configureDkim\":true}"),
	        200);
	assert_broken(11);
	now += 20 * MINUTE;
	assert_string_equal(st(A1), "inProduction");
	assert_string_equal(signers(), A1);
	end(NULL);

	start("virgin");
	set("configure_dkim", "nothing");
	assert_int_equal(
	        ask("POST", P "dkim",
	                "{\"selectorName\":\"" A1 "\",\"autoEnableDKIM\":false,\"configureDkim\":true}"),
	        200);
	now += DAY;
	assert_string_equal(st(A1), "waitingRecord");
	end(NULL);

	start("virgin");
	set("auto_enable_default", "yes");
	set("configure_default", "yes");
	set("delete_cname", "yes");
	assert_int_equal(ask("POST", P "dkim", "{\"selectorName\":\"" A1 "\"}"), 200);
	assert_broken(11);
	now += DAY;
	assert_string_equal(st(A1), "inProduction");
	get("/1.0/domain/zone/a.example/record?fieldType=CNAME");
	assert_string_not_equal(last.body, "[]");
	order("DELETE", A1, "");
	assert_broken(1);
	now += DAY;
	get("/1.0/domain/zone/a.example/record?fieldType=CNAME");
	assert_string_equal(last.body, "[]");
}

static void cname_gone(void **state)
{
	static const struct {
		const char *how, *ready, *signing, *signers;
	} table[] = {{"keep", "ready", "inProduction", A1}, {"ready", "waitingRecord", "inProduction", A1},
	        {"all", "waitingRecord", "waitingRecord", ""}};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		start("signing");
		set("cname_gone", table[i].how);
		assert_int_equal(world_person(w, now, "a.example", "remove-cname 1"), 0);
		assert_int_equal(world_person(w, now, "a.example", "wrong-cname 2"), 0);
		st(A1);
		assert_true(says("\"cnameIsValid\":true"));
		now += 20 * MINUTE;
		assert_string_equal(st(A1), table[i].signing);
		assert_true(says("\"cnameIsValid\":false"));
		assert_string_equal(st(A2), table[i].ready);
		assert_string_equal(signers(), table[i].signers);
		get("/1.0/email/pro/pro-1/domain/a.example");
		assert_true(says("\"errorCode\":503"));
		assert_int_equal(world_person(w, now, "a.example", "add-cname"), 0);
		now += 20 * MINUTE;
		assert_string_equal(st(A2), "ready");
		assert_true(says("\"cnameIsValid\":true"));
		end(NULL);
	}
	begin();
}

static void diagnosis(void **state)
{
	(void)state;
	start("signing");
	get("/1.0/email/pro/pro-1/domain/a.example");
	assert_true(says("\"dkimDiagnostics\":{\"state\":\"active\",\"errorCode\":null,\"message\":null}"));
	assert_int_equal(world_person(w, now, "a.example", "remove-cname 2"), 0);
	now += 20 * MINUTE;
	get("/1.0/email/pro/pro-1/domain/a.example");
	assert_true(says("\"errorCode\":504,\"message\":\"One CNAME record is missing\""));
	set("diagnostics", "null");
	get("/1.0/email/pro/pro-1/domain/a.example");
	assert_true(says("\"dkimDiagnostics\":null"));
	set("diagnostics", "absent");
	get("/1.0/email/pro/pro-1/domain/a.example");
	assert_false(says("dkimDiagnostics"));
	end(NULL);
	start("virgin");
	get("/1.0/email/pro/pro-1/domain/a.example");
	assert_true(says("toConfigure"));
	ask("POST", P "dkim", CREATE);
	get("/1.0/email/pro/pro-1/domain/a.example");
	assert_true(says("inProgress"));
	end(NULL);
	start("ready");
	get("/1.0/email/pro/pro-1/domain/a.example");
	assert_true(says("\"state\":\"disabled\""));
}

static void lists_that_lag(void **state)
{
	(void)state;
	start("signing");
	set("list_lag_ms", "5min");
	order("DELETE", A2, "");
	now += MINUTE;
	assert_string_equal(st(A2), "");
	get(P "dkim");
	assert_string_equal(last.body, "[\"" A1 "\",\"" A2 "\"]");
	now += 5 * MINUTE;
	get(P "dkim");
	assert_string_equal(last.body, "[\"" A1 "\"]");
	set("list_lag_ms", "0");
	set("blind_ms", "5min");
	ask("POST", P "dkim", "{\"selectorName\":\"" A2 "\",\"autoEnableDKIM\":false}");
	now += MINUTE;
	get(P "dkim");
	assert_string_equal(last.body, "[]");
	assert_string_equal(st(A1), "");
	now += 5 * MINUTE;
	assert_string_equal(st(A1), "inProduction");
	assert_string_equal(st(A2), "waitingRecord");
}

static void fields(void **state)
{
	(void)state;
	start("signing");
	now += 3 * HOUR;
	st(A1);
	assert_string_equal(field("lastUpdate"), "2026-09-21T15:13:20+01:00");
	assert_string_equal(field("customerRecord"), A1 "._domainkey.a.example");
	set("last_update", "checks");
	st(A1);
	assert_string_not_equal(field("lastUpdate"), "2026-09-21T15:13:20+01:00");
	set("last_update", "never");
	st(A1);
	assert_string_equal(field("lastUpdate"), "1970-01-01T00:00:00+01:00");
	set("last_update", "null");
	set("cname_field", "absent");
	st(A1);
	assert_true(says("\"lastUpdate\":null"));
	assert_false(says("cnameIsValid"));
	set("cname_field", "false");
	st(A1);
	assert_true(says("\"cnameIsValid\":false"));
}

static void one_and_three(void **state)
{
	(void)state;
	begin();
	assert_int_equal(
	        world_add_domain(w, now, "acc", "emailpro", "pro-1", "a.example", NULL, "ovh", 1, "signing"),
	        0);
	assert_int_equal(
	        world_add_domain(w, now, "acc", "emailpro", "pro-1", "b.example", NULL, "ovh", 3, "signing"),
	        0);
	get(P "dkimSelector");
	assert_string_equal(last.body, "[\"" A1 "\"]");
	get("/1.0/email/pro/pro-1/domain/b.example/dkim");
	assert_string_equal(last.body, "[\"ovhemp2-selector1\",\"ovhemp2-selector2\",\"ovhemp2-selector3\"]");
	assert_int_equal(world_person(w, now, "a.example", "foreign"), 0);
	get(P "dkim");
	assert_string_equal(last.body, "[\"" A1 "\",\"ovhemp1-selector99\"]");
	get(P "dkimSelector");
	assert_string_equal(last.body, "[\"" A1 "\"]");
}

static void people(void **state)
{
	(void)state;
	start("signing");
	assert_int_equal(world_person(w, now, "a.example", "switch"), 0);
	now += MINUTE;
	assert_string_equal(signers(), A2);
	assert_int_equal(world_person(w, now, "a.example:emailpro", "disable"), 0);
	now += MINUTE;
	assert_string_equal(signers(), "");
	assert_int_equal(world_person(w, now, "a.example", "disable"), -16);
	assert_int_equal(world_person(w, now, "a.example", "enable " A1), 0);
	assert_int_equal(world_person(w, now, "a.example", "delete 2"), 0);
	now += MINUTE;
	assert_string_equal(signers(), A1);
	assert_string_equal(st(A2), "");
	assert_int_equal(world_person(w, now, "a.example", "create 2"), 0);
	now += MINUTE;
	assert_string_equal(st(A2), "waitingRecord");
	assert_int_equal(world_person(w, now, "a.example", "dance"), -22);
	assert_int_equal(world_person(w, now, "z.example", "switch"), -2);
	assert_int_equal(world_person(w, now, "a.example:exchange", "switch"), -2);
	assert_int_equal(world_changes(w), 0);
	assert_int_equal(world_person(w, now, "a.example", "revoke-credential"), 0);
	assert_true(world_revoked(w, "acc"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_teardown(old_selector, end),
	        cmocka_unit_test_teardown(waiting_record, end),
	        cmocka_unit_test_teardown(targets_and_keys, end),
	        cmocka_unit_test_teardown(automatic, end),
	        cmocka_unit_test_teardown(cname_gone, end),
	        cmocka_unit_test_teardown(diagnosis, end),
	        cmocka_unit_test_teardown(lists_that_lag, end),
	        cmocka_unit_test_teardown(fields, end),
	        cmocka_unit_test_teardown(one_and_three, end),
	        cmocka_unit_test_teardown(people, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
