/* Numeric addresses from text. It must never look a name up. */
#include "codec/address.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/util.h"
#include "codec/keys.h"

static bool parse_port(const char *s, uint16_t *ret)
{
	int v;

	if (!keys_parse_number(s, &v) || v < 1 || v > 65535)
		return false;
	*ret = (uint16_t)v;
	return true;
}

static bool is_address(const char *host)
{
	struct in6_addr a6;
	struct in_addr a4;

	return inet_pton(AF_INET, host, &a4) == 1 || inet_pton(AF_INET6, host, &a6) == 1;
}

bool address_parse(const char *text, struct address *ret)
{
	struct address a = *ret;
	char copy[64];
	char *host = copy, *port = NULL;

	if (!str_copy(copy, sizeof copy, text))
		return false;
	if (copy[0] == '[') {
		char *end = strchr(copy, ']');

		if (!end || (end[1] && end[1] != ':' && end[1] != '@'))
			return false;
		host = copy + 1;
		port = end[1] ? end + 2 : NULL;
		*end = '\0';
		if (!strchr(host, ':'))
			return false;
	} else {
		char *sign = strchr(copy, '@');

		if (!sign && strchr(copy, ':') == strrchr(copy, ':')) /* more than one colon is IPv6 */
			sign = strchr(copy, ':');
		if (sign) {
			*sign = '\0';
			port = sign + 1;
		}
	}
	if (!is_address(host) || !str_copy(a.host, sizeof a.host, host) ||
	        (port && !parse_port(port, &a.port)))
		return false;
	*ret = a;
	return true;
}
