/* timeline: past and coming months of a domain as a picture. A lane for each selector, its key as a bar, switches and
 * deletions marked, today beneath; then the same events as dates. It never draws what nobody knows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/span.h"
#include "ctl/gather.h"
#include "ctl/lanes.h"
#include "ctl/table.h"

#define PAST        (120 * MS_DAY)
#define PAST_LEAST  (21 * MS_DAY)
#define FUTURE      "240d"
#define WIDTH_PLAIN 100 /* where no terminal says */
#define LANES_LEAST 24  /* columns of a picture that shows anything */
#define TICK_LEAST  7   /* columns from one tick to the next: its label, and a blank */
#define EVENTS_PAST 4
#define EVENTS_MOST 12

/* How things look: in UTF-8, in ASCII, and their colour. */
struct glyph {
	const char *utf8, *ascii;
	enum style style;
	const char *means;
};
static const struct glyph states[] = {
        [LANE_UNKNOWN] = {" ", " ", STYLE_PLAIN, NULL},
        [LANE_NONE] = {" ", " ", STYLE_PLAIN, NULL},
        [LANE_READY] = {"─", "-", STYLE_BUSY, "ready"},
        [LANE_MAKING] = {"┄", ".", STYLE_DIM, "being made"},
        [LANE_SIGNS] = {"█", "#", STYLE_GOOD, "signs"},
        [LANE_GRACE] = {"▒", "%", STYLE_WARN, "in its grace"},
};
static const struct glyph marks[] = {
        [MARK_NONE] = {"", "", STYLE_PLAIN, NULL},
        [MARK_SWITCH] = {"▶", ">", STYLE_BOLD, "switch"},
        [MARK_DELETION] = {"✕", "x", STYLE_BAD, "deletion"},
};
static const struct glyph axis = {"─", "-", STYLE_DIM, NULL}, tick_mark = {"┴", "+", STYLE_DIM, NULL},
                          today_mark = {"▲", "^", STYLE_BOLD, NULL};

struct picture {
	const struct lanes *lanes;
	const struct screen *screen;
	int64_t from, to, now;
	size_t label, columns; /* of the names, of the lanes */
};

static void put(const struct screen *s, struct buf *out, const struct glyph *g)
{
	screen_put(s, out, g->style, s->utf8 ? g->utf8 : g->ascii);
}

/* --- time and columns ------------------------------------------------------------------------------------------------ */

static int64_t begin_of(const struct picture *p, size_t column)
{
	return p->from + (p->to - p->from) / (int64_t)p->columns * (int64_t)column;
}

/* The column of an instant; columns when it lies outside. */
static size_t column_of(const struct picture *p, int64_t at)
{
	for (size_t i = 0; i < p->columns; i++)
		if (at >= begin_of(p, i) && at < begin_of(p, i + 1))
			return i;
	return p->columns;
}

/* What lies between two ticks of the axis: the finest that leaves each its label. 0 = months. */
static int64_t tick_span(const struct picture *p)
{
	static const int64_t spans[] = {5 * MS_MINUTE, MS_HOUR, 6 * MS_HOUR, MS_DAY, 7 * MS_DAY};

	for (size_t i = 0; i < ARRAY_SIZE(spans); i++)
		if (spans[i] * (int64_t)p->columns >= (p->to - p->from) * TICK_LEAST)
			return spans[i];
	return 0;
}

/* The first tick after `at`, in UTC. */
static int64_t next_tick(const struct picture *p, int64_t at, struct tm *ret)
{
	int64_t span = tick_span(p), monday = 4 * MS_DAY; /* 1970 began on a Thursday */
	time_t t = (time_t)(at / MS_SECOND);

	if (span != 0)
		t = (time_t)(((at - monday) / span * span + span + monday) / MS_SECOND);
	gmtime_r(&t, ret);
	if (span != 0)
		return (int64_t)t * MS_SECOND;
	ret->tm_mday = 1;
	ret->tm_hour = ret->tm_min = ret->tm_sec = 0;
	ret->tm_mon++;
	return (int64_t)timegm(ret) * MS_SECOND; /* which puts December right, too */
}

/* "Nov", or the year where one begins; "23 Nov" or "14:05" seen from nearer. */
static void tick_name(const struct picture *p, const struct tm *tm, char *dst, size_t n)
{
	int64_t span = tick_span(p);

	strftime(dst, n, span == 0 ? tm->tm_mon == 0 ? "%Y" : "%b" : span < MS_DAY ? "%H:%M" : "%d %b", tm);
}

/* --- rows ------------------------------------------------------------------------------------------------------------ */

static void pad(struct buf *out, size_t n)
{
	for (; n > 0; n--)
		buf_puts(out, " ");
}

