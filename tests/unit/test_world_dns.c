/* DNS of the simulated world: chains, negative answers, servers that lag or do not answer, and the keys. */
#include "world_help.h"

#define NAME "ovhemp1-selector1._domainkey.a.example"

static struct world_rrs seen;

static void start(void)
{
	begin();
	add("emailpro", "pro-1", "a.example", "signing");
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

static const char *target(void)
{
	static char text[300];

	look(0, NAME, 5);
	assert_int_equal(seen.n_answer, 1);
	keep(text, sizeof(text), seen.answer[0].data);
	return text;
}

static void chains(void **state)
{
	(void)state;
	start();
	set("key_ttl", "120");
	look(0, NAME, 16);
	assert_int_equal(seen.n_answer, 2);
	assert_int_equal(seen.answer[0].type, 5);
	assert_string_equal(seen.answer[0].name, NAME);
	assert_int_equal(seen.answer[1].type, 16);
	assert_string_equal(seen.answer[1].name, seen.answer[0].data);
	assert_int_equal(seen.answer[1].ttl, 120);
	assert_int_equal(strlen(seen.answer[1].data), 18 + 392);
	set("dns_chase", "no");
	look(0, NAME, 16);
	assert_int_equal(seen.n_answer, 1);
	look(0, NAME, 5);
	assert_int_equal(seen.n_answer, 1);
	assert_int_equal(seen.answer[0].type, 5);
	set("dns_chase", "yes");
	set("dns_flatten", "yes");
	look(0, NAME, 5);
	assert_int_equal(seen.rcode, WORLD_NOERROR);
	assert_int_equal(seen.n_answer, 0);
	look(0, NAME, 16);
	assert_int_equal(seen.n_answer, 1);
	assert_string_equal(seen.answer[0].name, NAME);
	assert_int_equal(seen.answer[0].type, 16);
}

/* A chain that bites its own tail ends. */
static void a_loop(void **state)
{
	(void)state;
	start();
	world_person(w, now, "a.example", "record x CNAME y");
	world_person(w, now, "a.example", "record y CNAME x");
	now += MINUTE;
	look(0, "x.a.example", 16);
	assert_true(seen.n_answer >= 2 && seen.n_answer <= 8);
}

static void negative(void **state)
{
	static const struct {
		const char *name;
		int type;
		enum world_rcode rcode;
		const char *soa;
	} table[] = {{"nothing.a.example", 16, WORLD_NXDOMAIN, "a.example"},
	        {"a.example", 28, WORLD_NOERROR, "a.example"},
	        {"_domainkey.a.example", 16, WORLD_NOERROR, "a.example"}, /* an empty name between others */
	        {NAME, 28, WORLD_NOERROR, NULL},
	        {"x._domainkey.1.aa.dkim.mail.ovh.net", 16, WORLD_NXDOMAIN, "dkim.mail.ovh.net"},
	        {"dkim.mail.ovh.net", 16, WORLD_NOERROR, "dkim.mail.ovh.net"},
	        {"mail.ovh.net", 1, WORLD_NOERROR, "ovh.net"}, {"example", 1, WORLD_NOERROR, ""},
	        {"elsewhere.test", 1, WORLD_NXDOMAIN, ""}, {"", 48, WORLD_NOERROR, ""},
	        {"net", 6, WORLD_NOERROR, ""}};

	(void)state;
	start();
	set("negative_ttl@a.example", "42");
	set("key_negative_ttl", "77");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		look(0, table[i].name, table[i].type);
		assert_int_equal(seen.rcode, table[i].rcode);
		if (!table[i].soa)
			continue;
		assert_int_equal(seen.n_answer, 0);
		assert_int_equal(seen.n_authority, 1);
		assert_int_equal(seen.authority[0].type, 6);
		assert_string_equal(seen.authority[0].name, table[i].soa);
		if (!strcmp(table[i].soa, "a.example"))
			assert_int_equal(seen.authority[0].ttl, 42);
		if (!strcmp(table[i].soa, "dkim.mail.ovh.net"))
			assert_int_equal(seen.authority[0].ttl, 77);
	}
}

