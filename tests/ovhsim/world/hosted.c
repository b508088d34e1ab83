/* Exchange and Email Pro: /email/exchange/{org}/service/{svc} and /email/pro/{svc}. What is admitted follows
 * the switches, because OVHcloud documents none of it. */
#include "api.h"

#include <string.h>

static bool hides(struct w_call *c, const struct w_selector *s)
{
	return s->existence_changed != W_NEVER &&
	       c->w->now < s->existence_changed + w_get(c->domain, c->w, SW_BLIND_MS)->n;
}

static bool blind(struct w_call *c)
{
	for (unsigned i = 0; i < c->domain->slots; i++)
		if (hides(c, &c->domain->sel[i]))
			return true;
	return false;
}

static bool stands(const struct w_call *c, const struct w_selector *s)
{
	return s->state != W_ABSENT && s->appears <= c->w->now;
}

/* In lists that lag, what was there before the last change still shows. */
static bool listed(const struct w_call *c, const struct w_selector *s)
{
	int64_t lag = w_get(c->domain, c->w, SW_LIST_LAG_MS)->n;

	if (lag && s->existence_changed != W_NEVER && c->w->now < s->existence_changed + lag)
		return s->existed;
	return stands(c, s);
}

void w_get_reserved(struct w_call *c)
{
	bool empty = w_fault(c, SW_FAULT_EMPTY_LIST);
	char name[64];

	w_open(&c->out, '[');
	for (unsigned i = 0; i < c->domain->slots && !empty; i++) {
		if (!c->domain->sel[i].reserved)
			continue;
		w_selector_name(c->domain, i, name);
		w_str(&c->out, name);
	}
	w_close(&c->out, ']');
}

void w_get_dkims(struct w_call *c)
{
	bool empty = w_fault(c, SW_FAULT_EMPTY_LIST) || blind(c);
	char name[64];

	w_open(&c->out, '[');
	for (unsigned i = 0; i < c->domain->slots && !empty; i++) {
		if (!listed(c, &c->domain->sel[i]))
			continue;
		w_selector_name(c->domain, i, name);
		w_str(&c->out, name);
	}
	w_close(&c->out, ']');
}

static void task_pending(struct w_call *c, const struct w_selector *s)
{
	const struct w_value *none = w_get(c->domain, c->w, SW_NO_TASK);

	if (s->task || s->ghost_id)
		w_key_int(&c->out, "taskPendingId", s->task ? s->task->id : s->ghost_id);
	else if (w_is(none, "zero"))
		w_key_int(&c->out, "taskPendingId", 0);
	else if (w_is(none, "null"))
		w_key_null(&c->out, "taskPendingId");
}

static void last_update(struct w_call *c, const struct w_selector *s)
{
	const struct w_value *how = w_get(c->domain, c->w, SW_LAST_UPDATE);
	int64_t at = s->changed, check = w_check_before(c->w, c->domain);

	if (w_is(how, "null")) {
		w_key_null(&c->out, "lastUpdate");
		return;
	}
	if (w_is(how, "checks") && check > at)
		at = check;
	if (w_is(how, "creation"))
		at = s->existence_changed;
	w_key_time(&c->out, "lastUpdate", w_is(how, "never") || at == W_NEVER ? -W_HOUR : at);
}

static void status_field(struct w_call *c, const struct w_selector *s)
{
	const char *word = w_state_word(s->state);

	if (w_fault(c, SW_FAULT_MISSING_FIELD))
		return;
	if (s->state == W_WAITING)
		word = w_get(c->domain, c->w, SW_WAITING_WORD)->word;
	w_key_str(&c->out, "status", w_fault(c, SW_FAULT_UNKNOWN_ENUM) ? "hibernating" : word);
}

static void write_selector(struct w_call *c, unsigned slot)
{
	const struct w_value *cname = w_get(c->domain, c->w, SW_CNAME_FIELD);
	const struct w_selector *s = &c->domain->sel[slot];
	char name[64], record[W_NAME], target[W_NAME];

	w_selector_name(c->domain, slot, name);
	w_selector_record(c->domain, slot, record);
	if (w_fault(c, SW_FAULT_WRONG_RECORD))
		w_format(record, sizeof(record), "%s._domainkey.elsewhere.example", name);
	w_target_name(c->domain, slot, s->target, target);
	w_open(&c->out, '{');
	w_key_str(&c->out, "selectorName", name);
	status_field(c, s);
	w_key_str(&c->out, "customerRecord", record);
	w_key_str(&c->out, "targetRecord",
	        s->named > c->w->now || w_fault(c, SW_FAULT_NULL_TARGET) ? NULL : target);
	w_key_str(&c->out, "recordType", "CNAME");
	if (!w_is(cname, "absent"))
		w_key_bool(&c->out, "cnameIsValid", s->cname_valid && !w_is(cname, "false"));
	w_key_str(&c->out, "header", "from;to;subject;date");
	last_update(c, s);
	task_pending(c, s);
	w_extra(c, "iam");
	w_close(&c->out, '}');
}

void w_get_dkim(struct w_call *c)
{
	unsigned slot = (unsigned)c->slot;

	if (c->slot < 0 || !stands(c, &c->domain->sel[slot]) || blind(c)) {
		w_refuse_missing(c, "selectorName", c->sel);
		return;
	}
	bool another = w_fault(c, SW_FAULT_WRONG_SELECTOR);
	c->shown = another ? NULL : &c->domain->sel[slot];
	if (another)
		slot = (slot + 1) % c->domain->slots;
	write_selector(c, slot);
}

