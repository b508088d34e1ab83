/* Intents: durable before the request leaves, resolved by reading alone (safety rule 7). */
#include <string.h>

#include "core/fold.h"
#include "core/text.h"

const struct intent *intent_for(const struct record *r, enum action_kind action, const char *selector)
{
	for (unsigned i = 0; i < INTENTS_MAX; i++)
		if (r->intent[i].action == action && strcmp(r->intent[i].selector, selector) == 0)
			return &r->intent[i];
	return NULL;
}

struct intent *record_intent(struct record *r, enum action_kind action, const char *selector)
{
	for (unsigned i = 0; i < INTENTS_MAX; i++)
		if (r->intent[i].action == action && strcmp(r->intent[i].selector, selector) == 0)
			return &r->intent[i];
	return NULL;
}

bool record_has_intent(const struct record *r)
{
	for (unsigned i = 0; i < INTENTS_MAX; i++)
		if (r->intent[i].action != ACTION_NONE)
			return true;
	return false;
}

struct intent *record_intend(
        struct record *r, enum action_kind action, const char *selector, const char *target, int64_t now)
{
	for (unsigned i = 0; i < INTENTS_MAX; i++) {
		struct intent *x = &r->intent[i];

		if (x->action != ACTION_NONE)
			continue;
		memset(x, 0, sizeof(*x));
		x->action = action;
		x->at = now;
		strncpy(x->selector, selector, sizeof(x->selector) - 1);
		strncpy(x->target, target, sizeof(x->target) - 1);
		return x;
	}
	return NULL;
}

bool intent_is_slow_creation(const struct intent *x, int64_t now)
{
	return x->action == ACTION_CREATE && now - x->at > SLOW_CREATION;
}

bool selector_is_slow_creation(enum selector_state state, const struct rec_selector *s, int64_t now)
{
	bool making = state == SELECTOR_TODO || state == SELECTOR_WAITING_RECORD || state == SELECTOR_ABSENT;

	return making && s->task_since != 0 && now - s->task_since > SLOW_CREATION;
}

bool record_needs_full_look(const struct record *r, int64_t now)
{
	for (unsigned i = 0; i < INTENTS_MAX; i++)
		if (r->intent[i].action != ACTION_NONE && now - r->intent[i].at > SLOW_CREATION)
			return true;
	return false;
}

static void intent_end(struct intent *x)
{
	memset(x, 0, sizeof(*x));
}

/* What our own request explains later is remembered with the key it was for. */
static void mark_sent(struct record *r, const struct intent *x, int64_t now)
{
	struct rec_selector *s = record_selector(r, x->selector);

	if (s == NULL)
		return;
	if (x->action == ACTION_ENABLE)
		s->enabled = now;
	if (x->action == ACTION_DISABLE)
		s->disabled = now;
	if (x->action == ACTION_DELETE)
		s->deleted_by_us = true;
}

void record_answer(struct record *r, enum action_kind action, const char *selector, enum answer_kind kind,
        int64_t task_id, int64_t now)
{
	struct intent *x = record_intent(r, action, selector);

	if (x == NULL)
		return;
	if (kind == ANSWER_REFUSED || kind == ANSWER_NOT_SENT) {
		if (action == ACTION_ENABLE && r->repaired == x->at)
			r->repaired = 0; /* nothing was repaired: it may be tried again */
		intent_end(x);
		return;
	}
	mark_sent(r, x, now);
	if (kind == ANSWER_ACCEPTED) {
		x->answered = true;
		x->task_id = task_id;
	}
}

void record_asked(struct record *r, const char *selector, const char *query_id, int64_t task_id)
{
	struct rec_selector *s = record_selector(r, selector);

	if (s != NULL) {
		text_join(s->query_id, sizeof(s->query_id), query_id, NULL);
		if (task_id != 0)
			s->task_id = task_id;
		return;
	}
	text_join(r->last_query, sizeof(r->last_query), query_id, NULL);
	r->last_task = task_id;
}

void record_published(struct record *r, const char *selector, int64_t now)
{
	struct intent *x = record_intent(r, ACTION_PUBLISH, selector);
	struct rec_selector *s = record_selector(r, selector);

	if (x != NULL)
		intent_end(x);
	if (s != NULL)
		s->written = now;
}

