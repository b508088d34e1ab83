/* An answer before anybody looks for a field in it: JSON, a 404 that the API meant, or trouble and how far it reaches. It
 * must never take a page of HTML, a cut text or another server's 404 for something that the API said (safety rule 4). */
#include <string.h>

#include "base/util.h"
#include "codec/ovherror.h"
#include "platform/look.h"

static bool is_success(int status)
{
	return status >= 200 && status < 300;
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

/* 2xx: JSON, or 204 without anything. A page that calls itself HTML is none, whatever is in it. */
static void read_success(const struct api_answer *a, struct reply *ret)
{
	const struct json *root = NULL;
	char why[80] = "";

	if (str_prefix(or_empty(a->content_type), "text/html"))
		str_format(ret->text, sizeof ret->text, "answered %d with a page of HTML", a->status);
	else if (a->status == 204 ||
	         json_parse(a->body, a->body_len, JSON_MAX_API, &root, why, sizeof why) == 0)
		*ret = (struct reply){.kind = REPLY_JSON, .root = root};
	else
		str_format(ret->text, sizeof ret->text, "answered %d without JSON: %s", a->status, why);
}

void reply_read(const struct api_answer *a, struct reply *ret)
{
	struct api_error e;

	*ret = (struct reply){.kind = REPLY_TROUBLE, .trouble = TROUBLE_TRANSIENT};
	if (!a->answered) {
		const char *why = or_empty(a->error);

		str_format(ret->text, sizeof ret->text, "got no answer: %s", *why ? why : "silence");
		return;
	}
	if (is_success(a->status)) {
		read_success(a, ret);
		return;
	}
	api_error_classify(a->status, or_empty(a->content_type), a->body, a->body_len, &e);
	ret->trouble = e.trouble;
	ret->refused = api_error_refuses(a->status, &e);
	ret->no_service = e.class == API_NO_SERVICE;
	if (a->status == 404 && e.json)
		ret->kind = REPLY_GONE;
	str_format(ret->text, sizeof ret->text, "answered %d: %s", a->status, e.message);
}

void reply_done(struct reply *r)
{
	json_free(r->root);
	r->root = NULL;
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
	} else if (r.refused) { /* not even 401 is one: what lies between us and the API answers that too */
		o.kind = OUTCOME_REFUSED;
	}
	str_clean(o.text, sizeof o.text, r.text);
	str_clean(o.query_id, sizeof o.query_id, a->query_id ? a->query_id : "");
	reply_done(&r);
	*ret = o;
}
