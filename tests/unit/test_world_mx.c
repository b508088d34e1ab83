/* MX Plan, and Zimbra by both of its ways. */
#include "world_help.h"

#define D    "/1.0/email/domain/a.example/"
#define Z    "/v2/zimbra/platform/11111111-2222-4333-8444-555555555555/"
#define Z_ID "11111111-2222-4333-8444-555555555555"
#define M1   "ovhmo1-selector1"

static void start(const char *platform, const char *dns, const char *state)
{
	begin();
	assert_int_equal(
	        world_add_domain(w, now, "acc", platform, Z_ID, "a.example", NULL, dns, 2, state), 0);
}

static const char *status(void)
{
	assert_int_equal(get(D "dkim"), 200);
	return field("status");
}

static void zone_at_ovhcloud(void **state)
{
	char path[200];
	const char *id;

	(void)state;
	start("mxplan", "ovh", "virgin");
	assert_string_equal(status(), "disabled");
	assert_true(says("\"activeSelector\":null") && says("\"selectors\":[]"));
	assert_int_equal(ask("PUT", D "dkim/enable", NULL), 200);
	assert_broken(0);
	assert_string_equal(field("function"), "domain/enableDKIM");
	assert_string_equal(field("status"), "init");
	id = strstr(last.body, "\"id\":") + 5;
	put(path, sizeof(path), D "task/all/%.*s", (int)strspn(id, "0123456789"), id);
	now += SECOND + 1;
	get(path);
	assert_string_equal(field("status"), "todo");
	now += SECOND;
	get(path);
	assert_string_equal(field("status"), "doing");
	get(D "task/all");
	assert_true(strlen(last.body) > 4);
	assert_string_equal(status(), "modifying");
	assert_int_equal(ask("PUT", D "dkim/enable", NULL), 409);
	assert_broken(6);
	now += MINUTE;
	get(path);
	assert_string_equal(field("status"), "done");
	assert_string_equal(status(), "disabled");
	assert_true(says("\"status\":\"toSet\""));
	assert_true(says("\"cname\":\"" M1 "._domainkey.a.example CNAME " M1 "._domainkey.1"));
	assert_true(says("dkim.mail.ovh.net.\""));
	now += 15 * MINUTE;
	assert_string_equal(status(), "enabled");
	assert_string_equal(field("activeSelector"), M1);
	assert_true(says("\"autoconfig\":true") && !says("toSet"));
	assert_string_equal(world_signing(w, now, "a.example"), M1);
}

static void zone_elsewhere(void **state)
{
	(void)state;
	start("mxplan", "none", "virgin");
	set("mx_wait_state", "toConfigure");
	set("mx_selectors", "null");
	assert_string_equal(status(), "disabled");
	assert_true(says("\"selectors\":null"));
	assert_int_equal(ask("PUT", D "dkim/enable", NULL), 200);
	now += 20 * MINUTE;
	assert_string_equal(status(), "toConfigure");
	assert_true(says("\"autoconfig\":false"));
	assert_int_equal(world_person(w, now, "a.example", "wrong-cname 2"), 0);
	assert_int_equal(world_person(w, now, "a.example", "add-cname 1"), 0);
	now += 20 * MINUTE;
	assert_string_equal(status(), "toConfigure");
	assert_true(says("\"status\":\"set\"") && says("\"status\":\"toFix\""));
	assert_int_equal(world_person(w, now, "a.example", "add-cname"), 0);
	now += 20 * MINUTE;
	assert_string_equal(status(), "disabled"); /* all are set: it may be enabled */
	assert_false(says("toSet"));
	assert_int_equal(ask("PUT", D "dkim/enable", NULL), 200);
	now += MINUTE;
	assert_string_equal(status(), "enabled");
	assert_int_equal(world_broken(w), 0);
	end(NULL);

	start("mxplan", "none", "virgin");
	set("mx_auto_enable", "yes");
	ask("PUT", D "dkim/enable", NULL);
	now += MINUTE;
	world_person(w, now, "a.example", "add-cname");
	now += 20 * MINUTE;
	assert_string_equal(status(), "enabled");
}