bool stop_is_ours(const struct record *r, const struct rec_selector *s)
{
	if (s->disabled != 0 || intent_for(r, ACTION_DISABLE, s->name) != NULL)
		return true;
	for (unsigned i = 0; i < r->n; i++) {
		const struct rec_selector *o = &r->sel[i];

		if (o == s)
			continue;
		if (intent_for(r, ACTION_ENABLE, o->name) != NULL)
			return true;
		/* It was switched on after this one: OVHcloud may take its time to switch the older off. */
		if (o->enabled != 0 && o->enabled >= s->enabled && selector_may_sign(o->state))
			return true;
	}
	return false;
}

enum progress { OLD_STATE, UNDER_WAY, DONE, NO_READING };

static enum progress selector_progress(const struct intent *x, const struct seen_selector *o)
{
	if (o->state == SELECTOR_UNKNOWN)
		return NO_READING;
	switch (x->action) {
	case ACTION_CREATE:
		return o->state == SELECTOR_ABSENT     ? OLD_STATE
		       : o->state == SELECTOR_DELETING ? UNDER_WAY
		                                       : DONE;
	case ACTION_ENABLE:
		return o->state == SELECTOR_IN_PRODUCTION ? DONE
		       : o->state == SELECTOR_ENABLING    ? UNDER_WAY
		                                          : OLD_STATE;
	case ACTION_DISABLE:
		return o->state == SELECTOR_DISABLING       ? UNDER_WAY
		       : o->state == SELECTOR_IN_PRODUCTION ? OLD_STATE
		       : o->state == SELECTOR_ENABLING      ? UNDER_WAY
		                                            : DONE;
	case ACTION_DELETE:
		return o->state == SELECTOR_ABSENT     ? DONE
		       : o->state == SELECTOR_DELETING ? UNDER_WAY
		                                       : OLD_STATE;
	case ACTION_PUBLISH:
		if (o->state == SELECTOR_ABSENT || o->state == SELECTOR_DELETING)
			return OLD_STATE; /* the selector itself has gone meanwhile: nothing is left to be published */
		if (o->dns_at == 0 || o->dns.record == SEEN_UNKNOWN)
			return NO_READING;
		return o->dns.record == SEEN_OK ? DONE : OLD_STATE;
	default:
		return NO_READING;
	}
}

bool intent_shows_done(const struct record *r, const struct seen_selector *o)
{
	bool any = false;

	for (unsigned i = 0; i < INTENTS_MAX; i++) {
		const struct intent *x = &r->intent[i];

		if (x->action == ACTION_NONE || strcmp(x->selector, o->name) != 0)
			continue;
		if (selector_progress(x, o) != DONE)
			return false;
		any = true;
	}
	return any;
}

/* MX Plan and Zimbra have one switch for the domain. The first enable only reveals the CNAMEs: that counts as done. */
static enum progress domain_progress(const struct intent *x, const struct observed *o)
{
	if (o->status == STATUS_NONE || o->status == STATUS_UNKNOWN)
		return NO_READING;
	if (o->status == STATUS_MODIFYING)
		return UNDER_WAY;
	if (x->action == ACTION_DISABLE)
		return o->status == STATUS_ENABLED ? OLD_STATE : DONE;
	if (o->status == STATUS_ENABLED || o->status == STATUS_ERROR)
		return DONE;
	for (unsigned i = 0; i < o->n; i++)
		if (o->sel[i].state == SELECTOR_TO_SET || o->sel[i].state == SELECTOR_TO_FIX)
			return DONE;
	return OLD_STATE;
}

static enum progress progress(const struct intent *x, const struct observed *o, bool *ret_task)
{
	*ret_task = false;
	if (x->selector[0] == '\0') {
		*ret_task = o->domain_task_state == TASK_PENDING || o->domain_task_state == TASK_UNKNOWN;
		return domain_progress(x, o);
	}
	for (unsigned i = 0; i < o->n; i++) {
		const struct seen_selector *s = &o->sel[i];

		if (strcmp(s->name, x->selector) != 0)
			continue;
		*ret_task = s->task == TASK_PENDING || s->task == TASK_UNKNOWN;
		return selector_progress(x, s);
	}
	return NO_READING;
}

