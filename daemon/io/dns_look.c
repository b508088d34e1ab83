/* One look at one selector: which questions, in which order, and how the answers become evidence. Questions
 * go out together; each kind has a function that takes its answer and may ask more; the look ends when
 * nothing is open, or at its deadline with what has come. It must never ask a cache for what the servers of
 * the zone are to say. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "io/dns_parts.h"
#include "io/loop.h"

#define SOA_TRIES 3
#define CHASE_MAX 12
#define NEGATIVE_TTL                                                                                         \
	10800 /* where the SOA could not be read: the longest that RFC 2308 section 5 calls sensible */

/* Kinds that must end before the servers' words are weighed. */
static bool is_about_servers(enum ask kind)
{
	return kind == ASK_SERVERS || kind == ASK_ADDRESS4 || kind == ASK_ADDRESS6 || kind == ASK_RECORD;
}

static void look_open(struct dns_look *k, struct dns_ask *a)
{
	a->dns = k->dns;
	a->look = k;
	a->sibling = k->open;
	k->open = a;
	k->open_servers += is_about_servers(a->kind);
}

static void look_close(struct dns_look *k, struct dns_ask *a)
{
	for (struct dns_ask **at = &k->open; *at; at = &(*at)->sibling)
		if (*at == a) {
			*at = a->sibling;
			break;
		}
	k->open_servers -= is_about_servers(a->kind);
}

static void ask_resolver(
        struct dns_look *k, enum ask kind, unsigned server, const struct dnswire_name *name, uint16_t type)
{
	struct dns_ask *a = xcalloc(1, sizeof(*a));

	a->kind = kind;
	a->server = server;
	a->name = *name;
	a->type = type;
	look_open(k, a);
	dns_resolver_ask(k->dns->resolver, a);
}

static void ask_server(
        struct dns_look *k, enum ask kind, size_t witness, const struct dnswire_name *name, uint16_t type)
{
	struct dns_ask *a = xcalloc(1, sizeof(*a));

	a->kind = kind;
	a->server = (unsigned)witness;
	a->name = *name;
	a->type = type;
	a->direct = true;
	a->to = k->where[witness];
	look_open(k, a);
	dns_direct_ask(k->dns->direct, a);
}

/* One more address to ask, and the record asked of it. */
static void look_add_address(struct dns_look *k, unsigned server, const struct dns_address *where)
{
	k->list = xrealloc(k->list, (k->n + 1) * sizeof(*k->list));
	k->where = xrealloc(k->where, (k->n + 1) * sizeof(*k->where));
	k->list[k->n] = (struct witness){.server = server, .said = SAID_NOTHING, .why = "no answer"};
	k->where[k->n] = *where;
	ask_server(k, ASK_RECORD, k->n++, &k->record_name, DNS_TYPE_CNAME);
}

static void look_say_bogus(struct dns_look *k, const struct dns_ask *a, const char *what)
{
	if (!k->bogus_detail[0])
		str_format(
		        k->bogus_detail, sizeof(k->bogus_detail), "DNSSEC calls %s forged: %s", what, a->why);
}

/* ---- the servers of the zone ---- */

/* The zone given is no zone of its own: its servers are those of the zone around it. Once, and never up to a
 * top-level domain. */
