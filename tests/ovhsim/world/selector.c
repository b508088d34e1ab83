/* The selectors of an Exchange or Email Pro domain: what each order starts, and what its task's end means.
 * Whether an order is admitted is the API's affair (hosted.c), whether it was wise the judge's. */
#include "model.h"

#include <string.h>

static const char *const state_words[] = {
        [W_ABSENT] = "absent",
        [W_TODO] = "todo",
        [W_WAITING] = "waitingRecord",
        [W_READY] = "ready",
        [W_ENABLING] = "enabling",
        [W_SIGNING] = "inProduction",
        [W_DISABLING] = "disabling",
        [W_DELETING] = "deleting",
};

const char *w_state_word(enum w_state s)
{
	return state_words[s];
}

static bool may_sign(const struct w_selector *s)
{
	return s->signs || s->state == W_SIGNING || s->state == W_ENABLING || s->state == W_DISABLING;
}

void w_selector_state(struct world *w, struct w_domain *d, unsigned slot, enum w_state state)
{
	struct w_selector *s = &d->sel[slot];
	bool was = may_sign(s);

	if (s->state == state)
		return;
	if ((s->state == W_ABSENT) != (state == W_ABSENT)) {
		s->existed = s->state != W_ABSENT;
		s->existence_changed = w->now;
	}
	if (s->state == W_READY)
		s->ready_until = w->now;
	if ((s->state == W_READY || s->state == W_WAITING) && state != W_READY && state != W_WAITING)
		s->waiting_until = w->now;
	s->state = state;
	s->changed = w->now;
	if (was && !may_sign(s))
		s->may_sign_until = w->now;
}

bool w_domain_signs(const struct w_domain *d)
{
	for (unsigned i = 0; i < d->slots; i++)
		if (d->sel[i].signs)
			return true;
	return false;
}

void w_selector_signs(struct world *w, struct w_domain *d, unsigned slot, bool signs)
{
	struct w_selector *s = &d->sel[slot];

	if (s->signs == signs)
		return;
	s->signs = signs;
	if (signs)
		s->signs_since = w->now;
	if (!may_sign(s))
		s->may_sign_until = w->now;
	if (w_domain_signs(d)) {
		d->ever_signed = true;
		d->unsigned_since = W_NEVER;
	} else {
		d->unsigned_since = w->now;
	}
}

struct w_task *w_create(
        struct world *w, struct w_domain *d, unsigned slot, bool auto_enable, bool configure, enum w_who who)
{
	struct w_selector *s = &d->sel[slot];

	w_selector_state(w, d, slot, W_TODO);
	s->auto_enable = auto_enable;
	s->configured = configure;
	s->cname = W_CNAME_MISSING;
	s->cname_valid = false;
	s->ghost_id = 0;
	s->appears = w->now + w_span(w, w_get(d, w, SW_APPEAR_MS));
	s->named = w->now + w_span(w, w_get(d, w, SW_TARGET_MS));
	w_key_make(w, d, slot, s->named + w_get(d, w, SW_KEY_DELAY_MS)->n);
	w_event_add(w, s->appears, W_EV_TICK, d, 0, slot);
	w_event_add(w, s->named, W_EV_TICK, d, 0, slot);
	return w_task_new(w, d, slot, W_CREATE, who, SW_TASK_MS);
}

struct w_task *w_enable(struct world *w, struct w_domain *d, unsigned slot, enum w_who who)
{
	struct w_task *t = w_task_new(w, d, slot, W_ENABLE, who, SW_TASK_MS);

	t->stops_old = d->sel[slot].state != W_SIGNING && w_chance(w, w_get(d, w, SW_ENABLE_STOPS_OLD));
	if (d->sel[slot].state == W_READY)
		w_selector_state(w, d, slot, W_ENABLING);
	return t;
}

struct w_task *w_disable(struct world *w, struct w_domain *d, unsigned slot, enum w_who who)
{
	struct w_task *t = w_task_new(w, d, slot, W_DISABLE, who, SW_TASK_MS);

	w_selector_state(w, d, slot, W_DISABLING);
	return t;
}

struct w_task *w_delete(struct world *w, struct w_domain *d, unsigned slot, enum w_who who)
{
	struct w_selector *s = &d->sel[slot];
	struct w_task *t;

	if (s->task && s->task->doing_until_ready)
		w_task_finish(w, s->task, W_TASK_CANCELLED);
	t = w_task_new(w, d, slot, W_DELETE, who, SW_TASK_MS);
	w_selector_state(w, d, slot, W_DELETING);
	return t;
}

/* The selectors beside the new signer, by the way this world handles the old one. */
static void retire_others(struct world *w, struct w_domain *d, unsigned slot)
{
	const struct w_value *how = w_get(d, w, SW_OLD_SELECTOR);

	for (unsigned i = 0; i < d->slots; i++) {
		struct w_selector *s = &d->sel[i];

		if (i == slot || !s->signs || w_is(how, "inProduction"))
			continue;
		if (w_is(how, "both")) {
			s->both_until = w->now + w_span(w, w_get(d, w, SW_BOTH_MS));
			w_event_add(w, s->both_until, W_EV_BOTH, d, 0, i);
		} else if (w_is(how, "disabling")) {
			w_disable(w, d, i, W_BY_OVH);
		} else {
			if (s->state == W_SIGNING)
				w_selector_state(w, d, i, W_READY);
			w_selector_signs(w, d, i, false);
		}
	}
}

