/* Years of rotations in seconds: the real engine, platform drivers, plan and gate over a virtual clock, against the simulated
 * OVHcloud in this process. A seed is a run; whatever fails prints the line that replays it. The judge of the simulated
 * OVHcloud checks the safety rules on every change; this file adds crashes, restarts, people, wrong clocks and a hostile API.
 * Its options are those of seeds.h. */
#include <errno.h>
#include <inttypes.h>
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
#include "lists.h"
#include "seeds.h"
#include "sim.h"

static struct {
	struct config *config;
	struct tsig_key *keys[1]; /* of the primary that takes dynamic updates */
	char *inventory_text;
	unsigned domains;
	struct loop *loop;
	struct http *http;
	struct dns *dns;
	struct store *store;
	struct engine *engine;
	struct credentials *cred[1];
	uint64_t seed;
	unsigned long crashes, restarts, persons, older;
	unsigned unnoted;  /* changes that left before their intents were durable */
	size_t misshown;   /* domains that a list told otherwise than their pages */
	unsigned switched; /* the domain that somebody switched and will switch back, + 1; 0 = none */
	bool saved;
	size_t broken_shown;
} run;

static const char *const platforms[] = {"exchange", "emailpro", "mxplan", "zimbra"};

static const char *platform_of(unsigned i)
{
	return i % 8 == 6 ? "mxplan" : i % 8 == 7 ? "zimbra" : platforms[i % 2];
}

/* --- the daemon's life ------------------------------------------------------------------------------------------- */

static struct inventory *read_inventory(void)
{
	struct diags d = {0};
	struct inventory_text file = {
	        .path = "sim.yaml", .text = run.inventory_text, .len = strlen(run.inventory_text)};
	struct inventory *inv = inventory_start(run.config, &file, 1, NULL, 0, &d);

	if (d.n != 0) {
		fprintf(stderr, "inventory: %s\n", d.list[0].text);
		exit(2);
	}
	return inv;
}

static void start(void)
{
	char error[200];
	const char *why;
	struct dns_options o = {.authoritative = true};

	run.loop = loop_new();
	run.http = http_new(run.loop, "simulation", 8, 0);
	run.dns = dns_new(run.loop, &o, &why);
	run.store = store_open("sim", false, error, sizeof(error));
	store_witness(run.store, "sim");
	struct engine_parts parts = {.loop = run.loop,
	        .http = run.http,
	        .dns = run.dns,
	        .store = run.store,
	        .config = run.config,
	        .credentials = run.cred,
	        .keys = run.keys};
	run.engine = engine_new(&parts);
	engine_start(run.engine, read_inventory());
}

/* crash: nothing uncommitted survives; otherwise an orderly end. */
static void stop(bool crash)
{
	if (crash)
		store_ram_fail(run.store, EIO); /* no last commit */
	engine_free(run.engine);
	if (crash)
		store_ram_crash(run.store);
	else
		store_close(run.store);
	dns_free(run.dns);
	http_free(run.http);
	loop_free(run.loop);
}

/* --- the rules, after every event ---------------------------------------------------------------------------------- */

static void check(void)
{
	size_t n = world_broken(sim.world);

	if (n == run.broken_shown)
		return;
	for (size_t i = world_changes(sim.world); i-- > 0;) {
		const struct world_change *c = world_change(sim.world, i);
		char when[TIME_TEXT];

		if (c->broken == 0)
			continue;
		fprintf(stderr, "seed %" PRIu64 ": rule %d broken at %s: %s %s %s: %s\n", run.seed, c->broken,
		        time_text(when, c->at), c->domain, c->method, c->path, c->why);
		break;
	}
	run.broken_shown = n;
}

/* Safety rule 7, at the moment of leaving: whatever becomes of the daemon now, the next one knows that this was begun. */
static enum sim_fate leaving(const char *method, const char *path)
{
	char domain[64];

