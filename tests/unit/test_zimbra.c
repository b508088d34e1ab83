/* Zimbra through v2, as the control panel does it: the search for the domain, the diagnosis mapped onto MX Plan's words,
 * and the PUT. Through v1 it is test_mxplan.c's. */
#include "drive.h"

#include <errno.h>
#include <stdlib.h>

#define P1   "11111111-0000-4000-8000-000000000001"
#define P2   "22222222-0000-4000-8000-000000000002"
#define DID  "3fa85f64-5717-4562-b3fc-2c963f66afa6"
#define S1   "ovhmo1-selector1"
#define S2   "ovhmo1-selector2"
#define T(s) s "._domainkey.1675.ac.dkim.mail.ovh.net"

#define PLATFORMS   "GET /v2/zimbra/platform"
#define DOMAINS(p)  "GET /v2/zimbra/platform/" p "/domain?domainName=mydomain.ovh"
#define DIAGNOSE(p) "POST /v2/zimbra/platform/" p "/diagnostic/domain {\"domains\":[\"" DID "\"]}"

#define EXPECTED                                                                                             \
	"{\"dkim\":{\"cnames\":[{\"name\":\"" S2 "._domainkey.mydomain.ovh\",\"value\":\"" T(                \
	        S2) "\"},{\"name\":\"" S1 "._domainkey\",\"value\":\"" T(S1) ".\"}]},\"spf\":\"x\"}"
#define DOMAIN_AS(status, tasks, expected)                                                                   \
	"{\"id\":\"" DID "\",\"checksum\":\"c\",\"resourceStatus\":\"" status                                \
	"\",\"currentState\":{\"name\":\"MyDomain.ovh\",\"expectedDNSConfig\":" expected                     \
	"},\"currentTasks\":" tasks ",\"targetSpec\":{\"dkimEnabled\":true}}"
#define DOMAIN DOMAIN_AS("READY", "[]", EXPECTED)
#define DIAGNOSIS(status, errors, records)                                                                   \
	"[{\"domainId\":\"other\",\"status\":\"ERROR\"},{\"domainId\":\"" DID                                \
	"\",\"domainName\":\"mydomain.ovh\",\"status\":\"OK\",\"result\":{\"mx\":{},\"dkim\":{\"status\":"   \
	"\"" status "\",\"errors\":" errors ",\"recordsFound\":" records "}}}]"
#define ERR(code) "{\"code\":\"" code "\",\"message\":\"about " code "\"}"
#define FOUND(s)  "{\"name\":\"" s "._domainkey.mydomain.ovh\",\"value\":\"" T(s) "\"}"
#define BOTH      "[" FOUND(S1) "," FOUND(S2) "]"
#define WRONG     "[" FOUND(S1) ",{\"name\":\"" S2 "._domainkey.mydomain.ovh.\",\"value\":\"elsewhere.example\"}]"

static struct desired mydomain = {
        .domain = "mydomain.ovh",
        .platform = PLATFORM_ZIMBRA,
        .zimbra_api = ZIMBRA_V2,
        .dns = DNS_OVH,
};

static const struct pass *look(const struct turn *script)
{
	static struct pass p;

	p = (struct pass){.desired = &mydomain, .kind = LOOK_FULL};
	drive_look(&p, script);
	return &p;
}

static void signing(void **state)
{
	(void)state;
	const struct pass *p = look((struct turn[]){
	        {PLATFORMS, 200, "[{\"id\":\"" P1 "\"}]"},
	        {DOMAINS(P1), 200, "[" DOMAIN "]"},
	        {DIAGNOSE(P1), 200, DIAGNOSIS("OK", "[]", BOTH)},
	        {0},
	});

	assert_true(p->seen.complete);
	assert_int_equal(p->seen.service, SERVICE_OK);
	assert_int_equal(p->seen.status, STATUS_ENABLED);
	assert_int_equal(p->seen.n, 2);
	assert_string_equal(p->seen.sel[0].name, S1);
	assert_string_equal(p->seen.sel[0].record, S1 "._domainkey.mydomain.ovh");
	assert_string_equal(p->seen.sel[0].target, T(S1));
	assert_int_equal(p->seen.sel[0].state, SELECTOR_SET);
	assert_int_equal(p->seen.sel[1].state, SELECTOR_SET);
	assert_true(p->seen.sel[1].named && p->seen.sel[1].listed);
	assert_int_equal(p->seen.domain_task_state, TASK_NONE);

	struct api_request r;
	assert_int_equal(p->platform->change(&mydomain, p, ACTION_ENABLE, "", &r), 0);
	assert_true(r.changes);
	turn_check(&(struct turn){"PUT /v2/zimbra/platform/" P1 "/domain/" DID
	                          " {\"targetSpec\":{\"dkimEnabled\":true}}"},
	        &r);
	assert_int_equal(p->platform->change(&mydomain, p, ACTION_DISABLE, "", &r), 0);
	turn_check(&(struct turn){"PUT /v2/zimbra/platform/" P1 "/domain/" DID
	                          " {\"targetSpec\":{\"dkimEnabled\":false}}"},
	        &r);
	assert_int_equal(p->platform->change(&mydomain, p, ACTION_DELETE, S1, &r), -ENOTSUP);
	assert_int_equal(p->platform->change(&mydomain, &(struct pass){0}, ACTION_ENABLE, "", &r), -EINVAL);
	assert_int_equal(p->platform->change(&mydomain, NULL, ACTION_ENABLE, "", &r), -EINVAL);
}

