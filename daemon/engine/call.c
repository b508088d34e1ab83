/* The queue of one account: requests wait here by urgency until the budget, the token and a connection have room, are
 * signed at the moment they leave, and come back as answers. It decides nothing about domains. */
#include <stdlib.h>
#include <string.h>

#include "codec/endpoint.h"
#include "codec/ovherror.h"
#include "engine/parts.h"

#define HOLD_LEAST      (5 * MS_SECOND)
#define HOLD_MOST       (10 * MS_MINUTE)
#define TROUBLE_TO_HOLD 5 /* transient answers in a row, before the account holds its breath */

struct call {
	struct account *a;
	struct api_request q;
	enum urgency urgency;
	unsigned *reserved;
	call_prepare *prepare;
	call_done *done;
	void *arg;
	struct http_call *http; /* under way */
	bool retried;           /* once: a fresh token, or a fresh measure of the clock */
	struct call *next;
};

static bool needs_auth(const struct call *c)
{
	return !str_eq(c->q.path, "/auth/time");
}

static void enqueue(struct call *c)
{
	struct account *a = c->a;

	c->next = NULL;
	if (a->tail[c->urgency] != NULL)
		a->tail[c->urgency]->next = c;
	else
		a->head[c->urgency] = c;
	a->tail[c->urgency] = c;
}

static bool unlink_from(struct call **head, struct call **tail, struct call *c)
{
	struct call *before = NULL;

	for (struct call *x = *head; x != NULL; before = x, x = x->next) {
		if (x != c)
			continue;
		if (before != NULL)
			before->next = c->next;
		else
			*head = c->next;
		if (tail != NULL && *tail == c)
			*tail = before;
		return true;
	}
	return false;
}

static void count_answer(struct account *a, const char *method, int status)
{
	for (size_t i = 0; i < a->n_counts; i++)
		if (a->counts[i].status == status && str_eq(a->counts[i].method, method)) {
			a->counts[i].n++;
			return;
		}
	if (a->n_counts == ARRAY_SIZE(a->counts))
		return;
	struct count *k = &a->counts[a->n_counts++];
	str_copy(k->method, sizeof(k->method), method);
	k->status = status;
	k->n = 1;
}

/* After trouble that is not one domain's, everything of the account waits: as long as the server asked, or doubling. */
static void hold(struct account *a, int64_t asked)
{
	int64_t wait = HOLD_LEAST << (a->failures > 7 ? 7 : a->failures);

	if (wait > HOLD_MOST)
		wait = HOLD_MOST;
	if (asked > 0)
		wait = asked > MS_HOUR ? MS_HOUR : asked;
	a->hold_until = loop_boot(a->e->p.loop) + wait;
}

static void note_health(struct account *a, const struct http_answer *h)
{
	bool well = h->end == HTTP_ANSWERED && h->status < 500 && h->status != 429 && h->status != 408;

	if (well) {
		a->failures = 0;
		return;
	}
	a->failures++;
	if (h->status == 429)
		hold(a, h->retry_after_ms);
	else if (a->failures >= TROUBLE_TO_HOLD)
		hold(a, 0);
}

/* A token that expired under way, or a clock that drifted: asked once more with a fresh one. Reads only: a change is asked
 * anew through plan and gate. */
static bool retry_once(struct call *c, const struct http_answer *h)
{
	struct api_error err;

	if (!needs_auth(c) || h->end != HTTP_ANSWERED || h->status < 400)
		return false;
	api_error_classify(h->status, h->content_type, h->body, h->body_len, &err);
	if (err.class == API_CLOCK || err.class == API_SIGNATURE) {
		apiclock_doubt(&c->a->clock, loop_boot(c->a->e->p.loop)); /* safety rule 9 */
		clock_measure(c->a);
	} else if (err.class == API_LOGIN) {
		auth_drop_token(c->a);
	} else {
		return false;
	}
	if (c->retried || c->q.changes)
		return false;
	c->retried = true;
	enqueue(c);
	return true;
}

static void answered(void *arg, const struct http_answer *h)
{
	struct call *c = arg;
	struct account *a = c->a;

	c->http = NULL;
	a->in_flight--;
	unlink_from(&a->sent, NULL, c);
	a->e->progress++;
	count_answer(a, c->q.method, h->status);
	metrics_took(a, h->took_ms);
	/* Time and tokens have a patience of their own: that they cannot be had holds up no look. */
	if (needs_auth(c) || h->status == 429)
		note_health(a, h);
	if (retry_once(c, h)) {
		calls_pump(a);
		return;
	}
	struct api_answer answer = {
	        .answered = h->end == HTTP_ANSWERED,
	        .not_sent = h->end == HTTP_NOT_SENT,
	        .status = h->status,
	        .body = h->body,
	        .body_len = h->body_len,
	        .content_type = h->content_type,
	        .query_id = h->query_id,
	        .cursor_next = h->cursor_next,
	        .error = h->error,
	        .now = account_now(a),
	};
	call_done *done = c->done;
	void *owner = c->arg;
	free(c);
	done(owner, &answer, false);
	account_pump(a);
}

