/* How files become one generation: order, last good versions, conflicts, restarts, windows. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "codec/window.h"
#include "core/external.h"
#include "unit/inventory_common.h"

static void sorted_and_found(void **state)
{
	struct config *c = config("");
	struct inventory *inv = good(c, "defaults: {platform: mxplan}\n"
	                                "domains:\n"
	                                "  - domain: z.example\n"
	                                "  - domain: b\xc3\xbc"
	                                "cher.example\n"
	                                "  - {domain: z.example, platform: zimbra}\n"
	                                "  - domain: a.example\n");
	const struct desired *d = NULL;

	(void)state;
	assert_int_equal(inventory_find(inv, "a.example", &d), 0);
	assert_ptr_equal(d, &inv->list[0]);
	assert_int_equal(inventory_find(inv,
	                         "B\xc3\x9c"
	                         "CHER.example.",
	                         &d),
	        0);
	assert_string_equal(d->domain, "xn--bcher-kva.example");
	assert_int_equal(inventory_find(inv, "z.example", &d), -ENOTUNIQ);
	assert_int_equal(inventory_find(inv, "z.example:zimbra", &d), 0);
	assert_int_equal(d->platform, PLATFORM_ZIMBRA);
	assert_int_equal(inventory_find(inv, "z.example:mxplan", &d), 0);
	assert_int_equal(d->platform, PLATFORM_MXPLAN);
	assert_int_equal(inventory_find(inv, "a.example:zimbra", &d), -ENOENT);
	assert_int_equal(inventory_find(inv, "zz.example", &d), -ENOENT);
	assert_int_equal(inventory_find(inv, "a.example:gmail", &d), -EINVAL);
	assert_int_equal(inventory_find(inv, "", &d), -EINVAL);
	assert_int_equal(inventory_find(inv, ":", &d), -EINVAL);
	inventory_free(inv);
	config_free(c);
}

static void a_faulty_file_keeps_its_last_good_version(void **state)
{
	struct config *c = config("");
	const struct inventory_text now[] = {
	        file("a.yaml", "domains: [{domain: a.example, platform: gmail}]"),
	        file("b.yaml", "domains: [{domain: b.example, platform: mxplan}]"),
	        file("c.yaml", "domains: ["),
	        {.path = "d.yaml", .fault = "d.yaml: Permission denied"},
	};
	const struct inventory_text before[] = {
	        file("d.yaml", "domains: [{domain: d.example, platform: mxplan}]"),
	        file("a.yaml", "domains: [{domain: a.example, platform: zimbra}]"),
	        file("gone.yaml", "domains: [{domain: gone.example, platform: mxplan}]"),
	};
	struct diags d = {0};
	struct inventory *inv = inventory_build(c, now, 4, before, 3, NULL, &d);

	(void)state;
	assert_int_equal(inv->n, 3);
	assert_string_equal(inv->list[0].domain, "a.example");
	assert_int_equal(inv->list[0].platform, PLATFORM_ZIMBRA);
	assert_string_equal(inv->list[1].domain, "b.example");
	assert_string_equal(inv->list[2].domain, "d.example");
	assert_int_equal(inv->files[0].state, INVENTORY_LAST_GOOD);
	assert_non_null(strstr(inv->files[0].error, "a.yaml:1:41: unknown platform"));
	assert_int_equal(inv->files[0].domains, 1);
	assert_int_equal(inv->files[1].state, INVENTORY_OK);
	assert_int_equal(inv->files[2].state, INVENTORY_REFUSED);
	assert_int_equal(inv->files[2].domains, 0);
	assert_int_equal(inv->files[3].state, INVENTORY_LAST_GOOD);
	assert_string_equal(inv->files[3].error, "d.yaml: Permission denied");
	assert_int_equal(d.n, 2);
	diags_clear(&d);
	inventory_free(inv);
	config_free(c);
}

#define X_MXPLAN  "domains: [{domain: x.example, platform: mxplan}]"
#define X_OBSERVE "domains: [{domain: x.example, platform: mxplan, mode: observe}]"
#define X_ZIMBRA  "domains: [{domain: x.example, platform: zimbra}]"

static void two_files_claim_a_domain(void **state)
{
	struct config *c = config("");
	const struct inventory_text one[] = {file("a.yaml", X_MXPLAN)};
	const struct inventory_text two[] = {
	        file("a.yaml", X_OBSERVE), file("b.yaml", X_OBSERVE), file("z.yaml", X_ZIMBRA)};
	struct diags d = {0};
	char line[1200];

	(void)state;
	/* nothing in force before: not managed; the other platform is another domain */
	struct inventory *inv = inventory_build(c, two, 3, NULL, 0, NULL, &d);
	assert_int_equal(inv->n, 1);
	assert_int_equal(inv->list[0].platform, PLATFORM_ZIMBRA);
	assert_int_equal(inv->n_conflicts, 1);
	assert_false(inv->conflicts[0].held);
	assert_string_equal(inv->conflicts[0].text,
	        "x.example on mxplan stands at a.yaml:1:20 and at b.yaml:1:20: it is not managed");
	assert_int_equal(d.n, 1);
	assert_string_equal(diag_format(&d.list[0], line, sizeof line),
	        "b.yaml:1:20: x.example on mxplan stands at a.yaml:1:20 already: it is not managed");
	for (int i = 0; i < 3; i++)
		assert_int_equal(inv->files[i].state, INVENTORY_OK);
	assert_null(inventory_held(inv));
	diags_clear(&d);
	inventory_free(inv);

	/* in force before: it keeps that, though both files now say otherwise, and keeps it over generations */
	struct inventory *first = inventory_build(c, one, 1, NULL, 0, NULL, &d);
	struct inventory *second = inventory_build(c, two, 3, NULL, 0, first, &d);
	inventory_free(first);
	struct inventory *third = inventory_build(c, two, 3, NULL, 0, second, &d);
	inventory_free(second);
	assert_int_equal(third->n, 2);
	assert_int_equal(third->list[0].platform, PLATFORM_MXPLAN);
	assert_int_equal(third->list[0].mode, MODE_MANAGE);
	assert_string_equal(third->list[0].file, "a.yaml");
	assert_true(third->conflicts[0].held);
	assert_non_null(strstr(third->conflicts[0].text, "it keeps the settings last in force"));
	diags_clear(&d);

	/* settled: the file that is left decides */
	struct inventory *fourth = inventory_build(c, two + 1, 2, NULL, 0, third, &d);
	assert_int_equal(d.count, 0);
	assert_int_equal(fourth->list[0].mode, MODE_OBSERVE);
	inventory_free(fourth);
	inventory_free(third);
	config_free(c);
}

