/* A queue of GETs behind a budget. An account that is refused as a whole ends every request in its queue with the same
 * words, so that nobody is asked 4,000 times for what was refused once. */
#include "ctl/reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "codec/endpoint.h"
#include "codec/ovhauth.h"
#include "core/budget.h"
#include "io/http.h"
#include "io/loop.h"

#define TRIES_MOST   5
#define WAIT_LEAST   (2 * MS_SECOND) /* doubles with each try */
#define TOKEN_MARGIN (30 * MS_SECOND)
#define CLOCK_TRIES  3 /* then the host's clock must do */

struct get {
	struct reader *r;
	char *path, *cursor;
	reader_done *done;
	void *arg;
	unsigned tries;
	bool renewed;  /* asked again with a fresh clock or token, once */
	int64_t after; /* boot clock: not before */
	struct http_call *call;
	struct get *next;
};

struct reader {
	struct loop *loop;
	struct http *http;
	const struct config_account *account;
	const struct credentials *cred;
	void (*idle)(void *arg);
	void *arg;
	struct get *waiting, *sent;
	struct http_call *entry; /* the clock's or the token's request */
	bool clock_known;
	unsigned clock_tries;
	int64_t clock_offset; /* API minus host */
	char *token;
	int64_t token_until, entry_after; /* boot clock */
	char dead[200];                   /* why nothing can be had from this account, "" = it can */
	struct budget budget;
	int64_t *ring;
	struct timer *timer;
	struct reader_progress progress;
	unsigned in_flight;
};

static void pump(void *arg);

struct reader *reader_new(struct loop *l, struct http *h, const struct config_account *account,
        const struct credentials *cred, void (*idle)(void *arg), void *arg)
{
	struct reader *r = xcalloc(1, sizeof(*r));
	unsigned limit = (unsigned)account->requests_per_minute;

	*r = (struct reader){
	        .loop = l, .http = h, .account = account, .cred = cred, .idle = idle, .arg = arg};
	r->ring = limit != 0 ? xcalloc(limit, sizeof(*r->ring)) : NULL;
	budget_init(&r->budget, limit, r->ring);
	r->timer = timer_new(l, pump, r);
	return r;
}

static void get_free(struct get *g)
{
	free(g->path);
	free(g->cursor);
	free(g);
}

static void drop_token(struct reader *r)
{
	if (r->token != NULL)
		explicit_bzero(r->token, strlen(r->token));
	free(r->token);
	r->token = NULL;
}

void reader_free(struct reader *r)
{
	struct get *lists[] = {r->waiting, r->sent};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		for (struct get *g = lists[i], *next; g != NULL; g = next) {
			next = g->next;
			if (g->call != NULL)
				http_cancel(g->call);
			get_free(g);
		}
	if (r->entry != NULL)
		http_cancel(r->entry);
	drop_token(r);
	timer_free(r->timer);
	free(r->ring);
	free(r);
}

struct reader_progress reader_progress(const struct reader *r)
{
	return r->progress;
}

static void enqueue(struct get *g)
{
	struct get **p = &g->r->waiting;

	while (*p != NULL)
		p = &(*p)->next;
	g->next = NULL;
	*p = g;
}

void reader_get(struct reader *r, const char *path, const char *cursor, reader_done *done, void *arg)
{
	struct get *g = xcalloc(1, sizeof(*g));

	*g = (struct get){.r = r, .path = xstrdup(path), .cursor = xstrdup(cursor), .done = done, .arg = arg};
	r->progress.waiting++;
	enqueue(g);
	timer_set(r->timer, 0, 0);
}

/* --- the way in: the clock, or a token ---------------------------------------------------------------------------- */

static void clock_came(void *arg, const struct http_answer *h)
{
	struct reader *r = arg;
	int64_t api;

	r->entry = NULL;
	if (h->end == HTTP_ANSWERED && h->status == 200 && ovhauth_time_read(h->body, h->body_len, &api)) {
		r->clock_offset = api - loop_wall(r->loop);
		r->clock_known = true;
	} else {
		r->clock_known = ++r->clock_tries >= CLOCK_TRIES;
		r->entry_after = loop_boot(r->loop) + (WAIT_LEAST << r->clock_tries);
	}
	pump(r);
}

