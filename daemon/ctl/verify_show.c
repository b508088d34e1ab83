/* How verify-message shows what it found: sentences for people, one object for programs. Everything that came with the
 * message is a stranger's text and is cleaned before it is shown. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/table.h"
#include "ctl/verify.h"

static const char *const claiming[] = {"Authentication-Results", "ARC-Authentication-Results"};

/* ---- for people ---- */

static enum style style_of(const struct dkim_signature *s)
{
	return s->result == DKIM_PASS ? STYLE_GOOD : s->result == DKIM_TEMPERROR ? STYLE_WARN : STYLE_BAD;
}

static void put_key(const struct verified *v, const struct dkim_signature *s, struct buf *out)
{
	const struct shown_domain *d = NULL;
	const struct shown_selector *key = verified_key(v, s, &d);

	if (key)
		buf_printf(out, "            our key: %s on %s is %s, %s; the domain's phase is %s\n",
		        key->name, d->platform ? d->platform : "?", key->state ? key->state : "unknown",
		        key->role ? key->role : "unknown", d->phase ? d->phase : "unknown");
	else if (d)
		buf_printf(out, "            the domain is ours, but %s is none of its selectors\n",
		        s->selector);
	else if (v->no_daemon && v->known.shown->n == 0)
		buf_puts(out,
		        "            whether it is a key of ours is not known: no daemon and no state\n");
	else
		buf_puts(out, "            not a domain of our inventory\n");
}

static void put_signature(const struct verified *v, size_t i, const struct screen *screen, struct buf *out)
{
	const struct dkim_signature *s = &v->list[i];

	buf_printf(out, "\nSignature   %s._domainkey.%s, %s", s->selector, s->domain, s->algorithm);
	if (s->key_bits && str_prefix(s->algorithm, "rsa"))
		buf_printf(out, ", a key of %u bits", s->key_bits);
	buf_puts(out, "\n            ");
	screen_put(screen, out, style_of(s), dkim_result_word(s->result));
	if (s->result == DKIM_PASS)
		buf_puts(out, ": it holds with the key that is in the DNS now\n");
	else
		buf_printf(out, ": %s\n", s->why);
	if (s->partial)
		buf_puts(out,
		        "            it does not cover the end of the body (l=): anybody may add to it\n");
	if (s->test_key)
		buf_puts(out, "            the key is in test mode (t=y): receivers treat the message as "
		              "unsigned\n");
	if (v->from[0] && !verified_aligned(v, s))
		buf_printf(out, "            it does not speak for the author: From: is of %s\n", v->from);
	put_key(v, s, out);
}

/* "dkim=pass (mydomain.ovh, ovhex1-selector1), spf=pass" */
static void put_claims(const char *value, const char *title, struct buf *out)
{
	struct mail_result list[MAIL_RESULTS_MAX];
	char who[256], clean[STR_CLEAN_MAX + 1];
	size_t n = mail_results(value, who, sizeof(who), list);

	buf_printf(out, "\n%-11s %s says", title, str_clean(clean, sizeof(clean), who[0] ? who : "somebody"));
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "%s %s=", i ? "," : "", str_clean(clean, sizeof(clean), list[i].method));
		buf_puts(out, str_clean(clean, sizeof(clean), list[i].result));
		if (list[i].domain[0] == '\0')
			continue;
		buf_printf(out, " (%s", str_clean(clean, sizeof(clean), list[i].domain));
		if (list[i].selector[0])
			buf_printf(out, ", %s", str_clean(clean, sizeof(clean), list[i].selector));
		buf_puts(out, ")");
	}
	buf_puts(out, n ? "\n" : " nothing that can be read\n");
}

/* ARC-Authentication-Results begins with its instance: "i=1; mx.example; dkim=pass". */
static const char *behind_instance(const char *value)
{
	const char *end = strchr(value, ';');
	char i[8];

	return end && mail_tag(value, "i", i, sizeof(i)) ? end + 1 + strspn(end + 1, " ") : value;
}

static void put_seal(const char *value, struct buf *out)
{
	char i[8] = "?", cv[16] = "?", domain[256] = "?", clean[STR_CLEAN_MAX + 1];

	mail_tag(value, "i", i, sizeof(i));
	mail_tag(value, "cv", cv, sizeof(cv));
	mail_tag(value, "d", domain, sizeof(domain));
	buf_printf(out, "\nARC         set %s", str_clean(clean, sizeof(clean), i));
	buf_printf(out, " sealed by %s", str_clean(clean, sizeof(clean), domain));
	buf_printf(out, ", who says of the chain before it: cv=%s (the seal itself is not checked)\n",
	        str_clean(clean, sizeof(clean), cv));
}

static void put_others(const struct verified *v, struct buf *out)
{
	for (size_t i = 0; i < v->mail.n; i++) {
		const struct mail_field *f = &v->mail.fields[i];
		char *value = mail_value(f);

		if (mail_is(f, claiming[0]))
			put_claims(value, "Claim", out);
		else if (mail_is(f, claiming[1]))
			put_claims(behind_instance(value), "ARC claim", out);
		else if (mail_is(f, "ARC-Seal"))
			put_seal(value, out);
		free(value);
	}
}

