/* Names for keys. It must never give a name that was used: another key at an old name is, for whoever has the old record in
 * a cache, a forged signature. */
#include "core/keyname.h"

#include <string.h>

#include "base/util.h"
#include "core/dname.h"

#define LONGEST 60

static bool put_text(char *dst, size_t n, size_t *at, const char *text, size_t len)
{
	if (*at + len >= n)
		return false;
	memcpy(dst + *at, text, len);
	*at += len;
	return true;
}

static bool put_number(char *dst, size_t n, size_t *at, unsigned value)
{
	char digits[12];
	size_t from = sizeof(digits);

	do {
		digits[--from] = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
	return put_text(dst, n, at, digits + from, sizeof(digits) - from);
}

bool keyname_make(char *dst, size_t n, const char *template_, int64_t now, unsigned counter)
{
	size_t at = 0;
	char day[TIME_TEXT]; /* 2026-11-20T... */
	bool fits = true;

	time_text(day, now);
	for (const char *p = template_; *p && fits; p++) {
		if (*p != '%') {
			fits = put_text(dst, n, &at, p, 1);
			continue;
		}
		p++;
		fits = *p == 'Y'   ? put_text(dst, n, &at, day, 4)
		       : *p == 'm' ? put_text(dst, n, &at, day + 5, 2)
		       : *p == 'd' ? put_text(dst, n, &at, day + 8, 2)
		       : *p == 'n' ? put_number(dst, n, &at, counter)
		                   : false;
		if (!fits)
			break;
	}
	dst[fits ? at : 0] = '\0';
	return fits;
}

bool keyname_second(char *dst, size_t n, const char *name)
{
	size_t len = strlen(name);

	if (len + 2 > n)
		return false;
	memcpy(dst, name, len);
	memcpy(dst + len, "e", 2);
	return true;
}

const char *keyname_fault(const char *template_)
{
	char name[LONGEST + 40];
	unsigned counters = 0;

	for (const char *p = template_; *p; p++) {
		if (*p != '%')
			continue;
		p++;
		if (!*p || !strchr("Ymdn", *p))
			return "knows %Y, %m, %d and %n only";
		counters += *p == 'n';
	}
	if (counters != 1)
		return "must hold %n once: the counter that makes every name another one";
	if (!keyname_make(name, sizeof(name), template_, 0, KEYNAME_TRIES) || strlen(name) > LONGEST)
		return "makes names that are too long";
	return dname_valid_selector(name) ? NULL
	                                  : "makes no selector: letters, digits and '-' (and '.' between)";
}

static bool is_used(const char *name, const char (*used)[128], unsigned n_used)
{
	for (unsigned i = 0; i < n_used; i++)
		if (str_caseeq(used[i], name))
			return true;
	return false;
}

bool keyname_next(
        char *dst, size_t n, const char *template_, int64_t now, const char (*used)[128], unsigned n_used)
{
	char second[128];

	for (unsigned i = 1; i <= KEYNAME_TRIES; i++) {
		if (!keyname_make(dst, n, template_, now, i) || !keyname_second(second, sizeof(second), dst))
			break;
		if (!is_used(dst, used, n_used) && !is_used(second, used, n_used))
			return true;
	}
	dst[0] = '\0';
	return false;
}
