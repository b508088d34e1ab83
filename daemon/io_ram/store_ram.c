/* The store in memory. It keeps the promises of io/store.h, the unkind ones too: what was not committed is gone after a
 * crash, a failed commit keeps its changes waiting, and a record read is a copy of what was saved and nothing else. */
#include "io_ram/store_ram.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/store_rows.h"

#define RING 8192 /* as many as the file beside the database holds */

struct image {
	char *packed; /* owned; NULL = none */
	size_t len;
	struct store_due due;
};

struct row {
	struct store_key *key; /* owned */
	struct image durable, waiting;
	bool damaged;
};

/* A fact or a file. */
struct item {
	char *name;
	char *durable, *waiting; /* owned, terminated; NULL = none, deleted */
	size_t durable_len, waiting_len;
	bool dirty;
};

struct items {
	struct item *list; /* by name */
	size_t n;
};

struct entry {
	int64_t domain_id, at;
	char *kind, *json;
};

struct ring {
	char *account;
	int64_t at[RING];
	uint64_t n; /* ever noted */
};

struct store {
	struct store *next;
	char *dir;
	bool open, read_only;
	unsigned iterating;
	int fail;
	uint64_t commits;
	struct row **rows; /* by key */
	size_t n_rows, n_waiting;
	int64_t next_id, next_id_durable;
	struct items facts, files;
	struct entry *history;
	size_t n_history, n_history_durable;
	int64_t prune_before;
	struct ring **rings;
	size_t n_rings;
	void (*lost)(void *arg, const char *what);
	void *lost_arg;
};

static struct store *folders;

/* ---- rows ---- */

static void image_set(struct image *i, char *packed, size_t len, struct store_due due)
{
	free(i->packed);
	*i = (struct image){packed, len, due};
}

static size_t row_place(const struct store *s, const struct store_key *k, bool *ret_found)
{
	size_t lo = 0, hi = s->n_rows;

	*ret_found = false;
	while (lo < hi && !*ret_found) {
		size_t mid = (lo + hi) / 2;
		int c = rows_compare(s->rows[mid]->key, k);

		*ret_found = c == 0;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return hi;
}

static struct row *row_find(const struct store *s, const struct store_key *k)
{
	bool found;
	size_t i = row_place(s, k, &found);

	return found ? s->rows[i] : NULL;
}

static struct row *row_entry(struct store *s, const struct store_key *k)
{
	bool found;
	size_t i = row_place(s, k, &found);

	if (found)
		return s->rows[i];
	s->rows = xrealloc(s->rows, (s->n_rows + 1) * sizeof(struct row *));
	memmove(&s->rows[i + 1], &s->rows[i], (s->n_rows - i) * sizeof(struct row *));
	s->n_rows++;
	s->rows[i] = xcalloc(1, sizeof(struct row));
	s->rows[i]->key = rows_copy_key(k);
	return s->rows[i];
}

/* What reading finds: the queued image, else the durable one unless it is damaged. */
static const struct image *row_read(struct store *s, struct row *r)
{
	char name[STR_CLEAN_MAX], what[STR_CLEAN_MAX + 100];

	if (r->waiting.packed)
		return &r->waiting;
	if (r->damaged) {
		r->damaged = false;
		image_set(&r->durable, NULL, 0, (struct store_due){0});
		str_format(what, sizeof(what),
		        "the record of %s was damaged and is dropped; the domain is met anew",
		        rows_name(name, sizeof(name), r->key));
		if (s->lost)
			s->lost(s->lost_arg, what);
	}
	return r->durable.packed ? &r->durable : NULL;
}

int store_load(struct store *s, const struct store_key *k, struct record *ret)
{
	struct row *r = row_find(s, k);
	const struct image *i = r ? row_read(s, r) : NULL;

	if (!i)
		return -ENOENT;
	rows_unpack(i->packed, ret);
	return 0;
}

int store_save(struct store *s, const struct store_key *k, struct record *r)
{
	struct buf b = {0};

	if (s->read_only)
		return -EROFS;
	if (r->n > SELECTORS_MAX)
		return -EINVAL;
	struct row *row = row_entry(s, k);
	const struct image *old = row->waiting.packed ? &row->waiting : &row->durable;
	if (r->id == 0)
		r->id = old->packed ? old->due.id : s->next_id++;
	rows_pack(&b, r);
	s->n_waiting += !row->waiting.packed;
	image_set(&row->waiting, b.data, b.len, rows_due(r));
	return 0;
}

/* ---- all of them ---- */

struct walk {
	bool (*full)(void *arg, const struct store_key *k, const struct record *r);
	bool (*due)(void *arg, const struct store_key *k, const struct store_due *d);
	void *arg;
};

/* Over a copy of the list: the callback may save new records. */
static int walk_all(struct store *s, const struct walk *w)
{
	size_t n = s->n_rows;
	struct row **rows = xmalloc(n * sizeof(struct row *));
	bool more = true;

	if (n)
		memcpy(rows, s->rows, n * sizeof(struct row *));
	s->iterating++;
	for (size_t i = 0; i < n && more; i++) {
		const struct image *image = row_read(s, rows[i]);
		struct record r;

		if (!image)
			continue;
		struct store_due due = image->due; /* the image may go while the callback saves */
		if (w->due) {
			more = w->due(w->arg, rows[i]->key, &due);
			continue;
		}
		rows_unpack(image->packed, &r);
		more = w->full(w->arg, rows[i]->key, &r);
	}
	s->iterating--;
	free(rows);
	return 0;
}

int store_each(struct store *s, bool (*each)(void *arg, const struct store_key *k, const struct record *r),
        void *arg)
{
	return walk_all(s, &(struct walk){.full = each, .arg = arg});
}

int store_each_due(struct store *s,
        bool (*each)(void *arg, const struct store_key *k, const struct store_due *d), void *arg)
{
	return walk_all(s, &(struct walk){.due = each, .arg = arg});
}

/* ---- facts and files ---- */

static char *copy_bytes(const char *p, size_t len)
{
	char *copy = p ? xmalloc(len + 1) : NULL;

	if (copy) {
		memcpy(copy, p, len);
		copy[len] = '\0';
	}
	return copy;
}

static struct item *item_find(const struct items *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->list[i].name, name) == 0)
			return &t->list[i];
	return NULL;
}

