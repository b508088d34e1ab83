/* The history: changes and transitions with their evidence, in a database of its own beside the state, because it grows
 * for two years and nothing is decided on it. It must never stop the daemon: when it is damaged or its disk is full,
 * that is told once, and the records go on. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/store_db.h"

/* Rows that wait while the disk is full; beyond that the oldest are given up. */
#define WAITING_MAX 50000
/* Rows pruned in one commit, so that the loop never stands still for it. */
#define PRUNE_ROWS "500"
/* A bigger file is not searched for damage at start; every row has its checksum anyway. */
#define CHECK_BYTES (INT64_C(64) << 20)

static uint64_t sum_of(const struct event_row *e)
{
	uint64_t sum = rows_mix_int(rows_mix_int(rows_mix_int(5, e->seq), e->domain_id), e->at);

	return rows_mix(rows_mix(sum, e->kind, strlen(e->kind)), e->json, strlen(e->json));
}

/* ---- opening ---- */

static int make_schema(struct sql *db)
{
	char text[700];

	str_format(text, sizeof(text),
	        "BEGIN IMMEDIATE; CREATE TABLE history(seq INTEGER PRIMARY KEY, domain_id INTEGER NOT NULL, "
	        "at INTEGER NOT "
	        "NULL, kind TEXT NOT NULL, json TEXT NOT NULL, sum INTEGER NOT NULL) STRICT;"
	        "CREATE INDEX history_domain ON history(domain_id, at); CREATE INDEX history_at ON "
	        "history(at);"
	        "CREATE VIEW v_history AS SELECT domain_id, strftime('%%Y-%%m-%%dT%%H:%%M:%%SZ', at / 1000, "
	        "'unixepoch') AS at, "
	        "kind, json FROM history ORDER BY seq;"
	        "PRAGMA application_id=%d; PRAGMA user_version=1; COMMIT;",
	        HISTORY_APPLICATION);
	int r = sql_exec(db, text);
	if (r < 0)
		sql_exec(db, "ROLLBACK");
	return r;
}

/* 0, or why it cannot be used. */
static int settle(struct store *s, struct sql *db, bool check)
{
	int64_t id = 0, version = 0, tables = 0;
	struct sql_stmt *st = NULL;
	int r = sql_ask(db, "PRAGMA application_id", &id);

	if (r == 0)
		r = sql_ask(db, "PRAGMA user_version", &version);
	if (r == 0)
		r = sql_ask(db, "SELECT count(*) FROM sqlite_schema", &tables);
	bool empty = id == 0 && version == 0 && tables == 0;
	if (r == 0 && !empty && (id != HISTORY_APPLICATION || version != 1))
		r = -EBADMSG;
	if (r == 0 && check && (r = sql_prepare(db, "PRAGMA quick_check(1)", &st)) == 0) {
		r = sql_step(st) > 0 && strcmp(sql_text(st, 0), "ok") == 0 ? 0 : -EBADMSG;
		sql_free(st);
	}
	if (r == 0 && !s->read_only)
		r = sql_settle(db);
	if (r == 0 && empty)
		r = s->read_only ? -ENODATA : make_schema(db);
	if (r == 0)
		r = sql_ask(db, "SELECT coalesce(max(seq), 0) + 1 FROM history", &s->next_seq);
	return r == 0 && !s->read_only
	               ? sql_prepare(db,
	                         "INSERT OR REPLACE INTO history(seq,domain_id,at,kind,json,sum) "
	                         "VALUES (?,?,?,?,?,?)",
	                         &s->put_history)
	               : r;
}

/* Without a history file of ours a new one is made, unless a log without its database lies there. */
static int open_file(struct store *s, const char *path, struct sql **ret_db, bool *ret_check)
{
	struct stat st, log;
	char *wal = xasprintf("%s-wal", path);
	bool there = stat(path, &st) == 0, has_log = stat(wal, &log) == 0 && log.st_size > 0;

	free(wal);
	*ret_check = there && st.st_size < CHECK_BYTES;
	if ((!there || st.st_size == 0) && has_log)
		return -EBADMSG;
	if (s->read_only)
		return there && st.st_size > 0 ? sql_open(path, has_log ? SQL_READ : SQL_STILL, ret_db)
		                               : -ENOENT;
	if (!there) {
		int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

		if (fd < 0)
			return -errno;
		close(fd);
	}
	return sql_open(path, SQL_WRITE, ret_db);
}

void store_history_open(struct store *s)
{
	char *path = xasprintf("%s/history.db", s->dir);
	struct sql *db = NULL;
	bool check = false;
	int r = open_file(s, path, &db, &check);

	s->next_seq = 1;
	if (r == 0)
		r = settle(s, db, check);
	if (r == 0) {
		s->history = db;
	} else {
		sql_close(db);
		if (!s->read_only)
			store_tell_lost(s,
			        "%s cannot be used (%s) and was left as it is; no history is kept until it "
			        "is moved aside",
			        path, r == -EBADMSG ? "it is damaged" : strerror(-r));
	}
	free(path);
}

void store_history_close(struct store *s)
{
	for (size_t i = 0; i < s->n_events; i++) {
		free(s->events[i].kind);
		free(s->events[i].json);
	}
	free(s->events);
	sql_free(s->put_history);
	sql_close(s->history);
}

/* ---- writing ---- */

