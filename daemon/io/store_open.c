/* Opening and closing the state: the lock, what the files look like before SQLite touches them, whether the database is
 * sound and ours, and the schema. It must never change a file that it then refuses, and every refusal is one
 * sentence that says what to do. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/store_db.h"

struct sentence {
	char *text;
	size_t n;
	const char *dir;
};

static char *path_in(const char *dir, const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

/* The state is damaged: nothing was changed, and this is how to go on without it. */
static int refuse_damaged(const struct sentence *e, const char *why)
{
	char shown[STR_CLEAN_MAX];

	str_format(e->text, e->n,
	        "%s/state.db is damaged (%s) and was left as it is. To go on without it: mkdir %s/damaged && "
	        "mv %s/state.db* "
	        "%s/damaged/ and start again; every domain is then met anew, which delays rotations and "
	        "changes nothing else",
	        e->dir, str_clean(shown, sizeof(shown), why), e->dir, e->dir, e->dir);
	return -EBADMSG;
}

static int refuse(const struct sentence *e, const char *what, int error)
{
	str_format(e->text, e->n, "%s: %s", what, strerror(-error));
	return error;
}

static int take_lock(struct store *s, const struct sentence *e, int64_t *ret_commits)
{
	int64_t pid = 0;
	int r = store_lock_take(s, &pid, ret_commits);

	if (r == -EWOULDBLOCK)
		str_format(
		        e->text, e->n, "%s is locked by another daemon (pid %lld)", e->dir, (long long)pid);
	else if (r < 0)
		str_format(e->text, e->n, "%s/lock cannot be used: %s", e->dir, strerror(-r));
	return r;
}

/* ---- before SQLite sees anything ---- */

struct found {
	bool fresh; /* there is no state yet */
	bool log;   /* a write-ahead log with something in it lies beside the database */
};

/* A file without a whole first page counts as empty for SQLite. And the header's versions for writing and reading,
 * bytes 18 and 19: another than 1 or 2 makes SQLite open the file for reading only, which would be noticed too late. */
static bool header_is_odd(const char *path)
{
	unsigned char header[512] = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : pread(fd, header, sizeof(header), 0);

	if (fd >= 0)
		close(fd);
	return n != sizeof(header) || header[18] < 1 || header[18] > 2 || header[19] < 1 || header[19] > 2;
}

/* SQLite deletes the log of an empty or missing database: that must be noticed first. `commits` is what the lock
 * file remembers of earlier times. */
static int look_at_files(struct store *s, const struct sentence *e, int64_t commits, struct found *ret)
{
	char *db = path_in(s->dir, "state.db"), *wal = path_in(s->dir, "state.db-wal");
	struct stat st, log;
	bool there = stat(db, &st) == 0;
	int error = there ? 0 : -errno, r = 0;

	ret->log = stat(wal, &log) == 0 && log.st_size > 0;
	ret->fresh = !there || st.st_size == 0;
	if (!there && error != -ENOENT)
		r = refuse(e, db, error);
	else if (there && !S_ISREG(st.st_mode))
		r = refuse(e, db, -EINVAL);
	else if (ret->fresh && ret->log)
		r = refuse_damaged(e,
		        there ? "it is empty, but has a log beside it" : "it is gone, but its log is there");
	else if (there && st.st_size == 0 && commits > 0)
		r = refuse_damaged(e, "it is empty");
	else if (!ret->fresh && header_is_odd(db))
		r = refuse_damaged(e, "its header is not one of ours");
	else if (!there && commits > 0)
		store_tell_lost(s, "%s is gone; every domain is met anew", db);
	if (r == 0 && !there && !s->read_only) {
		int fd = open(
		        db, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600); /* the log inherits the mode */

		if (fd < 0)
			r = refuse(e, db, -errno);
		else
			close(fd);
	}
	free(db);
	free(wal);
	return r;
}

/* ---- is it sound? ---- */

/* SQLite's own look at every page and row of the tables. */
static int check_pages(struct sql *db, char *why, size_t n)
{
	struct sql_stmt *st = NULL;
	int r = sql_prepare(db, "PRAGMA quick_check(1)", &st);

	if (r == 0 && (r = sql_step(st)) > 0) {
		r = strcmp(sql_text(st, 0), "ok") == 0 ? 0 : -EBADMSG;
		str_format(why, n, "%s", sql_text(st, 0));
	} else {
		r = r < 0 ? r : -EBADMSG;
		str_format(why, n, "%s", sql_error(db));
	}
	sql_free(st);
	return r;
}

