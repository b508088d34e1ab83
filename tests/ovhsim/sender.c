/* The last step of an answer: headers, body, and the faults of a transport. It must never touch a connection
 * from within the handler that libevent still runs on it: what drops or waits goes through a timer. */
#include "sender.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/util.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "out.h"

/* An answer that waits for its time, or for the connection to be dropped behind the handler's back. */
struct pending {
	struct sender *sender;
	struct evhttp_request *req;
	struct event *timer;
	struct world_answer answer;
	struct pending *next, **at;
};

/* Ends a connection with a RST at once: connecting a socket to nowhere does that on Linux (connect(2)). */
static void drop(struct evhttp_connection *c)
{
	struct sockaddr nowhere = {.sa_family = AF_UNSPEC};
	int fd = bufferevent_getfd(evhttp_connection_get_bufferevent(c));

	if (fd >= 0 && connect(fd, &nowhere, sizeof(nowhere)) < 0)
		shutdown(fd, SHUT_RDWR);
	evhttp_connection_free(c);
}

/* An orderly end: what was written arrives, and no more comes. */
static void end_after_write(struct evhttp_connection *c, void *arg)
{
	(void)arg;
	evhttp_connection_free(c);
}

/* As libevent would, to whom it would have told it (not to HTTP/1.0), but formatted once a second. */
static void add_date(struct sender *s, struct evkeyvalq *headers)
{
	time_t now = time(NULL);
	struct tm tm;

	if (now != s->date_at)
		evutil_date_rfc1123(s->date, sizeof(s->date), gmtime_r(&now, &tm));
	s->date_at = now;
	evhttp_add_header(headers, "Date", s->date);
}

static void add_headers(struct sender *s, struct evhttp_request *req, const struct world_answer *a)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(req);
	char text[24];

	evhttp_add_header(headers, "Content-Type", a->content_type ? a->content_type : REPLY_JSON);
	if (a->query_id[0])
		evhttp_add_header(headers, "X-OVH-QUERYID", a->query_id);
	if (a->next_cursor[0])
		evhttp_add_header(headers, "X-Pagination-Cursor-Next", a->next_cursor);
	evhttp_add_header(headers, "Cache-Control", "no-cache");
	if (a->retry_after > 0) {
		snprintf(text, sizeof(text), "%d", a->retry_after);
		evhttp_add_header(headers, "Retry-After", text);
	}
	if (sim_chance(s->sim, s->sim->knobs.close_after))
		evhttp_add_header(headers, "Connection", "close");
	if (req->minor > 0)
		add_date(s, headers);
}

/* Half of the body under a Content-Length that promises all of it, then the end of the connection. */
static void send_half(struct evhttp_request *req, const struct world_answer *a, const char *reason)
{
	struct evbuffer *half = evbuffer_new();
	char length[24];

	snprintf(length, sizeof(length), "%zu", a->body_len);
	evhttp_add_header(evhttp_request_get_output_headers(req), "Content-Length", length);
	evhttp_send_reply_start(req, a->status, reason);
	evbuffer_add(half, a->body, a->body_len / 2);
	evhttp_send_reply_chunk_with_cb(req, half, end_after_write, NULL);
	evbuffer_free(half);
}

static void send_now(struct sender *s, struct evhttp_request *req, const struct world_answer *a)
{
	struct evhttp_connection *c = evhttp_request_get_connection(req);
	const char *reason = a->status == 460   ? "Service Expired"
	                     : a->status == 429 ? "Too Many Requests"
	                                        : NULL;
	struct evbuffer *body;

	if (c && a->fault == WORLD_RESET) {
		drop(c);
		return;
	}
	add_headers(s, req, a);
	if (c && a->fault == WORLD_TRUNCATED && a->body_len >= 2) {
		send_half(req, a, reason);
		return;
	}
	body = evbuffer_new();
	if (a->body_len)
		evbuffer_add(body, a->body, a->body_len);
	evhttp_send_reply(req, a->status, reason, body); /* frees the request when its connection has gone */
	evbuffer_free(body);
}

static void pending_free(struct pending *p)
{
	*p->at = p->next;
	if (p->next)
		p->next->at = p->at;
	event_free(p->timer);
	free(p->answer.body);
	free(p);
}

static void pending_due(evutil_socket_t fd, short what, void *arg)
{
	struct pending *p = arg;

	(void)fd;
	(void)what;
	send_now(p->sender, p->req, &p->answer);
	pending_free(p);
}

/* Takes the answer's body over. */
static void send_later(struct sender *s, struct evhttp_request *req, struct world_answer *a)
{
	int64_t ms = a->fault == WORLD_SLOW ? simclock_host_span(&s->sim->clock, a->delay_ms) : 0;
	struct timeval tv = {.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};
	struct pending *p = must(calloc(1, sizeof(*p)));

	p->sender = s;
	p->req = req;
	p->answer = *a;
	p->timer = must(evtimer_new(s->sim->base, pending_due, p));
	p->next = s->pending;
	p->at = &s->pending;
	if (p->next)
		p->next->at = &p->next;
	s->pending = p;
	evtimer_add(p->timer, &tv);
}

void send_answer(struct sender *s, struct evhttp_request *req, struct world_answer *a)
{
	if (a->fault == WORLD_RESET || (a->fault == WORLD_SLOW && a->delay_ms > 0)) {
		send_later(s, req, a);
		return;
	}
	send_now(s, req, a);
	free(a->body);
}

void sender_clear(struct sender *s)
{
	struct pending *next;

	for (struct pending *p = s->pending; p; p = next) {
		next = p->next;
		if (!evhttp_request_get_connection(p->req))
			evhttp_request_free(p->req); /* its peer went while it waited: ours alone */
		pending_free(p);
	}
}
