/* The domains in memory: one slot each, taken over from generation to generation of the inventory. A domain that leaves
 * keeps its record and is followed until nothing of it is in flight; nothing is ever changed because it left (safety
 * rule 8). */
#include <stdlib.h>
#include <string.h>

#include "core/words.h"
#include "core/dname.h"
#include "core/hash.h"
#include "engine/external.h"

#define RELEASE_AFTER (10 * MS_MINUTE) /* a file caught half-written must harm nothing */

static const char *or_empty(const char *s)
{
	return s != NULL ? s : "";
}

static void key_of(const struct desired *d, struct store_key *ret)
{
	*ret = (struct store_key){
	        .account = d->account,
	        .platform = platform_word(d->platform),
	        .service = or_empty(d->service),
	        .organization = or_empty(d->organization),
	        .domain = d->domain,
	};
}

void slot_key(const struct slot *s, struct store_key *ret)
{
	key_of(s->d, ret);
}

static int key_cmp(const struct desired *a, const struct desired *b)
{
	struct store_key x, y;
	int r;

	key_of(a, &x);
	key_of(b, &y);
	if ((r = strcmp(x.domain, y.domain)) != 0 || (r = strcmp(x.platform, y.platform)) != 0)
		return r;
	if ((r = strcmp(x.account, y.account)) != 0 || (r = strcmp(x.service, y.service)) != 0)
		return r;
	return strcmp(x.organization, y.organization);
}

void slot_unschedule(struct slot *s)
{
	if (s->at != 0)
		heap_remove(&s->account->due[s->urgency], s);
}

void slot_schedule(struct slot *s, enum urgency urgency, int64_t next_look)
{
	slot_unschedule(s);
	s->urgency = (uint8_t)urgency;
	s->next_look = next_look;
	heap_put(&s->account->due[urgency], s);
}

/* A clock that went back leaves looks planned in a future that may be years away: they are spread over poll.settled. */
void slots_clock_set(struct account *a)
{
	int64_t now = account_now(a);

	for (size_t i = 0; i < a->e->n_slots; i++) {
		struct slot *s = a->e->slots[i];

		if (s->account == a && s->at != 0 && s->next_look > now + a->effective_settled)
			slot_schedule(s, (enum urgency)s->urgency,
			        now + hash_part(hash_name_for("clock", s->d->domain), a->effective_settled));
	}
}

