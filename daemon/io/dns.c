/* The daemon's look-ups, as the loop that asks for them sees them. Sockets for a dozen questions a look, the proofs of DNSSEC
 * and the reading of keys are half of what a pass over many domains costs, and the loop that talks to OVHcloud need not wait
 * for them: looks are made in a room on a thread of its own (dns_room.c), and go to and fro in batches, those of one turn of
 * either loop under one lock and with one wake-up. A look belongs to one side at a time, as its place says; only the loop's
 * side drops looks, and what the thread holds it lets go by itself. It must never wait for the other side, nor wake up while
 * nothing is asked, nor call back from inside a call, nor after dns_cancel() or dns_free(). */
#include "io/dns.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/util.h"
#include "io/dns_parts.h"
#include "io/loop.h"

/* An eventfd and who hears it. */
struct bell {
	int fd;
	struct event *ev;
};

struct dns {
	struct bell asked, answered; /* to the thread; to the loop */
	/* the loop's */
	struct loop *home;
	struct timer *send;
	size_t away;                  /* looks that are neither fresh nor back */
	struct dns_looks fresh, back; /* until this turn ends; until they are told */
	pthread_t thread;
	bool runs, telling, dying;
	/* the thread's */
	struct loop *loop;
	struct dns_room *room;
	struct dns_looks over; /* until its turn ends */
	struct timer *turn;
	/* both, under the lock */
	pthread_mutex_t lock;
	struct dns_looks in, out;
	struct dns_look *dropped; /* in the thread's hands, and nobody wants to know any more */
	const char *warning;
	int64_t called; /* boot clock: when the thread was asked to come by; 0 = it has */
	bool stop;
};

static void move_all(struct dns_looks *from, struct dns_looks *to, enum dns_look_place place)
{
	struct dns_look *h;

	while ((h = dns_looks_take(from))) {
		h->place = place;
		dns_looks_add(to, h);
	}
}

static void look_free(struct dns_look *h)
{
	free(h->record);
	free(h->target);
	free(h->zone);
	free(h->e);
	free(h);
}

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

/* What is over goes back, unless it was dropped meanwhile: then it goes with the dropped ones. */
static bool hand_back(struct dns *d)
{
	bool ring = false;
	struct dns_look *h;

	while ((h = dns_looks_take(&d->over))) {
		if (h->dropped)
			continue;
		ring = ring || d->out.n == 0;
		h->place = LOOK_OUT;
		dns_looks_add(&d->out, h);
	}
	return ring;
}

static void let_go(struct dns_look *dropped)
{
	struct dns_look *h;

	while ((h = dropped)) {
		dropped = h->next_dropped;
		if (!h->e)
			dns_room_drop(h);
		look_free(h);
	}
}

static void exchange(struct dns *d)
{
	struct dns_looks in;
	struct dns_look *h;

	dns_looks_init(&in);
	pthread_mutex_lock(&d->lock);
	d->warning = dns_room_warning(d->room);
	d->called = 0;
	bool ring = hand_back(d), stop = d->stop;
	move_all(&d->in, &in, LOOK_THREAD);
	struct dns_look *dropped = d->dropped;
	d->dropped = NULL;
	pthread_mutex_unlock(&d->lock);
	if (ring)
		bell_ring(&d->answered);
	let_go(dropped);
	while ((h = dns_looks_take(&in)))
		dns_room_take(d->room, h);
	if (stop)
		loop_stop(d->loop);
}

static void on_turn(void *arg)
{
	exchange(arg);
}

static void on_asked(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	bell_silence(fd);
	exchange(arg);
}

static void on_over(void *arg, struct dns_look *h)
{
	struct dns *d = arg;

	dns_looks_add(&d->over, h);
	timer_set(d->turn, 0, 0);
}

static void *thread_main(void *arg)
{
	struct dns *d = arg;

	loop_run(d->loop);
	return NULL;
}

/* ---- the loop's side ---- */

static void destroy(struct dns *d);

/* Each look is gone when its callback runs, which may look, cancel others, and even free the whole. */
static void tell(struct dns *d)
{
	struct dns_look *h;

	d->telling = true;
	while (!d->dying && (h = dns_looks_take(&d->back))) {
		struct evidence *e = h->e;
		dns_seen *seen = h->seen;
		void *arg = h->arg;

		h->e = NULL;
		look_free(h);
		seen(arg, e);
		free(e);
	}
	d->telling = false;
	if (d->dying)
		destroy(d);
}

static void on_answered(evutil_socket_t fd, short what, void *arg)
{
	struct dns *d = arg;

	(void)what;
	bell_silence(fd);
	pthread_mutex_lock(&d->lock);
	d->away -= d->out.n;
	move_all(&d->out, &d->back, LOOK_BACK);
	pthread_mutex_unlock(&d->lock);
	tell(d);
}

