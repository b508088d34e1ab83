/* Answers, byte by byte: each is read in a block of exactly its size, and at every shorter length too. */
#include "dns_writer.h"

/* ---- answers ---- */

static void test_header_and_question(void **state)
{
	(void)state;
	struct buf b = {0};
	struct dnswire m;
	uint8_t *copy;
	const struct dnswire_name n = name_of("s1.example"), other = name_of("s2.example");

	put_head(&b, 0x8583, 0, 0, 0); /* QR AA RD RA NXDOMAIN */
	put_question(&b, "S1.Example", DNS_TYPE_CNAME);
	assert_int_equal(read_copy(&b, &m, &copy), 0);
	assert_true(m.response && m.authoritative && !m.truncated && m.recursion_available);
	assert_int_equal(m.rcode, DNS_NXDOMAIN);
	assert_true(dnswire_answers(&m, 0x1234, &n, DNS_TYPE_CNAME));
	assert_false(dnswire_answers(&m, 0x1235, &n, DNS_TYPE_CNAME));
	assert_false(dnswire_answers(&m, 0x1234, &other, DNS_TYPE_CNAME));
	assert_false(dnswire_answers(&m, 0x1234, &n, DNS_TYPE_TXT));
	free(copy);
	assert_shorter_is_refused(&b);
	b.data[2] = 0x05; /* a query, not a response */
	assert_int_equal(read_copy(&b, &m, &copy), 0);
	assert_false(dnswire_answers(&m, 0x1234, &n, DNS_TYPE_CNAME));
	free(copy);
	b.data[2] = (char)0xa8; /* UPDATE */
	assert_int_equal(read_copy(&b, &m, &copy), -EBADMSG);
	free(copy);
	b.data[2] = (char)0x84;
	b.data[5] = 2; /* two questions */
	assert_int_equal(read_copy(&b, &m, &copy), -EBADMSG);
	free(copy);
	b.data[5] = 1;
	b.data[b.len - 1] = 3; /* class CHAOS */
	assert_int_equal(read_copy(&b, &m, &copy), 0);
	assert_false(dnswire_answers(&m, 0x1234, &n, DNS_TYPE_CNAME));
	free(copy);
	put8(&b, 0); /* a byte too many */
	assert_int_equal(read_copy(&b, &m, &copy), -EBADMSG);
	free(copy);
	buf_free(&b);
}

/* Cut anywhere behind the question, a truncated message still says what it answers and that it was cut. */
static void test_truncated(void **state)
{
	(void)state;
	struct buf b = {0};
	struct dnswire m;
	uint8_t *copy;
	struct dnswire_walk w = {0};
	struct dnswire_record r;

	put_head(&b, 0x8600, 3, 1, 1);
	put_question(&b, "s1.example", DNS_TYPE_TXT);
	put8(&b, 3);
	assert_int_equal(read_copy(&b, &m, &copy), 0);
	assert_true(m.truncated);
	assert_false(dnswire_next(&m, &w, &r));
	free(copy);
	buf_free(&b);
}

static void test_cname_compressed(void **state)
{
	(void)state;
	struct buf b = {0};
	struct dnswire m;
	struct dnswire_found f;
	struct dnswire_name target;
	const struct dnswire_name n = name_of("s1.example"), expected = name_of("key.s1.example");
	uint8_t *copy;

	put_head(&b, 0x8400, 1, 0, 0);
	put_question(&b, "s1.example", DNS_TYPE_CNAME);
	put_named(&b, "@12", DNS_TYPE_CNAME, 300, "key.@12");
	assert_int_equal(read_copy(&b, &m, &copy), 0);
	dnswire_find(&m, &n, DNS_TYPE_CNAME, &f);
	assert_int_equal(f.n, 1);
	assert_int_equal(f.ttl, 300);
	assert_int_equal(dnswire_record_name(&m, &f.first, &target), 0);
	assert_true(dnswire_name_eq(&target, &expected));
	free(copy);
	assert_shorter_is_refused(&b);
	buf_free(&b);
}