static void put_ticks(const struct picture *p, struct buf *out)
{
	struct tm tm;
	size_t at = 0, owed = p->label;

	for (int64_t tick = next_tick(p, p->from - 1, &tm); tick < p->to; tick = next_tick(p, tick, &tm)) {
		size_t column = column_of(p, tick);
		char name[16];

		tick_name(p, &tm, name, sizeof(name));
		if (column < at + (at != 0) || column + strlen(name) > p->columns)
			continue;
		pad(out, owed + column - at);
		screen_put(p->screen, out,
		        str_prefix(name, "2") && strlen(name) == 4 ? STYLE_BOLD : STYLE_PLAIN, name);
		at = column + strlen(name);
		owed = 0;
	}
	buf_puts(out, "\n");
}

static bool has_tick(const struct picture *p, size_t column)
{
	struct tm tm;

	return next_tick(p, begin_of(p, column) - 1, &tm) < begin_of(p, column + 1);
}

static void put_axis(const struct picture *p, struct buf *out)
{
	pad(out, p->label);
	for (size_t i = 0; i < p->columns; i++)
		put(p->screen, out, has_tick(p, i) ? &tick_mark : &axis);
	buf_puts(out, "\n");
}

static void put_lane(const struct picture *p, const struct lane *x, struct buf *out)
{
	size_t name = screen_columns(x->name);

	if (p->label > 0) {
		screen_put(p->screen, out, STYLE_BOLD, x->name);
		pad(out, p->label > name ? p->label - name : 0);
	}
	for (size_t i = 0; i < p->columns; i++) {
		enum lane_mark mark;
		enum lane_state state = lane_between(x, begin_of(p, i), begin_of(p, i + 1), &mark);

		put(p->screen, out, mark != MARK_NONE ? &marks[mark] : &states[state]);
	}
	buf_puts(out, "\n");
}

static void put_today(const struct picture *p, struct buf *out)
{
	size_t column = column_of(p, p->now);
	char when[TIME_TEXT], date[32];

	if (column == p->columns)
		return;
	str_format(date, sizeof(date), "today, %.10s", time_text(when, p->now));
	bool left = column + 2 + strlen(date) > p->columns && column > strlen(date);
	pad(out, p->label + column - (left ? strlen(date) + 1 : 0));
	if (left)
		buf_printf(out, "%s ", date);
	put(p->screen, out, &today_mark);
	if (!left)
		buf_printf(out, " %s", date);
	buf_puts(out, "\n");
}

/* Only what the picture has. */
static void put_legend(const struct picture *p, struct buf *out)
{
	bool state_there[ARRAY_SIZE(states)] = {0}, mark_there[ARRAY_SIZE(marks)] = {0};
	size_t at = 0;

	for (size_t k = 0; k < p->lanes->n; k++)
		for (size_t i = 0; i < p->columns; i++) {
			enum lane_mark mark;
			enum lane_state state =
			        lane_between(&p->lanes->list[k], begin_of(p, i), begin_of(p, i + 1), &mark);

			state_there[state] = state_there[state] || mark == MARK_NONE;
			mark_there[mark] = true;
		}
	for (size_t i = 0; i < ARRAY_SIZE(states) + ARRAY_SIZE(marks); i++) {
		bool state = i < ARRAY_SIZE(states);
		const struct glyph *g = state ? &states[i] : &marks[i - ARRAY_SIZE(states)];

		if (g->means == NULL || !(state ? state_there[i] : mark_there[i - ARRAY_SIZE(states)]))
			continue;
		size_t taken = strlen(g->means) + 5;
		if (at != 0 && at + taken > p->label + p->columns) {
			buf_puts(out, "\n");
			at = 0;
		}
		buf_puts(out, at == 0 ? "  " : "   ");
		put(p->screen, out, g);
		buf_printf(out, " %s", g->means);
		at += taken;
	}
	buf_puts(out, "\n");
}

/* --- the same as dates ------------------------------------------------------------------------------------------------ */

/* terse: the half of a sentence that matters most, and no spans. */
static struct table *events_table(const struct picture *p, bool terse)
{
	const struct lanes *l = p->lanes;
	struct table *t = table_new(4);
	size_t past = 0, shown = 0;

	for (size_t i = 0; i < l->n_events; i++)
		past += l->events[i].at <= p->now;
	for (size_t i = past > EVENTS_PAST ? past - EVENTS_PAST : 0; i < l->n_events && shown < EVENTS_MOST;
	        i++) {
		const struct lane_event *e = &l->events[i];
		char when[TIME_TEXT], ahead[SHOWN_WHEN], date[16];
		const char *half = strstr(e->text, e->mark == MARK_SWITCH ? ", " : " and ");
		char *text =
		        xstrndup(e->text, terse && half != NULL ? (size_t)(half - e->text) : strlen(e->text));

		if (e->at >= p->from && e->at < p->to) {
			str_format(date, sizeof(date), "  %.10s", time_text(when, e->at));
			table_cell(t, e->at <= p->now ? STYLE_DIM : STYLE_PLAIN, date);
			table_cell(t, marks[e->mark].style, marks[e->mark].means);
			table_cell(t, STYLE_DIM, terse ? "" : shown_when(ahead, e->at, p->now));
			table_cell(t, STYLE_PLAIN, text);
			shown++;
		}
		free(text);
	}
	return t;
}

