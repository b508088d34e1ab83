/* OVHcloud's /auth routes: the time, what a credential is, and asking for a new one. It must never change
 * what the world knows. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <yajl/yajl_tree.h>

#include "pages.h"

static const struct refusal no_route = {404, "Client::NotFound", NULL, "Got an invalid (or empty) URL"};
static const struct refusal bad_body = {400, "Client::BadRequest", NULL, "Missing or invalid accessRules"};

/* An instant as the API writes it: RFC 3339 with an offset. */
static void put_time(struct out *o, int64_t ms)
{
	char text[40];
	time_t t = (time_t)(ms / 1000);
	struct tm tm;

	gmtime_r(&t, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S+00:00", &tm);
	out_json(o, text);
}

static void put_rules(struct out *o, const struct auth_rules *account, const struct auth_rules *key)
{
	const struct auth_rules *rules = key->n ? key : account;
	const char *sep = "";
	static const char *const all[] = {"GET", "POST", "PUT", "DELETE"};

	out_puts(o, "[");
	for (size_t i = 0; i < rules->n; i++) {
		if (rules->list[i].deny)
			continue;
		out_printf(o, "%s{\"method\":", sep);
		out_json(o, rules->list[i].method);
		out_puts(o, ",\"path\":");
		out_json(o, rules->list[i].pattern);
		out_puts(o, "}");
		sep = ",";
	}
	for (size_t i = 0; !*sep && i < sizeof(all) / sizeof(all[0]); i++)
		out_printf(o, "%s{\"method\":\"%s\",\"path\":\"/*\"}", i ? "," : "", all[i]);
	out_puts(o, "]");
}

static const char *state_name(enum auth_state st)
{
	static const char *const names[] = {
	        [AUTH_VALIDATED] = "validated",
	        [AUTH_PENDING] = "pendingValidation",
	        [AUTH_EXPIRED] = "expired",
	        [AUTH_REFUSED] = "refused",
	};
	return names[st];
}

static void current_credential(struct sim *s, const struct auth_key *k, struct world_answer *ret)
{
	struct out o = {0};

	out_printf(&o,
	        "{\"credentialId\":%" PRIu64 ",\"applicationId\":%" PRIu64 ",\"status\":\"%s\",\"rules\":",
	        k->id, k->id - 16, state_name(k->state));
	put_rules(&o, &k->account->rules, &k->rules);
	out_puts(&o, ",\"creation\":");
	put_time(&o, k->created);
	out_puts(&o, ",\"expiration\":");
	if (s->knobs.credential_life != 0)
		put_time(&o, k->created + s->knobs.credential_life);
	else
		out_puts(&o, "null");
	out_puts(&o, ",\"lastUse\":");
	put_time(&o, k->last_use);
	out_puts(&o, ",\"allowedIPs\":null,\"ovhSupport\":false}");
	reply_text(ret, 200, REPLY_JSON, o.data);
}

static void details(const struct auth_pass *p, struct world_answer *ret)
{
	struct out o = {0};

	out_puts(&o, "{\"account\":");
	out_json(&o, p->account->name);
	out_puts(&o, ",\"user\":");
	out_json(&o, p->client ? p->client->id : NULL);
	out_printf(&o,
	        ",\"description\":\"\",\"method\":\"%s\",\"roles\":[],\"identities\":[],\"allowedRoutes\":",
	        p->client ? "oauth2" : "account");
	put_rules(&o, &p->account->rules, p->key ? &p->key->rules : &p->account->rules);
	out_puts(&o, "}");
	reply_text(ret, 200, REPLY_JSON, o.data);
}

/* Fills the rules of a new key from {"accessRules":[{"method":"GET","path":"/x"}]}. */
static bool read_rules(const char *body, struct auth_rules *rules)
{
	static const char *list_path[] = {"accessRules", NULL}, *method_path[] = {"method", NULL},
	                  *path_path[] = {"path", NULL};
	yajl_val tree = yajl_tree_parse(body, NULL, 0), list, method, path;
	bool ok = false;

	list = tree ? yajl_tree_get(tree, list_path, yajl_t_array) : NULL;
	for (size_t i = 0; list && i < list->u.array.len; i++) {
		method = yajl_tree_get(list->u.array.values[i], method_path, yajl_t_string);
		path = yajl_tree_get(list->u.array.values[i], path_path, yajl_t_string);
		ok = method && path;
		if (!ok)
			break;
		auth_add_rule(rules, YAJL_GET_STRING(method), YAJL_GET_STRING(path), false);
	}
	yajl_tree_free(tree);
	return ok;
}

static void new_credential(
        struct sim *s, const struct incoming *in, const char **ret_account, struct world_answer *ret)
{
	struct auth_rules rules = {0};
	struct auth_key *app, *k;
	char ck[33], token[65];
	struct out o = {0};

	if (!auth_check_application(s, in, &app, ret))
		return;
	*ret_account = app->account->name;
	if (!read_rules(in->body, &rules)) {
		for (size_t i = 0; i < rules.n; i++) {
			free(rules.list[i].method);
			free(rules.list[i].pattern);
		}
		free(rules.list);
		reply_refusal(s, ret, &bad_body, NULL);
		return;
	}
	snprintf(ck, sizeof(ck), "%016" PRIx64 "%016" PRIx64, sim_random(s), sim_random(s));
	snprintf(token, sizeof(token), "%016" PRIx64 "%016" PRIx64, sim_random(s), sim_random(s));
	k = auth_add_key(s, app->account, app->ak, app->as, ck);
	k->rules = rules;
	k->state = AUTH_PENDING;
	k->validation = must(strdup(token));
	out_printf(&o, "{\"consumerKey\":\"%s\",\"state\":\"pendingValidation\",\"validationUrl\":\"%s://",
	        ck, in->tls ? "https" : "http");
	out_printf(&o, "%s/_sim/validate?credentialToken=%s\"}", in->host ? in->host : "", token);
	reply_text(ret, 200, REPLY_JSON, o.data);
}

void authpages_answer(struct sim *s, const struct incoming *in, const char *route, const char **ret_account,
        struct world_answer *ret)
{
	bool get = !strcmp(in->method, "GET");
	struct auth_pass p = {0};
	char text[40];

	*ret_account = NULL;
	if (get && path_is(route, "/auth/time")) {
		int64_t t = sim_now(s) + s->knobs.clock_offset + s->knobs.auth_time_lie;

		snprintf(text, sizeof(text), "%" PRId64, t / 1000);
		reply_text(ret, 200, REPLY_JSON, must(strdup(text)));
		return;
	}
	if (!strcmp(in->method, "POST") && path_is(route, "/auth/credential")) {
		new_credential(s, in, ret_account, ret);
		return;
	}
	if (!auth_check(s, in, false, &p, ret)) {
		*ret_account = p.account ? p.account->name : NULL;
		return;
	}
	*ret_account = p.account->name;
	if (get && path_is(route, "/auth/currentCredential") && p.key)
		current_credential(s, p.key, ret);
	else if (get && path_is(route, "/auth/details"))
		details(&p, ret);
	else
		reply_refusal(s, ret, &no_route, NULL);
}
