/* A web server for test_http.c, on the loop of the test itself, plain or TLS, that misbehaves by path. It counts what
 * it received, because the question is often whether a request came twice. Also: certificates made on the spot. */
#ifndef TEST_WEBSERVER_H
#define TEST_WEBSERVER_H

#include "base/util.h"
#include "io/loop.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct web {
	struct event_base *base;
	struct evconnlistener *listener;
	SSL_CTX *tls; /* NULL = plain */
	unsigned port;
	unsigned connections, requests, posts; /* seen so far; posts: whatever is not a GET */
	struct conn *first;
	bool silent; /* accepts and never says a word */
};

struct conn {
	struct conn *next, **prev;
	struct web *web;
	struct bufferevent *bev;
	struct event *later;
	unsigned requests;
};

static void conn_close(struct conn *c, bool reset)
{
	if (reset) {
		struct linger now = {.l_onoff = 1};

		setsockopt(bufferevent_getfd(c->bev), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	}
	*c->prev = c->next;
	if (c->next)
		c->next->prev = c->prev;
	if (c->later)
		event_free(c->later);
	bufferevent_free(c->bev);
	free(c);
}

static void conn_say(struct conn *c, const char *text)
{
	bufferevent_write(c->bev, text, strlen(text));
}

static void conn_answer(struct conn *c, const char *status, const char *headers, const char *body, size_t len)
{
	evbuffer_add_printf(bufferevent_get_output(c->bev), "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n",
	        status, headers, len);
	bufferevent_write(c->bev, body, len);
}

static void on_conn_later(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	conn_answer(arg, "200 OK", "", "late", 4);
}

static void on_flushed_close(struct bufferevent *bev, void *arg)
{
	(void)bev;
	conn_close(arg, false);
}

/* Closes in good order once everything has left. */
static void conn_finish(struct conn *c)
{
	bufferevent_setcb(c->bev, NULL, on_flushed_close, NULL, c);
}

static void say_chunks(struct conn *c, size_t n)
{
	static char block[1 << 16];

	memset(block, 'x', sizeof(block));
	conn_say(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (size_t i = 0; i < n; i++) {
		conn_say(c, "10000\r\n");
		bufferevent_write(c->bev, block, sizeof(block));
		conn_say(c, "\r\n");
	}
	conn_say(c, "0\r\n\r\n");
}

/* Paths whose answer is always the same text; afterwards the connection is kept, closed in order, or reset. */
enum then { KEEP, FINISH, RESET };

#define OK_LINE "HTTP/1.1 200 OK\r\n"
#define HINTS   "HTTP/1.1 103 Early Hints\r\n"
#define EMPTY   "Content-Length: 0\r\n\r\n"
#define CHUNKED "Transfer-Encoding: chunked\r\n\r\n"

static const struct canned {
	const char *path;
	enum then then;
	const char *text; /* NULL = not a word */
} canned[] = {
        {"/json", KEEP,
                OK_LINE
                "Content-Type: application/json; charset=utf-8\r\nx-ovh-queryid: EU.ext-3.65e35d73\r\n"
                "X-Pagination-Cursor-Next: abc\r\nContent-Length: 7\r\n\r\n{\"a\":1}"},
        {"/nothing", KEEP, "HTTP/1.1 204 No Content\r\n\r\n"},
        {"/interim", KEEP,
                HINTS "X-OVH-QUERYID: early\r\nContent-Type: text/html\r\n\r\n" OK_LINE
                      "Content-Length: 2\r\n\r\nok"},
        {"/trailers", KEEP, OK_LINE CHUNKED "2\r\nok\r\n0\r\nX-Long-Trailer: value\r\n\r\n"},
        {"/wait", KEEP, "HTTP/1.1 429 Slow\r\nRetry-After: 7\r\n" EMPTY},
        {"/wait-long", KEEP, "HTTP/1.1 503 Later\r\nRetry-After: 99999999999\r\n" EMPTY},
        {"/redirect", KEEP, "HTTP/1.1 302 Found\r\nLocation: /json\r\n" EMPTY},
        {"/never", KEEP, ""},
        {"/hang-body", KEEP, OK_LINE "Content-Length: 100\r\n\r\n{\"a\":"},
        {"/reset", RESET, NULL},
        {"/close", FINISH, NULL},
        {"/cut", FINISH, OK_LINE "Content-Length: 100\r\n\r\n{\"a\":"},
        {"/cut-chunks", FINISH, OK_LINE CHUNKED "5\r\n{\"a\":\r\n"},
        {"/cut-header", FINISH, OK_LINE "Content-Le"},
        {"/cut-status", FINISH, OK_LINE},
        {"/cut-interim", FINISH, HINTS "\r\n"},
        {"/cut-after-interim", FINISH, HINTS "\r\n" OK_LINE "X: y\r\n"},
        {"/not-http", FINISH, "SSH-2.0-OpenSSH_9.2\r\n\r\n"},
};

/* True when the connection is gone. */
static bool serve_canned(struct conn *c, const struct canned *k)
{
	if (k->text)
		conn_say(c, k->text);
	if (k->then == KEEP)
		return false;
	if (k->text) {
		conn_finish(c);
		return false;
	}
	conn_close(c, k->then == RESET);
	return true;
}

static void serve_late(struct conn *c)
{
	static const struct timeval soon = {.tv_usec = 20000};

	if (!c->later)
		c->later = evtimer_new(c->web->base, on_conn_later, c);
	evtimer_add(c->later, &soon);
}

/* What the paths do. True when the connection is gone. */
static bool conn_serve(struct conn *c, const char *path, const char *request, size_t len)
{
	static char big[6 << 20];
	char status[64];

	if (c->requests > 1 && str_suffix(path, "-second")) {
		conn_close(c, str_eq(path, "/reset-second"));
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(canned); i++)
		if (str_eq(canned[i].path, path))
			return serve_canned(c, &canned[i]);
	if (str_prefix(path, "/status/")) {
		str_format(status, sizeof(status), "%.3s Words", path + 8);
		conn_answer(c, status, "Content-Type: application/json\r\n", "{\"message\":\"no\"}", 16);
	} else if (str_eq(path, "/chunks")) {
		say_chunks(c, 3);
	} else if (str_eq(path, "/huge-chunks")) {
		say_chunks(c, 80);
	} else if (str_eq(path, "/huge")) {
		conn_answer(c, "200 OK", "", big, sizeof(big));
	} else if (str_eq(path, "/most")) {
		conn_answer(c, "200 OK", "", big, 4 << 20);
	} else if (str_eq(path, "/slow")) {
		serve_late(c);
	} else {
		conn_answer(c, "200 OK", "", request, len);
	}
	return false;
}

/* One request at a time: headers, then Content-Length bytes. */
static void on_conn_read(struct bufferevent *bev, void *arg)
{
	struct conn *c = arg;
	struct evbuffer *in = bufferevent_get_input(bev);

	for (;;) {
		struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);

		if (end.pos < 0 || c->web->silent)
			return;
		size_t head = (size_t)end.pos + 4;
		char *text = (char *)evbuffer_pullup(in, (ssize_t)head), path[512];
		char *copy = xstrndup(text, head), *length = strcasestr(copy, "\r\nContent-Length:");
		size_t body = length ? (size_t)strtoul(length + 17, NULL, 10) : 0;

		free(copy);
		if (evbuffer_get_length(in) < head + body)
			return;
		text = (char *)evbuffer_pullup(in, (ssize_t)(head + body));
		copy = xstrndup(text, head + body);
		if (sscanf(copy, "%*s %511s", path) != 1)
			abort();
		c->requests++;
		c->web->requests++;
		c->web->posts += !str_prefix(copy, "GET ");
		evbuffer_drain(in, head + body);
		bool gone = conn_serve(c, path, copy, head + body);
		free(copy);
		if (gone)
			return;
	}
}

static void on_conn_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		conn_close(arg, false);
}

