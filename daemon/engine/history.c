/* The history of the domains: every change with what was seen that justified it and what was answered, and every
 * transition; not the routine looks. It is kept two years and read a page at a time. Nothing is ever decided on it. */
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "core/words.h"
#include "engine/job.h"

#define PAGE_MOST 2000 /* entries: some 10 ms of the loop */

/* --- writing --------------------------------------------------------------------------------------------------------- */

static struct json_w *open_entry(struct buf *b, const struct slot *s)
{
	struct json_w *w = json_w_open(b);

	json_w_object(w);
	json_w_kstr(w, "domain", s->d->domain);
	json_w_kstr(w, "platform", platform_word(s->d->platform));
	return w;
}

static void keep_entry(struct buf *b, struct json_w *w, const struct slot *s, int64_t id, const char *kind)
{
	json_w_end(w);
	json_w_close(w);
	store_history(s->account->e->p.store, id, account_now(s->account), kind, b->data);
	buf_free(b);
}

/* What the pass showed, which plan() and gate() decided on. */
static void seen_object(struct json_w *w, const struct observed *o)
{
	json_w_object(w);
	json_w_ktime(w, "at", o->began);
	if (o->theirs.code != 0)
		json_w_kint(w, "diagnosis", o->theirs.code);
	json_w_key(w, "selectors");
	json_w_array(w);
	for (unsigned i = 0; i < o->n; i++) {
		const struct seen_selector *s = &o->sel[i];

		json_w_object(w);
		json_w_kstr(w, "name", s->name);
		json_w_kstr(w, "state", selector_state_word(s->state));
		if (s->target[0] != '\0')
			json_w_kstr(w, "target", s->target);
		if (s->dns_at != 0) {
			json_w_kstr(w, "dns", seen_word(s->dns.state));
			json_w_kint(w, "servers", s->dns.servers);
			json_w_kint(w, "agreed", s->dns.agreed);
			json_w_kint(w, "key_bits", s->dns.key_bits);
		}
		json_w_end(w);
	}
	json_w_end(w);
	json_w_end(w);
}

static void seen_json(struct json_w *w, const struct observed *o)
{
	json_w_key(w, "seen");
	seen_object(w, o);
}

static void why_json(struct json_w *w, const struct job *j)
{
	static const char *const orders[] = {
	        [ORDER_ROTATE] = "rotate", [ORDER_COMPROMISED] = "compromised", [ORDER_BACK] = "back"};

	json_w_kstr(w, "reason", reason_word(j->decision.reason));
	if (j->order.order != ORDER_NONE)
		json_w_kstr(w, "ordered", orders[j->order.order]);
}

void history_change(const struct job *j, const struct outcome *out)
{
	static const char *const words[] = {
	        [OUTCOME_ACCEPTED] = "accepted",
	        [OUTCOME_REFUSED] = "refused",
	        [OUTCOME_OPEN] = "unanswered",
	        [OUTCOME_NOT_SENT] = "not-sent",
	};
	struct buf b = {0};
	struct json_w *w = open_entry(&b, j->slot);

	json_w_kstr(w, "action", action_word(j->decision.action));
	json_w_kstr(w, "selector", j->decision.selector[0] != '\0' ? j->decision.selector : NULL);
	json_w_kstr(w, "outcome", words[out->kind]);
	json_w_kstr(w, "method", j->change.method);
	json_w_kstr(w, "path", j->change.path);
	json_w_kint(w, "status", out->status);
	if (out->task_id != 0)
		json_w_kint(w, "task", out->task_id);
	json_w_kstr(w, "query_id", out->query_id[0] != '\0' ? out->query_id : NULL);
	if (out->kind != OUTCOME_ACCEPTED)
		json_w_kstr(w, "text", out->text);
	why_json(w, j);
	seen_json(w, &j->pass.seen);
	keep_entry(&b, w, j->slot, j->record.id, "change");
}

void history_record(const struct job *j, const struct job_record *r)
{
	const struct write_item *x = &r->end;
	struct buf b = {0};
	struct json_w *w = open_entry(&b, j->slot);

	json_w_kstr(w, "action", r->rr.absent ? "remove" : "publish");
	json_w_kstr(w, "selector", r->selector);
	json_w_kstr(w, "outcome",
	        x->verdict == WRITE_DONE && x->changed ? "accepted"
	        : x->verdict == WRITE_DONE             ? "was-there"
	        : x->changed || x->open                ? "unanswered"
	                                               : "refused");
	json_w_kstr(w, "zone", j->slot->d->zone);
	json_w_kstr(w, "name", r->rr.name);
	json_w_kstr(w, "type", rr_type_word(r->rr.type));
	json_w_kstr(w, "data", r->rr.data);
	json_w_kstr(w, "query_id", x->query_id[0] != '\0' ? x->query_id : NULL);
	if (x->verdict != WRITE_DONE)
		json_w_kstr(w, "text", x->text);
	why_json(w, j);
	seen_json(w, &j->pass.seen);
	keep_entry(&b, w, j->slot, j->record.id, "record");
}

static bool is_first_look(const struct notes *notes)
{
	for (unsigned i = 0; i < notes->n; i++)
		if (notes->list[i].kind == NOTE_MET)
			return true;
	return false;
}

