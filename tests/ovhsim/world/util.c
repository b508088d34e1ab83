/* The world's own small tools (see util.h). They know nothing of OVHcloud and touch nothing outside memory.
 */
#include "util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void *checked(void *p)
{
	if (!p) {
		fputs("ovhsim: out of memory\n", stderr);
		abort();
	}
	return p;
}

void *w_alloc(size_t n)
{
	return checked(calloc(1, n ? n : 1));
}

void *w_realloc(void *p, size_t n)
{
	return checked(realloc(p, n ? n : 1));
}

char *w_strdup(const char *s)
{
	return checked(strdup(s));
}

static void room(struct w_buf *b, size_t n)
{
	size_t cap = b->cap ? b->cap : 1024;

	while (cap < b->len + n + 1)
		cap *= 2;
	if (cap != b->cap) {
		b->text = w_realloc(b->text, cap);
		b->cap = cap;
	}
}

void w_add(struct w_buf *b, const char *p, size_t n)
{
	room(b, n);
	memcpy(b->text + b->len, p, n);
	b->len += n;
	b->text[b->len] = 0;
}

void w_puts(struct w_buf *b, const char *s)
{
	w_add(b, s, strlen(s));
}

void w_printf(struct w_buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	room(b, (size_t)n);
	va_start(ap, fmt);
	vsnprintf(b->text + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

#define DIGITS 21 /* of the largest number, terminated */

static const char *number(char dst[DIGITS], unsigned long long v, unsigned base, int width)
{
	size_t at = DIGITS - 1;

	for (dst[at] = 0; v || width > 0; v /= base, width--)
		dst[--at] = "0123456789abcdef"[v % base];
	return dst + at;
}

/* The formats that names are made of. A simulator asked for thousands of names a second would
 * spend a quarter of its time in printf. false: fmt holds something else. */
static bool format_name(char *dst, size_t n, const char *fmt, va_list ap)
{
	char digits[DIGITS], letter[2] = "";
	size_t at = 0;

	while (*fmt) {
		const char *text = fmt;
		size_t len = (size_t)(strchrnul(fmt, '%') - fmt);

		fmt += len ? len : 2;
		if (!len) {
			if (text[1] == 's')
				text = va_arg(ap, const char *);
			else if (text[1] == 'u')
				text = number(digits, va_arg(ap, unsigned), 10, 1);
			else if (text[1] == 'c')
				text = memset(letter, va_arg(ap, int), 1);
			else if (!strncmp(text, "%llu", 4) && (fmt += 2))
				text = number(digits, va_arg(ap, unsigned long long), 10, 1);
			else if (!strncmp(text, "%llx", 4) && (fmt += 2))
				text = number(digits, va_arg(ap, unsigned long long), 16, 1);
			else if (!strncmp(text, "%016llx", 7) && (fmt += 5))
				text = number(digits, va_arg(ap, unsigned long long), 16, 16);
			else
				return false;
			len = strlen(text);
		}
		if (len > n - 1 - at)
			len = n - 1 - at;
		memcpy(dst + at, text, len);
		at += len;
	}
	dst[at] = 0;
	return true;
}

void w_format(char *dst, size_t n, const char *fmt, ...)
{
	va_list ap;
	bool done;

	va_start(ap, fmt);
	done = format_name(dst, n, fmt, ap);
	va_end(ap);
	if (done)
		return;
	va_start(ap, fmt);
	vsnprintf(dst, n, fmt, ap);
	va_end(ap);
}

uint64_t w_mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

uint64_t w_hash(const void *p, size_t n)
{
	const unsigned char *s = p;
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < n; i++)
		h = (h ^ s[i]) * UINT64_C(0x100000001b3);
	return w_mix(h);
}

uint64_t w_hash_text(const char *s)
{
	return w_hash(s, strlen(s));
}

/* The slot that holds the key, or the free one where it belongs. */
static size_t find(const struct w_map *m, uint64_t hash, const void *key, size_t len)
{
	size_t i = (size_t)hash & (m->cap - 1);

	while (m->slot[i].key) {
		const struct w_entry *e = &m->slot[i];

		if (e->hash == hash && e->len == len && !memcmp(e->key, key, len))
			break;
		i = (i + 1) & (m->cap - 1);
	}
	return i;
}

void *w_map_get(const struct w_map *m, const void *key, size_t len)
{
	return m->cap ? m->slot[find(m, w_hash(key, len), key, len)].value : NULL;
}

void *w_map_text(const struct w_map *m, const char *key)
{
	return w_map_get(m, key, strlen(key));
}

static void grow(struct w_map *m)
{
	struct w_map bigger = {.cap = m->cap ? m->cap * 2 : 64, .n = m->n};

	bigger.slot = w_alloc(bigger.cap * sizeof(*bigger.slot));
	for (size_t i = 0; i < m->cap; i++)
		if (m->slot[i].key)
			bigger.slot[find(&bigger, m->slot[i].hash, m->slot[i].key, m->slot[i].len)] =
			        m->slot[i];
	free(m->slot);
	*m = bigger;
}

void w_map_put(struct w_map *m, const void *key, size_t len, void *value)
{
	uint64_t hash = w_hash(key, len);
	size_t i;

	if (m->n * 4 >= m->cap * 3)
		grow(m);
	i = find(m, hash, key, len);
	if (!m->slot[i].key)
		m->n++;
	m->slot[i] = (struct w_entry){hash, key, len, value};
}

/* Takes an entry out and moves up those behind it that would no longer be found. */
void w_map_drop(struct w_map *m, const void *key, size_t len)
{
	size_t i, j;

	if (!m->cap)
		return;
	i = find(m, w_hash(key, len), key, len);
	if (!m->slot[i].key)
		return;
	m->n--;
	for (j = (i + 1) & (m->cap - 1); m->slot[j].key; j = (j + 1) & (m->cap - 1)) {
		size_t home = (size_t)m->slot[j].hash & (m->cap - 1);

		if (((j - home) & (m->cap - 1)) >= ((j - i) & (m->cap - 1))) {
			m->slot[i] = m->slot[j];
			i = j;
		}
	}
	m->slot[i] = (struct w_entry){0};
}

void w_map_free(struct w_map *m)
{
	free(m->slot);
	*m = (struct w_map){0};
}

void w_time_text(char dst[40], int64_t at_ms)
{
	time_t t = (time_t)((at_ms - (at_ms % 1000 + 1000) % 1000) / 1000 + 3600);
	struct tm tm;

	if (!gmtime_r(&t, &tm)) {
		w_format(dst, 40, "1970-01-01T00:00:00+01:00");
		return;
	}
	w_format(dst, 40, "%04d-%02d-%02dT%02d:%02d:%02d+01:00", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
	        tm.tm_hour, tm.tm_min, tm.tm_sec);
}

bool w_name_fold(char *dst, size_t n, const char *name)
{
	size_t len = strlen(name);

	if (len && name[len - 1] == '.')
		len--;
	if (len >= n)
		return false;
	for (size_t i = 0; i < len; i++)
		dst[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
	dst[len] = 0;
	return true;
}

bool w_name_below(const char *name, const char *parent)
{
	size_t n = strlen(name), p = strlen(parent);

	if (n < p || strcmp(name + n - p, parent))
		return false;
	return n == p || !p || name[n - p - 1] == '.';
}
