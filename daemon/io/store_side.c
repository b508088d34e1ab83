/* Facts and the last good inventory files. Facts are few and small and lie in memory whole; of the files only the
 * paths do, and a text only until it is committed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/store_db.h"

static uint64_t sum_of(const char *name, const void *value, size_t n)
{
	return rows_mix(rows_mix(4, name, strlen(name)), value, n);
}

/* ---- facts ---- */

/* Where a fact is, or would be, in the sorted list. */
static size_t fact_place(const struct store *s, const char *name, bool *ret_found)
{
	size_t lo = 0, hi = s->n_facts;

	*ret_found = false;
	while (lo < hi && !*ret_found) {
		size_t mid = (lo + hi) / 2;
		int c = strcmp(s->facts[mid].name, name);

		*ret_found = c == 0;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return hi;
}

static struct fact *fact_entry(struct store *s, const char *name)
{
	bool found;
	size_t i = fact_place(s, name, &found);

	if (found)
		return &s->facts[i];
	s->facts = xrealloc(s->facts, (s->n_facts + 1) * sizeof(struct fact));
	memmove(&s->facts[i + 1], &s->facts[i], (s->n_facts - i) * sizeof(struct fact));
	s->n_facts++;
	s->facts[i] = (struct fact){.name = xstrdup(name)};
	return &s->facts[i];
}

static void fact_change(struct store *s, const char *name, const char *value)
{
	struct fact *f = fact_entry(s, name);

	free(f->value);
	f->value = value ? xstrdup(value) : NULL;
	f->dirty = true;
	s->side_dirty = true;
}

int store_set_fact(struct store *s, const char *name, const char *value)
{
	bool found;
	size_t i = fact_place(s, name, &found);

	if (s->read_only)
		return -EROFS;
	if (str_eq(found ? s->facts[i].value : NULL, value))
		return 0;
	fact_change(s, name, value);
	return 0;
}

char *store_fact(struct store *s, const char *name)
{
	bool found;
	size_t i = fact_place(s, name, &found);

	return found && s->facts[i].value ? xstrdup(s->facts[i].value) : NULL;
}

static int load_facts(struct store *s)
{
	struct sql_stmt *st = NULL;
	int e = sql_prepare(s->db, "SELECT name,value,sum FROM fact ORDER BY name", &st);

	if (e < 0)
		return e;
	while ((e = sql_step(st)) > 0) {
		const char *name = sql_text(st, 0), *value = sql_text(st, 1);
		char shown[STR_CLEAN_MAX];

		if ((int64_t)sum_of(name, value, strlen(value)) == sql_int(st, 2)) {
			fact_entry(s, name)->value = xstrdup(value);
			continue;
		}
		store_tell_lost(
		        s, "the fact %s was damaged and is dropped", str_clean(shown, sizeof(shown), name));
		if (!s->read_only)
			fact_change(s, name, NULL);
	}
	sql_free(st);
	return e;
}

/* ---- files ---- */

static struct file *file_find(const struct store *s, const char *path)
{
	for (size_t i = 0; i < s->n_files; i++)
		if (strcmp(s->files[i].path, path) == 0)
			return &s->files[i];
	return NULL;
}

static struct file *file_entry(struct store *s, const char *path)
{
	struct file *f = file_find(s, path);

	if (f)
		return f;
	s->files = xrealloc(s->files, (s->n_files + 1) * sizeof(struct file));
	f = &s->files[s->n_files++];
	*f = (struct file){.path = xstrdup(path)};
	return f;
}

int store_set_file(struct store *s, const char *path, const char *text, size_t len)
{
	if (s->read_only)
		return -EROFS;
	if (!text && !file_find(s, path))
		return 0;
	struct file *f = file_entry(s, path);
	free(f->text);
	f->text = NULL;
	if (text) {
		f->text = xmalloc(len + 1);
		memcpy(f->text, text, len);
		f->text[len] = '\0';
	}
	f->len = text ? len : 0;
	f->deleted = !text;
	f->dirty = true;
	s->side_dirty = true;
	return 0;
}

/* Its text lies in the database: read, checked, and copied so that it is terminated. */
static int file_read(struct store *s, struct file *f, struct buf *b)
{
	struct sql_stmt *st = s->st[ST_GET_FILE];
	size_t n = 0;
	bool good = false;

	sql_put_text(st, 1, f->path);
	int e = sql_step(st);
	if (e > 0) {
		const void *p = sql_bytes(st, 0, &n);

		good = (int64_t)sum_of(f->path, p, n) == sql_int(st, 1);
		buf_add(b, p, n);
	}
	sql_reset(st);
	return e < 0 ? e : good ? 0 : -EBADMSG;
}

static void file_lost(struct store *s, struct file *f)
{
	char shown[STR_CLEAN_MAX];

	store_tell_lost(s, "the last good text of %s was damaged and is dropped",
	        str_clean(shown, sizeof(shown), f->path));
	f->deleted = true;
	f->dirty = !s->read_only;
	s->side_dirty |= f->dirty;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->path, ((const struct file *)b)->path);
}

