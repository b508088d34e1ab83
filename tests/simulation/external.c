/* Years of domains whose mail the site signs itself, in seconds: the real engine, plan, gate and key store's operations, over
 * a simulated disk, signer, zone and clock, with crashes, lost answers, lying look-ups, full disks and a reload unit that
 * comes late. The judge's rule: at every moment, whatever was signed within the grace verifies at every server of the zone.
 * Its options are those of seeds.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/util.h"
#include "core/dkim.h"
#include "engine/engine.h"
#include "io/dns.h"
#include "io/http.h"
#include "io/loop.h"
#include "io/report.h"
#include "io/store.h"
#include "io_ram/store_ram.h"
#include "seeds.h"
#include "sim_keys.h"

#define DOMAINS_MAX 64
#define SIGNED_MAX  64
#define GRACE       (7 * MS_DAY - 12 * MS_HOUR) /* the host's clock is set forwards and back by hours */

static struct {
	struct config *config;
	struct buf inventory;
	unsigned domains;
	struct loop *loop;
	struct http *http;
	struct dns *dns;
	struct store *store;
	struct keystore *keys;
	struct engine *engine;
	struct credentials *cred[1];
	uint64_t seed;
	unsigned long crashes, looked, unverified;
	int64_t takes_at, judged_at;
	struct signed_mail { /* the newest message with each key */
		unsigned domain;
		char selector[128], text[KEY_TEXT];
		int64_t at;
	} mail[DOMAINS_MAX * SIGNED_MAX];
	unsigned n_mail;
} run;

static void name_of(unsigned i, char dst[64])
{
	snprintf(dst, 64, "x%u.example", i);
}

/* --- the daemon's life ---------------------------------------------------------------------------------------------- */

static void start(void)
{
	struct diags d = {0};
	struct inventory_text file = {
	        .path = "sim.yaml", .text = run.inventory.data, .len = run.inventory.len};
	char error[200];
	const char *why;
	struct dns_options o = {.authoritative = true};

	run.loop = loop_new();
	run.http = http_new(run.loop, "simulation", 8, 0);
	run.dns = dns_new(run.loop, &o, &why);
	run.store = store_open("external", false, error, sizeof(error));
	run.keys = keystore_new(run.loop, "", error, sizeof(error));
	struct engine_parts parts = {.loop = run.loop,
	        .http = run.http,
	        .dns = run.dns,
	        .store = run.store,
	        .keystore = run.keys,
	        .config = run.config,
	        .credentials = run.cred};
	run.engine = engine_new(&parts);
	struct inventory *inv = inventory_start(run.config, &file, 1, NULL, 0, &d);
	if (d.n != 0) {
		fprintf(stderr, "inventory: %s\n", d.list[0].text);
		exit(2);
	}
	engine_start(run.engine, inv);
}

static void stop(bool crash)
{
	if (crash)
		store_ram_fail(run.store, EIO);
	engine_free(run.engine);
	if (crash)
		store_ram_crash(run.store);
	else
		store_close(run.store);
	keystore_free(run.keys);
	dns_free(run.dns);
	http_free(run.http);
	loop_free(run.loop);
	free(sim_keys.zombie);
}

/* --- mail, and whoever receives it ----------------------------------------------------------------------------------- */

static void note_mail(unsigned domain, const char *selector, const char *text)
{
	struct signed_mail *m = NULL;

	for (unsigned i = 0; i < run.n_mail && m == NULL; i++)
		if (run.mail[i].domain == domain && str_eq(run.mail[i].selector, selector))
			m = &run.mail[i];
	if (m == NULL && run.n_mail < ARRAY_SIZE(run.mail))
		m = &run.mail[run.n_mail++];
	if (m == NULL)
		return;
	m->domain = domain;
	m->at = sim.now;
	str_copy(m->selector, sizeof(m->selector), selector);
	str_copy(m->text, sizeof(m->text), text);
}

