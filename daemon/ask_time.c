/* GET /v1/plan: what would be sent, answered from the loop when the engine has computed it. GET /v1/history: what was sent
 * and seen, a page at a time. */
#include "ask_time.h"

#include <stdlib.h>
#include <string.h>

#include "codec/idna.h"
#include "core/span.h"
#include "engine/engine.h"

/* domain=NAME, as often as there are; domain=A,B,C too. A list ended by NULL. */
struct names {
	char **list;
	size_t n;
};

static void read_names(const struct control_request *q, struct names *ret)
{
	char asked[IDNA_ASKED];

	*ret = (struct names){.list = xcalloc(1, sizeof(char *))};
	for (unsigned i = 0; i < q->n_params; i++) {
		char *value = xstrdup(q->param[i].value), *rest;

		for (char *name = str_eq(q->param[i].name, "domain") ? strtok_r(value, ",", &rest) : NULL;
		        name != NULL; name = strtok_r(NULL, ",", &rest)) {
			ret->list = xrealloc(ret->list, (ret->n + 2) * sizeof(char *));
			ret->list[ret->n++] = xstrdup(idna_asked(asked, name));
			ret->list[ret->n] = NULL;
		}
		free(value);
	}
}

static void names_free(struct names *n)
{
	for (size_t i = 0; i < n->n; i++)
		free(n->list[i]);
	free(n->list);
}

/* A span of the query; absent is 0. False: told. */
static bool read_span(const struct control_request *q, const char *name, int64_t most, int64_t *ret,
        struct control_answer *a)
{
	const char *text = control_param(q, name);
	char longest[SPAN_TEXT];

	*ret = 0;
	if (text == NULL)
		return true;
	if (span_parse(text, ret) != 0) {
		control_fail(a, 400, "bad-request", "\"%s\" is no span, such as 90d or 12h", name);
		return false;
	}
	if (*ret > most) {
		control_fail(a, 400, "bad-request", "\"%s\" is longer than %s", name,
		        span_format_short(longest, most));
		return false;
	}
	return true;
}

static void foretold(void *arg, enum ask_result r, const char *why, struct buf *json)
{
	struct control_answer a = {.status = 200};

	if (r == ASK_OK)
		a.body = *json;
	else
		control_fail(&a, 503, "starting", "%s", why);
	control_reply(arg, &a);
}

void get_plan(struct ask *ask, const struct control_request *q, struct control_answer *a)
{
	const char *unknown = "";
	struct names names;
	int64_t span;

	if (!read_span(q, "until", FORECAST_MOST, &span, a))
		return;
	read_names(q, &names);
	struct control_later *later = control_later(q, a);
	enum ask_result r = engine_forecast(ask->engine, (const char *const *)names.list, span,
	        control_param(q, "transitions") != NULL, foretold, later, &unknown);
	if (r != ASK_OK) {
		struct control_answer now = {.status = 200};

		if (r == ASK_UNKNOWN)
			ask_unknown(&now, unknown);
		else
			control_fail(&now, 409, "refused",
			        "several plans are being computed: ask again in a moment");
		control_reply(later, &now);
	}
	names_free(&names);
}

/* after=INSTANT.COUNT, as the page before gave it. */
static bool read_place(const char *text, struct history_place *ret)
{
	char *end;
	long long at = strtoll(text, &end, 10);

	if (end == text || at < 0 || *end != '.')
		return false;
	text = end + 1;
	unsigned long skip = strtoul(text, &end, 10);
	if (end == text || *end != '\0' || skip > UINT32_MAX)
		return false;
	*ret = (struct history_place){.at = at, .skip = (unsigned)skip};
	return true;
}

/* domain=NAME, since=SPAN, after=PLACE, limit=COUNT; all of it optional. */
void get_history(struct ask *ask, const struct control_request *q, struct control_answer *a)
{
	const char *name = control_param(q, "domain"), *after = control_param(q, "after");
	const char *limit = control_param(q, "limit");
	struct history_place from = {0};
	char asked[IDNA_ASKED];
	int64_t span;

	if (name != NULL)
		name = idna_asked(asked, name);
	if (!read_span(q, "since", SPAN_MOST, &span, a))
		return;
	if (span != 0)
		from.at = engine_now(ask->engine, name) - span;
	if (after != NULL && !read_place(after, &from)) {
		control_fail(a, 400, "bad-request", "\"after\" is no place that a page named");
		return;
	}
	unsigned long most = limit != NULL ? strtoul(limit, NULL, 10) : 0;
	enum ask_result r = engine_history_json(ask->engine, name, &from, (unsigned)most, &a->body);
	if (r == ASK_UNKNOWN)
		ask_unknown(a, name);
	else if (r != ASK_OK)
		control_fail(a, 503, "starting", "the history cannot be read now");
}
