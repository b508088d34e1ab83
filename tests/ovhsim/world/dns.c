/* DNS as one server of a customer's zone answers it: the served copy, CNAMEs followed into zones that the
 * same process serves, the keys behind OVHcloud's targets, and SOA records for what does not exist. No
 * packets here. */
#include "model.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define CHAIN_MAX 6

static struct world_rr *put(struct world_rr *at, size_t *n, size_t max, const char *name, int type,
        uint32_t ttl, const char *data)
{
	struct world_rr *rr = &at[*n];

	if (*n == max)
		return NULL;
	w_format(rr->name, sizeof(rr->name), "%s", name);
	rr->type = type;
	rr->ttl = ttl;
	rr->data = w_strdup(data);
	++*n;
	return rr;
}

static void answer(struct world_rrs *r, const char *name, int type, uint32_t ttl, const char *data)
{
	put(r->answer, &r->n_answer, W_COUNT(r->answer), name, type, ttl, data);
}

static void soa_text(char *dst, size_t n, const char *rname, uint32_t serial, int64_t minimum)
{
	w_format(dst, n, "ns1." W_NS_ZONE " %s %u 86400 3600 3600000 %llu", rname, serial,
	        (unsigned long long)minimum);
}

/* The SOA of the zone, in the answer or, for what does not exist, beside it. */
static void soa(
        struct world_rrs *r, bool negative, const char *zone, uint32_t serial, int64_t ttl, int64_t minimum)
{
	char text[200];

	soa_text(text, sizeof(text), "tech.ovh.net", serial, minimum);
	if (negative)
		put(r->authority, &r->n_authority, W_COUNT(r->authority), zone, W_SOA,
		        (uint32_t)(ttl < minimum ? ttl : minimum), text);
	else
		answer(r, zone, W_SOA, (uint32_t)ttl, text);
}

/* The strings of a TXT joined: blanks between quotes go, blanks within stay. */
static char *joined(const char *s)
{
	struct w_buf b = {0};
	bool within = false;

	if (*s != '"')
		return w_strdup(s);
	w_puts(&b, "");
	for (; *s; s++) {
		if (*s == '"')
			within = !within;
		else if (*s == '\\' && s[1])
			w_add(&b, ++s, 1);
		else if (within)
			w_add(&b, s, 1);
	}
	return b.text;
}

static void host_data(const struct w_zone *z, const struct w_record *r, char dst[W_NAME + 16])
{
	const char *host = strrchr(r->target, ' ');
	size_t n = host ? (size_t)(host - r->target + 1) : 0;

	w_format(dst, W_NAME + 16, "%s%s%s", r->target, r->target[strlen(r->target) - 1] == '.' ? "" : ".",
	        r->target[strlen(r->target) - 1] == '.' ? "" : z->name);
	for (char *p = dst + n; *p; p++)
		if (!p[1] && *p == '.')
			*p = 0;
}

static void add_record(const struct world *w, struct world_rrs *r, const struct w_zone *z, const char *name,
        const struct w_record *rec)
{
	int type = w_field_wire(rec->field);
	uint32_t ttl = w_record_ttl(w, z, rec);
	char host[W_NAME + 16];

	if (type == W_TXT) {
		char *text = joined(rec->target);

		answer(r, name, type, ttl, text);
		free(text);
	} else if (type == W_CNAME || type == W_NS || type == W_MX) {
		host_data(z, rec, host);
		answer(r, name, type, ttl, host);
	} else {
		answer(r, name, type, ttl, rec->target);
	}
}