	if (strcmp(method, "GET") == 0 || strstr(path, "/auth/") != NULL)
		return SIM_SEND;
	for (unsigned i = 0; i < run.domains; i++) {
		snprintf(domain, sizeof(domain), "/d%u.example/", i);
		if (strstr(path, domain) == NULL)
			continue;
		snprintf(domain, sizeof(domain), "d%u.example", i);
		if (store_ram_begun(run.store, domain))
			return SIM_SEND;
		fprintf(stderr, "seed %" PRIu64 ": %s %s is not noted\n", run.seed, method, path);
		run.unnoted++;
	}
	return SIM_SEND;
}

/* --- what happens outside -------------------------------------------------------------------------------------------- */

static const char *pick(const char *const *list, size_t n)
{
	return list[sim_random() % n];
}
#define PICK(...)                                                                                            \
	pick((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* Every unknown of the API turns out one way or the other, for this run. */
static void choose_world(bool calm)
{
	seeds_set("task_ms", PICK("0", "5s", "20s", "3min"));
	seeds_set("check_ms", PICK("1min", "10min", "1h"));
	seeds_set("publish_ms", PICK("1s", "30s", "5min"));
	seeds_set("zone_ttl", PICK("60", "3600", "86400"));
	seeds_set("key_ttl", PICK("60", "3600"));
	seeds_set("old_selector", PICK("ready", "ready", "both", "inProduction", "disabling"));
	seeds_set("target_changes", PICK("yes", "yes", "no"));
	seeds_set("key_changes", "yes");
	seeds_set("pending_in_waiting", PICK("no", "done", "gone"));
	seeds_set("no_task", PICK("null", "zero", "absent"));
	seeds_set("cname_field", PICK("yes", "absent"));
	seeds_set("last_update", PICK("changes", "checks", "never", "null"));
	seeds_set("errors", PICK("new", "old"));
	seeds_set("post_existing", PICK("409", "400", "200"));
	seeds_set("enable_unready", PICK("400", "409", "200"));
	seeds_set("action_pending", PICK("409", "400", "200"));
	seeds_set("cname_gone", PICK("keep", "ready"));
	seeds_set("old_key_ms", PICK("0", "1h", "1d"));
	seeds_set("mx_selectors", PICK("empty", "null", "shown"));
	seeds_set("mx_wait_state", PICK("disabled", "toConfigure"));
	seeds_set("diagnostics", PICK("yes", "null", "absent"));
	seeds_set("dns_servers", PICK("1", "2", "4"));
	if (calm)
		return;
	seeds_set("list_lag_ms", PICK("0", "0", "10s"));
	seeds_set("blind_ms", PICK("0", "0", "30s"));
	seeds_set("mx_flap_ms", PICK("0", "30s"));
	seeds_set("mx_order_swaps", PICK("no", "yes"));
	seeds_set("mx_conflict", PICK("0", "0.1"));
	seeds_set("mx_lost", PICK("0", "0.1"));
	seeds_set("record_404_ms", PICK("0", "10s"));
	seeds_set("id_zero", PICK("0", "0.2"));
	seeds_set("duplicate", PICK("200", "400", "409"));
	seeds_set("dns_lagging", PICK("none", "2"));
}

static void faults(const char *p)
{
	static const char *const names[] = {"fault_429", "fault_5xx", "fault_5xx_after", "fault_html",
	        "fault_reset_before", "fault_reset_after", "fault_truncated", "fault_garbage", "fault_401",
	        "fault_404", "fault_empty_list", "fault_unknown_enum", "fault_missing_field",
	        "fault_wrong_selector", "fault_wrong_record", "fault_null_target", "task_error",
	        "action_lost", "refresh_error", "refresh_lost"};

	seeds_set_all(names, ARRAY_SIZE(names), p);
}

static void somebody(void)
{
	char domain[64];
	unsigned i = (unsigned)(sim_random() % run.domains);

	if (i % 8 >= 6)
		return;
	snprintf(domain, sizeof(domain), "d%u.example", i);
	run.persons++;
	const char *deed = PICK("switch", "remove-cname", "remove-cname", "there and back");
	if (strcmp(deed, "there and back") == 0) {
		run.switched = i + 1;
		deed = "switch";
	}
	world_person(sim.world, sim.now, domain, deed);
}

static void switch_back(void)
{
	char domain[64];

	snprintf(domain, sizeof(domain), "d%u.example", run.switched - 1);
	run.switched = 0;
	world_person(sim.world, sim.now, domain, "switch");
}

/* While the daemon is down: the host may have started anew, and an older state may come back from a backup. */
static void tamper(void)
{
	if (sim_chance(0.2))
		store_ram_forget_witness("sim");
	if (!run.saved || !sim_chance(0.2))
		return;
	store_ram_forget("sim");
	store_ram_copy("sim.saved", "sim");
	run.older++;
}

/* A day of the world outside: sometimes the API is hostile, the DNS lies, the daemon dies, a person meddles. */
static void day(bool calm)
{
	size_t domains;
	int64_t end = sim.now + MS_DAY;
	bool hostile = !calm && sim_chance(0.3);

	if (!calm) {
		faults(hostile ? PICK("0.01", "0.05", "0.2") : "0");
		sim.lie = sim_chance(0.2) ? 0.1 : 0;
		if (sim.lie > 0)
			seeds_set("judge_unheard",
			        "yes"); /* from then on: a wait may have begun with such a look */
		sim.forge = sim_chance(0.3) ? 0.2 : 0;
		sim.lost = hostile ? 0.05 : 0;
	}
	if (!calm && sim_chance(0.1)) /* somebody changes the zones' TTLs: caches hold what was */
		seeds_set("zone_ttl", PICK("60", "3600", "86400"));
	if (!calm && sim_chance(0.05))
		sim.host_offset += sim_between(-3, 3) * MS_HOUR; /* somebody sets the clock */
	while (sim.now < end) {
		int64_t until = sim.now + sim_between(MS_MINUTE, 8 * MS_HOUR);

		sim_run(run.loop, until < end ? until : end);
		if (!calm && sim_chance(0.1)) {
			bool crash = sim_chance(0.7);

			stop(crash);
			run.crashes += crash;
			run.restarts += !crash;
			if (sim_chance(0.2))
				sim.now += sim_between(MS_MINUTE, 3 * MS_DAY);
			tamper();
			start();
		}
		if (!calm && run.switched != 0 && sim_chance(0.3))
			switch_back();
		if (!calm && sim_chance(0.02))
			somebody();
		if (!calm && sim_chance(0.1)) {
			store_ram_forget("sim.saved");
			store_ram_copy("sim", "sim.saved");
			run.saved = true;
		}
		if (sim_chance(0.1))
			engine_resume(run.engine, NULL); /* somebody looked at the breaker */
	}
	run.misshown += lists_differ(run.engine, &domains);
}

/* --- a run ------------------------------------------------------------------------------------------------------------ */

static void build(unsigned domains, bool calm)
{
	/* few a day: the judge counts them over crashes and older states too */
	const char *daily = calm ? "100" : PICK("100", "3");
	static const char config[] = "accounts: { default: { endpoint: \"https://api.example/1.0\", "
	                             "credentials: /none, requests_per_minute: 0 } }\n"
	                             "dns_servers: { default: { server: 192.0.2.1, secret: /none } }\n"
	                             "safety: { max_daily_changes: %s }\n"
	                             "policies: { default: { rotate_every: 30d, grace: 7d } }\n";
	struct diags d = {0};
	struct buf inv = {0}, text = {0};

	run.domains = domains;
	buf_printf(&text, config, daily);
	run.config = config_parse(text.data, text.len, "sim-config.yaml", &d);
	buf_free(&text);
	seeds_set("judge_max_daily", daily);
	if (run.config == NULL) {
		fprintf(stderr, "configuration: %s\n", d.list[0].text);
		exit(2);
	}
	run.keys[0] = tsig_key_parse(SIM_SECRET, strlen(SIM_SECRET), "sim.key", SIM_KEY, NULL, &d);
	buf_puts(&inv, "domains:\n");
	for (unsigned i = 0; i < domains; i++) {
		const char *p = platform_of(i);
		const char *service = *p == 'e' ? ", service: svc-1" : "";
		bool own = i % 4 == 1; /* on a name server of one's own */
		char name[64];

		snprintf(name, sizeof(name), "d%u.example", i);
		buf_printf(&inv, "  - { domain: %s, platform: %s%s, dns: %s }\n", name, p, service,
		        own ? "rfc2136" : "ovh");
		world_add_domain(sim.world, sim.now, "default", p, "svc-1", name, name, own ? "none" : "ovh",
		        2, (i % 3 == 0 && *p == 'e') || i % 16 == 14 ? "signing" : "virgin");
	}
	free(run.inventory_text);
	run.inventory_text = inv.data;
}

/* After the storm: with a calm API every domain signs and rotates by itself. */
static unsigned unhappy(void)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < run.domains; i++) {
		char name[64];

		snprintf(name, sizeof(name), "d%u.example", i);
		if (world_signing(sim.world, sim.now, name)[0] != '\0')
			continue;
		struct buf b = {0};
		engine_domain_json(run.engine, name, &b);
		/* OVHcloud's own error of an MX Plan domain is for its support to mend, and the verdict says so */
		if (b.data == NULL || strstr(b.data, "\"waits_on\":\"person\"") == NULL) {
			fprintf(stderr, "seed %" PRIu64 ": %s does not sign at the end: %s\n", run.seed, name,
			        b.data != NULL ? b.data : "?");
			bad++;
		}
		buf_free(&b);
	}
	return bad;
}

