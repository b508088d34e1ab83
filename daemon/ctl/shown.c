/* The daemon's JSON as domains that can be shown, and what follows from them alone: how urgent, how late, how far. It
 * decides nothing about keys; it repeats what the daemon decided. */
#include "ctl/shown.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/util.h"
#include "core/model.h"
#include "core/span.h"

struct shown *shown_new(void)
{
	struct shown *s = xcalloc(1, sizeof(*s));

	s->arena = arena_new();
	return s;
}

void shown_free(struct shown *s)
{
	if (!s)
		return;
	arena_free(s->arena);
	free(s->list);
	free(s);
}

/* --- reading ------------------------------------------------------------------------------------ */

static const char *text_of(struct shown *s, const struct json *object, const char *key)
{
	const char *text = json_string(json_get(object, key));
	char clean[STR_CLEAN_MAX + 1];

	return text ? arena_intern(s->arena, str_clean(clean, sizeof(clean), text)) : NULL;
}

static int64_t time_of(const struct json *object, const char *key)
{
	const char *text = json_string(json_get(object, key));
	int64_t at = 0;

	if (text)
		time_parse(text, &at);
	return at;
}

static int64_t number_of(const struct json *object, const char *key)
{
	int64_t n = 0;

	json_int64(json_get(object, key), &n);
	return n;
}

/* This host's clock, moved by what the daemon measured for the account. */
static int64_t clock_of(const struct json *status, const char *account)
{
	struct timespec now;
	int64_t offset = 0;

	for (const struct json *a = json_first(json_get(status, "accounts")); a; a = json_next(a))
		if (str_eq(json_string(json_get(a, "name")), account))
			json_int64(json_get(a, "clock_offset"), &offset);
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * MS_SECOND + now.tv_nsec / 1000000 + offset * MS_SECOND;
}

static void read_selectors(struct shown *s, struct shown_domain *d, const struct json *list)
{
	size_t n = json_count(list), i = 0;
	struct shown_selector *all = arena_alloc(s->arena, (n ? n : 1) * sizeof(*all));

	for (const struct json *j = json_first(list); j; j = json_next(j), i++) {
		all[i].name = text_of(s, j, "name");
		all[i].state = text_of(s, j, "state");
		all[i].role = text_of(s, j, "role");
		all[i].record = text_of(s, j, "record");
		all[i].target = text_of(s, j, "target");
		all[i].dns = text_of(s, j, "dns");
		all[i].dns_detail = text_of(s, j, "dns_detail");
		all[i].bits = number_of(j, "key_bits");
		all[i].signing_since = time_of(j, "signing_since");
		all[i].stopped = time_of(j, "stopped_signing");
		all[i].delete_after = time_of(j, "delete_after");
	}
	d->selectors = all;
	d->n_selectors = n;
}

static bool is_plain(const char *s)
{
	for (const char *p = s; p && *p; p++)
		if (*p < ' ' || *p > '~' || *p == '"' || *p == '\\')
			return false;
	return s != NULL;
}

static void read_records(struct shown *s, struct shown_domain *d, const struct json *list)
{
	size_t n = json_count(list);
	struct shown_record *all = arena_alloc(s->arena, (n ? n : 1) * sizeof(*all));

	for (const struct json *j = json_first(list); j; j = json_next(j)) {
		struct shown_record *r = &all[d->n_records];
		const char *data = json_string(json_get(j, "data")); /* longer than what is for a terminal */

		r->name = text_of(s, j, "name");
		r->type = text_of(s, j, "type");
		r->ttl = number_of(j, "ttl");
		json_bool(json_get(j, "absent"), &r->absent);
		json_bool(json_get(j, "seen"), &r->seen);
		if (!r->name || !r->type || !is_plain(data))
			continue;
		r->data = arena_strdup(s->arena, data);
		d->n_records++;
	}
	d->records = all;
}

