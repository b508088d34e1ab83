/* Routing: a table of method and path to a small function each. */
#include "ask.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ask_time.h"
#include "codec/idna.h"
#include "codec/json.h"
#include "core/span.h"
#include "engine/engine.h"

struct route {
	const char *method, *path; /* "*" stands for one segment */
	void (*answer)(struct ask *ask, const struct control_request *q, struct control_answer *a);
};

static void ok(struct control_answer *a, const char *message)
{
	struct json_w *w = json_w_open(&a->body);

	json_w_object(w);
	json_w_kbool(w, "ok", true);
	json_w_kstr(w, "message", message);
	json_w_end(w);
	json_w_close(w);
}

void ask_unknown(struct control_answer *a, const char *name)
{
	control_fail(a, 404, "unknown-domain",
	        "%s is not in the inventory, or stands on two platforms: then ask for %s:PLATFORM", name,
	        name);
}

static void result(struct control_answer *a, enum ask_result r, const char *name, const char *text)
{
	if (r == ASK_OK)
		ok(a, text);
	else if (r == ASK_UNKNOWN)
		ask_unknown(a, name);
	else if (r == ASK_BAD)
		control_fail(a, 400, "bad-request", "%s", text);
	else
		control_fail(a, 409, "refused", "%s", text);
}

/* --- reads -------------------------------------------------------------------------------------------------------- */

static void get_status(struct ask *ask, const struct control_request *q, struct control_answer *a)
{
	(void)q;
	engine_status_json(ask->engine, &a->body);
}

/* Answers that take long are told in pieces, between which the loop turns and a reload may bring another engine. */
struct long_answer {
	struct ask *ask;
	struct engine_cursor at;
	bool (*next)(struct engine *e, struct engine_cursor *at, struct buf *out);
};

static bool next_piece(void *arg, struct buf *out)
{
	struct long_answer *l = arg;

	return l->ask->engine != NULL && l->next(l->ask->engine, &l->at, out);
}

static void tell_long(struct ask *ask, const struct control_request *q, struct control_answer *a,
        bool (*next)(struct engine *e, struct engine_cursor *at, struct buf *out))
{
	struct long_answer *l = xcalloc(1, sizeof(*l));

	l->ask = ask;
	l->next = next;
	control_stream(q, a, next_piece, free, l);
}

static void get_domains(struct ask *ask, const struct control_request *q, struct control_answer *a)
{
	const char *use = control_param(q, "for");

	if (use != NULL && !str_eq(use, "table"))
		control_fail(a, 400, "bad-request", "a list of domains is there for=table, or as a whole");
	else
		tell_long(ask, q, a, use != NULL ? engine_table_json : engine_domains_json);
}

static void get_domain(struct ask *ask, const struct control_request *q, struct control_answer *a)
{
	enum ask_result r = engine_domain_json(ask->engine, q->segment[2], &a->body);

	if (r != ASK_OK)
		result(a, r, q->segment[2], "");
}

static void get_metrics(struct ask *ask, const struct control_request *q, struct control_answer *a)
{
	a->type = "text/plain; version=0.0.4";
	tell_long(ask, q, a, engine_metrics);
}

/* --- writes ------------------------------------------------------------------------------------------------------- */

struct body {
	const struct json *json;
	const char *reason;
	int64_t for_ms;
	bool compromised, back;
};

/* What is not understood is refused: an order is never another one because of a slip of the pen. */
static bool read_member(const struct json *m, struct body *b)
{
	const char *name = json_key(m), *text = json_string(m);

	if (json_is_null(m))
		return true;
	if (str_eq(name, "reason"))
		return (b->reason = text) != NULL;
	if (str_eq(name, "for"))
		return text != NULL && span_parse(text, &b->for_ms) == 0 && b->for_ms > 0;
	if (str_eq(name, "compromised"))
		return json_bool(m, &b->compromised);
	return str_eq(name, "back") && json_bool(m, &b->back);
}

