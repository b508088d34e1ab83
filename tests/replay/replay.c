/* replay [--trace] STORY...: tells every story (struct line by line) and prints TAP. A story ends at its first line that
 * does not hold; the judge of the simulated OVHcloud must have found nothing at its end, whatever it is about.
 *
 *   config KEY VALUE            rotate_every, grace, window, splay; minimum_grace, longest_gap, max_rotating,
 *                               max_daily_changes; active, settled; mode;
 *                               requests_per_minute (0)
 *   account NAME                one more beside "default"
 *   domain NAME PLATFORM STATE [KEY VALUE]...    virgin, signing, ready or one; keys of the inventory; selectors 3;
 *                               zone_at none. It is the one spoken of from now on, as by: about NAME
 *   inventory NAME KEY VALUE    its entry changes; leave NAME, return NAME
 *   set SWITCH[@NAME] VALUE     how the world turns (ovhsim's switches)
 *   lies CHANCE, lost CHANCE    of look-ups that stay unknown, of answers lost on the way
 *   start, stop, restart, crash, pass SPAN
 *   crash before|after the next ACTION           when its request is about to leave; when it is done, not answered
 *   crash at the answer to ORDER                 as an order is given, below
 *   lose request|answer of the next ACTION [N times]       ACTION time is the question for OVHcloud's clock; lose nothing
 *   disk fails|works            nothing can be made durable meanwhile; what is answered then is expected by the story
 *   save state, lose state, older state          the last two while it is down
 *   lose witness                                 the host starts anew: nobody vouches for the state (io/store.h)
 *   clock +SPAN|-SPAN|right     the host's; offset SPAN: what /auth/time adds
 *   signer silent|prompt         of external domains: whether it takes its new map. What is asked of the key store is
 *                               make, switch, revoke, shred where an ACTION is spoken of
 *   person NAME DEED...         behind our back (world.h)
 *   order rotate|compromised|back... (several: at the same moment), pause all|NAME REASON [SPAN], resume all|NAME
 *   from now on                 what was told and asked for until here is not looked at any more; from the beginning
 *   expect ...                  expect.c: phase, condition, reason, waits, detail, next, signs, truth, selector, account,
 *                               unknown, event, change, no event, no change, refused, accepted;
 *                               [within SPAN | throughout SPAN | for SPAN] */
#include "replay.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io_ram/store_ram.h"
#include "simulation/sim.h"

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
	return verb(l);
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
	store_ram_forget(
	        "replay"); /* named here, in the program itself, so that this store is linked before the disk's */
	store_ram_forget("replay.saved");
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
