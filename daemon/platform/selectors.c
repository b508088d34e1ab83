/* Exchange and Email Pro: a look at every selector of a domain as a sequence of GETs, and the requests that create,
 * switch and delete one. It must never invent a selector's name, conclude from an answer it did not understand, or call
 * a selector absent unless list and own path both say so in the same pass (safety rule 4). */
#include "platform/selectors.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "core/dname.h"
#include "core/record.h"
#include "platform/look.h"

/* The order of a look. A light look ends after the first; a flight look starts at the selectors. */
enum step {
	AT_DOMAIN,
	AT_LIST,
	AT_NAMES, /* after the list, which may show a name that nobody knows */
	AT_SELECTORS,
	AT_LATE_LIST, /* flight: only when a selector's own path answers 404 */
	AT_TASKS,
	AT_DOMAIN_TASK,
	AT_END,
};

static const struct word service_words[] = {
        {"ok", SERVICE_OK},
        {"creating", SERVICE_BUSY},
        {"reopening", SERVICE_BUSY},
        {"internalMigration", SERVICE_BUSY},
        {"deleting", SERVICE_CLOSED},
        {"suspended", SERVICE_CLOSED},
        {"suspending", SERVICE_CLOSED},
};

static const struct word state_words[] = {
        {"todo", SELECTOR_TODO},
        {"waitingRecord", SELECTOR_WAITING_RECORD}, /* the guide writes WaitingRecord too */
        {"ready", SELECTOR_READY},
        {"enabling", SELECTOR_ENABLING},
        {"inProduction", SELECTOR_IN_PRODUCTION},
        {"disabling", SELECTOR_DISABLING},
        {"deleting", SELECTOR_DELETING},
};

static void base(const struct desired *d, struct api_request *r)
{
	if (d->platform == PLATFORM_EXCHANGE)
		exchange_base(d, r);
	else
		emailpro_base(d, r);
}

static void start(const struct desired *d, const char *method, struct api_request *r)
{
	request_start(r, method);
	base(d, r);
	request_path(r, "/domain/%", d->domain);
}

static bool asks_names(const struct pass *p)
{
	const char *names[2];

	return p->kind == LOOK_FULL && (p->names_due || p->names_ask || record_names(p->record, names) == 0);
}

/* ---- the sequence ---- */

/* Is there anything to ask at this step? Moves `at` to the next selector that has a question. */
static bool wanted(struct pass *p)
{
	const struct observed *o = &p->seen;

	switch ((enum step)p->step) {
	case AT_DOMAIN:
		return p->kind != LOOK_FLIGHT;
	case AT_LIST:
		return p->kind == LOOK_FULL;
	case AT_NAMES:
		return asks_names(p);
	case AT_SELECTORS:
		return p->at < o->n;
	case AT_LATE_LIST:
		for (unsigned i = 0; i < o->n; i++)
			if (p->kind == LOOK_FLIGHT && p->own[i] == OWN_GONE)
				return true;
		return false;
	case AT_TASKS:
		while (p->at < o->n && !o->sel[p->at].task_id)
			p->at++;
		return p->at < o->n;
	case AT_DOMAIN_TASK:
		for (unsigned i = 0; i < o->n; i++)
			if (o->sel[i].task_id == o->domain_task)
				return false;
		return p->kind == LOOK_FULL && o->domain_task != 0;
	default:
		return false;
	}
}

/* A selector that has no task of its own may still have the one that the answer to our change named, unless it already
 * reads as that change wanted it. */
static void tasks_from_intents(struct pass *p)
{
	for (unsigned i = 0; i < p->seen.n; i++) {
		struct seen_selector *s = &p->seen.sel[i];

		if (!s->task_id && !(p->record && intent_shows_done(p->record, s)))
			s->task_id = record_task(p->record, s->name);
		s->task = s->task_id ? TASK_UNKNOWN : TASK_NONE;
	}
}

static void enter(struct pass *p, enum step step)
{
	p->step = step;
	p->at = 0;
	if (step == AT_SELECTORS && p->kind == LOOK_FLIGHT)
		selectors_place_intents(p);
	else if (step == AT_SELECTORS)
		selectors_sort(p);
	else if (step == AT_TASKS)
		tasks_from_intents(p);
	if (p->kind == LOOK_LIGHT || step == AT_END)
		p->whole = true;
}

