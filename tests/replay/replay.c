/* replay [--trace] STORY...: tells every story (struct line by line) and prints TAP. A story ends at its first line that
 * does not hold; the judge of the simulated OVHcloud must have found nothing at its end, whatever it is about.
 *
 *   config KEY VALUE            rotate_every, grace, window, splay; minimum_grace, longest_gap, max_rotating,
 *                               max_daily_changes; active, settled; mode
 *   account NAME                one more beside "default"
 *   domain NAME PLATFORM STATE [KEY VALUE]...    virgin, signing, ready or one; keys of the inventory; selectors 3;
 *                               zone_at none. It is the one spoken of from now on, as by: about NAME
 *   inventory NAME KEY VALUE    its entry changes; leave NAME, return NAME
 *   set SWITCH[@NAME] VALUE     how the world turns (ovhsim's switches)
 *   lies CHANCE, lost CHANCE    of look-ups that stay unknown, of answers lost on the way
 *   start, stop, restart, crash, pass SPAN
 *   crash before|after the next ACTION           when its request is about to leave; when it is done, not answered
 *   lose request|answer of the next ACTION [N times]       ACTION time is the question for OVHcloud's clock; lose nothing
 *   save state, lose state, older state          the last two while it is down
 *   clock +SPAN|-SPAN|right     the host's; offset SPAN: what /auth/time adds
 *   person NAME DEED...         behind our back (world.h)
 *   order rotate|compromised|back, pause all|NAME REASON [SPAN], resume all|NAME
 *   from now on                 what was told and asked for until here is not looked at any more; from the beginning
 *   expect ...                  expect.c: phase, condition, reason, waits, detail, next, signs, truth, selector, account,
 *                               unknown, event, change, no event, no change, refused, accepted;
 *                               [within SPAN | throughout SPAN | for SPAN] */
#include "replay.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/span.h"
#include "io_ram/store_ram.h"
#include "simulation/sim.h"

#define NEXT_MOST (400 * MS_DAY) /* how long the next request of a kind is waited for */

struct replay replay;

bool fail(const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (replay.failed)
		return false;
	replay.failed = true;
	fprintf(stderr, "%s:%d: %s: %s\n", replay.path, replay.line != NULL ? replay.line->number : 0,
	        replay.line != NULL ? replay.line->text : "", text);
	return false;
}

/* --- the script's verbs ----------------------------------------------------------------------------------------------- */

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
	if (b == &replay.top)
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

/* crash [before|after the next ACTION] */
static bool do_crash(const struct line *l)
{
	if (!replay.up)
		return fail("it does not run");
	if (l->n == 5) {
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

/* lose request|answer of the next ACTION [N times]; lose state */
static bool do_lose(const struct line *l)
{
	if (l->n == 2 && strcmp(l->w[1], "state") == 0) {
		if (replay.up)
			return fail("it runs");
		store_ram_forget("replay");
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
	replay.answered = true;
	replay.answer = result;
	str_copy(replay.answer_text, sizeof(replay.answer_text), text != NULL ? text : "");
}

static bool do_order(const struct line *l)
{
	enum order order = strcmp(l->w[1], "compromised") == 0 ? ORDER_COMPROMISED
	                   : strcmp(l->w[1], "back") == 0      ? ORDER_BACK
	                                                       : ORDER_ROTATE;
	char name[300];

	if (!replay.up)
		return fail("it does not run");
	if (order == ORDER_COMPROMISED) {
		str_format(name, sizeof(name), "judge_compromised@%s", replay.focus);
		world_set(sim.world, name, "yes");
	}
	replay.answered = false;
	engine_rotate(replay.engine, replay.focus, order, answered, NULL);
	for (int i = 0; i < 60 && !replay.answered; i++)
		life_pass(10 * MS_SECOND);
	if (!replay.answered)
		return fail("no answer within ten minutes");
	if (replay.trace)
		printf("#   answer: %d %s\n", (int)replay.answer, replay.answer_text);
	return true;
}

static bool do_pause(const struct line *l)
{
	int64_t ms = 0;

	if (l->n > 3 && !span_of(l->w[3], &ms))
		return false;
	const char *name = strcmp(l->w[1], "all") == 0 ? NULL : l->w[1];
	return engine_pause(replay.engine, name, l->w[2], ms) == ASK_OK || fail("no");
}

static bool do_resume(const struct line *l)
{
	const char *name = strcmp(l->w[1], "all") == 0 ? NULL : l->w[1];

	return engine_resume(replay.engine, name) == ASK_OK || fail("no");
}

static bool do_from(const struct line *l)
{
	bool now = strcmp(l->w[1], "now") == 0;

	replay.told_cursor = now ? replay.n_told : 0;
	replay.change_cursor = now ? world_changes(sim.world) : 0;
	return true;
}

static const struct {
	const char *word;
	unsigned words; /* at least */
	bool (*tell)(const struct line *l);
} verbs[] = {
        {"config",    3, do_config   },
        {"account",   2, do_account  },
        {"domain",    4, life_domain },
        {"about",     2, do_about    },
        {"inventory", 4, do_inventory},
        {"leave",     2, do_leave    },
        {"return",    2, do_return   },
        {"set",       3, do_set      },
        {"lies",      2, do_lies     },
        {"lost",      2, do_lost     },
        {"start",     1, do_start    },
        {"stop",      1, do_stop     },
        {"restart",   1, do_restart  },
        {"pass",      2, do_pass     },
        {"crash",     1, do_crash    },
        {"lose",      2, do_lose     },
        {"save",      2, do_save     },
        {"older",     2, do_older    },
        {"clock",     2, do_clock    },
        {"offset",    2, do_offset   },
        {"person",    3, do_person   },
        {"order",     2, do_order    },
        {"pause",     3, do_pause    },
        {"resume",    2, do_resume   },
        {"from",      3, do_from     },
        {"expect",    2, expect      },
};

/* --- reading ----------------------------------------------------------------------------------------------------------- */

/* Cuts a line into words; "several words" are one. A word that starts with # ends it. */
static bool cut(char *text, struct line *l)
{
	char *p = text;

	l->n = 0;
	for (;;) {
		p += strspn(p, " \t");
		if (*p == '\0' || *p == '#')
			return true;
		if (l->n == WORDS_MAX)
			return false;
		bool quoted = *p == '"';
		char *word = quoted ? p + 1 : p;
		size_t len = strcspn(word, quoted ? "\"" : " \t");
		bool last = word[len] == '\0';

		if (quoted && last)
			return false;
		l->w[l->n++] = word;
		word[len] = '\0';
		if (last)
			return true;
		p = word + len + 1;
	}
}

static bool tell_line(struct line *l)
{
	char when[TIME_TEXT];

	if (l->n == 0)
		return true;
	if (replay.trace)
		printf("# %s %s\n", time_text(when, sim.now), l->text);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].word, l->w[0]) == 0 && l->n >= verbs[i].words)
			return verbs[i].tell(l);
	return fail("not understood");
}

