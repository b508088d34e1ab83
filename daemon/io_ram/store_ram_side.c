/* Facts, files, history and the budget's ring of the store in memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io_ram/store_ram.h"
#include "io_ram/store_ram_parts.h"

/* ---- facts and files ---- */

char *ram_copy(const char *p, size_t len)
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

void ram_item_set(struct items *t, const char *name, const char *value, size_t len)
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
	i->waiting = ram_copy(value, len);
	i->waiting_len = len;
	i->dirty = true;
}

static const char *item_value(const struct item *i, size_t *ret_len)
{
	*ret_len = i->dirty ? i->waiting_len : i->durable_len;
	return i->dirty ? i->waiting : i->durable;
}

bool ram_items_dirty(const struct items *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->list[i].dirty)
			return true;
	return false;
}

/* What waits becomes durable, or is dropped. */
void ram_items_end(struct items *t, bool durable)
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
		ram_item_set(&s->facts, name, value, value ? strlen(value) : 0);
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
	ram_item_set(&s->files, path, text, len);
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

void ram_items_free(struct items *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->list[i].name);
		free(t->list[i].durable);
		free(t->list[i].waiting);
	}
	free(t->list);
}

/* ---- history ---- */

void ram_forget_history(struct store *s, size_t from, size_t n)
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

/* ---- the witness: it knows folders by name and outlives their content ---- */

struct witness {
	struct witness *next;
	char *dir, *identity; /* owned; identity NULL = it knows nothing */
	uint64_t commits;
};

static struct witness *witnesses;

static struct witness *witness_of(const char *dir)
{
	struct witness *w = witnesses;

	while (w && strcmp(w->dir, dir) != 0)
		w = w->next;
	if (w)
		return w;
	w = xcalloc(1, sizeof(*w));
	*w = (struct witness){.next = witnesses, .dir = xstrdup(dir)};
	witnesses = w;
	return w;
}

bool store_witness(struct store *s, const char *path)
{
	static unsigned long last;
	const struct witness *w = witness_of(s->dir);
	char *identity = store_fact(s, STORE_IDENTITY), another[40];
	bool good = identity && w->identity && strcmp(identity, w->identity) == 0 && s->commits >= w->commits;

	(void)path;
	free(identity);
	s->witnessed = true;
	if (good)
		return true;
	str_format(another, sizeof(another), "%lu", ++last);
	store_set_fact(s, STORE_IDENTITY, another);
	return false;
}

void ram_witness_note(struct store *s)
{
	struct witness *w;

	if (!s->witnessed)
		return;
	w = witness_of(s->dir);
	free(w->identity);
	w->identity = store_fact(s, STORE_IDENTITY);
	w->commits = s->commits;
}

void store_ram_forget_witness(const char *dir)
{
	struct witness *w = witness_of(dir);

	free(w->identity);
	w->identity = NULL;
}
