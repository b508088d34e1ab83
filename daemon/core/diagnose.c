/* Naming the fault. It must never claim what no look has shown: where our look-ups say nothing, OVHcloud's word is passed on
 * as OVHcloud's. */
#include "core/diagnosing.h"

#include <string.h>

#include "core/record.h"
#include "core/text.h"

/* OVHcloud's own words for its codes. */
const char *fault_text(int code)
{
	static const char *const texts[] = {
	        "Only one DKIM selector has been initialized",
	        "One DKIM configuration task is in error",
	        "CNAME record is wrong",
	        "One CNAME record is missing",
	};

	return code >= 501 && code <= 504 ? texts[code - 501] : "an error";
}

/* ---- what our own looks say ---- */

bool fault_concerns(const struct rec_selector *s)
{
	return s->named && s->target[0] != '\0' && s->state != SELECTOR_ABSENT &&
	       s->state != SELECTOR_DELETING && s->state != SELECTOR_UNKNOWN;
}

/* 503, 504, or 0: the CNAME alone; a key that is missing at its end is OVHcloud's. */
static int record_code(const struct rec_selector *s)
{
	switch (s->dns_record) {
	case SEEN_MISSING:
		return 504;
	case SEEN_WRONG:
	case SEEN_PARTIAL:
	case SEEN_FLATTENED:
		return 503;
	default:
		return 0;
	}
}

static bool intends(const struct record *r, const char *selector, enum action_kind action)
{
	for (unsigned i = 0; i < INTENTS_MAX; i++)
		if (r->intent[i].action == action && strcmp(r->intent[i].selector, selector) == 0)
			return true;
	return false;
}

/* Between a deletion of ours and the creation that follows one selector is as it should be. */
static bool is_being_renewed(const struct record *r, const struct rec_selector *s)
{
	return s->deleted_by_us || s->state == SELECTOR_DELETING || s->state == SELECTOR_TODO ||
	       intends(r, s->name, ACTION_CREATE) || intends(r, s->name, ACTION_DELETE);
}

const struct rec_selector *fault_lacking(const struct record *r, bool *ret_renewed)
{
	const struct rec_selector *gone = NULL;
	unsigned there = 0;

	*ret_renewed = false;
	for (unsigned i = 0; i < r->n; i++) {
		const struct rec_selector *s = &r->sel[i];

		if (!s->named)
			continue;
		*ret_renewed = *ret_renewed || is_being_renewed(r, s);
		if (s->state == SELECTOR_ABSENT)
			gone = s;
		else if (s->state != SELECTOR_UNKNOWN)
			there++;
	}
	return there == 1 ? gone : NULL;
}

/* The selector whose fault comes first, and its code: a task in error, then a record. */
static const struct rec_selector *fault_of(const struct record *r, int *ret_code)
{
	const struct rec_selector *worst = NULL;

	*ret_code = 0;
	for (unsigned i = 0; i < r->n; i++) {
		const struct rec_selector *s = &r->sel[i];
		bool failed = s->task_failed != 0 && s->state != SELECTOR_IN_PRODUCTION;
		int code = failed ? 502 : fault_concerns(s) ? record_code(s) : 0;
		bool signs = strcmp(s->name, r->last_signer) == 0;

		if (code == 0 || (worst != NULL && !signs && !(code == 502 && *ret_code != 502)))
			continue;
		worst = s;
		*ret_code = code;
	}
	return worst;
}

static bool is_stuck(const struct record *r)
{
	return r->reason == REASON_TASK_STUCK || r->reason == REASON_TASK_ERROR;
}

/* Ours, whatever OVHcloud says. */
int fault_ours(const struct record *r, const struct rec_selector **ret_selector)
{
	bool renewed;
	int code;

	*ret_selector = fault_of(r, &code);
	if (code == 502 || r->status == STATUS_ERROR || is_stuck(r))
		return 502;
	if (code != 0)
		return code;
	*ret_selector = fault_lacking(r, &renewed);
	return *ret_selector != NULL && !renewed && r->last_signer[0] != '\0' ? 501 : 0;
}

/* ---- sentences ---- */

static void put_line(char dst[600], const struct rec_selector *s)
{
	str_format(dst, 600, "%s. IN CNAME %s.", s->record, s->target);
}

