/* What the tests of io/dns.h share: a zone that is right, a look at it, and the responder to serve it. */
#ifndef TESTS_UNIT_DNS_SCAFFOLD_H
#define TESTS_UNIT_DNS_SCAFFOLD_H

#include "io/dns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "base/util.h"
#include "io/loop.h"

#include "dns_responder.h"

#define RECORD "s1._domainkey.cust.example"
#define TARGET "s1.dkim.host.example"
#define ZONE   "cust.example"

static struct loop *loop;
static struct responder responder;
static struct dns *dns;
static char *key1024, *key512, *key1024_test;

static const struct row zone_rows[] = {
        {ALL, "cust.example", SOA, 600, "120"},
        {RESOLVER, "cust.example", NS, 3600, "ns1.cust.example"},
        {RESOLVER, "cust.example", NS, 3600, "NS2.cust.example"},
        {RESOLVER, "ns1.cust.example", A, 3600, "127.0.0.1"},
        {RESOLVER, "ns2.cust.example", A, 3600, "127.0.0.2"},
        {ALL, "host.example", SOA, 30, "900"},
};

static struct row table[64];

/* ---- scaffolding ---- */

static void rows_reset(void)
{
	memcpy(table, zone_rows, sizeof(zone_rows));
	responder.rows = table;
	responder.n = ARRAY_SIZE(zone_rows);
}

static void row_add(unsigned at, const char *owner, unsigned type, unsigned ttl, const char *data)
{
	assert_true(responder.n < ARRAY_SIZE(table));
	table[responder.n++] = (struct row){at, owner, type, ttl, data};
}

/* The zone as it should be: the CNAME everywhere and the key behind it. */
static void rows_right(void)
{
	rows_reset();
	row_add(ALL, RECORD, CNAME, 300, "S1.DKIM.host.example");
	row_add(RESOLVER, TARGET, TXT, 777, key1024);
}

static char *make_key(unsigned bits, const char *more)
{
	EVP_PKEY *key = EVP_RSA_gen(bits);
	unsigned char *der = NULL, text[2048];
	int n = i2d_PUBKEY(key, &der);

	assert_true(n > 0 && n < 1024);
	EVP_EncodeBlock(text, der, n);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
	return xasprintf("v=DKIM1; k=rsa;%s p=%s", more, (char *)text);
}

static int group_setup(void **state)
{
	(void)state;
	key1024 = make_key(1024, "");
	key512 = make_key(512, "");
	key1024_test = make_key(1024, " t=y;");
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	free(key1024);
	free(key512);
	free(key1024_test);
	return 0;
}

static struct dns *dns_open(int64_t timeout, bool authoritative, const char *anchor)
{
	char *resolver = xasprintf("127.0.0.10:%u", responder.port);
	const char *list[] = {resolver, NULL}, *error = "none";
	const struct dns_options o = {
	        .resolvers = list,
	        .authoritative = authoritative,
	        .authoritative_port = responder.port,
	        .timeout_ms = timeout,
	        .trust_anchor = anchor,
	};
	struct dns *d = dns_new(loop, &o, &error);

	if (!d)
		fail_msg("dns_new: %s", error);
	free(resolver);
	return d;
}

static int setup(void **state)
{
	(void)state;
	loop = loop_new();
	responder_start(&responder, loop_base(loop));
	rows_right();
	dns = dns_open(30 * MS_SECOND, true, NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	dns_free(dns);
	responder_stop(&responder);
	loop_free(loop);
	return 0;
}

/* Where a server is silent: a short deadline. */
static inline void be_impatient(int64_t deadline)
{
	dns_free(dns);
	dns = dns_open(deadline, true, NULL);
}

static const struct dns_question right_question = {.record = RECORD, .target = TARGET, .zone = ZONE};
static struct evidence seen_last;
static unsigned seen_count;

static void seen(void *arg, const struct evidence *e)
{
	seen_last = *e;
	seen_count++;
	if (arg)
		loop_stop(loop);
}

static inline struct evidence look_at(const struct dns_question *q)
{
	seen_count = 0;
	dns_look(dns, q, seen, &seen_count);
	assert_int_equal(seen_count, 0); /* never from inside the call */
	loop_run(loop);
	assert_int_equal(seen_count, 1);
	return seen_last;
}

static inline struct evidence look(void)
{
	return look_at(&right_question);
}

/* A look where some servers are silent: its deadline is short, and longer where this machine was too slow for those that
 * speak. */
static inline struct evidence look_without_silent(unsigned answered)
{
	for (int64_t deadline = 700;; deadline *= 2) {
		be_impatient(deadline);
		struct evidence e = look();
		if ((e.answered >= answered && e.key != SEEN_UNKNOWN) || deadline > MS_MINUTE)
			return e;
	}
}

#define WITH_RESPONDER(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
