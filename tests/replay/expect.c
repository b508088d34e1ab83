/* What a story expects. An expectation holds now, or within a span, or throughout one; it looks at what the daemon
 * shows of a domain (the contract's JSON), at what it told, and at what the simulated OVHcloud was asked for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/span.h"
#include "io/loop.h"
#include "replay.h"
#include "simulation/sim.h"

bool selector_is(const char *name, const char *word)
{
	char end[32];

	if (word[0] < '1' || word[0] > '9' || word[1] != '\0')
		return strcmp(name, word) == 0;
	str_format(end, sizeof(end), "selector%s", word);
	return str_suffix(name, end);
}

/* --- what is shown ------------------------------------------------------------------------------------------------ */

static const struct json *show(void)
{
	struct buf b = {0};
	const struct json *j = NULL;

	if (replay.up && engine_domain_json(replay.engine, replay.focus, &b) == ASK_OK)
		json_parse(b.data, strlen(b.data), JSON_MAX_LOCAL, &j, NULL, 0);
	buf_free(&b);
	return j;
}

static bool is_word(const char *key, const struct line *l)
{
	const struct json *j = show();
	const char *s = json_string(json_get(j, key));
	bool yes = s != NULL && strcmp(s, l->w[2]) == 0;

	str_format(replay.error, sizeof(replay.error), "%s is %s", key, s != NULL ? s : "nothing");
	json_free(j);
	return yes;
}

static bool is_phase(const struct line *l)
{
	return is_word("phase", l);
}

static bool is_condition(const struct line *l)
{
	return is_word("condition", l);
}

static bool is_reason(const struct line *l)
{
	return is_word("reason", l);
}

static bool is_waits(const struct line *l)
{
	return is_word("waits_on", l);
}

static bool is_detail(const struct line *l)
{
	const struct json *j = show();
	const char *s = json_string(json_get(j, "detail"));
	bool yes = s != NULL && strstr(s, l->w[2]) != NULL;

	str_format(replay.error, sizeof(replay.error), "detail is %s", s != NULL ? s : "nothing");
	json_free(j);
	return yes;
}

/* Message or remedy of the diagnosis; "nothing" where there is none. */
static bool is_diagnosis(const struct line *l)
{
	const struct json *j = show(), *d = json_get(j, "diagnosis");
	const char *m = json_string(json_get(d, "message")), *r = json_string(json_get(d, "remedy"));
	bool yes = strcmp(l->w[2], "nothing") == 0
	                   ? m == NULL
	                   : m != NULL && (strstr(m, l->w[2]) != NULL || strstr(r, l->w[2]) != NULL);

	str_format(replay.error, sizeof(replay.error), "the diagnosis is %s; %s", m != NULL ? m : "nothing",
	        r != NULL ? r : "");
	json_free(j);
	return yes;
}

static bool is_next(const struct line *l)
{
	const struct json *j = show();
	const char *s = json_string(json_get(json_get(j, "next"), "action"));
	bool yes = s != NULL && strcmp(s, l->w[2]) == 0;

	str_format(replay.error, sizeof(replay.error), "next is %s", s != NULL ? s : "nothing");
	json_free(j);
	return yes;
}

/* Who signs: in truth, and as the daemon shows it. "nobody", "somebody", "both", or one selector. */
static bool is_signs(const struct line *l)
{
	const char *truth = life_signing(), *word = l->w[2];
	const struct json *j = show();
	const char *active = json_string(json_get(j, "active_selector"));
	bool yes;

	if (strcmp(word, "nobody") == 0)
		yes = truth[0] == '\0' && active == NULL;
	else if (strcmp(word, "somebody") == 0)
		yes = truth[0] != '\0' && active != NULL;
	else if (strcmp(word, "both") == 0)
		yes = strchr(truth, ',') != NULL && active != NULL;
	else
		yes = selector_is(truth, word) && active != NULL && selector_is(active, word);
	str_format(replay.error, sizeof(replay.error), "%s signs, and %s is shown",
	        truth[0] != '\0' ? truth : "nobody", active != NULL ? active : "nobody");
	json_free(j);
	return yes;
}

