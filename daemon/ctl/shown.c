/* The daemon's JSON as domains that can be shown. It decides nothing about keys; it repeats what the daemon decided. */
#include "ctl/shown.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/util.h"

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

/* A member of the daemon's JSON and what it becomes. The tables are in the daemon's order, so that each member is found at
 * the place behind the one before; any other order does as well. */
struct member {
	const char *key;
	enum { TEXT, WORD, TIME, NUMBER, TRUTH, PART } kind; /* WORD: a text that many domains share */
	size_t offset;                                       /* in the structure that is read */
	void (*part)(struct shown *s, struct shown_domain *d, const struct json *j);
};

static int64_t time_of(const struct json *j)
{
	const char *text = json_string(j);
	int64_t at = 0;

	if (text)
		time_parse(text, &at);
	return at;
}

static const char *text_of(struct shown *s, const struct json *j, bool shared)
{
	const char *text = json_string(j);
	char clean[STR_CLEAN_MAX + 1];

	if (!text)
		return NULL;
	str_clean(clean, sizeof(clean), text);
	return shared ? arena_intern(s->arena, clean) : arena_strdup(s->arena, clean);
}

static void read_member(struct shown *s, const struct member *m, const struct json *j, void *structure)
{
	void *to = (char *)structure + m->offset;

	switch (m->kind) {
	case TEXT:
	case WORD:
		*(const char **)to = text_of(s, j, m->kind == WORD);
		break;
	case TIME:
		*(int64_t *)to = time_of(j);
		break;
	case NUMBER:
		json_int64(j, to);
		break;
	case TRUTH:
		json_bool(j, to);
		break;
	default:
		m->part(s, structure, j);
	}
}

static void read_members(
        struct shown *s, const struct json *object, const struct member *list, size_t n, void *structure)
{
	size_t next = 0;

	for (const struct json *j = json_first(object); j; j = json_next(j))
		for (size_t i = 0; i < n; i++) {
			const struct member *m = &list[(next + i) % n];

			if (!str_eq(m->key, json_key(j)))
				continue;
			read_member(s, m, j, structure);
			next = (size_t)(m - list) + 1;
			break;
		}
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

#define MEMBER(structure, key, kind, field)                                                                  \
	{                                                                                                    \
		key, kind, offsetof(struct structure, field), NULL                                           \
	}

static void read_next(struct shown *s, struct shown_domain *d, const struct json *next)
{
	static const struct member members[] = {
	        MEMBER(shown_domain, "action", WORD, action),
	        MEMBER(shown_domain, "at", TIME, next_at),
	};

	read_members(s, next, members, ARRAY_SIZE(members), d);
}

static void read_selectors(struct shown *s, struct shown_domain *d, const struct json *list)
{
	static const struct member members[] = {
	        MEMBER(shown_selector, "name", TEXT, name),
	        MEMBER(shown_selector, "state", WORD, state),
	        MEMBER(shown_selector, "role", WORD, role),
	        MEMBER(shown_selector, "record", TEXT, record),
	        MEMBER(shown_selector, "target", TEXT, target),
	        MEMBER(shown_selector, "dns", WORD, dns),
	        MEMBER(shown_selector, "dns_detail", TEXT, dns_detail),
	        MEMBER(shown_selector, "key_bits", NUMBER, bits),
	        MEMBER(shown_selector, "signing_since", TIME, signing_since),
	        MEMBER(shown_selector, "stopped_signing", TIME, stopped),
	        MEMBER(shown_selector, "delete_after", TIME, delete_after),
	};
	size_t n = json_count(list), i = 0;
	struct shown_selector *all = arena_alloc(s->arena, (n ? n : 1) * sizeof(*all));

	for (const struct json *j = json_first(list); j; j = json_next(j), i++)
		read_members(s, j, members, ARRAY_SIZE(members), &all[i]);
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
	static const struct member members[] = {
	        MEMBER(shown_record, "name", TEXT, name),
	        MEMBER(shown_record, "type", WORD, type),
	        MEMBER(shown_record, "ttl", NUMBER, ttl),
	        MEMBER(shown_record, "absent", TRUTH, absent),
	        MEMBER(shown_record, "seen", TRUTH, seen),
	};
	size_t n = json_count(list);
	struct shown_record *all = arena_alloc(s->arena, (n ? n : 1) * sizeof(*all));

	for (const struct json *j = json_first(list); j; j = json_next(j)) {
		struct shown_record *r = &all[d->n_records];
		const char *data = json_string(json_get(j, "data")); /* longer than what is for a terminal */

		*r = (struct shown_record){0};
		read_members(s, j, members, ARRAY_SIZE(members), r);
		if (!r->name || !r->type || !is_plain(data))
			continue;
		r->data = arena_strdup(s->arena, data);
		d->n_records++;
	}
	d->records = all;
}

static void read_diagnosis(struct shown *s, struct shown_domain *d, const struct json *diagnosis)
{
	static const struct member members[] = {
	        MEMBER(shown_domain, "code", NUMBER, code),
	        MEMBER(shown_domain, "message", TEXT, message),
	        MEMBER(shown_domain, "remedy", TEXT, remedy),
	};

	d->diagnosed = json_is(diagnosis, JSON_OBJECT);
	read_members(s, diagnosis, members, ARRAY_SIZE(members), d);
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
	s->list[s->n].change_at = d->next_at && !str_eq(d->action, "look") ? d->next_at : INT64_MAX;
	s->n++;
}

#define PART_OF(key, reader)                                                                                 \
	{                                                                                                    \
		key, PART, 0, reader                                                                         \
	}

bool shown_add(struct shown *s, const struct json *domain, const struct json *status)
{
	static const struct member members[] = {
	        MEMBER(shown_domain, "domain", TEXT, domain),
	        MEMBER(shown_domain, "account", WORD, account),
	        MEMBER(shown_domain, "platform", WORD, platform),
	        MEMBER(shown_domain, "zone", TEXT, zone),
	        MEMBER(shown_domain, "phase", WORD, phase),
	        MEMBER(shown_domain, "condition", WORD, condition),
	        MEMBER(shown_domain, "reason", WORD, reason),
	        MEMBER(shown_domain, "waits_on", WORD, waits_on),
	        MEMBER(shown_domain, "since", TIME, since),
	        PART_OF("next", read_next),
	        MEMBER(shown_domain, "next_look", TIME, next_look),
	        MEMBER(shown_domain, "active_selector", TEXT, active),
	        MEMBER(shown_domain, "signing", TRUTH, signing),
	        PART_OF("selectors", read_selectors),
	        MEMBER(shown_domain, "rotated", TIME, rotated),
	        MEMBER(shown_domain, "next_rotation", TIME, next_rotation),
	        PART_OF("records", read_records),
	        PART_OF("diagnosis", read_diagnosis),
	        MEMBER(shown_domain, "detail", TEXT, detail),
	        MEMBER(shown_domain, "paused", TEXT, paused),
	};
	struct shown_domain d = {0};

	read_members(s, domain, members, ARRAY_SIZE(members), &d);
	if (!d.domain)
		return false;
	if (!d.zone)
		d.zone = d.domain;
	if (!json_is(json_get(domain, "signing"), JSON_BOOL))
		d.signing = d.active != NULL;
	d.now = clock_of(status, d.account);
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
