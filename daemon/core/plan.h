/* plan(): what to do next for one domain, from what is wanted, what was just seen, what is recorded, and the time.
 * Pure. At most one action; always a reason, someone it waits on, and a finite next look (safety rule 13). It is asked
 * again after every outcome, by the daemon, by the forecast and by the simulation alike. It proposes; gate() allows. */
#ifndef DKIMROTD_CORE_PLAN_H
#define DKIMROTD_CORE_PLAN_H

#include "core/desired.h"
#include "core/model.h"
#include "core/record.h"

/* How the account and the daemon stand at this instant: whatever one domain alone cannot know. */
struct standing {
	int64_t now;                     /* the API's clock */
	bool clock_sure;                 /* safety rule 9: what depends on time may be done */
	bool observe;                    /* the daemon or the domain only looks */
	bool paused;                     /* everything is paused */
	bool breaker_open;               /* safety rule 10 */
	unsigned rotating, max_rotating; /* other domains of the account between switch and confirmation */
	unsigned changed,
	        max_changed; /* domains of the account switched or with a deletion in the last 24 h */
	bool changed_this;   /* this domain is among them: it does not count twice */
	enum order {
		ORDER_NONE,
		ORDER_ROTATE,
		ORDER_COMPROMISED,
		ORDER_BACK
	} order; /* what a person asks of this domain now */
};

struct decision {
	enum action_kind
	        action; /* NONE, or one change to send now; LOOK: read everything first, a change is due */
	char selector[SELECTOR_NAME]; /* "" for MX Plan's and Zimbra's switch of the whole domain */
	char target[HOST_NAME];       /* of that selector */
	bool scheduled; /* a rotation's switch or deletion: counts for the caps, obeys the window */
	bool repair;
	enum phase phase;
	enum reason reason;
	enum condition condition;
	enum waits_on waits_on;
	int code;         /* 501 to 504 where OVHcloud's own words fit, else 0 */
	char detail[200]; /* the particulars, for people; "" = the reason's text says it all */
	enum action_kind
	        next_action; /* what comes next and when, for display; LOOK when nothing else is due */
	int64_t next_at;     /* 0 = unknown */
	int64_t overdue_at; /* when what is waited for will have lasted longer than it should, 0 = no such span */
	int64_t next_look; /* always set */
	bool moving;       /* something is under way: look again at poll.active, doubling */
};

/* `o` is the pass just folded into r (record_see), or NULL: then nothing but looks comes out. */
void plan(const struct desired *d, const struct observed *o, const struct record *r,
        const struct standing *st, const struct rules *rules, struct decision *ret);

/* Puts the verdict into the record for display and the schedule; true when phase, condition or reason changed. */
bool plan_note(struct record *r, const struct decision *dec, int64_t now);

/* How long until something that does not move is looked at, or tried, again: `first`, then twice as long each time, up to
 * poll.settled. before: the spacing before this one, 0 = it is something else now. ms. */
int64_t due_again(const struct rules *rules, int64_t before, int64_t first);
/* When the next rotation is due, 0 = never. Pure arithmetic over the record (due.c). */
int64_t due_rotation(const struct desired *d, const struct record *r);
/* When the deletion of this old key is due, 0 = its grace has not begun. */
int64_t due_deletion(const struct desired *d, const struct record *r, const struct rec_selector *old);

#endif
