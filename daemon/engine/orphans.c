/* Domains that left the inventory before this start with a change in flight. What the store knows of such a domain is
 * enough to look at it, with what was noted beside it where that does not say all; nothing new ever begins (safety
 * rule 8). */
#include <stdlib.h>
#include <string.h>

#include "engine/parts.h"

struct orphan {
	struct desired d;
	struct inventory *noted; /* d's texts are in it; NULL = they are those below */
	char *text[4];
	struct slot *slot; /* NULL once it is among the slots */
	struct orphan *next;
};

/* --- what is noted ---------------------------------------------------------------------------------------------------- */

/* The key of the store does not tell which of Zimbra's two APIs a change went to, nor whose map and zone are to be read of
 * keys of our own. */
static bool needs_note(const struct desired *d)
{
	return d->platform == PLATFORM_EXTERNAL ||
	       (d->platform == PLATFORM_ZIMBRA && d->zimbra_api == ZIMBRA_V2);
}

static void note_name(char dst[40], int64_t id)
{
	str_format(dst, 40, "in-flight/%lld", (long long)id);
}

void slot_in_flight(struct slot *s, bool in_flight)
{
	char name[40];

	if (s->in_flight == in_flight)
		return;
	s->in_flight = in_flight;
	if (!needs_note(s->d))
		return;
	note_name(name, s->id);
	char *text = in_flight ? inventory_settings(s->d) : NULL;
	store_set_fact(s->account->e->p.store, name, text);
	free(text);
}

/* NULL when nothing was noted, or it fits the configuration no more. */
static struct inventory *read_note(struct engine *e, int64_t id)
{
	char name[40];

	note_name(name, id);
	char *text = store_fact(e->p.store, name);
	if (text == NULL)
		return NULL;
	struct inventory *inv = inventory_read_settings(e->p.config, text, strlen(text));
	free(text);
	if (inv->n == 1)
		return inv;
	inventory_free(inv);
	return NULL;
}

/* --- following them --------------------------------------------------------------------------------------------------- */

static void from_key(struct orphan *o, const struct account *a, const struct store_key *k, enum platform p)
{
	const char *const from[] = {k->domain, k->account, k->service, k->organization};

	for (size_t i = 0; i < ARRAY_SIZE(from); i++)
		o->text[i] = xstrdup(from[i]);
	o->d = (struct desired){
	        .domain = o->text[0],
	        .account = a->cfg->name,
	        .service = o->text[2],
	        .organization = o->text[3][0] != '\0' ? o->text[3] : NULL,
	        .zone = o->text[0],
	        .zone_account = a->cfg->name,
	        .platform = p,
	        .dns = DNS_MANUAL,
	};
}

/* Keys of our own cannot be read without what was noted: then they wait until the domain is back. */
void orphan_adopt(struct engine *e, const struct store_key *k, enum platform p, const struct store_due *d)
{
	struct account *a = account_by_name(e, k->account);

	if (a == NULL || !d->has_intent || e->n_slots_before != 0)
		return;
	struct inventory *noted = read_note(e, d->id);
	if (noted == NULL && p == PLATFORM_EXTERNAL)
		return;
	struct orphan *o = xcalloc(1, sizeof(*o));
	o->noted = noted;
	if (noted != NULL)
		o->d = noted->list[0];
	else
		from_key(o, a, k, p);
	o->d.mode = o->d.own_mode = MODE_OBSERVE;
	o->d.file = "";
	o->slot = xcalloc(1, sizeof(*o->slot));
	o->slot->d = &o->d;
	o->slot->account = a;
	o->slot->id = d->id;
	o->slot->in_flight = true;
	o->slot->missing_since = loop_boot(e->p.loop);
	slot_schedule(o->slot, URGENT_IN_FLIGHT, d->next_look);
	o->next = e->orphans;
	e->orphans = o;
}

bool orphans_take(struct engine *e)
{
	size_t before = e->n_slots;

	for (struct orphan *o = e->orphans; o != NULL; o = o->next) {
		if (o->slot == NULL)
			continue;
		e->slots = xrealloc(e->slots, (e->n_slots + 1) * sizeof(*e->slots));
		e->slots[e->n_slots++] = o->slot;
		o->slot = NULL;
	}
	return e->n_slots != before;
}

void orphans_clear(struct engine *e)
{
	for (struct orphan *o = e->orphans, *next; o != NULL; o = next) {
		next = o->next;
		for (size_t i = 0; i < ARRAY_SIZE(o->text); i++)
			free(o->text[i]);
		inventory_free(o->noted);
		free(o);
	}
	e->orphans = NULL;
}
