/* Records in and out of SQLite. What was saved since the last commit lies in a queue that reading looks into first;
 * every row is checked against its checksum when it is read, and one that does not agree is told and dropped. It
 * must never hand out a record that is not exactly one that was saved. */
#include "io/store.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/store_db.h"

/* After so many records at once the memory of the queue goes back to the system: a start with many new domains
 * must not leave the daemon large for ever. */
#define TRIM_FROM 500

/* ---- what was lost ---- */

void store_tell_lost(struct store *s, const char *fmt, ...)
{
	struct buf b = {0};
	va_list ap;
	char text[1024];

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_puts(&b, text);
	if (s->lost) {
		s->lost(s->lost_arg, b.data);
		buf_free(&b);
		return;
	}
	s->untold = xrealloc(s->untold, (s->n_untold + 1) * sizeof(char *));
	s->untold[s->n_untold++] = b.data;
}

void store_on_lost(struct store *s, void (*lost)(void *arg, const char *what), void *arg)
{
	s->lost = lost;
	s->lost_arg = arg;
	for (size_t i = 0; lost && i < s->n_untold; i++) {
		lost(arg, s->untold[i]);
		free(s->untold[i]);
	}
	if (lost)
		s->n_untold = 0;
}

/* ---- the queue ---- */

static struct pending **place_of(const struct store *s, const struct store_key *k)
{
	struct pending **p = &s->bucket[rows_hash(k) & (s->cap_bucket - 1)];

	while (*p && rows_compare((*p)->key, k) != 0)
		p = &(*p)->next;
	return p;
}

struct pending *store_pending_find(const struct store *s, const struct store_key *k)
{
	return s->n_pending ? *place_of(s, k) : NULL;
}

static void queue_grow(struct store *s)
{
	struct pending **old = s->bucket;
	size_t n = s->cap_bucket;

	s->cap_bucket = n ? 2 * n : 64;
	s->bucket = xcalloc(s->cap_bucket, sizeof(struct pending *));
	for (size_t i = 0; i < n; i++)
		while (old[i]) {
			struct pending *p = old[i];

			old[i] = p->next;
			p->next = NULL;
			*place_of(s, p->key) = p;
		}
	free(old);
}

/* The queue's entry of this key, a new one if need be. */
static struct pending *queue_entry(struct store *s, const struct store_key *k)
{
	if (s->n_pending >= s->cap_bucket)
		queue_grow(s);
	struct pending **place = place_of(s, k);

	if (!*place) {
		*place = xcalloc(1, sizeof(struct pending));
		(*place)->key = rows_copy_key(k);
		s->n_pending++;
	}
	return *place;
}

void store_pending_clear(struct store *s)
{
	size_t n = s->n_pending;

	for (size_t i = 0; i < s->cap_bucket; i++)
		while (s->bucket[i]) {
			struct pending *p = s->bucket[i];

			s->bucket[i] = p->next;
			free(p->key);
			free(p->packed);
			free(p);
		}
	free(s->bucket);
	s->bucket = NULL;
	s->n_pending = s->cap_bucket = 0;
	if (n >= TRIM_FROM)
		malloc_trim(0);
}

void store_drop(struct store *s, const struct store_key *k)
{
	char name[STR_CLEAN_MAX];

	store_tell_lost(s, "the record of %s was damaged and is dropped; the domain is met anew",
	        rows_name(name, sizeof(name), k));
	if (s->read_only)
		return;
	struct pending *p = queue_entry(s, k);
	free(p->packed);
	p->packed = NULL;
	p->drop = true;
}

/* ---- reading ---- */

/* Fills a structure from the columns of a row that begin at `at`; false when one cannot be what it should be. */
static bool read_columns(struct sql_stmt *st, int at, const struct rows_table *t, void *structure)
{
	bool good = true;

	for (unsigned i = 0; i < t->n; i++, at++) {
		const struct rows_column *c = &t->columns[i];
		size_t n;

		if (rows_is_text(c)) {
			good &= rows_set_text(c, structure, sql_text(st, at));
		} else if (c->type == ROWS_BYTES) {
			const void *p = sql_bytes(st, at, &n);

			good &= rows_set_bytes(c, structure, p, n);
		} else {
			good &= rows_set_int(c, structure, sql_int(st, at));
		}
	}
	return good;
}

