/* Records in an OVHcloud zone, made right: /domain/zone/{zoneName}/record (ovh-api 3). A record is looked for, compared
 * exactly (names fold case, texts are unquoted; what the ilike filter brings besides is left alone), created or updated,
 * read back; one refresh publishes all of a job. The refresh is sent also where nothing had to be changed: a job is started
 * because the DNS does not show the record. It must never write without having looked, touch a record at another name,
 * change a type, or remove anything but what was asked to go and what is there twice. */
#include <string.h>

#include "core/dname.h"
#include "platform/zone_parts.h"

#define LISTS_MOST                                                                                           \
	6 /* how often a record is listed: ids move, and a fresh one is not to be seen for a while */

const struct rr *zone_wanted(const struct write_job *w)
{
	return &w->items[w->at].rr;
}

/* ---- ends ---- */

void zone_describe(const struct write_job *w, enum zone_step step, const char *what, char *dst, size_t n)
{
	static const char *const doing[] = {
	        [AT_LIST] = "listing the records of zone",
	        [AT_READ] = "reading a record of zone",
	        [AT_CREATE] = "creating a record in zone",
	        [AT_UPDATE] = "updating a record in zone",
	        [AT_REMOVE] = "removing a record from zone",
	        [AT_CHECK] = "reading back a record of zone",
	        [AT_REFRESH] = "refreshing zone",
	};

	str_format(dst, n, "%s %s: %s", doing[step], w->zone, what);
}

void zone_trouble(struct write_job *w, enum trouble t, const char *what)
{
	char text[400];

	zone_describe(w, (enum zone_step)w->step, what, text, sizeof text);
	writer_end(w, WRITE_TROUBLE, t, text);
}

/* From the start, since what is known of the records is not so any more. */
void zone_list_again(struct write_job *w, const char *why)
{
	if (++w->tries >= LISTS_MOST) {
		zone_trouble(w, TROUBLE_TRANSIENT, why);
		return;
	}
	w->step = AT_LIST;
	w->found_n = 0;
}

/* ---- deciding ---- */

static bool is_alike(enum rr_type a, enum rr_type b)
{
	return (a == RR_CNAME) == (b == RR_CNAME);
}

/* Of the wanted kind, TXT and DKIM being one. */
static bool is_kind(const struct write_job *w, unsigned i)
{
	return w->found[i].known && is_alike(w->found[i].rr_type, zone_wanted(w)->type);
}

static bool is_right(const struct write_job *w, unsigned i)
{
	const struct write_found *f = &w->found[i];

	return f->known && rr_same_data(f->rr_type, f->data, zone_wanted(w)->type, zone_wanted(w)->data);
}