/* Does this server serve the public half of the key that the mail was signed with? */
static bool verifies(const struct signed_mail *m, unsigned server)
{
	char domain[64], name[300];
	struct world_rrs r;
	bool good = false;

	name_of(m->domain, domain);
	str_format(name, sizeof(name), "%s._domainkey.%s", m->selector, domain);
	world_dns(sim.world, sim.now, server, name, 16, &r);
	for (size_t i = 0; i < r.n_answer; i++)
		good = good || (r.n_answer == 1 && str_suffix(r.answer[i].data, m->text));
	world_rrs_free(&r);
	return good;
}

static void complain(const struct signed_mail *m, unsigned server)
{
	char when[TIME_TEXT], then[TIME_TEXT];

	run.unverified++;
	if (run.unverified > 5)
		return;
	fprintf(stderr,
	        "seed %" PRIu64 ": at %s server %u does not serve %s of x%u.example, which signed at %s\n",
	        run.seed, time_text(when, sim.now), server, m->selector, m->domain, time_text(then, m->at));
}

/* After every event, at most every ten minutes: mail is signed and received. */
static void judge(void)
{
	char domain[64], selector[128], text[KEY_TEXT];

	if (sim.now >= run.takes_at) { /* the reload unit: mostly in a second, now and then much later */
		sim_signer_takes();
		run.takes_at = sim.now + (sim_chance(0.1) ? sim_between(1, 40) * MS_MINUTE
		                                          : sim_between(1, 30) * MS_SECOND);
	}
	if (sim.now < run.judged_at + 10 * MS_MINUTE)
		return;
	run.judged_at = sim.now;
	for (unsigned i = 0; i < run.domains; i++) {
		name_of(i, domain);
		if (sim_signer_uses(domain, selector) && sim_key_text(domain, selector, text))
			note_mail(i, selector, text);
	}
	for (unsigned i = 0; i < run.n_mail; i++)
		for (unsigned server = 0; server < 2 && sim.now - run.mail[i].at < GRACE; server++) {
			run.looked++;
			if (!verifies(&run.mail[i], server))
				complain(&run.mail[i], server);
		}
}

/* --- a run ------------------------------------------------------------------------------------------------------------ */

static void hostile(const char *p)
{
	static const char *const names[] = {"fault_429", "fault_5xx", "fault_5xx_after", "fault_html",
	        "fault_reset_before", "fault_reset_after", "fault_truncated", "refresh_error",
	        "refresh_lost"};

	seeds_set_all(names, ARRAY_SIZE(names), p);
}

static void day(bool calm)
{
	int64_t end = sim.now + MS_DAY;
	bool bad = !calm && sim_chance(0.3);

	hostile(bad ? "0.1" : "0");
	sim.lie = !calm && sim_chance(0.2) ? 0.1 : 0;
	sim.lost = bad ? 0.05 : 0;
	sim_keys.fault = !calm && sim_chance(0.2) ? 0.05 : 0;
	if (!calm && sim_chance(0.05))
		sim.host_offset += sim_between(-2, 2) * MS_HOUR;
	while (sim.now < end) {
		int64_t until = sim.now + sim_between(MS_MINUTE, 8 * MS_HOUR);

		sim_run(run.loop, until < end ? until : end);
		if (calm || !sim_chance(0.15))
			continue;
		run.crashes++;
		stop(sim_chance(0.7));
		if (sim_chance(0.1))
			store_ram_forget("external"); /* the state is lost; the keys are not */
		if (sim_chance(0.2))
			sim.now += sim_between(MS_MINUTE, 3 * MS_DAY);
		start();
	}
}

