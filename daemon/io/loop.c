/* The event loop over libevent. One turn is: sleep until a descriptor, a signal or a timer is ready; run what
 * they woke; run the timers that are due; run what was deferred. Timers are ours (a heap on the boot clock
 * behind one timerfd) because libevent's neither count suspended time nor can wait for company. It must never
 * read the clock twice in a turn, and never call anything from inside the call that asked for it. */
#include "io/loop.h"

#include "base/util.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NOT_IN_HEAP SIZE_MAX

struct timer {
	struct loop *loop;
	void (*cb)(void *arg);
	void *arg;
	int64_t fire_at; /* boot clock, ms */
	uint64_t seq;    /* orders timers of one instant by when they were set */
	size_t place;    /* in the heap */
};

struct call {
	void (*cb)(void *arg);
	void *arg;
};

/* The clock as this turn sees it. Read by the first who asks, so a turn in which nobody asks reads none. */
struct instant {
	bool fresh;
	int64_t wall, boot;
};

struct handler {
	struct handler *next;
	struct event *event;
	struct call call;
};

struct loop {
	struct event_base *base;
	struct event *alarm; /* the timerfd's */
	int alarm_fd;
	int64_t armed_for; /* fire_at the timerfd is set to; 0 = it is not set */

	struct instant *now;
	bool running, stop;
	uint64_t turns;

	struct timer **heap;
	size_t n_heap, cap_heap;
	uint64_t seq;

	struct call *deferred;
	size_t n_deferred, cap_deferred;

	struct handler *handlers;
};

/* ---- the clock ---- */

static int64_t clock_ns(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts); /* cannot fail for the two clocks we name */
	return (int64_t)ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

/* Before loop_run and after it there are no turns, so every question is answered afresh. */
static const struct instant *loop_now(const struct loop *l)
{
	struct instant *now = l->now;

	if (!l->running || !now->fresh) {
		now->wall = clock_ns(CLOCK_REALTIME) / 1000000;
		now->boot = clock_ns(CLOCK_BOOTTIME) / 1000000;
		now->fresh = true;
	}
	return now;
}

int64_t loop_wall(const struct loop *l)
{
	return loop_now(l)->wall;
}

int64_t loop_boot(const struct loop *l)
{
	return loop_now(l)->boot;
}

uint64_t loop_turns(const struct loop *l)
{
	return l->turns;
}

/* ---- the heap of timers ---- */

static bool fires_before(const struct timer *a, const struct timer *b)
{
	return a->fire_at != b->fire_at ? a->fire_at < b->fire_at : a->seq < b->seq;
}

static void heap_put(struct loop *l, size_t place, struct timer *t)
{
	l->heap[place] = t;
	t->place = place;
}

static void heap_up(struct loop *l, size_t i, struct timer *t)
{
	while (i > 0 && fires_before(t, l->heap[(i - 1) / 2])) {
		heap_put(l, i, l->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	heap_put(l, i, t);
}

static void heap_down(struct loop *l, size_t i, struct timer *t)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= l->n_heap)
			break;
		if (child + 1 < l->n_heap && fires_before(l->heap[child + 1], l->heap[child]))
			child++;
		if (!fires_before(l->heap[child], t))
			break;
		heap_put(l, i, l->heap[child]);
		i = child;
	}
	heap_put(l, i, t);
}

static void heap_add(struct loop *l, struct timer *t)
{
	if (l->n_heap == l->cap_heap) {
		l->cap_heap = l->cap_heap ? 2 * l->cap_heap : 16;
		l->heap = xrealloc(l->heap, l->cap_heap * sizeof(struct timer *));
	}
	heap_up(l, l->n_heap++, t);
}

static void heap_remove(struct loop *l, struct timer *t)
{
	size_t hole = t->place;
	struct timer *last = l->heap[--l->n_heap];

	t->place = NOT_IN_HEAP;
	if (last == t)
		return;
	if (hole > 0 && fires_before(last, l->heap[(hole - 1) / 2]))
		heap_up(l, hole, last);
	else
		heap_down(l, hole, last);
}

/* ---- timers ---- */

/* The roundest instant from `due` to `due + slack`: the one divisible by the highest power of two. Timers
 * whose spans overlap mostly agree on it without knowing of each other, and so share a wake-up. */
static int64_t roundest(int64_t due, int64_t slack)
{
	if (slack <= 0 || due <= 0)
		return due;

	uint64_t latest = (uint64_t)due + (uint64_t)slack;
	uint64_t differ = ((uint64_t)due - 1) ^ latest;
	int low_bits = 63 - __builtin_clzll(differ);

	return (int64_t)(latest >> low_bits << low_bits);
}

struct timer *timer_new(struct loop *l, void (*cb)(void *arg), void *arg)
{
	struct timer *t = xmalloc(sizeof(*t));

	*t = (struct timer){.loop = l, .cb = cb, .arg = arg, .place = NOT_IN_HEAP};
	return t;
}

void timer_set(struct timer *t, int64_t delay_ms, int64_t slack_ms)
{
	/* A century is for ever, and leaves the sums below no way to overflow. */
	const int64_t most = 36525 * MS_DAY;
	int64_t delay = delay_ms < 0 ? 0 : delay_ms > most ? most : delay_ms;
	int64_t slack = slack_ms < 0 ? 0 : slack_ms > most ? most : slack_ms;

	timer_stop(t);
	t->fire_at = roundest(loop_boot(t->loop) + delay, slack);
	t->seq = ++t->loop->seq;
	heap_add(t->loop, t);
}

