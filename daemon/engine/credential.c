/* What an account's key may do, compared with what the inventory needs, and until when it may: GET /auth/currentCredential
 * once after a start, after each reload, and daily. It only warns: what is not granted shows at the call itself, and
 * nothing is held back for it. Service accounts (OAuth2) are not asked: their rights are IAM policies, which this call
 * does not tell. */
#include <string.h>

#include "codec/grant.h"
#include "codec/json.h"
#include "engine/parts.h"

#define ASK_EVERY  MS_DAY
#define ASK_AGAIN  MS_HOUR /* after an answer that could not be used */
#define WARN_AHEAD (14 * MS_DAY)

/* "GET /x, PUT /y and 3 more" */
static void some_of(char *dst, size_t n, const struct grants *g)
{
	struct buf b = {0};

	for (size_t i = 0; i < g->n && i < 3; i++)
		buf_printf(&b, "%s%s %s", i != 0 ? ", " : "", g->list[i].method, g->list[i].path);
	if (g->count > 3)
		buf_printf(&b, " and %zu more", g->count - 3);
	str_format(dst, n, "%s", b.data != NULL ? b.data : "");
	buf_free(&b);
}

/* Told when it is news: after a start, and when another number of rules is missing or too much. */
static void tell_rules(struct account *a, const struct grants *lacks, const struct grants *exceeds)
{
	struct fields f = {.account = a->cfg->name};
	char text[400];

	if (lacks->count != 0 && (!a->credential.compared || lacks->count != a->credential.lacks)) {
		some_of(text, sizeof(text), lacks);
		report(EVENT_CREDENTIAL_LACKS, &f, a->cfg->name, text);
	}
	if (exceeds->count != 0 && (!a->credential.compared || exceeds->count != a->credential.exceeds)) {
		some_of(text, sizeof(text), exceeds);
		report(EVENT_CREDENTIAL_EXCEEDS, &f, a->cfg->name, text);
	}
	a->credential.lacks = lacks->count;
	a->credential.exceeds = exceeds->count;
}

static void compare(struct account *a, const struct json *rules)
{
	struct grants have, lacks, exceeds;

	grants_init(&have);
	grants_init(&lacks);
	grants_init(&exceeds);
	for (const struct json *r = json_first(rules); r != NULL; r = json_next(r)) {
		const char *method = json_string(json_get(r, "method")),
		           *path = json_string(json_get(r, "path"));

		if (method != NULL && path != NULL)
			grants_add(&have, method, path);
	}
	if (grant_compare(a->e->inventory, a->cfg->name, &have, &lacks, &exceeds)) {
		tell_rules(a, &lacks, &exceeds);
		a->credential.compared = true;
	}
	grants_free(&have);
	grants_free(&lacks);
	grants_free(&exceeds);
}

/* Daily in its last two weeks: the answer comes daily. */
static void note_expiry(struct account *a, const char *expiration)
{
	struct fields f = {.account = a->cfg->name};
	char at[TIME_TEXT];

	a->credential.expires = 0;
	if (expiration == NULL || !time_parse(expiration, &a->credential.expires))
		return;
	if (a->credential.expires - account_now(a) < WARN_AHEAD)
		report(EVENT_CREDENTIAL_EXPIRES, &f, a->cfg->name, time_text(at, a->credential.expires));
}

static void credential_came(void *arg, const struct api_answer *ans, bool denied)
{
	struct account *a = arg;
	const struct json *j = NULL;

	(void)denied;
	a->credential.call = NULL;
	a->credential.ask_at = loop_boot(a->e->p.loop) + ASK_AGAIN;
	if (!ans->answered || ans->status != 200 ||
	        json_parse(ans->body, ans->body_len, JSON_MAX_API, &j, NULL, 0) != 0)
		return;
	if (json_is(json_get(j, "rules"), JSON_ARRAY)) {
		a->credential.ask_at = loop_boot(a->e->p.loop) + ASK_EVERY;
		note_expiry(a, json_string(json_get(j, "expiration")));
		compare(a, json_get(j, "rules"));
	}
	json_free(j);
}

void credential_look(struct account *a)
{
	struct api_request q = {.method = "GET", .path = "/auth/currentCredential"};

	if (a->credential.call != NULL || a->cred == NULL || a->cred->kind != CREDENTIALS_KEYS ||
	        a->stopped || a->e->stopping || !a->clock.known || a->e->inventory == NULL ||
	        loop_boot(a->e->p.loop) < a->credential.ask_at)
		return;
	a->credential.call = account_call(a, &q, URGENT_ROUTINE, NULL, NULL, credential_came, a);
}

void credential_again(struct account *a)
{
	a->credential.ask_at = 0;
	a->credential.compared = false;
}

void credential_clear(struct account *a)
{
	if (a->credential.call != NULL)
		call_cancel(a->credential.call);
	a->credential.call = NULL;
}