/* Everything that may be held. */
static const char all[] =
        "domains:\n"
        "  - {domain: a.x.example, platform: exchange, service: s, organization: o, zone: x.example, "
        "zone_account: zones}\n"
        "  - {domain: b.example, platform: zimbra, zimbra_api: v2, mode: observe, dns: manual, policy: "
        "fast}\n"
        "  - {domain: c.example, platform: emailpro, service: t, policy: {rotate_every: never, grace: 9d, "
        "splay: 2.5%,\n"
        "      window: 'Mon..Fri 08:00-17:00 Europe/Paris'}}\n"
        "  - {domain: d.example, platform: mxplan, policy: {rotate_every: 1500ms, grace: 1s}}\n";

static struct config *lenient_config(void)
{
	return config(
	        "policies: {fast: {rotate_every: 30d}, default: {grace: 7d}}\nsafety: {minimum_grace: 1s}\n");
}

static const char *window_text(const struct desired *d)
{
	return d->policy.window ? d->policy.window->text : NULL;
}

static void check_same(const struct desired *x, const struct desired *y)
{
	assert_string_equal(x->domain, y->domain);
	assert_int_equal(x->platform, y->platform);
	assert_true(str_eq(x->service, y->service) && str_eq(x->organization, y->organization));
	assert_true(str_eq(x->account, y->account) && str_eq(x->zone_account, y->zone_account));
	assert_true(str_eq(x->zone, y->zone) && str_eq(x->policy_name, y->policy_name));
	assert_true(x->dns == y->dns && x->own_mode == y->own_mode && x->zimbra_api == y->zimbra_api);
	assert_int_equal(x->policy.rotate_every, y->policy.rotate_every);
	assert_int_equal(x->policy.grace, y->policy.grace);
	assert_int_equal(x->policy.splay_permille, y->policy.splay_permille);
	assert_true(str_eq(window_text(x), window_text(y)));
}

static void check_settings(const struct config *c, const struct desired *x)
{
	char *text = inventory_settings(x);
	struct inventory *inv = inventory_read_settings(c, text, strlen(text));

	assert_int_equal(inv->n, 1);
	check_same(&inv->list[0], x);
	inventory_free(inv);
	free(text);
}

