/* What record.c, intent.c and lookup.c share; nobody else includes it. */
#ifndef DKIMROTD_CORE_FOLD_H
#define DKIMROTD_CORE_FOLD_H

#include "core/record.h"

void notes_add(
        struct notes *n, enum note_kind kind, const char *selector, const char *other, const char *why);
void selector_anew(struct rec_selector *s, int64_t now);
/* Likewise, where the key is to be another one: what stood there is remembered, to be compared with. */
void selector_remade(struct rec_selector *s, int64_t now);

const struct intent *intent_for(const struct record *r, enum action_kind action, const char *selector);
/* Is a request of ours the reason why this selector no longer signs: its own DISABLE, or the ENABLE of another? */
bool stop_is_ours(const struct record *r, const struct rec_selector *s);
/* Safety rule 7: an intent is done when the wanted state is read, not done after three good looks over at least
 * ten times poll.active that show the old state and no task. */
void resolve_intents(struct record *r, const struct observed *o, const struct rules *rules, int64_t now,
        struct notes *notes);
/* Before anything is folded in: is this reading as far from the last one as it seems? True when the record may be older
 * than what was done since, and this reading of every selector does not show that nothing was. */
bool see_time(struct record *r, const struct observed *o, const struct rules *rules, int64_t now,
        struct notes *notes);
/* The record is doubted, and this look, of every selector or not, does not settle that: lastUpdate must stay the one that
 * belongs to the recorded state until a look does. */
bool doubt_stays(const struct record *r, bool whole, const struct rules *rules, int64_t now);
/* When it returned true, and the reading has been folded in: which of two signers is the older? */
void doubt_order(struct record *r);
/* MX Plan, Zimbra: this reading says that the domain does not sign. */
bool is_switched_off(enum signing_status s);
/* Our own look-up of one selector's record and key. */
void see_evidence(const struct record *r, struct rec_selector *s, const struct seen_selector *o, int64_t now,
        struct notes *notes);

#endif
