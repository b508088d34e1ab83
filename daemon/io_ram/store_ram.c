/* The store in memory. It keeps the promises of io/store.h, the unkind ones too: what was not committed is gone after a
 * crash, a failed commit keeps its changes waiting, and a record read is a copy of what was saved and nothing else. */
#include "io_ram/store_ram.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io_ram/store_ram_parts.h"

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

void store_number(struct store *s, const struct store_key *k, struct record *r)
{
	const struct row *row = row_find(s, k);
	const struct image *old = row && row->waiting.packed ? &row->waiting : row ? &row->durable : NULL;

	if (r->id == 0)
		r->id = old && old->packed ? old->due.id : s->next_id++;
}

int store_save(struct store *s, const struct store_key *k, struct record *r)
{
	struct buf b = {0};

	if (s->read_only)
		return -EROFS;
	if (r->n > SELECTORS_MAX)
		return -EINVAL;
	struct row *row = row_entry(s, k);
	store_number(s, k, r);
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
		if (!w->full) {
			more = w->due && w->due(w->arg, rows[i]->key, &due);
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

/* ---- durable, or not ---- */

bool store_dirty(const struct store *s)
{
	return s->n_waiting > 0 || ram_items_dirty(&s->facts) || ram_items_dirty(&s->files) ||
	       s->n_history > s->n_history_durable;
}

void store_rest(struct store *s)
{
	(void)s; /* everything is in memory, and stays there */
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
	ram_items_end(&s->facts, true);
	ram_items_end(&s->files, true);
	for (size_t i = s->prune_before ? s->n_history : 0; i-- > 0;)
		if (s->history[i].at < s->prune_before)
			ram_forget_history(s, i, 1);
	s->prune_before = 0;
	s->n_history_durable = s->n_history;
	ram_witness_note(s);
	return 0;
}

/* A crash here is a power cut that takes as much as it may. */
int store_write(struct store *s)
{
	if (s->read_only)
		return 0;
	if (s->iterating)
		return -EBUSY;
	return s->fail && store_dirty(s) ? -s->fail : 0;
}

static void drop_waiting(struct store *s)
{
	for (size_t i = 0; i < s->n_rows; i++)
		image_set(&s->rows[i]->waiting, NULL, 0, (struct store_due){0});
	s->n_waiting = 0;
	s->next_id = s->next_id_durable;
	ram_items_end(&s->facts, false);
	ram_items_end(&s->files, false);
	ram_forget_history(s, s->n_history_durable, s->n_history - s->n_history_durable);
	s->prune_before = 0;
}

void store_on_lost(struct store *s, void (*lost)(void *arg, const char *what), void *arg)
{
	s->lost = lost;
	s->lost_arg = arg;
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
	s->witnessed = false;
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

bool store_ram_begun(const struct store *s, const char *domain)
{
	for (size_t i = 0; i < s->n_rows; i++)
		if (str_eq(s->rows[i]->key->domain, domain) && s->rows[i]->durable.packed &&
		        s->rows[i]->durable.due.has_intent)
			return true;
	return false;
}

uint64_t store_ram_commits(const struct store *s)
{
	return s->commits;
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
	ram_items_free(&s->facts);
	ram_items_free(&s->files);
	ram_forget_history(s, 0, s->n_history);
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
		ram_item_set(to, from->list[i].name, from->list[i].durable, from->list[i].durable_len);
	ram_items_end(to, true);
}

void store_ram_copy(const char *from, const char *to)
{
	const struct store *old = folder_find(from);

	if (!old)
		return;
	store_ram_forget(to);
	struct store *s = folder_new(to);
	s->next_id = s->next_id_durable = old->next_id_durable;
	s->commits = old->commits;
	for (size_t i = 0; i < old->n_rows; i++) {
		const struct image *image = &old->rows[i]->durable;

		if (image->packed)
			image_set(&row_entry(s, old->rows[i]->key)->durable,
			        ram_copy(image->packed, image->len), image->len, image->due);
	}
	copy_items(&s->facts, &old->facts);
	copy_items(&s->files, &old->files);
	for (size_t i = 0; i < old->n_history_durable; i++)
		store_history(s, old->history[i].domain_id, old->history[i].at, old->history[i].kind,
		        old->history[i].json);
	s->n_history_durable = s->n_history;
}
