/* UDP sockets for questions to authoritative servers. A pass asks the same few servers thousands of times, and a socket
 * costs more than a question; so one whose question was answered as it should be may take another of the same address,
 * a few times and for a moment. What RFC 5452 section 9.2 asks for stays: the kernel chooses each source port at
 * random, and questions that are out at the same time have different ones, for a socket has one question at a time.
 * Who guesses from afar has the same chance at each question; who would search for a port finds it closed. It must
 * never give a question a socket on which something of an earlier one may still arrive. */
#include "io/dns_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/util.h"
#include "io/loop.h"

#define USES      16        /* questions that a socket takes */
#define LIFE      MS_SECOND /* and how long it takes new ones */
#define IDLE_MOST 64

struct dns_socket {
	struct dns_sockets *pool;
	struct dns_socket *next; /* among the idle ones */
	struct dns_address to;
	struct event *ev;
	int fd;
	unsigned uses;
	int64_t since; /* boot clock */
	void *arg;     /* of the question that is out; NULL = idle */
};

struct dns_sockets {
	struct loop *loop;
	struct timeval patience;
	dns_heard *heard;
	struct dns_socket *idle;
	unsigned n_idle;
};

static void socket_close(struct dns_socket *s)
{
	if (s->ev)
		event_free(s->ev);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

static void idle_remove(struct dns_socket *s)
{
	struct dns_socket **at = &s->pool->idle;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	s->pool->n_idle--;
}

static void socket_event(int fd, short what, void *arg)
{
	struct dns_socket *s = arg;
	uint8_t bytes[4096];

	if (what & EV_TIMEOUT) {
		if (s->arg)
			s->pool->heard(s->arg, -ETIMEDOUT, NULL, 0);
		return;
	}
	ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (s->arg) {
		s->pool->heard(s->arg, n < 0 ? -errno : 0, bytes, n < 0 ? 0 : (size_t)n);
	} else { /* nobody asked: whatever it is, the port is known to somebody */
		idle_remove(s);
		socket_close(s);
	}
}

static bool same_address(const struct dns_address *a, const struct dns_address *b)
{
	return a->len == b->len && memcmp(&a->sa, &b->sa, a->len) == 0;
}

/* An idle socket of this address that may take one more question. Those that may not are closed on the way. */
static struct dns_socket *idle_take(struct dns_sockets *p, const struct dns_address *to)
{
	int64_t now = loop_boot(p->loop);

	for (struct dns_socket *s = p->idle, *next; s; s = next) {
		next = s->next;
		if (now - s->since >= LIFE) {
			idle_remove(s);
			socket_close(s);
		} else if (same_address(&s->to, to)) {
			idle_remove(s);
			return s;
		}
	}
	return NULL;
}

static int socket_open(struct dns_sockets *p, const struct dns_address *to, struct dns_socket **ret_socket)
{
	struct dns_socket *s = xcalloc(1, sizeof(*s));
	int e = 0;

	*s = (struct dns_socket){.pool = p, .to = *to, .since = loop_boot(p->loop)};
	s->fd = socket(to->sa.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || connect(s->fd, (const struct sockaddr *)&to->sa, to->len) < 0) {
		e = -errno;
		socket_close(s);
		return e;
	}
	s->ev = event_new(loop_base(p->loop), s->fd, EV_READ | EV_PERSIST, socket_event, s);
	if (!s->ev)
		abort(); /* libevent has run out of memory */
	*ret_socket = s;
	return 0;
}

int dns_socket_take(
        struct dns_sockets *p, const struct dns_address *to, void *arg, struct dns_socket **ret_socket)
{
	struct dns_socket *s = idle_take(p, to);

	if (!s) {
		int e = socket_open(p, to, &s);

		if (e < 0 || !s)
			return e;
	}
	s->arg = arg;
	s->uses++;
	*ret_socket = s;
	return 0;
}

int dns_socket_send(struct dns_socket *s, const uint8_t *bytes, size_t n)
{
	if (event_add(s->ev, &s->pool->patience) < 0)
		abort(); /* libevent has run out of memory */
	return send(s->fd, bytes, n, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

void dns_socket_leave(struct dns_socket *s, bool clean)
{
	struct dns_sockets *p = s->pool;

	s->arg = NULL;
	if (!clean || s->uses >= USES || p->n_idle >= IDLE_MOST) {
		socket_close(s);
		return;
	}
	event_remove_timer(s->ev);
	s->next = p->idle;
	p->idle = s;
	p->n_idle++;
}

void dns_sockets_rest(struct dns_sockets *p)
{
	while (p->idle) {
		struct dns_socket *s = p->idle;

		idle_remove(s);
		socket_close(s);
	}
}

struct dns_sockets *dns_sockets_new(struct loop *l, long patience_s, dns_heard *heard)
{
	struct dns_sockets *p = xcalloc(1, sizeof(*p));

	*p = (struct dns_sockets){.loop = l, .patience = {.tv_sec = patience_s}, .heard = heard};
	return p;
}

void dns_sockets_free(struct dns_sockets *p)
{
	if (!p)
		return;
	dns_sockets_rest(p);
	free(p);
}
