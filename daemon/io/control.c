/* evhttp behind one handler. It must never start work of its own, never trust a header for who asks, and never let a
 * peer that may only read change anything: a POST without the right is refused here, before any handler sees it. */
#include "io/control.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <event2/util.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "codec/json.h"
#include "io/control_parts.h"
#include "io/loop.h"

#define HEADERS_MAX 8192
#define BODY_MAX    65536
#define TIMEOUT_S   10

struct control {
	struct loop *loop;
	control_handler *handler;
	void *arg;
	char *path;
	struct evhttp *local, *metrics;
	uint16_t metrics_port;
};

/* ---- answers ---- */

const char *control_param(const struct control_request *request, const char *name)
{
	for (unsigned i = 0; i < request->n_params; i++)
		if (strcmp(request->param[i].name, name) == 0)
			return request->param[i].value;
	return NULL;
}

void control_fail(struct control_answer *answer, int status, const char *word, const char *fmt, ...)
{
	char message[1000], clean[STR_CLEAN_MAX + 1];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	buf_free(&answer->body);
	struct json_w *w = json_w_open(&answer->body);
	json_w_object(w);
	json_w_kstr(w, "error", word);
	json_w_kstr(w, "message", str_clean(clean, sizeof(clean), message));
	json_w_end(w);
	json_w_close(w);
	answer->status = status;
	answer->type = "application/json";
}

static const char *phrase(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} all[] = {
	        {200, "OK"},
	        {202, "Accepted"},
	        {400, "Bad Request"},
	        {403, "Forbidden"},
	        {404, "Not Found"},
	        {405, "Method Not Allowed"},
	        {409, "Conflict"},
	        {422, "Unprocessable Content"},
	        {503, "Service Unavailable"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i].status == status)
			return all[i].phrase;
	return status < 500 ? "Refused" : "Error";
}

static void free_body(const void *data, size_t n, void *extra)
{
	(void)n;
	(void)extra;
	free((void *)(uintptr_t)data);
}

void control_headers(struct evhttp_request *request, const char *type)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);

	evhttp_add_header(headers, "Content-Type", type);
	evhttp_add_header(headers, "Cache-Control", "no-store");
	evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
}

void control_abandon(struct evhttp_request *request)
{
	if (!evhttp_request_get_connection(request))
		evhttp_request_free(request);
}

/* Sends the answer; its body is handed over, not copied: a list of 100,000 domains is large. */
static void send_answer(struct evhttp_request *req, struct control_answer *answer)
{
	struct evbuffer *out = evbuffer_new();

	control_headers(req, answer->type);
	if (answer->body.len)
		evbuffer_add_reference(out, answer->body.data, answer->body.len, free_body, NULL);
	else
		buf_free(&answer->body);
	evhttp_send_reply(req, answer->status, phrase(answer->status), out);
	evbuffer_free(out);
}

/* ---- requests ---- */

/* What a request points into; gone after its answer. */
struct parsed {
	char *segment[CONTROL_SEGMENTS];
	struct evkeyvalq query;
	char *body;
};

static void parsed_free(struct parsed *p)
{
	for (unsigned i = 0; i < CONTROL_SEGMENTS; i++)
		free(p->segment[i]);
	evhttp_clear_headers(&p->query);
	if (p->body != NULL)
		explicit_bzero(p->body, strlen(p->body)); /* it may have been a private key */
	free(p->body);
}

/* "/v1/domains/a%2Fb" into its segments, decoded after the split. False when there are too many, or one holds a NUL. */
static bool parse_path(const char *path, struct parsed *p, struct control_request *r)
{
	while (*path == '/')
		path++;
	while (*path) {
		size_t n = strcspn(path, "/"), len = 0;
		char *raw = xstrndup(path, n);

		if (r->n_segments == CONTROL_SEGMENTS) {
			free(raw);
			return false;
		}
		char *text = evhttp_uridecode(raw, 0, &len);
		free(raw);
		if (!text)
			return false;
		p->segment[r->n_segments] = text;
		r->segment[r->n_segments++] = text;
		if (strlen(text) != len)
			return false;
		path += n + (path[n] == '/');
	}
	return true;
}