/* The selectors or intents of a record: 0, -EBADMSG when they cannot be right, or what the database says. */
static int read_parts(struct store *s, enum store_stmt which, struct record *r)
{
	bool intents = which == ST_INTENTS, good = true;
	const struct rows_table *t = intents ? &rows_intent : &rows_selector;
	int64_t most = intents ? INTENTS_MAX : SELECTORS_MAX;
	struct sql_stmt *st = s->st[which];
	int e;

	sql_put_int(st, 1, r->id);
	while ((e = sql_step(st)) > 0 && good) {
		int64_t n = sql_int(st, 0);

		good = n >= 0 && n < most && (intents || n == r->n);
		if (good)
			good = read_columns(
			        st, 1, t, intents ? (void *)&r->intent[n] : (void *)&r->sel[r->n++]);
	}
	sql_reset(st);
	return good ? e : -EBADMSG;
}

static struct store_key read_key(struct sql_stmt *st)
{
	return (struct store_key){.domain = sql_text(st, 0),
	        .platform = sql_text(st, 1),
	        .service = sql_text(st, 2),
	        .organization = sql_text(st, 3),
	        .account = sql_text(st, 4)};
}

/* The record of the row at which st stands. -EBADMSG when row and checksum disagree. */
static int read_record(struct store *s, struct sql_stmt *st, const struct store_key *k, struct record *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->id = sql_int(st, HEAD_ID);
	if (!read_columns(st, HEAD_COUNT, &rows_domain, ret))
		return -EBADMSG;
	int e = read_parts(s, ST_INTENTS, ret);

	if (e == 0)
		e = read_parts(s, ST_SELECTORS, ret);
	if (e < 0)
		return e;
	return (int64_t)rows_sum(k, ret) == sql_int(st, HEAD_SUM) ? 0 : -EBADMSG;
}

static void put_key(struct sql_stmt *st, const struct store_key *k)
{
	sql_put_text(st, 1, k->domain);
	sql_put_text(st, 2, k->platform);
	sql_put_text(st, 3, k->service);
	sql_put_text(st, 4, k->organization);
	sql_put_text(st, 5, k->account);
}

int store_load(struct store *s, const struct store_key *k, struct record *ret)
{
	const struct pending *p = store_pending_find(s, k);
	struct sql_stmt *st = s->st[ST_LOAD];
	struct record r;

	if (p && p->drop)
		return -ENOENT;
	if (p) {
		rows_unpack(p->packed, ret);
		return 0;
	}
	put_key(st, k);
	int e = sql_step(st);
	if (e > 0)
		e = read_record(s, st, k, &r);
	else if (e == 0)
		e = -ENOENT;
	sql_reset(st);
	if (e == -EBADMSG) {
		store_drop(s, k);
		e = -ENOENT;
	}
	if (e == 0)
		*ret = r;
	return e;
}

/* The id under which the database or the queue has this key, 0 = none. */
static int64_t known_id(struct store *s, const struct store_key *k)
{
	const struct pending *p = store_pending_find(s, k);
	struct sql_stmt *st = s->st[ST_ID];
	int64_t id = 0;

	if (p)
		return p->drop ? 0 : p->due.id;
	put_key(st, k);
	if (sql_step(st) > 0)
		id = sql_int(st, 0);
	sql_reset(st);
	return id;
}

void store_number(struct store *s, const struct store_key *k, struct record *r)
{
	if (r->id == 0)
		r->id = known_id(s, k);
	if (r->id == 0)
		r->id = s->next_id++;
}

int store_save(struct store *s, const struct store_key *k, struct record *r)
{
	struct buf b = {0};

	if (s->read_only)
		return -EROFS;
	if (r->n > SELECTORS_MAX)
		return -EINVAL;
	store_number(s, k, r);
	struct pending *p = queue_entry(s, k);
	rows_pack(&b, r);
	free(p->packed);
	p->packed = b.data;
	p->due = rows_due(r);
	p->drop = false;
	return 0;
}

bool store_dirty(const struct store *s)
{
	bool history = (s->n_events > 0 || s->history_unsafe) && !s->history_failed;

	return s->n_pending > 0 || s->side_dirty || s->note_dirty || s->unsafe || history;
}

/* ---- all of them ---- */

static int by_key(const void *a, const void *b)
{
	return rows_compare((*(struct pending *const *)a)->key, (*(struct pending *const *)b)->key);
}

struct pending **store_pending_sorted(const struct store *s)
{
	struct pending **list = xcalloc(s->n_pending, sizeof(struct pending *));
	size_t n = 0;

