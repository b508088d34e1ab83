/* The daemon whole, and the opening and closing of what it is made of. main.c runs it. */
#ifndef DKIMROTD_PARTS_H
#define DKIMROTD_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ask.h"
#include "base/diag.h"
#include "codec/config.h"

struct tsig_key;

enum exit_code { EXIT_CLEAN, EXIT_CONFIG, EXIT_USAGE, EXIT_UNSETTLED, EXIT_STATE, EXIT_CREDENTIALS };

struct daemon {
	const char *config_path;
	bool check, once;
	bool plain; /* standard error is for people: what ends a start stands there as plain lines, too */
	struct config *config;
	struct credentials **credentials;
	struct tsig_key **keys; /* of the servers that take dynamic updates */
	struct loop *loop;
	struct store *store;
	struct http *http;
	struct dns *dns;
	struct keystore *keystore; /* NULL when the configuration has no signers */
	struct engine *engine;
	struct control *control;
	char control_at[512], metrics_at[80]; /* where it listens; "" = nowhere */
	struct watch *watch;
	struct ask ask;
	struct timer *ready, *status, *watchdog, *reload;
	bool reload_config, status_due, is_ready, dns_warned;
	uint64_t progress;
	int64_t since; /* when it started */
	int exit_code;
};

/* Everything but engine, control socket and watch. EXIT_CLEAN, or how the process ends; the fault has been told. */
int parts_open(struct daemon *d);
/* Whatever is open; NULL members are fine. */
void parts_close(struct daemon *d);
/* NULL entries are accounts that cannot work; false when none can. Free the list in either case. */
bool parts_load_credentials(const struct config *c, struct credentials ***ret, struct diags *diags);
void parts_free_credentials(struct credentials **list, size_t n);
/* NULL entries are servers that nothing is written to. */
struct tsig_key **parts_load_keys(const struct config *c, struct diags *diags);
void parts_free_keys(struct tsig_key **list, size_t n);
bool parts_open_dns(struct daemon *d);     /* false: told */
void parts_open_control(struct daemon *d); /* without it rotating goes on; told */
/* The key store of a configuration with signers; NULL, and true, without. */
bool parts_open_keystore(
        struct daemon *d, const struct config *c, struct keystore **ret, struct diags *diags);
/* Where a new configuration has them elsewhere, that is a fault: they stay. */
void parts_keep_places(const struct daemon *d, const struct config *c, struct diags *diags);
const char *parts_state_folder(const struct config *c);

#endif
