/* The keys behind the targets. Every generation of every selector has its own, and two keys of one domain
 * always differ, although the pool of real keys is small. */
#include "model.h"

#include <stdlib.h>
#include <string.h>

static void target_text(const struct w_domain *d, uint32_t number, uint64_t target, char dst[W_NAME])
{
	uint64_t letters = w_mix(target) % (26 * 26);
	char name[64];

	w_selector_text(d, number, name);
	w_format(dst, W_NAME, "%s._domainkey.%llu.%c%c." W_DKIM_ZONE, name, (unsigned long long)target,
	        (int)('a' + letters / 26), (int)('a' + letters % 26));
}

void w_target_name(const struct w_domain *d, unsigned slot, uint64_t target, char dst[W_NAME])
{
	target_text(d, d->sel[slot].number, target, dst);
}

void w_key_make(struct world *w, struct w_domain *d, unsigned slot, int64_t from)
{
	struct w_selector *s = &d->sel[slot];
	struct w_key *k = w_alloc(sizeof(*k));
	bool new_target = !s->target || w_get(d, w, SW_TARGET_CHANGES)->n;
	bool new_key = !s->key || w_get(d, w, SW_KEY_CHANGES)->n;

	if (new_target) {
		s->target_before = s->target;
		s->target = w->next_target++;
		s->target_since = s->named;
	}
	k->domain = d;
	k->slot = (uint8_t)slot;
	k->number = s->number;
	k->target = s->target;
	k->pool = new_key ? (uint32_t)(w_hash_text(d->name) + d->keys_made++) % W_KEY_POOL : s->key->pool;
	k->from = from;
	k->until = W_NEVER;
	k->older = w_map_get(&w->keys, &k->target, sizeof(k->target));
	k->all = w->all_keys;
	w->all_keys = k;
	w_map_drop(&w->keys, &k->target, sizeof(k->target));
	w_map_put(&w->keys, &k->target, sizeof(k->target), k);
	s->key = k;
	/* another key begins its own history */
	if (s->right_since != W_NEVER && !s->blip)
		s->right_until = w->now;
	s->right_since = W_NEVER;
	if (from != W_NEVER)
		w_event_add(w, from, W_EV_KEY, d, 0, slot);
}

void w_key_retire(struct world *w, struct w_domain *d, unsigned slot)
{
	struct w_key *k = d->sel[slot].key;
	int64_t until = w->now + w_get(d, w, SW_OLD_KEY_MS)->n;

	if (!k || k->until != W_NEVER)
		return;
	k->until = k->from > until ? k->from : until;
	w_event_add(w, k->until, W_EV_KEY, d, 0, slot);
}

/* The number is the label behind "_domainkey"; the rest of the name must then be that very target. */
const struct w_key *w_key_at(const struct world *w, const char *name, int64_t now)
{
	const char *p = strstr(name, "._domainkey.");
	char own[W_NAME], *end;
	uint64_t target;

	if (!p)
		return NULL;
	target = strtoull(p + 12, &end, 10);
	if (end == p + 12 || *end != '.')
		return NULL;
	for (const struct w_key *k = w_map_get(&w->keys, &target, sizeof(target)); k; k = k->older) {
		target_text(k->domain, k->number, k->target, own);
		if (strcmp(own, name))
			return NULL;
		if (k->from <= now && (k->until == W_NEVER || now < k->until))
			return k;
	}
	return NULL;
}
