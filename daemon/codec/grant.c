/* The calls that the daemon makes, as one table, and rules compared with it. The table must hold what platform/ sends
 * and nothing else: tests/e2e/ctl_grant.sh runs a whole life of every platform with these rules alone. */
#include "codec/grant.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/util.h"

enum kind { KIND_EXCHANGE, KIND_EMAILPRO, KIND_MX, KIND_ZIMBRA, KIND_ZONE, KINDS };

/* How much of a path is named. */
enum width { EACH_DOMAIN, EACH_SERVICE, EVERYTHING };

struct api_call {
	enum kind kind;
	bool changes;
	const char *method, *path; /* o organization, s service, d domain or zone, each behind a '%' */
	const char *action;        /* IAM */
};

#define EXCHANGE "/email/exchange/%o/service/%s"
#define PRO      "/email/pro/%s"
#define ZIMBRA   "/v2/zimbra/platform"
#define ZONE     "/domain/zone/%d"

/* clang-format off */
static const struct api_call calls[] = {
	{KIND_EXCHANGE, false, "GET",    EXCHANGE "/domain/%d",                "emailExchange:apiovh:service/domain/get"},
	{KIND_EXCHANGE, false, "GET",    EXCHANGE "/domain/%d/dkimSelector",   "emailExchange:apiovh:service/domain/dkimSelector/get"},
	{KIND_EXCHANGE, false, "GET",    EXCHANGE "/domain/%d/dkim",           "emailExchange:apiovh:service/domain/dkim/get"},
	{KIND_EXCHANGE, false, "GET",    EXCHANGE "/domain/%d/dkim/*",         "emailExchange:apiovh:service/domain/dkim/get"},
	{KIND_EXCHANGE, false, "GET",    EXCHANGE "/task/*",                   "emailExchange:apiovh:service/task/get"},
	{KIND_EXCHANGE, true,  "POST",   EXCHANGE "/domain/%d/dkim",           "emailExchange:apiovh:service/domain/dkim/create"},
	{KIND_EXCHANGE, true,  "POST",   EXCHANGE "/domain/%d/dkim/*/enable",  "emailExchange:apiovh:service/domain/dkim/enable"},
	{KIND_EXCHANGE, true,  "POST",   EXCHANGE "/domain/%d/dkim/*/disable", "emailExchange:apiovh:service/domain/dkim/disable"},
	{KIND_EXCHANGE, true,  "DELETE", EXCHANGE "/domain/%d/dkim/*",         "emailExchange:apiovh:service/domain/dkim/delete"},
	{KIND_EMAILPRO, false, "GET",    PRO "/domain/%d",                     "emailPro:apiovh:domain/get"},
	{KIND_EMAILPRO, false, "GET",    PRO "/domain/%d/dkimSelector",        "emailPro:apiovh:domain/dkimSelector/get"},
	{KIND_EMAILPRO, false, "GET",    PRO "/domain/%d/dkim",                "emailPro:apiovh:domain/dkim/get"},
	{KIND_EMAILPRO, false, "GET",    PRO "/domain/%d/dkim/*",              "emailPro:apiovh:domain/dkim/get"},
	{KIND_EMAILPRO, false, "GET",    PRO "/task/*",                        "emailPro:apiovh:task/get"},
	{KIND_EMAILPRO, true,  "POST",   PRO "/domain/%d/dkim",                "emailPro:apiovh:domain/dkim/create"},
	{KIND_EMAILPRO, true,  "POST",   PRO "/domain/%d/dkim/*/enable",       "emailPro:apiovh:domain/dkim/enable"},
	{KIND_EMAILPRO, true,  "POST",   PRO "/domain/%d/dkim/*/disable",      "emailPro:apiovh:domain/dkim/disable"},
	{KIND_EMAILPRO, true,  "DELETE", PRO "/domain/%d/dkim/*",              "emailPro:apiovh:domain/dkim/delete"},
	{KIND_MX,       false, "GET",    "/email/domain/%d",                   "emailDomain:apiovh:get"},
	{KIND_MX,       false, "GET",    "/email/domain/%d/dkim",              "emailDomain:apiovh:domain/dkim/get"},
	{KIND_MX,       false, "GET",    "/email/domain/%d/task/all/*",        "emailDomain:apiovh:task/all/get"},
	{KIND_MX,       true,  "PUT",    "/email/domain/%d/dkim/enable",       "emailDomain:apiovh:domain/dkim/enable"},
	{KIND_ZIMBRA,   false, "GET",    ZIMBRA,                               "zimbra:apiovh:platform/get"},
	{KIND_ZIMBRA,   false, "GET",    ZIMBRA "/*/domain",                   "zimbra:apiovh:platform/domain/get"},
	{KIND_ZIMBRA,   false, "POST",   ZIMBRA "/*/diagnostic/domain",        "zimbra:apiovh:platform/diagnostic/domain/get"},
	{KIND_ZIMBRA,   true,  "PUT",    ZIMBRA "/*/domain/*",                 "zimbra:apiovh:platform/domain/edit"},
	{KIND_ZONE,     true,  "GET",    ZONE "/record",                       "dnsZone:apiovh:record/get"},
	{KIND_ZONE,     true,  "GET",    ZONE "/record/*",                     "dnsZone:apiovh:record/get"},
	{KIND_ZONE,     true,  "POST",   ZONE "/record",                       "dnsZone:apiovh:record/create"},
	{KIND_ZONE,     true,  "PUT",    ZONE "/record/*",                     "dnsZone:apiovh:record/edit"},
	{KIND_ZONE,     true,  "DELETE", ZONE "/record/*",                     "dnsZone:apiovh:record/delete"},
	{KIND_ZONE,     true,  "POST",   ZONE "/refresh",                      "dnsZone:apiovh:refresh"},
};

