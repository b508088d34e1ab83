/* /email/domain: what the API shows of an MX Plan, and of a Zimbra domain through v1. Its readings may flap.
 */
#include "api.h"

#include <string.h>

static const char *const task_words[] = {
        [W_TASK_TODO] = "todo",
        [W_TASK_DOING] = "doing",
        [W_TASK_DONE] = "done",
        [W_TASK_ERROR] = "ovhError",
        [W_TASK_CANCELLED] = "cancelled",
};

void w_get_mx_domains(struct w_call *c)
{
	w_open(&c->out, '[');
	for (const struct w_service *s = c->account->first; s; s = s->next) {
		for (const struct w_domain *d = s->first; d; d = d->next_in_service)
			if (d->platform == W_MXPLAN ||
			        (d->platform == W_ZIMBRA && !w_is(w_get(d, c->w, SW_ZIMBRA_API), "v2")))
				w_str(&c->out, d->name);
	}
	w_close(&c->out, ']');
}

void w_get_mx_domain(struct w_call *c)
{
	w_open(&c->out, '{');
	w_key_str(&c->out, "domain", c->domain->name);
	if (!w_fault(c, SW_FAULT_MISSING_FIELD))
		w_key_str(&c->out, "status",
		        c->domain->suspended                ? "close"
		        : w_fault(c, SW_FAULT_UNKNOWN_ENUM) ? "dozing"
		                                            : "ok");
	w_key_str(&c->out, "offer", c->domain->platform == W_ZIMBRA ? "zimbra" : "MXPLAN 5");
	w_key_null(&c->out, "linkTo");
	w_key_null(&c->out, "migratedMXPlanServiceName");
	w_extra(c, "iam");
	w_close(&c->out, '}');
}

static const char *status(struct w_call *c)
{
	const struct w_domain *d = c->domain;
	int64_t flap = w_get(d, c->w, SW_MX_FLAP_MS)->n;

	if (d->mx.task)
		return "modifying";
	if (d->mx.error)
		return "error";
	if (d->mx.on && flap && c->w->now < d->mx.enabled_at + flap && c->w->now / 1000 % 2)
		return "disabled";
	if (d->mx.on)
		return "enabled";
	if (d->mx.wanted && !w_mx_all_set(d))
		return w_get(d, c->w, SW_MX_WAIT_STATE)->word;
	return "disabled";
}

static void write_selector(struct w_call *c, unsigned slot)
{
	static const char *const words[] = {
	        [W_CNAME_MISSING] = "toSet", [W_CNAME_WRONG] = "toFix", [W_CNAME_RIGHT] = "set"};
	const struct w_domain *d = c->domain;
	char name[64], record[W_NAME], target[W_NAME], line[2 * W_NAME + 16];

	w_selector_name(d, slot, name);
	w_selector_record(d, slot, record);
	w_target_name(d, slot, d->sel[slot].target, target);
	if (w_fault(c, SW_FAULT_WRONG_RECORD))
		w_format(record, sizeof(record), "%s._domainkey.elsewhere.example", name);
	w_format(line, sizeof(line), "%s CNAME %s.", record, target);
	w_open(&c->out, '{');
	w_key_str(&c->out, "selectorName", name);
	w_key_str(&c->out, "cname", line);
	if (!w_fault(c, SW_FAULT_MISSING_FIELD))
		w_key_str(&c->out, "status",
		        w_fault(c, SW_FAULT_UNKNOWN_ENUM) ? "setting" : words[d->sel[slot].cname]);
	w_extra(c, "iam");
	w_close(&c->out, '}');
}

