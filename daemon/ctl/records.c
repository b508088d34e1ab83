/* records: the DNS records that the domains need, as lines of a zone file, with how the DNS has them now as a comment. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/gather.h"

struct row {
	const struct shown_domain *domain;
	const struct shown_selector *selector;
};

/* In a zone file nothing but a host name may stand where a host name belongs. */
static bool is_host(const char *s)
{
	return s && *s &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == strlen(s);
}

/* The record itself is not as it should be; a key that is bad, and a look that failed, are no matter of the zone. */
static bool missing(const struct shown_selector *s)
{
	return str_eq(s->dns, "missing") || str_eq(s->dns, "partial") || str_eq(s->dns, "wrong") ||
	       str_eq(s->dns, "flattened");
}

static bool needed(const struct shown_selector *s)
{
	return !str_eq(s->state, "absent") && !str_eq(s->state, "deleting") && !str_eq(s->role, "foreign");
}

static int compare(const void *pa, const void *pb)
{
	const struct row *a = pa, *b = pb;
	int order = strcmp(a->domain->zone, b->domain->zone);

	if (!order)
		order = strcmp(a->domain->domain, b->domain->domain);
	return order ? order
	             : strcmp(a->selector->name ? a->selector->name : "",
	                       b->selector->name ? b->selector->name : "");
}

static size_t collect(const struct ctl *c, const struct shown *all, struct row **ret)
{
	struct row *rows = NULL;
	size_t n = 0, cap = 0;

	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; k < all->list[i].n_selectors; k++) {
			const struct shown_selector *s = &all->list[i].selectors[k];

			if (!needed(s) || (c->missing && !missing(s)))
				continue;
			if (n == cap)
				rows = xrealloc(rows, (cap = cap ? cap * 2 : 64) * sizeof(*rows));
			rows[n++] = (struct row){&all->list[i], s};
		}
	if (n)
		qsort(rows, n, sizeof(*rows), compare);
	*ret = rows;
	return n;
}

/* Whatever comes after the ';' is a comment whatever it says: control characters were cleaned away. */
static void print_row(const struct row *r, size_t width)
{
	const struct shown_selector *s = r->selector;
	char *record = xasprintf("%s._domainkey.%s.", s->name ? s->name : "", r->domain->domain);
	bool known = is_host(s->target) && is_host(s->record ? s->record : record);

	if (s->record) {
		free(record);
		record = xasprintf("%s.", s->record);
	}
	if (known)
		printf("%-*s IN CNAME %s. ; %s; %s, %s\n", (int)width, record, s->target, s->dns,
		        r->domain->platform, s->role);
	else
		printf("; %s OVHcloud has not named its target yet (%s, %s)\n", record, r->domain->platform,
		        s->state);
	free(record);
}

static void print_json(const struct row *rows, size_t n)
{
	struct buf b = {0};
	struct json_w *w = json_w_open(&b);

	json_w_array(w);
	for (size_t i = 0; i < n; i++) {
		json_w_object(w);
		json_w_kstr(w, "zone", rows[i].domain->zone);
		json_w_kstr(w, "domain", rows[i].domain->domain);
		json_w_kstr(w, "platform", rows[i].domain->platform);
		json_w_kstr(w, "selector", rows[i].selector->name);
		json_w_kstr(w, "role", rows[i].selector->role);
		json_w_kstr(w, "record", rows[i].selector->record);
		json_w_kstr(w, "target", rows[i].selector->target);
		json_w_kstr(w, "dns", rows[i].selector->dns);
		json_w_end(w);
	}
	json_w_end(w);
	json_w_close(w);
	printf("%s\n", b.data);
	buf_free(&b);
}

static void print_zones(const struct row *rows, size_t n)
{
	const char *zone = NULL;
	size_t width = 0;

	for (size_t i = 0; i < n; i++)
		if (rows[i].selector->record && strlen(rows[i].selector->record) + 1 > width)
			width = strlen(rows[i].selector->record) + 1;
	for (size_t i = 0; i < n; i++) {
		if (!zone || strcmp(zone, rows[i].domain->zone) != 0)
			printf("%s; zone %s\n", zone ? "\n" : "", rows[i].domain->zone);
		zone = rows[i].domain->zone;
		print_row(&rows[i], width);
	}
}

int ctl_records(const struct ctl *c, char **args, int n)
{
	struct gathered g;
	int rc = gather(c, args, n, &g, NULL, 0);

	if (rc != CTL_NO_DAEMON) {
		struct row *rows;
		size_t n_rows = collect(c, g.shown, &rows);

		if (c->json)
			print_json(rows, n_rows);
		else
			print_zones(rows, n_rows);
		free(rows);
	}
	gather_free(&g);
	return rc;
}
