/* The store behind auth.h: accounts, keys, service accounts, tokens, and the names of IAM actions. It must
 * never judge a request; auth.c does. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "auth.h"

struct auth *auth_new(void)
{
	return must(calloc(1, sizeof(struct auth)));
}

static void rules_free(struct auth_rules *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free(r->list[i].method);
		free(r->list[i].pattern);
	}
	free(r->list);
}

void auth_free(struct auth *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->n_keys; i++) {
		struct auth_key *k = a->keys[i];

		rules_free(&k->rules);
		free(k->ak);
		free(k->as);
		free(k->ck);
		free(k->validation);
		free(k);
	}
	for (size_t i = 0; i < a->n_clients; i++) {
		free(a->clients[i]->id);
		free(a->clients[i]->secret);
		free(a->clients[i]);
	}
	for (size_t i = 0; i < a->n_accounts; i++) {
		rules_free(&a->accounts[i]->rules);
		free(a->accounts[i]->name);
		free(a->accounts[i]);
	}
	free(a->keys);
	free(a->clients);
	free(a->accounts);
	free(a->tokens);
	free(a);
}

struct auth_account *auth_account_find(struct auth *a, const char *name)
{
	for (size_t i = 0; i < a->n_accounts; i++)
		if (!strcmp(a->accounts[i]->name, name))
			return a->accounts[i];
	return NULL;
}

struct auth_account *auth_account(struct auth *a, const char *name)
{
	struct auth_account *acc = auth_account_find(a, name);

	if (acc)
		return acc;
	acc = must(calloc(1, sizeof(*acc)));
	acc->name = must(strdup(name));
	a->accounts = must(realloc(a->accounts, (a->n_accounts + 1) * sizeof(struct auth_account *)));
	a->accounts[a->n_accounts++] = acc;
	return acc;
}

struct auth_key *auth_add_key(
        struct sim *s, struct auth_account *acc, const char *ak, const char *as, const char *ck)
{
	struct auth *a = s->auth;
	struct auth_key *k = must(calloc(1, sizeof(*k)));

	k->account = acc;
	k->ak = must(strdup(ak));
	k->as = must(strdup(as));
	k->ck = must(strdup(ck));
	k->id = UINT64_C(0x100000000) + a->n_keys * 7919 + 17; /* above 2^32, as real ids may be */
	k->created = sim_now(s);
	a->keys = must(realloc(a->keys, (a->n_keys + 1) * sizeof(struct auth_key *)));
	a->keys[a->n_keys++] = k;
	return k;
}

void auth_add_client(struct auth *a, struct auth_account *acc, const char *id, const char *secret)
{
	struct auth_client *c = must(calloc(1, sizeof(*c)));

	c->account = acc;
	c->id = must(strdup(id));
	c->secret = must(strdup(secret));
	a->clients = must(realloc(a->clients, (a->n_clients + 1) * sizeof(struct auth_client *)));
	a->clients[a->n_clients++] = c;
}

void auth_add_rule(struct auth_rules *rules, const char *method, const char *pattern, bool deny)
{
	rules->list = must(realloc(rules->list, (rules->n + 1) * sizeof(*rules->list)));
	rules->list[rules->n++] = (struct auth_rule){
	        .method = must(strdup(method)), .pattern = must(strdup(pattern)), .deny = deny};
}

struct auth_client *auth_client_find(struct auth *a, const char *id, const char *secret)
{
	for (size_t i = 0; i < a->n_clients; i++)
		if (!strcmp(a->clients[i]->id, id) && !strcmp(a->clients[i]->secret, secret) &&
		        !a->clients[i]->revoked)
			return a->clients[i];
	return NULL;
}

const char *auth_add_token(struct sim *s, struct auth_client *c, int64_t life_ms)
{
	struct auth *a = s->auth;
	int64_t now = sim_now(s);
	size_t kept = 0;
	struct auth_token *t;

	for (size_t i = 0; i < a->n_tokens; i++)
		if (a->tokens[i].until > now)
			a->tokens[kept++] = a->tokens[i];
	a->n_tokens = kept;
	a->tokens = must(realloc(a->tokens, (kept + 1) * sizeof(*a->tokens)));
	t = &a->tokens[a->n_tokens++];
	snprintf(t->text, sizeof(t->text), "%016" PRIx64 "%016" PRIx64 "%016" PRIx64 "%016" PRIx64,
	        sim_random(s), sim_random(s), sim_random(s), sim_random(s));
	t->client = c;
	t->until = now + life_ms;
	return t->text;
}

