/* One CNAME in an OVHcloud zone, made right: the job as a machine that is asked for its next request (ovh-api 3). It must
 * never write without having looked, touch a record at another name, or remove anything but a CNAME that is there twice. */
#include <errno.h>
#include <string.h>

#include "base/util.h"
#include "core/dname.h"
#include "platform/look.h"

enum step { AT_LIST, AT_READ, AT_CREATE, AT_UPDATE, AT_REMOVE, AT_CHECK, AT_REFRESH };

#define LISTS_MOST 6 /* how often a job lists: ids move, and a fresh record is not to be seen for a while */

int zone_job_init(struct zone_job *z, const char *zone, const char *name, const char *target)
{
	struct zone_job job = {.verdict = ZONE_BUSY};

	if (!dname_lower(job.zone, sizeof job.zone, zone) || !dname_valid_host(job.zone) ||
	        !dname_lower(job.name, sizeof job.name, name) || !dname_valid(job.name) ||
	        !dname_lower(job.target, sizeof job.target, target) || !host_valid(job.target))
		return -EINVAL;
	const char *key = strstr(job.name, "._domainkey.");
	if (!key || key == job.name || dname_equal(job.name, job.zone) || !dname_within(job.name, job.zone) ||
	        dname_equal(job.name, job.target))
		return -EINVAL;
	*z = job;
	return 0;
}

/* ---- ends ---- */

static void end(struct zone_job *z, enum zone_verdict verdict, enum trouble t, const char *text)
{
	z->verdict = verdict;
	z->trouble = t;
	str_clean(z->text, sizeof z->text, text);
}

static void trouble(struct zone_job *z, enum trouble t, const char *what)
{
	static const char *const doing[] = {
	        [AT_LIST] = "listing the records of zone",
	        [AT_READ] = "reading a record of zone",
	        [AT_CREATE] = "creating a record in zone",
	        [AT_UPDATE] = "updating a record in zone",
	        [AT_REMOVE] = "removing a duplicate from zone",
	        [AT_CHECK] = "reading back a record of zone",
	        [AT_REFRESH] = "refreshing zone",
	};
	char text[400];

	str_format(text, sizeof text, "%s %s: %s", doing[z->step], z->zone, what);
	end(z, ZONE_TROUBLE, t, text);
}

void zone_deny(struct zone_job *z, const char *why)
{
	if (z->verdict == ZONE_BUSY)
		end(z, ZONE_DENIED, TROUBLE_NONE, why);
}

/* From the start, since what is known of the records is not so any more. */
static void list_again(struct zone_job *z, const char *why)
{
	if (++z->tries >= LISTS_MOST) {
		trouble(z, TROUBLE_TRANSIENT, why);
		return;
	}
	z->step = AT_LIST;
	z->n = 0;
}

/* ---- deciding ---- */

static bool is_cname(const struct zone_job *z, unsigned i)
{
	return str_eq(z->found[i].type, "CNAME");
}

static bool is_right(const struct zone_job *z, unsigned i)
{
	return is_cname(z, i) && str_eq(z->found[i].target, z->target);
}

static void foreign(struct zone_job *z, unsigned i)
{
	char text[400];

	if (!is_cname(z, i))
		str_format(text, sizeof text, "a %s record stands at %s in zone %s", z->found[i].type,
		        z->name, z->zone);
	else
		str_format(text, sizeof text, "%u records stand at %s in zone %s, one of them a CNAME to %s",
		        z->n, z->name, z->zone, z->found[i].target);
	end(z, ZONE_FOREIGN, TROUBLE_NONE, text);
}

/* The next request changes record i. */
static void change(struct zone_job *z, enum step step, unsigned i)
{
	z->step = step;
	z->at = i;
	z->removes = step == AT_REMOVE;
	z->refreshes = step == AT_REFRESH;
	z->old_target[0] = '\0';
	if (step == AT_UPDATE || step == AT_REMOVE)
		memcpy(z->old_target, z->found[i].target, sizeof z->old_target);
}

/* The record that this job made and that is not alone: the list had not shown the others. */
static bool is_our_surplus(const struct zone_job *z, unsigned i)
{
	return z->n > 1 && z->created > 0 && z->found[i].id == z->created && is_right(z, i);
}

