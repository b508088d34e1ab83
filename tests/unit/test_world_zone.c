/* Zones through the API: filters, quoting, ids, refusals; and DNS, which shows none of it before a refresh. */
#include "world_help.h"

#define R "/1.0/domain/zone/a.example/record"

static struct world_rrs seen;

static void start(void)
{
	begin();
	add("emailpro", "pro-1", "a.example", "virgin");
	set("judge_unwritable", "no");
}

static int drop(void **state)
{
	world_rrs_free(&seen);
	return end(state);
}

static void look(unsigned server, const char *name, int type)
{
	world_rrs_free(&seen);
	world_dns(w, now, server, name, type, &seen);
}

static long long post(const char *sub, const char *type, const char *target, const char *ttl)
{
	char body[1200];

	put(body, sizeof(body), "{\"subDomain\":\"%s\",\"fieldType\":\"%s\",\"target\":\"%s\",\"ttl\":%s}",
	        sub, type, target, ttl);
	if (ask("POST", R, body) != 200)
		return -last.status;
	return strtoll(strstr(last.body, "\"id\":") + 5, NULL, 10);
}

static int record(const char *method, long long id, const char *body)
{
	char path[200];

	put(path, sizeof(path), R "/%lld", id);
	return ask(method, path, body);
}

static void refresh(void)
{
	assert_int_equal(ask("POST", "/1.0/domain/zone/a.example/refresh", NULL), 200);
	assert_string_equal(last.body, "null");
}

static unsigned listed(const char *query)
{
	char path[200];
	unsigned n = 0;

	put(path, sizeof(path), R "%s", query);
	assert_int_equal(get(path), 200);
	for (const char *p = last.body + 1; *p && *p != ']'; p++)
		n += *p == ',' || p == last.body + 1;
	return n;
}

static void served_after_refresh(void **state)
{
	long long id;

	(void)state;
	start();
	set("zone_ttl", "1800");
	id = post("www", "CNAME", "web.example.net.", "0");
	assert_true(id > 0);
	now += DAY;
	look(0, "www.a.example", 5);
	assert_int_equal(seen.rcode, WORLD_NXDOMAIN);
	assert_int_equal(seen.authority[0].type, 6);
	assert_int_equal(seen.authority[0].ttl, 300);
	refresh();
	get("/1.0/domain/zone/a.example/status");
	assert_true(says("\"isDeployed\":false"));
	now += 29 * SECOND;
	look(0, "www.a.example", 5);
	assert_int_equal(seen.rcode, WORLD_NXDOMAIN);
	now += SECOND;
	look(0, "WWW.A.example.", 5);
	assert_int_equal(seen.rcode, WORLD_NOERROR);
	assert_int_equal(seen.n_answer, 1);
	assert_string_equal(seen.answer[0].data, "web.example.net");
	assert_int_equal(seen.answer[0].ttl, 1800);
	assert_true(seen.authoritative);
	get("/1.0/domain/zone/a.example/status");
	assert_true(says("\"isDeployed\":true"));
	assert_int_equal(record("DELETE", id, NULL), 200);
	assert_string_equal(last.body, "null");
	look(0, "www.a.example", 5);
	assert_int_equal(seen.n_answer, 1);
	refresh();
	now += MINUTE;
	look(0, "www.a.example", 5);
	assert_int_equal(seen.rcode, WORLD_NXDOMAIN);
}

static void filters(void **state)
{
	unsigned before;

	(void)state;
	start();
	before = listed("");
	post("s1._domainkey", "CNAME", "x.example.net.", "0");
	post("s1Xdomainkey", "CNAME", "x.example.net.", "0");
	post("S1._DomainKey", "TXT", "hello", "0");
	assert_int_equal(listed(""), before + 3);
	assert_int_equal(listed("?subDomain=s1.xdomainkey"), 0);
	assert_int_equal(listed("?subDomain=s1._domainkey"), 2); /* without case */
	assert_int_equal(listed("?subDomain=s1_domainkey"), 1);  /* _ is any one character */
	assert_int_equal(listed("?subDomain=s1%25&fieldType=CNAME"), 2);
	assert_int_equal(listed("?fieldType=TXT&subDomain=%25domainkey"), 1);
	assert_int_equal(listed("?subDomain="), before);
	assert_int_equal(get(R "?fieldType=BOGUS"), 400);
}

static void ttls_and_targets(void **state)
{
	long long id;

	(void)state;
	start();
	id = post("low", "CNAME", "docs.example.com", "7");
	record("GET", id, NULL);
	assert_true(says("\"ttl\":60"));
	assert_string_equal(field("target"), "docs.example.com"); /* verbatim, and relative */
	refresh();
	now += MINUTE;
	look(0, "low.a.example", 5);
	assert_string_equal(seen.answer[0].data, "docs.example.com.a.example");
	assert_int_equal(seen.answer[0].ttl, 60);
	assert_int_equal(record("PUT", id, "{\"target\":\"docs.example.com.\",\"ttl\":300}"), 200);
	assert_string_equal(last.body, "null");
	record("GET", id, NULL);
	assert_true(says("\"ttl\":300") && says("\"subDomain\":\"low\""));
	assert_int_equal(record("PUT", id, "{\"fieldType\":\"TXT\"}"), 400);
	assert_string_equal(field("message"), "Try to alter read-only properties: fieldType");
	assert_int_equal(post("x", "CNAME", "two words", "0"), -400);
	assert_int_equal(post("x..y", "CNAME", "x.", "0"), -400);
	assert_int_equal(post("x", "NOPE", "x.", "0"), -400);
	assert_int_equal(post("x", "CNAME", "x.", "\\\"60\\\""), -400);
	assert_int_equal(post("k", "DKIM", "\\\"v=DKIM1; p=\\\"", "0"), -400);
	assert_true(post("k", "DKIM", "v=DKIM1; k=rsa; p=abc", "0") > 0);
}

