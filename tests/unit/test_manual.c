/* The defaults that the manual and the example configuration show are those that the reader has. Run in the source's
 * folder. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "codec/config.h"

static char *read_file(const char *path)
{
	const char *src = getenv("SRC");
	char *full = xasprintf("%s/%s", src ? src : ".", path), part[4096];
	struct buf b = {0};
	FILE *f = fopen(full, "re");
	size_t n;

	if (!f) {
		print_error("%s cannot be read\n", full);
		abort();
	}
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(&b, part, n);
	fclose(f);
	free(full);
	return b.data ? b.data : xstrdup("");
}

static struct config *parse(const char *text)
{
	struct diags d = {0};
	struct config *c = config_parse(text, strlen(text), "c.yaml", &d);
	char line[500];

	if (d.n)
		print_error("%s\n", diag_format(&d.list[0], line, sizeof(line)));
	assert_non_null(c);
	diags_clear(&d);
	return c;
}

static void assert_same(const struct config *a, const struct config *b)
{
	assert_int_equal(a->n_accounts, 1);
	assert_int_equal(a->accounts[0].requests_per_minute, b->accounts[0].requests_per_minute);
	assert_int_equal(a->accounts[0].connections, b->accounts[0].connections);
	assert_string_equal(a->inventory, b->inventory);
	assert_string_equal(a->state, b->state);
	assert_string_equal(a->control, b->control);
	assert_int_equal(a->poll.active, b->poll.active);
	assert_int_equal(a->poll.settled, b->poll.settled);
	assert_int_equal(a->dns.n_resolvers, b->dns.n_resolvers);
	assert_int_equal(a->dns.authoritative, b->dns.authoritative);
	assert_int_equal(a->dns.authoritative_port, b->dns.authoritative_port);
	assert_string_equal(a->dns.trust_anchor, b->dns.trust_anchor);
	assert_int_equal(a->safety.minimum_grace, b->safety.minimum_grace);
	assert_int_equal(a->safety.longest_gap, b->safety.longest_gap);
	assert_int_equal(a->safety.max_rotating, b->safety.max_rotating);
	assert_int_equal(a->safety.max_daily_number, b->safety.max_daily_number);
	assert_int_equal(a->safety.max_daily_hundredths, b->safety.max_daily_hundredths);
	assert_int_equal(a->n_policies, 1);
	assert_int_equal(a->policies[0].rotate_every, b->policies[0].rotate_every);
	assert_int_equal(a->policies[0].grace, b->policies[0].grace);
	assert_int_equal(a->policies[0].splay_permille, b->policies[0].splay_permille);
	assert_true(str_eq(a->policies[0].window, b->policies[0].window));
}

static struct config *bare(void)
{
	return parse("accounts: { default: { endpoint: ovh-eu, credentials: ovh.conf } }\n");
}

static void the_manual_shows_the_defaults(void **state)
{
	char *page = read_file("man/dkimrotd.yaml.5");
	char *begin = strstr(page, ".\\\" test: configuration defaults\n"), *end;
	struct config *shown, *built_in = bare();

	(void)state;
	assert_non_null(begin);
	begin = strstr(begin, ".Bd -literal");
	assert_non_null(begin);
	begin = strchr(begin, '\n') + 1;
	end = strstr(begin, ".Ed");
	assert_non_null(end);
	*end = '\0';
	shown = parse(begin);
	assert_same(shown, built_in);
	assert_int_equal(shown->mode, built_in->mode);
	assert_string_equal(shown->metrics.host, built_in->metrics.host);
	config_free(shown);
	config_free(built_in);
	free(page);
}

/* What is commented out in the example is "#key: value" behind any indentation; a blank behind the '#' is prose. */
static void the_example_shows_the_defaults(void **state)
{
	char *text = read_file("conf/dkimrotd.yaml");
	struct config *shown, *built_in = bare();

	(void)state;
	for (char *line = text; *line; line += strspn(line, "\n")) {
		char *hash = line + strspn(line, " ");

		if (*hash == '#' && (hash[1] >= 'a' && hash[1] <= 'z'))
			memmove(hash, hash + 1, strlen(hash));
		else if (*line == '#' && line[1] == ' ' && line[2] == ' ')
			memmove(line, line + 1, strlen(line)); /* "#  active: 30s": below a section */
		line += strcspn(line, "\n");
	}
	shown = parse(text);
	assert_same(shown, built_in);
	config_free(shown);
	config_free(built_in);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_manual_shows_the_defaults),
	        cmocka_unit_test(the_example_shows_the_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
