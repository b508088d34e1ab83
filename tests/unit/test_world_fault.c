/* Faults by chance: each does what it says, none touches what it must not, and a seed gives the same day again. */
#include "world_hosted.h"

static void before_the_change(void **state)
{
	static const struct {
		const char *name;
		int status[4];
	} table[] = {{"fault_429", {429}}, {"fault_5xx", {500, 503}}, {"fault_html", {408, 502, 503, 200}},
	        {"fault_401", {401}}, {"fault_403", {403}}};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		bool known = false;

		start("signing");
		set(table[i].name, "1");
		order("POST", A2, "/enable");
		for (int j = 0; j < 4; j++)
			known |= last.status == table[i].status[j];
		assert_true(known);
		assert_false(last_change()->applied);
		assert_int_equal(last.retry_after, i ? 0 : 5);
		assert_int_equal(!strcmp(last.content_type, "text/html"), i == 2);
		assert_int_equal(*last.body == '<', i == 2);
		set(table[i].name, "0");
		assert_string_equal(st(A2), "ready");
		end(NULL);
	}
	begin();
}

static void after_the_change(void **state)
{
	static const struct {
		const char *name;
		enum world_fault fault;
		int status;
	} table[] = {{"fault_reset_after", WORLD_RESET, 200}, {"fault_5xx_after", WORLD_ANSWER, 500},
	        {"fault_garbage", WORLD_ANSWER, 200}, {"fault_truncated", WORLD_TRUNCATED, 200},
	        {"fault_slow", WORLD_SLOW, 200}};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		start("signing");
		set(table[i].name, "1");
		order("POST", A2, "/enable");
		assert_int_equal(last.fault, table[i].fault);
		assert_int_equal(last.status, table[i].status);
		assert_int_equal(last.delay_ms, table[i].fault == WORLD_SLOW ? 90000 : 0);
		assert_true(last_change()->applied);
		set(table[i].name, "0");
		assert_string_equal(st(A2), "enabling");
		end(NULL);
	}
	begin();
}

static void lies(void **state)
{
	(void)state;
	start("signing");
	set("fault_empty_list", "1");
	get(P "dkim");
	assert_string_equal(last.body, "[]");
	get(P "dkimSelector");
	assert_string_equal(last.body, "[]");
	set("fault_empty_list", "0");
	set("fault_404", "1");
	assert_string_equal(st(A1), "");
	assert_true(says("selectorName = " A1));
	assert_int_equal(order("POST", A2, "/enable"), 200); /* changes are not lied about */
	set("fault_404", "0");
	set("fault_unknown_enum", "1");
	assert_string_equal(st(A1), "hibernating");
	set("fault_unknown_enum", "0");
	set("fault_missing_field", "1");
	assert_string_equal(st(A1), "");
	assert_int_equal(last.status, 200);
	set("fault_missing_field", "0");
	set("fault_wrong_selector", "1");
	st(A1);
	assert_string_equal(field("selectorName"), A2);
	set("fault_wrong_selector", "0");
	set("fault_wrong_record", "1");
	st(A1);
	assert_string_equal(field("customerRecord"), A1 "._domainkey.elsewhere.example");
	set("fault_wrong_record", "0");
	set("fault_null_target", "1");
	st(A1);
	assert_true(says("\"targetRecord\":null"));
}

static void narrowed(void **state)
{
	(void)state;
	start("signing");
	add("emailpro", "pro-1", "b.example", "signing");
	set("fault_5xx@a.example", "1");
	assert_true(get(P "dkim") >= 500);
	assert_true(get("/1.0/domain/zone/a.example/record") >= 500);
	assert_int_equal(get("/1.0/email/pro/pro-1/domain/b.example/dkim"), 200);
	assert_int_equal(get("/1.0/auth/time"), 200);
}

/* Everything at once, at a tenth, for a year: a digest of all that was answered. */
static uint64_t a_year(uint64_t seed, unsigned *ret_faults)
{
	static const char *const faults[] = {"fault_429", "fault_5xx", "fault_5xx_after", "fault_html",
	        "fault_reset_before", "fault_reset_after", "fault_slow", "fault_truncated",
	        "fault_unknown_enum", "task_error", "action_lost", "jitter"};
	static const char *const tails[] = {"dkim/ovhemp1-selector1/enable", "dkim/ovhemp1-selector2/enable",
	        "dkim/ovhemp1-selector2/disable"};
	uint64_t digest = seed;

	now = T0;
	w = world_new(seed);
	add("emailpro", "pro-1", "a.example", "signing");
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		set(faults[i], "0.1");
	for (int day = 0; day < 365; day++, now += DAY) {
		char path[200];

		put(path, sizeof(path), P "%s", tails[day % 3]);
		ask("POST", path, NULL);
		*ret_faults += last.fault != WORLD_ANSWER;
		get(P "dkim/" A1);
		for (size_t i = 0; i < last.body_len; i++)
			digest = digest * 31 + (unsigned char)last.body[i];
		digest = digest * 31 + (uint64_t)last.status;
	}
	digest += world_broken(w);
	end(NULL);
	return digest;
}

static void a_seed_again(void **state)
{
	unsigned faults = 0;

	(void)state;
	assert_true(a_year(1, &faults) == a_year(1, &faults));
	assert_true(a_year(1, &faults) != a_year(2, &faults));
	assert_true(faults > 100 && faults < 700);
	begin();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_teardown(before_the_change, end),
	        cmocka_unit_test_teardown(after_the_change, end),
	        cmocka_unit_test_teardown(lies, end),
	        cmocka_unit_test_teardown(narrowed, end),
	        cmocka_unit_test_teardown(a_seed_again, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
