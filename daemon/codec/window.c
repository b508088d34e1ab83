/* Windows from text to sorted UTC intervals. It must never ask what time it is: the caller says from when. */
#include "codec/window.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "codec/tz.h"

#define DAY       86400
#define TIMES_MAX 8
#define TEXT_MOST 200

/* Each costs about 10 KiB and a zone file. Nobody writes so many by hand. */
#define WINDOWS_MOST 1000

struct rule {
	struct window window; /* what the core sees; its list is ours */
	struct interval *list;
	size_t cap;
	char *text;
	unsigned days; /* bit 0 = Monday */
	size_t n;
	struct {
		int from, to; /* seconds of the local day; `to` may lie in the next one */
	} times[TIMES_MAX];
	struct tz *tz;
	struct rule *next;
};

struct windows {
	struct rule *rules;
	size_t n;
};

struct windows *windows_new(void)
{
	return xcalloc(1, sizeof(struct windows));
}

static void rule_free(struct rule *r)
{
	tz_free(r->tz);
	free(r->list);
	free(r->text);
	free(r);
}

void windows_free(struct windows *set)
{
	if (!set)
		return;
	for (struct rule *r = set->rules, *next; r; r = next) {
		next = r->next;
		rule_free(r);
	}
	free(set);
}

/* ---- the text ---- */

/* A day's name, short or long, in English: 0 = Monday; -1 when it is none. */
static int parse_day(const char *s, size_t n)
{
	static const char *const names[] = {
	        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};
	char word[16];

	if (n >= sizeof word)
		return -1;
	memcpy(word, s, n);
	word[n] = '\0';
	for (int i = 0; i < 7; i++) {
		char abbreviated[4];

		str_format(abbreviated, sizeof abbreviated, "%.3s", names[i]);
		if (str_caseeq(word, names[i]) || str_caseeq(word, abbreviated))
			return i;
	}
	return -1;
}

/* "Mon..Fri,Sun". A range may run over the end of the week. */
static bool parse_days(const char *s, unsigned *ret_days)
{
	unsigned days = 0;

	for (;;) {
		size_t n = strcspn(s, ",.");
		int first = parse_day(s, n), last = first;

		s += n;
		if (str_prefix(s, "..")) {
			s += 2;
			n = strcspn(s, ",.");
			last = parse_day(s, n);
			s += n;
		}
		if (first < 0 || last < 0)
			return false;
		for (int d = first;; d = (d + 1) % 7) {
			days |= 1U << d;
			if (d == last)
				break;
		}
		if (!*s)
			break;
		if (*s++ != ',')
			return false;
	}
	*ret_days = days;
	return true;
}

/* "08:00" in seconds */
static bool parse_clock(const char **s, int *ret)
{
	const char *p = *s;
	int v[2];

	for (int i = 0; i < 2; i++) {
		if (i == 1 && *p++ != ':')
			return false;
		if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
			return false;
		v[i] = (p[0] - '0') * 10 + (p[1] - '0');
		p += 2;
	}
	if (v[1] > 59 || v[0] > 24 || (v[0] == 24 && v[1] > 0))
		return false;
	*s = p;
	*ret = v[0] * 3600 + v[1] * 60;
	return true;
}

/* "08:00-12:00,13:00-17:00" */
static bool parse_times(const char *s, struct rule *r)
{
	for (r->n = 0; r->n < TIMES_MAX; s++) {
		int from, to;

		if (!parse_clock(&s, &from) || *s++ != '-' || !parse_clock(&s, &to) || from == DAY)
			return false;
		r->times[r->n].from = from;
		r->times[r->n].to = to > from ? to : to + DAY;
		r->n++;
		if (!*s)
			return true;
		if (*s != ',')
			return false;
	}
	return false;
}

/* Days, times and zone, each at most once and in this order. */
static bool parse_words(struct rule *r, char *words, char *error, size_t error_len)
{
	bool days = false, times = false, zone = false;
	char *save = NULL;

	for (char *w = strtok_r(words, " \t", &save); w; w = strtok_r(NULL, " \t", &save)) {
		unsigned mask;

		if (!days && !times && !zone && parse_days(w, &mask)) {
			r->days = mask;
			days = true;
		} else if (!times && !zone && w[0] >= '0' && w[0] <= '9') {
			if (!parse_times(w, r)) {
				str_format(error, error_len,
				        "\"%s\" is no span of the day such as 08:00-17:00", w);
				return false;
			}
			times = true;
		} else if (!zone && (days || times)) {
			if (tz_load(w, &r->tz) < 0) {
				str_format(error, error_len,
				        "\"%s\" is no time zone that this system knows (package tzdata)", w);
				return false;
			}
			zone = true;
		} else {
			str_format(error, error_len,
			        "\"%s\" is not understood: a window is \"Mon..Fri 08:00-17:00 Europe/Paris\"",
			        w);
			return false;
		}
	}
	if (!days && !times) {
		str_format(error, error_len,
		        "a window needs days or times, such as \"Mon..Fri 08:00-17:00 Europe/Paris\"");
		return false;
	}
	if (!zone)
		tz_load("UTC", &r->tz);
	return true;
}

