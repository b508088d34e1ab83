/* Any bytes as the API's answers to every driver. The first line chooses driver, look and record; each line after it is an
 * answer, "STATUS BODY". However odd they are: a look ends, asks only for well-formed paths, changes nothing, and what it
 * calls complete is complete; a zone job writes at its own name only, and never calls done what was not refreshed. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "core/dname.h"
#include "platform/writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ENOUGH 2000 /* requests: far more than any look or job needs */

static void must(bool truth)
{
	if (!truth)
		abort();
}

struct input {
	const char *at, *end;
};

/* The next line, without its end; false when there is none. */
static bool take_line(struct input *in, const char **ret, size_t *ret_len)
{
	const char *eol;

	if (in->at >= in->end)
		return false;
	eol = memchr(in->at, '\n', (size_t)(in->end - in->at));
	if (!eol)
		eol = in->end;
	*ret = in->at;
	*ret_len = (size_t)(eol - in->at);
	in->at = eol + 1;
	return true;
}

/* An answer whose body is a copy of its own, so that reading beyond it is seen. "+CURSOR " before the body is a cursor. */
static struct api_answer take_answer(struct input *in, int64_t now, char **ret_own)
{
	struct api_answer a = {.body = "",
	        .content_type = "application/json",
	        .query_id = "q",
	        .cursor_next = "",
	        .error = "silence",
	        .now = now};
	static char cursor[16];
	const char *line;
	size_t len;

	*ret_own = NULL;
	if (!take_line(in, &line, &len) || len < 4 || line[0] < '1' || line[0] > '9')
		return a;
	a.answered = true;
	a.status = (line[0] - '0') * 100 + (line[1] & 7) * 10 + (line[2] & 7);
	line += 4;
	len -= 4;
	if (len > 2 && line[0] == '+') {
		str_format(cursor, sizeof cursor, "c%02x", (unsigned)(unsigned char)line[1]);
		a.cursor_next = cursor;
		line += 2;
		len -= 2;
	}
	*ret_own = xmalloc(len + 1);
	memcpy(*ret_own, line, len);
	(*ret_own)[len] = '\0';
	a.body = *ret_own;
	a.body_len = len;
	return a;
}

static void check_request(const struct api_request *r)
{
	static const char allowed[] =
	        "/?=&%-._~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	must(r->path[0] == '/' && strspn(r->path, allowed) == strlen(r->path));
	must(!strstr(r->path, "//") && !strstr(r->path, "/../") && !strstr(r->path, "/./"));
	must(r->changes || str_eq(r->method, "GET") || strstr(r->path, "/diagnostic/domain"));
	must(!str_eq(r->method, "GET") || (r->body[0] == '\0' && !r->changes));
}

static void check_seen(const struct pass *p)
{
	const struct observed *o = &p->seen;
	bool full = o->complete && !o->light;
	char expected[DNAME_TEXT];

	must(o->n <= SELECTORS_MAX);
	must(!o->complete ||
	        (o->trouble == TROUBLE_NONE && o->service != SERVICE_UNKNOWN && !o->flight && !o->too_many));
	must(o->trouble == TROUBLE_NONE || o->trouble_text[0] != '\0');
	must(!full || p->platform->has_selectors ||
	        (o->status != STATUS_NONE && o->status != STATUS_UNKNOWN));
	for (unsigned i = 0; i < o->n; i++) {
		const struct seen_selector *s = &o->sel[i];

		must(dname_valid_selector(s->name));
		must(!full || (s->state != SELECTOR_UNKNOWN && s->task != TASK_UNKNOWN && s->read_at != 0));
		must(s->state != SELECTOR_ABSENT || (!s->listed && s->read_at != 0));
		must(s->record[0] == '\0' ||
		        (dname_dkim(expected, s->name, p->desired->domain) && str_eq(expected, s->record)));
		must(s->target[0] == '\0' || (dname_valid(s->target) && strchr(s->target, '.')));
		must(!selector_may_sign(s->state) || s->target[0] != '\0');
		must(i == 0 || o->sel[i - 1].named || !s->named);
	}
}

/* Everything that the API named may be put into a request again. */
static void check_changes(const struct pass *p)
{
	static const enum action_kind actions[] = {
	        ACTION_CREATE, ACTION_ENABLE, ACTION_DISABLE, ACTION_DELETE};
	struct api_request r;

	for (unsigned i = 0; i < p->seen.n; i++)
		for (size_t j = 0; j < ARRAY_SIZE(actions); j++)
			if (p->platform->change(p->desired, p, actions[j], p->seen.sel[i].name, &r) == 0) {
				check_request(&r);
				must(r.changes && !strstr(r.body, "\"autoEnableDKIM\":true"));
			}
}

