/* Rules and what they grant: the wildcard, the least that an inventory needs at each width, and what lacks or is too
 * much. */
#include "codec/grant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static void a_star_crosses_slashes(void **state)
{
	(void)state;
	assert_true(grant_covers("/x/*", "/x/a"));
	assert_true(grant_covers("/x/*", "/x/a/b/c"));
	assert_true(grant_covers("/x/*", "/x/"));
	assert_false(grant_covers("/x/*", "/x"));
	assert_true(grant_covers("/x*", "/x"));
	assert_false(grant_covers("/x", "/x/a"));
	assert_false(grant_covers("/x/a", "/x"));
	assert_true(grant_covers("/*", "/x/a"));
	assert_true(grant_covers("*", ""));
	assert_false(grant_covers("", "/x"));
	assert_true(grant_covers("/x/*/dkim", "/x/a/b/dkim"));
	assert_false(grant_covers("/x/*/dkim", "/x/a/b/dkim/s"));
	assert_true(grant_covers("/x/*/dkim/*/enable", "/x/a/dkim/s/dkim/t/enable"));
	assert_false(grant_covers("/x/*/enable", "/x/a/disable"));
}

/* What a pattern grants is granted by a wider one, never the other way round. */
static void a_pattern_within_a_pattern(void **state)
{
	(void)state;
	assert_true(grant_covers("/x/*", "/x/*/dkim"));
	assert_true(grant_covers("/x/*/dkim/*", "/x/*/dkim/*"));
	assert_false(grant_covers("/x/*/dkim", "/x/*"));
	assert_false(grant_covers("/x/a/dkim", "/x/*/dkim"));
	assert_true(grant_covers("/x/*", "/x/a*"));
}

/* --- inventories --------------------------------------------------------------------------------------------------- */

static struct inventory *read_inventory(const char *text)
{
	struct inventory_text t = {.path = "a.yaml", .text = text, .len = strlen(text)};
	struct diags d = {0};
	struct inventory *inv = inventory_build(NULL, &t, 1, NULL, 0, NULL, &d);

	assert_int_equal(d.count, 0);
	return inv;
}

/* "GET /x|PUT /y", in order of appearance. */
static const char *told(const struct grants *g)
{
	static char text[8000];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < g->n; i++) {
		str_format(text + n, sizeof(text) - n, "%s%s %s", i != 0 ? "|" : "", g->list[i].method,
		        g->list[i].path);
		n = strlen(text);
	}
	return text;
}

static void each_name_while_there_are_few(void **state)
{
	struct inventory *inv =
	        read_inventory("domains: [ { domain: a.example, platform: mxplan, dns: manual },"
	                       " { domain: b.example, platform: mxplan, dns: manual, mode: observe },"
	                       " { domain: c.example, platform: mxplan, account: other } ]");
	struct grants g;

	(void)state;
	grants_init(&g);
	grant_rules(inv, "default", &g);
	assert_string_equal(told(&g),
	        "GET /email/domain/a.example|GET /email/domain/a.example/dkim|"
	        "GET /email/domain/a.example/task/all/*|PUT /email/domain/a.example/dkim/enable|"
	        "GET /email/domain/b.example|GET /email/domain/b.example/dkim|"
	        "GET /email/domain/b.example/task/all/*");
	grants_free(&g);
	grants_init(&g);
	grant_actions(inv, "default", &g);
	assert_string_equal(told(&g),
	        " emailDomain:apiovh:get| emailDomain:apiovh:domain/dkim/get|"
	        " emailDomain:apiovh:task/all/get| emailDomain:apiovh:domain/dkim/enable");
	grants_free(&g);
	inventory_free(inv);
}

static char *many(unsigned services, unsigned each)
{
	struct buf b = {0};

	buf_puts(&b, "domains:\n");
	for (unsigned s = 0; s < services; s++)
		for (unsigned d = 0; d < each; d++)
			buf_printf(&b,
			        "  - { domain: d%u-%u.example, platform: exchange, service: svc-%u, dns: "
			        "manual }\n",
			        s, d, s);
	return b.data;
}

static void stars_where_there_are_many(void **state)
{
	char *text = many(1, 100);
	struct inventory *inv = read_inventory(text);
	struct grants g;

	(void)state;
	grants_init(&g);
	grant_rules(inv, "default", &g);
	assert_string_equal(told(&g), "GET /email/exchange/svc-0/service/svc-0/domain/*|GET "
	                              "/email/exchange/svc-0/service/svc-0/task/*|"
	                              "POST /email/exchange/svc-0/service/svc-0/domain/*/dkim|"
	                              "POST /email/exchange/svc-0/service/svc-0/domain/*/dkim/*/enable|"
	                              "POST /email/exchange/svc-0/service/svc-0/domain/*/dkim/*/disable|"
	                              "DELETE /email/exchange/svc-0/service/svc-0/domain/*/dkim/*");
	grants_free(&g);
	inventory_free(inv);
	free(text);
	text = many(100, 1);
	inv = read_inventory(text);
	grants_init(&g);
	grant_rules(inv, "default", &g);
	assert_int_equal(g.n, 6);
	assert_string_equal(g.list[0].path, "/email/exchange/*/service/*/domain/*");
	grants_free(&g);
	inventory_free(inv);
	free(text);
}

