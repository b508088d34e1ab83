/* Exchange's changes: the requests, what their answers mean, and how tasks and looks in flight follow them. */
#include <errno.h>

#include "drive_exchange.h"

#define ID                "4611686018427387905"
#define WITH_TASK(status) OBJECT(S1, status, "\"targetRecord\":\"t.ovh.net\",\"taskPendingId\":" ID)

static void tasks_are_read(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *body;
		enum task_state task;
	} rows[] = {
	        {200, "{\"id\":" ID ",\"function\":\"enableExchangeDKIM\",\"status\":\"todo\"}",
	                TASK_PENDING},
	        {200, "{\"id\":" ID ",\"status\":\"doing\"}", TASK_PENDING},
	        {200, "{\"id\":" ID ",\"status\":\"Done\"}", TASK_OVER},
	        {200, "{\"id\":" ID ",\"status\":\"cancelled\"}", TASK_OVER},
	        {404, E404, TASK_OVER},
	        {200, "{\"id\":" ID ",\"status\":\"error\"}", TASK_ERROR},
	        {200, "{\"id\":" ID ",\"status\":\"odd\"}", TASK_UNKNOWN},
	        {200, "{\"id\":1,\"status\":\"done\"}", TASK_UNKNOWN},
	        {200, "{\"status\":\"done\"}", TASK_UNKNOWN},
	        {404, HTML, TASK_UNKNOWN},
	        {500, HTML, TASK_UNKNOWN},
	        {403, E403, TASK_UNKNOWN},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct pass *p = look(LOOK_FULL, known(), false,
		        (struct turn[]){
		                {"GET " D, 200, "{\"state\":\"ok\",\"taskPendingId\":" ID "}"},
		                {"GET " D "/dkim", 200, BOTH},
		                {"GET " D "/dkim/" S1, 200, WITH_TASK("enabling")},
		                {"GET " D "/dkim/" S2, 200, GOOD(S2, "inProduction")},
		                {"GET " TASK ID, rows[i].status, rows[i].body},
		                {0},
		        });

		assert_int_equal(p->seen.sel[0].task_id, INT64_C(4611686018427387905));
		assert_int_equal(p->seen.sel[0].task, rows[i].task);
		assert_int_equal(p->seen.sel[1].task, TASK_NONE);
		assert_int_equal(p->seen.domain_task_state, TASK_NONE);
		assert_int_equal(p->seen.complete, rows[i].task != TASK_UNKNOWN);
	}
	const struct pass *p = look(LOOK_FULL, known(), false,
	        (struct turn[]){
	                {"GET " D, 200, "{\"state\":\"ok\",\"taskPendingId\":77}"},
	                {"GET " D "/dkim", 200, "[\"" S2 "\"]"},
	                {"GET " D "/dkim/" S1, 404, E404},
	                {"GET " D "/dkim/" S2, 200, GOOD(S2, "inProduction")},
	                {"GET " TASK "77", 200, "{\"id\":77,\"status\":\"todo\"}"},
	                {0},
	        });
	assert_int_equal(p->seen.domain_task_state, TASK_PENDING);
	assert_true(p->seen.complete);
}

static const struct record *with_intent(enum action_kind action, const char *selector, int64_t task)
{
	struct record *r = known();

	r->intent[0] = (struct intent){.action = action, .at = NOW, .task_id = task};
	str_copy(r->intent[0].selector, sizeof r->intent[0].selector, selector);
	return r;
}

