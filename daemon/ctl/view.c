/* Words about the whole: counts, and what is not as it should be beyond single domains. */
#include "ctl/view.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "core/model.h"
#include "core/span.h"

enum style view_style(const struct shown_domain *d)
{
	if (str_eq(d->condition, "error"))
		return STYLE_BAD;
	if (str_eq(d->condition, "blocked") || shown_overdue(d))
		return STYLE_WARN;
	if (str_eq(d->condition, "paused") || str_eq(d->condition, "observing"))
		return STYLE_DIM;
	return str_eq(d->phase, "settled") ? STYLE_GOOD : STYLE_BUSY;
}

void view_counts(const struct shown *s, struct buf *out)
{
	static const enum phase order[] = {PHASE_SETTLED, PHASE_GRACE, PHASE_ROTATING, PHASE_RENEWING,
	        PHASE_ACTIVATING, PHASE_PUBLISHING, PHASE_CREATING, PHASE_UNKNOWN};
	static const enum condition beside[] = {
	        CONDITION_ERROR, CONDITION_BLOCKED, CONDITION_PAUSED, CONDITION_OBSERVING};
	size_t not_signing = 0, overdue = 0, n;
	const char *between = ": ";
	char domains[STR_COUNT];

	buf_puts(out, str_count(domains, s->n, "domain"));
	for (size_t i = 0; i < ARRAY_SIZE(order); i++, between = n ? ", " : between) {
		n = 0;
		for (size_t k = 0; k < s->n; k++)
			n += str_eq(s->list[k].phase, phase_word(order[i]));
		if (n)
			buf_printf(out, "%s%zu %s", between, n, phase_word(order[i]));
	}
	for (size_t i = 0; i < ARRAY_SIZE(beside); i++) {
		n = 0;
		for (size_t k = 0; k < s->n; k++)
			n += str_eq(s->list[k].condition, condition_word(beside[i]));
		if (n)
			buf_printf(out, "; %zu %s", n,
			        beside[i] == CONDITION_ERROR ? "in error" : condition_word(beside[i]));
	}
	for (size_t k = 0; k < s->n; k++) {
		not_signing += shown_unsigned(&s->list[k]);
		overdue += shown_overdue(&s->list[k]);
	}
	if (not_signing)
		buf_printf(out, "; %zu not signing", not_signing);
	if (overdue)
		buf_printf(out, "; %zu overdue", overdue);
}

void view_why(const struct shown_domain *d, struct buf *out)
{
	buf_puts(out, shown_sentence(d->reason));
	if (d->detail)
		buf_printf(out, " (%s)", d->detail);
	if (d->paused)
		buf_printf(out, "; paused: %s", d->paused);
}

#define KEY_WARN_AHEAD (14 * MS_DAY)

static int64_t wall_clock(void)
{
	return (int64_t)time(NULL) * MS_SECOND;
}

/* --- trouble beyond domains --------------------------------------------------------------------- */

static const char *text(const struct json *object, const char *key)
{
	const char *s = json_string(json_get(object, key));

	return s ? s : "";
}

static void line(struct buf *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void line(struct buf *out, const char *fmt, ...)
{
	char raw[1000], clean[STR_CLEAN_MAX + 1];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	buf_printf(out, "  %s\n", str_clean(clean, sizeof(clean), raw));
}

/* A key that expires within two weeks is for a person to see to; rights that lack show at the domains that need them. */
static size_t credential_trouble(const struct json *a, struct buf *out)
{
	int64_t at = 0, lacks = 0;
	char when[SHOWN_WHEN];

	json_int64(json_get(a, "credential_lacks"), &lacks);
	if (lacks > 0)
		line(out, "account %s: its key lacks %lld access rule%s: dkimrotctl grant", text(a, "name"),
		        (long long)lacks, lacks == 1 ? "" : "s");
	if (!time_parse(text(a, "credential_expires"), &at) || at - wall_clock() > KEY_WARN_AHEAD)
		return 0;
	line(out, "account %s: its key expires %s (%s)", text(a, "name"), shown_when(when, at, wall_clock()),
	        text(a, "credential_expires"));
	return 1;
}

static size_t account_trouble(const struct json *a, struct buf *out)
{
	const char *name = text(a, "name"), *state = text(a, "state"), *refused = text(a, "refused");
	int64_t left = 0, seconds = 0;
	char span[SPAN_TEXT], domains[STR_COUNT];
	size_t n = 0;

	if (str_eq(state, "stopped") || *refused) {
		line(out, "account %s is %s: %s", name, *state ? state : "refused",
		        *refused ? refused : "no reason given");
		n++;
	} else if (*state && !str_eq(state, "ok")) {
		line(out, "account %s is %s", name, state);
	}
	if (str_eq(text(a, "breaker"), "open")) {
		line(out,
		        "account %s: the breaker is open, scheduled switches and deletions wait: dkimrotctl "
		        "resume --all",
		        name);
		n++;
	}
	n += credential_trouble(a, out);
	json_int64(json_get(a, "first_looks_left"), &left);
	json_int64(json_get(a, "first_looks_seconds"), &seconds);
	if (left > 0)
		line(out, "account %s: %s still to be looked at for the first time, which takes %s", name,
		        str_count(domains, (uint64_t)left, "domain"),
		        seconds > 0 ? span_format_short(span, seconds * MS_SECOND) : "a moment");
	return n;
}

size_t view_trouble(const struct json *status, struct buf *out)
{
	const struct json *paused = json_get(status, "paused");
	size_t n = 0;

	if (str_eq(text(status, "mode"), "observe"))
		line(out, "mode: observe; nothing is changed at OVHcloud");
	if (json_is(paused, JSON_OBJECT)) {
		const char *until = text(paused, "until"), *by = text(paused, "by");
		line(out, "everything is paused%s%s%s%s: %s", *until ? " until " : "", until,
		        *by ? " by " : "", by, text(paused, "reason"));
	}
	for (const struct json *a = json_first(json_get(status, "accounts")); a; a = json_next(a))
		n += account_trouble(a, out);
	for (const struct json *f = json_first(json_get(status, "files")); f; f = json_next(f)) {
		if (str_eq(text(f, "state"), "ok"))
			continue;
		line(out, "file %s is faulty (%s): %s", text(f, "path"),
		        str_eq(text(f, "state"), "last-good") ? "its last good version stays in force"
		                                              : "none of its domains is managed",
		        text(f, "error"));
		n++;
	}
	return n;
}
