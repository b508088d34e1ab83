/* Zimbra. Through v1 it is MX Plan under another name. Through v2, as OVHcloud's control panel does it: the domain is
 * searched on the account's platforms, its object names the CNAMEs, and a diagnosis, which changes nothing, tells how it
 * stands. It must never take a diagnosis of another domain, nor silence about a record for its absence once it signs. */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "core/dname.h"
#include "platform/domains.h"
#include "platform/look.h"

const struct driver driver_zimbra = {
        .kind = PLATFORM_ZIMBRA,
        .next = mxplan_next,
        .feed = mxplan_feed,
        .change = mxplan_change,
        .outcome = mxplan_outcome,
};

#define PAGES_MOST 200 /* of one look */

enum step { AT_PLATFORMS, AT_DOMAIN, AT_DIAGNOSIS, AT_END };

/* A domain that is out of sync or in error is there all the same, and its records may be what is wrong with it. */
static const struct word resource_words[] = {
        {"READY", SERVICE_OK},
        {"UPDATING", SERVICE_OK},
        {"OUT_OF_SYNC", SERVICE_OK},
        {"ERROR", SERVICE_OK},
        {"CREATING", SERVICE_BUSY},
        {"DELETING", SERVICE_CLOSED},
        {"SUSPENDED", SERVICE_CLOSED},
};

static const struct word task_words[] = {
        {"PENDING", TASK_PENDING},
        {"RUNNING", TASK_PENDING},
        {"SCHEDULED", TASK_PENDING},
        {"WAITING_USER_INPUT", TASK_PENDING},
        {"ERROR", TASK_ERROR},
};

/* ---- the sequence ---- */

static bool zimbra_next(struct pass *p, struct api_request *ret)
{
	switch ((enum step)p->step) {
	case AT_PLATFORMS:
		request_start(ret, "GET");
		request_path(ret, "/v2/zimbra/platform");
		break;
	case AT_DOMAIN:
		request_start(ret, "GET");
		request_path(ret, "/v2/zimbra/platform/%/domain?domainName=%", p->tokens[p->at],
		        p->desired->domain);
		break;
	case AT_DIAGNOSIS: {
		struct buf body = {0};
		struct json_w *w = json_w_open(&body);

		request_start(ret, "POST");
		ret->changes = false;
		request_path(ret, "/v2/zimbra/platform/%/diagnostic/domain", p->token);
		json_w_object(w);
		json_w_key(w, "domains");
		json_w_array(w);
		json_w_str(w, p->token2);
		json_w_end(w);
		json_w_end(w);
		json_w_close(w);
		request_body(ret, &body);
		break;
	}
	case AT_END:
		return false;
	}
	str_copy(ret->cursor, sizeof ret->cursor, p->cursor);
	return true;
}

/* Is there another page? Then the same request comes again, with its cursor. */
static bool next_page(struct pass *p, const struct api_answer *a)
{
	const char *next = a->cursor_next ? a->cursor_next : "";

	if (*next == '\0' || p->whole) {
		p->cursor[0] = '\0';
		return false;
	}
	if (++p->pages > PAGES_MOST || str_eq(next, p->cursor) ||
	        !str_copy(p->cursor, sizeof p->cursor, next)) {
		look_odd(p, a, "its pages do not end");
		p->whole = true;
	}
	return true;
}

static void feed_platforms(struct pass *p, const struct api_answer *a)
{
	struct reply reply;

	if (look_reply(p, a, true, &reply) != REPLY_JSON)
		p->whole = true;
	else if ((p->whole = !json_is(reply.root, JSON_ARRAY)))
		look_odd(p, a, "the list");
	for (const struct json *e = json_first(reply.root); e && !p->whole; e = json_next(e)) {
		if (p->n_tokens == PLATFORMS_MAX || !read_token(json_get(e, "id"), p->tokens[p->n_tokens]))
			look_odd(p, a, p->n_tokens == PLATFORMS_MAX ? "too many platforms" : "id");
		else
			p->n_tokens++;
	}
	reply_done(&reply);
	if (next_page(p, a))
		return;
	p->step = AT_DOMAIN;
	p->at = 0;
	if (p->n_tokens == 0 && !p->whole) {
		look_trouble(p, TROUBLE_MISSING, a, "shows no Zimbra platform");
		p->whole = true;
	}
}

/* ---- the domain ---- */

static void feed_tasks(struct pass *p, const struct api_answer *a, const struct json *list)
{
	enum task_state *state = &p->seen.domain_task_state;

	if (list && !json_is_null(list) && !json_is(list, JSON_ARRAY))
		look_odd(p, a, "currentTasks");
	for (const struct json *e = json_first(list); e; e = json_next(e)) {
		int task = WORD_FIND(task_words, json_get(e, "status"));

		if (task == TASK_PENDING || task < 0) /* what is not understood counts as pending */
			*state = TASK_PENDING;
		else if (*state == TASK_NONE)
			*state = TASK_ERROR;
	}
}

