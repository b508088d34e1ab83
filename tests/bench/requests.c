/* What the daemon asks of the API at the default poll settings, in virtual time: the real engine on the simulation's clock
 * against the simulated OVHcloud, which counts. Prints figures as lines of "name value" for run.sh; never judges them.
 *
 *   requests [--domains N] [--days N] [--trace]
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/util.h"
#include "engine/engine.h"
#include "io/dns.h"
#include "io/http.h"
#include "io/loop.h"
#include "io/report.h"
#include "io/store.h"
#include "io_ram/store_ram.h"
#include "simulation/sim.h"

#define WARM_UP                                                                                              \
	(20 * MS_DAY) /* first looks, records, and the grace of selectors whose history nobody knows */

struct bench {
	const char *platform, *rotate_every;
	unsigned domains, days;
	struct config *config;
	char *inventory;
	struct loop *loop;
	struct http *http;
	struct dns *dns;
	struct store *store;
	struct engine *engine;
};

static unsigned long told[EVENT_COUNT];
static bool tracing;

static void on_report(void *arg, enum event e, int priority, const struct fields *f, const char *message)
{
	char when[TIME_TEXT];

	(void)arg;
	told[e]++;
	if (tracing && priority <= 6)
		printf("# %s %-20s %s: %s\n", time_text(when, sim.now), event_name(e),
		        f != NULL && f->domain != NULL ? f->domain : "-", message);
}

static const char *name_of(char dst[64], unsigned i)
{
	snprintf(dst, 64, "d%u.example", i);
	return dst;
}

