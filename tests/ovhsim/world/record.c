/* /domain/zone: zones and their records as the API shows and takes them. Nothing of it is served before
 * refresh. */
#include "api.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void w_get_zones(struct w_call *c)
{
	w_open(&c->out, '[');
	for (const struct w_zone *z = c->account->zones; z; z = z->next)
		if (!w_zget(c->w, z, SW_ZONE_MISSING)->n)
			w_str(&c->out, z->name);
	w_close(&c->out, ']');
}

void w_get_zone(struct w_call *c)
{
	char name[40];

	w_open(&c->out, '{');
	w_key_str(&c->out, "name", c->zone->name);
	w_key(&c->out, "nameServers");
	w_open(&c->out, '[');
	for (unsigned i = 0; i < w_zone_servers(c->w, c->zone); i++) {
		w_format(name, sizeof(name), "ns%u." W_NS_ZONE, i + 1);
		w_str(&c->out, name);
	}
	w_close(&c->out, ']');
	w_key_bool(&c->out, "dnssecActivated", false);
	w_key_bool(&c->out, "dnssecSupported", true);
	w_key_bool(&c->out, "hasDnsAnycast", false);
	w_key_time(&c->out, "lastUpdate", c->zone->refreshed == W_NEVER ? 0 : c->zone->refreshed);
	w_extra(c, "iam");
	w_close(&c->out, '}');
}

void w_get_zone_status(struct w_call *c)
{
	const struct w_version *last = &c->zone->served[c->zone->n_served - 1];

	w_open(&c->out, '{');
	w_key_bool(&c->out, "isDeployed", last->visible <= c->w->now);
	w_key_null(&c->out, "errors");
	w_key_null(&c->out, "warnings");
	w_close(&c->out, '}');
}

void w_get_zone_soa(struct w_call *c)
{
	w_open(&c->out, '{');
	w_key_int(&c->out, "serial", c->zone->serial);
	w_key_int(&c->out, "ttl", w_zget(c->w, c->zone, SW_ZONE_TTL)->n);
	w_key_str(&c->out, "server", "ns1." W_NS_ZONE ".");
	w_key_int(&c->out, "nxDomainTtl", w_zget(c->w, c->zone, SW_NEGATIVE_TTL)->n);
	w_key_int(&c->out, "refresh", 86400);
	w_key_int(&c->out, "expire", 3600000);
	w_key_str(&c->out, "email", "tech.ovh.net.");
	w_close(&c->out, '}');
}

void w_get_zone_tasks(struct w_call *c)
{
	w_open(&c->out, '[');
	w_close(&c->out, ']');
}

/* SQL's like, without case: % is any run, _ any one character. */
static bool like(const char *pattern, const char *s)
{
	for (; *pattern; pattern++, s++) {
		if (*pattern == '%') {
			while (!like(pattern + 1, s))
				if (!*s++)
					return false;
			return true;
		}
		if (!*s ||
		        (*pattern != '_' && tolower((unsigned char)*pattern) != tolower((unsigned char)*s)))
			return false;
	}
	return !*s;
}

static bool hidden(const struct w_call *c, const struct w_record *r, enum w_switch sw)
{
	return c->w->now < r->made + w_zget(c->w, c->zone, sw)->n;
}

void w_get_records(struct w_call *c)
{
	const char *field = w_param(c, "fieldType"), *sub = w_param(c, "subDomain");
	const struct w_copy *set = c->zone->edit;
	bool empty = w_fault(c, SW_FAULT_EMPTY_LIST);

	if (field && *field && !strpbrk(field, "%_") && w_field_type(field) < 0) {
		w_refuse(c, 400, "Client::BadRequest", NULL,
		        "[fieldType] Given data (%s) does not belong to the "
		        "NamedResolutionFieldTypeEnum enumeration",
		        field);
		return;
	}
	w_open(&c->out, '[');
	for (uint32_t i = 0; i < set->n && !empty; i++) {
		const struct w_record *r = set->rec[i];

		if (field && *field && !like(field, w_field_types[r->field]))
			continue;
		if (sub && !like(sub, r->sub))
			continue;
		if (!hidden(c, r, SW_RECORD_LIST_MS))
			w_int(&c->out, r->id);
	}
	w_close(&c->out, ']');
}

