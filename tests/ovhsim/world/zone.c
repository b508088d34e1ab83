/* Zones: the records as they are edited, and the copies that the name servers serve, which a refresh makes
 * and which each server sees in its own time. Paths and bodies are record.c's. */
#include "model.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The formatter indents these rows further each time that it sees them. */
/* clang-format off */
#define FIELDS(F) \
	F("A", 1) F("AAAA", 28) F("CAA", 257) F("CNAME", 5) F("DKIM", 16) F("DMARC", 16) F("DNAME", 39) \
	F("HTTPS", 65) F("LOC", 29) F("MX", 15) F("NAPTR", 35) F("NS", 2) F("PTR", 12) F("RP", 17) \
	F("SPF", 16) F("SRV", 33) F("SSHFP", 44) F("SVCB", 64) F("TLSA", 52) F("TXT", 16)
/* clang-format on */
#define NAME_OF(name, wire) name,
#define WIRE_OF(name, wire) wire,
const char *const w_field_types[] = {FIELDS(NAME_OF)};
const size_t w_field_types_n = W_COUNT(w_field_types);
static const int wires[] = {FIELDS(WIRE_OF)};

int w_field_type(const char *name)
{
	for (size_t i = 0; i < w_field_types_n; i++)
		if (!strcmp(w_field_types[i], name))
			return (int)i;
	return -1;
}

int w_field_wire(unsigned field)
{
	return wires[field];
}

const struct w_value *w_zget(const struct world *w, const struct w_zone *z, enum w_switch sw)
{
	return w_value(w, z->narrow, sw);
}

static void record_drop(struct w_record *r)
{
	if (!--r->refs)
		free(r);
}

static void copy_drop(struct w_copy *c)
{
	if (--c->refs)
		return;
	for (uint32_t i = 0; i < c->n; i++)
		record_drop(c->rec[i]);
	free(c);
}

/* The edited set alone, with room for one more; a served copy keeps the old one. */
static struct w_copy *editable(struct w_zone *z)
{
	struct w_copy *c = z->edit, *own;

	z->dirty = true;
	if (c->refs == 1 && c->n < c->cap)
		return c;
	own = w_alloc(sizeof(*own) + (c->n + 4) * sizeof(own->rec[0]));
	own->refs = 1;
	own->n = c->n;
	own->cap = c->n + 4;
	for (uint32_t i = 0; i < c->n; i++) {
		own->rec[i] = c->rec[i];
		own->rec[i]->refs++;
	}
	copy_drop(c);
	return z->edit = own;
}

static struct w_record *record_new(const char *sub, unsigned field, const char *target, int64_t ttl)
{
	size_t n = strlen(sub) + 1, m = strlen(target) + 1;
	struct w_record *r = w_alloc(sizeof(*r) + n + m);

	memcpy(r->sub, sub, n);
	memcpy(r->sub + n, target, m);
	r->target = r->sub + n;
	r->field = (uint8_t)field;
	r->refs = 1;
	r->ttl = (int32_t)(ttl > 0 && ttl < 60 ? 60 : ttl);
	return r;
}

const struct w_record *w_zone_add(struct world *w, struct w_zone *z, const char *sub, unsigned field,
        const char *target, int64_t ttl, bool by_api)
{
	struct w_copy *c = editable(z);
	struct w_record *r = record_new(sub, field, target, ttl);

	r->id = w_new_id(w);
	r->made = w->now;
	r->by_api = by_api;
	c->rec[c->n++] = r;
	return r;
}

void w_zone_replace(
        struct world *w, struct w_zone *z, size_t i, const char *sub, const char *target, int64_t ttl)
{
	struct w_copy *c = editable(z);
	struct w_record *old = c->rec[i], *r = record_new(sub, old->field, target, ttl);

	r->id = old->id;
	r->by_api = old->by_api;
	r->made = w->now;
	c->rec[i] = r;
	record_drop(old);
}

void w_zone_remove(struct world *w, struct w_zone *z, size_t i)
{
	struct w_copy *c = editable(z);

	(void)w;
	record_drop(c->rec[i]);
	memmove(&c->rec[i], &c->rec[i + 1], (c->n - i - 1) * sizeof(c->rec[0]));
	c->n--;
}