/* Both were in production for a while after a switch; now the old one stops, unless it has become the only
 * one. */
void w_both_end(struct world *w, struct w_domain *d, unsigned slot)
{
	struct w_selector *s = &d->sel[slot];

	if (s->state != W_SIGNING || s->both_until > w->now)
		return;
	for (unsigned i = 0; i < d->slots; i++) {
		if (i == slot || !d->sel[i].signs)
			continue;
		w_selector_state(w, d, slot, W_READY);
		w_selector_signs(w, d, slot, false);
		return;
	}
}

/* configureDkim: OVHcloud writes the CNAME where the zone is in the same account. */
static void configure(struct world *w, struct w_domain *d, unsigned slot)
{
	const struct w_value *how = w_get(d, w, SW_CONFIGURE_DKIM);
	struct w_selector *s = &d->sel[slot];

	if (!s->configured || w_is(how, "nothing") || d->zone->account != d->service->account)
		return;
	w_zone_point(w, d, slot, w_is(how, "overwrites"));
}

static void created(struct world *w, struct w_task *t, bool done)
{
	struct w_domain *d = t->domain;
	struct w_selector *s = &d->sel[t->slot];

	if (s->state != W_TODO)
		return;
	if (!done) {
		if (w_is(w_get(d, w, SW_FAILED_CREATE), "absent")) {
			w_key_retire(w, d, t->slot);
			w_selector_state(w, d, t->slot, W_ABSENT);
		}
		return;
	}
	if (s->appears > w->now)
		s->appears = w->now;
	w_selector_state(w, d, t->slot, W_WAITING);
	configure(w, d, t->slot);
	w_check_due(w, d);
}

static void enabled(struct world *w, struct w_task *t, bool done)
{
	struct w_domain *d = t->domain;
	struct w_selector *s = &d->sel[t->slot];

	if (s->state != W_ENABLING)
		return;
	if (!done) {
		w_selector_state(w, d, t->slot, W_READY);
		return;
	}
	w_selector_state(w, d, t->slot, W_SIGNING);
	w_selector_signs(w, d, t->slot, true);
	retire_others(w, d, t->slot);
}

static void disabled(struct world *w, struct w_task *t, bool done)
{
	struct w_domain *d = t->domain;

	if (d->sel[t->slot].state != W_DISABLING)
		return;
	w_selector_state(w, d, t->slot, done ? W_READY : t->before);
	if (done)
		w_selector_signs(w, d, t->slot, false);
}

static void deleted(struct world *w, struct w_task *t, bool done)
{
	struct w_domain *d = t->domain;
	struct w_selector *s = &d->sel[t->slot];

	if (s->state != W_DELETING)
		return;
	if (!done) {
		w_selector_state(w, d, t->slot, t->before);
		return;
	}
	if (s->configured && w_get(d, w, SW_DELETE_CNAME)->n)
		w_zone_unpoint(w, d, t->slot);
	w_selector_signs(w, d, t->slot, false);
	w_selector_state(w, d, t->slot, W_ABSENT);
	s->deleted_by = t->who;
	w_key_retire(w, d, t->slot);
	s->ghost_id = 0;
	if (w_get(d, w, SW_NAMES_CHANGE)->n)
		s->number += (uint32_t)d->slots;
}

void w_task_starts(struct world *w, struct w_task *t)
{
	struct w_domain *d = t->domain;

	bool gap = t->function == W_ENABLE && t->before == W_READY && w_get(d, w, SW_SWITCH_GAP)->n;

	if (!t->stops_old && !gap)
		return;
	for (unsigned i = 0; i < d->slots; i++) {
		if (i == t->slot || !d->sel[i].signs)
			continue;
		if (d->sel[i].state == W_SIGNING)
			w_selector_state(w, d, i, W_READY);
		w_selector_signs(w, d, i, false);
	}
}

void w_task_ends(struct world *w, struct w_task *t, bool done)
{
	static void (*const ends[])(struct world *, struct w_task *, bool) = {
	        [W_CREATE] = created,
	        [W_ENABLE] = enabled,
	        [W_DISABLE] = disabled,
	        [W_DELETE] = deleted,
	        [W_MX_ENABLE] = w_mx_ends,
	        [W_MX_DISABLE] = w_mx_ends,
	};
	struct w_domain *d = t->domain;
	bool signed_before = w_domain_signs(d);

	ends[t->function](w, t, done && !t->lost);
	if (signed_before && !w_domain_signs(d) && t->who == W_BY_API)
		w_blame(w, t->change, 1, "its task's end left %s without a signer", d->name);
}