void verified_page(const struct ctl *c, const struct verified *v)
{
	struct screen screen = screen_of(c);
	char clean[STR_CLEAN_MAX + 1];
	struct buf out = {0};

	buf_printf(&out, "From        %s\n",
	        v->from[0] ? str_clean(clean, sizeof(clean), v->from) : "(no single author's domain)");
	if (v->n == 0)
		buf_puts(&out, "\nSignature   none: the message is not signed\n");
	for (size_t i = 0; i < v->n; i++)
		put_signature(v, i, &screen, &out);
	put_others(v, &out);
	buf_puts(&out, "\n");
	if (verified_holds(v))
		screen_put(&screen, &out, STYLE_GOOD, "A signature of the author's domain holds.");
	else
		screen_put(&screen, &out, STYLE_BAD, "No signature of the author's domain holds.");
	buf_puts(&out, "\n");
	fputs(out.data, stdout);
	buf_free(&out);
}

/* ---- for programs ---- */

static void json_str(struct json_w *w, const char *key, const char *s)
{
	char clean[STR_CLEAN_MAX + 1];

	if (s && *s)
		json_w_kstr(w, key, str_clean(clean, sizeof(clean), s));
	else
		json_w_knull(w, key);
}

static void json_signature(const struct verified *v, const struct dkim_signature *s, struct json_w *w)
{
	const struct shown_domain *d = NULL;
	const struct shown_selector *key = verified_key(v, s, &d);

	json_w_object(w);
	json_str(w, "domain", s->domain);
	json_str(w, "selector", s->selector);
	json_str(w, "algorithm", s->algorithm);
	json_w_kint(w, "key_bits", s->key_bits);
	json_w_kstr(w, "result", dkim_result_word(s->result));
	json_str(w, "why", s->why);
	json_w_kbool(w, "author", verified_aligned(v, s));
	json_w_kbool(w, "test_mode", s->test_key);
	json_w_kbool(w, "partial", s->partial);
	json_w_kbool(w, "ours", d != NULL);
	json_str(w, "platform", d ? d->platform : NULL);
	json_str(w, "phase", d ? d->phase : NULL);
	json_str(w, "state", key ? key->state : NULL);
	json_str(w, "role", key ? key->role : NULL);
	json_w_end(w);
}

static void json_claims(const struct mail_field *f, struct json_w *w)
{
	struct mail_result list[MAIL_RESULTS_MAX];
	char *value = mail_value(f), who[256], instance[8] = "";
	bool arc = mail_is(f, claiming[1]);

	if (arc)
		mail_tag(value, "i", instance, sizeof(instance));
	size_t n = mail_results(arc ? behind_instance(value) : value, who, sizeof(who), list);
	json_w_object(w);
	json_str(w, "by", who);
	json_str(w, "arc", instance);
	json_w_key(w, "results");
	json_w_array(w);
	for (size_t i = 0; i < n; i++) {
		json_w_object(w);
		json_str(w, "method", list[i].method);
		json_str(w, "result", list[i].result);
		json_str(w, "domain", list[i].domain);
		json_str(w, "selector", list[i].selector);
		json_w_end(w);
	}
	json_w_end(w);
	json_w_end(w);
	free(value);
}

static void json_seal(const struct mail_field *f, struct json_w *w)
{
	static const char *const tags[][2] = {{"i", "arc"}, {"d", "by"}, {"s", "selector"}, {"cv", "chain"}};
	char *value = mail_value(f), text[256];

	json_w_object(w);
	for (size_t i = 0; i < ARRAY_SIZE(tags); i++)
		json_str(w, tags[i][1], mail_tag(value, tags[i][0], text, sizeof(text)) ? text : NULL);
	json_w_end(w);
	free(value);
}

void verified_json(const struct verified *v)
{
	struct buf b = {0};
	struct json_w *w = json_w_open(&b);

	json_w_object(w);
	json_str(w, "from", v->from);
	json_w_kbool(w, "holds", verified_holds(v));
	json_w_key(w, "signatures");
	json_w_array(w);
	for (size_t i = 0; i < v->n; i++)
		json_signature(v, &v->list[i], w);
	json_w_end(w);
	json_w_key(w, "claims");
	json_w_array(w);
	for (size_t i = 0; i < v->mail.n; i++)
		if (mail_is(&v->mail.fields[i], claiming[0]) || mail_is(&v->mail.fields[i], claiming[1]))
			json_claims(&v->mail.fields[i], w);
	json_w_end(w);
	json_w_key(w, "seals");
	json_w_array(w);
	for (size_t i = 0; i < v->mail.n; i++)
		if (mail_is(&v->mail.fields[i], "ARC-Seal"))
			json_seal(&v->mail.fields[i], w);
	json_w_end(w);
	json_w_end(w);
	json_w_close(w);
	printf("%s\n", b.data);
	buf_free(&b);
}
