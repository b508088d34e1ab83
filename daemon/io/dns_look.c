/* One look at one selector: which questions, in which order, and how the answers become evidence. Questions
 * go out together; each kind has a function that takes its answer and may ask more; the look ends when
 * nothing is open, or at its deadline with what has come. It must never ask a cache for what the servers of
 * the zone are to say. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "io/dns_parts.h"
#include "io/loop.h"

#define SOA_TRIES 3
/* Where the SOA could not be read: the longest that RFC 2308 section 5 calls sensible. */
#define NEGATIVE_TTL 10800

/* Kinds that must end before the servers' words are weighed. */
static bool is_about_servers(enum ask kind)
{
	return kind == ASK_SERVERS || kind == ASK_ADDRESS4 || kind == ASK_ADDRESS6 || kind == ASK_RECORD;
}

static void look_open(struct look *k, struct dns_ask *a)
{
	a->room = k->room;
	a->look = k;
	a->sibling = k->open;
	k->open = a;
	k->open_servers += is_about_servers(a->kind);
}

static void look_close(struct look *k, struct dns_ask *a)
{
	for (struct dns_ask **at = &k->open; *at; at = &(*at)->sibling)
		if (*at == a) {
			*at = a->sibling;
			break;
		}
	k->open_servers -= is_about_servers(a->kind);
}

void dns_look_ask(
        struct look *k, enum ask kind, unsigned server, const struct dnswire_name *name, uint16_t type)
{
	struct dns_ask *a = xcalloc(1, sizeof(*a));

	a->kind = kind;
	a->server = server;
	a->name = *name;
	a->type = type;
	look_open(k, a);
	dns_resolver_ask(k->room->resolver, a);
}

void dns_look_ask_at(struct look *k, enum ask kind, unsigned index, const struct dns_address *where,
        const struct dnswire_name *name, uint16_t type)
{
	struct dns_ask *a = xcalloc(1, sizeof(*a));

	a->kind = kind;
	a->server = index;
	a->name = *name;
	a->type = type;
	a->direct = true;
	a->to = *where;
	look_open(k, a);
	dns_direct_ask(k->room->direct, a);
}

uint32_t dns_look_took(const struct look *k)
{
	return (uint32_t)(loop_boot(k->room->loop) - k->began);
}

void dns_look_say_bogus(struct look *k, const struct dns_ask *a, const char *what)
{
	if (!k->bogus_detail[0])
		str_format(
		        k->bogus_detail, sizeof(k->bogus_detail), "DNSSEC calls %s forged: %s", what, a->why);
}

static void take_recursive(struct look *k, const struct dns_ask *a)
{
	struct witness w;

	k->e.recursive = dns_read_recursive(a, k->target, &w);
	w.took = dns_look_took(k);
	k->recursive = w;
	k->has_recursive = true;
	if (k->dnssec_record != DNSSEC_BOGUS)
		k->dnssec_record = a->dnssec;
	if (a->dnssec == DNSSEC_BOGUS)
		dns_look_say_bogus(k, a, "the CNAME");
	if (k->room->authoritative)
		return;
	k->list = xcalloc(1, sizeof(*k->list));
	k->list[k->n++] = w;
}

/* ---- what is asked once the servers have spoken ---- */

/* Asks the next of the addresses that have answered. */
static void look_ask_zone_soa(struct look *k)
{
	while (k->soa_at < k->n && k->list[k->soa_at].said == SAID_NOTHING)
		k->soa_at++;
	if (k->soa_at == k->n || k->soa_tries++ == SOA_TRIES)
		return;
	if (k->room->authoritative)
		dns_look_ask_at(k, ASK_ZONE_SOA, 0, &k->where[k->soa_at], &k->zone_name, DNS_TYPE_SOA);
	else
		dns_look_ask(k, ASK_ZONE_SOA, 0, &k->zone_name, DNS_TYPE_SOA);
	k->soa_at++;
}