static void without_a_domain_what_discover_reads(void **state)
{
	struct inventory *inv = read_inventory("domains: []");
	struct grants g;

	(void)state;
	assert_false(grant_needs_any(inv, "default"));
	grants_init(&g);
	grant_rules(inv, "default", &g);
	assert_int_equal(g.n, 9);
	for (size_t i = 0; i < g.n; i++)
		assert_string_equal(g.list[i].method, "GET");
	grants_free(&g);
	inventory_free(inv);
}

/* --- compared ------------------------------------------------------------------------------------------------------ */

static const char one[] =
        "domains: [ { domain: a.example, platform: emailpro, service: pro-1, zone: a.example } ]";

static void judged(
        const char *inventory, const char *const (*rules)[2], const char *lacks, const char *exceeds)
{
	struct inventory *inv = read_inventory(inventory);
	struct grants have, l, x;

	grants_init(&have);
	grants_init(&l);
	grants_init(&x);
	for (; (*rules)[0] != NULL; rules++)
		grants_add(&have, (*rules)[0], (*rules)[1]);
	assert_true(grant_compare(inv, "default", &have, &l, &x));
	assert_string_equal(told(&l), lacks);
	assert_string_equal(told(&x), exceeds);
	grants_free(&have);
	grants_free(&l);
	grants_free(&x);
	inventory_free(inv);
}

static void what_it_prints_is_enough_and_not_too_much(void **state)
{
	char *text[] = {xstrdup(one), many(1, 3), many(1, 100), many(120, 1), many(300, 12)};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(text); i++) {
		struct inventory *inv = read_inventory(text[i]);
		struct grants have, l, x;

		grants_init(&have);
		grants_init(&l);
		grants_init(&x);
		grant_rules(inv, "default", &have);
		assert_true(grant_compare(inv, "default", &have, &l, &x));
		assert_int_equal(l.count, 0);
		assert_int_equal(x.count, 0);
		/* any of them left out is missed */
		for (size_t k = 0; k < have.n; k++) {
			struct grant_rule out = have.list[k];
			struct grants less;

			grants_init(&less);
			have.list[k].method = "PATCH";
			grant_compare(inv, "default", &have, &less, &x);
			assert_true(less.count > 0);
			have.list[k] = out;
			grants_free(&less);
		}
		grants_free(&have);
		grants_free(&l);
		grants_free(&x);
		inventory_free(inv);
		free(text[i]);
	}
}

static void lacks_and_exceeds(void **state)
{
	static const char *const everything[][2] = {
	        {"GET", "/*"}, {"POST", "/*"}, {"PUT", "/*"}, {"DELETE", "/*"}, {NULL, NULL}};
	static const char *const some[][2] = {{"GET", "/email/pro/*/domain/*"},
	        {"GET", "/email/pro/*/task/*"}, {"POST", "/email/pro/pro-1/domain/a.example/dkim"},
	        {"POST", "/email/pro/pro-1/domain/a.example/dkim/*"},
	        {"DELETE", "/email/pro/pro-1/domain/*/dkim/*"}, {"GET", "/domain/zone/a.example/record"},
	        {"GET", "/domain/zone/a.example/record/*"}, {"POST", "/domain/zone/a.example/record"},
	        {"PUT", "/domain/zone/*"}, {"DELETE", "/domain/zone/a.example/record/*"}, {"GET", "/me"},
	        {"GET", "/email/pro"}, {"GET", "/email/domain/b.example/dkim"}, {NULL, NULL}};
	static const char *const none[][2] = {{NULL, NULL}};

	(void)state;
	judged(one, everything, "", "GET /*|POST /*|PUT /*|DELETE /*");
	judged(one, some, "POST /domain/zone/a.example/refresh",
	        "PUT /domain/zone/*|GET /me|GET /email/domain/b.example/dkim");
	judged("domains: [ { domain: a.example, platform: mxplan, mode: observe } ]", none,
	        "GET /email/domain/a.example|GET /email/domain/a.example/dkim|"
	        "GET /email/domain/a.example/task/all/*",
	        "");
	judged("domains: []", none, "", "");
}

static void the_link(void **state)
{
	struct grants g;
	struct buf b = {0};

	(void)state;
	grants_init(&g);
	grants_add(&g, "GET", "/email/domain/a.example/dkim");
	grants_add(&g, "POST", "/x/*/enable");
	grant_link("https://eu.api.ovh.com/1.0", &g, &b);
	assert_string_equal(b.data, "https://eu.api.ovh.com/createToken/?GET=/email/domain/a.example/dkim"
	                            "&POST=/x/*/enable");
	buf_free(&b);
	grants_free(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_star_crosses_slashes),
	        cmocka_unit_test(a_pattern_within_a_pattern), cmocka_unit_test(each_name_while_there_are_few),
	        cmocka_unit_test(stars_where_there_are_many),
	        cmocka_unit_test(without_a_domain_what_discover_reads),
	        cmocka_unit_test(what_it_prints_is_enough_and_not_too_much),
	        cmocka_unit_test(lacks_and_exceeds), cmocka_unit_test(the_link)};

	return cmocka_run_group_tests_name("grant", tests, NULL, NULL);
}
