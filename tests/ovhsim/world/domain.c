/* Services and the domains in them: how they come to be, and their names. */
#include "model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const platform_words[] = {
        [W_EXCHANGE] = "exchange", [W_EMAILPRO] = "emailpro", [W_MXPLAN] = "mxplan", [W_ZIMBRA] = "zimbra"};
static const char *const prefix_words[] = {
        [W_EXCHANGE] = "ovhex", [W_EMAILPRO] = "ovhemp", [W_MXPLAN] = "ovhmo", [W_ZIMBRA] = "ovhzm"};

static void service_key(char dst[600], enum w_platform p, const char *org, const char *name)
{
	w_format(dst, 600, "%s/%s/%s", platform_words[p], p == W_EXCHANGE ? org : "", name);
}

struct w_service *w_service_of(const struct world *w, enum w_platform p, const char *org, const char *name)
{
	char key[600];

	service_key(key, p, org, name);
	return w_map_text(&w->services, key);
}

void w_uuid(char dst[40], uint64_t a)
{
	uint64_t b = w_mix(a), c = w_mix(b);

	w_format(dst, 40, "%08x-%04x-4%03x-8%03x-%012llx", (unsigned)(b >> 32), (unsigned)(b >> 16 & 0xffff),
	        (unsigned)(b & 0xfff), (unsigned)(c >> 52), (unsigned long long)(c & 0xffffffffffff));
}

/* "organization/service" names an exchange service whose organization is called otherwise. */
static struct w_service *service_make(
        struct world *w, enum w_platform p, const char *text, struct w_account *a)
{
	const char *slash = p == W_EXCHANGE ? strchr(text, '/') : NULL;
	const char *name = slash ? slash + 1 : text;
	char *org = w_strdup(text), key[600];
	struct w_service *s;

	if (slash)
		org[slash - text] = 0;
	s = w_service_of(w, p, org, name);
	if (s) {
		free(org);
		return s;
	}
	s = w_alloc(sizeof(*s));
	service_key(key, p, org, name);
	s->platform = p;
	s->org = org;
	s->name = w_strdup(name);
	s->key = w_strdup(key);
	s->account = a;
	w_uuid(s->uuid, w_hash_text(key));
	if (p == W_ZIMBRA && strlen(name) == 36 && name[8] == '-')
		w_format(s->uuid, sizeof(s->uuid), "%s", name);
	if (a->last)
		a->last->next = s;
	else
		a->first = s;
	a->last = s;
	s->all = w->all_services;
	w->all_services = s;
	w_map_put(&w->services, s->key, strlen(s->key), s);
	return s;
}

static void domain_key(char dst[900], const struct w_service *s, const char *name)
{
	w_format(dst, 900, "%s/%s", s->key, name);
}

struct w_domain *w_domain_in(const struct world *w, const struct w_service *s, const char *name)
{
	char key[900];

	domain_key(key, s, name);
	return w_map_text(&w->domains, key);
}

struct w_domain *w_domain_of(const struct world *w, const char *name)
{
	const char *colon = strchr(name, ':');
	struct w_domain *d;
	char folded[W_NAME];

	if (!w_name_fold(folded, sizeof(folded), name))
		return NULL;
	if (colon)
		folded[colon - name] = 0;
	for (d = w_map_text(&w->names, folded); d; d = d->same_name)
		if (!colon || !strcmp(platform_words[d->platform], colon + 1))
			return d;
	return NULL;
}

const char *w_platform_word(enum w_platform p)
{
	return platform_words[p];
}

void w_selector_text(const struct w_domain *d, uint32_t number, char dst[64])
{
	w_format(dst, 64, "%s%u-selector%u", prefix_words[d->platform], d->prefix, number);
}

void w_selector_name(const struct w_domain *d, unsigned slot, char dst[64])
{
	w_selector_text(d, d->sel[slot].number, dst);
}

int w_selector_slot(const struct w_domain *d, const char *name)
{
	char own[64];

	for (unsigned i = 0; i < d->slots; i++) {
		w_selector_name(d, i, own);
		if (!strcmp(own, name))
			return (int)i;
	}
	return -1;
}

void w_selector_record(const struct w_domain *d, unsigned slot, char dst[W_NAME])
{
	char name[64];

	w_selector_name(d, slot, name);
	w_format(dst, W_NAME, "%s._domainkey.%s", name, d->name);
}

static struct w_domain *domain_link(struct world *w, struct w_service *s, struct w_zone *z, const char *name)
{
	struct w_domain *d = w_alloc(sizeof(*d)), *same;
	char key[900];