/* What discover reads. */
static const struct api_call listings[] = {
	{KIND_EXCHANGE, false, "GET", "/email/exchange",                    "emailExchange:apiovh:get"},
	{KIND_EXCHANGE, false, "GET", "/email/exchange/*/service",          "emailExchange:apiovh:service/get"},
	{KIND_EXCHANGE, false, "GET", "/email/exchange/*/service/*/domain", "emailExchange:apiovh:service/domain/get"},
	{KIND_EMAILPRO, false, "GET", "/email/pro",                         "emailPro:apiovh:get"},
	{KIND_EMAILPRO, false, "GET", "/email/pro/*/domain",                "emailPro:apiovh:domain/get"},
	{KIND_MX,       false, "GET", "/email/domain",                      "emailDomain:apiovh:get"},
	{KIND_ZIMBRA,   false, "GET", ZIMBRA,                               "zimbra:apiovh:platform/get"},
	{KIND_ZIMBRA,   false, "GET", ZIMBRA "/*/domain",                   "zimbra:apiovh:platform/domain/get"},
	{KIND_ZONE,     false, "GET", "/domain/zone",                       "dnsZone:apiovh:get"},
};
/* Wider than needed by a hair, and what OVHcloud's users write: enable and disable in one. */
static const struct grant_rule tolerated[] = {
	{"POST", "/email/exchange/*/service/*/domain/*/dkim/*"},
	{"POST", "/email/pro/*/domain/*/dkim/*"},
	{"GET",  "/auth/*"},
};
/* clang-format on */

/* --- lists --------------------------------------------------------------------------------------------------------- */

void grants_init(struct grants *g)
{
	memset(g, 0, sizeof(*g));
	g->arena = arena_new();
}

void grants_free(struct grants *g)
{
	free(g->list);
	arena_free(g->arena);
	memset(g, 0, sizeof(*g));
}

void grants_add(struct grants *g, const char *method, const char *path)
{
	g->count++;
	if (g->n == g->cap) {
		g->cap = g->cap != 0 ? 2 * g->cap : 32;
		g->list = xrealloc(g->list, g->cap * sizeof(*g->list));
	}
	g->list[g->n++] = (struct grant_rule){arena_intern(g->arena, method), arena_intern(g->arena, path)};
}

/* Counted always, listed as long as a person may still read it. */
static void note(struct grants *g, const char *method, const char *path)
{
	if (g->n < GRANT_LISTED_MOST)
		grants_add(g, method, path);
	else
		g->count++;
}

bool grant_covers(const char *rule, const char *path)
{
	const char *star = NULL, *again = NULL;

	while (*path != '\0') {
		if (*rule == '*') {
			star = rule++;
			again = path;
		} else if (*rule == *path) {
			rule++;
			path++;
		} else if (star != NULL) {
			rule = star + 1;
			path = ++again;
		} else {
			return false;
		}
	}
	while (*rule == '*')
		rule++;
	return *rule == '\0';
}

/* --- paths --------------------------------------------------------------------------------------------------------- */

