/* The ladder of MX Plan and Zimbra: one switch for the whole domain, two CNAMEs, no rotation in the API. Signing is
 * ensured and watched; readings flap after a change, so nothing is done before a reading has held. */
#include <string.h>

#include "core/planning.h"

#define DAY (24 * 3600 * INT64_C(1000))

static bool step_error(struct view *v, struct decision *dec)
{
	if (v->r->status != STATUS_ERROR)
		return false;
	verdict(dec, REASON_TASK_ERROR, v->r->theirs.message);
	dec->code = 502;
	return true;
}

static bool step_modifying(struct view *v, struct decision *dec)
{
	bool task = v->o != NULL &&
	            (v->o->domain_task_state == TASK_PENDING || v->o->domain_task_state == TASK_UNKNOWN);

	if (v->r->status != STATUS_MODIFYING && !task)
		return false;
	bool stuck = outlasts(v, dec, v->r->status_since, DAY);

	verdict(dec, stuck ? REASON_TASK_STUCK : REASON_TASK_PENDING, NULL);
	dec->code = stuck ? 502 : 0;
	return true;
}

static bool record_is_faulty(const struct view *v, const struct rec_selector *s)
{
	const struct evidence *e = view_evidence(v, s);

	return e != NULL && e->record != SEEN_OK && e->record != SEEN_UNKNOWN;
}

/* A record is wanted where OVHcloud says so (toSet, toFix), and where our own look-up finds the signer's record gone. */
static bool step_records(struct view *v, struct decision *dec)
{
	for (unsigned i = 0; i < v->r->n; i++) {
		const struct rec_selector *s = &v->r->sel[i];
		bool wanted = s->state == SELECTOR_TO_SET || s->state == SELECTOR_TO_FIX;
		bool signs = v->r->status == STATUS_ENABLED && strcmp(s->name, v->r->active) == 0;

		if (s->state == SELECTOR_UNKNOWN)
			continue;
		/* it is not switched on over a record that is proven not to be there */
		if (v->r->status != STATUS_ENABLED && (s->dns == SEEN_MISSING || s->dns == SEEN_WRONG) &&
		        !wanted && record_is_faulty(v, s))
			return mend_record(v, s, dec);
		if (!wanted && !signs)
			continue;
		if (!mend_record(v, s, dec)) {
			if (!wanted)
				continue;
			return verdict(dec,
			        outlasts(v, dec, s->published, DAY) ? REASON_CHECK_OVERDUE
			                                            : REASON_CHECK_PENDING,
			        s->name);
		}
		if (signs && dec->action == ACTION_NONE && dec->reason != REASON_DNS_UNKNOWN &&
		        dec->reason != REASON_DNS_BOGUS) {
			v->grieved = s;
			v->grief =
			        dec->reason == REASON_KEY_BAD ? REASON_KEY_BAD : REASON_SIGNING_RECORD_GONE;
		}
		return true;
	}
	return false;
}

static bool step_enabled(struct view *v, struct decision *dec)
{
	if (v->r->status != STATUS_ENABLED)
		return false;
	return verdict(dec, v->d->policy.rotate_every != 0 ? REASON_NO_ROTATION : REASON_WATCHED, NULL);
}

/* It was enabled once and is not any more: twice a day a person must look (safety rule 10). */
static bool repair(struct view *v, struct decision *dec)
{
	int64_t settled = v->r->not_signing_since + rules_settle(v->rules);

	if (v->r->not_signing_looks < 2 || v->now < settled)
		return await(dec, REASON_STOPPED, ACTION_ENABLE,
		        settled > v->now ? settled : v->now + v->rules->active);
	if (v->r->repaired != 0 && v->now - v->r->repaired < DAY)
		return verdict(dec, REASON_REPAIRED_TWICE, NULL);
	dec->repair = true;
	return propose(dec, ACTION_ENABLE, NULL, REASON_REPAIR_DUE);
}

/* disabled with every CNAME right, or before the first enable has revealed them. The reading must have held. */
static bool step_enable(struct view *v, struct decision *dec)
{
	int64_t settled = v->r->status_since + rules_settle(v->rules);

	if (v->r->status != STATUS_DISABLED && v->r->status != STATUS_TO_CONFIGURE)
		return verdict(dec, REASON_API_ODD, "the status is not known");
	if (v->r->attempts >= ATTEMPTS_MOST) /* until a person resumes it, or the status is another */
		return verdict(dec, REASON_DISABLED_BY_PERSON, NULL);
	if (v->now < settled)
		return await(dec, REASON_SETTLING, ACTION_ENABLE, settled);
	if (v->r->last_signer[0] != '\0')
		return repair(v, dec);
	return propose(dec, ACTION_ENABLE, NULL, REASON_ENABLE_DUE);
}

const struct rung domain_ladder[] = {
        {"a change of ours is in flight", step_in_flight},
        {"OVHcloud is at it", step_modifying},
        {"OVHcloud reports an error", step_error},
        {"a CNAME is wanted", step_records},
        {"it signs", step_enabled},
        {"it is to be enabled", step_enable},
        {NULL, NULL},
};
