/* OVHcloud's periodic look at the customers' CNAMEs, and, for the judge, what DNS truly says of a selector.
 */
#include "model.h"

#include <string.h>
#include <strings.h>

static int64_t phase(const struct w_domain *d, int64_t every)
{
	return (int64_t)(w_hash_text(d->name) % (uint64_t)every);
}

/* The first instant of the domain's own beat after `at`. */
static int64_t beat_after(const struct world *w, const struct w_domain *d, int64_t at)
{
	int64_t every = w_get(d, w, SW_CHECK_MS)->n;

	if (every <= 0)
		return at;
	return at - ((at - phase(d, every)) % every + every) % every + every;
}

int64_t w_check_before(struct world *w, const struct w_domain *d)
{
	int64_t every = w_get(d, w, SW_CHECK_MS)->n;

	return every <= 0 ? w->now : beat_after(w, d, w->now) - every;
}

static void due(struct world *w, struct w_domain *d, int64_t after)
{
	int64_t at = beat_after(w, d, after);

	if (d->check_at != W_NEVER && d->check_at <= at)
		return;
	d->check_at = at;
	w_event_add(w, at, W_EV_CHECK, d, ++d->check_stamp, 0);
}

/* Something changed that the next look will see. Looks that could see nothing new are not run at all. */
void w_check_due(struct world *w, struct w_domain *d)
{
	due(w, d, w->now);
}

enum w_cname w_cname_served(
        struct world *w, struct w_domain *d, unsigned slot, unsigned server, int64_t *ret_ttl)
{
	unsigned cname = (unsigned)w_field_type("CNAME");
	const struct w_copy *c = w_zone_served(w, d->zone, server)->copy;
	char record[W_NAME], sub[W_NAME], target[W_NAME], seen[W_NAME];
	enum w_cname found = W_CNAME_MISSING;

	w_selector_record(d, slot, record);
	w_zone_sub(d->zone, record, sub);
	w_target_name(d, slot, d->sel[slot].target, target);
	for (uint32_t i = 0; i < c->n; i++) {
		if (c->rec[i]->field != cname || strcasecmp(c->rec[i]->sub, sub))
			continue;
		if (ret_ttl)
			*ret_ttl = (int64_t)w_record_ttl(w, d->zone, c->rec[i]) * W_SECOND;
		w_record_target(d->zone, c->rec[i], seen);
		if (found == W_CNAME_WRONG || strcmp(seen, target))
			found = W_CNAME_WRONG; /* two that differ are as wrong as one */
		else
			found = W_CNAME_RIGHT;
	}
	return w_zget(w, d->zone, SW_DNS_FLATTEN)->n ? W_CNAME_MISSING : found;
}

static bool key_right(struct world *w, struct w_domain *d, unsigned slot)
{
	const struct w_key *k = d->sel[slot].key;

	return k && k->from <= w->now && (k->until == W_NEVER || w->now < k->until) &&
	       w_is(w_get(d, w, SW_KEY_SERVED), "good");
}

bool w_dns_right(struct world *w, struct w_domain *d, unsigned slot)
{
	int64_t mute = w_zget(w, d->zone, SW_DNS_SILENT)->n | w_zget(w, d->zone, SW_DNS_SERVFAIL)->n |
	               w_zget(w, d->zone, SW_DNS_REFUSED)->n;
	unsigned n = w_zone_servers(w, d->zone), answer = 0;

	if (!d->sel[slot].target || !key_right(w, d, slot))
		return false;
	for (unsigned i = 0; i < n; i++) {
		if (mute >> i & 1)
			continue;
		if (w_cname_served(w, d, slot, i, NULL) != W_CNAME_RIGHT)
			return false;
		answer++;
	}
	return answer && answer * 2 >= n;
}

static void blip(struct w_domain *d, unsigned slot, bool on)
{
	struct w_selector *s = &d->sel[slot];

	if (s->blip == on)
		return;
	s->blip = on;
	d->zone->blips += on ? 1u : -1u;
}

/* Keeps, for the judge, since when record and key have been right. A record that goes and comes back between two
 * looks was right at every look, which is all that anybody could know. */
