/* Email Pro: where its paths differ from Exchange's, which test_exchange.c covers; and the older Pro selector object. */
#include "drive.h"

#include <stdlib.h>

#define D  "/email/pro/emailpro-zz1-1/domain/mydomain.ovh"
#define S1 "ovhemp1-selector1"
#define S2 "ovhemp1-selector2"

static const struct desired mydomain = {
        .domain = "mydomain.ovh",
        .service = "emailpro-zz1-1",
        .platform = PLATFORM_EMAILPRO,
};

static void first_contact_of_a_virgin_domain(void **state)
{
	(void)state;
	struct pass p = {.desired = &mydomain, .kind = LOOK_FULL, .names_due = true};

	drive_look(&p, (struct turn[]){
	                       {"GET " D, 200, "{\"state\":\"ok\",\"dkimDiagnostics\":{\"state\":null}}"},
	                       {"GET " D "/dkim", 200, "[]"},
	                       {"GET " D "/dkimSelector", 200, "[\"" S2 "\",\"" S1 "\"]"},
	                       {"GET " D "/dkim/" S1, 404, E404},
	                       {"GET " D "/dkim/" S2, 404, E404},
	                       {0},
	               });
	assert_true(p.seen.complete);
	assert_int_equal(p.seen.n, 2);
	assert_int_equal(p.seen.sel[0].state, SELECTOR_ABSENT);
	assert_int_equal(p.seen.sel[1].state, SELECTOR_ABSENT);
	assert_int_equal(p.seen.status, STATUS_NONE);
}

/* Without cnameIsValid, and with a task that its own path knows. */
static void older_object(void **state)
{
	(void)state;
	struct pass p = {.desired = &mydomain, .kind = LOOK_FULL, .names_due = true};

	drive_look(&p,
	        (struct turn[]){
	                {"GET " D, 200, "{\"state\":\"ok\"}"},
	                {"GET " D "/dkim", 200, "[\"" S1 "\"]"},
	                {"GET " D "/dkimSelector", 200, "[\"" S1 "\"]"},
	                {"GET " D "/dkim/" S1, 200,
	                        "{\"selectorName\":\"" S1 "\",\"status\":\"waitingRecord\",\"recordType\":"
	                        "\"CNAME\",\"customerRecord\":\"" S1
	                        "._domainkey.mydomain.ovh\",\"targetRecord\":\"" S1
	                        "._domainkey.2.zz.dkim.mail.ovh.net\",\"taskPendingId\":9007199254740995,"
	                        "\"lastUpdate\":"
	                        "\"1970-01-01T00:00:00+01:00\"}"},
	                {"GET /email/pro/emailpro-zz1-1/task/9007199254740995", 200,
	                        "{\"id\":9007199254740995,\"function\":\"addDomainDKIM\",\"status\":\"done\","
	                        "\"finishDate\":null}"},
	                {0},
	        });
	assert_true(p.seen.complete);
	assert_int_equal(p.seen.n, 1);
	assert_int_equal(p.seen.sel[0].state, SELECTOR_WAITING_RECORD);
	assert_int_equal(p.seen.sel[0].cname_valid, TRI_UNKNOWN);
	assert_int_equal(p.seen.sel[0].last_update, 0);
	assert_int_equal(p.seen.sel[0].task, TASK_OVER);
}

static void service_unknown_is_not_ok(void **state)
{
	(void)state;
	struct pass p = {.desired = &mydomain, .kind = LOOK_LIGHT};

	drive_look(&p, (struct turn[]){{"GET " D, 200, "{\"state\":\"unknown\"}"}, {0}});
	assert_int_equal(p.seen.service, SERVICE_UNKNOWN);
	assert_string_equal(p.seen.service_word, "unknown");
	assert_false(p.seen.complete);
}

static void changes(void **state)
{
	(void)state;
	static const struct {
		enum action_kind action;
		const char *request;
	} rows[] = {
	        {ACTION_CREATE, "POST " D "/dkim {\"selectorName\":\"" S1
	                        "\",\"autoEnableDKIM\":false,\"configureDkim\":false}"},
	        {ACTION_ENABLE, "POST " D "/dkim/" S1 "/enable"},
	        {ACTION_DISABLE, "POST " D "/dkim/" S1 "/disable"},
	        {ACTION_DELETE, "DELETE " D "/dkim/" S1},
	};
	const struct driver *driver = platform_for(&mydomain);
	struct api_request r;

	assert_int_equal(driver->kind, PLATFORM_EMAILPRO);
	assert_true(driver->has_selectors && driver->has_light);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(driver->change(&mydomain, NULL, rows[i].action, S1, &r), 0);
		turn_check(&(struct turn){rows[i].request, 0, NULL, NULL}, &r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(first_contact_of_a_virgin_domain),
	        cmocka_unit_test(older_object),
	        cmocka_unit_test(service_unknown_is_not_ok),
	        cmocka_unit_test(changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
