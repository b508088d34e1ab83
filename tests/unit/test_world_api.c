/* The API around the platforms: versions, escapes, routes, accounts, errors of both generations, ids, bodies, and
 * the lists by which a client discovers what it has. */
#include "world_help.h"

#include <ctype.h>

static void versions_and_escapes(void **state)
{
	/* clang-format off */
	static const char *const paths[] = {
		"/1.0/email/pro/pro-1/domain/a.example",
		"/v1/email/pro/pro-1/domain/a.example",
		"/email/pro/pro-1/domain/a.example",
		"/1.0/email/pro/pro-1/domain/a%2Eexample",
		"/1.0/email/%70ro/pro%2D1/domain/a.example",
		"/1.0/email/pro/pro-1/domain/a.example/",
	};
	static const char *const wrong[] = {
		"/v2/email/pro/pro-1/domain/a.example",
		"/1.0/email/pro//domain/a.example",
		"/3.0/email/pro/pro-1/domain/a.example",
		"/1.0",
		"/",
		"email/pro",
		"/1.0/email/pro/pro-1/domain/a.exampl%",
		"/1.0/email/pro/pro-1/domain/a%00.example",
		"/1.0/email/pro/pro-1/domain/a.example/dkim/x/y/z",
	};
	/* clang-format on */

	(void)state;
	begin();
	add("emailpro", "pro-1", "a.example", "signing");
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		assert_int_equal(get(paths[i]), 200);
		assert_string_equal(field("name"), "a.example");
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(get(wrong[i]), 404);
		assert_string_equal(field("message"), "Got an invalid (or empty) URL");
	}
	assert_int_equal(ask("PATCH", paths[0], NULL), 404);
	/* an escaped slash does not make a segment */
	assert_int_equal(get("/1.0/email/pro/pro-1%2Fdomain/a.example"), 404);
}

static void errors_of_both_generations(void **state)
{
	(void)state;
	begin();
	add("emailpro", "pro-1", "a.example", "signing");
	assert_int_equal(get("/1.0/email/pro/pro-2/domain/a.example"), 404);
	assert_string_equal(
	        last.body, "{\"class\":\"Client::NotFound\",\"message\":\"This service does not exist\"}");
	assert_int_equal(get("/1.0/email/pro/pro-1/domain/b.example"), 404);
	assert_string_equal(field("message"), "The requested object (domainName = b.example) does not exist");
	set("errors", "old");
	assert_int_equal(get("/1.0/email/pro/pro-2/domain/a.example"), 404);
	assert_string_equal(last.body, "{\"message\":\"This service does not exist\"}");
	assert_int_equal(get("/1.0/nothing"), 404);
	assert_string_equal(last.body, "{\"errorCode\":\"INVALID_URL\",\"httpCode\":\"404 Not Found\","
	                               "\"message\":\"Got an invalid (or empty) URL\"}");
}

static void what_is_another_accounts(void **state)
{
	struct world_request q = {.account = "other", .method = "GET"};
	static const char *const paths[] = {"/1.0/email/pro/pro-1/domain/a.example",
	        "/1.0/domain/zone/a.example", "/1.0/domain/zone/a.example/record",
	        "/1.0/email/pro/pro-1/domain/a.example/dkim/ovhemp1-selector1"};

	(void)state;
	begin();
	add("emailpro", "pro-1", "a.example", "signing");
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		free(last.body);
		q.path = paths[i];
		world_request(w, now, &q, &last);
		assert_int_equal(last.status, 404);
		assert_string_equal(field("message"), "This service does not exist");
	}
	free(last.body);
	q.path = "/1.0/domain/zone";
	world_request(w, now, &q, &last);
	assert_string_equal(last.body, "[]");
}

