/* Folding what was seen into a record. It must never make a selector's history look older or better than it is:
 * every doubt begins that history anew, which only delays (safety rule 5). */
#include "core/record.h"

#include <string.h>

#include "core/fold.h"

int64_t rules_settle(const struct rules *r)
{
	return 10 * r->active;
}

void record_init(struct record *r)
{
	memset(r, 0, sizeof(*r));
	r->reason = REASON_NOT_LOOKED;
}

struct rec_selector *record_selector(struct record *r, const char *name)
{
	for (unsigned i = 0; i < r->n; i++)
		if (strcmp(r->sel[i].name, name) == 0)
			return &r->sel[i];
	return NULL;
}

const struct rec_selector *record_selector_const(const struct record *r, const char *name)
{
	for (unsigned i = 0; i < r->n; i++)
		if (strcmp(r->sel[i].name, name) == 0)
			return &r->sel[i];
	return NULL;
}

void notes_add(struct notes *n, enum note_kind kind, const char *selector, const char *other, const char *why)
{
	if (n == NULL || n->n == NOTES_MAX)
		return;
	struct note *x = &n->list[n->n++];
	memset(x, 0, sizeof(*x));
	x->kind = kind;
	x->why = why;
	strncpy(x->selector, selector, sizeof(x->selector) - 1);
	strncpy(x->other, other, sizeof(x->other) - 1);
}

/* Another key, or the same one with a past that we cannot account for. What the DNS served at this name before still
 * sits in caches, so the TTL of the old record is kept. */
void selector_anew(struct rec_selector *s, int64_t now)
{
	struct rec_selector old = *s;

	memset(s, 0, sizeof(*s));
	memcpy(s->name, old.name, sizeof(s->name));
	memcpy(s->record, old.record, sizeof(s->record));
	s->named = old.named;
	s->ttl_record = old.ttl_record;
	s->dns_at = old.dns_at;
	s->has_former = old.has_former;
	memcpy(s->former, old.former, sizeof(s->former));
	memcpy(s->query_id, old.query_id, sizeof(s->query_id));
	s->known_since = now;
}

void selector_remade(struct rec_selector *s, int64_t now)
{
	struct rec_selector old = *s;

	selector_anew(s, now);
	if (!old.has_digest)
		return;
	s->has_former = true;
	memcpy(s->former, old.digest, sizeof(s->former));
}

static bool is_gone(enum selector_state s)
{
	return s == SELECTOR_ABSENT || s == SELECTOR_UNKNOWN;
}

/* Finds the selector's row or makes one; a row of a selector long gone and not reserved gives way. */
static struct rec_selector *row_for(struct record *r, const struct seen_selector *o)
{
	struct rec_selector *s = record_selector(r, o->name);

	if (s != NULL)
		return s;
	if (r->n < SELECTORS_MAX) {
		s = &r->sel[r->n++];
	} else {
		for (unsigned i = 0; i < r->n && s == NULL; i++)
			if (!r->sel[i].named && is_gone(r->sel[i].state))
				s = &r->sel[i];
		if (s == NULL)
			return NULL;
	}
	memset(s, 0, sizeof(*s));
	memcpy(s->name, o->name, sizeof(s->name));
	return s;
}

