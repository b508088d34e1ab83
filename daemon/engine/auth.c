/* Who we are to the API: the $1$ signature or an OAuth2 token; and what time it is there. Secrets stay in struct
 * credentials and in the header lines of the moment; nothing here is ever reported but that it failed. */
#include <stdlib.h>
#include <string.h>

#include "codec/ovhauth.h"
#include "engine/parts.h"

#define TOKEN_MARGIN (30 * MS_SECOND)

void auth_headers(
        struct account *a, const char *method, const char *url, const char *body, size_t len, struct buf *out)
{
	struct ovhauth_request r = {.method = method, .url = url, .body = body, .body_len = len};

	r.at_ms = apiclock_stamp(&a->clock, loop_wall(a->e->p.loop));
	ovhauth_headers(out, a->cred, a->token, &r);
}

/* --- the token: POST {token URL}, grant_type=client_credentials ------------------------------------------------------ */

void auth_drop_token(struct account *a)
{
	if (a->token != NULL)
		explicit_bzero(a->token, strlen(a->token));
	free(a->token);
	a->token = NULL;
}

static void token_came(void *arg, const struct http_answer *h)
{
	struct account *a = arg;
	struct ovhauth_token t = {0};
	char why[200];

	a->token_call = NULL;
	if (h->end == HTTP_ANSWERED)
		ovhauth_token_read(h->body, h->body_len, &t);
	if (t.token != NULL) {
		a->token = t.token;
		a->token_until = loop_boot(a->e->p.loop) + t.lives_ms;
		a->failures = 0;
	} else if (t.error[0] != '\0' && h->status < 500) {
		str_format(why, sizeof(why), "the token was refused: %s", t.error);
		account_stop(a, why);
	} else {
		a->failures++;
		int64_t wait = (5 * MS_SECOND) << (a->failures > 7 ? 7 : a->failures);
		a->hold_until = loop_boot(a->e->p.loop) + wait;
	}
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
	ovhauth_token_body(&body, a->cred);
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
	int64_t wall = loop_wall(a->e->p.loop), boot = loop_boot(a->e->p.loop);
	int64_t api = 0;

	(void)denied;
	a->timing = NULL;
	if (!ans->answered || ans->status != 200 || !ovhauth_time_read(ans->body, ans->body_len, &api)) {
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
	bool jump = apiclock_sample(&a->clock, api, wall, boot);
	str_format(offset, sizeof(offset), "%lld", (long long)(a->clock.sample / MS_SECOND));
	if (first && (a->clock.sample > MS_MINUTE || a->clock.sample < -MS_MINUTE))
		report(EVENT_CLOCK_OFFSET, &f, a->cfg->name, offset);
	if (jump)
		report(EVENT_CLOCK_UNSURE, &f, a->cfg->name, offset);
	else if (!was_sure && !first && account_clock_sure(a))
		report(EVENT_CLOCK_SURE, &f, a->cfg->name, offset);
	doubt_clock_known(a);
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
