/* Questions to one address of one authoritative server, over UDP and, when the answer was cut, TCP. Our own
 * small client and not c-ares: c-ares 1.18 has one list of servers for a whole channel, so that every server
 * would need a channel of its own; it goes to the next server on SERVFAIL and REFUSED where we want to know
 * who said so; and it would have to be driven by hand on this loop all the same. What is left to write is one
 * datagram, one retry and one TCP exchange. It must never believe an answer that does not repeat the id and
 * question, and questions that are out at the same time have sockets of their own, hence source ports of their own
 * (dns_socket.c). */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/util.h"
#include "io/dns_parts.h"
#include "io/dns_socket.h"
#include "io/loop.h"

#define WINDOW   256 /* questions out at once, each with a descriptor */
#define TRIES    2
#define PATIENCE 2 /* seconds for each try, and for TCP as a whole twice that */

struct dns_direct {
	struct event_base *base;
	struct dns_sockets *sockets; /* UDP */
	struct dns_asks queued, asked;
	bool filling;
	uint16_t ids[64]; /* random, each used once */
	unsigned n_ids;
};

/* One question under way. */
struct
try {
	struct dns_direct *c;
	struct dns_ask *ask;
	struct dns_socket *socket; /* UDP */
	struct event *ev;          /* TCP */
	int fd;
	unsigned sent;
	bool edns;
	uint16_t id;
	uint8_t query[2 + DNSWIRE_QUERY_MAX]; /* behind the two bytes of length that TCP wants */
	size_t query_len;
	uint8_t *in; /* TCP: what has come, from the two bytes of length on */
	size_t in_len;
	struct dns_asks others; /* that ask the same of the same address, and share the answer */
};

static void direct_fill(struct dns_direct *c);

/* Nothing of the question can come any more on a socket where it was asked once and has been answered. */
static void udp_leave(struct try *t, bool answered)
{
	if (t->socket)
		dns_socket_leave(t->socket, answered && t->sent == 1);
	t->socket = NULL;
}

/* Others that wait for its answer ask for themselves. */
static void try_free(struct try *t)
{
	struct dns_ask *a;

	while ((a = dns_asks_take(&t->others))) {
		a->part = NULL;
		dns_asks_add(&t->c->queued, a);
	}
	udp_leave(t, false);
	if (t->ev)
		event_free(t->ev);
	if (t->fd >= 0)
		close(t->fd);
	free(t->in);
	free(t);
}

static void ask_settle(struct dns_ask *a, enum reply reply, const uint8_t *bytes, size_t n)
{
	a->reply = reply;
	if (bytes) {
		a->bytes = xmalloc(n);
		memcpy(a->bytes, bytes, n);
		a->n = n;
	}
	a->part = NULL;
	dns_answered(a);
}

/* The ask has its outcome: it leaves for the pump with those that share it, and the next in the queue may go. */
static void try_settle(struct try *t, enum reply reply, const uint8_t *bytes, size_t n)
{
	struct dns_direct *c = t->c;
	struct dns_ask *a;

	dns_asks_remove(&c->asked, t->ask);
	ask_settle(t->ask, reply, bytes, n);
	while ((a = dns_asks_take(&t->others)))
		ask_settle(a, reply, bytes, n);
	try_free(t);
	direct_fill(c);
}

static bool is_no_route(int e)
{
	return e == ENETUNREACH || e == EHOSTUNREACH || e == EADDRNOTAVAIL || e == EAFNOSUPPORT ||
	       e == EACCES || e == EPERM || e == EINVAL;
}

static void tcp_watch(struct try *t, short what, void (*cb)(int, short, void *))
{
	const struct timeval patience = {.tv_sec = TRIES * PATIENCE};

	if (t->ev)
		event_free(t->ev);
	t->ev = event_new(t->c->base, t->fd, (short)(what | EV_PERSIST), cb, t);
	if (!t->ev || event_add(t->ev, &patience) < 0)
		abort(); /* libevent has run out of memory */
}