static bool thread_start(struct dns *d)
{
	sigset_t all, before;

	if (d->runs)
		return true;
	/* Signals belong to the loop's thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	d->runs = pthread_create(&d->thread, NULL, thread_main, d) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return d->runs;
}

/* No evidence; the next look tries again. */
static void give_up(struct dns *d)
{
	for (struct dns_look *h = d->fresh.first; h; h = h->next) {
		h->e = xcalloc(1, sizeof(*h->e));
		str_copy(h->e->detail, sizeof(h->e->detail), "the system gives no thread for look-ups");
	}
	move_all(&d->fresh, &d->back, LOOK_BACK);
	tell(d);
}

static void send_fresh(void *arg)
{
	struct dns *d = arg;

	if (!thread_start(d)) {
		give_up(d);
		return;
	}
	pthread_mutex_lock(&d->lock);
	bool ring = d->in.n == 0 && d->fresh.n > 0;
	d->away += d->fresh.n;
	move_all(&d->fresh, &d->in, LOOK_IN);
	pthread_mutex_unlock(&d->lock);
	if (ring)
		bell_ring(&d->asked);
}

struct dns_look *dns_look(struct dns *d, const struct dns_question *q, dns_seen *seen, void *arg)
{
	struct dns_look *h = xcalloc(1, sizeof(*h));

	*h = (struct dns_look){
	        .dns = d,
	        .place = LOOK_FRESH,
	        .seen = seen,
	        .arg = arg,
	        .record = xstrdup(q->record ? q->record : ""),
	        .target = xstrdup(q->target ? q->target : ""),
	        .zone = xstrdup(q->zone ? q->zone : ""),
	        .key_record = q->key_record,
	        .untimed = q->untimed,
	};
	dns_looks_add(&d->fresh, h);
	timer_set(d->send, 0, 0);
	return h;
}

void dns_cancel(struct dns_look *look)
{
	if (!look)
		return;

	struct dns *d = look->dns;
	struct dns_looks *const lists[] = {
	        [LOOK_FRESH] = &d->fresh, [LOOK_IN] = &d->in, [LOOK_OUT] = &d->out, [LOOK_BACK] = &d->back};

	pthread_mutex_lock(&d->lock);
	bool theirs = look->place == LOOK_THREAD;
	if (look->place != LOOK_FRESH && look->place != LOOK_BACK)
		d->away--;
	if (theirs) {
		look->dropped = true;
		look->next_dropped = d->dropped;
		d->dropped = look;
	} else {
		dns_looks_remove(lists[look->place], look);
	}
	pthread_mutex_unlock(&d->lock);
	if (theirs)
		bell_ring(&d->asked);
	else
		look_free(look);
}

const char *dns_warning(struct dns *d)
{
	pthread_mutex_lock(&d->lock);
	const char *warning = d->warning;
	pthread_mutex_unlock(&d->lock);
	return warning;
}

int64_t dns_silence(struct dns *d)
{
	int64_t now = loop_boot(d->home);

	pthread_mutex_lock(&d->lock);
	bool call = d->called == 0 && d->away > 0;
	if (call)
		d->called = now;
	int64_t since = d->called != 0 ? d->called : now;
	pthread_mutex_unlock(&d->lock);
	if (call)
		bell_ring(&d->asked);
	return now - since;
}

/* ---- begin and end ---- */

static struct dns *dns_empty(struct loop *l)
{
	struct dns *d = xcalloc(1, sizeof(*d));
	struct dns_looks *const lists[] = {&d->fresh, &d->back, &d->over, &d->in, &d->out};

	pthread_mutex_init(&d->lock, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		dns_looks_init(lists[i]);
	d->asked.fd = d->answered.fd = -1;
	d->home = l;
	d->send = timer_new(l, send_fresh, d);
	return d;
}

struct dns *dns_new(struct loop *l, const struct dns_options *o, const char **ret_error)
{
	struct dns *d = dns_empty(l);

	*ret_error = "the kernel gives no descriptors";
	d->loop = loop_new();
	if (!d->loop || !bell_open(&d->asked, d->loop, on_asked, d) ||
	        !bell_open(&d->answered, l, on_answered, d))
		goto fail;
	d->turn = timer_new(d->loop, on_turn, d);
	d->room = dns_room_new(d->loop, o, on_over, d, ret_error);
	if (!d->room)
		goto fail;
	d->warning = dns_room_warning(d->room);
	return d;
fail:
	destroy(d);
	return NULL;
}

static void thread_end(struct dns *d)
{
	pthread_mutex_lock(&d->lock);
	d->stop = true;
	pthread_mutex_unlock(&d->lock);
	bell_ring(&d->asked);
	pthread_join(d->thread, NULL);
}

/* Once the thread has ended, all of it is the loop's. */
static void destroy(struct dns *d)
{
	struct dns_looks *const lists[] = {&d->fresh, &d->back, &d->in, &d->out, &d->over};
	struct dns_look *h;

	if (d->runs)
		thread_end(d);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		while ((h = dns_looks_take(lists[i])))
			if (!h->dropped)
				look_free(h);
	let_go(d->dropped);
	while ((h = d->room ? dns_room_any(d->room) : NULL)) {
		dns_room_drop(h);
		look_free(h);
	}
	dns_room_free(d->room);
	timer_free(d->send);
	timer_free(d->turn);
	bell_close(&d->asked);
	bell_close(&d->answered);
	loop_free(d->loop);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

void dns_free(struct dns *d)
{
	if (!d)
		return;
	if (d->telling)
		d->dying = true;
	else
		destroy(d);
}