static bool parse_query(const char *query, struct parsed *p, struct control_request *r)
{
	if (!query || !*query)
		return true;
	if (evhttp_parse_query_str(query, &p->query) < 0)
		return false;
	for (const struct evkeyval *kv = p->query.tqh_first; kv; kv = kv->next.tqe_next) {
		if (r->n_params == CONTROL_PARAMS)
			return false;
		r->param[r->n_params].name = kv->key;
		r->param[r->n_params++].value = kv->value;
	}
	return true;
}

static void read_body(struct evhttp_request *req, struct parsed *p, struct control_request *r)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(req);
	size_t n = evbuffer_get_length(in);

	p->body = xmalloc(n + 1);
	ssize_t got = evbuffer_copyout(in, p->body, n);
	r->body_len = got > 0 ? (size_t)got : 0;
	p->body[r->body_len] = '\0';
	r->body = p->body;
}

/* Whose process is at the other end, as the kernel saw it when it connected. */
static bool peer_may_write(struct evhttp_request *req, uint32_t *ret_uid)
{
	struct evhttp_connection *conn = evhttp_request_get_connection(req);
	struct ucred peer;
	socklen_t n = sizeof(peer);
	int fd = conn ? bufferevent_getfd(evhttp_connection_get_bufferevent(conn)) : -1;

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) < 0)
		return false;
	*ret_uid = peer.uid;
	return peer.uid == 0 || peer.uid == geteuid();
}

struct control_later {
	struct evhttp_request *req; /* NULL: whoever asked has gone */
};

static void asker_gone(struct evhttp_connection *conn, void *arg)
{
	struct control_later *later = arg;

	(void)conn;
	control_abandon(later->req);
	later->req = NULL;
}

struct control_later *control_later(const struct control_request *request, struct control_answer *answer)
{
	struct control_later *later = xcalloc(1, sizeof(*later));

	later->req = request->request;
	answer->later = true;
	evhttp_connection_set_closecb(evhttp_request_get_connection(later->req), asker_gone, later);
	return later;
}

void control_reply(struct control_later *later, struct control_answer *answer)
{
	if (later->req != NULL) {
		evhttp_connection_set_closecb(evhttp_request_get_connection(later->req), NULL, NULL);
		if (answer->type == NULL)
			answer->type = "application/json";
		send_answer(later->req, answer);
	} else {
		buf_free(&answer->body);
	}
	free(later);
}

static void answer_request(struct control *c, struct evhttp_request *req, bool metrics)
{
	struct control_answer answer = {.status = 200, .type = "application/json"};
	struct control_request r = {.metrics = metrics, .body = ""};
	struct parsed p = {0};
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(req);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;

	TAILQ_INIT(&p.query);
	r.request = req;
	r.loop = c->loop;
	r.method = evhttp_request_get_command(req) == EVHTTP_REQ_POST ? "POST" : "GET";
	if (!metrics)
		r.may_write = peer_may_write(req, &r.uid);
	read_body(req, &p, &r);
	if (!path || !parse_path(path, &p, &r) || !parse_query(evhttp_uri_get_query(uri), &p, &r))
		control_fail(&answer, 400, "bad-request", "the path or its query cannot be understood");
	else if (metrics && (r.n_segments != 1 || strcmp(r.segment[0], "metrics") != 0))
		control_fail(&answer, 404, "not-found", "there is only /metrics here");
	else if (strcmp(r.method, "POST") == 0 && !r.may_write)
		control_fail(&answer, 403, "not-allowed",
		        "only root and the daemon's own user may change anything");
	else
		c->handler(c->arg, &r, &answer);
	if (!answer.later)
		send_answer(req, &answer);
	parsed_free(&p);
}

static void on_local(struct evhttp_request *req, void *arg)
{
	answer_request(arg, req, false);
}

static void on_metrics(struct evhttp_request *req, void *arg)
{
	answer_request(arg, req, true);
}

/* ---- listening ---- */

static struct evhttp *serve(
        struct loop *l, int fd, void (*cb)(struct evhttp_request *, void *), void *arg, uint16_t methods)
{
	struct evhttp *http = evhttp_new(loop_base(l));

