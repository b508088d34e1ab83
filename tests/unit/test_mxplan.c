/* MX Plan, and Zimbra through the same routes: readings good, odd and hostile, and the one switch. */
#include "drive.h"

#include <errno.h>
#include <stdlib.h>

#define D           "/email/domain/mydomain.ovh"
#define S1          "ovhmo1-selector1"
#define S2          "ovhmo1-selector2"
#define CNAME(s, n) "\"" s "._domainkey.mydomain.ovh CNAME " s "._domainkey." n ".dkim.mail.ovh.net.\""
#define SEL(s, status)                                                                                       \
	"{\"selectorName\":\"" s "\",\"cname\":" CNAME(s, "1675.ac") ",\"status\":\"" status "\",\"x\":1}"
#define DKIM(status, active, selectors)                                                                      \
	"{\"status\":\"" status "\",\"activeSelector\":" active                                              \
	",\"autoconfig\":true,\"selectors\":" selectors "}"
#define BOTH_SET "[" SEL(S2, "set") "," SEL(S1, "set") "]"
#define OK       "{\"domain\":\"mydomain.ovh\",\"status\":\"ok\"}"

static const struct desired mydomain = {
        .domain = "mydomain.ovh", .platform = PLATFORM_MXPLAN, .dns = DNS_PLATFORM};
static const struct desired zimbra = {
        .domain = "mydomain.ovh", .platform = PLATFORM_ZIMBRA, .dns = DNS_PLATFORM};

static const struct pass *look(const struct desired *d, enum look_kind kind, const struct record *rec,
        bool names_due, const struct turn *script)
{
	static struct pass p;

	p = (struct pass){.desired = d, .record = rec, .kind = kind, .names_due = names_due};
	drive_look(&p, script);
	return &p;
}

static void enabled(void **state)
{
	(void)state;
	const struct desired *both[] = {&mydomain, &zimbra};

	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		const struct pass *p = look(both[i], LOOK_FULL, NULL, true,
		        (struct turn[]){
		                {"GET " D "/dkim", 200, DKIM("enabled", "\"" S2 "\"", BOTH_SET)},
		                {"GET " D, 200, OK},
		                {0},
		        });

		assert_int_equal(p->platform->kind, both[i]->platform);
		assert_false(p->platform->has_selectors || p->platform->has_light);
		assert_true(p->seen.complete && !p->seen.light && !p->seen.flight);
		assert_int_equal(p->seen.service, SERVICE_OK);
		assert_int_equal(p->seen.status, STATUS_ENABLED);
		assert_string_equal(p->seen.active, S2);
		assert_string_equal(p->seen.theirs.state, "enabled");
		assert_int_equal(p->seen.n, 2);
		assert_string_equal(p->seen.sel[0].name, S1);
		assert_true(p->seen.sel[0].named && p->seen.sel[0].listed);
		assert_int_equal(p->seen.sel[0].state, SELECTOR_SET);
		assert_string_equal(p->seen.sel[1].record, S2 "._domainkey.mydomain.ovh");
		assert_string_equal(p->seen.sel[1].target, S2 "._domainkey.1675.ac.dkim.mail.ovh.net");
		assert_int_equal(p->seen.sel[1].read_at, NOW + 100);
	}
}

