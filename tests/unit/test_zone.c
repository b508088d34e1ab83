/* The zone job against scripts: what it asks, what it writes, and that it never makes a duplicate, never touches another
 * record, and never calls done what no refresh was accepted for. */
#include "drive.h"

#include <errno.h>
#include <stdlib.h>

#define Z      "/domain/zone/mydomain.ovh"
#define NAME   "ovhex1-selector1._domainkey.mydomain.ovh"
#define SUB    "ovhex1-selector1._domainkey"
#define TARGET "ovhex1-selector1._domainkey.1675.ac.dkim.mail.ovh.net"
#define OLD    "ovhex1-selector1._domainkey.1500.ab.dkim.mail.ovh.net"
#define LIST   "GET " Z "/record?subDomain=" SUB
#define REC(id, sub, type, target)                                                                           \
	"{\"id\":" id ",\"zone\":\"mydomain.ovh\",\"subDomain\":\"" sub "\",\"fieldType\":\"" type           \
	"\",\"target\":\"" target "\",\"ttl\":0,\"extra\":null}"
#define RIGHT(id) REC(id, SUB, "CNAME", TARGET ".")
#define WRONG(id) REC(id, SUB, "CNAME", OLD ".")
#define GET(id)   "GET " Z "/record/" id
#define POST                                                                                                 \
	"POST " Z "/record {\"fieldType\":\"CNAME\",\"subDomain\":\"" SUB "\",\"target\":\"" TARGET          \
	".\",\"ttl\":0}"
#define PUT(id) "PUT " Z "/record/" id " {\"subDomain\":\"" SUB "\",\"target\":\"" TARGET ".\",\"ttl\":0}"
#define REFRESH "POST " Z "/refresh"
#define BIG     "5237159752000000001"

/* Runs a job through the whole script. What the gate was told of each changing request is gathered in `asked`. */
static struct zone_job *run(const struct turn *script, char *asked, size_t n)
{
	static struct zone_job z;
	struct api_request r;

	assert_int_equal(zone_job_init(&z, "mydomain.ovh", NAME, TARGET), 0);
	asked[0] = '\0';
	while (zone_next(&z, &r)) {
		turn_check(script, &r);
		assert_int_equal(r.changes, strcmp(r.method, "GET") != 0);
		if (r.changes) {
			size_t len = strlen(asked);

			str_format(asked + len, n - len, "%s%s%s",
			        z.removes     ? "-"
			        : z.refreshes ? "!"
			                      : "+",
			        z.old_target[0] == '\0'        ? ""
			        : str_eq(z.old_target, TARGET) ? "right"
			                                       : "old",
			        script[1].request ? " " : "");
			assert_true(z.old_target[0] == '\0' || str_eq(z.old_target, TARGET) ||
			            str_eq(z.old_target, OLD) ||
			            str_eq(z.old_target, TARGET ".mydomain.ovh"));
		}
		struct api_answer a = turn_answer(script++, NOW);
		zone_feed(&z, &a);
	}
	if (script->request)
		fail_msg("the job ended before %s: %s", script->request, z.text);
	assert_int_not_equal(z.verdict, ZONE_BUSY);
	return &z;
}

struct story {
	const char *title;
	struct turn script[16];
	enum zone_verdict verdict;
	bool changed;
	const char *asked; /* + creates or updates, - removes, ! refreshes; with what stood there */
	const char *text;
};

