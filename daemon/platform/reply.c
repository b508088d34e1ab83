/* An answer before anybody looks for a field in it: JSON, a 404 that the API meant, or trouble and how far it reaches. It
 * must never take a page of HTML, a cut text or another server's 404 for something that the API said (safety rule 4). */
#include <string.h>

#include "base/util.h"
#include "platform/look.h"

static bool is_success(int status)
{
	return status >= 200 && status < 300;
}

struct ovherror {
	enum trouble trouble;
	bool json;
	char message[160];
};

static void ovherror_read(int status, const char *body, size_t len, struct ovherror *e)
{
	const struct json *j = NULL;

	*e = (struct ovherror){.trouble = TROUBLE_TRANSIENT};
	if (json_parse(body, len, JSON_MAX_API, &j, NULL, 0) < 0 || !json_string(json_get(j, "message"))) {
		json_free(j);
		return;
	}
	e->json = true;
	str_clean(e->message, sizeof e->message, json_string(json_get(j, "message")));
	json_free(j);
	if (status == 400)
		e->trouble = strstr(e->message, "signature") || strstr(e->message, "out of time")
		                     ? TROUBLE_CLOCK
		                     : TROUBLE_ODD;
	else if (status == 403)
		e->trouble = strstr(e->message, "This credential") || strstr(e->message, "application key")
		                     ? TROUBLE_ACCOUNT
		                     : TROUBLE_GRANT;
	else if (status == 404)
		e->trouble = TROUBLE_MISSING;
	else if (status == 409)
		e->trouble = TROUBLE_CONFLICT;
	else if (status == 460)
		e->trouble = TROUBLE_EXPIRED;
	else if (status != 401 && status != 408 && status != 429 && status < 500)
		e->trouble = TROUBLE_ODD;
}

void reply_read(const struct api_answer *a, struct reply *ret)
{
	char why[80] = "";

	*ret = (struct reply){.kind = REPLY_TROUBLE, .trouble = TROUBLE_TRANSIENT};
	if (!a->answered) {
		str_format(ret->text, sizeof ret->text, "got no answer: %s",
		        a->error && *a->error ? a->error : "silence");
		return;
	}
	if (is_success(a->status)) {
		if (a->status == 204 ||
		        json_parse(a->body, a->body_len, JSON_MAX_API, &ret->root, why, sizeof why) == 0)
			*ret = (struct reply){.kind = REPLY_JSON, .root = ret->root};
		else
			str_format(
			        ret->text, sizeof ret->text, "answered %d without JSON: %s", a->status, why);
		return;
	}
	struct ovherror e;

	ovherror_read(a->status, a->body, a->body_len, &e);
	ret->trouble = e.trouble;
	ret->api_error = e.json;
	if (a->status == 404 && e.json)
		ret->kind = REPLY_GONE;
	str_format(ret->text, sizeof ret->text, "answered %d%s%s", a->status, e.message[0] ? ": " : "",
	        e.message);
}

void reply_done(struct reply *r)
{
	json_free(r->root);
	r->root = NULL;
}

/* 400, 403, 404 and 409 said by the API itself: it was certainly not done (safety rule 7). Nothing else says so, not even
 * 401: what lies between us and the API answers that too. */
static bool is_refusal(const struct api_answer *a, const struct reply *r)
{
	static const int refusals[] = {400, 403, 404, 409};

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		if (a->status == refusals[i])
			return r->api_error;
	return false;
}

bool shape_task(const struct json *root, int64_t *ret_task)
{
	int64_t id;

	if (!json_int64(json_get(root, "id"), &id) || id < 0 || !json_string(json_get(root, "status")))
		return false;
	*ret_task = id;
	return true;
}

void outcome_read(const struct api_answer *a, reply_shape *shape, struct outcome *ret)
{
	struct outcome o = {.kind = OUTCOME_OPEN, .status = a->answered ? a->status : 0};
	struct reply r;

	reply_read(a, &r);
	o.trouble = r.trouble;
	if (!a->answered && a->not_sent) {
		o.kind = OUTCOME_NOT_SENT;
	} else if (r.kind == REPLY_JSON && shape(r.root, &o.task_id)) {
		o.kind = OUTCOME_ACCEPTED;
		o.trouble = TROUBLE_NONE;
	} else if (r.kind == REPLY_JSON) {
		o.trouble = TROUBLE_ODD;
		str_format(r.text, sizeof r.text, "answered %d with something else than a task", a->status);
	} else if (a->answered && is_refusal(a, &r)) {
		o.kind = OUTCOME_REFUSED;
	}
	str_clean(o.text, sizeof o.text, r.text);
	str_clean(o.query_id, sizeof o.query_id, a->query_id ? a->query_id : "");
	reply_done(&r);
	*ret = o;
}
