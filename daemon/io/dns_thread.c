/* The resolver's thread. Its questions, with a socket for each and the proofs of DNSSEC, are a third of what a pass
 * over many domains costs, and the loop that talks to OVHcloud need not wait for them. So the resolver has a loop of
 * its own, and asks go to and fro in batches: those of one turn of either loop under one lock and with one wake-up. An
 * ask belongs to one side at a time, as its place says; only the loop's side drops asks, and what the thread holds it
 * lets go by itself. It must never wait for the other side, nor wake up while nothing is asked. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/util.h"
#include "io/dns_parts.h"
#include "io/loop.h"

#define NICER 5 /* than the loop's thread */

/* An eventfd and who hears it. */
struct bell {
	int fd;
	struct event *ev;
};

struct dns_thread {
	struct dns *dns;
	struct loop *loop; /* the thread's */
	struct dns_resolver *resolver;
	struct bell asked, answered; /* to the thread; to the loop */
	struct dns_asks fresh;       /* the loop's, until the pump has run */
	pthread_t thread;
	bool runs;
	/* the thread's */
	struct dns_asks settled; /* until its turn ends */
	struct timer *turn;
	/* both, under the lock */
	pthread_mutex_t lock;
	struct dns_asks in, out;
	struct dns_ask *dropped; /* in the thread's hands, and nobody wants to know any more */
	const char *warning;
	bool stop;
};

/* ---- bells ---- */

