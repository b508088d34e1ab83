/* Setting a scene and clearing it away. */
#include "simulation/scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "core/dname.h"
#include "core/external.h"
#include "core/keyname.h"
#include "io/dns.h"
#include "io/http.h"
#include "io/loop.h"
#include "io/report.h"
#include "io/store.h"
#include "io_ram/store_ram.h"
#include "simulation/sim_keys.h"

struct stage scene;

void scene_trouble(const char *what)
{
	fprintf(stderr, "%s\n", what);
	exit(2);
}

static struct config *configure(const struct scene *s)
{
	struct buf b = {0};
	struct diags d = {0};

	buf_printf(&b,
	        "accounts: { default: { endpoint: \"https://api.example/1.0\", credentials: /none, "
	        "requests_per_minute: 0 } }\nsigners: { opendkim: { stamp: /stamp } }\n%spolicies: { "
	        "default: { %s } }\n",
	        s->top != NULL ? s->top : "safety: { max_daily_changes: 100 }\n", s->policy);
	struct config *c = config_parse(b.data, b.len, "story", &d);
	if (c == NULL)
		scene_trouble(d.list[0].text);
	buf_free(&b);
	return c;
}

/* The zone that keys lie in is ours, and a person has made the domain's CNAMEs into it. */
static void lead_away(const struct desired *d)
{
	const struct external *x = d->external;
	char deed[3 * DNAME_TEXT], name[DNAME_TEXT];

	world_add_domain(
	        sim.world, sim.now, "default", "mxplan", "none", x->target, x->target, "ovh", 2, "virgin");
	for (unsigned i = 0; i < 2 * ARRAY_SIZE(x->pair); i++) {
		char second[SELECTOR_NAME];
		const char *selector = x->pair[i / 2];

		if (i % 2 == 1 && keyname_second(second, sizeof(second), selector))
			selector = second;
		external_owner(name, d, selector);
		str_format(deed, sizeof(deed), "record %s._domainkey CNAME %s.", selector, name);
		if (world_person(sim.world, sim.now, d->domain, deed) != 0)
			scene_trouble(deed);
	}
}

static struct inventory *populate(const struct scene *s)
{
	struct buf b = {0};
	struct diags d = {0};

	buf_puts(&b, "domains:\n");
	for (size_t i = 0; i < ARRAY_SIZE(s->domains) && s->domains[i] != NULL; i++) {
		char name[64], platform[16], state[16];
		unsigned selectors;
		const char *more = strchr(s->domains[i], ',');
		bool own = more != NULL && strstr(more, "dns:") != NULL;

		if (sscanf(s->domains[i], "%63s %15s %15s %u", name, platform, state, &selectors) != 4)
			scene_trouble(s->domains[i]);
		bool hosted = str_eq(platform, "exchange") || str_eq(platform, "emailpro");
		bool external = str_eq(platform, "external");
		bool key = more != NULL && strstr(more, " key:") != NULL;
		buf_printf(&b, "  - { domain: %s, platform: %s%s%s%s }\n", name, platform,
		        hosted             ? ", service: svc-1"
		        : external && !key ? ", key: ed25519"
		                           : "",
		        own ? "" : ", dns: ovh", more != NULL ? more : "");
		if (world_add_domain(sim.world, sim.now, "default", external ? "mxplan" : platform,
		            hosted ? "svc-1" : "00000000-0000-4000-8000-000000000001", name, name, "ovh",
		            selectors, state) != 0)
			scene_trouble("the world has no such domain");
	}
	struct inventory_text file = {.path = "story.yaml", .text = b.data, .len = b.len};
	struct inventory *inv = inventory_start(scene.config, &file, 1, NULL, 0, &d);
	if (d.n != 0)
		scene_trouble(d.list[0].text);
	buf_free(&b);
	for (size_t i = 0; i < inv->n; i++)
		if (inv->list[i].external != NULL && inv->list[i].external->record == RECORD_CNAME)
			lead_away(&inv->list[i]);
	return inv;
}

void scene_begin(const struct scene *s)
{
	static struct credentials *cred[1];
	char error[200];
	const char *why;
	struct dns_options o = {.authoritative = true};

	cred[0] = sim_credentials();
	memset(&sim, 0, sizeof(sim));
	memset(&sim_keys, 0, sizeof(sim_keys));
	sim_keys_forget();
	sim.after = sim_signer_takes;
	sim.rng = 1;
	sim.now = SIM_EPOCH;
	sim.boot_at = SIM_EPOCH - MS_HOUR;
	sim.world = world_new(1);
	store_ram_forget("sim");
	scene.config = configure(s);
	scene.loop = loop_new();
	scene.http = http_new(scene.loop, "simulation", 8, 0);
	scene.dns = dns_new(scene.loop, &o, &why);
	scene.store = store_open("sim", false, error, sizeof(error));
	scene.keys = keystore_new(scene.loop, "", error, sizeof(error));
	struct engine_parts parts = {.loop = scene.loop,
	        .http = scene.http,
	        .dns = scene.dns,
	        .store = scene.store,
	        .keystore = scene.keys,
	        .config = scene.config,
	        .credentials = cred};
	scene.engine = engine_new(&parts);
	struct inventory *inv = populate(s);
	for (size_t i = 0; i < ARRAY_SIZE(s->set) && s->set[i][0] != NULL; i++)
		if (world_set(sim.world, s->set[i][0], s->set[i][1]) != 0)
			scene_trouble(s->set[i][0]);
	if (s->paused)
		engine_pause(scene.engine, NULL, "to be foretold first", "scene", MS_HOUR);
	engine_start(scene.engine, inv);
	sim_run(scene.loop, sim.now + s->age);
}

void scene_end(void)
{
	engine_free(scene.engine);
	store_close(scene.store);
	keystore_free(scene.keys);
	dns_free(scene.dns);
	http_free(scene.http);
	loop_free(scene.loop);
	free(sim_keys.zombie);
	sim_keys_forget();
	world_free(sim.world);
	config_free(scene.config);
}

static void hear(void *arg, enum event e, int priority, const struct fields *f, const char *message)
{
	(void)arg, (void)e, (void)priority, (void)f, (void)message;
}

void scene_hush(void)
{
	report_capture(hear, NULL);
}

static unsigned tests, bad;

void scene_is(const char *what, size_t got, size_t wanted)
{
	bool good = got == wanted;

	printf("%s %u - %s\n", good ? "ok" : "not ok", ++tests, what);
	if (!good)
		printf("# got %zu, wanted %zu\n", got, wanted);
	bad += !good;
}

int scene_verdict(void)
{
	printf("1..%u\n", tests);
	return bad != 0;
}
