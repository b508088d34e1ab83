/* discover: every e-mail domain of an account as an inventory, those already listed left out. It reads the API's lists
 * (ovh-api: /email/exchange and what is below it, /email/pro, /email/domain, /v2/zimbra/platform, /domain/zone), needs no
 * daemon, and writes nothing anywhere. */
#include "ctl/discover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec/idna.h"
#include "codec/url.h"
#include "core/span.h"
#include "ctl/reader.h"
#include "ctl/site.h"
#include "io/creds.h"
#include "io/http.h"
#include "io/loop.h"

#define CONNECTIONS_MOST 64
#define TELL_FIRST       (10 * MS_SECOND) /* who is not at a terminal hears of long runs only */
#define TELL_EVERY       MS_MINUTE

enum list {
	LIST_NONE,
	LIST_ORGANIZATIONS,
	LIST_SERVICES,
	LIST_EXCHANGE_DOMAINS,
	LIST_PROS,
	LIST_PRO_DOMAINS,
	LIST_MX_DOMAINS,
	LIST_PLATFORMS,
	LIST_ZIMBRA_DOMAINS,
	LIST_ZONES,
};

/* Each list's path (% = a segment: what the lists above it gave) and the list below each of its elements; the last ones
 * are lists of domains. */
static const struct {
	const char *path;
	enum list below;
	enum platform platform;
} lists[] = {
        [LIST_ORGANIZATIONS] = {"/email/exchange", LIST_SERVICES, PLATFORM_EXCHANGE},
        [LIST_SERVICES] = {"/email/exchange/%/service", LIST_EXCHANGE_DOMAINS, PLATFORM_EXCHANGE},
        [LIST_EXCHANGE_DOMAINS] = {"/email/exchange/%/service/%/domain", LIST_NONE, PLATFORM_EXCHANGE},
        [LIST_PROS] = {"/email/pro", LIST_PRO_DOMAINS, PLATFORM_EMAILPRO},
        [LIST_PRO_DOMAINS] = {"/email/pro/%/domain", LIST_NONE, PLATFORM_EMAILPRO},
        [LIST_MX_DOMAINS] = {"/email/domain", LIST_NONE, PLATFORM_MXPLAN},
        [LIST_PLATFORMS] = {"/v2/zimbra/platform", LIST_ZIMBRA_DOMAINS, PLATFORM_ZIMBRA},
        [LIST_ZIMBRA_DOMAINS] = {"/v2/zimbra/platform/%/domain", LIST_NONE, PLATFORM_ZIMBRA},
        [LIST_ZONES] = {"/domain/zone", LIST_NONE, PLATFORM_EXTERNAL},
};

struct discovery;

struct asked { /* an account */
	struct discovery *d;
	const struct config_account *cfg;
	struct credentials *cred;
	struct reader *reader;
	bool refused; /* as a whole, which was told */
};

struct discovery {
	const struct site *site;
	struct loop *loop;
	struct found found;
	struct asked *accounts;
	size_t n_accounts;
	struct timer *progress;
	int64_t began, told;
};

struct step {
	struct asked *a;
	enum list list;
	const char *segment[2];
	char *path;
};

/* --- what was found ------------------------------------------------------------------------------------------------ */

static const char *keep(struct discovery *d, const char *text)
{
	return arena_intern(d->found.arena, text);
}

