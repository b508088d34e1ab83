/* What the files of the engine share; nobody else includes it. */
#ifndef DKIMROTD_ENGINE_PARTS_H
#define DKIMROTD_ENGINE_PARTS_H

#include "core/apiclock.h"
#include "core/budget.h"
#include "core/gate.h"
#include "core/tally.h"
#include "engine/engine.h"
#include "io/dns.h"
#include "io/dns_update.h"
#include "io/http.h"
#include "io/loop.h"
#include "io/memory.h"
#include "io/report.h"
#include "io/store.h"
#include "platform/writer.h"

struct job;
struct call;
struct external_view;
struct adoption;
struct orphan;
struct zone_batch;
struct forecast;

/* One domain of the inventory, in memory: its schedule and what the counts need. The record lives in the store. */
struct slot {
	const struct desired *d;
	struct account *account;
	int64_t id;            /* the record's, 0 = not stored yet */
	int64_t next_look;     /* API's clock */
	int64_t missing_since; /* boot clock: left the inventory, 0 = in it */
	struct job *job;       /* a look in progress */
	uint32_t at;           /* place in its heap + 1, 0 = in none */
	uint8_t urgency, phase, condition, reason;
	bool unsigned_now, looked; /* looked: at least once since the start */
	bool in_flight;            /* has an unresolved intent */
	bool unread;               /* recorded in a state that is doubted, not wholly read since (doubt.c) */
	struct external_view *external; /* external_view.c; NULL = none */
	char *kept;                     /* kept.c: of the record as saved last; NULL = to be read */
};

/* A binary heap of slots by next_look. */
struct heap {
	struct slot **list;
	size_t n, cap;
};
void heap_put(struct heap *h, struct slot *s);
void heap_remove(struct heap *h, struct slot *s);
struct slot *heap_top(const struct heap *h); /* NULL when empty */

struct day { /* a tally that grows */
	struct tally_entry *list;
	size_t n, cap;
};

#define TOOK_BUCKETS 9

struct account {
	struct engine *e;
	const struct config_account *cfg;
	bool local; /* of external domains: no API, and the host's own clock */
	struct credentials *cred;
	struct apiclock clock;
	struct call *timing; /* /auth/time under way */
	unsigned timing_failures;
	int64_t timing_after; /* boot clock: not before */
	bool stopped;         /* the credential is refused or missing */
	char stopped_why[200];
	int64_t stopped_until; /* boot clock: when a domain may try again */
	int64_t hold_until;    /* boot clock: 429, or the API is down */
	unsigned failures;     /* transient ones in a row */
	char *token;           /* OAuth2 */
	int64_t token_until;   /* boot clock */
	struct http_call *token_call;
	struct budget budget;
	int64_t *ring;
	unsigned in_flight;
	struct call *head[URGENCIES], *tail[URGENCIES]; /* waiting to leave */
	struct call *sent;                              /* under way */
	struct heap due[URGENCIES];
	unsigned jobs, in_dns; /* in_dns: of them, those that wait for the DNS alone */
	struct day changes, troubles, switching;
	bool breaker;
	size_t domains;
	int64_t effective_settled;
	/* API's clock: what was read of its domains until then may be older than what was done since (io/store.h's
	 * witness); DOUBTED_PENDING until the clock is known, 0 = nothing is doubted */
	int64_t doubted;
	size_t unread;     /* domains whose record is doubted still */
	int64_t last_pass; /* API's clock: last time that every domain had been looked at */
	size_t unlooked;   /* domains still to be looked at in this pass */
	struct timer *timer, *kick;
	struct { /* credential.c */
		struct call *call;
		int64_t ask_at;  /* boot clock: not before */
		int64_t expires; /* API's clock, 0 = never, or not known */
		bool compared;
		size_t lacks, exceeds; /* rules; mean something once compared */
	} credential;
	struct count { /* api_requests_total */
		char method[8];
		int status;
		uint64_t n;
	} counts[64];
	size_t n_counts;
	uint64_t took[TOOK_BUCKETS +
	              1]; /* requests by how long they took: metrics.c has the bounds, the last has none */
	int64_t took_ms;  /* all of them together */
};