static void on_accept(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *from, int n, void *arg)
{
	struct web *w = arg;
	struct conn *c = xcalloc(1, sizeof(*c));

	(void)l, (void)from, (void)n;
	c->web = w;
	c->bev = w->tls ? bufferevent_openssl_socket_new(w->base, fd, SSL_new(w->tls),
	                          BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE)
	                : bufferevent_socket_new(w->base, fd, BEV_OPT_CLOSE_ON_FREE);
	c->next = w->first;
	c->prev = &w->first;
	if (c->next)
		c->next->prev = &c->next;
	w->first = c;
	w->connections++;
	bufferevent_setcb(c->bev, on_conn_read, NULL, on_conn_event, c);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

static void web_open(struct web *w, struct loop *l, SSL_CTX *tls)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof(any);

	*w = (struct web){.base = loop_base(l), .tls = tls};
	w->listener = evconnlistener_new_bind(w->base, on_accept, w,
	        LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, -1, (struct sockaddr *)&any, sizeof(any));
	if (!w->listener || getsockname(evconnlistener_get_fd(w->listener), (struct sockaddr *)&any, &n) < 0)
		abort();
	w->port = ntohs(any.sin_port);
}

static void web_close(struct web *w)
{
	while (w->first)
		conn_close(w->first, false);
	if (w->listener)
		evconnlistener_free(w->listener);
	if (w->tls)
		SSL_CTX_free(w->tls);
	*w = (struct web){0};
}

