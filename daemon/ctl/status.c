/* status: a table of domains, worst first, as wide as the terminal allows, with what is wrong in words beneath it. Without
 * a daemon it shows what the state tells, and says so. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/span.h"
#include "core/text.h"
#include "ctl/view.h"

enum {
	COLUMN_DOMAIN,
	COLUMN_PLATFORM,
	COLUMN_PHASE,
	COLUMN_CONDITION,
	COLUMN_SELECTORS,
	COLUMN_WAITS,
	COLUMN_NEXT,
	COLUMN_GRACE,
	COLUMN_WHY,
	COLUMNS
};

/* How much a table tells: each level is narrower than the one before. */
struct level {
	bool platform, condition, why, brief;
	enum { NAMES_FULL, NAMES_SHORT, NAMES_TERSE } names;
	size_t bar;
};
static const struct level levels[] = {
        {.platform = true, .condition = true, .why = true, .names = NAMES_FULL, .bar = 10},
        {.platform = true, .condition = true, .why = true, .names = NAMES_SHORT, .bar = 10},
        {.platform = true, .condition = true, .why = true, .names = NAMES_TERSE, .bar = 10},
        {.condition = true, .why = true, .names = NAMES_TERSE, .bar = 8},
        {.condition = true, .names = NAMES_TERSE, .bar = 8},
        {.condition = true, .names = NAMES_TERSE, .bar = 5, .brief = true},
        {.names = NAMES_TERSE, .bar = 5, .brief = true},
};

#define ATTENTION_MOST 8

/* --- cells -------------------------------------------------------------------------------------- */

/* "ovhex1-selector2" as it is, as "selector2", or as "2". */
static const char *selector_name(const char *name, int names)
{
	const char *dash = strrchr(name, '-');

	if (names == NAMES_FULL || !dash || !dash[1])
		return name;
	if (names == NAMES_TERSE && str_prefix(dash + 1, "selector") && dash[9])
		return dash + 9;
	return dash + 1;
}

/* The word that tells most of a selector: its role when it stands still, else its state. */
static const char *selector_word(const struct shown_selector *s)
{
	bool still = str_eq(s->state, "ready") || str_eq(s->state, "inProduction") || str_eq(s->state, "set");

	return still && s->role ? s->role : s->state ? s->state : "unknown";
}

static void selectors_cell(struct table *t, const struct shown_domain *d, const struct level *l)
{
	struct buf b = {0};

	for (size_t i = 0; i < d->n_selectors; i++) {
		const struct shown_selector *s = &d->selectors[i];

		buf_puts(&b, i ? ", " : "");
		buf_puts(&b, selector_name(s->name ? s->name : "?", (int)l->names));
		buf_puts(&b, " ");
		if (l->names != NAMES_TERSE) {
			buf_puts(&b, s->state ? s->state : "?");
			buf_puts(&b, " ");
		}
		buf_puts(&b, l->names == NAMES_TERSE ? selector_word(s) : s->role ? s->role : "?");
	}
	table_cell(t, STYLE_PLAIN, b.len ? b.data : "-");
	buf_free(&b);
}

static void next_cell(struct table *t, const struct shown_domain *d, const struct level *l)
{
	char when[SHOWN_WHEN], text[STR_CLEAN_MAX + SHOWN_WHEN + 2];

	/* What is due waits its turn for a moment: that is "now". */
	shown_when(when,
	        d->next_at && d->next_at < d->now && d->now - d->next_at < MS_MINUTE ? d->now : d->next_at,
	        d->now);
	if (l->brief && str_prefix(when, "in ")) /* the largest unit says enough */
		when[3 + strcspn(when + 3, " ")] = '\0';
	text_join(text, sizeof(text), d->action ? d->action : "look", " ", when, NULL);
	table_cell(t, d->next_at && d->next_at < d->now - MS_HOUR ? STYLE_WARN : STYLE_PLAIN, text);
}