struct engine {
	struct engine_parts p;
	struct inventory *inventory;
	struct inventory **old; /* generations that missing domains still point into */
	size_t n_old;
	struct orphan *orphans;         /* orphans.c */
	struct slot **slots;            /* sorted by domain and platform, missing ones too */
	size_t n_slots, n_slots_before; /* before: when the inventory was taken; 0 = at the start */
	struct account *accounts;
	size_t n_accounts;
	bool stopping, paused;
	char paused_why[200], paused_by[40];
	int64_t paused_until, paused_at; /* host wall */
	bool disk_trouble;
	struct job *commit_head, *commit_tail; /* waiting for the next commit */
	struct timer *commit;                  /* set when something waits for it */
	int64_t write_by,
	        commit_by; /* boot clock: when looks that ended are written, and durable, at the latest; 0 = they are */
	unsigned unwritten; /* looks that ended since the last write */
	struct timer *tick; /* pause ends, missing domains, pruning */
	struct timer *fill; /* kept.c, after the start; NULL = not begun */
	char filled[256];   /* as far as it has come */
	struct timer *stop_timer;
	void (*stopped)(void *arg);
	void *stopped_arg;
	uint64_t progress;
	uint64_t commits, commits_failed, dns_looks[SEEN_BOGUS + 1]; /* for /metrics */
	int64_t started, once_until;
	int64_t last_prune, last_summary; /* API's clock; host wall */
	int64_t oldest_key,
	        oldest_at; /* for /metrics: the signer longest in service, and when it was found (boot clock) */
	unsigned jobs, jobs_ended;  /* ended: since memory was last given back */
	struct zone_batch *zones;   /* that are written now */
	uint16_t update_id;         /* of the next message to a name server */
	struct forecast *forecasts; /* being computed */
	struct adoption *adoption;  /* adopt.c; NULL = none under way */
	bool once_done;
};

#define DOUBTED_PENDING INT64_MAX

/* --- doubt.c: the state may be older than what was done since ------------------------------------------------------ */

void doubt_load(struct account *a);
void doubt_clock_known(struct account *a); /* from now on it can be said until when */
int64_t doubt_until(struct account *a);    /* for struct rules */
/* The store knew it: last_full is when every selector of it was read last. */
void doubt_recall(struct slot *s, int64_t last_full);
void doubt_hurry(struct account *a); /* what is doubted is looked at before what is not */
/* Every selector of it was read at last_full: does that end the doubt about this domain? */
void doubt_read(struct slot *s, int64_t last_full);
void doubt_standing(
        struct account *a, const struct slot *s, struct standing *st); /* what is not read counts */

/* --- account.c: requests out, answers in; call.c: the queue ------------------------------------------------------ */

void account_init(
        struct account *a, struct engine *e, const struct config_account *cfg, struct credentials *cred);
void account_clear(struct account *a);
int64_t account_now(struct account *a); /* the API's clock */
bool account_clock_sure(struct account *a);
bool account_may_ask(const struct account *a);
/* Something may be due: admits jobs, sends what waits, measures the clock, sets the timer. */
void account_pump(struct account *a);
void account_stop(struct account *a, const char *why);
void account_well(struct account *a); /* it answered as it should */
struct account *account_by_name(struct engine *e, const char *name);

typedef bool call_prepare(void *arg); /* at the moment of leaving; false: it is not sent */
typedef void call_done(void *arg, const struct api_answer *a, bool denied);
/* reserved: how many of the job's reserved requests are left (counted down when used), NULL = none. */
struct call *account_call(struct account *a, const struct api_request *q, enum urgency urgency,
        unsigned *reserved, call_prepare *prepare, call_done *done, void *arg);
void call_cancel(struct call *c);
void calls_pump(struct account *a);
int64_t calls_when(struct account *a); /* boot clock: when a waiting call may leave, 0 = none waits */

/* auth.c */
bool auth_ready(struct account *a); /* the token is at hand; else it is being fetched */
void auth_headers(struct account *a, const char *method, const char *url, const char *body, size_t len,
        struct buf *out);
void auth_drop_token(struct account *a);
void auth_clear(struct account *a);
void clock_measure(struct account *a);

/* credential.c: what the key may do, and until when */
void credential_look(struct account *a);  /* asks when it is due */
void credential_again(struct account *a); /* the inventory is another one */
void credential_clear(struct account *a);

/* --- job.c: one look at one domain, and what follows ------------------------------------------------------------- */

struct job_order {
	enum order order;
	engine_answer *answer;
	void *arg;
};
void job_start(struct engine *e, struct slot *s, unsigned reserved, const struct job_order *order);
/* It is done when the job has ended that the domain has now; false: another one waits for that already. */
bool job_queue(struct job *j, const struct job_order *order);
/* Looks, and does what was ordered, or refuses it; the domain has no job. */
void order_start(struct engine *e, struct slot *s, const struct job_order *order);
#define LOOK_NEED 6 /* requests of a full look at two selectors, and the change that may follow */
unsigned zone_need(unsigned records);    /* zones.c: of the account that holds the zone */
unsigned job_need(const struct slot *s); /* requests to reserve */
void job_cancel(struct job *j);
void commit_turn(void *arg);             /* of the engine: what was saved this turn becomes durable */
bool job_is_acting(const struct job *j); /* a change has left, or is about to */
struct rules engine_rules(const struct engine *e, struct account *a);

