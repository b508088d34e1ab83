/* A request from its path to its answer: version, segments, route, whom it concerns, faults, judge, handler.
 * It knows no path by itself (route.c) and decides nothing of what a handler does. */
#include "api.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* In place. A path whose escapes are broken, or hide a NUL, is no path. */
static bool unescape(char *s, bool plus)
{
	char *to = s;

	for (; *s; s++) {
		char hex[3];

		if (plus && *s == '+') {
			*to++ = ' ';
			continue;
		}
		if (*s != '%') {
			*to++ = *s;
			continue;
		}
		if (!isxdigit((unsigned char)s[1]) || !isxdigit((unsigned char)s[2]))
			return false;
		hex[0] = s[1];
		hex[1] = s[2];
		hex[2] = 0;
		*to = (char)strtoul(hex, NULL, 16);
		if (!*to++)
			return false;
		s += 2;
	}
	*to = 0;
	return true;
}

static bool parameters(struct w_call *c, char *p)
{
	while (p && *p) {
		char *next = strchr(p, '&'), *eq;

		if (next)
			*next++ = 0;
		eq = strchr(p, '=');
		if (eq)
			*eq++ = 0;
		if (c->n_param == W_PARAMS || !unescape(p, true) || (eq && !unescape(eq, true)))
			return false;
		c->param[c->n_param].key = p;
		c->param[c->n_param++].value = eq ? eq : p + strlen(p);
		p = next;
	}
	return true;
}

/* "/1.0/a/b%2Fc?x=y" to a version, the segments "a", "b/c" and the parameters. A slash at the end counts as
 * none. */
static bool split(struct w_call *c, unsigned *ret_version)
{
	size_t len = strlen(c->q->path);
	char *p = c->text, *query;

	*ret_version = 1;
	if (len >= sizeof(c->text) || *c->q->path != '/')
		return false;
	memcpy(c->text, c->q->path, len + 1);
	query = strchr(c->text, '?');
	if (query)
		*query++ = 0;
	if (!parameters(c, query))
		return false;
	while (*p == '/') {
		*p++ = 0;
		if (!*p)
			break;
		if (c->n_seg == W_SEGMENTS)
			return false;
		c->seg[c->n_seg++] = p;
		p += strcspn(p, "/");
	}
	for (unsigned i = 0; i < c->n_seg; i++)
		if (!unescape(c->seg[i], false) || !*c->seg[i])
			return false;
	if (c->n_seg && (!strcmp(c->seg[0], "1.0") || !strcmp(c->seg[0], "v1") || !strcmp(c->seg[0], "v2"))) {
		*ret_version = c->seg[0][1] == '2' ? 2 : 1;
		memmove(&c->seg[0], &c->seg[1], --c->n_seg * sizeof(c->seg[0]));
	}
	return c->n_seg > 0;
}

/* Puts what stands at a placeholder where the handlers look for it. */
static bool bind(struct w_call *c, const char *name, size_t len, const char *value)
{
	const struct {
		const char *name;
		const char **at;
	} places[] = {{"{org}", &c->org}, {"{svc}", &c->svc}, {"{dom}", &c->dom}, {"{sel}", &c->sel},
	        {"{zone}", &c->zone_name}, {"{pid}", &c->pid}, {"{did}", &c->did}};
	char *end;

	for (size_t i = 0; i < W_COUNT(places); i++)
		if (strlen(places[i].name) == len && !memcmp(places[i].name, name, len)) {
			*places[i].at = value;
			return true;
		}
	c->id = strtoll(value, &end, 10);
	return end != value && !*end;
}

static bool matches(struct w_call *c, const char *pattern)
{
	unsigned i = 0;

	for (; *pattern; i++) {
		size_t len = (size_t)(strchrnul(pattern, '/') - pattern);

		if (i == c->n_seg)
			return false;
		if (*pattern == '{') {
			if (!bind(c, pattern, len, c->seg[i]))
				return false;
		} else if (strlen(c->seg[i]) != len || memcmp(c->seg[i], pattern, len)) {
			return false;
		}
		pattern += len + (pattern[len] == '/');
	}
	return i == c->n_seg;
}

static bool find_route(struct w_call *c, unsigned version)
{
	for (size_t i = 0; i < w_routes_n; i++) {
		const struct w_route *r = &w_routes[i];

		if (r->v2 != (version == 2) || strcmp(r->method, c->q->method))
			continue;
		c->org = c->svc = c->dom = c->sel = c->zone_name = c->pid = c->did = NULL;
		if (matches(c, r->pattern)) {
			c->route = r;
			return true;
		}
	}
	return false;
}

