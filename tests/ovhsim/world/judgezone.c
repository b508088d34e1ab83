/* The judge of records (rule 14), and the log that it writes into. */
#include "api.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The selector whose record stands at a name of the zone: its domain goes into the call. Returns false: none.
 */
static bool owner(struct w_call *c, const char *sub)
{
	char record[W_NAME], own[W_NAME];

	for (struct w_domain *d = c->zone->domains; d; d = d->next_in_zone)
		for (unsigned i = 0; i < d->slots; i++) {
			w_selector_record(d, i, record);
			w_zone_sub(c->zone, record, own);
			if (strcasecmp(own, sub) || !d->sel[i].reserved)
				continue;
			c->domain = d;
			c->slot = (int)i;
			return true;
		}
	return false;
}

static const struct w_record *record(const struct w_call *c)
{
	return c->record < 0 ? NULL : c->zone->edit->rec[c->record];
}

static const char *text_of(const struct w_call *c, const char *key)
{
	const struct w_json *j = w_json_get(c->body, key);

	return j && j->kind == W_JSON_STRING ? j->text : NULL;
}

static const char *sub_of(const struct w_call *c)
{
	const char *sub = c->route && c->route->act != W_ACT_REC_DELETE ? text_of(c, "subDomain") : NULL;

	return sub ? sub : record(c) ? record(c)->sub : "";
}

static bool recent(const struct w_call *c, int64_t at)
{
	return at != W_NEVER && c->w->now - at <= c->w->value[SW_JUDGE_SLACK_MS].n;
}

static void judge_target(struct w_call *c, const char *text)
{
	const struct w_selector *s = &c->domain->sel[c->slot];
	char target[W_NAME], before[W_NAME] = "", given[W_NAME];
	size_t n = strlen(text);

	if (!n || text[n - 1] != '.') {
		w_blame(c->w, c->change, 14, "the target has no dot at its end: it is relative to the zone");
		return;
	}
	w_target_name(c->domain, (unsigned)c->slot, s->target, target);
	if (s->target_before && recent(c, s->target_since))
		w_target_name(c->domain, (unsigned)c->slot, s->target_before, before);
	if (!w_name_fold(given, sizeof(given), text))
		*given = 0;
	if (!s->target || s->named > c->w->now || (strcmp(given, target) && strcmp(given, before)))
		w_blame(c->w, c->change, 14, "the target is not the one that the API names");
}

/* A signer's record, or one in its grace, is rewritten only where it leads to no key. */
static void judge_rewrite(struct w_call *c)
{
	const struct w_selector *s = &c->domain->sel[c->slot];
	int64_t grace = w_get(c->domain, c->w, SW_JUDGE_GRACE_MS)->n;
	char target[W_NAME];

	if (!s->signs && (s->may_sign_until == W_NEVER || c->w->now - s->may_sign_until >= grace))
		return;
	w_target_name(c->domain, (unsigned)c->slot, s->target, target);
	if (!w_key_at(c->w, target, c->w->now))
		w_blame(c->w, c->change, 14,
		        "no key stands at the new target of a selector that signs or may have");
	if (w_cname_served(c->w, c->domain, (unsigned)c->slot, 0, NULL) == W_CNAME_RIGHT && s->cname_valid)
		w_blame(c->w, c->change, 14,
		        "it rewrites a right record of a selector that signs or may have");
}

static void judge_post(struct w_call *c, const char *sub)
{
	const char *type = text_of(c, "fieldType"), *target = text_of(c, "target");
	int64_t blind =
	        w_zget(c->w, c->zone, SW_RECORD_LIST_MS)->n + w_zget(c->w, c->zone, SW_RECORD_404_MS)->n;
	bool lies = w_zget(c->w, c->zone, SW_FAULT_EMPTY_LIST)->chance >
	            0; /* twice in a row, and nobody can know */
	const struct w_copy *set = c->zone->edit;

	if (!type || strcmp(type, "CNAME"))
		w_blame(c->w, c->change, 14, "the record is no CNAME");
	judge_target(c, target ? target : "");
	for (uint32_t i = 0; i < set->n; i++)
		if (w_field_wire(set->rec[i]->field) == W_CNAME && !strcasecmp(set->rec[i]->sub, sub) &&
		        !lies && !recent(c, set->rec[i]->made + blind))
			w_blame(c->w, c->change, 14, "a CNAME stands there already");
}

static void judge_removal(struct w_call *c)
{
	const struct w_copy *set = c->zone->edit;
	const struct w_record *r = record(c);

	for (uint32_t i = 0; r && r->by_api && i < set->n; i++)
		if (set->rec[i] != r && set->rec[i]->field == r->field &&
		        !strcasecmp(set->rec[i]->sub, r->sub) && !strcasecmp(set->rec[i]->target, r->target))
			return;
	w_blame(c->w, c->change, 14, "it removes a record that is no duplicate of ours");
}

/* ---- keys of a customer who signs by himself: nobody's selector, a key record at its name ---- */

static bool is_key_text(const char *text)
{
	return text && !strncmp(text + (*text == '"'), "v=DKIM1", 7);
}

