/* The sockets of the simulator's name servers. It must never answer what the world keeps silent about, nor
 * hold up HTTP: each wake-up reads a bounded number of packets. */
#include "dnsd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dnspacket.h"
#include "meter.h"
#include "out.h"
#include "resolve.h"

enum { SERVERS_MAX = 32, BATCH = 64, PORT_TRIES = 100, TCP_IDLE_S = 30, SOCKET_BUFFER = 4 << 20 };

struct dns_server {
	struct dnsd *dnsd;
	unsigned index;
	int udp;
	struct event *readable;
	struct evconnlistener *listener;
};

struct tcp_client {
	struct dns_server *server;
	struct bufferevent *bev;
	struct tcp_client *next, **at;
};

struct dnsd {
	struct sim *sim;
	int port;
	unsigned n;
	struct dns_server servers[SERVERS_MAX];
	struct tcp_client *clients;
	uint8_t out[DNS_MESSAGE_MAX];
};

/* Fills rrs as the switch `resolver` or the world has it. false: silence. */
static bool look_up(struct dns_server *server, const struct dns_query *q, struct world_rrs *ret)
{
	struct sim *s = server->dnsd->sim;

	if (q->rd && s->knobs.resolver == RESOLVER_SILENT)
		return false;
	if (q->rd && s->knobs.resolver != RESOLVER_OK)
		ret->rcode = s->knobs.resolver == RESOLVER_REFUSED ? WORLD_REFUSED : WORLD_SERVFAIL;
	else if (q->rd)
		resolve(s, server->index, server->dnsd->n, q->name, q->type, ret);
	else
		world_dns(s->world, sim_now(s), server->index, q->name, q->type, ret);
	return ret->rcode != WORLD_SILENT;
}

/* Makes the answer in dnsd->out. Returns its length, 0 = none. */
static size_t answer(struct dns_server *server, const uint8_t *p, size_t n, bool tcp)
{
	struct dnsd *d = server->dnsd;
	struct world_rrs rrs;
	struct dns_query q;
	size_t len = 0;

	meter_dns(d->sim->meter, tcp);
	world_rrs_init(&rrs, WORLD_NOERROR, false);
	if (!dnspacket_parse(p, n, &q))
		return 0;
	if (q.rcode || look_up(server, &q, &rrs))
		len = dnspacket_answer(&q, &rrs, tcp ? DNS_MESSAGE_MAX : q.edns_size, d->out);
	world_rrs_free(&rrs);
	return len;
}

static void on_udp(evutil_socket_t fd, short what, void *arg)
{
	struct dns_server *server = arg;
	uint8_t packet[4096];

	(void)what;
	for (int i = 0; i < BATCH; i++) {
		struct sockaddr_in from;
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(fd, packet, sizeof(packet), 0, (struct sockaddr *)&from, &from_len);
		size_t len;

		if (n < 0)
			return;
		len = answer(server, packet, (size_t)n, false);
		if (len)
			sendto(fd, server->dnsd->out, len, 0, (struct sockaddr *)&from, from_len);
	}
}

static void client_free(struct tcp_client *c)
{
	*c->at = c->next;
	if (c->next)
		c->next->at = c->at;
	bufferevent_free(c->bev);
	free(c);
}

static void on_tcp(struct bufferevent *bev, void *arg)
{
	struct tcp_client *c = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	uint8_t head[2];

	while (evbuffer_copyout(in, head, 2) == 2) {
		size_t n = (size_t)head[0] << 8 | head[1], len;
		uint8_t *p;

		if (evbuffer_get_length(in) < n + 2)
			return;
		p = evbuffer_pullup(in, (ssize_t)n + 2);
		len = answer(c->server, p + 2, n, true);
		evbuffer_drain(in, n + 2);
		if (!len)
			continue;
		head[0] = (uint8_t)(len >> 8);
		head[1] = (uint8_t)len;
		bufferevent_write(bev, head, 2);
		bufferevent_write(bev, c->server->dnsd->out, len);
	}
}

