/* Exchange and Email Pro around the selectors: services, domain objects with OVHcloud's diagnosis, and tasks.
 */
#include "api.h"

#include <string.h>

static const char *const functions[][2] = {
        /* exchange, emailpro */
        [W_CREATE] = {"addExchangeDomainDKIM", "addDomainDKIM"},
        [W_ENABLE] = {"enableExchangeDKIM", "enableDKIM"},
        [W_DISABLE] = {"disableExchangeDKIM", "disableDKIM"},
        [W_DELETE] = {"deleteExchangeDomainDKIM", "deleteDomainDKIM"},
};
static const char *const task_words[] = {
        [W_TASK_TODO] = "todo",
        [W_TASK_DOING] = "doing",
        [W_TASK_DONE] = "done",
        [W_TASK_ERROR] = "error",
        [W_TASK_CANCELLED] = "cancelled",
};

void w_get_orgs(struct w_call *c)
{
	w_open(&c->out, '[');
	for (const struct w_service *s = c->account->first; s; s = s->next) {
		const struct w_service *seen = c->account->first;

		while (seen != s && (seen->platform != W_EXCHANGE || strcmp(seen->org, s->org)))
			seen = seen->next;
		if (s->platform == W_EXCHANGE && seen == s)
			w_str(&c->out, s->org);
	}
	w_close(&c->out, ']');
}

static const struct w_service *in_org(const struct w_call *c, const struct w_service *s)
{
	while (s && (s->platform != c->route->platform || (c->org && strcmp(s->org, c->org))))
		s = s->next;
	return s;
}

void w_get_org(struct w_call *c)
{
	if (!in_org(c, c->account->first)) {
		w_refuse(c, 404, "Client::NotFound", NULL, "This service does not exist");
		return;
	}
	w_open(&c->out, '{');
	w_key_str(&c->out, "organizationName", c->org);
	w_key_str(&c->out, "state", "ok");
	w_extra(c, "iam");
	w_close(&c->out, '}');
}

void w_get_services(struct w_call *c)
{
	const struct w_service *s = in_org(c, c->account->first);

	if (c->org && !s) {
		w_refuse(c, 404, "Client::NotFound", NULL, "This service does not exist");
		return;
	}
	w_open(&c->out, '[');
	for (; s; s = in_org(c, s->next))
		w_str(&c->out, s->name);
	w_close(&c->out, ']');
}

void w_get_service(struct w_call *c)
{
	w_open(&c->out, '{');
	w_key_str(&c->out, "displayName", c->service->name);
	w_key_str(&c->out, "domain", c->service->name);
	w_key_str(&c->out, "state", "ok");
	w_key_str(&c->out, "offer", c->service->platform == W_EXCHANGE ? "hosted2013" : "emailpro");
	w_key_null(&c->out, "taskPendingId");
	w_extra(c, "iam");
	w_close(&c->out, '}');
}

void w_get_domains(struct w_call *c)
{
	w_open(&c->out, '[');
	for (const struct w_domain *d = c->service->first; d; d = d->next_in_service)
		w_str(&c->out, d->name);
	w_close(&c->out, ']');
}

struct diagnosis {
	const char *state, *message;
	int code; /* 0: none */
};

/* The first that holds: 502 before 501 before the records, as a person would want to hear it. */
static struct diagnosis diagnose(const struct w_call *c)
{
	const struct w_domain *d = c->domain;
	unsigned exist = 0, reserved = 0, moving = 0, signing = 0, waiting = 0;
	const struct w_selector *bad = NULL;

	for (unsigned i = 0; i < d->slots; i++) {
		const struct w_selector *s = &d->sel[i];

		reserved += s->reserved;
		if (s->state == W_ABSENT)
			continue;
		exist++;
		signing += s->state == W_SIGNING;
		waiting += s->state == W_WAITING;
		moving += w_task_pends(s->task) && s->state != W_WAITING;
		if (s->state != W_TODO && s->state != W_DELETING && !s->cname_valid && s->changed < c->w->now)
			bad = bad && bad->cname == W_CNAME_WRONG ? bad : s;
	}
	if (d->tasks && d->tasks->status == W_TASK_ERROR)
		return (struct diagnosis){"error", "One DKIM configuration task is in error", 502};
	if (!exist)
		return (struct diagnosis){"toConfigure", NULL, 0};
	if (moving)
		return (struct diagnosis){"inProgress", NULL, 0};
	if (exist == 1 && reserved > 1)
		return (struct diagnosis){"error", "Only one DKIM selector has been initialized", 501};
	if (bad && bad->cname == W_CNAME_WRONG)
		return (struct diagnosis){"error", "CNAME record is wrong", 503};
	if (bad)
		return (struct diagnosis){"error", "One CNAME record is missing", 504};
	if (signing)
		return (struct diagnosis){"active", NULL, 0};
	return (struct diagnosis){waiting ? "inProgress" : "disabled", NULL, 0};
}

