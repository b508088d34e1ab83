/* The only way a record changes: folding in what was seen, what was asked for and what was answered. Pure: time is an
 * argument, nothing is logged; what is worth telling comes back as notes for the engine to report.
 * Safety rules 3, 4, 5 and 7 live here; the words of rules are those of the README's chapter on safety. */
#ifndef DKIMROTD_CORE_RECORD_H
#define DKIMROTD_CORE_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/desired.h"
#include "core/model.h"

/* The spans that decisions are made with, from the configuration. ms. */
struct rules {
	int64_t active;      /* poll.active */
	int64_t settled;     /* poll.settled as stretched to the budget */
	int64_t longest_gap; /* safety.longest_gap */
	int64_t minimum_grace;
	/* A record whose selectors were last read at or before this instant may be older than what was done since (the
	 * store's identity, io/store.h): what it says went on without a break is not believed. 0 = none is. */
	int64_t doubted;
};
/* "Two looks 10 x poll.active apart": how long a surprising reading must hold before it is acted on. */
int64_t rules_settle(const struct rules *r);

/* /auth/time tells whole seconds, and each start of the daemon measures anew: two instants may be off against each other
 * by more than a second, so a wait that must be full is waited this much longer. ms. */
#define CLOCK_GRAIN 2000

enum note_kind {
	NOTE_MET,         /* first complete look at the domain */
	NOTE_KEY_CHANGED, /* a selector's history begins anew: another key, or a change that is not ours (rule 5) */
	NOTE_CREATED,       /* a selector that we asked for exists */
	NOTE_READY,         /* a selector became ready */
	NOTE_SIGNING,       /* first activation confirmed */
	NOTE_ROTATED,       /* a switch confirmed: the selector signs, `other` is the one before */
	NOTE_REPAIRED,      /* it signs again */
	NOTE_DELETED,       /* the old key is gone */
	NOTE_DISABLED,      /* the older of two signers was switched off */
	NOTE_NOT_DONE,      /* an intent was resolved as not done */
	NOTE_STOPPED,       /* no selector signs any more */
	NOTE_GRACE_RESTART, /* a gap in the readings, time in doubt, or the state may be older */
	NOTE_RECORD_RIGHT,  /* record and key of a selector were seen right for the first time */
	NOTE_KEY_ODD,       /* its key works, and `why` says what receivers may not like of it */
};
/* "met", "rotated", ...: words that programs read, fixed for ever. */
const char *note_word(enum note_kind k);
struct note {
	enum note_kind kind;
	char selector[SELECTOR_NAME], other[SELECTOR_NAME];
	enum action_kind action;
	const char *why; /* static text, or "" */
};
#define NOTES_MAX 16
struct notes {
	unsigned n; /* those beyond NOTES_MAX are dropped */
	struct note list[NOTES_MAX];
};

/* A record of a domain never met. */
void record_init(struct record *r);

/* Folds one pass in. Unknown readings change nothing; light and flight looks change only what they read. */
void record_see(struct record *r, const struct desired *d, const struct observed *o,
        const struct rules *rules, int64_t now, struct notes *notes);

/* Its records have been found right at every look since the TTLs were seen that a switch to it would wait for. */
bool record_knows_ttls(const struct rec_selector *s);

/* Was a domain whose selectors were all read last at `last_full` (struct record) last read before the doubt's end? */
bool record_in_doubt(int64_t last_full, int64_t doubted);
/* What was just folded in was timed by a clock that nobody vouches for: the next complete reading restarts every grace.
 * in_doubt: the record was in doubt before it (record_in_doubt), and stays so. */
void record_doubt_time(struct record *r, bool in_doubt, const struct rules *rules);

/* Puts an intent down, before its request may leave. NULL when no slot is free. */
struct intent *record_intend(
        struct record *r, enum action_kind action, const char *selector, const char *target, int64_t now);
/* The answer to it: accepted keeps it until reading resolves it, refused and not sent end it at once, open keeps it. */
enum answer_kind { ANSWER_ACCEPTED, ANSWER_REFUSED, ANSWER_OPEN, ANSWER_NOT_SENT };
void record_answer(struct record *r, enum action_kind action, const char *selector, enum answer_kind kind,
        int64_t task_id, int64_t now);
/* The query id that the answer to a request for it came with ("" for the whole domain), for a support ticket. */
void record_asked(struct record *r, const char *selector, const char *query_id, int64_t task_id);
/* A record was written, read back and refreshed (PUBLISH is done; whether it is visible the DNS tells). */
void record_published(struct record *r, const char *selector, int64_t now);

struct intent *record_intent(struct record *r, enum action_kind action, const char *selector);
bool record_has_intent(const struct record *r);
/* Safety rule 6: a creation that pends for longer holds up its own selector only. */
#define SLOW_CREATION (3600 * INT64_C(1000))
bool intent_is_slow_creation(const struct intent *x, int64_t now);
/* Likewise a creation that is under way at OVHcloud, given how the selector reads. */
bool selector_is_slow_creation(enum selector_state state, const struct rec_selector *s, int64_t now);
/* An intent that an hour did not resolve: what else happens to the domain must be seen too. */
bool record_needs_full_look(const struct record *r, int64_t now);
/* MX Plan, Zimbra: may mail leave with any of the domain's selectors? They choose between the two by themselves, and they
 * read as disabled for seconds while they do not stop: only a reading that has held says no. */
bool record_switch_in_use(const struct record *r, const struct rules *rules, int64_t now);
struct rec_selector *record_selector(struct record *r, const char *name);
const struct rec_selector *record_selector_const(const struct record *r, const char *name);

/* Does an unresolved intent of this selector need a DNS look-up to be resolved? */
bool intent_wants_dns(const struct record *r, const char *selector);
/* Does this reading alone show what every intent for the selector wanted? Then its task need not be asked. */
bool intent_shows_done(const struct record *r, const struct seen_selector *o);
/* In a look at what is in flight: the selectors whose records are awaited, as recorded, so that they can be looked up. */
void intent_show_records(const struct record *r, struct observed *o);
/* It stopped signing: does our look-up or OVHcloud's diagnosis name a cause? (safety rule 10) */
bool record_stop_has_cause(const struct record *r);
/* A key made anew must be another one: why it is not (static text), NULL = it is, as far as is known. */
const char *record_key_repeats(const struct record *r, const struct rec_selector *s);
/* Where a selector stands in the rotation; d's grace decides when one of unknown history counts as spare. */
enum role record_role(const struct rec_selector *s, int64_t grace, int64_t now);
/* The name of the selector that signs, for people: the newest confirmed signer, or what MX Plan names; Zimbra's v2 API does
 * not tell which of the two it is, so the first stands for both. NULL = the domain does not sign. */
const char *record_active(const struct record *r);
/* From when its grace counts (safety rule 3), given the selector that signs instead; 0 = it has not begun. */
int64_t record_grace_from(
        const struct record *r, const struct rec_selector *old, const struct rec_selector *signer);
/* The newest selector confirmed signing, NULL = none. */
const struct rec_selector *record_signer(const struct record *r);
/* Which of two signers is the older (safety rule 3): our record, where we switched the newer one on; without one the older
 * lastUpdate; NULL = a person decides. */
const struct rec_selector *record_older(const struct rec_selector *a, const struct rec_selector *b);
/* External: does the zone hold for this key what it is to hold? Asked of a look-up of this pass. */
bool seen_as_wanted(const struct seen_selector *s);
/* The grace of one selector: the policy's, or nothing when its key was reported leaked. */
int64_t record_grace(const struct record *r, const struct desired *d, const struct rec_selector *old);

#endif