static void try_write_query(struct try *t)
{
	const struct dnswire_query q = {
	        .id = t->id,
	        .name = &t->ask->name,
	        .type = t->ask->type,
	        .edns = t->edns,
	};

	t->query_len = dnswire_query_write(&q, t->query + 2);
	t->query[0] = (uint8_t)(t->query_len >> 8);
	t->query[1] = (uint8_t)t->query_len;
}

static enum reply reply_of_trouble(int e)
{
	return is_no_route(e) ? REPLY_NO_ROUTE : REPLY_BROKEN;
}

/* TCP: the answer arrives in pieces, behind its length. */
static void tcp_read(struct try *t)
{
	uint8_t piece[4096];
	ssize_t n = recv(t->fd, piece, sizeof(piece), 0);
	struct dnswire m;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		try_settle(t, REPLY_REFUSED, NULL, 0);
		return;
	}
	t->in = xrealloc(t->in, t->in_len + (size_t)n);
	memcpy(t->in + t->in_len, piece, (size_t)n);
	t->in_len += (size_t)n;
	if (t->in_len < 2)
		return;
	size_t want = (size_t)t->in[0] << 8 | t->in[1];
	if (t->in_len < 2 + want)
		return;
	bool good = dnswire_read(t->in + 2, want, &m) == 0 && !m.truncated &&
	            dnswire_answers(&m, t->id, &t->ask->name, t->ask->type);
	try_settle(t, good ? REPLY_MESSAGE : REPLY_BROKEN, good ? t->in + 2 : NULL, want);
}

static void tcp_event(int fd, short what, void *arg)
{
	struct try *t = arg;
	int error = 0;
	socklen_t len = sizeof(error);

	if (what & EV_TIMEOUT) {
		try_settle(t, REPLY_NONE, NULL, 0);
	} else if (what & EV_READ) {
		tcp_read(t);
	} else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 || error != 0 ||
	           send(fd, t->query, t->query_len + 2, MSG_NOSIGNAL) != (ssize_t)(t->query_len + 2)) {
		try_settle(t, REPLY_REFUSED, NULL, 0); /* 300 bytes fit into any fresh socket's buffer */
	} else {
		tcp_watch(t, EV_READ, tcp_event);
	}
}

