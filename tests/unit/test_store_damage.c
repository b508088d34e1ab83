/* A state that was damaged: bytes flipped and files cut anywhere, an older copy brought back, rows edited or taken away.
 * Whatever happens, the store either gives back exactly what was saved, telling what it lost, or refuses in one
 * sentence and leaves the files as they were. TEST_DAMAGE_STEP=1 tries every byte (the default tries some), and
 * TEST_SEED another choice of bits. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/store_sql.h"
#include "store_common.h"

#define DOMAINS  12
#define VERSIONS 3 /* of each record, a commit each; the last is what must be found */

static const char *const names[] = {"state.db", "state.db-wal", "lock", "history.db", "history.db-wal"};
#define FILES ARRAY_SIZE(names)

/* The files of a state, as bytes. */
struct image {
	char *data[FILES];
	size_t len[FILES];
};

static char *dir;
static struct image clean, crashed; /* closed in order; and killed with its log unfolded */

/* ---- files ---- */

static char *path_of(const char *folder, const char *name)
{
	return xasprintf("%s/%s", folder, name);
}

static struct image take_image(const char *folder)
{
	struct image im = {0};

	for (size_t i = 0; i < FILES; i++) {
		char *path = path_of(folder, names[i]);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		struct stat st;

		free(path);
		if (fd < 0)
			continue;
		fstat(fd, &st);
		im.data[i] = xmalloc((size_t)st.st_size + 1);
		im.len[i] = (size_t)st.st_size;
		assert_int_equal(read(fd, im.data[i], im.len[i]), im.len[i]);
		close(fd);
	}
	return im;
}

static void free_image(struct image *im)
{
	for (size_t i = 0; i < FILES; i++)
		free(im->data[i]);
	*im = (struct image){0};
}

/* The folder holds these files and nothing else. */
static void put_image(const struct image *im)
{
	char *shm = path_of(dir, "state.db-shm"), *shm2 = path_of(dir, "history.db-shm");

	unlink(shm);
	unlink(shm2);
	free(shm);
	free(shm2);
	for (size_t i = 0; i < FILES; i++) {
		char *path = path_of(dir, names[i]);

		unlink(path);
		if (im->data[i]) {
			int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

			assert_int_equal(write(fd, im->data[i], im->len[i]), im->len[i]);
			close(fd);
		}
		free(path);
	}
}

static bool same_file(const struct image *a, const struct image *b, size_t i)
{
	return !a->data[i] == !b->data[i] && a->len[i] == b->len[i] &&
	       (!a->data[i] || memcmp(a->data[i], b->data[i], a->len[i]) == 0);
}

/* ---- the state that is damaged ---- */

static struct store_key domain_key(unsigned i)
{
	static char name[DOMAINS][32];

	str_format(name[i], sizeof(name[i]), "domain%u.example", i);
	return key_of(name[i]);
}

static void version_of(struct record *r, unsigned i, unsigned version)
{
	make_record(r, 1 + i + DOMAINS * version);
	r->id = i + 1;
}

static void write_version(struct store *s, unsigned version)
{
	char text[64];
	struct record r;

	for (unsigned i = 0; i < DOMAINS; i++) {
		struct store_key k = domain_key(i);

		version_of(&r, i, version);
		assert_int_equal(store_save(s, &k, &r), 0);
		store_history(s, i + 1, version, "version", "{}");
	}
	str_format(text, sizeof(text), "value %u", version);
	store_set_fact(s, "one", text);
	store_set_file(s, "/a.yaml", text, strlen(text));
	assert_int_equal(store_commit(s), 0);
}

static int make_images(void **state)
{
	(void)state;
	char *tmp = getenv("TMPDIR");
	char *before = tmp ? xstrdup(tmp) : NULL;
	/* Thousands of small databases: where memory can be written, the disk is spared. */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	dir = folder_new();
	if (before)
		setenv("TMPDIR", before, 1);
	free(before);
	struct store *s = open_or_fail(dir);
	for (unsigned v = 0; v < VERSIONS; v++) {
		if (v == VERSIONS - 1) { /* the first versions lie in the database, the last in its log */
			store_close(s);
			s = open_or_fail(dir);
		}
		write_version(s, v);
	}
	crashed = take_image(dir);
	store_close(s);
	clean = take_image(dir);
	assert_null(clean.data[1]);
	assert_true(crashed.len[1] > 10000);
	return 0;
}

