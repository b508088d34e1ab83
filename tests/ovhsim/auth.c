/* The strict door. It must never let a request in on a signature that it did not compute itself, byte for
 * byte over the URL as it was sent. */
#include "auth.h"

#include <math.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct refusal login_first = {401, "Client::Unauthorized", NULL, "You must login first"};
static const struct refusal bad_key = {
        403, "Client::Forbidden", "INVALID_KEY", "This application key is invalid"};
static const struct refusal no_credential = {
        403, "Client::Forbidden", "NOT_CREDENTIAL", "This credential does not exist"};
static const struct refusal bad_credential = {
        403, "Client::Forbidden", "INVALID_CREDENTIAL", "This credential is not valid"};
static const struct refusal late = {400, "Client::BadRequest", "QUERY_TIME_OUT", "Query out of time"};
static const struct refusal bad_signature = {
        400, "Client::BadRequest", "INVALID_SIGNATURE", "Invalid signature"};
static const struct refusal not_granted = {
        403, "Client::Forbidden", "NOT_GRANTED_CALL", "This call has not been granted"};
static const struct refusal iam_refused = {
        403, "Client::Forbidden", "FORBIDDEN", "User not granted for this request"};

/* "$1$" + sha1hex(AS+CK+METHOD+URL+BODY+TIMESTAMP joined with '+') over the given form of the URL. */
static bool signature_is(const struct auth_key *key, const struct incoming *in, const char *scheme,
        const char *host, size_t host_len)
{
	static const char hex[] = "0123456789abcdef";
	static EVP_MD *sha1; /* to look it up anew each time costs more than the sum */
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned digest_len = 0;
	char text[3 + 2 * 20 + 1] = "$1$";
	struct out o = {0};
	bool absolute = in->uri[0] != '/';

	out_puts(&o, key->as);
	out_puts(&o, "+");
	out_puts(&o, key->ck);
	out_puts(&o, "+");
	out_puts(&o, in->method);
	out_puts(&o, "+");
	if (absolute) {
		out_puts(&o, in->uri);
	} else {
		out_puts(&o, scheme);
		out_add(&o, host, host_len);
		out_puts(&o, in->uri);
	}
	out_puts(&o, "+");
	out_add(&o, in->body, in->body_len);
	out_puts(&o, "+");
	out_puts(&o, in->timestamp);
	if (!sha1)
		sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	if (!EVP_Digest(o.data, o.len, digest, &digest_len, sha1, NULL) || digest_len != 20)
		die("no SHA-1 in this OpenSSL");
	out_free(&o);
	for (unsigned i = 0; i < 20; i++) {
		text[3 + 2 * i] = hex[digest[i] >> 4];
		text[4 + 2 * i] = hex[digest[i] & 15];
	}
	text[sizeof(text) - 1] = 0;
	return !strcmp(text, in->signature);
}

/* The URL as sent, or as the node client signs it: https and no port. */
static bool signature_ok(const struct auth_key *key, const struct incoming *in)
{
	const char *host = in->host ? in->host : "";
	const char *bracket = strrchr(host, ']');
	const char *colon = strchr(bracket ? bracket : host, ':');

	return signature_is(key, in, in->tls ? "https://" : "http://", host, strlen(host)) ||
	       signature_is(key, in, "https://", host, colon ? (size_t)(colon - host) : strlen(host));
}

static bool time_ok(struct sim *s, const char *timestamp)
{
	char *end;
	double now = (double)(sim_now(s) + s->knobs.clock_offset);
	double window = (double)s->knobs.sign_window * (s->clock.speed > 1 ? s->clock.speed : 1);
	double t = (double)strtoll(timestamp, &end, 10) * 1000;

	return end != timestamp && !*end && fabs(t - now) <= window;
}

bool auth_check_application(
        struct sim *s, const struct incoming *in, struct auth_key **ret_key, struct world_answer *ret)
{
	if (!in->application) {
		reply_refusal(s, ret, &login_first, NULL);
		return false;
	}
	for (size_t i = 0; i < s->auth->n_keys; i++) {
		if (!strcmp(s->auth->keys[i]->ak, in->application)) {
			*ret_key = s->auth->keys[i];
			return true;
		}
	}
	reply_refusal(s, ret, &bad_key, NULL);
	return false;
}