/* Text-format editing or an import by a person: the same records under new ids. */
void w_zone_renumber(struct world *w, struct w_zone *z)
{
	struct w_copy *c = editable(z);

	for (uint32_t i = 0; i < c->n; i++) {
		struct w_record *old = c->rec[i],
		                *r = record_new(old->sub, old->field, old->target, old->ttl);

		r->id = w_new_id(w);
		r->made = old->made;
		r->by_api = old->by_api;
		c->rec[i] = r;
		record_drop(old);
	}
}

/* Versions that no server shows any more go. */
static void trim(const struct world *w, struct w_zone *z)
{
	int64_t lag = w_zget(w, z, SW_DNS_LAG_MS)->n;
	unsigned gone = 0;

	while (gone + 1 < z->n_served && z->served[gone + 1].visible + lag <= w->now)
		copy_drop(z->served[gone++].copy);
	if (!gone)
		return; /* a zone that serves nothing yet has no list to move */
	memmove(z->served, z->served + gone, (z->n_served - gone) * sizeof(*z->served));
	z->n_served -= gone;
}

/* delay -1: served at once, and since ever. */
void w_zone_refresh(struct world *w, struct w_zone *z, int64_t delay)
{
	int64_t lag = w_zget(w, z, SW_DNS_LAG_MS)->n, visible = w->now + delay;

	if (delay < 0) {
		while (z->n_served)
			copy_drop(z->served[--z->n_served].copy);
		visible = INT64_MIN / 2;
	}
	trim(w, z);
	if (z->n_served && z->served[z->n_served - 1].visible > visible)
		visible = z->served[z->n_served - 1].visible;
	z->served = w_realloc(z->served, (z->n_served + 1) * sizeof(*z->served));
	z->served[z->n_served++] = (struct w_version){visible, ++z->serial, z->edit};
	z->edit->refs++;
	z->dirty = false;
	z->refreshed = w->now;
	if (delay < 0)
		return;
	w_event_add(w, visible, W_EV_ZONE, z, 0, 0);
	if (lag > 0 && w_zget(w, z, SW_DNS_LAGGING)->n)
		w_event_add(w, visible + lag, W_EV_ZONE, z, 0, 0);
}

/* A server shows something new: what the domains in the zone have in DNS may have changed. */
void w_zone_event(struct world *w, struct w_zone *z)
{
	trim(w, z);
	for (struct w_domain *d = z->domains; d; d = d->next_in_zone) {
		w_dns_changed(w, d);
		w_check_due(w, d);
	}
}

const struct w_version *w_zone_served(const struct world *w, const struct w_zone *z, unsigned server)
{
	bool late = w_zget(w, z, SW_DNS_LAGGING)->n >> server & 1;
	int64_t seen = w->now - (late ? w_zget(w, z, SW_DNS_LAG_MS)->n : 0);
	unsigned i = z->n_served;

	while (i > 1 && z->served[i - 1].visible > seen)
		i--;
	return &z->served[i - 1];
}

unsigned w_zone_servers(const struct world *w, const struct w_zone *z)
{
	int64_t n = w_zget(w, z, SW_DNS_SERVERS)->n;

	return n < 1 ? 1 : n > W_SERVERS ? W_SERVERS : (unsigned)n;
}

static void above(struct world *w, const char *name)
{
	for (const char *p = strchr(name, '.'); p; p = strchr(p, '.')) {
		char *copy;

		if (w_map_text(&w->above, ++p))
			continue;
		copy = w_strdup(p);
		w_map_put(&w->above, copy, strlen(copy), copy);
	}
}

struct w_zone *w_zone_new(struct world *w, const char *name, struct w_account *account)
{
	struct w_zone *z = w_alloc(sizeof(*z));
	char text[W_NAME + 40];

