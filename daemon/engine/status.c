/* What is shown of the engine: JSON for the control socket, one line for STATUS=, text for Prometheus. It reads records
 * from the store and changes nothing. The shapes are the contract's (/v1/status, /v1/domains/NAME, /metrics). */
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "engine/external.h"

#ifndef DKIMROTD_VERSION
#define DKIMROTD_VERSION "0"
#endif

#define PIECE 25 /* domains of a long answer at once: some 30 us each to read and to write */

struct counts {
	size_t phases[PHASE_RENEWING + 1], conditions[CONDITION_OBSERVING + 1];
	size_t not_signing, domains, unlooked;
};

static void count(const struct engine *e, const struct account *only, struct counts *c)
{
	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < e->n_slots; i++) {
		const struct slot *s = e->slots[i];

		if (s->missing_since != 0 || (only != NULL && s->account != only))
			continue;
		c->domains++;
		c->phases[s->phase <= PHASE_RENEWING ? s->phase : 0]++;
		c->conditions[s->condition <= CONDITION_OBSERVING ? s->condition : 0]++;
		c->not_signing += s->unsigned_now;
		c->unlooked += !s->looked && s->id == 0;
	}
}

void engine_summary(struct engine *e, char *dst, size_t n)
{
	static const enum phase shown[] = {PHASE_CREATING, PHASE_PUBLISHING, PHASE_ACTIVATING, PHASE_ROTATING,
	        PHASE_GRACE, PHASE_RENEWING};
	static const enum condition trouble[] = {
	        CONDITION_BLOCKED, CONDITION_ERROR, CONDITION_PAUSED, CONDITION_OBSERVING};
	struct counts c;
	struct buf b = {0};
	char domains[STR_COUNT];

	count(e, NULL, &c);
	buf_printf(&b, "%s, %zu settled", str_count(domains, c.domains, "domain"), c.phases[PHASE_SETTLED]);
	for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
		if (c.phases[shown[i]] != 0)
			buf_printf(&b, ", %zu %s", c.phases[shown[i]], phase_word(shown[i]));
	for (size_t i = 0; i < ARRAY_SIZE(trouble); i++)
		if (c.conditions[trouble[i]] != 0)
			buf_printf(&b, ", %zu %s", c.conditions[trouble[i]], condition_word(trouble[i]));
	if (c.not_signing != 0)
		buf_printf(&b, ", %zu not signing", c.not_signing);
	if (c.unlooked != 0)
		buf_printf(&b, ", %zu not looked at yet", c.unlooked);
	if (e->paused)
		buf_puts(&b, "; paused");
	str_format(dst, n, "%s", b.data);
	buf_free(&b);
}

/* --- one domain ---------------------------------------------------------------------------------------------------- */

static void selector_json(struct json_w *w, const struct slot *s, const struct record *r,
        const struct rec_selector *x, int64_t now, bool whole)
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

/* whole: with the evidence of the last look-ups, which a list leaves out; it is twice as much as all the rest. */
static void domain_json(struct json_w *w, const struct slot *s, const struct record *r, bool whole)
{
	int64_t now = account_now(s->account);
	const char *active = record_active(r);

	json_w_object(w);
	json_w_kstr(w, "domain", s->d->domain);
	json_w_kstr(w, "account", s->d->account);
	json_w_kstr(w, "platform", platform_word(s->d->platform));
	json_w_kstr(w, "zone", s->d->zone);
	json_w_kstr(w, "phase", phase_word(r->phase));
	json_w_kstr(w, "condition", condition_word(r->condition));
	json_w_kstr(w, "reason", reason_word(r->reason));
	json_w_kstr(w, "waits_on", waits_on_word(reason_waits_on(r->reason)));
	json_w_ktime(w, "since", r->since);
	json_w_key(w, "next");
	json_w_object(w);
	json_w_kstr(w, "action", action_word(r->next_action == ACTION_NONE ? ACTION_LOOK : r->next_action));
	json_w_ktime(w, "at", r->next_at != 0 ? r->next_at : r->next_look);
	json_w_end(w);
	json_w_ktime(w, "next_look", r->next_look != 0 ? r->next_look : now);
	json_w_kstr(w, "active_selector", active);
	/* Zimbra's own API says that a domain signs, and not with which selector. */
	json_w_kbool(w, "signing", active != NULL || r->status == STATUS_ENABLED);
	json_w_key(w, "selectors");
	json_w_array(w);
	for (unsigned i = 0; i < r->n; i++)
		selector_json(w, s, r, &r->sel[i], now, whole);
	json_w_end(w);
	json_w_ktime(w, "rotated", r->rotated);
	json_w_ktime(w, "next_rotation", platform_rotates(s->d->platform) ? due_rotation(s->d, r) : 0);
	if (s->d->platform == PLATFORM_EXTERNAL)
		external_view_json(w, s);
	diagnosis_json(w, s->d, r, now);
	in_flight_json(w, r);
	if (r->detail[0] != '\0')
		json_w_kstr(w, "detail", r->detail);
	if (r->paused)
		json_w_kstr(w, "paused", r->paused_by);
	json_w_end(w);
}

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
	domain_json(w, s, r, true);
	json_w_close(w);
	free(r);
	return ASK_OK;
}

