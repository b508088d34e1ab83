/* Exchange's looks against texts that are good, odd and hostile: what was asked in which order, and what was concluded.
 * Email Pro shares the code; its own test holds what differs. */
#include "drive_exchange.h"

static void full_look(void **state)
{
	(void)state;
	const struct pass *p = look(LOOK_FULL, NULL, true,
	        (struct turn[]){
	                {"GET " D, 200, DOMAIN_OK},
	                {"GET " D "/dkim", 200, BOTH},
	                {"GET " D "/dkimSelector", 200, BOTH},
	                {"GET " D "/dkim/" S1, 200, GOOD(S1, "inProduction")},
	                {"GET " D "/dkim/" S2, 200, GOOD(S2, "ready")},
	                {0},
	        });
	const struct observed *o = &p->seen;

	assert_true(o->complete);
	assert_false(o->light || o->flight || o->too_many);
	assert_int_equal(o->trouble, TROUBLE_NONE);
	assert_int_equal(o->service, SERVICE_OK);
	assert_true(o->theirs.given);
	assert_string_equal(o->theirs.state, "active");
	assert_int_equal(o->began, NOW + 100);
	assert_int_equal(o->n, 2);
	assert_string_equal(o->sel[0].name, S1);
	assert_int_equal(o->sel[0].state, SELECTOR_IN_PRODUCTION);
	assert_true(o->sel[0].named && o->sel[0].listed && o->sel[1].named && o->sel[1].listed);
	assert_int_equal(o->sel[1].state, SELECTOR_READY);
	assert_string_equal(o->sel[1].record, S2 "._domainkey.mydomain.ovh");
	assert_string_equal(o->sel[1].target, S2 "._domainkey.1675.ac.dkim.mail.ovh.net");
	assert_int_equal(o->sel[1].cname_valid, TRI_YES);
	assert_int_equal(o->sel[1].last_update, INT64_C(1767319445000));
	assert_int_equal(o->sel[1].read_at, NOW + 500);
	assert_int_equal(o->sel[1].task, TASK_NONE);
}

/* Names are asked when due, when the record has none, and when the list shows one that nobody knows. */
static void names_are_asked_when_needed(void **state)
{
	(void)state;
	struct pass *p = look(LOOK_FULL, known(), false,
	        (struct turn[]){
	                {"GET " D, 200, DOMAIN_OK},
	                {"GET " D "/dkim", 200, BOTH},
	                {"GET " D "/dkim/" S1, 200, GOOD(S1, "inProduction")},
	                {"GET " D "/dkim/" S2, 200, GOOD(S2, "ready")},
	                {0},
	        });
	assert_true(p->seen.complete && p->seen.sel[0].named && p->seen.sel[1].named);

	p = look(LOOK_FULL, known(), false,
	        (struct turn[]){
	                {"GET " D, 200, DOMAIN_OK},
	                {"GET " D "/dkim", 200, "[\"" S1 "\",\"ovhex1-selector3\"]"},
	                {"GET " D "/dkimSelector", 200, "[\"" S1 "\",\"ovhex1-selector3\"]"},
	                {"GET " D "/dkim/" S1, 200, GOOD(S1, "inProduction")},
	                {"GET " D "/dkim/ovhex1-selector3", 200, GOOD("ovhex1-selector3", "ready")},
	                {"GET " D "/dkim/" S2, 404, E404},
	                {0},
	        });
	assert_true(p->seen.complete && p->seen.sel[1].named);
	/* dkimSelector lacks the second of the recorded pair now: it is read once more, so that the record learns it. */
	assert_string_equal(p->seen.sel[2].name, S2);
	assert_false(p->seen.sel[2].named);
	assert_int_equal(p->seen.sel[2].state, SELECTOR_ABSENT);

	p = look(LOOK_FULL, NULL, false,
	        (struct turn[]){
	                {"GET " D, 200, DOMAIN_OK},
	                {"GET " D "/dkim", 200, NONE},
	                {"GET " D "/dkimSelector", 200, NONE},
	                {0},
	        });
	assert_true(p->seen.complete);
	assert_int_equal(p->seen.n, 0);
}

