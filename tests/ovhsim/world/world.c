/* The world's beginning and end, its clock of events, its accounts, services and domains. Nothing here knows
 * a path of the API. */
#include "model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct world *world_new(uint64_t seed)
{
	struct world *w = w_alloc(sizeof(*w));

	w->seed = seed;
	w->now = 0;
	w->next_target = 1500 + w_mix(seed) % 500;
	w_switches_init(w);
	return w;
}

static void free_domains(struct world *w)
{
	struct w_domain *d, *next;

	for (d = w->all_domains; d; d = next) {
		next = d->next;
		w_tasks_free(d);
		free(d->name);
		free(d->key);
		free(d);
	}
}

static void free_services(struct world *w)
{
	struct w_service *s, *next_s;
	struct w_account *a, *next_a;

	for (s = w->all_services; s; s = next_s) {
		next_s = s->all;
		free(s->org);
		free(s->name);
		free(s->key);
		free(s);
	}
	for (a = w->all_accounts; a; a = next_a) {
		next_a = a->next;
		free(a->name);
		free(a->recent);
		free(a);
	}
}

void world_free(struct world *w)
{
	struct w_zone *z, *next_z;
	struct w_key *k, *next_k;

	if (!w)
		return;
	free_domains(w);
	free_services(w);
	for (z = w->all_zones; z; z = next_z) {
		next_z = z->all;
		w_zone_free(z);
	}
	for (k = w->all_keys; k; k = next_k) {
		next_k = k->all;
		free(k);
	}
	for (size_t i = 0; i < w->words.cap; i++)
		free(w->words.slot[i].value);
	for (size_t i = 0; i < w->narrow.cap; i++)
		if (w->narrow.slot[i].key)
			w_narrow_free(w->narrow.slot[i].value);
	for (size_t i = 0; i < w->above.cap; i++)
		free(w->above.slot[i].value);
	struct w_map *maps[] = {&w->words, &w->narrow, &w->accounts, &w->services, &w->domains, &w->names,
	        &w->zones, &w->above, &w->tasks, &w->keys};
	for (size_t i = 0; i < W_COUNT(maps); i++)
		w_map_free(maps[i]);
	for (size_t i = 0; i < w->n_log; i++) {
		free(w->log[i]->text);
		free(w->log[i]);
	}
	free(w->log);
	free(w->event);
	free(w);
}

const struct w_value *w_get(const struct w_domain *d, const struct world *w, enum w_switch sw)
{
	return w_value(w, d ? d->narrow : NULL, sw);
}

bool w_is(const struct w_value *v, const char *word)
{
	return !strcmp(v->word, word);
}

/* Chance: the n-th draw of a seed is always the same one. */
bool w_chance(struct world *w, const struct w_value *v)
{
	if (v->chance <= 0)
		return false;
	return (double)(w_mix(w->seed ^ w_mix(++w->draws)) >> 11) * 0x1p-53 < v->chance;
}

int64_t w_span(struct world *w, const struct w_value *v)
{
	double part = w->value[SW_JITTER].chance;

	if (part <= 0 || v->n <= 0)
		return v->n;
	part *= (double)(w_mix(w->seed ^ w_mix(++w->draws)) >> 11) * 0x1p-52 - 1;
	return v->n + (int64_t)((double)v->n * part);
}

static bool sooner(const struct w_event *a, const struct w_event *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void swap(struct w_event *a, struct w_event *b)
{
	struct w_event t = *a;

	*a = *b;
	*b = t;
}

void w_event_add(
        struct world *w, int64_t at, enum w_event_kind kind, void *what, uint32_t stamp, unsigned slot)
{
	size_t i = w->n_events++;

	if (w->n_events > w->cap_events) {
		w->cap_events = w->cap_events ? w->cap_events * 2 : 64;
		w->event = w_realloc(w->event, w->cap_events * sizeof(*w->event));
	}
	w->event[i] = (struct w_event){
	        .at = at > w->now ? at : w->now,
	        .order = w->event_order++,
	        .what = what,
	        .stamp = stamp,
	        .kind = (uint8_t)kind,
	        .slot = (uint8_t)slot,
	};
	for (; i && sooner(&w->event[i], &w->event[(i - 1) / 2]); i = (i - 1) / 2)
		swap(&w->event[i], &w->event[(i - 1) / 2]);
}

static struct w_event pop(struct world *w)
{
	struct w_event top = w->event[0];

	w->event[0] = w->event[--w->n_events];
	for (size_t i = 0;;) {
		size_t least = i;

		for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < w->n_events; child++)
			if (sooner(&w->event[child], &w->event[least]))
				least = child;
		if (least == i)
			return top;
		swap(&w->event[i], &w->event[least]);
		i = least;
	}
}

/* A check that was put off or done already is no event any more. */
static bool stale(const struct w_event *e)
{
	const struct w_domain *d = e->what;

	return e->kind == W_EV_CHECK && d->check_stamp != e->stamp;
}

static void run(struct world *w, const struct w_event *e)
{
	switch ((enum w_event_kind)e->kind) {
	case W_EV_TASK:
		w_task_event(w, e->what, e->stamp);
		break;
	case W_EV_CHECK:
		w_check_run(w, e->what);
		break;
	case W_EV_ZONE:
		w_zone_event(w, e->what);
		break;
	case W_EV_BOTH:
		w_both_end(w, e->what, e->slot);
		break;
	case W_EV_KEY:
		w_dns_changed(w, e->what);
		break;
	case W_EV_ACTIVE:
		w_mx_move(w, e->what);
		break;
	case W_EV_TICK:
		break; /* something that is computed when read changes here */
	}
}

void w_advance(struct world *w, int64_t now)
{
	while (w->n_events && w->event[0].at <= now) {
		struct w_event e = pop(w);

		if (stale(&e))
			continue;
		if (e.at > w->now)
			w->now = e.at;
		run(w, &e);
	}
	if (now > w->now)
		w->now = now;
}

int64_t world_next_event(struct world *w)
{
	while (w->n_events && stale(&w->event[0]))
		pop(w);
	return w->n_events ? w->event[0].at : 0;
}

struct w_account *w_account_of(struct world *w, const char *name, bool make)
{
	struct w_account *a = w_map_text(&w->accounts, name);

	if (a || !make)
		return a;
	a = w_alloc(sizeof(*a));
	a->name = w_strdup(name);
	a->next = w->all_accounts;
	w->all_accounts = a;
	w_map_put(&w->accounts, a->name, strlen(a->name), a);
	return a;
}