/* OVHcloud at its quickest: what a task takes is not what is measured here. */
static void set_world(void)
{
	static const char *const switches[][2] = {
	        {"task_ms", "0"},
	        {"task_todo_ms", "0"},
	        {"check_ms", "1s"},
	        {"publish_ms", "0"},
	        {"appear_ms", "0"},
	        {"target_ms", "0"},
	        {"mx_task_ms", "0"},
	        {"target_changes", "yes"},
	        {"key_changes", "yes"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(switches); i++)
		if (world_set(sim.world, switches[i][0], switches[i][1]) != 0)
			fprintf(stderr, "requests: no switch %s=%s\n", switches[i][0], switches[i][1]);
}

static void build(struct bench *b)
{
	char *config = xasprintf("accounts: { default: { endpoint: \"https://api.example/1.0\", credentials: "
	                         "/none, requests_per_minute: 0 } }\n"
	                         "safety: { max_daily_changes: 100000, max_rotating: 1000 }\n"
	                         "policies: { default: { rotate_every: %s, grace: 7d } }\n",
	        b->rotate_every);
	const char *service = *b->platform == 'e' ? ", service: svc-1" : "";
	struct diags d = {0};
	struct buf inv = {0};
	char name[64];

	b->config = config_parse(config, strlen(config), "bench.yaml", &d);
	if (b->config == NULL) {
		fprintf(stderr, "requests: %s\n", d.list[0].text);
		exit(1);
	}
	free(config);
	buf_puts(&inv, "domains:\n");
	for (unsigned i = 0; i < b->domains; i++) {
		name_of(name, i);
		buf_printf(
		        &inv, "  - { domain: %s, platform: %s%s, dns: ovh }\n", name, b->platform, service);
		world_add_domain(sim.world, sim.now, "default", b->platform, "svc-1", name, name, "ovh", 2,
		        *b->platform == 'e' ? "signing" : "virgin");
	}
	b->inventory = inv.data;
}

static struct inventory *inventory_of(const struct bench *b)
{
	struct inventory_text file = {
	        .path = "bench-inventory.yaml", .text = b->inventory, .len = strlen(b->inventory)};
	struct diags d = {0};
	struct inventory *inv = inventory_start(b->config, &file, 1, NULL, 0, &d);

	if (d.n != 0) {
		fprintf(stderr, "requests: %s\n", d.list[0].text);
		exit(1);
	}
	return inv;
}

static void start(struct bench *b)
{
	static struct credentials *creds[1];
	struct dns_options o = {.authoritative = true};
	const char *why;
	char error[200];

	creds[0] = sim_credentials();
	memset(&sim, 0, sizeof(sim));
	memset(told, 0, sizeof(told));
	sim.rng = 1;
	sim.now = SIM_EPOCH;
	sim.boot_at = SIM_EPOCH - MS_HOUR;
	sim.world = world_new(1);
	store_ram_forget("sim");
	set_world();
	build(b);
	b->loop = loop_new();
	b->http = http_new(b->loop, "bench", 8, 0);
	b->dns = dns_new(b->loop, &o, &why);
	b->store = store_open("sim", false, error, sizeof(error));
	struct engine_parts parts = {.loop = b->loop,
	        .http = b->http,
	        .dns = b->dns,
	        .store = b->store,
	        .config = b->config,
	        .credentials = creds};
	b->engine = engine_new(&parts);
	engine_start(b->engine, inventory_of(b));
}

static void end(struct bench *b)
{
	engine_free(b->engine);
	store_close(b->store);
	dns_free(b->dns);
	http_free(b->http);
	loop_free(b->loop);
	world_free(sim.world);
	config_free(b->config);
	free(b->inventory);
}

/* All but /auth/...; the tasks too, whose paths do not name the domain. */
static double requests_so_far(void)
{
	char *counts = world_counts(sim.world);
	const char *total = strstr(counts, "\"total\":");
	double n = total != NULL ? strtod(total + strlen("\"total\":"), NULL) : -1;

	free(counts);
	return n;
}

/* Settled domains: requests for each of them and day, and how often the loop woke up. */
static double settled(const char *platform, unsigned domains, unsigned days)
{
	struct bench b = {.platform = platform, .rotate_every = "never", .domains = domains, .days = days};

	start(&b);
	sim_run(b.loop, sim.now + WARM_UP);
	double before = requests_so_far();
	unsigned long changes = told[EVENT_CHANGE_SENT];
	sim_run(b.loop, sim.now + (int64_t)days * MS_DAY);
	double each = (requests_so_far() - before) / domains / days;
	printf("settled_%s %.2f\n", platform, each);
	if (told[EVENT_CHANGE_SENT] != changes)
		printf("# %s: not settled, something was changed meanwhile\n", platform);
	end(&b);
	return each;
}

/* One rotation with all that belongs to it, beyond the looks that would have happened anyway. */
static void rotation(const char *platform, unsigned domains, double each)
{
	struct bench b = {.platform = platform, .rotate_every = "30d", .domains = domains, .days = 120};

	start(&b);
	sim_run(b.loop, sim.now + 45 * MS_DAY); /* the first ones are spread over the whole of a period */
	double before = requests_so_far();
	unsigned long rotated = told[EVENT_ROTATION_CONFIRMED], deleted = told[EVENT_KEY_DELETED];
	sim_run(b.loop, sim.now + (int64_t)b.days * MS_DAY);
	double all = requests_so_far() - before - each * domains * b.days;
	rotated = told[EVENT_ROTATION_CONFIRMED] - rotated;
	deleted = told[EVENT_KEY_DELETED] - deleted;
	printf("# %s: %lu rotations, %lu deletions, %zu rules broken\n", platform, rotated, deleted,
	        world_broken(sim.world));
	if (rotated != 0)
		printf("rotation_%s %.1f\n", platform, all / (double)rotated);
	end(&b);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {{"domains", required_argument, NULL, 'd'},
	        {"days", required_argument, NULL, 'y'}, {"trace", no_argument, NULL, 't'},
	        {NULL, 0, NULL, 0}};
	unsigned domains = 50, days = 30;

	for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (c == 'd')
			domains = (unsigned)atoi(optarg);
		else if (c == 'y')
			days = (unsigned)atoi(optarg);
		else if (c == 't')
			tracing = true;
		else
			return 2;
	}
	if (domains == 0 || days == 0)
		return 2;
	report_capture(on_report, NULL);
	double exchange = settled("exchange", domains, days), emailpro = settled("emailpro", domains, days);
	settled("mxplan", domains, days);
	settled("zimbra", domains, days);
	rotation("exchange", domains, exchange);
	rotation("emailpro", domains, emailpro);
	return 0;
}