bool selectors_next(struct pass *p, struct api_request *ret)
{
	const struct observed *o = &p->seen;

	while (!p->whole && !wanted(p)) {
		if (p->step == AT_NAMES && p->kind == LOOK_FULL)
			selectors_place_recorded(p);
		enter(p, p->step + 1);
	}
	if (p->whole)
		return false;
	start(p->desired, "GET", ret);
	switch ((enum step)p->step) {
	case AT_LIST:
	case AT_LATE_LIST:
		request_path(ret, "/dkim");
		break;
	case AT_NAMES:
		request_path(ret, "/dkimSelector");
		break;
	case AT_SELECTORS:
		request_path(ret, "/dkim/%", o->sel[p->at].name);
		break;
	case AT_TASKS:
	case AT_DOMAIN_TASK: {
		char id[24];

		str_format(id, sizeof id, "%lld",
		        (long long)(p->step == AT_TASKS ? o->sel[p->at].task_id : o->domain_task));
		request_start(ret, "GET");
		base(p->desired, ret);
		request_path(ret, "/task/%", id);
		break;
	}
	default:
		break;
	}
	return true;
}

/* ---- reading ---- */

static void feed_domain(struct pass *p, const struct api_answer *a, const struct json *root)
{
	struct observed *o = &p->seen;
	int service = WORD_FIND(service_words, json_get(root, "state"));
	const char *word = json_string(json_get(root, "state"));

	if (word)
		str_clean(o->service_word, sizeof o->service_word, word);
	if (service < 0)
		look_odd(p, a, "state");
	else
		o->service = (enum service_state)service;
	if (!read_id(json_get(root, "taskPendingId"), &o->domain_task))
		look_odd(p, a, "taskPendingId");
	read_diagnosis(json_get(root, "dkimDiagnostics"), &o->theirs);
}

/* Is it a list of selector names and nothing else? */
static bool list_valid(struct pass *p, const struct api_answer *a, const struct json *root)
{
	char name[SELECTOR_NAME];

	if (!json_is(root, JSON_ARRAY)) {
		look_odd(p, a, "the list");
		return false;
	}
	for (const struct json *e = json_first(root); e; e = json_next(e))
		if (!read_selector(e, name)) {
			look_odd(p, a, "a name in the list");
			return false;
		}
	return true;
}

static void feed_list(struct pass *p, const struct api_answer *a, const struct json *root)
{
	if (!list_valid(p, a, root))
		return;
	p->list_read = true;
	for (const struct json *e = json_first(root); e; e = json_next(e)) {
		const char *name = json_string(e);

		if (p->kind == LOOK_FULL || selectors_find(p, name) >= 0)
			selectors_place(p, name, false, true);
		if (!selectors_known(p, name))
			p->names_ask = true;
	}
}

/* The first two by name are the pair of the rotation; a third that exists is foreign. */
static void feed_names(struct pass *p, const struct api_answer *a, const struct json *root)
{
	const char *pair[2] = {NULL, NULL};

	if (!list_valid(p, a, root)) {
		selectors_place_recorded(p);
		return;
	}
	for (const struct json *e = json_first(root); e; e = json_next(e)) {
		const char *name = json_string(e);

		if (str_caseeq(name, pair[0]) || str_caseeq(name, pair[1]))
			continue;
		if (!pair[0] || strcmp(name, pair[0]) < 0) {
			pair[1] = pair[0];
			pair[0] = name;
		} else if (!pair[1] || strcmp(name, pair[1]) < 0) {
			pair[1] = name;
		}
	}
	for (unsigned i = 0; i < 2; i++)
		if (pair[i])
			selectors_place(p, pair[i], true, false);
	selectors_place_dropped(p);
}

/* The fields of a selector object. NULL, or the name of the one that is not as it must be. */
static const char *read_fields(const struct pass *p, const struct json *root, struct seen_selector *s)
{
	char name[SELECTOR_NAME], expected[DNAME_TEXT];
	int state = WORD_FIND(state_words, json_get(root, "status"));
	const char *last = json_string(json_get(root, "lastUpdate"));

	if (!read_selector(json_get(root, "selectorName"), name) || !str_caseeq(name, s->name))
		return "selectorName";
	if (!read_host(json_get(root, "customerRecord"), s->record) ||
	        !dname_dkim(expected, s->name, p->desired->domain) ||
	        (s->record[0] && !str_eq(s->record, expected)))
		return "customerRecord";
	if (state < 0)
		return "status";
	if (!read_host(json_get(root, "targetRecord"), s->target))
		return "targetRecord";
	/* The key is there in these states, so its target has a name. */
	if (!s->target[0] && (state == SELECTOR_READY || selector_may_sign((enum selector_state)state)))
		return "targetRecord";
	if (!read_tri(json_get(root, "cnameIsValid"), &s->cname_valid))
		return "cnameIsValid";
	if (!read_id(json_get(root, "taskPendingId"), &s->task_id))
		return "taskPendingId";
	/* It orders two keys at best. 1970-01-01T00:00:00+01:00 is the API's way to say never. */
	if (!last || !time_parse(last, &s->last_update) || s->last_update < 0)
		s->last_update = 0;
	s->state = (enum selector_state)state;
	return NULL;
}

