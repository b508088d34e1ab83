/* explain DOMAIN: in sentences, where it is, why, whom it waits on and since when, the evidence, what comes next and what
 * a person could do. */
#include <stdio.h>
#include <stdlib.h>

#include "core/span.h"
#include "ctl/advice.h"
#include "ctl/view.h"

static const char *who(const char *waits_on)
{
	static const char *const pairs[][2] = {
	        {"nobody", "nobody: it goes on by itself"},
	        {"time", "nothing but time"},
	        {"ovhcloud", "OVHcloud"},
	        {"dns", "the DNS"},
	        {"person", "a person"},
	        {"budget", "its turn, within the limits that are set"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
		if (str_eq(pairs[i][0], waits_on))
			return pairs[i][1];
	return waits_on ? waits_on : "it does not say whom";
}

/* "2026-11-20T10:00:00Z (in 3d 2h)" */
static void put_time(struct buf *out, int64_t at, int64_t now)
{
	char text[TIME_TEXT], when[SHOWN_WHEN];

	buf_printf(out, "%s (%s)", time_text(text, at), shown_when(when, at, now));
}

static void put_where(const struct shown_domain *d, const struct screen *s, struct buf *out)
{
	screen_put(s, out, STYLE_BOLD, d->domain);
	buf_printf(out, " (%s, account %s): phase ", d->platform ? d->platform : "?",
	        d->account ? d->account : "?");
	screen_put(s, out, view_style(d), d->phase);
	buf_puts(out, ", condition ");
	screen_put(s, out, view_style(d), d->condition);
	buf_puts(out, ".\n\n");
	buf_printf(out, "Why         %s.\n", shown_sentence(d->reason));
	if (d->detail)
		buf_printf(out, "            %s\n", d->detail);
	if (d->paused)
		buf_printf(out, "Paused      %s\n", d->paused);
	if (!d->signing)
		buf_puts(out, "Signs       no\n");
	else
		buf_printf(out, "Signs       yes, with %s\n",
		        d->active ? d->active : "a selector that the API does not name");
	buf_printf(out, "Waits on    %s\n", who(d->waits_on));
	if (d->since) {
		buf_puts(out, "Since       ");
		put_time(out, d->since, d->now);
		buf_puts(out, "\n");
	}
}

/* --- the evidence -------------------------------------------------------------------------------------------------- */

static const char *clean_text(char dst[STR_CLEAN_MAX + 1], const struct json *object, const char *key)
{
	const char *text = json_string(json_get(object, key));

	return text != NULL ? str_clean(dst, STR_CLEAN_MAX + 1, text) : NULL;
}

/* "ns1.example (192.0.2.1) says ok: x.example, TTL 1h, asked in 12 ms" */
static void put_server(const struct json *j, const char *otherwise, struct buf *out)
{
	char name[STR_CLEAN_MAX + 1], address[STR_CLEAN_MAX + 1], said[STR_CLEAN_MAX + 1],
	        target[STR_CLEAN_MAX + 1], why[STR_CLEAN_MAX + 1], span[SPAN_TEXT];
	const char *a = clean_text(address, j, "address"), *t = clean_text(target, j, "target"),
	           *w = clean_text(why, j, "why"), *n = clean_text(name, j, "name");
	const char *what = clean_text(said, j, "said");
	int64_t ttl = 0, took = -1;

	if (what == NULL)
		return;
	json_int64(json_get(j, "ttl"), &ttl);
	json_int64(json_get(j, "took_ms"), &took);
	buf_printf(out, "            %s", n != NULL ? n : otherwise);
	if (a != NULL)
		buf_printf(out, " (%s)", a);
	if (str_eq(what, "silent"))
		buf_puts(out, " is silent");
	else
		buf_printf(out, " says: %s", what);
	if (t != NULL)
		buf_printf(out, " %s", t);
	if (w != NULL)
		buf_printf(out, ": %s", w);
	if (ttl > 0)
		buf_printf(out, ", TTL %s", span_format_short(span, ttl * MS_SECOND));
	if (took >= 0)
		buf_printf(out, ", after %lld ms", (long long)took);
	buf_puts(out, "\n");
}

static void put_instant(
        const struct json *e, const char *key, const char *words, int64_t now, struct buf *out)
{
	const char *text = json_string(json_get(e, key));
	int64_t at = 0;

	if (text == NULL || !time_parse(text, &at))
		return;
	buf_printf(out, "            %s ", words);
	put_time(out, at, now);
	buf_puts(out, "\n");
}

/* What the last look found: the verdict, then each server's own words. */
static void put_evidence(const struct json *e, int64_t now, struct buf *out)
{
	char record[STR_CLEAN_MAX + 1], dnssec[STR_CLEAN_MAX + 1], key[STR_CLEAN_MAX + 1],
	        detail[STR_CLEAN_MAX + 1], span[SPAN_TEXT];
	const char *at = json_string(json_get(e, "at")), *d = clean_text(detail, e, "detail");
	const char *r = clean_text(record, e, "record"), *k = clean_text(key, json_get(e, "key"), "dns"),
	           *s = clean_text(dnssec, e, "dnssec");
	int64_t seen = 0, unheard = 0, wait = 0;
	char more[STR_COUNT];

	if (at == NULL || !time_parse(at, &seen))
		return;
	buf_puts(out, "  seen      ");
	put_time(out, seen, now);
	buf_printf(out, ": record %s, key %s, DNSSEC %s\n", r ? r : "unknown", k ? k : "unknown",
	        s ? s : "unknown");
	if (d != NULL)
		buf_printf(out, "            %s\n", d);
	for (const struct json *j = json_first(json_get(e, "servers")); j != NULL; j = json_next(j))
		put_server(j, "a server", out);
	json_int64(json_get(e, "servers_not_shown"), &unheard);
	if (unheard > 0)
		buf_printf(out, "            and %s\n", str_count(more, (uint64_t)unheard, "more server"));
	put_server(json_get(e, "recursive"), "the resolver", out);
	put_instant(e, "right_since", "right since", now, out);
	put_instant(e, "wrong_since", "wrong since", now, out);
	json_int64(json_get(e, "wait_seconds"), &wait);
	if (wait > 0)
		buf_printf(out, "            a switch to it waits %s after that, for the longest TTL\n",
		        span_format_short(span, wait * MS_SECOND));
}

/* The evidence of a selector by its name, in the daemon's own JSON of the domain. */
static const struct json *evidence_of(const struct json *domain, const char *name)
{
	for (const struct json *s = json_first(json_get(domain, "selectors")); s != NULL; s = json_next(s))
		if (str_eq(json_string(json_get(s, "name")), name))
			return json_get(s, "evidence");
	return NULL;
}

static void put_selector(const struct shown_domain *d, const struct shown_selector *x,
        const struct json *evidence, const struct screen *s, struct buf *out)
{
	buf_puts(out, "\n");
	screen_put(s, out, STYLE_BOLD, x->name ? x->name : "?");
	buf_printf(out, ": %s, %s%s\n", x->state ? x->state : "unknown", x->role ? x->role : "unknown",
	        d->active && str_eq(d->active, x->name) ? ", signs" : "");
	if (x->target)
		buf_printf(out, "  record    %s. CNAME %s.\n", x->record ? x->record : "?", x->target);
	buf_printf(out, "  dns       %s", x->dns ? x->dns : "unknown");
	if (x->bits)
		buf_printf(out, ", a key of %lld bits", (long long)x->bits);
	buf_puts(out, "\n");
	put_evidence(evidence, d->now, out);
	if (x->signing_since) {
		buf_puts(out, "  signs     since ");
		put_time(out, x->signing_since, d->now);
		buf_puts(out, "\n");
	}
	if (x->stopped) {
		buf_puts(out, "  signed    until ");
		put_time(out, x->stopped, d->now);
		buf_puts(out, "\n");
	}
	if (x->delete_after) {
		buf_puts(out, "  deleted   not before ");
		put_time(out, x->delete_after, d->now);
		buf_puts(out, "\n");
	}
}

static void put_ahead(const struct shown_domain *d, struct buf *out)
{
	buf_printf(out, "\nNext        %s", d->action ? d->action : "look");
	if (d->next_at) {
		buf_puts(out, ", ");
		put_time(out, d->next_at, d->now);
	}
	if (d->next_look) {
		buf_puts(out, "\nNext look   ");
		put_time(out, d->next_look, d->now);
	}
	if (d->rotated) {
		buf_puts(out, "\nRotated     ");
		put_time(out, d->rotated, d->now);
	}
	if (d->next_rotation) {
		buf_puts(out, "\nRotation    due ");
		put_time(out, d->next_rotation, d->now);
	}
	buf_puts(out, "\n");
}

static void put_advice(const struct shown_domain *d, struct buf *out)
{
	if (d->diagnosed && d->message) {
		buf_puts(out, "\nDiagnosis   ");
		if (d->code)
			buf_printf(out, "%lld, ", (long long)d->code);
		buf_printf(out, "%s.\n", d->message);
	}
	buf_printf(out, "\nTo do       %s\n",
	        d->diagnosed && d->remedy ? d->remedy : advice(d->reason, d->phase));
}

int ctl_explain(const struct ctl *c, char **args, int n)
{
	struct gathered g;
	int rc = gather(c, args, n, GATHER_WHOLE, &g, NULL, 0);
	struct buf out = {0};

	if (rc == CTL_DONE && c->json) {
		/* one domain, as the daemon wrote it: the array's brackets are ours */
		printf("%.*s\n", (int)g.domains.len - 2, g.domains.data + 1);
	} else if (rc == CTL_DONE && g.shown->n == 1) {
		struct screen s = screen_of(c);
		const struct shown_domain *d = &g.shown->list[0];
		const struct json *all = NULL;

		json_parse(g.domains.data, g.domains.len, JSON_MAX_LOCAL, &all, NULL, 0);
		put_where(d, &s, &out);
		for (size_t i = 0; i < d->n_selectors; i++)
			put_selector(d, &d->selectors[i], evidence_of(json_first(all), d->selectors[i].name),
			        &s, &out);
		json_free(all);
		put_ahead(d, &out);
		put_advice(d, &out);
		view_trouble(g.status.json, &out);
		fputs(out.data, stdout);
	}
	buf_free(&out);
	gather_free(&g);
	return rc;
}