/* 0 with the version found (0 = an empty database), or the refusal. */
static int check(struct store *s, const struct sentence *e, unsigned *ret_version)
{
	int64_t id = 0, version = 0, tables = 0;
	char why[200] = "";
	int r = sql_ask(s->db, "PRAGMA application_id", &id);

	if (r == 0)
		r = sql_ask(s->db, "PRAGMA user_version", &version);
	if (r == 0)
		r = sql_ask(s->db, "SELECT count(*) FROM sqlite_schema", &tables);
	if (r == -EBADMSG)
		return refuse_damaged(e, sql_error(s->db));
	if (r < 0) {
		str_format(e->text, e->n, "%s/state.db cannot be read: %s", s->dir, sql_error(s->db));
		return r;
	}
	*ret_version = 0;
	if (id == 0 && version == 0 && tables == 0)
		return 0;
	if (id != STORE_APPLICATION_ID)
		return refuse_damaged(e, "it is not a state of dkimrotd");
	if (version > STORE_VERSION) {
		str_format(e->text, e->n,
		        "%s/state.db was written by a newer dkimrotd (schema %lld, this one knows %d) and "
		        "was left as it is: "
		        "install that version again, or move state.db* aside",
		        s->dir, (long long)version, STORE_VERSION);
		return -EPROTO;
	}
	if (version < 1)
		return refuse_damaged(e, "it has no schema version");
	if (check_pages(s->db, why, sizeof(why)) < 0 ||
	        store_schema_compare(s->db, (unsigned)version, why, sizeof(why)) < 0 ||
	        store_schema_order(s->db, why, sizeof(why)) < 0)
		return refuse_damaged(e, why);
	*ret_version = (unsigned)version;
	return 0;
}

/* ---- the schema, forward only ---- */

/* A copy first: a step forward cannot be taken back. */
static int copy_before(struct store *s, unsigned version)
{
	char *sql = xasprintf("VACUUM INTO '%s/state.db.schema%u'", s->dir, version);
	int r = strchr(s->dir, '\'') ? 0 : sql_exec(s->db, sql);

	free(sql);
	return r == -EEXIST ? 0 : r;
}

static int bring_forward(struct store *s, const struct sentence *e, unsigned version)
{
	int r = 0;

	if (version > 0 && version < STORE_VERSION)
		copy_before(s, version); /* an older copy may be there; without one we go on */
	if (version == 0) {
		r = store_schema_make(s->db, STORE_VERSION);
		version = STORE_VERSION;
	}
	for (; r == 0 && version < STORE_VERSION; version++)
		r = store_schema_step(s->db, version + 1);
	if (r < 0)
		str_format(e->text, e->n, "%s/state.db cannot be brought to schema %d: %s", s->dir,
		        STORE_VERSION, sql_error(s->db));
	return r;
}

/* ---- what it holds ---- */

static void count_missing(struct store *s, const char *what, int64_t wanted, int64_t found)
{
	if (found == wanted)
		return;
	store_tell_lost(
	        s, "the state has %lld %s instead of %lld", (long long)found, what, (long long)wanted);
	s->note_dirty = !s->read_only;
}

static int load_meta(struct store *s, int64_t commits, bool fresh)
{
	static const char text[] = "SELECT commits,domains,next_id,facts,files,sum FROM meta";
	struct sql_stmt *st = NULL;
	int64_t domains = 0, last_id = 0;
	struct meta m = {0};
	char missing[STR_COUNT];
	int r = sql_prepare(s->db, text, &st), e = 0;

	if (r == 0 && (r = sql_step(st)) > 0)
		m = (struct meta){
		        sql_int(st, 0), sql_int(st, 1), sql_int(st, 2), sql_int(st, 3), sql_int(st, 4)};
	bool good = r > 0 && store_meta_sum(&m) == sql_int(st, 5);
	bool none = r == 0;
	sql_free(st);
	if (r >= 0)
		e = sql_ask(s->db, "SELECT count(*) FROM domain", &domains);
	if (r >= 0 && e == 0)
		e = sql_ask(s->db, "SELECT coalesce(max(id), 0) FROM domain", &last_id);
	if (r < 0 || e < 0)
		return r < 0 ? r : e;
	s->meta = m;
	if (good) {
		count_missing(s, "domains", m.domains, domains);
	} else if (!none || domains || s->n_facts || s->n_files) {
		store_tell_lost(s, "the count of what the state holds was damaged; records may be missing");
		s->meta = (struct meta){.commits = commits};
		s->note_dirty = !s->read_only;
		s->behind = true;
	}
	int64_t facts = (int64_t)s->n_facts, files = (int64_t)s->n_files;
	if (good) {
		count_missing(s, "facts", m.facts, facts);
		count_missing(s, "inventory files", m.files, files);
	}
	s->meta.domains = domains;
	s->next_id = s->meta.next_id > last_id ? s->meta.next_id : last_id + 1;
	if (commits > s->meta.commits && !fresh) {
		store_tell_lost(s, "the state is older than what was last written (%s missing)",
		        str_count(missing, (uint64_t)(commits - s->meta.commits), "commit"));
		s->note_dirty = !s->read_only;
		s->behind = true;
	}
	s->meta.commits = commits > s->meta.commits ? commits : s->meta.commits;
	return 0;
}