static void dispatch(struct call *c)
{
	static const struct api_answer nothing = {.not_sent = true,
	        .body = "",
	        .content_type = "",
	        .query_id = "",
	        .cursor_next = "",
	        .error = "denied"};
	struct account *a = c->a;
	struct buf lines = {0};
	char url[2048];
	const char *headers[12];
	size_t n = 0;

	if (c->prepare != NULL && !c->prepare(c->arg)) {
		call_done *done = c->done;
		void *owner = c->arg;

		free(c);
		done(owner, &nothing, true);
		return;
	}
	if (!endpoint_url(url, sizeof(url), a->cfg->base_url, c->q.path))
		url[0] = '\0'; /* it ends as not sent */
	buf_puts(&lines, "Accept: application/json\n");
	if (c->q.body[0] != '\0')
		buf_puts(&lines, "Content-Type: application/json\n");
	if (c->q.cursor[0] != '\0')
		buf_printf(&lines, "X-Pagination-Cursor: %s\n", c->q.cursor);
	if (needs_auth(c))
		auth_headers(a, c->q.method, url, c->q.body, strlen(c->q.body), &lines);
	for (char *line = lines.data, *end;
	        line != NULL && n + 1 < ARRAY_SIZE(headers) && (end = strchr(line, '\n')) != NULL;
	        line = end + 1) {
		*end = '\0';
		headers[n++] = line;
	}
	headers[n] = NULL;
	struct http_request q = {
	        .method = c->q.method,
	        .url = url,
	        .headers = headers,
	        .body = c->q.body[0] != '\0' ? c->q.body : NULL,
	        .body_len = strlen(c->q.body),
	        .ca_file = a->cfg->ca_file,
	};
	int64_t boot = loop_boot(a->e->p.loop);
	bool from_reserve = c->reserved != NULL && *c->reserved > 0;
	if (from_reserve)
		(*c->reserved)--;
	budget_spend(&a->budget, from_reserve, boot);
	if (a->budget.limit != 0)
		store_budget_note(a->e->p.store, a->cfg->name, loop_wall(a->e->p.loop));
	a->in_flight++;
	c->next = a->sent;
	a->sent = c;
	c->http = http_start(a->e->p.http, &q, answered, c);
	if (lines.data != NULL)
		explicit_bzero(lines.data, lines.len);
	buf_free(&lines);
}

static bool may_leave(struct account *a, const struct call *c)
{
	int64_t boot = loop_boot(a->e->p.loop);

	if (a->in_flight >= (unsigned)a->cfg->connections)
		return false;
	if (!needs_auth(c))
		return budget_room(&a->budget, boot) > 0;
	if (boot < a->hold_until || !account_may_ask(a) || (c->retried && a->timing != NULL) ||
	        !auth_ready(a))
		return false;
	return (c->reserved != NULL && *c->reserved > 0) || budget_room(&a->budget, boot) > 0;
}

void calls_pump(struct account *a)
{
	for (;;) {
		struct call *c = NULL;

		for (unsigned u = 0; u < URGENCIES && c == NULL; u++)
			for (struct call *x = a->head[u]; x != NULL && c == NULL; x = x->next)
				if (may_leave(a, x))
					c = x;
		if (c == NULL)
			return;
		unlink_from(&a->head[c->urgency], &a->tail[c->urgency], c);
		dispatch(c);
	}
}

int64_t calls_when(struct account *a)
{
	int64_t boot = loop_boot(a->e->p.loop);
	bool waits = false;

	for (unsigned u = 0; u < URGENCIES; u++)
		waits = waits || a->head[u] != NULL;
	if (!waits || a->in_flight >= (unsigned)a->cfg->connections)
		return 0;
	if (a->token_call != NULL || (a->timing != NULL && a->timing->http != NULL))
		return 0; /* what they wait for pumps again */
	int64_t at = budget_when(&a->budget, 1, boot);
	return a->hold_until > at ? a->hold_until : at;
}

struct call *account_call(struct account *a, const struct api_request *q, enum urgency urgency,
        unsigned *reserved, call_prepare *prepare, call_done *done, void *arg)
{
	struct call *c = xcalloc(1, sizeof(*c));

	c->a = a;
	c->q = *q;
	c->urgency = urgency;
	c->reserved = reserved;
	c->prepare = prepare;
	c->done = done;
	c->arg = arg;
	enqueue(c);
	timer_set(a->kick, 0, 0); /* from the loop, so that nothing is sent or denied inside the caller */
	return c;
}

void call_cancel(struct call *c)
{
	struct account *a = c->a;

	if (c->http != NULL) {
		http_cancel(c->http);
		a->in_flight--;
		unlink_from(&a->sent, NULL, c);
	} else {
		unlink_from(&a->head[c->urgency], &a->tail[c->urgency], c);
	}
	free(c);
}
