/* What the journal hears of a domain: the notes of a fold as its story, and a verdict when it changes. */
#include <string.h>

#include "core/diagnose.h"
#include "core/external.h"
#include "core/span.h"
#include "engine/parts.h"

void tell_fields(struct fields *f, const struct slot *s)
{
	memset(f, 0, sizeof(*f));
	f->domain = s->d->domain;
	f->platform = platform_word(s->d->platform);
	f->account = s->d->account;
	f->service = s->d->service;
	f->phase = phase_word((enum phase)s->phase);
}

static void tell_met(const struct slot *s, const struct record *r, const struct fields *f)
{
	char text[SELECTOR_NAME + 32];

	if (r->last_signer[0] != '\0')
		str_format(text, sizeof(text), "it signs with %s", r->last_signer);
	else
		str_format(text, sizeof(text), "%s",
		        r->status == STATUS_ENABLED ? "it signs" : "it does not sign");
	report(EVENT_DOMAIN_MET, f, s->d->domain, text);
	if (s->d->policy.rotate_every == 0)
		return;
	if (s->d->platform == PLATFORM_MXPLAN || s->d->platform == PLATFORM_ZIMBRA)
		report(EVENT_ROTATION_NOT_APPLICABLE, f, s->d->domain);
	else if (r->n == 1)
		report(EVENT_ROTATION_NOT_POSSIBLE, f, s->d->domain);
}

/* What is left to say of a key that leaked: for how long caches may go on serving it. */
static void tell_revoked(
        const struct slot *s, const struct record *r, const struct note *n, const struct fields *f)
{
	const struct rec_selector *x = record_selector_const(r, n->selector);
	int64_t ttl =
	        x != NULL && x->ttl_record != 0 ? (int64_t)x->ttl_record * MS_SECOND : s->d->external->ttl;
	char span[SPAN_TEXT];

	report(EVENT_KEY_REVOKED, f, s->d->domain, n->selector, span_format_short(span, ttl));
}

void tell_notes(const struct slot *s, const struct record *r, const struct notes *notes)
{
	const char *domain = s->d->domain;

	for (unsigned i = 0; i < notes->n; i++) {
		const struct note *n = &notes->list[i];
		struct fields f;

		tell_fields(&f, s);
		f.selector = n->selector[0] != '\0' ? n->selector : NULL;
		switch (n->kind) {
		case NOTE_MET:
			tell_met(s, r, &f);
			break;
		case NOTE_KEY_CHANGED:
			report(EVENT_KEY_CHANGED, &f, domain, n->selector, n->why);
			break;
		case NOTE_CREATED:
			report(s->d->platform == PLATFORM_EXTERNAL ? EVENT_KEY_MADE : EVENT_SELECTOR_CREATED,
			        &f, domain, n->selector);
			break;
		case NOTE_READY:
			report(EVENT_SELECTOR_READY, &f, domain, n->selector);
			break;
		case NOTE_SIGNING:
			report(EVENT_SIGNING, &f, domain,
			        n->selector[0] != '\0' ? n->selector
			        : r->active[0] != '\0' ? r->active
			                               : "a selector of OVHcloud's choice");
			break;
		case NOTE_ROTATED:
			report(EVENT_ROTATION_CONFIRMED, &f, domain, n->selector, n->other);
			break;
		case NOTE_REPAIRED:
			report(EVENT_REPAIRED, &f, domain, n->selector);
			break;
		case NOTE_DELETED:
			if (s->d->platform == PLATFORM_EXTERNAL)
				tell_revoked(s, r, n, &f);
			else
				report(EVENT_KEY_DELETED, &f, domain, n->selector);
			break;
		case NOTE_DISABLED:
			report(EVENT_DISABLED_OLDER, &f, domain, n->selector);
			break;
		case NOTE_NOT_DONE:
			f.action = action_word(n->action);
			report(EVENT_CHANGE_NOT_DONE, &f, action_word(n->action),
			        n->selector[0] != '\0' ? n->selector : domain);
			break;
		case NOTE_STOPPED:
			report(EVENT_SIGNING_STOPPED, &f, domain, n->selector);
			break;
		case NOTE_GRACE_RESTART:
			report(EVENT_GRACE_RESTARTED, &f, domain, n->why);
			break;
		case NOTE_RECORD_RIGHT:
			report(EVENT_RECORD_RIGHT, &f, domain, n->selector);
			break;
		case NOTE_KEY_ODD:
			report(EVENT_KEY_ODD, &f, domain, n->selector, n->why);
			break;
		}
	}
}

static bool is_trouble(enum condition c)
{
	return c == CONDITION_BLOCKED || c == CONDITION_ERROR;
}

/* --- trouble that many domains share -------------------------------------------------------------------------------- */

enum scope {
	SCOPE_DOMAIN,
	SCOPE_SERVICE,
	SCOPE_ACCOUNT,   /* of one platform: a route that is not granted is so for all its domains */
	SCOPE_ELSEWHERE, /* it has an event of its own, told where it is found out */
};

