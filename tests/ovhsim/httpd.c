/* HTTP for the world: reads a request, finds out who asks, lets the world (or the shell's own pages) answer,
 * and does to the answer what its fault says. It must never start anything from a request that it has not
 * answered, and never normalise what was signed. */
#include "httpd.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "meter.h"
#include "out.h"
#include "pages.h"
#include "sender.h"

enum { BODY_MAX = 4 << 20, HEADERS_MAX = 64 << 10, BACKLOG = 1024, FAULT_DELAY_MS = 3000 };

struct httpd {
	struct sim *sim;
	struct evhttp *http;
	SSL_CTX *tls; /* NULL: plain */
	int port;
	struct sender sender;
};

/* ---- answering ---- */

/* The switch auth_fault: transport faults where the world does not reach. */
static void auth_fault(struct sim *s, struct world_answer *a)
{
	static const char html[] = "<html><body><h1>503 Service Unavailable</h1></body></html>\n";

	if (!sim_chance(s, s->knobs.auth_fault))
		return;
	switch (sim_random(s) % 6) {
	case 0:
		a->fault = WORLD_RESET;
		return;
	case 1:
		a->fault = WORLD_SLOW;
		a->delay_ms = FAULT_DELAY_MS;
		return;
	case 2:
		a->fault = WORLD_TRUNCATED;
		return;
	case 3:
		free(a->body);
		reply_text(a, 503, "text/html", must(strdup(html)));
		return;
	case 4:
		free(a->body);
		reply_text(a, 500, REPLY_JSON,
		        must(strdup("{\"class\":\"Server::InternalServerError\",\"message\":\"Internal "
		                    "server error\"}")));
		return;
	default:
		free(a->body);
		reply_text(a, 429, REPLY_JSON,
		        must(strdup("{\"class\":\"Client::TooManyRequests\",\"message\":\"Too many "
		                    "requests\"}")));
		a->retry_after = 2;
	}
}

static void ask_world(struct sim *s, const struct incoming *in, const char *account, struct world_answer *ret)
{
	struct world_request q = {
	        .account = account,
	        .method = in->method,
	        .path = in->path,
	        .body = in->body_len ? in->body : NULL,
	        .body_len = in->body_len,
	        .page_size = in->page_size ? (int)strtol(in->page_size, NULL, 10) : 0,
	        .page_cursor = in->page_cursor,
	};

	world_request(s->world, sim_now(s), &q, ret);
}

/* Finds the answer. ret_account: who asked, NULL = nobody known. */
static void answer(
        struct sim *s, const struct incoming *in, const char **ret_account, struct world_answer *ret)
{
	const char *route = path_route(in->path);
	enum meter_kind kind = METER_API;
	struct auth_pass pass = {0};

	*ret_account = NULL;
	if (!strncmp(in->path, "/_sim/", 6)) {
		control_answer(s, in, ret);
		return;
	}
	if (path_is(in->path, "/auth/oauth2/token")) {
		oauth2_token(s, in, ret_account, ret);
		kind = METER_TOKEN;
	} else if (!strncmp(route, "/auth/", 6)) {
		authpages_answer(s, in, route, ret_account, ret);
		kind = METER_AUTH;
	} else if (!auth_check(s, in, true, &pass, ret)) {
		*ret_account = pass.account ? pass.account->name : NULL;
		kind = METER_REFUSED;
	} else {
		*ret_account = pass.account->name;
		ask_world(s, in, *ret_account, ret);
	}
	if (kind == METER_TOKEN || kind == METER_AUTH)
		auth_fault(s, ret);
	if (kind != METER_API) /* the world gives its own, or none when told to */
		sim_query_id(s, ret->query_id);
	meter_request(s->meter, sim_now(s), *ret_account, kind);
}

static void log_request(
        struct sim *s, const struct incoming *in, const char *account, const struct world_answer *a)
{
	static const char *const faults[] = {
	        [WORLD_ANSWER] = "none",
	        [WORLD_RESET] = "reset",
	        [WORLD_SLOW] = "slow",
	        [WORLD_TRUNCATED] = "truncated",
	};
	struct out o = {0};

	if (!s->log)
		return;
	out_printf(&o, "{\"at\":%lld,\"account\":", (long long)sim_now(s));
	out_json(&o, account);
	out_printf(&o, ",\"method\":\"%s\",\"path\":", in->method);
	out_json(&o, in->path);
	if (in->body_len && !path_is(in->path, "/auth/oauth2/token")) {
		out_puts(&o, ",\"body\":");
		out_json(&o, in->body);
	}
	out_printf(&o, ",\"status\":%d,\"fault\":\"%s\",\"query_id\":\"%s\"}\n", a->status, faults[a->fault],
	        a->query_id);
	fwrite(o.data, 1, o.len, s->log);
	out_free(&o);
}

static const char *method_name(enum evhttp_cmd_type type)
{
	switch (type) {
	case EVHTTP_REQ_GET:
		return "GET";
	case EVHTTP_REQ_POST:
		return "POST";
	case EVHTTP_REQ_PUT:
		return "PUT";
	case EVHTTP_REQ_DELETE:
		return "DELETE";
	default:
		return "PATCH";
	}
}

static const char *path_of(const char *uri)
{
	const char *authority = uri[0] == '/' ? NULL : strstr(uri, "://");
	const char *path = authority ? strchr(authority + 3, '/') : uri;

	return path ? path : "/";
}