/* The wanted state was read: what it means for the record, and what there is to tell. */
static void intent_done(struct record *r, struct intent *x, int64_t now, struct notes *notes)
{
	struct rec_selector *s = record_selector(r, x->selector);

	mark_sent(r, x, x->at); /* a crash may have swallowed the answer */
	switch (x->action) {
	case ACTION_CREATE:
		if (s != NULL) {
			s->created = x->at;
			s->deleted_by_us = false;
		}
		notes_add(notes, NOTE_CREATED, x->selector, "", "");
		break;
	case ACTION_ENABLE:
		r->attempts = 0;
		if (x->compromised) /* the key that leaked has no grace once the new one signs */
			memcpy(r->compromised, r->previous, sizeof(r->compromised));
		if (r->repaired != 0 && r->repaired == x->at)
			notes_add(notes, NOTE_REPAIRED, s != NULL ? x->selector : r->last_signer, r->previous,
			        "");
		else if (r->rotated == now)
			notes_add(notes, NOTE_ROTATED, x->selector, r->previous, "");
		else if (s != NULL ||
		         r->status == STATUS_ENABLED) /* the first enable may only reveal the CNAMEs */
			notes_add(notes, NOTE_SIGNING, x->selector, "", "");
		break;
	case ACTION_DISABLE:
		notes_add(notes, NOTE_DISABLED, x->selector, "", "");
		break;
	case ACTION_DELETE:
		if (s != NULL) {
			selector_remade(s, now);
			s->state = SELECTOR_ABSENT;
			s->absent_since = now;
			s->deleted_by_us = true;
		}
		if (strcmp(r->compromised, x->selector) == 0)
			r->compromised[0] = '\0';
		notes_add(notes, NOTE_DELETED, x->selector, "", "");
		break;
	default:
		break;
	}
	intent_end(x);
}

static void intent_not_done(struct record *r, struct intent *x, struct notes *notes)
{
	struct rec_selector *s = record_selector(r, x->selector);

	/* It did not happen, so it explains nothing. */
	if (s != NULL && x->action == ACTION_ENABLE)
		s->enabled = 0;
	if (s != NULL && x->action == ACTION_DISABLE)
		s->disabled = 0;
	if (s != NULL && x->action == ACTION_DELETE)
		s->deleted_by_us = false;
	if (x->action == ACTION_ENABLE && ++r->attempts < ATTEMPTS_MOST && r->repaired == x->at)
		r->repaired = 0; /* it may never have left */
	notes_add(notes, NOTE_NOT_DONE, x->selector, "", "");
	if (notes != NULL && notes->n > 0)
		notes->list[notes->n - 1].action = x->action;
	intent_end(x);
}

void resolve_intents(struct record *r, const struct observed *o, const struct rules *rules, int64_t now,
        struct notes *notes)
{
	for (unsigned i = 0; i < INTENTS_MAX; i++) {
		struct intent *x = &r->intent[i];
		bool task;

		if (x->action == ACTION_NONE)
			continue;
		switch (progress(x, o, &task)) {
		case DONE:
			intent_done(r, x, now, notes);
			break;
		case UNDER_WAY:
			x->looks = 0;
			break;
		case OLD_STATE:
			if (task) {
				x->looks = 0;
				break;
			}
			if (x->looks++ == 0)
				x->first_look = now;
			if (x->looks >= 3 && now - x->first_look >= rules_settle(rules))
				intent_not_done(r, x, notes);
			break;
		case NO_READING:
			break;
		}
	}
}

bool intent_wants_dns(const struct record *r, const char *selector)
{
	return intent_for(r, ACTION_PUBLISH, selector) != NULL;
}

void intent_show_records(const struct record *r, struct observed *o)
{
	for (unsigned i = 0; i < r->n; i++) {
		const struct rec_selector *s = &r->sel[i];
		struct seen_selector *seen = NULL;

		if (!intent_wants_dns(r, s->name))
			continue;
		for (unsigned k = 0; k < o->n; k++)
			if (strcmp(o->sel[k].name, s->name) == 0)
				seen = &o->sel[k];
		if (seen == NULL && o->n < SELECTORS_MAX) {
			seen = &o->sel[o->n++];
			memset(seen, 0, sizeof(*seen));
			memcpy(seen->name, s->name, sizeof(seen->name));
			seen->named = s->named;
		}
		if (seen != NULL && seen->target[0] == '\0') {
			memcpy(seen->record, s->record, sizeof(seen->record));
			memcpy(seen->target, s->target, sizeof(seen->target));
		}
	}
}

bool record_stop_has_cause(const struct record *r)
{
	const struct rec_selector *s = record_selector_const(r, r->last_signer);

	if (r->theirs.given && r->theirs.code != 0)
		return true;
	return s != NULL && s->dns != SEEN_OK && s->dns != SEEN_UNKNOWN && s->dns_at != 0;
}
