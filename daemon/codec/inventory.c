/* A generation of the inventory from all its files. It must never drop a domain because of somebody else's mistake: a
 * faulty file falls back to its last good text, and a domain claimed twice keeps what was last in force. */
#include "codec/inventory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "codec/idna.h"
#include "codec/inventory_external.h"
#include "codec/inventory_file.h"

static struct inventory *inventory_new(size_t files)
{
	struct inventory *inv = xcalloc(1, sizeof *inv);

	inv->arena = arena_new();
	inv->windows = windows_new();
	inv->files = xcalloc(files, sizeof *inv->files);
	return inv;
}

void inventory_free(struct inventory *inv)
{
	if (!inv)
		return;
	free(inv->list);
	free(inv->files);
	free(inv->conflicts);
	windows_free(inv->windows);
	arena_free(inv->arena);
	free(inv);
}

static const struct inventory_text *find_text(const struct inventory_text *list, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].text && str_eq(list[i].path, path))
			return &list[i];
	return NULL;
}

/* One file: its text, else its last good one, else nothing. */
static void add_file(struct inventory *inv, const struct config *cfg, const struct inventory_text *t,
        const struct inventory_text *good, size_t n_good, struct desired_list *all, struct diags *d)
{
	struct inventory_file *f = &inv->files[inv->n_files++];
	size_t before = all->n, first = d->n;
	struct diags scratch = {0};
	char error[1200];

	f->path = arena_intern(inv->arena, t->path);
	f->state = INVENTORY_OK;
	if (!t->text || !inventory_file_parse(
	                        cfg, t->text, t->len, t->path, inv->arena, inv->windows, false, all, d)) {
		f->state = INVENTORY_REFUSED;
		if (!t->text)
			f->error = arena_strdup(inv->arena, t->fault ? t->fault : "cannot be read");
		else
			f->error = arena_strdup(
			        inv->arena, first < d->n ? diag_format(&d->list[first], error, sizeof error)
			                                 : "is faulty");
		const struct inventory_text *old = find_text(good, n_good, t->path);
		if (old && inventory_file_parse(cfg, old->text, old->len, t->path, inv->arena, inv->windows,
		                   false, all, &scratch))
			f->state = INVENTORY_LAST_GOOD;
		diags_clear(&scratch);
	}
	f->domains = all->n - before;
}

static int compare(const void *a, const void *b)
{
	return desired_compare(a, b);
}

static bool same_domain(const struct desired *a, const struct desired *b)
{
	return a->platform == b->platform && str_eq(a->domain, b->domain);
}