static void feed_selector(struct pass *p, const struct api_answer *a, const struct json *root)
{
	struct seen_selector *s = &p->seen.sel[p->at],
	                     read = {.named = s->named, .listed = s->listed, .read_at = a->now};
	const char *wrong;

	memcpy(read.name, s->name, sizeof read.name);
	wrong = read_fields(p, root, &read);
	if (wrong) {
		p->own[p->at] = OWN_TROUBLE;
		look_odd(p, a, wrong);
		return;
	}
	p->own[p->at] = OWN_READ;
	*s = read;
}

/* Own path and list are known: absent is what both say. */
static void conclude(struct pass *p, const struct api_answer *a, unsigned i)
{
	struct seen_selector *s = &p->seen.sel[i];

	if (p->own[i] != OWN_GONE || !p->list_read)
		return;
	if (s->listed)
		look_trouble(p, TROUBLE_TRANSIENT, a, "a selector that the list has answers 404");
	else
		s->state = SELECTOR_ABSENT;
}

static void feed_own(struct pass *p, const struct api_answer *a)
{
	struct reply reply;
	unsigned i = p->at;

	switch (look_reply(p, a, false, &reply)) {
	case REPLY_JSON:
		feed_selector(p, a, reply.root);
		break;
	case REPLY_GONE:
		p->own[i] = OWN_GONE;
		p->seen.sel[i].read_at = a->now;
		if (p->kind == LOOK_FULL)
			conclude(p, a, i);
		break;
	default:
		p->own[i] = OWN_TROUBLE;
	}
	reply_done(&reply);
	p->at++;
}

static void feed_late_list(struct pass *p, const struct api_answer *a, const struct json *root)
{
	feed_list(p, a, root);
	for (unsigned i = 0; i < p->seen.n; i++)
		conclude(p, a, i);
}

static void feed_step(struct pass *p, const struct api_answer *a)
{
	static void (*const read[])(struct pass *, const struct api_answer *, const struct json *) = {
	        [AT_DOMAIN] = feed_domain,
	        [AT_LIST] = feed_list,
	        [AT_NAMES] = feed_names,
	        [AT_LATE_LIST] = feed_late_list,
	};
	enum step step = (enum step)p->step;
	struct reply reply;

	if (look_reply(p, a, step == AT_DOMAIN, &reply) == REPLY_JSON)
		read[step](p, a, reply.root);
	else if (reply.kind == REPLY_GONE) /* a list of a domain that was there a moment ago */
		look_trouble(p, TROUBLE_TRANSIENT, a, reply.text);
	if (reply.kind != REPLY_JSON && step == AT_NAMES)
		selectors_place_recorded(p);
	reply_done(&reply);
	enter(p, step + 1);
}

void selectors_feed(struct pass *p, const struct api_answer *a)
{
	if (p->step == AT_SELECTORS) {
		feed_own(p, a);
	} else if (p->step == AT_TASKS) {
		struct seen_selector *s = &p->seen.sel[p->at++];

		s->task = task_read(p, a, s->task_id);
		str_clean(s->task_query, sizeof s->task_query, a->query_id ? a->query_id : "");
	} else if (p->step == AT_DOMAIN_TASK) {
		p->seen.domain_task_state = task_read(p, a, p->seen.domain_task);
		enter(p, AT_END);
	} else if (p->step < AT_END) {
		feed_step(p, a);
	}
}

/* ---- changes ---- */

int selectors_change(const struct desired *d, const struct pass *last, enum action_kind action,
        const char *selector, struct api_request *ret)
{
	static const struct {
		const char *method, *tail;
	} calls[] = {
	        [ACTION_CREATE] = {"POST", "/dkim"},
	        [ACTION_ENABLE] = {"POST", "/dkim/%/enable"},
	        [ACTION_DISABLE] = {"POST", "/dkim/%/disable"},
	        [ACTION_DELETE] = {"DELETE", "/dkim/%"},
	};
	struct api_request r;

	(void)last;
	if ((size_t)action >= ARRAY_SIZE(calls) || !calls[action].method)
		return -ENOTSUP;
	if (!dname_valid_selector(selector))
		return -EINVAL;
	start(d, calls[action].method, &r);
	request_path(&r, calls[action].tail, selector);
	if (action == ACTION_CREATE) {
		struct buf body = {0};
		struct json_w *w = json_w_open(&body);

		json_w_object(w);
		json_w_kstr(w, "selectorName", selector);
		json_w_kbool(w, "autoEnableDKIM", false); /* safety rule 11 */
		json_w_kbool(w, "configureDkim", d->dns == DNS_PLATFORM);
		json_w_end(w);
		json_w_close(w);
		request_body(&r, &body);
	}
	if (!request_ok(&r))
		return -EINVAL;
	*ret = r;
	return 0;
}

void selectors_outcome(const struct api_answer *a, struct outcome *ret)
{
	outcome_read(a, shape_task, ret);
}
