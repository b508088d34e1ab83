/* The zone job against scripts: what it asks, what it writes, and that it never makes a duplicate, never touches another
 * record, and never calls done what no refresh was accepted for. */
#include "zone_stories.h"

#include <errno.h>
#include <stdlib.h>

static const struct story stories[] = {
        {"created",
                {{LIST, 200, "[]"}, {LIST, 200, "[]"}, {POST, 200, RIGHT(BIG)}, {LIST, 200, "[" BIG "]"},
                        {GET(BIG), 200, RIGHT(BIG)}, {REFRESH, 200, "null"}},
                WRITE_DONE, true, "+ !", ""},
        {"right already: refreshed all the same",
                {{LIST, 200, "[7]"}, {GET("7"), 200, RIGHT("7")}, {REFRESH, 200, "null"}}, WRITE_DONE, false,
                "!", ""},
        {"names fold case",
                {{LIST, 200, "[7]"},
                        {GET("7"), 200,
                                REC("7", "OVHEX1-selector1._DomainKey", "CNAME",
                                        "OVHEX1-selector1._domainkey.1675.AC.dkim.mail.ovh.net.")},
                        {REFRESH, 204, ""}},
                WRITE_DONE, false, "!", ""},
        {"updated, its ttl kept",
                {{LIST, 200, "[7]"},
                        {GET("7"), 200,
                                "{\"id\":7,\"subDomain\":\"" SUB
                                "\",\"fieldType\":\"CNAME\",\"target\":\"" OLD ".\",\"ttl\":600}"},
                        {"PUT " Z "/record/7 {\"subDomain\":\"" SUB "\",\"target\":\"" TARGET
                         ".\",\"ttl\":600}",
                                200, "null"},
                        {GET("7"), 200, RIGHT("7")}, {REFRESH, 200, "null"}},
                WRITE_DONE, true, "+old !", ""},
        {"a target without its dot is relative to the zone",
                {{LIST, 200, "[7]"}, {GET("7"), 200, REC("7", SUB, "CNAME", TARGET)}, {PUT("7"), 200, "null"},
                        {GET("7"), 200, RIGHT("7")}, {REFRESH, 200, "null"}},
                WRITE_DONE, true, "+old !", ""},
        {"what ilike brings besides is left alone",
                {{LIST, 200, "[5,7,9]"},
                        {GET("5"), 200, REC("5", "ovhex1-selector1.xdomainkey", "CNAME", "a.b.")},
                        {GET("7"), 200, RIGHT("7")},
                        {GET("9"), 200, REC("9", "ovhex1-selector1-_domainkey", "TXT", "x")},
                        {REFRESH, 200, "null"}},
                WRITE_DONE, false, "!", ""},
        {"a duplicate goes, the newer one",
                {{LIST, 200, "[9,7]"}, {GET("9"), 200, RIGHT("9")}, {GET("7"), 200, RIGHT("7")},
                        {"DELETE " Z "/record/9", 200, "null"}, {LIST, 200, "[7]"},
                        {GET("7"), 200, RIGHT("7")}, {REFRESH, 200, "null"}},
                WRITE_DONE, true, "-right !", ""},
        {"the list hid an old one: our own goes, the old one is updated",
                {{LIST, 200, "[]"}, {LIST, 200, "[]"}, {POST, 200, RIGHT("9")}, {LIST, 200, "[7,9]"},
                        {GET("7"), 200, WRONG("7")}, {GET("9"), 200, RIGHT("9")},
                        {"DELETE " Z "/record/9", 200, "null"}, {LIST, 200, "[7]"},
                        {GET("7"), 200, WRONG("7")}, {PUT("7"), 200, "null"}, {GET("7"), 200, RIGHT("7")},
                        {REFRESH, 200, "null"}},
                WRITE_DONE, true, "+ -right +old !", ""},
        {"the list hid a TXT: our own goes",
                {{LIST, 200, "[]"}, {LIST, 200, "[]"}, {POST, 200, RIGHT("9")}, {LIST, 200, "[7,9]"},
                        {GET("7"), 200, REC("7", SUB, "TXT", "v=DKIM1")}, {GET("9"), 200, RIGHT("9")},
                        {"DELETE " Z "/record/9", 200, "null"}, {LIST, 200, "[7]"},
                        {GET("7"), 200, REC("7", SUB, "TXT", "v=DKIM1")}},
                WRITE_FOREIGN, true, "+ -right ", "a TXT record stands at " NAME},
        {"id 0: the list tells",
                {{LIST, 200, "[]"}, {LIST, 200, "[]"}, {POST, 200, RIGHT("0")}, {LIST, 200, "[8]"},
                        {GET("8"), 200, RIGHT("8")}, {REFRESH, 200, "null"}},
                WRITE_DONE, true, "+ !", ""},
        {"404 after create, then there",
                {{LIST, 200, "[]"}, {LIST, 200, "[]"}, {POST, 200, RIGHT("8")}, {LIST, 200, "[8]"},
                        {GET("8"), 404, E404}, {LIST, 200, "[8]"}, {GET("8"), 200, RIGHT("8")},
                        {REFRESH, 200, "null"}},
                WRITE_DONE, true, "+ !", ""},
        {"never to be seen: no second POST",
                {{LIST, 200, "[]"}, {LIST, 200, "[]"}, {POST, 200, RIGHT("8")}, {LIST, 200, "[]"},
                        {LIST, 200, "[]"}, {LIST, 200, "[]"}, {LIST, 200, "[]"}},
                WRITE_TROUBLE, true, "+ ", "is not to be seen yet"},
        {"a list's ids are all gone",
                {{LIST, 200, "[8]"}, {GET("8"), 404, E404}, {LIST, 200, "[9]"}, {GET("9"), 200, RIGHT("9")},
                        {REFRESH, 200, "null"}},
                WRITE_DONE, false, "!", ""},
        {"TXT in the way", {{LIST, 200, "[8]"}, {GET("8"), 200, REC("8", SUB, "TXT", "\\\"v=DKIM1\\\"")}},
                WRITE_FOREIGN, false, "", "a TXT record stands at " NAME},
        {"TXT beside the right one",
                {{LIST, 200, "[7,8]"}, {GET("7"), 200, RIGHT("7")},
                        {GET("8"), 200, REC("8", SUB, "TXT", "x")}},
                WRITE_FOREIGN, false, "", "a TXT record"},
        {"an unknown type in the way", {{LIST, 200, "[8]"}, {GET("8"), 200, REC("8", SUB, "NEWTYPE", "x")}},
                WRITE_FOREIGN, false, "", "a NEWTYPE record"},
        {"two different CNAMEs",
                {{LIST, 200, "[7,8]"}, {GET("7"), 200, RIGHT("7")}, {GET("8"), 200, WRONG("8")}},
                WRITE_FOREIGN, false, "", "one of them a CNAME to " OLD},
        {"two wrong CNAMEs", {{LIST, 200, "[7,8]"}, {GET("7"), 200, WRONG("7")}, {GET("8"), 200, WRONG("8")}},
                WRITE_FOREIGN, false, "", "2 records stand at " NAME},
        {"nine records", {{LIST, 200, "[1,2,3,4,5,6,7,8,9]"}}, WRITE_FOREIGN, false, "",
                "more than 8 records"},
        {"no such zone", {{LIST, 404, E404S}}, WRITE_TROUBLE, false, "", "set `zone:`"},
        {"the zone goes meanwhile", {{LIST, 200, "[7]"}, {GET("7"), 404, E404S}}, WRITE_TROUBLE, false, "",
                "set `zone:`"},
        {"listing not granted", {{LIST, 403, E403}}, WRITE_TROUBLE, false, "", "answered 403"},
        {"writing not granted", {{LIST, 200, "[]"}, {LIST, 200, "[]"}, {POST, 403, E403}}, WRITE_TROUBLE,
                false, "+", "creating a record"},
        {"refresh not granted",
                {{LIST, 200, "[7]"}, {GET("7"), 200, WRONG("7")}, {PUT("7"), 200, "null"},
                        {GET("7"), 200, RIGHT("7")}, {REFRESH, 403, E403}},
                WRITE_TROUBLE, true, "+old !", "no change is ever served"},
        {"refresh fails",
                {{LIST, 200, "[7]"}, {GET("7"), 200, RIGHT("7")}, {REFRESH, 500, "{\"message\":\"x\"}"}},
                WRITE_TROUBLE, false, "!", "refreshing zone mydomain.ovh: answered 500"},
        {"refresh conflicts",
                {{LIST, 200, "[7]"}, {GET("7"), 200, RIGHT("7")}, {REFRESH, 409, "{\"message\":\"x\"}"}},
                WRITE_TROUBLE, false, "!", "answered 409"},
        {"refresh as a page", {{LIST, 200, "[7]"}, {GET("7"), 200, RIGHT("7")}, {REFRESH, 200, HTML}},
                WRITE_TROUBLE, false, "!", "a page of HTML"},
        {"POST lost", {{LIST, 200, "[]"}, {LIST, 200, "[]"}, {POST, SILENCE, NULL}}, WRITE_TROUBLE, false,
                "+", "got no answer"},
        {"PUT did nothing",
                {{LIST, 200, "[7]"}, {GET("7"), 200, WRONG("7")}, {PUT("7"), 200, "null"},
                        {GET("7"), 200, WRONG("7")}},
                WRITE_TROUBLE, true, "+old ", "still has its old data"},
        {"PUT of an id that moved",
                {{LIST, 200, "[7]"}, {GET("7"), 200, WRONG("7")}, {PUT("7"), 404, E404}, {LIST, 200, "[8]"},
                        {GET("8"), 200, WRONG("8")}, {PUT("8"), 200, "null"}, {GET("8"), 200, RIGHT("8")},
                        {REFRESH, 200, "null"}},
                WRITE_DONE, true, "+old +old !", ""},
        {"no list", {{LIST, 200, "{}"}}, WRITE_TROUBLE, false, "", "no list"},
        {"a list of texts", {{LIST, 200, "[\"7\"]"}}, WRITE_TROUBLE, false, "", "something else than ids"},
        {"a list with 0", {{LIST, 200, "[0]"}}, WRITE_TROUBLE, false, "", "something else than ids"},
        {"another record's object", {{LIST, 200, "[7]"}, {GET("7"), 200, RIGHT("8")}}, WRITE_TROUBLE, false,
                "", "not as expected"},
        {"another zone's object",
                {{LIST, 200, "[7]"}, {GET("7"), 200,
                                             "{\"id\":7,\"zone\":\"other.ovh\",\"subDomain\":\"" SUB
                                             "\",\"fieldType\":\"CNAME\",\"target\":\"a.b.\"}"}},
                WRITE_TROUBLE, false, "", "not as expected"},
        {"no target",
                {{LIST, 200, "[7]"},
                        {GET("7"), 200, "{\"id\":7,\"subDomain\":\"" SUB "\",\"fieldType\":\"CNAME\"}"}},
                WRITE_TROUBLE, false, "", "not as expected"},
        {"no subDomain",
                {{LIST, 200, "[7]"},
                        {GET("7"), 200, "{\"id\":7,\"fieldType\":\"CNAME\",\"target\":\"a.b.\"}"}},
                WRITE_TROUBLE, false, "", "not as expected"},
        {"the apex",
                {{LIST, 200, "[7]"},
                        {GET("7"), 200,
                                "{\"id\":7,\"subDomain\":null,\"fieldType\":\"A\",\"target\":\"1.2.3.4\"}"},
                        {LIST, 200, "[]"}, {POST, 409, "{\"message\":\"x\"}"}},
                WRITE_TROUBLE, false, "+", "answered 409"},
};

