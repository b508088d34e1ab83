/* A resolver's address as people write it in the configuration. It must never take a name: the name would
 * need a resolver itself. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "io/dns_parts.h"

char *dns_forwarder_read(const char *text)
{
	char host[INET6_ADDRSTRLEN + 1];
	uint8_t bytes[16];
	const char *port = "53", *sep = strchr(text, '@');
	size_t n = strlen(text);

	if (text[0] == '[') {
		const char *close = strchr(text, ']');
		if (!close || (close[1] != ':' && close[1] != '@' && close[1] != '\0'))
			return NULL;
		n = (size_t)(close - text) - 1;
		text++;
		port = close[1] ? close + 2 : port;
	} else {
		if (!sep && strchr(text, ':') == strrchr(text, ':'))
			sep = strchr(text, ':');
		n = sep ? (size_t)(sep - text) : n;
		port = sep ? sep + 1 : port;
	}
	if (n >= sizeof(host))
		return NULL;
	memcpy(host, text, n);
	host[n] = '\0';
	if (inet_pton(AF_INET, host, bytes) != 1 && inet_pton(AF_INET6, host, bytes) != 1)
		return NULL;
	size_t digits = strspn(port, "0123456789");
	unsigned long number = strtoul(port, NULL, 10);
	if (digits == 0 || digits > 5 || port[digits] || number < 1 || number > 65535)
		return NULL;
	return xasprintf("%s@%s", host, port);
}