static void discovery(void **state)
{
	(void)state;
	begin();
	add("exchange", "hosted-a-1", "a.example", "virgin");
	add("exchange", "private-b/srv", "b.example", "virgin");
	add("emailpro", "pro-1", "c.example", "virgin");
	add("emailpro", "pro-1", "d.example", "virgin");
	add("mxplan", "", "e.example", "virgin");
	add("zimbra", "z", "f.example", "virgin");
	get("/1.0/email/exchange");
	assert_string_equal(last.body, "[\"hosted-a-1\",\"private-b\"]");
	get("/1.0/email/exchange/private-b/service");
	assert_string_equal(last.body, "[\"srv\"]");
	assert_int_equal(get("/1.0/email/exchange/private-c/service"), 404);
	get("/1.0/email/exchange/private-b/service/srv/domain");
	assert_string_equal(last.body, "[\"b.example\"]");
	get("/1.0/email/pro");
	assert_string_equal(last.body, "[\"pro-1\"]");
	get("/1.0/email/pro/pro-1/domain");
	assert_string_equal(last.body, "[\"c.example\",\"d.example\"]");
	get("/1.0/email/domain");
	assert_string_equal(last.body, "[\"e.example\",\"f.example\"]");
	get("/1.0/domain/zone/");
	assert_true(says("\"a.example\"") && says("\"f.example\""));
	assert_int_equal(get("/1.0/email/exchange/hosted-a-1"), 200);
	assert_int_equal(get("/1.0/email/exchange/hosted-a-1/service/hosted-a-1"), 200);
	assert_int_equal(get("/v2/zimbra/platform"), 200);
	assert_true(says("\"name\":\"z\""));
}

static void query_ids(void **state)
{
	char first[80];

	(void)state;
	begin();
	get("/1.0/auth/time");
	assert_memory_equal(last.query_id, "EU.ext-", 7);
	assert_non_null(strstr(last.query_id, ".6ab13b80.")); /* T0 in hex seconds */
	keep(first, sizeof(first), last.query_id);
	get("/1.0/auth/time");
	assert_string_not_equal(first, last.query_id);
	set("query_id", "old");
	get("/1.0/auth/time");
	assert_memory_equal(last.query_id, "FR.ws-", 6);
	set("query_id", "none");
	get("/1.0/auth/time");
	assert_string_equal(last.query_id, "");
}

static void the_clock(void **state)
{
	(void)state;
	begin();
	assert_int_equal(get("/1.0/auth/time"), 200);
	assert_string_equal(last.body, "1790000000");
	set("clock_offset", "-10min");
	get("/v1/auth/time");
	assert_string_equal(last.body, "1789999400");
}

static void bodies(void **state)
{
	/* clang-format off */
	static const struct {
		const char *body, *message;
	} table[] = {
		{"{", "Invalid JSON received"},
		{"[]", "Invalid JSON received"},
		{"{}x", "Invalid JSON received"},
		{"{\"selectorName\":\"a\\u0000\"}", "Invalid JSON received"},
		{NULL, "Missing parameter(s): selectorName"},
		{"{}", "Missing parameter(s): selectorName"},
		{"{\"selectorName\":5}", "[selectorName] Given data is not valid for type string"},
		{"{\"selectorName\":\"x\",\"autoEnableDKIM\":\"false\"}",
			"[autoEnableDKIM] Given data is not valid for type boolean"},
		{"{\"selectorName\":\"x\",\"colour\":1}", "Received not described parameters: (colour)"},
		{"{\"selectorName\":\"x\",\"selectorName\":\"y\"}", "Field selectorName is given twice"},
		{"{\"selectorName\":\"x\"}", "selectorName x is not allowed for this domain"},
	};
	/* clang-format on */

	(void)state;
	begin();
	add("emailpro", "pro-1", "a.example", "virgin");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(ask("POST", P "dkim", table[i].body), 400);
		assert_string_equal(field("message"), table[i].message);
	}
	set("bad_body", "signature");
	assert_int_equal(ask("POST", P "dkim", "{\"selectorName\":5}"), 400);
	assert_string_equal(field("message"), "Invalid signature");
	get(P "dkim");
	assert_string_equal(last.body, "[]");
}