static const struct story stories[] = {
        {"created",
         {{LIST, 200, "[]"}, {LIST, 200, "[]"}, {POST, 200, RIGHT(BIG)}, {LIST, 200, "[" BIG "]"},
                        {GET(BIG), 200, RIGHT(BIG)}, {REFRESH, 200, "null"}},
         ZONE_DONE,                                                                                                                                                       true,  "+ !",             ""                                          },
        {"right already: refreshed all the same",
         {{LIST, 200, "[7]"}, {GET("7"), 200, RIGHT("7")}, {REFRESH, 200, "null"}},                                                                         ZONE_DONE,    false,
         "!",                                                                                                                                                                                       ""                                          },
        {"names fold case",
         {{LIST, 200, "[7]"},
                        {GET("7"), 200,
                                REC("7", "OVHEX1-selector1._DomainKey", "CNAME",
                                        "OVHEX1-selector1._domainkey.1675.AC.dkim.mail.ovh.net.")},
                        {REFRESH, 204, ""}},
         ZONE_DONE,                                                                                                                                                       false, "!",               ""                                          },
        {"updated, its ttl kept",
         {{LIST, 200, "[7]"},
                        {GET("7"), 200,
                                "{\"id\":7,\"subDomain\":\"" SUB
                                "\",\"fieldType\":\"CNAME\",\"target\":\"" OLD ".\",\"ttl\":600}"},
                        {"PUT " Z "/record/7 {\"subDomain\":\"" SUB "\",\"target\":\"" TARGET
                         ".\",\"ttl\":600}",
                                200, "null"},
                        {GET("7"), 200, RIGHT("7")}, {REFRESH, 200, "null"}},
         ZONE_DONE,                                                                                                                                                       true,  "+old !",          ""                                          },
        {"a target without its dot is relative to the zone",
         {{LIST, 200, "[7]"}, {GET("7"), 200, REC("7", SUB, "CNAME", TARGET)}, {PUT("7"), 200, "null"},
                        {GET("7"), 200, RIGHT("7")}, {REFRESH, 200, "null"}},
         ZONE_DONE,                                                                                                                                                       true,  "+old !",          ""                                          },
        {"what ilike brings besides is left alone",
         {{LIST, 200, "[5,7,9]"},
                        {GET("5"), 200, REC("5", "ovhex1-selector1.xdomainkey", "CNAME", "a.b.")},
                        {GET("7"), 200, RIGHT("7")},
                        {GET("9"), 200, REC("9", "ovhex1-selector1-_domainkey", "TXT", "x")},
                        {REFRESH, 200, "null"}},
         ZONE_DONE,                                                                                                                                                       false, "!",               ""                                          },
        {"a duplicate goes, the newer one",
         {{LIST, 200, "[9,7]"}, {GET("9"), 200, RIGHT("9")}, {GET("7"), 200, RIGHT("7")},
                        {"DELETE " Z "/record/9", 200, "null"}, {LIST, 200, "[7]"},
                        {GET("7"), 200, RIGHT("7")}, {REFRESH, 200, "null"}},
         ZONE_DONE,                                                                                                                                                       true,  "-right !",        ""                                          },
        {"the list hid an old one: our own goes, the old one is updated",
         {{LIST, 200, "[]"}, {LIST, 200, "[]"}, {POST, 200, RIGHT("9")}, {LIST, 200, "[7,9]"},
                        {GET("7"), 200, WRONG("7")}, {GET("9"), 200, RIGHT("9")},
                        {"DELETE " Z "/record/9", 200, "null"}, {LIST, 200, "[7]"},
                        {GET("7"), 200, WRONG("7")}, {PUT("7"), 200, "null"}, {GET("7"), 200, RIGHT("7")},
                        {REFRESH, 200, "null"}},
         ZONE_DONE,                                                                                                                                                       true,  "+ -right +old !", ""                                          },
        {"the list hid a TXT: our own goes",
         {{LIST, 200, "[]"}, {LIST, 200, "[]"}, {POST, 200, RIGHT("9")}, {LIST, 200, "[7,9]"},
                        {GET("7"), 200, REC("7", SUB, "TXT", "v=DKIM1")}, {GET("9"), 200, RIGHT("9")},
                        {"DELETE " Z "/record/9", 200, "null"}, {LIST, 200, "[7]"},
                        {GET("7"), 200, REC("7", SUB, "TXT", "v=DKIM1")}},
         ZONE_FOREIGN,                                                                                                                                                    true,  "+ -right ",       "a TXT record stands at " NAME              },
        {"id 0: the list tells",
         {{LIST, 200, "[]"}, {LIST, 200, "[]"}, {POST, 200, RIGHT("0")}, {LIST, 200, "[8]"}, {GET("8"), 200, RIGHT("8")},
                        {REFRESH, 200, "null"}},
         ZONE_DONE,                                                                                                                                                       true,  "+ !",             ""                                          },
        {"404 after create, then there",
         {{LIST, 200, "[]"}, {LIST, 200, "[]"}, {POST, 200, RIGHT("8")}, {LIST, 200, "[8]"}, {GET("8"), 404, E404},
                        {LIST, 200, "[8]"}, {GET("8"), 200, RIGHT("8")}, {REFRESH, 200, "null"}},
         ZONE_DONE,                                                                                                                                                       true,  "+ !",             ""                                          },
        {"never to be seen: no second POST",
         {{LIST, 200, "[]"}, {LIST, 200, "[]"}, {POST, 200, RIGHT("8")}, {LIST, 200, "[]"}, {LIST, 200, "[]"},
                        {LIST, 200, "[]"}, {LIST, 200, "[]"}},
         ZONE_TROUBLE,                                                                                                                                                    true,  "+ ",              "is not to be seen yet"                     },
        {"a list's ids are all gone",
         {{LIST, 200, "[8]"}, {GET("8"), 404, E404}, {LIST, 200, "[9]"}, {GET("9"), 200, RIGHT("9")},
                        {REFRESH, 200, "null"}},
         ZONE_DONE,                                                                                                                                                       false, "!",               ""                                          },
        {"TXT in the way",                                                {{LIST, 200, "[8]"}, {GET("8"), 200, REC("8", SUB, "TXT", "\\\"v=DKIM1\\\"")}},
         ZONE_FOREIGN,                                                                                                                                                    false, "",                "a TXT record stands at " NAME              },
        {"TXT beside the right one",
         {{LIST, 200, "[7,8]"}, {GET("7"), 200, RIGHT("7")},
                        {GET("8"), 200, REC("8", SUB, "TXT", "x")}},
         ZONE_FOREIGN,                                                                                                                                                    false, "",                "a TXT record"                              },
        {"an unknown type in the way",                                    {{LIST, 200, "[8]"}, {GET("8"), 200, REC("8", SUB, "NEWTYPE", "x")}},
         ZONE_FOREIGN,                                                                                                                                                    false, "",                "a NEWTYPE record"                          },
        {"two different CNAMEs",
         {{LIST, 200, "[7,8]"}, {GET("7"), 200, RIGHT("7")}, {GET("8"), 200, WRONG("8")}},
         ZONE_FOREIGN,                                                                                                                                                    false, "",                "one of them a CNAME to " OLD               },
        {"two wrong CNAMEs",                                              {{LIST, 200, "[7,8]"}, {GET("7"), 200, WRONG("7")}, {GET("8"), 200, WRONG("8")}},
         ZONE_FOREIGN,                                                                                                                                                    false, "",                "2 records stand at " NAME                  },
        {"nine records",                                                  {{LIST, 200, "[1,2,3,4,5,6,7,8,9]"}},                                             ZONE_FOREIGN, false, "",
         "more than 8 records"                                                                                                                                                                                                                  },
        {"no such zone",                                                  {{LIST, 404, E404S}},                                                             ZONE_TROUBLE, false, "",                "set `zone:`"                               },
        {"the zone goes meanwhile",                                       {{LIST, 200, "[7]"}, {GET("7"), 404, E404S}},                                     ZONE_TROUBLE, false, "",
         "set `zone:`"                                                                                                                                                                                                                          },
        {"listing not granted",                                           {{LIST, 403, E403}},                                                              ZONE_TROUBLE, false, "",                "answered 403"                              },
        {"writing not granted",                                           {{LIST, 200, "[]"}, {LIST, 200, "[]"}, {POST, 403, E403}},                                           ZONE_TROUBLE, false, "+",
         "creating a record"                                                                                                                                                                                                                    },
        {"refresh not granted",
         {{LIST, 200, "[7]"}, {GET("7"), 200, WRONG("7")}, {PUT("7"), 200, "null"},
                        {GET("7"), 200, RIGHT("7")}, {REFRESH, 403, E403}},
         ZONE_TROUBLE,                                                                                                                                                    true,  "+old !",          "no change is ever served"                  },
        {"refresh fails",
         {{LIST, 200, "[7]"}, {GET("7"), 200, RIGHT("7")}, {REFRESH, 500, "{\"message\":\"x\"}"}},
         ZONE_TROUBLE,                                                                                                                                                    false, "!",               "refreshing zone mydomain.ovh: answered 500"},
        {"refresh conflicts",
         {{LIST, 200, "[7]"}, {GET("7"), 200, RIGHT("7")}, {REFRESH, 409, "{\"message\":\"x\"}"}},
         ZONE_TROUBLE,                                                                                                                                                    false, "!",               "answered 409"                              },
        {"refresh as a page",                                             {{LIST, 200, "[7]"}, {GET("7"), 200, RIGHT("7")}, {REFRESH, 200, HTML}},
         ZONE_TROUBLE,                                                                                                                                                    false, "!",               "a page of HTML"                            },
        {"POST lost",                                                     {{LIST, 200, "[]"}, {LIST, 200, "[]"}, {POST, SILENCE, NULL}},                                       ZONE_TROUBLE, false, "+",               "got no answer"                             },
        {"PUT did nothing",
         {{LIST, 200, "[7]"}, {GET("7"), 200, WRONG("7")}, {PUT("7"), 200, "null"},
                        {GET("7"), 200, WRONG("7")}},
         ZONE_TROUBLE,                                                                                                                                                    true,  "+old ",           "still has its old target"                  },
        {"PUT of an id that moved",
         {{LIST, 200, "[7]"}, {GET("7"), 200, WRONG("7")}, {PUT("7"), 404, E404}, {LIST, 200, "[8]"},
                        {GET("8"), 200, WRONG("8")}, {PUT("8"), 200, "null"}, {GET("8"), 200, RIGHT("8")},
                        {REFRESH, 200, "null"}},
         ZONE_DONE,                                                                                                                                                       true,  "+old +old !",     ""                                          },
        {"no list",                                                       {{LIST, 200, "{}"}},                                                              ZONE_TROUBLE, false, "",                "no list"                                   },
        {"a list of texts",                                               {{LIST, 200, "[\"7\"]"}},                                                         ZONE_TROUBLE, false, "",                "something else than ids"                   },
        {"a list with 0",                                                 {{LIST, 200, "[0]"}},                                                             ZONE_TROUBLE, false, "",                "something else than ids"                   },
        {"another record's object",                                       {{LIST, 200, "[7]"}, {GET("7"), 200, RIGHT("8")}},                                ZONE_TROUBLE, false,
         "",                                                                                                                                                                                        "not as expected"                           },
        {"another zone's object",
         {{LIST, 200, "[7]"}, {GET("7"), 200,
                                             "{\"id\":7,\"zone\":\"other.ovh\",\"subDomain\":\"" SUB
                                             "\",\"fieldType\":\"CNAME\",\"target\":\"a.b.\"}"}},
         ZONE_TROUBLE,                                                                                                                                                    false, "",                "not as expected"                           },
        {"no target",
         {{LIST, 200, "[7]"},
                        {GET("7"), 200, "{\"id\":7,\"subDomain\":\"" SUB "\",\"fieldType\":\"CNAME\"}"}},
         ZONE_TROUBLE,                                                                                                                                                    false, "",                "not as expected"                           },
        {"no subDomain",
         {{LIST, 200, "[7]"},
                        {GET("7"), 200, "{\"id\":7,\"fieldType\":\"CNAME\",\"target\":\"a.b.\"}"}},
         ZONE_TROUBLE,                                                                                                                                                    false, "",                "not as expected"                           },
        {"the apex",
         {{LIST, 200, "[7]"},
                        {GET("7"), 200,
                                "{\"id\":7,\"subDomain\":null,\"fieldType\":\"A\",\"target\":\"1.2.3.4\"}"},
                        {LIST, 200, "[]"}, {POST, 409, "{\"message\":\"x\"}"}},
         ZONE_TROUBLE,                                                                                                                                                    false, "+",               "answered 409"                              },
};

