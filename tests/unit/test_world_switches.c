/* Switches: every one knows its default, refuses what it does not take, and can be narrowed to one domain. */
#include "world_help.h"

#include <errno.h>

static void every_default_is_taken(void **state)
{
	const struct world_switch *s;
	size_t n;

	(void)state;
	begin();
	s = world_switches(&n);
	assert_true(n > 80);
	for (size_t i = 0; i < n; i++) {
		char narrowed[100];

		put(narrowed, sizeof(narrowed), "%s@a.example", s[i].name);
		assert_int_equal(world_set(w, s[i].name, s[i].value), 0);
		assert_int_equal(world_set(w, narrowed, s[i].value), 0);
		assert_int_equal(world_set(w, s[i].name, "nonsense"), -EINVAL);
		assert_int_equal(world_set(w, s[i].name, ""), -EINVAL);
		assert_true(strlen(s[i].help) > 10);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(s[i].name, s[j].name);
	}
}

static void unknown_names(void **state)
{
	(void)state;
	begin();
	assert_int_equal(world_set(w, "no_such_switch", "1"), -EINVAL);
	assert_int_equal(world_set(w, "task_m", "1"), -EINVAL);
	assert_int_equal(world_set(w, "task_ms@", "1"), -EINVAL);
	assert_int_equal(world_set(w, "", "1"), -EINVAL);
}

static void values(void **state)
{
	static const struct {
		const char *name, *good, *bad;
	} table[] = {{"task_ms", "90", "90x"}, {"task_ms", "5min", "5 min"}, {"check_ms", "2h", "2w"},
	        {"clock_offset", "-5min", "--5"}, {"fault_429", "0.25", "1.5"}, {"fault_429", "1", "-0.1"},
	        {"names_change", "yes", "maybe"}, {"dns_silent", "1,3", "0"}, {"dns_silent", "all", "9"},
	        {"dns_silent", "2", "2,"}, {"old_selector", "both", "Both"},
	        {"old_selector", "disabling", "rea"}, {"key_ttl", "60", "-1"}, {"post_existing", "200", "20"},
	        {"zimbra_sync", "ERROR", "ERR"}};

	(void)state;
	begin();
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(world_set(w, table[i].name, table[i].good), 0);
		assert_int_equal(world_set(w, table[i].name, table[i].bad), -EINVAL);
	}
}

/* Narrowed before or after the domain is there, it is that domain's alone. */
static void narrowed(void **state)
{
	(void)state;
	begin();
	set("domain_state@B.example.", "suspended");
	add("emailpro", "pro-1", "a.example", "signing");
	add("emailpro", "pro-1", "b.example", "signing");
	add("emailpro", "pro-1", "c.example", "signing");
	set("domain_state@c.example", "creating");
	get("/1.0/email/pro/pro-1/domain/a.example");
	assert_string_equal(field("state"), "ok");
	get("/1.0/email/pro/pro-1/domain/b.example");
	assert_string_equal(field("state"), "suspended");
	get("/1.0/email/pro/pro-1/domain/c.example");
	assert_string_equal(field("state"), "creating");
	set("domain_state", "unknown");
	get("/1.0/email/pro/pro-1/domain/a.example");
	assert_string_equal(field("state"), "unknown");
	get("/1.0/email/pro/pro-1/domain/b.example");
	assert_string_equal(field("state"), "suspended");
}

static void bad_domains(void **state)
{
	(void)state;
	begin();
	assert_int_equal(
	        world_add_domain(w, now, "acc", "imap", "s", "a.example", NULL, "ovh", 2, "virgin"), -EINVAL);
	assert_int_equal(
	        world_add_domain(w, now, "acc", "emailpro", "s", "a.example", NULL, "ovh", 4, "virgin"),
	        -EINVAL);
	assert_int_equal(
	        world_add_domain(w, now, "acc", "emailpro", "s", "a.example", NULL, "ovh", 0, "virgin"),
	        -EINVAL);
	assert_int_equal(world_add_domain(w, now, "acc", "emailpro", "s", "a.example", NULL, "ovh", 2, "old"),
	        -EINVAL);
	assert_int_equal(world_add_domain(w, now, "acc", "emailpro", "s", "a.example", "b.example", "ovh", 2,
	                         "virgin"),
	        -EINVAL);
	add("emailpro", "s", "a.example", "virgin");
	assert_int_equal(
	        world_add_domain(w, now, "acc", "emailpro", "s", "a.example", NULL, "ovh", 2, "virgin"),
	        -EEXIST);
	assert_int_equal(
	        world_add_domain(w, now, "acc", "mxplan", "", "a.example", NULL, "ovh", 2, "virgin"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_teardown(every_default_is_taken, end),
	        cmocka_unit_test_teardown(unknown_names, end),
	        cmocka_unit_test_teardown(values, end),
	        cmocka_unit_test_teardown(narrowed, end),
	        cmocka_unit_test_teardown(bad_domains, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
