/* DNS records as data. It must never know who writes them, nor guess at a text that it does not understand. */
#include "core/rr.h"

#include <string.h>

#include "core/dname.h"

const char *rr_type_word(enum rr_type t)
{
	static const char *const words[] = {[RR_CNAME] = "CNAME", [RR_TXT] = "TXT", [RR_DKIM] = "DKIM"};

	return words[t];
}

bool rr_cname(struct rr *ret, const char *name, const char *target)
{
	struct rr rr = {.type = RR_CNAME};

	if (!dname_lower(rr.name, sizeof(rr.name), name) || !dname_lower(rr.data, sizeof(rr.data), target))
		return false;
	*ret = rr;
	return true;
}

/* A host that a CNAME may lead to: two labels at least, and no address. */
static bool is_target(const char *name)
{
	const char *last = strrchr(name, '.');

	return last != NULL && dname_valid(name) && strspn(last + 1, "0123456789") != strlen(last + 1);
}

static bool is_plain(const char *text)
{
	for (const char *p = text; *p != '\0'; p++)
		if (*p < ' ' || *p > '~' || *p == '"' || *p == '\\')
			return false;
	return *text != '\0';
}

const char *rr_fault(const struct rr *rr, const char *zone)
{
	const char *key = strstr(rr->name, "._domainkey.");

	if (!dname_valid_host(zone))
		return "the zone's name is none";
	if (!dname_valid(rr->name) || key == NULL || key == rr->name)
		return "the name is not <selector>._domainkey.<domain>";
	if (dname_equal(rr->name, zone) || !dname_within(rr->name, zone))
		return "the name lies outside the zone";
	if (rr->type == RR_CNAME && (!is_target(rr->data) || dname_equal(rr->data, rr->name)))
		return "the target is no host name";
	if (rr->type != RR_CNAME && !is_plain(rr->data))
		return "the text is not that of a key record";
	if (rr->ttl != 0 && (rr->ttl < RR_TTL_MIN || rr->ttl > RR_TTL_MAX))
		return "the ttl is out of bounds";
	return NULL;
}

/* One character of a quoted string, escapes undone (RFC 1035 section 5.1). Returns how many bytes it took, 0 = broken. */
static size_t unescape(const char *s, char *ret)
{
	if (s[0] != '\\') {
		*ret = s[0];
		return 1;
	}
	if (s[1] < '0' || s[1] > '9') {
		*ret = s[1];
		return s[1] != '\0' ? 2 : 0;
	}
	int value = 0;
	for (int i = 1; i <= 3; i++) {
		if (s[i] < '0' || s[i] > '9')
			return 0;
		value = value * 10 + (s[i] - '0');
	}
	*ret = (char)value;
	return value > 0 && value < 256 ? 4 : 0;
}

static bool unquote(char *dst, size_t n, const char *text)
{
	size_t len = 0;
	bool inside = false;

	for (const char *p = text; *p != '\0';) {
		char c;
		size_t step = 1;

		if (*p == '"') {
			inside = !inside;
			p++;
			continue;
		}
		if (!inside) {
			if (*p++ != ' ')
				return false;
			continue;
		}
		step = unescape(p, &c);
		if (step == 0 || len + 1 >= n)
			return false;
		dst[len++] = c;
		p += step;
	}
	dst[len] = '\0';
	return !inside;
}

bool rr_unquote(char *dst, size_t n, const char *text)
{
	size_t len = strlen(text);

	if (text[0] == '"') {
		if (unquote(dst, n, text))
			return true;
	} else if (len < n) {
		memcpy(dst, text, len + 1);
		return true;
	}
	dst[0] = '\0';
	return false;
}

bool rr_same_data(enum rr_type ta, const char *a, enum rr_type tb, const char *b)
{
	if ((ta == RR_CNAME) != (tb == RR_CNAME))
		return false;
	return ta == RR_CNAME ? dname_equal(a, b) : strcmp(a, b) == 0;
}
