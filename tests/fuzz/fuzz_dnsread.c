/* Any bytes as the answer to each question that a look asks, of a server and of the resolver: what io/dns_read.c and its
 * neighbours make of it must hold together, and what is no answer must never be evidence. The first byte says what was
 * asked and how; an answer that repeats its question is asked about its own name. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "io/dns_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TARGET "s1.dkim.host.example"

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* Could these bytes be evidence at all? */
static bool is_statement(const struct dns_ask *a)
{
	struct dnswire m;

	return a->reply == REPLY_MESSAGE && dnswire_read(a->bytes, a->n, &m) == 0 && !m.truncated &&
	       (m.rcode == DNS_NOERROR || m.rcode == DNS_NXDOMAIN) && (!a->direct || m.authoritative);
}

/* What was heard is written down and reads the same. */
static void check_heard(const struct witness *w)
{
	struct evidence e = {.state = SEEN_UNKNOWN};
	const char *at = e.heard;
	struct heard h;

	evidence_hear(&e, "ns1.example", w, TARGET);
	if (e.unheard != 0)
		return;
	check(heard_next(&at, &h) && *at == '\0' && str_eq(h.server, "ns1.example") && h.ttl == w->ttl);
	check(!str_eq(h.said, "wrong") || str_eq(h.about, w->target));
}

static void check_record(const struct dns_ask *a)
{
	struct witness w = dns_read_record(a), resolver;
	enum seen s = dns_read_recursive(a, TARGET, &resolver);

	check(w.why != NULL && strlen(w.target) < sizeof(w.target));
	check(w.said == SAID_NOTHING || is_statement(a));
	check((w.said == SAID_CNAME) == (w.target[0] != '\0'));
	check(s != SEEN_MISSING || resolver.said == SAID_NO_DATA || resolver.said == SAID_NO_NAME);
	check(s != SEEN_OK || str_caseeq(resolver.target, TARGET));
	check_heard(&w);
}

static void check_key(const struct dns_ask *a)
{
	struct evidence e = {.state = SEEN_UNKNOWN};
	char detail[160] = "";
	enum seen s = dns_read_key(a, TARGET, &e, detail, sizeof(detail));

	check(s == SEEN_UNKNOWN || s == SEEN_BOGUS || is_statement(a));
	check((s == SEEN_BOGUS) == (a->dnssec == DNSSEC_BOGUS));
	check(s == SEEN_OK || detail[0] != '\0');
	check(s != SEEN_OK || (e.has_digest && (e.key_bits == 256 || e.key_bits >= 1024)));
}

static void check_zone(const struct dns_ask *a)
{
	struct dnswire_name names[DNS_SERVERS_MAX], zone;
	struct dns_address where[DNS_ADDRESSES_MAX];
	uint32_t ttl = 0;
	size_t n = dns_read_addresses(a, where, ARRAY_SIZE(where));

	check(dns_read_servers(a, names, ARRAY_SIZE(names)) <= ARRAY_SIZE(names) && n <= ARRAY_SIZE(where));
	for (size_t i = 0; i < n; i++)
		check(where[i].len != 0);
	check(!dns_read_denial(a, &zone, &ttl) || (is_statement(a) && zone.len > 0 && ttl <= 7 * 86400));
	check(!dns_read_soa(a, &ttl) || ttl <= 7 * 86400);
	check(!dns_read_key_ttl(a, &ttl) || ttl <= 7 * 86400);
	check(!dns_read_nxdomain(a) || a->reply == REPLY_MESSAGE);
	check(!dns_read_txt_stands(a) || is_statement(a));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t types[] = {
	        DNS_TYPE_CNAME, DNS_TYPE_TXT, DNS_TYPE_NS, DNS_TYPE_SOA, DNS_TYPE_A, DNS_TYPE_AAAA};
	struct dns_room room = {.port = 53};
	struct dns_ask a = {.room = &room, .reply = REPLY_MESSAGE};
	struct dnswire m;

	if (size < 1)
		return 0;
	a.type = types[(data[0] & 7) % ARRAY_SIZE(types)];
	a.direct = data[0] & 8;
	a.dnssec = (enum dnssec)(data[0] >> 4 & 3);
	a.reply = data[0] & 64 ? (enum reply)(data[0] & 3) : REPLY_MESSAGE;
	if (a.dnssec == DNSSEC_BOGUS)
		a.reply = REPLY_BROKEN; /* the resolver hands no forged data over */
	a.bytes = xmalloc(size);
	a.n = size - 1;
	memcpy(a.bytes, data + 1, a.n);
	dnswire_name_read("s1._domainkey.cust.example", &a.name);
	if (dnswire_read(a.bytes, a.n, &m) == 0 && m.asked)
		a.name = m.name;
	check_record(&a);
	check_key(&a);
	check_zone(&a);
	free(a.bytes);
	return 0;
}