static void keep_note(const struct job *j, const struct note *n, const char *seen)
{
	const char *name = n->kind == NOTE_MET ? j->record.last_signer : n->selector;
	struct buf b = {0};
	struct json_w *w = open_entry(&b, j->slot);

	json_w_kstr(w, "event", note_word(n->kind));
	json_w_kstr(w, "selector", name[0] != '\0' ? name : NULL);
	if (n->other[0] != '\0')
		json_w_kstr(w, "before", n->other);
	if (n->kind == NOTE_NOT_DONE)
		json_w_kstr(w, "action", action_word(n->action));
	if (n->why != NULL && n->why[0] != '\0')
		json_w_kstr(w, "text", n->why);
	json_w_key(w, "seen");
	json_w_raw(w, seen);
	keep_entry(&b, w, j->slot, j->record.id, "transition");
}

/* What was seen is written out once for all of them. Records that the first look found right did not become so then: the
 * entry of that look shows them, and they are none by themselves. */
void history_notes(struct job *j, const struct notes *notes)
{
	bool first = is_first_look(notes);
	struct buf seen = {0};

	if (notes->n == 0)
		return;
	slot_number(j->slot, &j->record);
	struct json_w *w = json_w_open(&seen);
	seen_object(w, &j->pass.seen);
	json_w_close(w);
	for (unsigned i = 0; i < notes->n; i++)
		if (!first || notes->list[i].kind != NOTE_RECORD_RIGHT)
			keep_note(j, &notes->list[i], seen.data);
	buf_free(&seen);
}

/* The phase and the condition beside it, when they change. */
void history_verdict(const struct job *j)
{
	const struct record *was = &j->before, *r = &j->record;
	struct buf b = {0};

	if (was->phase == r->phase && was->condition == r->condition)
		return;
	struct json_w *w = open_entry(&b, j->slot);
	json_w_kstr(w, "phase", phase_word(r->phase));
	json_w_kstr(w, "phase_old", phase_word(was->phase));
	json_w_kstr(w, "condition", condition_word(r->condition));
	json_w_kstr(w, "condition_old", condition_word(was->condition));
	json_w_kstr(w, "reason", reason_word(r->reason));
	json_w_kstr(w, "waits_on", waits_on_word(reason_waits_on(r->reason)));
	json_w_kstr(w, "text", r->detail[0] != '\0' ? r->detail : NULL);
	keep_entry(&b, w, j->slot, r->id, "phase");
}

/* --- reading --------------------------------------------------------------------------------------------------------- */

struct page {
	struct engine *e;
	struct buf *out;
	int64_t from;        /* the first instant, of which `skip` entries were read before */
	unsigned skip, same; /* same: entries at the instant `at`, the skipped ones among them */
	int64_t at;
	unsigned n, most;
	bool more;
};

/* An entry of an older version names no domain. */
static const char *name_of(struct engine *e, int64_t id)
{
	for (size_t i = 0; i < e->n_slots; i++)
		if (e->slots[i]->id == id)
			return e->slots[i]->d->domain;
	return "unknown";
}

static bool add_entry(void *arg, int64_t id, int64_t at, const char *kind, const char *json)
{
	struct page *p = arg;
	char when[TIME_TEXT];

	if (at == p->from && p->skip > 0) {
		p->skip--;
		p->same++;
		return true;
	}
	p->more = p->n == p->most;
	if (p->more)
		return false;
	p->same = at == p->at ? p->same + 1 : 1;
	p->at = at;
	buf_printf(p->out, "%s{\"at\":\"%s\",\"kind\":\"%s\"", p->n++ != 0 ? "," : "", time_text_ms(when, at),
	        kind);
	if (strstr(json, "\"domain\":") == NULL)
		buf_printf(p->out, ",\"domain\":\"%s\"", name_of(p->e, id));
	buf_printf(p->out, "%s%s", json[1] != '}' ? "," : "", json + 1);
	return true;
}

struct search {
	const char *name;
	size_t len; /* of the domain in it */
	int64_t id;
};

static bool is_wanted(void *arg, const struct store_key *k, const struct store_due *d)
{
	struct search *s = arg;
	bool same = strlen(k->domain) == s->len && strncmp(k->domain, s->name, s->len) == 0;

	if (same && (s->name[s->len] == '\0' || str_eq(s->name + s->len + 1, k->platform)))
		s->id = d->id;
	return s->id == 0;
}

/* 0 = nobody knows it. A domain that has left the inventory has its record still. */
static int64_t id_of(struct engine *e, const char *name)
{
	const struct slot *slot = slot_find(e, name);
	struct search s = {.name = name, .len = strcspn(name, ":")};

	if (slot != NULL)
		return slot->id != 0 ? slot->id : -1;
	store_each_due(e->p.store, is_wanted, &s);
	return s.id;
}

enum ask_result engine_history_json(
        struct engine *e, const char *name, const struct history_place *from, unsigned most, struct buf *out)
{
	struct page p = {.e = e, .out = out, .from = from->at, .skip = from->skip, .at = from->at};
	int64_t id = name != NULL ? id_of(e, name) : 0;

	if (name != NULL && id == 0)
		return ASK_UNKNOWN;
	p.most = most == 0 || most > PAGE_MOST ? PAGE_MOST : most;
	buf_puts(out, "{\"entries\":[");
	if (store_each_history(e->p.store, id, from->at, add_entry, &p) != 0) {
		buf_free(out);
		return ASK_REFUSED;
	}
	if (p.more)
		buf_printf(out, "],\"next\":\"%lld.%u\"}", (long long)p.at, p.same);
	else
		buf_puts(out, "],\"next\":null}");
	return ASK_OK;
}

int64_t engine_now(struct engine *e, const char *name)
{
	const struct slot *s = name != NULL ? slot_find(e, name) : NULL;

	return account_now(s != NULL ? s->account : &e->accounts[0]);
}
