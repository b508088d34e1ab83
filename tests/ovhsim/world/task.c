/* Tasks: todo, doing, and one of three ends, each at its instant. What an end means is the selector's affair.
 */
#include "model.h"

#include <stdlib.h>
#include <string.h>

#define TASKS_REMEMBERED 16

int64_t w_new_id(struct world *w)
{
	const struct w_value *how = &w->value[SW_IDS];
	int64_t base = w_is(how, "small")  ? 100000
	               : w_is(how, "long") ? INT64_C(4294967296)
	                                   : INT64_C(9007199254740993);

	return base + (int64_t)++w->next_id * 7;
}

bool w_task_pends(const struct w_task *t)
{
	return t && (t->status == W_TASK_TODO || t->status == W_TASK_DOING);
}

/* Old finished tasks of a domain leave memory; their ids answer 404 from then on. */
static void forget(struct world *w, struct w_domain *d)
{
	struct w_task **at = &d->tasks;

	for (unsigned i = 0; *at && i < TASKS_REMEMBERED; i++)
		at = &(*at)->next;
	while (*at) {
		struct w_task *t = *at;
		bool held = t->finished == W_NEVER || t->queued || d->mx.task == t;

		for (unsigned i = 0; i < d->slots; i++)
			held |= d->sel[i].task == t;
		if (held) {
			at = &t->next;
			continue;
		}
		*at = t->next;
		d->n_tasks--;
		w_map_drop(&w->tasks, &t->id, sizeof(t->id));
		free(t);
	}
}

struct w_task *w_task_new(struct world *w, struct w_domain *d, unsigned slot, enum w_function f,
        enum w_who who, enum w_switch span)
{
	struct w_task *t = w_alloc(sizeof(*t));

	t->id = w_new_id(w);
	t->domain = d;
	t->slot = (uint8_t)slot;
	t->function = f;
	t->who = who;
	t->made = w->now;
	t->finished = W_NEVER;
	t->before = d->sel[slot].state;
	t->stuck = w_chance(w, w_get(d, w, SW_TASK_STUCK));
	t->fails = w_chance(w, w_get(d, w, SW_TASK_ERROR));
	t->lost = w_chance(w, w_get(d, w, f >= W_MX_ENABLE ? SW_MX_LOST : SW_ACTION_LOST));
	t->starts = w->now + w_span(w, w_get(d, w, SW_TASK_TODO_MS));
	t->ends = t->starts + w_span(w, w_get(d, w, span));
	t->next = d->tasks;
	d->tasks = t;
	d->n_tasks++;
	w_map_put(&w->tasks, &t->id, sizeof(t->id), t);
	if (f < W_MX_ENABLE)
		d->sel[slot].task = t;
	else
		d->mx.task = t;
	t->queued = !t->stuck;
	if (t->queued)
		w_event_add(w, t->starts, W_EV_TASK, t, 0, slot);
	if (d->n_tasks > TASKS_REMEMBERED)
		forget(w, d);
	return t;
}

void w_task_finish(struct world *w, struct w_task *t, enum w_task_status status)
{
	const struct w_value *keep = w_get(t->domain, w, SW_KEEP_PENDING);
	struct w_selector *s = &t->domain->sel[t->slot];
	bool kept = w_is(keep, "always") || (w_is(keep, "error") && status != W_TASK_DONE);

	t->status = status;
	t->finished = w->now;
	t->doing_until_ready = false;
	if (s->task == t && !kept)
		s->task = NULL;
	if (t->domain->mx.task == t)
		t->domain->mx.task = NULL;
}

static void ends(struct world *w, struct w_task *t)
{
	struct w_domain *d = t->domain;
	struct w_selector *s = &d->sel[t->slot];
	const struct w_value *pending = w_get(d, w, SW_PENDING_IN_WAITING);
	bool bad = t->fails || t->stops_old;

	w_task_ends(w, t, !bad);
	if (t->function == W_CREATE && s->state == W_WAITING && !bad && w_is(pending, "doing")) {
		t->doing_until_ready = true;
		return;
	}
	if (!bad)
		w_task_finish(w, t, W_TASK_DONE);
	else if (w_is(w_get(d, w, SW_TASK_END_BAD), "cancelled"))
		w_task_finish(w, t, W_TASK_CANCELLED);
	else
		w_task_finish(w, t, W_TASK_ERROR);
	if (t->function == W_CREATE && s->state == W_WAITING && !w_is(pending, "no"))
		s->ghost_id = w_is(pending, "done") ? t->id : w_new_id(w);
}

/* stamp 0: it starts; 1: it ends. A task cancelled meanwhile does neither. */
void w_task_event(struct world *w, struct w_task *t, uint32_t stamp)
{
	t->queued = false;
	if (!w_task_pends(t))
		return;
	if (stamp) {
		ends(w, t);
		return;
	}
	t->status = W_TASK_DOING;
	w_task_starts(w, t);
	t->queued = true;
	w_event_add(w, t->ends, W_EV_TASK, t, 1, t->slot);
}

struct w_task *w_task_find(struct world *w, int64_t id)
{
	struct w_task *t = w_map_get(&w->tasks, &id, sizeof(id));

	if (!t || w_task_pends(t))
		return t;
	return w->now - t->finished < w_get(t->domain, w, SW_TASK_KEPT_MS)->n ? t : NULL;
}

void w_tasks_free(struct w_domain *d)
{
	while (d->tasks) {
		struct w_task *t = d->tasks;

		d->tasks = t->next;
		free(t);
	}
}
