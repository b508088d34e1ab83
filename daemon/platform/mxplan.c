/* MX Plan, and Zimbra as OVHcloud's guide has it: one GET shows status and selectors, one PUT switches the domain on. It
 * must never take a selector's line for another name's, nor what the API leaves out for what it says. */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "core/dname.h"
#include "platform/domains.h"
#include "platform/look.h"

enum step { AT_DKIM, AT_SERVICE, AT_TASK, AT_END };

static const struct word status_words[] = {
        {"disabled", STATUS_DISABLED},
        {"enabled", STATUS_ENABLED},
        {"error", STATUS_ERROR},
        {"modifying", STATUS_MODIFYING},
        {"toConfigure", STATUS_TO_CONFIGURE},
};

static const struct word selector_words[] = {
        {"set", SELECTOR_SET},
        {"toSet", SELECTOR_TO_SET},
        {"toFix", SELECTOR_TO_FIX},
};

static const struct word service_words[] = {
        {"ok", SERVICE_OK},
        {"close", SERVICE_CLOSED},
        {"readOnly", SERVICE_CLOSED},
};

/* ---- the sequence ---- */

static bool wanted(const struct pass *p)
{
	switch ((enum step)p->step) {
	case AT_DKIM:
		return true;
	case AT_SERVICE: /* it changes rarely: once a day while it is ok */
		return p->kind != LOOK_FLIGHT &&
		       (p->names_due || !p->record || p->record->service != SERVICE_OK);
	case AT_TASK:
		return record_task(p->record, NULL) != 0;
	default:
		return false;
	}
}

bool mxplan_next(struct pass *p, struct api_request *ret)
{
	char id[24];

	if (p->step == AT_DKIM && p->record)
		p->seen.service = p->record->service;
	while (p->step < AT_END && !wanted(p))
		p->step++;
	if (p->step >= AT_END)
		return false;
	request_start(ret, "GET");
	request_path(ret, "/email/domain/%", p->desired->domain);
	if (p->step == AT_DKIM) {
		request_path(ret, "/dkim");
	} else if (p->step == AT_TASK) {
		str_format(id, sizeof id, "%lld", (long long)record_task(p->record, NULL));
		request_path(ret, "/task/all/%", id);
	}
	return true;
}

/* ---- reading ---- */

struct seen_selector *domains_place(struct pass *p, const char *name, int64_t now)
{
	struct observed *o = &p->seen;
	struct seen_selector *s;

	for (unsigned i = 0; i < o->n; i++)
		if (str_caseeq(o->sel[i].name, name))
			return NULL;
	if (o->n == SELECTORS_MAX) {
		o->too_many = true;
		return NULL;
	}
	s = &o->sel[o->n++];
	*s = (struct seen_selector){.named = true, .listed = true, .read_at = now};
	str_copy(s->name, sizeof s->name, name);
	return s;
}

void domains_sort(struct pass *p)
{
	struct observed *o = &p->seen;

	for (unsigned i = 1; i < o->n; i++)
		for (unsigned j = i; j > 0 && strcmp(o->sel[j - 1].name, o->sel[j].name) > 0; j--) {
			struct seen_selector t = o->sel[j];

			o->sel[j] = o->sel[j - 1];
			o->sel[j - 1] = t;
		}
}

/* "<selector>._domainkey.<domain> CNAME <target>.", exactly this selector's and this domain's. */
static bool read_cname(const struct pass *p, const struct json *j, struct seen_selector *s)
{
	const char *text = json_string(j);
	char copy[2 * HOST_NAME + 16], expected[DNAME_TEXT], *rest;

	if (!text || !str_copy(copy, sizeof copy, text))
		return false;
	const char *record = strtok_r(copy, " ", &rest), *type = strtok_r(NULL, " ", &rest);
	const char *target = strtok_r(NULL, " ", &rest);

	if (!record || !str_caseeq(type, "CNAME") || !target || strtok_r(NULL, " ", &rest))
		return false;
	if (!dname_dkim(expected, s->name, p->desired->domain) || !dname_equal(record, expected))
		return false;
	str_copy(s->record, sizeof s->record, expected);
	return dname_lower(s->target, sizeof s->target, target) && host_valid(s->target);
}