static void flight_looks(void **state)
{
	(void)state;
	const struct pass *p = look(LOOK_FLIGHT, with_intent(ACTION_ENABLE, S2, 0), false,
	        (struct turn[]){
	                {"GET " D "/dkim/" S1, 200, GOOD(S1, "ready")},
	                {"GET " D "/dkim/" S2, 200, GOOD(S2, "inProduction")},
	                {0},
	        });
	assert_true(p->seen.flight && !p->seen.complete);
	assert_int_equal(p->seen.trouble, TROUBLE_NONE);
	assert_int_equal(p->seen.n, 2);

	/* A creation: the list only when its own path answers 404; the task that the answer named is read. */
	p = look(LOOK_FLIGHT, with_intent(ACTION_CREATE, S1, 5), false,
	        (struct turn[]){
	                {"GET " D "/dkim/" S1, 404, E404},
	                {"GET " D "/dkim", 200, "[\"" S2 "\"]"},
	                {"GET " TASK "5", 200, "{\"id\":5,\"status\":\"doing\"}"},
	                {0},
	        });
	assert_int_equal(p->seen.n, 1);
	assert_true(p->seen.sel[0].named);
	assert_int_equal(p->seen.sel[0].state, SELECTOR_ABSENT);
	assert_int_equal(p->seen.sel[0].task, TASK_PENDING);
	p = look(LOOK_FLIGHT, with_intent(ACTION_CREATE, S1, 0), false,
	        (struct turn[]){{"GET " D "/dkim/" S1, 200, GOOD(S1, "todo")}, {0}});
	assert_int_equal(p->seen.sel[0].state, SELECTOR_TODO);

	/* A deletion is done when list and path agree. */
	static const struct {
		struct turn list;
		enum selector_state state;
	} rows[] = {
	        {{"GET " D "/dkim", 200, "[\"" S2 "\"]"}, SELECTOR_ABSENT},
	        {{"GET " D "/dkim", 200, BOTH}, SELECTOR_UNKNOWN},
	        {{"GET " D "/dkim", 200, "[null]"}, SELECTOR_UNKNOWN},
	        {{"GET " D "/dkim", 500, HTML}, SELECTOR_UNKNOWN},
	        {{"GET " D "/dkim", 404, E404S}, SELECTOR_UNKNOWN},
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		p = look(LOOK_FLIGHT, with_intent(ACTION_DELETE, S1, 0), false,
		        (struct turn[]){{"GET " D "/dkim/" S1, 404, E404}, rows[i].list, {0}});
		assert_int_equal(p->seen.sel[0].state, rows[i].state);
		assert_int_equal(p->seen.trouble == TROUBLE_NONE, rows[i].state == SELECTOR_ABSENT);
	}
	/* Nothing in flight: nothing is asked. */
	p = look(LOOK_FLIGHT, known(), false, (struct turn[]){{0}});
	assert_int_equal(p->seen.n, 0);
}

static void changes(void **state)
{
	(void)state;
	static const struct {
		enum action_kind action;
		enum dns_mode dns;
		const char *request;
	} rows[] = {
	        {ACTION_CREATE, DNS_OVH,
	                "POST " D "/dkim {\"selectorName\":\"" S1
	                "\",\"autoEnableDKIM\":false,\"configureDkim\":false}"},
	        {ACTION_CREATE, DNS_MANUAL,
	                "POST " D "/dkim {\"selectorName\":\"" S1
	                "\",\"autoEnableDKIM\":false,\"configureDkim\":false}"},
	        {ACTION_CREATE, DNS_PLATFORM,
	                "POST " D "/dkim {\"selectorName\":\"" S1
	                "\",\"autoEnableDKIM\":false,\"configureDkim\":true}"},
	        {ACTION_ENABLE, DNS_OVH, "POST " D "/dkim/" S1 "/enable"},
	        {ACTION_DISABLE, DNS_OVH, "POST " D "/dkim/" S1 "/disable"},
	        {ACTION_DELETE, DNS_OVH, "DELETE " D "/dkim/" S1},
	};
	const struct driver *driver = platform_for(&mydomain);
	struct api_request r;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct desired d = mydomain;

		d.dns = rows[i].dns;
		assert_int_equal(driver->change(&d, NULL, rows[i].action, S1, &r), 0);
		assert_true(r.changes);
		turn_check(&(struct turn){rows[i].request, 0, NULL, NULL}, &r);
	}
	assert_int_equal(driver->change(&mydomain, NULL, ACTION_PUBLISH, S1, &r), -ENOTSUP);
	assert_int_equal(driver->change(&mydomain, NULL, ACTION_LOOK, S1, &r), -ENOTSUP);
	assert_int_equal(driver->change(&mydomain, NULL, ACTION_DELETE, "", &r), -EINVAL);
	assert_int_equal(driver->change(&mydomain, NULL, ACTION_DELETE, "../../x", &r), -EINVAL);
}

