/* Domains that sign elsewhere: their looks and changes go through the key store and the DNS instead of an API. Whatever is
 * different about them in the engine is here; job.c and act.c ask job_is_external. For daemon/engine only. */
#ifndef DKIMROTD_ENGINE_EXTERNAL_H
#define DKIMROTD_ENGINE_EXTERNAL_H

#include "engine/job.h"
#include "io/keystore.h"
#include "platform/external.h"

/* What a job keeps for it; NULL for other platforms. */
struct external_job {
	struct holding held; /* pass.seen points into it */
	struct keystore_call *call;
	struct outcome outcome; /* of the change under way */
	unsigned looking;       /* look-ups not answered yet */
	unsigned n;
	struct external_look {
		struct job *job;
		unsigned selector; /* index in pass.seen */
		struct external_question q;
		struct evidence e;
		struct dns_look *look;
	} looks[SELECTORS_MAX * EXTERNAL_QUESTIONS];
};

bool job_is_external(const struct job *j);
/* Begins the look: the key store, then the DNS; ends in job_fold. */
void external_read(struct job *j);
/* Carries out the decision at hand, its intent being durable; ends in act_changed. */
void external_leave(struct job *j);
/* May there be such a change at all? (DISABLE has none.) */
bool external_can(enum action_kind action);
void external_release(struct job *j);

/* Takes over a key that signs already: refused unless the DNS serves it under that name. */
void external_adopt(struct engine *e, struct slot *s, const char *selector, const char *pem, size_t n,
        engine_answer *answer, void *arg);

/* At the end of a look: what it showed of revoked keys is written down, private keys that nobody needs any more are
 * destroyed, and a signer that does not take its map is reminded of it. */
void external_sweep(struct job *j);

/* --- external_view.c: what was last seen of the domain's keys, for people; it belongs to the slot -------------------- */

void external_view_free(struct external_view *v); /* NULL is fine */
void external_view_set(struct slot *s, const struct observed *o, int64_t now);
/* A name that stands in the DNS with something of nobody's. */
void external_view_take(struct slot *s, const char *name);
void external_view_taken(struct slot *s, const char (**ret)[SELECTOR_NAME], unsigned *ret_n);
struct json_w;
/* "records": the DNS records wanted, each with name, type, data, whether it is to go, and whether it is seen so. */
void external_view_json(struct json_w *w, const struct slot *s);
/* When this key was revoked, 0 = it was not. */
int64_t external_view_revoked(const struct slot *s, const char *selector);

#endif
