/* A domain with two selectors for the tests of records and plans: what a pass says of it is set by hand, time by the test. */
#ifndef TEST_CORE_WORLD_H
#define TEST_CORE_WORLD_H

#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "core/plan.h"
#include "core/record.h"

#define START (INT64_C(1800000000) * 1000)
#define GRACE (7 * MS_DAY)
#define EVERY (90 * MS_DAY)
#define TTL   3600

static const struct rules rules = {.active = 30 * MS_SECOND,
        .settled = 6 * MS_HOUR,
        .longest_gap = 36 * MS_HOUR,
        .minimum_grace = GRACE};

struct core_world {
	struct desired d;
	struct observed o;
	struct record r;
	struct standing st;
	struct notes notes;
	struct decision dec;
	int64_t now;
};

static inline struct core_world world_new(enum platform platform)
{
	struct core_world w = {.now = START};

	w.d = (struct desired){.domain = "example.org",
	        .account = "default",
	        .zone = "example.org",
	        .platform = platform,
	        .policy = {.rotate_every = EVERY, .grace = GRACE}};
	w.st = (struct standing){.clock_sure = true, .max_rotating = 5, .max_changed = 5};
	w.o.service = SERVICE_OK;
	w.o.complete = true;
	w.o.n = 2;
	for (unsigned i = 0; i < 2; i++) {
		struct seen_selector *s = &w.o.sel[i];

		snprintf(s->name, sizeof(s->name), "s%u", i + 1);
		snprintf(s->record, sizeof(s->record), "s%u._domainkey.example.org", i + 1);
		s->named = true;
	}
	record_init(&w.r);
	return w;
}

/* The state of a selector in the passes to come, with its key where the state has one, and a good look-up. */
static inline void says(struct core_world *w, unsigned i, enum selector_state state)
{
	struct seen_selector *s = &w->o.sel[i];
	bool key = state != SELECTOR_ABSENT && state != SELECTOR_TODO && state != SELECTOR_UNKNOWN;

	s->state = state;
	s->listed = state != SELECTOR_ABSENT;
	s->target[0] = '\0';
	memset(&s->dns, 0, sizeof(s->dns));
	if (!key)
		return;
	snprintf(s->target, sizeof(s->target), "s%u.example.net", i + 1);
	s->dns.state = s->dns.record = s->dns.key = SEEN_OK;
	s->dns.ttl_record = TTL;
	s->dns.has_digest = true;
	s->dns.digest[0] = (uint8_t)(i + 1);
}

/* Time passes and a pass is folded in; the notes of this pass alone are kept. */
static inline void look(struct core_world *w, int64_t after)
{
	w->now += after;
	w->o.began = w->now;
	for (unsigned i = 0; i < w->o.n; i++) {
		w->o.sel[i].read_at = w->now;
		w->o.sel[i].dns_at = w->o.sel[i].target[0] != '\0' ? w->now : 0;
	}
	memset(&w->notes, 0, sizeof(w->notes));
	record_see(&w->r, &w->d, &w->o, &rules, w->now, &w->notes);
}

static inline void look_for_days(struct core_world *w, int64_t days)
{
	for (int64_t i = 0; i < days; i++)
		look(w, MS_DAY);
}

static inline enum reason planned(struct core_world *w)
{
	w->st.now = w->now;
	plan(&w->d, &w->o, &w->r, &w->st, &rules, &w->dec);
	return w->dec.reason;
}

static inline bool told(const struct core_world *w, enum note_kind kind)
{
	for (unsigned i = 0; i < w->notes.n; i++)
		if (w->notes.list[i].kind == kind)
			return true;
	return false;
}

/* An intent of ours that was accepted. */
static inline void sent(struct core_world *w, enum action_kind action, const char *selector)
{
	record_intend(&w->r, action, selector, "", w->now);
	record_answer(&w->r, action, selector, ANSWER_ACCEPTED, 0, w->now);
}

/* s1 signs since long, s2 is its spare, made by us. */
static inline struct core_world world_settled(void)
{
	struct core_world w = world_new(PLATFORM_EXCHANGE);

	says(&w, 0, SELECTOR_IN_PRODUCTION);
	says(&w, 1, SELECTOR_ABSENT);
	look(&w, 0);
	sent(&w, ACTION_CREATE, "s2");
	says(&w, 1, SELECTOR_READY);
	look(&w, MS_MINUTE);
	look_for_days(&w, 10);
	return w;
}

static inline int64_t grace_from(const struct core_world *w, const char *old)
{
	return record_grace_from(&w->r, record_selector_const(&w->r, old), record_signer(&w->r));
}

/* s1 signed, we switched to s2, confirmed now; s1 reads as ready. */
static inline struct core_world world_switched(void)
{
	struct core_world w = world_settled();

	sent(&w, ACTION_ENABLE, "s2");
	says(&w, 0, SELECTOR_READY);
	says(&w, 1, SELECTOR_IN_PRODUCTION);
	look(&w, MS_MINUTE);
	return w;
}

#endif
