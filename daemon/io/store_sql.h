/* SQLite as the store sees it: statements, steps, and errors as errno. Nothing here knows what is stored. It is the
 * only door to the library; running out of memory ends the process, as everywhere. */
#ifndef DKIMROTD_IO_STORE_SQL_H
#define DKIMROTD_IO_STORE_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sql;
struct sql_stmt;

enum sql_mode {
	SQL_WRITE,
	SQL_READ,  /* beside another process that may be writing */
	SQL_STILL, /* nobody writes, and nothing at all may be made in its folder */
	SQL_MEMORY,
};

/* Opens a database; one opened for writing is not touched before the first change, and its log is left alone at
 * sql_close until sql_settle has been called. 0 or negative errno; ret_db is untouched then. */
int sql_open(const char *path, enum sql_mode mode, struct sql **ret_db);
void sql_close(struct sql *db); /* NULL is fine; every statement must be gone */
/* The database was found good: write-ahead log, a full sync at every commit, and the log is folded in at the end. */
int sql_settle(struct sql *db);
/* Whether commits from now on wait until they are on the disk, which they do after sql_settle. Without waiting, a power cut
 * may take the last of them, whole and in the order in which they came; the next one that waits makes all of them safe. Not
 * inside a transaction. 0 or negative errno. */
int sql_wait(struct sql *db, bool on);
/* What went wrong last, in SQLite's words. */
const char *sql_error(const struct sql *db);

/* Frees the pages of the file that are kept in memory and not in use. NULL is fine. */
void sql_rest(struct sql *db);

/* One or more statements without results. */
int sql_exec(struct sql *db, const char *text);
/* The first column of the first row; -ENODATA when there is none. */
int sql_ask(struct sql *db, const char *text, int64_t *ret_value);

int sql_prepare(struct sql *db, const char *text, struct sql_stmt **ret_stmt);
void sql_free(struct sql_stmt *st); /* NULL is fine */

/* Parameters count from 1. Texts and bytes are borrowed until sql_reset. */
void sql_put_int(struct sql_stmt *st, int i, int64_t value);
void sql_put_text(struct sql_stmt *st, int i, const char *text);
void sql_put_bytes(struct sql_stmt *st, int i, const void *p, size_t n);
/* 1 = a row, 0 = the end, or negative errno. */
int sql_step(struct sql_stmt *st);
/* sql_step for what gives no rows, and sql_reset. */
int sql_run(struct sql_stmt *st);
void sql_reset(struct sql_stmt *st);

/* Columns count from 0; texts and bytes are valid until the next step. A NULL or a value of another type reads as 0,
 * "" or nothing. */
int64_t sql_int(struct sql_stmt *st, int i);
const char *sql_text(struct sql_stmt *st, int i);
const void *sql_bytes(struct sql_stmt *st, int i, size_t *ret_n);

#endif
