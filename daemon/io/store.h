/* What must survive a crash: the records of the domains with their intents, the last good text of each inventory
 * file, facts about accounts, and the history. store.c keeps it in SQLite (WAL), store_ram.c in
 * memory for tests and the simulation, behind this one header (a build links one of them). Everything written in
 * one turn of the loop becomes durable together at store_commit, which the engine calls before any request of that
 * turn leaves. It holds no secrets. A row whose checksum is wrong counts as lost, and is told through `lost`. */
#ifndef DKIMROTD_IO_STORE_H
#define DKIMROTD_IO_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/model.h"

struct store;

/* A domain is another one on another account, platform, service or organization (safety rule 8). */
struct store_key {
	const char *account, *platform, *service, *organization,
	        *domain; /* "" where it has none; never NULL */
};

/* Opens or creates the state in folder `dir` and locks it against other daemons. On failure NULL, with a sentence in
 * error: unusable, locked by another daemon, damaged, written by a newer version. A damaged file is left untouched,
 * and the sentence says how to move it aside. read_only: for dkimrotctl and --check; no lock, nothing is written. */
struct store *store_open(const char *dir, bool read_only, char *error, size_t error_len);
void store_close(struct store *s);

/* Who vouches that this state is the newest that there was? A witness at `path`, outside the state folder and where nothing
 * outlives the host's next start (/run): after each commit it hears how far the state has come. True when it knows this
 * very state and nothing newer. Else (no witness, an older copy from a backup, commits that are missing) the state takes
 * another identity, a fact that becomes durable with the first commit and before the witness vouches for it: whoever
 * remembers the old one knows that what is recorded may be older than what was done since (safety rule 5). To be called
 * once, before the first commit; without it there is no identity and nothing is doubted. */
#define STORE_IDENTITY "identity"
bool store_witness(struct store *s, const char *path);

/* Fills ret (whole) and returns 0; -ENOENT when there is none (or the row was damaged: then lost is called); another
 * negative errno when the database cannot be read now: then nothing is known, and nothing may be concluded. */
int store_load(struct store *s, const struct store_key *k, struct record *ret);
/* Gives a record without an id the one that store_save would. */
void store_number(struct store *s, const struct store_key *k, struct record *r);
/* Inserts or replaces; sets r->id on insert. Durable at store_commit. -EINVAL: too many selectors; -EROFS: read only. */
int store_save(struct store *s, const struct store_key *k, struct record *r);
/* Every record, by key order, for start-up and status; stops when each returns false. Inside, saving is allowed (new
 * records may or may not still come), store_commit is refused with -EBUSY. Some 20 us a record: not for a loop that
 * must turn, where there are tens of thousands. */
int store_each(struct store *s, bool (*each)(void *arg, const struct store_key *k, const struct record *r),
        void *arg);
/* Only what the schedule needs of every record; ten times cheaper. */
struct store_due {
	int64_t id, next_look, last_full;
	enum phase phase;
	enum condition condition;
	enum reason reason;
	bool has_intent;
};
int store_each_due(struct store *s,
        bool (*each)(void *arg, const struct store_key *k, const struct store_due *d), void *arg);

/* Small facts by name, e.g. "account/default/breaker". Text; NULL deletes. store_fact returns a string to free, or NULL. */
int store_set_fact(struct store *s, const char *name, const char *value);
char *store_fact(struct store *s, const char *name);

/* Last good inventory files. text NULL forgets one. */
int store_set_file(struct store *s, const char *path, const char *text, size_t len);
int store_each_file(
        struct store *s, bool (*each)(void *arg, const char *path, const char *text, size_t len), void *arg);

/* History: changes and transitions with their evidence; kept two years (pruned by store_prune). json is one object. */
int store_history(struct store *s, int64_t domain_id, int64_t at, const char *kind, const char *json);
int store_each_history(struct store *s, int64_t domain_id /* 0 = all */, int64_t since,
        bool (*each)(void *arg, int64_t domain_id, int64_t at, const char *kind, const char *json),
        void *arg);
int store_prune(struct store *s, int64_t before);

/* Makes everything since the last commit durable. 0, or negative errno (-ENOSPC, -EIO, -EROFS ...): then nothing of
 * it is, the changes stay queued for the next commit, and the caller must not send what depends on it. */
int store_commit(struct store *s);
/* The same for what may as well be read again, without waiting for the disk: it outlives the process, but a power cut may take
 * it, and whatever was written after it, until store_commit has come. No request may rest on it. */
int store_write(struct store *s);
/* Something would be lost in a power cut now. */
bool store_dirty(const struct store *s);
/* It will not be used for a while: gives back the memory of what was only kept to be read faster. Never fails. */
void store_rest(struct store *s);
/* The history lies in a file of its own: when only that cannot be written it is told through `lost`, kept in memory, and
 * store_commit succeeds nevertheless. store_prune takes effect bit by bit, at the commits that follow. */
/* Called with a sentence when something was found damaged, missing or older than it should be, at once for what
 * store_open found. Inside it nothing of the store may be called. */
void store_on_lost(struct store *s, void (*lost)(void *arg, const char *what), void *arg);

/* The request times of an account in the last 60 s, so that the budget holds over restarts: a small ring beside the
 * database, written without fsync (it needs to survive a kill, not a power cut). */
void store_budget_note(struct store *s, const char *account, int64_t host_wall_ms);
size_t store_budget_read(struct store *s, const char *account, int64_t since, int64_t *ret, size_t max);

#endif
