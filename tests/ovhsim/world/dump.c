/* The world as JSON, for the simulator's own pages and for tests: what is, who signs, what was asked. */
#include "api.h"

#include <string.h>

static void dump_selector(struct world *w, struct w_buf *b, struct w_domain *d, unsigned slot)
{
	const struct w_selector *s = &d->sel[slot];
	char name[64], text[W_NAME];
	static const char *const cnames[] = {
	        [W_CNAME_MISSING] = "missing", [W_CNAME_WRONG] = "wrong", [W_CNAME_RIGHT] = "right"};

	w_selector_name(d, slot, name);
	w_open(b, '{');
	w_key_str(b, "name", name);
	w_key_str(b, "state", w_state_word(s->state));
	w_key_bool(b, "signs", s->signs);
	w_key_bool(b, "reserved", s->reserved);
	w_selector_record(d, slot, text);
	w_key_str(b, "record", text);
	w_target_name(d, slot, s->target, text);
	w_key_str(b, "target", s->target ? text : NULL);
	w_key_str(b, "served", s->target ? cnames[w_cname_served(w, d, slot, 0, NULL)] : "missing");
	w_key_bool(b, "right", s->target && w_dns_right(w, d, slot));
	w_key_time(b, "signsSince", s->signs ? s->signs_since : W_NEVER);
	w_key_int(b, "taskPendingId", w_task_pends(s->task) ? s->task->id : 0);
	w_close(b, '}');
}

static void dump_tasks(struct w_buf *b, const struct w_domain *d)
{
	static const char *const functions[] = {[W_CREATE] = "create",
	        [W_ENABLE] = "enable",
	        [W_DISABLE] = "disable",
	        [W_DELETE] = "delete",
	        [W_MX_ENABLE] = "enable",
	        [W_MX_DISABLE] = "disable"};
	static const char *const words[] = {"todo", "doing", "done", "error", "cancelled"};
	static const char *const who[] = {[W_BY_API] = "api", [W_BY_PERSON] = "person", [W_BY_OVH] = "ovh"};

	w_key(b, "tasks");
	w_open(b, '[');
	for (const struct w_task *t = d->tasks; t; t = t->next) {
		w_open(b, '{');
		w_key_int(b, "id", t->id);
		w_key_str(b, "function", functions[t->function]);
		w_key_str(b, "status", words[t->status]);
		w_key_str(b, "by", who[t->who]);
		w_key_time(b, "made", t->made);
		w_key_time(b, "finished", t->finished);
		w_close(b, '}');
	}
	w_close(b, ']');
}

static void dump_zone(struct w_buf *b, const struct world *w, const struct w_domain *d)
{
	const struct w_copy *c = w_zone_served(w, d->zone, 0)->copy;

	w_key_str(b, "zone", d->zone->name);
	w_key_str(b, "zoneAccount", d->zone->account ? d->zone->account->name : NULL);
	w_key(b, "served");
	w_open(b, '[');
	for (uint32_t i = 0; i < c->n; i++) {
		char owner[2 * W_NAME], folded[W_NAME];

		w_format(owner, sizeof(owner), "%s.%s", c->rec[i]->sub, d->zone->name);
		if (!w_name_fold(folded, sizeof(folded), owner) || !w_name_below(folded, d->name) ||
		        !*c->rec[i]->sub)
			continue;
		w_open(b, '{');
		w_key_str(b, "name", folded);
		w_key_str(b, "type", w_field_types[c->rec[i]->field]);
		w_key_str(b, "target", c->rec[i]->target);
		w_key_int(b, "ttl", w_record_ttl(w, d->zone, c->rec[i]));
		w_close(b, '}');
	}
	w_close(b, ']');
}