/* What it says where it is wrong. */
static struct diagnosis claim(int64_t code)
{
	static const struct diagnosis claims[] = {
	        {"error", "Only one DKIM selector has been initialized", 501},
	        {"error", "One DKIM configuration task is in error", 502},
	        {"error", "CNAME record is wrong", 503},
	        {"error", "One CNAME record is missing", 504},
	};

	return code < 501 || code > 504 ? (struct diagnosis){"active", NULL, 0} : claims[code - 501];
}

static void diagnostics(struct w_call *c)
{
	int64_t claimed = w_get(c->domain, c->w, SW_DIAGNOSTICS_CODE)->n;
	const struct w_value *how = w_get(c->domain, c->w, SW_DIAGNOSTICS);
	struct diagnosis g = claimed ? claim(claimed) : diagnose(c);

	if (w_is(how, "absent"))
		return;
	if (w_is(how, "null")) {
		w_key_null(&c->out, "dkimDiagnostics");
		return;
	}
	w_key(&c->out, "dkimDiagnostics");
	w_open(&c->out, '{');
	w_key_str(&c->out, "state", w_fault(c, SW_FAULT_UNKNOWN_ENUM) ? "puzzled" : g.state);
	if (g.code)
		w_key_int(&c->out, "errorCode", g.code);
	else
		w_key_null(&c->out, "errorCode");
	w_key_str(&c->out, "message", g.message);
	w_close(&c->out, '}');
}

void w_get_domain(struct w_call *c)
{
	const char *state = w_get(c->domain, c->w, SW_DOMAIN_STATE)->word;

	if (c->domain->suspended)
		state = "suspended";
	w_open(&c->out, '{');
	w_key_str(&c->out, "name", c->domain->name);
	w_key_str(&c->out, "displayName", c->domain->name);
	if (!w_fault(c, SW_FAULT_MISSING_FIELD))
		w_key_str(&c->out, "state", w_fault(c, SW_FAULT_UNKNOWN_ENUM) ? "dozing" : state);
	w_key_int(&c->out, "taskPendingId", 0);
	w_key_bool(&c->out, "domainValidated", true);
	w_key_str(&c->out, "type", "authoritative");
	w_key_int(&c->out, "accountsCount", 3);
	w_key_bool(&c->out, "mxIsValid", true);
	diagnostics(c);
	w_extra(c, "iam");
	w_close(&c->out, '}');
}

void w_write_task(struct w_call *c, const struct w_task *t)
{
	w_open(&c->out, '{');
	w_key_int(&c->out, "id", t->id);
	w_key_str(&c->out, "function", functions[t->function][t->domain->platform == W_EMAILPRO]);
	w_key_str(&c->out, "status", w_fault(c, SW_FAULT_UNKNOWN_ENUM) ? "pondering" : task_words[t->status]);
	w_key_time(&c->out, "todoDate", t->made);
	w_key_time(&c->out, "finishDate", t->finished);
	w_extra(c, "progress");
	w_close(&c->out, '}');
}

void w_get_tasks(struct w_call *c)
{
	w_open(&c->out, '[');
	for (const struct w_domain *d = c->service->first; d; d = d->next_in_service)
		for (const struct w_task *t = d->tasks; t; t = t->next)
			if (w_task_pends(t))
				w_int(&c->out, t->id);
	w_close(&c->out, ']');
}

void w_get_task(struct w_call *c)
{
	const struct w_task *t = w_task_find(c->w, c->id);
	char id[24];

	w_format(id, sizeof(id), "%lld", (long long)c->id);
	if (!t || t->domain->service != c->service)
		w_refuse_missing(c, "id", id);
	else
		w_write_task(c, t);
}
