/* dkimrotd: a table of contents. Options, the modules in order, the loop, the same list backwards. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/diag.h"
#include "base/util.h"
#include "engine/engine.h"
#include "faults.h"
#include "intake.h"
#include "io/dns.h"
#include "io/files.h"
#include "io/keystore.h"
#include "io/loop.h"
#include "io/memory.h"
#include "io/notify.h"
#include "io/report.h"
#include "io/store.h"
#include "io/watch.h"
#include "parts.h"

#define STOP_MOST    (10 * MS_SECOND) /* a change that has left gets so long to be answered */
#define DNS_PATIENCE MS_MINUTE /* ... and the thread of the look-ups to come by, which takes it moments */

static const char usage[] =
        "Usage: dkimrotd [-c FILE] [--check | --once] [--log journal|text|json] [--version] [--help]\n"
        "\n"
        "Keeps the DKIM selectors of e-mail domains at OVHcloud created, published, signing and rotated.\n"
        "\n"
        "  -c FILE          configuration, default " CONFIG_DEFAULT_PATH "\n"
        "  --check          read configuration and inventory, print every fault, send and write nothing\n"
        "  --once           one pass over every domain, follow what was started to its end, then exit\n"
        "  --log WHERE      journal, text or json; default journal under systemd, else text on stderr\n"
        "  --version        print the version\n"
        "  --help           print this\n"
        "\n"
        "Exit codes: 0 clean, 1 faulty configuration, 2 wrong usage, 3 --once left something unsettled,\n"
        "4 state unusable or locked, 5 no account has usable credentials. See dkimrotd(8).\n";

/* --- status, watchdog, readiness ------------------------------------------------------------------------------------ */

/* What the service manager did not take is said again soon. */
static void owe_later(struct daemon *d)
{
	if (!notify_owed() || d->status_due)
		return;
	d->status_due = true;
	timer_set(d->status, MS_SECOND, 0);
}

static void tell_status(void *arg)
{
	struct daemon *d = arg;
	char line[400];

	d->status_due = false;
	if (!d->dns_warned && dns_warning(d->dns) != NULL) {
		d->dns_warned = true;
		report(EVENT_DNS_PROBLEM, NULL, "DNSSEC", dns_warning(d->dns));
	}
	engine_summary(d->engine, line, sizeof(line));
	notify_status("%s", line);
	owe_later(d);
}

static void status_changed(void *arg)
{
	struct daemon *d = arg;

	if (d->status_due || !d->is_ready)
		return;
	d->status_due = true;
	timer_set(d->status, MS_SECOND, 5 * MS_SECOND);
}

static void become_ready(void *arg)
{
	struct daemon *d = arg;
	char line[400];

	if (!d->is_ready && !d->once)
		memory_give_back(); /* what a start needs and nothing later */
	d->is_ready = true;
	engine_summary(d->engine, line, sizeof(line));
	notify_ready(line);
	owe_later(d);
}

/* Fed by progress of the engine's own work, not by a timer that outlives it: the engine's tick counts as progress, it runs
 * on the same loop as everything else, and at least twice between two feedings. Where the thread of the look-ups stands still
 * no domain would be looked at any more, and nothing but a new start helps. */
static void feed_watchdog(void *arg)
{
	struct daemon *d = arg;
	uint64_t now = engine_progress(d->engine);
	bool looks = dns_silence(d->dns) < DNS_PATIENCE;

	if (!looks)
		report(EVENT_DNS_PROBLEM, NULL, "look-ups",
		        "they stand still, so the watchdog is fed no more and the daemon starts anew");
	if (now != d->progress && looks)
		notify_watchdog();
	owe_later(d);
	d->progress = now;
	timer_set(d->watchdog, notify_watchdog_interval(), 0);
}

/* --- the engine ------------------------------------------------------------------------------------------------------- */

static void once_done(void *arg, int code)
{
	struct daemon *d = arg;

	d->exit_code = code;
	loop_stop(d->loop);
}

static void start_engine(struct daemon *d, struct inventory *inv)
{
	struct engine_parts parts = {
	        .loop = d->loop,
	        .http = d->http,
	        .dns = d->dns,
	        .store = d->store,
	        .keystore = d->keystore,
	        .config = d->config,
	        .credentials = d->credentials,
	        .keys = d->keys,
	        .tick = notify_watchdog_interval() / 2,
	        .since = d->since,
	        .once = d->once,
	        .done = once_done,
	        .changed = status_changed,
	        .arg = d,
	};

	d->engine = engine_new(&parts);
	d->ask.engine = d->engine;
	d->progress = UINT64_MAX; /* another engine's, so that whatever this one has done counts */
	engine_start(d->engine, inv);
}