static void ids(void **state)
{
	static const struct {
		const char *how;
		int64_t above;
	} table[] = {{"small", 0}, {"long", INT64_C(1) << 31}, {"huge", INT64_C(1) << 53}};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		int64_t id;

		begin();
		set("ids", table[i].how);
		add("emailpro", "pro-1", "a.example", "signing");
		assert_int_equal(ask("POST", P "dkim/ovhemp1-selector2/enable", NULL), 200);
		id = strtoll(strstr(last.body, "\"id\":") + 5, NULL, 10);
		assert_true(id > table[i].above);
		if (!i)
			assert_true(id < INT64_C(1) << 31);
		end(NULL);
	}
	begin();
}

static void extra_fields_and_expiry(void **state)
{
	(void)state;
	begin();
	add("emailpro", "pro-1", "a.example", "signing");
	add("emailpro", "pro-2", "b.example", "signing");
	get("/1.0/email/pro/pro-1/domain/a.example");
	assert_true(says("unheardOf"));
	set("extra_fields", "no");
	get("/1.0/email/pro/pro-1/domain/a.example");
	assert_false(says("unheardOf"));
	assert_int_equal(world_person(w, now, "a.example", "expire-service"), 0);
	assert_int_equal(get(P "dkim"), 460);
	assert_string_equal(field("message"), "This service is expired");
	assert_int_equal(get("/1.0/email/pro/pro-2/domain/b.example/dkim"), 200);
	assert_int_equal(world_person(w, now, "a.example", "renew-service"), 0);
	assert_int_equal(get(P "dkim"), 200);
	set("service_expired@b.example", "yes");
	assert_int_equal(get("/1.0/email/pro/pro-2/domain/b.example/dkim"), 460);
}

static void counting(void **state)
{
	char *text;

	(void)state;
	begin();
	add("emailpro", "pro-1", "a.example", "signing");
	for (int i = 0; i < 30; i++, now += SECOND)
		get(P "dkim");
	now += 2 * MINUTE;
	get("/1.0/auth/time");
	get("/1.0/domain/zone/a.example/record");
	assert_int_equal(world_requests(w, "a.example"), 31);
	assert_int_equal(world_busiest_minute(w, "acc"), 30);
	text = world_counts(w);
	assert_non_null(strstr(text, "\"total\":31"));
	assert_non_null(strstr(text, "\"auth\":1,"));
	assert_non_null(strstr(text, "\"dkim\":30"));
	assert_non_null(strstr(text, "\"busiestMinute\":30"));
	free(text);
}

/* The limit holds over any 60 s, not over minutes of the clock. */
static void rate_limit(void **state)
{
	(void)state;
	begin();
	add("emailpro", "pro-1", "a.example", "signing");
	set("rate_limit", "5");
	for (int i = 0; i < 5; i++, now += 10 * SECOND)
		assert_int_equal(get(P "dkim"), 200);
	assert_int_equal(get(P "dkim"), 429);
	assert_int_equal(last.retry_after, 5);
	assert_string_equal(field("class"), "Client::TooManyRequests");
	now += 30 * SECOND;
	assert_int_equal(get(P "dkim"), 200);
	set("limit_body", "html");
	set("retry_after", "0");
	set("rate_limit", "1");
	assert_int_equal(get(P "dkim"), 429);
	assert_int_equal(last.retry_after, 0);
	assert_string_equal(last.content_type, "text/html");
	assert_int_equal(get("/1.0/auth/time"), 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_teardown(versions_and_escapes, end),
	        cmocka_unit_test_teardown(errors_of_both_generations, end),
	        cmocka_unit_test_teardown(what_is_another_accounts, end),
	        cmocka_unit_test_teardown(discovery, end),
	        cmocka_unit_test_teardown(query_ids, end),
	        cmocka_unit_test_teardown(the_clock, end),
	        cmocka_unit_test_teardown(bodies, end),
	        cmocka_unit_test_teardown(ids, end),
	        cmocka_unit_test_teardown(extra_fields_and_expiry, end),
	        cmocka_unit_test_teardown(counting, end),
	        cmocka_unit_test_teardown(rate_limit, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
