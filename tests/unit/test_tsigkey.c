/* TSIG keys in files: the two forms, what is wrong with each fault's line, and no secret in any of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "codec/tsigkey.h"

#define B64 "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IQ=="
#define KEY "key \"Dk.Example.\" {\n\talgorithm hmac-sha512;\n\tsecret \"" B64 "\";\n};\n"

struct row {
	const char *text, *name, *algorithm; /* of the configuration */
	const char *ret_name, *ret_algorithm;
	const char *fault; /* else */
};

/* clang-format off */
static const struct row rows[] = {
	{B64, "dk", NULL, "dk", "hmac-sha256", NULL},
	{"  " B64 "\n\n", "dk", "hmac-sha1", "dk", "hmac-sha1", NULL},
	{"# made by hand\n" B64 "\n", "dk", NULL, "dk", "hmac-sha256", NULL},
	{"\"" B64 "\"", "dk", NULL, "dk", "hmac-sha256", NULL},
	{KEY, NULL, NULL, "dk.example", "hmac-sha512", NULL},
	{KEY, "dk.example", "hmac-sha512", "dk.example", "hmac-sha512", NULL},
	{"// x\n/* y\n z */ key dk { secret " B64 "; algorithm HMAC-SHA256.; };", NULL, NULL, "dk", "hmac-sha256", NULL},
	{"key dk { secret \"" B64 "\"; };", NULL, "hmac-sha512", "dk", "hmac-sha512", NULL},
	{B64, NULL, NULL, NULL, NULL, "f: it holds a secret alone: set key:"},
	{KEY, "other", NULL, NULL, NULL, "f: the key in it has another name than key: says"},
	{KEY, NULL, "hmac-sha256", NULL, NULL, "f: the key in it has another algorithm"},
	{"", "dk", NULL, NULL, NULL, "f:1: the secret is not in base64"},
	{"\n\nabc", "dk", NULL, NULL, NULL, "f:3: the secret is not in base64"},
	{"a=bc", "dk", NULL, NULL, NULL, "f:1: the secret is not in base64"},
	{B64 "\n" B64, "dk", NULL, NULL, NULL, "f:2: something stands behind the key"},
	{KEY KEY, NULL, NULL, NULL, NULL, "f:5: something stands behind the key"},
	{"key dk {\n secret \"" B64 "\";\n secret \"" B64 "\"; };", NULL, NULL, NULL, NULL, "f:3: there are two secrets"},
	{"key dk {\n algorithm hmac-md5;\n};", NULL, NULL, NULL, NULL, "f:2: the algorithm is none of"},
	{"key dk { algorithm hmac-sha256; };", NULL, NULL, NULL, NULL, "f:1: the key has no secret"},
	{"key dk {\n colour blue; };", NULL, NULL, NULL, NULL, "f:2: only algorithm and secret may stand in a key"},
	{"key dk { secret \"" B64 "\" };", NULL, NULL, NULL, NULL, "f:1: this is neither a secret"},
	{"key \"dk { secret", NULL, NULL, NULL, NULL, "f:1: a quote is not closed"},
	{"key dk { secret \"" B64, NULL, NULL, NULL, NULL, "f:1: a quote is not closed"},
	{"key dk { secret", NULL, NULL, NULL, NULL, "f:1: the secret is not in base64"},
	{"key dk {", NULL, NULL, NULL, NULL, "f:1: only algorithm and secret may stand in a key"},
	{"key a..b {", NULL, NULL, NULL, NULL, "f:1: the key's name is none"},
	{"[default]\napplication_key=x", "dk", NULL, NULL, NULL, "f:1: the secret is not in base64"},
	{"/* never closed", "dk", NULL, NULL, NULL, "f:1: the secret is not in base64"},
};
/* clang-format on */

static void files(void **state)
{
	char line[400];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		struct diags d = {0};
		struct tsig_key *k = tsig_key_parse(r->text, strlen(r->text), "f", r->name, r->algorithm, &d);

		if ((k == NULL) != (r->fault != NULL) || (d.n == 1) != (k == NULL))
			fail_msg("row %zu: %s", i,
			        d.n > 0 ? diag_format(&d.list[0], line, sizeof(line)) : "no fault");
		if (k != NULL) {
			assert_string_equal(k->name, r->ret_name);
			assert_string_equal(k->algorithm, r->ret_algorithm);
			assert_string_equal(k->secret, B64);
		} else {
			diag_format(&d.list[0], line, sizeof(line));
			assert_null(strstr(line, "c2Vj"));
			if (!str_prefix(line, r->fault))
				fail_msg("row %zu: %s", i, line);
		}
		tsig_key_free(k);
		diags_clear(&d);
	}
}

/* Every beginning of a file is read without harm; what is cut is never taken for whole. */
static void cut_anywhere(void **state)
{
	(void)state;
	for (size_t n = 0; n < strlen(KEY) - 1; n++) {
		struct diags d = {0};
		char *own = xstrndup(KEY, n);
		struct tsig_key *k = tsig_key_parse(own, n, "f", NULL, NULL, &d);

		assert_true(k == NULL || n >= strlen(KEY) - 1);
		tsig_key_free(k);
		diags_clear(&d);
		free(own);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(files),
	        cmocka_unit_test(cut_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
