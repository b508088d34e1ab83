/* ovh.conf, the ini file of the official OVHcloud SDKs: a section named after the endpoint, or [default], with either
 * an application key triple or an OAuth2 service account. */
#ifndef DKIMROTD_CODEC_OVHCONF_H
#define DKIMROTD_CODEC_OVHCONF_H

#include <stddef.h>

#include "base/diag.h"

enum credentials_kind {
	CREDENTIALS_KEYS,   /* application_key, application_secret, consumer_key */
	CREDENTIALS_OAUTH2, /* client_id, client_secret, token_url */
};

struct credentials {
	enum credentials_kind kind;
	char *application_key, *application_secret, *consumer_key; /* NULL with OAuth2 */
	char *client_id, *client_secret, *token_url;               /* NULL with keys */
};

/* The credentials for an account's endpoint (as the configuration has it: a name or a URL). The section named after it
 * counts if it has any, else [default]. NULL on a fault: then d says why, never with a secret in it. */
struct credentials *ovhconf_parse(
        const char *text, size_t len, const char *file, const char *endpoint, struct diags *d);

/* Wipes and frees; NULL is fine. */
void credentials_free(struct credentials *c);

#endif
