/* What the gate is shown in its tests: a domain with two selectors in any state, and the record of it. */
#ifndef TESTS_GATE_WORLD_H
#define TESTS_GATE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "core/gate.h"

#define NOW   (INT64_C(1800000000) * 1000)
#define GRACE (7 * MS_DAY)
#define TTL   (3600 * MS_SECOND)

static const enum selector_state states[] = {SELECTOR_UNKNOWN, SELECTOR_ABSENT, SELECTOR_TODO,
        SELECTOR_WAITING_RECORD, SELECTOR_READY, SELECTOR_ENABLING, SELECTOR_IN_PRODUCTION,
        SELECTOR_DISABLING, SELECTOR_DELETING};
static const enum task_state tasks[] = {TASK_NONE, TASK_PENDING, TASK_OVER, TASK_ERROR};
static const enum seen seens[] = {SEEN_UNKNOWN, SEEN_OK, SEEN_MISSING, SEEN_WRONG};
/* over, but for a gap, an older state or a clock that went back: then it counts anew, from a day ago, or from where the clock
 * had been, which is ahead */
enum grace_case { NEVER_SIGNED, IN_GRACE, GRACE_OVER, GRACE_ANEW, CLOCK_WENT_BACK, GRACE_CASES };
enum clock_case { CLOCK_SURE, CLOCK_UNSURE };
enum mode_case { MANAGED, OBSERVED, PAUSED };
static const enum action_kind actions[] = {
        ACTION_CREATE, ACTION_ENABLE, ACTION_DISABLE, ACTION_DELETE, ACTION_PUBLISH};

static const struct rules rules = {.active = 30 * MS_SECOND,
        .settled = 6 * MS_HOUR,
        .longest_gap = 36 * MS_HOUR,
        .minimum_grace = GRACE};

struct world {
	struct desired d;
	struct observed o;
	struct record r;
	struct standing st;
	enum grace_case grace;
	bool visible_long;
};

static inline void put(
        struct world *w, unsigned i, enum selector_state state, enum task_state task, enum seen dns)
{
	struct seen_selector *s = &w->o.sel[i];
	struct rec_selector *r = &w->r.sel[i];

	snprintf(s->name, sizeof(s->name), "ovhex1-selector%u", i + 1);
	s->named = true;
	s->listed = state != SELECTOR_ABSENT;
	s->state = state;
	s->task = task;
	s->task_id = task == TASK_NONE ? 0 : 5000000000 + i;
	s->cname_valid = TRI_UNKNOWN;
	s->read_at = NOW - MS_SECOND;
	if (state != SELECTOR_ABSENT && state != SELECTOR_UNKNOWN) {
		snprintf(s->record, sizeof(s->record), "ovhex1-selector%u._domainkey.example.org", i + 1);
		snprintf(s->target, sizeof(s->target), "ovhex1-selector%u._domainkey.%u.ac.dkim.mail.ovh.net",
		        i + 1, 1675 + i);
		s->dns_at = NOW - MS_SECOND;
		s->dns.state = s->dns.record = dns;
		s->dns.key = dns == SEEN_UNKNOWN ? SEEN_UNKNOWN : SEEN_OK;
		s->dns.ttl_record = 3600;
	}
	memcpy(r->name, s->name, sizeof(r->name));
	memcpy(r->record, s->record, sizeof(r->record));
	memcpy(r->target, s->target, sizeof(r->target));
	r->named = true;
	r->state = state;
	r->known_since = NOW - 100 * MS_DAY;
	r->target_since = r->known_since;
	r->created = NOW - 100 * MS_DAY;
	r->dns = s->dns.state;
	r->dns_at = s->dns_at;
	if (dns == SEEN_OK && s->dns_at != 0) {
		r->published = r->known_since;
		r->confirmed_since = w->visible_long ? NOW - 2 * TTL : NOW - TTL / 2;
		r->ttl_wait = TTL;
	}
	if (state == SELECTOR_IN_PRODUCTION) {
		r->signing_since = w->grace >= GRACE_OVER ? NOW - 90 * MS_DAY - (int64_t)i * MS_DAY
		                                          : NOW - MS_DAY - (int64_t)i;
		r->signing_began = r->signing_since;
		r->may_sign_last = NOW;
	} else if (selector_may_sign(state)) {
		r->may_sign_last = NOW;
	} else if (w->grace != NEVER_SIGNED &&
	           (state == SELECTOR_READY || state == SELECTOR_WAITING_RECORD)) {
		r->may_sign_last = w->grace == IN_GRACE ? NOW - MS_DAY : NOW - 20 * MS_DAY;
		r->stopped = r->may_sign_last + 1;
	}
	if (task == TASK_PENDING || state == SELECTOR_TODO || state == SELECTOR_ENABLING)
		r->task_since = NOW - MS_MINUTE;
}