int store_each_file(
        struct store *s, bool (*each)(void *arg, const char *path, const char *text, size_t len), void *arg)
{
	int e = 0;
	bool more = true;

	if (s->n_files)
		qsort(s->files, s->n_files, sizeof(struct file), by_path);
	for (size_t i = 0; i < s->n_files && more && e == 0; i++) {
		struct file *f = &s->files[i];
		struct buf b = {0};

		if (f->deleted)
			continue;
		if (f->text) {
			more = each(arg, f->path, f->text, f->len);
			continue;
		}
		e = file_read(s, f, &b);
		if (e == 0)
			more = each(arg, f->path, b.data ? b.data : "", b.len);
		else if (e == -EBADMSG) {
			file_lost(s, f);
			e = 0;
		}
		buf_free(&b);
	}
	return e;
}

static int load_files(struct store *s)
{
	struct sql_stmt *st = NULL;
	int e = sql_prepare(s->db, "SELECT path FROM file", &st);

	if (e < 0)
		return e;
	while ((e = sql_step(st)) > 0)
		file_entry(s, sql_text(st, 0));
	sql_free(st);
	return e;
}

/* ---- both ---- */

int store_side_load(struct store *s)
{
	int e = load_facts(s);

	return e < 0 ? e : load_files(s);
}

static int apply_fact(struct store *s, const struct fact *f)
{
	struct sql_stmt *st = s->st[f->value ? ST_PUT_FACT : ST_CUT_FACT];

	sql_put_text(st, 1, f->name);
	if (f->value) {
		sql_put_text(st, 2, f->value);
		sql_put_int(st, 3, (int64_t)sum_of(f->name, f->value, strlen(f->value)));
	}
	return sql_run(st);
}

static int apply_file(struct store *s, const struct file *f)
{
	struct sql_stmt *st = s->st[f->deleted ? ST_CUT_FILE : ST_PUT_FILE];

	sql_put_text(st, 1, f->path);
	if (!f->deleted) {
		sql_put_bytes(st, 2, f->text, f->len);
		sql_put_int(st, 3, (int64_t)sum_of(f->path, f->text, f->len));
	}
	return sql_run(st);
}

int store_side_apply(struct store *s, struct meta *m)
{
	int e = 0;

	m->facts = m->files = 0;
	for (size_t i = 0; e == 0 && i < s->n_facts; i++) {
		m->facts += s->facts[i].value != NULL;
		if (s->facts[i].dirty)
			e = apply_fact(s, &s->facts[i]);
	}
	for (size_t i = 0; e == 0 && i < s->n_files; i++) {
		m->files += !s->files[i].deleted;
		if (s->files[i].dirty)
			e = apply_file(s, &s->files[i]);
	}
	return e;
}

/* Durable now: texts leave memory, what was deleted leaves the lists. */
void store_side_clean(struct store *s)
{
	size_t n = 0;

	if (!s->side_dirty)
		return;
	for (size_t i = 0; i < s->n_facts; i++) {
		struct fact *f = &s->facts[i];

		f->dirty = false;
		if (f->value)
			s->facts[n++] = *f;
		else
			free(f->name);
	}
	s->n_facts = n;
	n = 0;
	for (size_t i = 0; i < s->n_files; i++) {
		struct file *f = &s->files[i];

		free(f->text);
		f->text = NULL;
		f->dirty = false;
		if (!f->deleted)
			s->files[n++] = *f;
		else
			free(f->path);
	}
	s->n_files = n;
	s->side_dirty = false;
}

void store_side_free(struct store *s)
{
	for (size_t i = 0; i < s->n_facts; i++) {
		free(s->facts[i].name);
		free(s->facts[i].value);
	}
	for (size_t i = 0; i < s->n_files; i++) {
		free(s->files[i].path);
		free(s->files[i].text);
	}
	free(s->facts);
	free(s->files);
}
