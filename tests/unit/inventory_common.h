/* A configuration with two accounts, and inventories of one file. */
#ifndef TESTS_UNIT_INVENTORY_COMMON_H
#define TESTS_UNIT_INVENTORY_COMMON_H

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "codec/inventory.h"

static inline struct config *config(const char *more)
{
	struct diags d = {0};
	char line[1200];
	char *text = xasprintf("accounts:\n"
	                       "  default: {endpoint: ovh-eu, credentials: a}\n"
	                       "  zones: {endpoint: ovh-ca, credentials: b}\n"
	                       "dns_servers: {primary: {server: 192.0.2.1, secret: c}}\n%s",
	        more);
	struct config *c = config_parse(text, strlen(text), "c.yaml", &d);

	if (!c)
		fail_msg("%s", diag_format(&d.list[0], line, sizeof line));
	free(text);
	return c;
}

static inline struct inventory_text file(const char *path, const char *text)
{
	return (struct inventory_text){.path = path, .text = text, .len = text ? strlen(text) : 0};
}

static inline struct inventory *build_one(const struct config *c, const char *text, struct diags *d)
{
	struct inventory_text f = file("i.yaml", text);
	char *copy = xmalloc(f.len); /* of its own size, so that a byte read too far is seen */

	memcpy(copy, text, f.len);
	f.text = copy;
	struct inventory *inv = inventory_build(c, &f, 1, NULL, 0, NULL, d);
	free(copy);
	return inv;
}

static inline struct inventory *good(const struct config *c, const char *text)
{
	struct diags d = {0};
	char line[1200];
	struct inventory *inv = build_one(c, text, &d);

	if (d.count)
		fail_msg("%s", diag_format(&d.list[0], line, sizeof line));
	assert_int_equal(inv->files[0].state, INVENTORY_OK);
	assert_null(inv->files[0].error);
	return inv;
}

#endif