	for (size_t i = 0; i < s->cap_bucket; i++)
		for (struct pending *p = s->bucket[i]; p; p = p->next)
			list[n++] = p;
	if (n)
		qsort(list, n, sizeof(struct pending *), by_key);
	return list;
}

/* One walk over database and queue together; `full` or `due` is called. */
struct walk {
	struct store *s;
	bool (*full)(void *arg, const struct store_key *k, const struct record *r);
	bool (*due)(void *arg, const struct store_key *k, const struct store_due *d);
	void *arg;
	struct pending **queue;
	size_t n, i;
};

static bool walk_queued(struct walk *w, const struct pending *p)
{
	struct record r;

	if (p->drop)
		return true;
	if (!w->full)
		return w->due && w->due(w->arg, p->key, &p->due);
	rows_unpack(p->packed, &r);
	return w->full(w->arg, p->key, &r);
}

/* What is queued and comes before k (NULL = all that is left). */
static bool walk_queued_before(struct walk *w, const struct store_key *k)
{
	while (w->i < w->n && (!k || rows_compare(w->queue[w->i]->key, k) < 0))
		if (!walk_queued(w, w->queue[w->i++]))
			return false;
	return true;
}

static int read_due(struct sql_stmt *st, const struct store_key *k, struct store_due *ret)
{
	int phase = words_parse(&rows_phases, sql_text(st, 6));
	int condition = words_parse(&rows_conditions, sql_text(st, 7));
	int reason = words_parse(&rows_reasons, sql_text(st, 8));

	*ret = (struct store_due){.id = sql_int(st, 5),
	        .phase = (enum phase)phase,
	        .condition = (enum condition)condition,
	        .reason = (enum reason)reason,
	        .next_look = sql_int(st, 9),
	        .has_intent = sql_int(st, 10) != 0,
	        .last_full =
	                sql_int(st, 12)}; /* the sum of the whole record vouches for it, once that is read */
	if (phase < 0 || condition < 0 || reason < 0)
		return -EBADMSG;
	return (int64_t)rows_sum_due(k, ret) == sql_int(st, 11) ? 0 : -EBADMSG;
}

/* The row at which st stands, unless the queue knows better. False ends the walk. */
static bool walk_row(struct walk *w, struct sql_stmt *st, int *ret_error)
{
	struct store_key k = read_key(st);
	struct record r;
	struct store_due d;

	if (!walk_queued_before(w, &k))
		return false;
	const struct pending *p = store_pending_find(w->s, &k);
	if (p) {
		w->i += w->i < w->n && w->queue[w->i] == p;
		return walk_queued(w, p);
	}
	int e = w->full ? read_record(w->s, st, &k, &r) : read_due(st, &k, &d);
	if (e == -EBADMSG) {
		store_drop(w->s, &k);
		return true;
	}
	if (e < 0) {
		*ret_error = e;
		return false;
	}
	return w->full ? w->full(w->arg, &k, &r) : w->due && w->due(w->arg, &k, &d);
}

static int walk_all(struct walk *w, struct sql_stmt *st)
{
	int e, error = 0;

	w->queue = store_pending_sorted(w->s);
	w->n = w->s->n_pending;
	w->s->iterating++;
	bool more = true;
	while ((e = sql_step(st)) > 0 && more)
		more = walk_row(w, st, &error);
	if (e == 0 && more)
		walk_queued_before(w, NULL);
	w->s->iterating--;
	free(w->queue);
	sql_free(st);
	return e < 0 ? e : error;
}

int store_each(struct store *s, bool (*each)(void *arg, const struct store_key *k, const struct record *r),
        void *arg)
{
	struct walk w = {.s = s, .full = each, .arg = arg};
	struct sql_stmt *st = NULL;
	int e = store_schema_each(s, &st);

	return e < 0 ? e : walk_all(&w, st);
}

int store_each_due(struct store *s,
        bool (*each)(void *arg, const struct store_key *k, const struct store_due *d), void *arg)
{
	static const char text[] =
	        "SELECT domain,platform,service,organization,account,id,phase,condition,reason,next_look,"
	        "has_intent,due_sum,last_full FROM domain ORDER BY "
	        "domain,platform,service,organization,account";
	struct walk w = {.s = s, .due = each, .arg = arg};
	struct sql_stmt *st = NULL;
	int e = sql_prepare(s->db, text, &st);

	return e < 0 ? e : walk_all(&w, st);
}
