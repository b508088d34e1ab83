/* Ten thousand domains through a first activation, with a clock that leaps from event to event; and the dump. */
#include "world_help.h"

#define N 10000

static void create_all(void)
{
	char name[40], path[200], body[200];

	for (int i = 0; i < N; i++) {
		put(name, sizeof(name), "d%05d.example", i);
		add("exchange", "org", name, "virgin");
	}
	for (int i = 0; i < N; i++)
		for (int s = 1; s <= 2; s++) {
			put(path, sizeof(path),
			        "/1.0/email/exchange/org/service/org/domain/d%05d.example/dkim", i);
			put(body, sizeof(body),
			        "{\"selectorName\":\"ovhex%d-selector%d\",\"autoEnableDKIM\":false,"
			        "\"configureDkim\":true}",
			        i + 1, s);
			assert_int_equal(ask("POST", path, body), 200);
		}
}

static void leap(int64_t until)
{
	for (;;) {
		int64_t next = world_next_event(w);

		if (!next || next > until)
			break;
		assert_true(next >= now);
		now = next;
		world_signing(w, now, "d00000.example");
	}
	now = until;
}

static void ten_thousand(void **state)
{
	char path[200], name[40];

	(void)state;
	begin();
	set("jitter", "0.5");
	create_all();
	leap(T0 + HOUR);
	assert_int_equal(world_next_event(w), 0);
	for (int i = 0; i < N; i++) {
		put(path, sizeof(path),
		        "/v1/email/exchange/org/service/org/domain/d%05d.example/dkim/ovhex%d-selector1/"
		        "enable",
		        i, i + 1);
		assert_int_equal(ask("POST", path, NULL), 200);
	}
	leap(now + HOUR);
	for (int i = 0; i < N; i++) {
		put(name, sizeof(name), "d%05d.example", i);
		assert_string_not_equal(world_signing(w, now, name), "");
	}
	assert_int_equal(world_changes(w), 3 * N);
	assert_int_equal(world_broken(w), 0);
	assert_int_equal(world_requests(w, "d00042.example"), 3);
}

static void dumps(void **state)
{
	char *text;

	(void)state;
	begin();
	add("emailpro", "pro-1", "a.example", "signing");
	add("mxplan", "", "b.example", "signing");
	ask("POST", "/1.0/email/pro/pro-1/domain/a.example/dkim/ovhemp1-selector1/disable", NULL);
	text = world_dump(w, now, "a.example");
	assert_non_null(strstr(text, "\"domain\":\"a.example\""));
	assert_null(strstr(text, "b.example"));
	assert_non_null(strstr(text, "\"state\":\"disabling\",\"signs\":true"));
	assert_non_null(strstr(text, "\"broken\":1,\"why\":\"it is the only selector that signs\""));
	assert_non_null(
	        strstr(text, "{\"name\":\"ovhemp1-selector2._domainkey.a.example\",\"type\":\"CNAME\""));
	assert_non_null(strstr(text, "\"function\":\"disable\",\"status\":\"todo\",\"by\":\"api\""));
	free(text);
	text = world_dump(w, now, NULL);
	assert_non_null(strstr(text, "\"domain\":\"b.example\",\"platform\":\"mxplan\""));
	free(text);
	text = world_dump(w, now, "nobody.example");
	assert_non_null(strstr(text, "\"domains\":[],\"changes\":[]"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_teardown(ten_thousand, end),
	        cmocka_unit_test_teardown(dumps, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
