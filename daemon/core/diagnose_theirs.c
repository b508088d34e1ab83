/* OVHcloud's own check against ours: what it comes to, since when the two differ, and when that is worth telling. Theirs may
 * lag for a day, so for as long it is believed to. */
#include "core/diagnosing.h"

#include <string.h>

/* OVHcloud's: its diagnosis, or on MX Plan what its states come to. 0 = in order, or it gave none. */
int fault_theirs(const struct record *r)
{
	int code = 0;
	bool renewed;

	if (r->theirs.code == 501 && (fault_lacking(r, &renewed), renewed))
		return 0;
	if (r->theirs.code != 0 || r->status == STATUS_NONE)
		return r->theirs.code;
	if (r->status == STATUS_ERROR)
		return 502;
	for (unsigned i = 0; i < r->n; i++) {
		if (r->sel[i].state == SELECTOR_TO_FIX)
			return 503;
		if (r->sel[i].state == SELECTOR_TO_SET)
			code = 504;
	}
	return code;
}

static void put_theirs(const struct record *r, char *dst, size_t n)
{
	int code = fault_theirs(r);

	if (code == 0)
		str_format(dst, n, "OVHcloud's own check finds nothing wrong%s%s%s",
		        r->theirs.state[0] != '\0' ? " (" : "", r->theirs.state,
		        r->theirs.state[0] != '\0' ? ")" : "");
	else
		str_format(dst, n, "OVHcloud's own check says %d, %s", code,
		        r->theirs.message[0] != '\0' ? r->theirs.message : fault_text(code));
}

static void put_ours(const struct record *r, char *dst, size_t n)
{
	const struct rec_selector *s;
	int code = fault_ours(r, &s);

	if (code == 0)
		str_format(dst, n, "our own look-ups find every record and key right");
	else
		str_format(dst, n, "ours says %d, %s%s%s%s%s", code, fault_text(code),
		        s != NULL ? " at " : "", s != NULL ? s->record : "",
		        s != NULL && s->dns_detail[0] != '\0' ? ": " : "", s != NULL ? s->dns_detail : "");
}

bool theirs_differ_long(const struct record *r, int64_t now)
{
	return r->differ_since != 0 && now - r->differ_since >= CHECK_PATIENCE;
}

/* Nothing of ours is wrong, and OVHcloud says that something is. */
void theirs_say(const struct desired *d, const struct record *r, int64_t now, struct finding *f)
{
	char theirs[240], ticket[440], at[TIME_TEXT];

	put_theirs(r, theirs, sizeof(theirs));
	f->code = fault_theirs(r);
	TEXT(f->message, "%s; our own look-ups find every record and key right", theirs);
	if (!theirs_differ_long(r, now)) {
		TEXT(f->remedy, "Nothing before %s: OVHcloud's own check may take a day.",
		        time_text(at, (r->differ_since != 0 ? r->differ_since : now) + CHECK_PATIENCE));
		return;
	}
	fault_ticket(d, r, NULL, ticket, sizeof(ticket));
	TEXT(f->remedy,
	        "Show the answers of the zone's servers (dkimrotctl explain %s) to OVHcloud's support: their "
	        "check has not "
	        "seen them for more than a day. Paste: %s",
	        d->domain, ticket);
}

void theirs_add(const struct record *r, int64_t now, struct finding *f)
{
	char theirs[240];

	if (!theirs_differ_long(r, now))
		return;
	put_theirs(r, theirs, sizeof(theirs));
	size_t used = strlen(f->message);
	str_format(f->message + used, sizeof(f->message) - used, ". %s, for more than a day now", theirs);
}

static bool is_unseen(const struct record *r)
{
	for (unsigned i = 0; i < r->n; i++)
		if (fault_concerns(&r->sel[i]) &&
		        (r->sel[i].dns_at == 0 || r->sel[i].dns_record == SEEN_UNKNOWN))
			return true;
	return false;
}

static bool they_differ(const struct record *r)
{
	const struct rec_selector *s;
	int ours = fault_ours(r, &s), theirs = fault_theirs(r);

	if (!r->theirs.given || str_caseeq(r->theirs.state, "inProgress") ||
	        str_caseeq(r->theirs.state, "modifying"))
		return false;
	if (ours == 0 && is_unseen(r))
		return false;
	if (ours == 503 && theirs == 504 && s->dns_record == SEEN_PARTIAL)
		return false; /* they asked the server that lags */
	return ours != theirs;
}

bool diagnose_compare(const struct desired *d, struct record *r, int64_t now, char *text, size_t n)
{
	char theirs[240], ours[320];

	(void)d;
	if (!they_differ(r)) {
		r->differ_since = r->differ_told = 0;
		return false;
	}
	if (r->differ_since == 0 || r->differ_since > now)
		r->differ_since = now;
	if (now - r->differ_since < CHECK_PATIENCE || r->differ_told != 0)
		return false;
	r->differ_told = now;
	put_theirs(r, theirs, sizeof(theirs));
	put_ours(r, ours, sizeof(ours));
	str_format(text, n, "%s; %s; they have differed for more than a day", theirs, ours);
	return true;
}