static void run_look(const struct desired *d, const char *head, struct input *in)
{
	static struct pass p;
	struct record rec = {.service = SERVICE_OK, .n = 2};
	struct api_request r;
	struct outcome o;
	unsigned asked = 0;

	str_copy(rec.sel[0].name, SELECTOR_NAME, "s1");
	str_copy(rec.sel[1].name, SELECTOR_NAME, "s2");
	rec.sel[0].named = true;
	rec.sel[1].named = (head[2] & 2) != 0;
	rec.intent[0].action = (enum action_kind)(head[3] & 7);
	rec.intent[0].task_id = head[3] & 8;
	str_copy(rec.intent[0].selector, SELECTOR_NAME, d->platform <= PLATFORM_EMAILPRO ? "s1" : "");
	p = (struct pass){.platform = platform_for(d),
	        .desired = d,
	        .record = head[2] & 4 ? NULL : &rec,
	        .kind = head[1] == 'l'   ? LOOK_LIGHT
	                : head[1] == 'i' ? LOOK_FLIGHT
	                                 : LOOK_FULL,
	        .names_due = head[2] & 1};
	while (platform_next(&p, &r)) {
		char *own;
		struct api_answer a = take_answer(in, 1000 + asked, &own);

		check_request(&r);
		must(!r.changes && asked++ < ENOUGH);
		platform_feed(&p, &a);
		p.platform->outcome(&a, &o);
		must(o.kind != OUTCOME_ACCEPTED || (a.status >= 200 && a.status < 300));
		free(own);
	}
	check_seen(&p);
	check_changes(&p);
}

/* A CNAME, a text and one that is to go: whatever the API answers, only their own names are written at, a publication that
 * was not accepted is never called done, and nothing is removed but what was asked for or stands twice. */
static void run_zone(struct input *in)
{
	static const struct rr wanted[] = {
	        {.type = RR_CNAME, .name = "s1._domainkey.d.ovh", .data = "s1.t.ovh.net"},
	        {.type = RR_DKIM, .name = "s2._domainkey.d.ovh", .data = "v=DKIM1; p="},
	        {.type = RR_TXT, .name = "s3._domainkey.d.ovh", .data = "v=DKIM1; p=AB", .absent = true},
	};
	static const char *const bodies[] = {"\"subDomain\":\"s1._domainkey\",\"target\":\"s1.t.ovh.net.\"",
	        "\"subDomain\":\"s2._domainkey\",\"target\":\"v=DKIM1; p=\"", "none"};
	static struct write_job w;
	struct write_request q;
	struct api_answer a = {0};
	unsigned asked = 0;

	must(write_begin(&w, DNS_OVH, "d.ovh", 0) == 0);
	for (unsigned i = 0; i < ARRAY_SIZE(wanted); i++)
		must(write_add(&w, &wanted[i]) == (int)i);
	while (write_next(&w, &q)) {
		const struct api_request *r = &q.api;
		char *own;

		check_request(r);
		must(q.via == VIA_API && str_prefix(r->path, "/domain/zone/d.ovh/re") && asked++ < ENOUGH);
		must(r->body[0] == '\0' || strstr(r->body, bodies[w.at]));
		must(!w.removes || rr_same_data(w.old_type, w.old, wanted[w.at].type, wanted[w.at].data));
		must(!str_eq(r->method, "DELETE") || w.removes || wanted[w.at].absent ||
		        w.old_type == RR_DKIM);
		a = take_answer(in, 1000, &own);
		write_feed(&w, &(struct write_answer){.api = &a});
		free(own);
	}
	for (unsigned i = 0; i < w.n; i++) {
		must(w.items[i].verdict > WRITE_MADE);
		must(w.items[i].verdict != WRITE_DONE || (w.refreshes && a.status >= 200 && a.status < 300));
		must((w.items[i].verdict == WRITE_TROUBLE) == (w.items[i].trouble != TROUBLE_NONE));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {.at = (const char *)data, .end = (const char *)data + size};
	struct desired d = {.domain = "d.ovh", .organization = "o", .service = "svc"};
	const char *head;
	size_t len;

	if (!take_line(&in, &head, &len) || len < 5)
		return 0;
	d.dns = head[4] & 1 ? DNS_PLATFORM : DNS_OVH;
	switch (head[0]) {
	case 'e':
		d.platform = PLATFORM_EXCHANGE;
		break;
	case 'p':
		d.platform = PLATFORM_EMAILPRO;
		break;
	case 'm':
		d.platform = PLATFORM_MXPLAN;
		break;
	case 'z':
		d.platform = PLATFORM_ZIMBRA;
		break;
	case 'Z':
		d.platform = PLATFORM_ZIMBRA;
		d.zimbra_api = ZIMBRA_V2;
		break;
	default:
		run_zone(&in);
		return 0;
	}
	run_look(&d, head, &in);
	return 0;
}
