/* The modules in order, and the same list backwards. */
#include "parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/ovhsign.h"
#include "engine/engine.h"
#include "faults.h"
#include "intake.h"
#include "io/control.h"
#include "io/creds.h"
#include "io/dns.h"
#include "io/http.h"
#include "io/keystore.h"
#include "io/loop.h"
#include "io/report.h"
#include "io/store.h"
#include "io/watch.h"

static void resolvers_of(const struct config *c, char ***ret)
{
	char **list = xcalloc(c->dns.n_resolvers + 1, sizeof(char *));

	for (size_t i = 0; i < c->dns.n_resolvers; i++)
		list[i] = xasprintf("%s@%u", c->dns.resolvers[i].host, c->dns.resolvers[i].port);
	*ret = list;
}

static void print_faults(const struct daemon *d, const struct diags *diags)
{
	if (d->plain)
		faults_print(diags);
}

static void tell_fault(const struct daemon *d, const char *why)
{
	struct fields f = {.config_file = d->config_path};

	if (d->plain)
		fprintf(stderr, "dkimrotd: %s\n", why);
	report(EVENT_CONFIG_ERROR, &f, why);
}

bool parts_open_dns(struct daemon *d)
{
	const char *why = "";
	char **resolvers;

	resolvers_of(d->config, &resolvers);
	struct dns_options o = {
	        .resolvers = (const char *const *)resolvers,
	        .authoritative = d->config->dns.authoritative,
	        .authoritative_port = (uint16_t)d->config->dns.authoritative_port,
	        .trust_anchor = d->config->dns.trust_anchor,
	};
	d->dns = dns_new(d->loop, &o, &why);
	for (char **p = resolvers; *p != NULL; p++)
		free(*p);
	free(resolvers);
	if (d->dns == NULL)
		tell_fault(d, why);
	return d->dns != NULL;
}

/* NULL entries are accounts that cannot work; false when none can. */
bool parts_load_credentials(const struct config *c, struct credentials ***ret, struct diags *diags)
{
	struct credentials **list = xcalloc(c->n_accounts + 1, sizeof(struct credentials *));
	bool any = c->n_accounts == 0; /* every domain signs elsewhere */

	for (size_t i = 0; i < c->n_accounts; i++) {
		list[i] = creds_load(c, &c->accounts[i], getenv("CREDENTIALS_DIRECTORY"), diags);
		any = any || list[i] != NULL;
	}
	*ret = list;
	return any;
}

void parts_free_credentials(struct credentials **list, size_t n)
{
	for (size_t i = 0; list != NULL && i < n; i++)
		credentials_free(list[i]);
	free(list);
}

struct tsig_key **parts_load_keys(const struct config *c, struct diags *diags)
{
	struct tsig_key **list = xcalloc(c->n_servers + 1, sizeof(struct tsig_key *));

	for (size_t i = 0; i < c->n_servers; i++)
		list[i] = creds_load_key(c, &c->servers[i], getenv("CREDENTIALS_DIRECTORY"), diags);
	return list;
}

void parts_free_keys(struct tsig_key **list, size_t n)
{
	for (size_t i = 0; list != NULL && i < n; i++)
		tsig_key_free(list[i]);
	free(list);
}

const char *parts_state_folder(const struct config *c)
{
	const char *given = getenv("STATE_DIRECTORY");

	return !c->state_given && given != NULL && given[0] == '/' ? given : c->state;
}

static void control_path(const struct config *c, char *dst, size_t n)
{
	const char *folder = getenv("RUNTIME_DIRECTORY");

	if (!c->control_given && folder != NULL && folder[0] == '/')
		str_format(dst, n, "%s/control.sock", folder);
	else
		str_format(dst, n, "%s", c->control);
}

/* Beside the control socket: outside the state folder, and gone when the host starts anew. */
static void ask_witness(struct daemon *d)
{
	char path[512 + 16];

	control_path(d->config, path, 512);
	char *end = strrchr(path, '/');
	str_format(end, sizeof(path) - (size_t)(end - path), "/state.witness");
	store_witness(d->store, path);
}

static void metrics_place(const struct config *c, char *dst, size_t n)
{
	const struct address *m = &c->metrics;

	dst[0] = '\0';
	if (m->host[0] != '\0')
		str_format(dst, n, strchr(m->host, ':') != NULL ? "[%s]:%u" : "%s:%u", m->host, m->port);
}