static int drop_images(void **state)
{
	(void)state;
	free_image(&clean);
	free_image(&crashed);
	folder_remove(dir);
	return 0;
}

/* ---- what comes of it ---- */

struct outcome {
	bool refused;
	unsigned told, found; /* sentences of loss; records found */
	bool old;             /* one of them in an earlier version */
	char error[2000], first[300];
};

static void on_lost(void *arg, const char *what)
{
	struct outcome *o = arg;

	if (o->told++ == 0)
		str_format(o->first, sizeof(o->first), "%s", what);
}

/* A record must be one that was saved under its key, byte for byte. */
static bool judge_record(void *arg, const struct store_key *k, const struct record *r)
{
	struct outcome *o = arg;
	unsigned i;
	struct record wanted;

	if (sscanf(k->domain, "domain%u.example", &i) != 1 || i >= DOMAINS) // NOLINT(cert-err34-c)
		fail_msg("a record of %s, which was never saved", k->domain);
	struct store_key key = domain_key(i);
	if (rows_compare(k, &key) != 0)
		fail_msg("a record of %s under another key", k->domain);
	for (unsigned v = VERSIONS; v-- > 0;) {
		version_of(&wanted, i, v);
		if (same_record(r, &wanted)) {
			o->found++;
			o->old |= v != VERSIONS - 1;
			return true;
		}
	}
	fail_msg("a record of %s that was never saved", k->domain);
	return false;
}

static bool count_due(void *arg, const struct store_key *k, const struct store_due *d)
{
	(void)k;
	(void)d;
	++*(unsigned *)arg;
	return true;
}

static bool see_text(void *arg, const char *path, const char *text, size_t len)
{
	char **ret = arg;

	assert_string_equal(path, "/a.yaml");
	*ret = xstrndup(text, len);
	return true;
}

/* Facts and files: the last value, an earlier one, or none. Returns how it stands: 2, 1, 0. */
static int judge_text(char *text)
{
	unsigned v;
	int how = 0;

	if (text) {
		if (sscanf(text, "value %u", &v) != 1 || v >= VERSIONS ||
		        strlen(text) != 7) // NOLINT(cert-err34-c)
			fail_msg("a value that was never saved: %s", text);
		how = v == VERSIONS - 1 ? 2 : 1;
	}
	free(text);
	return how;
}

static struct outcome try_open(const struct image *im)
{
	struct outcome o = {0}, again = {0};
	struct store *s = store_open(dir, false, o.error, sizeof(o.error));
	unsigned due = 0;
	char *text = NULL;

	o.refused = !s;
	if (!s) {
		struct image after = take_image(dir);

		assert_true(strlen(o.error) > 20);
		assert_null(strchr(o.error, '\n'));
		if (!same_file(im, &after, 0) || !same_file(im, &after, 1))
			fail_msg("refused (%s), but %s was changed", o.error,
			        same_file(im, &after, 0) ? names[1] : names[0]);
		free_image(&after);
		return o;
	}
	store_on_lost(s, on_lost, &o);
	assert_int_equal(store_each_due(s, count_due, &due), 0);
	for (unsigned i = 0; i < DOMAINS; i++) {
		struct store_key k = domain_key(i);
		struct record r;
		int e = store_load(s, &k, &r);

		if (e == 0)
			judge_record(&o, &k, &r);
		else
			assert_int_equal(e, -ENOENT);
	}
	assert_int_equal(store_each(s, judge_record, &again), 0);
	assert_int_equal(o.found, again.found);
	int fact = judge_text(store_fact(s, "one"));
	assert_int_equal(store_each_file(s, see_text, &text), 0);
	int file = judge_text(text);
	if (o.told == 0 && (o.found != DOMAINS || o.old || fact != 2 || file != 2 || due != DOMAINS))
		fail_msg("a loss that nobody was told: %u records%s, fact %d, file %d, due %u", o.found,
		        o.old ? ", some old" : "", fact, file, due);
	/* It goes on: everything can be saved anew, and is then found. */
	write_version(s, VERSIONS - 1);
	store_close(s);
	s = store_open(dir, false, again.error, sizeof(again.error));
	if (!s)
		fail_msg("refused after it was written anew: %s (first: %s)", again.error, o.first);
	again = (struct outcome){0};
	store_on_lost(s, on_lost, &again);
	assert_int_equal(store_each(s, judge_record, &again), 0);
	if (again.told || again.found != DOMAINS || again.old)
		fail_msg("not whole after it was written anew: %s (first: %s)", again.first, o.first);
	store_close(s);
	return o;
}

