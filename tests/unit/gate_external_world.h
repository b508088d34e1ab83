/* A domain that the site signs itself, with two keys, for the gate's tests. */
#ifndef TESTS_UNIT_GATE_EXTERNAL_WORLD_H
#define TESTS_UNIT_GATE_EXTERNAL_WORLD_H

#include <stdio.h>
#include <string.h>

#include "base/util.h"
#include "core/gate.h"

#define NOW    (INT64_C(1800000000) * 1000)
#define GRACE  (7 * MS_DAY)
#define REVOKE (30 * MS_DAY)
#define TTL    (3600 * MS_SECOND)

#define OURS   "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
#define OURS_2 "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define OTHERS "AAqYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

static const struct rules rules = {.active = 30 * MS_SECOND,
        .settled = 6 * MS_HOUR,
        .longest_gap = 36 * MS_HOUR,
        .minimum_grace = GRACE};

struct world {
	struct external x;
	struct held_key key[2];
	struct desired d;
	struct observed o;
	struct record r;
	struct standing st;
};

static inline void put(struct world *w, unsigned i, enum selector_state state, enum seen dns)
{
	struct seen_selector *s = &w->o.sel[i];
	struct rec_selector *r = &w->r.sel[i];

	snprintf(s->name, sizeof(s->name), "dk%u", i + 1);
	snprintf(s->record, sizeof(s->record), "dk%u._domainkey.example.org", i + 1);
	s->named = true;
	s->listed = state != SELECTOR_ABSENT;
	s->state = state;
	s->key = s->listed ? &w->key[i] : NULL;
	s->read_at = NOW - MS_SECOND;
	s->dns_at = s->listed ? NOW - MS_SECOND : 0;
	s->dns.state = s->dns.record = s->dns.key = dns;
	memcpy(r->name, s->name, sizeof(r->name));
	r->named = true;
	r->state = state;
	r->known_since = r->created = NOW - 100 * MS_DAY;
	r->confirmed_since = NOW - 2 * TTL;
	r->ttl_wait = TTL;
	if (selector_may_sign(state))
		r->may_sign_last = NOW;
	if (state == SELECTOR_IN_PRODUCTION)
		r->signing_began = r->signing_since = NOW - 20 * MS_DAY;
}

static inline struct world world_new(void)
{
	struct world w = {
	        .x = {.signer = "opendkim",
	                .key = KEY_BOTH,
	                .revoke = REVOKE,
	                .ttl = TTL,
	                .record = RECORD_TXT},
	        .d = {.domain = "example.org",
	                .account = "default",
	                .zone = "example.org",
	                .zone_account = "default",
	                .platform = PLATFORM_EXTERNAL,
	                .policy = {.rotate_every = 90 * MS_DAY, .grace = GRACE}},
	        .o = {.began = NOW - 2 * MS_SECOND, .complete = true, .service = SERVICE_OK, .n = 2},
	        .st = {.now = NOW, .clock_sure = true, .max_rotating = 5, .max_changed = 10},
	};
	static const struct held_part rsa = {.selector = "dk1", .type = DKIM_TYPE_RSA, .text = OURS},
	                              second = {.selector = "dk1e",
	                                      .type = DKIM_TYPE_ED25519,
	                                      .text = OURS_2},
	                              other = {.selector = "dk2", .type = DKIM_TYPE_ED25519, .text = OTHERS};

	w.key[0] = (struct held_key){
	        .name = "dk1", .created = NOW - 200 * MS_DAY, .n = 2, .part = {rsa, second}};
	w.key[1] = (struct held_key){.name = "dk2", .created = NOW - 100 * MS_DAY, .n = 1, .part = {other}};
	w.r.n = 2;
	w.r.service = SERVICE_OK;
	w.r.first_met = w.r.rotation_base = NOW - 200 * MS_DAY;
	w.r.last_good = w.r.last_full = NOW;
	return w;
}

/* What is by address: once the world has its place. */
static inline void settle(
        struct world *w, enum selector_state a, enum selector_state b, enum seen dns_a, enum seen dns_b)
{
	w->d.external = &w->x;
	put(w, 0, a, dns_a);
	put(w, 1, b, dns_b);
	if (a == SELECTOR_IN_PRODUCTION || b == SELECTOR_IN_PRODUCTION)
		memcpy(w->r.last_signer, w->o.sel[b == SELECTOR_IN_PRODUCTION].name, SELECTOR_NAME);
}

#endif