/* Did one of our own requests, or OVHcloud's ordinary course, lead from `was` to `is`? (safety rule 5) */
static bool explained(
        const struct record *r, const struct rec_selector *s, enum selector_state was, enum selector_state is)
{
	if (was == is || was == SELECTOR_UNKNOWN)
		return true;
	switch (is) {
	case SELECTOR_ABSENT:
		return true; /* an unexpected absence is judged by itself (rule 4) */
	case SELECTOR_TODO:
	case SELECTOR_WAITING_RECORD:
	case SELECTOR_READY:
		if (was == SELECTOR_ABSENT || was == SELECTOR_DELETING)
			return intent_for(r, ACTION_CREATE, s->name) != NULL || s->created != 0;
		if (was != SELECTOR_IN_PRODUCTION && was != SELECTOR_DISABLING)
			return true; /* OVHcloud's own checks move it between these; an enable that failed falls back */
		return stop_is_ours(r, s);
	case SELECTOR_ENABLING:
	case SELECTOR_IN_PRODUCTION:
		/* an ENABLE of ours explains it once: not what happens after the selector has stopped again */
		return was == SELECTOR_ENABLING || was == SELECTOR_DISABLING ||
		       (s->enabled != 0 && s->enabled >= s->stopped) ||
		       intent_for(r, ACTION_ENABLE, s->name) != NULL;
	case SELECTOR_DISABLING:
		return stop_is_ours(r, s);
	case SELECTOR_DELETING:
		return s->deleted_by_us || intent_for(r, ACTION_DELETE, s->name) != NULL;
	default:
		return true;
	}
}

/* Takes the key that the API names; another one than recorded begins the history anew. */
static void see_target(struct record *r, struct rec_selector *s, const struct seen_selector *o, int64_t now,
        struct notes *notes)
{
	bool ours =
	        intent_for(r, ACTION_CREATE, s->name) != NULL; /* it stamps `created` when it is resolved */

	if (o->record[0] != '\0')
		memcpy(s->record, o->record, sizeof(s->record));
	if (o->target[0] == '\0') {
		/* A key is being made where we knew one: somebody deleted and created it. */
		if (s->target[0] != '\0' && o->state == SELECTOR_TODO) {
			selector_remade(s, now);
			if (!ours)
				notes_add(notes, NOTE_KEY_CHANGED, s->name, "", "its key is being made anew");
		}
		return;
	}
	if (s->target[0] != '\0' && strcmp(s->target, o->target) != 0) {
		selector_remade(s, now);
		if (!ours)
			notes_add(
			        notes, NOTE_KEY_CHANGED, s->name, "", "the API names another target for it");
	}
	if (s->target[0] == '\0')
		s->target_since = now;
	memcpy(s->target, o->target, sizeof(s->target));
}

/* States that a selector begins to sign from. */
static bool may_begin(enum selector_state s)
{
	return s == SELECTOR_TODO || s == SELECTOR_WAITING_RECORD || s == SELECTOR_READY ||
	       s == SELECTOR_ENABLING;
}

/* The instants that follow from one good reading of a selector's state. */
static void see_state(
        struct rec_selector *s, const struct seen_selector *o, enum selector_state was, int64_t now)
{
	bool waiting = o->state == SELECTOR_TODO || o->state == SELECTOR_ENABLING ||
	               o->state == SELECTOR_DISABLING || o->state == SELECTOR_DELETING ||
	               o->task == TASK_PENDING || o->task == TASK_UNKNOWN;

	if (!waiting)
		s->task_since = 0;
	else if (s->task_since == 0 || s->state != o->state)
		s->task_since = now;
	if (selector_may_sign(o->state)) {
		s->may_sign_last = now;
		s->stopped = 0;
	}
	if (o->state == SELECTOR_IN_PRODUCTION) {
		if (s->signing_since == 0)
			s->signing_since = now;
		if (s->signing_began == 0 && may_begin(was))
			s->signing_began = now;
	} else {
		if (!selector_may_sign(o->state) && s->may_sign_last != 0 && s->stopped == 0)
			s->stopped = now;
		s->signing_since = 0;
		if (may_begin(o->state) && o->state != SELECTOR_ENABLING)
			s->signing_began = 0;
	}
	if (o->state != SELECTOR_ABSENT)
		s->absent_since = 0;
	else if (s->absent_since == 0)
		s->absent_since = now;
	s->state = o->state;
	s->cname_valid = o->cname_valid;
}