static void grace_cell(struct table *t, const struct shown_domain *d, const struct screen *s, size_t n)
{
	int permille = shown_grace_permille(d);
	struct buf b = {0};

	if (permille >= 0)
		screen_bar(s, &b, n, permille);
	table_cell(t, STYLE_BUSY, b.len ? b.data : "");
	buf_free(&b);
}

static void phase_cell(struct table *t, const struct shown_domain *d, const struct level *l)
{
	bool phase = l->condition || str_eq(d->condition, "ok");

	table_cell(t, view_style(d), phase ? d->phase : d->condition);
	table_cell(t, view_style(d), l->condition ? d->condition : "");
}

static void header(struct table *t, const struct level *l, const struct shown *all)
{
	bool grace = false;

	for (size_t i = 0; i < all->n && !grace; i++)
		grace = shown_grace_permille(&all->list[i]) >= 0;
	table_cell(t, STYLE_DIM, "DOMAIN");
	table_cell(t, STYLE_DIM, l->platform ? "PLATFORM" : "");
	table_cell(t, STYLE_DIM, l->condition ? "PHASE" : "STATE");
	table_cell(t, STYLE_DIM, l->condition ? "CONDITION" : "");
	table_cell(t, STYLE_DIM, "SELECTORS");
	table_cell(t, STYLE_DIM, "WAITS ON");
	table_cell(t, STYLE_DIM, "NEXT");
	table_cell(t, STYLE_DIM, grace ? "GRACE" : "");
	table_cell(t, STYLE_DIM, l->why ? "REASON" : "");
}

/* Up to the row with which it is wider than `most`, 0 = all of it. */
static struct table *draw(const struct shown *all, const struct level *l, const struct screen *s, size_t most)
{
	struct table *t = table_new(COLUMNS);

	header(t, l, all);
	for (size_t i = 0; i < all->n && (most == 0 || table_width(t) <= most); i++) {
		const struct shown_domain *d = &all->list[i];

		table_cell(t, STYLE_BOLD, d->domain);
		table_cell(t, STYLE_PLAIN, l->platform && d->platform ? d->platform : "");
		phase_cell(t, d, l);
		selectors_cell(t, d, l);
		table_cell(t, STYLE_PLAIN, d->waits_on ? d->waits_on : "");
		next_cell(t, d, l);
		grace_cell(t, d, s, l->bar);
		table_cell(t, STYLE_DIM, l->why && d->reason ? d->reason : "");
	}
	return t;
}

/* --- the page ----------------------------------------------------------------------------------- */

/* The richest table that fits; the last one is cut. */
static void put_table(const struct shown *all, const struct screen *s, struct buf *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		bool last = i + 1 == ARRAY_SIZE(levels);
		struct table *t = draw(all, &levels[i], s, last ? 0 : s->width);
		bool fits = s->width == 0 || table_width(t) <= s->width;

		if (fits || last)
			table_print(t, s, out);
		table_free(t);
		if (fits)
			return;
	}
}

static void put_attention(const struct shown *all, const struct screen *s, struct buf *out)
{
	size_t n = 0, left = 0;

	for (size_t i = 0; i < all->n; i++) {
		const struct shown_domain *d = &all->list[i];
		struct buf b = {0};

		if (!str_eq(d->condition, "error") && !str_eq(d->condition, "blocked"))
			continue;
		if (n++ >= ATTENTION_MOST) {
			left++;
			continue;
		}
		buf_puts(out, "  ");
		screen_put(s, out, view_style(d), d->domain);
		buf_puts(out, ":");
		view_why(d, &b);
		screen_wrap(s, out, b.data, screen_columns(d->domain) + 3, 6);
		buf_free(&b);
	}
	if (left)
		buf_printf(out, "  and %zu more: dkimrotctl status --check lists them\n", left);
}

