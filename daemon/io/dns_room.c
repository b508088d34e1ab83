/* The room where looks are made: the window over them, and the pump that hands answers to looks. It lives on one loop and
 * knows nothing of threads. How one look goes is in dns_look.c; who is asked, in dns_resolver.c and dns_direct.c. It must
 * never hand over an answer from inside the call that asked. */
#include <stdlib.h>

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

void dns_looks_init(struct dns_looks *list)
{
	*list = (struct dns_looks){.end = &list->first};
}

void dns_looks_add(struct dns_looks *list, struct dns_look *h)
{
	h->next = NULL;
	h->prev = list->end;
	*list->end = h;
	list->end = &h->next;
	list->n++;
}

void dns_looks_remove(struct dns_looks *list, struct dns_look *h)
{
	*h->prev = h->next;
	if (h->next)
		h->next->prev = h->prev;
	else
		list->end = h->prev;
	list->n--;
}

struct dns_look *dns_looks_take(struct dns_looks *list)
{
	struct dns_look *h = list->first;

	if (h)
		dns_looks_remove(list, h);
	return h;
}

void dns_look_move(struct dns_look *h, enum dns_look_state to)
{
	struct dns_room *r = h->room;

	dns_looks_remove(&r->looks[h->state], h);
	h->state = to;
	dns_looks_add(&r->looks[to], h);
	timer_set(r->pump, 0, 0);
}

void dns_ask_free(struct dns_ask *a)
{
	free(a->bytes);
	free(a);
}

void dns_answered(struct dns_ask *a)
{
	a->answered = true;
	dns_asks_add(&a->room->answered, a);
	timer_set(a->room->pump, 0, 0);
}

/* It leaves the room; what it saw stays with it. */
static void look_leave(struct dns_look *h)
{
	dns_looks_remove(&h->room->looks[h->state], h);
	dns_look_free(h->look);
	h->look = NULL;
}

static void tell(struct dns_look *h)
{
	struct dns_room *r = h->room;

	h->e = xmalloc(sizeof(*h->e));
	*h->e = h->look->e;
	look_leave(h);
	r->over(r->arg, h);
}

/* No look is under way: nothing stays open, and the next one learns everything anew. */
static void rest(struct dns_room *r)
{
	dns_direct_rest(r->direct);
	dns_book_rest(r->book);
}

/* Answers to looks, ended looks out of the room, waiting looks into the window. */
static void pump(void *arg)
{
	struct dns_room *r = arg;
	struct dns_look *h;
	struct dns_ask *a;

	while ((a = dns_asks_take(&r->answered))) {
		dns_look_take(a->look, a);
		dns_ask_free(a);
	}
	while ((h = r->looks[LOOK_OVER].first))
		tell(h);
	while (r->looks[LOOK_RUNNING].n < LOOKS_RUNNING && (h = r->looks[LOOK_WAITING].first)) {
		dns_look_move(h, LOOK_RUNNING);
		dns_look_begin(h);
	}
	if (r->looks[LOOK_RUNNING].n == 0)
		rest(r);
}

void dns_room_take(struct dns_room *r, struct dns_look *h)
{
	h->room = r;
	h->state = LOOK_WAITING;
	dns_looks_add(&r->looks[LOOK_WAITING], h);
	timer_set(r->pump, 0, 0);
}

void dns_room_drop(struct dns_look *h)
{
	timer_set(h->room->pump, 0, 0);
	look_leave(h);
}

struct dns_look *dns_room_any(const struct dns_room *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(r->looks); i++)
		if (r->looks[i].first)
			return r->looks[i].first;
	return NULL;
}

const char *dns_room_warning(const struct dns_room *r)
{
	return dns_resolver_warning(r->resolver);
}

struct dns_room *dns_room_new(
        struct loop *l, const struct dns_options *o, dns_over *over, void *arg, const char **ret_error)
{
	struct dns_room *r = xcalloc(1, sizeof(*r));

	*r = (struct dns_room){
	        .loop = l,
	        .authoritative = o->authoritative,
	        .port = o->authoritative_port ? o->authoritative_port : 53,
	        .timeout = o->timeout_ms > 0 ? o->timeout_ms : 10 * MS_SECOND,
	        .over = over,
	        .arg = arg,
	};
	dns_asks_init(&r->answered);
	for (size_t i = 0; i < ARRAY_SIZE(r->looks); i++)
		dns_looks_init(&r->looks[i]);
	r->pump = timer_new(l, pump, r);
	r->direct = dns_direct_new(l);
	r->book = dns_book_new();
	r->resolver = dns_resolver_new(l, o, ret_error);
	if (!r->resolver) {
		dns_room_free(r);
		return NULL;
	}
	return r;
}

void dns_room_free(struct dns_room *r)
{
	if (!r)
		return;
	dns_direct_free(r->direct);
	dns_resolver_free(r->resolver);
	dns_book_free(r->book);
	timer_free(r->pump);
	free(r);
}
