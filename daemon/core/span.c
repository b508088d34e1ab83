/* Spans of time as text. It must never use the locale, floating point or a library: 90d is the same on every
 * host. */
#include "core/span.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define US_SECOND INT64_C(1000000)
#define US_MINUTE (60 * US_SECOND)
#define US_HOUR   (60 * US_MINUTE)
#define US_DAY    (24 * US_HOUR)
#define US_YEAR   (US_DAY / 4 * 1461) /* 365.25 days */

/* The names of systemd.time(7). */
static const struct unit {
	const char *name;
	int64_t us;
} units[] = {
        {"usec", 1},
        {"us", 1},
        {"\xc2\xb5s", 1}, /* the micro sign */
        {"\xce\xbcs", 1}, /* the Greek letter */
        {"msec", 1000},
        {"ms", 1000},
        {"seconds", US_SECOND},
        {"second", US_SECOND},
        {"sec", US_SECOND},
        {"s", US_SECOND},
        {"minutes", US_MINUTE},
        {"minute", US_MINUTE},
        {"min", US_MINUTE},
        {"m", US_MINUTE},
        {"hours", US_HOUR},
        {"hour", US_HOUR},
        {"hr", US_HOUR},
        {"h", US_HOUR},
        {"days", US_DAY},
        {"day", US_DAY},
        {"d", US_DAY},
        {"weeks", 7 * US_DAY},
        {"week", 7 * US_DAY},
        {"w", 7 * US_DAY},
        {"months", US_YEAR / 12},
        {"month", US_YEAR / 12},
        {"M", US_YEAR / 12},
        {"years", US_YEAR},
        {"year", US_YEAR},
        {"y", US_YEAR},
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *skip_space(const char *s)
{
	while (is_space(*s))
		s++;
	return s;
}

/* The unit at s, up to a digit, a space or the end; NULL when it is none. */
static const struct unit *find_unit(const char *s, size_t *ret_len)
{
	size_t len = 0;

	while (s[len] && !is_space(s[len]) && !is_digit(s[len]))
		len++;
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (strlen(units[i].name) == len && memcmp(units[i].name, s, len) == 0) {
			*ret_len = len;
			return &units[i];
		}
	return NULL;
}

/* One part, "12h" or "1.5 days", added to *us; moves *s behind it. */
static int parse_part(const char **s, int64_t *us)
{
	const char *p = *s, *fraction = NULL;
	int64_t whole = 0, most = SPAN_MOST * 1000, rest = 0;
	size_t len;

	if (!is_digit(*p))
		return -EINVAL;
	for (; is_digit(*p); p++)
		if (whole <= most)
			whole = whole * 10 + (*p - '0');
	if (*p == '.') {
		fraction = ++p;
		if (!is_digit(*p))
			return -EINVAL;
		while (is_digit(*p))
			p++;
	}
	p = skip_space(p);
	if (!*p || is_digit(*p)) { /* "0" alone is clear enough */
		*s = p;
		return whole == 0 && !fraction && !*p ? 0 : -ENODATA;
	}
	const struct unit *unit = find_unit(p, &len);
	if (!unit)
		return -EINVAL;
	if (whole > (most - *us) / unit->us)
		return -ERANGE;
	int64_t step = unit->us;
	for (; fraction && is_digit(*fraction) && step > 0; fraction++) {
		step /= 10;
		rest += step * (*fraction - '0');
	}
	*us += whole * unit->us + rest;
	*s = p + len;
	return *us > most ? -ERANGE : 0;
}

int span_parse(const char *text, int64_t *ret_ms)
{
	const char *s = skip_space(text);
	int64_t us = 0;

	if (!*s)
		return -EINVAL;
	while (*s) {
		int r = parse_part(&s, &us);

		if (r < 0)
			return r;
		s = skip_space(s);
	}
	*ret_ms = (us + 999) / 1000;
	return 0;
}

static size_t put_number(char *dst, uint64_t v)
{
	char digits[24];
	size_t n = 0;

	do
		digits[n++] = (char)('0' + v % 10);
	while (v /= 10);
	for (size_t i = 0; i < n; i++)
		dst[i] = digits[n - 1 - i];
	return n;
}

static const char *format(char dst[SPAN_TEXT], int64_t ms, int most_parts)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} parts[] = {{"d", 86400000}, {"h", 3600000}, {"min", 60000}, {"s", 1000}, {"ms", 1}};
	uint64_t left = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
	size_t n = 0;

	if (ms < 0)
		dst[n++] = '-';
	for (size_t i = 0; i < sizeof parts / sizeof parts[0] && most_parts > 0; i++) {
		if (left < parts[i].ms)
			continue;
		if (n > (ms < 0 ? 1U : 0U))
			dst[n++] = ' ';
		n += put_number(dst + n, left / parts[i].ms);
		memcpy(dst + n, parts[i].name, strlen(parts[i].name));
		n += strlen(parts[i].name);
		left %= parts[i].ms;
		most_parts--;
	}
	if (n == 0)
		dst[n++] = '0';
	dst[n] = '\0';
	return dst;
}

const char *span_format(char dst[SPAN_TEXT], int64_t ms)
{
	return format(dst, ms, 5);
}

const char *span_format_short(char dst[SPAN_TEXT], int64_t ms)
{
	return format(dst, ms, 2);
}