	z->name = w_strdup(name);
	z->account = account;
	z->narrow = w_map_text(&w->narrow, name);
	z->refreshed = W_NEVER;
	z->serial = 2026000000;
	z->edit = w_alloc(sizeof(*z->edit) + 8 * sizeof(z->edit->rec[0]));
	z->edit->refs = 1;
	z->edit->cap = 8;
	for (unsigned i = 0; i < w_zone_servers(w, z); i++) {
		w_format(text, sizeof(text), "ns%u." W_NS_ZONE ".", i + 1);
		w_zone_add(w, z, "", (unsigned)w_field_type("NS"), text, 0, false);
	}
	w_zone_add(w, z, "", (unsigned)w_field_type("MX"), "1 mx1.mail.ovh.net.", 0, false);
	w_zone_add(w, z, "", (unsigned)w_field_type("SPF"), "\"v=spf1 include:mx.ovh.com ~all\"", 600, false);
	if (account && account->last_zone)
		account->last_zone->next = z;
	else if (account)
		account->zones = z;
	if (account)
		account->last_zone = z;
	z->all = w->all_zones;
	w->all_zones = z;
	w_map_put(&w->zones, z->name, strlen(z->name), z);
	above(w, name);
	w_zone_refresh(w, z, -1);
	return z;
}

void w_zone_free(struct w_zone *z)
{
	while (z->n_served)
		copy_drop(z->served[--z->n_served].copy);
	copy_drop(z->edit);
	free(z->served);
	free(z->name);
	free(z);
}

struct w_zone *w_zone_find(const struct world *w, const char *name)
{
	for (const char *p = name; p; p = strchr(p, '.')) {
		struct w_zone *z;

		p += *p == '.';
		z = w_map_text(&w->zones, p);
		if (z)
			return z;
	}
	return NULL;
}

void w_zone_sub(const struct w_zone *z, const char *name, char dst[W_NAME])
{
	size_t n = strlen(name), m = strlen(z->name), len = n > m ? n - m - 1 : 0;

	if (len >= W_NAME)
		len = W_NAME - 1;
	memcpy(dst, name, len);
	dst[len] = 0;
}

/* A target without a dot at its end is relative to the zone. */
void w_record_target(const struct w_zone *z, const struct w_record *r, char dst[W_NAME])
{
	size_t n = strlen(r->target);
	char text[2 * W_NAME];

	w_format(text, sizeof(text), "%s%s%s", r->target, n && r->target[n - 1] == '.' ? "" : ".",
	        n && r->target[n - 1] == '.' ? "" : z->name);
	if (!w_name_fold(dst, W_NAME, text))
		*dst = 0;
}

uint32_t w_record_ttl(const struct world *w, const struct w_zone *z, const struct w_record *r)
{
	return (uint32_t)(r->ttl > 0 ? r->ttl : w_zget(w, z, SW_ZONE_TTL)->n);
}

void w_zone_point(struct world *w, struct w_domain *d, unsigned slot, bool overwrite)
{
	char record[W_NAME], sub[W_NAME], target[W_NAME], dotted[W_NAME + 2];
	unsigned cname = (unsigned)w_field_type("CNAME");
	struct w_zone *z = d->zone;

	w_selector_record(d, slot, record);
	w_zone_sub(z, record, sub);
	w_target_name(d, slot, d->sel[slot].target, target);
	w_format(dotted, sizeof(dotted), "%s.", target);
	for (uint32_t i = 0; i < z->edit->n; i++) {
		if (z->edit->rec[i]->field != cname || strcasecmp(z->edit->rec[i]->sub, sub))
			continue;
		if (!overwrite)
			return;
		w_zone_replace(w, z, i, sub, dotted, 0);
		w_zone_refresh(w, z, w_span(w, w_zget(w, z, SW_PUBLISH_MS)));
		return;
	}
	w_zone_add(w, z, sub, cname, dotted, 0, false);
	w_zone_refresh(w, z, w_span(w, w_zget(w, z, SW_PUBLISH_MS)));
}

void w_zone_unpoint(struct world *w, struct w_domain *d, unsigned slot)
{
	unsigned cname = (unsigned)w_field_type("CNAME");
	char record[W_NAME], sub[W_NAME];
	struct w_zone *z = d->zone;

	w_selector_record(d, slot, record);
	w_zone_sub(z, record, sub);
	for (uint32_t i = 0; i < z->edit->n; i++) {
		if (z->edit->rec[i]->field != cname || strcasecmp(z->edit->rec[i]->sub, sub))
			continue;
		w_zone_remove(w, z, i--);
	}
	w_zone_refresh(w, z, w_span(w, w_zget(w, z, SW_PUBLISH_MS)));
}