/* Pointers to themselves, forwards, in a circle and past the end; labels of a kind that never came to be. */
static void test_bad_names_in_messages(void **state)
{
	(void)state;
	static const char *const names[] = {"@12", "@13", "a.@12", "@16383", "@300"};
	struct dnswire m;
	uint8_t *copy;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct buf b = {0};
		put_head(&b, 0x8400, 0, 0, 0);
		put_question(&b, names[i], DNS_TYPE_CNAME);
		assert_int_equal(read_copy(&b, &m, &copy), -EBADMSG);
		free(copy);
		buf_free(&b);
	}
	for (unsigned kind = 0x40; kind < 0xc0; kind += 0x40) {
		struct buf b = {0};
		put_head(&b, 0x8400, 0, 0, 0);
		put8(&b, kind | 1);
		put_question(&b, "a", DNS_TYPE_CNAME);
		assert_int_equal(read_copy(&b, &m, &copy), -EBADMSG);
		free(copy);
		buf_free(&b);
	}
	struct buf b = {0};
	put_head(&b, 0x8400, 0, 0, 0);
	for (int i = 0; i < 128; i++) /* 256 bytes with the root */
		buf_add(&b, "\001a", 2);
	put_question(&b, "", DNS_TYPE_CNAME);
	assert_int_equal(read_copy(&b, &m, &copy), -EBADMSG);
	free(copy);
	buf_free(&b);
}

/* The name inside a record must end where the record ends, and may not read on into the next one. */
static void test_name_leaves_its_record(void **state)
{
	(void)state;
	const struct dnswire_name n = name_of("s1.example");
	static const int wrongs[] = {-1, 1};

	for (size_t i = 0; i < ARRAY_SIZE(wrongs); i++) {
		struct buf b = {0};
		struct dnswire m;
		struct dnswire_found f;
		struct dnswire_name target;
		uint8_t *copy;
		put_head(&b, 0x8400, 1, 0, 0);
		put_question(&b, "s1.example", DNS_TYPE_CNAME);
		size_t at = put_record(&b, "@12", DNS_TYPE_CNAME, 300);
		put_name(&b, "target.example");
		if (wrongs[i] > 0)
			put8(&b, 0);
		else
			b.len--;
		put_end(&b, at);
		assert_int_equal(read_copy(&b, &m, &copy), 0);
		dnswire_find(&m, &n, DNS_TYPE_CNAME, &f);
		assert_int_equal(f.n, 1);
		assert_int_equal(dnswire_record_name(&m, &f.first, &target), -EBADMSG);
		free(copy);
		buf_free(&b);
	}
}

/* The chain is followed whatever the order, foreign records are passed over, the longest TTL counts. */
static void test_chain(void **state)
{
	(void)state;
	struct buf b = {0};
	struct dnswire m;
	struct dnswire_found f;
	const struct dnswire_name n = name_of("a.example"), end = name_of("c.example");
	uint8_t *copy;
	char *text;
	size_t len;

	put_head(&b, 0x8180, 4, 0, 0);
	put_question(&b, "a.example", DNS_TYPE_TXT);
	size_t at = put_record(&b, "evil.example", DNS_TYPE_TXT, 9999);
	put_string(&b, "not asked for");
	put_end(&b, at);
	at = put_record(&b, "c.example", DNS_TYPE_TXT, 60);
	put_string(&b, "v=DKIM1; ");
	put_string(&b, "");
	put_string(&b, "p=");
	put_end(&b, at);
	put_named(&b, "b.example", DNS_TYPE_CNAME, 700, "C.example");
	put_named(&b, "a.example", DNS_TYPE_CNAME, 300, "b.example");
	assert_int_equal(read_copy(&b, &m, &copy), 0);
	dnswire_find(&m, &n, DNS_TYPE_TXT, &f);
	assert_int_equal(f.n, 1);
	assert_int_equal(f.ttl, 700);
	assert_false(f.loop);
	assert_true(dnswire_name_eq(&f.end, &end));
	assert_int_equal(dnswire_record_text(&m, &f.first, &text, &len), 0);
	assert_int_equal(len, strlen("v=DKIM1; p="));
	assert_memory_equal(text, "v=DKIM1; p=", len);
	free(text);
	dnswire_find(&m, &n, DNS_TYPE_CNAME, &f);
	assert_int_equal(f.n, 1);
	assert_int_equal(f.ttl, 300);
	free(copy);
	assert_shorter_is_refused(&b);
	buf_free(&b);
}

static void test_chain_in_a_circle(void **state)
{
	(void)state;
	struct buf b = {0};
	struct dnswire m;
	struct dnswire_found f;
	const struct dnswire_name n = name_of("a.example");
	uint8_t *copy;

	put_head(&b, 0x8180, 2, 0, 0);
	put_question(&b, "a.example", DNS_TYPE_TXT);
	put_named(&b, "a.example", DNS_TYPE_CNAME, 300, "b.example");
	put_named(&b, "b.example", DNS_TYPE_CNAME, 300, "a.example");
	assert_int_equal(read_copy(&b, &m, &copy), 0);
	dnswire_find(&m, &n, DNS_TYPE_TXT, &f);
	assert_int_equal(f.n, 0);
	assert_true(f.loop);
	free(copy);
	buf_free(&b);
}

