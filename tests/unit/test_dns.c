/* Looks against the responder: every way the servers of a zone answer, lie and fall silent, and what must come of it.
 * Nothing here asserts how long something took. Where a server is silent the look's own deadline is short, so that
 * the test is. */
#include "dns_scaffold.h"

/* ---- the record ---- */

static void test_right(void **state)
{
	(void)state;
	struct evidence e = look();

	assert_string_equal(e.detail, "");
	assert_int_equal(e.state, SEEN_OK);
	assert_int_equal(e.record, SEEN_OK);
	assert_int_equal(e.key, SEEN_OK);
	assert_int_equal(e.served_key, SEEN_OK);
	assert_int_equal(e.recursive, SEEN_OK);
	assert_string_equal(e.target, TARGET);
	assert_true(e.has_digest);
	assert_int_equal(e.key_bits, 1024);
	assert_false(e.test_mode);
	assert_int_equal(e.ttl_record, 300);
	assert_int_equal(e.ttl_key, 777);
	assert_int_equal(e.ttl_negative_zone, 120);  /* the minimum is less than the TTL */
	assert_int_equal(e.ttl_negative_target, 30); /* the other way round */
	assert_int_equal(e.servers, 2);
	assert_int_equal(e.answered, 2);
	assert_int_equal(e.agreed, 2);
	assert_int_equal(e.dnssec, DNSSEC_UNKNOWN);
	assert_int_equal(evidence_longest_ttl(&e), 777000);
}

/* Names are compared without case, and the question's trailing dots do not matter. */
static void test_spelling(void **state)
{
	(void)state;
	const struct dns_question q = {.record = "S1._domainkey.CUST.example.",
	        .target = "s1.dkim.HOST.example.",
	        .zone = "Cust.example."};

	assert_int_equal(look_at(&q).state, SEEN_OK);
}

static void test_missing(void **state)
{
	(void)state;
	rows_reset();
	row_add(RESOLVER, TARGET, TXT, 777, key1024);
	struct evidence e = look();
	assert_int_equal(e.state, SEEN_MISSING);
	assert_int_equal(e.record, SEEN_MISSING);
	assert_int_equal(e.recursive, SEEN_MISSING);
	assert_int_equal(e.key, SEEN_OK);
	assert_string_equal(e.target, "");
	assert_string_equal(e.detail, "no CNAME stands at " RECORD);
	assert_int_equal(e.ttl_negative_zone, 120);

	/* Not NXDOMAIN but no data: something else stands there. */
	row_add(ALL, RECORD, A, 300, "192.0.2.1");
	assert_int_equal(look().state, SEEN_MISSING);
}

static void test_flattened(void **state)
{
	(void)state;
	rows_reset();
	row_add(RESOLVER, TARGET, TXT, 777, key1024);
	row_add(ALL, RECORD, TXT, 300, key1024);
	struct evidence e = look();
	assert_int_equal(e.state, SEEN_FLATTENED);
	assert_int_equal(e.record, SEEN_FLATTENED);
	assert_int_equal(e.key, SEEN_OK);
}

static void test_wrong(void **state)
{
	(void)state;
	rows_reset();
	row_add(ALL, RECORD, CNAME, 300, "old.host.example");
	row_add(RESOLVER, TARGET, TXT, 777, key1024);
	struct evidence e = look();
	assert_int_equal(e.state, SEEN_WRONG);
	assert_string_equal(e.target, "old.host.example");
	assert_int_equal(e.key, SEEN_OK);
	assert_int_equal(e.served_key, SEEN_MISSING);
	assert_int_equal(e.recursive, SEEN_WRONG);

	row_add(RESOLVER, "old.host.example", TXT, 60, key1024_test);
	e = look();
	assert_int_equal(e.state, SEEN_WRONG);
	assert_int_equal(e.served_key, SEEN_OK);
	assert_false(e.test_mode); /* that is the other key */
	assert_int_equal(e.ttl_key, 777);
}

static void test_relative_target(void **state)
{
	(void)state;
	rows_reset();
	row_add(ALL, RECORD, CNAME, 300, TARGET "." ZONE);
	struct evidence e = look();
	assert_int_equal(e.state, SEEN_WRONG);
	assert_string_equal(
	        e.detail, "the target was entered without its final dot: it leads to " TARGET "." ZONE);
}

static void test_two_cnames(void **state)
{
	(void)state;
	row_add(ALL, RECORD, CNAME, 300, "old.host.example");
	struct evidence e = look();
	assert_int_equal(e.state, SEEN_WRONG);
	assert_string_equal(e.detail, "more than one CNAME stands at " RECORD);
}

