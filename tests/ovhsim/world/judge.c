/* The judge: every changing request is held against the safety rules, by the world's own truth at that
 * moment. What was true less than judge_slack_ms ago may still be acted upon, as a reading may be that old.
 * It changes nothing. */
#include "api.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

void w_blame(struct world *w, size_t change, int rule, const char *fmt, ...)
{
	struct w_logged *l = change ? w->log[change - 1] : NULL;
	va_list ap;

	if (!l || l->change.broken)
		return;
	va_start(ap, fmt);
	vsnprintf(l->why, sizeof(l->why), fmt, ap);
	va_end(ap);
	l->change.broken = rule;
	w->n_broken++;
}

static bool recent(const struct w_call *c, int64_t at)
{
	return at != W_NEVER && c->w->now - at <= c->w->value[SW_JUDGE_SLACK_MS].n;
}

static bool was_ready(const struct w_call *c, const struct w_selector *s)
{
	return s->state == W_READY || recent(c, s->ready_until);
}

static bool was_in_production(const struct w_call *c, const struct w_selector *s)
{
	return s->state == W_SIGNING || (s->signs_since != W_NEVER && recent(c, s->may_sign_until));
}

/* Every server that answers must agree, and half of them are enough: when answers get lost, a look may confirm a record
 * while a server that lags, which nobody heard, does not serve it yet. */
static int64_t unheard_lag(const struct w_call *c)
{
	const struct w_zone *z = c->domain->zone;

	if (!w_get(c->domain, c->w, SW_JUDGE_UNHEARD)->n || !w_zget(c->w, z, SW_DNS_LAGGING)->n)
		return 0;
	return w_zget(c->w, z, SW_DNS_LAG_MS)->n;
}

/* Right at the server that does not lag, which is enough where no wait is asked for. */
static bool right_where_heard(const struct w_call *c, const struct w_selector *s)
{
	unsigned slot = (unsigned)(s - c->domain->sel);
	char target[W_NAME];

	if (unheard_lag(c) == 0 || w_cname_served(c->w, c->domain, slot, 0, NULL) != W_CNAME_RIGHT)
		return false;
	w_target_name(c->domain, slot, s->target, target);
	return w_key_at(c->w, target, c->w->now) != NULL;
}

static bool was_right(const struct w_call *c, const struct w_selector *s)
{
	return (s->right_since != W_NEVER && !s->blip) || recent(c, s->right_until);
}

/* Another selector that signs, the one that has for longest; NULL when there is none. */
static const struct w_selector *other_signer(const struct w_domain *d, int slot)
{
	const struct w_selector *found = NULL;

	for (unsigned i = 0; i < d->slots; i++)
		if ((int)i != slot && d->sel[i].signs &&
		        (!found || d->sel[i].signs_since < found->signs_since))
			found = &d->sel[i];
	return found;
}

/* /auth/time tells whole seconds: a client's clock may be so far off, a span of its own measured so much shorter. */
static int64_t leeway(int64_t span)
{
	return span / 10 < 2 * W_SECOND ? span / 10 : 2 * W_SECOND;
}

static int64_t grace(const struct w_call *c)
{
	int64_t span;

	if (w_get(c->domain, c->w, SW_JUDGE_COMPROMISED)->n)
		return 0;
	span = w_get(c->domain, c->w, SW_JUDGE_GRACE_MS)->n;
	return span - leeway(span);
}

/* Since when the selector signs, as far as anybody can know: what stopped and went on between two readings did not
 * stop for the reader. */
static int64_t known_signing(const struct w_selector *s)
{
	bool earlier = s->read_signing_since != W_NEVER && s->read_signing_since < s->signs_since;

	return earlier ? s->read_signing_since : s->signs_since;
}

/* When it may have signed for the last time, as far as anybody can know. */
static int64_t known_end(const struct w_selector *s)
{
	bool earlier = s->read_may_sign != W_NEVER && s->read_may_sign < s->may_sign_until;

	return earlier ? s->read_may_sign : s->may_sign_until;
}