static inline void build(struct world *w, const enum selector_state s[2], const enum task_state t[2],
        const enum seen n[2], enum grace_case grace, enum clock_case clk, enum mode_case mode,
        bool visible_long)
{
	memset(w, 0, sizeof(*w));
	w->d = (struct desired){.domain = "example.org",
	        .account = "default",
	        .service = "hosted-zz1-1",
	        .organization = "hosted-zz1-1",
	        .zone = "example.org",
	        .zone_account = "default",
	        .platform = PLATFORM_EXCHANGE,
	        .policy = {.rotate_every = 90 * MS_DAY, .grace = GRACE}};
	w->grace = grace;
	w->r.grace_from = grace == GRACE_ANEW        ? NOW - MS_DAY
	                  : grace == CLOCK_WENT_BACK ? NOW + 10 * MS_HOUR
	                                             : 0;
	w->visible_long = visible_long;
	w->o.began = NOW - 2 * MS_SECOND;
	w->o.complete = s[0] != SELECTOR_UNKNOWN && s[1] != SELECTOR_UNKNOWN;
	w->o.service = SERVICE_OK;
	w->o.n = w->r.n = 2;
	w->r.service = SERVICE_OK;
	w->r.first_met = w->r.rotation_base = NOW - 200 * MS_DAY;
	w->r.last_good = w->r.last_full = NOW;
	for (unsigned i = 0; i < 2; i++)
		put(w, i, s[i], t[i], n[i]);
	const struct rec_selector *signer = record_signer(&w->r);
	if (signer != NULL || grace != NEVER_SIGNED)
		memcpy(w->r.last_signer, w->r.sel[signer == &w->r.sel[1]].name, sizeof(w->r.last_signer));
	if (signer == NULL && w->r.last_signer[0] != '\0') {
		w->r.not_signing_since = NOW - MS_HOUR;
		w->r.not_signing_looks = 3;
	}
	w->st = (struct standing){.now = NOW,
	        .clock_sure = clk == CLOCK_SURE,
	        .observe = mode == OBSERVED,
	        .paused = mode == PAUSED,
	        .max_rotating = 5,
	        .max_changed = 10};
}

static inline struct gate_verdict ask(const struct world *w, enum action_kind a, unsigned i)
{
	if (a != ACTION_PUBLISH)
		return gate_selector(a, w->o.sel[i].name, &w->d, &w->o, &w->r, &w->st, &rules);
	struct rr rr;

	if (!rr_cname(&rr, w->o.sel[i].record, w->o.sel[i].target)) /* no target is named */
		rr = (struct rr){0};
	struct gate_record_change c = {.selector = w->o.sel[i].name,
	        .rr = &rr,
	        .zone = w->d.zone,
	        .old = w->o.sel[i].dns.record == SEEN_WRONG ? "elsewhere.example.net" : ""};
	return gate_record(&c, &w->d, &w->o, &w->r, &w->st, &rules);
}

static inline bool signs(const struct world *w, unsigned i)
{
	return w->o.sel[i].state == SELECTOR_IN_PRODUCTION;
}

static inline bool transitional(const struct seen_selector *s)
{
	return s->state == SELECTOR_TODO || s->state == SELECTOR_ENABLING || s->state == SELECTOR_DISABLING ||
	       s->state == SELECTOR_DELETING || s->task == TASK_PENDING;
}

static inline void settled(
        struct world *w, enum selector_state a, enum selector_state b, enum grace_case grace)
{
	const enum selector_state s[2] = {a, b};
	const enum task_state t[2] = {TASK_NONE, TASK_NONE};
	const enum seen n[2] = {SEEN_OK, SEEN_OK};

	build(w, s, t, n, grace, CLOCK_SURE, MANAGED, true);
}

#endif
