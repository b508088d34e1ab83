/* Who we are to the API: the $1$ signature or an OAuth2 token; and what time it is there. Secrets stay in struct
 * credentials and in the header lines of the moment; nothing here is ever reported but that it failed. */
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "codec/ovhsign.h"
#include "codec/url.h"
#include "engine/parts.h"

#define TOKEN_MARGIN (30 * MS_SECOND)

/* --- the signature ------------------------------------------------------------------------------------------------ */

static void sign(
        struct account *a, const char *method, const char *url, const char *body, size_t len, struct buf *out)
{
	char signature[OVHSIGN_TEXT];
	int64_t at = apiclock_stamp(&a->clock, loop_wall(a->e->p.loop)) / MS_SECOND;

	ovhsign(signature, a->cred->application_secret, a->cred->consumer_key, method, url, body, len, at);
	buf_printf(out,
	        "X-Ovh-Application: %s\nX-Ovh-Consumer: %s\nX-Ovh-Timestamp: %lld\nX-Ovh-Signature: %s\n",
	        a->cred->application_key, a->cred->consumer_key, (long long)at, signature);
}

void auth_headers(
        struct account *a, const char *method, const char *url, const char *body, size_t len, struct buf *out)
{
	if (a->cred->kind == CREDENTIALS_OAUTH2)
		buf_printf(out, "Authorization: Bearer %s\n", a->token);
	else
		sign(a, method, url, body, len, out);
}

/* --- the token: POST {token URL}, grant_type=client_credentials ------------------------------------------------------ */

void auth_drop_token(struct account *a)
{
	if (a->token != NULL)
		explicit_bzero(a->token, strlen(a->token));
	free(a->token);
	a->token = NULL;
}

/* Judged by the presence of access_token alone: failures come with any status, even 200. */
static void token_came(void *arg, const struct http_answer *h)
{
	struct account *a = arg;
	const struct json *j = NULL;
	const char *token = NULL, *error = NULL;
	int64_t lives = 0;
	char why[200];

	a->token_call = NULL;
	if (h->end == HTTP_ANSWERED && json_parse(h->body, h->body_len, JSON_MAX_API, &j, NULL, 0) == 0) {
		token = json_string(json_get(j, "access_token"));
		error = json_string(json_get(j, "error"));
		json_int64(json_get(j, "expires_in"), &lives);
	}
	if (token != NULL && lives > 0) {
		a->token = xstrdup(token);
		a->token_until = loop_boot(a->e->p.loop) + lives * MS_SECOND;
		a->failures = 0;
	} else if (error != NULL && h->status < 500) {
		str_format(why, sizeof(why), "the token was refused: %s", error);
		account_stop(a, why);
	} else {
		a->failures++;
		int64_t wait = (5 * MS_SECOND) << (a->failures > 7 ? 7 : a->failures);
		a->hold_until = loop_boot(a->e->p.loop) + wait;
	}
	json_free(j);
	account_pump(a);
}

static void fetch_token(struct account *a)
{
	static const char *const headers[] = {
	        "Content-Type: application/x-www-form-urlencoded", "Accept: application/json", NULL};
	struct buf body = {0};

	if (a->token_call != NULL || loop_boot(a->e->p.loop) < a->hold_until ||
	        (a->stopped && loop_boot(a->e->p.loop) < a->stopped_until))
		return;
	buf_puts(&body, "grant_type=client_credentials&scope=all&client_id=");
	url_encode(&body, a->cred->client_id);
	buf_puts(&body, "&client_secret=");
	url_encode(&body, a->cred->client_secret);
	struct http_request q = {.method = "POST",
	        .url = a->cred->token_url,
	        .headers = headers,
	        .body = body.data,
	        .body_len = body.len,
	        .ca_file = a->cfg->ca_file};
	a->token_call = http_start(a->e->p.http, &q, token_came, a);
	explicit_bzero(body.data, body.len);
	buf_free(&body);
}

bool auth_ready(struct account *a)
{
	if (a->cred == NULL)
		return false;
	if (a->cred->kind != CREDENTIALS_OAUTH2)
		return true;
	if (a->token != NULL && loop_boot(a->e->p.loop) < a->token_until - TOKEN_MARGIN)
		return true;
	if (a->token_call == NULL)
		auth_drop_token(a);
	fetch_token(a);
	return false;
}

void auth_clear(struct account *a)
{
	if (a->token_call != NULL)
		http_cancel(a->token_call);
	a->token_call = NULL;
	auth_drop_token(a);
}

/* --- the API's clock: GET /auth/time, a bare integer, unauthenticated -------------------------------------------------- */

static void time_came(void *arg, const struct api_answer *ans, bool denied)
{
	struct account *a = arg;
	const struct json *j = NULL;
	int64_t seconds = 0;
	int64_t wall = loop_wall(a->e->p.loop), boot = loop_boot(a->e->p.loop);
	bool good = false;

	(void)denied;
	a->timing = NULL;
	if (ans->answered && ans->status == 200 &&
	        json_parse(ans->body, ans->body_len, JSON_MAX_API, &j, NULL, 0) == 0)
		good = json_int64(j, &seconds) && seconds > 1000000000 && seconds < 100000000000;
	json_free(j);
	if (!good) {
		int64_t wait = (5 * MS_SECOND) << (a->timing_failures > 6 ? 6 : a->timing_failures);

		a->timing_failures++;
		a->timing_after = boot + wait;
		account_pump(a);
		return;
	}
	bool first = !a->clock.known, was_sure = account_clock_sure(a);
	a->timing_failures = 0;
	a->timing_after = 0;
	struct fields f = {.account = a->cfg->name};
	char offset[40];
	bool jump = apiclock_sample(&a->clock, seconds * MS_SECOND, wall, boot);
	str_format(offset, sizeof(offset), "%lld", (long long)(a->clock.sample / MS_SECOND));
	if (first && (a->clock.sample > MS_MINUTE || a->clock.sample < -MS_MINUTE))
		report(EVENT_CLOCK_OFFSET, &f, a->cfg->name, offset);
	if (jump)
		report(EVENT_CLOCK_UNSURE, &f, a->cfg->name, offset);
	else if (!was_sure && !first && account_clock_sure(a))
		report(EVENT_CLOCK_SURE, &f, a->cfg->name, offset);
	slots_clock_set(a);
	account_pump(a);
}

void clock_measure(struct account *a)
{
	struct api_request q = {.method = "GET", .path = "/auth/time"};

	if (a->timing != NULL || a->cred == NULL || loop_boot(a->e->p.loop) < a->timing_after)
		return;
	a->timing = account_call(a, &q, URGENT_IN_FLIGHT, NULL, NULL, time_came, a);
}