static void judge_create(struct w_call *c)
{
	const struct w_json *auto_enable = w_json_get(c->body, "autoEnableDKIM");
	const struct w_selector *s = c->slot < 0 ? NULL : &c->domain->sel[c->slot];
	bool lies = w_get(c->domain, c->w, SW_FAULT_404)->chance > 0 ||
	            w_get(c->domain, c->w, SW_FAULT_EMPTY_LIST)->chance > 0;
	int64_t lag = w_get(c->domain, c->w, SW_BLIND_MS)->n + w_get(c->domain, c->w, SW_LIST_LAG_MS)->n;

	if (!auto_enable || auto_enable->kind != W_JSON_BOOL || auto_enable->truth)
		w_blame(c->w, c->change, 11, "autoEnableDKIM is not false");
	if (!s || !s->reserved) {
		w_blame(c->w, c->change, 4, "dkimSelector does not name it");
		return;
	}
	if (s->state != W_ABSENT && !lies && !recent(c, s->existence_changed + lag) &&
	        !recent(c, s->appears + lag))
		w_blame(c->w, c->change, 4, "the selector exists (%s)", w_state_word(s->state));
	if (s->state == W_ABSENT && s->deleted_by != W_BY_API && s->signs_since != W_NEVER &&
	        c->w->now - s->existence_changed < W_HOUR)
		w_blame(c->w, c->change, 4, "a signer vanished less than an hour ago");
}

static void judge_enable(struct w_call *c)
{
	const struct w_selector *s = c->slot < 0 ? NULL : &c->domain->sel[c->slot], *other;
	int64_t ttl;

	if (!s || !was_ready(c, s)) {
		w_blame(c->w, c->change, 2, "the selector is not ready but %s",
		        s ? w_state_word(s->state) : "unknown");
		return;
	}
	other = other_signer(c->domain, c->slot);
	if (!was_right(c, s) && (other || !right_where_heard(c, s))) {
		w_blame(c->w, c->change, 2, "its record and key are not right in DNS");
		return;
	}
	if (!other || s->right_since == W_NEVER || recent(c, other->signs_since))
		return;
	ttl = w_longest_ttl(c->w, c->domain, (unsigned)c->slot);
	if (c->w->now - s->right_since + unheard_lag(c) <= ttl - leeway(ttl))
		w_blame(c->w, c->change, 2,
		        "record and key are visible for %lld s only, the longest TTL is %lld s",
		        (long long)((c->w->now - s->right_since) / 1000), (long long)(ttl / 1000));
}

static void judge_disable(struct w_call *c)
{
	const struct w_selector *s = c->slot < 0 ? NULL : &c->domain->sel[c->slot];
	const struct w_selector *other = other_signer(c->domain, c->slot);

	if (!s || !s->signs)
		return;
	if (!other) {
		w_blame(c->w, c->change, 1, "it is the only selector that signs");
		return;
	}
	for (unsigned i = 0; i < c->domain->slots; i++) {
		const struct w_selector *newer = &c->domain->sel[i];

		if (newer != s && newer->signs && known_signing(newer) >= known_signing(s) &&
		        c->w->now - known_signing(newer) >= grace(c))
			return;
	}
	w_blame(c->w, c->change, 3, "no newer selector has signed for a full grace");
}

static void judge_delete(struct w_call *c)
{
	const struct w_selector *s = c->slot < 0 ? NULL : &c->domain->sel[c->slot], *signer = NULL;
	const struct w_domain *d = c->domain;
	int64_t since;

	if (s && s->signs && !other_signer(d, c->slot))
		w_blame(c->w, c->change, 1, "it is the only selector that signs");
	if (!s || !s->reserved) {
		w_blame(c->w, c->change, 3, "dkimSelector does not name it");
		return;
	}
	if (s->state != W_READY && s->state != W_WAITING && !recent(c, s->waiting_until))
		w_blame(c->w, c->change, 3, "the selector is %s", w_state_word(s->state));
	for (unsigned i = 0; i < d->slots; i++)
		if ((int)i != c->slot && was_in_production(c, &d->sel[i]) && was_right(c, &d->sel[i]))
			if (!signer || known_signing(&d->sel[i]) < known_signing(signer))
				signer = &d->sel[i];
	if (!signer) {
		w_blame(c->w, c->change, 3,
		        "no other selector is inProduction with its record and key in DNS");
		return;
	}
	since = known_signing(signer);
	if (known_end(s) > since)
		since = known_end(s);
	if (s->state != W_READY && s->state != W_WAITING && !recent(c, s->waiting_until))
		since = c->w->now;
	if (c->w->now - since < grace(c))
		w_blame(c->w, c->change, 3, "%lld s of its grace of %lld s have passed",
		        (long long)((c->w->now - since) / 1000), (long long)(grace(c) / 1000));
}

