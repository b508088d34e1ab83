/* The gate for keys of our own (platform: external): every record change asked of every life of a key, and judged by the
 * rules' own words, both ways: what they allow passes, all else is refused as rule 14. Then ENABLE and DELETE over the
 * states that the key store and the signer's stamp can show. And what no hosted platform may do to a zone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "core/dkimtext.h"
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

static void put(struct world *w, unsigned i, enum selector_state state, enum seen dns)
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

static struct world world_new(void)
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
	        .st = {.now = NOW,        .clock_sure = true,                          .max_rotating = 5,                          .max_changed = 10                                           },
	};
	static const struct held_part rsa = {.selector = "dk1", .type = DKIM_TYPE_RSA, .text = OURS},
	                              second = {.selector = "dk1e",
	                                      .type = DKIM_TYPE_ED25519,
	                                      .text = OURS_2},
	                              other = {.selector = "dk2", .type = DKIM_TYPE_ED25519, .text = OTHERS};

	w.key[0] = (struct held_key){
	        .name = "dk1", .created = NOW - 200 * MS_DAY, .n = 2, .part = {rsa, second}
        };
	w.key[1] = (struct held_key){.name = "dk2", .created = NOW - 100 * MS_DAY, .n = 1, .part = {other}};
	w.r.n = 2;
	w.r.service = SERVICE_OK;
	w.r.first_met = w.r.rotation_base = NOW - 200 * MS_DAY;
	w.r.last_good = w.r.last_full = NOW;
	return w;
}

/* What is by address: once the world has its place. */
static void settle(
        struct world *w, enum selector_state a, enum selector_state b, enum seen dns_a, enum seen dns_b)
{
	w->d.external = &w->x;
	put(w, 0, a, dns_a);
	put(w, 1, b, dns_b);
	if (a == SELECTOR_IN_PRODUCTION || b == SELECTOR_IN_PRODUCTION)
		memcpy(w->r.last_signer, w->o.sel[b == SELECTOR_IN_PRODUCTION].name, SELECTOR_NAME);
}

/* --- records ------------------------------------------------------------------------------------------------------ */

/* What a text is to the first part of the first key. */
enum whose { NOTHING, KEY, REVOKED, SOMEBODYS };
static const struct {
	const char *text;
	enum whose whose;
} texts[] = {
        {"",                                                NOTHING  },
        {"v=DKIM1; k=rsa; p=" OURS,                         KEY      },
        {"v=DKIM1; h=sha256; k=rsa; s=email; t=s; p=" OURS, KEY      },
        {"v=DKIM1; k=rsa; p=",                              REVOKED  },
        {"v=DKIM1; k=rsa; p=" OTHERS,                       SOMEBODYS},
        {"v=DKIM1; k=ed25519; p=" OURS,                     SOMEBODYS}, /* of another kind */
        {"v=DKIM1; k=ed25519; p=" OURS_2,                   SOMEBODYS}, /* the other part has its own name */
        {"v=DKIM1; k=rsa; t=s; t=s; p=",                    SOMEBODYS}, /* no key record at all */
        {"v=spf1 include:mx.ovh.com -all",                  SOMEBODYS},
        {"elsewhere._domainkey.example.net",                SOMEBODYS},
};
static const struct {
	const char *name, *zone;
	bool right;
} places[] = {
        {"dk1._domainkey.example.org",     "example.org", true },
        {"dk1._domainkey.example.org",     "example.net", false},
        {"dk2._domainkey.example.org",     "example.org", false}, /* the other key's */
        {"dk1e._domainkey.example.org",    "example.org", false}, /* its second part's, which it has not here */
        {"mail._domainkey.example.org",    "example.org", false},
        {"dk1._domainkey.sub.example.org", "example.org", false},
        {"dk1._domainkey.example.net",     "example.net", false},
        {"example.org",                    "example.org", false},
        {"_dmarc.example.org",             "example.org", false},
};
static const enum rr_type types[] = {RR_TXT, RR_DKIM, RR_CNAME};
/* Since when it is revoked, and since when the zone was seen to say so; -1 = it is not. */
static const struct {
	int64_t revoked, shown;
} ago[] = {
        {-1,         -1        },
        {0,          -1        },
        {2 * REVOKE, -1        },
        {MS_DAY,     0         },
        {2 * REVOKE, 0         },
        {2 * REVOKE, REVOKE - 1},
        {2 * REVOKE, REVOKE    },
        {2 * REVOKE, 2 * REVOKE},
};
/* The states of a key in the rotation: not seen yet, ready or in grace, being switched to, signing. */
static const enum selector_state lives[] = {
        SELECTOR_WAITING_RECORD, SELECTOR_READY, SELECTOR_ENABLING, SELECTOR_IN_PRODUCTION};

