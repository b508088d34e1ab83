/* Storms: random switches, people and requests, by seed. Whatever happens, answers are JSON or meant not to be, the
 * next event never lies behind, and what the dump says of who signs is what world_signing says. */
#include "world_help.h"

#include "../ovhsim/world/json.h"

#define SEEDS 60
#define STEPS 400

static uint64_t chance;

static unsigned pick(unsigned n)
{
	return (unsigned)((chance = w_mix(chance)) >> 33) % n;
}

/* A random value that the switch takes, found by trying words of its own help. */
static void random_switch(void)
{
	static const char *const values[] = {
	        "0", "1", "2", "0.1", "0.3", "5s", "1min", "1h", "yes", "no", "none", "1,2"};
	const struct world_switch *s;
	char word[64];
	size_t n;

	s = world_switches(&n);
	s += pick((unsigned)n);
	if (strrchr(s->help, ':') && pick(2)) {
		const char *p = strrchr(s->help, ':') + 2;

		for (unsigned i = pick(4); i && strchr(p, '|'); i--)
			p = strchr(p, '|') + 1;
		put(word, sizeof(word), "%.*s", (int)strcspn(p, " |("), p);
		world_set(w, s->name, word);
		return;
	}
	world_set(w, s->name, pick(3) ? values[pick(12)] : s->value);
}

static void random_person(void)
{
	static const char *const deeds[] = {"switch", "enable", "disable", "delete 1", "delete 2", "create 1",
	        "create 2", "remove-cname 1", "remove-cname 2", "add-cname", "wrong-cname 1", "text-edit",
	        "suspend", "restore", "expire-service", "renew-service", "clear-tasks", "foreign",
	        "record x TXT hello there"};
	static const char *const domains[] = {"a.example", "b.example", "c.example", "d.example"};

	world_person(w, now, domains[pick(4)], deeds[pick(19)]);
}

static void random_request(void)
{
	static const char *const bases[] = {"/1.0/email/exchange/org/service/org/domain/a.example",
	        "/v1/email/pro/pro-1/domain/b.example"};
	static const char *const tails[] = {
	        "", "/dkim", "/dkimSelector", "/dkim/%s", "/dkim/%s/enable", "/dkim/%s/disable"};
	static const char *const others[] = {"/1.0/email/domain/c.example/dkim",
	        "/1.0/email/domain/c.example/dkim/enable", "/1.0/email/domain/d.example/dkim",
	        "/v2/zimbra/platform", "/1.0/domain/zone/a.example/record",
	        "/1.0/domain/zone/b.example/refresh", "/1.0/auth/time", "/1.0/email/pro/pro-1/task"};
	static const char *const methods[] = {"GET", "GET", "POST", "PUT", "DELETE"};
	static const char *const bodies[] = {NULL, NULL, "{}",
	        "{\"selectorName\":\"ovhex1-selector1\",\"autoEnableDKIM\":false}",
	        "{\"selectorName\":\"ovhemp2-selector2\",\"configureDkim\":true}", "[",
	        "{\"targetSpec\":{\"dkimEnabled\":true}}",
	        "{\"fieldType\":\"CNAME\",\"subDomain\":\"ovhex1-selector1._domainkey\",\"target\":\"x.\"}"};
	char path[300], selector[40];
	unsigned i = pick(2);

	put(selector, sizeof(selector), "%s%u-selector%u", i ? "ovhemp" : "ovhex", i + 1, 1 + pick(3));
	if (!pick(3)) {
		put(path, sizeof(path), "%s", others[pick(8)]);
	} else {
		unsigned t = pick(6);

		put(path, sizeof(path), "%s%.*s%s%s", bases[i], (int)strcspn(tails[t], "%"), tails[t],
		        strchr(tails[t], '%') ? selector : "",
		        strchr(tails[t], '%') ? strchr(tails[t], '%') + 2 : "");
	}
	ask(methods[pick(5)], path, bodies[pick(8)]);
}

static void check_answer(bool garbage)
{
	struct w_json *j;

	assert_non_null(last.body);
	assert_int_equal(strlen(last.body), last.body_len);
	assert_true(last.status >= 200 && last.status < 600);
	if (garbage || strncmp(last.content_type, "application/json", 16) || !last.body_len)
		return;
	j = w_json_read(last.body, last.body_len);
	if (!j)
		print_error("%s\n", last.body);
	assert_non_null(j);
	w_json_free(j);
}

static void check_world(void)
{
	char *text = world_dump(w, now, "a.example");
	struct w_json *j = w_json_read(text, strlen(text));
	const struct w_json *d = w_json_get(j, "domains");
	const struct w_json *one = d ? d->child : NULL;
	bool signs = *world_signing(w, now, "a.example") != 0;

	assert_non_null(j);
	assert_non_null(one);
	assert_true(w_json_get(one, "signs")->truth == signs);
	w_json_free(j);
	free(text);
}

static void storms(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		chance = seed;
		now = T0;
		w = world_new(seed);
		add("exchange", "org", "a.example", pick(2) ? "virgin" : "signing");
		add("emailpro", "pro-1", "b.example", "signing");
		add("mxplan", "", "c.example", pick(2) ? "virgin" : "signing");
		add("zimbra", "z", "d.example", "virgin");
		for (int i = 0; i < STEPS; i++) {
			int64_t next;

			now += pick(4) ? pick(30000) : pick(4) ? 0 : (int64_t)pick(86400) * 1000;
			if (!pick(8))
				random_switch();
			if (!pick(10))
				random_person();
			random_request();
			check_answer(true);
			next = world_next_event(w);
			assert_true(!next || next >= now);
		}
		world_set(w, "fault_garbage", "0");
		for (int i = 0; i < STEPS / 4; i++) {
			random_request();
			check_answer(false);
		}
		check_world();
		end(NULL);
	}
	begin();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_teardown(storms, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