/* All that stands at the name has been read. */
static void decide(struct zone_job *z)
{
	unsigned right = 0, last_right = 0, other = 0, others = 0;

	for (unsigned i = 0; i < z->n; i++) {
		if (is_our_surplus(z, i)) {
			change(z, AT_REMOVE, i);
			return;
		}
		if (is_right(z, i)) {
			if (right++ == 0 || z->found[i].id > z->found[last_right].id)
				last_right = i;
		} else if (others++ == 0 || !is_cname(z, i)) {
			other = i;
		}
	}
	if (right == 0 && others == 0 && z->created != 0)
		list_again(z, "the record that was created is not to be seen yet");
	else if (right == 0 && others == 0 && z->empty++ == 0)
		list_again(z, ""); /* duplicates are accepted: an empty list is believed the second time */
	else if (right == 0 && others == 0)
		change(z, AT_CREATE, 0);
	else if (right == 1 && others == 0)
		change(z, AT_REFRESH, 0);
	else if (others == 0)
		change(z, AT_REMOVE, last_right);
	else if (right == 0 && others == 1 && is_cname(z, other) && z->updated)
		trouble(z, TROUBLE_TRANSIENT, "the record was updated and still has its old target");
	else if (right == 0 && others == 1 && is_cname(z, other))
		change(z, AT_UPDATE, other);
	else
		foreign(z, other);
}

/* ---- requests ---- */

static void write_body(const struct zone_job *z, struct api_request *r)
{
	char relative[DNAME_TEXT], target[HOST_NAME + 1];
	struct buf body = {0};
	struct json_w *w = json_w_open(&body);

	dname_relative(relative, z->name, z->zone);
	/* Without the dot it would be a name inside the zone. */
	str_format(target, sizeof target, "%s.", z->target);
	json_w_object(w);
	if (z->step == AT_CREATE)
		json_w_kstr(w, "fieldType",
		        "CNAME"); /* read-only in an update, which is refused when it names it */
	json_w_kstr(w, "subDomain", relative);
	json_w_kstr(w, "target", target);
	json_w_kint(w, "ttl", z->step == AT_CREATE ? 0 : z->found[z->at].ttl); /* 0 = the zone's */
	json_w_end(w);
	json_w_close(w);
	request_body(r, &body);
}

static void build(const struct zone_job *z, struct api_request *r)
{
	static const char *const methods[] = {
	        [AT_LIST] = "GET",
	        [AT_READ] = "GET",
	        [AT_CREATE] = "POST",
	        [AT_UPDATE] = "PUT",
	        [AT_REMOVE] = "DELETE",
	        [AT_CHECK] = "GET",
	        [AT_REFRESH] = "POST",
	};
	char relative[DNAME_TEXT], id[24];

	request_start(r, methods[z->step]);
	request_path(r, "/domain/zone/%", z->zone);
	switch ((enum step)z->step) {
	case AT_LIST: /* without fieldType: whatever else stands there is in the way */
		dname_relative(relative, z->name, z->zone);
		request_path(r, "/record?subDomain=%", relative);
		return;
	case AT_CREATE:
		request_path(r, "/record");
		write_body(z, r);
		return;
	case AT_REFRESH:
		request_path(r, "/refresh");
		return;
	default:
		str_format(id, sizeof id, "%lld", (long long)z->found[z->at].id);
		request_path(r, "/record/%", id);
		if (z->step == AT_UPDATE)
			write_body(z, r);
	}
}

bool zone_next(struct zone_job *z, struct api_request *ret)
{
	struct api_request r;

	if (z->verdict != ZONE_BUSY)
		return false;
	build(z, &r);
	if (!request_ok(&r)) {
		trouble(z, TROUBLE_ODD, "the request is too long to be sent");
		return false;
	}
	*ret = r;
	return true;
}

/* ---- answers ---- */

static void feed_list(struct zone_job *z, const struct json *root)
{
	int64_t id;

	if (!json_is(root, JSON_ARRAY)) {
		trouble(z, TROUBLE_ODD, "it answered no list");
		return;
	}
	for (const struct json *e = json_first(root); e; e = json_next(e)) {
		if (!json_int64(e, &id) || id <= 0) {
			trouble(z, TROUBLE_ODD, "the list has something else than ids");
			return;
		}
		if (z->n == ZONE_FOUND_MAX) {
			end(z, ZONE_FOREIGN, TROUBLE_NONE, "");
			str_format(z->text, sizeof z->text, "more than %d records stand at %.120s",
			        ZONE_FOUND_MAX, z->name);
			return;
		}
		z->found[z->n++].id = id;
	}
	z->step = AT_READ;
	z->at = 0;
	if (z->n == 0)
		decide(z);
}

/* A CNAME's target as a whole name: without a dot at its end it is relative to the zone. */
static bool whole_target(const struct zone_job *z, const char *text, char dst[HOST_NAME])
{
	char joined[2 * HOST_NAME];
	bool absolute = str_suffix(text, ".");

	if (strlen(text) >= HOST_NAME)
		return false;
	str_format(joined, sizeof joined, "%s%s%s", text, absolute ? "" : ".", absolute ? "" : z->zone);
	return dname_lower(dst, HOST_NAME, joined);
}

enum record_read { RECORD_OURS, RECORD_ELSEWHERE, RECORD_ODD };

