/* The target's end of a look: the key, its TTLs, and where a wrong record leads. It must never take a resolver's
 * silence for a missing key. */
#include "base/util.h"
#include "io/dns_parts.h"

#define CHASE_MAX 12
#define TTL_TRIES 2

void dns_take_key(struct look *k, const struct dns_ask *a)
{
	k->dnssec_key = a->dnssec;
	k->e.key = dns_read_key(a, k->target, &k->e, k->key_detail, sizeof(k->key_detail));
	if (a->dnssec == DNSSEC_BOGUS)
		dns_look_say_bogus(k, a, "the key");
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
		k->knows_target_soa = true;
	} else if (a->server == 0 && dns_read_denial(a, &zone, &ttl) && !dnswire_name_eq(&zone, &a->name)) {
		dns_look_ask(k, ASK_TARGET_SOA, 1, &zone, DNS_TYPE_SOA);
	} else {
		return;
	}
	if (k->dns->authoritative && !k->knows_target_zone) {
		k->knows_target_zone = true;
		k->target_zone = zone;
		dns_look_ask(k, ASK_TARGET_SERVERS, 0, &zone, DNS_TYPE_NS);
	}
}

/* Two names are enough: the resolver shuffles them, so that all get their share. */
void dns_take_target_servers(struct look *k, const struct dns_ask *a)
{
	struct dnswire_name names[2];
	size_t n = dns_read_servers(a, names, ARRAY_SIZE(names));

	for (size_t i = 0; i < n; i++) {
		dns_look_ask(k, ASK_TARGET_ADDRESS4, 0, &names[i], DNS_TYPE_A);
		dns_look_ask(k, ASK_TARGET_ADDRESS6, 0, &names[i], DNS_TYPE_AAAA);
	}
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

void dns_take_target_address(struct look *k, const struct dns_ask *a)
{
	size_t room = ARRAY_SIZE(k->target_where) - k->n_target;

	k->n_target += dns_read_addresses(a, k->target_where + k->n_target, room < 1 ? room : 1);
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
