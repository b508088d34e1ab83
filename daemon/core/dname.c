/* Domain names as text. It must never resolve, guess or repair one: what is not valid is refused by the
 * caller. */
#include "core/dname.h"

#include <string.h>

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_alnum(char c)
{
	c = lower(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* The length without one dot at the end. */
static size_t length(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && name[n - 1] == '.' ? n - 1 : n;
}

bool dname_lower(char *dst, size_t n, const char *name)
{
	size_t len = length(name);

	if (n == 0)
		return false;
	dst[0] = '\0';
	if (len == 0 || len >= n)
		return false;
	for (size_t i = 0; i < len; i++)
		dst[i] = lower(name[i]);
	dst[len] = '\0';
	return true;
}

/* Checks each label, and counts them; 0 when one is not valid. */
static unsigned count_labels(const char *name, bool host)
{
	unsigned labels = 0;

	if (strlen(name) > DNAME_MAX)
		return 0;
	for (;;) {
		size_t n = 0;

		for (; name[n] && name[n] != '.'; n++)
			if (!is_alnum(name[n]) && name[n] != '-' && (host || name[n] != '_'))
				return 0;
		if (n == 0 || n > LABEL_MAX || (host && (name[0] == '-' || name[n - 1] == '-')))
			return 0;
		labels++;
		if (!name[n])
			return labels;
		name += n + 1;
	}
}

bool dname_valid(const char *name)
{
	return count_labels(name, false) > 0;
}

bool dname_valid_host(const char *name)
{
	if (count_labels(name, true) < 2)
		return false;
	for (size_t i = strlen(name); name[i - 1] != '.'; i--)
		if (name[i - 1] < '0' || name[i - 1] > '9')
			return true;
	return false;
}

bool dname_valid_selector(const char *name)
{
	return count_labels(name, true) > 0;
}

static bool equal_n(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (lower(a[i]) != lower(b[i]))
			return false;
	return true;
}

bool dname_equal(const char *a, const char *b)
{
	size_t n = length(a);

	return n == length(b) && equal_n(a, b, n);
}

bool dname_within(const char *name, const char *zone)
{
	size_t n = length(name), z = length(zone);

	if (z == 0 || n < z || !equal_n(name + n - z, zone, z))
		return false;
	return n == z || name[n - z - 1] == '.';
}

bool dname_dkim(char dst[DNAME_TEXT], const char *selector, const char *domain)
{
	static const char middle[] = "._domainkey.";
	size_t s = strlen(selector), m = sizeof middle - 1, d = length(domain);
	char whole[DNAME_TEXT];

	if (s > DNAME_MAX || d > DNAME_MAX || s + m + d > DNAME_MAX || !dname_valid_selector(selector))
		return false;
	memcpy(whole, selector, s);
	memcpy(whole + s, middle, m);
	memcpy(whole + s + m, domain, d);
	whole[s + m + d] = '\0';
	if (!dname_valid_host(whole + s + m))
		return false;
	return dname_lower(dst, DNAME_TEXT, whole);
}

bool dname_relative(char dst[DNAME_TEXT], const char *name, const char *zone)
{
	size_t n = length(name), z = length(zone);

	if (n > DNAME_MAX || !dname_within(name, zone))
		return false;
	size_t len = n > z ? n - z - 1 : 0;
	for (size_t i = 0; i < len; i++)
		dst[i] = lower(name[i]);
	dst[len] = '\0';
	return true;
}

const char *dname_parent(const char *name)
{
	while (*name && *name != '.')
		name++;
	return *name && name[1] ? name + 1 : NULL;
}