/* Reads a record object into found[i]. ELSEWHERE: ilike let it through, it stands at another name. */
static enum record_read read_record(struct zone_job *z, unsigned i, const struct json *root)
{
	const char *type = json_string(json_get(root, "fieldType")),
	           *target = json_string(json_get(root, "target"));
	const struct json *sub = json_get(root, "subDomain"), *zone = json_get(root, "zone");
	char relative[DNAME_TEXT];
	int64_t id, ttl = 0;

	if (!json_int64(json_get(root, "id"), &id) || id != z->found[i].id || !type || !*type || !target)
		return RECORD_ODD;
	if (!json_is_null(sub) && !json_string(sub))
		return RECORD_ODD;
	if (zone && !json_is_null(zone) && (!json_string(zone) || !dname_equal(json_string(zone), z->zone)))
		return RECORD_ODD;
	if (!read_id(json_get(root, "ttl"), &ttl))
		return RECORD_ODD;
	dname_relative(relative, z->name, z->zone);
	if (json_is_null(sub) || !str_caseeq(json_string(sub), relative))
		return RECORD_ELSEWHERE;
	z->found[i].ttl = ttl;
	str_clean(z->found[i].type, sizeof z->found[i].type, type);
	z->found[i].target[0] = '\0';
	if (is_cname(z, i) && !whole_target(z, target, z->found[i].target))
		return RECORD_ODD;
	return RECORD_OURS;
}

static void feed_read(struct zone_job *z, const struct json *root)
{
	switch (read_record(z, z->at, root)) {
	case RECORD_OURS:
		z->at++;
		break;
	case RECORD_ELSEWHERE:
		memmove(&z->found[z->at], &z->found[z->at + 1], (--z->n - z->at) * sizeof z->found[0]);
		break;
	case RECORD_ODD:
		trouble(z, TROUBLE_ODD, "the record is not as expected");
		return;
	}
	if (z->at == z->n)
		decide(z);
}

/* The answer to POST: the record, sometimes with an id 0 (ovh-api 3); the list tells what became of it. */
static void feed_created(struct zone_job *z, const struct json *root)
{
	int64_t id;

	z->changed = true;
	z->created = json_int64(json_get(root, "id"), &id) && id > 0 ? id : -1;
	list_again(z, "");
}

static void feed_check(struct zone_job *z, const struct json *root)
{
	switch (read_record(z, z->at, root)) {
	case RECORD_OURS:
		z->n = 1;
		z->found[0] = z->found[z->at];
		decide(z);
		break;
	case RECORD_ELSEWHERE: /* somebody moved it meanwhile */
		list_again(z, "the record moves");
		break;
	case RECORD_ODD:
		trouble(z, TROUBLE_ODD, "the record is not as expected");
		break;
	}
}

static void feed_good(struct zone_job *z, const struct json *root)
{
	switch ((enum step)z->step) {
	case AT_LIST:
		feed_list(z, root);
		break;
	case AT_READ:
		feed_read(z, root);
		break;
	case AT_CREATE:
		feed_created(z, root);
		break;
	case AT_UPDATE:
		z->changed = z->updated = true;
		z->step = AT_CHECK;
		break;
	case AT_REMOVE:
		z->changed = true;
		if (z->found[z->at].id == z->created)
			z->created = 0;
		list_again(z, "duplicates do not end");
		break;
	case AT_CHECK:
		feed_check(z, root);
		break;
	case AT_REFRESH:
		end(z, ZONE_DONE, TROUBLE_NONE, "");
		break;
	}
}

/* What a person can do about it, where there is something. */
static const char *remedy(const struct zone_job *z, enum trouble t)
{
	if (t == TROUBLE_MISSING)
		return "; set `zone:` to the zone that is in this account, or `zone_account:`";
	if (t == TROUBLE_GRANT && z->step == AT_REFRESH)
		return "; without POST /domain/zone/*/refresh no change is ever served";
	return "";
}

void zone_feed(struct zone_job *z, const struct api_answer *a)
{
	struct reply reply;
	bool by_id =
	        z->step == AT_READ || z->step == AT_UPDATE || z->step == AT_REMOVE || z->step == AT_CHECK;

	if (z->verdict != ZONE_BUSY)
		return;
	reply_read(a, &reply);
	if (reply.kind == REPLY_JSON) {
		feed_good(z, reply.root);
	} else if (reply.kind == REPLY_GONE && by_id && !reply.no_service) {
		list_again(z,
		        "a record that the list has answers 404"); /* ids move, and fresh ones take their time */
	} else {
		char what[300];

		str_format(what, sizeof what, "%s%s", reply.text, remedy(z, reply.trouble));
		trouble(z, reply.trouble, what);
	}
	if (z->verdict == ZONE_TROUBLE)
		str_clean(z->query_id, sizeof z->query_id, a->query_id ? a->query_id : "");
	reply_done(&reply);
}
