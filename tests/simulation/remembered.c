/* What the history remembers (engine_history_json, GET /v1/history): every change that OVHcloud saw, once, and the
 * transitions of every round, over years; two years of them and no longer; and a page at a time gives the whole. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "simulation/scene.h"

#define DAYS  1000
#define YEARS (2 * 365 * MS_DAY)

static const struct scene life = {.policy = "rotate_every: 30d, grace: 7d, splay: 10%",
        .domains = {"a.example exchange virgin 2", "b.example emailpro signing 2",
                "c.example exchange virgin 2", "d.example mxplan virgin 2"}};

struct tally {
	size_t entries, changes, records, rotated, deleted, phases, without_evidence, disordered;
	int64_t first, last;
};

static const char *text(const struct json *object, const char *key)
{
	const char *s = json_string(json_get(object, key));

	return s != NULL ? s : "";
}

static void count(struct tally *t, const struct json *e)
{
	const char *kind = text(e, "kind");
	int64_t at = 0;

	if (!time_parse(text(e, "at"), &at))
		scene_trouble("an entry without a time");
	t->entries++;
	t->disordered += at < t->last;
	t->first = t->first == 0 ? at : t->first;
	t->last = at;
	if (str_eq(kind, "change")) {
		t->changes++;
		t->without_evidence += json_count(json_get(json_get(e, "seen"), "selectors")) == 0 &&
		                       !str_eq(text(e, "domain"), "d.example");
		t->without_evidence += *text(e, "query_id") == '\0' || *text(e, "path") == '\0';
	}
	t->records += str_eq(kind, "record") && str_eq(text(e, "outcome"), "accepted");
	t->phases += str_eq(kind, "phase");
	t->rotated += str_eq(text(e, "event"), "rotated");
	t->deleted += str_eq(text(e, "event"), "deleted");
}

/* All of it, `most` entries at a time. */
static struct tally read_all(const char *domain, unsigned most)
{
	struct history_place place = {0};
	struct tally t = {0};

	for (bool more = true; more;) {
		const struct json *root = NULL;
		struct buf b = {0};
		long long at;

		if (engine_history_json(scene.engine, domain, &place, most, &b) != ASK_OK ||
		        json_parse(b.data, b.len, JSON_MAX_LOCAL, &root, NULL, 0) != 0)
			scene_trouble("a page that is none");
		if (json_count(json_get(root, "entries")) > most && most != 0)
			scene_trouble("a page that is too long");
		for (const struct json *e = json_first(json_get(root, "entries")); e != NULL;
		        e = json_next(e))
			count(&t, e);
		more = sscanf(text(root, "next"), "%lld.%u", &at, &place.skip) == 2;
		place.at = more ? at : 0;
		json_free(root);
		buf_free(&b);
	}
	return t;
}

/* What OVHcloud saw since then: changes of selectors and switches, and records written. */
static struct tally seen_by_world(int64_t since)
{
	struct tally t = {0};

	for (size_t i = 0; i < world_changes(sim.world); i++) {
		const struct world_change *c = world_change(sim.world, i);
		bool zone = strstr(c->path, "/domain/zone/") != NULL;

		if (c->at < since)
			continue;
		t.changes += !zone;
		t.records += zone && strstr(c->path, "/refresh") == NULL;
	}
	return t;
}

int main(void)
{
	scene_hush();
	scene_begin(&life);
	sim_run(scene.loop, sim.now + 300 * MS_DAY);
	struct tally young = read_all(NULL, 0), world = seen_by_world(0);
	scene_is("every change is remembered, once", young.changes, world.changes);
	scene_is("and every record that was written", young.records, world.records);
	scene_is("each with what was seen and answered", young.without_evidence, 0);
	scene_is("in the order of time", young.disordered, 0);
	scene_is("rotations and deletions",
	        young.rotated > 20 && young.deleted > 20 && young.deleted <= young.rotated, true);
	scene_is("routine looks are not in it", young.entries < 25 * (young.rotated + 10), true);
	struct tally alone = read_all("a.example", 0), others = {0};
	static const char *const rest[] = {"b.example", "c.example", "d.example"};
	for (size_t i = 0; i < ARRAY_SIZE(rest); i++)
		others.entries += read_all(rest[i], 0).entries;
	scene_is("a domain's own", alone.entries + others.entries, young.entries);
	scene_is("pages of one make the whole", read_all(NULL, 1).entries, young.entries);
	scene_is("pages of nine", read_all(NULL, 9).entries, young.entries);
	struct buf b = {0};
	struct history_place begin = {0};
	scene_is("a domain that nobody knows", engine_history_json(scene.engine, "x.example", &begin, 0, &b),
	        ASK_UNKNOWN);

	sim_run(scene.loop, sim.now + (DAYS - 300) * MS_DAY);
	struct tally old = read_all(NULL, 500);
	int64_t age = sim.now - old.first;
	scene_is("after more than two years, two years are kept", age > YEARS - 20 * MS_DAY, true);
	scene_is("and no more than a day beyond", age < YEARS + 2 * MS_DAY, true);
	scene_is("of which nothing is missing", old.changes, seen_by_world(old.first).changes);
	scene_end();
	return scene_verdict();
}
