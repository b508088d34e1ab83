/* What the lines of a story do: the world turns, people act, the daemon lives and dies. Their list stands in replay.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/span.h"
#include "io_ram/store_ram.h"
#include "replay.h"
#include "simulation/sim.h"

#define NEXT_MOST (400 * MS_DAY) /* how long the next request of a kind is waited for */

static bool do_config(const struct line *l)
{
	static const char *const policy[] = {"rotate_every", "grace", "window", "splay"},
	                         *const poll[] = {"active", "settled"}, *const top[] = {"mode"};
	struct buf *b = &replay.safety;

	for (size_t i = 0; i < ARRAY_SIZE(policy); i++)
		b = strcmp(policy[i], l->w[1]) == 0 ? &replay.policy : b;
	for (size_t i = 0; i < ARRAY_SIZE(poll); i++)
		b = strcmp(poll[i], l->w[1]) == 0 ? &replay.poll : b;
	for (size_t i = 0; i < ARRAY_SIZE(top); i++)
		b = strcmp(top[i], l->w[1]) == 0 ? &replay.top : b;
	if (strcmp(l->w[1], "requests_per_minute") == 0)
		replay.requests_per_minute = atoi(l->w[2]);
	else if (b == &replay.top)
		buf_printf(b, "%s: %s\n", l->w[1], l->w[2]);
	else
		buf_printf(b, ", %s: \"%s\"", l->w[1], l->w[2]);
	return true;
}

static bool do_account(const struct line *l)
{
	if (replay.n_accounts == ARRAY_SIZE(replay.accounts))
		return fail("too many accounts");
	replay.accounts[replay.n_accounts++] = xstrdup(l->w[1]);
	return true;
}

static bool do_about(const struct line *l)
{
	str_copy(replay.focus, sizeof(replay.focus), l->w[1]);
	return true;
}

static bool do_inventory(const struct line *l)
{
	struct entry *e = life_entry(l->w[1]);
	char key[64];
	struct buf b = {0};

	if (e == NULL)
		return fail("no such domain");
	str_format(key, sizeof(key), ", %s: ", l->w[2]);
	char *at = strstr(e->extra, key);
	if (at != NULL) { /* the old value goes */
		size_t len = strlen(key) + strcspn(at + strlen(key), ",");

		memmove(at, at + len, strlen(at + len) + 1);
	}
	buf_printf(&b, "%s%s%s", e->extra, key, l->w[3]);
	free(e->extra);
	e->extra = b.data;
	return life_reload();
}

/* A domain outside the inventory may not be changed, whatever happens (safety rule 8). */
static bool list(const struct line *l, bool listed)
{
	struct entry *e = life_entry(l->w[1]);
	char name[300];

	if (e == NULL)
		return fail("no such domain");
	e->listed = listed;
	str_format(name, sizeof(name), "judge_forbidden@%s", e->name);
	world_set(sim.world, name, listed ? "no" : "yes");
	return life_reload();
}

static bool do_leave(const struct line *l)
{
	return list(l, false);
}

static bool do_return(const struct line *l)
{
	return list(l, true);
}

static bool do_set(const struct line *l)
{
	return world_set(sim.world, l->w[1], l->w[2]) == 0 || fail("no such switch or value");
}

static bool do_lies(const struct line *l)
{
	sim.lie = strtod(l->w[1], NULL);
	return true;
}

static bool do_lost(const struct line *l)
{
	sim.lost = strtod(l->w[1], NULL);
	return true;
}

static bool do_start(const struct line *l)
{
	(void)l;
	return life_start();
}

static bool do_stop(const struct line *l)
{
	(void)l;
	life_stop(false);
	return true;
}

static bool do_restart(const struct line *l)
{
	life_stop(false);
	return do_start(l);
}

static bool span_of(const char *word, int64_t *ret)
{
	bool minus = word[0] == '-';

	if (span_parse(word + (minus || word[0] == '+'), ret) != 0)
		return fail("%s is no span", word);
	*ret = minus ? -*ret : *ret;
	return true;
}

