/* DNS messages from bytes and back. The messages are written out by hand or by the little writer below, never by
 * the code under test; each is parsed in a block of exactly its size, and at every shorter length too. */
#include "codec/dnswire.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

/* ---- a message writer ---- */

static void put8(struct buf *b, unsigned v)
{
	buf_add(b, &(uint8_t){(uint8_t)v}, 1);
}

static void put16(struct buf *b, unsigned v)
{
	put8(b, v >> 8);
	put8(b, v & 0xff);
}

static void put32(struct buf *b, uint32_t v)
{
	put16(b, v >> 16);
	put16(b, v & 0xffff);
}

/* "a.b" uncompressed; "@12" a pointer to offset 12; "a.@12" a label and a pointer. */
static void put_name(struct buf *b, const char *name)
{
	while (*name && *name != '@') {
		size_t n = strcspn(name, ".");
		put8(b, (unsigned)n);
		buf_add(b, name, n);
		name += n + (name[n] == '.');
	}
	if (*name == '@')
		put16(b, 0xc000u | (unsigned)atoi(name + 1));
	else
		put8(b, 0);
}

static void put_head(
        struct buf *b, unsigned flags, unsigned answers, unsigned authorities, unsigned additionals)
{
	put16(b, 0x1234);
	put16(b, flags);
	put16(b, 1);
	put16(b, answers);
	put16(b, authorities);
	put16(b, additionals);
}

static void put_question(struct buf *b, const char *name, unsigned type)
{
	put_name(b, name);
	put16(b, type);
	put16(b, 1);
}

/* A record up to its data; returns where the length stands, for put_end(). */
static size_t put_record(struct buf *b, const char *owner, unsigned type, uint32_t ttl)
{
	put_name(b, owner);
	put16(b, type);
	put16(b, 1);
	put32(b, ttl);
	put16(b, 0);
	return b->len - 2;
}

static void put_end(struct buf *b, size_t at)
{
	size_t n = b->len - at - 2;

	b->data[at] = (char)(n >> 8);
	b->data[at + 1] = (char)n;
}

static void put_named(struct buf *b, const char *owner, unsigned type, uint32_t ttl, const char *target)
{
	size_t at = put_record(b, owner, type, ttl);

	put_name(b, target);
	put_end(b, at);
}

static void put_soa(struct buf *b, const char *owner, uint32_t ttl, uint32_t minimum)
{
	size_t at = put_record(b, owner, DNS_TYPE_SOA, ttl);

	put_name(b, "ns1.example");
	put_name(b, "host.example");
	for (uint32_t i = 1; i < 5; i++)
		put32(b, i);
	put32(b, minimum);
	put_end(b, at);
}

static void put_string(struct buf *b, const char *s)
{
	put8(b, (unsigned)strlen(s));
	buf_puts(b, s);
}

/* Reads a copy of exactly the message's size; the copy stays with the caller. Every shorter message is refused
 * unless it ends where the counts say. */
static int read_copy(const struct buf *b, struct dnswire *ret, uint8_t **ret_copy)
{
	uint8_t *copy = xmalloc(b->len);

	memcpy(copy, b->data, b->len);
	*ret_copy = copy;
	return dnswire_read(copy, b->len, ret);
}

static void assert_shorter_is_refused(const struct buf *b)
{
	for (size_t n = 0; n < b->len; n++) {
		struct dnswire m;
		uint8_t *copy = xmalloc(n);
		memcpy(copy, b->data, n);
		assert_int_equal(dnswire_read(copy, n, &m), -EBADMSG);
		free(copy);
	}
}

static struct dnswire_name name_of(const char *text)
{
	struct dnswire_name n;

	assert_int_equal(dnswire_name_read(text, &n), 0);
	return n;
}

/* ---- names ---- */

static void test_names(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
		int len;
	} good[] = {
	        {".",	                    ".",	                   1 },
	        {"Example",                      "example",                     9 },
	        {"s1._DomainKey.My-Domain.ovh.", "s1._domainkey.my-domain.ovh", 29},
	        {"a\\.b.c",                      "a\\046b.c",                   7 },
	        {"\\000\\255.c",                 "\\000\\255.c",                6 },
	        {"\\A\\\\.c",                    "a\\092.c",                    6 },
	};
	static const char *const bad[] = {"", "..", ".a", "a..b", "a\\", "a\\25", "a\\256", "a\\2x5"};
	struct dnswire_name n;
	char text[DNSWIRE_NAME_TEXT];

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(dnswire_name_read(good[i].in, &n), 0);
		assert_int_equal(n.len, good[i].len);
		assert_true(dnswire_name_text(&n, text, sizeof(text)));
		assert_string_equal(text, good[i].out);
		struct dnswire_name again = name_of(text);
		assert_true(dnswire_name_eq(&n, &again));
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(dnswire_name_read(bad[i], &n), -EINVAL);
}

