/* Records by dynamic updates at the zone's primary (RFC 2136). What stands at the name is looked at first, which is a hint
 * only; what counts is the condition that every update carries and that the server itself checks: exactly this set stands
 * there, or nothing of any type. So nothing foreign is ever overwritten, a wildcard's answer is not taken for a record, and a
 * write that was lost can be tried again without harm. It must never send a change without such a condition. */
#include <string.h>

#include "base/util.h"
#include "codec/dnswire.h"
#include "platform/writers.h"

enum step {
	AT_LOOK,
	AT_PROVE,  /* does what was looked at stand there in truth, and not by a wildcard? */
	AT_ADD,    /* where nothing stands */
	AT_CHANGE, /* in the place of the one that was seen */
	AT_REMOVE,
	AT_CHECK,  /* read back: the wanted record alone */
	AT_ABSENT, /* read back: nothing */
};

#define LOOKS_MOST 3 /* others write there too: how often it is looked at anew */

static const struct rr *wanted(const struct write_job *w)
{
	return &w->items[w->at].rr;
}

/* ---- ends ---- */

static void trouble(struct write_job *w, enum trouble t, const char *what)
{
	static const char *const doing[] = {
	        [AT_LOOK] = "looking at",
	        [AT_PROVE] = "proving what stands at",
	        [AT_ADD] = "adding",
	        [AT_CHANGE] = "changing",
	        [AT_REMOVE] = "removing",
	        [AT_CHECK] = "reading back",
	        [AT_ABSENT] = "reading back",
	};
	char text[600];

	str_format(text, sizeof text, "%s %s in zone %s: %s", doing[w->step], wanted(w)->name, w->zone, what);
	writer_end(w, WRITE_TROUBLE, t, text);
}

static void foreign(struct write_job *w)
{
	const struct dns_set *s = &w->seen;
	char text[600];

	if (s->n == 0)
		str_format(text, sizeof text, "something else than a CNAME or a TXT stands at %s in zone %s",
		        wanted(w)->name, w->zone);
	else if (s->n == 1 && !s->more)
		str_format(text, sizeof text, "a %s record stands at %s in zone %s: %.80s",
		        rr_type_word(s->type), wanted(w)->name, w->zone, s->list[0].text);
	else
		str_format(text, sizeof text, "%s%u records stand at %s in zone %s, one of them a %s: %.80s",
		        s->more ? "more than " : "", s->n, wanted(w)->name, w->zone, rr_type_word(s->type),
		        s->list[0].text);
	writer_end(w, WRITE_FOREIGN, TROUBLE_NONE, text);
}

static void look_again(struct write_job *w, const char *why)
{
	if (++w->tries >= LOOKS_MOST)
		trouble(w, TROUBLE_TRANSIENT, why);
	else
		w->step = AT_LOOK;
}

/* ---- deciding ---- */

static bool is_right(const struct write_job *w, unsigned i)
{
	return rr_same_data(w->seen.type, w->seen.list[i].text, wanted(w)->type, wanted(w)->data);
}

/* The condition is that exactly the wanted record stands there. */
static bool expect_wanted(struct write_job *w)
{
	w->seen.type = wanted(w)->type == RR_CNAME ? RR_CNAME : RR_TXT;
	w->seen.n = 1;
	w->seen.more = false;
	if (dns_data_of(wanted(w), &w->seen.list[0]))
		return true;
	trouble(w, TROUBLE_ODD, "the record is too long");
	return false;
}

static void add(struct write_job *w)
{
	w->seen.n = 0;
	w->step = AT_ADD;
}

/* It is to go: with what stands beside it as a condition. */
static void decide_absent(struct write_job *w)
{
	const struct dns_set *s = &w->seen;

	for (unsigned i = 0; i < s->n && !s->more; i++)
		if (is_right(w, i)) {
			w->step = AT_REMOVE;
			w->drop = &s->list[i];
			return;
		}
	if (s->more)
		foreign(w);
	else
		writer_end(w, WRITE_MADE, TROUBLE_NONE, "");
}

/* The name has been looked at. */
static void decide(struct write_job *w)
{
	const struct dns_set *s = &w->seen;

	w->drop = NULL;
	if (wanted(w)->absent) {
		decide_absent(w);
	} else if (s->n == 0 && !s->more) {
		add(w);
	} else if (s->n == 1 && !s->more && !is_right(w, 0) &&
	           (s->type == RR_CNAME) == (wanted(w)->type == RR_CNAME)) {
		w->step = AT_CHANGE;
		w->drop = &s->list[0];
	} else if (s->more) {
		foreign(w);
	} else {
		w->step = AT_PROVE;
	}
}

/* ---- requests ---- */

static bool is_write(const struct write_job *w)
{
	return w->step == AT_ADD || w->step == AT_CHANGE || w->step == AT_REMOVE;
}

static bool update_next(struct write_job *w, struct write_request *ret)
{
	struct dns_request q = {.zone = w->zone, .name = wanted(w)->name, .set = &w->seen};

	q.kind = w->step == AT_LOOK ? DNS_LOOK : is_write(w) ? DNS_WRITE : DNS_CHECK;
	if (w->step == AT_ADD || w->step == AT_CHANGE) {
		w->add = *wanted(w);
		if (w->add.ttl == 0)
			w->add.ttl = w->ttl;
		q.add = &w->add;
	}
	if (w->step == AT_CHANGE || w->step == AT_REMOVE) {
		q.drop = w->drop;
		memcpy(w->old, w->drop->text, sizeof w->old);
		w->old_type = w->seen.type;
	}
	w->guarded = is_write(w);
	*ret = (struct write_request){.via = VIA_DNS, .changes = is_write(w), .dns = q};
	return true;
}