static void token_came(void *arg, const struct http_answer *h)
{
	struct reader *r = arg;
	struct ovhauth_token t = {0};

	r->entry = NULL;
	if (h->end == HTTP_ANSWERED)
		ovhauth_token_read(h->body, h->body_len, &t);
	if (t.token != NULL) {
		r->token = t.token;
		r->token_until = loop_boot(r->loop) + t.lives_ms - TOKEN_MARGIN;
	} else if (++r->clock_tries >= TRIES_MOST || (t.error[0] != '\0' && h->status < 500)) {
		str_format(r->dead, sizeof(r->dead), "no token is to be had: %s",
		        t.error[0] != '\0'    ? t.error
		        : h->error[0] != '\0' ? h->error
		                              : "an odd answer");
	} else {
		r->entry_after = loop_boot(r->loop) + (WAIT_LEAST << r->clock_tries);
	}
	pump(r);
}

static void enter(struct reader *r)
{
	static const char *const form[] = {
	        "Content-Type: application/x-www-form-urlencoded", "Accept: application/json", NULL};
	static const char *const plain[] = {"Accept: application/json", NULL};
	struct http_request q = {.ca_file = r->account->ca_file};
	struct buf body = {0};
	char url[2048];

	if (r->cred->kind == CREDENTIALS_OAUTH2) {
		ovhauth_token_body(&body, r->cred);
		q.method = "POST";
		q.url = r->cred->token_url;
		q.headers = form;
		q.body = body.data;
		q.body_len = body.len;
	} else {
		if (!endpoint_url(url, sizeof(url), r->account->base_url, "/auth/time"))
			url[0] = '\0';
		q.method = "GET";
		q.url = url;
		q.headers = plain;
		budget_spend(&r->budget, false, loop_boot(r->loop));
	}
	r->entry = http_start(r->http, &q, r->cred->kind == CREDENTIALS_OAUTH2 ? token_came : clock_came, r);
	if (body.data != NULL)
		explicit_bzero(body.data, body.len);
	buf_free(&body);
}

/* False: it is being seen to. */
static bool entered(struct reader *r)
{
	int64_t boot = loop_boot(r->loop);

	if (r->cred->kind == CREDENTIALS_OAUTH2) {
		if (r->token != NULL && boot < r->token_until)
			return true;
		drop_token(r);
	} else if (r->clock_known) {
		return true;
	}
	if (r->entry == NULL && boot >= r->entry_after)
		enter(r);
	return false;
}

/* --- answers ------------------------------------------------------------------------------------------------------- */

static void end(struct get *g, const struct reader_answer *a)
{
	struct reader *r = g->r;

	r->progress.waiting--;
	r->progress.answered++;
	g->done(g->arg, a);
	get_free(g);
}

static void again(struct get *g, int64_t wait_ms)
{
	g->after = loop_boot(g->r->loop) + wait_ms;
	enqueue(g);
}

/* What says nothing is asked again; what reaches the whole account ends it. True when the request waits anew. */
static bool retried(struct get *g, const struct http_answer *h, const struct api_error *e)
{
	struct reader *r = g->r;
	bool entry = e->class == API_CLOCK || e->class == API_SIGNATURE || e->class == API_LOGIN;

	if (entry && !g->renewed) {
		g->renewed = true;
		r->clock_known = false;
		r->clock_tries = 0;
		drop_token(r);
		again(g, 0);
		return true;
	}
	if (entry || e->class == API_KEY_DEAD)
		str_format(r->dead, sizeof(r->dead), "%s", e->message);
	if ((e->class != API_TRANSIENT && e->class != API_LIMITED) || ++g->tries >= TRIES_MOST)
		return false;
	again(g, h->retry_after_ms > 0 ? h->retry_after_ms : WAIT_LEAST << g->tries);
	return true;
}