/* Where the key of a key record begins; "" for one that is revoked. */
static const char *key_of(const char *text)
{
	const char *p = strstr(text, "p=");

	return p && p[2] != '"' ? p + 2 : "";
}

static bool is_key_record(const struct w_record *r)
{
	return w_field_wire(r->field) == 16 && is_key_text(r->target);
}

/* Another record at the record's name, which says that the key is revoked. */
static bool revoked_beside(const struct w_call *c, const struct w_record *r)
{
	const struct w_copy *set = c->zone->edit;

	for (uint32_t i = 0; i < set->n; i++)
		if (set->rec[i] != r && !strcasecmp(set->rec[i]->sub, r->sub) && is_key_record(set->rec[i]) &&
		        !*key_of(set->rec[i]->target))
			return true;
	return false;
}

static void judge_key_put(struct w_call *c, const char *text)
{
	const struct w_record *r = record(c);

	if (!r)
		return;
	if (!is_key_record(r) || !is_key_text(text))
		w_blame(c->w, c->change, 14, "it rewrites something else than a key record");
	else if (*key_of(text) && strcmp(key_of(text), key_of(r->target)))
		w_blame(c->w, c->change, 14, "it puts another key at a name that had one");
}

static void judge_key(struct w_call *c, const char *sub)
{
	const struct w_record *r = record(c);
	const char *type = text_of(c, "fieldType"), *text = text_of(c, "target");

	if (c->route->act == W_ACT_REC_POST &&
	        (!type || w_field_wire((unsigned)w_field_type(type)) != 16 || !is_key_text(text)))
		w_blame(c->w, c->change, 14, "the record is no key record");
	if (c->route->act == W_ACT_REC_PUT)
		judge_key_put(c, text ? text : r ? r->target : "");
	if (r && c->route->act == W_ACT_REC_PUT && strcasecmp(r->sub, sub))
		w_blame(c->w, c->change, 14, "it moves a record to another name");
	if (r && c->route->act == W_ACT_REC_DELETE &&
	        (!is_key_record(r) || (*key_of(r->target) && !revoked_beside(c, r))))
		w_blame(c->w, c->change, 14, "it removes a record that is no revoked key");
}

void w_judge_record(struct w_call *c)
{
	const char *sub = sub_of(c), *target;

	if (c->route->act == W_ACT_REFRESH)
		return;
	if (w_zget(c->w, c->zone, SW_JUDGE_UNWRITABLE)->n)
		w_blame(c->w, c->change, 14, "this zone is not ours to write");
	if (c->slot < 0 && strstr(sub, "._domainkey")) {
		judge_key(c, sub);
		return;
	}
	if (c->slot < 0) {
		w_blame(c->w, c->change, 14, "no selector's record stands at this name");
		return;
	}
	w_dns_changed(c->w, c->domain);
	switch ((enum w_act)c->route->act) {
	case W_ACT_REC_POST:
		judge_post(c, sub);
		break;
	case W_ACT_REC_PUT:
		target = text_of(c, "target");
		judge_target(c, target ? target : record(c) ? record(c)->target : "");
		if (record(c) && strcasecmp(record(c)->sub, sub))
			w_blame(c->w, c->change, 14, "it moves a record to another name");
		if (record(c) && w_field_wire(record(c)->field) != W_CNAME)
			w_blame(c->w, c->change, 14, "the record is no CNAME");
		judge_rewrite(c);
		break;
	case W_ACT_REC_DELETE:
		judge_removal(c);
		break;
	default:
		break;
	}
}

/* The entry exists before the judge and the handler run, so that both can write into it. */
void w_log(struct w_call *c)
{
	const char *domain = c->zone_name ? c->zone_name : c->dom ? c->dom : "", *selector = c->sel, *part;
	struct w_logged *l = w_alloc(sizeof(*l));
	char name[64] = "";
	struct w_buf b = {0};

	if (!selector && c->route && c->route->act == W_ACT_CREATE &&
	        (selector = text_of(c, "selectorName")) && c->domain)
		c->slot = w_selector_slot(c->domain, selector);
	if (c->zone && c->route && c->route->act != W_ACT_REFRESH && owner(c, sub_of(c))) {
		w_selector_name(c->domain, (unsigned)c->slot, name);
		selector = name;
	}
	if (c->domain)
		domain = c->domain->name;
	l->domain = c->domain;
	w_printf(&b, "%s%c%s%c%s%c%s", domain, 0, selector ? selector : "", 0, c->q->method, 0, c->q->path);
	l->text = b.text;
	part = l->text;
	l->change.at = c->w->now;
	l->change.domain = part;
	l->change.selector = part += strlen(part) + 1;
	l->change.method = part += strlen(part) + 1;
	l->change.path = part + strlen(part) + 1;
	l->change.why = l->why;
	if (c->w->n_log == c->w->cap_log) {
		c->w->cap_log = c->w->cap_log ? c->w->cap_log * 2 : 64;
		c->w->log = w_realloc(c->w->log, c->w->cap_log * sizeof(*c->w->log));
	}
	c->w->log[c->w->n_log++] = l;
	c->change = c->w->n_log;
}