void w_dns_changed(struct world *w, struct w_domain *d)
{
	for (unsigned i = 0; i < d->slots; i++) {
		struct w_selector *s = &d->sel[i];

		if (w_dns_right(w, d, i)) {
			if (s->right_since == W_NEVER)
				s->right_since = w->now;
			s->right_until = w->now;
			blip(d, i, false);
		} else if (s->right_since != W_NEVER) {
			if (!s->blip)
				s->right_until = w->now;
			if (key_right(w, d, i)) {
				blip(d, i, true);
				continue;
			}
			s->right_since = W_NEVER;
			blip(d, i, false);
		}
	}
}

void w_dns_looked(struct world *w, struct w_zone *z, const char *name)
{
	char record[W_NAME];

	(void)w;
	for (struct w_domain *d = z->blips ? z->domains : NULL; d; d = d->next_in_zone)
		for (unsigned i = 0; i < d->slots; i++) {
			if (!d->sel[i].blip)
				continue;
			w_selector_record(d, i, record);
			if (strcmp(record, name))
				continue;
			d->sel[i].right_since = W_NEVER;
			blip(d, i, false);
		}
}

int64_t w_longest_ttl(struct world *w, struct w_domain *d, unsigned slot)
{
	int64_t longest = 0;
	int64_t zone = w_zget(w, d->zone, SW_ZONE_TTL)->n, negative = w_zget(w, d->zone, SW_NEGATIVE_TTL)->n;
	int64_t key_negative = w->value[SW_KEY_NEGATIVE_TTL].n;
	const int64_t others[] = {w_get(d, w, SW_KEY_TTL)->n * W_SECOND,
	        (key_negative < W_DKIM_ZONE_TTL ? key_negative : W_DKIM_ZONE_TTL) * W_SECOND,
	        (negative < zone ? negative : zone) * W_SECOND};

	w_cname_served(w, d, slot, 0, &longest);
	for (size_t i = 0; i < W_COUNT(others); i++)
		if (others[i] > longest)
			longest = others[i];
	return longest;
}

/* What the look means for one selector of exchange or emailpro. Returns the instant before which another look
 * would see nothing new, or W_NEVER. */
static int64_t checked(struct world *w, struct w_domain *d, unsigned slot)
{
	const struct w_value *gone = w_get(d, w, SW_CNAME_GONE);
	struct w_selector *s = &d->sel[slot];

	if (s->state == W_ABSENT || s->state == W_DELETING || !s->target)
		return W_NEVER;
	if (s->named > w->now)
		return s->named;
	s->cname = w_cname_served(w, d, slot, 0, NULL);
	s->cname_valid = s->cname == W_CNAME_RIGHT;
	if (s->state == W_WAITING && s->cname_valid) {
		if (s->task && s->task->doing_until_ready)
			w_task_finish(w, s->task, W_TASK_DONE);
		s->ghost_id = 0;
		w_selector_state(w, d, slot, W_READY);
		if (s->auto_enable)
			w_enable(w, d, slot, W_BY_OVH);
		s->auto_enable = false;
	} else if (!s->cname_valid && s->state == W_READY && !w_is(gone, "keep")) {
		w_selector_state(w, d, slot, W_WAITING);
	} else if (!s->cname_valid && s->state == W_SIGNING && w_is(gone, "all")) {
		w_selector_state(w, d, slot, W_WAITING);
		w_selector_signs(w, d, slot, false);
	}
	return W_NEVER;
}

void w_check_run(struct world *w, struct w_domain *d)
{
	int64_t again = W_NEVER;

	d->check_at = W_NEVER;
	d->check_stamp++;
	if (d->platform == W_MXPLAN || d->platform == W_ZIMBRA) {
		for (unsigned i = 0; i < d->slots; i++)
			if (d->sel[i].target)
				d->sel[i].cname = w_cname_served(w, d, i, 0, NULL);
		w_mx_checked(w, d);
		return;
	}
	for (unsigned i = 0; i < d->slots; i++) {
		int64_t at = checked(w, d, i);

		again = at > again ? at : again;
	}
	if (again != W_NEVER)
		due(w, d, again);
}