/* An action that is accepted although it cannot work: a task that ends in error and touches nothing. */
static struct w_task *futile(struct w_call *c, unsigned slot, enum w_function f)
{
	struct w_selector *s = &c->domain->sel[slot];
	struct w_task *before = s->task, *t = w_task_new(c->w, c->domain, slot, f, W_BY_API, SW_TASK_MS);

	t->fails = true;
	t->stops_old = false;
	if (before)
		s->task = before;
	return t;
}

static void accept(struct w_call *c, struct w_task *t)
{
	t->change = c->change;
	c->applied = true;
	w_write_task(c, t);
}

/* Refuses when a task of the selector, or of the domain, pends and the switch says so. */
static bool locked(struct w_call *c, unsigned slot, bool creation)
{
	const struct w_value *how = w_get(c->domain, c->w, SW_ACTION_PENDING);
	bool wide = w_is(w_get(c->domain, c->w, SW_PENDING_SCOPE), "domain");
	bool pends = false;

	for (unsigned i = 0; i < c->domain->slots; i++) {
		const struct w_task *t = c->domain->sel[i].task;

		if (i != slot && (!wide || (creation && t && t->function == W_CREATE)))
			continue;
		pends |= w_task_pends(t);
	}
	if (!pends || w_is(how, "200"))
		return false;
	w_refuse_by(c, how, "A task is already pending on this object");
	return true;
}

void w_post_dkim(struct w_call *c)
{
	static const char *const fields[] = {"selectorName", "autoEnableDKIM", "configureDkim", NULL};
	bool auto_enable = w_get(c->domain, c->w, SW_AUTO_ENABLE_DEFAULT)->n;
	bool configure = w_get(c->domain, c->w, SW_CONFIGURE_DEFAULT)->n;
	const struct w_value *existing = w_get(c->domain, c->w, SW_POST_EXISTING);
	const char *name = NULL;
	int slot;

	if (!w_body_known(c, fields) || !w_body_text(c, "selectorName", true, &name) ||
	        !w_body_bool(c, c->body, "autoEnableDKIM", &auto_enable) ||
	        !w_body_bool(c, c->body, "configureDkim", &configure))
		return;
	slot = w_selector_slot(c->domain, name);
	if (slot < 0 || !c->domain->sel[slot].reserved) {
		w_refuse(c, 400, "Client::BadRequest", NULL, "selectorName %s is not allowed for this domain",
		        name);
		return;
	}
	if (c->domain->sel[slot].state != W_ABSENT) {
		if (w_is(existing, "200"))
			accept(c, futile(c, (unsigned)slot, W_CREATE));
		else
			w_refuse_by(c, existing, "This selector already exists");
		return;
	}
	if (!locked(c, (unsigned)slot, true))
		accept(c, w_create(c->w, c->domain, (unsigned)slot, auto_enable, configure, W_BY_API));
}

/* The selector of a change: it must stand there, and no task may lock it. */
static struct w_selector *changeable(struct w_call *c)
{
	struct w_selector *s = c->slot < 0 ? NULL : &c->domain->sel[c->slot];

	if (!w_body_none(c))
		return NULL;
	if (!s || !stands(c, s) || blind(c)) {
		w_refuse_missing(c, "selectorName", c->sel);
		return NULL;
	}
	return locked(c, (unsigned)c->slot, false) ? NULL : s;
}

/* 400, 409, or the task that `taken` makes. */
static void answer_by(struct w_call *c, const struct w_value *how, const char *text,
        struct w_task *(*taken)(struct world *, struct w_domain *, unsigned, enum w_who), enum w_function f)
{
	if (!w_is(how, "200"))
		w_refuse_by(c, how, text);
	else if (taken)
		accept(c, taken(c->w, c->domain, (unsigned)c->slot, W_BY_API));
	else
		accept(c, futile(c, (unsigned)c->slot, f));
}

void w_enable_dkim(struct w_call *c)
{
	const struct w_selector *s = changeable(c);

	if (!s)
		return;
	if (s->state == W_READY)
		accept(c, w_enable(c->w, c->domain, (unsigned)c->slot, W_BY_API));
	else if (s->state == W_SIGNING)
		answer_by(c, w_get(c->domain, c->w, SW_ENABLE_SIGNING),
		        "This selector is already in production", w_enable, W_ENABLE);
	else
		answer_by(c, w_get(c->domain, c->w, SW_ENABLE_UNREADY), "This selector is not ready", NULL,
		        W_ENABLE);
}

void w_disable_dkim(struct w_call *c)
{
	const struct w_selector *s = changeable(c);

	if (!s)
		return;
	if (s->state == W_READY || s->state == W_SIGNING)
		accept(c, w_disable(c->w, c->domain, (unsigned)c->slot, W_BY_API));
	else
		w_refuse(c, 400, "Client::BadRequest", NULL,
		        "This selector is neither inProduction nor ready");
}

void w_delete_dkim(struct w_call *c)
{
	const struct w_selector *s = changeable(c);

	if (!s)
		return;
	if (s->state == W_SIGNING)
		answer_by(c, w_get(c->domain, c->w, SW_DELETE_SIGNING), "This selector is in production",
		        w_delete, W_DELETE);
	else if (s->state == W_DELETING)
		w_refuse(c, 409, "Client::Conflict", NULL, "This selector is being deleted");
	else
		accept(c, w_delete(c->w, c->domain, (unsigned)c->slot, W_BY_API));
}
