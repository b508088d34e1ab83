/* Two inventory files (a NUL byte between them) on anything: each is in force or refused with its place, what is in
 * force keeps its promises, and settings held are the same after a restart. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "codec/inventory.h"
#include "core/dname.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x)                                                                                              \
	do                                                                                                   \
		if (!(x))                                                                                    \
			abort();                                                                             \
	while (0)

static const char config_text[] = "accounts:\n"
                                  "  default: {endpoint: ovh-eu, credentials: a}\n"
                                  "  zones: {endpoint: ovh-ca, credentials: b}\n"
                                  "signers:\n"
                                  "  opendkim: {}\n"
                                  "policies:\n"
                                  "  fast: {rotate_every: 30d}\n"
                                  "  office: {window: 'Mon..Fri 08:00-17:00 Europe/Paris'}\n";

static void check_domain(const struct config *c, const struct desired *x)
{
	MUST(dname_valid_host(x->domain) && dname_valid_host(x->zone) && dname_within(x->domain, x->zone));
	MUST(x->dns != DNS_RFC2136 && !x->external == (x->platform != PLATFORM_EXTERNAL));
	MUST(x->external ? str_eq(x->account, ACCOUNT_EXTERNAL) && config_signer(c, x->external->signer)
	                 : config_account(c, x->account) != NULL);
	MUST(config_account(c, x->zone_account) ||
	        (x->external && str_eq(x->zone_account, ACCOUNT_EXTERNAL)));
	MUST(x->service || (x->platform != PLATFORM_EXCHANGE && x->platform != PLATFORM_EMAILPRO));
	MUST(!x->organization == (x->platform != PLATFORM_EXCHANGE));
	MUST(x->policy.grace >= c->safety.minimum_grace);
	MUST(x->policy.rotate_every == 0 || x->policy.rotate_every > x->policy.grace);
	MUST(x->file && x->line > 0 && x->column > 0);
}

static void check_promises(const struct config *c, const struct inventory *inv)
{
	for (size_t i = 0; i < inv->n; i++) {
		const struct desired *x = &inv->list[i], *found = NULL;
		char name[DNAME_TEXT + 16];

		check_domain(c, x);
		str_format(name, sizeof name, "%s:%s", x->domain, platform_word(x->platform));
		MUST(inventory_find(inv, name, &found) == 0 && found == x);
	}
	for (size_t i = 0; i < inv->n_files; i++)
		MUST(!inv->files[i].error == (inv->files[i].state == INVENTORY_OK));
}

/* Both files at once after a, then the same after a restart. */
static void check_restart(
        const struct config *c, const struct inventory_text *files, const struct inventory *before)
{
	struct diags d = {0};
	struct inventory *inv = inventory_build(c, files, 2, NULL, 0, before, &d);
	char *held = inventory_held(inv);
	const struct inventory_text good[] = {
	        files[0], files[1], {.path = INVENTORY_HELD, .text = held, .len = held ? strlen(held) : 0}};
	struct inventory *again = inventory_start(c, files, 2, good, 3, &d);
	char *held_again = inventory_held(again);

	check_promises(c, inv);
	check_promises(c, again);
	MUST(inv->n == again->n && str_eq(held, held_again));
	free(held);
	free(held_again);
	inventory_free(again);
	inventory_free(inv);
	diags_clear(&d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config *c;
	struct diags d = {0};
	const char *text = (const char *)data, *nul = size ? memchr(text, '\0', size) : NULL;
	size_t first = nul ? (size_t)(nul - text) : size;
	const struct inventory_text files[] = {
	        {.path = "a.yaml", .text = nul || size ? text : "", .len = first},
	        {.path = "b.yaml", .text = nul ? nul + 1 : "", .len = nul ? size - first - 1 : 0}};

	if (!c)
		c = config_parse(config_text, sizeof config_text - 1, "c.yaml", &d);
	MUST(c && d.count == 0);
	struct inventory *inv = inventory_build(c, files, 1, NULL, 0, NULL, &d);
	MUST((inv->files[0].state == INVENTORY_OK) == (d.count == 0));
	inventory_expand(inv, INT64_C(1795168800000));
	check_promises(c, inv);
	check_restart(c, files, inv);
	inventory_free(inv);
	diags_clear(&d);
	return 0;
}