/* A label of 63 bytes and a name of 255 fit; one more of either does not. */
static void test_name_limits(void **state)
{
	(void)state;
	struct dnswire_name n;
	char text[DNSWIRE_NAME_TEXT], again[DNSWIRE_NAME_TEXT];
	struct buf b = {0};

	for (int i = 0; i < 63; i++)
		buf_puts(&b, "x");
	assert_int_equal(dnswire_name_read(b.data, &n), 0);
	buf_puts(&b, "x");
	assert_int_equal(dnswire_name_read(b.data, &n), -EINVAL);
	buf_free(&b);

	for (int i = 0; i < 127; i++)
		buf_puts(&b, i ? ".a" : "a");
	assert_int_equal(dnswire_name_read(b.data, &n), 0);
	assert_int_equal(n.len, 255);
	assert_true(dnswire_name_text(&n, text, 254));
	assert_string_equal(text, b.data);
	assert_false(dnswire_name_text(&n, text, 253));
	assert_string_equal(text, "");
	buf_puts(&b, ".");
	assert_int_equal(dnswire_name_read(b.data, &n), 0);
	assert_int_equal(n.len, 255);
	buf_puts(&b, "b");
	assert_int_equal(dnswire_name_read(b.data, &n), -EINVAL);
	buf_free(&b);

	for (int i = 0; i < 3; i++) {
		for (int k = 0; k < 63; k++)
			buf_puts(&b, "\\001");
		buf_puts(&b, ".");
	}
	for (int k = 0; k < 61; k++)
		buf_puts(&b, "\\001");
	assert_int_equal(dnswire_name_read(b.data, &n), 0);
	assert_int_equal(n.len, 255);
	assert_true(dnswire_name_text(&n, again, sizeof(again)));
	assert_string_equal(again, b.data);
	buf_free(&b);
}

static void test_within(void **state)
{
	(void)state;
	static const struct {
		const char *name, *zone;
		bool within;
	} rows[] = {
	        {"a.example",    "example",   true },
	        {"example",      "example",   true },
	        {"A.B.example",  "b.Example", true },
	        {"anexample",    "example",   false},
	        {"an\\.example", "example",   false},
	        {"example",      "a.example", false},
	        {"a.example",    ".",         true },
	        {".",            ".",         true },
	        {".",            "example",   false},
	        {"a.b",          "a",         false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct dnswire_name n = name_of(rows[i].name), z = name_of(rows[i].zone);
		assert_int_equal(dnswire_name_within(&n, &z), rows[i].within);
	}
}

/* ---- queries ---- */

static void test_query_bytes(void **state)
{
	(void)state;
	const struct dnswire_name n = name_of("A.b");
	struct dnswire_query q = {.id = 0xabcd, .name = &n, .type = DNS_TYPE_TXT};
	uint8_t dst[DNSWIRE_QUERY_MAX];
	static const uint8_t plain[] = {
	        0xab, 0xcd, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 1, 'b', 0, 0, 16, 0, 1};
	static const uint8_t edns[] = {0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0};

	assert_int_equal(dnswire_query_write(&q, dst), sizeof(plain));
	assert_memory_equal(dst, plain, sizeof(plain));
	q.edns = q.recursion = true;
	assert_int_equal(dnswire_query_write(&q, dst), sizeof(plain) + sizeof(edns));
	assert_int_equal(dst[2], 1);
	assert_int_equal(dst[11], 1);
	assert_memory_equal(dst + sizeof(plain), edns, sizeof(edns));
}

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
	} rows[] = {
	        {"",       0},
                {"\5abcd", 5},
                {"\1a\1",  3},
                {"\1a\2b", 4}
        };
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
	        {300,        60,         60},
                {60,         300,        60},
                {0x80000000, 300,        0 },
                {300,        0xffffffff, 0 },
                {0x7fffffff, 1,          1 }
        };
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
	        cmocka_unit_test(test_names),
	        cmocka_unit_test(test_name_limits),
	        cmocka_unit_test(test_within),
	        cmocka_unit_test(test_query_bytes),
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
