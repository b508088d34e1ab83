/* The gate for records of keys of our own (platform: external): every record change asked of every life of a key, and judged
 * by the rules' own words, both ways: what they allow passes, all else is refused as rule 14. And what no hosted platform may
 * do to a zone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/dkimtext.h"
#include "gate_external_world.h"

/* What a text is to the first part of the first key. */
enum whose { NOTHING, KEY, REVOKED, SOMEBODYS };
static const struct {
	const char *text;
	enum whose whose;
} texts[] = {
        {"", NOTHING},
        {"v=DKIM1; k=rsa; p=" OURS, KEY},
        {"v=DKIM1; h=sha256; k=rsa; s=email; t=s; p=" OURS, KEY},
        {"v=DKIM1; k=rsa; p=", REVOKED},
        {"v=DKIM1; k=rsa; p=" OTHERS, SOMEBODYS},
        {"v=DKIM1; k=ed25519; p=" OURS, SOMEBODYS},   /* of another kind */
        {"v=DKIM1; k=ed25519; p=" OURS_2, SOMEBODYS}, /* the other part has its own name */
        {"v=DKIM1; k=rsa; t=s; t=s; p=", SOMEBODYS},  /* no key record at all */
        {"v=spf1 include:mx.ovh.com -all", SOMEBODYS},
        {"elsewhere._domainkey.example.net", SOMEBODYS},
};
static const struct {
	const char *name, *zone;
	bool right;
} places[] = {
        {"dk1._domainkey.example.org", "example.org", true},
        {"dk1._domainkey.example.org", "example.net", false},
        {"dk2._domainkey.example.org", "example.org", false},  /* the other key's */
        {"dk1e._domainkey.example.org", "example.org", false}, /* its second part's, which it has not here */
        {"mail._domainkey.example.org", "example.org", false},
        {"dk1._domainkey.sub.example.org", "example.org", false},
        {"dk1._domainkey.example.net", "example.net", false},
        {"example.org", "example.org", false},
        {"_dmarc.example.org", "example.org", false},
};
static const enum rr_type types[] = {RR_TXT, RR_DKIM, RR_CNAME};
/* Since when it is revoked, and since when the zone was seen to say so; -1 = it is not. */
static const struct {
	int64_t revoked, shown;
} ago[] = {
        {-1, -1},
        {0, -1},
        {2 * REVOKE, -1},
        {MS_DAY, 0},
        {2 * REVOKE, 0},
        {2 * REVOKE, REVOKE - 1},
        {2 * REVOKE, REVOKE},
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
	        cmocka_unit_test(nothing_is_removed_for_a_hosted_platform),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