/* The application key, then the consumer key, its state, the time, the signature: the order of the answers
 * that users report. */
static const struct refusal *check_signed(struct sim *s, const struct incoming *in, struct auth_pass *p)
{
	struct auth_key *key = NULL;
	bool known = false;

	for (size_t i = 0; i < s->auth->n_keys; i++) {
		struct auth_key *k = s->auth->keys[i];

		if (strcmp(k->ak, in->application) != 0)
			continue;
		known = true;
		if (in->consumer && !strcmp(k->ck, in->consumer))
			key = k;
	}
	if (!known)
		return &bad_key;
	if (!in->consumer)
		return &login_first;
	if (!key)
		return &no_credential;
	p->key = key;
	p->account = key->account;
	if (key->state != AUTH_VALIDATED || world_revoked(s->world, key->account->name))
		return &bad_credential;
	if (!in->timestamp || !time_ok(s, in->timestamp))
		return &late;
	if (!in->signature || !signature_ok(key, in))
		return &bad_signature;
	key->last_use = sim_now(s);
	return NULL;
}

static const struct refusal *check_bearer(struct sim *s, const char *text, struct auth_pass *p)
{
	while (*text == ' ')
		text++;
	for (size_t i = 0; i < s->auth->n_tokens; i++) {
		struct auth_token *t = &s->auth->tokens[i];

		if (strcmp(t->text, text) != 0)
			continue;
		if (t->until <= sim_now(s) || t->client->revoked ||
		        world_revoked(s->world, t->client->account->name))
			return &login_first;
		p->client = t->client;
		p->account = t->client->account;
		return NULL;
	}
	return &login_first;
}

/* Glob with * across slashes; everything else literal. */
static bool pattern_matches(const char *pattern, const char *s, const char *end)
{
	const char *star = NULL, *retry = NULL;

	while (s < end) {
		if (*pattern == '*') {
			star = pattern++;
			retry = s;
		} else if (*pattern == *s) {
			pattern++;
			s++;
		} else if (star) {
			pattern = star + 1;
			s = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}

/* A denial wins; where something is allowed by name, all the rest is not. */
static bool rules_grant(const struct auth_rules *rules, const char *method, const char *route)
{
	const char *end = route + strcspn(route, "?");
	bool any = false, granted = false;

	for (size_t i = 0; i < rules->n; i++) {
		const struct auth_rule *r = &rules->list[i];
		bool hit = (!strcmp(r->method, "*") || !strcmp(r->method, method)) &&
		           pattern_matches(r->pattern, route, end);

		if (r->deny && hit)
			return false;
		any |= !r->deny;
		granted |= hit && !r->deny;
	}
	return granted || !any;
}

bool auth_check(struct sim *s, const struct incoming *in, bool with_rules, struct auth_pass *ret_pass,
        struct world_answer *ret)
{
	struct auth_pass p = {0};
	const char *route = path_route(in->path);
	const struct refusal *no = &login_first;
	char action[160], details[256];

	if (in->application)
		no = check_signed(s, in, &p);
	else if (in->authorization && !strncasecmp(in->authorization, "Bearer ", 7))
		no = check_bearer(s, in->authorization + 7, &p);
	*ret_pass = p;
	if (no) {
		reply_refusal(s, ret, no, NULL);
		return false;
	}
	if (!with_rules || (rules_grant(&p.account->rules, in->method, route) &&
	                           (!p.key || rules_grant(&p.key->rules, in->method, route))))
		return true;
	if (p.key) {
		reply_refusal(s, ret, &not_granted, NULL);
		return false;
	}
	auth_action(in->method, route, action, sizeof(action));
	snprintf(details, sizeof(details),
	        "{\"unauthorizedActionsByAuthentication\":\"\",\"unauthorizedActionsByIAM\":\"%s\"}", action);
	reply_refusal(s, ret, &iam_refused, details);
	return false;
}
