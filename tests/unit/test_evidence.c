/* What servers say, weighed: every row is a zone with its servers' words and what must come of it. */
#include "core/evidence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "core/witness.h"

#define EXPECTED "s1.dkim.host.example"
#define RECORD   "s1._domainkey.cust.example"
#define ZONE     "cust.example"

static const char *const servers[] = {
        "ns1.cust.example", "ns2.cust.example", "ns3.cust.example", "ns4.cust.example"};

/* One address a letter, servers apart by a space: R right, W wrong, V wrong elsewhere, D two CNAMEs, M no data,
 * N no name, - silence. */
static unsigned witnesses(const char *letters, struct witness *list, size_t *ret_n)
{
	unsigned server = 0;
	size_t n = 0;

	for (; *letters; letters++) {
		struct witness *w = &list[n];
		if (*letters == ' ') {
			server++;
			continue;
		}
		*w = (struct witness){.server = server, .ttl = 300, .why = "no answer"};
		w->said = strchr("RWV", *letters) ? SAID_CNAME
		          : *letters == 'D'       ? SAID_CNAMES
		          : *letters == 'M'       ? SAID_NO_DATA
		          : *letters == 'N'       ? SAID_NO_NAME
		                                  : SAID_NOTHING;
		if (w->said == SAID_CNAME)
			str_copy(w->target, sizeof(w->target),
			        *letters == 'R'   ? EXPECTED
			        : *letters == 'W' ? "old.example"
			                          : "other.example");
		n += *letters != '_'; /* a server without any address */
	}
	*ret_n = n;
	return server + 1;
}

static struct evidence weigh(const char *letters)
{
	struct witness list[16];
	struct evidence e = {.state = SEEN_UNKNOWN};
	struct testimony t = {
	        .record = RECORD,
	        .expected = EXPECTED,
	        .zone = ZONE,
	        .servers = servers,
	        .list = list,
	};

	t.n_servers = *letters ? witnesses(letters, list, &t.n) : 0;
	evidence_weigh(&e, &t);
	return e;
}

