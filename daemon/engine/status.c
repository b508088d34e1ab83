/* What is shown of the engine as a whole: JSON for the control socket, one line for STATUS=. It changes nothing. The shape
 * is the contract's (/v1/status); that of a domain is in domains.c. */
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "engine/external.h"

#ifndef DKIMROTD_VERSION
#define DKIMROTD_VERSION "0"
#endif

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
	json_w_ktime(w, "since", e->p.since != 0 ? e->p.since : e->started);
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