/* What a support ticket will ask for. */
static void see_task(struct rec_selector *s, const struct seen_selector *o, int64_t now)
{
	if (o->task_id != 0)
		s->task_id = o->task_id;
	if (o->task == TASK_UNKNOWN)
		return;
	if (o->task != TASK_ERROR)
		s->task_failed = 0;
	else if (s->task_failed == 0)
		s->task_failed = now;
	memcpy(s->task_query, o->task_query, sizeof(s->task_query));
}

/* It read absent, nobody deleted it, and now it stands there with the very same target. */
static bool is_flicker(const struct record *r, const struct rec_selector *s, const struct seen_selector *o)
{
	return s->state == SELECTOR_ABSENT && !s->deleted_by_us && o->state != SELECTOR_ABSENT &&
	       o->state != SELECTOR_TODO && s->target[0] != '\0' && strcmp(s->target, o->target) == 0 &&
	       intent_for(r, ACTION_CREATE, s->name) == NULL;
}

/* One selector of a pass. An unknown state is no reading; the look-up beside it still counts. in_doubt: doubt_stays() */
static void see_selector(
        struct record *r, const struct seen_selector *o, bool in_doubt, int64_t now, struct notes *notes)
{
	struct rec_selector *s = row_for(r, o);

	if (s == NULL)
		return;
	s->named = o->named;
	if (o->state != SELECTOR_UNKNOWN) {
		enum selector_state was = s->state;
		int64_t update = in_doubt ? s->last_update : o->last_update;

		if (s->known_since == 0)
			s->known_since = now;
		if (is_flicker(r, s, o)) {
			; /* lists and paths may deny for a while what is there: the same key is the same history */
		} else if (!explained(r, s, was, o->state)) {
			selector_anew(s, now);
			notes_add(
			        notes, NOTE_KEY_CHANGED, s->name, "", "it changed without a request of ours");
		} else if (is_gone(was) && !is_gone(o->state)) {
			s->known_since = now; /* whatever stands there now was not there before */
		}
		if (o->state != SELECTOR_ABSENT)
			see_target(r, s, o, now, notes);
		if (o->state == SELECTOR_READY && was != SELECTOR_READY && s->may_sign_last == 0 &&
		        r->first_met != 0)
			notes_add(notes, NOTE_READY, s->name, "", "");
		see_state(s, o, was, now);
		s->last_update = update;
		see_task(s, o, now);
	}
	if (o->dns_at != 0)
		see_evidence(r, s, o, now, notes);
}

/* One look without a signer may be a flicker: two must agree, far enough apart (safety rule 10). */
static bool stop_is_confirmed(const struct record *r, const struct rules *rules, int64_t now)
{
	return r->not_signing_since != 0 && r->not_signing_looks >= 2 &&
	       now - r->not_signing_since >= rules_settle(rules);
}

static void see_stop(struct record *r, const struct rules *rules, int64_t now, struct notes *notes)
{
	bool confirmed = stop_is_confirmed(r, rules, r->last_full);

	if (r->not_signing_since == 0) {
		r->not_signing_since = now;
		r->not_signing_looks = 0;
	}
	r->not_signing_looks++;
	if (!confirmed && stop_is_confirmed(r, rules, now))
		notes_add(notes, NOTE_STOPPED, r->last_signer, "", "");
}

/* MX Plan and Zimbra sign as a domain: whichever selector they name stands for it. */
static void see_switch(struct record *r, const struct observed *o, const struct rules *rules, int64_t now,
        struct notes *notes)
{
	const char *name = o->active[0] != '\0' ? o->active : o->n != 0 ? o->sel[0].name : "";

	if (o->status == STATUS_ENABLED) {
		r->not_signing_since = 0;
		r->not_signing_looks = 0;
		if (name[0] != '\0')
			memcpy(r->last_signer, name, sizeof(r->last_signer));
	} else if (o->complete && is_switched_off(o->status) && r->last_signer[0] != '\0') {
		see_stop(r, rules, now, notes);
	}
}