static void absent_needs_list_and_path(void **state)
{
	(void)state;
	static const struct {
		const char *list, *body;
		int status;
		enum selector_state state;
		bool complete;
	} rows[] = {
	        {"[\"" S1 "\"]", E404, 404, SELECTOR_ABSENT, true},
	        {"[\"" S1 "\"]", E404S, 404, SELECTOR_ABSENT, true},
	        {"[\"" S1 "\"]", "{\"class\":\"Client::NotFound\"}", 404, SELECTOR_ABSENT, true},
	        {BOTH, E404, 404, SELECTOR_UNKNOWN, false},
	        {"[\"" S1 "\"]", GOOD(S2, "todo"), 200, SELECTOR_TODO, true},
	        {"[\"" S1 "\"]", HTML, 404, SELECTOR_UNKNOWN, false},
	        {"[\"" S1 "\"]", "", 404, SELECTOR_UNKNOWN, false},
	        {"[\"" S1 "\"]", "[]", 404, SELECTOR_UNKNOWN, false},
	        {"[\"" S1 "\"]", E403, 403, SELECTOR_UNKNOWN, false},
	        {"[\"" S1 "\"]", "{\"message\":\"x\"}", 500, SELECTOR_UNKNOWN, false},
	        {"[\"" S1 "\"]", HTML, 200, SELECTOR_UNKNOWN, false},
	        {"[\"" S1 "\"]", NULL, SILENCE, SELECTOR_UNKNOWN, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct pass *p = look(LOOK_FULL, known(), false,
		        (struct turn[]){
		                {"GET " D, 200, DOMAIN_OK},
		                {"GET " D "/dkim", 200, rows[i].list},
		                {"GET " D "/dkim/" S1, 200, GOOD(S1, "inProduction")},
		                {"GET " D "/dkim/" S2, rows[i].status, rows[i].body},
		                {0},
		        });

		assert_int_equal(p->seen.sel[1].state, rows[i].state);
		assert_int_equal(p->seen.complete, rows[i].complete);
		assert_int_equal(p->seen.trouble == TROUBLE_NONE, rows[i].complete);
		assert_int_equal(p->seen.sel[0].state, SELECTOR_IN_PRODUCTION);
	}
}

/* A list that could not be used makes nothing absent. */
static void bad_lists_prove_nothing(void **state)
{
	(void)state;
	static const struct turn lists[] = {
	        {"GET " D "/dkim", 200, "{}"},
	        {"GET " D "/dkim", 200, "null"},
	        {"GET " D "/dkim", 200, "[\"" S1 "\",7]"},
	        {"GET " D "/dkim", 200, "[\"" S1 "\",\"../x\"]"},
	        {"GET " D "/dkim", 200, "[\"" S1 "\",\"\"]"},
	        {"GET " D "/dkim", 200, "[\"" S1 "\""},
	        {"GET " D "/dkim", 200, HTML},
	        {"GET " D "/dkim", 404, E404},
	        {"GET " D "/dkim", 403, E403},
	        {"GET " D "/dkim", 503, HTML},
	};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		const struct pass *p = look(LOOK_FULL, known(), false,
		        (struct turn[]){
		                {"GET " D, 200, DOMAIN_OK},
		                lists[i],
		                {"GET " D "/dkim/" S1, 404, E404},
		                {"GET " D "/dkim/" S2, 404, E404},
		                {0},
		        });

		assert_int_equal(p->seen.n, 2);
		assert_int_equal(p->seen.sel[0].state, SELECTOR_UNKNOWN);
		assert_int_equal(p->seen.sel[1].state, SELECTOR_UNKNOWN);
		assert_false(p->seen.complete);
		assert_int_not_equal(p->seen.trouble, TROUBLE_NONE);
		assert_non_null(strstr(p->seen.trouble_text, "GET " D "/dkim"));
	}
}

#define ODD_OBJECT(status, rest)                                                                             \
	"{\"selectorName\":\"" S1 "\",\"customerRecord\":\"" S1 "._domainkey.mydomain.ovh\","                \
	"\"targetRecord\":\"t.dkim.mail.ovh.net\",\"status\":" status rest "}"