static void item_set(struct items *t, const char *name, const char *value, size_t len)
{
	struct item *i = item_find(t, name);

	if (!i && !value)
		return;
	if (!i) {
		t->list = xrealloc(t->list, (t->n + 1) * sizeof(struct item));
		for (i = &t->list[t->n++]; i > t->list && strcmp(i[-1].name, name) > 0; i--)
			*i = i[-1];
		*i = (struct item){.name = xstrdup(name)};
	}
	free(i->waiting);
	i->waiting = copy_bytes(value, len);
	i->waiting_len = len;
	i->dirty = true;
}

static const char *item_value(const struct item *i, size_t *ret_len)
{
	*ret_len = i->dirty ? i->waiting_len : i->durable_len;
	return i->dirty ? i->waiting : i->durable;
}

static bool items_dirty(const struct items *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->list[i].dirty)
			return true;
	return false;
}

/* What waits becomes durable, or is dropped. */
static void items_end(struct items *t, bool durable)
{
	for (size_t i = 0; i < t->n; i++) {
		struct item *it = &t->list[i];

		if (it->dirty && durable) {
			free(it->durable);
			it->durable = it->waiting;
			it->durable_len = it->waiting_len;
		} else {
			free(it->waiting);
		}
		it->waiting = NULL;
		it->dirty = false;
	}
}

int store_set_fact(struct store *s, const char *name, const char *value)
{
	const struct item *i = item_find(&s->facts, name);
	size_t len;

	if (s->read_only)
		return -EROFS;
	if (!str_eq(i ? item_value(i, &len) : NULL, value))
		item_set(&s->facts, name, value, value ? strlen(value) : 0);
	return 0;
}

char *store_fact(struct store *s, const char *name)
{
	const struct item *i = item_find(&s->facts, name);
	size_t len;
	const char *value = i ? item_value(i, &len) : NULL;

	return value ? xstrdup(value) : NULL;
}

int store_set_file(struct store *s, const char *path, const char *text, size_t len)
{
	if (s->read_only)
		return -EROFS;
	item_set(&s->files, path, text, len);
	return 0;
}

int store_each_file(
        struct store *s, bool (*each)(void *arg, const char *path, const char *text, size_t len), void *arg)
{
	bool more = true;