/* Follows which selector signs: stops, repairs, activations and switches become visible here. */
static void see_signers(struct record *r, const struct observed *o, const struct rules *rules, int64_t now,
        struct notes *notes)
{
	const struct rec_selector *signer = record_signer(r);
	bool may = false;

	for (unsigned i = 0; i < o->n; i++)
		may = may || selector_may_sign(o->sel[i].state);
	if (signer == NULL) {
		if (!o->complete || may || r->last_signer[0] == '\0')
			return;
		see_stop(r, rules, now, notes);
		return;
	}
	r->not_signing_since = 0;
	r->not_signing_looks = 0;
	if (strcmp(r->last_signer, signer->name) == 0)
		return;
	/* Someone signs who did not before: counted from here, whoever did it; told by the intent that is resolved. */
	if (r->last_signer[0] != '\0') {
		memcpy(r->previous, r->last_signer, sizeof(r->previous));
		r->rotated = now;
	}
	if (r->first_met != 0 && r->first_met != now) {
		r->rotation_base = now;
		r->met_signing = false;
	}
	memcpy(r->last_signer, signer->name, sizeof(r->last_signer));
}

static void see_domain(struct record *r, const struct observed *o, int64_t now)
{
	if (o->service != SERVICE_UNKNOWN) {
		r->service = o->service;
		r->domain_task = o->domain_task;
		r->theirs = o->theirs;
	}
	if (o->status != STATUS_NONE && o->status != STATUS_UNKNOWN) {
		if (r->status != o->status || r->status_since == 0) {
			r->status_since = now;
			if (o->status != STATUS_MODIFYING && r->status != STATUS_MODIFYING)
				r->attempts = 0;
		}
		r->status = o->status;
		memcpy(r->active, o->active, sizeof(r->active));
	}
}

/* A complete pass has every selector of the domain: what it lacks (a foreign one that was taken away) is not known. */
static void forget_vanished(struct record *r, const struct observed *o)
{
	for (unsigned i = 0; i < r->n; i++) {
		bool seen = false;

		for (unsigned k = 0; k < o->n; k++)
			seen = seen || strcmp(o->sel[k].name, r->sel[i].name) == 0;
		if (seen)
			continue;
		r->sel[i].named = false;
		r->sel[i].state = SELECTOR_UNKNOWN;
		r->sel[i].signing_since = 0;
	}
}

/* It was reported leaked, and another key has taken its place, or its history is not known any more. */
static void forget_leak(struct record *r, int64_t now)
{
	const struct rec_selector *s = record_selector_const(r, r->compromised);

	if (s != NULL && s->known_since == now)
		r->compromised[0] = '\0';
}

void record_see(struct record *r, const struct desired *d, const struct observed *o,
        const struct rules *rules, int64_t now, struct notes *notes)
{
	(void)d;
	bool whole = o->complete && !o->light, older = see_time(r, o, rules, now, notes);
	bool in_doubt = doubt_stays(r, whole, rules, now);

	if (o->trouble == TROUBLE_NONE)
		r->trouble_since = 0;
	else if (r->trouble_since == 0)
		r->trouble_since = now;
	see_domain(r, o, now);
	for (unsigned i = 0; i < o->n; i++)
		see_selector(r, &o->sel[i], in_doubt, now, notes);
	if (older)
		doubt_order(r);
	if (whole)
		forget_vanished(r, o);
	if (o->status != STATUS_NONE)
		see_switch(r, o, rules, now, notes);
	else if (!o->light)
		see_signers(r, o, rules, now, notes);
	resolve_intents(r, o, rules, now, notes);
	forget_leak(r, now);
	if (!o->complete)
		return;
	r->last_good = now;
	if (o->light)
		return;
	if (r->first_met == 0) {
		r->first_met = now;
		r->rotation_base = now;
		r->met_signing = record_signer(r) != NULL;
		notes_add(notes, NOTE_MET, "", "", "");
	}
	r->last_full = now;
}
