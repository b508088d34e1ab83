/* What OVHcloud's zone API answered, and what the job makes of it (zone.c). It must never take for a record what is not
 * exactly one at the name that was asked for. */
#include <string.h>

#include "core/dname.h"
#include "platform/zone_parts.h"

static void feed_list(struct write_job *w, const struct json *root)
{
	int64_t id;

	if (!json_is(root, JSON_ARRAY)) {
		zone_trouble(w, TROUBLE_ODD, "it answered no list");
		return;
	}
	for (const struct json *e = json_first(root); e; e = json_next(e)) {
		if (!json_int64(e, &id) || id <= 0) {
			zone_trouble(w, TROUBLE_ODD, "the list has something else than ids");
			return;
		}
		if (w->found_n == WRITE_FOUND) {
			char text[200];

			str_format(text, sizeof text, "more than %d records stand at %.120s", WRITE_FOUND,
			        zone_wanted(w)->name);
			writer_end(w, WRITE_FOREIGN, TROUBLE_NONE, text);
			return;
		}
		w->found[w->found_n++].id = id;
	}
	w->step = AT_READ;
	w->look = 0;
	if (w->found_n == 0)
		zone_decide(w);
}

/* A CNAME's target as a whole name: without a dot at its end it is relative to the zone. */
static bool whole_target(const struct write_job *w, const char *text, char dst[RR_DATA])
{
	char joined[2 * HOST_NAME];
	bool absolute = str_suffix(text, ".");

	if (strlen(text) >= HOST_NAME)
		return false;
	str_format(joined, sizeof joined, "%s%s%s", text, absolute ? "" : ".", absolute ? "" : w->zone);
	return dname_lower(dst, HOST_NAME, joined);
}

/* What a record of a type that we write holds. Of a text that nobody can unquote only so much is told that it is there. */
static bool read_data(const struct write_job *w, struct write_found *f, const char *target)
{
	f->data[0] = '\0';
	f->known = true;
	for (enum rr_type t = RR_CNAME; t <= RR_DKIM; t++) {
		if (!str_eq(f->type, rr_type_word(t)))
			continue;
		f->rr_type = t;
		if (t == RR_CNAME)
			return whole_target(w, target, f->data);
		if (!rr_unquote(f->data, sizeof f->data, target) || f->data[0] == '\0')
			str_copy(f->data, sizeof f->data, "\"\"");
		return true;
	}
	f->known = false;
	return true;
}

enum record_read { RECORD_OURS, RECORD_ELSEWHERE, RECORD_ODD };

/* Reads a record object into found[i]. ELSEWHERE: ilike let it through, it stands at another name. */
static enum record_read read_record(struct write_job *w, unsigned i, const struct json *root)
{
	const char *type = json_string(json_get(root, "fieldType")),
	           *target = json_string(json_get(root, "target"));
	const struct json *sub = json_get(root, "subDomain"), *zone = json_get(root, "zone");
	struct write_found *f = &w->found[i];
	char relative[DNAME_TEXT];
	int64_t id, ttl = 0;

	if (!json_int64(json_get(root, "id"), &id) || id != f->id || !type || !*type || !target)
		return RECORD_ODD;
	if (!json_is_null(sub) && !json_string(sub))
		return RECORD_ODD;
	if (zone && !json_is_null(zone) && (!json_string(zone) || !dname_equal(json_string(zone), w->zone)))
		return RECORD_ODD;
	if (!read_id(json_get(root, "ttl"), &ttl))
		return RECORD_ODD;
	dname_relative(relative, zone_wanted(w)->name, w->zone);
	if (json_is_null(sub) || !str_caseeq(json_string(sub), relative))
		return RECORD_ELSEWHERE;
	f->ttl = ttl;
	str_clean(f->type, sizeof f->type, type);
	return read_data(w, f, target) ? RECORD_OURS : RECORD_ODD;
}

static void feed_read(struct write_job *w, const struct json *root)
{
	switch (read_record(w, w->look, root)) {
	case RECORD_OURS:
		w->look++;
		break;
	case RECORD_ELSEWHERE:
		memmove(&w->found[w->look], &w->found[w->look + 1],
		        (--w->found_n - w->look) * sizeof w->found[0]);
		break;
	case RECORD_ODD:
		zone_trouble(w, TROUBLE_ODD, "the record is not as expected");
		return;
	}
	if (w->look == w->found_n)
		zone_decide(w);
}

/* The answer to POST: the record, sometimes with an id 0 (ovh-api 3); the list tells what became of it. */
static void feed_created(struct write_job *w, const struct json *root)
{
	int64_t id;

	w->created = json_int64(json_get(root, "id"), &id) && id > 0 ? id : -1;
	zone_list_again(w, "");
}