/* The pseudo-type takes the tags of OVHcloud's form only, keys of RSA and no empty one (ovh-api 3). */
static bool pseudo_type_takes(const char *text)
{
	const char *k = strstr(text, "k="), *p = strstr(text, "p=");

	if (k && !str_prefix(k, "k=rsa"))
		return false;
	return p && strspn(p + 2, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=") >= 32;
}

enum rr_type zone_type_to_create(const struct write_job *w)
{
	if (zone_wanted(w)->type != RR_DKIM)
		return zone_wanted(w)->type;
	return !w->as_txt && pseudo_type_takes(zone_wanted(w)->data) ? RR_DKIM : RR_TXT;
}

/* A record in the pseudo-type whose text is to become one that the type refuses: only another record can hold it. */
static bool must_change_type(const struct write_job *w, unsigned i)
{
	return w->found[i].rr_type == RR_DKIM && (w->as_txt || !pseudo_type_takes(zone_wanted(w)->data));
}

static void foreign(struct write_job *w, unsigned i)
{
	const struct write_found *f = &w->found[i];
	char text[400];

	if (!is_kind(w, i))
		str_format(text, sizeof text, "a %s record stands at %s in zone %s", f->type,
		        zone_wanted(w)->name, w->zone);
	else if (w->found_n == 1)
		str_format(text, sizeof text, "a %s %s %.80s stands at %s in zone %s", f->type,
		        f->rr_type == RR_CNAME ? "to" : "with", f->data, zone_wanted(w)->name, w->zone);
	else
		str_format(text, sizeof text, "%u records stand at %s in zone %s, one of them a %s %s %.80s",
		        w->found_n, zone_wanted(w)->name, w->zone, f->type,
		        f->rr_type == RR_CNAME ? "to" : "with", f->data);
	writer_end(w, WRITE_FOREIGN, TROUBLE_NONE, text);
}

/* The next request changes record i. */
static void change(struct write_job *w, enum zone_step step, unsigned i)
{
	w->step = step;
	w->look = i;
}

/* The record that this job made and that is not alone: the list had not shown the others. */
static bool is_our_surplus(const struct write_job *w, unsigned i)
{
	return w->found_n > 1 && w->created > 0 && w->found[i].id == w->created && is_right(w, i);
}

static void decide_absent(struct write_job *w)
{
	for (unsigned i = 0; i < w->found_n; i++)
		if (is_right(w, i)) {
			change(w, AT_REMOVE, i);
			return;
		}
	if (w->found_n == 0 && w->empty++ == 0)
		zone_list_again(w, ""); /* an empty list is believed the second time */
	else
		writer_end(w, WRITE_MADE, TROUBLE_NONE, "");
}

struct stock {
	unsigned right, last_right; /* how many are right, the newest of them */
	unsigned others, other;     /* what else stands there; one of another kind, where there is one */
};

static struct stock take_stock(const struct write_job *w)
{
	struct stock s = {0};

	for (unsigned i = 0; i < w->found_n; i++) {
		if (is_right(w, i)) {
			if (s.right++ == 0 || w->found[i].id > w->found[s.last_right].id)
				s.last_right = i;
		} else if (s.others++ == 0 || !is_kind(w, i)) {
			s.other = i;
		}
	}
	return s;
}

/* Nothing but what is right stands there, or nothing at all. */
static void decide_alone(struct write_job *w, const struct stock *s)
{
	if (s->right == 1)
		writer_end(w, WRITE_MADE, TROUBLE_NONE, "");
	else if (s->right > 1)
		change(w, AT_REMOVE, s->last_right);
	else if (w->created != 0)
		zone_list_again(w, "the record that was created is not to be seen yet");
	else if (w->empty++ == 0)
		zone_list_again(
		        w, ""); /* duplicates are accepted: an empty list is believed the second time */
	else
		change(w, AT_CREATE, 0);
}

/* All that stands at the name has been read. */
void zone_decide(struct write_job *w)
{
	if (zone_wanted(w)->absent) {
		decide_absent(w);
		return;
	}
	struct stock s = take_stock(w);
	bool one = s.others == 1 && is_kind(w, s.other), retypes = one && must_change_type(w, s.other);

	for (unsigned i = 0; i < w->found_n && !retypes; i++)
		if (is_our_surplus(w, i)) {
			change(w, AT_REMOVE, i);
			return;
		}
	if (s.others == 0)
		decide_alone(w, &s);
	else if (retypes && s.right == 1)
		change(w, AT_REMOVE, s.other);
	else if (retypes && s.right == 0)
		change(w, AT_CREATE, s.other);
	else if (one && s.right == 0 && w->updated)
		zone_trouble(w, TROUBLE_TRANSIENT, "the record was updated and still has its old data");
	else if (one && s.right == 0)
		change(w, AT_UPDATE, s.other);
	else
		foreign(w, s.other);
}

/* ---- requests ---- */

static void write_body(const struct write_job *w, struct api_request *r)
{
	const struct rr *rr = zone_wanted(w);
	char relative[DNAME_TEXT], data[RR_DATA + 1];
	struct buf body = {0};
	struct json_w *j = json_w_open(&body);
	int64_t ttl = rr->ttl ? rr->ttl : w->step == AT_CREATE ? w->ttl : w->found[w->look].ttl;

	dname_relative(relative, rr->name, w->zone);
	/* Without the dot a target would be a name inside the zone. A text goes as it is: OVHcloud quotes and splits it. */
	str_format(data, sizeof data, "%s%s", rr->data, rr->type == RR_CNAME ? "." : "");
	json_w_object(j);
	if (w->step == AT_CREATE) /* read-only in an update, which is refused when it names it */
		json_w_kstr(j, "fieldType", rr_type_word(zone_type_to_create(w)));
	json_w_kstr(j, "subDomain", relative);
	json_w_kstr(j, "target", data);
	json_w_kint(j, "ttl", ttl); /* 0 = the zone's */
	json_w_end(j);
	json_w_close(j);
	request_body(r, &body);
}

static void build(const struct write_job *w, struct api_request *r)
{
	static const char *const methods[] = {
	        [AT_LIST] = "GET",
	        [AT_READ] = "GET",
	        [AT_CREATE] = "POST",
	        [AT_UPDATE] = "PUT",
	        [AT_REMOVE] = "DELETE",
	        [AT_CHECK] = "GET",
	};
	char relative[DNAME_TEXT], id[24];

	request_start(r, methods[w->step]);
	request_path(r, "/domain/zone/%", w->zone);
	switch ((enum zone_step)w->step) {
	case AT_LIST: /* without fieldType: whatever else stands there is in the way */
		dname_relative(relative, zone_wanted(w)->name, w->zone);
		request_path(r, "/record?subDomain=%", relative);
		return;
	case AT_CREATE:
		request_path(r, "/record");
		write_body(w, r);
		return;
	default:
		str_format(id, sizeof id, "%lld", (long long)w->found[w->look].id);
		request_path(r, "/record/%", id);
		if (w->step == AT_UPDATE)
			write_body(w, r);
	}
}

/* What the request replaces or removes, for the gate. */
static void tell_gate(struct write_job *w)
{
	bool replaces =
	        w->step == AT_UPDATE || w->step == AT_REMOVE || (w->step == AT_CREATE && w->found_n > 0);
	const struct write_found *f = &w->found[w->look];

	w->removes = w->step == AT_REMOVE && !zone_wanted(w)->absent && is_right(w, w->look);
	if (!replaces)
		return;
	memcpy(w->old, f->data, sizeof w->old);
	w->old_type = f->rr_type;
}

static bool zone_next(struct write_job *w, struct write_request *ret)
{
	struct api_request r;

	build(w, &r);
	if (!request_ok(&r)) {
		zone_trouble(w, TROUBLE_ODD, "the request is too long to be sent");
		return false;
	}
	tell_gate(w);
	*ret = (struct write_request){.via = VIA_API, .changes = r.changes, .api = r};
	return true;
}

static void zone_publish(struct write_job *w, struct write_request *ret)
{
	*ret = (struct write_request){.via = VIA_API};
	request_start(&ret->api, "POST");
	request_path(&ret->api, "/domain/zone/%", w->zone);
	request_path(&ret->api, "/refresh");
	ret->changes = ret->api.changes;
}

const struct writer writer_ovh = {
        .kind = DNS_OVH,
        .next = zone_next,
        .feed = zone_feed,
        .publish = zone_publish,
};