static bool do_pass(const struct line *l)
{
	int64_t ms;

	if (!span_of(l->w[1], &ms))
		return false;
	life_pass(ms);
	return true;
}

static bool give_orders(unsigned n, char *const *words);

/* crash [before|after the next ACTION | at the answer to ORDER] */
static bool do_crash(const struct line *l)
{
	if (!replay.up)
		return fail("it does not run");
	if (l->n == 6) {
		replay.crash_at_answer = true;
		if (!give_orders(1, l->w + 5))
			return false;
		replay.crash_at_answer = false;
	} else if (l->n == 5) {
		bool before = strcmp(l->w[1], "before") == 0;

		life_arm(l->w[4], before ? SIM_HALT_BEFORE : SIM_HALT_AFTER, 1);
		life_pass(NEXT_MOST);
		if (life_armed() != 0 || !sim.halt)
			return fail("there was none");
	} else if (l->n != 1) {
		return fail("not understood");
	}
	life_stop(true);
	return true;
}

/* lose request|answer of the next ACTION [N times]; lose state, lose witness */
static bool do_lose(const struct line *l)
{
	if (l->n == 2 && strcmp(l->w[1], "state") == 0) {
		if (replay.up)
			return fail("it runs");
		store_ram_forget("replay");
		return true;
	}
	if (l->n == 2 && strcmp(l->w[1], "witness") == 0) { /* the host starts anew */
		store_ram_forget_witness("replay");
		return true;
	}
	if (l->n == 2 && strcmp(l->w[1], "nothing") == 0) {
		life_arm("", 0, 0);
		return true;
	}
	if (l->n < 6)
		return fail("not understood");
	life_arm(l->w[5], strcmp(l->w[1], "request") == 0 ? SIM_LOSE_REQUEST : SIM_LOSE_ANSWER,
	        l->n > 6 ? (unsigned)atoi(l->w[6]) : 1);
	return true;
}

static bool do_save(const struct line *l)
{
	(void)l;
	store_ram_forget("replay.saved");
	store_ram_copy("replay", "replay.saved");
	return true;
}

static bool do_older(const struct line *l)
{
	(void)l;
	if (replay.up)
		return fail("it runs");
	store_ram_forget("replay");
	store_ram_copy("replay.saved", "replay");
	return true;
}

static bool do_clock(const struct line *l)
{
	int64_t ms = 0;

	if (strcmp(l->w[1], "right") == 0) {
		sim.host_offset = 0;
		return true;
	}
	if (!span_of(l->w[1], &ms))
		return false;
	sim.host_offset += ms;
	return true;
}

static bool do_offset(const struct line *l)
{
	return world_set(sim.world, "clock_offset", l->w[1]) == 0 || fail("no such offset");
}

static bool do_person(const struct line *l)
{
	struct buf b = {0};

	for (unsigned i = 2; i < l->n; i++)
		buf_printf(&b, "%s%s", i > 2 ? " " : "", l->w[i]);
	int r = world_person(sim.world, sim.now, l->w[1], b.data);
	buf_free(&b);
	return r == 0 || fail("the person cannot (%d)", r);
}

static void answered(void *arg, enum ask_result result, const char *text)
{
	(void)arg;
	sim.halt = sim.halt || replay.crash_at_answer;
	if (--replay.answers > 0)
		return; /* what is expected is the last answer */
	replay.answer = result;
	str_copy(replay.answer_text, sizeof(replay.answer_text), text != NULL ? text : "");
}

static enum order order_of(const char *word)
{
	return strcmp(word, "compromised") == 0 ? ORDER_COMPROMISED
	       : strcmp(word, "back") == 0      ? ORDER_BACK
	                                        : ORDER_ROTATE;
}