/* ---- certificates ---- */

static void cert_extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	if (!e || !X509_add_ext(cert, e, -1))
		abort();
	X509_EXTENSION_free(e);
}

/* A certificate for `names` ("DNS:..,IP:..", NULL = it is a CA), signed by itself or by the CA. days < 0 = expired. */
static X509 *cert_new(EVP_PKEY *key, X509 *ca, EVP_PKEY *ca_key, const char *cn, const char *names, int days)
{
	static long serial;
	X509 *cert = X509_new();

	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(cert), -30 * 86400);
	X509_gmtime_adj(X509_getm_notAfter(cert), days * 86400L);
	X509_NAME_add_entry_by_txt(
	        X509_get_subject_name(cert), "CN", MBSTRING_ASC, (const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(ca ? ca : cert));
	X509_set_pubkey(cert, key);
	cert_extend(cert, ca ? ca : cert, NID_basic_constraints, names ? "CA:FALSE" : "critical,CA:TRUE");
	if (names)
		cert_extend(cert, ca, NID_subject_alt_name, names);
	else
		cert_extend(cert, cert, NID_key_usage, "critical,keyCertSign,cRLSign");
	if (!X509_sign(cert, ca ? ca_key : key, EVP_sha256()))
		abort();
	return cert;
}

/* A server context, and its CA written to ca_path. */
static inline SSL_CTX *tls_new(const char *ca_path, const char *names, int days)
{
	EVP_PKEY *ca_key = EVP_EC_gen("P-256"), *key = EVP_EC_gen("P-256");
	X509 *ca = cert_new(ca_key, NULL, NULL, "Test CA", NULL, 2);
	X509 *cert = cert_new(key, ca, ca_key, "server", names, days);
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	FILE *f = fopen(ca_path, "w");

	if (!f || !PEM_write_X509(f, ca) || fclose(f) != 0)
		abort();
	if (SSL_CTX_use_certificate(ctx, cert) != 1 || SSL_CTX_use_PrivateKey(ctx, key) != 1)
		abort();
	X509_free(cert);
	X509_free(ca);
	EVP_PKEY_free(key);
	EVP_PKEY_free(ca_key);
	return ctx;
}

#endif