void parts_open_control(struct daemon *d)
{
	char error[200] = "";

	control_path(d->config, d->control_at, sizeof(d->control_at));
	metrics_place(d->config, d->metrics_at, sizeof(d->metrics_at));
	d->control = control_open(
	        d->loop, d->control_at, d->metrics_at, ask_handle, &d->ask, error, sizeof(error));
	if (error[0] != '\0') {
		struct fields f = {.config_file = d->config_path};

		report(EVENT_CONFIG_ERROR, &f, error); /* rotating goes on without it */
	}
}

void parts_keep_places(const struct daemon *d, const struct config *c, struct diags *diags)
{
	char path[512], metrics[80];

	control_path(c, path, sizeof(path));
	metrics_place(c, metrics, sizeof(metrics));
	if (!d->once && !(str_eq(path, d->control_at) && str_eq(metrics, d->metrics_at)))
		diag_add(diags, d->config_path, 0, 0,
		        "control and metrics cannot change while running: they stay as they were until a "
		        "restart");
}

static void lost_row(void *arg, const char *what)
{
	(void)arg;
	report(EVENT_STATE_LOST, NULL, what);
}

bool parts_open_keystore(struct daemon *d, const struct config *c, struct keystore **ret, struct diags *diags)
{
	char path[4200], why[300] = "";

	if (c->n_signers == 0)
		return true;
	if (c->keys != NULL)
		str_format(path, sizeof(path), "%s", c->keys);
	else
		str_format(path, sizeof(path), "%s/keys", parts_state_folder(c));
	*ret = keystore_new(d->loop, path, why, sizeof(why));
	if (*ret == NULL)
		diag_add(diags, d->config_path, 0, 0, "%s", why);
	return *ret != NULL;
}

/* Accounts may share a host: curl must never hold back what an account let go, for its signature would age. */
static unsigned connections_of(const struct config *c)
{
	unsigned n = 0;

	for (size_t i = 0; i < c->n_accounts; i++)
		n += (unsigned)c->accounts[i].connections;
	return n > 0 ? n : 1;
}

/* Where a unit has several folders they stand in a list, ours first (systemd.exec(5)). */
static void take_first(const char *name)
{
	const char *list = getenv(name);

	if (list != NULL && strchr(list, ':') != NULL) {
		char *first = xstrndup(list, strcspn(list, ":"));

		setenv(name, first, 1);
		free(first);
	}
}

int parts_open(struct daemon *d)
{
	struct diags diags = {0};
	char error[400];

	take_first("STATE_DIRECTORY");
	take_first("RUNTIME_DIRECTORY");
	d->config = intake_config(d->config_path, &diags);
	print_faults(d, &diags);
	if (d->config == NULL) {
		faults_report(&diags);
		diags_clear(&diags);
		return EXIT_CONFIG;
	}
	if (ovhsign_available() < 0)
		diag_add(&diags, d->config_path, 0, 0,
		        "this host's OpenSSL refuses SHA-1, which OVHcloud's signature needs; only OAuth2 "
		        "accounts can work");
	bool usable = parts_load_credentials(d->config, &d->credentials, &diags);
	d->keys = parts_load_keys(d->config, &diags);
	faults_report(&diags);
	if (!usable)
		print_faults(d, &diags);
	diags_clear(&diags);
	if (!usable)
		return EXIT_CREDENTIALS;
	d->store = store_open(parts_state_folder(d->config), false, error, sizeof(error));
	if (d->store == NULL) {
		tell_fault(d, error);
		return EXIT_STATE;
	}
	d->loop = loop_new();
	d->since = loop_wall(d->loop);
	d->http = http_new(d->loop, "dkimrotd/" DKIMROTD_VERSION, connections_of(d->config), 0);
	store_on_lost(d->store, lost_row, d);
	ask_witness(d);
	if (!parts_open_keystore(d, d->config, &d->keystore, &diags)) {
		print_faults(d, &diags);
		faults_report(&diags);
		diags_clear(&diags);
		return EXIT_STATE;
	}
	return parts_open_dns(d) ? EXIT_CLEAN : EXIT_CONFIG;
}

void parts_close(struct daemon *d)
{
	watch_free(d->watch);
	if (d->engine != NULL)
		engine_free(d->engine); /* it still answers those who wait at the control socket */
	control_close(d->control);
	timer_free(d->ready);
	timer_free(d->status);
	timer_free(d->watchdog);
	timer_free(d->reload);
	if (d->dns != NULL)
		dns_free(d->dns);
	keystore_free(d->keystore);
	if (d->http != NULL)
		http_free(d->http);
	if (d->loop != NULL)
		loop_free(d->loop);
	if (d->store != NULL)
		store_close(d->store);
	if (d->config != NULL) {
		parts_free_credentials(d->credentials, d->config->n_accounts);
		parts_free_keys(d->keys, d->config->n_servers);
	}
	config_free(d->config);
}
