/* Time zone files. It must never touch TZ or the C library's zone. This is the one file of codec that opens a file:
 * like localtime() it reads the system's own table, which is code more than data. */
#include "codec/tz.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"

#define DAY        86400
#define TZ_LARGEST ((size_t)1 << 20)

/* When summer time begins or ends in a year, as the footer has it (POSIX TZ, RFC 8536 3.3.1). */
struct rule {
	enum {
		RULE_MONTH,
		RULE_JULIAN,
		RULE_DAY
	} kind; /* Mm.w.d; Jn without 29 February; n from 0 with it */
	int month, week, day;
	int32_t time; /* seconds of local time; may lie outside the day */
};

struct tz {
	size_t n;
	int64_t *at;     /* transitions */
	int32_t *offset; /* from each transition on */
	int32_t first;   /* before the first */
	bool has_footer, has_summer;
	int32_t standard, summer;
	struct rule begin, end;
};

/* ---- the calendar ---- */

/* Days since 1970 of a date (proleptic Gregorian). */
static int64_t days_from_date(int64_t y, int m, int d)
{
	y -= m <= 2;
	int64_t era = (y >= 0 ? y : y - 399) / 400, yoe = y - era * 400;
	int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t year_of(int64_t at)
{
	int64_t days = floor_div(at, DAY), y = 1970 + floor_div(days * 400, 146097);

	while (days_from_date(y, 1, 1) > days)
		y--;
	while (days_from_date(y + 1, 1, 1) <= days)
		y++;
	return y;
}

/* The local second at which a rule strikes in a year, as if local time were UTC. */
static int64_t rule_at(const struct rule *r, int64_t year)
{
	int64_t first = days_from_date(year, 1, 1), day;
	bool leap = days_from_date(year, 3, 1) - days_from_date(year, 2, 28) == 2;

	if (r->kind == RULE_DAY) {
		day = first + r->day;
	} else if (r->kind == RULE_JULIAN) {
		day = first + r->day - 1 + (leap && r->day >= 60);
	} else {
		int64_t begin = days_from_date(year, r->month, 1);
		int64_t next = r->month == 12 ? days_from_date(year + 1, 1, 1)
		                              : days_from_date(year, r->month + 1, 1);
		int64_t weekday = ((begin + 4) % 7 + 7) % 7; /* 1 January 1970 was a Thursday */

		day = begin + (r->day - weekday + 7) % 7 + (r->week - 1) * 7;
		while (day >= next) /* week 5 is the last one */
			day -= 7;
	}
	return day * DAY + r->time;
}

/* ---- the footer ---- */

static bool read_number(const char **s, int most, int *ret)
{
	int v = 0;

	if (**s < '0' || **s > '9')
		return false;
	for (; **s >= '0' && **s <= '9'; (*s)++) {
		v = v * 10 + (**s - '0');
		if (v > most)
			return false;
	}
	*ret = v;
	return true;
}

/* [+-]hh[:mm[:ss]] in seconds */
static bool read_time(const char **s, int most_hours, int32_t *ret)
{
	int sign = **s == '-' ? -1 : 1, h, m = 0, sec = 0;

	if (**s == '-' || **s == '+')
		(*s)++;
	if (!read_number(s, most_hours, &h))
		return false;
	if (**s == ':') {
		(*s)++;
		if (!read_number(s, 59, &m))
			return false;
		if (**s == ':') {
			(*s)++;
			if (!read_number(s, 59, &sec))
				return false;
		}
	}
	*ret = sign * (h * 3600 + m * 60 + sec);
	return true;
}

/* "CET" or "<+03>" */
static bool skip_name(const char **s)
{
	const char *begin = *s;

	if (**s == '<') {
		while (**s && **s != '>')
			(*s)++;
		return *(*s)++ == '>';
	}
	while ((**s >= 'A' && **s <= 'Z') || (**s >= 'a' && **s <= 'z'))
		(*s)++;
	return *s - begin >= 3;
}

static bool read_rule(const char **s, struct rule *ret)
{
	struct rule r = {.time = 7200};

	if (*(*s)++ != ',')
		return false;
	if (**s == 'M') {
		(*s)++;
		r.kind = RULE_MONTH;
		if (!read_number(s, 12, &r.month) || *(*s)++ != '.' || !read_number(s, 5, &r.week) ||
		        *(*s)++ != '.' || !read_number(s, 6, &r.day) || r.month < 1 || r.week < 1)
			return false;
	} else {
		r.kind = **s == 'J' ? RULE_JULIAN : RULE_DAY;
		*s += **s == 'J';
		if (!read_number(s, 365, &r.day) || (r.kind == RULE_JULIAN && r.day < 1))
			return false;
	}
	if (**s == '/') {
		(*s)++;
		if (!read_time(s, 167, &r.time))
			return false;
	}
	*ret = r;
	return true;
}

/* "CET-1CEST,M3.5.0,M10.5.0/3": what holds after the last transition. West is positive there. */
static bool read_footer(const char *s, struct tz *tz)
{
	int32_t west;

	if (!skip_name(&s) || !read_time(&s, 24, &west))
		return false;
	tz->standard = -west;
	tz->has_footer = true;
	if (!*s)
		return true;
	if (!skip_name(&s))
		return false;
	tz->summer = tz->standard + 3600;
	if (*s != ',') {
		if (!read_time(&s, 24, &west))
			return false;
		tz->summer = -west;
	}
	tz->has_summer = true;
	return read_rule(&s, &tz->begin) && read_rule(&s, &tz->end) && !*s;
}

/* ---- the file ---- */

struct counts {
	size_t isut, isstd, leap, time, type, chars;
};

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool read_header(const uint8_t *p, size_t len, struct counts *ret)
{
	if (len < 44 || memcmp(p, "TZif", 4) != 0 || p[4] < '2')
		return false;
	*ret = (struct counts){
	        be32(p + 20), be32(p + 24), be32(p + 28), be32(p + 32), be32(p + 36), be32(p + 40)};
	return ret->isut <= TZ_LARGEST && ret->isstd <= TZ_LARGEST && ret->leap <= TZ_LARGEST &&
	       ret->time <= TZ_LARGEST && ret->type <= TZ_LARGEST && ret->chars <= TZ_LARGEST &&
	       ret->type > 0;
}

static size_t block_size(const struct counts *c, size_t time_size)
{
	return c->time * time_size + c->time + c->type * 6 + c->chars + c->leap * (time_size + 4) + c->isstd +
	       c->isut;
}

/* The transitions of the block at p, with 64-bit times. */
static bool read_block(const uint8_t *p, const struct counts *c, struct tz *tz)
{
	const uint8_t *index = p + c->time * 8, *types = index + c->time;

	tz->n = c->time;
	tz->at = xcalloc(c->time, sizeof *tz->at);
	tz->offset = xcalloc(c->time, sizeof *tz->offset);
	tz->first = (int32_t)be32(types);
	for (size_t i = 0; i < c->time; i++) {
		if (index[i] >= c->type)
			return false;
		tz->at[i] = (int64_t)((uint64_t)be32(p + i * 8) << 32 | be32(p + i * 8 + 4));
		tz->offset[i] = (int32_t)be32(types + (size_t)index[i] * 6);
		if (i > 0 && tz->at[i] <= tz->at[i - 1])
			return false;
	}
	for (size_t i = 0; i < c->type; i++)
		if ((int32_t)be32(types + i * 6) < -26 * 3600 || (int32_t)be32(types + i * 6) > 26 * 3600)
			return false;
	return c->leap == 0; /* a "right" zone counts leap seconds, which no other clock here does */
}

static bool parse(const uint8_t *p, size_t len, struct tz *tz)
{
	struct counts old, c;
	char footer[256];

	if (len > TZ_LARGEST || !read_header(p, len, &old))
		return false;
	size_t skip = 44 + block_size(&old, 4);
	if (skip > len || !read_header(p + skip, len - skip, &c))
		return false;
	p += skip + 44;
	len -= skip + 44;
	size_t size = block_size(&c, 8);
	if (size + 2 > len || !read_block(p, &c, tz) || p[size] != '\n')
		return false;
	const uint8_t *text = p + size + 1, *end = memchr(text, '\n', len - size - 1);
	if (!end || (size_t)(end - text) >= sizeof footer)
		return false;
	memcpy(footer, text, (size_t)(end - text));
	footer[end - text] = '\0';
	return !*footer || read_footer(footer, tz);
}

int tz_parse(const void *bytes, size_t len, struct tz **ret)
{
	struct tz *tz = xcalloc(1, sizeof *tz);

	if (!parse(bytes, len, tz)) {
		tz_free(tz);
		return -EBADMSG;
	}
	*ret = tz;
	return 0;
}

void tz_free(struct tz *tz)
{
	if (!tz)
		return;
	free(tz->at);
	free(tz->offset);
	free(tz);
}

/* Area/Place: nothing that could lead out of the folder. */
static bool is_zone_name(const char *name)
{
	if (!*name || strlen(name) > 64 || *name == '/' || strstr(name, "..") || strstr(name, "//"))
		return false;
	for (; *name; name++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/", *name))
			return false;
	return true;
}

int tz_load(const char *name, struct tz **ret)
{
	char path[128];
	struct stat st;

	if (!is_zone_name(name))
		return -EINVAL;
	if (str_eq(name, "UTC")) {
		*ret = xcalloc(1, sizeof **ret);
		return 0;
	}
	str_format(path, sizeof path, TZ_FOLDER "/%s", name);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -ENOENT;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= 0 ||
	        (size_t)st.st_size > TZ_LARGEST) {
		close(fd);
		return -ENOENT;
	}
	size_t size = (size_t)st.st_size;
	uint8_t *bytes = xmalloc(size);
	ssize_t n = read(fd, bytes, size);
	int r = n == st.st_size ? tz_parse(bytes, size, ret) : -EBADMSG;
	free(bytes);
	close(fd);
	return r;
}

/* ---- the answer ---- */

/* By the footer: of the changes of three years around, the last one before and the first one after. */
static int32_t footer_offset(const struct tz *tz, int64_t at, int64_t *ret_until)
{
	int64_t year = year_of(at), last = INT64_MIN;
	int32_t offset = tz->standard;

	*ret_until = INT64_MAX;
	if (!tz->has_summer)
		return tz->standard;
	for (int64_t y = year - 1; y <= year + 1; y++) {
		const struct {
			int64_t at;
			int32_t offset;
		} change[2] = {
		        {rule_at(&tz->begin, y) - tz->standard, tz->summer},
		        {rule_at(&tz->end, y) - tz->summer, tz->standard},
		};

		for (int i = 0; i < 2; i++) {
			if (change[i].at <= at && change[i].at >= last) {
				last = change[i].at;
				offset = change[i].offset;
			}
			if (change[i].at > at && change[i].at < *ret_until)
				*ret_until = change[i].at;
		}
	}
	return offset;
}

int32_t tz_offset(const struct tz *tz, int64_t at, int64_t *ret_until)
{
	size_t lo = 0, hi = tz->n;

	while (lo < hi) { /* the first transition after `at` */
		size_t mid = lo + (hi - lo) / 2;

		if (tz->at[mid] <= at)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == tz->n && tz->has_footer)
		return footer_offset(tz, at, ret_until);
	*ret_until = lo < tz->n ? tz->at[lo] : INT64_MAX;
	return lo > 0 ? tz->offset[lo - 1] : tz->first;
}