/* Several come at the same moment. */
static bool give_orders(unsigned n, char *const *words)
{
	char name[300];

	if (!replay.up)
		return fail("it does not run");
	replay.answers = n;
	for (unsigned i = 0; i < n; i++) {
		enum order order = order_of(words[i]);

		if (order == ORDER_COMPROMISED) {
			str_format(name, sizeof(name), "judge_compromised@%s", replay.focus);
			world_set(sim.world, name, "yes");
		}
		engine_rotate(replay.engine, replay.focus, order, answered, NULL);
	}
	for (int i = 0; i < 60 && replay.answers > 0; i++)
		life_pass(10 * MS_SECOND);
	if (replay.answers > 0)
		return fail("no answer within ten minutes");
	if (replay.trace)
		printf("#   answer: %d %s\n", (int)replay.answer, replay.answer_text);
	return true;
}

static bool do_order(const struct line *l)
{
	return give_orders(l->n - 1, l->w + 1);
}

/* disk fails|works: nothing can be made durable meanwhile. */
static bool do_disk(const struct line *l)
{
	if (!replay.up)
		return fail("it does not run");
	replay.disk_fails = strcmp(l->w[1], "fails") == 0;
	store_ram_fail(replay.store, replay.disk_fails ? EIO : 0);
	return replay.disk_fails || strcmp(l->w[1], "works") == 0 || fail("fails or works");
}

/* Where the disk fails the story says what is answered. */
static bool told(enum ask_result r)
{
	replay.answer = r;
	replay.answer_text[0] = '\0';
	return r == ASK_OK || replay.disk_fails || fail("no");
}

static bool do_pause(const struct line *l)
{
	int64_t ms = 0;

	if (l->n > 3 && !span_of(l->w[3], &ms))
		return false;
	const char *name = strcmp(l->w[1], "all") == 0 ? NULL : l->w[1];
	return told(engine_pause(replay.engine, name, l->w[2], "replay", ms));
}

static bool do_resume(const struct line *l)
{
	const char *name = strcmp(l->w[1], "all") == 0 ? NULL : l->w[1];

	return told(engine_resume(replay.engine, name));
}

static bool do_from(const struct line *l)
{
	bool now = strcmp(l->w[1], "now") == 0;

	replay.told_cursor = now ? replay.n_told : 0;
	replay.change_cursor = now ? world_changes(sim.world) : 0;
	return true;
}

/* The unit that has the signer of external domains read its maps: it runs at once, or not at all. */
static bool do_signer(const struct line *l)
{
	replay.signer_silent = strcmp(l->w[1], "silent") == 0;
	return replay.signer_silent || strcmp(l->w[1], "prompt") == 0 || fail("silent or prompt");
}

static const struct {
	const char *word;
	unsigned words; /* at least */
	bool (*tell)(const struct line *l);
} verbs[] = {
        {"config", 3, do_config},
        {"account", 2, do_account},
        {"domain", 4, life_domain},
        {"about", 2, do_about},
        {"inventory", 4, do_inventory},
        {"leave", 2, do_leave},
        {"return", 2, do_return},
        {"set", 3, do_set},
        {"lies", 2, do_lies},
        {"lost", 2, do_lost},
        {"start", 1, do_start},
        {"stop", 1, do_stop},
        {"restart", 1, do_restart},
        {"pass", 2, do_pass},
        {"crash", 1, do_crash},
        {"lose", 2, do_lose},
        {"save", 2, do_save},
        {"older", 2, do_older},
        {"clock", 2, do_clock},
        {"offset", 2, do_offset},
        {"person", 3, do_person},
        {"order", 2, do_order},
        {"disk", 2, do_disk},
        {"pause", 3, do_pause},
        {"resume", 2, do_resume},
        {"signer", 2, do_signer},
        {"from", 3, do_from},
        {"expect", 2, expect},
};

bool verb(const struct line *l)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].word, l->w[0]) == 0 && l->n >= verbs[i].words)
			return verbs[i].tell(l);
	return fail("not understood");
}