static void test_bad_texts(void **state)
{
	(void)state;
	static const struct {
		const char *data;
		size_t n;
	} rows[] = {{"", 0}, {"\5abcd", 5}, {"\1a\1", 3}, {"\1a\2b", 4}};
	const struct dnswire_name n = name_of("a.example");

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buf b = {0};
		struct dnswire m;
		struct dnswire_found f;
		uint8_t *copy;
		char *text = NULL;
		size_t len = 77;
		put_head(&b, 0x8180, 1, 0, 0);
		put_question(&b, "a.example", DNS_TYPE_TXT);
		size_t at = put_record(&b, "@12", DNS_TYPE_TXT, 60);
		buf_add(&b, rows[i].data, rows[i].n);
		put_end(&b, at);
		assert_int_equal(read_copy(&b, &m, &copy), 0);
		dnswire_find(&m, &n, DNS_TYPE_TXT, &f);
		assert_int_equal(f.n, 1);
		assert_int_equal(dnswire_record_text(&m, &f.first, &text, &len), -EBADMSG);
		assert_null(text);
		assert_int_equal(len, 77);
		free(copy);
		buf_free(&b);
	}
}

/* The lesser of TTL and minimum, either way round; a TTL with the highest bit is 0. */
static void test_negative(void **state)
{
	(void)state;
	static const struct {
		uint32_t ttl, minimum, want;
	} rows[] = {
	        {300, 60, 60}, {60, 300, 60}, {0x80000000, 300, 0}, {300, 0xffffffff, 0}, {0x7fffffff, 1, 1}};
	const struct dnswire_name zone_name = name_of("example");

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buf b = {0};
		struct dnswire m;
		struct dnswire_name zone;
		uint32_t ttl;
		uint8_t *copy;
		put_head(&b, 0x8403, 0, 1, 1);
		put_question(&b, "s1.example", DNS_TYPE_CNAME);
		put_soa(&b, "example", rows[i].ttl, rows[i].minimum);
		put_end(&b, put_record(&b, "", DNS_TYPE_OPT, 0));
		assert_int_equal(read_copy(&b, &m, &copy), 0);
		assert_true(dnswire_negative(&m, &zone, &ttl));
		assert_true(dnswire_name_eq(&zone, &zone_name));
		assert_int_equal(ttl, rows[i].want);
		free(copy);
		assert_shorter_is_refused(&b);
		buf_free(&b);
	}
}

/* An SOA in the answer section denies nothing, and one that is cut short is none. */
static void test_not_negative(void **state)
{
	(void)state;
	struct buf b = {0};
	struct dnswire m;
	struct dnswire_name zone;
	uint32_t ttl;
	uint8_t *copy;

	put_head(&b, 0x8400, 1, 1, 0);
	put_question(&b, "example", DNS_TYPE_SOA);
	put_soa(&b, "example", 300, 60);
	size_t at = put_record(&b, "example", DNS_TYPE_SOA, 60);
	put_name(&b, "ns1.example");
	put_name(&b, "host.example");
	put32(&b, 1);
	put_end(&b, at);
	assert_int_equal(read_copy(&b, &m, &copy), 0);
	assert_false(dnswire_negative(&m, &zone, &ttl));
	free(copy);
	buf_free(&b);
}

static void test_extended_rcode(void **state)
{
	(void)state;
	struct buf b = {0};
	struct dnswire m;
	uint8_t *copy;

	put_head(&b, 0x8400, 0, 0, 1);
	put_question(&b, "example", DNS_TYPE_SOA);
	put_end(&b, put_record(&b, "", DNS_TYPE_OPT, 0x01000000)); /* BADVERS, 16 */
	assert_int_equal(read_copy(&b, &m, &copy), 0);
	assert_int_equal(m.rcode, 16);
	free(copy);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_header_and_question),
	        cmocka_unit_test(test_truncated),
	        cmocka_unit_test(test_cname_compressed),
	        cmocka_unit_test(test_bad_names_in_messages),
	        cmocka_unit_test(test_name_leaves_its_record),
	        cmocka_unit_test(test_chain),
	        cmocka_unit_test(test_chain_in_a_circle),
	        cmocka_unit_test(test_bad_texts),
	        cmocka_unit_test(test_negative),
	        cmocka_unit_test(test_not_negative),
	        cmocka_unit_test(test_extended_rcode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
