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
#include "ctl/keys.h"
#include "ctl/site.h"

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
	struct dns_texts *dns = keys_open(c);

	if (!dns)
		return CTL_REFUSED;
	int r = dkim_verify_mail(&v->mail, keys_look_up, dns, &v->list, &v->n);
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