static void on_tcp_end(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	(void)what;
	client_free(arg);
}

static void on_accept(
        struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *from, int from_len, void *arg)
{
	struct dns_server *server = arg;
	struct dnsd *d = server->dnsd;
	struct timeval idle = {TCP_IDLE_S, 0};
	struct tcp_client *c = must(calloc(1, sizeof(*c)));

	(void)l;
	(void)from;
	(void)from_len;
	c->server = server;
	c->bev = must(bufferevent_socket_new(d->sim->base, fd, BEV_OPT_CLOSE_ON_FREE));
	c->next = d->clients;
	c->at = &d->clients;
	if (c->next)
		c->next->at = &c->next;
	d->clients = c;
	bufferevent_setcb(c->bev, on_tcp, NULL, on_tcp_end, c);
	bufferevent_set_timeouts(c->bev, &idle, &idle);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

static struct sockaddr_in server_address(unsigned index, int port)
{
	return (struct sockaddr_in){
	        .sin_family = AF_INET,
	        .sin_port = htons((uint16_t)port),
	        .sin_addr.s_addr = htonl(INADDR_LOOPBACK + index),
	};
}

static void server_close(struct dns_server *server)
{
	if (server->readable)
		event_free(server->readable);
	if (server->listener)
		evconnlistener_free(server->listener);
	if (server->udp >= 0)
		close(server->udp);
	*server = (struct dns_server){.udp = -1};
}

/* Opens one server's two sockets on the port, or neither. *port 0 becomes the one the kernel gave. */
static bool server_open(struct dnsd *d, unsigned index, int *port)
{
	struct dns_server *server = &d->servers[index];
	struct sockaddr_in at = server_address(index, *port);
	socklen_t len = sizeof(at);
	int size = SOCKET_BUFFER;

	*server = (struct dns_server){.dnsd = d, .index = index};
	server->udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (server->udp < 0 || bind(server->udp, (struct sockaddr *)&at, sizeof(at)) < 0 ||
	        getsockname(server->udp, (struct sockaddr *)&at, &len) < 0)
		goto fail;
	if (setsockopt(server->udp, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(server->udp, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	server->listener = evconnlistener_new_bind(d->sim->base, on_accept, server,
	        LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_EXEC, BATCH,
	        (struct sockaddr *)&at, sizeof(at));
	if (!server->listener)
		goto fail;
	server->readable = must(event_new(d->sim->base, server->udp, EV_READ | EV_PERSIST, on_udp, server));
	event_add(server->readable, NULL);
	*port = ntohs(at.sin_port);
	return true;
fail:
	server_close(server);
	return false;
}

/* All servers on one port; undone again when one of them cannot have it. */
static bool servers_open(struct dnsd *d, int port, unsigned servers)
{
	while (d->n < servers) {
		if (server_open(d, d->n, &port)) {
			d->n++;
			continue;
		}
		while (d->n)
			server_close(&d->servers[--d->n]);
		return false;
	}
	d->port = port;
	return true;
}

struct dnsd *dnsd_new(struct sim *s, int port, unsigned servers)
{
	struct dnsd *d = must(calloc(1, sizeof(*d)));

	if (servers < 1 || servers > SERVERS_MAX)
		die("--servers: 1 to %d", SERVERS_MAX);
	d->sim = s;
	for (int i = 0; !servers_open(d, port, servers); i++)
		if (port || i == PORT_TRIES)
			die("cannot listen on 127.0.0.1:%d for DNS: %s", port, strerror(errno));
	return d;
}

void dnsd_free(struct dnsd *d)
{
	if (!d)
		return;
	for (struct tcp_client *c = d->clients, *next; c; c = next) {
		next = c->next;
		bufferevent_free(c->bev);
		free(c);
	}
	while (d->n)
		server_close(&d->servers[--d->n]);
	free(d);
}

int dnsd_port(const struct dnsd *d)
{
	return d->port;
}
