/* The state may be older than what was done since: a backup that came back, a host that went back to a snapshot, or simply
 * one that started anew, so that nobody can tell (io/store.h, store_witness). Until when, on the API's clock, is kept for
 * each account as a fact beside the identity that the state took for it; every record last read before then is doubted
 * until a complete look (core/record.h, struct rules), which may show that nothing happened (core/record_time.c).
 * Scheduled changes wait for one round of looks, so that what was done is counted first (safety rules 5 and 10). It only
 * delays. */
#include <stdlib.h>
#include <string.h>

#include "engine/parts.h"

static char *fact_name(const struct account *a)
{
	return xasprintf("account/%s/doubted", a->cfg->name);
}

void doubt_load(struct account *a)
{
	char *identity = store_fact(a->e->p.store, STORE_IDENTITY), *name = fact_name(a);
	char *known = store_fact(a->e->p.store, name);
	size_t len = identity != NULL ? strlen(identity) : 0;

	if (identity != NULL) /* "IDENTITY INSTANT" */
		a->doubted = known != NULL && strncmp(known, identity, len) == 0 && known[len] == ' '
		                     ? strtoll(known + len, NULL, 10)
		                     : DOUBTED_PENDING;
	free(known);
	free(name);
	free(identity);
}

static void remember(struct account *a, int64_t until)
{
	char *identity = store_fact(a->e->p.store, STORE_IDENTITY), *name = fact_name(a);
	char *value = xasprintf("%s %lld", identity != NULL ? identity : "", (long long)until);

	a->doubted = until;
	if (identity != NULL)
		store_set_fact(a->e->p.store, name, value);
	free(value);
	free(name);
	free(identity);
}

void doubt_clock_known(struct account *a)
{
	if (a->doubted == DOUBTED_PENDING && account_clock_sure(a))
		remember(a, account_now(a));
}

/* A clock that ran ahead doubts nothing for ever. */
int64_t doubt_until(struct account *a)
{
	int64_t now = account_now(a);

	if (a->doubted != DOUBTED_PENDING && a->doubted > now)
		remember(a, now);
	return a->doubted;
}

bool doubt_holds(struct account *a)
{
	if (!a->recalls || a->doubted == 0)
		return false;
	return a->doubted == DOUBTED_PENDING || account_now(a) - a->doubted < a->effective_settled;
}
