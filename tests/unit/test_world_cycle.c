/* The whole life of an Exchange domain in the simulated OVHcloud: creation, records, switch, grace, deletion
 * and re-creation, with the judge satisfied all the way. */
#include "world_help.h"

static void post_record(const char *selector)
{
	char path[300], body[700];

	put(path, sizeof(path), E "dkim/%s", selector);
	assert_int_equal(get(path), 200);
	assert_string_not_equal(field("targetRecord"), "");
	put(body, sizeof(body),
	        "{\"fieldType\":\"CNAME\",\"subDomain\":\"%s._domainkey\",\"target\":\"%s.\"}", selector,
	        field("targetRecord"));
	assert_int_equal(ask("POST", "/1.0/domain/zone/a.example/record", body), 200);
	assert_broken(0);
	assert_int_equal(ask("POST", "/1.0/domain/zone/a.example/refresh", NULL), 200);
	assert_string_equal(last.body, "null");
	assert_broken(0);
}

static void create(const char *selector)
{
	char body[200];

	put(body, sizeof(body), "{\"selectorName\":\"%s\",\"autoEnableDKIM\":false,\"configureDkim\":false}",
	        selector);
	assert_int_equal(ask("POST", E "dkim", body), 200);
	assert_true(says("addExchangeDomainDKIM"));
	assert_broken(0);
}

static void born(void)
{
	assert_int_equal(get(E "dkimSelector"), 200);
	assert_string_equal(last.body, "[\"" S1 "\",\"" S2 "\"]");
	assert_int_equal(get(E "dkim"), 200);
	assert_string_equal(last.body, "[]");
	assert_int_equal(get(E "dkim/" S1), 404);
	assert_true(says("The requested object (selectorName = " S1 ") does not exist"));
	create(S1);
	create(S2);
	assert_int_equal(get(E "dkim/" S1), 404);
	now += 2 * SECOND;
	assert_string_equal(state_of(E, S1), "todo");
	assert_true(says("\"targetRecord\":null"));
	now += 28 * SECOND;
	assert_string_equal(state_of(E, S1), "waitingRecord");
	assert_true(says("\"cnameIsValid\":false"));
	post_record(S1);
	post_record(S2);
	now += 15 * MINUTE;
	assert_string_equal(state_of(E, S1), "ready");
	assert_string_equal(state_of(E, S2), "ready");
	assert_true(says("\"cnameIsValid\":true"));
	assert_string_equal(world_signing(w, now, "a.example"), "");
}

static void enable(const char *selector)
{
	char path[300];

	put(path, sizeof(path), E "dkim/%s/enable", selector);
	assert_int_equal(ask("POST", path, NULL), 200);
	assert_broken(0);
	assert_string_equal(state_of(E, selector), "enabling");
	now += MINUTE;
	assert_string_equal(state_of(E, selector), "inProduction");
	assert_string_equal(world_signing(w, now, "a.example"), selector);
}

static void whole_cycle(void **state)
{
	char first[300];

	(void)state;
	begin();
	add("exchange", "org", "a.example", "virgin");
	born();
	enable(S1);
	now += 90 * DAY;
	enable(S2);
	assert_string_equal(state_of(E, S1), "ready");
	keep(first, sizeof(first), field("targetRecord"));

	now += 7 * DAY + HOUR;
	assert_int_equal(ask("DELETE", E "dkim/" S1, NULL), 200);
	assert_broken(0);
	assert_string_equal(state_of(E, S1), "deleting");
	now += MINUTE;
	assert_int_equal(get(E "dkim/" S1), 404);
	assert_int_equal(get(E "dkim"), 200);
	assert_string_equal(last.body, "[\"" S2 "\"]");
	get("/1.0/email/exchange/org/service/org/domain/a.example");
	assert_true(says("\"errorCode\":501"));

	create(S1);
	now += MINUTE;
	assert_string_equal(state_of(E, S1), "waitingRecord");
	assert_string_not_equal(field("targetRecord"), first);
	assert_int_equal(world_broken(w), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_teardown(whole_cycle, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
