/* io/dns.h against the simulated name servers in this process. The weighing is the daemon's own (core/witness.h); the key is
 * seen through a resolver that is as fresh as its luck. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "codec/dkimkey.h"
#include "core/dkim.h"
#include "core/witness.h"
#include "io/dns.h"
#include "io/loop.h"
#include "sim.h"

enum { A = 1, CNAME = 5, SOA = 6, TXT = 16 };
#define SERVERS_MAX 4

struct dns {
	struct loop *l;
	struct dns_look *looks;
};

struct dns_look {
	struct dns *d;
	struct dns_look *next;
	char record[256], target[256], zone[256];
	bool key_record, untimed;
	dns_seen *seen; /* NULL = cancelled */
	void *arg;
};

struct dns *dns_new(struct loop *l, const struct dns_options *o, const char **ret_error)
{
	struct dns *d = xcalloc(1, sizeof(*d));

	(void)o;
	(void)ret_error;
	d->l = l;
	return d;
}

static void look_free(void *arg)
{
	struct dns_look *k = arg;

	if (k->d != NULL)
		for (struct dns_look **p = &k->d->looks; *p != NULL; p = &(*p)->next)
			if (*p == k) {
				*p = k->next;
				break;
			}
	free(k);
}

void dns_free(struct dns *d)
{
	for (struct dns_look *k = d->looks; k != NULL; k = k->next) {
		k->d = NULL;
		k->seen = NULL;
	}
	free(d);
}

/* How many name servers the zone has, by its NS records. */
static unsigned servers_of(const char *zone)
{
	struct world_rrs r;
	unsigned n = 0;

	world_dns(sim.world, sim.now, 0, zone, 2, &r);
	n = (unsigned)r.n_answer;
	world_rrs_free(&r);
	return n == 0 ? 2 : n > SERVERS_MAX ? SERVERS_MAX : n;
}

static void ask_server(unsigned server, const char *record, struct witness *w)
{
	struct world_rrs r;
	unsigned cnames = 0;

	memset(w, 0, sizeof(*w));
	w->server = server;
	w->why = "no answer";
	world_dns(sim.world, sim.now, server, record, CNAME, &r);
	if (sim_chance(sim.lie))
		r.rcode = WORLD_SILENT;
	if (r.rcode == WORLD_NXDOMAIN)
		w->said = SAID_NO_NAME;
	else if (r.rcode == WORLD_NOERROR) {
		w->said = SAID_NO_DATA;
		for (size_t i = 0; i < r.n_answer; i++) {
			if (r.answer[i].type != CNAME || !str_caseeq(r.answer[i].name, record))
				continue;
			w->said = cnames++ == 0 ? SAID_CNAME : SAID_CNAMES;
			str_copy(w->target, sizeof(w->target), r.answer[i].data);
			w->ttl = r.answer[i].ttl;
		}
	}
	world_rrs_free(&r);
}

/* The smaller of the SOA's TTL and minimum of the zone that a name lies in. */
static uint32_t negative_ttl(const char *name)
{
	struct world_rrs r;
	uint32_t ttl = 10800;

	world_dns(sim.world, sim.now, 0, name, SOA, &r);
	for (size_t i = 0; i < r.n_answer + r.n_authority; i++) {
		const struct world_rr *rr = i < r.n_answer ? &r.answer[i] : &r.authority[i - r.n_answer];
		const char *last = rr->type == SOA ? strrchr(rr->data, ' ') : NULL;

		if (last == NULL)
			continue;
		uint32_t minimum = (uint32_t)strtoul(last + 1, NULL, 10);
		ttl = rr->ttl < minimum ? rr->ttl : minimum;
	}
	world_rrs_free(&r);
	return ttl;
}

static enum seen key_at(const char *target, struct evidence *e, bool fill)
{
	struct world_rrs r;
	struct dkim_key key;
	enum seen seen = SEEN_MISSING;

