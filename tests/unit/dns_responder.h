/* A name server of a few lines for test_dns.c: it answers from a table on several loopback addresses at one port,
 * over UDP and TCP, in the test's own event loop, and it can misbehave in every way that a look must survive. */
#ifndef TESTS_UNIT_DNS_RESPONDER_H
#define TESTS_UNIT_DNS_RESPONDER_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "dns_message.h"

/* Who serves a record: bit 0 is the resolver (127.0.0.10), bits 1 to 4 are 127.0.0.1 to 127.0.0.4, bit 5 is ::1. */
enum { RESOLVER = 1, AT1 = 2, AT2 = 4, AT3 = 8, AT4 = 16, AT6 = 32, ALL = 63 };
#define SERVERS 6

enum manner {
	HONEST,
	SILENT,
	DEAF_ONCE, /* the first datagram of each name is lost */
	SERVFAIL,
	REFUSED,
	LAME,       /* without AA */
	REFERRAL,   /* no AA, no answer, an NS in authority */
	TRUNCATING, /* over UDP: TC and no answer */
	HALF_TCP,   /* TC, and over TCP the connection closes within the answer */
	WRONG_ID,   /* a forged answer (to nowhere.example) with another id comes first */
	WRONG_NAME, /* the same, with the right id and another question */
	GARBAGE,    /* bytes that are no message come first */
	NO_EDNS,    /* FORMERR to anything with an OPT, without a question */
};

struct responder;
struct listening {
	struct responder *responder;
	unsigned server;
};

struct responder {
	struct event_base *base;
	uint16_t port;
	int udp[SERVERS], tcp[SERVERS];
	struct event *events[2 * SERVERS];
	struct listening listening[SERVERS];
	enum manner manner[SERVERS];
	const struct row *rows;
	size_t n;
	unsigned seen[SERVERS], seen_tcp; /* questions */
	unsigned seen_types[SERVERS][32]; /* over UDP, by type */
	char deaf_to[16][256];
	unsigned n_deaf;
};

/* The SOA of the longest zone around a name, as a denial needs it. */
static const struct row *zone_of(const struct responder *s, unsigned server, const char *name)
{
	const struct row *best = NULL;

	for (size_t i = 0; i < s->n; i++) {
		const struct row *row = &s->rows[i];
		size_t z = strlen(row->owner), m = strlen(name);
		if (row->type == SOA && (row->at & 1u << server) && m >= z &&
		        !strcmp(name + m - z, row->owner) && (m == z || name[m - z - 1] == '.') &&
		        (!best || z > strlen(best->owner)))
			best = row;
	}
	return best;
}

/* Answers from the table, CNAMEs followed as a resolver does. */
static void reply_records(
        const struct responder *s, unsigned server, const char *asked, unsigned type, struct reply_bytes *r)
{
	char name[256];
	bool found = false, exists = false, again = true;

	snprintf(name, sizeof(name), "%s", asked);
	for (unsigned hops = 0; again && hops < 20; hops++) {
		again = found = exists = false;
		char next[256] = "";
		for (size_t i = 0; i < s->n; i++) {
			const struct row *row = &s->rows[i];
			if (!(row->at & 1u << server) || strcmp(row->owner, name) != 0)
				continue;
			exists = true;
			if (row->type == type) {
				found = true;
				reply_row(r, row, 6);
			} else if (row->type == CNAME && hops < 8) {
				reply_row(r, row, 6);
				snprintf(next, sizeof(next), "%s", row->data);
				again = true;
			}
		}
		if (again)
			snprintf(name, sizeof(name), "%s", next);
	}
	const struct row *zone = zone_of(s, server, name);
	if (!found && zone) {
		struct row soa = *zone;
		if ((unsigned)strtoul(soa.data, NULL, 10) < soa.ttl)
			soa.ttl = (unsigned)strtoul(soa.data, NULL, 10);
		reply_row(r, &soa, 8);
	}
	if (!exists && !found)
		r->b[3] = (uint8_t)(r->b[3] | 3);
}