static void outcomes(void **state)
{
	(void)state;
	static const struct {
		int status;
		const char *body;
		enum outcome_kind kind;
		int64_t task;
	} rows[] = {
	        {200, "{\"id\":" ID ",\"status\":\"todo\"}", OUTCOME_ACCEPTED, INT64_C(4611686018427387905)},
	        {200, "{\"id\":0,\"status\":\"todo\"}", OUTCOME_ACCEPTED, 0},
	        {200, HTML, OUTCOME_OPEN, 0},
	        {200, "null", OUTCOME_OPEN, 0},
	        {200, "{\"id\":\"7\",\"status\":\"todo\"}", OUTCOME_OPEN, 0},
	        {200, "", OUTCOME_OPEN, 0},
	        {204, "", OUTCOME_OPEN, 0},
	        {302, HTML, OUTCOME_OPEN, 0},
	        {400, "{\"message\":\"no\"}", OUTCOME_REFUSED, 0},
	        {403, E403, OUTCOME_REFUSED, 0},
	        {404, E404, OUTCOME_REFUSED, 0},
	        {409, "{\"message\":\"A task is pending\"}", OUTCOME_REFUSED, 0},
	        {400, HTML, OUTCOME_OPEN, 0},
	        {403, HTML, OUTCOME_OPEN, 0},
	        {404, "", OUTCOME_OPEN, 0},
	        {409, "[]", OUTCOME_OPEN, 0},
	        {401, "{\"message\":\"You must login first\"}", OUTCOME_OPEN, 0},
	        {408, HTML, OUTCOME_OPEN, 0},
	        {429, "{\"message\":\"Too many\"}", OUTCOME_OPEN, 0},
	        {500, "{\"message\":\"Internal server error\"}", OUTCOME_OPEN, 0},
	        {SILENCE, NULL, OUTCOME_OPEN, 0},
	};
	const struct driver *driver = platform_for(&mydomain);
	struct outcome o;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct turn t = {"", rows[i].status, rows[i].body, NULL};
		struct api_answer a = turn_answer(&t, NOW);

		driver->outcome(&a, &o);
		if (o.kind != rows[i].kind)
			fail_msg("%d %s: %d", rows[i].status, rows[i].body, (int)o.kind);
		assert_int_equal(o.task_id, rows[i].task);
		assert_int_equal(o.trouble == TROUBLE_NONE, o.kind == OUTCOME_ACCEPTED);
		assert_string_equal(o.query_id, "EU.ext-3.65e35d73.1");
	}
	driver->outcome(&(struct api_answer){.not_sent = true, .body = "", .error = "no address"}, &o);
	assert_int_equal(o.kind, OUTCOME_NOT_SENT);
	assert_string_equal(o.text, "got no answer: no address");
}

/* A service name too long for any path is never cut short into another path. */
static void too_long(void **state)
{
	(void)state;
	char service[1100];
	struct desired d = mydomain;
	struct api_request r;

	memset(service, 'a', sizeof service - 1);
	service[sizeof service - 1] = '\0';
	d.service = service;
	struct pass p = {.desired = &d, .kind = LOOK_FULL};
	drive_look(&p, (struct turn[]){{0}});
	assert_int_equal(p.seen.trouble, TROUBLE_ODD);
	assert_false(p.seen.complete);
	assert_int_equal(platform_for(&d)->change(&d, NULL, ACTION_ENABLE, S1, &r), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(tasks_are_read),
	        cmocka_unit_test(flight_looks),
	        cmocka_unit_test(changes),
	        cmocka_unit_test(outcomes),
	        cmocka_unit_test(too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
