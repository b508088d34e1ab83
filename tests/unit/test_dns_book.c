/* What is kept of name servers from one look to the next: for how long, in whose place, and that nothing is mixed up. */
#include "io/dns_book.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/util.h"
#include "io/loop.h"

#define NOW 1000000

static struct dns_book *book;

static struct dnswire_name name_of(const char *text)
{
	struct dnswire_name n;

	assert_int_equal(dnswire_name_read(text, &n), 0);
	return n;
}

static void note_host(int64_t now, uint32_t ttl, const char *name, uint16_t type, unsigned port)
{
	struct dns_book_host h = {.name = name_of(name), .type = type};
	struct sockaddr_in *in = (struct sockaddr_in *)&h.where[0].sa;

	in->sin_port = (in_port_t)port;
	h.where[0].len = sizeof(*in);
	h.n = port != 0;
	dns_book_note_host(book, now, ttl, &h);
}

/* The port by which an address is known again; 0: the name has none; -1: nothing is known. */
static int host(int64_t now, const char *name, uint16_t type)
{
	struct dnswire_name n = name_of(name);
	const struct dns_book_host *h = dns_book_host(book, now, &n, type);

	if (!h)
		return -1;
	return h->n == 0 ? 0 : ((const struct sockaddr_in *)&h->where[0].sa)->sin_port;
}

static int setup(void **state)
{
	(void)state;
	book = dns_book_new();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	dns_book_free(book);
	return 0;
}

static void test_hosts(void **state)
{
	(void)state;
	assert_int_equal(host(NOW, "ns1.example", DNS_TYPE_A), -1);
	note_host(NOW, 600, "ns1.example", DNS_TYPE_A, 1);
	note_host(NOW, 600, "ns2.example", DNS_TYPE_A, 2);
	note_host(NOW, 600, "ns1.example", DNS_TYPE_AAAA, 0);
	assert_int_equal(host(NOW, "ns1.example", DNS_TYPE_A), 1);
	assert_int_equal(host(NOW, "ns2.example", DNS_TYPE_A), 2);
	assert_int_equal(host(NOW, "ns1.example", DNS_TYPE_AAAA), 0);
	assert_int_equal(host(NOW, "ns2.example", DNS_TYPE_AAAA), -1);
	note_host(NOW, 600, "ns1.example", DNS_TYPE_A, 3);
	assert_int_equal(host(NOW, "ns1.example", DNS_TYPE_A), 3);
	dns_book_rest(book);
	assert_int_equal(host(NOW, "ns1.example", DNS_TYPE_A), -1);
}

static void test_life(void **state)
{
	(void)state;
	note_host(NOW, 5, "short.example", DNS_TYPE_A, 1);
	note_host(NOW, 86400, "long.example", DNS_TYPE_A, 2);
	assert_int_equal(host(NOW + 5 * MS_SECOND - 1, "short.example", DNS_TYPE_A), 1);
	assert_int_equal(host(NOW + 5 * MS_SECOND, "short.example", DNS_TYPE_A), -1);
	assert_int_equal(host(NOW + 60 * MS_SECOND - 1, "long.example", DNS_TYPE_A), 2);
	assert_int_equal(host(NOW + 60 * MS_SECOND, "long.example", DNS_TYPE_A), -1);
}

/* A full book forgets what would end first. */
static void test_full(void **state)
{
	char name[64];

	(void)state;
	note_host(NOW, 50, "first.example", DNS_TYPE_A, 1);
	for (unsigned i = 0; i < 100; i++) {
		str_format(name, sizeof(name), "ns%u.example", i);
		note_host(NOW + i, 40, name, DNS_TYPE_A, 2);
	}
	assert_int_equal(host(NOW + 100, "first.example", DNS_TYPE_A), 1);
	assert_int_equal(host(NOW + 100, "ns0.example", DNS_TYPE_A), -1);
	assert_int_equal(host(NOW + 100, "ns99.example", DNS_TYPE_A), 2);
}

static void test_zones(void **state)
{
	struct dns_book_zone z = {.name = name_of("dkim.example"), .ttl_negative = 300, .n = 1};
	struct dnswire_name other = name_of("other.example");

	(void)state;
	assert_null(dns_book_zone(book, NOW, &z.name));
	z.servers[0] = name_of("ns1.example");
	dns_book_note_zone(book, NOW, 30, &z);
	const struct dns_book_zone *found = dns_book_zone(book, NOW + 29 * MS_SECOND, &z.name);
	assert_non_null(found);
	assert_int_equal(found->ttl_negative, 300);
	assert_int_equal(found->n, 1);
	assert_true(dnswire_name_eq(&found->servers[0], &z.servers[0]));
	assert_null(dns_book_zone(book, NOW + 30 * MS_SECOND, &z.name));
	assert_null(dns_book_zone(book, NOW, &other));
	for (unsigned i = 0; i < 9; i++) {
		z.name.wire[1] = (uint8_t)('0' + i);
		dns_book_note_zone(book, NOW + i, 20, &z);
	}
	assert_non_null(dns_book_zone(book, NOW + 9, &z.name));
}

int main(void)
{
#define WITH_BOOK(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	        WITH_BOOK(test_hosts), WITH_BOOK(test_life), WITH_BOOK(test_full), WITH_BOOK(test_zones)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