static void reply_build(
        struct responder *s, unsigned server, const uint8_t *q, size_t n, bool tcp, struct reply_bytes *r)
{
	char name[256];
	size_t len = question_name(q, n, name);
	enum manner m = s->manner[server];
	const struct row up = {ALL, "example", NS, 60, "ns.elsewhere.example"};

	memset(r->b, 0, 12);
	memcpy(r->b, q, 2);
	memcpy(r->b + 12, q + 12, len);
	r->n = 12 + len;
	r->b[2] = (uint8_t)(0x84 | (q[2] & 1));
	r->b[3] = 0x80;
	r->b[5] = 1;
	if (m == SERVFAIL || m == REFUSED) {
		r->b[3] = (uint8_t)(0x80 | (m == SERVFAIL ? 2 : 5));
		return;
	}
	if (m == NO_EDNS && q[11]) {
		r->n = 12;
		r->b[5] = 0;
		r->b[3] = 1;
		return;
	}
	if ((m == TRUNCATING || m == HALF_TCP) && !tcp) {
		r->b[2] |= 2;
		return;
	}
	if (m == LAME || m == REFERRAL)
		r->b[2] = (uint8_t)(r->b[2] & ~4);
	if (m == REFERRAL)
		reply_row(r, &up, 8);
	else
		reply_records(s, server, name, question_type(q, n), r);
}

/* What an attacker would send: the same question, another truth. */
static void send_forgery(struct responder *s, unsigned server, const struct reply_bytes *honest,
        const struct sockaddr *to, socklen_t to_len)
{
	struct reply_bytes r;
	const enum manner m = s->manner[server];

	memcpy(&r, honest, sizeof(r));
	r.b[3] = 3;
	r.b[7] = r.b[9] = 0;
	char name[256];
	r.n = 12 + question_name(r.b, r.n, name);
	if (m == WRONG_ID)
		r.b[0] ^= 0x55;
	else if (m == WRONG_NAME)
		r.b[13] ^= 1;
	else
		r.n = 7;
	sendto(s->udp[server], r.b, r.n, 0, to, to_len);
}

static bool is_deaf(struct responder *s, const uint8_t *q, size_t n)
{
	char name[256];

	question_name(q, n, name);
	for (unsigned i = 0; i < s->n_deaf; i++)
		if (!strcmp(s->deaf_to[i], name))
			return false;
	if (s->n_deaf < 16)
		snprintf(s->deaf_to[s->n_deaf++], 256, "%s", name);
	return true;
}

static unsigned server_of(const struct responder *s, int fd)
{
	for (unsigned i = 0; i < SERVERS; i++)
		if (s->udp[i] == fd || s->tcp[i] == fd)
			return i;
	abort();
}

static void responder_udp(int fd, short what, void *arg)
{
	struct responder *s = arg;
	unsigned server = server_of(s, fd);
	struct sockaddr_storage from;
	socklen_t len = sizeof(from);
	uint8_t q[4096];
	static struct reply_bytes r;

	(void)what;
	ssize_t n = recvfrom(fd, q, sizeof(q), 0, (struct sockaddr *)&from, &len);
	if (n < 17)
		return;
	s->seen[server]++;
	s->seen_types[server][question_type(q, (size_t)n) % 32]++;
	enum manner m = s->manner[server];
	if (m == SILENT || (m == DEAF_ONCE && is_deaf(s, q, (size_t)n)))
		return;
	reply_build(s, server, q, (size_t)n, false, &r);
	if (m == WRONG_ID || m == WRONG_NAME || m == GARBAGE)
		send_forgery(s, server, &r, (struct sockaddr *)&from, len);
	if (r.n > 1232) {
		r.b[2] |= 2;
		r.b[7] = r.b[9] = 0;
		r.n = 12 + question_name(q, (size_t)n, (char[256]){0});
	}
	sendto(fd, r.b, r.n, 0, (struct sockaddr *)&from, len);
}