/* The rules in their own words. */
static bool is_right(const struct world *w, enum whose to_be, bool absent, enum whose stands)
{
	const struct held_key *k = &w->key[0];
	bool used = k->mapped || k->taken, left = k->revoked != 0;

	if (to_be == NOTHING || to_be == SOMEBODYS || stands == SOMEBODYS)
		return false; /* a name belongs to one key for ever, and nothing else in the zone is touched */
	if (absent)           /* after its time as revoked only, as the zone has it */
		return left && !used && k->shown != 0 && NOW - k->shown >= REVOKE;
	if (to_be == REVOKED) /* only what left the rotation, and the signer too */
		return left && !used;
	return !left; /* a key once revoked never comes back */
}

static void ask_all(struct world *w, unsigned long allowed[2])
{
	for (unsigned t = 0; t < ARRAY_SIZE(texts) * ARRAY_SIZE(types); t++)
		for (unsigned o = 0; o < ARRAY_SIZE(texts) * 2; o++)
			for (unsigned p = 0; p < ARRAY_SIZE(places) * 2; p++) {
				unsigned text = t / ARRAY_SIZE(types), old = o / 2;
				struct rr rr = {.type = types[t % ARRAY_SIZE(types)],
				        .ttl = 3600,
				        .absent = o % 2 != 0};
				struct gate_record_change c = {.selector = "dk1",
				        .rr = &rr,
				        .zone = places[p / 2].zone,
				        .old = texts[old].text,
				        .guarded = p % 2 != 0};

				str_copy(rr.name, sizeof(rr.name), places[p / 2].name);
				str_copy(rr.data, sizeof(rr.data), texts[text].text);
				struct gate_verdict v = gate_record(&c, &w->d, &w->o, &w->r, &w->st, &rules);
				bool right = places[p / 2].right && rr.type != RR_CNAME &&
				             is_right(w, texts[text].whose, rr.absent, texts[old].whose);
				if (v.allow != right)
					fail_msg("%s %s in %s to \"%s\" where \"%s\" stands, revoked %lld, "
					         "mapped %d, "
					         "taken %d: %s",
					        rr.absent ? "remove" : "write", rr.name, c.zone, rr.data,
					        c.old, (long long)w->key[0].revoked, w->key[0].mapped,
					        w->key[0].taken, v.allow ? "allowed" : v.why);
				assert_int_equal(v.rule, right ? 0 : 14);
				allowed[rr.absent] += v.allow;
			}
}

static void every_record_of_every_life(void **state)
{
	unsigned long allowed[2] = {0};

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(ago); i++)
		for (unsigned l = 0; l < ARRAY_SIZE(lives); l++)
			for (unsigned use = 0; use < 4; use++) {
				struct world w = world_new();

				w.key[0].n = 1;
				settle(&w, lives[l], SELECTOR_IN_PRODUCTION, SEEN_OK, SEEN_OK);
				w.key[0].mapped = (use & 1) != 0;
				w.key[0].taken = (use & 2) != 0;
				if (ago[i].shown >= 0)
					w.key[0].shown = NOW - ago[i].shown;
				if (ago[i].revoked >= 0) {
					w.key[0].revoked = NOW - ago[i].revoked;
					w.o.sel[0].named = false;
					w.o.sel[0].state = SELECTOR_ABSENT;
				}
				ask_all(&w, allowed);
			}
	assert_true(allowed[false] > 0 && allowed[true] > 0); /* the gate can open */
}

static bool may(struct world *w, const char *selector, const char *name, const char *zone, const char *text)
{
	struct rr rr = {.type = RR_TXT, .ttl = 3600};
	struct gate_record_change c = {.selector = selector, .rr = &rr, .zone = zone, .old = ""};

	str_copy(rr.name, sizeof(rr.name), name);
	str_copy(rr.data, sizeof(rr.data), text);
	return gate_record(&c, &w->d, &w->o, &w->r, &w->st, &rules).allow;
}