static void feed_selectors(struct pass *p, const struct api_answer *a, const struct json *list)
{
	char name[SELECTOR_NAME];

	if (!json_is_null(list) && !json_is(list, JSON_ARRAY))
		look_odd(p, a, "selectors");
	for (const struct json *e = json_first(list); e; e = json_next(e)) {
		int state = WORD_FIND(selector_words, json_get(e, "status"));
		struct seen_selector *s;

		if (!read_selector(json_get(e, "selectorName"), name)) {
			look_odd(p, a, "selectorName");
			continue;
		}
		s = domains_place(p, name, a->now);
		if (!s && !p->seen.too_many)
			look_odd(p, a, "a selector twice");
		if (!s)
			continue;
		if (!read_cname(p, json_get(e, "cname"), s)) {
			s->record[0] = s->target[0] = '\0';
			look_odd(p, a, "cname");
		} else if (state < 0) {
			look_odd(p, a, "status of a selector");
		} else {
			s->state = (enum selector_state)state;
		}
	}
	domains_sort(p);
}

static void feed_dkim(struct pass *p, const struct api_answer *a, const struct json *root)
{
	struct observed *o = &p->seen;
	const struct json *word = json_get(root, "status"), *active = json_get(root, "activeSelector");
	int status = WORD_FIND(status_words, word);

	o->status = status < 0 ? STATUS_UNKNOWN : (enum signing_status)status;
	if (status < 0)
		look_odd(p, a, "status");
	o->theirs = (struct diagnosis){.given = json_string(word) != NULL};
	if (o->theirs.given)
		str_clean(o->theirs.state, sizeof o->theirs.state, json_string(word));
	if (active && !json_is_null(active) && !read_selector(active, o->active))
		look_odd(p, a, "activeSelector");
	/* autoconfig: the sources disagree on what it means, so nothing is read into it (ovh-api 2.6) */
	feed_selectors(p, a, json_get(root, "selectors"));
}

/* The right to read the service is optional for MX Plan, and Zimbra domains may not be services there: the DKIM object,
 * just read, is then the domain's own word that it is in order. */
static bool is_optional(const struct pass *p, const struct reply *r)
{
	return r->trouble == TROUBLE_GRANT ||
	       (r->kind == REPLY_GONE && p->desired->platform == PLATFORM_ZIMBRA);
}

static void feed_service(struct pass *p, const struct api_answer *a)
{
	struct observed *o = &p->seen;
	struct reply reply;

	reply_read(a, &reply);
	if (is_optional(p, &reply)) {
		if (o->service == SERVICE_UNKNOWN)
			o->service = SERVICE_OK;
		reply_done(&reply);
		return;
	}
	reply_done(&reply);
	if (look_reply(p, a, true, &reply) == REPLY_JSON) {
		const struct json *word = json_get(reply.root, "status");
		int service = WORD_FIND(service_words, word);

		o->service = service < 0 ? SERVICE_UNKNOWN : (enum service_state)service;
		if (service < 0)
			look_odd(p, a, "status of the service");
		if (json_string(word))
			str_clean(o->service_word, sizeof o->service_word, json_string(word));
	}
	reply_done(&reply);
}

void mxplan_feed(struct pass *p, const struct api_answer *a)
{
	struct reply reply;

	switch ((enum step)p->step) {
	case AT_DKIM:
		if (look_reply(p, a, true, &reply) == REPLY_JSON)
			feed_dkim(p, a, reply.root);
		else
			p->whole = true; /* the rest says nothing without it */
		reply_done(&reply);
		break;
	case AT_SERVICE:
		feed_service(p, a);
		break;
	case AT_TASK:
		p->seen.domain_task = record_task(p->record, NULL);
		p->seen.domain_task_state = task_read(p, a, p->seen.domain_task);
		break;
	case AT_END:
		return;
	}
	p->step++;
}

/* ---- changes ---- */

int mxplan_change(const struct desired *d, const struct pass *last, enum action_kind action,
        const char *selector, struct api_request *ret)
{
	struct api_request r;

	(void)last;
	(void)selector; /* OVHcloud chooses */
	if (action != ACTION_ENABLE && action != ACTION_DISABLE)
		return -ENOTSUP;
	request_start(&r, "PUT"); /* not POST, whatever some documents say */
	request_path(&r, "/email/domain/%", d->domain);
	request_path(&r, action == ACTION_ENABLE ? "/dkim/enable" : "/dkim/disable");
	if (!request_ok(&r))
		return -EINVAL;
	*ret = r;
	return 0;
}

void mxplan_outcome(const struct api_answer *a, struct outcome *ret)
{
	outcome_read(a, shape_task, ret);
}

const struct driver driver_mxplan = {
        .kind = PLATFORM_MXPLAN,
        .next = mxplan_next,
        .feed = mxplan_feed,
        .change = mxplan_change,
        .outcome = mxplan_outcome,
};