	evhttp_set_allowed_methods(http, methods);
	evhttp_set_max_headers_size(http, HEADERS_MAX);
	evhttp_set_max_body_size(http, BODY_MAX);
	evhttp_set_timeout(http, TIMEOUT_S);
	evhttp_set_gencb(http, cb, arg);
	if (evhttp_accept_socket(http, fd) == 0)
		return http;
	evhttp_free(http);
	close(fd);
	return NULL;
}

/* A socket that nobody answers at is left over from a daemon that was killed. 0, or -EADDRINUSE. */
static int remove_stale(const struct sockaddr_un *at)
{
	struct stat st;

	if (lstat(at->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	int r = connect(fd, (const struct sockaddr *)at, sizeof(*at)) < 0 ? -errno : 0;
	close(fd);
	if (r == -ECONNREFUSED)
		return unlink(at->sun_path) < 0 ? -errno : 0;
	return -EADDRINUSE;
}

static int listen_local(const char *path, int *ret_fd)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};

	if (!str_copy(at.sun_path, sizeof(at.sun_path), path))
		return -ENAMETOOLONG;
	int r = remove_stale(&at);
	if (r < 0)
		return r;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	mode_t before = umask(0117); /* 0660 from its first moment on */
	r = bind(fd, (const struct sockaddr *)&at, sizeof(at)) < 0 ? -errno : 0;
	umask(before);
	if (r == 0 && listen(fd, 64) < 0)
		r = -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

/* "127.0.0.1:9477", "[::1]:9477". Port 0, which the library's reader refuses, means any free one. */
static int parse_address(const char *address, struct sockaddr_storage *ret, socklen_t *ret_len)
{
	char *text = xstrdup(address);
	int n = sizeof(*ret);
	bool any = str_suffix(text, ":0");

	if (any)
		text[strlen(text) - 1] = '1';
	int r = evutil_parse_sockaddr_port(text, (struct sockaddr *)ret, &n);
	free(text);
	if (r < 0)
		return -EINVAL;
	if (any) /* the port stands at the same place in both families */
		((struct sockaddr_in *)(void *)ret)->sin_port = 0;
	*ret_len = (socklen_t)n;
	return 0;
}

static int listen_metrics(const char *address, int *ret_fd, uint16_t *ret_port)
{
	struct sockaddr_storage at = {0};
	socklen_t n = 0;
	int one = 1, r = parse_address(address, &at, &n);

	if (r < 0)
		return r;
	int fd = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&at, n) < 0 || listen(fd, 64) < 0 ||
	        getsockname(fd, (struct sockaddr *)&at, &n) < 0) {
		r = -errno;
		close(fd);
		return r;
	}
	*ret_port = ntohs(((const struct sockaddr_in *)(const void *)&at)->sin_port);
	*ret_fd = fd;
	return 0;
}

struct control *control_open(struct loop *l, const char *path, const char *metrics, control_handler *handler,
        void *arg, char *error, size_t error_len)
{
	struct control *c = xcalloc(1, sizeof(*c));
	int fd = -1, r = listen_local(path, &fd);

	c->loop = l;
	c->handler = handler;
	c->arg = arg;
	if (r < 0) {
		str_format(error, error_len, "control socket %s: %s", path,
		        r == -EADDRINUSE ? "another process listens there" : strerror(-r));
		goto fail;
	}
	c->path = xstrdup(path);
	c->local = serve(l, fd, on_local, c, EVHTTP_REQ_GET | EVHTTP_REQ_POST);
	if (metrics && *metrics) {
		r = listen_metrics(metrics, &fd, &c->metrics_port);
		if (r < 0) {
			str_format(error, error_len, "metrics at %s: %s", metrics, strerror(-r));
		} else {
			c->metrics = serve(l, fd, on_metrics, c, EVHTTP_REQ_GET);
		}
	}
	if (c->local)
		return c;
	str_format(error, error_len, "control socket %s: %s", path, strerror(ENOMEM));
fail:
	control_close(c);
	return NULL;
}

void control_close(struct control *c)
{
	if (!c)
		return;
	if (c->local)
		evhttp_free(c->local);
	if (c->metrics)
		evhttp_free(c->metrics);
	if (c->path)
		unlink(c->path);
	free(c->path);
	free(c);
}

uint16_t control_metrics_port(const struct control *c)
{
	return c->metrics_port;
}
