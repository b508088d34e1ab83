/* The lists of domains (GET /v1/domains, with for=table as well) at any moment of a year on every platform, with people who
 * pause, resume and rotate; and made of records with something in every field, so that nothing that a list shows is missing
 * in what is kept of them. */
#include "simulation/lists.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../unit/store_common.h"
#include "io/loop.h"
#include "simulation/scene.h"

static const struct scene life = {.policy = "rotate_every: 30d, grace: 7d, splay: 10%",
        .domains = {"a.example exchange virgin 2", "b.example emailpro signing 2",
                "c.example exchange signing 2, dns: manual", "d.example mxplan virgin 2",
                "e.example zimbra virgin 2", "f.example exchange signing 2, mode: observe"}};
static const char *const names[] = {
        "a.example", "b.example", "c.example", "d.example", "e.example", "f.example"};

static void answered(void *arg, enum ask_result result, const char *text)
{
	(void)arg, (void)result, (void)text;
}

static size_t look(void)
{
	size_t n, differ = lists_differ(scene.engine, &n);

	return differ + (n != ARRAY_SIZE(names));
}

/* Somebody does something, and asks at once what it has led to. */
static size_t meddle(void)
{
	const char *name = names[(size_t)sim_between(0, ARRAY_SIZE(names) - 1)];

	if (sim_chance(0.3))
		engine_pause(scene.engine, name, "a \"reason\"", "test", 2 * MS_DAY);
	else if (sim_chance(0.3))
		engine_resume(scene.engine, name);
	else if (sim_chance(0.1))
		engine_pause(scene.engine, NULL, "everything", "test", MS_HOUR);
	else
		engine_rotate(scene.engine, name, ORDER_ROTATE, answered, NULL);
	return look();
}

static size_t live(int64_t span)
{
	int64_t end = sim.now + span;
	size_t differ = 0;

	while (sim.now < end) {
		sim_run(scene.loop, sim.now + sim_between(MS_SECOND, 8 * MS_HOUR));
		differ += look();
		if (sim_chance(0.1))
			differ += meddle();
	}
	return differ;
}

/* A record with something in nearly every field, in the place of each domain's; a pause makes the engine read it, and keep
 * what lists need. No event of the loop comes in between. */
static size_t filled(unsigned seed)
{
	static const char *const platforms[] = {
	        "exchange", "emailpro", "exchange", "mxplan", "zimbra", "exchange"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct store_key key = {.account = "default",
		        .platform = platforms[i],
		        .service = i < 3 || i == 5 ? "svc-1" : "",
		        .organization = str_eq(platforms[i], "exchange") ? "svc-1" : "",
		        .domain = names[i]};
		struct record before, r;

		if (store_load(scene.store, &key, &before) != 0)
			scene_trouble("the store does not know it");
		make_record(&r, seed * 10 + (unsigned)i);
		r.id = before.id;
		store_save(scene.store, &key, &r);
		if (engine_pause(scene.engine, names[i], "read it", "test", 0) != ASK_OK)
			scene_trouble("it cannot be paused");
	}
	return look();
}

int main(void)
{
	size_t differ = 0;

	scene_hush();
	scene_begin(&life);
	scene_is("before anything was looked at", look(), 0);
	scene_is("at any moment of a year", live(365 * MS_DAY), 0);
	for (unsigned seed = 1; seed <= 1500; seed++)
		differ += filled(seed);
	scene_is("of whatever a record may hold", differ, 0);
	scene_end();
	return scene_verdict();
}