static void selectors_are_read_strictly(void **state)
{
	(void)state;
	static const struct {
		const char *body;
		enum selector_state state; /* UNKNOWN: refused */
	} rows[] = {
	        {GOOD(S1, "WaitingRecord"), SELECTOR_WAITING_RECORD},
	        {GOOD(S1, "DELETING"), SELECTOR_DELETING},
	        {GOOD(S1, "enabling"), SELECTOR_ENABLING},
	        {GOOD(S1, "disabling"), SELECTOR_DISABLING},
	        {ODD_OBJECT("\"ready\"", ""), SELECTOR_READY},
	        {ODD_OBJECT("\"ready\"", ",\"taskPendingId\":0"), SELECTOR_READY},
	        {ODD_OBJECT("\"ready\"", ",\"cnameIsValid\":null"), SELECTOR_READY},
	        {ODD_OBJECT("\"ready\"", ",\"lastUpdate\":12"), SELECTOR_READY},
	        {OBJECT(S1, "todo", "\"targetRecord\":null"), SELECTOR_TODO},
	        {OBJECT(S1, "waitingRecord", "\"targetRecord\":\"\""), SELECTOR_WAITING_RECORD},
	        {"{\"selectorName\":\"" S1 "\",\"status\":\"todo\"}", SELECTOR_TODO},
	        {GOOD(S1, "mystery"), SELECTOR_UNKNOWN},
	        {GOOD(S1, ""), SELECTOR_UNKNOWN},
	        {GOOD(S2, "ready"), SELECTOR_UNKNOWN},
	        {ODD_OBJECT("null", ""), SELECTOR_UNKNOWN},
	        {ODD_OBJECT("7", ""), SELECTOR_UNKNOWN},
	        {ODD_OBJECT("[\"ready\"]", ""), SELECTOR_UNKNOWN},
	        {ODD_OBJECT("\"ready\"", ",\"cnameIsValid\":\"yes\""), SELECTOR_UNKNOWN},
	        {ODD_OBJECT("\"ready\"", ",\"taskPendingId\":\"12\""), SELECTOR_UNKNOWN},
	        {ODD_OBJECT("\"ready\"", ",\"taskPendingId\":-1"), SELECTOR_UNKNOWN},
	        {ODD_OBJECT("\"ready\"", ",\"taskPendingId\":1.5"), SELECTOR_UNKNOWN},
	        {ODD_OBJECT("\"ready\"", ",\"status\":\"ready\""), SELECTOR_UNKNOWN},
	        {"{\"status\":\"ready\"}", SELECTOR_UNKNOWN},
	        {OBJECT(S1, "ready", "\"targetRecord\":null"), SELECTOR_UNKNOWN},
	        {OBJECT(S1, "inProduction", "\"x\":1"), SELECTOR_UNKNOWN},
	        {OBJECT(S1, "ready", "\"targetRecord\":\"127.0.0.1\""), SELECTOR_UNKNOWN},
	        {OBJECT(S1, "ready", "\"targetRecord\":\"one\""), SELECTOR_UNKNOWN},
	        {OBJECT(S1, "ready", "\"targetRecord\":\"a b.example.\""), SELECTOR_UNKNOWN},
	        {OBJECT(S1, "ready", "\"targetRecord\":[]"), SELECTOR_UNKNOWN},
	        {"{\"selectorName\":\"" S1 "\",\"status\":\"ready\",\"targetRecord\":\"t.ovh.net\","
	         "\"customerRecord\":\"" S1 "._domainkey.other.ovh\"}",
	                SELECTOR_UNKNOWN},
	        {"{\"selectorName\":\"" S1 "\",\"status\":\"ready\",\"targetRecord\":\"t.ovh.net\","
	         "\"customerRecord\":\"" S2 "._domainkey.mydomain.ovh\"}",
	                SELECTOR_UNKNOWN},
	        {"{\"selectorName\":\"" S1 "\",\"status\":\"ready\",\"targetRecord\":\"T.OVH.net.\","
	         "\"customerRecord\":\"" S1 "._DomainKey.MyDomain.ovh.\"}",
	                SELECTOR_READY},
	        {"[]", SELECTOR_UNKNOWN},
	        {"null", SELECTOR_UNKNOWN},
	        {"", SELECTOR_UNKNOWN},
	        {"{\"selectorName\":\"" S1, SELECTOR_UNKNOWN},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct pass *p = look(LOOK_FULL, known(), false,
		        (struct turn[]){
		                {"GET " D, 200, DOMAIN_OK},
		                {"GET " D "/dkim", 200, BOTH},
		                {"GET " D "/dkim/" S1, 200, rows[i].body},
		                {"GET " D "/dkim/" S2, 200, GOOD(S2, "inProduction")},
		                {0},
		        });

		if (p->seen.sel[0].state != rows[i].state)
			fail_msg("%s: read as %s", rows[i].body, selector_state_word(p->seen.sel[0].state));
		assert_int_equal(p->seen.complete, rows[i].state != SELECTOR_UNKNOWN);
		assert_int_equal(p->seen.sel[0].read_at != 0, rows[i].state != SELECTOR_UNKNOWN);
		assert_int_equal(p->seen.sel[1].state, SELECTOR_IN_PRODUCTION);
	}
}