static void settings_held_survive_a_restart(void **state)
{
	struct config *c = lenient_config();
	const struct inventory_text before[] = {file("old.yaml", all)};
	const struct inventory_text now[] = {file("a.yaml", all), file("b.yaml", all)};
	struct diags d = {0};
	struct inventory *first = inventory_build(c, before, 1, NULL, 0, NULL, &d);

	(void)state;
	assert_int_equal(d.count, 0);
	struct inventory *second = inventory_build(c, now, 2, NULL, 0, first, &d);
	char *held = inventory_held(second);
	assert_int_equal(d.count, 4);
	diags_clear(&d);
	const struct inventory_text good_texts[] = {now[0], file(INVENTORY_HELD, held), now[1]};
	struct inventory *third = inventory_start(c, now, 2, good_texts, 3, &d);
	assert_int_equal(d.count, 4);
	assert_int_equal(third->n, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_true(third->conflicts[i].held);
		check_same(&first->list[i], &third->list[i]);
		check_settings(c, &first->list[i]);
	}
	char *again = inventory_held(third);
	assert_string_equal(again, held);
	diags_clear(&d);
	inventory_free(third);
	inventory_free(second);
	inventory_free(first);
	free(again);
	free(held);
	config_free(c);
}

static void check_same_external(const struct external *x, const struct external *y)
{
	assert_string_equal(x->signer, y->signer);
	assert_true(x->layout == y->layout && str_eq(x->stamp, y->stamp));
	assert_true(str_eq(x->selector, y->selector) && str_eq(x->target, y->target));
	assert_true(str_eq(x->pair[0], y->pair[0]) && str_eq(x->pair[1], y->pair[1]));
	assert_true(x->key == y->key && x->bits == y->bits && x->record == y->record);
	assert_true(x->revoke == y->revoke && x->ttl == y->ttl);
	assert_int_equal(x->confirm_message, y->confirm_message);
	assert_true(str_eq(x->tag_h, y->tag_h) && str_eq(x->tag_n, y->tag_n) && str_eq(x->tag_s, y->tag_s));
	assert_true(str_eq(x->tag_t, y->tag_t) && str_eq(x->tag_g, y->tag_g));
}

/* What is noted of keys of our own while a change of them is under way, should they leave the inventory meanwhile. */
static void settings_of_keys_of_our_own(void **state)
{
	struct config *c = config("signers: {opendkim: {stamp: /a}, rspamd: {stamp: /b}}\n"),
	              *none = config("");
	struct inventory *inv = good(c,
	        "defaults: {platform: external}\n"
	        "domains:\n"
	        "  - {domain: a.example, signer: opendkim, key: both, bits: 3072, record: cname, target: "
	        "t.example, dns: rfc2136, dns_server: primary, selectors: [dk1, dk2], revoke: 1d, ttl: 5min, "
	        "confirm: message, tags: {h: sha256, s: email, n: 'a note', t: y}}\n"
	        "  - {domain: b.example, signer: rspamd, key: ed25519, record: dkim, dns: ovh, selector: "
	        "'x%Y%n', policy: {rotate_every: 30d}}\n");

	(void)state;
	assert_int_equal(inv->n, 2);
	for (size_t i = 0; i < 2; i++) {
		char *text = inventory_settings(&inv->list[i]);
		struct inventory *again = inventory_read_settings(c, text, strlen(text));
		struct inventory *without = inventory_read_settings(none, text, strlen(text));

		assert_int_equal(again->n, 1);
		check_same(&again->list[0], &inv->list[i]);
		assert_true(str_eq(again->list[0].dns_server, inv->list[i].dns_server));
		check_same_external(again->list[0].external, inv->list[i].external);
		assert_int_equal(without->n, 0); /* there is no such signer any more */
		inventory_free(without);
		inventory_free(again);
		free(text);
	}
	inventory_free(inv);
	config_free(none);
	config_free(c);
}

/* The files last in force know what to hold, the one that is gone among them. */
static void conflicts_that_began_while_we_were_down(void **state)
{
	struct config *c = lenient_config();
	const struct inventory_text before[] = {file("old.yaml", all)};
	const struct inventory_text now[] = {file("a.yaml", all), file("b.yaml", all)};
	struct diags d = {0};
	struct inventory *inv = inventory_start(c, now, 2, before, 1, &d);

	(void)state;
	assert_int_equal(inv->n, 4);
	for (size_t i = 0; i < 4; i++)
		assert_true(inv->conflicts[i].held);
	diags_clear(&d);
	inventory_free(inv);
	config_free(c);
}