static void read_diagnosis(struct shown *s, struct shown_domain *d, const struct json *diagnosis)
{
	d->diagnosed = json_is(diagnosis, JSON_OBJECT);
	d->code = (int)number_of(diagnosis, "code");
	d->message = text_of(s, diagnosis, "message");
	d->remedy = text_of(s, diagnosis, "remedy");
}

/* How urgent: errors, then what waits for a person, then what moves, and what is in order last. */
static int rank_of(const struct shown_domain *d)
{
	static const char *const conditions[] = {"error", "blocked", "paused", "observing"};

	if (shown_unsigned(d))
		return str_eq(d->condition, "error") ? 0 : str_eq(d->condition, "blocked") ? 1 : 2;
	for (int i = 0; i < (int)ARRAY_SIZE(conditions); i++)
		if (str_eq(d->condition, conditions[i]))
			return 3 + 2 * i;
	if (shown_overdue(d))
		return 6;
	if (str_eq(d->phase, "settled"))
		return 12;
	return str_eq(d->phase, "unknown") ? 11 : 10;
}

void shown_take(struct shown *s, const struct shown_domain *d)
{
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 64;
		s->list = xrealloc(s->list, s->cap * sizeof(*s->list));
	}
	s->list[s->n] = *d;
	s->list[s->n].rank = rank_of(d);
	s->n++;
}

bool shown_add(struct shown *s, const struct json *domain, const struct json *status)
{
	struct shown_domain d = {0};
	const struct json *next = json_get(domain, "next");

	if (!json_string(json_get(domain, "domain")))
		return false;
	d.domain = text_of(s, domain, "domain");
	d.account = text_of(s, domain, "account");
	d.platform = text_of(s, domain, "platform");
	d.zone = text_of(s, domain, "zone");
	if (!d.zone)
		d.zone = d.domain;
	d.phase = text_of(s, domain, "phase");
	d.condition = text_of(s, domain, "condition");
	d.reason = text_of(s, domain, "reason");
	d.waits_on = text_of(s, domain, "waits_on");
	d.active = text_of(s, domain, "active_selector");
	d.signing = d.active != NULL;
	json_bool(json_get(domain, "signing"), &d.signing);
	d.detail = text_of(s, domain, "detail");
	d.paused = text_of(s, domain, "paused");
	d.action = text_of(s, next, "action");
	d.next_at = time_of(next, "at");
	d.since = time_of(domain, "since");
	d.next_look = time_of(domain, "next_look");
	d.rotated = time_of(domain, "rotated");
	d.next_rotation = time_of(domain, "next_rotation");
	d.now = clock_of(status, d.account);
	read_selectors(s, &d, json_get(domain, "selectors"));
	read_records(s, &d, json_get(domain, "records"));
	read_diagnosis(s, &d, json_get(domain, "diagnosis"));
	shown_take(s, &d);
	return true;
}

/* --- the same for programs ---------------------------------------------------------------------- */

static void selector_json(const struct shown_selector *x, struct json_w *w)
{
	json_w_object(w);
	json_w_kstr(w, "name", x->name);
	json_w_kstr(w, "state", x->state);
	json_w_kstr(w, "role", x->role);
	json_w_kstr(w, "record", x->record);
	json_w_kstr(w, "target", x->target);
	json_w_kstr(w, "dns", x->dns);
	if (x->bits)
		json_w_kint(w, "key_bits", x->bits);
	if (x->signing_since)
		json_w_ktime(w, "signing_since", x->signing_since);
	if (x->stopped)
		json_w_ktime(w, "stopped_signing", x->stopped);
	if (x->delete_after)
		json_w_ktime(w, "delete_after", x->delete_after);
	json_w_end(w);
}

