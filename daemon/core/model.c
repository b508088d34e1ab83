/* The words of the model: enum and text side by side, nothing else. */
#include "core/model.h"

#include <string.h>

#include "core/record.h"

#define WORD(list, i) ((unsigned)(i) < sizeof(list) / sizeof((list)[0]) && (list)[i] ? (list)[i] : "unknown")

static const char *const state_words[] = {
        [SELECTOR_UNKNOWN] = "unknown",
        [SELECTOR_ABSENT] = "absent",
        [SELECTOR_TODO] = "todo",
        [SELECTOR_WAITING_RECORD] = "waitingRecord",
        [SELECTOR_READY] = "ready",
        [SELECTOR_ENABLING] = "enabling",
        [SELECTOR_IN_PRODUCTION] = "inProduction",
        [SELECTOR_DISABLING] = "disabling",
        [SELECTOR_DELETING] = "deleting",
        [SELECTOR_SET] = "set",
        [SELECTOR_TO_SET] = "toSet",
        [SELECTOR_TO_FIX] = "toFix",
};

static const char *const action_words[] = {
        [ACTION_NONE] = "none",
        [ACTION_LOOK] = "look",
        [ACTION_CREATE] = "create",
        [ACTION_PUBLISH] = "publish",
        [ACTION_ENABLE] = "enable",
        [ACTION_DISABLE] = "disable",
        [ACTION_DELETE] = "delete",
};

static const char *const waits_words[] = {
        [WAITS_NOBODY] = "nobody",
        [WAITS_TIME] = "time",
        [WAITS_OVHCLOUD] = "ovhcloud",
        [WAITS_DNS] = "dns",
        [WAITS_PERSON] = "person",
        [WAITS_BUDGET] = "budget",
};

static const char *const condition_words[] = {
        [CONDITION_OK] = "ok",
        [CONDITION_BLOCKED] = "blocked",
        [CONDITION_ERROR] = "error",
        [CONDITION_PAUSED] = "paused",
        [CONDITION_OBSERVING] = "observing",
};

static const char *const note_words[] = {
        [NOTE_MET] = "met",
        [NOTE_KEY_CHANGED] = "key-changed",
        [NOTE_CREATED] = "created",
        [NOTE_READY] = "ready",
        [NOTE_SIGNING] = "signing",
        [NOTE_ROTATED] = "rotated",
        [NOTE_REPAIRED] = "repaired",
        [NOTE_DELETED] = "deleted",
        [NOTE_DISABLED] = "disabled",
        [NOTE_NOT_DONE] = "not-done",
        [NOTE_STOPPED] = "stopped",
        [NOTE_GRACE_RESTART] = "grace-restarted",
        [NOTE_RECORD_RIGHT] = "record-right",
};

static const char *const phase_words[] = {
#define PHASE(id, word, text) [PHASE_##id] = (word),
#define STEP(from, to, text)
#include "core/phases.def"
#undef PHASE
#undef STEP
};

static const char *const role_words[] = {
        [ROLE_ACTIVE] = "active",
        [ROLE_SPARE] = "spare",
        [ROLE_RETIRED] = "retired",
        [ROLE_NEW] = "new",
        [ROLE_FOREIGN] = "foreign",
};

static const struct {
	const char *word, *text;
	enum waits_on waits;
	enum condition condition;
} reasons[] = {
#define REASON(id, w, who, cond, t)                                                                          \
	[REASON_##id] = {.word = w, .text = t, .waits = WAITS_##who, .condition = CONDITION_##cond},
#include "core/reasons.def"
#undef REASON
};

const char *selector_state_word(enum selector_state s)
{
	return WORD(state_words, s);
}

bool selector_may_sign(enum selector_state s)
{
	return s == SELECTOR_IN_PRODUCTION || s == SELECTOR_ENABLING || s == SELECTOR_DISABLING;
}

const char *action_word(enum action_kind a)
{
	return WORD(action_words, a);
}

enum action_kind action_parse(const char *word)
{
	for (unsigned i = 0; i < sizeof(action_words) / sizeof(action_words[0]); i++)
		if (strcmp(action_words[i], word) == 0)
			return (enum action_kind)i;
	return ACTION_NONE;
}

const char *reason_word(enum reason r)
{
	return (unsigned)r < REASON_COUNT ? reasons[r].word : "unknown";
}

const char *reason_text(enum reason r)
{
	return (unsigned)r < REASON_COUNT ? reasons[r].text : "unknown";
}

enum waits_on reason_waits_on(enum reason r)
{
	return (unsigned)r < REASON_COUNT ? reasons[r].waits : WAITS_NOBODY;
}

enum condition reason_condition(enum reason r)
{
	return (unsigned)r < REASON_COUNT ? reasons[r].condition : CONDITION_ERROR;
}

const char *waits_on_word(enum waits_on w)
{
	return WORD(waits_words, w);
}

const char *note_word(enum note_kind k)
{
	return WORD(note_words, k);
}

const char *condition_word(enum condition c)
{
	return WORD(condition_words, c);
}

const char *phase_word(enum phase p)
{
	return WORD(phase_words, p);
}

const char *role_word(enum role r)
{
	return WORD(role_words, r);
}
