/* API errors: the catalogue of ovh-api.md 4.2 in both generations, and everything that only looks like an error. */
#include "codec/ovherror.h"

#include "base/util.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define JSON_TYPE "application/json; charset=utf-8"

struct row {
	int status;
	const char *type, *body;
	enum api_error_class class;
	bool refuses;
};

#define OLD(code, message)  "{\"errorCode\":\"" code "\",\"httpCode\":\"4xx\",\"message\":\"" message "\"}"
#define NEW(class, message) "{\"class\":\"Client::" class "\",\"message\":\"" message "\"}"
#define BARE(message)       "{\"message\":\"" message "\"}"

static const struct row rows[] = {
        {200, JSON_TYPE, "null", API_OK, false},
        {204, "", "", API_OK, false},
        {200, "text/html", "<html>", API_OK, false},
        {200, JSON_TYPE, BARE("This credential is not valid"), API_OK, false},

        {400, JSON_TYPE, OLD("QUERY_TIME_OUT", "Query out of time"), API_CLOCK, true},
        {400, JSON_TYPE, OLD("QUERY_TIME_OUT", "other words"), API_CLOCK, true},
        {400, JSON_TYPE, NEW("BadRequest", "Query out of time"), API_CLOCK, true},
        {400, JSON_TYPE, OLD("INVALID_SIGNATURE", "Invalid signature"), API_SIGNATURE, true},
        {400, JSON_TYPE, NEW("BadRequest", "Invalid signature"), API_SIGNATURE, true},
        {400, JSON_TYPE, NEW("BadRequest", "Invalid subfield found in DKIM record"), API_BAD_INPUT, true},
        {400, JSON_TYPE, BARE("Bad domain \\\"Invalid signature\\\""), API_BAD_INPUT, true},
        {400, JSON_TYPE, "{\"error\":\"invalid_client\",\"error_description\":\"no\"}", API_KEY_DEAD, true},
        {401, JSON_TYPE, "{\"error\":\"invalid_client\"}", API_KEY_DEAD, false},
        {401, JSON_TYPE, NEW("Unauthorized", "You must login first"), API_LOGIN, false},
        {403, JSON_TYPE, OLD("INVALID_KEY", "x"), API_KEY_DEAD, true},
        {403, JSON_TYPE, OLD("NOT_CREDENTIAL", "x"), API_KEY_DEAD, true},
        {403, JSON_TYPE, OLD("INVALID_CREDENTIAL", "x"), API_KEY_DEAD, true},
        {403, JSON_TYPE, NEW("Forbidden", "This application key is invalid"), API_KEY_DEAD, true},
        {403, JSON_TYPE, NEW("Forbidden", "This credential does not exist"), API_KEY_DEAD, true},
        {403, JSON_TYPE, NEW("Forbidden", "This credential is not valid"), API_KEY_DEAD, true},
        {403, JSON_TYPE, OLD("NOT_GRANTED_CALL", "This call has not been granted"), API_NOT_GRANTED, true},
        {403, JSON_TYPE, NEW("Forbidden", "This call has not been granted"), API_NOT_GRANTED, true},
        {403, JSON_TYPE, NEW("Forbidden", "User not granted for this request"), API_NOT_GRANTED, true},
        {404, JSON_TYPE, NEW("NotFound", "This service does not exist"), API_NO_SERVICE, true},
        {404, JSON_TYPE, BARE("The requested object (selectorName = a) does not exist"), API_ABSENT, true},
        {404, JSON_TYPE, "{\"class\":\"Client::NotFound\"}", API_ABSENT, true},
        {404, JSON_TYPE, BARE("Got an invalid (or empty) URL"), API_BAD_ROUTE, true},
        {409, JSON_TYPE, BARE("A task is pending"), API_CONFLICT, true},
        {460, JSON_TYPE, BARE("This service is expired"), API_EXPIRED, false},

        {429, JSON_TYPE, BARE("slow down"), API_LIMITED, false},
        {429, "text/html", "<html>", API_LIMITED, false},
        {429, "", "", API_LIMITED, false},
        {408, JSON_TYPE, BARE("This service does not exist"), API_TRANSIENT, false},
        {408, "text/html", "<h1>408 Request Time-out</h1>", API_TRANSIENT, false},
        {500, JSON_TYPE, BARE("Internal server error"), API_TRANSIENT, false},
        {500, JSON_TYPE, "{\"error\":\"invalid_client\"}", API_TRANSIENT, false},
        {502, "text/html", "<html><h1>Bad Gateway</h1>", API_TRANSIENT, false},
        {503, "", "", API_TRANSIENT, false},
        {404, "text/html", "<html>404</html>", API_TRANSIENT, false},
        {404, "text/html", BARE("This service does not exist"), API_TRANSIENT, false},
        {404, JSON_TYPE, "{\"message\":\"cut sho", API_TRANSIENT, false},
        {404, JSON_TYPE, "", API_TRANSIENT, false},
        {403, JSON_TYPE, "Forbidden", API_TRANSIENT, false},
        {400, "text/plain", "Bad Request", API_TRANSIENT, false},
        {409, "text/html", "<html>", API_TRANSIENT, false},
        {302, "text/html", "<a href>", API_TRANSIENT, false},
        {0, "", "", API_TRANSIENT, false},

        {404, JSON_TYPE, "null", API_UNKNOWN, false},
        {404, JSON_TYPE, "{}", API_UNKNOWN, false},
        {404, JSON_TYPE, "[\"message\"]", API_UNKNOWN, false},
        {403, JSON_TYPE, "{\"message\":7}", API_UNKNOWN, false},
        {410, JSON_TYPE, BARE("gone"), API_UNKNOWN, false},
        {422, JSON_TYPE, BARE("no"), API_UNKNOWN, false},
        {302, JSON_TYPE, BARE("elsewhere"), API_UNKNOWN, false},
};