static bool concerns(enum kind k, const struct desired *d, const char *account)
{
	bool mx = d->platform == PLATFORM_MXPLAN ||
	          (d->platform == PLATFORM_ZIMBRA && d->zimbra_api == ZIMBRA_V1);

	if (k == KIND_ZONE)
		return d->dns == DNS_OVH && str_eq(d->zone_account, account);
	if (!str_eq(d->account, account))
		return false;
	return k == KIND_EXCHANGE   ? d->platform == PLATFORM_EXCHANGE
	       : k == KIND_EMAILPRO ? d->platform == PLATFORM_EMAILPRO
	       : k == KIND_MX       ? mx
	                            : d->platform == PLATFORM_ZIMBRA && !mx;
}

static bool is_needed(const struct api_call *c, const struct desired *d, const char *account)
{
	return concerns(c->kind, d, account) && (!c->changes || d->own_mode == MODE_MANAGE);
}

/* The call's path for a domain, as wide as asked for. Names of the inventory need no percent-encoding. */
static void path_of(const struct api_call *c, const struct desired *d, enum width w, struct buf *out)
{
	out->len = 0;
	buf_puts(out, "");
	for (const char *p = c->path; *p != '\0'; p++) {
		const char *value = "*";

		if (*p != '%') {
			buf_add(out, p, 1);
			continue;
		}
		p++;
		if (*p == 'd' && w == EACH_DOMAIN)
			value = c->kind == KIND_ZONE ? d->zone : d->domain;
		else if (*p == 's' && w != EVERYTHING)
			value = d->service;
		else if (*p == 'o' && w != EVERYTHING)
			value = d->organization != NULL ? d->organization : d->service;
		buf_puts(out, value);
	}
}

static bool has_rule(const struct grants *g, const char *method, const char *path)
{
	for (size_t i = 0; i < g->n; i++)
		if (str_eq(g->list[i].method, method) && str_eq(g->list[i].path, path))
			return true;
	return false;
}

/* --- what is needed ------------------------------------------------------------------------------------------------ */

/* False when there are more than GRANT_RULES_MOST: then ret holds some of them. */
static bool rules_of_kind(
        const struct inventory *inv, const char *account, enum kind k, enum width w, struct grants *ret)
{
	struct buf path = {0};
	bool fits = true;

	for (size_t i = 0; i < inv->n && fits; i++)
		for (size_t c = 0; c < ARRAY_SIZE(calls) && fits; c++) {
			if (calls[c].kind != k || !is_needed(&calls[c], &inv->list[i], account))
				continue;
			path_of(&calls[c], &inv->list[i], w, &path);
			if (has_rule(ret, calls[c].method, path.data))
				continue;
			grants_add(ret, calls[c].method, path.data);
			fits = ret->n <= GRANT_RULES_MOST || w == EVERYTHING;
		}
	buf_free(&path);
	return fits;
}

static bool covered_by_another(const struct grants *g, size_t at)
{
	for (size_t i = 0; i < g->n; i++) {
		bool equal = str_eq(g->list[i].path, g->list[at].path);

		if (i != at && str_eq(g->list[i].method, g->list[at].method) && (!equal || i < at) &&
		        grant_covers(g->list[i].path, g->list[at].path))
			return true;
	}
	return false;
}

bool grant_needs_any(const struct inventory *inv, const char *account)
{
	for (size_t i = 0; i < inv->n; i++)
		for (enum kind k = 0; k < KINDS; k++)
			if (concerns(k, &inv->list[i], account))
				return true;
	return false;
}

void grant_rules(const struct inventory *inv, const char *account, struct grants *ret)
{
	for (enum kind k = 0; k < KINDS; k++)
		for (enum width w = EACH_DOMAIN; w <= EVERYTHING; w++) {
			struct grants some;

			grants_init(&some);
			bool fits = rules_of_kind(inv, account, k, w, &some);
			for (size_t i = 0; i < some.n && fits; i++)
				if (!covered_by_another(&some, i))
					grants_add(ret, some.list[i].method, some.list[i].path);
			grants_free(&some);
			if (fits)
				break;
		}
	for (size_t i = 0; i < ARRAY_SIZE(listings) && !grant_needs_any(inv, account); i++)
		grants_add(ret, listings[i].method, listings[i].path);
}

void grant_actions(const struct inventory *inv, const char *account, struct grants *ret)
{
	for (size_t c = 0; c < ARRAY_SIZE(calls); c++)
		for (size_t i = 0; i < inv->n; i++)
			if (is_needed(&calls[c], &inv->list[i], account)) {
				if (!has_rule(ret, "", calls[c].action))
					grants_add(ret, "", calls[c].action);
				break;
			}
	for (size_t i = 0; i < ARRAY_SIZE(listings) && !grant_needs_any(inv, account); i++)
		if (!has_rule(ret, "", listings[i].action))
			grants_add(ret, "", listings[i].action);
}

