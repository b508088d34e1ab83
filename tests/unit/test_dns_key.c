/* Looks against the responder: the key behind the target, and the resolver it is asked of. */
#include "dns_scaffold.h"

/* ---- the key ---- */

static void test_keys(void **state)
{
	(void)state;
	const struct {
		const char *text;
		enum seen key;
		const char *detail;
		unsigned bits;
		bool digest;
	} rows[] = {
	        {key1024, SEEN_OK, "", 1024, true},
	        {key1024_test, SEEN_OK, "", 1024, true},
	        {NULL, SEEN_MISSING, "the CNAME is there, but no key stands at " TARGET, 0, false},
	        {"v=DKIM1; p=", SEEN_REVOKED, "the key at " TARGET " is revoked (its p= is empty)", 0, false},
	        {key512, SEEN_WEAK, "the key at " TARGET " has 512 bits, verifiers want 1024 at least", 512,
	                true},
	        {"v=DKIM1; p=AAAA", SEEN_WEAK, "the p= of the key at " TARGET " is no public key", 0, false},
	        {"v=DKIM1; p=AAAA; p=AAAA", SEEN_WEAK, "the TXT record at " TARGET " names a tag twice", 0,
	                false},
	        {"v=spf1 -all", SEEN_WEAK, "the TXT record at " TARGET " does not begin with v=DKIM1", 0,
	                false},
	        {"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", SEEN_OK, "", 256,
	                true},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		rows_reset();
		row_add(ALL, RECORD, CNAME, 300, TARGET);
		/* The library keeps what it saw for its TTL; 0 keeps nothing. */
		if (rows[i].text)
			row_add(RESOLVER, TARGET, TXT, 0, rows[i].text);
		struct evidence e = look();
		assert_string_equal(e.detail, rows[i].detail);
		assert_int_equal(e.record, SEEN_OK);
		assert_int_equal(e.key, rows[i].key);
		assert_int_equal(e.state, rows[i].key);
		assert_int_equal(e.served_key, rows[i].key);
		assert_int_equal(e.key_bits, rows[i].bits);
		assert_int_equal(e.has_digest, rows[i].digest);
		assert_int_equal(e.test_mode, rows[i].text == key1024_test);
	}
}

static void test_two_txt_records(void **state)
{
	(void)state;
	row_add(RESOLVER, TARGET, TXT, 777, "v=spf1 -all");
	struct evidence e = look();
	assert_int_equal(e.state, SEEN_WEAK);
	assert_string_equal(e.detail, "2 TXT records stand at " TARGET ", where the key must be alone");
}

/* The key's digest is over the key, not over how it is written. */
static void test_digest_ignores_spelling(void **state)
{
	(void)state;
	struct evidence first = look();
	char *folded =
	        xasprintf("p=%.20s \t %s ; k=rsa", strstr(key1024, "p=") + 2, strstr(key1024, "p=") + 22);

	dns_free(dns); /* and its cache */
	dns = dns_open(30 * MS_SECOND, true, NULL);
	rows_reset();
	row_add(ALL, RECORD, CNAME, 300, TARGET);
	row_add(RESOLVER, TARGET, TXT, 777, folded);
	struct evidence e = look();
	assert_int_equal(e.state, SEEN_OK);
	assert_memory_equal(e.digest, first.digest, KEY_DIGEST);
	free(folded);
}

/* A key record of 3 KB comes whole, over TCP. */
static void test_long_key(void **state)
{
	(void)state;
	char note[3000], *text;

	memset(note, 'n', sizeof(note) - 1);
	note[sizeof(note) - 1] = '\0';
	text = xasprintf("v=DKIM1; n=%s; p=%s", note, strstr(key1024, "p=") + 2);
	rows_reset();
	row_add(ALL, RECORD, CNAME, 300, TARGET);
	row_add(RESOLVER, TARGET, TXT, 777, text);
	assert_int_equal(look().state, SEEN_OK);
	assert_true(responder.seen_tcp > 0);
	free(text);
}

/* The target may itself be a CNAME: the key counts, and the longest TTL on the way to it. */
static void test_target_is_a_cname(void **state)
{
	(void)state;
	rows_reset();
	row_add(ALL, RECORD, CNAME, 300, TARGET);
	row_add(RESOLVER, TARGET, CNAME, 9000, "real.host.example");
	row_add(RESOLVER, "real.host.example", TXT, 777, key1024);
	struct evidence e = look();
	assert_int_equal(e.state, SEEN_OK);
	assert_int_equal(e.ttl_key, 9000);
}