static void look_ask_flattened(struct look *k)
{
	for (size_t i = 0; i < k->n; i++) {
		if (k->list[i].said != SAID_NO_DATA)
			continue;
		if (k->room->authoritative)
			dns_look_ask_at(k, ASK_FLATTENED, 0, &k->where[i], &k->record_name, DNS_TYPE_TXT);
		else
			dns_look_ask(k, ASK_FLATTENED, 0, &k->record_name, DNS_TYPE_TXT);
		return;
	}
}

static void look_ask_served(struct look *k)
{
	struct dnswire_name name;

	if (k->e.target[0] && !str_caseeq(k->e.target, k->target) &&
	        dnswire_name_read(k->e.target, &name) == 0)
		dns_look_ask(k, ASK_SERVED, 0, &name, DNS_TYPE_TXT);
}

static void look_weigh(struct look *k)
{
	static const char *const resolver_alone[] = {"the resolver"};
	const bool all = k->room->authoritative;
	const struct testimony t = {
	        .record = k->record,
	        .expected = k->target,
	        .what = k->key_record ? "key record" : "CNAME",
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
	if (!k->knows_zone_soa && !k->e.untimed)
		look_ask_zone_soa(k);
	if (k->key_record)
		return;
	if (k->e.record == SEEN_MISSING)
		look_ask_flattened(k);
	look_ask_served(k);
}

static void take_flattened(struct look *k, const struct dns_ask *a)
{
	if (dns_read_txt_stands(a))
		evidence_flattened(&k->e, k->record);
}

static void take_zone_soa(struct look *k, const struct dns_ask *a)
{
	if (dns_read_soa(a, &k->e.ttl_negative_zone))
		k->knows_zone_soa = true;
	else if (!k->knows_zone_soa)
		look_ask_zone_soa(k);
}

static void (*const takes[ASK_COUNT])(struct look *k, const struct dns_ask *a) = {
        [ASK_SERVERS] = dns_take_servers,
        [ASK_ADDRESS4] = dns_take_address,
        [ASK_ADDRESS6] = dns_take_address,
        [ASK_RECORD] = dns_take_record,
        [ASK_RECURSIVE] = take_recursive,
        [ASK_FLATTENED] = take_flattened,
        [ASK_ZONE_SOA] = take_zone_soa,
        [ASK_KEY] = dns_take_key,
        [ASK_TARGET_SOA] = dns_take_target_soa,
        [ASK_TARGET_SERVERS] = dns_take_target_servers,
        [ASK_TARGET_ADDRESS4] = dns_take_target_address,
        [ASK_TARGET_ADDRESS6] = dns_take_target_address,
        [ASK_TARGET_SOA_TTL] = dns_take_target_soa_ttl,
        [ASK_KEY_TTL] = dns_take_key_ttl,
        [ASK_SERVED] = dns_take_served,
        [ASK_CHASE] = dns_take_chase,
};

/* ---- begin and end ---- */

/* Copies a name without its trailing dot, in lower case. */
static bool name_take(const char *text, char dst[256], struct dnswire_name *ret)
{
	return dnswire_name_read(text, ret) == 0 && dnswire_name_text(ret, dst, 256);
}

/* Why the question cannot be asked, NULL when it can. */
static const char *look_take_question(struct look *k, const struct dns_look *h)
{
	if (!name_take(h->record, k->record, &k->record_name))
		return "the record's name is no host name";
	k->key_record = h->key_record;
	if (k->key_record ? !str_copy(k->target, sizeof(k->target), h->target)
	                  : !name_take(h->target, k->target, &k->target_name))
		return "the target is no host name";
	if (!name_take(h->zone, k->zone, &k->zone_name))
		return "the zone's name is no host name";
	if (!dnswire_name_within(&k->record_name, &k->zone_name))
		return "the record does not lie in the zone";
	return NULL;
}

/* The targets of a domain's selectors lie side by side: what is above them is asked, so that looks at the same moment ask the
 * same. That a target is a zone by itself, with other TTLs, nobody has seen. */
static void look_ask_target_zone(struct look *k)
{
	struct dnswire_name above;

	if (!dnswire_name_parent(&k->target_name, &above))
		above = k->target_name;
	dns_look_ask(k, ASK_TARGET_SOA, 0, &above, DNS_TYPE_SOA);
}

static void look_late(void *arg)
{
	dns_look_end(arg);
}

void dns_look_begin(struct dns_look *h)
{
	struct look *k = xcalloc(1, sizeof(*k));

	h->look = k;
	k->handle = h;
	k->room = h->room;
	k->deadline = timer_new(h->room->loop, look_late, k);
	k->began = loop_boot(h->room->loop);
	k->target_life = UINT32_MAX;
	k->e.untimed = h->untimed;
	const char *bad = look_take_question(k, h);
	if (bad) {
		str_copy(k->e.detail, sizeof(k->e.detail), bad);
		dns_look_move(h, LOOK_OVER);
		return;
	}
	timer_set(k->deadline, h->room->timeout, 0);
	if (k->room->authoritative)
		dns_look_ask(k, ASK_SERVERS, 0, &k->zone_name, DNS_TYPE_NS);
	if (k->key_record) {
		dns_look_ask(k, ASK_RECURSIVE, 0, &k->record_name, DNS_TYPE_TXT);
		return;
	}
	dns_look_ask(k, ASK_RECURSIVE, 0, &k->record_name, DNS_TYPE_CNAME);
	dns_look_ask(k, ASK_KEY, 0, &k->target_name, DNS_TYPE_TXT);
	if (!k->e.untimed)
		look_ask_target_zone(k);
}

void dns_look_take(struct look *k, struct dns_ask *a)
{
	bool was_recursive = a->kind == ASK_RECURSIVE;

	/* Its place among the open ones is kept until it is taken: what it asks next must not find the look
	 * empty. */
	takes[a->kind](k, a);
	look_close(k, a);
	if (!k->weighed && (k->room->authoritative ? k->open_servers == 0 : was_recursive))
		look_weigh(k);
	if (!k->open)
		dns_look_end(k);
}

void dns_look_drop(struct look *k)
{
	struct dns_ask *a;

	while ((a = k->open)) {
		look_close(k, a);
		if (a->answered) {
			dns_asks_remove(&k->room->answered, a);
			dns_ask_free(a);
		} else if (a->direct) {
			dns_direct_drop(k->room->direct, a);
		} else {
			dns_resolver_drop(k->room->resolver, a);
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

/* The record was compared with the key itself, so it says what the key is. */
static void look_end_key(struct look *k)
{
	struct evidence *e = &k->e;

	e->key = e->record == SEEN_OK ? SEEN_OK : SEEN_UNKNOWN;
	e->served_key = e->key;
	e->ttl_key = e->ttl_record;
	k->dnssec_key = k->dnssec_record;
	k->knows_target_soa = true;
}

void dns_look_end(struct look *k)
{
	struct evidence *e = &k->e;

	timer_stop(k->deadline);
	dns_look_drop(k);
	dns_note_target(k);
	if (!k->weighed) {
		look_weigh(k);
		dns_look_drop(k); /* too late for more */
	}
	if (k->has_recursive && k->room->authoritative)
		evidence_hear(e, "", &k->recursive, k->target);
	if (k->key_record)
		look_end_key(k);
	else if (str_caseeq(e->target, k->target))
		e->served_key = e->key;
	e->dnssec = dnssec_join(k->dnssec_record, k->dnssec_key);
	if (!k->key_detail[0])
		str_copy(k->key_detail, sizeof(k->key_detail), "the resolver did not answer in time");
	if (e->key == SEEN_OK && k->ttl_key_told > e->ttl_key)
		e->ttl_key = k->ttl_key_told;
	evidence_conclude(e, k->key_detail, k->bogus_detail);
	if (e->state == SEEN_OK && !e->untimed) {
		if (!k->knows_zone_soa)
			e->ttl_negative_zone = NEGATIVE_TTL;
		if (!k->knows_target_soa)
			e->ttl_negative_target = NEGATIVE_TTL;
	}
	dns_look_move(k->handle, LOOK_OVER);
}

void dns_look_free(struct look *k)
{
	if (!k)
		return;
	dns_look_drop(k);
	timer_free(k->deadline);
	for (unsigned i = 0; i < k->n_servers; i++)
		free(k->servers[i]);
	free(k->list);
	free(k->where);
	free(k);
}
