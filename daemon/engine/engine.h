/* The engine: who is due → look → plan → gate → intent → act → fold → report, for every domain of the inventory, within
 * each account's budget. It includes no library: it goes through io, so that the deterministic simulation links it with a
 * virtual clock, provider, resolver and store. */
#ifndef DKIMROTD_ENGINE_ENGINE_H
#define DKIMROTD_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "codec/config.h"
#include "codec/inventory.h"
#include "core/plan.h"
#include "io/creds.h"

struct loop;
struct http;
struct dns;
struct store;
struct tsig_key;
struct keystore;
struct engine;

struct engine_parts { /* borrowed; they outlive the engine */
	struct loop *loop;
	struct http *http;
	struct dns *dns;
	struct store *store;
	struct keystore *keystore; /* NULL = the configuration has no signers */
	const struct config *config;
	struct credentials *const
	        *credentials; /* one for each of config->accounts; NULL = that account is stopped */
	int64_t tick;         /* ms: engine_progress() grows at least so often; 0 = about once a minute */
	struct tsig_key *const *keys; /* one for each of config->servers; NULL = nothing is written there */
	int64_t since;                /* when the program started, which the status tells; 0 = now */
	bool once;                    /* one pass: `done` is called when all is settled or waits */
	void (*done)(void *arg, int exit_code); /* once only */
	void (*changed)(void *arg);             /* the one-line summary may have changed; may be NULL */
	void *arg;
};

struct engine *engine_new(const struct engine_parts *parts);
/* Takes the first inventory and starts looking. Owns inv. */
void engine_start(struct engine *e, struct inventory *inv);
/* Another generation: new domains are met, missing ones released after ten minutes (safety rule 8: nothing is ever changed
 * at OVHcloud because of it), the others go on where they were. Owns inv. */
void engine_reload(struct engine *e, struct inventory *inv);
/* Another configuration brings another engine, which does not know what this one had: the domains that leave are told here. */
void engine_leave(const struct engine *e, const struct inventory *next);
/* Stops admitting; what is under way gets until `deadline_ms` from now, then `stopped` is called. */
void engine_stop(struct engine *e, int64_t deadline_ms, void (*stopped)(void *arg), void *arg);
void engine_free(struct engine *e);

/* "9987 in order, 10 in grace, 3 blocked" for STATUS= and people. */
void engine_summary(struct engine *e, char *dst, size_t n);
/* The generation in force; borrowed. */
const struct inventory *engine_inventory(const struct engine *e);
/* Grows as long as the engine can do its work; the watchdog is fed by it. */
uint64_t engine_progress(const struct engine *e);

/* --- what people ask (the control socket's handler; also tests) ------------------------------------------------- */

enum ask_result { ASK_OK, ASK_UNKNOWN, ASK_REFUSED, ASK_BAD };

void engine_status_json(struct engine *e, struct buf *out);
enum ask_result engine_domain_json(struct engine *e, const char *name, struct buf *out);
/* Long answers come in pieces of a few milliseconds: each call appends one, maybe an empty one, and says whether more will
 * come. The cursor begins as zeros. The inventory may change in between: a domain that is in it throughout is told once. */
struct engine_cursor {
	bool begun;
	char domain[256]; /* as far as it has come */
	int64_t oldest;   /* of the metrics */
};
bool engine_domains_json(struct engine *e, struct engine_cursor *at, struct buf *out);
/* Of each domain only what dkimrotctl's table shows. */
bool engine_table_json(struct engine *e, struct engine_cursor *at, struct buf *out);
bool engine_metrics(struct engine *e, struct engine_cursor *at, struct buf *out);

/* What would be sent, and to whom what will not go on by itself waits, as JSON (GET /v1/plan): of the named domains (ended
 * by NULL, none = all), at this moment (span 0) or over the span ahead, FORECAST_MOST at most; transitions: with what will
 * be seen of it then. Nothing is sent or written.
 * ASK_OK: it is computed between other events, and `answer` gets it from the loop, exactly once; the text is its to free.
 * ASK_UNKNOWN: ret_unknown is no domain of the inventory. ASK_REFUSED: too many are being computed. */
#define FORECAST_MOST (730 * MS_DAY)
typedef void engine_forecast_answer(void *arg, enum ask_result result, const char *why, struct buf *json);
enum ask_result engine_forecast(struct engine *e, const char *const *names, int64_t span, bool transitions,
        engine_forecast_answer *answer, void *arg, const char **ret_unknown);

/* The history from a place on, `most` entries of it (0 = a page) as JSON: GET /v1/history. name NULL: of all domains.
 * `next` names the place where the next page begins: the instant, and how many entries of it were read. ASK_REFUSED: the
 * disk fails. */
struct history_place {
	int64_t at;
	unsigned skip;
};
enum ask_result engine_history_json(
        struct engine *e, const char *name, const struct history_place *from, unsigned most, struct buf *out);
/* The API's clock as the domain's account has it, of the first account where name is NULL or unknown. */
int64_t engine_now(struct engine *e, const char *name);

/* Rotate now: looks, decides and sends, or refuses with the reason and the earliest time; answers from the loop. */
typedef void engine_answer(void *arg, enum ask_result result, const char *text);
void engine_rotate(struct engine *e, const char *name, enum order order, engine_answer *answer, void *arg);
/* Takes over a key with which the domain's mail is signed already (dkimrotctl adopt). pem is copied and wiped. */
void engine_adopt(struct engine *e, const char *name, const char *selector, const char *pem, size_t n,
        engine_answer *answer, void *arg);
/* name NULL: everything. for_ms 0: until resumed. by: who ordered it, for people. Resuming everything also closes the breakers.
 * ASK_REFUSED: it holds, but the state cannot be written, so that a restart would forget it. */
enum ask_result engine_pause(
        struct engine *e, const char *name, const char *reason, const char *by, int64_t for_ms);
enum ask_result engine_resume(struct engine *e, const char *name);

#endif