static void each_part_has_its_own_name(void **state)
{
	struct world w = world_new();

	(void)state;
	settle(&w, SELECTOR_WAITING_RECORD, SELECTOR_IN_PRODUCTION, SEEN_MISSING, SEEN_OK);
	assert_true(may(
	        &w, "dk1", "dk1e._domainkey.example.org", "example.org", "v=DKIM1; k=ed25519; p=" OURS_2));
	assert_false(may(&w, "dk1", "dk1e._domainkey.example.org", "example.org", "v=DKIM1; k=rsa; p=" OURS));
	assert_true(
	        may(&w, "dk2", "dk2._domainkey.example.org", "example.org", "v=DKIM1; k=ed25519; p=" OTHERS));
	assert_false(may(&w, "dk2", "dk2._domainkey.example.org", "example.org", "v=DKIM1; k=rsa; p=" OURS));
	w.o.sel[0].key = NULL; /* a name without a key: nothing can be true of it */
	assert_false(may(&w, "dk1", "dk1._domainkey.example.org", "example.org", "v=DKIM1; k=rsa; p=" OURS));
	assert_false(
	        may(&w, "mail", "mail._domainkey.example.org", "example.org", "v=DKIM1; k=rsa; p=" OURS));
}

/* record: cname: we write in the zone that the customer's CNAME leads into, never in the customer's own. */
static void a_delegated_record_stands_in_the_target_zone(void **state)
{
	struct world w = world_new();

	(void)state;
	w.x.record = RECORD_CNAME;
	w.x.target = "keys.example.net";
	settle(&w, SELECTOR_WAITING_RECORD, SELECTOR_IN_PRODUCTION, SEEN_MISSING, SEEN_OK);
	assert_true(may(&w, "dk1", "dk1._domainkey.example.org.keys.example.net", "keys.example.net",
	        "v=DKIM1; k=rsa; p=" OURS));
	assert_false(may(&w, "dk1", "dk1._domainkey.example.org", "example.org", "v=DKIM1; k=rsa; p=" OURS));
	assert_false(may(&w, "dk1", "dk1._domainkey.example.org.keys.example.net", "example.net",
	        "v=DKIM1; k=rsa; p=" OURS));
}

static void a_record_obeys_mode_and_freshness(void **state)
{
	static const char name[] = "dk1._domainkey.example.org", text[] = "v=DKIM1; k=rsa; p=" OURS;
	struct world w = world_new();

	(void)state;
	settle(&w, SELECTOR_WAITING_RECORD, SELECTOR_IN_PRODUCTION, SEEN_MISSING, SEEN_OK);
	assert_true(may(&w, "dk1", name, "example.org", text));
	w.st.observe = true;
	assert_false(may(&w, "dk1", name, "example.org", text));
	w.st.observe = false;
	w.r.paused = true;
	assert_false(may(&w, "dk1", name, "example.org", text));
	w.r.paused = false;
	w.o.began = NOW - GATE_FRESH_MS - 1;
	assert_false(may(&w, "dk1", name, "example.org", text));
	w.o.began = NOW;
	record_intend(&w.r, ACTION_ENABLE, "dk2", "", NOW); /* one change of a domain at a time */
	assert_false(may(&w, "dk1", name, "example.org", text));
}

/* --- the key store ------------------------------------------------------------------------------------------------ */

static const enum selector_state states[] = {SELECTOR_UNKNOWN, SELECTOR_ABSENT, SELECTOR_WAITING_RECORD,
        SELECTOR_READY, SELECTOR_ENABLING, SELECTOR_IN_PRODUCTION, SELECTOR_DISABLING};
static const enum seen seens[] = {
        SEEN_UNKNOWN, SEEN_OK, SEEN_MISSING, SEEN_WRONG, SEEN_PARTIAL, SEEN_REVOKED};
static const enum action_kind actions[] = {ACTION_CREATE, ACTION_ENABLE, ACTION_DELETE};
enum hindrance {
	NONE,
	OBSERVED,
	PAUSED,
	STALE,
	NOT_WHOLE,
	CLOCK,
	BREAKER,
	CAP_DAY,
	CAP_ROTATING,
	HINDRANCES
};
enum past { NEVER_SIGNED, IN_GRACE, GRACE_OVER, PASTS };

