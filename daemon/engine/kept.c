/* What a slot keeps of its record, in few bytes: as much as lists and counts need, so that nobody waits for ten thousand
 * records to be read from the disk. It is made anew at every save, which all go through here, and is never what anything
 * is decided on: a look reads the record itself. */
#include <stdlib.h>
#include <string.h>

#include "engine/parts.h"
#include "io/store_rows.h"

static void strip_selector(struct rec_selector *s)
{
	s->published = s->confirmed_since = s->ttl_wait = s->bad_since = s->signing_began = 0;
	s->absent_since = s->task_since = s->target_since = s->last_update = 0;
	s->enabled = s->disabled = s->written = 0;
	s->ttl_record = s->ttl_key = s->ttl_negative_zone = s->ttl_negative_target = 0;
	s->cname_valid = TRI_UNKNOWN;
	s->dns_key = s->dns_recursive = SEEN_UNKNOWN;
	s->dnssec = DNSSEC_UNKNOWN;
	s->test_mode = s->strict = false;
	s->served[0] = s->heard[0] = '\0';
	s->unheard = 0;
}

/* A key's digest is only ever shown as "it is not a new one". */
static void strip_digests(struct rec_selector *s)
{
	s->has_digest = s->has_former = false;
	memset(s->digest, 0, sizeof(s->digest));
	memset(s->former, 0, sizeof(s->former));
}

static void strip_intent(struct intent *x)
{
	x->target[0] = '\0';
	x->scheduled = x->compromised = false;
	x->looks = 0;
	x->first_look = 0;
}

/* Takes away what no list shows, and nothing in it is made of: what is not named here is kept. */
static void strip(struct record *r)
{
	r->first_met = r->last_good = r->last_full = r->names_at = r->trouble_since = 0;
	r->not_signing_since = r->repaired = r->paused_until = r->status_since = 0;
	r->told = r->interval = r->differ_told = 0;
	r->not_signing_looks = r->attempts = 0;
	r->previous[0] = '\0';
	r->service = SERVICE_UNKNOWN;
	for (unsigned i = 0; i < INTENTS_MAX; i++)
		strip_intent(&r->intent[i]);
	for (unsigned i = 0; i < r->n; i++) {
		strip_selector(&r->sel[i]);
		if (r->reason != REASON_KEY_NOT_NEW)
			strip_digests(&r->sel[i]);
	}
}

static void slot_keep(struct slot *s, const struct record *r)
{
	struct record *x = xmalloc(sizeof(*x));
	struct buf b = {0};

	*x = *r;
	strip(x);
	rows_pack(&b, x);
	slot_forget(s);
	s->kept = memcpy(xmalloc(b.len), b.data, b.len); /* without the room to grow */
	buf_free(&b);
	free(x);
}

bool slot_recall(struct slot *s, struct record *ret)
{
	struct store_key key;

	if (s->kept != NULL) {
		rows_unpack(s->kept, ret);
		return false;
	}
	slot_key(s, &key);
	if (store_load(s->account->e->p.store, &key, ret) == 0)
		slot_keep(s, ret);
	else
		record_init(ret);
	return true;
}

void slot_forget(struct slot *s)
{
	free(s->kept);
	s->kept = NULL;
}

void slot_number(struct slot *s, struct record *r)
{
	struct store_key key;

	if (r->id != 0)
		return;
	slot_key(s, &key);
	store_number(s->account->e->p.store, &key, r);
	s->id = r->id;
}

void slot_save(struct slot *s, struct record *r)
{
	struct store_key key;

	slot_key(s, &key);
	if (store_save(s->account->e->p.store, &key, r) == 0)
		slot_keep(s, r);
	else /* what it was before is read again when it is asked for */
		slot_forget(s);
	s->id = r->id;
}

/* --- after the start ------------------------------------------------------------------------------------------------ */

#define FILL_AT_ONCE 25 /* some 50 us each */
#define FILL_EVERY   2  /* ms: a third of a processor, until all is read */

static void fill(void *arg)
{
	struct engine *e = arg;
	struct record *r = xmalloc(sizeof(*r));
	size_t i = slots_after(e, e->filled), read = 0;

	for (; i < e->n_slots && read < FILL_AT_ONCE; i++) {
		struct slot *s = e->slots[i];

		str_copy(e->filled, sizeof(e->filled), s->d->domain);
		if (s->id != 0 && s->missing_since == 0)
			read += slot_recall(s, r);
	}
	free(r);
	if (i < e->n_slots)
		timer_set(e->fill, FILL_EVERY, 0);
}

void kept_start(struct engine *e)
{
	if (e->p.once)
		return; /* nobody asks */
	e->fill = timer_new(e->p.loop, fill, e);
	timer_set(e->fill, FILL_EVERY, 0);
}
