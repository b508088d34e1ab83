/* What is the same for every writer: the records of a job one after another, then one publication for them all. It must
 * never look into an answer. */
#include "platform/writers.h"

#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "core/dname.h"

static const struct writer *writer_for(enum dns_mode dns)
{
	static const struct writer *const writers[] = {&writer_ovh, &writer_rfc2136};

	for (size_t i = 0; i < ARRAY_SIZE(writers); i++)
		if (writers[i]->kind == dns)
			return writers[i];
	return NULL;
}

int write_begin(struct write_job *w, enum dns_mode dns, const char *zone, uint32_t ttl)
{
	char name[HOST_NAME];
	const struct writer *writer = writer_for(dns);

	if (!writer)
		return -ENOTSUP;
	if (!dname_lower(name, sizeof name, zone) || !dname_valid_host(name))
		return -EINVAL;
	memset(w, 0, sizeof *w);
	w->writer = writer;
	w->ttl = ttl;
	memcpy(w->zone, name, sizeof name);
	return 0;
}

int write_add(struct write_job *w, const struct rr *rr)
{
	if (rr_fault(rr, w->zone))
		return -EINVAL;
	if (w->over || w->publishing)
		return -EBUSY;
	if (w->n == WRITE_ITEMS)
		return -ENOSPC;
	w->items[w->n] = (struct write_item){.rr = *rr};
	return (int)w->n++;
}

void writer_end(struct write_job *w, enum write_verdict verdict, enum trouble t, const char *text)
{
	struct write_item *x = &w->items[w->at];

	x->verdict = verdict;
	x->trouble = t;
	str_clean(x->text, sizeof x->text, text);
}

void writer_published(struct write_job *w, enum write_verdict verdict, enum trouble t, const char *text,
        const char *query_id)
{
	for (w->at = 0; w->at < w->n; w->at++) {
		if (w->items[w->at].verdict != WRITE_MADE)
			continue;
		writer_end(w, verdict, t, text);
		if (verdict == WRITE_TROUBLE)
			str_clean(w->items[w->at].query_id, sizeof w->items[w->at].query_id, query_id);
	}
	w->at = 0;
	w->over = true;
}

/* The first record with this verdict, or n. */
static unsigned first(const struct write_job *w, enum write_verdict verdict)
{
	unsigned i = 0;

	while (i < w->n && w->items[i].verdict != verdict)
		i++;
	return i;
}

/* The next record's turn: what the driver knew belongs to the one before. */
static void turn(struct write_job *w, unsigned item)
{
	w->at = item;
	w->step = w->look = w->tries = w->empty = w->found_n = 0;
	w->created = 0;
	w->updated = false;
	w->begun = true;
}

/* Every record is made or has failed. */
static void made(struct write_job *w)
{
	if (first(w, WRITE_MADE) == w->n) {
		w->over = true;
		return;
	}
	w->publishing = true;
	if (!w->writer->publish)
		writer_published(w, WRITE_DONE, TROUBLE_NONE, "", "");
}

bool write_next(struct write_job *w, struct write_request *ret)
{
	while (!w->over && !w->publishing) {
		w->removes = w->refreshes = w->guarded = false;
		w->old[0] = '\0';
		if (w->begun && w->items[w->at].verdict == WRITE_BUSY) {
			if (w->writer->next(w, ret))
				return true;
			continue;
		}
		unsigned next = first(w, WRITE_BUSY);
		if (next < w->n)
			turn(w, next);
		else
			made(w);
	}
	if (w->over)
		return false;
	w->at = first(w, WRITE_MADE);
	w->refreshes = true;
	w->removes = w->guarded = false;
	w->old[0] = '\0';
	w->writer->publish(w, ret);
	return true;
}

void write_feed(struct write_job *w, const struct write_answer *a)
{
	if (!w->over && w->begun)
		w->writer->feed(w, a);
}

void write_deny(struct write_job *w, const char *why)
{
	if (w->over || !w->begun)
		return;
	if (w->publishing)
		writer_published(w, WRITE_DENIED, TROUBLE_NONE, why, "");
	else
		writer_end(w, WRITE_DENIED, TROUBLE_NONE, why);
}

void write_drop(struct write_job *w, unsigned item)
{
	if (item < w->n && w->items[item].verdict == WRITE_BUSY)
		w->items[item].verdict = WRITE_DENIED;
}
