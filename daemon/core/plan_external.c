/* What is different where the site signs by itself: revoked keys leave records behind, and it is the signer that is waited
 * for, not OVHcloud. */
#include <string.h>

#include "core/external.h"
#include "core/planning.h"
#include "core/text.h"

#define AGAIN (3600 * INT64_C(1000)) /* as for records of keys in use */

bool seen_as_wanted(const struct seen_selector *s)
{
	switch (s->want) {
	case WANT_KEY:
		return s->dns.state == SEEN_OK;
	case WANT_REVOKED:
		return s->dns.state == SEEN_REVOKED;
	case WANT_NOTHING:
		return s->dns.state == SEEN_MISSING;
	}
	return false;
}

/* A person who writes the zone takes his time: that holds up nothing, and `dkimrotctl records` keeps showing it. */
bool step_remains(struct view *v, struct decision *dec)
{
	if (v->d->platform != PLATFORM_EXTERNAL || v->o == NULL || v->d->dns == DNS_MANUAL)
		return false;
	for (unsigned i = 0; i < v->o->n; i++) {
		const struct seen_selector *s = &v->o->sel[i];
		const struct rec_selector *rec = record_selector_const(v->r, s->name);
		int64_t since;

		if (s->key == NULL || s->key->revoked == 0 || rec == NULL || s->dns_at == 0)
			continue;
		if (s->want == WANT_REVOKED) /* the next look is when it has said so for long enough */
			outlasts(v, dec, s->key->shown, v->d->external->revoke);
		if (seen_as_wanted(s) || s->dns.state == SEEN_UNKNOWN || s->dns.state == SEEN_BOGUS)
			continue;
		external_wanted(v->d, s->key, v->now, &since);
		if (rec->written >= since && v->now - rec->written < AGAIN)
			continue;
		propose(dec, ACTION_PUBLISH, rec, REASON_RECORD_RETIRED);
		text_join(dec->detail, sizeof(dec->detail), "the record of the revoked key ", s->name,
		        s->want == WANT_NOTHING ? " is to go" : " is to say so", NULL);
		return true;
	}
	return false;
}

void external_words(struct decision *dec)
{
	static const struct {
		enum reason theirs, ours;
	} words[] = {
	        {REASON_ACTIVATING, REASON_SIGNER_TAKING},
	        {REASON_SWITCHING, REASON_SIGNER_TAKING},
	        {REASON_REPAIRING, REASON_SIGNER_TAKING},
	        {REASON_SWITCH_OVERDUE, REASON_SIGNER_SILENT},
	        {REASON_TASK_STUCK, REASON_SIGNER_SILENT},
	        {REASON_CHANGE_SENT, REASON_KEYS_WRITING},
	        {REASON_CHANGE_LOST, REASON_KEYS_WRITING},
	        {REASON_DELETING, REASON_KEYS_WRITING},
	        {REASON_KEY_MAKING, REASON_KEYS_WRITING},
	        {REASON_NO_READY_SELECTOR, REASON_NO_READY_KEY},
	        {REASON_CHECK_PENDING, REASON_NO_READY_KEY},
	        {REASON_CHECK_OVERDUE, REASON_NO_READY_KEY},
	        {REASON_API_TROUBLE, REASON_KEYS_TROUBLE},
	        {REASON_API_ODD, REASON_KEYS_TROUBLE},
	        {REASON_API_REFUSED, REASON_KEYS_TROUBLE},
	};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (dec->reason == words[i].theirs) {
			dec->reason = words[i].ours;
			return;
		}
}