/* ---- answers ---- */

static void feed_look(struct write_job *w, const struct dns_reply *r)
{
	if (r->rcode != DNS_NOERROR && r->rcode != DNS_NXDOMAIN)
		return;
	if (!r->authoritative) {
		trouble(w, TROUBLE_MISSING,
		        "the server answers without authority: it is no server of this zone");
		return;
	}
	w->seen = r->seen;
	decide(w);
}

/* The condition holds. */
static void feed_good(struct write_job *w)
{
	w->items[w->at].changed = w->items[w->at].changed || is_write(w);
	switch ((enum step)w->step) {
	case AT_PROVE:
		if (w->seen.n == 1 && is_right(w, 0))
			writer_end(w, WRITE_MADE, TROUBLE_NONE, "");
		else
			foreign(w);
		break;
	case AT_ADD:
	case AT_CHANGE:
		if (expect_wanted(w))
			w->step = AT_CHECK;
		break;
	case AT_REMOVE:
		look_again(w, "the record was removed and still stands there");
		break;
	default:
		writer_end(w, WRITE_MADE, TROUBLE_NONE, "");
	}
}

/* The condition does not hold. What was looked at came from a wildcard, or somebody wrote there meanwhile. */
static void feed_otherwise(struct write_job *w)
{
	switch ((enum step)w->step) {
	case AT_PROVE:
	case AT_CHANGE:
		add(w);
		break;
	case AT_REMOVE:
		w->seen.n = 0;
		w->step = AT_ABSENT;
		break;
	case AT_ADD:
		if (w->look++ == 0)
			look_again(w, "others write there");
		else
			foreign(w);
		break;
	case AT_CHECK:
		trouble(w, TROUBLE_TRANSIENT,
		        "the update was accepted, and the record does not stand there alone");
		break;
	default:
		look_again(w, "it is written by others at the same time");
	}
}

struct refusal {
	unsigned rcode;
	enum trouble trouble;
	const char *text;
};
static const struct refusal refusals[] = {
        {DNS_FORMERR, TROUBLE_ODD, "the server does not understand the update"},
        {DNS_SERVFAIL, TROUBLE_TRANSIENT, "the server failed"},
        {DNS_NOTIMP, TROUBLE_ODD, "the server takes no dynamic updates"},
        {DNS_REFUSED, TROUBLE_GRANT, "the server refuses it: allow this key to update this name there"},
        {DNS_NOTAUTH, TROUBLE_GRANT,
                "the server is not the primary of this zone, or does not let this key update it"},
        {DNS_NOTZONE, TROUBLE_MISSING, "the name lies in no zone of the server's by that name: set `zone:`"},
        {DNS_BADSIG, TROUBLE_GRANT,
                "the signature does not hold there: the secret is not the one that the server has"},
        {DNS_BADKEY, TROUBLE_GRANT,
                "the server knows no such key: compare key's name and algorithm with what it has"},
        {DNS_BADTIME, TROUBLE_TRANSIENT,
                "the clocks of this host and of the server differ by more than five minutes"},
};

static void refused(struct write_job *w, const struct dns_reply *r)
{
	const char *word = dns_rcode_word(r->rcode);
	char text[300];

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		if (refusals[i].rcode == r->rcode) {
			bool asking = w->step == AT_LOOK && r->rcode == DNS_REFUSED;

			str_format(text, sizeof text, "%s (%s)",
			        asking ? "the server refuses to be asked from here" : refusals[i].text, word);
			trouble(w, refusals[i].trouble, text);
			return;
		}
	str_format(text, sizeof text, "answered with code %u %s", r->rcode, word);
	trouble(w, TROUBLE_ODD, text);
}

static void feed_update(struct write_job *w, const struct dns_reply *r)
{
	bool otherwise = r->rcode == DNS_NXRRSET || r->rcode == DNS_YXRRSET || r->rcode == DNS_YXDOMAIN ||
	                 r->rcode == DNS_NXDOMAIN;

	if (r->authentic && r->rcode == DNS_NOERROR) {
		feed_good(w);
	} else if (r->authentic && otherwise) {
		feed_otherwise(w);
	} else if (r->rcode == DNS_NOERROR || otherwise) {
		w->items[w->at].open = is_write(w);
		trouble(w, TROUBLE_ODD, "the answer's signature does not hold, so nothing of it is believed");
	} else { /* errors come unsigned too (RFC 8945 section 5.3.2): whether it was done only looking tells */
		w->items[w->at].open = is_write(w) && !r->authentic;
		refused(w, r);
	}
}

static void update_feed(struct write_job *w, const struct write_answer *answer)
{
	const struct dns_answer *a = &answer->dns;

	if (w->items[w->at].verdict != WRITE_BUSY)
		return; /* it was dropped meanwhile */
	if (!a->reply || !a->reply->answered) {
		char text[300];

		w->items[w->at].open = is_write(w) && !a->not_sent;
		str_format(text, sizeof text, "%s", a->reply ? a->reply->error : a->error);
		trouble(w, a->reply ? TROUBLE_ODD : TROUBLE_TRANSIENT, text);
	} else if (w->step == AT_LOOK) {
		feed_look(w, a->reply);
		if (w->items[w->at].verdict == WRITE_BUSY && w->step == AT_LOOK)
			refused(w, a->reply);
	} else {
		feed_update(w, a->reply);
	}
}

const struct writer writer_rfc2136 = {
        .kind = DNS_RFC2136,
        .next = update_next,
        .feed = update_feed,
};