static bool no_service(struct w_call *c)
{
	w_refuse(c, 404, "Client::NotFound", NULL, "This service does not exist");
	return false;
}

/* The domain of /email/domain/{domain}: an MX Plan, or a Zimbra domain where v1 answers for those. */
static bool resolve_simple(struct w_call *c)
{
	struct w_service *s = w_service_of(c->w, W_MXPLAN, "", c->dom);

	if (s) {
		c->domain = s->first;
	} else {
		struct w_domain *d = w_map_text(&c->w->names, c->dom);

		while (d && (d->platform != W_ZIMBRA || d->service->account != c->account))
			d = d->same_name;
		if (!d || w_is(w_get(d, c->w, SW_ZIMBRA_API), "v2"))
			return no_service(c);
		c->domain = d;
	}
	c->service = c->domain->service;
	return c->service->account == c->account || no_service(c);
}

static bool resolve_platform(struct w_call *c)
{
	struct w_service *s = c->account->first;

	while (s && (s->platform != W_ZIMBRA || strcmp(s->uuid, c->pid)))
		s = s->next;
	if (!s)
		return no_service(c);
	c->service = s;
	if (!c->did)
		return true;
	c->domain = w_map_text(&c->w->domains, c->did);
	if (c->domain && c->domain->service == s && !w_is(w_get(c->domain, c->w, SW_ZIMBRA_API), "v1"))
		return true;
	c->domain = NULL;
	w_refuse_missing(c, "domainId", c->did);
	return false;
}

static bool resolve_hosted(struct w_call *c)
{
	c->service = w_service_of(c->w, (enum w_platform)c->route->platform, c->org ? c->org : "", c->svc);
	if (!c->service || c->service->account != c->account)
		return no_service(c);
	if (!c->dom)
		return true;
	c->domain = w_domain_in(c->w, c->service, c->dom);
	if (!c->domain) {
		w_refuse_missing(c, "domainName", c->dom);
		return false;
	}
	if (c->sel)
		c->slot = w_selector_slot(c->domain, c->sel);
	return true;
}

static bool resolve_zone(struct w_call *c)
{
	struct w_zone *z = w_map_text(&c->w->zones, c->zone_name);

	if (!z || z->account != c->account || w_zget(c->w, z, SW_ZONE_MISSING)->n)
		return no_service(c);
	c->zone = z;
	z->requests++;
	/* a zone of one domain: the request is that domain's */
	if (z->domains && !z->domains->next_in_zone)
		c->domain = z->domains;
	if (c->id)
		for (uint32_t i = 0; i < z->edit->n; i++)
			if (z->edit->rec[i]->id == c->id)
				c->record = (int)i;
	return true;
}

/* Whom the request concerns; refuses what the account does not have. */
static bool resolve(struct w_call *c)
{
	if (c->zone_name)
		return resolve_zone(c);
	if (c->svc && !resolve_hosted(c))
		return false;
	if (c->pid && !resolve_platform(c))
		return false;
	if (c->dom && !c->svc && !resolve_simple(c))
		return false;
	if ((c->service && c->service->expired) ||
	        (c->domain && w_get(c->domain, c->w, SW_SERVICE_EXPIRED)->n)) {
		w_refuse(c, 460, "Client::ServiceExpired", NULL, "This service is expired");
		return false;
	}
	return true;
}

static bool read_body(struct w_call *c)
{
	if (!c->q->body || !c->q->body_len)
		return true;
	c->body = w_json_read(c->q->body, c->q->body_len);
	if (c->body && (c->body->kind == W_JSON_OBJECT || c->body->kind == W_JSON_NULL))
		return true;
	w_refuse(c, 400, "Client::BadRequest", "INVALID_BODY", "Invalid JSON received");
	return false;
}

/* How often one account asked within any 60 s, and whether that is too often. */
static bool too_often(struct w_call *c)
{
	struct w_account *a = c->account;
	int64_t limit = c->w->value[SW_RATE_LIMIT].n;

	while (a->recent_n && a->recent[a->recent_from] <= c->w->now - W_MINUTE) {
		a->recent_from = (a->recent_from + 1) % a->recent_cap;
		a->recent_n--;
	}
	if (a->recent_n == a->recent_cap) {
		size_t cap = a->recent_cap ? a->recent_cap * 2 : 64;
		int64_t *ring = w_alloc(cap * sizeof(*ring));

		for (size_t i = 0; i < a->recent_n; i++)
			ring[i] = a->recent[(a->recent_from + i) % a->recent_cap];
		free(a->recent);
		a->recent = ring;
		a->recent_cap = cap;
		a->recent_from = 0;
	}
	a->recent[(a->recent_from + a->recent_n++) % a->recent_cap] = c->w->now;
	if (a->recent_n > a->busiest)
		a->busiest = a->recent_n;
	return limit && (int64_t)a->recent_n > limit;
}

