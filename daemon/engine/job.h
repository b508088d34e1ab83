/* A job: one look at one domain and what follows from it. job_look.c looks, job.c decides, act.c and act_record.c change
 * things, job_end.c makes it durable. */
#ifndef DKIMROTD_ENGINE_JOB_H
#define DKIMROTD_ENGINE_JOB_H

#include "engine/parts.h"

#define JOB_ROUNDS 6 /* decisions in one job; more is tomorrow's work */

struct external_job; /* external.h */

struct lookup {
	struct job *job;
	unsigned index; /* of the selector in pass.seen */
	struct dns_look *look;
};

struct job {
	struct engine *e;
	struct account *account;
	struct slot *slot;
	struct job_order order, next; /* next: that came meanwhile, and begins when this job has ended */
	struct pass pass;
	struct record record, before; /* before: as it was when the job began, to tell what changed */
	struct decision decision;
	struct standing standing;
	struct rules rules;
	struct call *call;
	unsigned reserved, rounds;
	struct lookup lookups[SELECTORS_MAX];
	unsigned looking; /* look-ups not answered yet */
	bool in_dns;      /* it waits for them, and is counted by its account */
	bool restarted;   /* a light look became a full one */
	bool acted;       /* a change was sent */
	const char *sent; /* static text: to be said of it once what it brought about is durable */
	struct external_job *external; /* NULL but for external domains */
	/* act.c */
	struct api_request change;
	struct gate_verdict denial;
	char subject[SELECTOR_NAME + HOST_NAME];
	unsigned n_records;
	struct job_record { /* that this job wants in its zone */
		char selector[SELECTOR_NAME];
		struct rr rr;
		struct write_item end; /* what became of it */
	} records[INTENTS_MAX];
	struct zone_batch *batch; /* NULL = it writes no zone now */
	/* waiting for the commit */
	void (*committed)(struct job *j, bool durable);
	struct job *next_commit;
};

/* job_look.c: which look is due; it begins; and then job.c folds in what was read and decides. */
enum look_kind job_look_for(const struct job *j);
void job_read(struct job *j, enum look_kind kind);
void job_in_dns(struct job *j, bool on); /* it waits for the DNS alone, or no more */
void job_fold(struct job *j);
void job_decide(struct job *j); /* plans on what was read, and acts or ends */
void job_end(struct job *j);    /* saves, schedules, frees */
void job_save(struct job *j);
/* The disk's turn for the worse and for the better is told once. r: 0, or negative errno. */
void job_told_disk(struct engine *e, int r);
/* Everything saved this turn becomes durable, then `next` runs with whether it did. */
void job_commit(struct job *j, void (*next)(struct job *j, bool durable));
void job_answer(struct job *j, enum ask_result result, const char *text); /* to whoever ordered it; once */

/* Carries out j->decision.action; afterwards job_decide or job_end. */
void act_start(struct job *j);
/* The moment of leaving: the last question to the gate. */
bool act_may_leave(struct job *j);
/* The answer to a change came; denied: the gate refused it. */
void act_changed(struct job *j, const struct outcome *answer, bool was_denied);
void act_release(struct job *j); /* whatever it held; before the job goes */
/* May the request that a writer is about to send leave, for this record of the job? Else j->denial says why not. */
bool act_may_write(struct job *j, unsigned record, const struct write_job *w);
/* Every record of the job has its end. */
void act_written(struct job *j);

/* --- history.c: what is kept of it for two years ----------------------------------------------------------------- */

void history_change(const struct job *j, const struct outcome *out);
void history_record(const struct job *j, const struct job_record *r);
void history_notes(struct job *j, const struct notes *notes);
void history_verdict(const struct job *j); /* against what stood at the job's beginning */

/* --- zones.c: who writes into a zone now ------------------------------------------------------------------------- */

struct zone_way {                           /* through whom the job's zone is written */
	struct account *account;            /* its key and budget; NULL = not through the API */
	const struct config_server *server; /* NULL = not by dynamic updates */
	const struct tsig_key *key;
	const char *unfit; /* static text: why nothing can be written now; NULL = it can */
};
struct zone_way zone_way(const struct job *j);
/* Can the job's records go now? Else another batch is at it, and the job comes again soon. */
bool zone_has_room(const struct job *j);
/* Has the budget room for all of it, so that the reading is still fresh when the last request leaves (safety rule 15)? Then
 * it is reserved and 0 comes back, else when there will be, on the boot clock. A budget that never has so much room is
 * tried as it is. */
int64_t zone_reserve(struct job *j);
/* Hands j->records over, with their intents durable; act_written follows, maybe from inside. False: no room. */
bool zone_join(struct job *j);
void zone_leave(struct job *j);           /* nobody waits for its records any more */
bool zone_is_acting(const struct job *j); /* a change to its zone has left, or is about to */

#endif
