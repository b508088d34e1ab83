/* The daemon's look-ups: options, the window over looks, deadlines, and the pump that hands answers to looks
 * and evidence to callers. How one look goes is in dns_look.c; who is asked, in dns_resolver.c and
 * dns_direct.c. It must never call back from inside a call, nor after dns_cancel() or dns_free(). */
#include "io/dns.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "io/dns_book.h"
#include "io/dns_parts.h"
#include "io/loop.h"

#define LOOKS_RUNNING 64 /* each has a dozen questions; the parts have windows of their own */

void dns_asks_init(struct dns_asks *list)
{
	*list = (struct dns_asks){.end = &list->first};
}

void dns_asks_add(struct dns_asks *list, struct dns_ask *a)
{
	a->next = NULL;
	a->prev = list->end;
	*list->end = a;
	list->end = &a->next;
	list->n++;
}

void dns_asks_remove(struct dns_asks *list, struct dns_ask *a)
{
	*a->prev = a->next;
	if (a->next)
		a->next->prev = a->prev;
	else
		list->end = a->prev;
	list->n--;
}

struct dns_ask *dns_asks_take(struct dns_asks *list)
{
	struct dns_ask *a = list->first;

	if (a)
		dns_asks_remove(list, a);
	return a;
}

static void looks_add(struct dns_looks *list, struct dns_look *k)
{
	k->next = NULL;
	k->prev = list->end;
	*list->end = k;
	list->end = &k->next;
	list->n++;
}

static void looks_remove(struct dns_looks *list, struct dns_look *k)
{
	*k->prev = k->next;
	if (k->next)
		k->next->prev = k->prev;
	else
		list->end = k->prev;
	list->n--;
}

void dns_look_move(struct dns_look *h, enum dns_look_state to)
{
	struct dns *d = h->dns;

	looks_remove(&d->looks[h->state], h);
	h->state = to;
	looks_add(&d->looks[to], h);
	timer_set(d->pump, 0, 0);
}

void dns_ask_free(struct dns_ask *a)
{
	free(a->bytes);
	free(a);
}

void dns_answered(struct dns_ask *a)
{
	a->answered = true;
	dns_asks_add(&a->dns->answered, a);
	timer_set(a->dns->pump, 0, 0);
}

static void look_free(struct dns_look *h)
{
	dns_look_free(h->look);
	looks_remove(&h->dns->looks[h->state], h);
	free(h->record);
	free(h->target);
	free(h->zone);
	free(h);
}

static void dns_destroy(struct dns *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(d->looks); i++)
		while (d->looks[i].first)
			look_free(d->looks[i].first);
	if (d->direct)
		dns_direct_free(d->direct);
	dns_thread_free(d->resolver);
	dns_book_free(d->book);
	timer_free(d->pump);
	free(d);
}

/* Tells one caller. The look is gone when its callback runs, so that dns_cancel() from in there cannot hit it. */
static void pump_tell(struct dns_look *h)
{
	struct evidence e = h->look->e;
	dns_seen *seen = h->seen;
	void *arg = h->arg;

	look_free(h);
	seen(arg, &e);
}

/* No look is under way: nothing stays open, and the next one learns everything anew. */
static void dns_rest(struct dns *d)
{
	dns_direct_rest(d->direct);
	dns_book_rest(d->book);
}

/* Runs from the loop: answers to looks, ended looks to callers, waiting looks into the window. A callback may
 * start and cancel looks, and even free the whole; that waits until the pump is done. */
static void dns_pump(void *arg)
{
	struct dns *d = arg;
	struct dns_ask *a;

	d->pumping = true;
	while (!d->dying && (a = dns_asks_take(&d->answered))) {
		dns_look_take(a->look, a);
		dns_ask_free(a);
	}
	/* Only those that are over now: a caller that looks again at once must not keep the loop here. */
	for (unsigned n = d->looks[LOOK_OVER].n; n > 0 && !d->dying && d->looks[LOOK_OVER].first; n--)
		pump_tell(d->looks[LOOK_OVER].first);
	while (!d->dying && d->looks[LOOK_RUNNING].n < LOOKS_RUNNING && d->looks[LOOK_WAITING].first) {
		struct dns_look *h = d->looks[LOOK_WAITING].first;
		dns_look_move(h, LOOK_RUNNING);
		dns_look_begin(h);
	}
	if (d->looks[LOOK_RUNNING].n == 0)
		dns_rest(d);
	d->pumping = false;
	if (d->dying)
		dns_destroy(d);
	else
		dns_thread_send(d->resolver);
}

struct dns_look *dns_look(struct dns *d, const struct dns_question *q, dns_seen *seen, void *arg)
{
	struct dns_look *h = xcalloc(1, sizeof(*h));

	*h = (struct dns_look){
	        .dns = d,
	        .state = LOOK_WAITING,
	        .seen = seen,
	        .arg = arg,
	        .record = xstrdup(q->record ? q->record : ""),
	        .target = xstrdup(q->target ? q->target : ""),
	        .zone = xstrdup(q->zone ? q->zone : ""),
	        .key_record = q->key_record,
	        .untimed = q->untimed,
	};
	looks_add(&d->looks[LOOK_WAITING], h);
	timer_set(d->pump, 0, 0);
	return h;
}

void dns_cancel(struct dns_look *look)
{
	if (look) {
		timer_set(look->dns->pump, 0, 0);
		look_free(look);
	}
}

struct dns *dns_new(struct loop *l, const struct dns_options *o, const char **ret_error)
{
	struct dns *d = xcalloc(1, sizeof(*d));

	d->loop = l;
	d->authoritative = o->authoritative;
	d->port = o->authoritative_port ? o->authoritative_port : 53;
	d->timeout = o->timeout_ms > 0 ? o->timeout_ms : 10 * MS_SECOND;
	d->pump = timer_new(l, dns_pump, d);
	dns_asks_init(&d->answered);
	for (size_t i = 0; i < ARRAY_SIZE(d->looks); i++)
		d->looks[i] = (struct dns_looks){.end = &d->looks[i].first};
	d->direct = dns_direct_new(d);
	d->book = dns_book_new();
	d->resolver = dns_thread_new(d, o, ret_error);
	if (!d->resolver) {
		dns_destroy(d);
		return NULL;
	}
	return d;
}

const char *dns_warning(const struct dns *d)
{
	return dns_thread_warning(d->resolver);
}

void dns_free(struct dns *d)
{
	if (!d)
		return;
	if (d->pumping)
		d->dying = true;
	else
		dns_destroy(d);
}