static void build(unsigned domains)
{
	static const char config[] =
	        "accounts: { default: { endpoint: \"https://api.example/1.0\", credentials: /none, "
	        "requests_per_minute: 0 } }\n"
	        "signers: { opendkim: { stamp: /stamp } }\n"
	        "safety: { max_daily_changes: 100 }\n"
	        "policies: { default: { rotate_every: 30d, grace: 7d } }\n";
	struct diags d = {0};

	run.domains = domains = domains > DOMAINS_MAX ? DOMAINS_MAX : domains;
	run.config = config_parse(config, strlen(config), "sim-config.yaml", &d);
	if (run.config == NULL) {
		fprintf(stderr, "configuration: %s\n", d.list[0].text);
		exit(2);
	}
	buf_free(&run.inventory);
	run.inventory = (struct buf){0};
	buf_puts(&run.inventory, "domains:\n");
	for (unsigned i = 0; i < domains; i++) {
		char name[64];

		name_of(i, name);
		buf_printf(&run.inventory,
		        "  - { domain: %s, platform: external, signer: opendkim, key: ed25519, dns: ovh%s "
		        "}\n",
		        name, i % 3 == 1 ? ", record: dkim" : "");
		world_add_domain(
		        sim.world, sim.now, "default", "mxplan", "svc", name, name, "ovh", 2, "virgin");
	}
}

static unsigned unsigned_domains(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < run.domains; i++) {
		char name[64], selector[128];

		name_of(i, name);
		if (sim_signer_uses(name, selector))
			continue;
		struct buf b = {0};
		engine_domain_json(run.engine, name, &b);
		fprintf(stderr, "seed %" PRIu64 ": %s does not sign at the end: %s\n", run.seed, name,
		        b.data);
		buf_free(&b);
		n++;
	}
	return n;
}

static bool simulate(uint64_t seed, unsigned domains, unsigned days, bool calm)
{
	memset(&sim, 0, sizeof(sim));
	memset(&sim_keys, 0, sizeof(sim_keys));
	run.seed = seed;
	run.crashes = run.looked = run.unverified = 0;
	run.n_mail = 0;
	run.takes_at = run.judged_at = 0;
	sim.rng = seed;
	sim.now = SIM_EPOCH;
	sim.boot_at = SIM_EPOCH - MS_HOUR;
	sim.after = judge;
	sim.world = world_new(seed);
	store_ram_forget("external");
	sim_keys_forget();
	seeds_set("dns_servers", "2");
	seeds_set("publish_ms", sim_chance(0.5) ? "30s" : "5min");
	seeds_set("zone_ttl", sim_chance(0.5) ? "60" : "3600");
	seeds_set("dns_lagging", calm || sim_chance(0.5) ? "none" : "2");
	build(domains);
	start();
	for (unsigned i = 0; i < days; i++)
		day(calm);
	for (unsigned i = 0; i < (calm ? 0 : 30); i++)
		day(true);
	unsigned bad = unsigned_domains();
	unsigned long rotations = seeds_told[EVENT_ROTATION_CONFIRMED];
	printf("seed %" PRIu64 ": %u domains, %u days, %lu keys made, %lu rotations, %lu revoked, %lu "
	       "destroyed, %lu crashes, "
	       "%lu messages looked at, %lu not verified, %u domains without a signer, %zu rules broken\n",
	        seed, domains, days, seeds_told[EVENT_KEY_MADE], rotations, seeds_told[EVENT_KEY_REVOKED],
	        sim_keys.shredded, run.crashes, run.looked, run.unverified, bad, world_broken(sim.world));
	bool good = run.unverified == 0 && bad == 0 && rotations > 0 && run.looked > 0 &&
	            world_broken(sim.world) == 0;
	stop(false);
	world_free(sim.world);
	config_free(run.config);
	return good;
}

int main(int argc, char **argv)
{
	static const struct seeds usual[] = {
	        {.seed = 1, .count = 6, .domains = 4, .days = 60}, /* storms */
	        {.seed = 1, .count = 1, .domains = 12, .days = 400, .calm = true},
	};
	struct seeds by_hand = {.seed = 1, .count = 1, .domains = 8, .days = 120};

	run.cred[0] = sim_credentials();
	int result = seeds_main(argc, argv, simulate, by_hand, usual, ARRAY_SIZE(usual));
	buf_free(&run.inventory);
	sim_keys_forget();
	return result;
}