void shown_json(const struct shown_domain *d, struct json_w *w)
{
	json_w_object(w);
	json_w_kstr(w, "domain", d->domain);
	json_w_kstr(w, "account", d->account);
	json_w_kstr(w, "platform", d->platform);
	json_w_kstr(w, "phase", d->phase);
	json_w_kstr(w, "condition", d->condition);
	json_w_kstr(w, "reason", d->reason);
	json_w_kstr(w, "waits_on", d->waits_on);
	json_w_ktime(w, "since", d->since);
	json_w_key(w, "next");
	json_w_object(w);
	json_w_kstr(w, "action", d->action);
	json_w_ktime(w, "at", d->next_at);
	json_w_end(w);
	json_w_ktime(w, "next_look", d->next_look);
	json_w_kstr(w, "active_selector", d->active);
	json_w_kbool(w, "signing", d->signing);
	json_w_key(w, "selectors");
	json_w_array(w);
	for (size_t i = 0; i < d->n_selectors; i++)
		selector_json(&d->selectors[i], w);
	json_w_end(w);
	json_w_ktime(w, "rotated", d->rotated);
	json_w_ktime(w, "next_rotation", d->next_rotation);
	json_w_knull(w, "diagnosis");
	if (d->detail)
		json_w_kstr(w, "detail", d->detail);
	if (d->paused)
		json_w_kstr(w, "paused", d->paused);
	json_w_end(w);
}

/* --- what follows ------------------------------------------------------------------------------- */

/* When the next change is due; looks come all the time. */
static int64_t change_at(const struct shown_domain *d)
{
	return d->next_at && !str_eq(d->action, "look") ? d->next_at : INT64_MAX;
}

static int compare(const void *pa, const void *pb)
{
	const struct shown_domain *a = pa, *b = pb;
	int64_t at = change_at(a), bt = change_at(b);

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	if (at != bt)
		return at < bt ? -1 : 1;
	int order = strcmp(a->domain, b->domain);
	return order ? order : strcmp(a->platform ? a->platform : "", b->platform ? b->platform : "");
}

void shown_sort(struct shown *s)
{
	if (s->n)
		qsort(s->list, s->n, sizeof(*s->list), compare);
}

bool shown_unsigned(const struct shown_domain *d)
{
	return !d->signing && !str_eq(d->phase, "unknown");
}

bool shown_overdue(const struct shown_domain *d)
{
	bool waived = str_eq(d->condition, "paused") || str_eq(d->condition, "observing");

	if (d->next_look && d->now - d->next_look > MS_HOUR)
		return true;
	return !waived && str_eq(d->phase, "settled") && d->next_rotation &&
	       d->now - d->next_rotation > MS_DAY;
}

const char *shown_sentence(const char *reason)
{
	for (int i = 0; i < REASON_COUNT; i++)
		if (str_eq(reason_word((enum reason)i), reason))
			return reason_text((enum reason)i);
	return reason ? reason : "it does not say why";
}

int shown_grace_permille(const struct shown_domain *d)
{
	for (size_t i = 0; i < d->n_selectors; i++) {
		const struct shown_selector *x = &d->selectors[i];
		int64_t all = x->delete_after - x->stopped, gone = d->now - x->stopped;

		if (!str_eq(x->role, "retired") || !x->stopped || all <= 0)
			continue;
		return gone <= 0 ? 0 : gone >= all ? 1000 : (int)(gone * 1000 / all);
	}
	return -1;
}

const char *shown_when(char dst[SHOWN_WHEN], int64_t at, int64_t now)
{
	char span[SPAN_TEXT];
	int64_t ahead = at - now, size = ahead < 0 ? -ahead : ahead;

	if (!at)
		dst[0] = '\0';
	else if (size < MS_SECOND)
		str_format(dst, SHOWN_WHEN, "now");
	else if (ahead > 0)
		str_format(dst, SHOWN_WHEN, "in %s", span_format_short(span, size / MS_SECOND * MS_SECOND));
	else
		str_format(dst, SHOWN_WHEN, "%s ago", span_format_short(span, size / MS_SECOND * MS_SECOND));
	return dst;
}