static void forget_events(struct store *s, size_t n)
{
	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		free(s->events[i].kind);
		free(s->events[i].json);
	}
	s->n_events -= n;
	memmove(s->events, s->events + n, s->n_events * sizeof(struct event_row));
}

int store_history(struct store *s, int64_t domain_id, int64_t at, const char *kind, const char *json)
{
	if (s->read_only)
		return -EROFS;
	if (!s->history)
		return 0;
	if (s->n_events >= WAITING_MAX)
		forget_events(s, WAITING_MAX / 10);
	if (s->n_events == s->cap_events) {
		s->cap_events = s->cap_events ? 2 * s->cap_events : 64;
		s->events = xrealloc(s->events, s->cap_events * sizeof(struct event_row));
	}
	s->events[s->n_events++] = (struct event_row){.seq = s->next_seq++,
	        .domain_id = domain_id,
	        .at = at,
	        .kind = xstrdup(kind),
	        .json = xstrdup(json)};
	return 0;
}

int store_prune(struct store *s, int64_t before)
{
	if (s->read_only)
		return -EROFS;
	s->prune_before = before;
	return 0;
}

static int put_events(struct store *s)
{
	struct sql_stmt *st = s->put_history;
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->n_events; i++) {
		const struct event_row *e = &s->events[i];

		sql_put_int(st, 1, e->seq);
		sql_put_int(st, 2, e->domain_id);
		sql_put_int(st, 3, e->at);
		sql_put_text(st, 4, e->kind);
		sql_put_text(st, 5, e->json);
		sql_put_int(st, 6, (int64_t)sum_of(e));
		r = sql_run(st);
	}
	return r;
}

/* Some of what is older than the wish; the wish ends when nothing is left. */
static int prune_some(struct store *s)
{
	char text[200];
	int64_t left = 0;

	str_format(text, sizeof(text),
	        "DELETE FROM history WHERE seq IN (SELECT seq FROM history WHERE at < %lld LIMIT " PRUNE_ROWS
	        ")",
	        (long long)s->prune_before);
	int r = sql_exec(s->history, text);
	if (r == 0)
		r = sql_ask(s->history, "SELECT changes()", &left);
	if (r == 0 && left == 0)
		s->prune_before = 0;
	return r;
}

/* A commit in which nothing else changes takes what was written before it along. */
static int touch(struct sql *db)
{
	return sql_exec(db, "PRAGMA user_version=1");
}

void store_history_commit(struct store *s, bool wait)
{
	bool nothing = s->n_events == 0 && s->prune_before == 0;

	if (!s->history || (nothing && !(wait && s->history_unsafe)))
		return;
	int r = sql_wait(s->history, wait);
	if (r == 0)
		r = sql_exec(s->history, "BEGIN IMMEDIATE");
	bool begun = r == 0;

	if (r == 0 && nothing)
		r = touch(s->history);
	if (r == 0)
		r = put_events(s);
	if (r == 0 && s->prune_before)
		r = prune_some(s);
	if (r == 0)
		r = sql_exec(s->history, "COMMIT");
	if (r == 0) {
		forget_events(s, s->n_events);
		s->history_failed = false;
		s->history_unsafe = !wait;
		return;
	}
	if (!s->history_failed)
		store_tell_lost(s, "the history cannot be written (%s); it is kept in memory meanwhile",
		        strerror(-r));
	s->history_failed = true;
	if (begun)
		sql_exec(s->history, "ROLLBACK");
}

/* ---- reading ---- */

typedef bool history_each(void *arg, int64_t domain_id, int64_t at, const char *kind, const char *json);

static int each_stored(
        struct store *s, int64_t domain_id, int64_t since, history_each *each, void *arg, bool *ret_more)
{
	const char *text =
	        domain_id ? "SELECT seq,domain_id,at,kind,json,sum FROM history WHERE at>=? AND domain_id=? "
	                    "ORDER BY at,seq"
	                  : "SELECT seq,domain_id,at,kind,json,sum FROM history WHERE at>=? ORDER BY at,seq";
	struct sql_stmt *st = NULL;
	int r = sql_prepare(s->history, text, &st);

	if (r < 0)
		return r;
	sql_put_int(st, 1, since);
	if (domain_id)
		sql_put_int(st, 2, domain_id);
	while (*ret_more && (r = sql_step(st)) > 0) {
		char kind[64];
		struct event_row e = {
		        .seq = sql_int(st, 0), .domain_id = sql_int(st, 1), .at = sql_int(st, 2)};

		if (!str_copy(kind, sizeof(kind), sql_text(st, 3)))
			continue;
		e.kind = kind;
		char *json = xstrdup(sql_text(st, 4));
		e.json = json;
		if ((int64_t)sum_of(&e) == sql_int(st, 5))
			*ret_more = each(arg, e.domain_id, e.at, e.kind, e.json);
		else
			store_tell_lost(s, "an entry of the history was damaged and is left out");
		free(json);
	}
	sql_free(st);
	return r < 0 ? r : 0;
}

int store_each_history(struct store *s, int64_t domain_id, int64_t since, history_each *each, void *arg)
{
	bool more = true;
	int r = s->history ? each_stored(s, domain_id, since, each, arg, &more) : 0;

	for (size_t i = 0; r == 0 && more && i < s->n_events; i++) {
		const struct event_row *e = &s->events[i];

		if (e->at >= since && (domain_id == 0 || e->domain_id == domain_id))
			more = each(arg, e->domain_id, e->at, e->kind, e->json);
	}
	return r;
}