/* --- compared with what is allowed ---------------------------------------------------------------------------------- */

static bool granted(const struct grants *rules, const char *method, const char *path)
{
	for (size_t i = 0; i < rules->n; i++)
		if (str_eq(rules->list[i].method, method) && grant_covers(rules->list[i].path, path))
			return true;
	return false;
}

/* A rule for everything, or for the whole service, answers for all its domains at once. */
static void find_lacks(const struct inventory *inv, const char *account, const struct api_call *c,
        const struct grants *rules, struct grants *ret)
{
	struct buf path = {0}, service = {0}, lacked = {0};
	bool everything = false, asked = false, whole = false;

	for (size_t i = 0; i < inv->n && !everything; i++) {
		const struct desired *d = &inv->list[i];

		if (!is_needed(c, d, account))
			continue;
		if (!asked) {
			path_of(c, d, EVERYTHING, &path);
			everything = granted(rules, c->method, path.data);
			asked = true;
			if (everything)
				break;
		}
		path_of(c, d, EACH_SERVICE, &path);
		if (service.len == 0 || !str_eq(service.data, path.data)) {
			whole = granted(rules, c->method, path.data);
			service.len = 0;
			buf_puts(&service, path.data);
		}
		path_of(c, d, EACH_DOMAIN, &path);
		if (whole || granted(rules, c->method, path.data) ||
		        (lacked.len != 0 && str_eq(lacked.data, path.data)))
			continue;
		lacked.len = 0; /* calls that name no domain come once for each of them */
		buf_puts(&lacked, path.data);
		if (!has_rule(ret, c->method, path.data))
			note(ret, c->method, path.data);
	}
	buf_free(&path);
	buf_free(&service);
	buf_free(&lacked);
}

/* Is the rule no wider than the call, and does it grant the call for some domain? */
static bool serves(const struct inventory *inv, const char *account, const struct api_call *c,
        const struct grant_rule *r)
{
	struct buf path = {0};
	bool fits = false, used = false;

	for (size_t i = 0; i < inv->n && !used && str_eq(c->method, r->method); i++) {
		if (!is_needed(c, &inv->list[i], account))
			continue;
		if (!fits) {
			path_of(c, &inv->list[i], EVERYTHING, &path);
			fits = grant_covers(path.data, r->path);
			if (!fits)
				break;
		}
		path_of(c, &inv->list[i], EACH_DOMAIN, &path);
		used = grant_covers(r->path, path.data);
	}
	buf_free(&path);
	return used;
}

static bool is_tolerated(const struct grant_rule *r)
{
	for (size_t i = 0; i < ARRAY_SIZE(tolerated); i++)
		if (str_eq(tolerated[i].method, r->method) && grant_covers(tolerated[i].path, r->path))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(listings); i++)
		if (str_eq(listings[i].method, r->method) && grant_covers(listings[i].path, r->path))
			return true;
	return false;
}

bool grant_compare(const struct inventory *inv, const char *account, const struct grants *rules,
        struct grants *ret_lacks, struct grants *ret_exceeds)
{
	if (rules->n > GRANT_COMPARED_MOST)
		return false;
	for (size_t c = 0; c < ARRAY_SIZE(calls); c++)
		find_lacks(inv, account, &calls[c], rules, ret_lacks);
	for (size_t i = 0; i < rules->n; i++) {
		bool fine = is_tolerated(&rules->list[i]);

		for (size_t c = 0; c < ARRAY_SIZE(calls) && !fine; c++)
			fine = serves(inv, account, &calls[c], &rules->list[i]);
		if (!fine)
			note(ret_exceeds, rules->list[i].method, rules->list[i].path);
	}
	return true;
}

void grant_link(const char *base_url, const struct grants *rules, struct buf *out)
{
	size_t n = strlen(base_url);

	if (str_suffix(base_url, "/1.0"))
		n -= 4;
	else if (str_suffix(base_url, "/v1"))
		n -= 3;
	buf_add(out, base_url, n);
	buf_puts(out, "/createToken/");
	for (size_t i = 0; i < rules->n; i++)
		buf_printf(out, "%c%s=%s", i == 0 ? '?' : '&', rules->list[i].method, rules->list[i].path);
}