static void dump_domain(struct world *w, struct w_buf *b, struct w_domain *d)
{
	bool mx = d->platform == W_MXPLAN || d->platform == W_ZIMBRA;

	w_open(b, '{');
	w_key_str(b, "domain", d->name);
	w_key_str(b, "platform", w_platform_word(d->platform));
	w_key_str(b, "account", d->service->account->name);
	w_key_str(b, "service", d->service->name);
	w_key_bool(b, "signs", w_domain_signs(d));
	w_key_bool(b, "everSigned", d->ever_signed);
	w_key_time(b, "unsignedSince", d->ever_signed ? d->unsigned_since : W_NEVER);
	if (mx) {
		w_key_bool(b, "enabled", d->mx.on);
		w_key_bool(b, "wanted", d->mx.wanted);
	}
	w_key(b, "selectors");
	w_open(b, '[');
	for (unsigned i = 0; i < d->slots; i++)
		dump_selector(w, b, d, i);
	w_close(b, ']');
	dump_tasks(b, d);
	dump_zone(b, w, d);
	w_key_int(b, "requests", (int64_t)d->requests);
	w_close(b, '}');
}

static void dump_changes(const struct world *w, struct w_buf *b, const char *domain)
{
	w_key(b, "changes");
	w_open(b, '[');
	for (size_t i = 0; i < w->n_log; i++) {
		const struct world_change *c = &w->log[i]->change;

		if (domain && strcmp(c->domain, domain))
			continue;
		w_open(b, '{');
		w_key_time(b, "at", c->at);
		w_key_str(b, "domain", c->domain);
		w_key_str(b, "selector", c->selector);
		w_key_str(b, "method", c->method);
		w_key_str(b, "path", c->path);
		w_key_int(b, "status", c->status);
		w_key_bool(b, "applied", c->applied);
		w_key_int(b, "broken", c->broken);
		w_key_str(b, "why", c->why);
		w_close(b, '}');
	}
	w_close(b, ']');
}

char *world_dump(struct world *w, int64_t now, const char *domain)
{
	struct w_domain *only = domain ? w_domain_of(w, domain) : NULL;
	struct w_buf b = {0};

	w_advance(w, now);
	w_open(&b, '{');
	w_key_time(&b, "now", w->now);
	w_key(&b, "domains");
	w_open(&b, '[');
	for (struct w_domain *d = w->all_domains; d; d = d->next)
		if (!domain || d == only)
			dump_domain(w, &b, d);
	w_close(&b, ']');
	dump_changes(w, &b, domain ? (only ? only->name : domain) : NULL);
	w_key_int(&b, "broken", (int64_t)w->n_broken);
	w_close(&b, '}');
	return b.text;
}

char *world_counts(const struct world *w)
{
	static const char *const kinds[W_N_COUNT] = {"auth", "list", "domain", "selectors", "dkim",
	        "selector", "task", "mx", "zimbra", "zone", "record", "change", "unknown"};
	struct w_buf b = {0};
	uint64_t total = 0;

	for (size_t i = 1; i < W_N_COUNT; i++)
		total += w->count[i];
	w_open(&b, '{');
	w_key_int(&b, "total", (int64_t)total);
	w_key(&b, "kinds");
	w_open(&b, '{');
	for (size_t i = 0; i < W_N_COUNT; i++)
		w_key_int(&b, kinds[i], (int64_t)w->count[i]);
	w_close(&b, '}');
	w_key(&b, "accounts");
	w_open(&b, '{');
	for (const struct w_account *a = w->all_accounts; a; a = a->next) {
		w_key(&b, a->name);
		w_open(&b, '{');
		w_key_int(&b, "requests", (int64_t)a->requests);
		w_key_int(&b, "auth", (int64_t)a->auth);
		w_key_int(&b, "busiestMinute", (int64_t)a->busiest);
		w_close(&b, '}');
	}
	w_close(&b, '}');
	w_key(&b, "domains");
	w_open(&b, '{');
	for (const struct w_domain *d = w->all_domains; d; d = d->next)
		if (d->requests)
			w_key_int(&b, d->name, (int64_t)d->requests);
	w_close(&b, '}');
	w_close(&b, '}');
	return b.text;
}
