/* What the forecast says is what is sent: 400 days foretold at their beginning (engine_forecast, GET /v1/plan), then lived
 * by the real engine against the simulated OVHcloud over the virtual clock, without faults. Every change must have been
 * foretold, none may be missing: the same kinds for the same selectors in the same order for each domain, and within
 * TOLERANCE of the foretold instant. (Polls double while something is awaited and OVHcloud's check comes when it comes, so
 * each round of four changes may be off by some minutes, and the next one counts from there.)
 *
 *   foretold [--trace] [NAME...]      without a name: every case
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "io/report.h"
#include "simulation/scene.h"
#include "simulation/sim_keys.h"

#define DAYS      400
#define TOLERANCE MS_HOUR
#define MOST      4000

struct sent { /* or foretold */
	int64_t at;
	char domain[64], action[16], selector[64];
	bool matched;
};

struct list {
	struct sent of[MOST];
	size_t n;
};

static struct {
	struct list foretold, sent;
	bool answered, trace;
	size_t waiting;
	int64_t longest_off;
} run;

static const struct scene scenes[] = {
        {.name = "first contact to settled, and on for more than a year",
                .policy = "rotate_every: 90d, grace: 7d, splay: 10%",
                .domains = {"a.example exchange virgin 2", "b.example exchange virgin 2",
                        "c.example emailpro virgin 2", "d.example exchange signing 2",
                        "e.example emailpro signing 2", "f.example exchange ready 2"},
                .age = 10 * MS_MINUTE,
                .paused = true,
                .least = 6 * 14},
        {.name = "a fleet with caps that bind",
                .policy = "rotate_every: 30d, grace: 7d, splay: 10%",
                .top = "safety: { max_daily_changes: 1, max_rotating: 1 }\n",
                .domains = {"a.example exchange virgin 2", "b.example exchange virgin 2",
                        "c.example emailpro virgin 2", "d.example exchange virgin 2",
                        "e.example emailpro virgin 2", "f.example exchange virgin 2"},
                .age = 5 * MS_DAY,
                .least = 6 * 30},
        {.name = "a window",
                .policy = "rotate_every: 40d, grace: 8d, splay: 25%, window: \"Mon..Thu 09:00-11:00 "
                          "Europe/Paris\"",
                .domains = {"a.example exchange virgin 2", "b.example emailpro virgin 2",
                        "c.example exchange signing 2", "d.example emailpro signing 2"},
                .age = 2 * MS_DAY,
                .least = 4 * 20},
        {.name = "in the middle of a life: graces, renewals and rotations are under way",
                .policy = "rotate_every: 20d, grace: 7d, splay: 100%",
                .domains = {"a.example exchange virgin 2", "b.example emailpro virgin 2",
                        "c.example exchange virgin 2", "d.example emailpro virgin 2",
                        "e.example exchange virgin 2", "f.example emailpro virgin 2"},
                .age = 63 * MS_DAY,
                .least = 6 * 30},
        {.name = "OVHcloud writes the records",
                .policy = "rotate_every: 60d, grace: 7d, splay: 0%",
                .domains = {"a.example exchange virgin 2, dns: platform",
                        "b.example emailpro signing 2, dns: platform"},
                .set = {{"configure_dkim", "overwrites"}},
                .age = 10 * MS_MINUTE,
                .paused = true,
                .least = 2 * 15},
        {.name = "MX Plan and Zimbra are enabled and watched",
                .policy = "rotate_every: 60d, grace: 7d, splay: 0%",
                .domains = {"a.example mxplan virgin 2", "b.example zimbra virgin 2",
                        "c.example mxplan virgin 2, dns: platform", "d.example mxplan signing 2",
                        "e.example zimbra virgin 2, zimbra_api: v2"},
                .set = {{"mx_configures@a.example", "no"}, {"mx_configures@b.example", "no"}},
                .age = 10 * MS_MINUTE,
                .paused = true,
                .least = 6},
        {.name = "keys of our own: made, published, mapped, revoked, removed, destroyed",
                .policy = "rotate_every: 60d, grace: 7d, splay: 10%",
                .domains = {"a.example external virgin 2", "b.example external virgin 2, record: dkim",
                        "c.example external virgin 2, revoke: 2d",
                        "d.example external virgin 2, policy: { rotate_every: 25d }",
                        "e.example external virgin 2, ttl: 0s, selector: \"k%n\""},
                .age = 10 * MS_MINUTE,
                .least = 5 * 30},
        {.name = "keys of our own in the middle of a life",
                .policy = "rotate_every: 20d, grace: 7d, splay: 100%",
                .domains = {"a.example external virgin 2", "b.example external virgin 2",
                        "c.example external virgin 2", "d.example external virgin 2, revoke: 20d"},
                .age = 63 * MS_DAY,
                .least = 4 * 60},
        {.name = "two keys side by side, and two names in turn",
                .policy = "rotate_every: 30d, grace: 7d, splay: 10%",
                .domains = {"a.example external virgin 2, key: both",
                        "b.example external virgin 2, key: both, revoke: 2d",
                        "c.example external virgin 2, record: cname, target: keys-c.example, "
                        "selectors: [ one, two ]",
                        "d.example external virgin 2, key: both, record: cname, target: "
                        "keys-d.example, selectors: [ k1, k2 ], revoke: 1d"},
                .age = 10 * MS_MINUTE,
                .least = 4 * 100},
        {.name = "both in the middle of a life",
                .policy = "rotate_every: 20d, grace: 7d, splay: 100%",
                .domains = {"a.example external virgin 2, key: both",
                        "b.example external virgin 2, record: cname, target: keys-b.example, "
                        "selectors: [ one, two ], revoke: 2d",
                        "c.example external virgin 2, key: both, record: cname, target: "
                        "keys-c.example, selectors: [ k1, k2 ], revoke: 1d",
                        "d.example external virgin 2, record: cname, target: keys-d.example, "
                        "selectors: [ left, right ], ttl: 5min, policy: { rotate_every: 25d }"},
                .age = 63 * MS_DAY,
                .least = 4 * 60},
        {.name = "nothing is foretold where nothing will be done",
                .policy = "rotate_every: 60d, grace: 7d, splay: 0%",
                .domains = {"a.example exchange signing 1", "b.example exchange signing 2, mode: observe",
                        "c.example emailpro virgin 2, mode: observe",
                        "d.example exchange signing 2, policy: { rotate_every: never }"},
                .age = 40 * MS_DAY},
};