/* The diagnosis changes nothing, so it needs neither gate nor intent. */
static void diagnosis_is_no_change(void **state)
{
	(void)state;
	struct pass p = {.desired = &mydomain, .kind = LOOK_FULL, .platform = platform_for(&mydomain)};
	struct turn turns[] = {{"", 200, "[{\"id\":\"" P1 "\"}]"}, {"", 200, "[" DOMAIN "]"}};
	struct api_request r;

	for (size_t i = 0; i < 2; i++) {
		assert_true(platform_next(&p, &r));
		struct api_answer a = turn_answer(&turns[i], NOW);
		platform_feed(&p, &a);
	}
	assert_true(platform_next(&p, &r));
	assert_string_equal(r.method, "POST");
	assert_false(r.changes);
}

static void pages_and_platforms(void **state)
{
	(void)state;
	struct pass p = {.desired = &mydomain, .kind = LOOK_FULL, .platform = platform_for(&mydomain)};
	static const struct {
		struct turn turn;
		const char *cursor; /* that the request must carry */
	} turns[] = {
	        {{PLATFORMS, 200, "[{\"id\":\"" P1 "\"}]", "c1"}, ""},
	        {{PLATFORMS, 200, "[]", "c2"}, "c1"},
	        {{PLATFORMS, 200, "[{\"id\":\"" P2 "\"}]"}, "c2"},
	        {{DOMAINS(P1), 200, "[{\"id\":\"x\",\"currentState\":{\"name\":\"xmydomain.ovh\"}}]", "d1"},
	                ""},
	        {{DOMAINS(P1), 200, "[]"}, "d1"},
	        {{DOMAINS(P2), 200, "[null,{\"currentState\":[]}," DOMAIN "]", "more"}, ""},
	        {{DIAGNOSE(P2), 200, DIAGNOSIS("OK", "[]", "null")}, ""},
	};
	struct api_request r;

	for (size_t i = 0; i < ARRAY_SIZE(turns); i++) {
		assert_true(platform_next(&p, &r));
		turn_check(&turns[i].turn, &r);
		assert_string_equal(r.cursor, turns[i].cursor);
		struct api_answer a = turn_answer(&turns[i].turn, NOW);
		platform_feed(&p, &a);
	}
	assert_false(platform_next(&p, &r));
	assert_true(p.seen.complete);
	assert_int_equal(p.seen.status, STATUS_ENABLED);
	assert_int_equal(
	        p.seen.sel[0].state, SELECTOR_SET); /* OK says it, whatever recordsFound looks like */
}