/* The truth alone, whatever the daemon knows. */
static bool is_truth(const struct line *l)
{
	const char *truth = life_signing(), *word = l->w[2];

	str_format(replay.error, sizeof(replay.error), "%s signs", truth[0] != '\0' ? truth : "nobody");
	if (strcmp(word, "nobody") == 0)
		return truth[0] == '\0';
	if (strcmp(word, "somebody") == 0)
		return truth[0] != '\0';
	return selector_is(truth, word);
}

/* selector S [state W] [role W] [dns W] */
static bool is_selector(const struct line *l)
{
	const struct json *j = show();
	bool yes = false;

	str_format(replay.error, sizeof(replay.error), "no such selector is shown");
	for (const struct json *s = json_first(json_get(j, "selectors")); s != NULL; s = json_next(s)) {
		const char *name = json_string(json_get(s, "name"));

		if (name == NULL || !selector_is(name, l->w[2]))
			continue;
		yes = true;
		for (unsigned i = 3; i + 1 < l->n && yes; i += 2) {
			const char *v = json_string(json_get(s, l->w[i]));

			yes = v != NULL && strcmp(v, l->w[i + 1]) == 0;
			str_format(replay.error, sizeof(replay.error), "%s of %s is %s", l->w[i], name,
			        v != NULL ? v : "nothing");
		}
	}
	json_free(j);
	return yes;
}

/* account NAME state|breaker WORD */
static bool is_account(const struct line *l)
{
	struct buf b = {0};
	const struct json *j = NULL;
	bool yes = false;

	if (l->n < 5)
		return fail("account NAME KEY WORD");
	if (replay.up) {
		engine_status_json(replay.engine, &b);
		json_parse(b.data, strlen(b.data), JSON_MAX_LOCAL, &j, NULL, 0);
	}
	for (const struct json *a = json_first(json_get(j, "accounts")); a != NULL; a = json_next(a)) {
		const char *v = json_string(json_get(a, l->w[3]));

		if (!str_eq(json_string(json_get(a, "name")), l->w[2]))
			continue;
		yes = str_eq(v, l->w[4]);
		str_format(replay.error, sizeof(replay.error), "%s of account %s is %s", l->w[3], l->w[2],
		        v != NULL ? v : "nothing");
	}
	json_free(j);
	buf_free(&b);
	return yes;
}

static bool is_unknown(const struct line *l)
{
	const struct json *j = show();
	bool yes = j == NULL;

	(void)l;
	str_format(replay.error, sizeof(replay.error), "it is known");
	json_free(j);
	return yes;
}

/* --- what was told, and what was asked for ------------------------------------------------------------------------- */

/* event NAME ["words in it"]: the next one behind the cursor. Its place + 1, 0 = none. */
static size_t find_event(const struct line *l, unsigned from)
{
	for (size_t i = replay.told_cursor; i < replay.n_told; i++) {
		const struct told *t = &replay.told[i];

		if (strcmp(event_name(t->event), l->w[from]) != 0)
			continue;
		if (t->domain[0] != '\0' && strcmp(t->domain, replay.focus) != 0)
			continue;
		if (l->n <= from + 1 || strstr(t->message, l->w[from + 1]) != NULL)
			return i + 1;
	}
	return 0;
}

static bool is_event(const struct line *l)
{
	size_t i = find_event(l, 2);

	str_format(replay.error, sizeof(replay.error), "it was not told");
	if (i != 0)
		replay.told_cursor = i;
	return i != 0;
}

static bool is_no_event(const struct line *l)
{
	size_t i = find_event(l, 3);

	if (i != 0)
		str_format(replay.error, sizeof(replay.error), "it was told: %s", replay.told[i - 1].message);
	return i == 0;
}

/* change [ACTION [SELECTOR]]: the next request behind the cursor that asked for it. Refreshes are not spoken of. */
static size_t find_change(const struct line *l, unsigned from)
{
	for (size_t i = replay.change_cursor; i < world_changes(sim.world); i++) {
		const struct world_change *c = world_change(sim.world, i);
		const char *action = life_action(c->method, c->path);

		if (c->domain == NULL || strcmp(c->domain, replay.focus) != 0 ||
		        strcmp(action, "diagnose") == 0)
			continue;
		if (l->n <= from ? strcmp(action, "refresh") == 0 : strcmp(action, l->w[from]) != 0)
			continue;
		if (l->n <= from + 1 || (c->selector != NULL && selector_is(c->selector, l->w[from + 1])))
			return i + 1;
	}
	return 0;
}