/* Damages one byte, or cuts, and judges. */
static void damage(const struct image *whole, size_t file, size_t at, int bit, unsigned counts[3])
{
	struct image im = *whole;

	im.data[file] = xmalloc(whole->len[file]);
	memcpy(im.data[file], whole->data[file], whole->len[file]);
	if (bit < 0)
		im.len[file] = at;
	else
		im.data[file][at] = (char)(im.data[file][at] ^ 1 << bit);
	put_image(&im);
	struct outcome o = try_open(&im);
	counts[o.refused ? 0 : o.told ? 1 : 2]++;
	free(im.data[file]);
}

static size_t step_of(size_t usual)
{
	const char *step = getenv("TEST_DAMAGE_STEP");

#ifdef DKIMROTD_SANITIZED
	usual *= 8; /* the same bits, fewer of them */
#endif
	return step ? (size_t)strtoul(step, NULL, 10) : usual;
}

static void damage_all(const struct image *whole, size_t file, size_t flip_step, size_t cut_step)
{
	const char *seed_text = getenv("TEST_SEED");
	unsigned seed = seed_text ? (unsigned)strtoul(seed_text, NULL, 10) : 1, counts[3] = {0};
	size_t flip = step_of(flip_step), cut = step_of(cut_step);

	for (size_t at = 0; at < whole->len[file]; at += 1 + (size_t)rand_r(&seed) % (2 * flip - 1))
		damage(whole, file, at, rand_r(&seed) % 8, counts);
	for (size_t at = 0; at < 100; at++) /* the header, whose every byte means something */
		damage(whole, file, at, (int)((at + seed) % 8), counts);
	for (size_t at = 0; at < 50; at++)
		damage(whole, file, at, -1, counts);
	for (size_t at = 0; at < whole->len[file]; at += cut)
		damage(whole, file, at, -1, counts);
	print_message("# %s, %zu bytes: refused %u, lost and told %u, whole %u\n", names[file],
	        whole->len[file], counts[0], counts[1], counts[2]);
	assert_true(counts[0] + counts[1] > 0);
}

static void the_database(void **state)
{
	(void)state;
	damage_all(&clean, 0, 149, 2111);
}

static void the_database_beneath_a_log(void **state)
{
	(void)state;
	damage_all(&crashed, 0, 397, 4099);
}

static void the_log(void **state)
{
	(void)state;
	damage_all(&crashed, 1, 199, 2111);
}

static void the_lock_file(void **state)
{
	unsigned counts[3] = {0};

	(void)state;
	for (size_t at = 0; at < clean.len[2]; at++) {
		damage(&clean, 2, at, (int)at % 8, counts);
		damage(&clean, 2, at, -1, counts);
	}
	assert_int_equal(counts[0], 0); /* it only remembers; the records are whole */
}

/* ---- the history must never stop the daemon ---- */

static bool count_history(void *arg, int64_t id, int64_t at, const char *kind, const char *json)
{
	assert_string_equal(kind, "version");
	assert_string_equal(json, "{}");
	assert_in_range(id, 1, DOMAINS);
	assert_in_range(at, 0, VERSIONS - 1);
	++*(unsigned *)arg;
	return true;
}