/* In the inventory already. MX Plan and Zimbra are two names of one thing here. */
static bool is_listed(const struct discovery *d, const char *domain, enum platform p)
{
	const struct inventory *inv = d->site->inventory;
	size_t low = 0, high = inv->n;

	while (low < high) { /* the first of that name */
		size_t middle = low + (high - low) / 2;

		if (strcmp(inv->list[middle].domain, domain) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < inv->n && str_eq(inv->list[low].domain, domain); low++) {
		enum platform own = inv->list[low].platform;
		bool both = (own == PLATFORM_MXPLAN || own == PLATFORM_ZIMBRA) &&
		            (p == PLATFORM_MXPLAN || p == PLATFORM_ZIMBRA);

		if (own == p || both)
			return true;
	}
	return false;
}

static void take_zone(struct discovery *d, const struct asked *a, const char *name)
{
	struct found *f = &d->found;
	char zone[DNAME_TEXT];

	if (idna_domain(zone, name) != NULL)
		return;
	if (f->n_zones == f->cap_zones) {
		f->cap_zones = f->cap_zones != 0 ? 2 * f->cap_zones : 64;
		f->zones = xrealloc(f->zones, f->cap_zones * sizeof(*f->zones));
	}
	f->zones[f->n_zones++] = (struct found_zone){keep(d, zone), keep(d, a->cfg->name)};
}

/* What a service of the inventory may be called. */
static bool is_service(const char *s)
{
	size_t n = strlen(s);

	return n > 0 && n <= 64 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") == n;
}

static void take_domain(struct discovery *d, const struct step *s, const char *name)
{
	struct found *f = &d->found;
	char domain[DNAME_TEXT];
	struct found_domain x = {.platform = lists[s->list].platform, .account = keep(d, s->a->cfg->name)};
	const char *fault = idna_domain(domain, name);

	x.domain = keep(d, fault == NULL ? domain : name);
	x.fault = fault != NULL ? keep(d, fault) : NULL;
	if (s->list == LIST_EXCHANGE_DOMAINS) {
		x.organization = s->segment[0];
		x.service = s->segment[1];
	} else if (s->list == LIST_PRO_DOMAINS) {
		x.service = s->segment[0];
	}
	if (x.fault == NULL && ((x.service != NULL && !is_service(x.service)) ||
	                               (x.organization != NULL && !is_service(x.organization))))
		x.fault = "is of a service whose name the inventory cannot hold";
	if (x.fault == NULL && is_listed(d, x.domain, x.platform)) {
		f->listed++;
		return;
	}
	if (f->n == f->cap) {
		f->cap = f->cap != 0 ? 2 * f->cap : 64;
		f->list = xrealloc(f->list, f->cap * sizeof(*f->list));
	}
	f->list[f->n++] = x;
}

/* --- asking -------------------------------------------------------------------------------------------------------- */

static void ask_list(
        struct asked *a, enum list list, const char *first, const char *second, const char *cursor);

static void incomplete(struct discovery *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void incomplete(struct discovery *d, const char *fmt, ...)
{
	struct found *f = &d->found;
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ctl_say("%s", text);
	f->incomplete = xrealloc(f->incomplete, (f->n_incomplete + 1) * sizeof(*f->incomplete));
	f->incomplete[f->n_incomplete++] = keep(d, text);
}

/* A list that is not there is empty; a service that is expired has nothing to look after. */
static void not_had(const struct step *s, const struct reader_answer *r)
{
	struct discovery *d = s->a->d;

	if (r->class == API_ABSENT || r->class == API_NO_SERVICE)
		return;
	if (r->class == API_EXPIRED) {
		ctl_say("account %s: %s: expired, left out", s->a->cfg->name, s->path);
		return;
	}
	d->found.zones_unknown = d->found.zones_unknown || s->list == LIST_ZONES;
	if (r->class == API_KEY_DEAD && s->a->refused)
		return;
	s->a->refused = r->class == API_KEY_DEAD;
	if (s->a->refused)
		incomplete(d, "account %s: %s", s->a->cfg->name, r->why);
	else
		incomplete(d, "account %s: GET %s: %s", s->a->cfg->name, s->path, r->why);
}

/* The name in an element: a string as it is, or an object's. */
static const char *name_of(enum list list, const struct json *e)
{
	if (list == LIST_PLATFORMS)
		return json_string(json_get(e, "id"));
	if (list == LIST_ZIMBRA_DOMAINS)
		return json_string(json_get(json_get(e, "currentState"), "name"));
	return json_string(e);
}

static void came(void *arg, const struct reader_answer *r)
{
	struct step *s = arg;
	struct discovery *d = s->a->d;
	enum list below = lists[s->list].below;

	if (r->json == NULL)
		not_had(s, r);
	for (const struct json *e = json_first(r->json); e != NULL; e = json_next(e)) {
		const char *name = name_of(s->list, e);

		if (name == NULL)
			incomplete(
			        d, "account %s: GET %s: an element without a name", s->a->cfg->name, s->path);
		else if (s->list == LIST_ZONES)
			take_zone(d, s->a, name);
		else if (below == LIST_NONE)
			take_domain(d, s, name);
		else if (s->segment[0] == NULL)
			ask_list(s->a, below, keep(d, name), NULL, "");
		else
			ask_list(s->a, below, s->segment[0], keep(d, name), "");
	}
	if (r->json != NULL && r->cursor[0] != '\0')
		ask_list(s->a, s->list, s->segment[0], s->segment[1], r->cursor);
	free(s->path);
	free(s);
}

static void ask_list(
        struct asked *a, enum list list, const char *first, const char *second, const char *cursor)
{
	struct step *s = xcalloc(1, sizeof(*s));
	struct buf path = {0};
	unsigned n = 0;

	*s = (struct step){.a = a, .list = list, .segment = {first, second}};
	for (const char *p = lists[list].path; *p; p++) {
		if (*p == '%')
			url_segment(&path, s->segment[n++]);
		else
			buf_add(&path, p, 1);
	}
	s->path = path.data;
	reader_get(a->reader, s->path, cursor, came, s);
}

/* --- progress ------------------------------------------------------------------------------------------------------ */

static struct reader_progress progress_of(const struct discovery *d)
{
	struct reader_progress all = {0};

	for (size_t i = 0; i < d->n_accounts; i++) {
		if (d->accounts[i].reader == NULL)
			continue;
		struct reader_progress p = reader_progress(d->accounts[i].reader);
		all.answered += p.answered;
		all.waiting += p.waiting;
	}
	return all;
}

static void tell_progress(void *arg)
{
	struct discovery *d = arg;
	struct reader_progress p = progress_of(d);
	int64_t now = loop_boot(d->loop);
	bool terminal = isatty(STDERR_FILENO) == 1;
	char line[160], span[SPAN_TEXT], read[STR_COUNT], domains[STR_COUNT];

	timer_set(d->progress, MS_SECOND, 0);
	if (!terminal && now - d->told < (d->told == d->began ? TELL_FIRST : TELL_EVERY))
		return;
	d->told = now;
	str_format(line, sizeof(line), "%s read, %zu known to be left, %s after %s",
	        str_count(read, p.answered, "list"), p.waiting,
	        str_count(domains, d->found.n + d->found.listed, "domain"),
	        span_format_short(span, (now - d->began) / MS_SECOND * MS_SECOND + MS_SECOND));
	if (terminal)
		fprintf(stderr, "\r\033[K%s", line);
	else
		ctl_say("%s", line);
}

/* --- the whole ----------------------------------------------------------------------------------------------------- */

static void maybe_over(void *arg)
{
	struct discovery *d = arg;

	if (progress_of(d).waiting == 0)
		loop_stop(d->loop);
}

/* Of every account the zones are wanted, so that a domain finds its own; of those asked for the domains too. */
static void begin(struct asked *a, struct http *http, bool wanted)
{
	static const enum list roots[] = {LIST_ORGANIZATIONS, LIST_PROS, LIST_MX_DOMAINS, LIST_PLATFORMS};

	a->reader = reader_new(a->d->loop, http, a->cfg, a->cred, maybe_over, a->d);
	ask_list(a, LIST_ZONES, NULL, NULL, "");
	for (size_t i = 0; wanted && i < ARRAY_SIZE(roots); i++)
		ask_list(a, roots[i], NULL, NULL, "");
}

static void run(struct discovery *d, const char *only)
{
	unsigned connections = 0;

	for (size_t i = 0; i < d->n_accounts; i++)
		connections += (unsigned)d->accounts[i].cfg->connections;
	struct http *http = http_new(d->loop, "dkimrotctl/" DKIMROTD_VERSION,
	        connections < CONNECTIONS_MOST ? connections : CONNECTIONS_MOST, 0);
	d->progress = timer_new(d->loop, tell_progress, d);
	d->began = d->told = loop_boot(d->loop);
	for (size_t i = 0; i < d->n_accounts; i++)
		if (d->accounts[i].cred != NULL)
			begin(&d->accounts[i], http, only == NULL || str_eq(only, d->accounts[i].cfg->name));
	if (progress_of(d).waiting != 0) {
		timer_set(d->progress, MS_SECOND, 0);
		loop_run(d->loop);
	}
	if (isatty(STDERR_FILENO) == 1)
		fputs("\r\033[K", stderr);
	timer_free(d->progress);
	for (size_t i = 0; i < d->n_accounts; i++)
		if (d->accounts[i].reader != NULL)
			reader_free(d->accounts[i].reader);
	http_free(http);
}

static void load_accounts(struct discovery *d, const char *only)
{
	const struct config *c = d->site->config;
	struct diags diags = {0};

	d->n_accounts = c->n_accounts;
	d->accounts = xcalloc(c->n_accounts, sizeof(*d->accounts));
	for (size_t i = 0; i < c->n_accounts; i++) {
		struct asked *a = &d->accounts[i];

		*a = (struct asked){.d = d, .cfg = &c->accounts[i]};
		a->cred = creds_load(c, a->cfg, getenv("CREDENTIALS_DIRECTORY"), &diags);
		if (a->cred == NULL && (only == NULL || str_eq(only, a->cfg->name)))
			incomplete(d, "account %s: its credentials cannot be used", a->cfg->name);
		d->found.zones_unknown = d->found.zones_unknown || a->cred == NULL;
	}
	site_print_faults(&diags);
	diags_clear(&diags);
}

static void discovery_free(struct discovery *d)
{
	for (size_t i = 0; i < d->n_accounts; i++)
		credentials_free(d->accounts[i].cred);
	free(d->accounts);
	free(d->found.list);
	free(d->found.zones);
	free(d->found.incomplete);
	arena_free(d->found.arena);
	loop_free(d->loop);
}

int ctl_discover(const struct ctl *c, char **args, int n)
{
	struct site site;
	int rc = site_read(c, &site);
	struct buf out = {0};

	(void)args;
	(void)n;
	if (rc == CTL_DONE && c->account != NULL && config_account(site.config, c->account) == NULL) {
		ctl_say("no account %s in %s", c->account, site.config->file);
		rc = CTL_REFUSED;
	}
	if (rc == CTL_DONE) {
		struct discovery d = {.site = &site, .loop = loop_new()};

		d.found.arena = arena_new();
		load_accounts(&d, c->account);
		run(&d, c->account);
		found_finish(&d.found);
		if (c->json)
			found_json(&d.found, &out);
		else
			found_yaml(&d.found, &out);
		fputs(out.data, stdout);
		rc = d.found.n_incomplete == 0 ? CTL_DONE : CTL_REFUSED;
		discovery_free(&d);
	}
	buf_free(&out);
	site_free(&site);
	return rc;
}