static void not_found(void **state)
{
	(void)state;
	const struct turn two = {PLATFORMS, 200, "[{\"id\":\"" P1 "\"},{\"id\":\"" P2 "\"}]"};
	const struct pass *p =
	        look((struct turn[]){two, {DOMAINS(P1), 200, "[]"}, {DOMAINS(P2), 200, "[]"}, {0}});

	assert_int_equal(p->seen.trouble, TROUBLE_MISSING);
	p = look((struct turn[]){{PLATFORMS, 200, "[]"}, {0}});
	assert_int_equal(p->seen.trouble, TROUBLE_MISSING);
	p = look((struct turn[]){{PLATFORMS, 200, "{\"id\":1}"}, {0}});
	assert_int_equal(p->seen.trouble, TROUBLE_ODD);
	p = look((struct turn[]){{PLATFORMS, 403, E403}, {0}});
	assert_int_equal(p->seen.trouble, TROUBLE_GRANT);
	p = look((struct turn[]){two, {DOMAINS(P1), 403, E403}, {DOMAINS(P2), 404, E404}, {0}});
	assert_int_equal(p->seen.trouble, TROUBLE_MISSING);
	p = look((struct turn[]){two, {DOMAINS(P1), 403, E403}, {DOMAINS(P2), 200, "[]"}, {0}});
	assert_int_equal(p->seen.trouble, TROUBLE_GRANT);
	p = look((struct turn[]){two, {DOMAINS(P1), 500, HTML}, {0}});
	assert_int_equal(p->seen.trouble, TROUBLE_TRANSIENT);
	p = look((struct turn[]){two, {DOMAINS(P1), 200, "7"}, {0}});
	assert_int_equal(p->seen.trouble, TROUBLE_ODD);
	/* A platform that may not be searched is no obstacle where another one has the domain. */
	p = look((struct turn[]){
	        two,
	        {DOMAINS(P1), 403, E403},
	        {DOMAINS(P2), 200, "[" DOMAIN "]"},
	        {DIAGNOSE(P2), 200, DIAGNOSIS("OK", "[]", BOTH)},
	        {0},
	});
	assert_true(p->seen.complete);
	/* Pages that go in a circle end. */
	p = look((struct turn[]){{PLATFORMS, 200, "[]", "a"}, {PLATFORMS, 200, "[]", "a"}, {0}});
	assert_int_equal(p->seen.trouble, TROUBLE_ODD);
	/* An id that is none never gets into a path. */
	p = look((struct turn[]){{PLATFORMS, 200, "[{\"id\":\"../x\"},{\"id\":\"\"},{\"id\":5},5]"}, {0}});
	assert_false(p->seen.complete);
	assert_int_not_equal(p->seen.trouble, TROUBLE_NONE);
}