static void feed_domain(struct pass *p, const struct api_answer *a, const struct json *e)
{
	struct observed *o = &p->seen;
	const struct json *word = json_get(e, "resourceStatus"), *current = json_get(e, "currentState");
	int service = WORD_FIND(resource_words, word);

	memcpy(p->token, p->tokens[p->at], sizeof p->token);
	if (!read_token(json_get(e, "id"), p->token2)) {
		look_odd(p, a, "id");
		p->whole = true;
		return;
	}
	p->step = AT_DIAGNOSIS;
	p->cursor[0] = '\0';
	o->service = service < 0 ? SERVICE_UNKNOWN : (enum service_state)service;
	if (service < 0)
		look_odd(p, a, "resourceStatus");
	if (json_string(word))
		str_clean(o->service_word, sizeof o->service_word, json_string(word));
	feed_tasks(p, a, json_get(e, "currentTasks"));
	if (str_caseeq(json_string(word), "UPDATING"))
		o->domain_task_state = TASK_PENDING;
	zimbra_cnames(p, a, json_get(current, "expectedDNSConfig"));
}

/* It is on none of the platforms; one that could not be searched may be the reason. */
static void not_found(struct pass *p, const struct api_answer *a)
{
	look_trouble(p, p->skipped ? p->skipped : TROUBLE_MISSING, a,
	        "and the account's other Zimbra platforms do not show the domain");
	p->whole = true;
}

static void feed_domains(struct pass *p, const struct api_answer *a)
{
	struct reply reply;

	reply_read(a, &reply);
	/* A credential may be for one platform only: another one that it may not see is no obstacle. */
	if (reply.kind == REPLY_GONE || reply.trouble == TROUBLE_GRANT) {
		if (reply.trouble > p->skipped)
			p->skipped = reply.trouble;
	} else {
		reply_done(&reply);
		if (look_reply(p, a, true, &reply) != REPLY_JSON)
			p->whole = true;
		else if ((p->whole = !json_is(reply.root, JSON_ARRAY)))
			look_odd(p, a, "the list");
	}
	for (const struct json *e = json_first(reply.root); e && p->step == AT_DOMAIN; e = json_next(e)) {
		const char *name = json_string(json_get(json_get(e, "currentState"), "name"));

		if (name && dname_equal(name, p->desired->domain))
			feed_domain(p, a, e);
	}
	reply_done(&reply);
	if (p->step != AT_DOMAIN || p->whole || next_page(p, a))
		return;
	if (++p->at == p->n_tokens)
		not_found(p, a);
}

/* ---- the diagnosis ---- */

static void feed_diagnosis(struct pass *p, const struct api_answer *a)
{
	const struct json *mine = NULL;
	struct reply reply;

	if (look_reply(p, a, false, &reply) == REPLY_JSON) {
		for (const struct json *e = json_first(reply.root); e; e = json_next(e))
			if (str_eq(json_string(json_get(e, "domainId")), p->token2))
				mine = e;
		if (mine)
			zimbra_result(p, a, mine);
		else
			look_odd(p, a, "domainId");
	} else if (reply.kind == REPLY_GONE) { /* the domain was there a moment ago */
		look_trouble(p, TROUBLE_TRANSIENT, a, reply.text);
	}
	reply_done(&reply);
	p->step = AT_END;
}

static void zimbra_feed(struct pass *p, const struct api_answer *a)
{
	p->seen.status = STATUS_UNKNOWN;
	if (p->step == AT_PLATFORMS)
		feed_platforms(p, a);
	else if (p->step == AT_DOMAIN)
		feed_domains(p, a);
	else if (p->step == AT_DIAGNOSIS)
		feed_diagnosis(p, a);
}

/* ---- changes ---- */

static int zimbra_change(const struct desired *d, const struct pass *last, enum action_kind action,
        const char *selector, struct api_request *ret)
{
	struct buf body = {0};
	struct api_request r;
	struct json_w *w;

	(void)d;
	(void)selector; /* OVHcloud chooses */
	if (action != ACTION_ENABLE && action != ACTION_DISABLE)
		return -ENOTSUP;
	if (!last || !last->token[0] || !last->token2[0])
		return -EINVAL;
	request_start(&r, "PUT");
	request_path(&r, "/v2/zimbra/platform/%/domain/%", last->token, last->token2);
	/* Without checksum, as the control panel sends it: the gate's reading is seconds old, and no other field is sent. */
	w = json_w_open(&body);
	json_w_object(w);
	json_w_key(w, "targetSpec");
	json_w_object(w);
	json_w_kbool(w, "dkimEnabled", action == ACTION_ENABLE);
	json_w_end(w);
	json_w_end(w);
	json_w_close(w);
	request_body(&r, &body);
	if (!request_ok(&r))
		return -EINVAL;
	*ret = r;
	return 0;
}

/* The domain's object comes back; its tasks have ids that are no numbers, and the next look reads them. */
static bool shape_domain(const struct json *root, int64_t *ret_task)
{
	char id[TOKEN_MAX];

	*ret_task = 0;
	return read_token(json_get(root, "id"), id) && json_string(json_get(root, "resourceStatus"));
}

static void zimbra_outcome(const struct api_answer *a, struct outcome *ret)
{
	outcome_read(a, shape_domain, ret);
}

const struct driver driver_zimbra2 = {
        .kind = PLATFORM_ZIMBRA,
        .next = zimbra_next,
        .feed = zimbra_feed,
        .change = zimbra_change,
        .outcome = zimbra_outcome,
};
