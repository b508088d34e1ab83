/* Who we are to the API, as bytes: the header lines of a request, the request for an OAuth2 token and its answer, and the
 * answer of the API's clock (ovh-api: v1 signature, OAuth2 client credentials, GET /auth/time). Whoever calls wipes what
 * it was given once it is sent: all of it holds secrets, the clock apart. */
#ifndef DKIMROTD_CODEC_OVHAUTH_H
#define DKIMROTD_CODEC_OVHAUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "codec/ovhconf.h"

/* What is signed: exactly what is sent. */
struct ovhauth_request {
	const char *method, *url;
	const char *body; /* NULL = none */
	size_t body_len;
	int64_t at_ms; /* on the API's clock; means nothing with a token */
};

/* Appends "Name: value\n" lines. token: the bearer token, for CREDENTIALS_OAUTH2 only. */
void ovhauth_headers(struct buf *out, const struct credentials *c, const char *token,
        const struct ovhauth_request *request);
/* Appends the body of POST {token_url}, application/x-www-form-urlencoded. */
void ovhauth_token_body(struct buf *out, const struct credentials *c);

struct ovhauth_token {
	char *token;      /* owned; NULL = there is none in the answer */
	int64_t lives_ms; /* from the answer on */
	char error[120];  /* what was said instead, cleaned; "" = nothing of use */
};
/* Judged by the presence of access_token alone: failures come with any status, even 200. */
void ovhauth_token_read(const char *body, size_t len, struct ovhauth_token *ret);

/* A bare integer of seconds, of this century or the next few. */
bool ovhauth_time_read(const char *body, size_t len, int64_t *ret_ms);

#endif