static void feed_check(struct write_job *w, const struct json *root)
{
	switch (read_record(w, w->look, root)) {
	case RECORD_OURS:
		w->found_n = 1;
		w->found[0] = w->found[w->look];
		zone_decide(w);
		break;
	case RECORD_ELSEWHERE: /* somebody moved it meanwhile */
		zone_list_again(w, "the record moves");
		break;
	case RECORD_ODD:
		zone_trouble(w, TROUBLE_ODD, "the record is not as expected");
		break;
	}
}

static void feed_good(struct write_job *w, const struct json *root)
{
	bool writes = w->step == AT_CREATE || w->step == AT_UPDATE || w->step == AT_REMOVE;

	w->items[w->at].changed = w->items[w->at].changed || writes;
	switch ((enum zone_step)w->step) {
	case AT_LIST:
		feed_list(w, root);
		break;
	case AT_READ:
		feed_read(w, root);
		break;
	case AT_CREATE:
		feed_created(w, root);
		break;
	case AT_UPDATE:
		w->updated = true;
		w->step = AT_CHECK;
		break;
	case AT_REMOVE:
		if (w->found[w->look].id == w->created)
			w->created = 0;
		zone_list_again(w, "records that were removed stay");
		break;
	case AT_CHECK:
		feed_check(w, root);
		break;
	case AT_REFRESH:
		break;
	}
}

/* What a person can do about it, where there is something. */
static const char *remedy(enum zone_step step, enum trouble t)
{
	if (t == TROUBLE_MISSING)
		return "; set `zone:` to the zone that is in this account, or `zone_account:`";
	if (t == TROUBLE_GRANT && step == AT_REFRESH)
		return "; without POST /domain/zone/*/refresh no change is ever served";
	return "";
}

/* The pseudo-type refuses some texts that are right: then it is another TXT. */
static bool becomes_txt(struct write_job *w, int status)
{
	bool pseudo = w->step == AT_CREATE ? zone_type_to_create(w) == RR_DKIM
	                                   : w->step == AT_UPDATE && w->found[w->look].rr_type == RR_DKIM;

	if (status != 400 || !pseudo || w->as_txt)
		return false;
	w->as_txt = true;
	zone_list_again(w, "");
	return true;
}

static void feed_bad(struct write_job *w, const struct api_answer *a, const struct reply *reply)
{
	bool by_id =
	        w->step == AT_READ || w->step == AT_UPDATE || w->step == AT_REMOVE || w->step == AT_CHECK;
	bool writes = w->step == AT_CREATE || w->step == AT_UPDATE || w->step == AT_REMOVE;
	char what[300];

	if (reply->kind == REPLY_GONE && by_id &&
	        !reply->no_service) { /* ids move, fresh ones take their time */
		zone_list_again(w, "a record that the list has answers 404");
		return;
	}
	if (reply->refused && becomes_txt(w, a->status))
		return;
	w->items[w->at].open = writes && !reply->refused && !(!a->answered && a->not_sent);
	str_format(what, sizeof what, "%s%s", reply->text, remedy((enum zone_step)w->step, reply->trouble));
	zone_trouble(w, reply->trouble, what);
}

static void feed_refresh(struct write_job *w, const struct api_answer *a, const struct reply *reply)
{
	char what[300], text[400];

	if (reply->kind == REPLY_JSON) {
		writer_published(w, WRITE_DONE, TROUBLE_NONE, "", "");
		return;
	}
	str_format(what, sizeof what, "%s%s", reply->text, remedy(AT_REFRESH, reply->trouble));
	zone_describe(w, AT_REFRESH, what, text, sizeof text);
	writer_published(w, WRITE_TROUBLE, reply->trouble, text, a->query_id ? a->query_id : "");
}

void zone_feed(struct write_job *w, const struct write_answer *answer)
{
	const struct api_answer *a = answer->api;
	struct write_item *x = &w->items[w->at];
	struct reply reply;

	reply_read(a, &reply);
	if (w->publishing)
		feed_refresh(w, a, &reply);
	else if (x->verdict != WRITE_BUSY)
		; /* it was dropped meanwhile */
	else if (reply.kind == REPLY_JSON)
		feed_good(w, reply.root);
	else
		feed_bad(w, a, &reply);
	if (x->verdict == WRITE_TROUBLE && x->query_id[0] == '\0')
		str_clean(x->query_id, sizeof x->query_id, a->query_id ? a->query_id : "");
	reply_done(&reply);
}
