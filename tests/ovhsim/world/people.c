/* What people do behind the daemon's back: in the control panel, at the DNS host, with the contract. And the
 * truth about who signs, for tests. */
#include "model.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct deed {
	struct world *w;
	struct w_domain *d;
	const char *argument; /* what follows the word, "" = nothing */
	int slot;             /* of the argument, or -1 */
};

static bool simple(const struct w_domain *d)
{
	return d->platform == W_MXPLAN || d->platform == W_ZIMBRA;
}

/* The control panel's switch: the first other selector that is ready, or the one named. */
static int do_switch(const struct deed *k)
{
	struct w_domain *d = k->d;
	int slot = k->slot;

	if (simple(d)) {
		w_mx_hand_over(k->w, d);
		return 0;
	}
	for (unsigned i = 0; slot < 0 && i < d->slots; i++)
		if (d->sel[i].state == W_READY)
			slot = (int)i;
	if (slot < 0 || d->sel[slot].state != W_READY)
		return -EBUSY;
	w_enable(k->w, d, (unsigned)slot, W_BY_PERSON);
	return 0;
}

static int do_disable(const struct deed *k)
{
	struct w_domain *d = k->d;
	int slot = k->slot;

	if (simple(d)) {
		w_mx_disable(k->w, d, W_BY_PERSON);
		return 0;
	}
	for (unsigned i = 0; slot < 0 && i < d->slots; i++)
		if (d->sel[i].state == W_SIGNING)
			slot = (int)i;
	if (slot < 0 || (d->sel[slot].state != W_SIGNING && d->sel[slot].state != W_READY))
		return -EBUSY;
	w_disable(k->w, d, (unsigned)slot, W_BY_PERSON);
	return 0;
}

static int do_enable(const struct deed *k)
{
	if (simple(k->d)) {
		w_mx_enable(k->w, k->d, W_BY_PERSON);
		return 0;
	}
	return do_switch(k);
}

static int do_delete(const struct deed *k)
{
	if (k->slot < 0 || simple(k->d) || k->d->sel[k->slot].state == W_ABSENT)
		return -EINVAL;
	w_delete(k->w, k->d, (unsigned)k->slot, W_BY_PERSON);
	return 0;
}

static int do_create(const struct deed *k)
{
	if (k->slot < 0 || simple(k->d) || k->d->sel[k->slot].state != W_ABSENT)
		return -EINVAL;
	w_create(k->w, k->d, (unsigned)k->slot, false, false, W_BY_PERSON);
	return 0;
}

/* OVHcloud moves a selector to another target and key, whatever it is doing. */
static int do_new_target(const struct deed *k)
{
	if (k->slot < 0 || simple(k->d) || !k->d->sel[k->slot].target)
		return -EINVAL;
	w_key_retire(k->w, k->d, (unsigned)k->slot);
	w_key_make(k->w, k->d, (unsigned)k->slot, k->w->now);
	w_check_due(k->w, k->d);
	return 0;
}

/* A third selector that dkimSelector does not name, ready since ever. */
static int do_foreign(const struct deed *k)
{
	struct w_domain *d = k->d;
	unsigned slot = d->slots;

	if (slot == W_SELECTORS)
		return -ENOSPC;
	d->slots++;
	d->sel[slot].number = 99;
	w_key_make(k->w, d, slot, W_NEVER);
	d->sel[slot].appears = d->sel[slot].named = W_NEVER;
	w_selector_state(k->w, d, slot, !strcmp(k->argument, "signing") ? W_SIGNING : W_READY);
	if (!strcmp(k->argument, "signing"))
		w_selector_signs(k->w, d, slot, true);
	w_zone_point(k->w, d, slot, true);
	return 0;
}

static int do_remove_cname(const struct deed *k)
{
	if (k->slot < 0)
		return -EINVAL;
	w_zone_unpoint(k->w, k->d, (unsigned)k->slot);
	return 0;
}

/* The customer publishes what is asked for: one selector, or every one that has a target. */
static int do_add_cname(const struct deed *k)
{
	for (unsigned i = 0; i < k->d->slots; i++)
		if ((k->slot < 0 || (unsigned)k->slot == i) && k->d->sel[i].target)
			w_zone_point(k->w, k->d, i, true);
	return 0;
}

/* A typing error: the CNAME leads elsewhere. */
static int do_wrong_cname(const struct deed *k)
{
	struct w_zone *z = k->d->zone;
	char record[W_NAME], sub[W_NAME];
	unsigned cname = (unsigned)w_field_type("CNAME");

	if (k->slot < 0)
		return -EINVAL;
	w_selector_record(k->d, (unsigned)k->slot, record);
	w_zone_sub(z, record, sub);
	for (uint32_t i = 0; i < z->edit->n; i++)
		if (z->edit->rec[i]->field == cname && !strcasecmp(z->edit->rec[i]->sub, sub)) {
			w_zone_replace(k->w, z, i, sub, "elsewhere.example.", 0);
			w_zone_refresh(k->w, z, w_span(k->w, w_zget(k->w, z, SW_PUBLISH_MS)));
			return 0;
		}
	w_zone_add(k->w, z, sub, cname, "elsewhere.example.", 0, false);
	w_zone_refresh(k->w, z, w_span(k->w, w_zget(k->w, z, SW_PUBLISH_MS)));
	return 0;
}