/* --- reload ------------------------------------------------------------------------------------------------------------ */

static void faults_text(const struct diags *d, struct buf *out)
{
	char line[1200];

	for (size_t i = 0; out != NULL && i < d->n; i++) {
		if (i > 0)
			buf_puts(out, "\n");
		buf_puts(out, diag_format(&d->list[i], line, sizeof(line)));
	}
}

static void folder_changed(void *arg)
{
	struct daemon *d = arg;

	timer_set(d->reload, 0, 0);
}

/* A new configuration may have another folder. */
static void watch_inventory(struct daemon *d)
{
	watch_free(d->watch);
	d->watch = d->once ? NULL : watch_new(d->loop, d->config->inventory, folder_changed, d);
}

/* A new configuration replaces the old one whole, or not at all; what is wrong with one that is taken is told here.
 * Everything that matters is in the store, so the engine is simply made anew on it. */
static bool take_config(struct daemon *d, struct diags *diags)
{
	struct config *c = intake_config(d->config_path, diags);
	struct credentials **creds = NULL;

	if (c == NULL)
		return false;
	if (!parts_load_credentials(c, &creds, diags)) {
		parts_free_credentials(creds, c->n_accounts);
		config_free(c);
		return false;
	}
	if (!str_eq(parts_state_folder(c), parts_state_folder(d->config))) {
		diag_add(diags, d->config_path, 0, 0,
		        "the state folder cannot change while running: restart instead");
		parts_free_credentials(creds, c->n_accounts);
		config_free(c);
		return false;
	}
	struct keystore *keystore = NULL;
	if (!parts_open_keystore(d, c, &keystore, diags)) {
		parts_free_credentials(creds, c->n_accounts);
		config_free(c);
		return false;
	}
	struct tsig_key **keys = parts_load_keys(c, diags);
	struct inventory *inv = intake_inventory(c, d->store, NULL, diags);
	parts_keep_places(d, c, diags);
	faults_report(diags);
	faults_report_inventory(inv, engine_inventory(d->engine));
	engine_leave(d->engine, inv);
	d->ask.engine = NULL;
	engine_free(d->engine);
	parts_free_credentials(d->credentials, d->config->n_accounts);
	parts_free_keys(d->keys, d->config->n_servers);
	config_free(d->config);
	d->config = c;
	d->credentials = creds;
	d->keys = keys;
	dns_free(d->dns);
	keystore_free(d->keystore);
	d->keystore = keystore;
	if (!parts_open_dns(d))
		abort(); /* it was parsed: only memory can be short */
	start_engine(d, inv);
	watch_inventory(d);
	return true;
}

static enum reload_result reload(struct daemon *d, bool config, struct buf *out)
{
	struct diags diags = {0};
	bool good = true;
	char count[STR_COUNT];

	notify_reloading();
	if (config) {
		good = take_config(d, &diags);
	} else {
		struct inventory *inv =
		        intake_inventory(d->config, d->store, engine_inventory(d->engine), &diags);

		faults_report(&diags);
		faults_report_inventory(inv, engine_inventory(d->engine));
		engine_reload(d->engine, inv);
	}
	faults_text(&diags, out);
	if (!good) {
		faults_report(&diags);
		report(EVENT_RELOAD_REFUSED, NULL, str_count(count, diags.n, "fault"));
	} else {
		report(EVENT_RELOADED, NULL, str_count(count, engine_inventory(d->engine)->n, "domain"));
	}
	enum reload_result result = !good ? RELOAD_REFUSED : diags.n != 0 ? RELOAD_IN_PART : RELOAD_TAKEN;
	diags_clear(&diags);
	become_ready(d);
	return result;
}

static enum reload_result asked_to_reload(void *arg, struct buf *out)
{
	return reload(arg, true, out);
}

static void reload_now(void *arg)
{
	struct daemon *d = arg;
	bool config = d->reload_config;

	d->reload_config = false;
	reload(d, config, NULL);
}

static void on_hup(void *arg)
{
	struct daemon *d = arg;

	d->reload_config = true;
	timer_set(d->reload, 0, 0);
}

