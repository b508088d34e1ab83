/* The target's end of a look: the key, its TTLs, and where a wrong record leads. It must never take a resolver's
 * silence for a missing key. */
#include "base/util.h"
#include "io/dns_book.h"
#include "io/dns_parts.h"
#include "io/loop.h"

#define CHASE_MAX 12
#define TTL_TRIES 2

void dns_take_key(struct look *k, const struct dns_ask *a)
{
	k->dnssec_key = a->dnssec;
	k->e.key = dns_read_key(a, k->target, &k->e, k->key_detail, sizeof(k->key_detail));
	if (a->dnssec == DNSSEC_BOGUS)
		dns_look_say_bogus(k, a, "the key");
}

/* Asks the next address, unless one is being asked or has answered. */
static void look_ask_ttls(struct look *k)
{
	if (k->ttl_asking || k->knows_ttls || k->ttl_tries == TTL_TRIES || k->ttl_tries == k->n_target)
		return;
	const struct dns_address *where = &k->target_where[k->ttl_tries++];
	k->ttl_asking = true;
	dns_look_ask_at(k, ASK_TARGET_SOA_TTL, 0, where, &k->target_zone, DNS_TYPE_SOA);
	dns_look_ask_at(k, ASK_KEY_TTL, 0, where, &k->target_name, DNS_TYPE_TXT);
}

static void look_add_target_address(struct look *k, const struct dns_address *where)
{
	if (k->n_target < ARRAY_SIZE(k->target_where))
		k->target_where[k->n_target++] = *where;
}

/* One address of each family and name: from the book, or from the resolver. */
static void look_find_target_addresses(struct look *k)
{
	static const struct {
		enum ask kind;
		uint16_t type;
	} families[] = {
	        {ASK_TARGET_ADDRESS4, DNS_TYPE_A},
	        {ASK_TARGET_ADDRESS6, DNS_TYPE_AAAA},
	};

	for (size_t i = 0; i < k->n_target_servers; i++)
		for (size_t f = 0; f < ARRAY_SIZE(families); f++) {
			const struct dnswire_name *name = &k->target_servers[i];
			const struct dns_book_host *h = dns_book_host(
			        k->room->book, loop_boot(k->room->loop), name, families[f].type);

			if (h && h->n > 0)
				look_add_target_address(k, &h->where[0]);
			if (!h)
				dns_look_ask(k, families[f].kind, 0, name, families[f].type);
		}
	look_ask_ttls(k);
}

/* Another look has just asked the same of the zone that holds this target too. */
static bool look_know_target_zone(struct look *k, const struct dnswire_name *zone)
{
	const struct dns_book_zone *z = dns_book_zone(k->room->book, loop_boot(k->room->loop), zone);

	if (!z)
		return false;
	k->knows_target_soa = k->knows_target_zone = true;
	k->target_zone = *zone;
	k->e.ttl_negative_target = z->ttl_negative;
	k->n_target_servers = z->n;
	for (size_t i = 0; i < z->n; i++)
		k->target_servers[i] = z->servers[i];
	look_find_target_addresses(k);
	return true;
}

void dns_note_target(struct look *k)
{
	struct dns_book_zone z = {.name = k->target_zone, .ttl_negative = k->e.ttl_negative_target};

	if (!k->knows_target_soa || !k->knows_target_servers)
		return;
	z.n = k->n_target_servers;
	for (size_t i = 0; i < z.n; i++)
		z.servers[i] = k->target_servers[i];
	dns_book_note_zone(k->room->book, loop_boot(k->room->loop), k->target_life, &z);
}

/* What a resolver says of a TTL is what remains of it, and our own cache shortens a denial's to nothing. So the
 * SOA of the target's zone is asked for by its own name; and where servers are asked at all, one of that zone's
 * tells its SOA and the key's TTL in full. The greater of what was seen counts. */
void dns_take_target_soa(struct look *k, const struct dns_ask *a)
{
	struct dnswire_name zone = a->name;
	uint32_t ttl;

	if (dns_read_soa(a, &ttl)) {
		if (ttl > k->e.ttl_negative_target)
			k->e.ttl_negative_target = ttl;
		if (ttl < k->target_life)
			k->target_life = ttl;
		k->knows_target_soa = true;
	} else if (a->server == 0 && dns_read_denial(a, &zone, &ttl) && !dnswire_name_eq(&zone, &a->name)) {
		if (look_know_target_zone(k, &zone))
			return;
		dns_look_ask(k, ASK_TARGET_SOA, 1, &zone, DNS_TYPE_SOA);
	} else {
		return;
	}
	if (k->room->authoritative && !k->knows_target_zone) {
		k->knows_target_zone = true;
		k->target_zone = zone;
		dns_look_ask(k, ASK_TARGET_SERVERS, 0, &zone, DNS_TYPE_NS);
	}
}

void dns_take_target_servers(struct look *k, const struct dns_ask *a)
{
	uint32_t life = dns_read_life(a);

	k->n_target_servers = dns_read_servers(a, k->target_servers, ARRAY_SIZE(k->target_servers));
	k->knows_target_servers = life > 0;
	if (life < k->target_life)
		k->target_life = life;
	look_find_target_addresses(k);
}

void dns_take_target_address(struct look *k, const struct dns_ask *a)
{
	struct dns_address where[DNS_ADDRESSES_MAX];

	if (dns_note_addresses(k, a, where) > 0)
		look_add_target_address(k, &where[0]);
	look_ask_ttls(k);
}

void dns_take_target_soa_ttl(struct look *k, const struct dns_ask *a)
{
	uint32_t ttl;

	k->ttl_asking = false;
	if (dns_read_soa(a, &ttl)) {
		k->knows_ttls = k->knows_target_soa = true;
		if (ttl > k->e.ttl_negative_target)
			k->e.ttl_negative_target = ttl;
	}
	look_ask_ttls(k);
}

void dns_take_key_ttl(struct look *k, const struct dns_ask *a)
{
	uint32_t ttl;

	/* Only the TTL: whether the key is there, and which, is the resolvers' word. */
	if (dns_read_key_ttl(a, &ttl) && ttl > k->ttl_key_told)
		k->ttl_key_told = ttl;
}

void dns_take_served(struct look *k, const struct dns_ask *a)
{
	struct evidence ignored = {.state = SEEN_UNKNOWN};
	char detail[160];

	k->e.served_key = dns_read_key(a, k->e.target, &ignored, detail, sizeof(detail));
	if (a->reply == REPLY_BROKEN && a->dnssec != DNSSEC_BOGUS)
		dns_look_ask(k, ASK_CHASE, 0, &a->name, DNS_TYPE_CNAME);
}

/* The resolver gave up on the served target. CNAMEs that lead in a circle are the one cause that proves that
 * no key is there; so the chain is walked step by step, and whoever is still walking after a dozen steps
 * walks in one. */
void dns_take_chase(struct look *k, const struct dns_ask *a)
{
	struct witness w;
	struct dnswire_name next;

	dns_read_recursive(a, "", &w);
	if (w.said != SAID_CNAME || dnswire_name_read(w.target, &next) < 0)
		return;
	if (dnswire_name_eq(&next, &k->record_name) || ++k->hops == CHASE_MAX)
		k->e.served_key = SEEN_MISSING;
	else
		dns_look_ask(k, ASK_CHASE, 0, &next, DNS_TYPE_CNAME);
}
