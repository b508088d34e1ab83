/* What is shown of the domains: JSON for the control socket, one at a time, all of them, or as much of them as a table
 * needs. The shape is the contract's (/v1/domains, /v1/domains/NAME). It reads records and changes nothing. A list of ten
 * thousand is made from what each slot keeps of its record, which is as old as the last save; so nothing is kept that
 * depends on the clock, the policy, or anything else than the record. */
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "engine/external.h"

/* Of a long answer at once: some 50 us each for those that are read from the disk, 10 us for those that are not. */
#define PIECE_READ 25
#define PIECE      200

/* How much is told. */
enum telling {
	TELL_TABLE, /* what dkimrotctl shows of one among all */
	TELL_LIST,  /* without the evidence of the last look-ups, which is twice as much as all the rest */
	TELL_WHOLE,
};

static void selector_dns_json(struct json_w *w, const struct rec_selector *x, bool whole)
{
	json_w_kstr(w, "record", x->record[0] != '\0' ? x->record : NULL);
	json_w_kstr(w, "target", x->target[0] != '\0' ? x->target : NULL);
	json_w_kstr(w, "dns", x->dns_at != 0 ? seen_word(x->dns) : "unknown");
	if (x->dns_at != 0 && x->dns != SEEN_OK && x->dns_detail[0] != '\0')
		json_w_kstr(w, "dns_detail", x->dns_detail);
	if (x->key_bits != 0)
		json_w_kint(w, "key_bits", x->key_bits);
	if (whole)
		evidence_json(w, x);
	if (x->signing_since != 0)
		json_w_ktime(w, "signing_since", x->signing_since);
}

static void selector_json(struct json_w *w, const struct slot *s, const struct record *r,
        const struct rec_selector *x, int64_t now, enum telling telling)
{
	enum role role = record_role(x, s->d->policy.grace, now);
	bool retired = role == ROLE_RETIRED;
	bool domain_wide = s->d->platform == PLATFORM_MXPLAN || s->d->platform == PLATFORM_ZIMBRA;

	if (external_view_revoked(s, x->name) !=
	        0) { /* it has left the rotation; its record has not left the zone */
		role = ROLE_RETIRED;
		retired = false;
	}
	if (domain_wide)
		role = str_eq(record_active(r), x->name) ? ROLE_ACTIVE : ROLE_SPARE;
	json_w_object(w);
	json_w_kstr(w, "name", x->name);
	json_w_kstr(w, "state",
	        selector_state_word(external_view_revoked(s, x->name) != 0 ? SELECTOR_DELETING : x->state));
	json_w_kstr(w, "role", role_word(role));
	if (telling != TELL_TABLE)
		selector_dns_json(w, x, telling == TELL_WHOLE);
	if (retired && !domain_wide) {
		json_w_ktime(w, "stopped_signing", x->stopped);
		json_w_ktime(w, "delete_after", x->may_sign_last != 0 ? due_deletion(s->d, r, x) : 0);
	}
	json_w_end(w);
}

/* Changes that are not resolved yet: asked for, and only reading can tell whether they were done. */
static void in_flight_json(struct json_w *w, const struct record *r)
{
	json_w_key(w, "in_flight");
	json_w_array(w);
	for (unsigned i = 0; i < INTENTS_MAX; i++) {
		const struct intent *x = &r->intent[i];

		if (x->action == ACTION_NONE)
			continue;
		json_w_object(w);
		json_w_kstr(w, "action", action_word(x->action));
		json_w_kstr(w, "selector", x->selector);
		json_w_ktime(w, "since", x->at);
		json_w_kbool(w, "answered", x->answered);
		json_w_kint(w, "task", x->task_id);
		json_w_end(w);
	}
	json_w_end(w);
}

/* A table has no column for these. */
static void particulars_json(struct json_w *w, const struct slot *s, const struct record *r, int64_t now)
{
	if (s->d->platform == PLATFORM_EXTERNAL)
		external_view_json(w, s);
	diagnosis_json(w, s->d, r, now);
	in_flight_json(w, r);
}

