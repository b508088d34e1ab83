/* records: the DNS records that the domains need, as lines of a zone file, with how the DNS has them now as a comment. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/gather.h"

struct row {
	const struct shown_domain *domain;
	const struct shown_selector *selector; /* NULL: a record of a key of our own */
	const struct shown_record *record;
};

static const char *row_name(const struct row *r)
{
	const char *name = r->record ? r->record->name : r->selector->name;

	return name ? name : "";
}

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
	return order ? order : strcmp(row_name(a), row_name(b));
}

static size_t collect(const struct ctl *c, const struct shown *all, struct row **ret)
{
	size_t n = 0, most = 0;

	for (size_t i = 0; i < all->n; i++)
		most += all->list[i].n_selectors + all->list[i].n_records;
	struct row *rows = xcalloc(most + 1, sizeof(*rows));
	for (size_t i = 0; i < all->n; i++) {
		const struct shown_domain *d = &all->list[i];
		bool own = str_eq(d->platform, "external");

		for (size_t k = 0; !own && k < d->n_selectors; k++)
			if (needed(&d->selectors[k]) && (!c->missing || missing(&d->selectors[k])))
				rows[n++] = (struct row){d, &d->selectors[k], NULL};
		for (size_t k = 0; own && k < d->n_records; k++)
			if (!c->missing || !d->records[k].seen)
				rows[n++] = (struct row){d, NULL, &d->records[k]};
	}
	if (n)
		qsort(rows, n, sizeof(*rows), compare);
	*ret = rows;
	return n;
}

/* Texts of more than 255 bytes are several strings (RFC 1035 section 3.3.14). What is to go is a comment. */
static void print_key(const struct shown_record *r, size_t width)
{
	if (!is_host(r->name))
		return;
	printf("%s%s.%*s ", r->absent ? "; to be removed: " : "", r->name,
	        width > strlen(r->name) + 1 ? (int)(width - strlen(r->name) - 1) : 0, "");
	if (r->ttl)
		printf("%lld ", (long long)r->ttl);
	if (str_eq(r->type, "CNAME")) {
		printf("IN CNAME %s.", r->data);
	} else {
		size_t n = strlen(r->data);

		printf("IN TXT");
		for (size_t at = 0; at < n; at += 255)
			printf(" \"%.255s\"", r->data + at);
	}
	printf(" ; %s, external\n", r->seen ? "ok" : "not seen so");
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
		printf("%-*s IN CNAME %s. ; %s%s%s; %s, %s\n", (int)width, record, s->target, s->dns,
		        s->dns_detail ? ": " : "", s->dns_detail ? s->dns_detail : "", r->domain->platform,
		        s->role);
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
		if (rows[i].record) {
			json_w_kstr(w, "record", rows[i].record->name);
			json_w_kstr(w, "type", rows[i].record->type);
			json_w_kint(w, "ttl", rows[i].record->ttl);
			json_w_kstr(w, "data", rows[i].record->data);
			json_w_kbool(w, "absent", rows[i].record->absent);
			json_w_kbool(w, "seen", rows[i].record->seen);
			json_w_end(w);
			continue;
		}
		json_w_kstr(w, "selector", rows[i].selector->name);
		json_w_kstr(w, "role", rows[i].selector->role);
		json_w_kstr(w, "record", rows[i].selector->record);
		json_w_kstr(w, "target", rows[i].selector->target);
		json_w_kstr(w, "dns", rows[i].selector->dns);
		if (rows[i].selector->dns_detail)
			json_w_kstr(w, "detail", rows[i].selector->dns_detail);
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
		if (rows[i].record && strlen(rows[i].record->name) + 1 > width)
			width = strlen(rows[i].record->name) + 1;
		else if (rows[i].selector && rows[i].selector->record &&
		         strlen(rows[i].selector->record) + 1 > width)
			width = strlen(rows[i].selector->record) + 1;
	for (size_t i = 0; i < n; i++) {
		if (!zone || strcmp(zone, rows[i].domain->zone) != 0)
			printf("%s; zone %s\n", zone ? "\n" : "", rows[i].domain->zone);
		zone = rows[i].domain->zone;
		if (rows[i].record)
			print_key(rows[i].record, width);
		else if (rows[i].selector)
			print_row(&rows[i], width);
	}
}

int ctl_records(const struct ctl *c, char **args, int n)
{
	struct gathered g;
	int rc = gather(c, args, n, GATHER_WHOLE, &g, NULL, 0);

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