/* "record SUB TYPE TARGET": any record, published with the next refresh of anybody. */
static int do_record(const struct deed *k)
{
	char sub[W_NAME], type[16];
	int at = 0, field;

	if (sscanf(k->argument, "%255s %15s %n", sub, type, &at) != 2 || !at || !k->argument[at])
		return -EINVAL;
	field = w_field_type(type);
	if (field < 0)
		return -EINVAL;
	w_zone_add(
	        k->w, k->d->zone, strcmp(sub, "@") ? sub : "", (unsigned)field, k->argument + at, 0, false);
	w_zone_refresh(k->w, k->d->zone, w_span(k->w, w_zget(k->w, k->d->zone, SW_PUBLISH_MS)));
	return 0;
}

static int do_text_edit(const struct deed *k)
{
	w_zone_renumber(k->w, k->d->zone);
	return 0;
}

static int do_expire(const struct deed *k)
{
	k->d->service->expired = true;
	return 0;
}

static int do_renew(const struct deed *k)
{
	k->d->service->expired = false;
	return 0;
}

static int do_suspend(const struct deed *k)
{
	k->d->suspended = true;
	k->d->state_ok_until = k->w->now;
	return 0;
}

static int do_restore(const struct deed *k)
{
	k->d->suspended = false;
	return 0;
}

static int do_revoke(const struct deed *k)
{
	k->d->service->account->revoked = true;
	return 0;
}

static int do_grant(const struct deed *k)
{
	k->d->service->account->revoked = false;
	return 0;
}

/* Support clears what is stuck: the domain's pending tasks end in error. */
static int do_clear_tasks(const struct deed *k)
{
	for (struct w_task *t = k->d->tasks; t; t = t->next)
		if (w_task_pends(t)) {
			w_task_ends(k->w, t, false);
			w_task_finish(k->w, t, W_TASK_CANCELLED);
		}
	return 0;
}

static const struct {
	const char *word;
	int (*deed)(const struct deed *k);
} deeds[] = {
        {"switch", do_switch},
        {"enable", do_enable},
        {"disable", do_disable},
        {"delete", do_delete},
        {"create", do_create},
        {"new-target", do_new_target},
        {"foreign", do_foreign},
        {"remove-cname", do_remove_cname},
        {"add-cname", do_add_cname},
        {"wrong-cname", do_wrong_cname},
        {"record", do_record},
        {"text-edit", do_text_edit},
        {"expire-service", do_expire},
        {"renew-service", do_renew},
        {"suspend", do_suspend},
        {"restore", do_restore},
        {"revoke-credential", do_revoke},
        {"grant-credential", do_grant},
        {"clear-tasks", do_clear_tasks},
};

int world_person(struct world *w, int64_t now, const char *domain, const char *what)
{
	struct deed k = {.w = w, .slot = -1};
	size_t len = strcspn(what, " ");
	int r;

	w_advance(w, now);
	k.d = w_domain_of(w, domain);
	if (!k.d)
		return -ENOENT;
	k.argument = what + len + strspn(what + len, " ");
	if (*k.argument)
		k.slot = w_selector_slot(k.d, k.argument);
	/* "1", "2" and "3" name selectors too */
	if (k.slot < 0 && k.argument[0] >= '1' && k.argument[0] < '1' + (char)k.d->slots && !k.argument[1])
		k.slot = k.argument[0] - '1';
	for (size_t i = 0; i < W_COUNT(deeds); i++) {
		if (strlen(deeds[i].word) != len || memcmp(deeds[i].word, what, len))
			continue;
		r = deeds[i].deed(&k);
		w_advance(w, now);
		return r;
	}
	return -EINVAL;
}

uint64_t world_requests(const struct world *w, const char *domain)
{
	const struct w_domain *d = w_domain_of(w, domain);

	return d ? d->requests : 0;
}

size_t world_busiest_minute(const struct world *w, const char *account)
{
	const struct w_account *a = w_map_text(&w->accounts, account);

	return a ? a->busiest : 0;
}

bool world_revoked(const struct world *w, const char *account)
{
	const struct w_account *a = w_map_text(&w->accounts, account);

	return a && a->revoked;
}

const char *world_signing(struct world *w, int64_t now, const char *domain)
{
	struct w_domain *d = w_domain_of(w, domain);
	size_t n = 0;
	char name[64];

	w_advance(w, now);
	*w->signing = 0;
	for (unsigned i = 0; d && i < d->slots; i++) {
		if (!d->sel[i].signs)
			continue;
		w_selector_name(d, i, name);
		w_format(w->signing + n, sizeof(w->signing) - n, "%s%s", n ? "," : "", name);
		n = strlen(w->signing);
	}
	return w->signing;
}
