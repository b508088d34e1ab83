/* What Zimbra's v2 API says of a domain's records: the CNAMEs that it expects, and its diagnosis of them, mapped onto MX
 * Plan's words. It must never call a record right that the diagnosis does not show, nor read an unknown code as harmless. */
#include <string.h>

#include "base/util.h"
#include "core/dname.h"
#include "platform/domains.h"
#include "platform/look.h"

/* "selector._domainkey.domain" or "selector._domainkey" to the selector's name; false when it is neither. */
static bool read_owner(const struct pass *p, const char *text, char name[SELECTOR_NAME])
{
	char owner[DNAME_TEXT], relative[DNAME_TEXT];

	if (!text || !dname_lower(owner, sizeof owner, text))
		return false;
	if (dname_within(owner, p->desired->domain) && dname_relative(relative, owner, p->desired->domain))
		memcpy(owner, relative, sizeof owner);
	if (!str_suffix(owner, "._domainkey"))
		return false;
	owner[strlen(owner) - strlen("._domainkey")] = '\0';
	return dname_valid_selector(owner) && str_copy(name, SELECTOR_NAME, owner);
}

/* expectedDNSConfig.dkim.cnames: the two records; null or absent before the first enable, perhaps for ever. */
void zimbra_cnames(struct pass *p, const struct api_answer *a, const struct json *config)
{
	const struct json *list = json_get(json_get(config, "dkim"), "cnames");
	char name[SELECTOR_NAME];

	if (list && !json_is_null(list) && !json_is(list, JSON_ARRAY))
		look_odd(p, a, "cnames");
	for (const struct json *e = json_first(list); e; e = json_next(e)) {
		struct seen_selector *s;

		if (!read_owner(p, json_string(json_get(e, "name")), name)) {
			look_odd(p, a, "name of a CNAME");
			continue;
		}
		s = domains_place(p, name, a->now);
		if (!s && !p->seen.too_many)
			look_odd(p, a, "a CNAME twice");
		if (!s)
			continue;
		if (!dname_dkim(s->record, s->name, p->desired->domain) ||
		        !read_host(json_get(e, "value"), s->target) || !s->target[0])
			look_odd(p, a, "value of a CNAME");
	}
	domains_sort(p);
}

/* What OVHcloud finds, as bits. */
enum finding {
	FOUND_DISABLED = 1,
	FOUND_WRONG = 2,
	FOUND_MISSING = 4,
	FOUND_RUNNING = 8,
	FOUND_FAILED = 16,
	FOUND_UNKNOWN = 32,
};

static const struct word error_words[] = {
        {"DKIM_DISABLED", FOUND_DISABLED}, {"INCORRECT_CNAME_RECORD", FOUND_WRONG},
        {"OVH_NOT_INCLUDED", FOUND_WRONG}, {"MISSING_ONE_SELECTOR", FOUND_MISSING},
        {"TASK_RUNNING", FOUND_RUNNING}, {"DOMAIN_IN_TRANSIENT_STATE", FOUND_RUNNING},
        {"TASK_FAILED", FOUND_FAILED}, {"INTERNAL_ERROR", FOUND_FAILED},
        {"DOMAIN_NOT_VALIDATED", FOUND_FAILED}, {"BAD_CONFIGURATION", 0}, /* its parts say which */
};

/* The same number as Exchange's diagnosis has for it. */
static int error_code(unsigned found)
{
	return found & FOUND_FAILED ? 502 : found & FOUND_WRONG ? 503 : found & FOUND_MISSING ? 504 : 0;
}

static unsigned read_error(struct pass *p, const struct json *e)
{
	int found = WORD_FIND(error_words, json_get(e, "code"));
	const char *message = json_string(json_get(e, "message"));

	if (message && !p->seen.theirs.message[0])
		str_clean(p->seen.theirs.message, sizeof p->seen.theirs.message, message);
	return found < 0 ? FOUND_UNKNOWN : (unsigned)found;
}

static unsigned read_errors(struct pass *p, const struct json *diagnosis, const struct json *dkim)
{
	unsigned found = 0;
	const struct json *outer = json_get(diagnosis, "error");

	if (outer && !json_is_null(outer))
		found |= read_error(p, outer);
	for (const struct json *e = json_first(json_get(dkim, "errors")); e; e = json_next(e))
		found |= read_error(p, e);
	return found;
}