/* ---- all of it ---- */

static int make_folder(const char *dir, const struct sentence *e)
{
	struct stat st;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return refuse(e, dir, -errno);
	if (stat(dir, &st) < 0)
		return refuse(e, dir, -errno);
	return S_ISDIR(st.st_mode) ? 0 : refuse(e, dir, -ENOTDIR);
}

static int open_database(struct store *s, const struct sentence *e, enum sql_mode mode)
{
	char *path = path_in(s->dir, "state.db");
	int r = sql_open(path, mode, &s->db);

	if (r == -EBADMSG)
		refuse_damaged(e, "it is not a database");
	else if (r < 0)
		refuse(e, path, r);
	free(path);
	return r;
}

/* Looks through it without being able to write, and without making a log beside it where there is none. */
static int open_checked(
        struct store *s, const struct sentence *e, const struct found *found, unsigned *ret_version)
{
	if (s->read_only && found->fresh) {
		str_format(e->text, e->n, "there is no state in %s", s->dir);
		return -ENOENT;
	}
	int r = open_database(s, e, found->log ? s->read_only ? SQL_READ : SQL_WRITE : SQL_STILL);

	return r < 0 ? r : check(s, e, ret_version);
}

/* It is sound: opened for good. */
static int make_writable(struct store *s, const struct sentence *e, unsigned version)
{
	sql_close(s->db);
	s->db = NULL;
	int r = open_database(s, e, SQL_WRITE);

	if (r < 0)
		return r;
	r = sql_settle(s->db);
	if (r < 0) {
		char *what = xasprintf("%s/state.db cannot be written", s->dir);

		refuse(e, what, r);
		free(what);
		return r;
	}
	return bring_forward(s, e, version);
}

static int open_all(struct store *s, const struct sentence *e)
{
	struct found found = {0};
	int64_t commits = 0;
	unsigned version = 0;
	int r = s->read_only ? 0 : make_folder(s->dir, e);

	if (r == 0 && !s->read_only)
		r = take_lock(s, e, &commits);
	if (r == 0)
		r = look_at_files(s, e, commits, &found);
	if (r == 0)
		r = open_checked(s, e, &found, &version);
	if (r < 0)
		return r;
	if (version == 0 && (s->read_only || (!found.fresh && commits > 0)))
		return refuse_damaged(e, "it holds nothing");
	if (!s->read_only)
		r = make_writable(s, e, version);
	if (r < 0)
		return r;
	r = store_schema_prepare(s);
	if (r == 0)
		r = store_side_load(s);
	if (r == 0)
		r = load_meta(s, commits, found.fresh);
	if (r < 0)
		return refuse_damaged(e, sql_error(s->db));
	store_history_open(s);
	return 0;
}

struct store *store_open(const char *dir, bool read_only, char *error, size_t error_len)
{
	struct store *s = xcalloc(1, sizeof(*s));
	struct sentence e = {error, error_len, dir};

	s->dir = xstrdup(dir);
	s->read_only = read_only;
	s->lock_fd = s->witness_fd = -1;
	if (open_all(s, &e) == 0)
		return s;
	store_close(s);
	return NULL;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	store_history_close(s);
	store_budget_close(s);
	store_witness_close(s);
	for (int i = 0; i < ST_COUNT; i++)
		sql_free(s->st[i]);
	sql_close(s->db);
	store_pending_clear(s);
	store_side_free(s);
	for (size_t i = 0; i < s->n_untold; i++)
		free(s->untold[i]);
	free(s->untold);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	free(s->dir);
	free(s);
}