static void answered(void *arg, const struct http_answer *h)
{
	struct get *g = arg;
	struct reader *r = g->r;
	struct reader_answer a = {.why = "", .cursor = h->cursor_next};
	struct api_error e = {.class = API_TRANSIENT};
	const struct json *root = NULL;
	char why[240] = "";

	g->call = NULL;
	r->in_flight--;
	for (struct get **p = &r->sent; *p != NULL; p = &(*p)->next)
		if (*p == g) {
			*p = g->next;
			break;
		}
	if (h->end == HTTP_ANSWERED)
		api_error_classify(h->status, h->content_type, h->body, h->body_len, &e);
	else
		str_format(e.message, sizeof(e.message), "no answer: %s", h->error);
	if (e.class == API_OK && json_parse(h->body, h->body_len, JSON_MAX_API, &root, why, sizeof(why)) != 0)
		e.class = API_TRANSIENT;
	if (e.class == API_OK) {
		a.json = root;
		end(g, &a);
	} else if (!retried(g, h, &e)) {
		a.class = e.class;
		a.why = e.message[0] != '\0' ? e.message : why;
		end(g, &a);
	}
	json_free(root);
	pump(r);
}

/* --- the queue ----------------------------------------------------------------------------------------------------- */

static void send_get(struct get *g)
{
	struct reader *r = g->r;
	struct buf lines = {0};
	const char *headers[12];
	char url[2048];
	size_t n = 0;

	if (!endpoint_url(url, sizeof(url), r->account->base_url, g->path))
		url[0] = '\0';
	struct ovhauth_request sign = {
	        .method = "GET", .url = url, .at_ms = loop_wall(r->loop) + r->clock_offset};
	buf_puts(&lines, "Accept: application/json\n");
	if (g->cursor[0] != '\0')
		buf_printf(&lines, "X-Pagination-Cursor: %s\n", g->cursor);
	ovhauth_headers(&lines, r->cred, r->token, &sign);
	for (char *line = lines.data, *stop; n + 1 < ARRAY_SIZE(headers) && (stop = strchr(line, '\n'));
	        line = stop + 1) {
		*stop = '\0';
		headers[n++] = line;
	}
	headers[n] = NULL;
	struct http_request q = {
	        .method = "GET", .url = url, .headers = headers, .ca_file = r->account->ca_file};
	budget_spend(&r->budget, false, loop_boot(r->loop));
	r->in_flight++;
	g->next = r->sent;
	r->sent = g;
	g->call = http_start(r->http, &q, answered, g);
	explicit_bzero(lines.data, lines.len);
	buf_free(&lines);
}

/* The first that may leave now; else *ret_when says when one may, 0 = an answer will tell. */
static struct get *pick(struct reader *r, int64_t *ret_when)
{
	int64_t boot = loop_boot(r->loop), soonest = 0;

	*ret_when = 0;
	if (r->waiting == NULL || r->in_flight >= (unsigned)r->account->connections)
		return NULL;
	if (budget_room(&r->budget, boot) == 0) {
		*ret_when = budget_when(&r->budget, 1, boot);
		return NULL;
	}
	if (!entered(r)) {
		*ret_when = r->entry == NULL ? r->entry_after : 0;
		return NULL;
	}
	for (struct get **p = &r->waiting; *p != NULL; p = &(*p)->next) {
		struct get *g = *p;

		if (g->after <= boot) {
			*p = g->next;
			return g;
		}
		soonest = soonest == 0 || g->after < soonest ? g->after : soonest;
	}
	*ret_when = soonest;
	return NULL;
}

static void end_all(struct reader *r)
{
	struct reader_answer a = {.class = API_KEY_DEAD, .why = r->dead, .cursor = ""};

	while (r->waiting != NULL) {
		struct get *g = r->waiting;

		r->waiting = g->next;
		end(g, &a);
	}
}

static void pump(void *arg)
{
	struct reader *r = arg;
	struct get *g;
	int64_t when = 0;

	if (r->dead[0] != '\0')
		end_all(r);
	while ((g = pick(r, &when)) != NULL)
		send_get(g);
	if (when != 0)
		timer_set(r->timer, when - loop_boot(r->loop), 0);
	if (r->progress.waiting == 0)
		r->idle(r->arg);
}