static void tcp_begin(struct try *t)
{
	const struct dns_address *to = &t->ask->to;

	t->fd = socket(to->sa.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (t->fd < 0)
		try_settle(t, reply_of_trouble(errno), NULL, 0);
	else if (connect(t->fd, (const struct sockaddr *)&to->sa, to->len) < 0 && errno != EINPROGRESS)
		try_settle(t, is_no_route(errno) ? REPLY_NO_ROUTE : REPLY_REFUSED, NULL, 0);
	else
		tcp_watch(t, EV_WRITE, tcp_event);
}

static void udp_send(struct try *t)
{
	t->sent++;
	if (is_no_route(-dns_socket_send(t->socket, t->query + 2, t->query_len)))
		try_settle(t, REPLY_NO_ROUTE, NULL, 0); /* anything else counts as a lost datagram */
}

/* A datagram has come. What does not answer our question is not ours, and the wait goes on. */
static void udp_take(struct try *t, const uint8_t *bytes, size_t n)
{
	struct dnswire m;

	if (dnswire_read(bytes, n, &m) < 0 || !m.response || m.id != t->id)
		return;
	if (t->edns && (m.rcode == DNS_FORMERR || m.rcode == DNS_NOTIMP)) {
		t->edns = false; /* a server older than EDNS may not even repeat the question (RFC 6891
		                    section 7) */
		try_write_query(t);
		udp_send(t);
		return;
	}
	if (!dnswire_answers(&m, t->id, &t->ask->name, t->ask->type))
		return;
	udp_leave(t, true);
	if (m.truncated)
		tcp_begin(t);
	else
		try_settle(t, REPLY_MESSAGE, bytes, n);
}

static void udp_heard(void *arg, int error, const uint8_t *bytes, size_t n)
{
	struct try *t = arg;

	if (error == 0)
		udp_take(t, bytes, n);
	else if (error == -ETIMEDOUT && t->sent < TRIES)
		udp_send(t);
	else if (error == -ECONNREFUSED)
		try_settle(t, REPLY_REFUSED, NULL, 0);
	else
		try_settle(t, is_no_route(-error) ? REPLY_NO_ROUTE : REPLY_NONE, NULL, 0);
}

/* Read from the kernel in bulk: each question needs two bytes. */
static uint16_t random_id(struct dns_direct *c)
{
	if (c->n_ids == 0) {
		if (getrandom(c->ids, sizeof(c->ids), 0) != sizeof(c->ids))
			abort(); /* cannot fail for so few bytes on a kernel that has it */
		c->n_ids = ARRAY_SIZE(c->ids);
	}
	return c->ids[--c->n_ids];
}

/* The looks at the selectors of one domain ask for the SOA of its zone at the same moment; every other question is a look's
 * own. */
static struct try *same_question(struct dns_direct *c, const struct dns_ask *a)
{
	if (a->type != DNS_TYPE_SOA)
		return NULL;
	for (struct dns_ask *x = c->asked.first; x; x = x->next)
		if (x->type == a->type && dnswire_name_eq(&x->name, &a->name) && x->to.len == a->to.len &&
		        memcmp(&x->to.sa, &a->to.sa, a->to.len) == 0)
			return x->part;
	return NULL;
}

static void try_begin(struct dns_direct *c, struct dns_ask *a)
{
	struct try *t = same_question(c, a);

	if (t) {
		a->part = t;
		dns_asks_add(&t->others, a);
		return;
	}
	t = xcalloc(1, sizeof(*t));
	dns_asks_init(&t->others);
	t->c = c;
	t->ask = a;
	t->fd = -1;
	t->edns = true;
	a->part = t;
	dns_asks_add(&c->asked, a);
	t->id = random_id(c);
	try_write_query(t);
	int e = dns_socket_take(c->sockets, &a->to, t, &t->socket);
	if (e < 0)
		try_settle(t, reply_of_trouble(-e), NULL, 0);
	else
		udp_send(t);
}

/* Puts queued questions on the wire as far as the window allows. A question that ends at once comes back in
 * here; the flag keeps that from nesting. */
static void direct_fill(struct dns_direct *c)
{
	if (c->filling)
		return;
	c->filling = true;
	while (c->asked.n < WINDOW && c->queued.n > 0)
		try_begin(c, dns_asks_take(&c->queued));
	c->filling = false;
}

void dns_direct_ask(struct dns_direct *c, struct dns_ask *a)
{
	dns_asks_add(&c->queued, a);
	direct_fill(c);
}

void dns_direct_drop(struct dns_direct *c, struct dns_ask *a)
{
	struct try *t = a->part;

	if (!t) {
		dns_asks_remove(&c->queued, a);
	} else if (t->ask == a) {
		dns_asks_remove(&c->asked, a);
		try_free(t);
	} else {
		dns_asks_remove(&t->others, a);
	}
	dns_ask_free(a);
	direct_fill(c);
}

struct dns_direct *dns_direct_new(struct loop *l)
{
	struct dns_direct *c = xcalloc(1, sizeof(*c));

	c->base = loop_base(l);
	c->sockets = dns_sockets_new(l, PATIENCE, udp_heard);
	dns_asks_init(&c->queued);
	dns_asks_init(&c->asked);
	return c;
}

void dns_direct_rest(struct dns_direct *c)
{
	dns_sockets_rest(c->sockets);
}

/* Every look was dropped before, and with it every ask. */
void dns_direct_free(struct dns_direct *c)
{
	dns_sockets_free(c->sockets);
	free(c);
}
