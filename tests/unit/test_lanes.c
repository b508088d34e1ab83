/* The lanes behind dkimrotctl timeline: what history, present and plan make of each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/util.h"
#include "ctl/lanes.h"

#define DAY0 (INT64_C(1790000000) * 1000)

static const struct json *parse(const char *text)
{
	const struct json *j;

	assert_int_equal(json_parse(text, strlen(text), JSON_MAX_API, &j, NULL, 0), 0);
	return j;
}

/* Transitions, "DAY EVENT SELECTOR [BEFORE]" each, as the daemon tells them. */
static void tell(struct lanes *l, void (*take)(struct lanes *, const struct json *), const char *const *lines)
{
	struct buf b = {0};

	buf_puts(&b, "[");
	for (; *lines != NULL; lines++) {
		char event[32], selector[32] = "", before[32] = "", when[TIME_TEXT];
		int day;

		assert_true(sscanf(*lines, "%d %31s %31s %31s", &day, event, selector, before) >= 2);
		buf_printf(&b, "%s{\"kind\":\"transition\",\"at\":\"%s\",\"event\":\"%s\"",
		        b.len > 1 ? "," : "", time_text(when, DAY0 + day * MS_DAY), event);
		if (selector[0] != '\0')
			buf_printf(&b, ",\"selector\":\"%s\"", selector);
		if (before[0] != '\0')
			buf_printf(&b, ",\"before\":\"%s\"", before);
		buf_puts(&b, "}");
	}
	buf_puts(&b, "]");
	const struct json *j = parse(b.data);
	take(l, j);
	json_free(j);
	buf_free(&b);
}
#define TELL(l, take, ...) tell(l, take, (const char *const[]){__VA_ARGS__, NULL})

/* A lane, a character a day: r ready, m being made, S signs, g grace, ' ' nothing, > switch, x deletion. */
static const char *drawn(const struct lanes *l, const char *name, int from, int to)
{
	static char text[200];
	static const char states[] = {[LANE_UNKNOWN] = '?',
	        [LANE_NONE] = ' ',
	        [LANE_READY] = 'r',
	        [LANE_MAKING] = 'm',
	        [LANE_SIGNS] = 'S',
	        [LANE_GRACE] = 'g'};
	static const char marks[] = {[MARK_SWITCH] = '>', [MARK_DELETION] = 'x'};

	for (size_t k = 0; k < l->n; k++) {
		if (strcmp(l->list[k].name, name) != 0)
			continue;
		for (int day = from; day < to; day++) {
			enum lane_mark mark;
			enum lane_state s = lane_between(
			        &l->list[k], DAY0 + day * MS_DAY, DAY0 + (day + 1) * MS_DAY, &mark);

			text[day - from] = mark != MARK_NONE ? marks[mark] : states[s];
		}
		text[to - from] = '\0';
		return text;
	}
	return "no such lane";
}

static void a_round(void **state)
{
	struct lanes l = {0};
	struct shown_selector sel[] = {
	        {.name = "s1", .state = "ready", .role = "retired", .stopped = DAY0 + 10 * MS_DAY},
	        {.name = "s2", .state = "inProduction", .role = "active"},
	};
	struct shown_domain d = {
	        .domain = "a.example", .selectors = sel, .n_selectors = 2, .now = DAY0 + 12 * MS_DAY};

	(void)state;
	TELL(&l, lanes_history, "0 met", "1 created s1", "1 created s2", "2 ready s1", "2 ready s2",
	        "3 signing s1", "10 rotated s2 s1");
	lanes_present(&l, &d);
	TELL(&l, lanes_plan, "17 deleted s1", "17 created s1", "18 ready s1", "25 rotated s1 s2",
	        "32 deleted s2");
	lanes_sort(&l);
	assert_int_equal(l.n, 2);
	assert_string_equal(drawn(&l, "s1", 0, 34), "?mr>SSSSSSgggggggxrrrrrrr>SSSSSSSS");
	assert_string_equal(drawn(&l, "s2", 0, 34), "?mrrrrrrrr>SSSSSSSSSSSSSSgggggggx ");
	lanes_free(&l);
}

static void without_a_history(void **state)
{
	struct lanes l = {0};
	struct shown_selector sel[] = {
	        {.name = "s1", .state = "inProduction", .role = "active", .signing_since = DAY0 + 5 * MS_DAY},
	        {.name = "s2", .state = "absent", .role = "new"},
	        {.name = "s3", .state = "unknown"},
	};
	struct shown_domain d = {
	        .domain = "a.example", .selectors = sel, .n_selectors = 3, .now = DAY0 + 8 * MS_DAY};

	(void)state;
	lanes_present(&l, &d);
	assert_true(l.first == DAY0 + 5 * MS_DAY);
	assert_int_equal(l.n_events, 0);
	/* what nobody knows is not drawn */
	assert_string_equal(drawn(&l, "s1", 3, 10), "??SSSSS");
	assert_string_equal(drawn(&l, "s2", 3, 10), "?????  ");
	assert_string_equal(drawn(&l, "s3", 3, 10), "???????");
	lanes_free(&l);
}

static void in_the_middle_of_a_switch(void **state)
{
	struct lanes l = {0};
	struct shown_selector sel[] = {
	        {.name = "s1", .state = "inProduction", .role = "active"},
	        {.name = "s2", .state = "enabling", .role = "active"},
	};
	struct shown_domain d = {
	        .domain = "a.example", .selectors = sel, .n_selectors = 2, .now = DAY0 + 5 * MS_DAY};

	(void)state;
	TELL(&l, lanes_history, "1 signing s1", "1 ready s2");
	lanes_present(&l, &d);
	assert_string_equal(drawn(&l, "s1", 0, 8), "?>SSSggg");
	assert_string_equal(drawn(&l, "s2", 0, 8), "?rrrr>SS");
	assert_int_equal(l.n_events, 2);
	assert_string_equal(l.events[1].text, "s2 signs, s1 is kept for its grace");
	lanes_free(&l);
}

/* A repair is no switch to another; a second signer that was switched off has its grace. */
static void what_else_happens(void **state)
{
	struct lanes l = {0};

	(void)state;
	TELL(&l, lanes_history, "1 signing s1", "3 stopped s1", "4 repaired s1", "6 disabled s1",
	        "8 nonsense s1", "9 ready");
	assert_string_equal(drawn(&l, "s1", 0, 10), "?>Sr>Sgggg");
	lanes_free(&l);
}

/* Several things in one column: the marks hide states, a deletion hides a switch, a grace shows even when it is short. */
static void crowded(void **state)
{
	struct lanes l = {0};
	enum lane_mark mark;

	(void)state;
	TELL(&l, lanes_history, "1 signing s1", "3 rotated s2 s1", "4 deleted s1", "5 ready s1");
	assert_int_equal(lane_between(&l.list[0], DAY0, DAY0 + 30 * MS_DAY, &mark), LANE_GRACE);
	assert_int_equal(mark, MARK_DELETION);
	assert_int_equal(lane_between(&l.list[0], DAY0 + 2 * MS_DAY, DAY0 + 4 * MS_DAY, &mark), LANE_GRACE);
	assert_int_equal(mark, MARK_NONE);
	lanes_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_round), cmocka_unit_test(without_a_history),
	        cmocka_unit_test(in_the_middle_of_a_switch), cmocka_unit_test(what_else_happens),
	        cmocka_unit_test(crowded)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