/* The headers that anybody here asks for. The first of a name counts. */
static void read_headers(const struct evkeyvalq *headers, struct incoming *in)
{
	const struct {
		const char *name;
		const char **value;
	} wanted[] = {
	        {"Host", &in->host},
	        {"Content-Type", &in->content_type},
	        {"Authorization", &in->authorization},
	        {"X-Ovh-Application", &in->application},
	        {"X-Ovh-Consumer", &in->consumer},
	        {"X-Ovh-Timestamp", &in->timestamp},
	        {"X-Ovh-Signature", &in->signature},
	        {"X-Pagination-Size", &in->page_size},
	        {"X-Pagination-Cursor", &in->page_cursor},
	};
	const struct evkeyval *h;

	TAILQ_FOREACH(h, headers, next)
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (!*wanted[i].value && !strcasecmp(h->key, wanted[i].name))
			*wanted[i].value = h->value;
}

static void on_request(struct evhttp_request *req, void *arg)
{
	struct httpd *h = arg;
	struct evbuffer *buffer = evhttp_request_get_input_buffer(req);
	size_t len = evbuffer_get_length(buffer);
	char *body = must(malloc(len + 1));
	const char *account;
	struct world_answer a = {0};
	struct incoming in = {
	        .tls = h->tls != NULL,
	        .method = method_name(evhttp_request_get_command(req)),
	        .uri = evhttp_request_get_uri(req),
	        .body = body,
	        .body_len = len,
	};

	read_headers(evhttp_request_get_input_headers(req), &in);
	evbuffer_copyout(buffer, body, len);
	body[len] = 0;
	in.path = path_of(in.uri);
	answer(h->sim, &in, &account, &a);
	log_request(h->sim, &in, account, &a);
	free(body);
	send_answer(&h->sender, req, &a);
}

/* ---- listening ---- */

static struct bufferevent *on_connection(struct event_base *base, void *arg)
{
	struct httpd *h = arg;

	meter_connection(h->sim->meter);
	evhttp_set_timeout(
	        h->http, (int)(h->sim->knobs.keep_alive / 1000)); /* taken over by this connection */
	if (!h->tls)
		return bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	return bufferevent_openssl_socket_new(
	        base, -1, SSL_new(h->tls), BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
}

static SSL_CTX *tls_open(const char *cert, const char *key)
{
	SSL_CTX *ctx = must(SSL_CTX_new(TLS_server_method()));

	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1 ||
	        SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)
		die("cannot use %s and %s: %s", cert, key, ERR_reason_error_string(ERR_get_error()));
	return ctx;
}

/* ADDR:PORT; libevent's own reader refuses port 0. */
static void parse_address(const char *text, struct sockaddr_storage *at, int *len)
{
	const char *colon = strrchr(text, ':');
	char host[64], *end = NULL;
	unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;

	if (!colon || end == colon + 1 || *end || port > 65535 || (size_t)(colon - text) >= sizeof(host))
		die("%s is not ADDR:PORT", text);
	snprintf(host, sizeof(host), "%.*s", (int)(colon - text), text);
	if (evutil_parse_sockaddr_port(host, (struct sockaddr *)at, len) < 0)
		die("%s is not ADDR:PORT", text);
	if (at->ss_family == AF_INET6)
		((struct sockaddr_in6 *)at)->sin6_port = htons((uint16_t)port);
	else
		((struct sockaddr_in *)at)->sin_port = htons((uint16_t)port);
}

static void listen_on(struct httpd *h, const char *address)
{
	struct sockaddr_storage at = {0};
	int len = sizeof(at), on = 1, fd;
	socklen_t got = sizeof(at);
	struct evconnlistener *l;

	parse_address(address, &at, &len);
	l = evconnlistener_new_bind(h->sim->base, NULL, NULL,
	        LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_EXEC, BACKLOG,
	        (struct sockaddr *)&at, len);
	if (!l)
		die("cannot listen on %s: %s", address, evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
	fd = evconnlistener_get_fd(l);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* accepted sockets inherit it */
	if (getsockname(fd, (struct sockaddr *)&at, &got) < 0)
		die("getsockname failed");
	h->port = ntohs(at.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&at)->sin6_port
	                                         : ((struct sockaddr_in *)&at)->sin_port);
	must(evhttp_bind_listener(h->http, l));
}

struct httpd *httpd_new(struct sim *s, const char *address, const char *cert, const char *key)
{
	struct httpd *h = must(calloc(1, sizeof(*h)));

	h->sim = s;
	h->sender.sim = s;
	h->http = must(evhttp_new(s->base));
	h->tls = cert ? tls_open(cert, key) : NULL;
	evhttp_set_allowed_methods(h->http,
	        EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | EVHTTP_REQ_PATCH);
	evhttp_set_max_body_size(h->http, BODY_MAX);
	evhttp_set_max_headers_size(h->http, HEADERS_MAX);
	evhttp_set_bevcb(h->http, on_connection, h);
	evhttp_set_gencb(h->http, on_request, h);
	listen_on(h, address);
	return h;
}

void httpd_free(struct httpd *h)
{
	if (!h)
		return;
	sender_clear(&h->sender);
	evhttp_free(h->http);
	SSL_CTX_free(h->tls);
	free(h);
}

int httpd_port(const struct httpd *h)
{
	return h->port;
}