/* {"reason":..., "for":"2h", "compromised":true, "back":true}; all of it optional. */
static bool read_body(const struct control_request *q, struct body *b, struct control_answer *a)
{
	char why[120] = "";

	memset(b, 0, sizeof(*b));
	if (q->body_len == 0)
		return true;
	if (json_parse(q->body, q->body_len, JSON_MAX_API, &b->json, why, sizeof(why)) != 0 ||
	        !json_is(b->json, JSON_OBJECT)) {
		control_fail(a, 400, "bad-request", "the body is not a JSON object%s%s",
		        why[0] != '\0' ? ": " : "", why);
		json_free(b->json);
		return false;
	}
	for (const struct json *m = json_first(b->json); m != NULL; m = json_next(m))
		if (!read_member(m, b)) {
			control_fail(a, 400, "bad-request",
			        "\"%s\" is not understood: there are reason (text), for (a span, such as "
			        "\"2h\"), compromised and back (true or false)",
			        json_key(m));
			json_free(b->json);
			return false;
		}
	return true;
}

struct rotation {
	struct control_later *later;
	char name[256];
};

static void rotated(void *arg, enum ask_result r, const char *text)
{
	struct rotation *rot = arg;
	struct control_answer a = {.status = 200};

	result(&a, r, rot->name, text);
	control_reply(rot->later, &a);
	free(rot);
}

static void post_rotate(struct ask *ask, const struct control_request *q, struct control_answer *a)
{
	struct body b;

	if (!read_body(q, &b, a))
		return;
	enum order order = b.compromised ? ORDER_COMPROMISED : b.back ? ORDER_BACK : ORDER_ROTATE;
	if (b.compromised && b.back) {
		control_fail(a, 400, "bad-request", "compromised and back exclude each other");
	} else {
		struct rotation *rot = xcalloc(1, sizeof(*rot));

		str_format(rot->name, sizeof(rot->name), "%s", q->segment[2]);
		rot->later = control_later(q, a);
		engine_rotate(ask->engine, rot->name, order, rotated, rot);
	}
	json_free(b.json);
}

static void post_adopt(struct ask *ask, const struct control_request *q, struct control_answer *a)
{
	const struct json *json = NULL;
	char why[120] = "";
	const char *selector, *key;

	if (json_parse(q->body, q->body_len, JSON_MAX_API, &json, why, sizeof(why)) != 0) {
		control_fail(a, 400, "bad-request", "the body is not a JSON object: %s", why);
		return;
	}
	selector = json_string(json_get(json, "selector"));
	key = json_string(json_get(json, "key"));
	if (selector == NULL || key == NULL) {
		control_fail(a, 400, "bad-request", "\"selector\" and \"key\" are needed");
	} else {
		struct rotation *rot = xcalloc(1, sizeof(*rot));

		str_format(rot->name, sizeof(rot->name), "%s", q->segment[2]);
		rot->later = control_later(q, a);
		engine_adopt(ask->engine, rot->name, selector, key, strlen(key), rotated, rot);
	}
	if (key != NULL) /* it is not to stay in memory */
		explicit_bzero((char *)(uintptr_t)key, strlen(key));
	json_free(json);
}

static void pause_or_resume(struct ask *ask, const struct control_request *q, struct control_answer *a,
        const char *name, bool pause)
{
	struct body b;
	char who[24];

	if (!read_body(q, &b, a))
		return;
	if (q->uid == 0) /* the others that may write are one: the daemon's own user */
		str_copy(who, sizeof(who), "root");
	else
		str_format(who, sizeof(who), "uid %u", q->uid);
	if (pause && (b.reason == NULL || b.reason[0] == '\0')) {
		control_fail(a, 400, "bad-request", "a pause needs a reason");
	} else {
		enum ask_result r = pause ? engine_pause(ask->engine, name, b.reason, who, b.for_ms)
		                          : engine_resume(ask->engine, name);

		result(a, r, name != NULL ? name : "",
		        r == ASK_OK ? (pause ? "paused" : "resumed") : "the state cannot be written");
	}
	json_free(b.json);
}