static void write_selectors(struct w_call *c)
{
	const struct w_value *early = w_get(c->domain, c->w, SW_MX_SELECTORS);
	struct w_domain *d = c->domain;
	bool empty = w_fault(c, SW_FAULT_EMPTY_LIST);
	bool swapped = w_get(d, c->w, SW_MX_ORDER_SWAPS)->n && d->mx.readings++ % 2;

	w_key(&c->out, "selectors");
	if (!d->mx.shown && w_is(early, "null")) {
		w_null(&c->out);
		return;
	}
	w_open(&c->out, '[');
	for (unsigned i = 0; i < d->slots && !empty; i++)
		if (d->sel[i].target)
			write_selector(c, swapped ? d->slots - 1 - i : i);
	w_close(&c->out, ']');
}

static void early_keys(struct w_call *c)
{
	struct w_domain *d = c->domain;

	if (!d->mx.shown && w_is(w_get(d, c->w, SW_MX_SELECTORS), "shown"))
		for (unsigned i = 0; i < d->slots; i++)
			if (!d->sel[i].target)
				w_key_make(c->w, d, i, c->w->now);
}

void w_get_mx_dkim(struct w_call *c)
{
	const struct w_value *how = w_get(c->domain, c->w, SW_MX_AUTOCONFIG);
	struct w_domain *d = c->domain;
	char name[64];

	early_keys(c);
	w_open(&c->out, '{');
	if (!w_fault(c, SW_FAULT_MISSING_FIELD))
		w_key_str(&c->out, "status", w_fault(c, SW_FAULT_UNKNOWN_ENUM) ? "hibernating" : status(c));
	w_selector_name(d, d->mx.active, name);
	w_key_str(&c->out, "activeSelector", d->mx.on ? name : NULL);
	if (w_is(how, "null"))
		w_key_null(&c->out, "autoconfig");
	else if (w_is(how, "zone"))
		w_key_bool(&c->out, "autoconfig", d->zone->account == d->service->account);
	else
		w_key_bool(&c->out, "autoconfig", w_mx_all_set(d));
	write_selectors(c);
	w_extra(c, "iam");
	w_close(&c->out, '}');
}

static void write_task(struct w_call *c, const struct w_task *t)
{
	/* init is the first second of todo */
	bool init = t->status == W_TASK_TODO && c->w->now < t->made + W_SECOND;

	w_open(&c->out, '{');
	w_key_int(&c->out, "id", t->id);
	w_key_str(&c->out, "domain", c->domain->name);
	w_key_str(
	        &c->out, "function", t->function == W_MX_ENABLE ? "domain/enableDKIM" : "domain/disableDKIM");
	w_key_str(&c->out, "status",
	        w_fault(c, SW_FAULT_UNKNOWN_ENUM) ? "pondering"
	        : init                            ? "init"
	                                          : task_words[t->status]);
	w_extra(c, "progress");
	w_close(&c->out, '}');
}

static void switch_to(struct w_call *c, bool on)
{
	struct w_task *t;

	if (!w_body_none(c))
		return;
	if (c->domain->mx.task || w_fault(c, SW_MX_CONFLICT)) {
		w_refuse(c, 409, "Client::Conflict", NULL, "A task is already running on this domain");
		return;
	}
	t = on ? w_mx_enable(c->w, c->domain, W_BY_API) : w_mx_disable(c->w, c->domain, W_BY_API);
	t->change = c->change;
	c->applied = true;
	write_task(c, t);
}

void w_put_mx_enable(struct w_call *c)
{
	switch_to(c, true);
}

void w_put_mx_disable(struct w_call *c)
{
	switch_to(c, false);
}

void w_get_mx_tasks(struct w_call *c)
{
	w_open(&c->out, '[');
	for (const struct w_task *t = c->domain->tasks; t; t = t->next)
		if (w_task_pends(t))
			w_int(&c->out, t->id);
	w_close(&c->out, ']');
}

void w_get_mx_task(struct w_call *c)
{
	const struct w_task *t = w_task_find(c->w, c->id);
	char id[24];

	w_format(id, sizeof(id), "%lld", (long long)c->id);
	if (!t || t->domain != c->domain)
		w_refuse_missing(c, "id", id);
	else
		write_task(c, t);
}