/* The first slot of a domain not before that name, or with `beyond` after it: they lie in the order of their names. */
static size_t slots_at(const struct engine *e, const char *domain, size_t len, bool beyond)
{
	size_t lo = 0, hi = e->n_slots;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const char *name = e->slots[mid]->d->domain;
		int r = strncmp(name, domain, len);

		if (r == 0 && name[len] != '\0')
			r = 1;
		if (r < 0 || (r == 0 && beyond))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

size_t slots_after(const struct engine *e, const char *domain)
{
	return slots_at(e, domain, strlen(domain), true);
}

/* "domain" or "domain:platform". */
struct slot *slot_find(struct engine *e, const char *name)
{
	const char *colon = strchr(name, ':');
	size_t len = colon != NULL ? (size_t)(colon - name) : strlen(name);
	size_t end = slots_at(e, name, len, true);
	struct slot *found = NULL;

	for (size_t i = slots_at(e, name, len, false); i < end; i++) {
		struct slot *s = e->slots[i];

		if (s->missing_since != 0)
			continue;
		if (colon != NULL && !str_eq(colon + 1, platform_word(s->d->platform)))
			continue;
		if (found != NULL)
			return NULL; /* on two platforms: say which */
		found = s;
	}
	return found;
}

/* --- taking an inventory ----------------------------------------------------------------------------------------- */

/* What the store knows of every domain's schedule, so that next_look survives a restart. */
static bool take_due(void *arg, const struct store_key *k, const struct store_due *d)
{
	struct engine *e = arg;
	size_t lo = 0, hi = e->n_slots;
	struct desired probe = {.domain = k->domain,
	        .account = k->account,
	        .service = k->service,
	        .organization = k->organization};
	int p = words_parse(&words_platform, k->platform);

	if (p < 0)
		return true;
	probe.platform = (enum platform)p;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int r = key_cmp(e->slots[mid]->d, &probe);

		if (r == 0) {
			struct slot *s = e->slots[mid];

			if (s->id != 0 || s->job != NULL)
				return true; /* it is in memory already, and knows better */
			s->id = d->id;
			s->phase = (uint8_t)d->phase;
			s->condition = (uint8_t)d->condition;
			s->reason = (uint8_t)d->reason;
			s->in_flight = d->has_intent;
			doubt_recall(s, d->last_full);
			slot_schedule(s, d->has_intent ? URGENT_IN_FLIGHT : URGENT_ROUTINE, d->next_look);
			return true;
		}
		if (r < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	orphan_adopt(e, k, probe.platform, d);
	return true;
}

static int slot_cmp(const void *a, const void *b)
{
	return key_cmp((*(struct slot *const *)a)->d, (*(struct slot *const *)b)->d);
}

static struct slot *slot_new(struct engine *e, const struct desired *d)
{
	struct slot *s = xcalloc(1, sizeof(*s));

	s->d = d;
	s->account = account_by_name(e, d->account);
	return s;
}

/* How often a domain is looked at so that the budget carries all: two requests a look on the average (three of four looks
 * are one request), and a fifth of the budget kept free for changes. */
static void stretch(struct account *a)
{
	int64_t settled = a->e->p.config->poll.settled;
	int64_t carried = 0;
	struct fields f = {.account = a->cfg->name};
	char span[32];

	if (a->cfg->requests_per_minute != 0)
		carried = (int64_t)a->domains * 2 * MS_MINUTE * 5 / 4 / a->cfg->requests_per_minute;
	int64_t now = carried > settled ? carried : settled;
	if (now != a->effective_settled && now != settled) {
		str_format(span, sizeof(span), "%lld min", (long long)(now / MS_MINUTE));
		report(EVENT_BUDGET_STRETCHED, &f, a->cfg->name, span);
	}
	a->effective_settled = now;
}

static void count_domains(struct engine *e)
{
	for (size_t i = 0; i < e->n_accounts; i++)
		e->accounts[i].domains = e->accounts[i].unlooked = e->accounts[i].unread = 0;
	for (size_t i = 0; i < e->n_slots; i++) {
		struct slot *s = e->slots[i];

		if (s->missing_since != 0)
			continue;
		s->account->domains++;
		s->account->unlooked += !s->looked;
		s->account->unread += s->unread;
	}
	for (size_t i = 0; i < e->n_accounts; i++)
		stretch(&e->accounts[i]);
}

static void tell_gone(size_t gone, size_t listed)
{
	char lost[24], all[STR_COUNT];

	if (gone * 10 <= listed)
		return;
	str_format(lost, sizeof(lost), "%zu", gone);
	report(EVENT_MANY_RELEASED, NULL, lost, str_count(all, listed, "domain"));
}

static void tell_released(const struct slot *s)
{
	struct fields f;

	tell_fields(&f, s);
	report(EVENT_DOMAIN_RELEASED, &f, s->d->domain);
}

/* Merges the new generation into the sorted slots: same key, same slot. */
void slots_take(struct engine *e, struct inventory *inv)
{
	size_t n_new = inv->n, cap = e->n_slots + n_new, n = 0, added = 0, listed = 0, gone = 0;
	struct slot **list = xcalloc(cap + 1, sizeof(struct slot *));
	struct slot **old = e->slots;
	size_t n_old = e->n_slots;
	int64_t boot = loop_boot(e->p.loop);

	for (size_t i = 0; i < n_new; i++)
		list[n++] = slot_new(e, &inv->list[i]);
	qsort(list, n, sizeof(struct slot *), slot_cmp);
	size_t fresh = n;
	for (size_t i = 0, k = 0; i < n_old; i++) {
		listed += old[i]->missing_since == 0;
		while (k < fresh && key_cmp(list[k]->d, old[i]->d) < 0)
			k++;
		if (k < fresh && key_cmp(list[k]->d, old[i]->d) == 0) {
			old[i]->d = list[k]->d;
			old[i]->missing_since = 0;
			free(list[k]);
			list[k] = old[i];
			continue;
		}
		if (old[i]->missing_since == 0) {
			old[i]->missing_since = boot;
			gone++;
		}
		list[n++] = old[i];
	}
	qsort(list, n, sizeof(struct slot *), slot_cmp);
	free(old);
	e->slots = list;
	e->n_slots = n;
	for (size_t i = 0; i < n; i++)
		if (list[i]->at == 0 && list[i]->job == NULL && list[i]->id == 0) {
			added++;
			slot_schedule(list[i], URGENT_ROUTINE, 0); /* only first contact is immediate */
		}
	e->n_slots_before = n_old;
	if (added != 0 || n_old == 0)
		store_each_due(e->p.store, take_due, e);
	if (orphans_take(e))
		qsort(e->slots, e->n_slots, sizeof(*e->slots), slot_cmp);
	tell_gone(gone, listed);
	count_domains(e);
}

void slots_leave(const struct engine *e, const struct inventory *next)
{
	size_t listed = 0, gone = 0;

	for (size_t i = 0; i < e->n_slots; i++) {
		const struct slot *s = e->slots[i];
		const struct desired *found;
		char name[DNAME_TEXT + 16];

		str_format(name, sizeof(name), "%s:%s", s->d->domain, platform_word(s->d->platform));
		bool stays = inventory_find(next, name, &found) == 0 && key_cmp(found, s->d) == 0;
		listed += s->missing_since == 0;
		gone += s->missing_since == 0 && !stays;
		if (!stays && !s->in_flight)
			tell_released(s);
	}
	tell_gone(gone, listed);
}

static bool generation_is_used(const struct engine *e, const struct inventory *inv)
{
	for (size_t i = 0; i < e->n_slots; i++)
		if (e->slots[i]->d >= inv->list && e->slots[i]->d < inv->list + inv->n)
			return true;
	return false;
}

/* Domains that left long enough ago and have nothing in flight are forgotten here; their records stay in the store. */
void slots_drop_missing(struct engine *e)
{
	int64_t boot = loop_boot(e->p.loop);
	size_t n = 0;

	for (size_t i = 0; i < e->n_slots; i++) {
		struct slot *s = e->slots[i];

		if (s->missing_since == 0 || boot - s->missing_since < RELEASE_AFTER || s->job != NULL ||
		        s->in_flight) {
			e->slots[n++] = s;
			continue;
		}
		tell_released(s);
		slot_unschedule(s);
		external_view_free(s->external);
		slot_forget(s);
		free(s);
	}
	e->n_slots = n;
	if (e->jobs != 0 || e->forecasts != NULL)
		return; /* they hold on to their generation */
	n = 0;
	for (size_t i = 0; i < e->n_old; i++)
		if (generation_is_used(e, e->old[i]))
			e->old[n++] = e->old[i];
		else
			inventory_free(e->old[i]);
	e->n_old = n;
}

void slots_clear(struct engine *e)
{
	for (size_t i = 0; i < e->n_slots; i++) {
		if (e->slots[i]->job != NULL)
			job_cancel(e->slots[i]->job);
		external_view_free(e->slots[i]->external);
		slot_forget(e->slots[i]);
		free(e->slots[i]);
	}
	free(e->slots);
	e->slots = NULL;
	e->n_slots = 0;
	orphans_clear(e);
}