static void test_verdicts(void **state)
{
	(void)state;
	static const struct {
		const char *letters;
		enum seen record;
		unsigned servers, answered, agreed;
		const char *target, *detail;
	} rows[] = {
	        {"R", SEEN_OK, 1, 1, 1, EXPECTED, ""},
	        {"R R R", SEEN_OK, 3, 3, 3, EXPECTED, ""},
	        {"RR R- -R", SEEN_OK, 3, 3, 3, EXPECTED, ""},
	        {"R -", SEEN_OK, 2, 1, 1, EXPECTED, ""},
	        {"R R - _", SEEN_OK, 4, 2, 2, EXPECTED, ""},
	        {"R - -", SEEN_UNKNOWN, 3, 1, 1, EXPECTED,
	                "only 1 of 3 servers of the zone answered (ns2.cust.example, ns3.cust.example: no "
	                "answer)"},
	        {"M - -", SEEN_UNKNOWN, 3, 1, 0, "",
	                "only 1 of 3 servers of the zone answered (ns2.cust.example, ns3.cust.example: no "
	                "answer)"},
	        {"-- -", SEEN_UNKNOWN, 2, 0, 0, "",
	                "0 of 2 servers of the zone answered (ns1.cust.example, ns2.cust.example: no "
	                "answer)"},
	        {"_", SEEN_UNKNOWN, 1, 0, 0, "",
	                "0 of 1 server of the zone answered (ns1.cust.example: no address)"},
	        {"", SEEN_UNKNOWN, 0, 0, 0, "", "the name servers of the zone could not be found"},
	        {"M N", SEEN_MISSING, 2, 2, 0, "", "no CNAME stands at " RECORD},
	        {"N -", SEEN_MISSING, 2, 1, 0, "", "no CNAME stands at " RECORD},
	        {"R M R", SEEN_PARTIAL, 3, 3, 2, EXPECTED,
	                "not visible at 1 of 3 servers of the zone (ns2.cust.example)"},
	        {"RM R", SEEN_PARTIAL, 2, 2, 1, EXPECTED,
	                "otherwise at 1 of 2 servers of the zone (ns1.cust.example)"},
	        {"R W", SEEN_PARTIAL, 2, 2, 1, "old.example",
	                "otherwise at 1 of 2 servers of the zone (ns2.cust.example)"},
	        {"M W", SEEN_PARTIAL, 2, 2, 0, "old.example",
	                "the servers of the zone disagree, none is right (ns1.cust.example, "
	                "ns2.cust.example)"},
	        {"V W", SEEN_PARTIAL, 2, 2, 0, "other.example",
	                "the servers of the zone disagree, none is right (ns1.cust.example, "
	                "ns2.cust.example)"},
	        {"VW VW", SEEN_PARTIAL, 2, 2, 0, "other.example",
	                "the servers of the zone disagree, none is right (ns1.cust.example, "
	                "ns2.cust.example)"},
	        {"W W", SEEN_WRONG, 2, 2, 0, "old.example", "the CNAME leads to old.example"},
	        {"D D", SEEN_WRONG, 2, 2, 0, "", "more than one CNAME stands at " RECORD},
	        {"R D", SEEN_PARTIAL, 2, 2, 1, EXPECTED,
	                "otherwise at 1 of 2 servers of the zone (ns2.cust.example)"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct evidence e = weigh(rows[i].letters);
		assert_string_equal(e.detail, rows[i].detail);
		assert_int_equal(e.record, rows[i].record);
		assert_int_equal(e.servers, rows[i].servers);
		assert_int_equal(e.answered, rows[i].answered);
		assert_int_equal(e.agreed, rows[i].agreed);
		assert_string_equal(e.target, rows[i].target);
	}
}

/* Case does not matter, the longest TTL counts, and the slip everybody makes once is named. */
static void test_target_and_ttl(void **state)
{
	(void)state;
	struct witness list[] = {
	        {.server = 0, .said = SAID_CNAME, .ttl = 60, .target = EXPECTED},
	        {.server = 1, .said = SAID_CNAME, .ttl = 3600, .target = "S1.DKIM.host.example"},
	};
	struct testimony t = {
	        .record = RECORD,
	        .expected = EXPECTED,
	        .zone = ZONE,
	        .servers = servers,
	        .n_servers = 2,
	        .list = list,
	        .n = 2,
	};
	struct evidence e = {.state = SEEN_UNKNOWN};

	evidence_weigh(&e, &t);
	assert_int_equal(e.record, SEEN_OK);
	assert_int_equal(e.ttl_record, 3600);

	str_copy(list[0].target, sizeof(list[0].target), EXPECTED "." ZONE);
	str_copy(list[1].target, sizeof(list[1].target), EXPECTED "." ZONE);
	evidence_weigh(&e, &t);
	assert_int_equal(e.record, SEEN_WRONG);
	assert_string_equal(
	        e.detail, "the target was entered without its final dot: it leads to " EXPECTED "." ZONE);
}

/* However many and however long the servers' names are, the detail stays a whole sentence. */
static void test_long_lists_are_cut(void **state)
{
	(void)state;
	static const char *const many[] = {"a-rather-long-name-of-a-server.dns.example",
	        "another-rather-long-name-of-a-server.dns.example", "third.dns.example",
	        "fourth.dns.example"};
	struct witness list[4];
	struct testimony t = {
	        .record = RECORD, .expected = EXPECTED, .zone = ZONE, .servers = many, .list = list};
	struct evidence e = {.state = SEEN_UNKNOWN};

	t.n_servers = witnesses("M R M M", list, &t.n);
	evidence_weigh(&e, &t);
	assert_string_equal(e.detail,
	        "not visible at 3 of 4 servers of the zone (a-rather-long-name-of-a-server.dns.example, "
	        "third.dns.example, fourth.dns.example)");
	t.n_servers = witnesses("M M M R", list, &t.n);
	evidence_weigh(&e, &t);
	assert_string_equal(e.detail,
	        "not visible at 3 of 4 servers of the zone (a-rather-long-name-of-a-server.dns.example, "
	        "...)");
}

static void test_conclusion(void **state)
{
	(void)state;
	static const struct {
		enum seen record, key;
		enum dnssec dnssec;
		enum seen state;
		const char *detail;
	} rows[] = {
	        {SEEN_OK, SEEN_OK, DNSSEC_UNKNOWN, SEEN_OK, ""},
	        {SEEN_OK, SEEN_OK, DNSSEC_SECURE, SEEN_OK, ""},
	        {SEEN_OK, SEEN_OK, DNSSEC_BOGUS, SEEN_BOGUS, "forged"},
	        {SEEN_OK, SEEN_MISSING, DNSSEC_INSECURE, SEEN_MISSING, "no key"},
	        {SEEN_OK, SEEN_REVOKED, DNSSEC_INSECURE, SEEN_REVOKED, "no key"},
	        {SEEN_OK, SEEN_WEAK, DNSSEC_INSECURE, SEEN_WEAK, "no key"},
	        {SEEN_OK, SEEN_UNKNOWN, DNSSEC_INSECURE, SEEN_UNKNOWN, "no key"},
	        {SEEN_UNKNOWN, SEEN_MISSING, DNSSEC_INSECURE, SEEN_UNKNOWN, "the record"},
	        {SEEN_PARTIAL, SEEN_MISSING, DNSSEC_INSECURE, SEEN_PARTIAL, "the record"},
	        {SEEN_WRONG, SEEN_OK, DNSSEC_BOGUS, SEEN_BOGUS, "forged"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct evidence e = {.record = rows[i].record, .key = rows[i].key, .dnssec = rows[i].dnssec};
		str_copy(e.detail, sizeof(e.detail), "the record");
		evidence_conclude(&e, "no key", "forged");
		assert_int_equal(e.state, rows[i].state);
		assert_string_equal(e.detail, rows[i].detail);
	}
}

static void test_flattened(void **state)
{
	(void)state;
	struct evidence e = weigh("M M");

	evidence_flattened(&e, RECORD);
	assert_int_equal(e.record, SEEN_FLATTENED);
	assert_string_equal(e.detail, "a TXT record stands at " RECORD " where the CNAME should be");
}

static void test_longest_ttl(void **state)
{
	(void)state;
	struct evidence e = {.ttl_record = 1, .ttl_key = 2, .ttl_negative_zone = 3, .ttl_negative_target = 4};

	assert_int_equal(evidence_longest_ttl(&e), 4000);
	e.ttl_negative_zone = 5;
	assert_int_equal(evidence_longest_ttl(&e), 5000);
	e.ttl_key = 604800;
	assert_int_equal(evidence_longest_ttl(&e), 7 * MS_DAY);
	e.ttl_record = UINT32_MAX;
	assert_int_equal(evidence_longest_ttl(&e), INT64_C(4294967295000));
	e = (struct evidence){.ttl_record = 1, .untimed = true}; /* not asked for is not short */
	assert_true(evidence_longest_ttl(&e) > 7 * MS_DAY);
}

/* The closed list `dns` of the contract, in full. */
static void test_words(void **state)
{
	(void)state;
	static const char *const words[] = {
	        "unknown", "ok", "missing", "partial", "wrong", "flattened", "revoked", "weak", "bogus"};

	for (int i = 0; i <= SEEN_BOGUS; i++)
		assert_string_equal(seen_word((enum seen)i), words[i]);
}

/* What each one said is written down, and read back line by line; what finds no room is counted. */
static void what_was_heard(void **state)
{
	struct evidence e = weigh("R- W N _");
	const struct witness resolver = {
	        .said = SAID_CNAME, .why = "", .target = EXPECTED, .ttl = 17, .took = 4};
	static const char *const said[] = {"ok", "silent", "wrong", "nxdomain", "silent", "ok"};
	static const char *const about[] = {"", "no answer", "old.example", "", "no address", ""};
	const char *at = e.heard;
	struct heard h;

	(void)state;
	evidence_hear(&e, "", &resolver, EXPECTED);
	for (size_t i = 0; i < ARRAY_SIZE(said); i++) {
		assert_true(heard_next(&at, &h));
		assert_string_equal(h.said, said[i]);
		assert_string_equal(h.about, about[i]);
		assert_string_equal(h.server, i < 2 ? servers[0] : i < 5 ? servers[i - 1] : "");
		assert_string_equal(h.address, "");
	}
	assert_int_equal(h.ttl, 17);
	assert_int_equal(h.took, 4);
	assert_false(heard_next(&at, &h));
	for (int i = 0; i < 40; i++)
		evidence_hear(&e, "ns1.a-name-that-is-rather-long.example", &resolver, EXPECTED);
	assert_true(e.unheard > 10);
}

/* Lines that are none: a state from elsewhere must not be read beyond its end. */
static void what_was_not_heard(void **state)
{
	static const char *const none[] = {"", "x", "\n", "a b 1 2 ok", "a b x 2 ok -\n", "a b 1 2\n",
	        "a b 1 2 averyveryverylongword -\n"};
	struct heard h;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		const char *at = none[i];

		assert_false(heard_next(&at, &h));
		assert_ptr_equal(at, none[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(what_was_heard),
	        cmocka_unit_test(what_was_not_heard),
	        cmocka_unit_test(test_verdicts),
	        cmocka_unit_test(test_target_and_ttl),
	        cmocka_unit_test(test_long_lists_are_cut),
	        cmocka_unit_test(test_conclusion),
	        cmocka_unit_test(test_flattened),
	        cmocka_unit_test(test_longest_ttl),
	        cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
