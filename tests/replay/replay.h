/* Replay scripts: a text file is a story. What OVHcloud and the DNS say, people, time passing, crashes, and what is
 * expected of the daemon, a line each (the language stands in replay.c). The engine is the real one, over the virtual
 * clock of tests/simulation; the world and its judge are ovhsim's. Shared by the runner's files only. */
#ifndef DKIMROTD_REPLAY_H
#define DKIMROTD_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "codec/json.h"
#include "engine/engine.h"
#include "io/report.h"

#define WORDS_MAX 32

struct line { /* of the script, cut into words */
	int number;
	unsigned n;
	char *w[WORDS_MAX];
	const char *text; /* as it stands */
};

struct told { /* what the journal heard */
	enum event event;
	int64_t at;
	char *domain, *message;
};

struct entry {                         /* of the inventory */
	char *name, *platform, *extra; /* extra: ", key: value ..." */
	bool listed;
};

struct replay {
	const char *path;
	const struct line *line;
	bool trace, failed, up;
	char error[400];
	/* before the first start */
	struct buf safety, poll, policy, top;
	int requests_per_minute;
	char *accounts[8];
	unsigned n_accounts;
	struct config *config;
	struct entry entries[64];
	unsigned n_entries;
	char focus[256]; /* the domain that is spoken of */
	/* the daemon */
	struct loop *loop;
	struct http *http;
	struct dns *dns;
	struct store *store;
	struct keystore *keys;
	struct engine *engine;
	/* what it said and did; the cursors stand behind what was expected last */
	struct told *told;
	size_t n_told, told_cursor, change_cursor;
	enum ask_result answer;
	char answer_text[600];
	unsigned answers; /* awaited */
	bool crash_at_answer;
	bool disk_fails;
	/* the signer of external domains */
	bool signer_silent;
	int64_t signer_takes; /* not before then */
};
extern struct replay replay;

/* The story ends here, for this reason. Always false. */
bool fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* life.c */
void life_begin(void);
void life_end(void);
bool life_start(void);
void life_stop(bool crash);
bool life_reload(void);
/* Virtual time passes, whether or not the daemon runs. */
void life_pass(int64_t ms);
/* After every event: the signer of external domains takes its maps. */
void life_moves(void);
/* Which selector the domain spoken of is signed with in truth; "" = none. Until the next call. */
const char *life_signing(void);
bool life_domain(const struct line *l);
struct entry *life_entry(const char *name);
/* "create", "enable", "disable", "delete", "publish", "refresh" for a changing request, else "". */
const char *life_action(const char *method, const char *path);
/* Arms what becomes of the next `times` requests for this action; 0 disarms. */
void life_arm(const char *action, int fate, unsigned times);
unsigned life_armed(void);

/* verbs.c: does what a line says; the story failed when it says false. */
bool verb(const struct line *l);

/* expect.c */
bool expect(const struct line *l);

/* "1" stands for the selector whose name ends with selector1. */
bool selector_is(const char *name, const char *word);

#endif
