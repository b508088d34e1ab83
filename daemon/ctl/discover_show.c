/* What was found as an inventory: text that `dkimrotctl check` accepts, whatever the API said. A name that the inventory
 * could not take becomes a comment. */
#include "ctl/discover.h"

#include <stdlib.h>
#include <string.h>

#include "codec/json.h"

static int compare_zones(const void *pa, const void *pb)
{
	const struct found_zone *a = pa, *b = pb;

	return strcmp(a->zone, b->zone);
}

static int compare_domains(const void *pa, const void *pb)
{
	const struct found_domain *a = pa, *b = pb;
	int order = strcmp(a->domain, b->domain);

	if (order == 0)
		order = (a->platform > b->platform) - (a->platform < b->platform);
	return order != 0 ? order : strcmp(a->account, b->account);
}

/* The zone of ours that the domain lies in: itself, or the nearest parent. Of an account that has both, its own. */
static const struct found_zone *zone_of(const struct found *f, const struct found_domain *d)
{
	for (const char *name = d->domain; name != NULL && *name; name = strchr(name, '.')) {
		name += *name == '.';
		const struct found_zone key = {.zone = name},
		                        *z = f->n_zones == 0 ? NULL
		                                             : bsearch(&key, f->zones, f->n_zones,
		                                                       sizeof(key), compare_zones);
		if (z == NULL)
			continue;
		for (const struct found_zone *i = f->zones; i < f->zones + f->n_zones; i++)
			if (str_eq(i->zone, z->zone) && str_eq(i->account, d->account))
				return i;
		return z;
	}
	return NULL;
}

/* A domain of a Zimbra platform shows among those of MX Plan too: it is one domain. */
static bool same(const struct found_domain *a, const struct found_domain *b)
{
	bool mail = a->platform == PLATFORM_MXPLAN && b->platform == PLATFORM_ZIMBRA;

	return str_eq(a->domain, b->domain) && (mail || a->platform == b->platform);
}

void found_finish(struct found *f)
{
	size_t kept = 0;

	if (f->n_zones != 0)
		qsort(f->zones, f->n_zones, sizeof(*f->zones), compare_zones);
	if (f->n != 0)
		qsort(f->list, f->n, sizeof(*f->list), compare_domains);
	for (size_t i = 0; i < f->n; i++) {
		struct found_domain *d = &f->list[i];

		if (i + 1 < f->n && same(d, d + 1))
			continue;
		const struct found_zone *z = d->fault == NULL ? zone_of(f, d) : NULL;
		if (z != NULL) {
			d->zone = z->zone;
			d->zone_account = z->account;
		}
		f->list[kept++] = *d;
	}
	f->n = kept;
}

/* --- who writes the records ---------------------------------------------------------------------------------------- */

/* The word to write down, NULL where the inventory's default is right. MX Plan and Zimbra write their own records into
 * zones of their own account. */
static const char *dns_word(const struct found_domain *d)
{
	bool platform = d->platform == PLATFORM_MXPLAN || d->platform == PLATFORM_ZIMBRA;

	if (d->zone == NULL)
		return "manual";
	return platform && !str_eq(d->zone_account, d->account) ? "ovh" : NULL;
}

static void key(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, "    %s: ", name);
	struct json_w *w = json_w_open(out); /* a JSON string is a YAML string, whatever is in it */
	json_w_str(w, value);
	json_w_close(w);
	buf_puts(out, "\n");
}

/* Plain where nothing can be misread: hosts and names of services. */
static void plain(struct buf *out, const char *name, const char *value)
{
	buf_printf(out, "    %s: %s\n", name, value);
}

static void entry(struct buf *out, const struct found_domain *d)
{
	const char *dns = dns_word(d);

	buf_printf(out, "  - domain: %s\n", d->domain);
	plain(out, "platform", platform_word(d->platform));
	if (d->service != NULL)
		plain(out, "service", d->service);
	if (d->organization != NULL && !str_eq(d->organization, d->service))
		plain(out, "organization", d->organization);
	if (d->platform == PLATFORM_ZIMBRA)
		plain(out, "zimbra_api", "v2");
	if (!str_eq(d->account, "default"))
		key(out, "account", d->account);
	if (dns != NULL)
		plain(out, "dns", dns);
	if (d->zone != NULL && !str_eq(d->zone, d->domain))
		plain(out, "zone", d->zone);
	if (d->zone != NULL && !str_eq(d->zone_account, d->account))
		key(out, "zone_account", d->zone_account);
}

static void comment(struct buf *out, const char *what, const char *text)
{
	char clean[STR_CLEAN_MAX + 1];

	buf_printf(out, "# %s: %s\n", what, str_clean(clean, sizeof(clean), text));
}

void found_yaml(const struct found *f, struct buf *out)
{
	size_t good = 0;

	for (size_t i = 0; i < f->n; i++)
		good += f->list[i].fault == NULL;
	buf_printf(out, "# %zu e-mail domain%s that no inventory file lists", good, good == 1 ? "" : "s");
	if (f->listed != 0)
		buf_printf(out, "; %zu more are listed", f->listed);
	buf_puts(out, "\n");
	for (size_t i = 0; i < f->n_incomplete; i++)
		comment(out, "this is not all", f->incomplete[i]);
	if (f->zones_unknown)
		buf_puts(out,
		        "# the zones of an account could not be had: dns may be ovh where manual stands\n");
	for (size_t i = 0; i < f->n; i++)
		if (f->list[i].fault != NULL) {
			char *text = xasprintf("%s %s", f->list[i].domain, f->list[i].fault);

			comment(out, "left out", text);
			free(text);
		}
	buf_puts(out, good == 0 ? "domains: []\n" : "domains:\n");
	for (size_t i = 0; i < f->n; i++)
		if (f->list[i].fault == NULL)
			entry(out, &f->list[i]);
}

void found_json(const struct found *f, struct buf *out)
{
	struct json_w *w = json_w_open(out);

	json_w_object(w);
	json_w_key(w, "domains");
	json_w_array(w);
	for (size_t i = 0; i < f->n; i++) {
		const struct found_domain *d = &f->list[i];

		if (d->fault != NULL)
			continue;
		json_w_object(w);
		json_w_kstr(w, "domain", d->domain);
		json_w_kstr(w, "platform", platform_word(d->platform));
		json_w_kstr(w, "account", d->account);
		if (d->service != NULL)
			json_w_kstr(w, "service", d->service);
		if (d->organization != NULL)
			json_w_kstr(w, "organization", d->organization);
		if (d->platform == PLATFORM_ZIMBRA)
			json_w_kstr(w, "zimbra_api", "v2");
		if (dns_word(d) != NULL)
			json_w_kstr(w, "dns", dns_word(d));
		json_w_kstr(w, "zone", d->zone);
		json_w_kstr(w, "zone_account", d->zone_account);
		json_w_end(w);
	}
	json_w_end(w);
	json_w_kint(w, "listed", (int64_t)f->listed);
	json_w_key(w, "incomplete");
	json_w_array(w);
	for (size_t i = 0; i < f->n_incomplete; i++)
		json_w_str(w, f->incomplete[i]);
	json_w_end(w);
	json_w_end(w);
	json_w_close(w);
	buf_puts(out, "\n");
}