/* What the world knows no page for is counted by where it belongs all the same: a credential asked about itself costs
 * no request of a domain. */
static unsigned kind_of(const struct w_call *c)
{
	if (c->route)
		return c->route->count;
	return c->n_seg && !strcmp(c->seg[0], "auth") ? W_N_AUTH : W_N_UNKNOWN;
}

static void count(struct w_call *c)
{
	unsigned kind = kind_of(c);

	c->w->count[kind]++;
	if (kind == W_N_AUTH) {
		c->account->auth++;
		return;
	}
	c->account->requests++;
	if (c->domain)
		c->domain->requests++;
}

static void serve(struct w_call *c, struct world_answer *ret)
{
	bool known, open;

	known = c->route && resolve(c) && read_body(c);
	count(c);
	if (c->route && c->route->act != W_ACT_NONE) {
		w_log(c);
		if (known)
			w_judge(c);
	} else if (strcmp(c->q->method, "GET") && !c->route) {
		w_log(c);
	}
	open = (c->route && c->route->count == W_N_AUTH) || !too_often(c);
	if (!open) {
		w_limit(c, ret);
		return;
	}
	if (w_fault_before(c, ret))
		return;
	if (known)
		c->route->handle(c);
	w_fault_after(c, ret);
}

/* What the asker now knows of a selector, for the judge: only an answer that arrives whole tells anything. */
static void note_reading(struct w_call *c, const struct world_answer *a)
{
	struct w_selector *s = c->shown;

	if (!s || a->status != 200 || a->body || (a->fault != WORLD_ANSWER && a->fault != WORLD_SLOW))
		return;
	if (s->state == W_SIGNING && s->read_signing_since == W_NEVER)
		s->read_signing_since = c->w->now;
	else if (s->state != W_SIGNING)
		s->read_signing_since = W_NEVER;
	if (s->state == W_SIGNING || s->state == W_ENABLING || s->state == W_DISABLING)
		s->read_may_sign = c->w->now;
}

static void query_id(struct w_call *c, char dst[80])
{
	const struct w_value *form = &c->w->value[SW_QUERY_ID];
	uint64_t a = w_mix(c->w->seed ^ c->w->request_no), b = w_mix(a);
	unsigned long long at = (unsigned long long)(c->w->now / 1000);

	*dst = 0;
	if (w_is(form, "old"))
		w_format(dst, 80, "FR.ws-%u.%llx.%u.%u", (unsigned)(a % 9 + 1), at,
		        (unsigned)(a >> 8 & 0xffff), (unsigned)(a >> 32 & 0xffff));
	else if (w_is(form, "new"))
		w_format(dst, 80, "EU.ext-%u.%llx.%u.%016llx%016llx", (unsigned)(a % 9 + 1), at,
		        (unsigned)(a >> 8 & 0xffffff), (unsigned long long)a, (unsigned long long)b);
}

void world_request(struct world *w, int64_t now, const struct world_request *q, struct world_answer *ret)
{
	struct w_call c = {.w = w, .q = q, .status = 200, .slot = -1, .record = -1};
	struct world_answer a = {.content_type = "application/json; charset=utf-8"};
	unsigned version;

	w_advance(w, now);
	w->request_no++;
	c.account = w_account_of(w, q->account ? q->account : "", true);
	if (!split(&c, &version) || !find_route(&c, version))
		w_refuse_route(&c);
	serve(&c, &a);
	if (!a.status)
		a.status = c.status;
	note_reading(&c, &a);
	if (c.change) {
		struct world_change *ch = &w->log[c.change - 1]->change;

		ch->status = a.fault == WORLD_RESET ? 0 : a.status;
		ch->applied = c.applied;
	}
	if (!a.body) {
		a.body = c.out.text ? c.out.text : w_strdup("");
		a.body_len = c.out.len;
	} else {
		free(c.out.text);
	}
	query_id(&c, a.query_id);
	w_format(a.next_cursor, sizeof(a.next_cursor), "%s", c.cursor);
	w_json_free(c.body);
	*ret = a;
}