/* OVHcloud's zone of keys. Returns false for SERVFAIL. */
static bool ask_keys(struct world *w, const char *name, int type, struct world_rrs *r)
{
	const struct w_key *k = w_key_at(w, name, w->now);
	const struct w_value *how = w_get(k ? k->domain : NULL, w, SW_KEY_SERVED);
	int64_t ttl = w_get(k ? k->domain : NULL, w, SW_KEY_TTL)->n;
	int64_t negative = w->value[SW_KEY_NEGATIVE_TTL].n;
	char text[600];

	if (k && w_is(how, "servfail"))
		return false;
	if (k && w_is(how, "missing"))
		k = NULL;
	if (!k && strstr(name, "._domainkey."))
		r->rcode = WORLD_NXDOMAIN;
	if (!strcmp(name, W_DKIM_ZONE) && type == W_SOA) {
		soa(r, false, W_DKIM_ZONE, 2026000001, W_DKIM_ZONE_TTL, negative);
		return true;
	}
	if (!k || type != W_TXT) {
		soa(r, true, W_DKIM_ZONE, 2026000001, W_DKIM_ZONE_TTL, negative);
		return true;
	}
	w_format(text, sizeof(text), "v=DKIM1; k=rsa;%s p=%s", w_is(how, "testing") ? " t=y;" : "",
	        w_is(how, "revoked") ? ""
	        : w_is(how, "weak")  ? w_key_weak()
	        : w_is(how, "tiny")  ? w_key_tiny()
	                             : w_key_text(k->pool));
	if (w_is(how, "garbage"))
		w_format(text, sizeof(text), "v=DKIM1; k=rsa; p=@@@");
	answer(r, name, W_TXT, (uint32_t)ttl, text);
	return true;
}

static void ask_hosts(struct world *w, const char *name, int type, struct world_rrs *r)
{
	bool distinct = w_is(&w->value[SW_DNS_ADDRESSES], "distinct");
	unsigned n = 0;
	char text[40];

	if (!strncmp(name, "ns", 2) && name[2] >= '1' && name[2] <= '0' + W_SERVERS &&
	        !strcmp(name + 3, "." W_NS_ZONE))
		n = (unsigned)(name[2] - '0');
	if (!strcmp(name, W_NS_ZONE) && type == W_SOA) {
		soa(r, false, W_NS_ZONE, 1, 3600, 300);
	} else if (!strcmp(name, W_NS_ZONE) && type == W_NS) {
		answer(r, name, W_NS, 3600, "ns1." W_NS_ZONE);
	} else if (n && type == W_A) {
		w_format(text, sizeof(text), "127.0.0.%u", distinct ? n : 1);
		answer(r, name, W_A, 3600, text);
	} else {
		if (!n && strcmp(name, W_NS_ZONE) && strcmp(name, "mail." W_NS_ZONE))
			r->rcode = WORLD_NXDOMAIN;
		soa(r, true, W_NS_ZONE, 1, 3600, 300);
	}
}

/* A zone host that flattens: the key stands where the CNAME should. Returns true when it did. */
static bool flattened(struct world *w, const struct w_zone *z, const struct w_record *rec, const char *name,
        int type, struct world_rrs *r)
{
	struct world_rrs behind = {0};
	char target[W_NAME];

	if (w_field_wire(rec->field) != W_CNAME || !w_zget(w, z, SW_DNS_FLATTEN)->n)
		return false;
	w_record_target(z, rec, target);
	if (type == W_TXT && w_name_below(target, W_DKIM_ZONE) && ask_keys(w, target, type, &behind) &&
	        behind.n_answer)
		answer(r, name, W_TXT, 300, behind.answer[0].data);
	world_rrs_free(&behind);
	return true;
}

/* The record's owner is the name or lies below it; sub: the name within the zone. */
static bool stands_below(const struct w_record *rec, const char *sub)
{
	size_t n = strlen(rec->sub), m = strlen(sub);

	if (n < m || strcasecmp(rec->sub + n - m, sub))
		return false;
	return n == m || !m || rec->sub[n - m - 1] == '.';
}

/* One name in one customer zone. Sets next to the target of a CNAME that is to be followed. */
static void ask_zone(struct world *w, const struct w_zone *z, unsigned server, const char *name, int type,
        struct world_rrs *r, char next[W_NAME])
{
	const struct w_version *v = w_zone_served(w, z, server);
	bool exists = !strcmp(name, z->name);
	size_t before = r->n_answer;
	char sub[W_NAME], server_name[40];

