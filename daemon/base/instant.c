/* Instants as text and back. It must never read a clock, and never depend on the locale or a time zone. */
#include <string.h>

#include "base/util.h"

/* Beyond the year 9999 RFC 3339 has no words; such an instant is shown as the last one that it has. */
#define TIME_LAST (INT64_C(253402300799) * MS_SECOND)

static char *put_digits(char *dst, int n, int value)
{
	for (int i = n - 1; i >= 0; i--, value /= 10)
		dst[i] = (char)('0' + value % 10);
	return dst + n;
}

/* The civil calendar by hand, as is the text: a list of domains holds more instants than anything else, and the library
 * asks for a locale and a time zone each time. Years begin in March here, so that the leap day is the last of its year, and
 * are counted from the year 0, a leap year in every sense; a month is 30.6 days. */
#define YEAR        365
#define DAYS_1970   719468 /* from 0000-03-01 */
#define LEAPS(year) ((year) / 4 - (year) / 100 + (year) / 400)
#define MONTH(m)    ((153 * (m) + 2) / 5) /* days before it in its year */

/* Days since 1970 of a date of the years 0 to 9999. */
static int64_t days_of(int year, int month, int day)
{
	int y = month > 2 ? year : year - 1, m = (month + 9) % 12;

	if (y < 0) /* January and February of the year 0, 400 years later */
		return days_of(year + 400, month, day) - (400 * YEAR + 97);
	return (int64_t)y * YEAR + LEAPS(y) + MONTH(m) + day - 1 - DAYS_1970;
}

/* The date of a day not before 1970. */
static void date_of(int64_t days, int *ret_year, int *ret_month, int *ret_day)
{
	int64_t left = days + DAYS_1970;
	int y = (int)(left * 400 / (400 * YEAR + 97)) + 1, m; /* this one, or a little later */

	while ((int64_t)y * YEAR + LEAPS(y) > left)
		y--;
	left -= (int64_t)y * YEAR + LEAPS(y);
	m = (int)(5 * left + 2) / 153;
	*ret_day = (int)left - MONTH(m) + 1;
	*ret_month = m < 10 ? m + 3 : m - 9;
	*ret_year = m < 10 ? y : y + 1;
}

const char *time_text(char dst[TIME_TEXT], int64_t at_ms)
{
	int year, month, day;

	at_ms = at_ms < 0 ? 0 : at_ms > TIME_LAST ? TIME_LAST : at_ms;
	date_of(at_ms / MS_DAY, &year, &month, &day);

	const int64_t left = at_ms % MS_DAY;
	const int parts[] = {month, day, (int)(left / MS_HOUR), (int)(left / MS_MINUTE % 60),
	        (int)(left / MS_SECOND % 60)};
	char *at = put_digits(dst, 4, year);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		*at++ = "--T::"[i];
		at = put_digits(at, 2, parts[i]);
	}
	*at++ = 'Z';
	*at = '\0';
	return dst;
}

const char *time_text_ms(char dst[TIME_TEXT], int64_t at_ms)
{
	int64_t ms = at_ms < 0 || at_ms > TIME_LAST ? 0 : at_ms % MS_SECOND;

	time_text(dst, at_ms);
	if (ms)
		str_format(dst + strlen(dst) - 1, 8, ".%03dZ", (int)ms);
	return dst;
}

/* Exactly n digits, and their value within lo..hi; moves *s behind them. */
static bool read_digits(const char **s, int n, int lo, int hi, int *ret_value)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		char c = (*s)[i];

		if (c < '0' || c > '9')
			return false;
		v = v * 10 + (c - '0');
	}
	if (v < lo || v > hi)
		return false;
	*s += n;
	*ret_value = v;
	return true;
}

static bool read_char(const char **s, char a, char b)
{
	if (**s != a && **s != b)
		return false;
	(*s)++;
	return true;
}

/* A fraction of a second of any length; what is finer than a millisecond is dropped. */
static bool read_fraction(const char **s, int *ret_ms)
{
	int ms = 0, n = 0;

	*ret_ms = 0;
	if (**s != '.')
		return true;
	for ((*s)++; **s >= '0' && **s <= '9'; (*s)++, n++)
		if (n < 3)
			ms = ms * 10 + (**s - '0');
	if (n == 0)
		return false;
	for (; n < 3; n++)
		ms *= 10;
	*ret_ms = ms;
	return true;
}

/* "Z" or an offset as "+02:00", in minutes. */
static bool read_offset(const char **s, int *ret_minutes)
{
	int sign = **s == '-' ? -1 : 1, h, m;

	*ret_minutes = 0;
	if (read_char(s, 'Z', 'z'))
		return true;
	if (!read_char(s, '+', '-') || !read_digits(s, 2, 0, 23, &h) || !read_char(s, ':', ':') ||
	        !read_digits(s, 2, 0, 59, &m))
		return false;
	*ret_minutes = sign * (h * 60 + m);
	return true;
}

bool time_parse(const char *s, int64_t *ret_ms)
{
	static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int y, mon, d, h, min, sec, ms, off;

	if (!read_digits(&s, 4, 0, 9999, &y) || !read_char(&s, '-', '-') ||
	        !read_digits(&s, 2, 1, 12, &mon) || !read_char(&s, '-', '-') ||
	        !read_digits(&s, 2, 1, 31, &d) || !read_char(&s, 'T', 't') ||
	        !read_digits(&s, 2, 0, 23, &h) || !read_char(&s, ':', ':') ||
	        !read_digits(&s, 2, 0, 59, &min) || !read_char(&s, ':', ':') ||
	        !read_digits(&s, 2, 0, 60, &sec) || !read_fraction(&s, &ms) || !read_offset(&s, &off) || *s)
		return false;
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	if (d > month_days[mon - 1] + (mon == 2 && leap))
		return false;
	*ret_ms = days_of(y, mon, d) * MS_DAY + h * MS_HOUR + (min - off) * MS_MINUTE + sec * MS_SECOND + ms;
	return true;
}