static void domain_object(void **state)
{
	(void)state;
	static const struct {
		const char *body;
		enum service_state service;
		bool complete;
	} rows[] = {
	        {"{\"state\":\"ok\"}", SERVICE_OK, true},
	        {"{\"state\":\"OK\",\"taskPendingId\":null,\"dkimDiagnostics\":null}", SERVICE_OK, true},
	        {"{\"state\":\"ok\",\"dkimDiagnostics\":{\"state\":3,\"errorCode\":\"\"}}", SERVICE_OK, true},
	        {"{\"state\":\"creating\"}", SERVICE_BUSY, true},
	        {"{\"state\":\"reopening\"}", SERVICE_BUSY, true},
	        {"{\"state\":\"internalMigration\"}", SERVICE_BUSY, true},
	        {"{\"state\":\"deleting\"}", SERVICE_CLOSED, true},
	        {"{\"state\":\"suspended\"}", SERVICE_CLOSED, true},
	        {"{\"state\":\"suspending\"}", SERVICE_CLOSED, true},
	        {"{\"state\":\"unknown\"}", SERVICE_UNKNOWN, false},
	        {"{\"state\":\"frozen\"}", SERVICE_UNKNOWN, false},
	        {"{\"state\":null}", SERVICE_UNKNOWN, false},
	        {"{}", SERVICE_UNKNOWN, false},
	        {"{\"state\":\"ok\",\"taskPendingId\":\"x\"}", SERVICE_OK, false},
	        {"[]", SERVICE_UNKNOWN, false},
	        {"\"ok\"", SERVICE_UNKNOWN, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct pass *p =
		        look(LOOK_LIGHT, known(), true, (struct turn[]){{"GET " D, 200, rows[i].body}, {0}});

		assert_true(p->seen.light);
		assert_int_equal(p->seen.service, rows[i].service);
		assert_int_equal(p->seen.complete, rows[i].complete);
	}
	const struct pass *p = look(LOOK_LIGHT, known(), false,
	        (struct turn[]){
	                {"GET " D, 200,
	                        "{\"state\":\"ok\",\"taskPendingId\":9007199254740993,\"dkimDiagnostics\":"
	                        "{\"state\":\"toConfigure\",\"errorCode\":504,\"message\":\"One "
	                        "CNAME\\u001b[1m\"}}"},
	                {0}});
	assert_int_equal(p->seen.domain_task, INT64_C(9007199254740993));
	assert_int_equal(p->seen.theirs.code, 504);
	assert_string_equal(p->seen.theirs.message, "One CNAME?[1m");
}

/* Where going on is pointless the look ends at once. */
static void looks_end_early(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *body;
		enum trouble trouble;
	} rows[] = {
	        {SILENCE, NULL, TROUBLE_TRANSIENT},
	        {429, "{\"message\":\"Too many requests\"}", TROUBLE_TRANSIENT},
	        {404, E404S, TROUBLE_MISSING},
	        {460, "{\"message\":\"This service is expired\"}", TROUBLE_EXPIRED},
	        {403, "{\"class\":\"Client::Forbidden\",\"message\":\"This credential is not valid\"}",
	                TROUBLE_ACCOUNT},
	        {400, "{\"class\":\"Client::BadRequest\",\"message\":\"Invalid signature\"}", TROUBLE_CLOCK},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct pass *p = look(LOOK_FULL, known(), true,
		        (struct turn[]){{"GET " D, rows[i].status, rows[i].body}, {0}});

		assert_int_equal(p->seen.trouble, rows[i].trouble);
		assert_false(p->seen.complete);
		assert_int_equal(p->seen.service, SERVICE_UNKNOWN);
	}
	/* A right that lacks for one route stops that route only. */
	const struct pass *p = look(LOOK_FULL, known(), false,
	        (struct turn[]){
	                {"GET " D, 403, E403},
	                {"GET " D "/dkim", 200, BOTH},
	                {"GET " D "/dkim/" S1, 200, GOOD(S1, "inProduction")},
	                {"GET " D "/dkim/" S2, 502, HTML},
	                {0},
	        });
	assert_int_equal(p->seen.trouble, TROUBLE_GRANT);
	assert_string_equal(p->seen.query_id, "EU.ext-3.65e35d73.1");
	assert_non_null(strstr(p->seen.trouble_text, "GET " D " answered 403"));
	assert_int_equal(p->seen.sel[0].state, SELECTOR_IN_PRODUCTION);
	assert_false(p->seen.complete);
}

