/* history: past changes and transitions with their evidence. The daemon gives it a page at a time, and each page is
 * printed before the next is asked for, so that two years of many domains need little memory anywhere. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/url.h"
#include "core/model.h"
#include "ctl/ask.h"
#include "ctl/shown.h"
#include "ctl/table.h"

#define INDENT 18 /* columns: beneath what comes behind the time */

static const char *text(const struct json *object, const char *key)
{
	const char *s = json_string(json_get(object, key));

	return s != NULL ? s : "";
}

/* --- an entry in words ----------------------------------------------------------------------------------------------- */

/* What a transition means: %1 stands for its selector, %2 for the one before. */
static const struct {
	const char *event, *words;
	enum style style;
} events[] = {
        {"met", "first looked at", STYLE_PLAIN},
        {"key-changed", "another key: the history of %1 begins anew", STYLE_WARN},
        {"created", "%1 was created", STYLE_PLAIN},
        {"ready", "%1 is ready", STYLE_PLAIN},
        {"signing", "signs with %1", STYLE_GOOD},
        {"rotated", "signs with %1, no longer with %2", STYLE_GOOD},
        {"repaired", "signs again with %1", STYLE_GOOD},
        {"deleted", "the old key of %1 is gone", STYLE_WARN},
        {"disabled", "%1, the older of two signers, was switched off", STYLE_WARN},
        {"not-done", "a change of %1 was not done", STYLE_WARN},
        {"stopped", "stopped signing (%1)", STYLE_BAD},
        {"grace-restarted", "the grace begins anew", STYLE_WARN},
        {"record-right", "record and key of %1 are right", STYLE_PLAIN},
};

static void put_words(const char *words, const struct json *e, struct buf *out)
{
	for (; *words != '\0'; words++) {
		if (words[0] != '%') {
			buf_add(out, words, 1);
			continue;
		}
		const char *name = text(e, *++words == '1' ? "selector" : "before");
		buf_puts(out, *name != '\0' ? name : "OVHcloud's selector");
	}
}

static enum style transition(const struct json *e, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(events); i++)
		if (str_eq(events[i].event, text(e, "event"))) {
			put_words(events[i].words, e, out);
			return events[i].style;
		}
	buf_puts(out, text(e, "event"));
	return STYLE_PLAIN;
}

static enum style change(const struct json *e, struct buf *out)
{
	const char *outcome = text(e, "outcome");

	buf_printf(out, "%s", text(e, "action"));
	if (*text(e, "selector") != '\0')
		buf_printf(out, " %s", text(e, "selector"));
	if (*outcome != '\0')
		buf_printf(out, ": %s", outcome);
	return str_eq(outcome, "accepted") || *outcome == '\0' ? STYLE_BUSY : STYLE_WARN;
}

static enum style phase(const struct json *e, struct buf *out)
{
	const char *now = text(e, "phase"), *was = text(e, "phase_old");
	const char *condition = text(e, "condition");

	buf_printf(out, "%s", now);
	if (!str_eq(now, was))
		buf_printf(out, " (was %s)", was);
	if (!str_eq(condition, text(e, "condition_old")))
		buf_printf(out, ": %s", condition);
	return str_eq(condition, "error") ? STYLE_BAD : str_eq(condition, "blocked") ? STYLE_WARN : STYLE_DIM;
}

/* --- its evidence ---------------------------------------------------------------------------------------------------- */

static void add(struct buf *out, const char *name, const char *value)
{
	if (*value != '\0')
		buf_printf(out, "%s%s%s", out->len != 0 ? ", " : "", name, value);
}

static void add_number(struct buf *out, const struct json *e, const char *key, const char *name)
{
	const char *number = json_number(json_get(e, key));

	if (number != NULL && !str_eq(number, "0"))
		add(out, name, number);
}

/* "seen: selector1 inProduction, record ok at 2 of 2 servers; ..." */
static void add_seen(struct buf *out, const struct json *e)
{
	const struct json *list = json_get(json_get(e, "seen"), "selectors");
	const char *between = "seen: ";

	if (json_count(list) != 0 && out->len != 0)
		buf_puts(out, "; ");
	for (const struct json *s = json_first(list); s != NULL; s = json_next(s), between = "; ") {
		buf_printf(out, "%s%s %s", between, text(s, "name"), text(s, "state"));
		if (*text(s, "dns") != '\0')
			buf_printf(out, ", DNS %s (%s of %s servers agree)", text(s, "dns"),
			        json_number(json_get(s, "agreed")), json_number(json_get(s, "servers")));
	}
}

