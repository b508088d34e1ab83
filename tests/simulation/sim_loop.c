/* io/loop.h over a virtual clock: nothing waits, time leaps to the next event. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "io/loop.h"
#include "sim.h"

struct sim sim;

struct event {
	struct event *next, *prev_in_all, *next_in_all;
	int64_t at;
	uint64_t order;
	void (*cb)(void *arg);
	void (*drop)(void *arg);
	void *arg;
	size_t heap; /* place + 1 */
};

struct timer {
	struct loop *l;
	void (*cb)(void *arg);
	void *arg;
	struct event e;
	bool set;
};

struct loop {
	struct event **heap;
	size_t n, cap;
	struct event *deferred, **deferred_end;
	uint64_t order, turns;
	bool stop;
};

uint64_t sim_random(void) /* splitmix64 */
{
	uint64_t z = (sim.rng += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

bool sim_chance(double p)
{
	return (double)(sim_random() >> 11) / 9007199254740992.0 < p;
}

int64_t sim_between(int64_t a, int64_t b)
{
	return b <= a ? a : a + (int64_t)(sim_random() % (uint64_t)(b - a + 1));
}

static bool before(const struct event *a, const struct event *b)
{
	return a->at < b->at || (a->at == b->at && a->order < b->order);
}

static void put(struct loop *l, size_t i, struct event *e)
{
	l->heap[i] = e;
	e->heap = i + 1;
}

static void up(struct loop *l, size_t i, struct event *e)
{
	while (i > 0 && before(e, l->heap[(i - 1) / 2])) {
		put(l, i, l->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	put(l, i, e);
}

static void down(struct loop *l, size_t i, struct event *e)
{
	for (size_t c; (c = 2 * i + 1) < l->n; i = c) {
		if (c + 1 < l->n && before(l->heap[c + 1], l->heap[c]))
			c++;
		if (!before(l->heap[c], e))
			break;
		put(l, i, l->heap[c]);
	}
	put(l, i, e);
}

static void add(struct loop *l, struct event *e, int64_t at)
{
	e->at = at;
	e->order = l->order++;
	if (l->n == l->cap) {
		l->cap = l->cap != 0 ? 2 * l->cap : 256;
		l->heap = xrealloc(l->heap, l->cap * sizeof(struct event *));
	}
	up(l, l->n++, e);
}

static void take(struct loop *l, struct event *e)
{
	size_t i = e->heap - 1;
	struct event *last = l->heap[--l->n];

	e->heap = 0;
	if (last == e)
		return;
	if (i > 0 && before(last, l->heap[(i - 1) / 2]))
		up(l, i, last);
	else
		down(l, i, last);
}

struct loop *loop_new(void)
{
	struct loop *l = xcalloc(1, sizeof(*l));

	l->deferred_end = &l->deferred;
	return l;
}

void loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	while (l->deferred != NULL) {
		struct event *e = l->deferred;

		l->deferred = e->next;
		free(e);
	}
	for (size_t i = 0; i < l->n; i++)
		if (l->heap[i]->drop != NULL) { /* timers are their owners' */
			l->heap[i]->drop(l->heap[i]->arg);
			free(l->heap[i]);
		}
	free(l->heap);
	free(l);
}

int64_t loop_wall(const struct loop *l)
{
	(void)l;
	return sim.now + sim.host_offset;
}

int64_t loop_boot(const struct loop *l)
{
	(void)l;
	return sim.now - sim.boot_at;
}

uint64_t loop_turns(const struct loop *l)
{
	return l->turns;
}

void loop_defer(struct loop *l, void (*cb)(void *arg), void *arg)
{
	struct event *e = xcalloc(1, sizeof(*e));

	e->cb = cb;
	e->arg = arg;
	*l->deferred_end = e;
	l->deferred_end = &e->next;
}

static void run_deferred(struct loop *l)
{
	while (l->deferred != NULL) {
		struct event *e = l->deferred;

		l->deferred = e->next;
		if (l->deferred == NULL)
			l->deferred_end = &l->deferred;
		e->cb(e->arg);
		free(e);
	}
}

void sim_run(struct loop *l, int64_t until)
{
	run_deferred(l);
	while (!l->stop && !sim.halt && l->n > 0 && l->heap[0]->at <= until) {
		struct event *e = l->heap[0];
		bool one_shot = e->drop != NULL;

		take(l, e);
		if (e->at > sim.now)
			sim.now = e->at;
		l->turns++;
		e->cb(e->arg);
		if (one_shot)
			free(e);
		run_deferred(l);
		if (sim.after != NULL)
			sim.after();
	}
	if (!l->stop && !sim.halt && sim.now < until)
		sim.now = until;
}

int loop_run(struct loop *l)
{
	sim_run(l, INT64_MAX);
	return 0;
}

void loop_stop(struct loop *l)
{
	l->stop = true;
}

static void nothing(void *arg)
{
	(void)arg;
}

void sim_later(struct loop *l, int64_t delay, void (*cb)(void *arg), void *arg, void (*drop)(void *arg))
{
	struct event *e = xcalloc(1, sizeof(*e));

	e->cb = cb;
	e->arg = arg;
	e->drop = drop != NULL ? drop : nothing;
	add(l, e, sim.now + (delay > 0 ? delay : 0));
}

static void fire(void *arg)
{
	struct timer *t = arg;

	t->set = false;
	t->cb(t->arg);
}

struct timer *timer_new(struct loop *l, void (*cb)(void *arg), void *arg)
{
	struct timer *t = xcalloc(1, sizeof(*t));

	t->l = l;
	t->cb = cb;
	t->arg = arg;
	t->e.cb = fire;
	t->e.arg = t;
	return t;
}

void timer_set(struct timer *t, int64_t delay_ms, int64_t slack_ms)
{
	timer_stop(t);
	t->set = true;
	add(t->l, &t->e, sim.now + (delay_ms > 0 ? delay_ms : 0) + sim_between(0, slack_ms));
}

void timer_stop(struct timer *t)
{
	if (t->set)
		take(t->l, &t->e);
	t->set = false;
}

void timer_free(struct timer *t)
{
	if (t == NULL)
		return;
	timer_stop(t);
	free(t);
}

void loop_signal(struct loop *l, int signo, void (*cb)(void *arg), void *arg)
{
	(void)l;
	(void)signo;
	(void)cb;
	(void)arg;
}

void *loop_base(struct loop *l)
{
	(void)l;
	return NULL;
}