static void quoting(void **state)
{
	char text[400], want[420];
	long long id;

	(void)state;
	start();
	memset(text, 'a', 300);
	text[300] = 0;
	id = post("t", "TXT", text, "0");
	record("GET", id, NULL);
	assert_string_equal(field("target"), text);
	now += 10 * SECOND;
	record("GET", id, NULL);
	put(want, sizeof(want), "\\\"%.255s\\\" \\\"%.45s\\\"", text, text);
	assert_true(says(want));
	refresh();
	now += MINUTE;
	look(0, "t.a.example", 16);
	assert_string_equal(seen.answer[0].data, text);
}

static void fresh_records(void **state)
{
	long long id;

	(void)state;
	start();
	set("record_404_ms", "1min");
	set("record_list_ms", "30s");
	id = post("x", "CNAME", "y.example.", "0");
	assert_int_equal(record("GET", id, NULL), 404);
	assert_int_equal(listed("?subDomain=x"), 0);
	now += 30 * SECOND;
	assert_int_equal(listed("?subDomain=x"), 1);
	assert_int_equal(record("GET", id, NULL), 404);
	now += 30 * SECOND;
	assert_int_equal(record("GET", id, NULL), 200);
	set("id_zero", "1");
	assert_int_equal(post("x", "CNAME", "y.example.", "0"), 0);
	now += MINUTE;
	assert_int_equal(listed("?subDomain=x"), 2); /* duplicates are taken */
	set("duplicate", "409");
	assert_int_equal(post("x", "CNAME", "y.example.", "0"), -409);
	set("cname_beside", "400");
	assert_int_equal(post("x", "CNAME", "z.example.", "0"), -400);
	world_person(w, now, "a.example", "text-edit");
	assert_int_equal(record("GET", id, NULL), 404);
	assert_int_equal(listed("?subDomain=x"), 2);
}

static void refusals(void **state)
{
	(void)state;
	start();
	set("refresh_403", "yes");
	assert_true(post("x", "CNAME", "y.example.", "0") > 0);
	assert_int_equal(ask("POST", "/1.0/domain/zone/a.example/refresh", NULL), 403);
	assert_string_equal(field("unauthorizedActionsByIAM"), "dnsZone:apiovh:refresh");
	now += HOUR;
	look(0, "x.a.example", 5);
	assert_int_equal(seen.rcode, WORLD_NXDOMAIN);
	set("refresh_403", "no");
	set("refresh_error", "1");
	assert_int_equal(ask("POST", "/1.0/domain/zone/a.example/refresh", NULL), 500);
	set("refresh_error", "0");
	set("refresh_lost", "1");
	refresh();
	now += HOUR;
	look(0, "x.a.example", 5);
	assert_int_equal(seen.rcode, WORLD_NXDOMAIN);
	set("refresh_lost", "0");
	set("refresh_busy_ms", "10s");
	refresh();
	assert_int_equal(ask("POST", "/1.0/domain/zone/a.example/refresh", NULL), 409);
	set("record_403@a.example", "yes");
	assert_int_equal(post("x", "CNAME", "y.example.", "0"), -403);
	set("zone_missing", "yes");
	assert_int_equal(get(R), 404);
	assert_string_equal(field("message"), "This service does not exist");
	get("/1.0/domain/zone");
	assert_string_equal(last.body, "[]");
}

static void zones_elsewhere(void **state)
{
	(void)state;
	start();
	assert_int_equal(
	        world_add_domain(w, now, "acc", "emailpro", "pro-1", "b.example", NULL, "none", 2, "signing"),
	        0);
	assert_int_equal(world_add_domain(w, now, "acc", "emailpro", "pro-1", "c.example", NULL,
	                         "account:dns", 2, "signing"),
	        0);
	assert_int_equal(world_add_domain(w, now, "acc", "emailpro", "pro-1", "mail.a.example", "a.example",
	                         "ovh", 2, "signing"),
	        0);
	assert_int_equal(get("/1.0/domain/zone/b.example"), 404);
	assert_int_equal(get("/1.0/domain/zone/c.example"), 404);
	look(1, "ovhemp2-selector1._domainkey.b.example", 5);
	assert_int_equal(seen.n_answer, 1);
	look(1, "ovhemp4-selector2._domainkey.mail.a.example", 5);
	assert_int_equal(seen.n_answer, 1);
	assert_int_equal(listed("?subDomain=ovhemp4-selector2._domainkey.mail"), 1);
	get("/1.0/domain/zone/a.example");
	assert_true(says("\"nameServers\":[\"ns1.ovh.net\",\"ns2.ovh.net\"]"));
	get("/1.0/domain/zone/a.example/soa");
	assert_true(says("\"nxDomainTtl\":300"));
	get("/1.0/domain/zone/a.example/task");
	assert_string_equal(last.body, "[]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_teardown(served_after_refresh, drop),
	        cmocka_unit_test_teardown(filters, drop),
	        cmocka_unit_test_teardown(ttls_and_targets, drop),
	        cmocka_unit_test_teardown(quoting, drop),
	        cmocka_unit_test_teardown(fresh_records, drop),
	        cmocka_unit_test_teardown(refusals, drop),
	        cmocka_unit_test_teardown(zones_elsewhere, drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
