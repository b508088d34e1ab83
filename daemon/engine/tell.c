/* What the journal hears of a domain: the notes of a fold as its story, and a verdict when it changes. */
#include <string.h>

#include "core/diagnose.h"
#include "engine/parts.h"

void tell_fields(struct fields *f, const struct slot *s)
{
	memset(f, 0, sizeof(*f));
	f->domain = s->d->domain;
	f->platform = platform_word(s->d->platform);
	f->account = s->d->account;
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
			report(EVENT_SELECTOR_CREATED, &f, domain, n->selector);
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
	/* a service's or an account's trouble is told once for the account, not once a domain */
	bool shared = r->reason == REASON_ACCOUNT_STOPPED || r->reason == REASON_BREAKER;
	if (is_trouble(r->condition) && news && !shared) {
		if (r->reason == REASON_RECORD_PERSON)
			report(EVENT_RECORD_NEEDED, &f, domain, dec->detail);
		report(r->condition == CONDITION_BLOCKED ? EVENT_BLOCKED : EVENT_ERROR, &f, domain, text);
		r->told = r->since;
	} else if (!is_trouble(r->condition) && is_trouble(before->condition) && before->first_met != 0 &&
	           r->reason != REASON_API_TROUBLE) {
		report(EVENT_RECOVERED, &f, domain, why);
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
