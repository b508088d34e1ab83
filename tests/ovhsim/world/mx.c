/* MX Plan and Zimbra: one switch a domain. OVHcloud owns the selectors; the first enable shows them, and
 * signing begins once their CNAMEs are found. */
#include "model.h"

bool w_mx_all_set(const struct w_domain *d)
{
	for (unsigned i = 0; i < d->slots; i++)
		if (d->sel[i].cname != W_CNAME_RIGHT)
			return false;
	return true;
}

/* How often OVHcloud moves the active selector: 0 never, and at most once a second. */
static int64_t every(const struct world *w, const struct w_domain *d)
{
	int64_t ms = w_get(d, w, SW_MX_ACTIVE_MS)->n;

	return ms > 0 && ms < W_SECOND ? W_SECOND : ms;
}

static void signing(struct world *w, struct w_domain *d, bool on)
{
	d->mx.on = on;
	if (on)
		d->mx.enabled_at = w->now;
	if (on) /* the new one first: a change of hands is no gap */
		w_selector_signs(w, d, d->mx.active, true);
	for (unsigned i = 0; i < d->slots; i++)
		if (!on || i != d->mx.active)
			w_selector_signs(w, d, i, false);
	if (on && every(w, d))
		w_event_add(w, w->now + every(w, d), W_EV_ACTIVE, d, 0, 0);
	if (on && w_get(d, w, SW_MX_FLAP_MS)->n)
		w_event_add(w, w->now + w_get(d, w, SW_MX_FLAP_MS)->n, W_EV_TICK, d, 0, 0);
}

/* The selectors and their keys come to be; where the zone lies in the account, OVHcloud writes the CNAMEs. */
static void show(struct world *w, struct w_domain *d)
{
	if (d->mx.shown)
		return;
	d->mx.shown = true;
	for (unsigned i = 0; i < d->slots; i++) {
		struct w_selector *s = &d->sel[i];

		s->appears = s->named = w->now;
		if (!s->target)
			w_key_make(w, d, i, w->now);
		w_selector_state(w, d, i, W_READY);
	}
	if (w_get(d, w, SW_MX_CONFIGURES)->n && d->zone->account == d->service->account)
		for (unsigned i = 0; i < d->slots; i++)
			w_zone_point(w, d, i, false);
	w_dns_changed(w, d);
	w_check_due(w, d);
}

/* Zimbra's control panel names the CNAMEs before anything was enabled; and a domain that begins as
 * configured. */
void w_mx_first(struct world *w, struct w_domain *d, bool on)
{
	d->mx.shown = true;
	d->mx.wanted = on;
	if (on)
		signing(w, d, true);
}

struct w_task *w_mx_enable(struct world *w, struct w_domain *d, enum w_who who)
{
	return w_task_new(w, d, 0, W_MX_ENABLE, who, SW_MX_TASK_MS);
}

struct w_task *w_mx_disable(struct world *w, struct w_domain *d, enum w_who who)
{
	return w_task_new(w, d, 0, W_MX_DISABLE, who, SW_MX_TASK_MS);
}

void w_mx_ends(struct world *w, struct w_task *t, bool done)
{
	struct w_domain *d = t->domain;

	d->mx.error = !done && !t->lost;
	if (!done)
		return;
	d->mx.wanted = t->function == W_MX_ENABLE;
	if (!d->mx.wanted) {
		signing(w, d, false);
		return;
	}
	/* The second enable of a domain whose records are in place switches on; the first one only shows
	 * them, and then goes on by itself where OVHcloud wrote the records. */
	if (d->mx.shown && w_mx_all_set(d)) {
		if (!d->mx.on)
			signing(w, d, true);
		return;
	}
	show(w, d);
	w_check_due(w, d);
}

/* Whether OVHcloud, finding all records, needs no second enable. */
static bool by_itself(struct world *w, const struct w_domain *d)
{
	const struct w_value *how = w_get(d, w, SW_MX_AUTO_ENABLE);

	if (w_is(how, "yes") || (w_is(how, "zimbra") && d->platform == W_ZIMBRA))
		return true;
	return w_get(d, w, SW_MX_CONFIGURES)->n && d->zone->account == d->service->account;
}

void w_mx_checked(struct world *w, struct w_domain *d)
{
	if (!d->mx.shown || d->mx.task)
		return;
	if (d->mx.on && !w_mx_all_set(d) && w_is(w_get(d, w, SW_CNAME_GONE), "all"))
		signing(w, d, false);
	else if (!d->mx.on && d->mx.wanted && w_mx_all_set(d) && by_itself(w, d))
		signing(w, d, true);
}

/* OVHcloud rotates in its own way: the other selector becomes the active one. */
void w_mx_move(struct world *w, struct w_domain *d)
{
	if (d->mx.on && every(w, d) && d->mx.enabled_at + every(w, d) <= w->now)
		w_mx_hand_over(w, d);
}

void w_mx_hand_over(struct world *w, struct w_domain *d)
{
	if (!d->mx.on)
		return;
	d->mx.active = (uint8_t)((d->mx.active + 1u) % d->slots);
	signing(w, d, true);
}
