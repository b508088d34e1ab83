/* What was last seen of an external domain's keys, kept in memory for people: records are too long for the state, and are
 * read anew at every look. Here too is remembered which names stand in the DNS with something of nobody's. */
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "core/dname.h"
#include "engine/external.h"

#define TAKEN_MOST 64

struct external_view {
	unsigned n_records;
	struct view_record {
		struct rr rr;
		bool seen; /* the zone is as it should be about it */
	} record[2 * SELECTORS_MAX * EXTERNAL_RECORDS];
	unsigned n_remains;
	struct view_remains {
		char name[SELECTOR_NAME];
		int64_t revoked;
	} remains[SELECTORS_MAX];
	unsigned n_taken;
	char taken[TAKEN_MOST][SELECTOR_NAME];
};

static struct external_view *view_of(struct slot *s)
{
	if (s->external == NULL)
		s->external = xcalloc(1, sizeof(*s->external));
	return s->external;
}

void external_view_free(struct external_view *v)
{
	free(v);
}

/* The customer's own records: a person writes them. */
static void add_pointers(struct external_view *v, const struct desired *d, const struct seen_selector *x)
{
	for (unsigned i = 0; i < x->key->n; i++) {
		struct view_record *r = &v->record[v->n_records];
		char name[DNAME_TEXT], target[DNAME_TEXT];

		if (!dname_dkim(name, x->key->part[i].selector, d->domain) ||
		        !external_owner(target, d, x->key->part[i].selector) ||
		        !rr_cname(&r->rr, name, target))
			continue;
		r->seen = seen_as_wanted(x);
		v->n_records++;
	}
}

void external_view_set(struct slot *s, const struct observed *o, int64_t now)
{
	struct external_view *v = view_of(s);

	(void)now;
	v->n_records = v->n_remains = 0;
	for (unsigned i = 0; i < o->n; i++) {
		const struct seen_selector *x = &o->sel[i];
		struct rr rr[EXTERNAL_RECORDS];
		unsigned n = external_records(s->d, x, rr);

		for (unsigned k = 0; k < n; k++)
			v->record[v->n_records++] =
			        (struct view_record){.rr = rr[k], .seen = seen_as_wanted(x)};
		if (s->d->external->record == RECORD_CNAME && x->key != NULL && x->want == WANT_KEY)
			add_pointers(v, s->d, x);
		if (x->key != NULL && x->key->revoked != 0) {
			struct view_remains *r = &v->remains[v->n_remains++];

			str_copy(r->name, sizeof(r->name), x->name);
			r->revoked = x->key->revoked;
		}
	}
}

void external_view_take(struct slot *s, const char *name)
{
	struct external_view *v = view_of(s);

	for (unsigned i = 0; i < v->n_taken; i++)
		if (str_eq(v->taken[i], name))
			return;
	if (v->n_taken < TAKEN_MOST)
		str_copy(v->taken[v->n_taken++], SELECTOR_NAME, name);
}

void external_view_taken(struct slot *s, const char (**ret)[SELECTOR_NAME], unsigned *ret_n)
{
	struct external_view *v = view_of(s);

	*ret = (const char(*)[SELECTOR_NAME])v->taken;
	*ret_n = v->n_taken;
}

int64_t external_view_revoked(const struct slot *s, const char *selector)
{
	for (unsigned i = 0; s->external != NULL && i < s->external->n_remains; i++)
		if (str_eq(s->external->remains[i].name, selector))
			return s->external->remains[i].revoked;
	return 0;
}

void external_view_json(struct json_w *w, const struct slot *s)
{
	json_w_key(w, "records");
	json_w_array(w);
	for (unsigned i = 0; s->external != NULL && i < s->external->n_records; i++) {
		const struct view_record *r = &s->external->record[i];

		json_w_object(w);
		json_w_kstr(w, "name", r->rr.name);
		json_w_kstr(w, "type", r->rr.type == RR_CNAME ? "CNAME" : "TXT");
		json_w_kint(w, "ttl", r->rr.ttl);
		json_w_kstr(w, "data", r->rr.data);
		json_w_kbool(w, "absent", r->rr.absent);
		json_w_kbool(w, "seen", r->seen);
		json_w_end(w);
	}
	json_w_end(w);
}
