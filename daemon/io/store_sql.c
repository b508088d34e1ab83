/* The only door to SQLite. It turns result codes into errno and owns the settings that make a commit durable; it
 * must never change a database before sql_settle or an explicit statement asks for it, so that a damaged file stays
 * as it was found. */
#include "io/store_sql.h"

#include "base/util.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A foreign program may hold the write lock for a moment; the loop must not wait longer than this for it. */
#define BUSY_MS 50

struct sql {
	sqlite3 *handle;
	bool settled;
	bool hurried; /* commits do not wait for the disk */
};

/* A statement is SQLite's own, under another name. */
static sqlite3_stmt *stmt(struct sql_stmt *st)
{
	return (sqlite3_stmt *)(void *)st;
}

static int to_errno(sqlite3 *handle, int rc)
{
	int system = handle ? sqlite3_system_errno(handle) : 0;

	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_NOMEM:
		fputs("dkimrotd: out of memory\n", stderr);
		abort();
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	case SQLITE_CONSTRAINT:
		return -EEXIST;
	case SQLITE_CANTOPEN:
		return system ? -system : -ENOENT;
	default:
		return system == ENOSPC || system == EDQUOT || system == EROFS ? -system : -EIO;
	}
}

/* A path as SQLite's URI, whose characters %, ? and # mean something. */
static char *uri(const char *path, const char *options)
{
	struct buf b = {0};

	buf_puts(&b, "file:");
	for (; *path; path++)
		if (strchr("%?#", *path))
			buf_printf(&b, "%%%02X", (unsigned)(unsigned char)*path);
		else
			buf_add(&b, path, 1);
	buf_puts(&b, options);
	return b.data;
}

int sql_open(const char *path, enum sql_mode mode, struct sql **ret_db)
{
	static const char *const options[] = {
	        [SQL_WRITE] = "", [SQL_READ] = "", [SQL_STILL] = "?immutable=1", [SQL_MEMORY] = ""};
	int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	struct sql *db = xcalloc(1, sizeof(*db));
	char *name = mode == SQL_MEMORY ? xstrdup(":memory:") : uri(path, options[mode]);

	flags |= mode == SQL_WRITE    ? SQLITE_OPEN_READWRITE
	         : mode == SQL_MEMORY ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
	                              : SQLITE_OPEN_READONLY;
	int rc = sqlite3_open_v2(name, &db->handle, flags, NULL);
	free(name);
	if (rc != SQLITE_OK) {
		int r = to_errno(db->handle, rc);

		sqlite3_close_v2(db->handle);
		free(db);
		return r;
	}
	sqlite3_busy_timeout(db->handle, BUSY_MS);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	/* None of these touches the file. The cache is bounded: memory must not grow with the number of domains. */
	sql_exec(db, "PRAGMA cache_size=-2048; PRAGMA temp_store=MEMORY; PRAGMA cell_size_check=ON; "
	             "PRAGMA mmap_size=0; PRAGMA foreign_keys=ON");
	*ret_db = db;
	return 0;
}

void sql_close(struct sql *db)
{
	if (!db)
		return;
	sqlite3_close_v2(db->handle);
	free(db);
}

void sql_rest(struct sql *db)
{
	if (db)
		sqlite3_db_release_memory(db->handle);
}

int sql_settle(struct sql *db)
{
	int64_t version;
	int r = sql_ask(db, "PRAGMA user_version", &version);

	/* Now that its header was read: the file may not be writable, or its header may say that we may not. */
	if (r == 0 && sqlite3_db_readonly(db->handle, "main"))
		r = -EROFS;
	if (r == 0)
		r = sql_exec(db, "PRAGMA journal_mode=WAL");
	if (r == 0)
		r = sql_exec(db, "PRAGMA synchronous=FULL; PRAGMA journal_size_limit=4194304; PRAGMA "
		                 "wal_autocheckpoint=1000");
	if (r < 0)
		return r;
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	db->settled = true;
	return 0;
}

int sql_wait(struct sql *db, bool on)
{
	if (on != db->hurried)
		return 0;
	int r = sql_exec(db, on ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
	if (r == 0)
		db->hurried = !on;
	return r;
}

const char *sql_error(const struct sql *db)
{
	return sqlite3_errmsg(db->handle);
}

int sql_exec(struct sql *db, const char *text)
{
	return to_errno(db->handle, sqlite3_exec(db->handle, text, NULL, NULL, NULL));
}

int sql_ask(struct sql *db, const char *text, int64_t *ret_value)
{
	struct sql_stmt *st = NULL;
	int r = sql_prepare(db, text, &st);

	if (r < 0)
		return r;
	r = sql_step(st);
	if (r == 1)
		*ret_value = sql_int(st, 0);
	sql_free(st);
	return r == 1 ? 0 : r == 0 ? -ENODATA : r;
}

int sql_prepare(struct sql *db, const char *text, struct sql_stmt **ret_stmt)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v3(db->handle, text, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);

	if (rc != SQLITE_OK)
		return to_errno(db->handle, rc);
	*ret_stmt = (struct sql_stmt *)(void *)st;
	return 0;
}

void sql_free(struct sql_stmt *st)
{
	sqlite3_finalize(stmt(st));
}

void sql_put_int(struct sql_stmt *st, int i, int64_t value)
{
	sqlite3_bind_int64(stmt(st), i, value);
}

void sql_put_text(struct sql_stmt *st, int i, const char *text)
{
	sqlite3_bind_text(stmt(st), i, text, -1, SQLITE_STATIC);
}

void sql_put_bytes(struct sql_stmt *st, int i, const void *p, size_t n)
{
	sqlite3_bind_blob64(stmt(st), i, n ? p : "", n, SQLITE_STATIC);
}

int sql_step(struct sql_stmt *st)
{
	int rc = sqlite3_step(stmt(st));

	return rc == SQLITE_ROW ? 1 : to_errno(sqlite3_db_handle(stmt(st)), rc);
}

int sql_run(struct sql_stmt *st)
{
	int r = sql_step(st);

	sql_reset(st);
	return r < 0 ? r : 0;
}

void sql_reset(struct sql_stmt *st)
{
	sqlite3_reset(stmt(st));
}

int64_t sql_int(struct sql_stmt *st, int i)
{
	return sqlite3_column_type(stmt(st), i) == SQLITE_INTEGER ? sqlite3_column_int64(stmt(st), i) : 0;
}

const char *sql_text(struct sql_stmt *st, int i)
{
	if (sqlite3_column_type(stmt(st), i) != SQLITE_TEXT)
		return "";
	const unsigned char *text = sqlite3_column_text(stmt(st), i);

	/* A text with a NUL inside would read as a shorter one. */
	if (!text || strlen((const char *)text) != (size_t)sqlite3_column_bytes(stmt(st), i))
		return "";
	return (const char *)text;
}

const void *sql_bytes(struct sql_stmt *st, int i, size_t *ret_n)
{
	*ret_n = 0;
	if (sqlite3_column_type(stmt(st), i) != SQLITE_BLOB)
		return "";
	const void *p = sqlite3_column_blob(stmt(st), i);

	*ret_n = (size_t)sqlite3_column_bytes(stmt(st), i);
	return *ret_n && p ? p : "";
}
