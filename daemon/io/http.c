/* Many HTTP requests at once: curl's multi handle on the event loop. curl says which descriptors and which one timer
 * it waits for, the loop says when; what ended is kept until a timer of its own, so that a caller's callback runs
 * outside curl and outside every call of ours and may start, cancel and free whatever it likes. It must never wait. */
#include "io/http.h"

#include "io/http_easy.h"
#include "io/loop.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#define DEFAULT_CONNECTIONS 8
#define DEFAULT_TIMEOUT     MS_MINUTE

struct http_call {
	TAILQ_ENTRY(http_call) link;
	struct call_list *list; /* where it is linked; NULL while its callback runs */
	struct http *http;
	struct http_easy easy;
	http_done *done;
	void *arg;
	int64_t began, ended; /* boot clock */
	CURLcode code;
};
TAILQ_HEAD(call_list, http_call);

/* What curl wants to know of one descriptor. */
struct watch {
	struct http *http;
	struct event *event;
};

struct http {
	struct loop *loop;
	CURLM *multi;
	struct timer *curl_timer, *done_timer;
	char *user_agent;
	unsigned connections;
	int64_t timeout_ms;
	struct call_list active, ended, calling; /* in curl; waiting for done_timer; in its present run */
	struct http_handle **idle;               /* to use again */
	unsigned n_idle;
	bool running,
	        closed; /* a callback runs; http_free was called meanwhile, and the run frees the rest */
};

static void multi_open(struct http *h);
static void drive(struct http *h, curl_socket_t fd, int flags);

/* ---- calls ---- */

static void list_move(struct http_call *c, struct call_list *to)
{
	if (c->list)
		TAILQ_REMOVE(c->list, c, link);
	if (to)
		TAILQ_INSERT_TAIL(to, c, link);
	c->list = to;
}

/* Forgets a call that curl no longer has. Its handle is kept for the next one. */
static void call_free(struct http *h, struct http_call *c)
{
	list_move(c, NULL);
	http_easy_clear(&c->easy);
	if (!h->closed && h->n_idle < h->connections)
		h->idle[h->n_idle++] = c->easy.handle;
	else
		http_handle_free(c->easy.handle);
	free(c);
}

static void call_ended(struct http_call *c, CURLcode code)
{
	struct http *h = c->http;

	c->code = code;
	c->ended = loop_boot(h->loop);
	list_move(c, &h->ended);
	timer_set(h->done_timer, 0, 0);
}

/* Runs the callbacks of what had ended when the run began. Each may end any other call, or http itself. */
static void on_done_timer(void *arg)
{
	struct http *h = arg;
	struct http_call *c;

	while ((c = TAILQ_FIRST(&h->ended)))
		list_move(c, &h->calling);
	h->running = true;
	while ((c = TAILQ_FIRST(&h->calling))) { /* http_free leaves it empty */
		struct http_answer answer;

		http_easy_answer(&c->easy, c->code, &answer);
		answer.took_ms = c->ended - c->began;
		list_move(c, NULL);
		c->done(c->arg, &answer);
		call_free(h, c);
	}
	h->running = false;
	if (h->closed)
		free(h);
}

/* ---- curl and the loop ---- */

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	const struct watch *w = arg;

	drive(w->http, fd, (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0));
}

static void on_curl_timer(void *arg)
{
	drive(arg, CURL_SOCKET_TIMEOUT, 0);
}

/* `wish` is all that curl waits for there, not a difference. After CURL_POLL_REMOVE the descriptor may be another's. */
static int on_socket_wish(CURL *curl, curl_socket_t fd, int wish, void *arg, void *of_socket)
{
	struct http *h = arg;
	struct watch *w = of_socket;

	(void)curl;
	if (w)
		event_free(w->event);
	if (wish == CURL_POLL_REMOVE) {
		free(w);
		return 0;
	}
	if (!w) {
		w = xmalloc(sizeof(*w));
		w->http = h;
		curl_multi_assign(h->multi, fd, w);
	}
	w->event = event_new(loop_base(h->loop), fd,
	        (short)((wish & CURL_POLL_IN ? EV_READ : 0) | (wish & CURL_POLL_OUT ? EV_WRITE : 0) |
	                EV_PERSIST),
	        on_event, w);
	event_add(w->event, NULL);
	return 0;
}

/* curl tells only of changes, so the timer is set and stopped here and nowhere else. Called from inside curl: it must
 * not call curl. A millisecond more than asked, because the turn's clock may lag behind curl's and too early is in
 * vain. */
