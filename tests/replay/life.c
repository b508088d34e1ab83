/* The daemon's life in a story: configuration and inventory from the script's words, start, crash, reload, and the fate
 * of single requests. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "core/span.h"
#include "io/dns.h"
#include "io/http.h"
#include "io/loop.h"
#include "io/store.h"
#include "io_ram/store_ram.h"
#include "replay.h"
#include "simulation/sim_keys.h"

static struct {
	char action[16];
	enum sim_fate fate;
	unsigned times;
} armed;

/* --- what happens to a request ------------------------------------------------------------------------------------- */

const char *life_action(const char *method, const char *path)
{
	bool get = strcmp(method, "GET") == 0;
	size_t len = strcspn(path, "?");

	if (get || strstr(path, "/auth/") != NULL)
		return "";
	if (strstr(path, "/domain/zone/") != NULL)
		return len > 8 && strncmp(path + len - 8, "/refresh", 8) == 0 ? "refresh" : "publish";
	if (strcmp(method, "DELETE") == 0)
		return "delete";
	if (len > 7 && strncmp(path + len - 7, "/enable", 7) == 0)
		return "enable";
	if (len > 8 && strncmp(path + len - 8, "/disable", 8) == 0)
		return "disable";
	if (strstr(path, "/zimbra") != NULL)
		return strcmp(method, "PUT") == 0 ? "enable" : "diagnose";
	return "create";
}

static enum sim_fate fate_of(const char *method, const char *path)
{
	const char *action = strstr(path, "/auth/time") != NULL ? "time" : life_action(method, path);

	if (armed.times == 0 || strcmp(action, armed.action) != 0)
		return SIM_SEND;
	armed.times--;
	return armed.fate;
}

/* The key store's own changes, by the words of the platform (core/external.h). */
static enum sim_fate fate_of_key(enum keystore_op op)
{
	static const char *const actions[] = {[KEYSTORE_MAKE] = "make",
	        [KEYSTORE_MAP] = "switch",
	        [KEYSTORE_REVOKE] = "revoke",
	        [KEYSTORE_SHRED] = "shred"};

	if (armed.times == 0 || (size_t)op >= ARRAY_SIZE(actions) || !str_eq(actions[op], armed.action))
		return SIM_SEND;
	armed.times--;
	return armed.fate;
}

void life_arm(const char *action, int fate, unsigned times)
{
	str_copy(armed.action, sizeof(armed.action), action);
	armed.fate = (enum sim_fate)fate;
	armed.times = times;
}

unsigned life_armed(void)
{
	return armed.times;
}

/* --- what it tells ------------------------------------------------------------------------------------------------- */

static void hear(void *arg, enum event e, int priority, const struct fields *f, const char *message)
{
	struct told *t;
	char when[TIME_TEXT];

	(void)arg;
	if (priority > 6 || e == EVENT_LOOKED)
		return;
	if (replay.trace)
		printf("#   %s %s %s\n", time_text(when, sim.now), event_name(e), message);
	if ((replay.n_told & (replay.n_told - 1)) == 0)
		replay.told = xrealloc(
		        replay.told, (replay.n_told == 0 ? 1 : 2 * replay.n_told) * sizeof(*replay.told));
	t = &replay.told[replay.n_told++];
	t->event = e;
	t->at = sim.now;
	t->domain = xstrdup(f != NULL && f->domain != NULL ? f->domain : "");
	t->message = xstrdup(message);
}

/* --- configuration and inventory ------------------------------------------------------------------------------------ */

static bool configure(void)
{
	struct buf b = {0};
	struct diags d = {0};

	buf_puts(&b, "accounts:\n");
	for (unsigned i = 0; i < replay.n_accounts; i++)
		buf_printf(&b,
		        "  %s: { endpoint: \"https://api.example/1.0\", credentials: /none, "
		        "requests_per_minute: %d }\n",
		        replay.accounts[i], replay.requests_per_minute);
	const char *safety = replay.safety.data != NULL ? replay.safety.data : "";
	bool given = strstr(safety, "max_daily_changes") != NULL;
	buf_puts(&b, "signers: { opendkim: { stamp: /stamp } }\n");
	buf_printf(&b, "%spoll: { active: 30s%s }\nsafety: { %s%s }\n",
	        replay.top.data != NULL ? replay.top.data : "",
	        replay.poll.data != NULL ? replay.poll.data : "", given ? "" : "max_daily_changes: 100",
	        given ? safety + 2 : safety);
	buf_printf(&b, "policies: { default: { splay: 0%%%s } }\n",
	        replay.policy.data != NULL ? replay.policy.data : "");
	replay.config = config_parse(b.data, strlen(b.data), "story", &d);
	if (replay.config == NULL)
		fail("configuration: %s", d.n > 0 ? d.list[0].text : "?");
	buf_free(&b);
	diags_clear(&d);
	return replay.config != NULL;
}