/* The next change of all, looks left aside. */
static void put_next(const struct shown *all, struct buf *out)
{
	const struct shown_domain *next = NULL;
	char when[SHOWN_WHEN];

	for (size_t i = 0; i < all->n; i++) {
		const struct shown_domain *d = &all->list[i];

		if (d->next_at && d->next_at > d->now && !str_eq(d->action, "look") &&
		        (!next || d->next_at - d->now < next->next_at - next->now))
			next = d;
	}
	if (next)
		buf_printf(out, "; next: %s at %s %s", next->action, next->domain,
		        shown_when(when, next->next_at, next->now));
}

/* The lines about the whole, broken like the rest. */
static void put_trouble(const struct json *status, const struct screen *s, struct buf *out)
{
	struct buf b = {0};

	view_trouble(status, &b);
	for (const char *line = b.data; line && *line;) {
		size_t n = strcspn(line, "\n");
		char *text = xstrndup(line + 2, n - 2);

		buf_puts(out, " ");
		screen_wrap(s, out, text, 1, 6);
		free(text);
		line += n + (line[n] == '\n');
	}
	buf_free(&b);
}

static void print_page(const struct ctl *c, const struct gathered *g)
{
	struct screen s = screen_of(c);
	struct buf out = {0}, counts = {0};

	if (g->shown->n)
		put_table(g->shown, &s, &out);
	put_attention(g->shown, &s, &out);
	put_trouble(g->status.json, &s, &out);
	view_counts(g->shown, &counts);
	put_next(g->shown, &counts);
	screen_wrap(&s, &out, counts.data, 0, 2);
	fputs(out.data, stdout);
	buf_free(&counts);
	buf_free(&out);
}

/* The daemon's status with its domains as one more member; both as the daemon wrote them. */
static void print_json(const struct gathered *g)
{
	const char *end = g->status.body.data ? strrchr(g->status.body.data, '}') : NULL;

	if (end) {
		bool empty = json_count(g->status.json) == 0;
		printf("%.*s%s\"domains\":%s}\n", (int)(end - g->status.body.data), g->status.body.data,
		        empty ? "" : ",", g->domains.data);
		return;
	}
	struct buf b = {0};
	struct json_w *w = json_w_open(&b);
	json_w_object(w);
	json_w_kstr(w, "state_file", g->state_file);
	json_w_key(w, "domains");
	json_w_raw(w, g->domains.data ? g->domains.data : "[]");
	json_w_end(w);
	json_w_close(w);
	printf("%s\n", b.data);
	buf_free(&b);
}

/* As a monitoring plugin: whatever keeps us from a verdict is UNKNOWN. */
static int check(const struct ctl *c, char **args, int n)
{
	char why[STR_CLEAN_MAX + 200] = "a domain is not in the inventory", clean[STR_CLEAN_MAX + 1];
	struct gathered g;
	struct buf out = {0};
	enum ctl_check found = CHECK_UNKNOWN;

	if (gather(c, args, n, c->json ? GATHER_WHOLE : GATHER_TABLE, &g, why, sizeof(why)) == CTL_DONE)
		found = view_check(&g, &out);
	else
		buf_printf(&out, "DKIM UNKNOWN - %s\n", str_clean(clean, sizeof(clean), why));
	if (c->json && found != CHECK_UNKNOWN)
		print_json(&g);
	else
		fputs(out.data, stdout);
	buf_free(&out);
	gather_free(&g);
	return (int)found;
}

int ctl_status(const struct ctl *c, char **args, int n)
{
	char why[STR_CLEAN_MAX + 200] = "";
	struct gathered g;

	if (c->check)
		return check(c, args, n);
	int rc = gather(c, args, n, c->json ? GATHER_WHOLE : GATHER_TABLE, &g, why, sizeof(why));
	if (rc == CTL_NO_DAEMON) {
		gather_free(&g);
		ctl_say("%s; this is what its state tells", why);
		rc = gather_offline(c, args, n, &g);
	}
	if (rc == CTL_NO_DAEMON || (rc != CTL_DONE && g.shown->n == 0))
		; /* why was said */
	else if (c->json)
		print_json(&g);
	else
		print_page(c, &g);
	gather_free(&g);
	return rc;
}