static void foreign_selectors(void **state)
{
	(void)state;
	const struct pass *p = look(LOOK_FULL, NULL, true,
	        (struct turn[]){
	                {"GET " D, 200, DOMAIN_OK},
	                {"GET " D "/dkim", 200, "[\"zz\",\"" S2 "\",\"c\",\"aa\"]"},
	                {"GET " D "/dkimSelector", 200, "[\"c\",\"b\",\"a\",\"b\"]"},
	                {"GET " D "/dkim/a", 404, E404},
	                {"GET " D "/dkim/b", 404, E404},
	                {"GET " D "/dkim/aa", 200, GOOD("aa", "ready")},
	                {"GET " D "/dkim/c", 200, GOOD("c", "inProduction")},
	                {"GET " D "/dkim/" S2, 200, GOOD(S2, "ready")},
	                {"GET " D "/dkim/zz", 200, GOOD("zz", "ready")},
	                {0},
	        });

	assert_true(p->seen.complete);
	assert_int_equal(p->seen.n, 6);
	assert_true(p->seen.sel[0].named && p->seen.sel[1].named && !p->seen.sel[2].named &&
	            !p->seen.sel[3].named);
	assert_int_equal(p->seen.sel[0].state, SELECTOR_ABSENT);
	assert_int_equal(p->seen.sel[3].state, SELECTOR_IN_PRODUCTION);

	/* More than there is room for: the pair is kept, and nothing may be concluded. */
	p = look(LOOK_FULL, known(), false,
	        (struct turn[]){
	                {"GET " D, 200, DOMAIN_OK},
	                {"GET " D "/dkim", 200, "[\"a1\",\"a2\",\"a3\",\"a4\",\"a5\",\"a6\",\"a7\"]"},
	                {"GET " D "/dkimSelector", 200, BOTH},
	                {"GET " D "/dkim/" S1, 404, E404},
	                {"GET " D "/dkim/" S2, 404, E404},
	                {"GET " D "/dkim/a1", 200, GOOD("a1", "ready")},
	                {"GET " D "/dkim/a2", 200, GOOD("a2", "ready")},
	                {"GET " D "/dkim/a3", 200, GOOD("a3", "ready")},
	                {"GET " D "/dkim/a4", 200, GOOD("a4", "ready")},
	                {0},
	        });
	assert_true(p->seen.too_many);
	assert_false(p->seen.complete);
}

/* dkimSelector fails: the recorded pair is read all the same, for display, and nothing is concluded. */
static void names_fail(void **state)
{
	(void)state;
	static const struct turn names[] = {
	        {"GET " D "/dkimSelector", 500, HTML},
	        {"GET " D "/dkimSelector", 403, E403},
	        {"GET " D "/dkimSelector", 404, E404},
	        {"GET " D "/dkimSelector", 200, "{\"a\":1}"},
	        {"GET " D "/dkimSelector", 200, "[\"x\\u0000y\"]"},
	        {"GET " D "/dkimSelector", 200, "[\"a.b..c\"]"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct pass *p = look(LOOK_FULL, known(), true,
		        (struct turn[]){
		                {"GET " D, 200, DOMAIN_OK},
		                {"GET " D "/dkim", 200, BOTH},
		                names[i],
		                {"GET " D "/dkim/" S1, 200, GOOD(S1, "inProduction")},
		                {"GET " D "/dkim/" S2, 200, GOOD(S2, "ready")},
		                {0},
		        });

		assert_int_equal(p->seen.n, 2);
		assert_true(p->seen.sel[0].named);
		assert_int_equal(p->seen.sel[0].state, SELECTOR_IN_PRODUCTION);
		assert_false(p->seen.complete);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(full_look),
	        cmocka_unit_test(names_are_asked_when_needed),
	        cmocka_unit_test(absent_needs_list_and_path),
	        cmocka_unit_test(bad_lists_prove_nothing),
	        cmocka_unit_test(selectors_are_read_strictly),
	        cmocka_unit_test(domain_object),
	        cmocka_unit_test(looks_end_early),
	        cmocka_unit_test(foreign_selectors),
	        cmocka_unit_test(names_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