static void domain_json(struct json_w *w, const struct slot *s, const struct record *r, enum telling telling)
{
	int64_t now = account_now(s->account);
	const char *active = record_active(r);
	bool table = telling == TELL_TABLE;

	json_w_object(w);
	json_w_kstr(w, "domain", s->d->domain);
	json_w_kstr(w, "account", s->d->account);
	json_w_kstr(w, "platform", platform_word(s->d->platform));
	if (!table)
		json_w_kstr(w, "zone", s->d->zone);
	json_w_kstr(w, "phase", phase_word(r->phase));
	json_w_kstr(w, "condition", condition_word(r->condition));
	json_w_kstr(w, "reason", reason_word(r->reason));
	json_w_kstr(w, "waits_on", waits_on_word(reason_waits_on(r->reason)));
	if (!table)
		json_w_ktime(w, "since", r->since);
	json_w_key(w, "next");
	json_w_object(w);
	json_w_kstr(w, "action", action_word(r->next_action == ACTION_NONE ? ACTION_LOOK : r->next_action));
	json_w_ktime(w, "at", r->next_at != 0 ? r->next_at : r->next_look);
	json_w_end(w);
	json_w_ktime(w, "next_look", r->next_look != 0 ? r->next_look : now);
	if (!table)
		json_w_kstr(w, "active_selector", active);
	/* Zimbra's own API says that a domain signs, and not with which selector. */
	json_w_kbool(w, "signing", active != NULL || r->status == STATUS_ENABLED);
	json_w_key(w, "selectors");
	json_w_array(w);
	for (unsigned i = 0; i < r->n; i++)
		selector_json(w, s, r, &r->sel[i], now, telling);
	json_w_end(w);
	if (!table)
		json_w_ktime(w, "rotated", r->rotated);
	json_w_ktime(w, "next_rotation", platform_rotates(s->d->platform) ? due_rotation(s->d, r) : 0);
	if (!table)
		particulars_json(w, s, r, now);
	if (r->detail[0] != '\0')
		json_w_kstr(w, "detail", r->detail);
	if (r->paused)
		json_w_kstr(w, "paused", r->paused_by);
	json_w_end(w);
}

/* --- what is asked for ---------------------------------------------------------------------------------------------- */

static void load(struct engine *e, const struct slot *s, struct record *r)
{
	struct store_key key;

	slot_key(s, &key);
	if (store_load(e->p.store, &key, r) != 0)
		record_init(r);
}

enum ask_result engine_domain_json(struct engine *e, const char *name, struct buf *out)
{
	struct slot *s = slot_find(e, name);

	if (s == NULL)
		return ASK_UNKNOWN;
	struct record *r = xmalloc(sizeof(*r));
	struct json_w *w = json_w_open(out);
	load(e, s, r);
	domain_json(w, s, r, TELL_WHOLE);
	json_w_close(w);
	free(r);
	return ASK_OK;
}

/* All slots of one domain come in one piece, so that its name tells where the next one begins. */
bool engine_walk(struct engine *e, struct engine_cursor *at,
        void (*each)(void *arg, struct slot *s, const struct record *r), void *arg)
{
	struct record *r = xmalloc(sizeof(*r));
	size_t i = slots_after(e, at->domain), n = 0, read = 0;

	for (; i < e->n_slots; i++, n++) {
		struct slot *s = e->slots[i];

		if ((n >= PIECE || read >= PIECE_READ) && !str_eq(s->d->domain, at->domain))
			break;
		str_copy(at->domain, sizeof(at->domain), s->d->domain);
		if (s->missing_since != 0)
			continue;
		read += slot_recall(s, r);
		each(arg, s, r);
	}
	free(r);
	return i < e->n_slots;
}

struct listing {
	struct engine_cursor *at;
	struct buf *out;
	enum telling telling;
};

static void list_domain(void *arg, struct slot *s, const struct record *r)
{
	struct listing *l = arg;

	buf_puts(l->out, l->at->begun ? "," : "[");
	l->at->begun = true;
	struct json_w *w = json_w_open(l->out);
	domain_json(w, s, r, l->telling);
	json_w_close(w);
}

static bool list(struct engine *e, struct engine_cursor *at, enum telling telling, struct buf *out)
{
	struct listing l = {at, out, telling};
	bool more = engine_walk(e, at, list_domain, &l);

	if (!more)
		buf_puts(out, at->begun ? "]" : "[]");
	return more;
}

bool engine_domains_json(struct engine *e, struct engine_cursor *at, struct buf *out)
{
	return list(e, at, TELL_LIST, out);
}

bool engine_table_json(struct engine *e, struct engine_cursor *at, struct buf *out)
{
	return list(e, at, TELL_TABLE, out);
}