static bool simulate(uint64_t seed, unsigned domains, unsigned days, bool calm)
{
	memset(&sim, 0, sizeof(sim));
	run.seed = seed;
	run.crashes = run.restarts = run.persons = run.older = 0;
	run.switched = run.unnoted = 0;
	run.misshown = 0;
	run.saved = false;
	run.broken_shown = 0;
	sim.rng = seed;
	sim.now = SIM_EPOCH;
	sim.boot_at = SIM_EPOCH - MS_HOUR;
	sim.host_offset = calm ? 0 : sim_between(-120, 120) * MS_MINUTE;
	sim.after = check;
	sim.leaving = leaving;
	sim.world = world_new(seed);
	store_ram_forget("sim");
	store_ram_forget("sim.saved");
	store_ram_forget_witness("sim");
	choose_world(calm);
	build(domains, calm);
	start();
	for (unsigned i = 0; i < days; i++)
		day(calm);
	if (!calm) { /* peace */
		faults("0");
		sim.lie = sim.lost = sim.forge = 0;
		seeds_set("blind_ms", "0");
		for (unsigned i = 0; i < 45; i++)
			day(true);
	}
	unsigned bad = unhappy();
	unsigned long rotations = seeds_told[EVENT_ROTATION_CONFIRMED],
	              deleted = seeds_told[EVENT_KEY_DELETED];
	printf("seed %" PRIu64 ": %u domains, %u days, %lu rotations, %lu deletions, %lu repairs, %lu "
	       "changes, %lu requests, %lu look-ups, %lu of them false, %lu crashes, "
	       "%lu restarts, %lu older states, %lu meddlings, %lu updates, %zu rules broken, %lu bad "
	       "updates, %u without a signer, %zu told wrongly\n",
	        seed, domains, days, rotations, deleted, seeds_told[EVENT_REPAIRED],
	        (unsigned long)world_changes(sim.world), sim.http_calls, sim.dns_looks, sim.dns_lies,
	        run.crashes, run.restarts, run.older, run.persons, sim.updates, world_broken(sim.world),
	        sim.updates_bad, bad, run.misshown);
	bool good = world_broken(sim.world) == 0 && sim.updates_bad == 0 && sim.updates > 0 && bad == 0 &&
	            run.misshown == 0 && run.unnoted == 0 && rotations > 0;
	stop(false);
	world_free(sim.world);
	config_free(run.config);
	tsig_key_free(run.keys[0]);
	return good;
}

int main(int argc, char **argv)
{
	static const struct seeds usual[] = {
	        {.seed = 1, .count = 20, .domains = 12, .days = 20}, /* storms */
	        {.seed = 1, .count = 1, .domains = 60, .days = 400, .calm = true},
	};
	struct seeds by_hand = {.seed = 1, .count = 1, .domains = 24, .days = 200};

	run.cred[0] = sim_credentials();
	return seeds_main(argc, argv, simulate, by_hand, usual, ARRAY_SIZE(usual));
}