const struct window *windows_add(struct windows *set, const char *text, char *error, size_t error_len)
{
	for (struct rule *r = set->rules; r; r = r->next)
		if (str_eq(r->text, text))
			return &r->window;
	if (strlen(text) > TEXT_MOST) {
		str_format(error, error_len, "a window of more than %d bytes", TEXT_MOST);
		return NULL;
	}
	if (set->n == WINDOWS_MOST) {
		str_format(error, error_len, "more than %d different windows", WINDOWS_MOST);
		return NULL;
	}
	struct rule *r = xcalloc(1, sizeof *r);
	char *words = xstrdup(text);
	r->text = xstrdup(text);
	r->days = 0x7f;
	r->n = 1;
	r->times[0].to = DAY;
	bool good = parse_words(r, words, error, error_len);
	free(words);
	if (!good) {
		rule_free(r);
		return NULL;
	}
	r->window.text = r->text;
	r->next = set->rules;
	set->rules = r;
	set->n++;
	return &r->window;
}

/* ---- the intervals ---- */

static void add_interval(struct rule *r, int64_t from, int64_t to)
{
	if (from >= to)
		return;
	if (r->window.n == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 64;
		r->list = xrealloc(r->list, r->cap * sizeof *r->list);
	}
	r->list[r->window.n++] = (struct interval){.from = from, .to = to};
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t max64(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The instants from..to (seconds), over which local time is `offset` ahead, whose local time lies in the window. */
static void expand_stretch(struct rule *r, int64_t from, int64_t to, int32_t offset)
{
	/* a window of the day before may reach into this one */
	for (int64_t day = floor_div(from + offset, DAY) - 1; day * DAY - offset < to; day++) {
		int weekday = (int)(((day + 3) % 7 + 7) % 7); /* 1 January 1970 was a Thursday */

		if (!(r->days & 1U << weekday))
			continue;
		for (size_t i = 0; i < r->n; i++)
			add_interval(r, max64(day * DAY + r->times[i].from - offset, from),
			        min64(day * DAY + r->times[i].to - offset, to));
	}
}

static int compare_intervals(const void *a, const void *b)
{
	const struct interval *x = a, *y = b;

	return (x->from > y->from) - (x->from < y->from);
}

/* Sorted, and what touches or overlaps made one; seconds become milliseconds. */
static void tidy(struct rule *r)
{
	size_t out = 0;

	if (r->window.n > 0)
		qsort(r->list, r->window.n, sizeof *r->list, compare_intervals);
	for (size_t i = 0; i < r->window.n; i++) {
		if (out > 0 && r->list[i].from <= r->list[out - 1].to)
			r->list[out - 1].to = max64(r->list[out - 1].to, r->list[i].to);
		else
			r->list[out++] = r->list[i];
	}
	for (size_t i = 0; i < out; i++) {
		r->list[i].from *= MS_SECOND;
		r->list[i].to *= MS_SECOND;
	}
	r->window.n = out;
	r->window.list = r->list;
}

void windows_expand(struct windows *set, int64_t from_ms, int days)
{
	int64_t from = floor_div(from_ms, MS_SECOND), to = from + (int64_t)days * DAY, until;

	for (struct rule *r = set->rules; r; r = r->next) {
		r->window.n = 0;
		for (int64_t at = from; at < to; at = until) {
			int32_t offset = tz_offset(r->tz, at, &until);

			until = min64(until, to);
			expand_stretch(r, at, until, offset);
		}
		tidy(r);
		r->window.from = from * MS_SECOND;
		r->window.to = to * MS_SECOND;
	}
}

bool windows_due(const struct windows *set, int64_t now_ms)
{
	if (!set->rules)
		return false;
	const struct window *w =
	        &set->rules->window; /* all cover the same span, but for one added since: it is first */
	return now_ms < w->from || now_ms >= w->from + (w->to - w->from) / 2;
}
