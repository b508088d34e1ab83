/* DNS over TCP, a connection a message. It must never wait longer than its deadline, nor read more than one answer. */
#include "io/dns_update.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "base/util.h"
#include "io/loop.h"

#define PATIENCE (10 * MS_SECOND)

struct dns_exchange {
	struct bufferevent *bev;
	struct timer *deadline;
	bool connected; /* from here on something may have left */
	dns_exchanged *done;
	void *arg;
	char error[160];
};

static void exchange_free(struct dns_exchange *x)
{
	timer_free(x->deadline);
	if (x->bev)
		bufferevent_free(x->bev);
	free(x);
}

static void fail(struct dns_exchange *x, const char *why)
{
	dns_exchanged *done = x->done;
	void *arg = x->arg;
	enum exchange_end end = x->connected ? EXCHANGE_LOST : EXCHANGE_NOT_SENT;
	char error[200];

	str_format(error, sizeof error, "%s", why);
	exchange_free(x);
	done(arg, end, NULL, 0, error);
}

/* The answer stands behind two bytes of its length (RFC 1035 section 4.2.2). */
static void on_read(struct bufferevent *bev, void *arg)
{
	struct dns_exchange *x = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	uint8_t head[2];

	if (evbuffer_copyout(in, head, sizeof head) != sizeof head)
		return;
	size_t n = (size_t)head[0] << 8 | head[1];
	if (evbuffer_get_length(in) < sizeof head + n)
		return;
	uint8_t *bytes = xmalloc(n + 1);
	evbuffer_drain(in, sizeof head);
	evbuffer_remove(in, bytes, n);
	dns_exchanged *done = x->done;
	void *owner = x->arg;
	exchange_free(x);
	done(owner, EXCHANGE_ANSWERED, bytes, n, "");
	free(bytes);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct dns_exchange *x = arg;
	char why[160];

	(void)bev;
	if (what & BEV_EVENT_CONNECTED) {
		x->connected = true;
		return;
	}
	if (what & BEV_EVENT_EOF)
		fail(x, "the server closed the connection without an answer");
	else {
		str_format(why, sizeof why, "%s: %s", x->connected ? "the connection broke" : "no connection",
		        strerror(EVUTIL_SOCKET_ERROR()));
		fail(x, why);
	}
}

static void on_deadline(void *arg)
{
	struct dns_exchange *x = arg;

	if (x->error[0])
		fail(x, x->error);
	else
		fail(x, x->connected ? "no answer within the time" : "no connection within the time");
}

/* The address as the system wants it. */
static socklen_t fill(const struct address *a, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof *ret);
	if (inet_pton(AF_INET, a->host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(a->port);
		return sizeof *v4;
	}
	if (inet_pton(AF_INET6, a->host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(a->port);
		return sizeof *v6;
	}
	return 0;
}

static bool begin(struct dns_exchange *x, const struct address *to, const uint8_t *bytes, size_t n)
{
	const uint8_t head[2] = {(uint8_t)(n >> 8), (uint8_t)n};
	struct sockaddr_storage sa;
	socklen_t len = fill(to, &sa);

	if (len == 0 || n > UINT16_MAX) {
		errno = EINVAL;
		return false;
	}
	bufferevent_setcb(x->bev, on_read, NULL, on_event, x);
	bufferevent_write(x->bev, head, sizeof head);
	bufferevent_write(x->bev, bytes, n);
	bufferevent_enable(x->bev, EV_READ | EV_WRITE);
	return bufferevent_socket_connect(x->bev, (struct sockaddr *)&sa, (int)len) == 0;
}

struct dns_exchange *dns_exchange(struct loop *l, const struct address *to, const uint8_t *bytes, size_t n,
        int64_t timeout_ms, dns_exchanged *done, void *arg)
{
	struct dns_exchange *x = xcalloc(1, sizeof *x);
	int64_t wait = timeout_ms > 0 ? timeout_ms : PATIENCE;

	x->done = done;
	x->arg = arg;
	x->deadline = timer_new(l, on_deadline, x);
	/* Deferred: no callback runs from inside a call of ours. */
	x->bev = bufferevent_socket_new(loop_base(l), -1, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (!x->bev)
		out_of_memory();
	if (!begin(x, to, bytes, n)) {
		str_format(x->error, sizeof x->error, "no connection: %s", strerror(errno));
		bufferevent_disable(x->bev, EV_READ | EV_WRITE);
		bufferevent_setcb(x->bev, NULL, NULL, NULL, NULL);
		wait = 0;
	}
	timer_set(x->deadline, wait, 0);
	return x;
}

void dns_exchange_cancel(struct dns_exchange *x)
{
	exchange_free(x);
}