int auth_person(struct sim *s, const char *account, const char *what)
{
	struct auth *a = s->auth;
	struct auth_account *acc = auth_account_find(a, account);
	bool revoke = !strcmp(what, "revoke-credential");

	if (!acc)
		return -EINVAL;
	if (!strcmp(what, "revoke-tokens")) {
		for (size_t i = 0; i < a->n_tokens; i++)
			if (a->tokens[i].client->account == acc)
				a->tokens[i].until = 0;
		return 0;
	}
	if (!revoke && strcmp(what, "restore-credential") != 0)
		return -EINVAL;
	for (size_t i = 0; i < a->n_keys; i++)
		if (a->keys[i]->account == acc)
			a->keys[i]->state = revoke ? AUTH_EXPIRED : AUTH_VALIDATED;
	for (size_t i = 0; i < a->n_clients; i++)
		if (a->clients[i]->account == acc)
			a->clients[i]->revoked = revoke;
	return 0;
}

/* A product's first part of the path, its IAM name, what DKIM actions start with in it, and how
 * many segments name the resource itself. */
static const struct product {
	const char *prefix, *name, *dkim;
	int skip;
} products[] = {
        {"/email/domain/", "emailDomain", "domain/", 1},
        {"/email/exchange/", "emailExchange", "", 1},
        {"/email/pro/", "emailPro", "", 1},
        {"/domain/zone/", "dnsZone", "", 1},
        {"/v2/zimbra/", "zimbra", "", 0},
};

/* Literal segments of the routes we know; everything else in a path is a name or an id. */
static bool segment_is_word(const char *s, size_t n, const char *before, size_t before_n)
{
	static const char *const words[] = {"service", "domain", "dkim", "dkimSelector", "enable", "disable",
	        "task", "all", "record", "refresh", "status", "soa", "platform", "diagnostic"};
	static const char *const names_follow[] = {"service", "platform", "record"};

	for (size_t i = 0; i < sizeof(names_follow) / sizeof(names_follow[0]); i++)
		if (before_n == strlen(names_follow[i]) && !strncmp(before, names_follow[i], before_n))
			return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (n == strlen(words[i]) && !strncmp(s, words[i], n))
			return true;
	return false;
}

void auth_action(const char *method, const char *route, char *dst, size_t n)
{
	static const char *const verbs[][2] = {
	        {"GET", "get"}, {"POST", "create"}, {"PUT", "edit"}, {"DELETE", "delete"}};
	const struct product *p = NULL;
	const char *at, *before = "", *verb = "get";
	size_t before_n = 0, o, len;
	bool acts = false;
	int skipped = 0;

	for (size_t i = 0; i < sizeof(products) / sizeof(products[0]); i++)
		if (!strncmp(route, products[i].prefix, strlen(products[i].prefix)))
			p = &products[i];
	if (!p) {
		snprintf(dst, n, "api:apiovh:unknown");
		return;
	}
	for (size_t i = 0; i < 4; i++)
		if (!strcmp(method, verbs[i][0]))
			verb = verbs[i][1];
	o = (size_t)snprintf(dst, n, "%s:apiovh:", p->name);
	for (at = route + strlen(p->prefix); *at && *at != '?'; at += len + (at[len] == '/')) {
		len = strcspn(at, "/?");
		if (skipped++ >= p->skip && segment_is_word(at, len, before, before_n) && o + len + 24 < n) {
			o += (size_t)snprintf(dst + o, n - o, "%s%.*s/",
			        len == 4 && !strncmp(at, "dkim", 4) ? p->dkim : "", (int)len, at);
			acts = !strncmp(at, "enable", len) || !strncmp(at, "disable", len) ||
			       !strncmp(at, "refresh", len);
		}
		before = at;
		before_n = len;
	}
	if (acts)
		dst[o - 1] = 0; /* the last word is the verb */
	else
		snprintf(dst + o, n - o, "%s", verb);
}
