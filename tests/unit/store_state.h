/* A small state in two shapes (closed in order, and killed with its log unfolded), and what opening it may lead to after
 * something was done to its files: the records that were saved with every loss told, or a refusal that changes nothing. */
#ifndef TESTS_STORE_STATE_H
#define TESTS_STORE_STATE_H

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

static inline char *path_of(const char *folder, const char *name)
{
	return xasprintf("%s/%s", folder, name);
}

static inline struct image take_image(const char *folder)
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

static inline void free_image(struct image *im)
{
	for (size_t i = 0; i < FILES; i++)
		free(im->data[i]);
	*im = (struct image){0};
}

/* The folder holds these files and nothing else. */
static inline void put_image(const struct image *im)
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

static inline bool same_file(const struct image *a, const struct image *b, size_t i)
{
	return !a->data[i] == !b->data[i] && a->len[i] == b->len[i] &&
	       (!a->data[i] || memcmp(a->data[i], b->data[i], a->len[i]) == 0);
}

/* ---- the state that is damaged ---- */

static inline struct store_key domain_key(unsigned i)
{
	static char name[DOMAINS][32];

	str_format(name[i], sizeof(name[i]), "domain%u.example", i);
	return key_of(name[i]);
}

static inline void version_of(struct record *r, unsigned i, unsigned version)
{
	make_record(r, 1 + i + DOMAINS * version);
	r->id = i + 1;
}

static inline void write_version(struct store *s, unsigned version)
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

static inline int make_images(void **state)
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

static inline int drop_images(void **state)
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

static inline void on_lost(void *arg, const char *what)
{
	struct outcome *o = arg;

	if (o->told++ == 0)
		str_format(o->first, sizeof(o->first), "%s", what);
}

/* A record must be one that was saved under its key, byte for byte. */
static inline bool judge_record(void *arg, const struct store_key *k, const struct record *r)
{
	struct outcome *o = arg;
	unsigned i;
	struct record wanted;

	for (i = 0; i < DOMAINS; i++)
		if (str_eq(domain_key(i).domain, k->domain))
			break;
	if (i == DOMAINS) {
		fail_msg("a record of %s, which was never saved", k->domain);
		return false;
	}
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

static inline bool count_due(void *arg, const struct store_key *k, const struct store_due *d)
{
	(void)k;
	(void)d;
	++*(unsigned *)arg;
	return true;
}

static inline bool see_text(void *arg, const char *path, const char *text, size_t len)
{
	char **ret = arg;

	assert_string_equal(path, "/a.yaml");
	*ret = xstrndup(text, len);
	return true;
}

/* Facts and files: the last value, an earlier one, or none. Returns how it stands: 2, 1, 0. */
static inline int judge_text(char *text)
{
	static const char *const all[VERSIONS] = {"value 0", "value 1", "value 2"};
	int how = 0;

	for (int v = 0; text && v < VERSIONS; v++)
		if (str_eq(text, all[v]))
			how = v == VERSIONS - 1 ? 2 : 1;
	if (text && how == 0)
		fail_msg("a value that was never saved: %s", text);
	free(text);
	return how;
}

static inline struct outcome try_open(const struct image *im)
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

static inline struct outcome with(const struct image *im)
{
	put_image(im);
	return try_open(im);
}

#endif