static void the_history(void **state)
{
	unsigned seed = 7, broken = 0;

	(void)state;
	for (size_t at = 0; at < clean.len[3]; at += 1 + (size_t)rand_r(&seed) % (2 * step_of(97) - 1)) {
		struct image im = clean;
		struct outcome o = {0};
		unsigned n = 0;

		im.data[3] = xmalloc(clean.len[3]);
		memcpy(im.data[3], clean.data[3], clean.len[3]);
		im.data[3][at] = (char)(im.data[3][at] ^ 1 << rand_r(&seed) % 8);
		put_image(&im);
		struct store *s = open_or_fail(dir);
		store_on_lost(s, on_lost, &o);
		int e = store_each_history(s, 0, 0, count_history, &n);
		if (e == 0 && o.told == 0 && n != DOMAINS * VERSIONS)
			fail_msg("entries of the history are gone, and nobody was told");
		broken += o.told > 0;
		store_history(s, 1, 1, "version", "{}");
		write_version(s, VERSIONS - 1);
		store_close(s);
		free(im.data[3]);
	}
	assert_true(broken > 0);
}

/* ---- single cases, with their sentences ---- */

static struct outcome with(const struct image *im)
{
	put_image(im);
	return try_open(im);
}

static void what_is_no_state(void **state)
{
	struct image im = clean;
	char garbage[5000];

	(void)state;
	memset(garbage, 'x', sizeof(garbage));
	im.data[0] = garbage;
	im.len[0] = sizeof(garbage);
	struct outcome o = with(&im);
	assert_true(o.refused);
	assert_non_null(strstr(o.error, "is damaged"));
	assert_non_null(strstr(o.error, "mkdir "));
	im.len[0] = 0; /* emptied */
	assert_true(with(&im).refused);
	im.data[0] = NULL; /* moved aside, as the sentence says: a fresh start, and it is told */
	put_image(&im);
	struct store *s = open_or_fail(dir);
	store_on_lost(s, on_lost, &o);
	assert_int_equal(o.told, 1);
	assert_non_null(strstr(o.first, "is gone"));
	store_close(s);
	im = crashed; /* but not without its log */
	im.data[0] = NULL;
	im.len[0] = 0;
	o = with(&im);
	assert_true(o.refused);
	assert_non_null(strstr(o.error, "its log is there"));
}

static void run_sql(const char *text)
{
	char *path = path_of(dir, "state.db");
	struct sql *db = NULL;

	assert_int_equal(sql_open(path, SQL_WRITE, &db), 0);
	assert_int_equal(sql_settle(db), 0);
	if (sql_exec(db, text) < 0)
		fail_msg("%s: %s", text, sql_error(db));
	sql_close(db);
	free(path);
}

/* What a person, or a failing disk, did to the rows behind our back. */
static struct outcome after_sql(const char *text)
{
	put_image(&clean);
	run_sql(text);
	struct image im = take_image(dir);
	struct outcome o = try_open(&im);
	free_image(&im);
	return o;
}

static void rows_changed_by_others(void **state)
{
	static const struct {
		const char *sql;
		unsigned told, found;
	} all[] = {
	        {"UPDATE domain SET rotated=rotated+1 WHERE domain='domain3.example'",         1, DOMAINS - 1},
	        {"UPDATE domain SET next_look=7 WHERE domain='domain3.example'",               1, DOMAINS - 1},
	        {"UPDATE selector SET signing_since=1 WHERE domain_id=4 AND n=0",              1, DOMAINS - 1},
	        {"UPDATE domain SET domain='domain99.example' WHERE domain='domain3.example'", 1,
                 DOMAINS - 1	                                                                         },
	        {"DELETE FROM domain WHERE domain='domain3.example'",                          1, DOMAINS - 1},
	        {"DELETE FROM selector WHERE domain_id=4 AND n=1",                             1, DOMAINS - 1},
	        {"INSERT INTO selector(domain_id,n) VALUES (4, 5)",                            1, DOMAINS - 1},
	        {"UPDATE fact SET value='value 0'",                                            1, DOMAINS    },
	        {"UPDATE file SET text=x'00'",	                                         1, DOMAINS    },
	        {"DELETE FROM fact",	                                                   1, DOMAINS    },
	        {"DELETE FROM file",	                                                   1, DOMAINS    },
	        {"UPDATE meta SET next_id=1",	                                          1, DOMAINS    },
	        {"DELETE FROM meta",	                                                   1, DOMAINS    },
	        {"CREATE VIEW mine AS SELECT domain FROM domain",                              0, DOMAINS    },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct outcome o = after_sql(all[i].sql);

		if (o.refused || o.told != all[i].told || o.found != all[i].found)
			fail_msg("%s: refused %d (%s), told %u (%s), found %u", all[i].sql, o.refused,
			        o.error, o.told, o.first, o.found);
	}
}

