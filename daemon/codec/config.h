/* The configuration, dkimrotd.yaml: what a site sets once. No secrets are in it. Keys, defaults and their meaning:
 * dkimrotd.yaml(5). */
#ifndef DKIMROTD_CODEC_CONFIG_H
#define DKIMROTD_CODEC_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "codec/address.h"
#include "codec/policy.h"
#include "core/desired.h"
#include "core/external.h"

#define CONFIG_DEFAULT_PATH "/etc/dkimrotd/dkimrotd.yaml"

struct config_account {
	const char *name;
	const char *endpoint;    /* as written: a name of codec/endpoint.h or a URL */
	const char *base_url;    /* without '/' at the end; see endpoint_url() */
	const char *token_url;   /* of a known endpoint; NULL = the credentials must name one for OAuth2 */
	const char *credentials; /* a file name without '/', or an absolute path; see io/creds.h */
	const char *ca_file;     /* absolute; NULL = the system's store */
	int requests_per_minute; /* 0 = no limit */
	int connections;
	struct place at; /* of its name */
	struct place credentials_at;
};

#define CONFIG_SERVER_TTL 3600

struct config_server { /* a primary that takes dynamic updates (RFC 2136) */
	const char *name;
	struct address server;
	const char *key;       /* the TSIG key's name, lower case; NULL = the file tells */
	const char *algorithm; /* of codec/tsigkey.h; NULL = as the file has it, else the default */
	const char *secret; /* a credential: a file name without '/', or an absolute path; see io/creds.h */
	int ttl;            /* seconds, of the records that are written there */
	struct place at;    /* of its name */
	struct place secret_at;
};

/* A signer of the site's own: where the stamp of its reload unit lies, and which files it reads. */
struct config_signer {
	const char *name;
	enum signer_layout layout;
	const char *stamp; /* absolute */
	struct place at;   /* of its name */
};

struct config {
	const char *file;
	enum run_mode mode;
	struct config_signer *signers; /* by name */
	size_t n_signers;
	const char *keys; /* folder of private keys and signers' maps; NULL = "keys" in the state folder */
	struct config_account *accounts; /* by name */
	size_t n_accounts;
	struct config_server *servers; /* by name */
	size_t n_servers;
	const char *inventory;
	const char *state, *control;
	bool state_given, control_given; /* else $STATE_DIRECTORY, $RUNTIME_DIRECTORY come first */
	struct address metrics;
	struct {
		int64_t active, settled; /* active <= settled */
	} poll;
	struct {
		struct address *resolvers; /* empty = the system's */
		size_t n_resolvers;
		bool authoritative;
		int authoritative_port;
		const char *trust_anchor; /* "" = none */
	} dns;
	struct {
		int64_t minimum_grace;
		int64_t longest_gap; /* above poll.settled */
		int max_rotating;
		int max_daily_number;     /* 0 = by percentage */
		int max_daily_hundredths; /* of a percent */
	} safety;
	struct policy_settings
	        *policies; /* "default" is always there; windows are text, resolved by the inventory */
	size_t n_policies;
	struct arena *arena;
};

/* The configuration in a file's text (not terminated), whole and with every default in place; or NULL, and why in d.
 * `file` names it in faults. */
struct config *config_parse(const char *text, size_t len, const char *file, struct diags *d);
void config_free(struct config *c); /* NULL is fine */

const struct config_account *config_account(const struct config *c, const char *name); /* NULL = none */
const struct config_server *config_server(const struct config *c, const char *name);   /* NULL = none */
const struct config_signer *config_signer(const struct config *c, const char *name);   /* NULL = none */
const struct policy_settings *config_policy(const struct config *c, const char *name); /* NULL = none */
/* safety.max_daily_changes for an account of so many domains: rounded up, at least 1. */
int config_daily_changes(const struct config *c, size_t domains);

#endif