static void put_events(const struct picture *p, struct buf *out)
{
	struct table *t = events_table(p, false);

	if (p->screen->width != 0 && table_width(t) > p->screen->width) {
		table_free(t);
		t = events_table(p, true);
	}
	if (table_width(t) != 0)
		buf_puts(out, "\n");
	table_print(t, p->screen, out);
	table_free(t);
}

/* --- the page --------------------------------------------------------------------------------------------------------- */

static void put_head(const struct shown_domain *d, const struct screen *s, struct buf *out)
{
	char *about = xasprintf("%s, %s: %s%s%s; %s", d->platform != NULL ? d->platform : "?",
	        d->account != NULL ? d->account : "?", d->phase, str_eq(d->condition, "ok") ? "" : ", ",
	        str_eq(d->condition, "ok") ? "" : d->condition, shown_sentence(d->reason));

	screen_put(s, out, STYLE_BOLD, d->domain);
	buf_puts(out, " ");
	screen_wrap(s, out, about, screen_columns(d->domain) + 1, 2);
	buf_puts(out, "\n");
	free(about);
}

/* The names stand before their lanes, unless nothing would be left for these. */
static void fit(struct picture *p)
{
	size_t width = p->screen->width != 0 ? p->screen->width : WIDTH_PLAIN;

	for (size_t i = 0; i < p->lanes->n; i++) {
		size_t name = screen_columns(p->lanes->list[i].name) + 2;

		p->label = name > p->label ? name : p->label;
	}
	if (p->label + LANES_LEAST > width)
		p->label = 0;
	p->columns = width > p->label + 1 ? width - p->label : 1;
}

static void print_picture(const struct shown_domain *d, struct picture *p)
{
	struct buf out = {0};

	fit(p);
	put_head(d, p->screen, &out);
	if (p->lanes->n == 0) {
		buf_puts(&out, "No selector of it is known yet.\n");
	} else {
		put_ticks(p, &out);
		put_axis(p, &out);
		for (size_t i = 0; i < p->lanes->n; i++) {
			if (p->label == 0) {
				screen_put(p->screen, &out, STYLE_BOLD, p->lanes->list[i].name);
				buf_puts(&out, "\n");
			}
			put_lane(p, &p->lanes->list[i], &out);
		}
		put_today(p, &out);
		buf_puts(&out, "\n");
		put_legend(p, &out);
		put_events(p, &out);
	}
	fputs(out.data, stdout);
	buf_free(&out);
}

static void take_page(void *arg, const struct answer *a, bool first)
{
	(void)first;
	lanes_history(arg, json_get(a->json, "entries"));
}

/* As far back as something is known, three weeks at least. */
static int64_t begin_at(const struct ctl *c, const struct lanes *l, int64_t now)
{
	int64_t span = PAST;

	if (c->since != NULL && span_parse(c->since, &span) == 0)
		return now - span;
	if (l->first != 0 && l->first > now - span)
		span = now - l->first + MS_DAY;
	return now - (span < PAST_LEAST ? PAST_LEAST : span);
}

static int draw(const struct ctl *c, char *name, const struct shown_domain *domain)
{
	const char *until = c->until != NULL ? c->until : FUTURE;
	char *plan = plan_path(&name, 1, until), *path = xasprintf("%s&transitions=yes", plan);
	struct shown_domain d = *domain;
	struct screen screen = screen_of(c);
	struct lanes lanes = {0};
	struct picture p = {.lanes = &lanes, .screen = &screen};
	struct answer a;
	int rc = ask(c, path, NULL, &a);

	if (rc == CTL_DONE)
		rc = history_pages(c, name, NULL, take_page, &lanes);
	if (rc == CTL_DONE) {
		int64_t ahead = 0;
		const char *at = json_string(json_get(a.json, "at"));

		if (at != NULL)
			time_parse(at, &d.now); /* the daemon's clock, not ours */
		lanes_present(&lanes, &d);
		lanes_plan(&lanes, json_get(a.json, "transitions"));
		lanes_sort(&lanes);
		span_parse(until, &ahead);
		p.now = d.now;
		p.from = begin_at(c, &lanes, p.now);
		p.to = p.now + ahead;
		print_picture(&d, &p);
	}
	answer_free(&a);
	lanes_free(&lanes);
	free(plan);
	free(path);
	return rc;
}

int ctl_timeline(const struct ctl *c, char **args, int n)
{
	struct gathered g;

	(void)n;
	if (c->json) {
		ctl_say("timeline is a picture: history and plan tell the same as JSON");
		return CTL_USAGE;
	}
	int rc = gather(c, args, 1, GATHER_WHOLE, &g, NULL, 0);
	if (rc == CTL_DONE && g.shown->n == 1)
		rc = draw(c, args[0], &g.shown->list[0]);
	gather_free(&g);
	return rc;
}