static struct inventory *read_inventory(void)
{
	struct buf b = {0};
	struct diags d = {0};
	struct inventory *inv = NULL;

	buf_puts(&b, "domains:");
	unsigned listed = 0;
	for (unsigned i = 0; i < replay.n_entries; i++) {
		const struct entry *e = &replay.entries[i];

		if (e->listed)
			buf_printf(&b, "%s  - { domain: %s, platform: %s%s }\n", listed++ == 0 ? "\n" : "",
			        e->name, e->platform, e->extra);
	}
	if (listed == 0)
		buf_puts(&b, " []\n");
	struct inventory_text file = {.path = "story.yaml", .text = b.data, .len = strlen(b.data)};
	inv = inventory_start(replay.config, &file, 1, NULL, 0, &d);
	if (d.n != 0) {
		fail("inventory: %s", d.list[0].text);
		inventory_free(inv);
		inv = NULL;
	}
	diags_clear(&d);
	buf_free(&b);
	return inv;
}

struct entry *life_entry(const char *name)
{
	for (unsigned i = 0; i < replay.n_entries; i++)
		if (strcmp(replay.entries[i].name, name) == 0)
			return &replay.entries[i];
	return NULL;
}

/* domain NAME PLATFORM STATE [KEY VALUE]...: keys of the inventory, and selectors, zone_at (ovh | none) of the world. */
bool life_domain(const struct line *l)
{
	struct buf extra = {0};
	bool external = strcmp(l->w[2], "external") == 0;
	const char *service = l->w[2][0] == 'e' && !external ? "svc-1" : NULL, *account = "default",
	           *at = "ovh";
	struct entry *e = &replay.entries[replay.n_entries];
	unsigned selectors = 2;
	char name[300];

	if (replay.n_entries == ARRAY_SIZE(replay.entries))
		return fail("too many domains");
	for (unsigned i = 4; i + 1 < l->n; i += 2) {
		const char *k = l->w[i], *v = l->w[i + 1];

		if (strcmp(k, "selectors") == 0)
			selectors = (unsigned)atoi(v);
		else if (strcmp(k, "zone_at") == 0)
			at = v;
		else
			buf_printf(&extra, ", %s: %s", k, v);
		service = strcmp(k, "service") == 0 ? v : service;
		account = strcmp(k, "account") == 0 ? v : account;
	}
	if (service != NULL && (extra.data == NULL || strstr(extra.data, "service:") == NULL))
		buf_printf(&extra, ", service: %s", service);
	if (external)
		buf_puts(&extra, ", signer: opendkim, key: ed25519");
	if (extra.data == NULL || strstr(extra.data, " dns:") == NULL)
		buf_puts(&extra, ", dns: ovh");
	/* of an external domain the world has no more than the zone */
	if (world_add_domain(sim.world, sim.now, account, external ? "mxplan" : l->w[2],
	            service != NULL ? service : "00000000-0000-4000-8000-000000000001", l->w[1], l->w[1], at,
	            selectors, l->w[3]) != 0) {
		buf_free(&extra);
		return fail("the world has no such domain");
	}
	replay.n_entries++;
	e->name = xstrdup(l->w[1]);
	e->platform = xstrdup(l->w[2]);
	e->extra = extra.data;
	e->listed = true;
	str_copy(replay.focus, sizeof(replay.focus), l->w[1]);
	if (strstr(e->extra, "dns: manual") != NULL) {
		str_format(name, sizeof(name), "judge_unwritable@%s", e->name);
		world_set(sim.world, name, "yes");
	}
	return !replay.up || life_reload();
}

/* --- life and death -------------------------------------------------------------------------------------------------- */

