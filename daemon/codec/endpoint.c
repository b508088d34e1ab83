/* The endpoints of the API, and the one rule on what may be asked in the clear. It must never let a secret leave the
 * machine unencrypted. */
#include "codec/endpoint.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/util.h"
#include "core/dname.h"

/* Kimsufi and SoYouStart have no e-mail products. */
const struct endpoint endpoints[3] = {
        {"ovh-eu", "https://eu.api.ovh.com/1.0", "https://www.ovh.com/auth/oauth2/token"},
        {"ovh-ca", "https://ca.api.ovh.com/1.0", "https://ca.ovh.com/auth/oauth2/token"},
        {"ovh-us", "https://api.us.ovhcloud.com/1.0", "https://us.ovhcloud.com/auth/oauth2/token"},
};

const struct endpoint *endpoint_find(const char *name_or_url)
{
	size_t n = strlen(name_or_url);

	while (n > 0 && name_or_url[n - 1] == '/')
		n--;
	for (size_t i = 0; i < ARRAY_SIZE(endpoints); i++) {
		const struct endpoint *e = &endpoints[i];

		if (str_eq(e->name, name_or_url) ||
		        (strlen(e->base_url) == n && memcmp(e->base_url, name_or_url, n) == 0))
			return e;
	}
	return NULL;
}

/* A port as in ":8080", or nothing at all. */
static bool is_port(const char *s, size_t n)
{
	unsigned v = 0;

	if (n == 0)
		return true;
	if (s[0] != ':' || n < 2 || n > 6)
		return false;
	for (size_t i = 1; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		v = v * 10 + (unsigned)(s[i] - '0');
	}
	return v >= 1 && v <= 65535;
}

static bool is_loopback(const char *host, bool v6)
{
	struct in6_addr a6;
	struct in_addr a4;

	if (v6)
		return inet_pton(AF_INET6, host, &a6) == 1 && IN6_IS_ADDR_LOOPBACK(&a6);
	return inet_pton(AF_INET, host, &a4) == 1 && ntohl(a4.s_addr) >> 24 == 127;
}

/* A name with at least one label, or an IPv4 address; with v6 what stood between brackets. */
static bool is_host(const char *host, bool v6)
{
	struct in6_addr a6;

	if (v6)
		return inet_pton(AF_INET6, host, &a6) == 1;
	return dname_valid(host);
}

/* Takes "host", "host:port" or "[v6]:port" apart. */
static bool split_authority(const char *s, size_t n, char host[DNAME_TEXT], bool *ret_v6)
{
	size_t len = 0, skip = 0;

	*ret_v6 = n > 0 && s[0] == '[';
	if (*ret_v6) {
		const char *end = memchr(s, ']', n);

		if (!end)
			return false;
		s++;
		len = (size_t)(end - s);
		skip = 1;
		n--;
	} else {
		while (len < n && s[len] != ':')
			len++;
	}
	if (len == 0 || len >= DNAME_TEXT || !is_port(s + len + skip, n - len - skip))
		return false;
	memcpy(host, s, len);
	host[len] = '\0';
	return true;
}

const char *endpoint_url_fault(const char *url)
{
	bool secure = str_prefix(url, "https://"), v6;
	char host[DNAME_TEXT];

	if (!secure && !str_prefix(url, "http://"))
		return "is not a URL that begins with https://";
	for (const char *p = url; *p; p++)
		if (*p <= ' ' || *p > '~' || strchr("\"<>\\^`{|}", *p))
			return "has a character that no URL may have";
	if (strpbrk(url, "?#@"))
		return "must have neither user, query nor fragment";
	const char *authority = url + (secure ? 8 : 7);
	size_t n = strcspn(authority, "/");
	if (!split_authority(authority, n, host, &v6) || !is_host(host, v6))
		return "has no valid host and port";
	if (!secure && !is_loopback(host, v6))
		return "is plain http, which is accepted only for loopback addresses written as numbers "
		       "(127.0.0.1, [::1])";
	return NULL;
}

bool endpoint_url(char *dst, size_t n, const char *base_url, const char *path)
{
	size_t len = strlen(base_url);

	while (len > 0 && base_url[len - 1] == '/')
		len--;
	if (str_prefix(path, "/v2/")) {
		if (len >= 4 && memcmp(base_url + len - 4, "/1.0", 4) == 0)
			len -= 4;
		else if (len >= 3 && memcmp(base_url + len - 3, "/v1", 3) == 0)
			len -= 3;
	}
	if (len + strlen(path) >= n)
		return false;
	memcpy(dst, base_url, len);
	memcpy(dst + len, path, strlen(path) + 1);
	return true;
}