static void what_no_longer_fits_the_configuration_is_not_held(void **state)
{
	static const char plain[] = "domains: [{domain: b.example, platform: zimbra}, {domain: c.example, "
	                            "platform: emailpro, service: t},"
	                            " {domain: d.example, platform: mxplan}]";
	struct config *c = lenient_config(), *strict = config("");
	const struct inventory_text before[] = {file("old.yaml", all)};
	const struct inventory_text both[] = {file("a.yaml", plain), file("b.yaml", plain)};
	struct diags d = {0};
	struct inventory *first = inventory_build(c, before, 1, NULL, 0, NULL, &d);
	struct inventory *second = inventory_build(strict, both, 2, NULL, 0, first, &d);

	(void)state;
	assert_int_equal(second->n_conflicts, 3);
	assert_int_equal(second->n, 1); /* b's policy is gone, d's grace is below the floor */
	assert_string_equal(second->list[0].domain, "c.example");
	assert_int_equal(second->list[0].policy.grace, 9 * MS_DAY);
	diags_clear(&d);
	inventory_free(second);
	inventory_free(first);
	config_free(strict);
	config_free(c);
}

static void windows_are_expanded_and_renewed(void **state)
{
	struct config *c = config("policies: {office: {window: 'Mon..Fri 08:00-17:00'}}\n");
	struct inventory *inv = good(c, "domains:\n"
	                                "  - {domain: a.example, platform: mxplan, policy: office}\n"
	                                "  - {domain: b.example, platform: mxplan, policy: office}\n"
	                                "  - {domain: c.example, platform: mxplan}\n");
	int64_t friday = INT64_C(1795168800000); /* 2026-11-20T10:00:00Z */

	(void)state;
	assert_ptr_equal(inv->list[0].policy.window, inv->list[1].policy.window);
	assert_false(window_open(inv->list[0].policy.window, friday));
	assert_true(inventory_expand_due(inv, friday));
	inventory_expand(inv, friday);
	assert_true(window_open(inv->list[0].policy.window, friday));
	assert_false(window_open(inv->list[0].policy.window, friday + MS_DAY));
	assert_false(inventory_expand_due(inv, friday + (WINDOW_DAYS / 2 - 1) * MS_DAY));
	assert_true(inventory_expand_due(inv, friday + WINDOW_DAYS / 2 * MS_DAY));
	assert_true(inventory_expand_due(inv, friday - 1));
	assert_true(window_open(inv->list[2].policy.window, friday + MS_DAY));
	inventory_free(inv);
	inv = good(c, "domains:\n  - {domain: c.example, platform: mxplan}\n");
	assert_false(inventory_expand_due(inv, friday));
	inventory_free(inv);
	config_free(c);
}

/* A large inventory stays small: below 300 bytes a domain, the generation's arena included. */
static void many_domains_stay_small(void **state)
{
	struct config *c = config("");
	struct buf b = {0};

	(void)state;
	buf_puts(&b, "domains:\n");
	for (int i = 0; i < 20000; i++)
		buf_printf(&b,
		        "  - domain: customer-%d.example\n    platform: emailpro\n    service: "
		        "emailpro-zz111111-1\n",
		        i);
	struct inventory *inv = good(c, b.data);
	assert_int_equal(inv->n, 20000);
	assert_true(sizeof(struct desired) <= 152);
	assert_ptr_equal(inv->list[0].service, inv->list[19999].service);
	assert_ptr_equal(inv->list[7].zone, inv->list[7].domain);
	assert_true(inv->n * sizeof *inv->list + arena_size(inv->arena) < 300 * inv->n);
	inventory_free(inv);
	buf_free(&b);
	config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(sorted_and_found),
	        cmocka_unit_test(a_faulty_file_keeps_its_last_good_version),
	        cmocka_unit_test(two_files_claim_a_domain),
	        cmocka_unit_test(settings_held_survive_a_restart),
	        cmocka_unit_test(settings_of_keys_of_our_own),
	        cmocka_unit_test(conflicts_that_began_while_we_were_down),
	        cmocka_unit_test(what_no_longer_fits_the_configuration_is_not_held),
	        cmocka_unit_test(windows_are_expanded_and_renewed),
	        cmocka_unit_test(many_domains_stay_small),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
