/* The table of the shell's switches. One row a switch; parser, defaults and help come from it. */
#include "knobs.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MILLION = 1000000 };
enum knob_kind { KNOB_SPAN, KNOB_CHANCE, KNOB_WORD };

static const char *const error_words[] = {[ERRORS_NEW] = "new", [ERRORS_OLD] = "old", NULL};
static const char *const token_words[] = {
        [TOKEN_OK] = "ok",
        [TOKEN_400] = "400",
        [TOKEN_401] = "401",
        [TOKEN_200_ERROR] = "200",
        [TOKEN_503_HTML] = "503",
        NULL,
};
static const char *const resolver_words[] = {
        [RESOLVER_OK] = "ok",
        [RESOLVER_SERVFAIL] = "servfail",
        [RESOLVER_SILENT] = "silent",
        [RESOLVER_REFUSED] = "refused",
        NULL,
};

#define AT(field) offsetof(struct knobs, field)
static const struct knob {
	const char *text[3]; /* name, default, help */
	enum knob_kind kind;
	size_t offset;
	const char *const *words;
	bool shared;
} knob_table[] = {
        {.text = {"clock_offset", "0",
                 "span that the clock of /auth/time and of signatures is ahead of the world's"},
                .kind = KNOB_SPAN,
                .offset = AT(clock_offset),
                .shared = true},
        {.text = {"auth_time_lie", "0", "span that only /auth/time is ahead: signatures are judged rightly"},
                .kind = KNOB_SPAN,
                .offset = AT(auth_time_lie)},
        {.text = {"sign_window", "180s", "span a timestamp may be off, either way (times --speed above 1)"},
                .kind = KNOB_SPAN,
                .offset = AT(sign_window)},
        {.text = {"errors", "new", "generation of error bodies: new|old"},
                .kind = KNOB_WORD,
                .offset = AT(errors),
                .words = error_words,
                .shared = true},
        {.text = {"auth_fault", "0",
                 "chance of a 429, 500, 503 HTML, reset, slow or cut answer on /auth/..."},
                .kind = KNOB_CHANCE,
                .offset = AT(auth_fault)},
        {.text = {"credential_life", "0",
                 "a consumer key expires so long after it was made; 0 = never (told, not enforced)"},
                .kind = KNOB_SPAN,
                .offset = AT(credential_life)},
        {.text = {"expires_in", "3599s", "life that the token endpoint promises"},
                .kind = KNOB_SPAN,
                .offset = AT(expires_in)},
        {.text = {"token_lifetime", "-1", "a token's real life; negative: as promised"},
                .kind = KNOB_SPAN,
                .offset = AT(token_lifetime)},
        {.text = {"token", "ok", "token endpoint: ok|400|401|200 (an error in a 200)|503 (HTML)"},
                .kind = KNOB_WORD,
                .offset = AT(token),
                .words = token_words},
        {.text = {"resolver", "ok", "DNS queries with RD set: ok|servfail|silent|refused"},
                .kind = KNOB_WORD,
                .offset = AT(resolver),
                .words = resolver_words},
        {.text = {"keep_alive", "60s", "an idle connection is kept so long (from the next connection on)"},
                .kind = KNOB_SPAN,
                .offset = AT(keep_alive)},
        {.text = {"close_after", "0", "chance that an answer closes its connection"},
                .kind = KNOB_CHANCE,
                .offset = AT(close_after)},
};
#define KNOBS (sizeof(knob_table) / sizeof(knob_table[0]))

bool span_parse(const char *s, int64_t *ret_ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"", 1}, {"ms", 1}, {"s", 1000}, {"min", 60000}, {"h", 3600000}, {"d", 86400000}};
	char *end;
	long long v;

	errno = 0;
	v = strtoll(s, &end, 10);
	if (end == s || errno || v > 100000000000 || v < -100000000000)
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!strcmp(end, units[i].unit)) {
			*ret_ms = v * units[i].ms;
			return true;
		}
	}
	return false;
}

static bool parse_value(const struct knob *row, const char *value, int64_t *ret)
{
	char *end;
	double chance;

	switch (row->kind) {
	case KNOB_SPAN:
		return span_parse(value, ret);
	case KNOB_CHANCE:
		chance = strtod(value, &end);
		if (end == value || *end || !(chance >= 0 && chance <= 1))
			return false;
		*ret = (int64_t)(chance * MILLION);
		return true;
	case KNOB_WORD:
	default:
		for (int64_t i = 0; row->words[i]; i++) {
			if (!strcmp(row->words[i], value)) {
				*ret = i;
				return true;
			}
		}
		return false;
	}
}

int knobs_set(struct knobs *k, const char *name, const char *value)
{
	for (size_t i = 0; i < KNOBS; i++)
		if (!strcmp(knob_table[i].text[0], name))
			return parse_value(&knob_table[i], value,
			               (int64_t *)(void *)((char *)k + knob_table[i].offset))
			               ? 0
			               : -EINVAL;
	return -ENOENT;
}

bool knobs_shared(const char *name)
{
	for (size_t i = 0; i < KNOBS; i++)
		if (!strcmp(knob_table[i].text[0], name))
			return knob_table[i].shared;
	return false;
}

void knobs_default(struct knobs *k)
{
	for (size_t i = 0; i < KNOBS; i++)
		knobs_set(k, knob_table[i].text[0], knob_table[i].text[1]);
}

const char *const *knobs_row(size_t i)
{
	return i < KNOBS ? knob_table[i].text : NULL;
}

void knobs_value(const struct knobs *k, size_t i, char *dst, size_t n)
{
	const struct knob *row = &knob_table[i];
	int64_t v = *(const int64_t *)(const void *)((const char *)k + row->offset);

	if (row->kind == KNOB_WORD)
		snprintf(dst, n, "%s", row->words[v]);
	else if (row->kind == KNOB_CHANCE)
		snprintf(dst, n, "%g", (double)v / MILLION);
	else
		snprintf(dst, n, "%" PRId64 "ms", v);
}