/* TXT comes back quoted, and split at 255, only some time after it was written. */
static void write_target(struct w_call *c, const struct w_record *r)
{
	size_t n = strlen(r->target);
	struct w_buf b = {0};

	w_key(&c->out, "target");
	if (strcmp(w_field_types[r->field], "TXT") || *r->target == '"' || hidden(c, r, SW_QUOTE_MS)) {
		w_str(&c->out, r->target);
		return;
	}
	w_puts(&b, "\"");
	for (size_t i = 0; i < n; i += 255) {
		if (i)
			w_puts(&b, "\" \"");
		w_add(&b, r->target + i, n - i < 255 ? n - i : 255);
	}
	w_puts(&b, "\"");
	w_str(&c->out, b.text);
	free(b.text);
}

static void write_record(struct w_call *c, const struct w_record *r, int64_t id)
{
	w_open(&c->out, '{');
	w_key_int(&c->out, "id", id);
	w_key_str(&c->out, "zone", c->zone->name);
	w_key_str(&c->out, "subDomain", r->sub);
	w_key_str(&c->out, "fieldType", w_field_types[r->field]);
	write_target(c, r);
	w_key_int(&c->out, "ttl", r->ttl);
	w_extra(c, "iam");
	w_close(&c->out, '}');
}

static const struct w_record *asked(struct w_call *c)
{
	const struct w_record *r = c->record < 0 ? NULL : c->zone->edit->rec[c->record];
	char id[24];

	if (r && !hidden(c, r, SW_RECORD_404_MS))
		return r;
	w_format(id, sizeof(id), "%lld", (long long)c->id);
	w_refuse_missing(c, "id", id);
	return NULL;
}

void w_get_record(struct w_call *c)
{
	const struct w_record *r = asked(c);

	if (r)
		write_record(c, r, r->id);
}

static bool granted(struct w_call *c, enum w_switch sw, const char *action)
{
	struct w_buf *b = &c->out;

	if (!w_zget(c->w, c->zone, sw)->n)
		return true;
	w_refuse(c, 403, "Client::Forbidden", "FORBIDDEN", "User not granted for this request");
	if (w_is(&c->w->value[SW_ERRORS], "new")) {
		b->text[--b->len] = 0;
		w_key(b, "details");
		w_open(b, '{');
		w_key_str(b, "unauthorizedActionsByAuthentication", "");
		w_key_str(b, "unauthorizedActionsByIAM", action);
		w_close(b, '}');
		w_close(b, '}');
	}
	return false;
}

