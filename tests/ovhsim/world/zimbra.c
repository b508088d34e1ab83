/* /v2/zimbra: the control panel's own way to the domains of a Zimbra platform, with pages by cursor. */
#include "api.h"

#include <stdlib.h>
#include <string.h>

void w_get_platforms(struct w_call *c)
{
	w_open(&c->out, '[');
	for (const struct w_service *s = c->account->first; s; s = s->next) {
		if (s->platform != W_ZIMBRA)
			continue;
		w_open(&c->out, '{');
		w_key_str(&c->out, "id", s->uuid);
		w_key_str(&c->out, "resourceStatus", "READY");
		w_key(&c->out, "currentState");
		w_open(&c->out, '{');
		w_key_str(&c->out, "name", s->name);
		w_close(&c->out, '}');
		w_extra(c, "iam");
		w_close(&c->out, '}');
	}
	w_close(&c->out, ']');
}

void w_get_platform(struct w_call *c)
{
	w_open(&c->out, '{');
	w_key_str(&c->out, "id", c->service->uuid);
	w_key_str(&c->out, "resourceStatus", "READY");
	w_extra(c, "iam");
	w_close(&c->out, '}');
}

/* A checksum of what a PUT may change: one that was read before a change no longer fits after it. */
static void checksum(const struct w_domain *d, char dst[40])
{
	uint64_t h = w_mix(w_hash_text(d->name) ^ (uint64_t)d->mx.wanted ^ (uint64_t)d->n_tasks << 8);

	w_format(dst, 40, "%016llx", (unsigned long long)h);
}

/* The CNAMEs are named before anything is enabled, by the switch. */
static bool names_cnames(struct w_call *c, struct w_domain *d)
{
	const struct w_value *how = w_get(d, c->w, SW_ZIMBRA_CNAMES);

	if (w_is(how, "null") || (w_is(how, "enabled") && !d->mx.shown))
		return false;
	for (unsigned i = 0; i < d->slots; i++)
		if (!d->sel[i].target)
			w_key_make(c->w, d, i, c->w->now);
	return true;
}

static void write_expected(struct w_call *c, struct w_domain *d)
{
	char record[W_NAME], target[W_NAME];
	bool empty = w_fault(c, SW_FAULT_EMPTY_LIST);

	w_key(&c->out, "expectedDNSConfig");
	if (!names_cnames(c, d)) {
		w_null(&c->out);
		return;
	}
	w_open(&c->out, '{');
	w_key(&c->out, "dkim");
	w_open(&c->out, '{');
	w_key(&c->out, "cnames");
	w_open(&c->out, '[');
	for (unsigned i = 0; i < d->slots && !empty; i++) {
		w_selector_record(d, i, record);
		w_target_name(d, i, d->sel[i].target, target);
		w_open(&c->out, '{');
		w_key_str(&c->out, "name", record);
		w_key_str(&c->out, "value", target);
		w_close(&c->out, '}');
	}
	w_close(&c->out, ']');
	w_close(&c->out, '}');
	w_close(&c->out, '}');
}

static void write_tasks(struct w_call *c, const struct w_domain *d, bool full)
{
	static const char *const words[] = {
	        [W_TASK_TODO] = "SCHEDULED", [W_TASK_DOING] = "RUNNING", [W_TASK_ERROR] = "ERROR"};

	for (const struct w_task *t = d->tasks; t; t = t->next) {
		bool failed = t->status == W_TASK_ERROR && t == d->tasks;
		char id[40];

		if (!w_task_pends(t) && !failed)
			continue;
		w_uuid(id, (uint64_t)t->id);
		w_open(&c->out, '{');
		w_key_str(&c->out, "id", id);
		w_key_str(&c->out, "status", words[t->status]);
		if (full)
			w_key_str(&c->out, "type", "DOMAIN_UPDATE");
		w_key(&c->out, "errors");
		w_open(&c->out, '[');
		if (failed) {
			w_open(&c->out, '{');
			w_key_str(&c->out, "message", "The operation failed");
			w_close(&c->out, '}');
		}
		w_close(&c->out, ']');
		w_close(&c->out, '}');
	}
}