static void readings_that_flap(void **state)
{
	char first[2000];

	(void)state;
	start("mxplan", "ovh", "ready");
	set("mx_flap_ms", "10s");
	set("mx_order_swaps", "yes");
	assert_int_equal(ask("PUT", D "dkim/enable", NULL), 200);
	now += 22 * SECOND;
	assert_string_equal(status(), "enabled");
	keep(first, sizeof(first), strstr(last.body, "selectors"));
	now += SECOND;
	assert_string_equal(status(), "disabled");
	assert_string_not_equal(strstr(last.body, "selectors"), first);
	now += SECOND;
	assert_string_equal(status(), "enabled");
	assert_string_equal(strstr(last.body, "selectors"), first);
	now += 9 * SECOND;
	assert_string_equal(status(), "enabled");
	now += SECOND;
	assert_string_equal(status(), "enabled");
}

static void what_goes_wrong(void **state)
{
	(void)state;
	start("mxplan", "ovh", "ready");
	set("mx_conflict", "1");
	assert_int_equal(ask("PUT", D "dkim/enable", NULL), 409);
	set("mx_conflict", "0");
	set("mx_lost", "1");
	assert_int_equal(ask("PUT", D "dkim/enable", NULL), 200);
	now += MINUTE;
	assert_string_equal(status(), "disabled");
	set("mx_lost", "0");
	set("task_error", "1");
	assert_int_equal(ask("PUT", D "dkim/enable", NULL), 200);
	now += MINUTE;
	assert_string_equal(status(), "error");
	set("task_error", "0");
	assert_int_equal(ask("PUT", D "dkim/enable", NULL), 200);
	now += MINUTE;
	assert_string_equal(status(), "enabled");
	assert_int_equal(world_broken(w), 0);
	set("mx_autoconfig", "null");
	status();
	assert_true(says("\"autoconfig\":null"));
	assert_int_equal(ask("PUT", D "dkim/disable", NULL), 200);
	assert_broken(1);
	now += MINUTE;
	assert_string_equal(world_signing(w, now, "a.example"), "");
}

static void active_moves(void **state)
{
	(void)state;
	start("mxplan", "ovh", "virgin");
	set("mx_active_ms", "30d");
	ask("PUT", D "dkim/enable", NULL);
	now += HOUR;
	status();
	assert_string_equal(field("activeSelector"), M1);
	now += 30 * DAY;
	status();
	assert_string_equal(field("activeSelector"), "ovhmo1-selector2");
	assert_string_equal(world_signing(w, now, "a.example"), "ovhmo1-selector2");
	now += 30 * DAY;
	status();
	assert_string_equal(field("activeSelector"), M1);
	set("cname_gone", "all");
	world_person(w, now, "a.example", "remove-cname 1");
	now += HOUR;
	assert_string_equal(status(), "disabled");
	assert_string_equal(world_signing(w, now, "a.example"), "");
}

static void zimbra_by_v1(void **state)
{
	(void)state;
	start("zimbra", "ovh", "signing");
	assert_string_equal(status(), "enabled");
	get("/1.0/email/domain/a.example");
	assert_string_equal(field("status"), "ok");
	set("zimbra_api", "v2");
	assert_int_equal(get(D "dkim"), 404);
	set("zimbra_api", "v1");
	assert_int_equal(get(D "dkim"), 200);
	get(Z "domain");
	assert_string_equal(last.body, "[]");
}

/* The path of the zimbra domain a.example. */
static const char *domain(void)
{
	static char path[200];

	assert_int_equal(get(Z "domain?domainName=a.example"), 200);
	put(path, sizeof(path), Z "domain/%s", field("id"));
	return path;
}