static void hinder(struct world *w, enum hindrance h)
{
	w->st.observe = h == OBSERVED;
	w->r.paused = h == PAUSED;
	w->o.began = h == STALE ? NOW - GATE_FRESH_MS - 1 : w->o.began;
	w->o.complete = h != NOT_WHOLE;
	w->st.clock_sure = h != CLOCK;
	w->st.breaker_open = h == BREAKER;
	w->st.changed = h == CAP_DAY ? w->st.max_changed : 0;
	w->st.rotating = h == CAP_ROTATING ? w->st.max_rotating : 0;
}

/* What is allowed of selector 1 must be what the rules say, whatever the gate's code is. */
static void prove(const struct world *w, enum action_kind a, enum hindrance h, enum past past, bool visible)
{
	const struct seen_selector *s = &w->o.sel[0], *other = &w->o.sel[1];
	bool other_signs = other->state == SELECTOR_IN_PRODUCTION;

	assert_true(h != OBSERVED && h != PAUSED); /* 10 */
	assert_true(h != STALE && h != NOT_WHOLE); /* 15 */
	assert_true(s->state != SELECTOR_ENABLING && s->state != SELECTOR_DISABLING);
	switch (a) {
	case ACTION_CREATE: /* where a key is, no other is made */
		assert_true(s->state == SELECTOR_ABSENT && s->key == NULL && !s->listed);
		break;
	case ACTION_ENABLE:
		assert_int_equal(s->state, SELECTOR_READY); /* 2 */
		assert_int_equal(s->dns.state, SEEN_OK);
		assert_true(!other_signs || visible);
		assert_true(!other_signs || h == NONE); /* 9, 10 */
		break;
	default:
		assert_true(s->state == SELECTOR_READY || s->state == SELECTOR_WAITING_RECORD); /* 3 */
		assert_true(other_signs && other->dns.state == SEEN_OK);                        /* 1 */
		assert_int_not_equal(past, IN_GRACE);
		assert_true(h == NONE || h == CAP_ROTATING);
	}
}

static void each_change_of(
        struct world *w, enum hindrance h, enum past past, bool visible, unsigned long *allowed)
{
	hinder(w, h);
	w->r.sel[0].confirmed_since = visible ? NOW - 2 * TTL : NOW - TTL / 2;
	if (past != NEVER_SIGNED && !selector_may_sign(w->o.sel[0].state) && w->o.sel[0].key != NULL) {
		w->r.sel[0].may_sign_last = past == IN_GRACE ? NOW - MS_DAY : NOW - 20 * MS_DAY;
		w->r.sel[0].stopped = w->r.sel[0].may_sign_last + 1;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(actions); i++) {
		struct gate_verdict v = gate_selector(actions[i], "dk1", &w->d, &w->o, &w->r, &w->st, &rules);

		if (!v.allow)
			continue;
		allowed[actions[i]]++;
		prove(w, actions[i], h, past, visible);
	}
}

static void every_state_of_the_rotation(void **state)
{
	unsigned long allowed[ACTION_DELETE + 1] = {0};
	const unsigned n = ARRAY_SIZE(states), m = ARRAY_SIZE(seens);

	(void)state;
	for (unsigned s = 0; s < n * n; s++)
		for (unsigned e = 0; e < m * m; e++)
			for (unsigned h = 0; h < HINDRANCES * PASTS * 2; h++) {
				struct world w = world_new();

				settle(&w, states[s / n], states[s % n], seens[e / m], seens[e % m]);
				each_change_of(&w, (enum hindrance)(h / 2 / PASTS),
				        (enum past)(h / 2 % PASTS), h % 2 != 0, allowed);
			}
	for (unsigned i = 0; i < ARRAY_SIZE(actions); i++)
		assert_true(allowed[actions[i]] > 0);
}