static void domain_objects(void **state)
{
	(void)state;
	static const struct {
		const char *domain;
		enum service_state service;
		enum task_state task;
		unsigned n;
		bool complete;
	} rows[] = {
	        {DOMAIN, SERVICE_OK, TASK_NONE, 2, true},
	        {DOMAIN_AS("OUT_OF_SYNC", "null", EXPECTED), SERVICE_OK, TASK_NONE, 2, true},
	        {DOMAIN_AS("ERROR", "[]", EXPECTED), SERVICE_OK, TASK_NONE, 2, true},
	        {DOMAIN_AS("UPDATING", "[]", EXPECTED), SERVICE_OK, TASK_PENDING, 2, true},
	        {DOMAIN_AS("CREATING", "[]", EXPECTED), SERVICE_BUSY, TASK_NONE, 2, true},
	        {DOMAIN_AS("DELETING", "[]", EXPECTED), SERVICE_CLOSED, TASK_NONE, 2, true},
	        {DOMAIN_AS("SUSPENDED", "[]", EXPECTED), SERVICE_CLOSED, TASK_NONE, 2, true},
	        {DOMAIN_AS("DREAMING", "[]", EXPECTED), SERVICE_UNKNOWN, TASK_NONE, 2, false},
	        {DOMAIN_AS("READY", "[{\"status\":\"SCHEDULED\"}]", EXPECTED), SERVICE_OK, TASK_PENDING, 2,
	                true},
	        {DOMAIN_AS("READY", "[{\"status\":\"ERROR\"}]", EXPECTED), SERVICE_OK, TASK_ERROR, 2, true},
	        {DOMAIN_AS("READY", "[{\"status\":\"ERROR\"},{\"status\":\"RUNNING\"}]", EXPECTED),
	                SERVICE_OK, TASK_PENDING, 2, true},
	        {DOMAIN_AS("READY", "[{\"id\":\"x\"}]", EXPECTED), SERVICE_OK, TASK_PENDING, 2, true},
	        {DOMAIN_AS("READY", "{}", EXPECTED), SERVICE_OK, TASK_NONE, 2, false},
	        {DOMAIN_AS("READY", "[]", "null"), SERVICE_OK, TASK_NONE, 0, true},
	        {DOMAIN_AS("READY", "[]", "{\"dkim\":null}"), SERVICE_OK, TASK_NONE, 0, true},
	        {DOMAIN_AS("READY", "[]", "{\"dkim\":{\"cnames\":{}}}"), SERVICE_OK, TASK_NONE, 0, false},
	        {DOMAIN_AS("READY", "[]", "{\"dkim\":{\"cnames\":[{\"name\":\"www\",\"value\":\"a.b\"}]}}"),
	                SERVICE_OK, TASK_NONE, 0, false},
	        {DOMAIN_AS("READY", "[]",
	                 "{\"dkim\":{\"cnames\":[{\"name\":\"s._domainkey.other.ovh\",\"value\":\"a.b\"}]}}"),
	                SERVICE_OK, TASK_NONE, 0, false},
	        {DOMAIN_AS("READY", "[]",
	                 "{\"dkim\":{\"cnames\":[{\"name\":\"s._domainkey\",\"value\":\"1.2.3.4\"}]}}"),
	                SERVICE_OK, TASK_NONE, 1, false},
	        {DOMAIN_AS("READY", "[]", "{\"dkim\":{\"cnames\":[{\"name\":\"s._domainkey\"}]}}"),
	                SERVICE_OK, TASK_NONE, 1, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char list[2000];

		str_format(list, sizeof list, "[%s]", rows[i].domain);
		const struct pass *p = look((struct turn[]){
		        {PLATFORMS, 200, "[{\"id\":\"" P1 "\"}]"},
		        {DOMAINS(P1), 200, list},
		        {DIAGNOSE(P1), 200, DIAGNOSIS("OK", "[]", BOTH)},
		        {0},
		});

		if (p->seen.service != rows[i].service || p->seen.domain_task_state != rows[i].task ||
		        p->seen.n != rows[i].n || p->seen.complete != rows[i].complete)
			fail_msg("%s: service %d, task %d, n %u, complete %d", rows[i].domain,
			        (int)p->seen.service, (int)p->seen.domain_task_state, p->seen.n,
			        p->seen.complete);
	}
	const struct pass *p = look((struct turn[]){
	        {PLATFORMS, 200, "[{\"id\":\"" P1 "\"}]"},
	        {DOMAINS(P1), 200, "[{\"id\":\"a/b\",\"currentState\":{\"name\":\"mydomain.ovh\"}}]"},
	        {0},
	});
	assert_int_equal(p->seen.trouble, TROUBLE_ODD);
}

static void diagnoses(void **state)
{
	(void)state;
	static const struct {
		const char *body;
		enum signing_status status;
		enum selector_state first, second;
		int code;
	} rows[] = {
	        {DIAGNOSIS("OK", "[]", BOTH), STATUS_ENABLED, SELECTOR_SET, SELECTOR_SET, 0},
	        {DIAGNOSIS("ERROR", "[" ERR("DKIM_DISABLED") "]", BOTH), STATUS_DISABLED, SELECTOR_SET,
	                SELECTOR_SET, 0},
	        {DIAGNOSIS("ERROR", "[" ERR("DKIM_DISABLED") "]", "[]"), STATUS_DISABLED, SELECTOR_TO_SET,
	                SELECTOR_TO_SET, 0},
	        {DIAGNOSIS("WARNING", "[" ERR("MISSING_ONE_SELECTOR") "]", "[" FOUND(S1) "]"),
	                STATUS_TO_CONFIGURE, SELECTOR_SET, SELECTOR_TO_SET, 504},
	        {DIAGNOSIS("WARNING", "[" ERR("MISSING_ONE_SELECTOR") "]", "[\"x CNAME " T(S1) ".\"]"),
	                STATUS_TO_CONFIGURE, SELECTOR_SET, SELECTOR_TO_SET, 504},
	        {DIAGNOSIS("WARNING", "[" ERR("MISSING_ONE_SELECTOR") "]", "[\"" T(S1) "\"]"),
	                STATUS_TO_CONFIGURE, SELECTOR_SET, SELECTOR_TO_SET, 504},
	        {DIAGNOSIS("ERROR", "[" ERR("INCORRECT_CNAME_RECORD") "]", WRONG), STATUS_TO_CONFIGURE,
	                SELECTOR_SET, SELECTOR_TO_FIX, 503},
	        {DIAGNOSIS("ERROR", "[" ERR("INCORRECT_CNAME_RECORD") "]", "[" FOUND(S1) "]"),
	                STATUS_TO_CONFIGURE, SELECTOR_SET, SELECTOR_TO_FIX, 503},
	        {DIAGNOSIS("ERROR", "[" ERR("INCORRECT_CNAME_RECORD") "," ERR("MISSING_ONE_SELECTOR") "]",
	                 "[]"),
	                STATUS_TO_CONFIGURE, SELECTOR_TO_SET, SELECTOR_TO_SET, 503},
	        {DIAGNOSIS("ERROR", "[" ERR("OVH_NOT_INCLUDED") "]", BOTH), STATUS_TO_CONFIGURE, SELECTOR_SET,
	                SELECTOR_SET, 503},
	        {DIAGNOSIS("WARNING", "[" ERR("TASK_RUNNING") "," ERR("MISSING_ONE_SELECTOR") "]",
	                 "[" FOUND(S1) "]"),
	                STATUS_MODIFYING, SELECTOR_SET, SELECTOR_TO_SET, 504},
	        {DIAGNOSIS("ERROR", "[" ERR("TASK_FAILED") "]", BOTH), STATUS_ERROR, SELECTOR_SET,
	                SELECTOR_SET, 502},
	        {DIAGNOSIS("ERROR", "[" ERR("INTERNAL_ERROR") "]", BOTH), STATUS_ERROR, SELECTOR_SET,
	                SELECTOR_SET, 502},
	        {DIAGNOSIS("ERROR", "[]", BOTH), STATUS_DISABLED, SELECTOR_SET, SELECTOR_SET, 0},
	        {DIAGNOSIS("ERROR", "[]", "[]"), STATUS_UNKNOWN, SELECTOR_TO_SET, SELECTOR_TO_SET, 0},
	        {DIAGNOSIS("ERROR", "[" ERR("NEW_CODE") "]", BOTH), STATUS_UNKNOWN, SELECTOR_SET,
	                SELECTOR_SET, 0},
	        {DIAGNOSIS("OK", "[7]", BOTH), STATUS_UNKNOWN, SELECTOR_SET, SELECTOR_SET, 0},
	        {DIAGNOSIS("LOVELY", "[]", BOTH), STATUS_UNKNOWN, SELECTOR_SET, SELECTOR_SET, 0},
	        {"[{\"domainId\":\"" DID "\",\"error\":" ERR("DOMAIN_IN_TRANSIENT_STATE") "}]",
	                STATUS_MODIFYING, SELECTOR_TO_SET, SELECTOR_TO_SET, 0},
	        {"[{\"domainId\":\"" DID "\",\"error\":" ERR("DOMAIN_NOT_VALIDATED") "}]", STATUS_ERROR,
	                SELECTOR_TO_SET, SELECTOR_TO_SET, 502},
	        {"[{\"domainId\":\"" DID "\",\"error\":" ERR("DOMAIN_NOT_FOUND") "}]", STATUS_UNKNOWN,
	                SELECTOR_TO_SET, SELECTOR_TO_SET, 0},
	        {"[{\"domainId\":\"" DID "\"}]", STATUS_UNKNOWN, SELECTOR_TO_SET, SELECTOR_TO_SET, 0},
	        {"[{\"domainId\":\"" P1 "\"}]", STATUS_UNKNOWN, SELECTOR_UNKNOWN, SELECTOR_UNKNOWN, 0},
	        {"[]", STATUS_UNKNOWN, SELECTOR_UNKNOWN, SELECTOR_UNKNOWN, 0},
	        {"null", STATUS_UNKNOWN, SELECTOR_UNKNOWN, SELECTOR_UNKNOWN, 0},
	        {HTML, STATUS_UNKNOWN, SELECTOR_UNKNOWN, SELECTOR_UNKNOWN, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct pass *p = look((struct turn[]){
		        {PLATFORMS, 200, "[{\"id\":\"" P1 "\"}]"},
		        {DOMAINS(P1), 200, "[" DOMAIN "]"},
		        {DIAGNOSE(P1), 200, rows[i].body},
		        {0},
		});

		if (p->seen.status != rows[i].status || p->seen.sel[0].state != rows[i].first ||
		        p->seen.sel[1].state != rows[i].second || p->seen.theirs.code != rows[i].code ||
		        p->seen.n != 2 || p->seen.complete != (rows[i].status != STATUS_UNKNOWN))
			fail_msg("%s: status %d, selectors %s %s, code %d, complete %d", rows[i].body,
			        (int)p->seen.status, selector_state_word(p->seen.sel[0].state),
			        selector_state_word(p->seen.sel[1].state), p->seen.theirs.code,
			        p->seen.complete);
	}
	const struct pass *p = look((struct turn[]){
	        {PLATFORMS, 200, "[{\"id\":\"" P1 "\"}]"},
	        {DOMAINS(P1), 200, "[" DOMAIN "]"},
	        {DIAGNOSE(P1), 404, E404},
	        {0},
	});
	assert_int_equal(p->seen.trouble, TROUBLE_TRANSIENT);
}

/* Switched off, and OVHcloud writes the records: the enable makes it write them, so nothing is awaited before. */
static void nothing_is_awaited_before_the_enable(void **state)
{
	(void)state;
	mydomain.dns = DNS_PLATFORM;
	const struct turn off = {DIAGNOSE(P1), 200, DIAGNOSIS("ERROR", "[" ERR("DKIM_DISABLED") "]", "[]")};
	const struct turn on = {
	        DIAGNOSE(P1), 200, DIAGNOSIS("WARNING", "[" ERR("MISSING_ONE_SELECTOR") "]", "[]")};
	const struct turn platforms = {PLATFORMS, 200, "[{\"id\":\"" P1 "\"}]"};
	const struct turn domain = {DOMAINS(P1), 200, "[" DOMAIN "]"};
	const struct pass *p = look((struct turn[]){platforms, domain, off, {0}});

	assert_true(p->seen.complete);
	assert_int_equal(p->seen.status, STATUS_DISABLED);
	assert_int_equal(p->seen.n, 0);
	p = look((struct turn[]){platforms, domain, on, {0}});
	assert_int_equal(p->seen.status, STATUS_TO_CONFIGURE);
	assert_int_equal(p->seen.n, 2);
	mydomain.dns = DNS_OVH;
}

/* A diagnosis that shows no records while it is switched off: our own look-up stands in, for the very same target. */
static void own_look_up_stands_in(void **state)
{
	(void)state;
	static struct pass p;
	struct record rec = {.n = 2};
	const struct turn script[] = {
	        {PLATFORMS, 200, "[{\"id\":\"" P1 "\"}]"},
	        {DOMAINS(P1), 200, "[" DOMAIN "]"},
	        {DIAGNOSE(P1), 200, DIAGNOSIS("ERROR", "[" ERR("DKIM_DISABLED") "]", "[]")},
	        {0},
	};

	str_copy(rec.sel[0].name, sizeof rec.sel[0].name, S1);
	str_copy(rec.sel[0].target, sizeof rec.sel[0].target, T(S1));
	str_copy(rec.sel[1].name, sizeof rec.sel[1].name, S2);
	str_copy(rec.sel[1].target, sizeof rec.sel[1].target, "another.target.example");
	rec.sel[0].dns = rec.sel[1].dns = SEEN_OK;
	p = (struct pass){.desired = &mydomain, .record = &rec, .kind = LOOK_FULL};
	drive_look(&p, script);
	assert_int_equal(p.seen.sel[0].state, SELECTOR_SET);
	assert_int_equal(p.seen.sel[1].state, SELECTOR_TO_SET);
	rec.sel[0].dns = SEEN_MISSING;
	p = (struct pass){.desired = &mydomain, .record = &rec, .kind = LOOK_FULL};
	drive_look(&p, script);
	assert_int_equal(p.seen.sel[0].state, SELECTOR_TO_SET);
}

static void outcomes(void **state)
{
	(void)state;
	const struct driver *driver = platform_for(&mydomain);
	struct outcome o;
	struct api_answer a = turn_answer(&(struct turn){"", 200, DOMAIN}, NOW);

	driver->outcome(&a, &o);
	assert_int_equal(o.kind, OUTCOME_ACCEPTED);
	assert_int_equal(o.task_id, 0);
	a = turn_answer(&(struct turn){"", 200, "{\"id\":4}"}, NOW);
	driver->outcome(&a, &o);
	assert_int_equal(o.kind, OUTCOME_OPEN);
	a = turn_answer(&(struct turn){"", 409,
	                        "{\"class\":\"Client::Conflict::RESOURCE_NOT_READY\",\"message\":\"x\"}"},
	        NOW);
	driver->outcome(&a, &o);
	assert_int_equal(o.kind, OUTCOME_REFUSED);
	assert_int_equal(o.trouble, TROUBLE_CONFLICT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(signing),
	        cmocka_unit_test(diagnosis_is_no_change),
	        cmocka_unit_test(pages_and_platforms),
	        cmocka_unit_test(not_found),
	        cmocka_unit_test(domain_objects),
	        cmocka_unit_test(diagnoses),
	        cmocka_unit_test(nothing_is_awaited_before_the_enable),
	        cmocka_unit_test(own_look_up_stands_in),
	        cmocka_unit_test(outcomes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