	for (size_t i = 0; i < s->files.n && more; i++) {
		size_t len;
		const char *text = item_value(&s->files.list[i], &len);

		if (text)
			more = each(arg, s->files.list[i].name, text, len);
	}
	return 0;
}

/* ---- history ---- */

static void forget_history(struct store *s, size_t from, size_t n)
{
	if (n == 0)
		return;
	for (size_t i = from; i < from + n; i++) {
		free(s->history[i].kind);
		free(s->history[i].json);
	}
	memmove(s->history + from, s->history + from + n, (s->n_history - from - n) * sizeof(struct entry));
	s->n_history -= n;
}

int store_history(struct store *s, int64_t domain_id, int64_t at, const char *kind, const char *json)
{
	if (s->read_only)
		return -EROFS;
	s->history = xrealloc(s->history, (s->n_history + 1) * sizeof(struct entry));
	s->history[s->n_history++] = (struct entry){domain_id, at, xstrdup(kind), xstrdup(json)};
	return 0;
}

int store_each_history(struct store *s, int64_t domain_id, int64_t since,
        bool (*each)(void *arg, int64_t domain_id, int64_t at, const char *kind, const char *json), void *arg)
{
	bool more = true;

	for (size_t i = 0; i < s->n_history && more; i++) {
		const struct entry *e = &s->history[i];

		if (e->at >= since && (domain_id == 0 || e->domain_id == domain_id))
			more = each(arg, e->domain_id, e->at, e->kind, e->json);
	}
	return 0;
}

int store_prune(struct store *s, int64_t before)
{
	if (s->read_only)
		return -EROFS;
	s->prune_before = before;
	return 0;
}

/* ---- durable, or not ---- */

bool store_dirty(const struct store *s)
{
	return s->n_waiting > 0 || items_dirty(&s->facts) || items_dirty(&s->files) ||
	       s->n_history > s->n_history_durable;
}

int store_commit(struct store *s)
{
	if (s->read_only)
		return 0;
	if (s->iterating)
		return -EBUSY;
	if (s->fail && store_dirty(s))
		return -s->fail;
	s->commits += store_dirty(s);
	for (size_t i = 0; s->n_waiting && i < s->n_rows; i++) {
		struct row *r = s->rows[i];

		if (!r->waiting.packed)
			continue;
		image_set(&r->durable, r->waiting.packed, r->waiting.len, r->waiting.due);
		r->waiting.packed = NULL;
		r->damaged = false;
	}
	s->n_waiting = 0;
	s->next_id_durable = s->next_id;
	items_end(&s->facts, true);
	items_end(&s->files, true);
	for (size_t i = s->prune_before ? s->n_history : 0; i-- > 0;)
		if (s->history[i].at < s->prune_before)
			forget_history(s, i, 1);
	s->prune_before = 0;
	s->n_history_durable = s->n_history;
	return 0;
}

static void drop_waiting(struct store *s)
{
	for (size_t i = 0; i < s->n_rows; i++)
		image_set(&s->rows[i]->waiting, NULL, 0, (struct store_due){0});
	s->n_waiting = 0;
	s->next_id = s->next_id_durable;
	items_end(&s->facts, false);
	items_end(&s->files, false);
	forget_history(s, s->n_history_durable, s->n_history - s->n_history_durable);
	s->prune_before = 0;
}

void store_on_lost(struct store *s, void (*lost)(void *arg, const char *what), void *arg)
{
	s->lost = lost;
	s->lost_arg = arg;
}

/* ---- the budget's ring ---- */

static struct ring *ring_of(struct store *s, const char *account)
{
	for (size_t i = 0; i < s->n_rings; i++)
		if (strcmp(s->rings[i]->account, account) == 0)
			return s->rings[i];
	s->rings = xrealloc(s->rings, (s->n_rings + 1) * sizeof(struct ring *));
	struct ring *r = s->rings[s->n_rings++] = xcalloc(1, sizeof(struct ring));
	r->account = xstrdup(account);
	return r;
}

void store_budget_note(struct store *s, const char *account, int64_t host_wall_ms)
{
	struct ring *r = ring_of(s, account);

	r->at[r->n++ % RING] = host_wall_ms;
}

static int ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