/* CNAMEs in a circle lead to no key, and that is proven, though the resolver only gives up. */
static void test_circle(void **state)
{
	(void)state;
	rows_reset();
	row_add(ALL, RECORD, CNAME, 300, "b.cust.example");
	row_add(RESOLVER, "b.cust.example", CNAME, 300, "c.cust.example");
	row_add(RESOLVER, "c.cust.example", CNAME, 300, "b.cust.example");
	row_add(RESOLVER, TARGET, TXT, 777, key1024);
	struct evidence e = look();
	assert_int_equal(e.state, SEEN_WRONG);
	assert_int_equal(e.key, SEEN_OK);
	assert_int_equal(e.served_key, SEEN_MISSING);

	rows_reset();
	row_add(ALL, RECORD, CNAME, 300, RECORD);
	e = look();
	assert_int_equal(e.state, SEEN_WRONG);
	assert_int_equal(e.served_key, SEEN_MISSING);
}

/* What the resolver has left of a TTL is not the TTL: a server of the target's zone tells it in full. */
static void test_ttls_from_the_source(void **state)
{
	(void)state;
	rows_reset();
	row_add(ALL, RECORD, CNAME, 300, TARGET);
	row_add(RESOLVER, TARGET, TXT, 5, key1024);
	row_add(AT3 | AT4, TARGET, TXT, 4000, key1024);
	row_add(RESOLVER, "host.example", NS, 60, "ns.host.example");
	row_add(RESOLVER, "ns.host.example", A, 60, "127.0.0.3");
	row_add(RESOLVER, "ns.host.example", A, 60, "127.0.0.4");
	for (size_t i = 0; i < responder.n; i++)
		if (table[i].type == SOA && !strcmp(table[i].owner, "host.example"))
			table[i] = (struct row){RESOLVER, "host.example", SOA, 7, "900"};
	row_add(AT3 | AT4, "host.example", SOA, 600, "900");
	struct evidence e = look();
	assert_int_equal(e.state, SEEN_OK);
	assert_int_equal(e.ttl_key, 4000);
	assert_int_equal(e.ttl_negative_target, 600);

	/* The server's word is for TTLs only: it neither makes nor unmakes a key. */
	table[ARRAY_SIZE(zone_rows) + 2].at =
	        AT1; /* at the source the key is gone, at the resolver not yet */
	e = look();
	assert_int_equal(e.state, SEEN_OK);
	assert_true(e.ttl_key <= 5); /* what the library's cache has left of it */
	responder.manner[3] = responder.manner[4] = SERVFAIL;
	e = look();
	assert_int_equal(e.state, SEEN_OK);
	assert_true(e.ttl_key <= 5); /* what the library's cache has left of it */
	assert_true(e.ttl_negative_target <= 7);
}

/* Where no switch will wait nobody is asked for an SOA, and nothing is made up for it; all else is as it is. */
static void test_ttls_not_wanted(void **state)
{
	(void)state;
	struct dns_question q = right_question;

	q.untimed = true;
	row_add(RESOLVER, "host.example", NS, 60, "ns1.cust.example");
	struct evidence e = look_at(&q);
	assert_int_equal(e.state, SEEN_OK);
	assert_int_equal(e.agreed, 2);
	assert_true(e.has_digest && e.untimed);
	assert_int_equal(e.ttl_record, 300);
	assert_int_equal(e.ttl_negative_zone, 0);
	assert_int_equal(e.ttl_negative_target, 0);
	for (unsigned i = 0; i < SERVERS; i++)
		assert_int_equal(responder.seen_types[i][SOA], 0);
	assert_int_equal(responder.seen_types[1][TXT], 0);

	e = look(); /* and the next time they are */
	assert_false(e.untimed);
	assert_int_equal(e.ttl_negative_zone, 120);
	assert_int_equal(e.ttl_negative_target, 30);

	/* What is wrong is found all the same. */
	rows_reset();
	row_add(RESOLVER, TARGET, TXT, 777, key1024);
	e = look_at(&q);
	assert_int_equal(e.state, SEEN_MISSING);
	assert_true(e.untimed);
}

static void test_ttls_are_capped(void **state)
{
	(void)state;
	rows_reset();
	row_add(ALL, RECORD, CNAME, 0x7fffffff, TARGET);
	row_add(RESOLVER, TARGET, TXT, 777, key1024);
	assert_int_equal(look().ttl_record, 7 * 86400);
	rows_reset();
	row_add(ALL, RECORD, CNAME, 0x80000000, TARGET); /* RFC 2181 section 8 */
	assert_int_equal(look().ttl_record, 0);
}

/* ---- the resolver ---- */

static void test_resolver_alone(void **state)
{
	(void)state;
	dns_free(dns);
	dns = dns_open(30 * MS_SECOND, false, NULL);
	struct evidence e = look();
	assert_int_equal(e.state, SEEN_OK);
	assert_int_equal(e.servers, 1);
	assert_int_equal(e.answered, 1);
	assert_int_equal(e.ttl_record, 300);
	assert_int_equal(e.ttl_negative_zone, 120);
	assert_int_equal(responder.seen[1] + responder.seen[2], 0);

	rows_reset();
	row_add(RESOLVER, "s2._domainkey.cust.example", TXT, 300, key1024);
	const struct dns_question q = {
	        .record = "s2._domainkey.cust.example", .target = TARGET, .zone = ZONE};
	assert_int_equal(look_at(&q).state, SEEN_FLATTENED);
	responder.manner[0] = SERVFAIL;
	const struct dns_question q3 = {
	        .record = "s3._domainkey.cust.example", .target = TARGET, .zone = ZONE};
	assert_int_equal(look_at(&q3).record, SEEN_UNKNOWN);
}