static void all_stories(void **state)
{
	(void)state;
	struct rr rr;

	assert_true(rr_cname(&rr, NAME, TARGET));
	for (size_t i = 0; i < ARRAY_SIZE(stories); i++)
		tell_story(&stories[i], &rr);
}

static void denied(void **state)
{
	(void)state;
	static struct write_job w;
	struct write_request q;
	struct rr rr;
	struct turn empty = {LIST, 200, "[]", NULL};
	struct api_answer a = turn_answer(&empty, NOW);
	const struct write_answer answer = {.api = &a};

	assert_true(rr_cname(&rr, NAME ".", TARGET "."));
	assert_int_equal(write_begin(&w, DNS_OVH, "MyDomain.ovh.", 0), 0);
	assert_int_equal(write_add(&w, &rr), 0);
	assert_true(write_next(&w, &q));
	write_feed(&w, &answer);
	assert_true(write_next(&w, &q) && !q.changes); /* an empty list is asked for twice */
	write_feed(&w, &answer);
	assert_true(write_next(&w, &q) && q.changes);
	write_deny(&w, "the reading is too old");
	assert_int_equal(w.items[0].verdict, WRITE_DENIED);
	assert_string_equal(w.items[0].text, "the reading is too old");
	assert_false(w.items[0].changed);
	assert_false(write_next(&w, &q));
	write_feed(&w, &answer);
	write_deny(&w, "again");
	assert_string_equal(w.items[0].text, "the reading is too old");
	assert_int_equal(write_add(&w, &rr), -EBUSY);
}

