/* What to do about a selector's DNS record: write it, wait for it, or name the person who must. Safety rule 14 decides
 * when the record of a selector in use may be rewritten. */
#include <string.h>

#include "core/planning.h"
#include "core/text.h"

#define AGAIN                                                                                                \
	(3600 * INT64_C(1000)) /* a written record that is not visible is written (refreshed) again hourly */
#define LATE (24 * 3600 * INT64_C(1000)) /* safety rule 13: missing for longer is an error */

const struct seen_selector *view_seen(const struct view *v, const struct rec_selector *s)
{
	for (unsigned i = 0; v->o != NULL && i < v->o->n; i++)
		if (strcmp(v->o->sel[i].name, s->name) == 0)
			return &v->o->sel[i];
	return NULL;
}

const struct evidence *view_evidence(const struct view *v, const struct rec_selector *s)
{
	const struct seen_selector *o = view_seen(v, s);

	return o != NULL && o->dns_at != 0 ? &o->dns : NULL;
}

/* The line a person pastes into the zone. */
static void zone_line(char *dst, size_t n, bool external, const struct rec_selector *s, const char *found)
{
	if (external) { /* a key's text is too long for a sentence */
		text_join(dst, n, s->record, ": the record that `dkimrotctl records` shows",
		        found[0] != '\0' ? "; found: " : "", found, NULL);
		return;
	}
	text_join(dst, n, s->record, ". IN CNAME ", s->target, ".", found[0] != '\0' ? " ; found: " : "",
	        found, NULL);
}

static int fault_code(enum seen s)
{
	return s == SEEN_MISSING                                             ? 504
	       : s == SEEN_WRONG || s == SEEN_PARTIAL || s == SEEN_FLATTENED ? 503
	                                                                     : 0;
}

/* Safety rule 14: the record of a selector that signs or is in its grace. One that is proven missing everywhere may be
 * written at once; one that leads elsewhere only when the API has named the same target long enough, a key stands
 * there, and what is served now is of no use to receivers. */
static bool may_rewrite(const struct view *v, const struct rec_selector *s, const struct evidence *e)
{
	enum role role = record_role(s, v->d->policy.grace, v->now);

	if (v->d->platform == PLATFORM_EXTERNAL)
		return true; /* the key is ours: its record can only become right */
	if (v->r->status != STATUS_NONE ? !record_switch_in_use(v->r, v->rules, v->now)
	                                : role != ROLE_ACTIVE && role != ROLE_RETIRED)
		return true;
	if (v->now - s->target_since < rules_settle(v->rules))
		return false;
	if (e == NULL)
		return true; /* decided again with evidence at hand */
	if (e->record == SEEN_MISSING)
		return true;
	return e->key == SEEN_OK &&
	       (e->served_key != SEEN_OK || s->cname_valid == TRI_NO || s->state == SELECTOR_TO_FIX);
}

/* Every server that answers served it right since our write, for nothing else ends a run of faults, and for long enough
 * none does now: that is no server that takes its time, somebody took the record away. */
static bool was_removed(const struct view *v, const struct rec_selector *s, const struct evidence *e)
{
	return e != NULL && e->record == SEEN_MISSING && s->bad_since > s->written &&
	       v->now - s->bad_since >= rules_settle(v->rules);
}

static bool write_record(
        struct view *v, const struct rec_selector *s, const struct evidence *e, struct decision *dec)
{
	if (s->written != 0 && v->now - s->written < AGAIN && !was_removed(v, s, e)) {
		bool late = outlasts(v, dec, s->bad_since, LATE);

		return verdict(dec, late ? REASON_RECORD_OVERDUE : REASON_RECORD_SPREADING,
		        e != NULL ? e->detail : NULL);
	}
	if (!may_rewrite(v, s, e))
		return await(dec, REASON_RECORD_SETTLING, ACTION_PUBLISH,
		        s->target_since + rules_settle(v->rules));
	return propose(dec, ACTION_PUBLISH, s, REASON_RECORD_DUE);
}

/* Who writes this zone, and what that means. */
static bool record_wanted(
        struct view *v, const struct rec_selector *s, const struct evidence *e, struct decision *dec)
{
	bool late = outlasts(v, dec, s->bad_since, LATE);
	char line[200];

	zone_line(line, sizeof(line), v->d->platform == PLATFORM_EXTERNAL, s, e != NULL ? e->detail : "");
	switch (v->d->dns) {
	case DNS_OVH:
	case DNS_RFC2136:
		return write_record(v, s, e, dec);
	case DNS_PLATFORM:
		return verdict(dec, late ? REASON_RECORD_UNWRITTEN : REASON_RECORD_PLATFORM, line);
	case DNS_MANUAL:
	default:
		return verdict(dec, REASON_RECORD_PERSON, line);
	}
}

/* What was proven wrong and was not seen right since is still wrong: that too few servers answer for a moment takes
 * nothing back, and is no news to the person who was told. */
static bool still_wrong(const struct view *v, const struct rec_selector *s)
{
	enum reason r = v->r->reason;

	return s->bad_since != 0 &&
	       (r == REASON_RECORD_PERSON || r == REASON_RECORD_UNWRITTEN || r == REASON_RECORD_OVERDUE ||
	               r == REASON_SIGNING_RECORD_GONE || r == REASON_KEY_BAD);
}

bool mend_record(struct view *v, const struct rec_selector *s, struct decision *dec)
{
	const struct evidence *e = view_evidence(v, s);
	enum seen state = e != NULL ? e->state : s->dns;
	const char *detail = e != NULL ? e->detail : NULL;
	bool claimed;

	if (s->target[0] == '\0' || state == SEEN_OK)
		return false;
	switch (state) {
	case SEEN_BOGUS:
		return verdict(dec, REASON_DNS_BOGUS, detail);
	case SEEN_UNKNOWN:
		if (s->dns_at == 0 && e == NULL)
			return propose(dec, ACTION_LOOK, s, REASON_RECORD_DUE); /* never looked up */
		if (still_wrong(v, s))
			return verdict(dec, v->r->reason, v->r->detail);
		return verdict(dec, REASON_DNS_UNKNOWN, detail);
	case SEEN_REVOKED:
	case SEEN_WEAK:
		return verdict(dec, REASON_KEY_BAD, detail);
	default:
		break;
	}
	if (e != NULL &&
	        e->record == SEEN_OK) /* the CNAME is right; it is the key that is missing at its target */
		return verdict(dec, outlasts(v, dec, s->bad_since, LATE) ? REASON_KEY_BAD : REASON_KEY_MAKING,
		        detail);
	claimed = record_wanted(v, s, e, dec);
	dec->code = fault_code(state);
	return claimed;
}
