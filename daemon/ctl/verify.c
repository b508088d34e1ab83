/* verify-message [FILE]: a received message; which selectors signed it, does each signature hold with the key that is in
 * the DNS now, which of our keys that is and where it stands, and what others on the way claim to have found. It needs no
 * daemon; one that answers, or its state, tells about the keys. */
#include "ctl/verify.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "ctl/gather.h"
#include "ctl/read.h"
#include "ctl/site.h"
#include "io/dns_text.h"

/* ---- whose key it is ---- */

/* Everything known of the domains that signed: from the daemon, else from its state. */
static void know(const struct ctl *c, struct verified *v)
{
	static const char *const kinds[] = {"", ":exchange", ":emailpro", ":mxplan", ":zimbra", ":external"};
	char why[STR_CLEAN_MAX + 200] = "";
	struct answer a;
	int rc = ask_quiet(c, "/v1/status", NULL, &a, why, sizeof(why));

	answer_free(&a);
	if (rc == CTL_NO_DAEMON) {
		v->no_daemon = xstrdup(why);
		gather_offline(c, NULL, 0, &v->known);
		return;
	}
	v->known.shown = shown_new();
	for (size_t i = 0; i < v->n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
			char *name = xasprintf("%s%s", v->list[i].domain, kinds[k]);
			char *path = ask_domain_path(name, NULL);

			rc = ask_quiet(c, path, NULL, &a, why, sizeof(why));
			if (rc == CTL_DONE)
				shown_add(v->known.shown, a.json, NULL);
			answer_free(&a);
			free(path);
			free(name);
			if (rc == CTL_DONE && k == 0)
				break; /* on one platform only */
		}
}

const struct shown_selector *verified_key(
        const struct verified *v, const struct dkim_signature *s, const struct shown_domain **ret_domain)
{
	const struct shown *all = v->known.shown;

	for (size_t i = 0; all && i < all->n; i++) {
		const struct shown_domain *d = &all->list[i];

		if (!str_caseeq(d->domain, s->domain))
			continue;
		*ret_domain = d;
		for (size_t k = 0; k < d->n_selectors; k++)
			if (str_caseeq(d->selectors[k].name, s->selector))
				return &d->selectors[k];
	}
	return NULL;
}

/* ---- the keys ---- */

/* One record that is meant to be a key; several are as good as none (RFC 6376 3.6.2.2 leaves it undefined). */
static enum key_answer pick(const struct dns_text *t, char *dst, size_t n, char *why)
{
	struct dkim_key key;
	const char *found = NULL;

	for (size_t i = 0; i < t->n; i++) {
		if (t->n > 1 && dkim_parse(t->list[i], strlen(t->list[i]), &key) == DKIM_NOT_A_KEY)
			continue;
		if (found) {
			str_copy(why, KEY_WHY, "more than one key record stands at its name");
			return KEY_ABSENT;
		}
		found = t->list[i];
	}
	if (found && str_copy(dst, n, found))
		return KEY_FOUND;
	str_copy(why, KEY_WHY,
	        found ? "the key record is too long" : "what stands at its name is no key record");
	return KEY_ABSENT;
}

static enum key_answer look_up(void *arg, const char *name, char *dst, size_t n, char *why)
{
	struct dns_text t;
	enum dns_text_answer answer = dns_text_ask(arg, name, &t);
	enum key_answer key = KEY_FAILED;
	char clean[STR_CLEAN_MAX + 1];

	if (answer == DNS_TEXT_FOUND)
		key = pick(&t, dst, n, why);
	else
		str_format(why, KEY_WHY, "%s: %.60s", str_clean(clean, sizeof(clean), name), t.why);
	if (answer == DNS_TEXT_NONE)
		key = KEY_ABSENT;
	dns_text_clear(&t);
	return key;
}

/* The resolvers and the trust anchor of the configuration. It is not needed: without one that can be read, or a faulty
 * one, the system's resolvers are asked; one that was named with -c must be right. */