/* How a record comes into this zone. */
static void say_who_writes(
        const struct desired *d, const struct rec_selector *s, const char *verb, struct finding *f)
{
	char line[600];

	put_line(line, s);
	switch (d->dns) {
	case DNS_OVH:
		TEXT(f->remedy,
		        "dkimrotd writes this record into zone %s by itself; when it stays so for an hour, "
		        "look at the zone "
		        "in OVHcloud's control panel: %s",
		        d->zone, line);
		break;
	case DNS_PLATFORM:
		TEXT(f->remedy,
		        "OVHcloud was to write it (configureDkim), which needs the zone %s in the account of "
		        "the e-mail "
		        "service. %s it yourself: %s",
		        d->zone, verb, line);
		break;
	case DNS_RFC2136:
		TEXT(f->remedy,
		        "dkimrotd sends this record to the zone's primary by itself; when it stays so for an "
		        "hour, see whether "
		        "the primary takes updates and its secondaries follow: %s",
		        line);
		break;
	case DNS_MANUAL:
	default:
		TEXT(f->remedy, "%s this record in zone %s: %s", verb, d->zone, line);
	}
}

/* MX Plan and Zimbra have words of their own for it. */
static const char *their_word(const struct rec_selector *s)
{
	return s->state == SELECTOR_TO_SET   ? " (OVHcloud says toSet)"
	       : s->state == SELECTOR_TO_FIX ? " (OVHcloud says toFix)"
	                                     : "";
}

static void say_missing(const struct desired *d, const struct rec_selector *s, struct finding *f)
{
	TEXT(f->message, "%s: nothing stands at %s%s", fault_text(504), s->record, their_word(s));
	say_who_writes(d, s, "Create", f);
}

static void say_wrong(const struct desired *d, const struct rec_selector *s, struct finding *f)
{
	char line[600];

	put_line(line, s);
	if (s->dns_record == SEEN_FLATTENED) {
		TEXT(f->message, "%s: the CNAME at %s is flattened, a TXT record is served in its place",
		        fault_text(503), s->record);
		TEXT(f->remedy,
		        "At the DNS provider of %s switch off flattening or proxying for this name, so that "
		        "the CNAME itself is "
		        "served: %s",
		        d->zone, line);
		return;
	}
	if (s->dns_record == SEEN_PARTIAL) {
		TEXT(f->message, "%s at some servers: %s is %s", fault_text(503), s->record, s->dns_detail);
		TEXT(f->remedy,
		        "See why these servers of zone %s do not follow its primary (serial, zone transfer). "
		        "Each must serve: %s",
		        d->zone, line);
		return;
	}
	TEXT(f->message, "%s: %s (%s), and should lead to %s%s", fault_text(503), s->record,
	        s->dns_detail[0] != '\0' ? s->dns_detail : "it leads elsewhere", s->target, their_word(s));
	say_who_writes(d, s, "Replace what stands at the name by", f);
}

/* What a support ticket needs. Nothing is left out that OVHcloud's support asks for first. */
void fault_ticket(
        const struct desired *d, const struct record *r, const struct rec_selector *s, char *dst, size_t n)
{
	const char *service = d->service != NULL ? d->service : "";
	const char *query = s != NULL ? s->query_id : r->last_query, *read = s != NULL ? s->task_query : "";
	long long task = (long long)(s != NULL && s->task_id != 0 ? s->task_id
	                             : r->domain_task != 0        ? r->domain_task
	                                                          : r->last_task);
	char number[32];

	str_format(number, sizeof(number), "%lld", task);
	text_join(dst, n, "domain ", d->domain, service[0] != '\0' ? ", service " : "", service,
	        s != NULL ? ", selector " : "", s != NULL ? s->name : "", ", task ",
	        task != 0 ? number : "not told", query[0] != '\0' ? ", query id of the request " : "", query,
	        read[0] != '\0' ? ", query id of the answer " : "", read, NULL);
}

static void say_task(const struct desired *d, const struct record *r, const struct rec_selector *s,
        int64_t now, struct finding *f)
{
	int64_t since = s != NULL && s->task_failed != 0 ? s->task_failed : r->since;
	const char *says = r->theirs.message;
	char ticket[440], at[TIME_TEXT];
	bool stuck = r->reason == REASON_TASK_STUCK;

	if (str_eq(says, fault_text(502)))
		says = "";
	fault_ticket(d, r, s, ticket, sizeof(ticket));
	if (stuck)
		TEXT(f->message,
		        "a DKIM configuration task of OVHcloud has been under way for more than a day");
	else
		TEXT(f->message, "%s since %s%s%s", fault_text(502), time_text(at, since),
		        says[0] != '\0' ? "; OVHcloud says: " : "", says);
	if (stuck || now - since >= CHECK_PATIENCE)
		TEXT(f->remedy, "Open a support ticket at OVHcloud now and paste: %s", ticket);
	else
		TEXT(f->remedy,
		        "Nothing before %s: OVHcloud tries again by itself. When it is still so then, open a "
		        "support "
		        "ticket and paste: %s",
		        time_text(at, since + CHECK_PATIENCE), ticket);
}