static void hear(void *arg, enum event e, int priority, const struct fields *f, const char *message)
{
	char when[TIME_TEXT];

	(void)arg;
	if (run.trace && priority <= 5)
		printf("# %s %s %s: %s\n", time_text(when, sim.now), event_name(e),
		        f != NULL && f->domain != NULL ? f->domain : "-", message);
}

/* --- what is foretold ------------------------------------------------------------------------------------------------ */

static void put(struct list *l, int64_t at, const char *domain, const char *action, const char *selector)
{
	struct sent *x = &l->of[l->n];

	if (l->n++ == MOST)
		scene_trouble("too many changes");
	memset(x, 0, sizeof(*x));
	x->at = at;
	str_copy(x->domain, sizeof(x->domain), domain);
	str_copy(x->action, sizeof(x->action), action);
	str_copy(x->selector, sizeof(x->selector), selector != NULL ? selector : "");
}

/* Where keys of our own lie side by side, each has a record of its own to be written. */
static void put_call(const struct json *c, int64_t at)
{
	const char *domain = json_string(json_get(c, "domain")), *action = json_string(json_get(c, "action"));
	bool named = false;

	for (const struct json *e = json_first(json_get(c, "zone_edits")); e != NULL; e = json_next(e)) {
		const char *name = json_string(json_get(e, "name"));
		char selector[64];

		if (name == NULL)
			continue; /* the refresh */
		str_copy(selector, sizeof(selector), name);
		selector[strcspn(selector, ".")] = '\0';
		put(&run.foretold, at, domain, action, selector);
		named = true;
	}
	if (!named)
		put(&run.foretold, at, domain, action, json_string(json_get(c, "selector")));
}

static void foretold(void *arg, enum ask_result result, const char *text, struct buf *json)
{
	const struct json *root = NULL;
	char why[100] = "";

	(void)arg;
	if (result != ASK_OK ||
	        json_parse(json->data, json->len, JSON_MAX_LOCAL, &root, why, sizeof(why)) != 0)
		scene_trouble(result != ASK_OK ? text : why);
	for (const struct json *c = json_first(json_get(root, "calls")); c != NULL; c = json_next(c)) {
		int64_t at;

		if (!time_parse(json_string(json_get(c, "at")), &at))
			scene_trouble("a call without a time");
		put_call(c, at);
	}
	run.waiting = json_count(json_get(root, "waiting"));
	json_free(root);
	buf_free(json);
	run.answered = true;
}

static void foretell(int64_t span)
{
	const char *const all[] = {NULL};
	const char *unknown;
	size_t before = world_changes(sim.world);

	run.foretold.n = run.sent.n = 0;
	run.answered = false;
	if (engine_forecast(scene.engine, all, span, true, foretold, NULL, &unknown) != ASK_OK)
		scene_trouble("no forecast");
	while (!run.answered)
		sim_run(scene.loop, sim.now);
	if (world_changes(sim.world) != before)
		scene_trouble("the forecast itself changed something");
}

/* --- what is sent ---------------------------------------------------------------------------------------------------- */

static const char *action_of(const struct world_change *c)
{
	size_t len = strcspn(c->path, "?");

	if (strstr(c->path, "/domain/zone/") != NULL)
		return strstr(c->path, "/refresh") != NULL ? "" : "publish";
	if (str_eq(c->method, "DELETE"))
		return "delete";
	if (len > 8 && strncmp(c->path + len - 8, "/disable", 8) == 0)
		return "disable";
	if (len > 7 && strncmp(c->path + len - 7, "/enable", 7) == 0)
		return "enable";
	if (strstr(c->path, "/diagnostic") != NULL)
		return "";
	return str_eq(c->method, "PUT") ? "enable" : "create";
}

