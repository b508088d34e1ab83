/* The servers of the customer's zone, in a look: their names, their addresses, and what each says of the record. It
 * must never drop a server silently: one that could not be asked stays in the count, without a word. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "io/dns_book.h"
#include "io/dns_parts.h"
#include "io/loop.h"

static void address_text(const struct dns_address *a, char dst[48])
{
	const void *bytes = a->sa.ss_family == AF_INET6
	                            ? (const void *)&((const struct sockaddr_in6 *)&a->sa)->sin6_addr
	                            : (const void *)&((const struct sockaddr_in *)&a->sa)->sin_addr;

	if (!inet_ntop(a->sa.ss_family, bytes, dst, 48))
		dst[0] = '\0';
}

/* One more address to ask, and the record asked of it. */
static void look_add_address(struct look *k, unsigned server, const struct dns_address *where)
{
	k->list = xrealloc(k->list, (k->n + 1) * sizeof(*k->list));
	k->where = xrealloc(k->where, (k->n + 1) * sizeof(*k->where));
	k->list[k->n] = (struct witness){.server = server, .said = SAID_NOTHING, .why = "no answer"};
	address_text(where, k->list[k->n].address);
	k->where[k->n] = *where;
	dns_look_ask_at(k, ASK_RECORD, (unsigned)k->n, where, &k->record_name,
	        k->key_record ? DNS_TYPE_TXT : DNS_TYPE_CNAME);
	k->n++;
}

/* The zone given is no zone of its own: its servers are those of the zone around it. Once, and never up to a
 * top-level domain. */
static void look_climb(struct look *k, const struct dns_ask *a)
{
	struct dnswire_name zone;
	uint32_t ttl;

	if (k->climbed || dns_read_nxdomain(a) || !dns_read_denial(a, &zone, &ttl))
		return;
	if (!dnswire_name_within(&k->zone_name, &zone) || zone.len <= 1 || zone.wire[1 + zone.wire[0]] == 0)
		return;
	k->climbed = true;
	k->zone_name = zone;
	dnswire_name_text(&zone, k->zone, sizeof(k->zone));
	dns_look_ask(k, ASK_SERVERS, 0, &k->zone_name, DNS_TYPE_NS);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

size_t dns_read_servers(const struct dns_ask *a, struct dnswire_name *ret, size_t cap)
{
	struct dnswire m;
	struct dnswire_walk w = {0};
	struct dnswire_record r;
	size_t n = 0;

	if (a->reply != REPLY_MESSAGE || dnswire_read(a->bytes, a->n, &m) < 0)
		return 0;
	while (n < cap && dnswire_next(&m, &w, &r))
		if (r.section == DNSWIRE_ANSWER && r.type == DNS_TYPE_NS &&
		        dnswire_name_eq(&r.owner, &a->name) && dnswire_record_name(&m, &r, &ret[n]) == 0)
			n++;
	return n;
}

/* From the book, or from the resolver. */
static void look_find_addresses(
        struct look *k, enum ask kind, unsigned server, const struct dnswire_name *name, uint16_t type)
{
	const struct dns_book_host *h = dns_book_host(k->room->book, loop_boot(k->room->loop), name, type);

	for (size_t i = 0; h && i < h->n; i++)
		look_add_address(k, server, &h->where[i]);
	if (!h)
		dns_look_ask(k, kind, server, name, type);
}

void dns_take_servers(struct look *k, const struct dns_ask *a)
{
	struct dnswire_name names[DNS_SERVERS_MAX];
	char text[DNSWIRE_NAME_TEXT];

	if (a->dnssec == DNSSEC_BOGUS) {
		k->dnssec_record = DNSSEC_BOGUS;
		dns_look_say_bogus(k, a, "the name servers of the zone");
	}
	size_t n = dns_read_servers(a, names, ARRAY_SIZE(names));
	for (; k->n_servers < n; k->n_servers++) {
		dnswire_name_text(&names[k->n_servers], text, sizeof(text));
		k->servers[k->n_servers] = xstrdup(text);
	}
	/* Resolvers shuffle; what people read keeps its order. */
	qsort(k->servers, k->n_servers, sizeof(k->servers[0]), compare_names);
	for (unsigned server = 0; server < k->n_servers; server++) {
		dnswire_name_read(k->servers[server], &names[0]);
		look_find_addresses(k, ASK_ADDRESS4, server, &names[0], DNS_TYPE_A);
		look_find_addresses(k, ASK_ADDRESS6, server, &names[0], DNS_TYPE_AAAA);
	}
	if (k->n_servers == 0)
		look_climb(k, a);
}

static bool address_read(
        const struct dnswire *m, const struct dnswire_record *r, uint16_t port, struct dns_address *ret)
{
	*ret = (struct dns_address){.len = 0};
	if (r->type == DNS_TYPE_A && r->data_len == 4) {
		struct sockaddr_in *in = (struct sockaddr_in *)&ret->sa;
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		memcpy(&in->sin_addr, m->bytes + r->data_at, 4);
		ret->len = sizeof(*in);
	} else if (r->type == DNS_TYPE_AAAA && r->data_len == 16) {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ret->sa;
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
		memcpy(&in6->sin6_addr, m->bytes + r->data_at, 16);
		ret->len = sizeof(*in6);
	}
	return ret->len != 0;
}

size_t dns_read_addresses(const struct dns_ask *a, struct dns_address *ret, size_t cap)
{
	struct dnswire m;
	struct dnswire_found f;
	struct dnswire_walk w = {0};
	struct dnswire_record r;
	size_t n = 0;

	if (a->reply != REPLY_MESSAGE || dnswire_read(a->bytes, a->n, &m) < 0)
		return 0;
	dnswire_find(&m, &a->name, a->type, &f);
	while (f.n > 0 && n < cap && dnswire_next(&m, &w, &r))
		if (r.section == DNSWIRE_ANSWER && r.type == a->type && dnswire_name_eq(&r.owner, &f.end) &&
		        address_read(&m, &r, a->room->port, &ret[n]))
			n++;
	return n;
}

size_t dns_note_addresses(struct look *k, const struct dns_ask *a, struct dns_address *ret)
{
	struct dns_book_host h = {.name = a->name, .type = a->type};
	uint32_t life = dns_read_life(a);

	h.n = dns_read_addresses(a, h.where, ARRAY_SIZE(h.where));
	memcpy(ret, h.where, sizeof(h.where));
	if (life > 0)
		dns_book_note_host(k->room->book, loop_boot(k->room->loop), life, &h);
	return h.n;
}

void dns_take_address(struct look *k, const struct dns_ask *a)
{
	struct dns_address where[DNS_ADDRESSES_MAX];
	size_t n = dns_note_addresses(k, a, where);

	for (size_t i = 0; i < n; i++)
		look_add_address(k, a->server, &where[i]);
}

static void look_take_zone_denial(struct look *k, const struct dns_ask *a)
{
	struct dnswire_name zone;
	uint32_t ttl;

	if (!dns_read_denial(a, &zone, &ttl))
		return;
	if (ttl > k->e.ttl_negative_zone)
		k->e.ttl_negative_zone = ttl;
	k->knows_zone_soa = true;
}

void dns_take_record(struct look *k, const struct dns_ask *a)
{
	unsigned server = k->list[a->server].server;

	k->list[a->server] = dns_read_record(a);
	k->list[a->server].server = server;
	k->list[a->server].took = dns_look_took(k);
	address_text(&k->where[a->server], k->list[a->server].address);
	if (k->list[a->server].said == SAID_NO_DATA || k->list[a->server].said == SAID_NO_NAME)
		look_take_zone_denial(k, a);
}