/* The service is read daily, and whenever it was not ok; a light look is the same as a full one. */
static void service(void **state)
{
	(void)state;
	struct record rec = {.service = SERVICE_OK};
	static const struct {
		const char *body;
		int status;
		enum service_state service;
		bool complete;
	} rows[] = {
	        {OK, 200, SERVICE_OK, true},
	        {"{\"status\":\"close\"}", 200, SERVICE_CLOSED, true},
	        {"{\"status\":\"readOnly\"}", 200, SERVICE_CLOSED, true},
	        {"{\"status\":\"unknown\"}", 200, SERVICE_UNKNOWN, false},
	        {"{\"status\":\"dozing\"}", 200, SERVICE_UNKNOWN, false},
	        {"{}", 200, SERVICE_UNKNOWN, false},
	        {"{\"status\":[]}", 200, SERVICE_UNKNOWN, false},
	        {E403, 403, SERVICE_OK, true}, /* an optional right */
	        {E404, 404, SERVICE_OK, false},
	        {HTML, 503, SERVICE_OK, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct pass *p = look(&mydomain, LOOK_FULL, &rec, true,
		        (struct turn[]){
		                {"GET " D "/dkim", 200, DKIM("enabled", "\"" S2 "\"", BOTH_SET)},
		                {"GET " D, rows[i].status, rows[i].body},
		                {0},
		        });

		assert_int_equal(p->seen.service, rows[i].service);
		assert_int_equal(p->seen.complete, rows[i].complete);
	}
	const struct pass *p = look(&mydomain, LOOK_LIGHT, &rec, false,
	        (struct turn[]){{"GET " D "/dkim", 200, DKIM("enabled", "null", BOTH_SET)}, {0}});
	assert_true(p->seen.complete && !p->seen.light);
	assert_int_equal(p->seen.service, SERVICE_OK);

	p = look(&zimbra, LOOK_FULL, &(struct record){.service = SERVICE_CLOSED}, false,
	        (struct turn[]){
	                {"GET " D "/dkim", 200, DKIM("enabled", "null", BOTH_SET)},
	                {"GET " D, 200, OK},
	                {0},
	        });
	assert_int_equal(p->seen.service, SERVICE_OK);
	p = look(&zimbra, LOOK_FULL, NULL, true,
	        (struct turn[]){
	                {"GET " D "/dkim", 200, DKIM("enabled", "null", BOTH_SET)},
	                {"GET " D, 404, E404S},
	                {0},
	        });
	assert_int_equal(p->seen.service, SERVICE_OK);
	assert_true(p->seen.complete);
}

static void dkim_objects(void **state)
{
	(void)state;
	static const struct {
		const char *body;
		enum signing_status status;
		unsigned n;
		enum selector_state first; /* of the first by name */
		bool complete;
	} rows[] = {
	        {DKIM("disabled", "null", "[]"), STATUS_DISABLED, 0, SELECTOR_UNKNOWN, true},
	        {DKIM("disabled", "null", "null"), STATUS_DISABLED, 0, SELECTOR_UNKNOWN, true},
	        {DKIM("Disabled", "null", "[" SEL(S1, "toSet") "]"), STATUS_DISABLED, 1, SELECTOR_TO_SET,
	                true},
	        {DKIM("toConfigure", "null", "[" SEL(S1, "toFix") "]"), STATUS_TO_CONFIGURE, 1,
	                SELECTOR_TO_FIX, true},
	        {DKIM("modifying", "null", BOTH_SET), STATUS_MODIFYING, 2, SELECTOR_SET, true},
	        {DKIM("error", "null", BOTH_SET), STATUS_ERROR, 2, SELECTOR_SET, true},
	        {"{\"status\":\"enabled\",\"selectors\":[]}", STATUS_ENABLED, 0, SELECTOR_UNKNOWN, true},
	        {DKIM("hibernating", "null", BOTH_SET), STATUS_UNKNOWN, 2, SELECTOR_SET, false},
	        {"{\"selectors\":[]}", STATUS_UNKNOWN, 0, SELECTOR_UNKNOWN, false},
	        {"{\"status\":5,\"selectors\":[]}", STATUS_UNKNOWN, 0, SELECTOR_UNKNOWN, false},
	        {"{\"status\":\"disabled\"}", STATUS_DISABLED, 0, SELECTOR_UNKNOWN, false},
	        {DKIM("disabled", "null", "{}"), STATUS_DISABLED, 0, SELECTOR_UNKNOWN, false},
	        {DKIM("disabled", "null", "[null]"), STATUS_DISABLED, 0, SELECTOR_UNKNOWN, false},
	        {DKIM("enabled", "7", BOTH_SET), STATUS_ENABLED, 2, SELECTOR_SET, false},
	        {DKIM("enabled", "null", "[" SEL(S1, "setting") "]"), STATUS_ENABLED, 1, SELECTOR_UNKNOWN,
	                false},
	        {DKIM("enabled", "null", "[" SEL(S1, "set") "," SEL(S1, "toSet") "]"), STATUS_ENABLED, 1,
	                SELECTOR_SET, false},
	        {"[]", STATUS_UNKNOWN, 0, SELECTOR_UNKNOWN, false},
	        {"null", STATUS_UNKNOWN, 0, SELECTOR_UNKNOWN, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct pass *p = look(&mydomain, LOOK_FULL, &(struct record){.service = SERVICE_OK},
		        false, (struct turn[]){{"GET " D "/dkim", 200, rows[i].body}, {0}});

		if (p->seen.status != rows[i].status || p->seen.n != rows[i].n ||
		        p->seen.sel[0].state != rows[i].first || p->seen.complete != rows[i].complete)
			fail_msg("%s: status %d, n %u, state %d, complete %d", rows[i].body,
			        (int)p->seen.status, p->seen.n, (int)p->seen.sel[0].state, p->seen.complete);
	}
}

/* The display string is split strictly: another selector's or another domain's is none. */
static void cnames(void **state)
{
	(void)state;
	static const struct {
		const char *cname;
		bool good;
	} rows[] = {
	        {CNAME(S1, "1.ab"), true},
	        {"\"" S1 "._domainkey.mydomain.ovh.  cname  T.dkim.mail.ovh.net\"", true},
	        {CNAME(S2, "1.ab"), false},
	        {"\"" S1 "._domainkey.other.ovh CNAME t.dkim.mail.ovh.net.\"", false},
	        {"\"" S1 "._domainkey CNAME t.dkim.mail.ovh.net.\"", false},
	        {"\"" S1 "._domainkey.mydomain.ovh IN CNAME t.dkim.mail.ovh.net.\"", false},
	        {"\"" S1 "._domainkey.mydomain.ovh TXT t.dkim.mail.ovh.net.\"", false},
	        {"\"" S1 "._domainkey.mydomain.ovh CNAME\"", false},
	        {"\"" S1 "._domainkey.mydomain.ovh CNAME a.b. c.d.\"", false},
	        {"\"" S1 "._domainkey.mydomain.ovh CNAME 10.0.0.1\"", false},
	        {"\"" S1 "._domainkey.mydomain.ovh CNAME single.\"", false},
	        {"\"\"", false},
	        {"null", false},
	        {"[]", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char body[600];

		str_format(body, sizeof body,
		        "{\"status\":\"disabled\",\"selectors\":[{\"selectorName\":\"" S1
		        "\",\"cname\":%s,\"status\":\"set\"}]}",
		        rows[i].cname);
		const struct pass *p = look(&mydomain, LOOK_FULL, &(struct record){.service = SERVICE_OK},
		        false, (struct turn[]){{"GET " D "/dkim", 200, body}, {0}});

		if (p->seen.complete != rows[i].good)
			fail_msg("%s: complete %d", rows[i].cname, p->seen.complete);
		assert_int_equal(p->seen.sel[0].state, rows[i].good ? SELECTOR_SET : SELECTOR_UNKNOWN);
		assert_int_equal(p->seen.sel[0].target[0] != '\0', rows[i].good);
	}
}

static void trouble(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *body;
		enum trouble trouble;
	} rows[] = {
	        {404, E404S, TROUBLE_MISSING},
	        {403, E403, TROUBLE_GRANT},
	        {409, "{\"message\":\"busy\"}", TROUBLE_CONFLICT},
	        {500, HTML, TROUBLE_TRANSIENT},
	        {200, HTML, TROUBLE_TRANSIENT},
	        {SILENCE, NULL, TROUBLE_TRANSIENT},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct pass *p = look(&mydomain, LOOK_FULL, NULL, true,
		        (struct turn[]){{"GET " D "/dkim", rows[i].status, rows[i].body}, {0}});

		assert_int_equal(p->seen.trouble, rows[i].trouble);
		assert_false(p->seen.complete);
		assert_int_equal(p->seen.status, STATUS_NONE);
	}
}

/* The intent's task is read, in flight looks too. */
static void in_flight(void **state)
{
	(void)state;
	static const struct {
		const char *word;
		enum task_state task;
	} rows[] = {
	        {"init", TASK_PENDING},
	        {"todo", TASK_PENDING},
	        {"doing", TASK_PENDING},
	        {"done", TASK_OVER},
	        {"cancelled", TASK_OVER},
	        {"ovhError", TASK_ERROR},
	        {"customerError", TASK_ERROR},
	        {"problem", TASK_UNKNOWN},
	};
	struct record rec = {
	        .service = SERVICE_OK, .intent = {{.action = ACTION_ENABLE, .task_id = 3000000001}}};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char body[100];

		str_format(body, sizeof body,
		        "{\"id\":3000000001,\"function\":\"domain/enableDKIM\",\"status\":\"%s\"}",
		        rows[i].word);
		const struct pass *p = look(&mydomain, LOOK_FLIGHT, &rec, true,
		        (struct turn[]){
		                {"GET " D "/dkim", 200, DKIM("modifying", "null", "[]")},
		                {"GET " D "/task/all/3000000001", 200, body},
		                {0},
		        });

		assert_true(p->seen.flight && !p->seen.complete);
		assert_int_equal(p->seen.domain_task, 3000000001);
		assert_int_equal(p->seen.domain_task_state, rows[i].task);
		assert_int_equal(p->seen.service, SERVICE_OK);
	}
}

static void changes(void **state)
{
	(void)state;
	const struct driver *driver = platform_for(&mydomain);
	struct api_request r;
	struct outcome o;

	assert_int_equal(driver->change(&mydomain, NULL, ACTION_ENABLE, "", &r), 0);
	turn_check(&(struct turn){"PUT " D "/dkim/enable"}, &r);
	assert_true(r.changes);
	assert_int_equal(driver->change(&mydomain, NULL, ACTION_DISABLE, "", &r), 0);
	turn_check(&(struct turn){"PUT " D "/dkim/disable"}, &r);
	assert_int_equal(driver->change(&mydomain, NULL, ACTION_CREATE, S1, &r), -ENOTSUP);
	assert_int_equal(driver->change(&mydomain, NULL, ACTION_DELETE, S1, &r), -ENOTSUP);
	struct api_answer a =
	        turn_answer(&(struct turn){"", 200, "{\"id\":4,\"domain\":\"d\",\"status\":\"init\"}"}, NOW);
	driver->outcome(&a, &o);
	assert_int_equal(o.kind, OUTCOME_ACCEPTED);
	assert_int_equal(o.task_id, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(enabled),
	        cmocka_unit_test(service),
	        cmocka_unit_test(dkim_objects),
	        cmocka_unit_test(cnames),
	        cmocka_unit_test(trouble),
	        cmocka_unit_test(in_flight),
	        cmocka_unit_test(changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