static void classify(const struct row *r, struct api_error *e)
{
	size_t n = strlen(r->body);
	char *exact = malloc(n ? n : 1); /* one byte too far is seen by the sanitizer */

	memcpy(exact, r->body, n);
	memset(e, 0xff, sizeof(*e));
	api_error_classify(r->status, r->type, exact, n, e);
	free(exact);
}

static void test_catalogue(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct api_error e;

		classify(&rows[i], &e);
		if (e.class != rows[i].class || api_error_refuses(rows[i].status, &e) != rows[i].refuses)
			fail_msg("%d %s: %s, refuses %d", rows[i].status, rows[i].body,
			        api_error_word(e.class), api_error_refuses(rows[i].status, &e));
		assert_int_equal(e.class == API_OK, e.trouble == TROUBLE_NONE);
		assert_int_equal(e.class == API_OK, e.message[0] == '\0');
	}
}

/* Safety rule 7 read the other way: outside the four statuses nothing is a refusal, whatever the body says. */
static void test_only_four_statuses_refuse(void **state)
{
	(void)state;
	for (int status = 0; status < 1000; status++) {
		struct row r = {status, JSON_TYPE, "{\"class\":\"Client::NotFound\",\"message\":\"no\"}",
		        API_OK, false};
		struct api_error e;

		classify(&r, &e);
		assert_int_equal(api_error_refuses(status, &e),
		        status == 400 || status == 403 || status == 404 || status == 409);
		r.type = "text/html";
		r.body = "<html>";
		classify(&r, &e);
		assert_false(api_error_refuses(status, &e));
	}
}

