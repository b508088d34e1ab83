/* The gate for DNS records (safety rule 14): where one may be written, and when the record of a selector in use. */
#include "gate_world.h"

static void a_record_is_written_at_its_own_name_only(void **state)
{
	struct world w;

	(void)state;
	settled(&w, SELECTOR_IN_PRODUCTION, SELECTOR_WAITING_RECORD, NEVER_SIGNED);
	w.o.sel[1].dns.state = w.o.sel[1].dns.record = SEEN_MISSING;
	struct rr rr, right;
	assert_true(rr_cname(&right, w.o.sel[1].record, w.o.sel[1].target));
	struct gate_record_change c = {
	        .selector = w.o.sel[1].name, .rr = &rr, .zone = "example.org", .old = ""};
	rr = right;
	assert_true(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).allow);
	assert_true(rr_cname(&rr, "www.example.org", right.data));
	assert_int_equal(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).rule, 14);
	assert_true(rr_cname(&rr, right.name, "evil.example.net"));
	assert_int_equal(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).rule, 14);
	rr = right;
	c.zone = "example.net";
	assert_int_equal(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).rule, 14);
	c.zone = "example.org";
	rr.type = RR_TXT; /* another type with the same words */
	assert_int_equal(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).rule, 14);
	rr = right;
	rr.absent = true; /* nothing is taken from the zone of an OVHcloud platform */
	assert_int_equal(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).rule, 14);
	rr = right;
	rr.ttl = 59;
	assert_int_equal(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).rule, 14);
	rr = right;
	w.o.sel[1].dns.state = w.o.sel[1].dns.record = SEEN_WRONG; /* a wildcard answers there */
	assert_int_equal(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).rule, 14);
	c.guarded = true; /* and the server itself says that nothing stands at the very name */
	assert_true(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).allow);
	w.d.platform = PLATFORM_EXTERNAL;
	assert_int_equal(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).rule, 14);
}

static void records_of_both_selectors_go_together(void **state)
{
	struct world w;
	struct rr rr;

	(void)state;
	settled(&w, SELECTOR_READY, SELECTOR_WAITING_RECORD, NEVER_SIGNED);
	w.o.sel[1].dns.state = w.o.sel[1].dns.record = SEEN_MISSING;
	assert_true(rr_cname(&rr, w.o.sel[1].record, w.o.sel[1].target));
	struct gate_record_change c = {
	        .selector = w.o.sel[1].name, .rr = &rr, .zone = "example.org", .old = ""};
	assert_non_null(record_intend(&w.r, ACTION_PUBLISH, w.o.sel[0].name, "", NOW));
	assert_true(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).allow);
	w.r.intent[0].action = ACTION_ENABLE;
	assert_int_equal(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).rule, 6);
}

static void a_signers_record_is_rewritten_only_when_it_serves_nobody(void **state)
{
	struct world w;

	(void)state;
	settled(&w, SELECTOR_IN_PRODUCTION, SELECTOR_READY, NEVER_SIGNED);
	struct seen_selector *s = &w.o.sel[0];
	s->dns.state = s->dns.record = SEEN_WRONG;
	s->dns.served_key = SEEN_OK;
	struct rr rr;
	assert_true(rr_cname(&rr, s->record, s->target));
	struct gate_record_change c = {
	        .selector = s->name, .rr = &rr, .zone = "example.org", .old = "old.example.net"};
	assert_int_equal(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).rule, 14);
	s->dns.served_key = SEEN_MISSING;
	assert_true(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).allow);
	w.r.sel[0].target_since = NOW - rules_settle(&rules) + 1; /* the API named it only just now */
	assert_int_equal(gate_record(&c, &w.d, &w.o, &w.r, &w.st, &rules).rule, 14);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_record_is_written_at_its_own_name_only),
	        cmocka_unit_test(records_of_both_selectors_go_together),
	        cmocka_unit_test(a_signers_record_is_rewritten_only_when_it_serves_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
