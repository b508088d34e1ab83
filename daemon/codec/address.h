/* An address written as a number, with a port. */
#ifndef DKIMROTD_CODEC_ADDRESS_H
#define DKIMROTD_CODEC_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

struct address {
	char host[46]; /* "" = none; IPv6 without brackets */
	uint16_t port;
};

/* "192.0.2.1", "192.0.2.1:53", "192.0.2.1@53", "::1", "::1@53", "[::1]", "[::1]:53". Where no port is written, the one
 * in ret stays. False, and ret untouched, when it is none of these or the port is not within 1..65535. */
bool address_parse(const char *text, struct address *ret);

#endif