static int on_timer_wish(CURLM *multi, long ms, void *arg)
{
	struct http *h = arg;

	(void)multi;
	if (ms < 0)
		timer_stop(h->curl_timer);
	else
		timer_set(h->curl_timer, ms > 0 ? ms + 1 : 0, 0);
	return 0;
}

/* The transfers of a multi handle that failed are in no known state: they end, and a new one takes its place. */
static void multi_broke(struct http *h, CURLMcode why)
{
	struct http_call *c;

	while ((c = TAILQ_FIRST(&h->active))) {
		curl_multi_remove_handle(h->multi, c->easy.curl);
		str_format(c->easy.error, sizeof(c->easy.error), "%s", curl_multi_strerror(why));
		call_ended(c, CURLE_FAILED_INIT);
	}
	curl_multi_cleanup(h->multi);
	timer_stop(h->curl_timer);
	multi_open(h);
}

/* Lets curl work and collects what ended by it, which need not be what the event was about. */
static void drive(struct http *h, curl_socket_t fd, int flags)
{
	int running, left;
	CURLMcode why = curl_multi_socket_action(h->multi, fd, flags, &running);
	CURLMsg *m;

	if (why != CURLM_OK) {
		multi_broke(h, why);
		return;
	}
	while ((m = curl_multi_info_read(h->multi, &left))) {
		CURL *curl = m->easy_handle;
		CURLcode code = m->data.result; /* m dies with the next call */
		struct http_call *c;

		curl_easy_getinfo(curl, CURLINFO_PRIVATE, &c);
		curl_multi_remove_handle(h->multi, curl);
		call_ended(c, code);
	}
}

static void multi_open(struct http *h)
{
	h->multi = curl_multi_init();
	if (!h->multi)
		abort(); /* only for want of memory, and then xmalloc has aborted */
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wish);
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_timer_wish);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)h->connections);
	curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, 4L * (long)h->connections);
}

/* ---- what others call ---- */

struct http *http_new(struct loop *l, const char *user_agent, unsigned connections, int64_t timeout_ms)
{
	static bool initialised;
	struct http *h = xcalloc(1, sizeof(*h));

	if (!initialised &&
	        curl_global_init_mem(CURL_GLOBAL_DEFAULT, xmalloc, free, xrealloc, xstrdup, xcalloc) != 0)
		abort(); /* OpenSSL itself is unusable */
	initialised = true;
	h->loop = l;
	h->user_agent = xstrdup(user_agent);
	h->connections = connections > 0 ? connections : DEFAULT_CONNECTIONS;
	h->timeout_ms = timeout_ms > 0 ? timeout_ms : DEFAULT_TIMEOUT;
	h->idle = xcalloc(h->connections, sizeof(h->idle[0]));
	h->curl_timer = timer_new(l, on_curl_timer, h);
	h->done_timer = timer_new(l, on_done_timer, h);
	TAILQ_INIT(&h->active);
	TAILQ_INIT(&h->ended);
	TAILQ_INIT(&h->calling);
	multi_open(h);
	return h;
}

void http_free(struct http *h)
{
	if (!h)
		return;

	struct call_list *const lists[] = {&h->active, &h->ended, &h->calling};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		while (!TAILQ_EMPTY(lists[i]))
			http_cancel(TAILQ_FIRST(lists[i]));
	while (h->n_idle > 0)
		http_handle_free(h->idle[--h->n_idle]);
	curl_multi_cleanup(h->multi);
	timer_free(h->curl_timer);
	timer_free(h->done_timer);
	free(h->idle);
	free(h->user_agent);
	if (h->running)
		h->closed = true;
	else
		free(h);
}

struct http_call *http_start(struct http *h, const struct http_request *request, http_done *done, void *arg)
{
	struct http_call *c = xcalloc(1, sizeof(*c));

	*c = (struct http_call){.http = h, .done = done, .arg = arg, .began = loop_boot(h->loop)};
	c->easy.handle = h->n_idle > 0 ? h->idle[--h->n_idle] : http_handle_new();
	list_move(c, &h->active);

	bool fit = http_easy_prepare(&c->easy, request, h->user_agent, h->timeout_ms);

	curl_easy_setopt(c->easy.curl, CURLOPT_PRIVATE, c);
	if (!fit || curl_multi_add_handle(h->multi, c->easy.curl) != CURLM_OK)
		call_ended(c, CURLE_FAILED_INIT);
	return c;
}

void http_cancel(struct http_call *c)
{
	if (!c->list)
		return; /* its callback runs; it goes when that returns */
	if (c->list == &c->http->active)
		curl_multi_remove_handle(c->http->multi, c->easy.curl);
	call_free(c->http, c);
}
