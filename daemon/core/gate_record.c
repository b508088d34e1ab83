/* The gate for DNS records (safety rule 14). */
#include <string.h>

#include "core/dname.h"
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

/* Keys of our own: not known yet. */
static const char *record_is_our_keys(const struct gate_record_change *c, const struct seen_selector *s)
{
	(void)c;
	(void)s;
	return "records of domains that sign elsewhere are not written";
}

static const char *record_is_in_place(
        const struct gate_record_change *c, const struct desired *d, const struct seen_selector *s)
{
	char name[DNAME_TEXT];
	const char *why = d->platform == PLATFORM_EXTERNAL ? record_is_our_keys(c, s) : record_is_named(c, s);

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