/* An entry of recordsFound: {name, value}, or in older answers one string that holds the value. */
static bool record_matches(
        const struct pass *p, const struct json *e, const struct seen_selector *s, bool *ret_same_name)
{
	const char *text = json_string(e), *value = json_string(json_get(e, "value"));
	char name[SELECTOR_NAME];

	*ret_same_name = false;
	if (text) {
		const char *space = strrchr(text, ' ');

		return dname_equal(space ? space + 1 : text, s->target);
	}
	*ret_same_name = read_owner(p, json_string(json_get(e, "name")), name) && str_caseeq(name, s->name);
	return *ret_same_name && value && dname_equal(value, s->target);
}

static void judge_selector(
        const struct pass *p, struct seen_selector *s, const struct json *records, unsigned found)
{
	bool other = false, same;

	if (!s->target[0])
		return;
	for (const struct json *e = json_first(records); e; e = json_next(e)) {
		if (record_matches(p, e, s, &same)) {
			s->state = SELECTOR_SET;
			return;
		}
		other |= same;
	}
	s->state = other || (found & FOUND_WRONG && !(found & FOUND_MISSING)) ? SELECTOR_TO_FIX
	                                                                      : SELECTOR_TO_SET;
}

static enum signing_status status_of(const struct observed *o, unsigned found, const char *word, bool all_set)
{
	if (found & FOUND_UNKNOWN)
		return STATUS_UNKNOWN;
	if (found & FOUND_RUNNING)
		return STATUS_MODIFYING;
	if (found == 0 && str_caseeq(word, "OK"))
		return STATUS_ENABLED;
	if (o->domain_task_state == TASK_PENDING)
		return STATUS_MODIFYING;
	if (found & FOUND_FAILED)
		return STATUS_ERROR;
	if (found & FOUND_DISABLED)
		return STATUS_DISABLED;
	if (found & (FOUND_WRONG | FOUND_MISSING))
		return STATUS_TO_CONFIGURE;
	/* Not OK, and nothing is named that would be wrong: it was not switched on yet. */
	if (all_set &&
	        (str_caseeq(word, "ERROR") || str_caseeq(word, "WARNING") || str_caseeq(word, "DISABLED")))
		return STATUS_DISABLED;
	return STATUS_UNKNOWN;
}

/* Whether a diagnosis looks at the records of a domain that is switched off is not known. Where it shows none, our own
 * look-up of last time stands in, so that the enable is not awaited for ever; the gate looks again before it. */
static bool seen_by_us(const struct pass *p, const struct seen_selector *s)
{
	for (unsigned i = 0; p->record && i < p->record->n; i++) {
		const struct rec_selector *r = &p->record->sel[i];

		if (str_caseeq(r->name, s->name) && str_eq(r->target, s->target) && r->dns == SEEN_OK)
			return true;
	}
	return false;
}

/* The states of all selectors; returns whether there are some and all are set. */
static bool judge_selectors(struct pass *p, const struct json *records, unsigned found, const char *word)
{
	bool right = found == 0 && str_caseeq(word, "OK"); /* whatever recordsFound looks like */
	bool blind = found == FOUND_DISABLED && json_count(records) == 0;
	bool all_set = p->seen.n > 0;

	for (unsigned i = 0; i < p->seen.n; i++) {
		struct seen_selector *s = &p->seen.sel[i];

		if (s->target[0] && (right || (blind && seen_by_us(p, s))))
			s->state = SELECTOR_SET;
		else
			judge_selector(p, s, records, found);
		all_set = all_set && s->state == SELECTOR_SET;
	}
	return all_set;
}

void zimbra_result(struct pass *p, const struct api_answer *a, const struct json *diagnosis)
{
	struct observed *o = &p->seen;
	const struct json *dkim = json_get(json_get(diagnosis, "result"), "dkim");
	const char *word = json_string(json_get(dkim, "status"));
	unsigned found = read_errors(p, diagnosis, dkim);
	bool all_set;

	if (o->n == 0)
		zimbra_cnames(p, a, json_get(json_get(diagnosis, "recommendations"), "expectedDNSConfig"));
	all_set = judge_selectors(p, json_get(dkim, "recordsFound"), found, word);
	o->status = status_of(o, found, word, all_set);
	o->theirs.given = true;
	str_clean(o->theirs.state, sizeof o->theirs.state, word ? word : "");
	o->theirs.code = error_code(found);
	if (o->status == STATUS_UNKNOWN)
		look_odd(p, a, "the diagnosis");
	/* While it is switched off, and OVHcloud is to write the records, the enable is what makes it write them: nothing
	 * is asked of anybody before. */
	if (o->status == STATUS_DISABLED && !all_set && p->desired->dns == DNS_PLATFORM) {
		o->n = 0;
		memset(o->sel, 0, sizeof o->sel);
	}
}