	world_dns(sim.world, sim.now, 0, target, TXT, &r);
	if (r.rcode != WORLD_NOERROR && r.rcode != WORLD_NXDOMAIN)
		seen = SEEN_UNKNOWN;
	if (sim_chance(sim.lie))
		seen = SEEN_UNKNOWN;
	for (size_t i = 0; i < r.n_answer && seen != SEEN_UNKNOWN; i++) {
		if (r.answer[i].type != TXT)
			continue;
		seen = SEEN_WEAK;
		if (dkim_parse(r.answer[i].data, strlen(r.answer[i].data), &key) != DKIM_OK)
			continue;
		seen = key.revoked ? SEEN_REVOKED : SEEN_OK;
		if (!fill || key.revoked)
			continue;
		unsigned bits = 0;
		e->has_digest = dkimkey_digest(key.key, key.len, e->digest) == 0;
		if (dkimkey_bits(key.type, key.key, key.len, &bits) != 0 || bits < 1024)
			seen = SEEN_WEAK;
		e->key_bits = bits;
		e->ttl_key = r.answer[i].ttl;
	}
	world_rrs_free(&r);
	return seen;
}

/* --- a DNS that says what is not so ------------------------------------------------------------------------------ */

enum forgery {
	FORGE_NOTHING,
	FORGE_ONE_SILENT,
	FORGE_ALL_SILENT,
	FORGE_ONE_DENIES, /* it lags, or lost the zone */
	FORGE_ALL_DENY,
	FORGE_ONE_ELSEWHERE, /* it still has the record of last year */
	FORGE_TWO,           /* two CNAMEs at one name */
	FORGE_BOGUS,
	FORGE_FLATTENED,
	FORGE_REVOKED,
	FORGE_NO_KEY,
	FORGE_ANOTHER_KEY,
	FORGE_TTL, /* somebody raised the TTLs, and lowers them again */
	FORGE_RECURSIVE,
	FORGERIES
};

static void forge_word(struct witness *w, enum said said)
{
	w->said = said;
	w->ttl = said == SAID_CNAME ? 86400 : 0;
	str_copy(w->target, sizeof(w->target), said == SAID_CNAME ? "last-year.example" : "");
}

static void forge_words(enum forgery f, struct witness *w, unsigned n)
{
	unsigned one = (unsigned)(sim_random() % n);

	for (unsigned i = 0; i < n; i++) {
		if (f == FORGE_ALL_SILENT || (f == FORGE_ONE_SILENT && i == one))
			forge_word(&w[i], SAID_NOTHING);
		if (f == FORGE_ALL_DENY || (f == FORGE_ONE_DENIES && i == one))
			forge_word(&w[i], SAID_NO_NAME);
		if (f == FORGE_ONE_ELSEWHERE && i == one)
			forge_word(&w[i], SAID_CNAME);
		if (f == FORGE_TWO && i == one)
			forge_word(&w[i], SAID_CNAMES);
		if (f == FORGE_FLATTENED)
			forge_word(&w[i], SAID_NO_DATA);
	}
}

static void forge_key(enum forgery f, struct evidence *e)
{
	if (f == FORGE_REVOKED || f == FORGE_NO_KEY) {
		e->key = f == FORGE_REVOKED ? SEEN_REVOKED : SEEN_MISSING;
		e->has_digest = false;
	}
	if (f == FORGE_ANOTHER_KEY)
		e->digest[0] = (uint8_t)(e->digest[0] + 1);
	if (f == FORGE_TTL)
		e->ttl_record = e->ttl_key = 2 * 86400;
	if (f == FORGE_RECURSIVE)
		e->recursive = SEEN_MISSING; /* it decides nothing */
}

