/* Memory that aborts when it runs out, bounded strings, text for people, and instants as text. It must never
 * know anything of mail, DNS or OVHcloud, never read a clock, and never depend on the locale. */
#include "base/util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* There is nobody to tell but stderr, and nothing may be allocated on the way out. */
void out_of_memory(void)
{
	fputs("dkimrotd: out of memory\n", stderr);
	abort();
}

void *xmalloc(size_t n)
{
	void *p = malloc(n ? n : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *xrealloc(void *p, size_t n)
{
	p = realloc(p, n ? n : 1);
	if (!p)
		out_of_memory();
	return p;
}

char *xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

char *xstrndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *p = xmalloc(len + 1);

	memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	int n = vasprintf(&p, fmt, ap);
	va_end(ap);
	if (n < 0)
		out_of_memory();
	return p;
}

bool str_copy(char *dst, size_t n, const char *src)
{
	size_t len = strlen(src);

	if (n == 0)
		return false;
	if (len >= n) {
		dst[0] = '\0';
		return false;
	}
	memcpy(dst, src, len + 1);
	return true;
}

void str_format(char *dst, size_t n, const char *fmt, ...)
{
	va_list ap;

	if (n == 0)
		return;
	va_start(ap, fmt);
	if (vsnprintf(dst, n, fmt, ap) < 0)
		dst[0] = '\0';
	va_end(ap);
}

const char *str_count(char dst[STR_COUNT], uint64_t n, const char *noun)
{
	str_format(dst, STR_COUNT, "%llu %s%s", (unsigned long long)n, noun, n == 1 ? "" : "s");
	return dst;
}

bool str_eq(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return strcmp(a, b) == 0;
}

static char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool str_caseeq(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	while (*a && ascii_lower(*a) == ascii_lower(*b)) {
		a++;
		b++;
	}
	return ascii_lower(*a) == ascii_lower(*b);
}

bool str_prefix(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_suffix(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

size_t utf8_next(const char *s, size_t n, uint32_t *ret_code)
{
	const unsigned char *p = (const unsigned char *)s;
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};

	if (n == 0)
		return 0;
	size_t len = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : (p[0] & 0xf0) == 0xe0 ? 3 : 4;
	if (len == 1) {
		*ret_code = p[0];
		return 1;
	}
	if ((len == 4 && (p[0] & 0xf8) != 0xf0) || len > n)
		return 0;
	uint32_t code = p[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (p[i] & 0x3fu);
	}
	if (code < least[len] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*ret_code = code;
	return len;
}

/* Eight at a time: a byte with its high bit set, one below a blank (which borrows) and DEL (which 1 carries into the
 * high bit) each leave a high bit in the word. Nearly all text has none. */
size_t str_plain(const char *s, size_t n)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
	size_t i = 0;

	for (uint64_t w; n - i >= 8; i += 8) {
		memcpy(&w, s + i, 8);
		if ((w | (w - ones * 0x20) | ((w & ~high) + ones)) & high)
			break;
	}
	while (i < n && s[i] >= 0x20 && s[i] < 0x7f)
		i++;
	return i;
}

/* Controls proper, and the marks that reorder or break a line on a terminal (bidirectional overrides, line
 * and paragraph separators): with them a log line can be made to read as another. */
static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0x200e || c == 0x200f || c == 0x2028 || c == 0x2029 ||
	       c == 0xfeff;
}

char *str_clean(char *dst, size_t n, const char *src)
{
	size_t limit = n < STR_CLEAN_MAX + 1 ? n : STR_CLEAN_MAX + 1, out = 0, left = strlen(src);

	if (n == 0)
		return dst;
	while (left > 0) {
		size_t plain = str_plain(src, left), room = limit - 1 - out;
		uint32_t code;

		plain = plain < room ? plain : room;
		memcpy(dst + out, src, plain);
		out += plain;
		src += plain;
		left -= plain;
		if (left == 0)
			break;
		size_t len = utf8_next(src, left, &code), take = len ? len : 1;
		bool keep = len > 0 && !is_control(code);

		if (out + (keep ? len : 1) >= limit)
			break;
		if (keep)
			memcpy(dst + out, src, len);
		else
			dst[out] = '?';
		out += keep ? len : 1;
		src += take;
		left -= take;
	}
	dst[out] = '\0';
	return dst;
}

/* Room for n more bytes and the terminator. */
static void buf_grow(struct buf *b, size_t n)
{
	size_t need = b->len + n + 1;

	if (need < n)
		out_of_memory();
	if (need <= b->cap)
		return;
	size_t cap = b->cap ? b->cap : 64;
	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	b->data = xrealloc(b->data, cap);
	b->cap = cap;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	buf_grow(b, n);
	if (n)
		memcpy(b->data + b->len, p, n);
	b->len += n;
	b->data[b->len] = '\0';
}

void buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	buf_grow(b, 63);
	int n = vsnprintf(b->data + b->len, b->cap - b->len, fmt, ap);
	va_end(ap);
	if (n > 0 && (size_t)n >= b->cap - b->len) {
		buf_grow(b, (size_t)n);
		vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
	}
	if (n > 0)
		b->len += (size_t)n;
	b->data[b->len] = '\0';
	va_end(again);
}

void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){0};
}

/* Beyond the year 9999 RFC 3339 has no words; such an instant is shown as the last one that it has. */
#define TIME_LAST (INT64_C(253402300799) * MS_SECOND)

static char *put_digits(char *dst, int n, int value)
{
	for (int i = n - 1; i >= 0; i--, value /= 10)
		dst[i] = (char)('0' + value % 10);
	return dst + n;
}

/* By hand: a list of domains holds more instants than anything else, and strftime asks for a locale each time. */
const char *time_text(char dst[TIME_TEXT], int64_t at_ms)
{
	at_ms = at_ms < 0 ? 0 : at_ms > TIME_LAST ? TIME_LAST : at_ms;
	time_t sec = (time_t)(at_ms / MS_SECOND);
	struct tm tm;

	gmtime_r(&sec, &tm);

	const int parts[] = {tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec};
	char *at = put_digits(dst, 4, tm.tm_year + 1900);
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
	struct tm tm = {.tm_year = y - 1900,
	        .tm_mon = mon - 1,
	        .tm_mday = d,
	        .tm_hour = h,
	        .tm_min = min,
	        .tm_sec = sec};
	*ret_ms = ((int64_t)timegm(&tm) - (int64_t)off * 60) * MS_SECOND + ms;
	return true;
}