/* One unresolved change per domain. */
static void judge_pending(struct w_call *c)
{
	bool creation = c->route->act == W_ACT_CREATE;

	for (const struct w_task *t = c->domain->tasks; t; t = t->next) {
		if (!w_task_pends(t) || (t->who != W_BY_API && recent(c, t->made)))
			continue;
		if (creation && t->function == W_CREATE && t->slot != c->slot && !c->domain->ever_signed)
			continue;
		if (t->function == W_CREATE && t->slot != c->slot &&
		        c->w->now - t->made > W_HOUR - c->w->value[SW_JUDGE_SLACK_MS].n)
			continue;
		w_blame(c->w, c->change, 6, "another task of the domain pends since %lld s",
		        (long long)((c->w->now - t->made) / 1000));
		return;
	}
}

static void judge_domain(struct w_call *c)
{
	const struct w_domain *d = c->domain;
	bool closed = d->suspended && !recent(c, d->state_ok_until);

	if (closed || !w_is(w_get(d, c->w, SW_DOMAIN_STATE), "ok"))
		w_blame(c->w, c->change, 15, "the domain's state is not ok");
}

/* Rule 10: how many domains of the account were switched or had a deletion within 24 h, and how many are between a
 * switch and its end. First activation, repair and what a person ordered do not count. */
static void judge_pace(struct w_call *c)
{
	int64_t daily = c->w->value[SW_JUDGE_MAX_DAILY].n, rotating = c->w->value[SW_JUDGE_MAX_ROTATING].n;
	bool is_switch = c->route->act == W_ACT_ENABLE && other_signer(c->domain, c->slot);
	struct w_logged *own = c->w->log[c->change - 1];
	int64_t domains = 1, moving = 1, slack = c->w->value[SW_JUDGE_SLACK_MS].n;

	if ((!is_switch && c->route->act != W_ACT_DELETE) || w_get(c->domain, c->w, SW_JUDGE_ORDERED)->n ||
	        w_get(c->domain, c->w, SW_JUDGE_COMPROMISED)->n)
		return;
	own->scheduled = true;
	own->is_switch = is_switch;
	c->domain->counted = c->change;
	for (size_t i = c->change - 1; (daily || rotating) && i--;) {
		const struct w_logged *l = c->w->log[i];

		if (l->change.at <= c->w->now - W_DAY + slack)
			break;
		if (!l->scheduled || !l->change.applied || l->domain->service->account != c->account ||
		        l->domain->counted == c->change)
			continue;
		l->domain->counted = c->change;
		domains++;
		moving += l->is_switch && l->change.at > c->w->now - W_HOUR + slack &&
		          w_task_pends(l->domain->tasks);
	}
	if (daily && domains > daily)
		w_blame(c->w, c->change, 10, "the %lldth domain within 24 h", (long long)domains);
	if (is_switch && rotating && moving > rotating)
		w_blame(c->w, c->change, 10, "the %lldth domain between switch and its end",
		        (long long)moving);
}

static void judge_zimbra(struct w_call *c)
{
	const struct w_json *on = w_json_get(w_json_get(c->body, "targetSpec"), "dkimEnabled");

	if (on && on->kind == W_JSON_BOOL && !on->truth && c->domain->mx.on)
		w_blame(c->w, c->change, 1, "it switches off the only signature");
}

static void judge_selectors(struct w_call *c)
{
	w_dns_changed(c->w, c->domain);
	switch ((enum w_act)c->route->act) {
	case W_ACT_CREATE:
		judge_create(c);
		break;
	case W_ACT_ENABLE:
		judge_enable(c);
		break;
	case W_ACT_DISABLE:
		judge_disable(c);
		break;
	case W_ACT_DELETE:
		judge_delete(c);
		break;
	case W_ACT_MX_DISABLE:
		if (c->domain->mx.on)
			w_blame(c->w, c->change, 1, "it switches off the only signature");
		break;
	case W_ACT_ZIMBRA:
		judge_zimbra(c);
		break;
	default:
		break;
	}
	judge_pending(c);
	judge_domain(c);
	judge_pace(c);
}

void w_judge(struct w_call *c)
{
	const struct w_narrow *n = c->domain ? c->domain->narrow : c->zone ? c->zone->narrow : NULL;

	if (w_value(c->w, n, SW_JUDGE_FORBIDDEN)->n)
		w_blame(c->w, c->change, 8, "nothing may be changed here");
	if (c->zone)
		w_judge_record(c);
	else if (c->domain)
		judge_selectors(c);
}

size_t world_changes(const struct world *w)
{
	return w->n_log;
}

const struct world_change *world_change(const struct world *w, size_t i)
{
	return i < w->n_log ? &w->log[i]->change : NULL;
}

size_t world_broken(const struct world *w)
{
	return w->n_broken;
}