static void test_how_far_it_reaches(void **state)
{
	(void)state;
	static const struct {
		enum api_error_class class;
		enum trouble trouble;
	} reach[] = {
	        {API_OK, TROUBLE_NONE},
	        {API_CLOCK, TROUBLE_CLOCK},
	        {API_SIGNATURE, TROUBLE_CLOCK},
	        {API_KEY_DEAD, TROUBLE_ACCOUNT},
	        {API_LOGIN, TROUBLE_ACCOUNT},
	        {API_NOT_GRANTED, TROUBLE_GRANT},
	        {API_NO_SERVICE, TROUBLE_MISSING},
	        {API_ABSENT, TROUBLE_MISSING},
	        {API_EXPIRED, TROUBLE_EXPIRED},
	        {API_CONFLICT, TROUBLE_CONFLICT},
	        {API_LIMITED, TROUBLE_TRANSIENT},
	        {API_TRANSIENT, TROUBLE_TRANSIENT},
	        {API_BAD_INPUT, TROUBLE_ODD},
	        {API_BAD_ROUTE, TROUBLE_ODD},
	        {API_UNKNOWN, TROUBLE_ODD},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct api_error e;

		classify(&rows[i], &e);
		for (size_t k = 0; k < ARRAY_SIZE(reach); k++)
			if (reach[k].class == e.class)
				assert_int_equal(reach[k].trouble, e.trouble);
	}
	for (size_t k = 0; k < ARRAY_SIZE(reach); k++)
		assert_true(strlen(api_error_word(reach[k].class)) > 1);
}

static void test_words_for_people(void **state)
{
	(void)state;
	struct api_error e;
	struct row iam = {403, JSON_TYPE,
	        "{\"class\":\"Client::Forbidden\",\"message\":\"User not granted for this "
	        "request\",\"details\":"
	        "{\"unauthorizedActionsByAuthentication\":\"\",\"unauthorizedActionsByIAM\":\"vps:apiovh:"
	        "reboot\"}}",
	        API_NOT_GRANTED, true};

	classify(&iam, &e);
	assert_string_equal(e.denied, "vps:apiovh:reboot");
	assert_string_equal(e.message, "User not granted for this request (vps:apiovh:reboot)");
	assert_string_equal(e.code, "Client::Forbidden");

	struct row old = {400, "",
	        "{\"errorCode\":\"INVALID_SIGNATURE\",\"message\":\"Invalid \\u001b[31msig\\nnature\"}",
	        API_SIGNATURE, true};
	classify(&old, &e);
	assert_int_equal(e.class, API_SIGNATURE);
	assert_string_equal(e.code, "INVALID_SIGNATURE");
	assert_string_equal(e.message, "Invalid ?[31msig?nature");

	struct row page = {502, "text/html; \x1b", "<html>", API_TRANSIENT, false};
	classify(&page, &e);
	assert_string_equal(e.message, "an unreadable answer (text/html; ?)");
	struct row silence = {0, "", "", API_TRANSIENT, false};
	classify(&silence, &e);
	assert_string_equal(e.message, "no answer");
}

static void test_long_texts_are_cut(void **state)
{
	(void)state;
	struct buf b = {0};
	struct api_error e;

	buf_puts(&b, "{\"message\":\"");
	for (int i = 0; i < 5000; i++)
		buf_puts(&b, "\xc3\xa9");
	buf_puts(&b, "\",\"class\":\"");
	for (int i = 0; i < 5000; i++)
		buf_puts(&b, "c");
	buf_puts(&b, "\",\"details\":{\"unauthorizedActionsByIAM\":\"");
	for (int i = 0; i < 5000; i++)
		buf_puts(&b, "d");
	buf_puts(&b, "\"}}");
	api_error_classify(403, "", b.data, b.len, &e);
	assert_int_equal(e.class, API_NOT_GRANTED);
	assert_true(strlen(e.message) < sizeof(e.message) && strlen(e.message) > 150);
	assert_true(strlen(e.code) == sizeof(e.code) - 1);
	assert_true(strlen(e.denied) == sizeof(e.denied) - 1);
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_catalogue),
	        cmocka_unit_test(test_only_four_statuses_refuse),
	        cmocka_unit_test(test_how_far_it_reaches),
	        cmocka_unit_test(test_words_for_people),
	        cmocka_unit_test(test_long_texts_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