static bool look_climb(struct dns_look *k, const struct dns_ask *a)
{
	struct dnswire_name zone;
	uint32_t ttl;

	if (k->climbed || dns_read_nxdomain(a) || !dns_read_denial(a, &zone, &ttl))
		return false;
	if (!dnswire_name_within(&k->zone_name, &zone) || zone.len <= 1 || zone.wire[1 + zone.wire[0]] == 0)
		return false;
	k->climbed = true;
	k->zone_name = zone;
	dnswire_name_text(&zone, k->zone, sizeof(k->zone));
	ask_resolver(k, ASK_SERVERS, 0, &k->zone_name, DNS_TYPE_NS);
	return true;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void take_servers(struct dns_look *k, const struct dns_ask *a)
{
	struct dnswire m;
	struct dnswire_walk w = {0};
	struct dnswire_record r;
	struct dnswire_name name;
	char text[DNSWIRE_NAME_TEXT];

	if (a->dnssec == DNSSEC_BOGUS) {
		k->dnssec_record = DNSSEC_BOGUS;
		look_say_bogus(k, a, "the name servers of the zone");
	}
	if (a->reply != REPLY_MESSAGE || dnswire_read(a->bytes, a->n, &m) < 0)
		return;
	while (k->n_servers < DNS_SERVERS_MAX && dnswire_next(&m, &w, &r)) {
		if (r.section != DNSWIRE_ANSWER || r.type != DNS_TYPE_NS ||
		        !dnswire_name_eq(&r.owner, &k->zone_name) || dnswire_record_name(&m, &r, &name) < 0)
			continue;
		dnswire_name_text(&name, text, sizeof(text));
		k->servers[k->n_servers++] = xstrdup(text);
	}
	/* Resolvers shuffle; what people read keeps its order. */
	qsort(k->servers, k->n_servers, sizeof(k->servers[0]), compare_names);
	for (unsigned server = 0; server < k->n_servers; server++) {
		dnswire_name_read(k->servers[server], &name);
		ask_resolver(k, ASK_ADDRESS4, server, &name, DNS_TYPE_A);
		ask_resolver(k, ASK_ADDRESS6, server, &name, DNS_TYPE_AAAA);
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

static void take_address(struct dns_look *k, const struct dns_ask *a)
{
	struct dnswire m;
	struct dnswire_found f;
	struct dnswire_walk w = {0};
	struct dnswire_record r;
	struct dns_address where;
	unsigned n = 0;

	if (a->reply != REPLY_MESSAGE || dnswire_read(a->bytes, a->n, &m) < 0)
		return;
	dnswire_find(&m, &a->name, a->type, &f);
	while (f.n > 0 && n < DNS_ADDRESSES_MAX && dnswire_next(&m, &w, &r))
		if (r.section == DNSWIRE_ANSWER && r.type == a->type && dnswire_name_eq(&r.owner, &f.end) &&
		        address_read(&m, &r, k->dns->port, &where)) {
			look_add_address(k, a->server, &where);
			n++;
		}
}

static void look_take_zone_denial(struct dns_look *k, const struct dns_ask *a)
{
	struct dnswire_name zone;
	uint32_t ttl;

	if (!dns_read_denial(a, &zone, &ttl))
		return;
	if (ttl > k->e.ttl_negative_zone)
		k->e.ttl_negative_zone = ttl;
	k->knows_zone_soa = true;
}

static void take_record(struct dns_look *k, const struct dns_ask *a)
{
	unsigned server = k->list[a->server].server;

	k->list[a->server] = dns_read_record(a);
	k->list[a->server].server = server;
	if (k->list[a->server].said == SAID_NO_DATA || k->list[a->server].said == SAID_NO_NAME)
		look_take_zone_denial(k, a);
}

static void take_recursive(struct dns_look *k, const struct dns_ask *a)
{
	struct witness w;

	k->e.recursive = dns_read_recursive(a, k->target, &w);
	if (k->dnssec_record != DNSSEC_BOGUS)
		k->dnssec_record = a->dnssec;
	if (a->dnssec == DNSSEC_BOGUS)
		look_say_bogus(k, a, "the CNAME");
	if (k->dns->authoritative)
		return;
	k->list = xcalloc(1, sizeof(*k->list));
	k->list[k->n++] = w;
}

/* ---- what is asked once the servers have spoken ---- */

static bool look_ask_zone_soa(struct dns_look *k)
{
	for (; k->soa_tries < SOA_TRIES * DNS_SERVERS_MAX && k->soa_tries < k->n; k->soa_tries++) {
		if (k->list[k->soa_tries].said == SAID_NOTHING)
			continue;
		if (k->dns->authoritative)
			ask_server(k, ASK_ZONE_SOA, k->soa_tries++, &k->zone_name, DNS_TYPE_SOA);
		else
			ask_resolver(k, ASK_ZONE_SOA, (unsigned)k->soa_tries++, &k->zone_name, DNS_TYPE_SOA);
		return true;
	}
	return false;
}

static void look_ask_flattened(struct dns_look *k)
{
	for (size_t i = 0; i < k->n; i++) {
		if (k->list[i].said != SAID_NO_DATA)
			continue;
		if (k->dns->authoritative)
			ask_server(k, ASK_FLATTENED, i, &k->record_name, DNS_TYPE_TXT);
		else
			ask_resolver(k, ASK_FLATTENED, 0, &k->record_name, DNS_TYPE_TXT);
		return;
	}
}

static void look_ask_served(struct dns_look *k)
{
	struct dnswire_name name;

	if (k->e.target[0] && !str_caseeq(k->e.target, k->target) &&
	        dnswire_name_read(k->e.target, &name) == 0)
		ask_resolver(k, ASK_SERVED, 0, &name, DNS_TYPE_TXT);
}

static void look_weigh(struct dns_look *k)
{
	static const char *const resolver_alone[] = {"the resolver"};
	const bool all = k->dns->authoritative;
	const struct testimony t = {
	        .record = k->record,
	        .expected = k->target,
	        .zone = k->zone,
	        .servers = all ? (const char *const *)k->servers : resolver_alone,
	        .n_servers = all ? k->n_servers : 1,
	        .list = k->list,
	        .n = k->n,
	};

	k->weighed = true;
	evidence_weigh(&k->e, &t);
	if (k->e.record == SEEN_UNKNOWN)
		return;
	if (!k->knows_zone_soa)
		look_ask_zone_soa(k);
	if (k->e.record == SEEN_MISSING)
		look_ask_flattened(k);
	look_ask_served(k);
}

static void take_flattened(struct dns_look *k, const struct dns_ask *a)
{
	if (dns_read_txt_stands(a))
		evidence_flattened(&k->e, k->record);
}

static void take_zone_soa(struct dns_look *k, const struct dns_ask *a)
{
	if (dns_read_soa(a, &k->e.ttl_negative_zone))
		k->knows_zone_soa = true;
	else if (!k->knows_zone_soa)
		look_ask_zone_soa(k);
}

/* ---- the key ---- */

static void take_key(struct dns_look *k, const struct dns_ask *a)
{
	k->dnssec_key = a->dnssec;
	k->e.key = dns_read_key(a, k->target, &k->e, k->key_detail, sizeof(k->key_detail));
	if (a->dnssec == DNSSEC_BOGUS)
		look_say_bogus(k, a, "the key");
}

/* Asked at the target, the SOA is mostly denied, by the zone that holds the target. That zone's own SOA is
 * asked for next: a denial's TTL is shortened to nothing by our own cache. */
static void take_target_soa(struct dns_look *k, const struct dns_ask *a)
{
	struct dnswire_name zone;
	uint32_t ttl;

	if (dns_read_soa(a, &k->e.ttl_negative_target))
		k->knows_target_soa = true;
	else if (dns_read_denial(a, &zone, &ttl) && !dnswire_name_eq(&zone, &a->name))
		ask_resolver(k, ASK_TARGET_SOA, a->server + 1, &zone, DNS_TYPE_SOA);
}

static void take_served(struct dns_look *k, const struct dns_ask *a)
{
	struct evidence ignored = {.state = SEEN_UNKNOWN};
	char detail[160];

	k->e.served_key = dns_read_key(a, k->e.target, &ignored, detail, sizeof(detail));
	if (a->reply == REPLY_BROKEN && a->dnssec != DNSSEC_BOGUS)
		ask_resolver(k, ASK_CHASE, 0, &a->name, DNS_TYPE_CNAME);
}

/* The resolver gave up on the served target. CNAMEs that lead in a circle are the one cause that proves that
 * no key is there; so the chain is walked step by step, and whoever is still walking after a dozen steps
 * walks in one. */
static void take_chase(struct dns_look *k, const struct dns_ask *a)
{
	struct witness w;
	struct dnswire_name next;

	dns_read_recursive(a, "", &w);
	if (w.said != SAID_CNAME || dnswire_name_read(w.target, &next) < 0)
		return;
	if (dnswire_name_eq(&next, &k->record_name) || ++k->hops == CHASE_MAX)
		k->e.served_key = SEEN_MISSING;
	else
		ask_resolver(k, ASK_CHASE, 0, &next, DNS_TYPE_CNAME);
}

static void (*const takes[ASK_COUNT])(struct dns_look *k, const struct dns_ask *a) = {
        [ASK_SERVERS] = take_servers,
        [ASK_ADDRESS4] = take_address,
        [ASK_ADDRESS6] = take_address,
        [ASK_RECORD] = take_record,
        [ASK_RECURSIVE] = take_recursive,
        [ASK_FLATTENED] = take_flattened,
        [ASK_ZONE_SOA] = take_zone_soa,
        [ASK_KEY] = take_key,
        [ASK_TARGET_SOA] = take_target_soa,
        [ASK_SERVED] = take_served,
        [ASK_CHASE] = take_chase,
};

/* ---- begin and end ---- */

void dns_look_begin(struct dns_look *k)
{
	if (k->dns->authoritative)
		ask_resolver(k, ASK_SERVERS, 0, &k->zone_name, DNS_TYPE_NS);
	ask_resolver(k, ASK_RECURSIVE, 0, &k->record_name, DNS_TYPE_CNAME);
	ask_resolver(k, ASK_KEY, 0, &k->target_name, DNS_TYPE_TXT);
	ask_resolver(k, ASK_TARGET_SOA, 0, &k->target_name, DNS_TYPE_SOA);
}

void dns_look_take(struct dns_look *k, struct dns_ask *a)
{
	bool was_recursive = a->kind == ASK_RECURSIVE;

	/* Its place among the open ones is kept until it is taken: what it asks next must not find the look
	 * empty. */
	takes[a->kind](k, a);
	look_close(k, a);
	if (!k->weighed && (k->dns->authoritative ? k->open_servers == 0 : was_recursive))
		look_weigh(k);
	if (!k->open)
		dns_look_end(k);
}

void dns_look_drop(struct dns_look *k)
{
	struct dns_ask *a;

	while ((a = k->open)) {
		look_close(k, a);
		if (a->answered) {
			dns_asks_remove(&k->dns->answered, a);
			dns_ask_free(a);
		} else if (a->direct) {
			dns_direct_drop(k->dns->direct, a);
		} else {
			dns_resolver_drop(k->dns->resolver, a);
		}
	}
}

/* Secure and insecure are said only where both halves were judged. */
static enum dnssec dnssec_join(enum dnssec a, enum dnssec b)
{
	if (a == DNSSEC_BOGUS || b == DNSSEC_BOGUS)
		return DNSSEC_BOGUS;
	if (a == DNSSEC_UNKNOWN || b == DNSSEC_UNKNOWN)
		return DNSSEC_UNKNOWN;
	return a == DNSSEC_SECURE && b == DNSSEC_SECURE ? DNSSEC_SECURE : DNSSEC_INSECURE;
}

void dns_look_end(struct dns_look *k)
{
	struct evidence *e = &k->e;

	timer_stop(k->deadline);
	dns_look_drop(k);
	if (!k->weighed) {
		look_weigh(k);
		dns_look_drop(k); /* too late for more */
	}
	if (str_caseeq(e->target, k->target))
		e->served_key = e->key;
	e->dnssec = dnssec_join(k->dnssec_record, k->dnssec_key);
	if (!k->key_detail[0])
		str_copy(k->key_detail, sizeof(k->key_detail), "the resolver did not answer in time");
	evidence_conclude(e, k->key_detail, k->bogus_detail);
	if (e->state == SEEN_OK) {
		if (!k->knows_zone_soa)
			e->ttl_negative_zone = NEGATIVE_TTL;
		if (!k->knows_target_soa)
			e->ttl_negative_target = NEGATIVE_TTL;
	}
	dns_look_move(k, LOOK_OVER);
}