static void post_pause(struct ask *ask, const struct control_request *q, struct control_answer *a)
{
	pause_or_resume(ask, q, a, q->n_segments == 4 ? q->segment[2] : NULL, true);
}

static void post_resume(struct ask *ask, const struct control_request *q, struct control_answer *a)
{
	pause_or_resume(ask, q, a, q->n_segments == 4 ? q->segment[2] : NULL, false);
}

/* What was refused, in whole: a message is cut and has one line. */
static void refuse_reload(struct control_answer *a, bool whole, const char *faults)
{
	struct json_w *w = json_w_open(&a->body);

	a->status = 409;
	json_w_object(w);
	json_w_kstr(w, "error", "refused");
	json_w_kstr(w, "message",
	        whole ? "the new configuration is refused; the old one stays in force"
	              : "there are faults; what was good is in force");
	json_w_key(w, "faults");
	json_w_array(w);
	while (*faults != '\0') {
		size_t n = strcspn(faults, "\n");
		char *line = xstrndup(faults, n);

		json_w_str(w, line);
		free(line);
		faults += n + (faults[n] == '\n');
	}
	json_w_end(w);
	json_w_end(w);
	json_w_close(w);
}

static void post_reload(struct ask *ask, const struct control_request *q, struct control_answer *a)
{
	struct buf faults = {0};

	(void)q;
	enum reload_result r = ask->reload(ask->arg, &faults);
	if (r == RELOAD_TAKEN)
		ok(a, "reloaded");
	else
		refuse_reload(a, r == RELOAD_REFUSED, faults.data != NULL ? faults.data : "");
	buf_free(&faults);
}

static const struct route routes[] = {
        {"GET", "v1/status", get_status},
        {"GET", "v1/domains", get_domains},
        {"GET", "v1/domains/*", get_domain},
        {"GET", "v1/plan", get_plan},
        {"GET", "v1/history", get_history},
        {"GET", "metrics", get_metrics},
        {"POST", "v1/domains/*/rotate", post_rotate},
        {"POST", "v1/domains/*/pause", post_pause},
        {"POST", "v1/domains/*/adopt", post_adopt},
        {"POST", "v1/domains/*/resume", post_resume},
        {"POST", "v1/pause", post_pause},
        {"POST", "v1/resume", post_resume},
        {"POST", "v1/reload", post_reload},
};

static bool path_matches(const char *path, const struct control_request *q)
{
	for (unsigned i = 0; i < q->n_segments; i++) {
		size_t n = strcspn(path, "/");
		bool any = n == 1 && path[0] == '*';

		if (n == 0 || (!any && (strncmp(path, q->segment[i], n) != 0 || q->segment[i][n] != '\0')))
			return false;
		path += n;
		path += *path == '/';
	}
	return *path == '\0' && q->n_segments > 0;
}

/* A domain is asked for as people write it. */
static void answer_route(
        const struct route *r, struct ask *ask, const struct control_request *q, struct control_answer *a)
{
	struct control_request asked = *q;
	char name[IDNA_ASKED];

	if (strchr(r->path, '*') != NULL)
		asked.segment[2] = idna_asked(name, q->segment[2]);
	r->answer(ask, &asked, a);
}

void ask_handle(void *arg, const struct control_request *q, struct control_answer *a)
{
	struct ask *ask = arg;
	bool path_known = false;

	if (ask->engine == NULL) {
		control_fail(a, 503, "starting", "the daemon is starting or stopping");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		if (!path_matches(routes[i].path, q))
			continue;
		path_known = true;
		if (!str_eq(routes[i].method, q->method))
			continue;
		if (str_eq(q->method, "POST") && !q->may_write)
			control_fail(
			        a, 403, "not-allowed", "only root and the daemon's own user may do this");
		else
			answer_route(&routes[i], ask, q, a);
		return;
	}
	control_fail(a, path_known ? 405 : 404, path_known ? "bad-method" : "unknown-path", "no such %s",
	        path_known ? "method here" : "path");
}