void timer_stop(struct timer *t)
{
	if (t->place != NOT_IN_HEAP)
		heap_remove(t->loop, t);
}

void timer_free(struct timer *t)
{
	if (!t)
		return;
	timer_stop(t);
	free(t);
}

/* Fires what is due at this turn's instant. A timer set meanwhile waits for the next turn, even with no
 * delay: otherwise one that sets itself again would keep every descriptor waiting. */
static void run_timers(struct loop *l)
{
	uint64_t last = l->seq;

	while (l->n_heap > 0) {
		struct timer *t = l->heap[0];

		if (t->fire_at > loop_boot(l) || t->seq > last)
			break;
		heap_remove(l, t);
		t->cb(t->arg); /* may free t */
	}
}

/* The kernel's timer follows the earliest of ours. It is set with a span, not an instant: suspended time
 * counts either way, and tools that stretch time for tests (faketime) understand only this form. Returns
 * false when a timer is due already. */
static bool arm_alarm(struct loop *l)
{
	struct itimerspec when = {0};
	int64_t wanted = l->n_heap > 0 ? l->heap[0]->fire_at : 0;

	if (wanted > 0) {
		int64_t ns = wanted * 1000000 - clock_ns(CLOCK_BOOTTIME);

		if (ns <= 0)
			return false;
		when.it_value = (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
	}
	if (wanted != l->armed_for)
		timerfd_settime(l->alarm_fd, 0, &when, NULL);
	l->armed_for = wanted;
	return true;
}

static void on_alarm(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;
	uint64_t expirations;

	(void)what;
	if (read((int)fd, &expirations, sizeof(expirations)) > 0)
		l->armed_for = 0;
}

/* ---- deferred calls ---- */

void loop_defer(struct loop *l, void (*cb)(void *arg), void *arg)
{
	if (l->n_deferred == l->cap_deferred) {
		l->cap_deferred = l->cap_deferred ? 2 * l->cap_deferred : 16;
		l->deferred = xrealloc(l->deferred, l->cap_deferred * sizeof(struct call));
	}
	l->deferred[l->n_deferred++] = (struct call){cb, arg};
}

/* Runs what was deferred up to now; what these calls defer in turn waits for the next turn, for the reason
 * given at run_timers. */
static void run_deferred(struct loop *l)
{
	size_t n = l->n_deferred;

	for (size_t i = 0; i < n; i++) {
		struct call c = l->deferred[i]; /* by value: the list may move while it runs */

		c.cb(c.arg);
	}
	l->n_deferred -= n;
	if (n > 0 && l->n_deferred > 0)
		memmove(l->deferred, l->deferred + n, l->n_deferred * sizeof(struct call));
}

/* ---- signals ---- */

static void on_signal(evutil_socket_t signo, short what, void *arg)
{
	const struct handler *h = arg;

	(void)signo;
	(void)what;
	h->call.cb(h->call.arg);
}

void loop_signal(struct loop *l, int signo, void (*cb)(void *arg), void *arg)
{
	struct handler *h = xmalloc(sizeof(*h));

	*h = (struct handler){.next = l->handlers, .call = {cb, arg}};
	h->event = evsignal_new(l->base, signo, on_signal, h);
	if (!h->event || event_add(h->event, NULL) < 0)
		abort(); /* a signal number nobody could mean */
	l->handlers = h;
}

/* ---- the loop itself ---- */

/* libevent reports a failed allocation in places where nothing sensible can follow, so ours abort. */
static void use_our_memory(void)
{
	static bool done;

	if (!done)
		event_set_mem_functions(xmalloc, xrealloc, free);
	done = true;
}

struct loop *loop_new(void)
{
	struct loop *l = xcalloc(1, sizeof(*l));

	use_our_memory();
	signal(SIGPIPE, SIG_IGN);
	l->now = xcalloc(1, sizeof(*l->now));
	l->alarm_fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if (l->alarm_fd < 0)
		goto fail;
	l->base = event_base_new();
	if (!l->base)
		goto fail;
	l->alarm = event_new(l->base, l->alarm_fd, EV_READ | EV_PERSIST, on_alarm, l);
	if (event_add(l->alarm, NULL) < 0)
		goto fail;
	return l;
fail:
	loop_free(l);
	return NULL;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	while (l->handlers) {
		struct handler *h = l->handlers;

		l->handlers = h->next;
		event_free(h->event);
		free(h);
	}
	if (l->alarm)
		event_free(l->alarm);
	if (l->base)
		event_base_free(l->base);
	if (l->alarm_fd >= 0)
		close(l->alarm_fd);
	free(l->deferred);
	free(l->heap);
	free(l->now);
	free(l);
}

/* One turn. Only a turn that may sleep counts as a wake-up; one that merely continues work does not. */
static int loop_turn(struct loop *l)
{
	bool may_sleep = arm_alarm(l) && l->n_deferred == 0;

	l->now->fresh = false;
	if (event_base_loop(l->base, may_sleep ? EVLOOP_ONCE : EVLOOP_NONBLOCK) < 0)
		return -EIO;
	if (may_sleep)
		l->turns++;
	if (l->stop)
		return 0;
	run_timers(l);
	run_deferred(l);
	return 0;
}

int loop_run(struct loop *l)
{
	int r = 0;

	l->running = true;
	while (!l->stop && r == 0)
		r = loop_turn(l);
	l->running = false;
	l->stop = false;
	return r;
}

void loop_stop(struct loop *l)
{
	l->stop = true;
}

void *loop_base(struct loop *l)
{
	return l->base;
}
