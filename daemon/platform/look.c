/* What the drivers share around a look: requests as text, the worst trouble kept, names and tasks from the record. It must
 * never put a text into a path unencoded, nor let one trouble hide a worse one. */
#include "platform/look.h"

#include <stdarg.h>
#include <string.h>

#include "base/util.h"
#include "codec/url.h"

/* ---- requests ---- */

void request_start(struct api_request *r, const char *method)
{
	*r = (struct api_request){.method = method, .changes = !str_eq(method, "GET")};
}

/* A path filled to the brim does not begin with '/', and whatever is appended to it does not fit either. */
static void request_spoil(struct api_request *r)
{
	memset(r->path, '!', sizeof r->path - 1);
	r->path[sizeof r->path - 1] = '\0';
}

void request_path(struct api_request *r, const char *format, ...)
{
	struct buf b = {0};
	va_list ap;

	buf_puts(&b, r->path);
	va_start(ap, format);
	for (const char *f = format; *f; f++) {
		if (*f == '%')
			url_segment(&b, va_arg(ap, const char *));
		else
			buf_add(&b, f, 1);
	}
	va_end(ap);
	if (!b.data || !str_copy(r->path, sizeof r->path, b.data))
		request_spoil(r);
	buf_free(&b);
}

void request_body(struct api_request *r, struct buf *b)
{
	if (!b->data || !str_copy(r->body, sizeof r->body, b->data))
		request_spoil(r);
	buf_free(b);
}

bool request_ok(const struct api_request *r)
{
	return r->path[0] == '/';
}

/* ---- trouble ---- */

void look_trouble(struct pass *p, enum trouble t, const struct api_answer *a, const char *what)
{
	char text[sizeof p->seen.trouble_text];

	if (t <= p->seen.trouble)
		return;
	str_format(text, sizeof text, "%s %s", p->asked, what);
	p->seen.trouble = t;
	str_clean(p->seen.trouble_text, sizeof p->seen.trouble_text, text);
	str_clean(p->seen.query_id, sizeof p->seen.query_id, a && a->query_id ? a->query_id : "");
}

void look_odd(struct pass *p, const struct api_answer *a, const char *field)
{
	char what[80];

	str_format(what, sizeof what, "answered something else than expected: %s", field);
	look_trouble(p, TROUBLE_ODD, a, what);
}

/* Nobody answers, or we are asked to slow down, or it is the same for every path: asking on is pointless. */
static bool is_final(const struct api_answer *a, enum trouble t)
{
	return !a->answered || a->status == 429 || t == TROUBLE_MISSING || t == TROUBLE_EXPIRED ||
	       t == TROUBLE_ACCOUNT || t == TROUBLE_CLOCK;
}

enum reply_kind look_reply(struct pass *p, const struct api_answer *a, bool must_exist, struct reply *ret)
{
	reply_read(a, ret);
	if (ret->kind == REPLY_TROUBLE || (ret->kind == REPLY_GONE && must_exist)) {
		look_trouble(p, ret->trouble, a, ret->text);
		if (is_final(a, ret->trouble))
			p->whole = true;
	}
	return ret->kind;
}

/* ---- from the record ---- */

unsigned record_names(const struct record *rec, const char *ret[2])
{
	unsigned n = 0;

	for (unsigned i = 0; rec && i < rec->n; i++) {
		const char *name = rec->sel[i].name;

		if (!rec->sel[i].named)
			continue;
		if (n == 0) {
			ret[n++] = name;
		} else if (strcmp(name, ret[0]) < 0) {
			ret[1] = ret[0];
			ret[0] = name;
			n = 2;
		} else if (n == 1 || strcmp(name, ret[1]) < 0) {
			ret[1] = name;
			n = 2;
		}
	}
	return n;
}

int64_t record_task(const struct record *rec, const char *selector)
{
	for (unsigned i = 0; rec && i < INTENTS_MAX; i++) {
		const struct intent *in = &rec->intent[i];

		if (in->action != ACTION_NONE && in->task_id &&
		        (!selector || str_caseeq(in->selector, selector)))
			return in->task_id;
	}
	return 0;
}

/* ---- tasks ---- */

/* Exchange and Email Pro: cancelled doing done error todo. MX Plan: cancelled customerError doing done init ovhError
 * todo. */
static const struct word task_words[] = {
        {"todo", TASK_PENDING},
        {"doing", TASK_PENDING},
        {"init", TASK_PENDING},
        {"done", TASK_OVER},
        {"cancelled", TASK_OVER},
        {"error", TASK_ERROR},
        {"ovhError", TASK_ERROR},
        {"customerError", TASK_ERROR},
};

enum task_state task_read(struct pass *p, const struct api_answer *a, int64_t id)
{
	struct reply reply;
	enum task_state state = TASK_UNKNOWN;
	int64_t read;

	if (look_reply(p, a, false, &reply) == REPLY_GONE) {
		state = TASK_OVER;
	} else if (reply.kind == REPLY_JSON) {
		int word = WORD_FIND(task_words, json_get(reply.root, "status"));

		if (!json_int64(json_get(reply.root, "id"), &read) || read != id)
			look_odd(p, a, "id");
		else if (word < 0)
			look_odd(p, a, "status");
		else
			state = (enum task_state)word;
	}
	reply_done(&reply);
	return state;
}