static void test_lagging(void **state)
{
	(void)state;
	rows_reset();
	row_add(AT1 | RESOLVER, RECORD, CNAME, 300, TARGET);
	row_add(RESOLVER, TARGET, TXT, 777, key1024);
	struct evidence e = look();
	assert_int_equal(e.state, SEEN_PARTIAL);
	assert_int_equal(e.answered, 2);
	assert_int_equal(e.agreed, 1);
	assert_string_equal(e.detail, "not visible at 1 of 2 servers of the zone (ns2.cust.example)");
	assert_int_equal(e.recursive, SEEN_OK);
}

/* The record appears between two looks, and the key too: no denial of a moment ago may be remembered. */
static void test_published_between_looks(void **state)
{
	(void)state;
	rows_reset();
	struct evidence e = look();
	assert_int_equal(e.record, SEEN_MISSING);
	assert_int_equal(e.key, SEEN_MISSING);
	rows_right();
	assert_int_equal(look().state, SEEN_OK);
}

/* ---- the servers ---- */

/* With every other server honest, a server that misbehaves must neither be believed nor stop the look. */
static void test_server_without_a_word(void **state)
{
	(void)state;
	static const struct {
		enum manner manner;
		const char *why;
	} rows[] = {
	        {SERVFAIL, "SERVFAIL"},
	        {REFUSED, "REFUSED"},
	        {LAME, "not authoritative"},
	        {REFERRAL, "not authoritative"},
	        {HALF_TCP, "connection refused"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		responder.manner[1] = HONEST;
		responder.manner[2] = rows[i].manner;
		struct evidence e = look();
		assert_int_equal(e.state, SEEN_OK);
		assert_int_equal(e.servers, 2);
		assert_int_equal(e.answered, 1);

		responder.manner[1] = rows[i].manner;
		e = look();
		assert_int_equal(e.state, SEEN_UNKNOWN);
		assert_int_equal(e.record, SEEN_UNKNOWN);
		assert_int_equal(e.key, SEEN_OK);
		char *want = xasprintf(
		        "0 of 2 servers of the zone answered (ns1.cust.example, ns2.cust.example: %s)",
		        rows[i].why);
		assert_string_equal(e.detail, want);
		free(want);
	}
}

/* These differ from an honest server only to somebody who believes what he should not. */
static void test_server_that_is_right_in_the_end(void **state)
{
	(void)state;
	static const enum manner rows[] = {TRUNCATING, WRONG_ID, WRONG_NAME, GARBAGE, NO_EDNS};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		responder.manner[1] = responder.manner[2] = rows[i];
		struct evidence e = look();
		assert_int_equal(e.state, SEEN_OK);
		assert_int_equal(e.answered, 2);
		assert_int_equal(e.agreed, 2);
	}
	assert_true(responder.seen_tcp >= 2);
}

static void test_lost_datagram(void **state)
{
	(void)state;
	responder.manner[1] = DEAF_ONCE;
	struct evidence e = look();
	assert_int_equal(e.state, SEEN_OK);
	assert_int_equal(e.answered, 2);
}

static void test_closed_port(void **state)
{
	(void)state;
	responder_close(&responder, 2);
	struct evidence e = look();
	assert_int_equal(e.state, SEEN_OK);
	assert_int_equal(e.answered, 1);
}

/* One of three is not half. */
static void test_too_few_answer(void **state)
{
	(void)state;
	row_add(RESOLVER, "cust.example", NS, 3600, "ns3.cust.example");
	row_add(RESOLVER, "ns3.cust.example", A, 3600, "127.0.0.3");
	responder.manner[2] = SILENT;
	struct evidence e = look_without_silent(2);
	assert_int_equal(e.state, SEEN_OK);
	assert_int_equal(e.servers, 3);
	assert_int_equal(e.answered, 2);
	responder.manner[1] = SILENT;
	e = look_without_silent(1);
	assert_int_equal(e.state, SEEN_UNKNOWN);
	assert_int_equal(e.answered, 1);
	assert_int_equal(e.agreed, 1);
	assert_string_equal(e.detail,
	        "only 1 of 3 servers of the zone answered (ns1.cust.example, ns2.cust.example: no answer)");
}

/* A silent majority is no evidence of absence either. */
static void test_too_few_deny(void **state)
{
	(void)state;
	rows_reset();
	row_add(RESOLVER, "cust.example", NS, 3600, "ns3.cust.example");
	row_add(RESOLVER, "ns3.cust.example", A, 3600, "127.0.0.3");
	responder.manner[1] = responder.manner[2] = SILENT;
	struct evidence e = look_without_silent(1);
	assert_int_equal(e.answered, 1);
	assert_int_equal(e.record, SEEN_UNKNOWN);
}

