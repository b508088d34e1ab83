/* io/dns_update.h against a simulated primary of the zones that nobody writes through the API: a strict one. It checks
 * signature and conditions, applies an update whole or not at all, answers signed, and loses answers on the way. What must
 * never be asked of it is counted. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <ldns/ldns.h>

#include "../ovhsim/world/model.h"
#include "base/util.h"
#include "io/dns_update.h"
#include "io/loop.h"
#include "sim.h"

struct dns_exchange {
	struct loop *l;
	uint8_t *bytes, *answer;
	size_t n, answer_n;
	dns_exchanged *done; /* NULL = cancelled */
	void *arg;
	bool dead; /* the daemon died; what left has left */
	enum exchange_end end;
};

/* What stands at a name, in text form; at most one record is ever expected there. */
static size_t find_record(const struct w_zone *z, const char *sub, size_t from)
{
	while (from < z->edit->n && strcasecmp(z->edit->rec[from]->sub, sub) != 0)
		from++;
	return from;
}

static char *name_text(const ldns_rdf *name)
{
	char *text = ldns_rdf2str(name);
	size_t n = strlen(text);

	if (n > 1 && text[n - 1] == '.')
		text[n - 1] = '\0';
	for (char *p = text; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return text;
}

/* "name is not in use", or "this CNAME is the whole set": no other condition is ever sent for a CNAME. */
static ldns_pkt_rcode condition_holds(const struct w_zone *z, const ldns_rr *rr, const char *sub)
{
	size_t i = find_record(z, sub, 0);
	char target[W_NAME];

	if (ldns_rr_get_class(rr) == LDNS_RR_CLASS_NONE && ldns_rr_get_type(rr) == LDNS_RR_TYPE_ANY)
		return i == z->edit->n ? LDNS_RCODE_NOERROR : LDNS_RCODE_YXDOMAIN;
	if (ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN || ldns_rr_get_type(rr) != LDNS_RR_TYPE_CNAME)
		return LDNS_RCODE_NOTIMPL;
	if (i == z->edit->n || w_field_wire(z->edit->rec[i]->field) != LDNS_RR_TYPE_CNAME)
		return LDNS_RCODE_NXRRSET;
	w_record_target(z, z->edit->rec[i], target);
	char *wanted = name_text(ldns_rr_rdf(rr, 0));
	bool same = strcasecmp(wanted, target) == 0;
	free(wanted);
	return same && find_record(z, sub, i + 1) == z->edit->n ? LDNS_RCODE_NOERROR : LDNS_RCODE_NXRRSET;
}

static void apply(struct w_zone *z, const ldns_rr *rr, const char *sub)
{
	size_t i = find_record(z, sub, 0);

	if (ldns_rr_get_class(rr) == LDNS_RR_CLASS_NONE) {
		if (i < z->edit->n)
			w_zone_remove(sim.world, z, i);
		return;
	}
	char *target = name_text(ldns_rr_rdf(rr, 0)), *absolute = xasprintf("%s.", target);
	w_zone_add(sim.world, z, sub, (unsigned)w_field_type("CNAME"), absolute, ldns_rr_ttl(rr), false);
	free(absolute);
	free(target);
}

/* Whatever the daemon asks for lies at a selector's name, and carries a condition. */
static bool is_allowed(const struct w_zone *z, const ldns_pkt *p)
{
	const ldns_rr_list *changes = ldns_pkt_authority(p);

	if (z == NULL || ldns_pkt_ancount(p) == 0)
		return false;
	for (size_t i = 0; i < ldns_rr_list_rr_count(changes); i++) {
		char *name = name_text(ldns_rr_owner(ldns_rr_list_rr(changes, i)));
		bool fine = strstr(name, "._domainkey.") != NULL && str_suffix(name, z->name);

		free(name);
		if (!fine)
			return false;
	}
	return true;
}

static ldns_pkt_rcode update(const ldns_pkt *p)
{
	char *zone = name_text(ldns_rr_owner(ldns_rr_list_rr(ldns_pkt_question(p), 0)));
	struct w_zone *z = w_zone_find(sim.world, zone);
	ldns_pkt_rcode rcode = LDNS_RCODE_NOERROR;
	char sub[W_NAME];

	free(zone);
	if (!is_allowed(z, p)) {
		sim.updates_bad++;
		return LDNS_RCODE_REFUSED;
	}
	for (unsigned step = 0; step < 2; step++) { /* all conditions, then all changes */
		const ldns_rr_list *list = step == 0 ? ldns_pkt_answer(p) : ldns_pkt_authority(p);

		for (size_t i = 0; i < ldns_rr_list_rr_count(list) && rcode == LDNS_RCODE_NOERROR; i++) {
			const ldns_rr *rr = ldns_rr_list_rr(list, i);
			char *name = name_text(ldns_rr_owner(rr));

			w_zone_sub(z, name, sub);
			free(name);
			if (step == 0)
				rcode = condition_holds(z, rr, sub);
			else
				apply(z, rr, sub);
		}
	}
	if (rcode == LDNS_RCODE_NOERROR && ldns_pkt_nscount(p) > 0) {
		w_zone_refresh(sim.world, z, w_span(sim.world, w_zget(sim.world, z, SW_PUBLISH_MS)));
		sim.updates++;
	}
	return rcode;
}

static void push_cname(ldns_pkt *r, const char *owner, const char *target, uint32_t ttl)
{
	ldns_rr *rr = ldns_rr_new();

	ldns_rr_set_owner(rr, ldns_dname_new_frm_str(owner));
	ldns_rr_set_type(rr, LDNS_RR_TYPE_CNAME);
	ldns_rr_set_class(rr, LDNS_RR_CLASS_IN);
	ldns_rr_set_ttl(rr, ttl);
	ldns_rr_push_rdf(rr, ldns_dname_new_frm_str(target));
	ldns_pkt_push_rr(r, LDNS_SECTION_ANSWER, rr);
}

static void answer_look(const ldns_pkt *p, ldns_pkt *r)
{
	char *name = name_text(ldns_rr_owner(ldns_rr_list_rr(ldns_pkt_question(p), 0)));
	struct w_zone *z = w_zone_find(sim.world, name);
	char sub[W_NAME], target[W_NAME];

	ldns_pkt_set_aa(r, z != NULL);
	ldns_pkt_set_rcode(r, z == NULL ? LDNS_RCODE_REFUSED : LDNS_RCODE_NXDOMAIN);
	if (z != NULL) {
		w_zone_sub(z, name, sub);
		for (size_t i = find_record(z, sub, 0); i < z->edit->n; i = find_record(z, sub, i + 1)) {
			ldns_pkt_set_rcode(r, LDNS_RCODE_NOERROR);
			if (w_field_wire(z->edit->rec[i]->field) != LDNS_RR_TYPE_CNAME)
				continue;
			w_record_target(z, z->edit->rec[i], target);
			push_cname(r, name, target, 300);
		}
	}
	free(name);
}

/* The answer into x->answer. */
static void serve(struct dns_exchange *x)
{
	ldns_pkt *p = NULL, *r = ldns_pkt_new();
	uint8_t *wire = NULL;
	bool good = ldns_wire2pkt(&p, x->bytes, x->n) == LDNS_STATUS_OK && ldns_pkt_qdcount(p) == 1;
	bool is_update = good && ldns_pkt_get_opcode(p) == LDNS_PACKET_UPDATE;

	if (!good)
		abort(); /* the daemon's own message */
	ldns_pkt_set_id(r, ldns_pkt_id(p));
	ldns_pkt_set_qr(r, true);
	ldns_pkt_set_opcode(r, ldns_pkt_get_opcode(p));
	ldns_pkt_push_rr(r, LDNS_SECTION_QUESTION, ldns_rr_clone(ldns_rr_list_rr(ldns_pkt_question(p), 0)));
	if (is_update && !ldns_pkt_tsig_verify(p, x->bytes, x->n, SIM_KEY ".", SIM_SECRET, NULL)) {
		sim.updates_bad++;
		ldns_pkt_set_rcode(r, LDNS_RCODE_NOTAUTH);
	} else if (is_update) {
		ldns_pkt_set_rcode(r, (uint8_t)update(p));
		ldns_pkt_tsig_sign(
		        r, SIM_KEY ".", SIM_SECRET, 300, "hmac-sha256.", ldns_rr_rdf(ldns_pkt_tsig(p), 3));
	} else {
		answer_look(p, r);
	}
	if (ldns_pkt2wire(&wire, r, &x->answer_n) == LDNS_STATUS_OK) {
		x->answer = xmalloc(x->answer_n);
		memcpy(x->answer, wire, x->answer_n);
	}
	free(wire);
	ldns_pkt_free(p);
	ldns_pkt_free(r);
}

static void exchange_free(void *arg)
{
	struct dns_exchange *x = arg;

	free(x->bytes);
	free(x->answer);
	free(x);
}

static void deliver(void *arg)
{
	struct dns_exchange *x = arg;

	if (x->done != NULL)
		x->done(x->arg, x->end, x->answer, x->end == EXCHANGE_ANSWERED ? x->answer_n : 0,
		        x->end == EXCHANGE_ANSWERED ? "" : "lost on the way");
	exchange_free(x);
}

static void arrive(void *arg)
{
	struct dns_exchange *x = arg;

	w_advance(sim.world, sim.now);
	serve(x);
	if (x->dead) {
		exchange_free(x);
		return;
	}
	x->end = sim_chance(sim.lost) ? EXCHANGE_LOST : EXCHANGE_ANSWERED;
	sim_later(x->l, sim_between(1, 100), deliver, x, exchange_free);
}

static void never(void *arg)
{
	struct dns_exchange *x = arg;

	x->end = EXCHANGE_NOT_SENT;
	deliver(x);
}

static void drop(void *arg)
{
	struct dns_exchange *x = arg;

	x->dead = true;
	arrive(x); /* it was on the wire when the daemon died */
}

struct dns_exchange *dns_exchange(struct loop *l, const struct address *to, const uint8_t *bytes, size_t n,
        int64_t timeout_ms, dns_exchanged *done, void *arg)
{
	struct dns_exchange *x = xcalloc(1, sizeof(*x));

	(void)to;
	(void)timeout_ms;
	x->l = l;
	x->bytes = xmalloc(n);
	memcpy(x->bytes, bytes, n);
	x->n = n;
	x->done = done;
	x->arg = arg;
	if (sim_chance(sim.lost))
		sim_later(l, sim_between(1, 100), never, x, exchange_free);
	else
		sim_later(l, sim_between(1, 100), arrive, x, drop);
	return x;
}

void dns_exchange_cancel(struct dns_exchange *x)
{
	x->done = NULL;
}