static void schemas_that_are_not_ours(void **state)
{
	struct outcome o = after_sql("PRAGMA user_version=2");

	(void)state;
	assert_true(o.refused);
	assert_non_null(strstr(o.error, "written by a newer dkimrotd"));
	assert_true(after_sql("PRAGMA user_version=0").refused);
	assert_true(after_sql("PRAGMA application_id=1").refused);
	assert_true(
	        after_sql("CREATE TRIGGER t AFTER UPDATE ON domain BEGIN DELETE FROM selector; END").refused);
	assert_true(after_sql("DROP VIEW v_status").refused);
	assert_true(after_sql("ALTER TABLE domain ADD COLUMN more TEXT").refused);
}

/* A backup of last week is brought back, without its lock file. */
static void an_older_copy_is_told(void **state)
{
	struct image old, im = clean;

	(void)state;
	put_image(&clean);
	struct store *s = open_or_fail(dir);
	write_version(s, 0);
	store_close(s);
	old = take_image(dir);
	s = open_or_fail(dir);
	write_version(s, VERSIONS - 1);
	store_close(s);
	struct image now = take_image(dir);
	im.data[0] = old.data[0];
	im.len[0] = old.len[0];
	im.data[2] = now.data[2];
	im.len[2] = now.len[2];
	struct outcome o = with(&im);
	assert_false(o.refused);
	assert_true(o.old);
	assert_int_equal(o.told, 1);
	assert_non_null(strstr(o.first, "older than what was last written (1 commits"));
	free_image(&old);
	free_image(&now);
}

static void one_daemon_at_a_time(void **state)
{
	char error[500] = "", wanted[50];

	(void)state;
	put_image(&clean);
	struct store *s = open_or_fail(dir);
	assert_null(store_open(dir, false, error, sizeof(error)));
	str_format(wanted, sizeof(wanted), "locked by another daemon (pid %ld)", (long)getpid());
	assert_non_null(strstr(error, wanted));
	struct store *reader = store_open(dir, true, error, sizeof(error)); /* reading is free */
	assert_non_null(reader);
	struct outcome o = {0};
	assert_int_equal(store_each(reader, judge_record, &o), 0);
	assert_int_equal(o.found, DOMAINS);
	store_close(reader);
	store_close(s);
	store_close(open_or_fail(dir));
}

static void reading_writes_nothing(void **state)
{
	char error[500] = "";
	struct record r;
	struct store_key k = domain_key(0);

	(void)state;
	put_image(&clean);
	struct store *s = store_open(dir, true, error, sizeof(error));
	assert_non_null(s);
	assert_int_equal(store_load(s, &k, &r), 0);
	assert_int_equal(store_save(s, &k, &r), -EROFS);
	assert_int_equal(store_set_fact(s, "a", "b"), -EROFS);
	assert_int_equal(store_commit(s), 0);
	struct image during = take_image(dir);
	store_close(s);
	for (size_t i = 0; i < FILES; i++)
		assert_true(same_file(&clean, &during, i));
	free_image(&during);
	char *missing = xasprintf("%s/none", dir);
	assert_null(store_open(missing, true, error, sizeof(error)));
	assert_int_equal(access(missing, F_OK), -1);
	assert_true(strlen(error) > 0);
	free(missing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_database),
	        cmocka_unit_test(the_database_beneath_a_log), cmocka_unit_test(the_log),
	        cmocka_unit_test(the_lock_file), cmocka_unit_test(the_history),
	        cmocka_unit_test(what_is_no_state), cmocka_unit_test(rows_changed_by_others),
	        cmocka_unit_test(schemas_that_are_not_ours), cmocka_unit_test(an_older_copy_is_told),
	        cmocka_unit_test(one_daemon_at_a_time), cmocka_unit_test(reading_writes_nothing)};

	return cmocka_run_group_tests_name("store_damage", tests, make_images, drop_images);
}