static void written(const struct keystore_request *q)
{
	static const char *const actions[] = {[KEYSTORE_MAKE] = "create",
	        [KEYSTORE_MAP] = "enable",
	        [KEYSTORE_REVOKE] = "delete",
	        [KEYSTORE_SHRED] = "shred",
	        [KEYSTORE_ADOPT] = NULL};

	if (actions[q->op] != NULL)
		put(&run.sent, sim.now, q->domain, actions[q->op], q->name);
}

static int by_time(const void *a, const void *b)
{
	const struct sent *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

/* Keys of c.example that lie in a zone of their own lie in keys-c.example here. */
static const char *domain_of(const char *zone)
{
	return str_prefix(zone, "keys-") ? zone + strlen("keys-") : zone;
}

static void collect(size_t from)
{
	for (size_t i = from; i < world_changes(sim.world); i++) {
		const struct world_change *c = world_change(sim.world, i);
		const char *action = action_of(c);

		if (c->broken != 0)
			scene_trouble(c->why);
		if (*action != '\0')
			put(&run.sent, c->at, domain_of(c->domain), action, c->selector);
	}
	qsort(run.sent.of, run.sent.n, sizeof(run.sent.of[0]), by_time);
}

/* --- comparing ------------------------------------------------------------------------------------------------------- */

static bool alike(const struct sent *a, const struct sent *b)
{
	/* the switch of a domain has none, and MX Plan's are shown by the first enable only */
	bool named = a->selector[0] != '\0' && b->selector[0] != '\0';

	return str_eq(a->action, b->action) && (!named || str_eq(a->selector, b->selector));
}

static struct sent *next_of(struct list *l, const char *domain)
{
	for (size_t i = 0; i < l->n; i++)
		if (!l->of[i].matched && str_eq(l->of[i].domain, domain))
			return &l->of[i];
	return NULL;
}

static void say(const char *what, const struct sent *x)
{
	char when[TIME_TEXT];

	if (x != NULL)
		printf("# %s %s %s %s %s\n", what, time_text(when, x->at), x->domain, x->action, x->selector);
	else
		printf("# %s nothing\n", what);
}

/* Each domain's changes in their order. What lies close to the end of the span may fall on either side of it. */
static unsigned compare(int64_t until)
{
	unsigned wrong = 0;

	run.longest_off = 0;
	for (size_t i = 0; i < run.sent.n; i++) {
		struct sent *s = &run.sent.of[i], *f = next_of(&run.foretold, s->domain);
		bool edge = s->at > until - TOLERANCE;

		s->matched = true;
		if (f == NULL && edge)
			continue;
		int64_t off = f != NULL ? s->at - f->at : 0;
		off = off < 0 ? -off : off;
		if (f != NULL && off > run.longest_off)
			run.longest_off = off;
		if (f == NULL || !alike(s, f) || off > TOLERANCE) {
			if (wrong++ == 0) {
				say("foretold", f);
				say("sent    ", s);
			}
		}
		if (f != NULL)
			f->matched = true;
	}
	for (size_t i = 0; i < run.foretold.n; i++)
		if (!run.foretold.of[i].matched && run.foretold.of[i].at < until - TOLERANCE && wrong++ == 0)
			say("foretold and never sent", &run.foretold.of[i]);
	return wrong;
}

static bool play(const struct scene *s, unsigned number)
{
	scene_begin(s);
	size_t from = world_changes(sim.world);
	int64_t until = sim.now + DAYS * MS_DAY;

	foretell(DAYS * MS_DAY);
	sim_keys.carried_out = written;
	size_t told = run.foretold.n;
	sim_run(scene.loop, until);
	collect(from);
	for (size_t i = 0; run.trace && i < run.foretold.n; i++)
		say("foretold", &run.foretold.of[i]);
	for (size_t i = 0; run.trace && i < run.sent.n; i++)
		say("sent", &run.sent.of[i]);
	unsigned wrong = compare(until);
	bool good = wrong == 0 && told >= s->least && (s->least != 0 || told == 0);
	printf("%s %u - %s: %zu foretold, %zu sent, %u otherwise, %lld s off at most\n",
	        good ? "ok" : "not ok", number, s->name, told, run.sent.n, wrong,
	        (long long)(run.longest_off / MS_SECOND));
	scene_end();
	return good;
}

int main(int argc, char **argv)
{
	unsigned n = 0, bad = 0;

	run.trace = argc > 1 && str_eq(argv[1], "--trace");
	report_capture(hear, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(scenes); i++) {
		bool wanted = argc == 1 + run.trace;

		for (int k = 1 + run.trace; k < argc; k++)
			wanted = wanted || strstr(scenes[i].name, argv[k]) != NULL;
		if (wanted)
			bad += !play(&scenes[i], ++n);
	}
	printf("1..%u\n", n);
	return bad != 0;
}