	w_zone_sub(z, name, sub);
	for (uint32_t i = 0; i < v->copy->n; i++) {
		const struct w_record *rec = v->copy->rec[i];
		int wire = w_field_wire(rec->field);

		if (!stands_below(rec, sub))
			continue;
		exists = true;
		if (strcasecmp(rec->sub, sub) || flattened(w, z, rec, name, type, r))
			continue;
		if ((wire == type && (wire != W_NS || strcmp(name, z->name))) || wire == W_CNAME)
			add_record(w, r, z, name, rec);
		if (wire == W_CNAME && type != W_CNAME)
			w_record_target(z, rec, next);
	}
	for (unsigned i = 0; type == W_NS && !strcmp(name, z->name) && i < w_zone_servers(w, z); i++) {
		w_format(server_name, sizeof(server_name), "ns%u." W_NS_ZONE, i + 1);
		answer(r, name, W_NS, (uint32_t)w_zget(w, z, SW_ZONE_TTL)->n, server_name);
	}
	if (type == W_SOA && !strcmp(name, z->name))
		soa(r, false, z->name, v->serial, w_zget(w, z, SW_ZONE_TTL)->n,
		        w_zget(w, z, SW_NEGATIVE_TTL)->n);
	if (!exists)
		r->rcode = WORLD_NXDOMAIN;
	if (r->n_answer == before)
		soa(r, true, z->name, v->serial, w_zget(w, z, SW_ZONE_TTL)->n,
		        w_zget(w, z, SW_NEGATIVE_TTL)->n);
}

/* Above every zone: names exist, and hold nothing; other names do not exist. */
static void ask_root(const struct world *w, const char *name, int type, struct world_rrs *r)
{
	if (!*name && type == W_SOA)
		soa(r, false, "", 1, 3600, 300);
	else if (!*name && type == W_NS)
		answer(r, "", W_NS, 3600, "ns1." W_NS_ZONE);
	else
		soa(r, true, "", 1, 3600, 300);
	if (*name && strcmp(name, "net") && !w_map_text(&w->above, name))
		r->rcode = WORLD_NXDOMAIN;
}

static bool broken(struct world *w, const struct w_zone *z, unsigned server, struct world_rrs *r)
{
	static const struct {
		enum w_switch sw;
		enum world_rcode rcode;
	} table[] = {{SW_DNS_SILENT, WORLD_SILENT}, {SW_DNS_SERVFAIL, WORLD_SERVFAIL},
	        {SW_DNS_REFUSED, WORLD_REFUSED}};

	if (server >= w_zone_servers(w, z)) {
		r->rcode = WORLD_REFUSED;
		return true;
	}
	for (size_t i = 0; i < W_COUNT(table); i++)
		if (w_zget(w, z, table[i].sw)->n >> server & 1) {
			r->rcode = table[i].rcode;
			return true;
		}
	return false;
}

void world_dns(
        struct world *w, int64_t now, unsigned server, const char *name, int type, struct world_rrs *ret)
{
	char at[W_NAME], next[W_NAME];

	w_advance(w, now);
	world_rrs_init(ret, WORLD_NOERROR, true);
	if (!w_name_fold(at, sizeof(at), name)) {
		ret->rcode = WORLD_REFUSED;
		return;
	}
	for (unsigned i = 0; i < CHAIN_MAX; i++) {
		struct w_zone *z = w_zone_find(w, at);

		*next = 0;
		if (z) {
			if (broken(w, z, server, ret))
				return;
			ask_zone(w, z, server, at, type, ret, next);
			w_dns_looked(w, z, at);
		} else if (w_name_below(at, W_DKIM_ZONE)) {
			if (!ask_keys(w, at, type, ret))
				ret->rcode = WORLD_SERVFAIL;
		} else if (w_name_below(at, W_NS_ZONE)) {
			ask_hosts(w, at, type, ret);
		} else {
			ask_root(w, at, type, ret);
		}
		if (!*next || (z && !w_zget(w, z, SW_DNS_CHASE)->n))
			return;
		if (!w_zone_find(w, next) && !w_name_below(next, W_DKIM_ZONE) &&
		        !w_name_below(next, W_NS_ZONE))
			return; /* not served here */
		memcpy(at, next, sizeof(at));
	}
}

void world_rrs_init(struct world_rrs *r, enum world_rcode rcode, bool authoritative)
{
	r->rcode = rcode;
	r->authoritative = authoritative;
	r->n_answer = r->n_authority = 0;
}

void world_rrs_free(struct world_rrs *r)
{
	for (size_t i = 0; i < r->n_answer; i++)
		free(r->answer[i].data);
	for (size_t i = 0; i < r->n_authority; i++)
		free(r->authority[i].data);
	r->n_answer = r->n_authority = 0;
}