/* The first entry that is not before (domain, platform). */
static size_t lower_bound(const struct inventory *inv, const char *domain, int platform)
{
	size_t lo = 0, hi = inv->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = strcmp(inv->list[mid].domain, domain);

		if (c < 0 || (c == 0 && (int)inv->list[mid].platform < platform))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* ---- conflicts ---- */

/* The policy of settings held, as the present configuration has it. False when it no longer has it, or no longer
 * accepts it. */
static bool hold_policy(
        struct inventory *inv, const struct config *cfg, const struct desired *old, struct desired *d)
{
	const struct policy_settings *named =
	        cfg && old->policy_name ? config_policy(cfg, old->policy_name) : NULL;
	int64_t floor = cfg ? cfg->safety.minimum_grace : policy_built_in.grace;
	char error[300];

	d->policy_name = arena_intern(inv->arena, old->policy_name);
	if (named) {
		d->policy = policy_resolve(named, inv->windows);
		return true;
	}
	if (cfg && old->policy_name)
		return false;
	d->policy.window = old->policy.window
	                           ? windows_add(inv->windows, old->policy.window->text, error, sizeof error)
	                           : NULL;
	return old->policy.grace >= floor;
}

static bool knows_account(const struct config *cfg, const char *name)
{
	return str_eq(name, ACCOUNT_EXTERNAL) || config_account(cfg, name) != NULL;
}

/* Settings of the previous generation carried into this one. */
static bool hold(
        struct inventory *inv, const struct config *cfg, const struct desired *old, struct desired *ret)
{
	struct desired d = *old;

	if (cfg && (!knows_account(cfg, old->account) || !knows_account(cfg, old->zone_account)))
		return false;
	if (old->external && !external_hold(inv->arena, cfg, old->external, &d.external))
		return false;
	if (cfg && old->dns_server && !config_server(cfg, old->dns_server))
		return false;
	if (!hold_policy(inv, cfg, old, &d))
		return false;
	d.domain = arena_intern(inv->arena, old->domain);
	d.account = arena_intern(inv->arena, old->account);
	d.organization = arena_intern(inv->arena, old->organization);
	d.service = arena_intern(inv->arena, old->service);
	d.zone = arena_intern(inv->arena, old->zone);
	d.zone_account = arena_intern(inv->arena, old->zone_account);
	d.dns_server = old->dns_server ? arena_intern(inv->arena, old->dns_server) : NULL;
	d.mode = cfg && cfg->mode == MODE_OBSERVE ? MODE_OBSERVE : old->own_mode;
	*ret = d;
	return true;
}

static void add_conflict(struct inventory *inv, const struct inventory_conflict *c)
{
	if ((inv->n_conflicts & (inv->n_conflicts + 1)) == 0) /* full at 0, 1, 3, 7, ...: twice as much */
		inv->conflicts =
		        xrealloc(inv->conflicts, (inv->n_conflicts + 1) * 2 * sizeof *inv->conflicts);
	inv->conflicts[inv->n_conflicts++] = *c;
}

/* n entries of several files claim one domain: it keeps what was last in force, or is left out. */
static void settle_conflict(struct inventory *inv, const struct config *cfg, const struct inventory *previous,
        const struct desired *claims, size_t n, struct desired_list *ret, struct diags *d)
{
	struct inventory_conflict c = {.domain = claims[0].domain, .platform = claims[0].platform};
	size_t at = previous ? lower_bound(previous, c.domain, (int)c.platform) : 0;
	const struct desired *old =
	        previous && at < previous->n && same_domain(&previous->list[at], &claims[0])
	                ? &previous->list[at]
	                : NULL;
	struct desired held;
	char text[1024];

	c.held = old && hold(inv, cfg, old, &held);
	const char *then = c.held ? "it keeps the settings last in force" : "it is not managed";
	if (c.held) {
		const struct desired *place = &claims[0];

		for (size_t i = 1; i < n; i++)
			if (str_eq(claims[i].file, old->file))
				place = &claims[i];
		held.file = place->file;
		held.line = place->line;
		held.column = place->column;
		desired_add(ret, &held);
	}
	str_format(text, sizeof text, "%s on %s stands at %s:%d:%d and at %s:%d:%d: %s", c.domain,
	        platform_word(c.platform), claims[0].file, claims[0].line, claims[0].column, claims[1].file,
	        claims[1].line, claims[1].column, then);
	c.text = arena_strdup(inv->arena, text);
	add_conflict(inv, &c);
	for (size_t i = 1; i < n; i++)
		diag_add(d, claims[i].file, claims[i].line, claims[i].column,
		        "%s on %s stands at %s:%d:%d already: %s", c.domain, platform_word(c.platform),
		        claims[0].file, claims[0].line, claims[0].column, then);
}

/* All files' domains sorted into the generation, conflicts settled. */
static void merge(struct inventory *inv, const struct config *cfg, const struct inventory *previous,
        struct desired_list *all, struct diags *d)
{
	struct desired_list out = {0};
	size_t next;

	if (all->n > 0)
		qsort(all->list, all->n, sizeof *all->list, compare);
	out.list = xmalloc(all->n * sizeof *out.list);
	out.cap = all->n;
	for (size_t i = 0; i < all->n; i = next) {
		next = i + 1;
		while (next < all->n && same_domain(&all->list[i], &all->list[next]))
			next++;
		if (next - i == 1)
			desired_add(&out, &all->list[i]);
		else
			settle_conflict(inv, cfg, previous, &all->list[i], next - i, &out, d);
	}
	inv->list = out.list;
	inv->n = out.n;
}

struct inventory *inventory_build(const struct config *cfg, const struct inventory_text *files, size_t n,
        const struct inventory_text *good, size_t n_good, const struct inventory *previous, struct diags *d)
{
	struct inventory *inv = inventory_new(n);
	struct desired_list all = {0};

	for (size_t i = 0; i < n; i++)
		add_file(inv, cfg, &files[i], good, n_good, &all, d);
	merge(inv, cfg, previous, &all, d);
	free(all.list);
	return inv;
}

struct inventory *inventory_read_settings(const struct config *cfg, const char *text, size_t len)
{
	struct inventory *inv = inventory_new(0);
	struct desired_list all = {0};
	struct diags scratch = {0};

	inventory_file_parse(cfg, text, len, "held", inv->arena, inv->windows, true, &all, &scratch);
	merge(inv, cfg, NULL, &all, &scratch);
	diags_clear(&scratch);
	free(all.list);
	return inv;
}

struct inventory *inventory_start(const struct config *cfg, const struct inventory_text *files, size_t n,
        const struct inventory_text *good, size_t n_good, struct diags *d)
{
	struct diags scratch = {0};
	struct inventory *inv = inventory_build(cfg, files, n, good, n_good, NULL, &scratch), *held = NULL;

	if (inv->n_conflicts == 0) { /* the rule: then it does not matter what was in force before */
		diags_move(d, &scratch);
		return inv;
	}
	inventory_free(inv);
	const struct inventory_text *text = find_text(good, n_good, INVENTORY_HELD);
	struct inventory_text *then = xcalloc(n_good, sizeof *then);
	size_t n_then = 0;
	for (size_t i = 0; i < n_good; i++)
		if (good[i].text && !str_eq(good[i].path, INVENTORY_HELD))
			then[n_then++] = good[i];
	if (text)
		held = inventory_read_settings(cfg, text->text, text->len);
	struct inventory *previous = inventory_build(cfg, then, n_then, NULL, 0, held, &scratch);
	inv = inventory_build(cfg, files, n, good, n_good, previous, d);
	diags_clear(&scratch);
	free(then);
	inventory_free(held);
	inventory_free(previous);
	return inv;
}

/* ---- held settings as text ---- */

static void put_text(struct buf *b, const char *key, const char *value)
{
	if (value)
		buf_printf(b, ", %s: \"%s\"", key, value);
}

/* Every value was checked when it came in: none has a quote, a backslash or a control character. Only what must be
 * kept is written; `platform` first, because the rest depends on it. */
static void put_held(struct buf *b, const struct desired *d)
{
	buf_printf(b, "- {domain: \"%s\", platform: %s", d->domain, platform_word(d->platform));
	if (!d->external)
		put_text(b, "account", d->account);
	put_text(b, "organization", d->organization);
	put_text(b, "service", d->service);
	put_text(b, "zone", d->zone);
	if (!str_eq(d->zone_account, ACCOUNT_EXTERNAL))
		put_text(b, "zone_account", d->zone_account);
	put_text(b, "dns_server", d->dns_server);
	buf_printf(b, ", dns: %s, mode: %s", words_text(&words_dns_mode, (int)d->dns),
	        words_text(&words_run_mode, (int)d->own_mode));
	if (d->external)
		external_put(b, d->external);
	if (d->platform == PLATFORM_ZIMBRA)
		buf_printf(b, ", zimbra_api: %s", words_text(&words_zimbra_api, (int)d->zimbra_api));
	if (d->policy_name) {
		put_text(b, "policy", d->policy_name);
	} else {
		buf_printf(b, ", policy: {rotate_every: ");
		if (d->policy.rotate_every)
			buf_printf(b, "%lldms", (long long)d->policy.rotate_every);
		else
			buf_puts(b, "never");
		buf_printf(b, ", grace: %lldms, splay: %d.%d%%, window: \"%s\"}", (long long)d->policy.grace,
		        d->policy.splay_permille / 10, d->policy.splay_permille % 10,
		        d->policy.window ? d->policy.window->text : "none");
	}
	buf_puts(b, "}\n");
}

#define HELD_HEAD "domains:\n"

char *inventory_settings(const struct desired *d)
{
	struct buf b = {0};

	buf_puts(&b, HELD_HEAD);
	put_held(&b, d);
	return b.data;
}

char *inventory_held(const struct inventory *inv)
{
	struct buf b = {0};

	for (size_t i = 0; i < inv->n_conflicts; i++) {
		const struct inventory_conflict *c = &inv->conflicts[i];

		if (!c->held)
			continue;
		if (b.len == 0)
			buf_puts(&b, HELD_HEAD);
		put_held(&b, &inv->list[lower_bound(inv, c->domain, (int)c->platform)]);
	}
	return b.data;
}

/* ---- looking up ---- */

int inventory_find(const struct inventory *inv, const char *name, const struct desired **ret)
{
	const char *colon = strrchr(name, ':');
	char domain[DNAME_TEXT], *copy = xstrndup(name, colon ? (size_t)(colon - name) : strlen(name));
	const char *why = idna_domain(domain, copy);
	int platform = colon ? words_parse(&words_platform, colon + 1) : -1;

	free(copy);
	if (why || (colon && platform < 0))
		return -EINVAL;
	size_t i = lower_bound(inv, domain, platform);
	if (i == inv->n || !str_eq(inv->list[i].domain, domain) ||
	        (colon && (int)inv->list[i].platform != platform))
		return -ENOENT;
	if (!colon && i + 1 < inv->n && str_eq(inv->list[i + 1].domain, domain))
		return -ENOTUNIQ;
	*ret = &inv->list[i];
	return 0;
}

/* ---- windows ---- */

void inventory_expand(struct inventory *inv, int64_t now)
{
	windows_expand(inv->windows, now, WINDOW_DAYS);
}

bool inventory_expand_due(const struct inventory *inv, int64_t now)
{
	return windows_due(inv->windows, now);
}