bool life_start(void)
{
	static struct credentials cred[ARRAY_SIZE(replay.accounts)];
	static struct credentials *list[ARRAY_SIZE(replay.accounts)];
	struct dns_options o = {.authoritative = true};
	char error[200];
	const char *why = "";
	struct inventory *inv;

	if (replay.up)
		return fail("it runs already");
	if (replay.config == NULL && !configure())
		return false;
	inv = read_inventory();
	if (inv == NULL)
		return false;
	for (size_t i = 0; i < replay.config->n_accounts && i < ARRAY_SIZE(cred); i++) {
		const char *name = replay.config->accounts[i].name;

		for (unsigned k = 0; k < replay.n_accounts; k++)
			if (strcmp(replay.accounts[k], name) == 0)
				cred[i].application_key = replay.accounts[k];
		cred[i].kind = CREDENTIALS_KEYS;
		cred[i].application_secret = cred[i].consumer_key = replay.accounts[0];
		list[i] = &cred[i];
	}
	replay.loop = loop_new();
	replay.http = http_new(replay.loop, "replay", 8, 0);
	replay.dns = dns_new(replay.loop, &o, &why);
	replay.store = store_open("replay", false, error, sizeof(error));
	store_witness(replay.store, "replay");
	replay.keys = keystore_new(replay.loop, "", error, sizeof(error));
	struct engine_parts parts = {.loop = replay.loop,
	        .http = replay.http,
	        .dns = replay.dns,
	        .store = replay.store,
	        .keystore = replay.keys,
	        .config = replay.config,
	        .credentials = list};
	replay.engine = engine_new(&parts);
	replay.up = true;
	engine_start(replay.engine, inv);
	return true;
}

/* crash: nothing uncommitted survives. */
void life_stop(bool crash)
{
	if (!replay.up)
		return;
	replay.up = replay.disk_fails = false;
	if (crash)
		store_ram_fail(replay.store, EIO);
	engine_free(replay.engine);
	if (crash)
		store_ram_crash(replay.store);
	else
		store_close(replay.store);
	keystore_free(replay.keys);
	dns_free(replay.dns);
	http_free(replay.http);
	loop_free(replay.loop);
	free(sim_keys.zombie);
	sim.halt = false;
}

void life_moves(void)
{
	if (replay.signer_silent || sim.now < replay.signer_takes)
		return;
	sim_signer_takes();
	replay.signer_takes = sim.now + 10 * MS_SECOND;
}

const char *life_signing(void)
{
	const struct entry *e = life_entry(replay.focus);
	static char selector[128];

	if (e == NULL || strcmp(e->platform, "external") != 0)
		return world_signing(sim.world, sim.now, replay.focus);
	if (!sim_signer_uses(replay.focus, selector))
		selector[0] = '\0';
	return selector;
}

bool life_reload(void)
{
	struct inventory *inv;

	if (!replay.up)
		return true;
	inv = read_inventory();
	if (inv != NULL)
		engine_reload(replay.engine, inv);
	return inv != NULL;
}

void life_pass(int64_t ms)
{
	int64_t until = sim.now + ms;

	if (replay.up)
		sim_run(replay.loop, until);
	else
		sim.now = until;
}

void life_begin(void)
{
	memset(&sim, 0, sizeof(sim));
	sim.rng = 1;
	sim.now = SIM_EPOCH;
	sim.boot_at = SIM_EPOCH - MS_HOUR;
	sim.leaving = fate_of;
	sim.after = life_moves;
	memset(&sim_keys, 0, sizeof(sim_keys));
	sim_keys.leaving = fate_of_key;
	sim.world = world_new(1);
	armed.times = 0;
	replay.accounts[replay.n_accounts++] = xstrdup("default");
	report_capture(hear, NULL);
}

void life_end(void)
{
	life_stop(false);
	world_free(sim.world);
	config_free(replay.config);
	store_ram_forget("replay");
	store_ram_forget("replay.saved");
	store_ram_forget_witness("replay");
	sim_keys_forget();
	buf_free(&replay.safety);
	buf_free(&replay.poll);
	buf_free(&replay.policy);
	buf_free(&replay.top);
	for (unsigned i = 0; i < replay.n_accounts; i++)
		free(replay.accounts[i]);
	for (unsigned i = 0; i < replay.n_entries; i++) {
		free(replay.entries[i].name);
		free(replay.entries[i].platform);
		free(replay.entries[i].extra);
	}
	for (size_t i = 0; i < replay.n_told; i++) {
		free(replay.told[i].domain);
		free(replay.told[i].message);
	}
	free(replay.told);
}