/* --- forecast.c ---------------------------------------------------------------------------------------------------- */

struct json_w;
struct forecast_domain;
struct forecast_change;
/* forecast_calls.c: one call of the answer. */
void forecast_call_json(struct json_w *w, const struct forecast_domain *x, const struct forecast_change *c);
void forecasts_clear(struct engine *e); /* those under way are answered that they are not to be had */

/* --- slots.c ------------------------------------------------------------------------------------------------------ */

void slot_key(const struct slot *s, struct store_key *ret);
void slot_schedule(struct slot *s, enum urgency urgency, int64_t next_look);
void slot_unschedule(struct slot *s);
struct slot *slot_find(
        struct engine *e, const char *name); /* "domain" or "domain:platform"; NULL unknown or ambiguous */
size_t slots_after(const struct engine *e, const char *domain); /* the first beyond that name, "" = of all */
void slots_take(struct engine *e, struct inventory *inv);
/* Another engine takes the next one: what leaves with this engine is told. */
void slots_leave(const struct engine *e, const struct inventory *next);
void slots_drop_missing(struct engine *e);
void slots_clock_set(
        struct account *a); /* its clock was measured: no look lies further ahead than poll.settled */
void slots_clear(struct engine *e);

/* --- orphans.c: domains that left before this start with a change in flight ---------------------------------------- */

/* Has it a change that is not resolved? Notes what is needed to follow it, should it leave meanwhile; becomes durable with
 * the record. */
void slot_in_flight(struct slot *s, bool in_flight);
/* The store knows this domain, the inventory does not. */
void orphan_adopt(struct engine *e, const struct store_key *k, enum platform p, const struct store_due *d);
bool orphans_take(struct engine *e); /* puts them behind the slots; were there any? */
void orphans_clear(struct engine *e);

/* --- brakes.c: caps and breaker ------------------------------------------------------------------------------------ */

void brakes_load(struct account *a);
void brakes_standing(struct account *a, const struct slot *s, struct standing *st);
void brakes_changed(struct account *a, const struct slot *s); /* a scheduled switch or deletion leaves */
/* It reads as if it had been changed in what is not remembered: by us, or by somebody else. */
void brakes_found_changed(struct account *a, const struct slot *s);
void brakes_switching(struct account *a, const struct slot *s, bool on); /* between switch and confirmation */
void brakes_trouble(struct account *a, const struct slot *s); /* unnamed stop, or stuck in a switch */
void brakes_close(struct account *a);
void brakes_clear(struct account *a);

/* --- tell.c: what the journal hears -------------------------------------------------------------------------------- */

void tell_fields(struct fields *f, const struct slot *s);
void tell_summary(struct engine *e); /* how the domains stand */
void tell_notes(const struct slot *s, const struct record *r, const struct notes *n);
void tell_verdict(
        const struct slot *s, const struct record *before, struct record *r, const struct decision *dec);
/* Once, when OVHcloud's diagnosis and ours have differed for too long. */
void tell_difference(const struct slot *s, struct record *r, int64_t now);

/* --- findings.c: JSON of a selector's evidence and of the diagnosis, each with its key ----------------------------- */

void evidence_json(struct json_w *w, const struct rec_selector *x);
void diagnosis_json(struct json_w *w, const struct desired *d, const struct record *r, int64_t now);

/* metrics.c */
void metrics_took(struct account *a, int64_t ms); /* a request was answered, or not, after so long */
int engine_commit(struct engine *e);              /* store_commit, counted */
int engine_write(struct engine *e);               /* store_write */
void adopt_cancel(struct engine *e);              /* adopt.c */

/* --- kept.c: as much of the record as lists need -------------------------------------------------------------------- */

/* store_save, for every record of a slot that changed; s->id is set. */
void slot_save(struct slot *s, struct record *r);
void slot_number(struct slot *s, struct record *r); /* what is told of it before it is saved needs its id */
/* The record without what only its own page shows (evidence, most instants), from what is kept; else it is read and kept,
 * and true comes back. Nothing is decided on it. */
bool slot_recall(struct slot *s, struct record *ret);
void slot_forget(struct slot *s);
void kept_start(struct engine *e); /* reads what the store knows, little by little, before anybody asks */

/* domains.c: the next domains of a long answer, some milliseconds' worth, with what slot_recall() gives of their
 * records; false: there are no more. */
bool engine_walk(struct engine *e, struct engine_cursor *at,
        void (*each)(void *arg, struct slot *s, const struct record *r), void *arg);

void engine_poke(
        struct engine *e); /* something finished: once mode and stopping look whether they are done */

#endif