/* A key that left the rotation stands beside its pair; whatever its state is called, nothing is done to it but records. */
static void a_revoked_key_is_never_switched_to(void **state)
{
	(void)state;
	for (unsigned s = 0; s < ARRAY_SIZE(states); s++)
		for (unsigned i = 0; i < ARRAY_SIZE(actions); i++) {
			struct world w = world_new();

			settle(&w, states[s], SELECTOR_IN_PRODUCTION, SEEN_OK, SEEN_OK);
			w.key[0].revoked = NOW - 60 * MS_DAY;
			w.o.sel[0].named = false;
			assert_false(gate_selector(actions[i], "dk1", &w.d, &w.o, &w.r, &w.st, &rules).allow);
		}
}

/* `rotate --compromised`: the leaked key has no grace. It is revoked all the same only while another signs and is seen. */
static void a_leaked_key_goes_when_another_signs(void **state)
{
	struct world w = world_new();

	(void)state;
	settle(&w, SELECTOR_READY, SELECTOR_IN_PRODUCTION, SEEN_OK, SEEN_OK);
	w.r.sel[0].may_sign_last = NOW - MS_MINUTE;
	w.r.sel[0].stopped = NOW - MS_MINUTE + 1;
	assert_int_equal(gate_selector(ACTION_DELETE, "dk1", &w.d, &w.o, &w.r, &w.st, &rules).rule, 3);
	memcpy(w.r.compromised, "dk1", 4);
	assert_true(gate_selector(ACTION_DELETE, "dk1", &w.d, &w.o, &w.r, &w.st, &rules).allow);
	w.o.sel[1].dns.state = SEEN_MISSING;
	assert_false(gate_selector(ACTION_DELETE, "dk1", &w.d, &w.o, &w.r, &w.st, &rules).allow);
	w.o.sel[1].dns.state = SEEN_OK;
	w.o.sel[1].state = SELECTOR_ENABLING; /* the map names it, and the signer has not said so */
	assert_false(gate_selector(ACTION_DELETE, "dk1", &w.d, &w.o, &w.r, &w.st, &rules).allow);
	w.o.sel[0].state = SELECTOR_IN_PRODUCTION; /* nor while the signer still uses the leaked one */
	w.o.sel[1].state = SELECTOR_IN_PRODUCTION;
	assert_false(gate_selector(ACTION_DELETE, "dk1", &w.d, &w.o, &w.r, &w.st, &rules).allow);
}

/* --- the hosted platforms ------------------------------------------------------------------------------------------ */

static void nothing_is_removed_for_a_hosted_platform(void **state)
{
	static const enum platform hosted[] = {
	        PLATFORM_EXCHANGE, PLATFORM_EMAILPRO, PLATFORM_MXPLAN, PLATFORM_ZIMBRA};
	static const char name[] = "dk1._domainkey.example.org",
	                  target[] = "dk1._domainkey.77.ac.dkim.mail.ovh.net";

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(hosted) * 8; i++) {
		struct world w = world_new();
		struct rr rr;
		bool absent = (i & 1) != 0, duplicate = (i & 2) != 0, elsewhere = (i & 4) != 0;

		settle(&w, SELECTOR_WAITING_RECORD, SELECTOR_IN_PRODUCTION, SEEN_MISSING, SEEN_OK);
		w.d.platform = hosted[i / 8];
		str_copy(w.o.sel[0].target, sizeof(w.o.sel[0].target), target);
		assert_true(rr_cname(&rr, name, elsewhere ? "elsewhere.example.net" : target));
		rr.absent = absent;
		struct gate_record_change c = {.selector = "dk1",
		        .rr = &rr,
		        .zone = "example.org",
		        .old = duplicate ? rr.data : "",
		        .removes = duplicate};
		struct gate_verdict v = gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules);

		assert_int_equal(v.allow, !absent && !elsewhere); /* a duplicate of what is right may go */
		assert_int_equal(v.rule, v.allow ? 0 : 14);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(every_record_of_every_life),
	        cmocka_unit_test(each_part_has_its_own_name),
	        cmocka_unit_test(a_delegated_record_stands_in_the_target_zone),
	        cmocka_unit_test(a_record_obeys_mode_and_freshness),
	        cmocka_unit_test(every_state_of_the_rotation),
	        cmocka_unit_test(a_revoked_key_is_never_switched_to),
	        cmocka_unit_test(a_leaked_key_goes_when_another_signs),
	        cmocka_unit_test(nothing_is_removed_for_a_hosted_platform),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