	d->name = w_strdup(name);
	d->platform = s->platform;
	d->service = s;
	d->zone = z;
	d->narrow = w_map_text(&w->narrow, name);
	d->prefix = (uint32_t)++w->next_prefix;
	d->unsigned_since = d->check_at = W_NEVER;
	d->state_ok_until = W_NEVER;
	w_uuid(d->uuid, w_hash_text(name) ^ d->prefix);
	if (w->last_domain)
		w->last_domain->next = d;
	else
		w->all_domains = d;
	w->last_domain = d;
	if (s->last)
		s->last->next_in_service = d;
	else
		s->first = d;
	s->last = d;
	s->n++;
	d->next_in_zone = z->domains;
	z->domains = d;
	domain_key(key, s, name);
	d->key = w_strdup(key);
	w_map_put(&w->domains, d->key, strlen(d->key), d);
	w_map_put(&w->domains, d->uuid, strlen(d->uuid), d);
	same = w_map_text(&w->names, name);
	if (same) {
		d->same_name = same->same_name;
		same->same_name = d;
	} else {
		w_map_put(&w->names, d->name, strlen(d->name), d);
	}
	return d;
}

/* A selector that has stood there since long before the world began. */
static void old_selector(struct world *w, struct w_domain *d, unsigned slot, bool signs)
{
	struct w_selector *s = &d->sel[slot];
	char record[W_NAME], target[W_NAME], dotted[W_NAME + 2], sub[W_NAME];

	w_key_make(w, d, slot, W_NEVER);
	s->appears = s->named = s->target_since = W_NEVER;
	s->existed = true;
	s->existence_changed = W_NEVER;
	s->cname = W_CNAME_RIGHT;
	s->cname_valid = true;
	s->state = signs ? W_SIGNING : W_READY;
	if (signs)
		w_selector_signs(w, d, slot, true);
	s->changed = w->now;
	w_selector_record(d, slot, record);
	w_zone_sub(d->zone, record, sub);
	w_target_name(d, slot, s->target, target);
	w_format(dotted, sizeof(dotted), "%s.", target);
	w_zone_add(w, d->zone, sub, (unsigned)w_field_type("CNAME"), dotted, 0, false);
}

static void populate(struct world *w, struct w_domain *d, const char *state)
{
	bool mx = d->platform == W_MXPLAN || d->platform == W_ZIMBRA;
	unsigned n = !strcmp(state, "one") ? 1 : d->slots;

	if (!strcmp(state, "virgin"))
		return;
	for (unsigned i = 0; i < n; i++)
		if (d->sel[i].reserved)
			old_selector(w, d, i, !i && strcmp(state, "ready") && !mx);
	if (mx)
		w_mx_first(w, d, strcmp(state, "ready") != 0);
	w_zone_refresh(w, d->zone, -1);
	for (unsigned i = 0; i < n; i++)
		d->sel[i].right_since = w->now - 30 * W_DAY;
}

static struct w_zone *zone_for(struct world *w, struct w_account *a, const char *name, const char *dns)
{
	struct w_zone *z = w_map_text(&w->zones, name);

	if (z)
		return z;
	if (dns && !strcmp(dns, "none"))
		a = NULL;
	else if (dns && !strncmp(dns, "account:", 8))
		a = w_account_of(w, dns + 8, true);
	return w_zone_new(w, name, a);
}

int world_add_domain(struct world *w, int64_t now, const char *account, const char *platform,
        const char *service, const char *domain, const char *zone, const char *dns, unsigned selectors,
        const char *state)
{
	static const char *const states[] = {"virgin", "signing", "ready", "one"};
	char name[W_NAME], zone_name[W_NAME];
	struct w_account *a;
	struct w_service *s;
	struct w_domain *d;
	size_t p, st;

	w_advance(w, now);
	for (p = 0; p < W_COUNT(platform_words) && strcmp(platform, platform_words[p]); p++)
		;
	for (st = 0; st < W_COUNT(states) && strcmp(state, states[st]); st++)
		;
	if (p == W_COUNT(platform_words) || st == W_COUNT(states) || selectors < 1 || selectors > W_SELECTORS)
		return -EINVAL;
	if (!w_name_fold(name, sizeof(name), domain) ||
	        !w_name_fold(zone_name, sizeof(zone_name), zone ? zone : domain))
		return -EINVAL;
	if (!*name || strlen(name) > 180 || !w_name_below(name, zone_name))
		return -EINVAL;
	a = w_account_of(w, account, true);
	s = service_make(w, (enum w_platform)p, p == W_MXPLAN ? name : service, a);
	if (w_domain_in(w, s, name) || s->account != a)
		return -EEXIST;
	d = domain_link(w, s, zone_for(w, a, zone_name, dns), name);
	d->slots = selectors;
	for (unsigned i = 0; i < W_SELECTORS; i++) {
		struct w_selector *sel = &d->sel[i];

		sel->number = i + 1;
		sel->reserved = i < selectors;
		sel->changed = sel->existence_changed = sel->appears = sel->named = W_NEVER;
		sel->signs_since = sel->may_sign_until = sel->ready_until = sel->waiting_until = W_NEVER;
		sel->right_since = sel->right_until = sel->target_since = W_NEVER;
		sel->read_signing_since = sel->read_may_sign = W_NEVER;
	}
	populate(w, d, state);
	return 0;
}