static void servers(void **state)
{
	(void)state;
	start();
	look(0, "a.example", 2);
	assert_int_equal(seen.n_answer, 2);
	assert_string_equal(seen.answer[1].data, "ns2.ovh.net");
	look(0, "ns2.ovh.net", 1);
	assert_string_equal(seen.answer[0].data, "127.0.0.1");
	set("dns_addresses", "distinct");
	look(0, "ns2.ovh.net", 1);
	assert_string_equal(seen.answer[0].data, "127.0.0.2");
	look(0, "ns5.ovh.net", 1);
	assert_int_equal(seen.rcode, WORLD_NXDOMAIN);
	look(0, "a.example", 6);
	assert_memory_equal(seen.answer[0].data, "ns1.ovh.net tech.ovh.net 2026", 29);
	look(0, "a.example", 15);
	assert_string_equal(seen.answer[0].data, "1 mx1.mail.ovh.net");
	set("dns_silent@a.example", "2");
	look(1, NAME, 5);
	assert_int_equal(seen.rcode, WORLD_SILENT);
	look(0, NAME, 5);
	assert_int_equal(seen.n_answer, 1);
	set("dns_silent@a.example", "none");
	set("dns_servfail", "1");
	set("dns_refused", "2");
	look(0, NAME, 5);
	assert_int_equal(seen.rcode, WORLD_SERVFAIL);
	look(1, NAME, 5);
	assert_int_equal(seen.rcode, WORLD_REFUSED);
	set("dns_servers", "3");
	add("emailpro", "pro-1", "b.example", "virgin");
	look(2, "b.example", 2);
	assert_int_equal(seen.n_answer, 3);
}

static void lag(void **state)
{
	(void)state;
	start();
	set("dns_lagging", "2");
	set("dns_lag_ms", "5min");
	assert_int_equal(world_person(w, now, "a.example", "remove-cname 1"), 0);
	now += 30 * SECOND;
	look(0, NAME, 5);
	assert_int_equal(seen.rcode, WORLD_NXDOMAIN);
	look(1, NAME, 5);
	assert_int_equal(seen.n_answer, 1);
	now += 5 * MINUTE;
	look(1, NAME, 5);
	assert_int_equal(seen.rcode, WORLD_NXDOMAIN);
}

static void keys(void **state)
{
	char at[300];

	(void)state;
	start();
	keep(at, sizeof(at), target());
	look(0, at, 16);
	assert_memory_equal(seen.answer[0].data, "v=DKIM1; k=rsa; p=MIIB", 22);
	look(0, at, 1);
	assert_int_equal(seen.rcode, WORLD_NOERROR);
	set("key_served@a.example", "revoked");
	look(0, at, 16);
	assert_string_equal(seen.answer[0].data, "v=DKIM1; k=rsa; p=");
	set("key_served@a.example", "weak");
	look(0, at, 16);
	assert_int_equal(strlen(seen.answer[0].data), 18 + 216);
	set("key_served@a.example", "garbage");
	look(0, at, 16);
	assert_string_equal(seen.answer[0].data, "v=DKIM1; k=rsa; p=@@@");
	set("key_served@a.example", "missing");
	look(0, at, 16);
	assert_int_equal(seen.rcode, WORLD_NXDOMAIN);
	set("key_served@a.example", "servfail");
	look(0, at, 16);
	assert_int_equal(seen.rcode, WORLD_SERVFAIL);
	set("key_served@a.example", "good");
	at[7] = '9'; /* the number alone does not make the name */
	look(0, at, 16);
	assert_int_equal(seen.rcode, WORLD_NXDOMAIN);
}

/* Two keys of one domain always differ, over many generations. */
static void keys_differ(void **state)
{
	char before[600];

	(void)state;
	start();
	for (int i = 0; i < 40; i++) {
		char path[40];

		put(path, sizeof(path), "ovhemp1-selector%d", 1 + i % 2);
		put(before, sizeof(before), "delete %s", path);
		assert_int_equal(world_person(w, now, "a.example", before), 0);
		now += MINUTE;
		put(before, sizeof(before), "create %s", path);
		assert_int_equal(world_person(w, now, "a.example", before), 0);
		now += MINUTE;
		world_person(w, now, "a.example", "add-cname");
		now += MINUTE;
		look(0, NAME, 16);
		assert_int_equal(seen.n_answer, 2);
		keep(before, sizeof(before), seen.answer[1].data);
		look(0, "ovhemp1-selector2._domainkey.a.example", 16);
		assert_int_equal(seen.n_answer, 2);
		assert_string_not_equal(seen.answer[1].data, before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_teardown(chains, drop),
	        cmocka_unit_test_teardown(a_loop, drop),
	        cmocka_unit_test_teardown(negative, drop),
	        cmocka_unit_test_teardown(servers, drop),
	        cmocka_unit_test_teardown(lag, drop),
	        cmocka_unit_test_teardown(keys, drop),
	        cmocka_unit_test_teardown(keys_differ, drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
