/* What the daemon knows, asked for once: its status and its domains, or those of them that were named. */
#ifndef DKIMROTD_CTL_GATHER_H
#define DKIMROTD_CTL_GATHER_H

#include "ctl/ask.h"
#include "ctl/shown.h"

struct gathered {
	struct answer status; /* /v1/status */
	struct buf domains;   /* the daemon's own JSON of the domains: an array */
	struct shown *shown;
	char state_file[600]; /* where it was read from when no daemon answered, else "" */
};

/* How much is asked of all domains. A table needs a fraction of what the daemon tells; then `domains` stays empty. */
enum gather_what { GATHER_WHOLE, GATHER_TABLE };

/* names: domains as people write them, none = all. An exit code; why it is not CTL_DONE was said. why: when no daemon
 * can be asked, put there instead of said (n bytes); NULL = say it. Free with gather_free in any case. */
int gather(const struct ctl *c, char **names, int n_names, enum gather_what what, struct gathered *ret,
        char *why, size_t n);
void gather_free(struct gathered *g);

/* Without a daemon: from its state, read-only. The same, and state_file is set. */
int gather_offline(const struct ctl *c, char **names, int n_names, struct gathered *ret);

#endif
