/* Credentials turned into bytes and answers read back. It knows neither account nor clock, sends nothing and keeps
 * nothing. */
#include "codec/ovhauth.h"

#include <string.h>

#include "codec/json.h"
#include "codec/ovhsign.h"
#include "codec/url.h"

static void add_header(struct buf *out, const char *name, const char *value)
{
	buf_puts(out, name);
	buf_puts(out, value);
	buf_puts(out, "\n");
}

void ovhauth_headers(
        struct buf *out, const struct credentials *c, const char *token, const struct ovhauth_request *r)
{
	char signature[OVHSIGN_TEXT], at_text[24];
	int64_t at = r->at_ms / MS_SECOND;

	if (c->kind == CREDENTIALS_OAUTH2) {
		add_header(out, "Authorization: Bearer ", token);
		return;
	}
	ovhsign(signature, c->application_secret, c->consumer_key, r->method, r->url, r->body, r->body_len,
	        at);
	str_format(at_text, sizeof(at_text), "%lld", (long long)at);
	add_header(out, "X-Ovh-Application: ", c->application_key);
	add_header(out, "X-Ovh-Consumer: ", c->consumer_key);
	add_header(out, "X-Ovh-Timestamp: ", at_text);
	add_header(out, "X-Ovh-Signature: ", signature);
}

void ovhauth_token_body(struct buf *out, const struct credentials *c)
{
	buf_puts(out, "grant_type=client_credentials&scope=all&client_id=");
	url_encode(out, c->client_id);
	buf_puts(out, "&client_secret=");
	url_encode(out, c->client_secret);
}

void ovhauth_token_read(const char *body, size_t len, struct ovhauth_token *ret)
{
	const struct json *j = NULL;
	int64_t seconds = 0;

	memset(ret, 0, sizeof(*ret));
	if (json_parse(body, len, JSON_MAX_API, &j, NULL, 0) != 0)
		return;
	const char *token = json_string(json_get(j, "access_token")),
	           *error = json_string(json_get(j, "error"));
	json_int64(json_get(j, "expires_in"), &seconds);
	if (token != NULL && seconds > 0) {
		ret->token = xstrdup(token);
		ret->lives_ms = seconds * MS_SECOND;
	} else if (error != NULL) {
		str_clean(ret->error, sizeof(ret->error), error);
	}
	json_free(j);
}

bool ovhauth_time_read(const char *body, size_t len, int64_t *ret_ms)
{
	const struct json *j = NULL;
	int64_t seconds = 0;

	if (json_parse(body, len, JSON_MAX_API, &j, NULL, 0) != 0)
		return false;
	bool good = json_int64(j, &seconds) && seconds > 1000000000 && seconds < 100000000000;
	json_free(j);
	if (good)
		*ret_ms = seconds * MS_SECOND;
	return good;
}