static void all_stories(void **state)
{
	(void)state;
	char asked[200];

	for (size_t i = 0; i < ARRAY_SIZE(stories); i++) {
		const struct story *s = &stories[i];
		const struct zone_job *z = run(s->script, asked, sizeof asked);

		if (z->verdict != s->verdict || z->changed != s->changed || !str_eq(asked, s->asked) ||
		        !strstr(z->text, s->text))
			fail_msg("%s: verdict %d, changed %d, asked \"%s\", text \"%s\"", s->title,
			        (int)z->verdict, z->changed, asked, z->text);
		assert_int_equal(z->verdict == ZONE_TROUBLE, z->trouble != TROUBLE_NONE);
	}
}

static void denied(void **state)
{
	(void)state;
	struct zone_job z;
	struct api_request r;
	struct turn empty = {LIST, 200, "[]", NULL};

	assert_int_equal(zone_job_init(&z, "MyDomain.ovh.", NAME ".", TARGET "."), 0);
	assert_true(zone_next(&z, &r));
	struct api_answer a = turn_answer(&empty, NOW);
	zone_feed(&z, &a);
	assert_true(zone_next(&z, &r) && !r.changes); /* an empty list is asked for twice */
	zone_feed(&z, &a);
	assert_true(zone_next(&z, &r) && r.changes);
	zone_deny(&z, "the reading is too old");
	assert_int_equal(z.verdict, ZONE_DENIED);
	assert_string_equal(z.text, "the reading is too old");
	assert_false(z.changed);
	assert_false(zone_next(&z, &r));
	zone_feed(&z, &a);
	zone_deny(&z, "again");
	assert_string_equal(z.text, "the reading is too old");
}