/* What a server says of a key of our own, as io/dns_read.c would read it. */
static void ask_server_key(unsigned server, const char *record, struct witness *w)
{
	struct world_rrs r;
	struct dkim_key key;
	uint8_t digest[KEY_DIGEST];
	unsigned n = 0;

	*w = (struct witness){.server = server, .why = "no answer"};
	world_dns(sim.world, sim.now, server, record, TXT, &r);
	if (sim_chance(sim.lie))
		r.rcode = WORLD_SILENT;
	if (r.rcode == WORLD_NXDOMAIN)
		w->said = SAID_NO_NAME;
	else if (r.rcode == WORLD_NOERROR)
		w->said = SAID_NO_DATA;
	for (size_t i = 0; r.rcode == WORLD_NOERROR && i < r.n_answer; i++) {
		if (r.answer[i].type != TXT || !str_caseeq(r.answer[i].name, record))
			continue;
		w->ttl = r.answer[i].ttl;
		if (n++ > 0) {
			w->said = SAID_CNAMES;
			w->target[0] = '\0';
			break;
		}
		w->said = SAID_CNAME;
		str_copy(w->target, sizeof(w->target), "(no key)");
		if (dkim_parse(r.answer[i].data, strlen(r.answer[i].data), &key) != DKIM_OK)
			continue;
		if (key.revoked)
			str_copy(w->target, sizeof(w->target), "revoked");
		else if (dkimkey_digest(key.key, key.len, digest) == 0)
			dkimkey_hex(digest, w->target);
	}
	world_rrs_free(&r);
}

static void answer_key(
        struct dns_look *k, struct evidence *e, struct testimony *t, struct witness *w, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		ask_server_key(i, k->record, &w[i]);
	t->what = "key record";
	evidence_weigh(e, t);
	e->key = e->record == SEEN_OK ? SEEN_OK : SEEN_UNKNOWN;
	e->ttl_key = e->ttl_record;
	e->ttl_negative_zone = negative_ttl(k->zone);
	e->dnssec = DNSSEC_INSECURE;
	evidence_conclude(e, "", "");
	k->seen(k->arg, e);
}

static void answer(void *arg)
{
	struct dns_look *k = arg;
	struct evidence e = {0};
	static const char *const names[SERVERS_MAX] = {"ns1", "ns2", "ns3", "ns4"};
	struct witness w[SERVERS_MAX];
	unsigned n = servers_of(k->zone);
	struct testimony t = {.record = k->record,
	        .expected = k->target,
	        .zone = k->zone,
	        .servers = names,
	        .n_servers = n,
	        .list = w,
	        .n = n};

	if (k->seen != NULL && k->key_record) {
		answer_key(k, &e, &t, w, n);
	} else if (k->seen != NULL) {
		bool lies = sim.forge > 0 && sim_chance(sim.forge);
		enum forgery f = lies ? (enum forgery)(sim_random() % FORGERIES) : FORGE_NOTHING;

		sim.dns_lies += f != FORGE_NOTHING;
		for (unsigned i = 0; i < n; i++)
			ask_server(i, k->record, &w[i]);
		forge_words(f, w, n);
		evidence_weigh(&e, &t);
		if (f == FORGE_FLATTENED && e.record == SEEN_MISSING)
			evidence_flattened(&e, k->record);
		e.key = key_at(k->target, &e, true);
		forge_key(f, &e);
		e.served_key = e.target[0] == '\0'               ? SEEN_MISSING
		               : str_caseeq(e.target, k->target) ? e.key
		                                                 : key_at(e.target, &e, false);
		e.untimed = k->untimed;
		if (!k->untimed) {
			e.ttl_negative_zone = negative_ttl(k->zone);
			e.ttl_negative_target = negative_ttl(k->target);
		}
		e.dnssec = f == FORGE_BOGUS ? DNSSEC_BOGUS : DNSSEC_INSECURE;
		evidence_conclude(&e, "no key stands at the target", "DNSSEC calls it forged");
		k->seen(k->arg, &e);
	}
	look_free(k);
}

struct dns_look *dns_look(struct dns *d, const struct dns_question *q, dns_seen *seen, void *arg)
{
	struct dns_look *k = xcalloc(1, sizeof(*k));

	sim.dns_looks++;
	k->d = d;
	k->next = d->looks;
	d->looks = k;
	str_copy(k->record, sizeof(k->record), q->record);
	str_copy(k->target, sizeof(k->target), q->target);
	str_copy(k->zone, sizeof(k->zone), q->zone);
	k->key_record = q->key_record;
	k->untimed = q->untimed;
	k->seen = seen;
	k->arg = arg;
	sim_later(d->l, sim_between(2, 300), answer, k, look_free);
	return k;
}

void dns_cancel(struct dns_look *k)
{
	k->seen = NULL;
}