/* All slots of one domain come in one piece, so that its name tells where the next one begins. */
bool engine_walk(struct engine *e, struct engine_cursor *at,
        void (*each)(void *arg, struct slot *s, const struct record *r), void *arg)
{
	struct record *r = xmalloc(sizeof(*r));
	size_t i = slots_after(e, at->domain), n = 0;

	for (; i < e->n_slots; i++) {
		struct slot *s = e->slots[i];

		if (n++ >= PIECE && !str_eq(s->d->domain, at->domain))
			break;
		str_copy(at->domain, sizeof(at->domain), s->d->domain);
		if (s->missing_since != 0)
			continue;
		load(e, s, r);
		each(arg, s, r);
	}
	free(r);
	return i < e->n_slots;
}

struct listing {
	struct engine_cursor *at;
	struct buf *out;
};

static void list_domain(void *arg, struct slot *s, const struct record *r)
{
	struct listing *l = arg;

	buf_puts(l->out, l->at->begun ? "," : "[");
	l->at->begun = true;
	struct json_w *w = json_w_open(l->out);
	domain_json(w, s, r, false);
	json_w_close(w);
}

bool engine_domains_json(struct engine *e, struct engine_cursor *at, struct buf *out)
{
	struct listing l = {at, out};
	bool more = engine_walk(e, at, list_domain, &l);

	if (!more)
		buf_puts(out, at->begun ? "]" : "[]");
	return more;
}

/* --- the whole ------------------------------------------------------------------------------------------------------ */

static void account_json(struct json_w *w, struct account *a)
{
	int64_t boot = loop_boot(a->e->p.loop);
	unsigned limit = a->budget.limit, room = budget_room(&a->budget, boot);
	struct counts c;

	count(a->e, a, &c);

	json_w_object(w);
	json_w_kstr(w, "name", a->cfg->name);
	json_w_kstr(w, "state",
	        a->stopped             ? "stopped"
	        : !a->clock.known      ? "connecting"
	        : boot < a->hold_until ? "holding"
	                               : "ok");
	json_w_kstr(w, "breaker", a->breaker ? "open" : "closed");
	json_w_kint(w, "budget_used", limit != 0 ? limit - (room < limit ? room : limit) : 0);
	json_w_kint(w, "effective_settled", a->effective_settled / MS_SECOND);
	json_w_key(w, "clock_offset");
	if (a->clock.known)
		json_w_int(w, a->clock.offset / MS_SECOND);
	else
		json_w_null(w);
	json_w_ktime(w, "credential_expires", a->credential.expires);
	json_w_key(w, "credential_lacks");
	if (a->credential.compared)
		json_w_int(w, (int64_t)a->credential.lacks);
	else
		json_w_null(w);
	json_w_key(w, "credential_exceeds");
	if (a->credential.compared)
		json_w_int(w, (int64_t)a->credential.exceeds);
	else
		json_w_null(w);
	json_w_kstr(w, "refused", a->stopped ? a->stopped_why : NULL);
	json_w_kint(w, "domains", (int64_t)a->domains);
	json_w_kint(w, "first_looks_left", (int64_t)c.unlooked);
	/* first contact: five requests a domain, within the budget */
	json_w_kint(w, "first_looks_seconds", limit != 0 ? (int64_t)(c.unlooked * 5 * 60 / limit) : 0);
	json_w_end(w);
}

static void files_json(struct json_w *w, const struct inventory *inv)
{
	static const char *const words[] = {
	        [INVENTORY_OK] = "ok", [INVENTORY_LAST_GOOD] = "last-good", [INVENTORY_REFUSED] = "refused"};

	json_w_key(w, "files");
	json_w_array(w);
	for (size_t i = 0; i < inv->n_files; i++) {
		json_w_object(w);
		json_w_kstr(w, "path", inv->files[i].path);
		json_w_kstr(w, "state", words[inv->files[i].state]);
		json_w_kstr(w, "error", inv->files[i].error);
		json_w_end(w);
	}
	json_w_end(w);
}

static void counted(
        struct json_w *w, const char *key, const size_t *n, size_t len, const char *(*word)(unsigned))
{
	json_w_key(w, key);
	json_w_object(w);
	for (size_t i = 0; i < len; i++)
		json_w_kint(w, word((unsigned)i), (int64_t)n[i]);
	json_w_end(w);
}

static const char *phase_name(unsigned i)
{
	return phase_word((enum phase)i);
}

static const char *condition_name(unsigned i)
{
	return condition_word((enum condition)i);
}

void engine_status_json(struct engine *e, struct buf *out)
{
	struct json_w *w = json_w_open(out);
	struct counts c;
	char summary[400];

	count(e, NULL, &c);
	engine_summary(e, summary, sizeof(summary));
	json_w_object(w);
	json_w_kstr(w, "version", DKIMROTD_VERSION);
	json_w_ktime(w, "since", e->started);
	json_w_kstr(w, "mode", e->p.config->mode == MODE_OBSERVE ? "observe" : "manage");
	json_w_kstr(w, "summary", summary);
	json_w_key(w, "paused");
	if (e->paused) {
		json_w_object(w);
		json_w_kstr(w, "reason", e->paused_why);
		json_w_kstr(w, "by", e->paused_by);
		json_w_ktime(w, "until", e->paused_until);
		json_w_end(w);
	} else {
		json_w_null(w);
	}
	json_w_key(w, "accounts");
	json_w_array(w);
	for (size_t i = 0; i < e->n_accounts; i++)
		account_json(w, &e->accounts[i]);
	json_w_end(w);
	counted(w, "phases", c.phases, ARRAY_SIZE(c.phases), phase_name);
	counted(w, "conditions", c.conditions, ARRAY_SIZE(c.conditions), condition_name);
	files_json(w, e->inventory);
	json_w_end(w);
	json_w_close(w);
}