/* Safety rule 14: the name, the zone, the target. */
static void refused_from_the_start(void **state)
{
	(void)state;
	static const struct {
		const char *zone, *name, *target;
		int rc;
	} rows[] = {
	        {"mydomain.ovh",      NAME,                                  TARGET,      0      },
	        {"ovh.example.co.uk", "s._domainkey.mail.ovh.example.co.uk", "a.b",       0      },
	        {"mydomain.ovh",      "www.mydomain.ovh",                    TARGET,      -EINVAL},
	        {"mydomain.ovh",      "mydomain.ovh",                        TARGET,      -EINVAL},
	        {"mydomain.ovh",      "_domainkey.mydomain.ovh",             TARGET,      -EINVAL},
	        {"mydomain.ovh",      "s._domainkey.mydomain.ovh.other",     TARGET,      -EINVAL},
	        {"mydomain.ovh",      "s._domainkey.notmydomain.ovh",        TARGET,      -EINVAL},
	        {"mydomain.ovh",      "%._domainkey.mydomain.ovh",           TARGET,      -EINVAL},
	        {"mydomain.ovh",      NAME,                                  "127.0.0.1", -EINVAL},
	        {"mydomain.ovh",      NAME,                                  "localhost", -EINVAL},
	        {"mydomain.ovh",      NAME,                                  "",          -EINVAL},
	        {"mydomain.ovh",      NAME,                                  "a b.c",     -EINVAL},
	        {"mydomain.ovh",      NAME,                                  "a..b",      -EINVAL},
	        {"mydomain.ovh",      NAME,                                  NAME,        -EINVAL},
	        {"",                  NAME,	                          TARGET,      -EINVAL},
	        {"../mydomain.ovh",   NAME,                                  TARGET,      -EINVAL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct zone_job z;
		int rc = zone_job_init(&z, rows[i].zone, rows[i].name, rows[i].target);

		if (rc != rows[i].rc)
			fail_msg("%s in %s to %s: %d", rows[i].name, rows[i].zone, rows[i].target, rc);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(all_stories),
	        cmocka_unit_test(denied),
	        cmocka_unit_test(refused_from_the_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