static bool is_change(const struct line *l)
{
	size_t i = find_change(l, 2);

	str_format(replay.error, sizeof(replay.error), "it was not asked for");
	if (i != 0)
		replay.change_cursor = i;
	return i != 0;
}

static bool is_no_change(const struct line *l)
{
	size_t i = find_change(l, 3);
	const struct world_change *c = i != 0 ? world_change(sim.world, i - 1) : NULL;

	if (c != NULL)
		str_format(replay.error, sizeof(replay.error), "%s %s was asked for", c->method, c->path);
	return i == 0;
}

static bool is_answer(const struct line *l)
{
	bool refused = strcmp(l->w[1], "refused") == 0;

	str_format(replay.error, sizeof(replay.error), "the answer was: %s%s",
	        replay.answer == ASK_OK ? "" : "refused, ", replay.answer_text);
	if (refused != (replay.answer != ASK_OK))
		return false;
	return l->n < 3 || strstr(replay.answer_text, l->w[2]) != NULL;
}

static const struct {
	const char *word;
	unsigned words; /* at least, "expect" included */
	bool (*holds)(const struct line *l);
} kinds[] = {
        {"phase", 3, is_phase},
        {"condition", 3, is_condition},
        {"reason", 3, is_reason},
        {"waits", 3, is_waits},
        {"detail", 3, is_detail},
        {"diagnosis", 3, is_diagnosis},
        {"next", 3, is_next},
        {"signs", 3, is_signs},
        {"truth", 3, is_truth},
        {"selector", 3, is_selector},
        {"account", 5, is_account},
        {"unknown", 2, is_unknown},
        {"event", 3, is_event},
        {"change", 2, is_change},
        {"refused", 2, is_answer},
        {"accepted", 2, is_answer},
};

/* --- now, within, throughout ---------------------------------------------------------------------------------------- */

static struct {
	struct line line; /* without its span */
	bool (*holds)(const struct line *l);
	bool throughout, met;
} watch;

static void after_event(void)
{
	life_moves();
	bool holds = watch.holds(&watch.line);

	watch.met = watch.throughout ? watch.met && holds : holds;
	sim.halt = sim.halt || watch.met != watch.throughout;
}

static bool attend(int64_t span)
{
	watch.met = watch.holds(&watch.line);
	if (watch.met != watch.throughout)
		return watch.met;
	sim.after = after_event;
	life_pass(span);
	sim.after = life_moves;
	sim.halt = false;
	return watch.met;
}

bool expect(const struct line *l)
{
	int64_t span = 0;
	bool no = l->n > 2 && strcmp(l->w[1], "no") == 0;

	watch.line = *l;
	watch.holds = NULL;
	watch.throughout = false;
	if (l->n > 3) {
		const char *how = l->w[l->n - 2];
		bool within = strcmp(how, "within") == 0;

		if ((within || strcmp(how, "throughout") == 0 || strcmp(how, "for") == 0) &&
		        span_parse(l->w[l->n - 1], &span) == 0) {
			watch.line.n -= 2;
			watch.throughout = !within;
		}
	}
	if (no && strcmp(l->w[2], "change") == 0)
		watch.holds = is_no_change;
	else if (no && strcmp(l->w[2], "event") == 0)
		watch.holds = is_no_event;
	for (size_t i = 0; i < ARRAY_SIZE(kinds) && !no; i++)
		if (strcmp(kinds[i].word, l->w[1]) == 0 && watch.line.n >= kinds[i].words)
			watch.holds = kinds[i].holds;
	if (watch.holds == NULL)
		return fail("not understood");
	if (no && watch.throughout) { /* from now on */
		replay.told_cursor = replay.n_told;
		replay.change_cursor = world_changes(sim.world);
	}
	if (span == 0 ? watch.holds(&watch.line) : attend(span))
		return true;
	return fail("%s", replay.error);
}