static void bell_ring(struct bell *b)
{
	const uint64_t one = 1;

	while (write(b->fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void bell_silence(int fd)
{
	uint64_t n;

	while (read(fd, &n, sizeof(n)) < 0 && errno == EINTR)
		;
}

static bool bell_open(struct bell *b, struct loop *l, event_callback_fn heard, void *arg)
{
	b->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (b->fd < 0)
		return false;
	b->ev = event_new(loop_base(l), b->fd, EV_READ | EV_PERSIST, heard, arg);
	if (!b->ev || event_add(b->ev, NULL) < 0)
		abort(); /* libevent has run out of memory */
	return true;
}

static void bell_close(struct bell *b)
{
	if (b->ev)
		event_free(b->ev);
	if (b->fd >= 0)
		close(b->fd);
}

/* ---- the thread's side ---- */

/* Hands over what was settled and takes what was asked and dropped since. An ask that was dropped is not handed over;
 * it goes with the dropped ones. */
static void thread_exchange(struct dns_thread *t)
{
	struct dns_asks in;
	struct dns_ask *a, *dropped;
	bool ring = false;

	dns_asks_init(&in);
	pthread_mutex_lock(&t->lock);
	t->warning = dns_resolver_warning(t->resolver);
	while ((a = dns_asks_take(&t->settled))) {
		if (a->dropped)
			continue;
		ring = ring || t->out.n == 0;
		a->place = ASK_OUT;
		dns_asks_add(&t->out, a);
	}
	while ((a = dns_asks_take(&t->in))) {
		a->place = ASK_THREAD;
		dns_asks_add(&in, a);
	}
	dropped = t->dropped;
	t->dropped = NULL;
	bool stop = t->stop;
	pthread_mutex_unlock(&t->lock);
	if (ring)
		bell_ring(&t->answered);
	while ((a = dropped)) {
		dropped = a->next_dropped;
		if (a->settled)
			dns_ask_free(a);
		else
			dns_resolver_drop(t->resolver, a);
	}
	while ((a = dns_asks_take(&in)))
		dns_resolver_ask(t->resolver, a);
	if (stop)
		loop_stop(t->loop);
}

static void on_turn(void *arg)
{
	thread_exchange(arg);
}

static void on_asked(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	bell_silence(fd);
	thread_exchange(arg);
}

/* The resolver has an outcome. */
static void on_settled(void *arg, struct dns_ask *a)
{
	struct dns_thread *t = arg;

	a->settled = true;
	dns_asks_add(&t->settled, a);
	timer_set(t->turn, 0, 0);
}

static void *thread_main(void *arg)
{
	struct dns_thread *t = arg;

	/* The loop goes first where both want a processor: people, the watchdog and OVHcloud's answers wait for it. */
	setpriority(PRIO_PROCESS, (id_t)gettid(), getpriority(PRIO_PROCESS, 0) + NICER);
	loop_run(t->loop);
	return NULL;
}

/* ---- the loop's side ---- */

static void on_answered(evutil_socket_t fd, short what, void *arg)
{
	struct dns_thread *t = arg;
	struct dns_asks out;
	struct dns_ask *a;

	(void)what;
	bell_silence(fd);
	dns_asks_init(&out);
	pthread_mutex_lock(&t->lock);
	while ((a = dns_asks_take(&t->out)))
		dns_asks_add(&out, a);
	pthread_mutex_unlock(&t->lock);
	while ((a = dns_asks_take(&out)))
		dns_answered(a);
}

static bool thread_start(struct dns_thread *t)
{
	sigset_t all, before;

	if (t->runs)
		return true;
	/* Signals belong to the loop's thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	t->runs = pthread_create(&t->thread, NULL, thread_main, t) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return t->runs;
}

void dns_thread_ask(struct dns_thread *t, struct dns_ask *a)
{
	a->place = ASK_FRESH;
	dns_asks_add(&t->fresh, a);
}

void dns_thread_send(struct dns_thread *t)
{
	struct dns_ask *a;

	if (t->fresh.n == 0)
		return;
	if (!thread_start(t)) { /* no evidence; the next look tries again */
		while ((a = dns_asks_take(&t->fresh)))
			dns_answered(a);
		return;
	}
	pthread_mutex_lock(&t->lock);
	bool ring = t->in.n == 0;
	while ((a = dns_asks_take(&t->fresh))) {
		a->place = ASK_IN;
		dns_asks_add(&t->in, a);
	}
	pthread_mutex_unlock(&t->lock);
	if (ring)
		bell_ring(&t->asked);
}

void dns_thread_drop(struct dns_thread *t, struct dns_ask *a)
{
	struct dns_asks *const lists[] = {[ASK_FRESH] = &t->fresh, [ASK_IN] = &t->in, [ASK_OUT] = &t->out};

	pthread_mutex_lock(&t->lock);
	bool theirs = a->place == ASK_THREAD;
	if (theirs) {
		a->dropped = true;
		a->next_dropped = t->dropped;
		t->dropped = a;
	} else {
		dns_asks_remove(lists[a->place], a);
	}
	pthread_mutex_unlock(&t->lock);
	if (theirs)
		bell_ring(&t->asked);
	else
		dns_ask_free(a);
}

const char *dns_thread_warning(struct dns_thread *t)
{
	pthread_mutex_lock(&t->lock);
	const char *warning = t->warning;
	pthread_mutex_unlock(&t->lock);
	return warning;
}

struct dns_thread *dns_thread_new(struct dns *d, const struct dns_options *o, const char **ret_error)
{
	struct dns_thread *t = xcalloc(1, sizeof(*t));

	*t = (struct dns_thread){.dns = d, .asked.fd = -1, .answered.fd = -1};
	pthread_mutex_init(&t->lock, NULL);
	dns_asks_init(&t->fresh);
	dns_asks_init(&t->settled);
	dns_asks_init(&t->in);
	dns_asks_init(&t->out);
	*ret_error = "the kernel gives no descriptors";
	t->loop = loop_new();
	if (!t->loop || !bell_open(&t->asked, t->loop, on_asked, t) ||
	        !bell_open(&t->answered, d->loop, on_answered, t))
		goto fail;
	t->turn = timer_new(t->loop, on_turn, t);
	t->resolver = dns_resolver_new(t->loop, o, on_settled, t, ret_error);
	if (!t->resolver)
		goto fail;
	t->warning = dns_resolver_warning(t->resolver);
	return t;
fail:
	dns_thread_free(t);
	return NULL;
}

/* Every look was dropped before, and with it every ask. What the thread had no time to let go of goes here. */
void dns_thread_free(struct dns_thread *t)
{
	if (!t)
		return;
	if (t->runs) {
		pthread_mutex_lock(&t->lock);
		t->stop = true;
		pthread_mutex_unlock(&t->lock);
		bell_ring(&t->asked);
		pthread_join(t->thread, NULL);
		thread_exchange(t);
	}
	dns_resolver_free(t->resolver);
	timer_free(t->turn);
	bell_close(&t->asked);
	bell_close(&t->answered);
	loop_free(t->loop);
	pthread_mutex_destroy(&t->lock);
	free(t);
}
