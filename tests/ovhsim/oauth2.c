/* The OAuth2 token endpoint (client credentials, RFC 6749 4.4), as strict as OVHcloud's: scope=all is a must.
 * It must never hand out a token for credentials it does not know. */
#include <ctype.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "pages.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* application/x-www-form-urlencoded decoding of s[0..len). false when it does not fit. */
static bool form_decode(const char *s, size_t len, char *dst, size_t n)
{
	size_t o = 0;

	for (size_t i = 0; i < len; i++) {
		char c = s[i] == '+' ? ' ' : s[i];

		int high = c == '%' && i + 2 < len ? hex_digit(s[i + 1]) : -1,
		    low = high >= 0 ? hex_digit(s[i + 2]) : -1;

		if (low >= 0) {
			c = (char)(high * 16 + low);
			i += 2;
		}
		if (o + 1 >= n)
			return false;
		dst[o++] = c;
	}
	dst[o] = 0;
	return true;
}

bool form_field(const char *form, const char *name, char *dst, size_t n)
{
	size_t name_len = strlen(name);

	while (*form) {
		size_t len = strcspn(form, "&");

		if (len > name_len && !strncmp(form, name, name_len) && form[name_len] == '=')
			return form_decode(form + name_len + 1, len - name_len - 1, dst, n);
		form += len + (form[len] == '&');
	}
	return false;
}

/* "Basic base64(id:secret)", both form-encoded inside (RFC 6749 2.3.1). */
static bool basic_credentials(const char *header, char *id, char *secret, size_t n)
{
	unsigned char text[600];
	const char *b64 = header + 6;
	char *colon;
	int len;

	if (strncasecmp(header, "Basic ", 6) != 0 || strlen(b64) > sizeof(text) || strlen(b64) % 4)
		return false;
	len = EVP_DecodeBlock(text, (const unsigned char *)b64, (int)strlen(b64));
	if (len < 0)
		return false;
	text[len < (int)sizeof(text) ? len : (int)sizeof(text) - 1] = 0;
	colon = strchr((char *)text, ':');
	return colon && form_decode((char *)text, (size_t)(colon - (char *)text), id, n) &&
	       form_decode(colon + 1, strlen(colon + 1), secret, n);
}

static void token_error(struct world_answer *ret, int status, const char *error, const char *description)
{
	struct out o = {0};

	out_printf(&o, "{\"error\":\"%s\",\"error_description\":\"%s\"}", error, description);
	reply_text(ret, status, REPLY_JSON, o.data);
}

/* The switch `token`: the endpoint fails whatever it is asked. */
static bool token_fails(struct sim *s, struct world_answer *ret)
{
	switch ((enum knob_token)s->knobs.token) {
	case TOKEN_400:
	case TOKEN_401:
	case TOKEN_200_ERROR:
		token_error(ret,
		        s->knobs.token == TOKEN_400   ? 400
		        : s->knobs.token == TOKEN_401 ? 401
		                                      : 200,
		        "invalid_client", "Client authentication failed");
		return true;
	case TOKEN_503_HTML:
		reply_text(ret, 503, "text/html",
		        must(strdup("<html><body><h1>503 Service Unavailable</h1></body></html>\n")));
		return true;
	case TOKEN_OK:
	default:
		return false;
	}
}

void oauth2_token(
        struct sim *s, const struct incoming *in, const char **ret_account, struct world_answer *ret)
{
	char id[256] = "", secret[256] = "", grant[64] = "", scope[64] = "";
	int64_t life = s->knobs.token_lifetime < 0 ? s->knobs.expires_in : s->knobs.token_lifetime;
	struct auth_client *c;
	struct out o = {0};

	*ret_account = NULL;
	if (strcmp(in->method, "POST") != 0) {
		token_error(ret, 405, "invalid_request", "POST only");
		return;
	}
	if (!in->content_type ||
	        strncasecmp(in->content_type, "application/x-www-form-urlencoded", 33) != 0) {
		token_error(
		        ret, 400, "invalid_request", "The body must be application/x-www-form-urlencoded");
		return;
	}
	form_field(in->body, "grant_type", grant, sizeof(grant));
	form_field(in->body, "scope", scope, sizeof(scope));
	if (!in->authorization || !basic_credentials(in->authorization, id, secret, sizeof(id))) {
		form_field(in->body, "client_id", id, sizeof(id));
		form_field(in->body, "client_secret", secret, sizeof(secret));
	}
	c = auth_client_find(s->auth, id, secret);
	if (c)
		*ret_account = c->account->name;
	if (c && world_revoked(s->world, c->account->name))
		c = NULL;
	if (token_fails(s, ret))
		return;
	if (!c)
		token_error(ret, 401, "invalid_client", "Client authentication failed");
	else if (strcmp(grant, "client_credentials") != 0)
		token_error(ret, 400, "unsupported_grant_type", "Only client_credentials is supported");
	else if (strcmp(scope, "all") != 0)
		token_error(
		        ret, 400, "invalid_scope", "The requested scope is invalid, unknown, or malformed");
	if (ret->status)
		return;
	out_printf(&o,
	        "{\"access_token\":\"%s\",\"token_type\":\"Bearer\",\"expires_in\":%lld,\"scope\":\"all\"}",
	        auth_add_token(s, c, life), (long long)(s->knobs.expires_in / 1000));
	reply_text(ret, 200, REPLY_JSON, o.data);
}
