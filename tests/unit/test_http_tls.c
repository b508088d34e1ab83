/* HTTP on the loop: TLS, and whom it does not talk to. */
#include "http_client.h"

static char folder[] = "/tmp/test_http.XXXXXX";

static const struct seen *ask_tls(const char *host, const char *ca_file)
{
	static struct seen s;
	char url[100];

	str_format(url, sizeof(url), "https://%s:%u/json", host, web.port);
	start_url("PUT", url, ca_file, &s);
	run();
	return &s;
}

static void test_tls(void **state)
{
	(void)state;
	char mine[100], other[100];
	const char *const names = "DNS:localhost,IP:127.0.0.1";

	str_format(mine, sizeof(mine), "%s/ca.pem", folder);
	str_format(other, sizeof(other), "%s/other.pem", folder);
	SSL_CTX_free(tls_new(other, names, 1));
	web_close(&web);
	web_open(&web, loop, tls_new(mine, names, 1));

	const struct seen *s = ask_tls("127.0.0.1", mine);
	if (s->end != HTTP_ANSWERED)
		fail_msg("%s", s->error);
	assert_string_equal(s->body, "{\"a\":1}");
	setenv("https_proxy", "http://127.0.0.1:1", 1);
	assert_int_equal(ask_tls("localhost", mine)->end, HTTP_ANSWERED);
	unsetenv("https_proxy");

	unsigned served = web.requests;
	assert_int_equal(ask_tls("127.0.0.1", other)->end, HTTP_NOT_SENT);
	assert_int_equal(
	        ask_tls("127.0.0.1", NULL)->end, HTTP_NOT_SENT); /* the kept connection is no way round */
	assert_int_equal(ask_tls("127.0.0.2", mine)->end, HTTP_NOT_SENT);
	assert_int_equal(ask_tls("127.0.0.1", "/nonexistent/ca.pem")->end, HTTP_NOT_SENT);
	assert_int_equal(web.requests, served);
}

static void test_tls_refusals(void **state)
{
	(void)state;
	char ca[100], url[100];
	struct seen plain;

	str_format(url, sizeof(url), "https://127.0.0.1:%u/json", web.port);
	start_url("PUT", url, NULL, &plain); /* to a server that speaks plain HTTP */
	run();
	assert_int_equal(plain.end, HTTP_NOT_SENT);

	str_format(ca, sizeof(ca), "%s/ca.pem", folder);
	web_close(&web);
	web_open(&web, loop, tls_new(ca, "IP:127.0.0.1", -1));
	const struct seen *s = ask_tls("127.0.0.1", ca);
	assert_int_equal(s->end, HTTP_NOT_SENT);
	assert_non_null(strstr(s->error, "expired"));

	web_close(&web);
	str_format(
	        ca, sizeof(ca), "%s/name.pem", folder); /* another file: what was read is kept for a while */
	web_open(&web, loop, tls_new(ca, "DNS:api.example.net", 1));
	s = ask_tls("127.0.0.1", ca);
	assert_int_equal(s->end, HTTP_NOT_SENT);
	if (!strstr(s->error, "subject name"))
		fail_msg("%s", s->error);

	web_close(&web);
	str_format(ca, sizeof(ca), "%s/old.pem", folder);
	web_open(&web, loop, tls_new(ca, "IP:127.0.0.1", 1));
	SSL_CTX_set_security_level(web.tls, 0); /* TLS 1.1 is offered, and nothing else */
	SSL_CTX_set_max_proto_version(web.tls, TLS1_1_VERSION);
	s = ask_tls("127.0.0.1", ca);
	assert_int_equal(s->end, HTTP_NOT_SENT);
	if (!strstr(s->error, "protocol"))
		fail_msg("%s", s->error);
	assert_int_equal(web.requests, 0);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	static const char *const files[] = {"ca.pem", "other.pem", "name.pem", "old.pem"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char path[100];

		str_format(path, sizeof(path), "%s/%s", folder, files[i]);
		unlink(path);
	}
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        T(test_tls),
	        T(test_tls_refusals),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