static const char *resource_status(struct w_call *c, const struct w_domain *d)
{
	if (w_fault(c, SW_FAULT_UNKNOWN_ENUM))
		return "DREAMING";
	if (d->suspended)
		return "SUSPENDED";
	if (d->mx.task)
		return "UPDATING";
	if (d->mx.error)
		return "ERROR";
	if (d->mx.wanted && !w_mx_all_set(d))
		return w_get(d, c->w, SW_ZIMBRA_SYNC)->word;
	return "READY";
}

static void write_domain(struct w_call *c, struct w_domain *d)
{
	char sum[40];

	checksum(d, sum);
	w_open(&c->out, '{');
	w_key_str(&c->out, "id", d->uuid);
	w_key_str(&c->out, "checksum", sum);
	if (!w_fault(c, SW_FAULT_MISSING_FIELD))
		w_key_str(&c->out, "resourceStatus", resource_status(c, d));
	w_key(&c->out, "currentState");
	w_open(&c->out, '{');
	w_key_str(&c->out, "name", d->name);
	w_key_str(&c->out, "organizationId", "00000000-0000-4000-8000-000000000001");
	write_expected(c, d);
	w_close(&c->out, '}');
	w_key(&c->out, "currentTasks");
	w_open(&c->out, '[');
	write_tasks(c, d, false);
	w_close(&c->out, ']');
	w_key(&c->out, "targetSpec");
	w_open(&c->out, '{');
	w_key_bool(&c->out, "dkimEnabled", d->mx.task ? d->mx.task->function == W_MX_ENABLE : d->mx.wanted);
	w_key_str(&c->out, "organizationId", "00000000-0000-4000-8000-000000000001");
	w_close(&c->out, '}');
	w_extra(c, "iam");
	w_close(&c->out, '}');
}

/* A page begins behind the domain that the cursor names, and the cursor of the next one names its last. */
void w_get_zimbra_domains(struct w_call *c)
{
	const char *only = w_param(c, "domainName"), *cursor = c->q->page_cursor;
	int64_t left = c->q->page_size > 0 ? c->q->page_size : c->w->value[SW_PAGE_SIZE].n;
	struct w_domain *d = c->service->first, *last = NULL;

	if (cursor && *cursor) {
		d = w_map_text(&c->w->domains, cursor);
		if (!d || d->service != c->service) {
			w_refuse(c, 400, "Client::BadRequest::INVALID_CURSOR", NULL, "Invalid cursor");
			return;
		}
		d = d->next_in_service;
	}
	w_open(&c->out, '[');
	for (; d && left > 0; d = d->next_in_service) {
		if ((only && strcmp(only, d->name)) || w_is(w_get(d, c->w, SW_ZIMBRA_API), "v1"))
			continue;
		write_domain(c, d);
		last = d;
		left--;
	}
	w_close(&c->out, ']');
	if (d && last)
		w_format(c->cursor, sizeof(c->cursor), "%s", last->uuid);
}

void w_get_zimbra_domain(struct w_call *c)
{
	write_domain(c, c->domain);
}

void w_put_zimbra_domain(struct w_call *c)
{
	static const char *const fields[] = {"targetSpec", "checksum", NULL};
	const struct w_json *spec = w_json_get(c->body, "targetSpec");
	struct w_domain *d = c->domain;
	bool wanted = d->mx.wanted;
	const char *sum = NULL;
	struct w_task *t = NULL;
	char own[40];

	if (!w_body_known(c, fields) || !w_body_text(c, "checksum", false, &sum))
		return;
	if (!spec || spec->kind != W_JSON_OBJECT) {
		w_refuse_type(c, "targetSpec", "object");
		return;
	}
	if (!w_body_bool(c, spec, "dkimEnabled", &wanted))
		return;
	checksum(d, own);
	if (sum && strcmp(sum, own)) {
		w_refuse(c, 409, "Client::Conflict::CHECKSUM_MISMATCH", NULL, "Checksum does not match");
		return;
	}
	if (d->mx.task || w_fault(c, SW_MX_CONFLICT)) {
		w_refuse(c, 409, "Client::Conflict::RESOURCE_NOT_READY", NULL,
		        "A task is running on this resource");
		return;
	}
	if (wanted != d->mx.wanted || !d->mx.on)
		t = wanted ? w_mx_enable(c->w, d, W_BY_API) : w_mx_disable(c->w, d, W_BY_API);
	if (t)
		t->change = c->change;
	c->applied = true;
	write_domain(c, d);
}

