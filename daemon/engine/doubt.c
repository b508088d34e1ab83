/* The state may be older than what was done since: a backup that came back, a host that went back to a snapshot, or simply
 * one that started anew, so that nobody can tell (io/store.h, store_witness). Until when, on the API's clock, is kept for
 * each account as a fact beside the identity that the state took for it; every record last read before then is doubted
 * until a complete look (core/record.h, struct rules), which may show that nothing happened (core/record_time.c).
 * What was done since is counted first (safety rules 5 and 10): those looks come before all other routine ones, and a
 * domain that was not read yet counts for the caps as if it had been changed, for one round of looks at most. It only
 * delays. */
#include <stdlib.h>
#include <string.h>

#include "engine/parts.h"

static char *fact_name(const struct account *a)
{
	return xasprintf("account/%s/doubted", a->cfg->name);
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

static bool take_note(void *arg, const struct store_key *k, const struct store_due *d)
{
	bool *any = arg;

	(void)k;
	(void)d;
	*any = true;
	return false;
}

/* A state in which nothing is recorded has nothing that could be older, and so it is for whatever comes into it. */
static bool is_empty(struct store *store)
{
	bool any = false;

	return store_each_due(store, take_note, &any) == 0 && !any;
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
	if (a->doubted == DOUBTED_PENDING && is_empty(a->e->p.store))
		remember(a, 0);
}

void doubt_clock_known(struct account *a)
{
	if (a->doubted != DOUBTED_PENDING || !account_clock_sure(a))
		return;
	remember(a, account_now(a));
	doubt_hurry(a);
}

/* A clock that ran ahead doubts nothing for ever; but only one that is sure tells that it was that one. */
int64_t doubt_until(struct account *a)
{
	int64_t now = account_now(a);

	if (a->doubted != DOUBTED_PENDING && a->doubted > now && account_clock_sure(a))
		remember(a, now);
	return a->doubted;
}

/* --- its domains ---------------------------------------------------------------------------------------------------- */

/* Where nothing rotates there is nothing to count. */
void doubt_recall(struct slot *s, int64_t last_full)
{
	s->unread = platform_rotates(s->d->platform) && record_in_doubt(last_full, s->account->doubted);
}

/* A whole round earlier than they were planned, so that they keep their order, and what is most urgent comes first. */
void doubt_hurry(struct account *a)
{
	for (size_t i = 0; i < a->e->n_slots; i++) {
		struct slot *s = a->e->slots[i];

		if (s->account == a && s->unread && s->at != 0)
			slot_schedule(s, (enum urgency)s->urgency, s->next_look - a->effective_settled);
	}
}

/* Is the doubt about this account as a whole not over? One round is enough, whatever cannot be read. */
static bool holds(struct account *a, int64_t now)
{
	if (a->unread == 0)
		return false;
	return a->doubted == DOUBTED_PENDING || now - a->doubted < a->effective_settled;
}

/* There is room under a cap now: whoever waits for it is not left waiting for its next look. */
static void look_again(struct account *a)
{
	for (size_t i = 0; i < a->e->n_slots; i++) {
		struct slot *s = a->e->slots[i];
		bool capped = s->reason == REASON_CAP_DAILY || s->reason == REASON_CAP_ROTATING;

		if (s->account == a && s->at != 0 && capped && s->looked)
			slot_schedule(s, URGENT_CHANGE, account_now(a));
	}
}

void doubt_read(struct slot *s, int64_t last_full)
{
	struct account *a = s->account;

	if (!s->unread || record_in_doubt(last_full, doubt_until(a)))
		return;
	s->unread = false;
	if (s->missing_since != 0 || a->unread == 0)
		return;
	const struct config *c = a->e->p.config;
	size_t left = --a->unread, daily = (size_t)config_daily_changes(c, a->domains);
	if (left == 0 || left + 1 == (size_t)c->safety.max_rotating || left + 1 + a->changes.n == daily)
		look_again(a);
}

/* Who is not read may have been changed within the day, and be between switch and confirmation for an hour (rule 10). */
void doubt_standing(struct account *a, const struct slot *s, struct standing *st)
{
	if (!holds(a, st->now))
		return;
	if (s->unread)
		st->changed_this = false;
	st->changed += (unsigned)a->unread;
	if (a->doubted == DOUBTED_PENDING || st->now - a->doubted < MS_HOUR)
		st->rotating += (unsigned)a->unread;
}