static void test_resolver_silent(void **state)
{
	(void)state;
	responder.manner[0] = SILENT;
	be_impatient(700);
	struct evidence e = look();
	assert_int_equal(e.state, SEEN_UNKNOWN);
	assert_int_equal(e.key, SEEN_UNKNOWN);
	responder.manner[0] = HONEST;
	dns_free(dns);
	dns = dns_open(30 * MS_SECOND, true, NULL);
	assert_int_equal(look().state, SEEN_OK);
}

/* A trust anchor, and a resolver through which the root does not validate: nothing is called forged. */
static void test_root_does_not_validate(void **state)
{
	(void)state;
	char *path = xasprintf("%s/dkimrotd-anchor-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	static const char ds[] =
	        ". 172800 IN DS 20326 8 2 e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d\n";
	int fd = mkstemp(path);

	assert_int_equal(write(fd, ds, strlen(ds)), strlen(ds));
	close(fd);
	dns_free(dns);
	dns = dns_open(30 * MS_SECOND, true, path);
	struct evidence e = look();
	assert_int_equal(e.state, SEEN_OK);
	assert_int_equal(e.dnssec, DNSSEC_UNKNOWN);
	assert_string_equal(dns_warning(dns),
	        "the root of the DNS does not validate through these resolvers: DNSSEC is not validated");
	e = look();
	assert_int_equal(e.state, SEEN_OK);
	unlink(path);
	free(path);
}

static void test_bad_options(void **state)
{
	(void)state;
	static const char *const bad[] = {"dns.example", "127.0.0.1:0", "127.0.0.1:65536",
	        "127.0.0.1:", "127.0.0.1@x", "", "[::1", "[::1]x53", "::1:53:x", "1.2.3", "127.0.0.1:53 "};
	static const char *const good[] = {
	        "127.0.0.1", "127.0.0.1:5353", "127.0.0.1@5353", "::1", "[::1]:53", "::1@53", "[::1]"};

	for (size_t i = 0; i < ARRAY_SIZE(bad) + ARRAY_SIZE(good); i++) {
		bool is_good = i >= ARRAY_SIZE(bad);
		const char *list[] = {is_good ? good[i - ARRAY_SIZE(bad)] : bad[i], NULL}, *error = NULL;
		const struct dns_options o = {.resolvers = list};
		struct dns *d = dns_new(loop, &o, &error);
		if (is_good != (d != NULL))
			fail_msg("%s", list[0]);
		if (!is_good)
			assert_string_equal(error,
			        "a resolver must be address, address:port, address@port or [address]:port");
		dns_free(d);
	}
	const char *list[] = {"127.0.0.1", NULL}, *error = NULL;
	const struct dns_options o = {.resolvers = list, .trust_anchor = "/nonexistent/root.key"};
	struct dns *d = dns_new(loop, &o, &error);
	assert_non_null(d);
	assert_string_equal(dns_warning(d), "the trust anchor file cannot be read: DNSSEC is not validated");
	dns_free(d);
}

static void test_bad_questions(void **state)
{
	(void)state;
	static const struct {
		const char *record, *target, *zone, *detail;
	} rows[] = {
	        {"s1._domainkey.other.example", TARGET, ZONE, "the record does not lie in the zone"},
	        {"s1..cust.example", TARGET, ZONE, "the record's name is no host name"},
	        {RECORD, "", ZONE, "the target is no host name"},
	        {RECORD, TARGET, NULL, "the zone's name is no host name"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct dns_question q = {
		        .record = rows[i].record, .target = rows[i].target, .zone = rows[i].zone};
		struct evidence e = look_at(&q);
		assert_int_equal(e.state, SEEN_UNKNOWN);
		assert_string_equal(e.detail, rows[i].detail);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        WITH_RESPONDER(test_keys),
	        WITH_RESPONDER(test_two_txt_records),
	        WITH_RESPONDER(test_digest_ignores_spelling),
	        WITH_RESPONDER(test_long_key),
	        WITH_RESPONDER(test_target_is_a_cname),
	        WITH_RESPONDER(test_circle),
	        WITH_RESPONDER(test_ttls_from_the_source),
	        WITH_RESPONDER(test_ttls_not_wanted),
	        WITH_RESPONDER(test_ttls_are_capped),
	        WITH_RESPONDER(test_resolver_alone),
	        WITH_RESPONDER(test_resolver_silent),
	        WITH_RESPONDER(test_root_does_not_validate),
	        WITH_RESPONDER(test_bad_options),
	        WITH_RESPONDER(test_bad_questions),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
