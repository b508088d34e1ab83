/* A job: one look at one domain and what follows from it. job.c looks and decides, act.c changes things. */
#ifndef DKIMROTD_ENGINE_JOB_H
#define DKIMROTD_ENGINE_JOB_H

#include "engine/parts.h"

#define JOB_ROUNDS 6 /* decisions in one job; more is tomorrow's work */

struct lookup {
	struct job *job;
	unsigned index; /* of the selector in pass.seen */
	struct dns_look *look;
};

struct job {
	struct engine *e;
	struct account *account;
	struct slot *slot;
	struct job_order order;
	struct pass pass;
	struct record record, before; /* before: as it was when the job began, to tell what changed */
	struct decision decision;
	struct standing standing;
	struct rules rules;
	struct call *call;
	unsigned reserved, rounds;
	struct lookup lookups[SELECTORS_MAX];
	unsigned looking; /* look-ups not answered yet */
	bool restarted;   /* a light look became a full one */
	bool acted;       /* a change was sent */
	/* act.c */
	struct api_request change;
	struct gate_verdict denial;
	char subject[SELECTOR_NAME + HOST_NAME];
	struct zone_job zone;
	struct account *zone_account;
	unsigned zone_reserved;
	bool zone_locked;
	struct job *next_zone; /* among e->zone_jobs, while zone_locked */
	const char *zone_selector;
	/* waiting for the commit */
	void (*committed)(struct job *j, bool durable);
	struct job *next_commit;
};

void job_read(struct job *j, enum look_kind kind); /* begins a look */
void job_decide(struct job *j);                    /* plans on what was read, and acts or ends */
void job_end(struct job *j);                       /* saves, schedules, frees */
void job_save(struct job *j);
/* Everything saved this turn becomes durable, then `next` runs with whether it did. */
void job_commit(struct job *j, void (*next)(struct job *j, bool durable));
void job_answer(struct job *j, enum ask_result result, const char *text); /* to whoever ordered it; once */

/* Carries out j->decision.action; afterwards job_decide or job_end. */
void act_start(struct job *j);
void act_release(struct job *j); /* whatever it held; before the job goes */

#endif