static enum scope scope_of(const struct slot *s, enum reason r)
{
	switch (r) {
	case REASON_ACCOUNT_STOPPED:
	case REASON_BREAKER:
	case REASON_STATE_DISK:
		return SCOPE_ELSEWHERE;
	case REASON_SERVICE_EXPIRED:
	case REASON_SERVICE_CLOSED:
	case REASON_NO_SERVICE:
		return s->d->service != NULL ? SCOPE_SERVICE : SCOPE_DOMAIN;
	case REASON_NOT_GRANTED:
	case REASON_API_TROUBLE:
		return SCOPE_ACCOUNT;
	default:
		return SCOPE_DOMAIN;
	}
}

static bool in_scope(const struct slot *a, const struct slot *b, enum scope scope)
{
	return a->account == b->account && a->d->platform == b->d->platform &&
	       (scope == SCOPE_ACCOUNT || (str_eq(a->d->service, b->d->service) &&
	                                          str_eq(a->d->organization, b->d->organization)));
}

static bool others_have_it(const struct slot *s, enum reason r, enum scope scope)
{
	const struct engine *e = s->account->e;

	for (size_t i = 0; i < e->n_slots; i++) {
		const struct slot *x = e->slots[i];

		if (x != s && x->missing_since == 0 && x->looked && (enum reason)x->reason == r &&
		        in_scope(s, x, scope))
			return true;
	}
	return false;
}

static void name_scope(char *dst, size_t n, const struct slot *s, enum scope scope)
{
	if (scope == SCOPE_SERVICE)
		str_format(dst, n, "service %s (%s, account %s)", s->d->service,
		        platform_word(s->d->platform), s->d->account);
	else
		str_format(dst, n, "account %s, %s", s->d->account, platform_word(s->d->platform));
}

/* The first is told, the others are counted within the hour: no domain's name makes them different. */
static void tell_shared(const struct slot *s, const struct fields *of, enum scope scope, const char *text)
{
	struct fields f = *of;
	char name[300];

	name_scope(name, sizeof(name), s, scope);
	f.domain = NULL;
	f.phase = f.phase_old = f.action = NULL;
	f.next = 0;
	if (scope == SCOPE_ACCOUNT)
		f.service = NULL;
	report(EVENT_SERVICE_TROUBLE, &f, name, text, s->d->domain);
}

/* Told by the last of them. */
static void tell_shared_over(
        const struct slot *s, const struct fields *of, enum reason before, enum scope scope)
{
	struct fields f = *of;
	char name[300];

	if (others_have_it(s, before, scope))
		return;
	name_scope(name, sizeof(name), s, scope);
	f.domain = NULL;
	if (scope == SCOPE_ACCOUNT)
		f.service = NULL;
	report(EVENT_SERVICE_BACK, &f, name);
}

/* Told when it changes: trouble loudly, once; the way back; a new phase. A look without news is debug. */
void tell_verdict(
        const struct slot *s, const struct record *before, struct record *r, const struct decision *dec)
{
	const char *domain = s->d->domain, *why = reason_text(r->reason);
	char text[480];
	struct fields f;

	tell_fields(&f, s);
	f.phase = phase_word(r->phase);
	f.reason = reason_word(r->reason);
	f.waits_on = waits_on_word(dec->waits_on);
	f.next = r->next_at != 0 ? r->next_at : r->next_look;
	f.action = action_word(r->next_action);
	f.error_code = dec->code;
	if (before->phase != r->phase)
		f.phase_old = phase_word(before->phase);
	str_format(text, sizeof(text), "%s%s%s", why, dec->detail[0] != '\0' ? ": " : "", dec->detail);
	bool news = before->reason != r->reason || before->condition != r->condition;
	enum scope scope = scope_of(s, r->reason), was = scope_of(s, before->reason);
	bool over = !is_trouble(r->condition) && is_trouble(before->condition) && before->first_met != 0 &&
	            r->reason != REASON_API_TROUBLE;
	if (is_trouble(r->condition) && news && scope == SCOPE_DOMAIN) {
		if (r->reason == REASON_RECORD_PERSON)
			report(EVENT_RECORD_NEEDED, &f, domain, dec->detail);
		report(r->condition == CONDITION_BLOCKED ? EVENT_BLOCKED : EVENT_ERROR, &f, domain, text);
		r->told = r->since;
	} else if (is_trouble(r->condition) && news) {
		if (scope != SCOPE_ELSEWHERE)
			tell_shared(s, &f, scope, text);
		report(EVENT_PHASE_CHANGED, &f, domain, phase_word(r->phase), text);
	} else if (over && was == SCOPE_DOMAIN) {
		report(EVENT_RECOVERED, &f, domain, why);
	} else if (over) {
		if (was != SCOPE_ELSEWHERE)
			tell_shared_over(s, &f, before->reason, was);
		report(EVENT_PHASE_CHANGED, &f, domain, phase_word(r->phase), text);
	} else if (before->phase != r->phase) {
		report(EVENT_PHASE_CHANGED, &f, domain, phase_word(r->phase), text);
	} else {
		report(EVENT_LOOKED, &f, domain, text);
	}
}

void tell_difference(const struct slot *s, struct record *r, int64_t now)
{
	char text[700];
	struct fields f;

	if (!diagnose_compare(s->d, r, now, text, sizeof(text)))
		return;
	tell_fields(&f, s);
	f.error_code = r->theirs.code;
	report(EVENT_DIAGNOSES_DIFFER, &f, s->d->domain, text);
}

void tell_summary(struct engine *e)
{
	char line[400];

	engine_summary(e, line, sizeof(line));
	report(EVENT_SUMMARY, NULL, line);
}
