/* The gate for DNS records (safety rule 14). */
#include <string.h>

#include "core/dname.h"
#include "core/external.h"
#include "core/gating.h"

/* OVHcloud's platforms: one CNAME to what the API names, and it is never taken away. */
static const char *record_is_named(const struct gate_record_change *c, const struct seen_selector *s)
{
	if (c->rr->absent)
		return "nothing is removed from a zone but a duplicate that we made";
	if (s == NULL || !s->named || s->target[0] == '\0')
		return "OVHcloud does not name this selector and its target";
	if (c->rr->type != RR_CNAME || !dname_equal(c->rr->data, s->target))
		return "the target is not the one that the API names";
	return NULL;
}

/* Which part of the key has its record at this name. */
static const struct held_part *part_at(
        const struct gate_record_change *c, const struct desired *d, const struct held_key *k)
{
	char name[DNAME_TEXT];

	for (unsigned i = 0; k != NULL && i < k->n; i++)
		if (external_owner(name, d, k->part[i].selector) && dname_equal(name, c->rr->name))
			return &k->part[i];
	return NULL;
}

/* Keys of our own: the record of one of the key's parts at its name, saying what is true of the key; and what it takes the
 * place of was nothing, or a record of this very key. */
static const char *record_is_our_keys(const struct gate_record_change *c, const struct desired *d,
        const struct seen_selector *s, int64_t now)
{
	const struct held_key *k = s != NULL ? s->key : NULL;
	const struct held_part *part = part_at(c, d, k);
	struct dkim_key says;
	int64_t since;

	if (part == NULL || !dname_equal(c->zone, external_zone(d)))
		return "the name is not that of a key of this domain";
	if (c->rr->type == RR_CNAME || !dkimtext_is_of(c->rr->data, part) ||
	        dkim_parse(c->rr->data, strlen(c->rr->data), &says) != DKIM_OK)
		return "the text is not of this key";
	if (c->old[0] != '\0' && !dkimtext_is_of(c->old, part))
		return "what stands there is not of this key";
	if (!c->rr->absent && says.revoked != (k->revoked != 0))
		return says.revoked ? "the key is not revoked" : "the key is revoked";
	if ((says.revoked || c->rr->absent) && (k->mapped || k->taken))
		return "the signer may still use this key";
	if (c->rr->absent && external_wanted(d, k, now, &since) != WANT_NOTHING)
		return "the zone has not said for as long as it is to that the key is revoked";
	return rr_fault(c->rr, c->zone);
}

static const char *record_is_in_place(
        const struct gate_record_change *c, const struct desired *d, const struct seen_selector *s)
{
	char name[DNAME_TEXT];
	const char *why = record_is_named(c, s);

	if (why != NULL)
		return why;
	if (!dname_dkim(name, s->name, d->domain) || !dname_equal(name, c->rr->name))
		return "the name is not <selector>._domainkey.<domain>";
	return rr_fault(c->rr, c->zone);
}

static bool in_use(const struct desired *d, const struct record *r, const struct seen_selector *s,
        const struct rec_selector *rec, const struct rules *rules, int64_t now)
{
	if (r->status != STATUS_NONE)
		return record_switch_in_use(r, rules, now);
	if (selector_may_sign(s->state))
		return true;
	return record_role(rec, d->policy.grace, now) == ROLE_RETIRED;
}

static const char *may_rewrite(const struct gate_record_change *c, const struct seen_selector *s,
        const struct rec_selector *rec, int64_t now, const struct rules *rules)
{
	if (now - rec->target_since < rules_settle(rules))
		return "the API has not named this target on two looks far enough apart";
	if (c->old[0] == '\0' && (c->guarded || s->dns.record == SEEN_MISSING))
		return NULL;
	if (s->dns_at == 0 || s->dns.key != SEEN_OK)
		return "no key was seen at the new target";
	if (s->dns.served_key == SEEN_OK && s->cname_valid != TRI_NO && s->state != SELECTOR_TO_FIX)
		return "the record as served still leads to a key";
	return NULL;
}

struct gate_verdict gate_record(const struct gate_record_change *c, const struct desired *d,
        const struct observed *o, const struct record *r, const struct standing *st,
        const struct rules *rules)
{
	struct door g = {.action = ACTION_PUBLISH, .d = d, .o = o, .r = r, .st = st, .rules = rules};
	struct gate_verdict v;
	const char *why;

	gate_find_selectors(&g, c->selector);
	v = gate_walk(gate_every_change, &g);
	if (!v.allow)
		return v;
	why = no_other_intent(&g);
	if (why != NULL)
		return (struct gate_verdict){.rule = 6, .why = why};
	if (d->platform == PLATFORM_EXTERNAL) {
		why = record_is_our_keys(c, d, g.seen, st->now);
		return (struct gate_verdict){
		        .allow = why == NULL, .rule = why != NULL ? 14 : 0, .why = why != NULL ? why : ""};
	}
	why = record_is_in_place(c, d, g.seen);
	if (why != NULL || g.rec == NULL)
		return (struct gate_verdict){
		        .rule = 14, .why = why != NULL ? why : "the selector has no record"};
	if (c->removes || c->refreshes)
		return (struct gate_verdict){.allow = true, .why = ""};
	if (c->old[0] == '\0' && !c->guarded && (g.seen->dns_at == 0 || g.seen->dns.record != SEEN_MISSING))
		return (struct gate_verdict){.rule = 14,
		        .why = "the zone lists no record there, and our look-up does not prove that there is "
		               "none"};
	if (c->old[0] != '\0' || in_use(d, r, g.seen, g.rec, rules, st->now)) {
		if (in_use(d, r, g.seen, g.rec, rules, st->now) &&
		        (why = may_rewrite(c, g.seen, g.rec, st->now, rules)) != NULL)
			return (struct gate_verdict){.rule = 14,
			        .why = why,
			        .earliest = g.rec->target_since + rules_settle(rules)};
	}
	return (struct gate_verdict){.allow = true, .why = ""};
}