size_t store_budget_read(struct store *s, const char *account, int64_t since, int64_t *ret, size_t max)
{
	const struct ring *r = ring_of(s, account);
	int64_t *times = xmalloc(RING * sizeof(int64_t));
	size_t kept = 0, held = r->n < RING ? (size_t)r->n : RING;

	for (size_t i = 0; i < held; i++)
		if (r->at[i] >= since && r->at[i] > 0)
			times[kept++] = r->at[i];
	qsort(times, kept, sizeof(int64_t), ascending);
	size_t skip = kept > max ? kept - max : 0;
	memcpy(ret, times + skip, (kept - skip) * sizeof(int64_t));
	free(times);
	return kept - skip;
}

/* ---- folders ---- */

static struct store *folder_find(const char *dir)
{
	struct store *s = folders;

	while (s && strcmp(s->dir, dir) != 0)
		s = s->next;
	return s;
}

static struct store *folder_new(const char *dir)
{
	struct store *s = xcalloc(1, sizeof(*s));

	s->dir = xstrdup(dir);
	s->next_id = s->next_id_durable = 1;
	s->next = folders;
	folders = s;
	return s;
}

struct store *store_open(const char *dir, bool read_only, char *error, size_t error_len)
{
	struct store *s = folder_find(dir);

	if (!s && read_only) {
		str_format(error, error_len, "%s/state.db: %s", dir, strerror(ENOENT));
		return NULL;
	}
	if (s && s->open) {
		str_format(error, error_len, "%s is locked by another daemon (pid 1)", dir);
		return NULL;
	}
	s = s ? s : folder_new(dir);
	s->open = true;
	s->read_only = read_only;
	s->fail = 0;
	s->lost = NULL;
	return s;
}

void store_close(struct store *s)
{
	if (!s || !s->open)
		return;
	drop_waiting(s);
	s->open = false;
}

void store_ram_crash(struct store *s)
{
	store_close(s);
}

void store_ram_fail(struct store *s, int error)
{
	s->fail = error;
}

void store_ram_damage(struct store *s, const struct store_key *k)
{
	struct row *r = row_find(s, k);

	if (r)
		r->damaged = true;
}

uint64_t store_ram_commits(const struct store *s)
{
	return s->commits;
}

static void items_free(struct items *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->list[i].name);
		free(t->list[i].durable);
		free(t->list[i].waiting);
	}
	free(t->list);
}

void store_ram_forget(const char *dir)
{
	struct store **p = &folders;

	while (*p && strcmp((*p)->dir, dir) != 0)
		p = &(*p)->next;
	struct store *s = *p;
	if (!s)
		return;
	*p = s->next;
	for (size_t i = 0; i < s->n_rows; i++) {
		free(s->rows[i]->key);
		free(s->rows[i]->durable.packed);
		free(s->rows[i]->waiting.packed);
		free(s->rows[i]);
	}
	free(s->rows);
	items_free(&s->facts);
	items_free(&s->files);
	forget_history(s, 0, s->n_history);
	free(s->history);
	for (size_t i = 0; i < s->n_rings; i++) {
		free(s->rings[i]->account);
		free(s->rings[i]);
	}
	free(s->rings);
	free(s->dir);
	free(s);
}

static void copy_items(struct items *to, const struct items *from)
{
	for (size_t i = 0; i < from->n; i++)
		item_set(to, from->list[i].name, from->list[i].durable, from->list[i].durable_len);
	items_end(to, true);
}

void store_ram_copy(const char *from, const char *to)
{
	const struct store *old = folder_find(from);

	if (!old)
		return;
	store_ram_forget(to);
	struct store *s = folder_new(to);
	s->next_id = s->next_id_durable = old->next_id_durable;
	for (size_t i = 0; i < old->n_rows; i++) {
		const struct image *image = &old->rows[i]->durable;

		if (image->packed)
			image_set(&row_entry(s, old->rows[i]->key)->durable,
			        copy_bytes(image->packed, image->len), image->len, image->due);
	}
	copy_items(&s->facts, &old->facts);
	copy_items(&s->files, &old->files);
	for (size_t i = 0; i < old->n_history_durable; i++)
		store_history(s, old->history[i].domain_id, old->history[i].at, old->history[i].kind,
		        old->history[i].json);
	s->n_history_durable = s->n_history;
}
