/* Who may ask: accounts with application keys, consumer keys, OAuth2 service accounts, bearer tokens and
 * access rules, and the strict check of each request (ovh-api facts: v1 signature, errors of both
 * generations). */
#ifndef OVHSIM_AUTH_H
#define OVHSIM_AUTH_H

#include "out.h"
#include "sim.h"

struct auth_rule {
	char *method, *pattern; /* "*" for any method; * in the pattern matches across slashes */
	bool deny;
};
struct auth_rules {
	struct auth_rule *list;
	size_t n;
};

enum auth_state { AUTH_VALIDATED, AUTH_PENDING, AUTH_EXPIRED, AUTH_REFUSED };

struct auth_account {
	char *name;
	struct auth_rules rules; /* none that allows: everything is granted */
};
struct auth_key { /* a consumer key and the application it was made for */
	struct auth_account *account;
	char *ak, *as, *ck;
	enum auth_state state;
	uint64_t id;
	int64_t created, last_use;
	struct auth_rules rules; /* those asked for with POST /auth/credential */
	char *validation;        /* token of the validation page, NULL = none */
};
struct auth_client { /* an OAuth2 service account */
	struct auth_account *account;
	char *id, *secret;
	bool revoked;
};
struct auth_token {
	char text[65];
	struct auth_client *client;
	int64_t until; /* simulated time, ms */
};

struct auth {
	struct auth_account **accounts;
	struct auth_key **keys;
	struct auth_client **clients;
	struct auth_token *tokens;
	size_t n_accounts, n_keys, n_clients, n_tokens;
};

/* How a request was let in. */
struct auth_pass {
	struct auth_account *account;
	struct auth_key *key;       /* NULL: came with a bearer token */
	struct auth_client *client; /* NULL: came with a signature */
};

struct auth *auth_new(void);
void auth_free(struct auth *a);
struct auth_account *auth_account(struct auth *a, const char *name); /* made when new */
struct auth_account *auth_account_find(struct auth *a, const char *name);
struct auth_key *auth_add_key(
        struct sim *s, struct auth_account *acc, const char *ak, const char *as, const char *ck);
void auth_add_client(struct auth *a, struct auth_account *acc, const char *id, const char *secret);
void auth_add_rule(struct auth_rules *rules, const char *method, const char *pattern, bool deny);
struct auth_client *auth_client_find(struct auth *a, const char *id, const char *secret);
/* Makes a token and forgets those that are long dead. The text is borrowed until the next call. */
const char *auth_add_token(struct sim *s, struct auth_client *c, int64_t life_ms);
/* What people do to an account: revoke-credential, restore-credential, revoke-tokens. 0 or -EINVAL. */
int auth_person(struct sim *s, const char *account, const char *what);

/* true and *ret_pass, or false and the refusal written into *ret; the account may be known then, too. Access rules are asked when with_rules. */
bool auth_check(struct sim *s, const struct incoming *in, bool with_rules, struct auth_pass *ret_pass,
        struct world_answer *ret);
/* The application key named in the request exists. Else the refusal. */
bool auth_check_application(
        struct sim *s, const struct incoming *in, struct auth_key **ret_key, struct world_answer *ret);

/* OVHcloud's IAM action for a call ("emailPro:apiovh:domain/get"), as a refusal names it. */
void auth_action(const char *method, const char *route, char *dst, size_t n);

#endif