static void write_error(struct w_call *c, const char *code, const char *message)
{
	w_open(&c->out, '{');
	w_key_str(&c->out, "code", code);
	w_key_str(&c->out, "message", message);
	w_close(&c->out, '}');
}

static void write_diagnosis(struct w_call *c, struct w_domain *d)
{
	bool missing = false, wrong = false;
	bool bad;

	for (unsigned i = 0; i < d->slots; i++) {
		missing |= d->sel[i].cname == W_CNAME_MISSING;
		wrong |= d->sel[i].cname == W_CNAME_WRONG;
	}
	bad = missing || wrong || d->mx.error;
	w_key_str(&c->out, "status", !d->mx.on ? "ERROR" : bad || d->mx.task ? "WARNING" : "OK");
	w_key(&c->out, "recordsFound");
	w_open(&c->out, '[');
	for (unsigned i = 0; i < d->slots; i++) {
		char record[W_NAME], target[W_NAME];

		if (d->sel[i].cname != W_CNAME_RIGHT)
			continue;
		w_selector_record(d, i, record);
		w_target_name(d, i, d->sel[i].target, target);
		w_open(&c->out, '{');
		w_key_str(&c->out, "name", record);
		w_key_str(&c->out, "value", target);
		w_close(&c->out, '}');
	}
	w_close(&c->out, ']');
	w_key(&c->out, "errors");
	w_open(&c->out, '[');
	if (d->mx.task)
		write_error(c, "TASK_RUNNING", "A task is running");
	else if (d->mx.error)
		write_error(c, "TASK_FAILED", "The last task failed");
	else if (!d->mx.wanted)
		write_error(c, "DKIM_DISABLED", "DKIM is disabled");
	if (d->mx.wanted && wrong)
		write_error(c, "INCORRECT_CNAME_RECORD", "A CNAME record is incorrect");
	if (d->mx.wanted && missing)
		write_error(c, "MISSING_ONE_SELECTOR", "A selector has no CNAME record");
	w_close(&c->out, ']');
}

static void diagnose(struct w_call *c, const char *uuid)
{
	struct w_domain *d = w_map_text(&c->w->domains, uuid);

	if (d && d->service != c->service)
		d = NULL;
	w_open(&c->out, '{');
	w_key_str(&c->out, "domainId", uuid);
	w_key_str(&c->out, "domainName", d ? d->name : NULL);
	w_key_str(&c->out, "status", !d ? "ERROR" : d->mx.on && w_mx_all_set(d) ? "OK" : "PARTIAL");
	w_key(&c->out, "errors");
	w_open(&c->out, '[');
	if (!d)
		write_error(c, "DOMAIN_NOT_FOUND", "The domain does not exist");
	w_close(&c->out, ']');
	w_key(&c->out, "result");
	if (d) {
		w_open(&c->out, '{');
		w_key(&c->out, "dkim");
		w_open(&c->out, '{');
		write_diagnosis(c, d);
		w_close(&c->out, '}');
		w_close(&c->out, '}');
	} else {
		w_null(&c->out);
	}
	w_extra(c, "iam");
	w_close(&c->out, '}');
}

void w_post_diagnostic(struct w_call *c)
{
	static const char *const fields[] = {"domains", NULL};
	const struct w_json *list = w_json_get(c->body, "domains");

	if (!w_body_known(c, fields))
		return;
	if (!list || list->kind != W_JSON_ARRAY) {
		w_refuse_type(c, "domains", "uuid[]");
		return;
	}
	w_open(&c->out, '[');
	for (const struct w_json *j = list->child; j; j = j->next)
		if (j->kind == W_JSON_STRING)
			diagnose(c, j->text);
	w_close(&c->out, ']');
}

void w_get_zimbra_tasks(struct w_call *c)
{
	w_open(&c->out, '[');
	for (const struct w_domain *d = c->service->first; d; d = d->next_in_service)
		write_tasks(c, d, true);
	w_close(&c->out, ']');
}
