/* Making changes durable: one transaction for everything that waits. It must never clear the queue before SQLite has
 * said that the transaction is on the disk, so that a commit that failed can be tried again without loss. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/store_db.h"

int64_t store_meta_sum(const struct meta *m)
{
	uint64_t sum = rows_mix_int(3, m->commits);

	sum = rows_mix_int(rows_mix_int(sum, m->domains), m->next_id);
	return (int64_t)rows_mix_int(rows_mix_int(sum, m->facts), m->files);
}

static void put_key(struct sql_stmt *st, const struct store_key *k)
{
	sql_put_text(st, 1, k->domain);
	sql_put_text(st, 2, k->platform);
	sql_put_text(st, 3, k->service);
	sql_put_text(st, 4, k->organization);
	sql_put_text(st, 5, k->account);
}

static void put_columns(struct sql_stmt *st, int at, const struct rows_table *t, const void *structure)
{
	for (unsigned i = 0; i < t->n; i++, at++) {
		const struct rows_column *c = &t->columns[i];

		if (rows_is_text(c)) {
			sql_put_text(st, at, rows_text(c, structure));
		} else if (c->type == ROWS_BYTES) {
			size_t n;
			const void *p = rows_bytes(c, structure, &n);

			sql_put_bytes(st, at, p, n);
		} else {
			sql_put_int(st, at, rows_int(c, structure));
		}
	}
}

static int put_part(struct store *s, enum store_stmt which, int64_t id, unsigned n, const void *structure)
{
	struct sql_stmt *st = s->st[which];

	sql_put_int(st, 1, id);
	sql_put_int(st, 2, n);
	put_columns(st, 3, which == ST_PUT_INTENT ? &rows_intent : &rows_selector, structure);
	return sql_run(st);
}

/* Takes away the intents of an id, and its selectors from number n on. */
static int cut_parts(struct store *s, int64_t id, unsigned n)
{
	sql_put_int(s->st[ST_CUT_INTENTS], 1, id);
	int e = sql_run(s->st[ST_CUT_INTENTS]);

	sql_put_int(s->st[ST_CUT_SELECTORS], 1, id);
	sql_put_int(s->st[ST_CUT_SELECTORS], 2, n);
	return e < 0 ? e : sql_run(s->st[ST_CUT_SELECTORS]);
}

static int put_record(struct store *s, const struct store_key *k, const struct record *r)
{
	struct sql_stmt *st = s->st[ST_PUT_DOMAIN];
	struct store_due due = rows_due(r);
	int e = 0;

	put_key(st, k);
	sql_put_int(st, HEAD_ID + 1, r->id);
	sql_put_int(st, HEAD_HAS_INTENT + 1, due.has_intent);
	sql_put_int(st, HEAD_SUM + 1, (int64_t)rows_sum(k, r));
	sql_put_int(st, HEAD_DUE_SUM + 1, (int64_t)rows_sum_due(k, &due));
	put_columns(st, HEAD_COUNT + 1, &rows_domain, r);
	e = sql_run(st);
	for (unsigned i = 0; e == 0 && i < INTENTS_MAX; i++)
		if (r->intent[i].action != ACTION_NONE)
			e = put_part(s, ST_PUT_INTENT, r->id, i, &r->intent[i]);
	for (unsigned i = 0; e == 0 && i < r->n; i++)
		e = put_part(s, ST_PUT_SELECTOR, r->id, i, &r->sel[i]);
	return e;
}

/* One entry of the queue into the transaction. Whether the row is there is asked of the database, not remembered:
 * the count of rows must hold whatever was dropped or saved in between. */
static int apply_record(struct store *s, const struct pending *p, struct meta *m)
{
	struct record r = {0};
	int64_t id = 0;

	put_key(s->st[ST_ID], p->key);
	int there = sql_step(s->st[ST_ID]);
	if (there > 0)
		id = sql_int(s->st[ST_ID], 0);
	sql_reset(s->st[ST_ID]);
	if (there < 0)
		return there;
	if (p->packed)
		rows_unpack(p->packed, &r);
	int e = 0;
	if (there)
		e = cut_parts(s, id, !p->drop && id == r.id ? r.n : 0);
	if (p->drop && there && e == 0) {
		put_key(s->st[ST_CUT_DOMAIN], p->key);
		e = sql_run(s->st[ST_CUT_DOMAIN]);
	}
	if (e < 0)
		return e;
	m->domains += (p->drop ? 0 : 1) - there;
	return p->drop ? 0 : put_record(s, p->key, &r);
}

/* In the order of the keys, in which the rows lie: many records at once then touch each page once. Damaged rows go
 * first: one whose key was damaged still has the id of the record that is saved anew. */
static int apply_all(struct store *s, struct meta *m)
{
	struct pending **queue = store_pending_sorted(s);
	int e = 0;

	for (size_t i = 0; e == 0 && i < s->n_pending; i++)
		if (queue[i]->drop)
			e = apply_record(s, queue[i], m);
	for (size_t i = 0; e == 0 && i < s->n_pending; i++)
		if (!queue[i]->drop)
			e = apply_record(s, queue[i], m);
	free(queue);
	if (e == 0)
		e = store_side_apply(s, m);
	if (e < 0)
		return e;
	struct sql_stmt *st = s->st[ST_PUT_META];
	sql_put_int(st, 1, m->commits);
	sql_put_int(st, 2, m->domains);
	sql_put_int(st, 3, m->next_id);
	sql_put_int(st, 4, m->facts);
	sql_put_int(st, 5, m->files);
	sql_put_int(st, 6, store_meta_sum(m));
	return sql_run(st);
}

static int commit_records(struct store *s, bool wait)
{
	struct meta m = s->meta;
	int e = sql_wait(s->db, wait);

	if (e == 0)
		e = sql_exec(s->db, "BEGIN IMMEDIATE");
	if (e < 0)
		return e;
	m.commits++;
	m.next_id = s->next_id;
	e = apply_all(s, &m);
	if (e == 0)
		e = sql_exec(s->db, "COMMIT");
	if (e < 0) {
		sql_exec(s->db, "ROLLBACK"); /* SQLite may have done so by itself */
		return e;
	}
	s->meta = m;
	s->note_dirty = false;
	s->unsafe = !wait;
	store_pending_clear(s);
	store_side_clean(s);
	if (wait) /* the lock file lies on the same disk, and must not know more than a power cut leaves of the database */
		store_lock_note(s, s->meta.commits);
	store_witness_note(s);
	return 0;
}

static int commit(struct store *s, bool wait)
{
	int e = 0;

	if (s->read_only)
		return 0;
	if (s->iterating)
		return -EBUSY;
	if (s->n_pending || s->side_dirty || s->note_dirty || (wait && s->unsafe))
		e = commit_records(s, wait);
	if (e == 0)
		store_history_commit(s, wait);
	return e;
}

int store_commit(struct store *s)
{
	return commit(s, true);
}

int store_write(struct store *s)
{
	return commit(s, false);
}

void store_rest(struct store *s)
{
	sql_rest(s->db);
	sql_rest(s->history);
}
