/* What the files of the SQLite store share. Everything changed since the last commit waits in memory, so that a commit
 * that fails (a full disk) loses nothing and can be tried again; reading looks there first. */
#ifndef DKIMROTD_IO_STORE_DB_H
#define DKIMROTD_IO_STORE_DB_H

#include <limits.h>

#include "io/store.h"
#include "io/store_rows.h"
#include "io/store_sql.h"

#define STORE_VERSION        2          /* of the schema: PRAGMA user_version */
#define STORE_APPLICATION_ID 0x444b494d /* "DKIM" */
#define HISTORY_APPLICATION  0x444b4948 /* "DKIH" */

/* A record that waits for the next commit. */
struct pending {
	struct store_key *key; /* owned */
	struct pending *next;  /* in its bucket */
	bool drop;             /* the row is damaged and goes */
	struct store_due due;
	char *packed; /* owned; NULL when dropped */
};

struct fact {
	char *name, *value; /* owned; value NULL = deleted */
	bool dirty;
};

struct file {
	char *path, *text; /* owned; text NULL = it lies in the database, or is deleted */
	size_t len;
	bool dirty, deleted;
};

struct event_row {
	int64_t seq, domain_id, at;
	char *kind, *json; /* owned */
};

/* The one row of table meta: what a lost row, or a database older than the lock file, is noticed by. */
struct meta {
	int64_t commits, domains, next_id, facts, files;
};

struct ring {
	struct ring *next;
	char *account; /* owned */
	int fd;
	uint64_t at; /* slot of the next request */
};

enum store_stmt {
	ST_LOAD,      /* a record by key */
	ST_SELECTORS, /* of a domain id */
	ST_INTENTS,
	ST_ID, /* by key */
	ST_PUT_DOMAIN,
	ST_PUT_SELECTOR,
	ST_PUT_INTENT,
	ST_CUT_SELECTORS, /* of a domain id, from a number on */
	ST_CUT_INTENTS,
	ST_CUT_DOMAIN,
	ST_PUT_META,
	ST_PUT_FACT,
	ST_CUT_FACT,
	ST_PUT_FILE,
	ST_CUT_FILE,
	ST_GET_FILE,
	ST_COUNT
};

struct store {
	char *dir;
	bool read_only;
	int lock_fd, witness_fd;
	char *witness_path; /* owned; NULL = none was asked */
	bool behind;        /* the lock file knows of commits that are not there */
	struct sql *db;
	struct sql_stmt *st[ST_COUNT];
	struct meta meta; /* as committed, or as found */
	int64_t next_id;
	unsigned iterating; /* inside store_each: no commit then */

	struct pending **bucket; /* cap_bucket, a power of two */
	size_t n_pending, cap_bucket;

	struct fact *facts;
	size_t n_facts;
	struct file *files;
	size_t n_files;
	bool side_dirty; /* a fact or a file waits */
	bool note_dirty; /* meta alone: a row found missing was told, and is counted no more */
	bool unsafe;     /* store_write was the last: a power cut may take what it wrote */

	struct sql *history; /* NULL = none is kept */
	struct sql_stmt *put_history;
	struct event_row *events;
	size_t n_events, cap_events;
	int64_t next_seq, prune_before;
	bool history_failed; /* told */
	bool history_unsafe; /* as unsafe */

	struct ring *rings;

	void (*lost)(void *arg, const char *what);
	void *lost_arg;
	char **untold; /* found before store_on_lost */
	size_t n_untold;
};

/* store_lock.c: 0, -EWOULDBLOCK with the pid of who holds it, or another errno; and the commits it remembers. */
int store_lock_take(struct store *s, int64_t *ret_pid, int64_t *ret_commits);
void store_lock_note(const struct store *s, int64_t commits);

/* store_schema.c: the statements, made from the columns. */
int store_schema_make(struct sql *db, unsigned version); /* into an empty database */
int store_schema_step(struct sql *db, unsigned version); /* from the version before it */
/* 0 when the tables and views are those that this program makes for its version; else a sentence in why. */
int store_schema_compare(struct sql *db, unsigned version, char *why, size_t n);
/* 0 when every table's rows stand in the order of their keys, which SQLite's own check does not look at. */
int store_schema_order(struct sql *db, char *why, size_t n);
int store_schema_prepare(struct store *s);
/* Every record in the order of its key; the columns as in ST_LOAD. */
int store_schema_each(struct store *s, struct sql_stmt **ret_stmt);
/* What comes before the columns of rows_domain: five of the key, then these. */
#define STORE_HEAD "domain,platform,service,organization,account,id,has_intent,sum,due_sum"
enum { HEAD_ID = 5, HEAD_HAS_INTENT, HEAD_SUM, HEAD_DUE_SUM, HEAD_COUNT };

/* store.c */
void store_tell_lost(struct store *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void store_pending_clear(struct store *s);
/* The queue in the order of the keys, n_pending entries, as it is now; free it with free. */
struct pending **store_pending_sorted(const struct store *s);
struct pending *store_pending_find(const struct store *s, const struct store_key *k);
/* The row of this key is damaged: told, and dropped at the next commit. */
void store_drop(struct store *s, const struct store_key *k);

/* store_commit.c */
int64_t store_meta_sum(const struct meta *m);

/* store_witness.c: after each commit. */
void store_witness_note(struct store *s);
void store_witness_close(struct store *s);

/* store_side.c: facts and files. */
int store_side_load(struct store *s);
int store_side_apply(struct store *s, struct meta *m);
void store_side_clean(struct store *s); /* all of it is durable */
void store_side_free(struct store *s);

/* store_history.c */
void store_history_open(struct store *s);
void store_history_commit(struct store *s, bool wait);
void store_history_close(struct store *s);

/* store_budget.c */
void store_budget_close(struct store *s);

#endif