static struct dns_texts *open_dns(const struct ctl *c)
{
	struct diags d = {0};
	struct buf b = {0};
	struct config *cfg = NULL;
	const char *why;

	if (read_whole(c->config ? c->config : CONFIG_DEFAULT_PATH, &b, &d))
		cfg = config_parse(
		        b.data ? b.data : "", b.len, c->config ? c->config : CONFIG_DEFAULT_PATH, &d);
	buf_free(&b);
	if (!cfg && c->config) {
		site_print_faults(&d);
		diags_clear(&d);
		return NULL;
	}
	diags_clear(&d);
	size_t n = cfg ? cfg->dns.n_resolvers : 0;
	char **resolvers = xcalloc(n + 1, sizeof(*resolvers));
	for (size_t i = 0; i < n; i++)
		resolvers[i] = xasprintf("%s@%u", cfg->dns.resolvers[i].host, cfg->dns.resolvers[i].port);
	struct dns_texts *t =
	        dns_texts_new((const char *const *)resolvers, cfg ? cfg->dns.trust_anchor : NULL, &why);
	if (!t)
		ctl_say("%s", why);
	for (size_t i = 0; i < n; i++)
		free(resolvers[i]);
	free(resolvers);
	config_free(cfg);
	return t;
}

/* ---- the verb ---- */

/* A signature speaks for the author when its domain is the From: domain, or one above or below it (RFC 7489 3.1.1 allows
 * as much where both belong to one organization, which is for the receiver's list of suffixes to say). */
bool verified_aligned(const struct verified *v, const struct dkim_signature *s)
{
	const char *a = v->from, *b = s->domain;
	size_t na = strlen(a), nb = strlen(b);

	if (na < nb) {
		const char *t = a;

		a = b, b = t;
		size_t k = na;
		na = nb, nb = k;
	}
	return nb > 0 && strchr(b, '.') && str_caseeq(a + (na - nb), b) &&
	       (na == nb || a[na - nb - 1] == '.');
}

bool verified_holds(const struct verified *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->list[i].result == DKIM_PASS && (!v->from[0] || verified_aligned(v, &v->list[i])))
			return true;
	return false;
}

static int check_mail(const struct ctl *c, struct verified *v)
{
	struct dns_texts *dns = open_dns(c);

	if (!dns)
		return CTL_REFUSED;
	int r = dkim_verify_mail(&v->mail, look_up, dns, &v->list, &v->n);
	dns_texts_free(dns);
	if (r < 0) {
		ctl_say("%s", r == -ENOTSUP ? "libopendkim was built without ed25519 or SHA-256"
		                            : "this is no message: libopendkim refuses its header");
		return CTL_REFUSED;
	}
	if (v->n > 0)
		know(c, v);
	return CTL_DONE;
}

int ctl_verify(const struct ctl *c, char **args, int n)
{
	const char *path = n > 0 ? args[0] : "-", *why = NULL;
	struct verified v = {0};
	struct diags d = {0};
	struct buf text = {0};
	int rc = CTL_REFUSED;

	if (!read_whole(path, &text, &d))
		site_print_faults(&d);
	else if (mail_read(text.data ? text.data : "", text.len, &v.mail, &why) < 0)
		ctl_say("this is no message: %s", why);
	else
		rc = CTL_DONE;
	buf_free(&text);
	diags_clear(&d);
	if (rc == CTL_DONE) {
		if (!mail_from_domain(&v.mail, v.from, sizeof(v.from)))
			v.from[0] = '\0';
		rc = check_mail(c, &v);
	}
	if (rc == CTL_DONE) {
		if (c->json)
			verified_json(&v);
		else
			verified_page(c, &v);
		rc = verified_holds(&v) ? CTL_DONE : CTL_REFUSED;
	}
	free(v.list);
	free(v.no_daemon);
	mail_free(&v.mail);
	gather_free(&v.known);
	return rc;
}
