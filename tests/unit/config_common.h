/* A configuration from a text that begins with its one account. */
#ifndef TESTS_UNIT_CONFIG_COMMON_H
#define TESTS_UNIT_CONFIG_COMMON_H

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "codec/config.h"

#define ACCOUNT "accounts: {default: {endpoint: ovh-eu, credentials: ovh.conf}}\n"

static struct config *parse(const char *text, struct diags *d)
{
	/* memory of its own size, so that a byte read too far is seen */
	size_t n = strlen(text);
	char *copy = xmalloc(n);

	memcpy(copy, text, n);
	struct config *c = config_parse(copy, n, "c.yaml", d);
	free(copy);
	return c;
}

#endif