/* A name as the API takes it: relative labels, without a dot at either end. */
static bool good_sub(struct w_call *c, const char *sub)
{
	size_t n = strlen(sub);

	if (n + strlen(c->zone->name) < 250 && (!n || (sub[0] != '.' && sub[n - 1] != '.')) &&
	        !strstr(sub, "..") &&
	        strspn(sub, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.*") == n)
		return true;
	w_refuse(c, 400, "Client::BadRequest", NULL, "Invalid domain name, %s is not allowed", sub);
	return false;
}

static bool good_target(struct w_call *c, unsigned field, const char *target)
{
	bool host = w_field_wire(field) == W_CNAME || w_field_wire(field) == W_NS;

	if (!strcmp(w_field_types[field], "DKIM") && strncmp(target, "v=DKIM1", 7)) {
		w_refuse(c, 400, "Client::BadRequest", NULL, "Invalid subfield found in DKIM : %s", target);
		return false;
	}
	if (*target && !(host && (strpbrk(target, " \"/\\") || strlen(target) > 255)))
		return true;
	w_refuse(c, 400, "Client::BadRequest", NULL, "Invalid target for %s", w_field_types[field]);
	return false;
}

/* What the zone already holds at the name, against what would be added. */
static bool fits_beside(struct w_call *c, const char *sub, unsigned field, const char *target)
{
	const struct w_value *twice = w_zget(c->w, c->zone, SW_DUPLICATE);
	const struct w_value *beside = w_zget(c->w, c->zone, SW_CNAME_BESIDE);
	const struct w_copy *set = c->zone->edit;

	for (uint32_t i = 0; i < set->n; i++) {
		const struct w_record *r = set->rec[i];
		bool cname = w_field_wire(field) == W_CNAME || w_field_wire(r->field) == W_CNAME;

		if (strcasecmp(r->sub, sub))
			continue;
		if (r->field == field && !strcasecmp(r->target, target) && !w_is(twice, "200")) {
			w_refuse_by(c, twice, "This record already exists");
			return false;
		}
		if (cname && w_is(beside, "400")) {
			w_refuse(c, 400, "Client::BadRequest", NULL,
			        "A CNAME cannot stand beside other records");
			return false;
		}
	}
	return true;
}

void w_post_record(struct w_call *c)
{
	static const char *const fields[] = {"fieldType", "subDomain", "target", "ttl", NULL};
	const char *type = NULL, *sub = "", *target = NULL;
	const struct w_record *r;
	int64_t ttl = 0;
	int field;

	if (!granted(c, SW_RECORD_403, "dnsZone:apiovh:record/create") || !w_body_known(c, fields) ||
	        !w_body_text(c, "fieldType", true, &type) || !w_body_text(c, "target", true, &target) ||
	        !w_body_text(c, "subDomain", false, &sub) || !w_body_int(c, "ttl", &ttl))
		return;
	field = w_field_type(type);
	if (field < 0) {
		w_refuse(c, 400, "Client::BadRequest", NULL,
		        "[fieldType] Given data (%s) does not belong to the "
		        "NamedResolutionFieldTypeEnum enumeration",
		        type);
		return;
	}
	if (!good_sub(c, sub) || !good_target(c, (unsigned)field, target) ||
	        !fits_beside(c, sub, (unsigned)field, target))
		return;
	r = w_zone_add(c->w, c->zone, sub, (unsigned)field, target, ttl, true);
	c->applied = true;
	write_record(c, r, w_fault(c, SW_ID_ZERO) ? 0 : r->id);
}

void w_put_record(struct w_call *c)
{
	static const char *const fields[] = {"fieldType", "id", "zone", "subDomain", "target", "ttl", NULL};
	static const char *const fixed[] = {"fieldType", "id", "zone"};
	const struct w_record *r;
	const char *sub, *target;
	int64_t ttl;

	if (!granted(c, SW_RECORD_403, "dnsZone:apiovh:record/edit") || !w_body_known(c, fields) ||
	        !(r = asked(c)))
		return;
	for (size_t i = 0; i < W_COUNT(fixed); i++)
		if (w_json_get(c->body, fixed[i])) {
			w_refuse(c, 400, "Client::BadRequest", NULL, "Try to alter read-only properties: %s",
			        fixed[i]);
			return;
		}
	sub = r->sub;
	target = r->target;
	ttl = r->ttl;
	if (!w_body_text(c, "subDomain", false, &sub) || !w_body_text(c, "target", false, &target) ||
	        !w_body_int(c, "ttl", &ttl) || !good_sub(c, sub) || !good_target(c, r->field, target))
		return;
	w_zone_replace(c->w, c->zone, (size_t)c->record, sub, target, ttl);
	w_void(c);
}

void w_delete_record(struct w_call *c)
{
	if (!granted(c, SW_RECORD_403, "dnsZone:apiovh:record/delete") || !asked(c))
		return;
	w_zone_remove(c->w, c->zone, (size_t)c->record);
	w_void(c);
}

void w_post_refresh(struct w_call *c)
{
	int64_t busy = w_zget(c->w, c->zone, SW_REFRESH_BUSY_MS)->n;

	if (!w_body_none(c) || !granted(c, SW_REFRESH_403, "dnsZone:apiovh:refresh"))
		return;
	if (busy && c->zone->refreshed != W_NEVER && c->w->now < c->zone->refreshed + busy) {
		w_refuse(c, 409, "Client::Conflict", NULL, "A refresh of this zone is already running");
		return;
	}
	if (w_fault(c, SW_REFRESH_ERROR)) {
		w_refuse(c, 500, "Server::InternalServerError", "INTERNAL_ERROR", "Internal server error");
		return;
	}
	if (!w_fault(c, SW_REFRESH_LOST))
		w_zone_refresh(c->w, c->zone, w_span(c->w, w_zget(c->w, c->zone, SW_PUBLISH_MS)));
	w_void(c);
}
