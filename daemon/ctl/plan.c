/* plan: what would be sent now, or over the span ahead, in the order of time; and which domains wait for somebody. The
 * daemon computes it, here it is only shown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/url.h"
#include "core/model.h"
#include "ctl/ask.h"
#include "ctl/shown.h"
#include "ctl/table.h"

#define WAITING_MOST 20

/* How much a line tells; each level is narrower than the one before. */
static const struct level {
	bool when, call, terse;
} levels[] = {
        {.when = true, .call = true},
        {.when = true, .call = true, .terse = true},
        {.when = true, .terse = true},
        {.terse = true},
};

#define CALL_LEAST 24 /* columns; a shorter piece of a path tells nothing */

static const char *text(const struct json *object, const char *key)
{
	const char *s = json_string(json_get(object, key));

	return s != NULL ? s : "";
}

/* --- one call -------------------------------------------------------------------------------------------------------- */

/* "POST /email/...", or the edits of a zone. */
static void call_text(const struct json *call, struct buf *out)
{
	const struct json *edits = json_get(call, "zone_edits");

	if (edits == NULL) {
		buf_printf(out, "%s %s", text(call, "method"), text(call, "path"));
		return;
	}
	for (const struct json *e = json_first(edits); e != NULL; e = json_next(e)) {
		buf_printf(
		        out, "%s%s %s", out->len != 0 ? ", then " : "", text(e, "method"), text(e, "path"));
		if (json_string(json_get(e, "target")) != NULL)
			buf_printf(out, " (CNAME to %s)", text(e, "target"));
	}
}

static void add_row(struct table *t, const struct json *call, const struct level *l, int64_t now)
{
	const char *selector = text(call, "selector"), *dash = strrchr(selector, '-');
	char at[TIME_TEXT], when[SHOWN_WHEN];
	struct buf b = {0};
	int64_t ms = 0;

	time_parse(text(call, "at"), &ms);
	str_format(at, sizeof(at), "%.10s %.5s", text(call, "at"), strchr(text(call, "at"), 'T') + 1);
	table_cell(t, STYLE_PLAIN, at);
	table_cell(t, STYLE_DIM, l->when ? shown_when(when, ms, now) : "");
	table_cell(t, STYLE_BOLD, text(call, "domain"));
	table_cell(t, str_eq(text(call, "action"), "delete") ? STYLE_WARN : STYLE_BUSY, text(call, "action"));
	table_cell(t, STYLE_PLAIN, l->terse && dash != NULL ? dash + 1 : selector);
	if (l->call)
		call_text(call, &b);
	table_cell(t, STYLE_DIM, b.len != 0 ? b.data : "");
	buf_free(&b);
}

enum { COLUMNS = 6 };

static struct table *draw(const struct json *calls, const struct level *l, int64_t now)
{
	static const char *const heads[COLUMNS] = {"WHEN (UTC)", "", "DOMAIN", "ACTION", "SELECTOR", "CALL"};
	struct table *t = table_new(COLUMNS);

	for (unsigned i = 0; i < COLUMNS; i++)
		table_cell(t, STYLE_DIM, i == 5 && !l->call ? "" : heads[i]);
	for (const struct json *c = json_first(calls); c != NULL; c = json_next(c))
		if (strchr(text(c, "at"), 'T') != NULL)
			add_row(t, c, l, now);
	return t;
}

/* The richest level whose columns before the call fit, with some of the call. */
static void put_calls(const struct json *calls, const struct screen *s, int64_t now, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		struct level bare = levels[i];

		bare.call = false;
		struct table *t = draw(calls, &bare, now);
		size_t wanted = table_width(t) + (levels[i].call ? CALL_LEAST : 0);
		bool last = i + 1 == ARRAY_SIZE(levels);

		table_free(t);
		if (s->width != 0 && wanted > s->width && !last)
			continue;
		t = draw(calls, &levels[i], now);
		table_print(t, s, out);
		table_free(t);
		return;
	}
}

/* --- the page -------------------------------------------------------------------------------------------------------- */

static void put_waiting(const struct json *waiting, const struct screen *s, struct buf *out)
{
	size_t n = 0, all = json_count(waiting);

	for (const struct json *w = json_first(waiting); w != NULL && n < WAITING_MOST;
	        w = json_next(w), n++) {
		char clean[STR_CLEAN_MAX + 1], name[STR_CLEAN_MAX + 1];
		const char *condition = text(w, "condition"), *detail = text(w, "detail");
		bool still = str_eq(condition, "paused") || str_eq(condition, "observing");
		char *line = xasprintf("%s%s%s%s", still ? condition : shown_sentence(text(w, "reason")),
		        *detail != '\0' && !still ? " (" : "", still ? "" : detail,
		        *detail != '\0' && !still ? ")" : "");

		buf_puts(out, "  ");
		screen_put(s, out, still ? STYLE_DIM : STYLE_WARN,
		        str_clean(name, sizeof(name), text(w, "domain")));
		buf_puts(out, ":");
		screen_wrap(s, out, str_clean(clean, sizeof(clean), line), screen_columns(name) + 3, 6);
		free(line);
	}
	if (all > n)
		buf_printf(out, "  and %zu more wait\n", all - n);
}

static void print_page(const struct ctl *c, const struct answer *a)
{
	const struct json *calls = json_get(a->json, "calls");
	struct screen s = screen_of(c);
	size_t n = json_count(calls);
	struct buf out = {0}, line = {0};
	int64_t now = 0;

	time_parse(text(a->json, "at"), &now);
	if (n != 0)
		put_calls(calls, &s, now, &out);
	put_waiting(json_get(a->json, "waiting"), &s, &out);
	if (c->until == NULL)
		buf_printf(&line, "%s now; --until SPAN tells what comes",
		        n == 0 ? "Nothing would be sent" : "This would be sent");
	else if (n == 0)
		buf_printf(&line, "Nothing would be sent until %.10s", text(a->json, "until"));
	else
		buf_printf(&line, "%zu change%s until %.10s, when all goes well; nothing was sent", n,
		        n == 1 ? "" : "s", text(a->json, "until"));
	if (*text(a->json, "cut") != '\0')
		buf_printf(&line, "; too much happens to tell what comes after %s", text(a->json, "cut"));
	screen_wrap(&s, &out, line.data, 0, 2);
	fputs(out.data, stdout);
	buf_free(&line);
	buf_free(&out);
}

char *plan_path(char **names, int n, const char *until)
{
	struct buf b = {0}, list = {0};

	for (int i = 0; i < n; i++)
		buf_printf(&list, "%s%s", i != 0 ? "," : "", names[i]);
	buf_puts(&b, "/v1/plan");
	if (list.len != 0)
		url_query(&b, "domain", list.data);
	if (until != NULL)
		url_query(&b, "until", until);
	buf_free(&list);
	return b.data;
}

int ctl_plan(const struct ctl *c, char **args, int n)
{
	char *path = plan_path(args, n, c->until);
	struct answer a;
	int rc = ask(c, path, NULL, &a);

	if (rc == CTL_DONE && c->json)
		printf("%s\n", a.body.data);
	else if (rc == CTL_DONE)
		print_page(c, &a);
	answer_free(&a);
	free(path);
	return rc;
}