/* Safety rule 14: the name, the zone, the target. */
static void refused_from_the_start(void **state)
{
	(void)state;
	static const struct {
		const char *zone, *name, *target;
		int rc;
	} rows[] = {
	        {"mydomain.ovh", NAME, TARGET, 0},
	        {"ovh.example.co.uk", "s._domainkey.mail.ovh.example.co.uk", "a.b", 0},
	        {"mydomain.ovh", "www.mydomain.ovh", TARGET, -EINVAL},
	        {"mydomain.ovh", "mydomain.ovh", TARGET, -EINVAL},
	        {"mydomain.ovh", "_domainkey.mydomain.ovh", TARGET, -EINVAL},
	        {"mydomain.ovh", "s._domainkey.mydomain.ovh.other", TARGET, -EINVAL},
	        {"mydomain.ovh", "s._domainkey.notmydomain.ovh", TARGET, -EINVAL},
	        {"mydomain.ovh", "%._domainkey.mydomain.ovh", TARGET, -EINVAL},
	        {"mydomain.ovh", NAME, "127.0.0.1", -EINVAL},
	        {"mydomain.ovh", NAME, "localhost", -EINVAL},
	        {"mydomain.ovh", NAME, "", -EINVAL},
	        {"mydomain.ovh", NAME, "a b.c", -EINVAL},
	        {"mydomain.ovh", NAME, "a..b", -EINVAL},
	        {"mydomain.ovh", NAME, NAME, -EINVAL},
	        {"", NAME, TARGET, -EINVAL},
	        {"../mydomain.ovh", NAME, TARGET, -EINVAL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		static struct write_job w;
		struct rr rr;
		int rc = write_begin(&w, DNS_OVH, rows[i].zone, 0);

		if (rc == 0)
			rc = rr_cname(&rr, rows[i].name, rows[i].target) ? write_add(&w, &rr) : -EINVAL;
		if (rc != rows[i].rc)
			fail_msg("%s in %s to %s: %d", rows[i].name, rows[i].zone, rows[i].target, rc);
	}
	static struct write_job w;
	assert_int_equal(write_begin(&w, DNS_MANUAL, "mydomain.ovh", 0), -ENOTSUP);
	assert_int_equal(write_begin(&w, DNS_PLATFORM, "mydomain.ovh", 0), -ENOTSUP);
}

/* --- several records: one refresh -------------------------------------------------------------------------------- */

#define NAME2      "ovhex1-selector2._domainkey.sub.mydomain.ovh"
#define SUB2       "ovhex1-selector2._domainkey.sub"
#define LIST2      "GET " Z "/record?subDomain=" SUB2
#define RIGHT2(id) REC(id, SUB2, "CNAME", TARGET ".")

static void batch(struct write_job *w)
{
	struct rr rr;

	assert_int_equal(write_begin(w, DNS_OVH, "mydomain.ovh", 0), 0);
	assert_true(rr_cname(&rr, NAME, TARGET));
	assert_int_equal(write_add(w, &rr), 0);
	assert_true(rr_cname(&rr, NAME2, TARGET));
	assert_int_equal(write_add(w, &rr), 1);
}

static void play(struct write_job *w, const struct turn *script)
{
	struct write_request q;

	for (; script->request != NULL; script++) {
		assert_true(write_next(w, &q));
		turn_check(script, &q.api);
		struct api_answer a = turn_answer(script, NOW);
		write_feed(w, &(struct write_answer){.api = &a});
	}
}

static void one_refresh_for_all(void **state)
{
	(void)state;
	static struct write_job w;
	struct write_request q;
	struct rr late;
	static const struct turn first[] = {
	        {LIST, 200, "[7]"}, {GET("7"), 200, RIGHT("7")}, {LIST2, 200, "[8]"}, {NULL}};
	static const struct turn rest[] = {{GET("8"), 200, RIGHT2("8")},
	        {"GET " Z "/record?subDomain=late._domainkey", 200, "[9]"},
	        {GET("9"), 200, REC("9", "late._domainkey", "CNAME", TARGET ".")}, {REFRESH, 200, "null"},
	        {NULL}};

	batch(&w);
	play(&w, first);
	assert_int_equal(w.items[0].verdict, WRITE_MADE);
	assert_true(rr_cname(&late, "late._domainkey.mydomain.ovh", TARGET));
	assert_int_equal(write_add(&w, &late), 2); /* while the job runs */
	play(&w, rest);
	assert_false(write_next(&w, &q));
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(w.items[i].verdict, WRITE_DONE);
}

static void one_failure_is_not_the_others(void **state)
{
	(void)state;
	static struct write_job w;
	struct write_request q;
	static const struct turn script[] = {{LIST, 200, "[7]"},
	        {GET("7"), 200, REC("7", SUB, "A", "192.0.2.1")}, {LIST2, 200, "[8]"},
	        {GET("8"), 200, RIGHT2("8")}, {REFRESH, 500, "{\"message\":\"x\"}"}, {NULL}};

	batch(&w);
	play(&w, script);
	assert_false(write_next(&w, &q));
	assert_int_equal(w.items[0].verdict, WRITE_FOREIGN);
	assert_string_equal(w.items[0].text, "a A record stands at " NAME " in zone mydomain.ovh");
	assert_int_equal(w.items[1].verdict, WRITE_TROUBLE);
	assert_non_null(strstr(w.items[1].text, "refreshing zone"));
}

static void nobody_waits_any_more(void **state)
{
	(void)state;
	static struct write_job w;
	struct write_request q;
	static const struct turn first[] = {{LIST, 200, "[7]"}, {NULL}};
	static const struct turn rest[] = {
	        {LIST2, 200, "[8]"}, {GET("8"), 200, RIGHT2("8")}, {REFRESH, 200, "null"}, {NULL}};

	batch(&w);
	play(&w, first);
	write_drop(&w, 0);
	play(&w, rest);
	assert_false(write_next(&w, &q));
	assert_int_equal(w.items[0].verdict, WRITE_DENIED);
	assert_int_equal(w.items[1].verdict, WRITE_DONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(all_stories),
	        cmocka_unit_test(denied),
	        cmocka_unit_test(refused_from_the_start),
	        cmocka_unit_test(one_refresh_for_all),
	        cmocka_unit_test(one_failure_is_not_the_others),
	        cmocka_unit_test(nobody_waits_any_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
