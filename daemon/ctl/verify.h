/* What verify-message found out about one message, and how it is shown. */
#ifndef DKIMROTD_CTL_VERIFY_H
#define DKIMROTD_CTL_VERIFY_H

#include "codec/dkimverify.h"
#include "core/dkim.h"
#include "ctl/gather.h"

struct verified {
	struct mail mail;
	char from[256]; /* the domain of From:, "" = there is not exactly one */
	struct dkim_signature *list;
	size_t n;
	struct gathered known; /* our domains, those that signed at least */
	char *no_daemon;       /* why the daemon could not be asked, NULL = it could */
};

/* Our key behind a signature, NULL = none that we know. *ret_domain: our domain of that name, when there is one. */
const struct shown_selector *verified_key(
        const struct verified *v, const struct dkim_signature *s, const struct shown_domain **ret_domain);
/* The signature's domain is the From: domain, or above or below it. */
bool verified_aligned(const struct verified *v, const struct dkim_signature *s);
/* A signature of the From: domain holds (any signature, where From: names none). */
bool verified_holds(const struct verified *v);

void verified_page(const struct ctl *c, const struct verified *v);
void verified_json(const struct verified *v);

#endif
