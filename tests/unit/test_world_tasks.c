/* Tasks of Exchange and Email Pro, and what is refused: each unknown of the API, both ways. */
#include "world_hosted.h"

static void a_task_lives(void **state)
{
	char path[200];

	(void)state;
	start("signing");
	assert_int_equal(order("POST", A2, "/enable"), 200);
	assert_string_equal(field("function"), "enableDKIM");
	assert_string_equal(field("status"), "todo");
	assert_true(says("\"finishDate\":null"));
	keep(path, sizeof(path), task());
	get("/1.0/email/pro/pro-1/task");
	assert_true(strlen(last.body) > 2);
	now += SECOND;
	get(path);
	assert_string_equal(field("status"), "doing");
	now += 8 * SECOND;
	get(path);
	assert_string_equal(field("status"), "doing");
	now += SECOND;
	get(path);
	assert_string_equal(field("status"), "done");
	assert_string_equal(field("finishDate"), "2026-09-21T15:13:30+01:00");
	get("/1.0/email/pro/pro-1/task");
	assert_string_equal(last.body, "[]");
	assert_int_equal(get("/1.0/email/pro/pro-1/task/12345"), 404);
	now += 8 * DAY;
	assert_int_equal(get(path), 404);
}

/* An order that stops the old signer and then fails leaves nobody; that is OVHcloud's fault, not the request's. */
static void enable_stops_old(void **state)
{
	(void)state;
	start("signing");
	set("enable_stops_old", "1");
	assert_int_equal(order("POST", A2, "/enable"), 200);
	now += 2 * SECOND;
	assert_string_equal(signers(), "");
	now += 10 * SECOND;
	assert_string_equal(st(A1), "ready");
	assert_string_equal(st(A2), "ready");
	assert_int_equal(world_broken(w), 0);
	get("/1.0/email/pro/pro-1/domain/a.example");
	assert_true(says("\"errorCode\":502"));
	set("enable_stops_old", "0");
	assert_int_equal(order("POST", A1, "/enable"), 200);
	assert_broken(0);
	now += 11 * SECOND;
	assert_string_equal(signers(), A1);
}

static void tasks_that_fail(void **state)
{
	(void)state;
	start("signing");
	set("task_error", "1");
	assert_int_equal(order("POST", A2, "/enable"), 200);
	now += 11 * SECOND;
	get(task());
	assert_string_equal(field("status"), "error");
	assert_string_equal(st(A2), "ready");
	assert_true(says("\"taskPendingId\":null"));
	assert_string_equal(signers(), A1);
	set("task_end_bad", "cancelled");
	set("keep_pending", "error");
	assert_int_equal(order("DELETE", A2, ""), 200);
	now += 11 * SECOND;
	get(task());
	assert_string_equal(field("status"), "cancelled");
	assert_string_equal(st(A2), "ready");
	assert_false(says("\"taskPendingId\":null"));
	set("task_error", "0");
	set("action_lost", "1");
	assert_int_equal(order("POST", A2, "/enable"), 200);
	now += 11 * SECOND;
	get(task());
	assert_string_equal(field("status"), "done");
	assert_string_equal(st(A2), "ready");
}

/* Whether a finished task's id stays, and whether a switch leaves a gap. */
static void what_a_switch_leaves(void **state)
{
	(void)state;
	start("signing");
	set("keep_pending", "always");
	set("switch_gap", "yes");
	assert_int_equal(order("POST", A2, "/enable"), 200);
	assert_string_equal(signers(), A1);
	now += 2 * SECOND;
	assert_string_equal(signers(), "");
	now += 9 * SECOND;
	assert_string_equal(signers(), A2);
	assert_string_equal(st(A1), "ready");
	assert_string_equal(st(A2), "inProduction");
	assert_false(says("\"taskPendingId\":null"));
	assert_int_equal(order("POST", A1, "/enable"), 200); /* a finished task locks nothing */
	assert_int_equal(world_broken(w), 0);
}

static void failed_creation(void **state)
{
	(void)state;
	start("virgin");
	set("task_error", "1");
	assert_int_equal(ask("POST", P "dkim", CREATE), 200);
	now += 11 * SECOND;
	assert_string_equal(st(A1), "");
	set("failed_create", "todo");
	assert_int_equal(ask("POST", P "dkim", CREATE), 200);
	now += 11 * SECOND;
	assert_string_equal(st(A1), "todo");
	get("/1.0/email/pro/pro-1/domain/a.example");
	assert_true(says("\"errorCode\":502"));
}

static void stuck(void **state)
{
	(void)state;
	start("virgin");
	set("task_stuck", "1");
	assert_int_equal(ask("POST", P "dkim", CREATE), 200);
	now += 30 * DAY;
	get(task());
	assert_string_equal(field("status"), "todo");
	assert_string_equal(st(A1), "todo");
	assert_int_equal(world_person(w, now, "a.example", "clear-tasks"), 0);
	assert_string_equal(st(A1), "");
}

static void refusals(void **state)
{
	static const char *const words[] = {"400", "409", "200"};
	static const int statuses[] = {400, 409, 200};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		start("signing");
		set("post_existing", words[i]);
		set("enable_unready", words[i]);
		set("enable_signing", words[i]);
		set("delete_signing", words[i]);
		set("action_pending", words[i]);
		assert_int_equal(ask("POST", P "dkim", CREATE), statuses[i]);
		assert_string_equal(st(A1), "inProduction");
		now += MINUTE;
		assert_string_equal(st(A1), "inProduction"); /* a task that fails changes nothing */
		assert_int_equal(order("POST", A1, "/enable"), statuses[i]);
		now += MINUTE;
		assert_string_equal(st(A1), "inProduction");
		assert_int_equal(order("DELETE", A2, ""), 200);
		assert_int_equal(order("POST", A2, "/enable"), statuses[i]); /* a task pends */
		now += MINUTE;
		assert_string_equal(st(A2), "");
		assert_int_equal(order("POST", A2, "/enable"), 404);
		assert_int_equal(order("DELETE", A2, ""), 404);
		assert_int_equal(order("DELETE", A1, ""), statuses[i]);
		now += MINUTE;
		assert_string_equal(st(A1), i == 2 ? "" : "inProduction");
		assert_string_equal(signers(), i == 2 ? "" : A1);
		end(NULL);
	}
	begin();
}

static void pending_scope(void **state)
{
	(void)state;
	start("signing");
	assert_int_equal(order("DELETE", A2, ""), 200);
	assert_int_equal(order("POST", A1, "/disable"), 200);
	end(NULL);
	start("signing");
	set("pending_scope", "domain");
	assert_int_equal(order("DELETE", A2, ""), 200);
	assert_int_equal(order("POST", A1, "/disable"), 409);
	end(NULL);
	start("virgin");
	set("pending_scope", "domain");
	assert_int_equal(ask("POST", P "dkim", CREATE), 200);
	assert_int_equal(
	        ask("POST", P "dkim", "{\"selectorName\":\"" A2 "\"}"), 200); /* creations go together */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_teardown(a_task_lives, end),
	        cmocka_unit_test_teardown(enable_stops_old, end),
	        cmocka_unit_test_teardown(tasks_that_fail, end),
	        cmocka_unit_test_teardown(what_a_switch_leaves, end),
	        cmocka_unit_test_teardown(failed_creation, end),
	        cmocka_unit_test_teardown(stuck, end),
	        cmocka_unit_test_teardown(refusals, end),
	        cmocka_unit_test_teardown(pending_scope, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