/* The query comes in one piece on loopback. */
static void responder_tcp_read(int c, short what, void *arg)
{
	struct listening *l = arg;
	struct responder *s = l->responder;
	uint8_t q[4096], head[2];
	static struct reply_bytes r;
	ssize_t n = recv(c, q, sizeof(q), MSG_DONTWAIT);

	(void)what;
	if (n > 19) {
		reply_build(s, l->server, q + 2, (size_t)n - 2, true, &r);
		head[0] = (uint8_t)(r.n >> 8);
		head[1] = (uint8_t)r.n;
		send(c, head, 1, MSG_NOSIGNAL); /* in pieces, as TCP may */
		send(c, head + 1, 1, MSG_NOSIGNAL);
		send(c, r.b, s->manner[l->server] == HALF_TCP ? r.n / 2 : r.n, MSG_NOSIGNAL);
	}
	close(c);
}

static void responder_tcp(int fd, short what, void *arg)
{
	struct responder *s = arg;
	int c = accept(fd, NULL, NULL);

	(void)what;
	if (c < 0)
		return;
	s->seen_tcp++;
	event_base_once(s->base, c, EV_READ, responder_tcp_read, &s->listening[server_of(s, fd)], NULL);
}

static int responder_bind(unsigned server, int kind, uint16_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 in6 = {
	        .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = in6addr_loopback};
	int one = 1, fd = socket(server == 5 ? AF_INET6 : AF_INET, kind | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	in.sin_addr.s_addr = htonl(0x7f000000u | (server ? server : 10));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	int r = server == 5 ? bind(fd, (struct sockaddr *)&in6, sizeof(in6))
	                    : bind(fd, (struct sockaddr *)&in, sizeof(in));
	if (r < 0 || (kind == SOCK_STREAM && listen(fd, 64) < 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

static uint16_t free_port(void)
{
	struct sockaddr_in in;
	socklen_t len = sizeof(in);
	int fd = responder_bind(0, SOCK_STREAM, 0);

	if (fd < 0 || getsockname(fd, (struct sockaddr *)&in, &len) < 0)
		abort();
	close(fd);
	return ntohs(in.sin_port);
}

static bool responder_bind_all(struct responder *s)
{
	bool all = true;

	for (unsigned i = 0; i < SERVERS; i++) {
		s->udp[i] = responder_bind(i, SOCK_DGRAM, s->port);
		s->tcp[i] = responder_bind(i, SOCK_STREAM, s->port);
		all = all && ((s->udp[i] >= 0 && s->tcp[i] >= 0) || i == 5); /* ::1 may not exist here */
	}
	return all;
}

static void responder_stop(struct responder *s)
{
	for (unsigned i = 0; i < 2 * SERVERS; i++) {
		if (s->events[i])
			event_free(s->events[i]);
		s->events[i] = NULL;
		int *fd = i % 2 ? &s->tcp[i / 2] : &s->udp[i / 2];
		if (*fd >= 0)
			close(*fd);
		*fd = -1;
	}
}

/* One port free on all addresses: a few tries find it. */
static void responder_start(struct responder *s, struct event_base *base)
{
	memset(s, 0, sizeof(*s));
	s->base = base;
	for (int tries = 0;; tries++) {
		s->port = free_port();
		if (responder_bind_all(s))
			break;
		responder_stop(s);
		if (tries == 20)
			abort();
	}
	for (unsigned i = 0; i < SERVERS; i++) {
		s->listening[i] = (struct listening){s, i};
		if (s->udp[i] < 0 || s->tcp[i] < 0)
			continue;
		s->events[2 * i] = event_new(base, s->udp[i], EV_READ | EV_PERSIST, responder_udp, s);
		s->events[2 * i + 1] = event_new(base, s->tcp[i], EV_READ | EV_PERSIST, responder_tcp, s);
		event_add(s->events[2 * i], NULL);
		event_add(s->events[2 * i + 1], NULL);
	}
}

/* One server's port closes: what is sent there comes back as refused. */
static inline void responder_close(struct responder *s, unsigned server)
{
	event_free(s->events[2 * server]);
	event_free(s->events[2 * server + 1]);
	s->events[2 * server] = s->events[2 * server + 1] = NULL;
	close(s->udp[server]);
	close(s->tcp[server]);
	s->udp[server] = s->tcp[server] = -1;
}

#endif
