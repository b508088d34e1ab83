/* Caps and breaker of an account (safety rule 10), durable as facts of the store so that a restart forgets nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/parts.h"

static void fact_name(char *dst, size_t n, const struct account *a, const char *what)
{
	str_format(dst, n, "account/%s/%s", a->cfg->name, what);
}

/* "id at" a line. */
static void day_load(struct account *a, const char *what, struct day *d)
{
	char name[200];

	fact_name(name, sizeof(name), a, what);
	char *text = store_fact(a->e->p.store, name);
	for (char *line = text, *end; line != NULL && *line != '\0'; line = end) {
		char *second, *behind;
		long long id = strtoll(line, &second, 10), at = strtoll(second, &behind, 10);

		end = strchr(line, '\n');
		if (second != line && behind != second) {
			if (d->n == d->cap) {
				d->cap = d->cap != 0 ? d->cap * 2 : 16;
				d->list = xrealloc(d->list, d->cap * sizeof(*d->list));
			}
			d->n = tally_put(d->list, d->n, id, at);
		}
		if (end == NULL)
			break;
		end++;
	}
	free(text);
}

static void day_save(struct account *a, const char *what, const struct day *d)
{
	struct buf b = {0};
	char name[200];

	for (size_t i = 0; i < d->n; i++)
		buf_printf(&b, "%lld %lld\n", (long long)d->list[i].domain, (long long)d->list[i].at);
	fact_name(name, sizeof(name), a, what);
	store_set_fact(a->e->p.store, name, d->n != 0 ? b.data : NULL);
	buf_free(&b);
}

/* What is more than a day old counts no more; but not by a clock that nobody vouches for. */
static void trim(struct account *a, struct day *d)
{
	if (account_clock_sure(a))
		d->n = tally_trim(d->list, d->n, account_now(a));
}

static void day_put(struct account *a, struct day *d, int64_t id)
{
	trim(a, d);
	if (d->n == d->cap) {
		d->cap = d->cap != 0 ? d->cap * 2 : 16;
		d->list = xrealloc(d->list, d->cap * sizeof(*d->list));
	}
	d->n = tally_put(d->list, d->n, id, account_now(a));
}

void brakes_load(struct account *a)
{
	char name[200];

	day_load(a, "changes", &a->changes);
	day_load(a, "troubles", &a->troubles);
	day_load(a, "switching", &a->switching);
	fact_name(name, sizeof(name), a, "breaker");
	char *open = store_fact(a->e->p.store, name);
	a->breaker = open != NULL;
	free(open);
}

void brakes_standing(struct account *a, const struct slot *s, struct standing *st)
{
	const struct config *c = a->e->p.config;

	trim(a, &a->changes);
	st->breaker_open = a->breaker;
	st->max_rotating = (unsigned)c->safety.max_rotating;
	st->max_changed = (unsigned)config_daily_changes(c, a->domains);
	st->changed_this = tally_has(a->changes.list, a->changes.n, s->id);
	st->changed = (unsigned)a->changes.n;
	/* what is unconfirmed for an hour is the breaker's */
	st->rotating = tally_others(a->switching.list, a->switching.n, s->id, st->now, MS_HOUR);
	doubt_standing(a, s, st);
}

void brakes_changed(struct account *a, const struct slot *s)
{
	day_put(a, &a->changes, s->id);
	day_save(a, "changes", &a->changes);
}

/* Under a number that is no domain's: it takes a place, and does not allow this domain anything. */
void brakes_found_changed(struct account *a, const struct slot *s)
{
	day_put(a, &a->changes, -s->id);
	day_save(a, "changes", &a->changes);
}

void brakes_switching(struct account *a, const struct slot *s, bool on)
{
	bool was = tally_has(a->switching.list, a->switching.n, s->id);

	if (on == was)
		return;
	if (on)
		day_put(a, &a->switching, s->id);
	else
		a->switching.n = tally_drop(a->switching.list, a->switching.n, s->id);
	day_save(a, "switching", &a->switching);
}

void brakes_trouble(struct account *a, const struct slot *s)
{
	struct fields f = {.account = a->cfg->name};
	char name[200], count[24];

	trim(a, &a->troubles);
	if (tally_has(a->troubles.list, a->troubles.n, s->id))
		return;
	day_put(a, &a->troubles, s->id);
	day_save(a, "troubles", &a->troubles);
	if (a->breaker || !tally_opens_breaker(a->troubles.n, a->domains))
		return;
	a->breaker = true;
	fact_name(name, sizeof(name), a, "breaker");
	store_set_fact(a->e->p.store, name, "open");
	str_format(count, sizeof(count), "%zu", a->troubles.n);
	report(EVENT_BREAKER_OPEN, &f, a->cfg->name, count);
}

void brakes_close(struct account *a)
{
	struct fields f = {.account = a->cfg->name};
	char name[200];

	if (!a->breaker)
		return;
	a->breaker = false;
	a->troubles.n = 0;
	day_save(a, "troubles", &a->troubles);
	fact_name(name, sizeof(name), a, "breaker");
	store_set_fact(a->e->p.store, name, NULL);
	report(EVENT_BREAKER_CLOSED, &f, a->cfg->name);
}

void brakes_clear(struct account *a)
{
	free(a->changes.list);
	free(a->troubles.list);
	free(a->switching.list);
}
