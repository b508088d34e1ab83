/* io/http.h against the simulated OVHcloud in this process: a request arrives after a while, is answered, and the answer
 * comes back after a while, unless it is lost. The account is the application key (the simulation signs with its name). */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "codec/ovhconf.h"
#include "io/http.h"
#include "io/loop.h"
#include "sim.h"

#define TIMEOUT (60 * MS_SECOND)

struct http {
	struct loop *l;
	struct http_call *calls;
};

struct http_call {
	struct http *h;
	struct http_call *next;
	char *method, *path, *body, *account;
	http_done *done; /* NULL = cancelled */
	void *arg;
	int64_t began;
	struct world_answer answer;
	enum http_end end;
	const char *error;
	enum sim_fate fate;
};

struct http *http_new(struct loop *l, const char *user_agent, unsigned connections, int64_t timeout_ms)
{
	struct http *h = xcalloc(1, sizeof(*h));

	(void)user_agent;
	(void)connections;
	(void)timeout_ms;
	h->l = l;
	return h;
}

static void call_free(void *arg)
{
	struct http_call *c = arg;

	if (c->h != NULL)
		for (struct http_call **p = &c->h->calls; *p != NULL; p = &(*p)->next)
			if (*p == c) {
				*p = c->next;
				break;
			}
	free(c->method);
	free(c->path);
	free(c->body);
	free(c->account);
	free(c->answer.body);
	free(c);
}

void http_free(struct http *h)
{
	for (struct http_call *c = h->calls; c != NULL; c = c->next) {
		c->done = NULL;
		c->h = NULL;
	}
	free(h);
}

static void deliver(void *arg)
{
	struct http_call *c = arg;
	struct http_answer a = {.end = c->end,
	        .body = "",
	        .content_type = "",
	        .query_id = "",
	        .cursor_next = "",
	        .error = ""};
	http_done *done = c->done;
	void *owner = c->arg;

	if (c->end == HTTP_ANSWERED) {
		a.status = c->answer.status;
		a.body = c->answer.body != NULL ? c->answer.body : "";
		a.body_len = c->answer.body_len;
		a.content_type = c->answer.content_type != NULL ? c->answer.content_type : "";
		a.query_id = c->answer.query_id;
		a.retry_after_ms = c->answer.retry_after * MS_SECOND;
	} else {
		a.error = c->error;
	}
	a.took_ms = sim.now - c->began;
	if (done != NULL)
		done(owner, &a);
	call_free(c);
}

static void lose(struct http_call *c, const char *why)
{
	c->end = HTTP_LOST;
	c->error = why;
}

/* A credential that a person revoked is refused before anything is looked at. */
static void ask_world(struct http_call *c)
{
	static const char refused[] =
	        "{\"class\":\"Client::Forbidden\",\"message\":\"This credential is not valid\","
	        "\"errorCode\":\"INVALID_CREDENTIAL\",\"httpCode\":\"403 Forbidden\"}";
	struct world_request q = {.account = c->account,
	        .method = c->method,
	        .path = c->path,
	        .body = c->body,
	        .body_len = c->body != NULL ? strlen(c->body) : 0};

	if (!world_revoked(sim.world, c->account) || strstr(c->path, "/auth/time") != NULL) {
		world_request(sim.world, sim.now, &q, &c->answer);
		return;
	}
	c->answer.status = 403;
	c->answer.content_type = "application/json";
	c->answer.body = xstrdup(refused);
	c->answer.body_len = sizeof(refused) - 1;
}

static void arrive(void *arg)
{
	struct http_call *c = arg;
	struct loop *l;
	int64_t back = sim_between(5, 150);
	bool never = c->fate == SIM_LOSE_REQUEST || c->fate == SIM_HALT_BEFORE;

	if (!never)
		ask_world(c);
	if (c->h == NULL) { /* the daemon died; what left has left */
		call_free(c);
		return;
	}
	l = c->h->l;
	sim.halt = sim.halt || c->fate == SIM_HALT_AFTER;
	c->end = HTTP_ANSWERED;
	if (c->answer.fault == WORLD_RESET)
		lose(c, "connection reset");
	else if (c->answer.fault == WORLD_TRUNCATED)
		lose(c, "the answer was cut");
	else if (c->answer.fault == WORLD_SLOW)
		back += c->answer.delay_ms;
	if (back > TIMEOUT) {
		back = TIMEOUT;
		lose(c, "timeout");
	}
	if (sim_chance(sim.lost) || never || c->fate == SIM_LOSE_ANSWER)
		lose(c, "connection reset");
	sim_later(l, back, deliver, c, call_free);
}

static char *account_of(const char *const *headers)
{
	for (; headers != NULL && *headers != NULL; headers++)
		if (strncasecmp(*headers, "X-Ovh-Application: ", 19) == 0)
			return xstrdup(*headers + 19);
	return xstrdup("");
}

static void call_drop(void *arg)
{
	struct http_call *c = arg;

	c->h = NULL;
	arrive(c); /* it was on the wire when the daemon died */
}

struct http_call *http_start(struct http *h, const struct http_request *request, http_done *done, void *arg)
{
	struct http_call *c = xcalloc(1, sizeof(*c));
	const char *path = strchr(request->url + strlen("https://"), '/');

	sim.http_calls++;
	c->h = h;
	c->next = h->calls;
	h->calls = c;
	c->method = xstrdup(request->method);
	c->path = xstrdup(path);
	c->body = request->body != NULL ? xstrndup(request->body, request->body_len) : NULL;
	c->account = account_of(request->headers);
	c->done = done;
	c->arg = arg;
	c->began = sim.now;
	c->fate = sim.leaving != NULL ? sim.leaving(c->method, c->path) : SIM_SEND;
	sim.halt = sim.halt || c->fate == SIM_HALT_BEFORE;
	sim_later(h->l, sim_between(5, 150), arrive, c, call_drop);
	return c;
}

void http_cancel(struct http_call *c)
{
	c->done = NULL;
}

struct credentials *sim_credentials(void)
{
	static char app[] = "default", secret[] = "s", consumer[] = "c";
	static struct credentials cred = {.kind = CREDENTIALS_KEYS,
	        .application_key = app,
	        .application_secret = secret,
	        .consumer_key = consumer};

	return &cred;
}