static void zimbra_by_v2(void **state)
{
	char path[200], body[300];

	(void)state;
	start("zimbra", "none", "virgin");
	keep(path, sizeof(path), domain());
	get(path);
	assert_true(says("\"dkimEnabled\":false") && says("\"resourceStatus\":\"READY\""));
	assert_true(says("{\"name\":\"ovhzm1-selector1._domainkey.a.example\",\"value\":\"ovhzm1-selector1._"
	                 "domainkey.1"));
	put(body, sizeof(body), "{\"targetSpec\":{\"dkimEnabled\":true},\"checksum\":\"%s\"}",
	        field("checksum"));
	assert_int_equal(ask("PUT", path, body), 200);
	assert_broken(0);
	assert_true(says("\"dkimEnabled\":true") && says("\"resourceStatus\":\"UPDATING\""));
	assert_true(says("\"status\":\"SCHEDULED\""));
	now += 5 * SECOND;
	get(Z "task");
	assert_true(says("\"status\":\"RUNNING\""));
	now += MINUTE;
	assert_int_equal(ask("PUT", path, body), 409); /* the checksum is of another day */
	put(body, sizeof(body), "{\"domains\":[\"%s\",\"x\"]}", strrchr(path, '/') + 1);
	assert_int_equal(ask("POST", Z "diagnostic/domain", body), 200);
	assert_true(
	        says("MISSING_ONE_SELECTOR") && says("DOMAIN_NOT_FOUND") && says("\"status\":\"PARTIAL\""));
	assert_int_equal(world_changes(w), 2); /* a diagnosis is no change */
	set("zimbra_sync", "OUT_OF_SYNC");
	get(path);
	assert_true(says("OUT_OF_SYNC"));
	world_person(w, now, "a.example", "add-cname");
	now += 20 * MINUTE;
	get(path);
	assert_true(says("\"resourceStatus\":\"READY\""));
	assert_string_equal(world_signing(w, now, "a.example"), "ovhzm1-selector1");
	ask("POST", Z "diagnostic/domain", body);
	assert_true(says("\"dkim\":{\"status\":\"OK\"") && says("recordsFound\":[{"));
	assert_int_equal(ask("PUT", path, "{\"targetSpec\":{\"dkimEnabled\":false}}"), 200);
	assert_broken(1);
}

static void zimbra_refusals(void **state)
{
	char path[200];

	(void)state;
	start("zimbra", "ovh", "signing");
	set("zimbra_cnames", "null");
	keep(path, sizeof(path), domain());
	assert_true(says("\"expectedDNSConfig\":null"));
	assert_int_equal(ask("PUT", path, "{\"targetSpec\":true}"), 400);
	assert_int_equal(ask("PUT", path, "{\"targetSpec\":{\"dkimEnabled\":\"true\"}}"), 400);
	assert_int_equal(ask("PUT", path, NULL), 400);
	assert_int_equal(ask("POST", Z "diagnostic/domain", "{\"domains\":\"x\"}"), 400);
	assert_int_equal(get(Z "domain/00000000-0000-4000-8000-000000000000"), 404);
	assert_int_equal(get("/v2/zimbra/platform/00000000-0000-4000-8000-000000000000/domain"), 404);
	assert_int_equal(get("/1.0/zimbra/platform"), 404);
}

static void pages(void **state)
{
	struct world_request q = {.account = "acc", .method = "GET", .path = Z "domain", .page_size = 2};
	char cursor[64] = "", name[20];
	unsigned seen = 0;

	(void)state;
	start("zimbra", "ovh", "virgin");
	for (int i = 0; i < 6; i++) {
		put(name, sizeof(name), "b%d.example", i);
		add("zimbra", Z_ID, name, "virgin");
	}
	for (unsigned page = 0; page < 4; page++) {
		free(last.body);
		q.page_cursor = cursor;
		world_request(w, now, &q, &last);
		assert_int_equal(last.status, 200);
		for (const char *p = last.body; (p = strstr(p, "\"checksum\"")); p++)
			seen++;
		assert_int_equal(*last.next_cursor == 0, page == 3);
		keep(cursor, sizeof(cursor), last.next_cursor);
	}
	assert_int_equal(seen, 7);
	free(last.body);
	q.page_cursor = "nonsense";
	world_request(w, now, &q, &last);
	assert_int_equal(last.status, 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_teardown(zone_at_ovhcloud, end),
	        cmocka_unit_test_teardown(zone_elsewhere, end),
	        cmocka_unit_test_teardown(readings_that_flap, end),
	        cmocka_unit_test_teardown(what_goes_wrong, end),
	        cmocka_unit_test_teardown(active_moves, end),
	        cmocka_unit_test_teardown(zimbra_by_v1, end),
	        cmocka_unit_test_teardown(zimbra_by_v2, end),
	        cmocka_unit_test_teardown(zimbra_refusals, end),
	        cmocka_unit_test_teardown(pages, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