/* One name with two addresses: it answers when one does, and agrees when both do. */
static void test_two_addresses(void **state)
{
	(void)state;
	row_add(RESOLVER, "ns2.cust.example", A, 3600, "127.0.0.3");
	struct evidence e = look();
	assert_int_equal(e.servers, 2);
	assert_int_equal(e.agreed, 2);
	responder.manner[3] = REFUSED;
	e = look();
	assert_int_equal(e.state, SEEN_OK);
	assert_int_equal(e.answered, 2);

	responder.manner[3] = HONEST;
	rows_reset();
	row_add(RESOLVER, "ns2.cust.example", A, 3600, "127.0.0.3");
	row_add(RESOLVER | AT1 | AT2, RECORD, CNAME, 300, TARGET);
	row_add(RESOLVER, TARGET, TXT, 777, key1024);
	e = look();
	assert_int_equal(e.state, SEEN_PARTIAL);
	assert_int_equal(e.agreed, 1);
}

/* An address that this host has no way to (link-local, without an interface) is left out, not waited for. */
static void test_family_without_a_route(void **state)
{
	(void)state;
	row_add(RESOLVER, "ns2.cust.example", AAAA, 3600, "fe80::1");
	struct evidence e = look();
	assert_int_equal(e.state, SEEN_OK);
	assert_int_equal(e.answered, 2);
}

static void test_ipv6(void **state)
{
	(void)state;
	if (responder.udp[5] < 0) {
		print_message("no ::1 on this host\n");
		skip();
	}
	row_add(RESOLVER, "cust.example", NS, 3600, "ns6.cust.example");
	row_add(RESOLVER, "ns6.cust.example", AAAA, 3600, "::1");
	struct evidence e = look();
	assert_int_equal(e.state, SEEN_OK);
	assert_int_equal(e.servers, 3);
	assert_int_equal(e.answered, 3);
	assert_true(responder.seen[5] > 0);
}

static void test_no_servers(void **state)
{
	(void)state;
	static const char *const detail = "the name servers of the zone could not be found";
	const struct dns_question none = {
	        .record = "s1._domainkey.none.example", .target = TARGET, .zone = "none.example"};

	struct evidence e = look_at(&none); /* NXDOMAIN */
	assert_int_equal(e.state, SEEN_UNKNOWN);
	assert_string_equal(e.detail, detail);
	dns_free(dns); /* and what it remembers of the key */
	dns = dns_open(30 * MS_SECOND, true, NULL);
	responder.manner[0] = SERVFAIL;
	e = look();
	assert_int_equal(e.state, SEEN_UNKNOWN);
	assert_int_equal(e.key, SEEN_UNKNOWN);
	assert_int_equal(e.recursive, SEEN_UNKNOWN);
	assert_string_equal(e.detail, detail);
}

/* The zone given is no zone of its own: the servers of the zone around it are asked. */
static void test_zone_around(void **state)
{
	(void)state;
	const struct dns_question q = {
	        .record = "s1._domainkey.sub.cust.example", .target = TARGET, .zone = "sub.cust.example"};

	row_add(ALL, "sub.cust.example", A, 60, "192.0.2.1");
	row_add(ALL, "s1._domainkey.sub.cust.example", CNAME, 300, TARGET);
	struct evidence e = look_at(&q);
	assert_int_equal(e.state, SEEN_OK);
	assert_int_equal(e.servers, 2);
	assert_int_equal(e.ttl_negative_zone, 120);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        WITH_RESPONDER(test_right),
	        WITH_RESPONDER(test_spelling),
	        WITH_RESPONDER(test_missing),
	        WITH_RESPONDER(test_flattened),
	        WITH_RESPONDER(test_wrong),
	        WITH_RESPONDER(test_relative_target),
	        WITH_RESPONDER(test_two_cnames),
	        WITH_RESPONDER(test_lagging),
	        WITH_RESPONDER(test_published_between_looks),
	        WITH_RESPONDER(test_server_without_a_word),
	        WITH_RESPONDER(test_server_that_is_right_in_the_end),
	        WITH_RESPONDER(test_lost_datagram),
	        WITH_RESPONDER(test_closed_port),
	        WITH_RESPONDER(test_too_few_answer),
	        WITH_RESPONDER(test_too_few_deny),
	        WITH_RESPONDER(test_two_addresses),
	        WITH_RESPONDER(test_family_without_a_route),
	        WITH_RESPONDER(test_ipv6),
	        WITH_RESPONDER(test_no_servers),
	        WITH_RESPONDER(test_zone_around),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