static void evidence(const struct json *e, struct buf *out)
{
	const char *reason = text(e, "reason");

	if (*reason != '\0')
		add(out, "", shown_sentence(reason));
	add(out, "ordered: ", text(e, "ordered"));
	if (*text(e, "method") != '\0') {
		add(out, "", text(e, "method"));
		buf_printf(out, " %s", text(e, "path"));
	}
	add(out, "", text(e, "name"));
	if (*text(e, "data") != '\0')
		buf_printf(out, " %s %s", text(e, "type"), text(e, "data"));
	add_number(out, e, "status", "HTTP ");
	add_number(out, e, "task", "task ");
	add(out, "query id ", text(e, "query_id"));
	add(out, "", text(e, "text"));
	add_seen(out, e);
}

/* --- printing -------------------------------------------------------------------------------------------------------- */

static void clean_buf(struct buf *b)
{
	for (size_t i = 0; i < b->len; i++)
		if ((unsigned char)b->data[i] < ' ' || b->data[i] == 0x7f)
			b->data[i] = '?';
}

static void print_entry(const struct json *e, const struct screen *s, bool with_domain)
{
	struct buf what = {0}, why = {0}, out = {0};
	const char *kind = text(e, "kind"), *at = text(e, "at");
	char domain[STR_CLEAN_MAX + 1];
	enum style style = str_eq(kind, "transition") ? transition(e, &what)
	                   : str_eq(kind, "phase")    ? phase(e, &what)
	                                              : change(e, &what);

	buf_printf(&out, "%.10s %.5s  ", at, strlen(at) > 16 ? at + 11 : "");
	if (with_domain) {
		screen_put(s, &out, STYLE_BOLD, str_clean(domain, sizeof(domain), text(e, "domain")));
		buf_puts(&out, "  ");
	}
	clean_buf(&what);
	screen_put(s, &out, style, what.len != 0 ? what.data : kind);
	buf_puts(&out, "\n");
	evidence(e, &why);
	clean_buf(&why);
	if (why.len != 0) {
		buf_printf(&out, "%*s", INDENT - 1, "");
		screen_wrap(s, &out, why.data, INDENT - 1, INDENT);
	}
	fputs(out.data, stdout);
	buf_free(&what);
	buf_free(&why);
	buf_free(&out);
}

/* The entries of a page as the daemon wrote them, without their brackets. */
static void print_raw(const struct answer *a, bool first)
{
	const char *begin = strchr(a->body.data, '['), *end = strrchr(a->body.data, ']');

	if (begin != NULL && end != NULL && end > begin + 1)
		printf("%s%.*s", first ? "" : ",\n", (int)(end - begin - 1), begin + 1);
}

static char *path_of(const char *name, const char *since, const char *next)
{
	struct buf b = {0};

	buf_puts(&b, "/v1/history");
	if (name != NULL)
		url_query(&b, "domain", name);
	if (since != NULL)
		url_query(&b, "since", since);
	if (next != NULL)
		url_query(&b, "after", next);
	return b.data;
}

int history_pages(const struct ctl *c, const char *name, const char *since, history_page *page, void *arg)
{
	char *next = NULL;
	int rc;

	do {
		char *path = path_of(name, next == NULL ? since : NULL, next);
		struct answer a;

		rc = ask(c, path, NULL, &a);
		free(path);
		if (rc == CTL_DONE)
			page(arg, &a, next == NULL);
		free(next);
		const char *more = rc == CTL_DONE ? json_string(json_get(a.json, "next")) : NULL;
		next = more != NULL ? xstrdup(more) : NULL;
		answer_free(&a);
	} while (next != NULL);
	return rc;
}

struct printing {
	const struct ctl *c;
	struct screen screen;
	bool with_domain, any;
};

static void print_page(void *arg, const struct answer *a, bool first)
{
	struct printing *p = arg;

	if (p->c->json) {
		printf("%s", first ? "{\"entries\":[" : "");
		print_raw(a, first);
		return;
	}
	for (const struct json *e = json_first(json_get(a->json, "entries")); e != NULL; e = json_next(e)) {
		print_entry(e, &p->screen, p->with_domain);
		p->any = true;
	}
	fflush(stdout);
}

int ctl_history(const struct ctl *c, char **args, int n)
{
	struct printing p = {.c = c, .screen = screen_of(c), .with_domain = n == 0};
	int rc = history_pages(c, n > 0 ? args[0] : NULL, c->since, print_page, &p);

	if (rc != CTL_DONE)
		return rc;
	if (c->json)
		puts("]}");
	else if (!p.any)
		puts("Nothing is recorded for that time.");
	return rc;
}