static void stopped(void *arg)
{
	struct daemon *d = arg;

	loop_stop(d->loop);
}

static void on_term(void *arg)
{
	struct daemon *d = arg;

	report(EVENT_STOPPING, NULL);
	notify_stopping();
	engine_stop(d->engine, STOP_MOST, stopped, d);
}

/* --- start and end ------------------------------------------------------------------------------------------------------ */

static int check_only(struct daemon *d)
{
	struct diags diags = {0};
	int code;

	d->config = intake_config(d->config_path, &diags);
	if (d->config != NULL)
		inventory_free(intake_inventory(d->config, NULL, NULL, &diags));
	faults_print(&diags);
	code = diags.n == 0 ? EXIT_CLEAN : EXIT_CONFIG;
	diags_clear(&diags);
	config_free(d->config);
	return code;
}

static void run(struct daemon *d)
{
	struct diags diags = {0};
	struct inventory *inv = intake_inventory(d->config, d->store, NULL, &diags);
	char count[STR_COUNT];

	faults_report(&diags);
	faults_report_inventory(inv, NULL);
	diags_clear(&diags);
	d->ask.reload = asked_to_reload;
	d->ask.arg = d;
	if (!d->once)
		parts_open_control(d);
	d->ready = timer_new(d->loop, become_ready, d);
	d->status = timer_new(d->loop, tell_status, d);
	d->watchdog = timer_new(d->loop, feed_watchdog, d);
	d->reload = timer_new(d->loop, reload_now, d);
	loop_signal(d->loop, SIGTERM, on_term, d);
	loop_signal(d->loop, SIGINT, on_term, d);
	loop_signal(d->loop, SIGHUP, on_hup, d);
	report(EVENT_STARTED, NULL, DKIMROTD_VERSION, str_count(count, inv->n, "domain"));
	start_engine(d, inv);
	watch_inventory(d);
	timer_set(d->ready, 0, 0);
	if (notify_watchdog_interval() > 0)
		feed_watchdog(d);
	loop_run(d->loop);
}

/* Secrets are in our memory: it goes into no core dump, and nobody but root may look into it, another process of our own
 * user neither. Sanitizers look into their own by the same door. */
static void hide_memory(void)
{
#ifndef DKIMROTD_SANITIZED
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"check", no_argument, NULL, 'k'},
	        {"once", no_argument, NULL, 'o'}, {"log", required_argument, NULL, 'l'},
	        {"version", no_argument, NULL, 'v'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	static const char *const sinks[] = {
	        [REPORT_JOURNAL] = "journal", [REPORT_TEXT] = "text", [REPORT_JSON] = "json"};
	struct daemon d = {.config_path = CONFIG_DEFAULT_PATH};
	int sink = -1;

	files_open_standard();
	signal(SIGPIPE, SIG_IGN);
	hide_memory();
	for (int c; (c = getopt_long(argc, argv, "c:h", options, NULL)) != -1;) {
		if (c == 'c')
			d.config_path = optarg;
		else if (c == 'k')
			d.check = true;
		else if (c == 'o')
			d.once = true;
		else if (c == 'v')
			return printf("dkimrotd %s\n", DKIMROTD_VERSION) < 0;
		else if (c == 'h')
			return fputs(usage, stdout) < 0;
		else if (c == 'l') {
			for (size_t i = 0; i < ARRAY_SIZE(sinks); i++)
				if (str_eq(sinks[i], optarg))
					sink = (int)i;
			if (sink < 0) {
				fprintf(stderr, "dkimrotd: --log takes journal, text or json, not \"%s\"\n",
				        optarg);
				return EXIT_USAGE;
			}
		} else
			return EXIT_USAGE;
	}
	if (optind != argc || (d.check && d.once)) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (d.check)
		return check_only(&d);
	enum report_sink to = sink >= 0 ? (enum report_sink)sink : report_default();
	d.plain = to == REPORT_TEXT || (to == REPORT_JOURNAL && report_default() != REPORT_JOURNAL);
	if (report_open(to) < 0)
		fprintf(stderr, "dkimrotd: the journal cannot be reached\n");
	d.exit_code = parts_open(&d);
	if (d.exit_code == EXIT_CLEAN)
		run(&d);
	parts_close(&d);
	report_close();
	return d.exit_code;
}
