/* The configuration parser on anything: it accepts, or it says where and why; and what it accepts keeps its promises. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "codec/config.h"
#include "codec/endpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x)                                                                                              \
	do                                                                                                   \
		if (!(x))                                                                                    \
			abort();                                                                             \
	while (0)

static void check_promises(const struct config *c)
{
	MUST(c->n_accounts > 0 && c->n_policies > 0);
	for (size_t i = 0; i < c->n_accounts; i++) {
		const struct config_account *a = &c->accounts[i];

		MUST(a->name && a->endpoint && a->base_url && a->credentials && a->connections > 0);
		MUST(!endpoint_url_fault(a->base_url));
		MUST(config_account(c, a->name) == a); /* no two of a name */
	}
	for (size_t i = 0; i < c->n_policies; i++) {
		const struct policy_settings *p = &c->policies[i];

		MUST(p->grace >= c->safety.minimum_grace && p->grace > 0);
		MUST(p->rotate_every == 0 || p->rotate_every > p->grace);
		MUST(p->splay_permille >= 0 && p->splay_permille <= 1000);
		MUST(config_policy(c, p->name) == p);
	}
	MUST(c->poll.active > 0 && c->poll.active <= c->poll.settled &&
	        c->poll.settled < c->safety.longest_gap);
	MUST(config_daily_changes(c, 0) >= 1 && config_daily_changes(c, 100000) >= 1);
	MUST(c->inventory[0] == '/' && c->state[0] == '/' && c->control[0] == '/' &&
	        strlen(c->control) <= 107);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diags d = {0};
	char line[1200];
	struct config *c = config_parse((const char *)data, size, "fuzz.yaml", &d);

	MUST(!c == (d.count > 0));
	for (size_t i = 0; i < d.n; i++)
		for (const char *p = diag_format(&d.list[i], line, sizeof line); *p; p++)
			MUST((unsigned char)*p >= ' ' && *p != 0x7f);
	if (c)
		check_promises(c);
	config_free(c);
	diags_clear(&d);
	return 0;
}