static void judge(void)
{
	for (size_t i = 0; i < world_changes(sim.world); i++) {
		const struct world_change *c = world_change(sim.world, i);
		char when[TIME_TEXT];

		if (c->broken == 0)
			continue;
		fprintf(stderr, "%s: rule %d broken at %s: %s %s %s: %s\n", replay.path, c->broken,
		        time_text(when, c->at), c->domain, c->method, c->path, c->why);
		replay.failed = true;
	}
	if (life_armed() != 0)
		fail("a request was to be lost and never left");
}

/* What a person needs to mend a story: how the domain stands, and what was told last. */
static void show_end(void)
{
	struct buf b = {0};
	char when[TIME_TEXT];

	fprintf(stderr, "  it is %s\n", time_text(when, sim.now));
	if (replay.up && engine_domain_json(replay.engine, replay.focus, &b) == ASK_OK)
		fprintf(stderr, "  %s\n", b.data);
	buf_free(&b);
	for (size_t i = replay.n_told > 12 ? replay.n_told - 12 : 0; i < replay.n_told; i++)
		fprintf(stderr, "  %s %s %s\n", time_text(when, replay.told[i].at),
		        event_name(replay.told[i].event), replay.told[i].message);
	size_t n = world_changes(sim.world);
	for (size_t i = n > 8 ? n - 8 : 0; i < n; i++) {
		const struct world_change *c = world_change(sim.world, i);

		fprintf(stderr, "  %s %s %s: %d\n", time_text(when, c->at), c->method, c->path, c->status);
	}
}

/* Its first comment is its title. */
static bool tell_story(const char *path, bool trace, char *title, size_t title_len)
{
	FILE *f = fopen(path, "r");
	char *text = NULL, *copy = NULL;
	size_t cap = 0;
	struct line l = {0};

	memset(&replay, 0, sizeof(replay));
	replay.path = path;
	replay.trace = trace;
	str_copy(title, title_len, "");
	if (f == NULL) {
		perror(path);
		return false;
	}
	life_begin();
	while (!replay.failed && getline(&text, &cap, f) >= 0) {
		text[strcspn(text, "\n")] = '\0';
		if (text[0] == '#' && title[0] == '\0')
			str_copy(title, title_len, text + 1 + (text[1] == ' '));
		free(copy);
		copy = xstrdup(text);
		l.number++;
		l.text = copy;
		replay.line = &l;
		if (!cut(text, &l))
			fail("too many words, or a quote that does not end");
		else if (!tell_line(&l))
			fail("it failed");
	}
	judge();
	if (replay.failed)
		show_end();
	life_end();
	free(copy);
	free(text);
	fclose(f);
	return !replay.failed;
}

int main(int argc, char **argv)
{
	bool trace = argc > 1 && strcmp(argv[1], "--trace") == 0;
	int bad = 0, n = 0;
	char title[200];

	for (int i = trace ? 2 : 1; i < argc; i++) {
		bool good = tell_story(argv[i], trace, title, sizeof(title));
		const char *name = strrchr(argv[i], '/');

		bad += !good;
		printf("%s %d - %s: %s\n", good ? "ok" : "not ok", ++n, name != NULL ? name + 1 : argv[i],
		        title);
		fflush(stdout);
	}
	printf("1..%d\n", n);
	return bad != 0;
}