static void say_one_selector(const struct rec_selector *s, struct finding *f)
{
	TEXT(f->message, "%s: %s is gone, and dkimrotd did not delete it", fault_text(501), s->name);
	TEXT(f->remedy, "Nothing: dkimrotd makes it anew when a second look an hour later agrees. Find out "
	                "who deleted it in "
	                "OVHcloud's control panel.");
}

/* ---- the key's own faults ---- */

static bool is_key_reason(enum reason r)
{
	return r == REASON_KEY_BAD || r == REASON_KEY_NOT_NEW;
}

/* The selector that the reason is about: the signer's key first, as plan() has it. */
static const struct rec_selector *key_of(const struct record *r)
{
	const struct rec_selector *found = NULL;

	for (unsigned i = 0; i < r->n; i++) {
		const struct rec_selector *s = &r->sel[i];
		bool bad = s->dns_at != 0 && s->dns != SEEN_OK && s->dns != SEEN_UNKNOWN;
		bool repeats = r->reason == REASON_KEY_NOT_NEW && record_key_repeats(r, s) != NULL;

		if (!s->named || !(bad || repeats))
			continue;
		if (found == NULL || strcmp(s->name, r->last_signer) == 0)
			found = s;
	}
	return found;
}

static void say_key(const struct desired *d, const struct record *r, struct finding *f)
{
	const struct rec_selector *s = key_of(r);
	char ticket[440];

	fault_ticket(d, r, s, ticket, sizeof(ticket));
	TEXT(f->message, "%s%s%s", reason_text(r->reason), r->detail[0] != '\0' ? ": " : "", r->detail);
	TEXT(f->remedy,
	        "The key is OVHcloud's, and no record of the zone can mend it: open a support ticket and "
	        "paste: %s%s%s",
	        ticket, s != NULL ? ", target " : "", s != NULL ? s->target : "");
}

/* ---- the whole ---- */

static bool is_record_reason(enum reason r)
{
	return r == REASON_RECORD_PERSON || r == REASON_RECORD_OVERDUE || r == REASON_RECORD_UNWRITTEN ||
	       r == REASON_SIGNING_RECORD_GONE || r == REASON_ABSENT_SETTLING;
}

static void say_reason(const struct record *r, struct finding *f)
{
	const char *remedy = reason_remedy(r->reason);

	f->code = 0;
	TEXT(f->message, "%s%s%s", reason_text(r->reason), r->detail[0] != '\0' ? ": " : "", r->detail);
	TEXT(f->remedy, "%s", remedy != NULL ? remedy : "Nothing needs to be done.");
}

static void say_in_the_way(
        const struct desired *d, const struct record *r, const struct rec_selector *s, struct finding *f)
{
	char line[600];

	put_line(line, s);
	f->code = 503;
	TEXT(f->message, "%s: %s", reason_text(REASON_RECORD_FOREIGN), r->detail);
	TEXT(f->remedy, "Remove what stands at %s in zone %s; dkimrotd then writes: %s", s->record, d->zone,
	        line);
}

static void say_ours(const struct desired *d, const struct record *r, const struct rec_selector *s,
        int64_t now, struct finding *f)
{
	switch (f->code) {
	case 501:
		say_one_selector(s, f);
		return;
	case 502:
		say_task(d, r, s, now, f);
		return;
	case 503:
		say_wrong(d, s, f);
		return;
	default:
		say_missing(d, s, f);
	}
}

bool diagnose(const struct desired *d, const struct record *r, int64_t now, struct finding *ret)
{
	bool trouble = reason_condition(r->reason) == CONDITION_BLOCKED ||
	               reason_condition(r->reason) == CONDITION_ERROR;
	bool check = r->reason == REASON_CHECK_OVERDUE || !trouble;
	const struct rec_selector *s;
	struct finding f = {.code = fault_ours(r, &s)};
	int theirs = fault_theirs(r);

	if (!trouble && theirs == 0 && !theirs_differ_long(r, now))
		return false;
	if (d->platform == PLATFORM_EXTERNAL) { /* none of OVHcloud's faults is there */
		if (!trouble)
			return false;
		say_reason(r, &f);
		*ret = f;
		return true;
	}
	if (is_key_reason(r->reason)) {
		f.code = 0;
		say_key(d, r, &f);
	} else if (r->reason == REASON_RECORD_FOREIGN && s != NULL) {
		say_in_the_way(d, r, s, &f);
	} else if (is_stuck(r) || (s != NULL && (is_record_reason(r->reason) || check))) {
		say_ours(d, r, s, now, &f);
	} else if (check && theirs != 0) {
		theirs_say(d, r, now, &f);
		*ret = f;
		return true;
	} else {
		say_reason(r, &f);
	}
	theirs_add(r, now, &f);
	*ret = f;
	return true;
}
