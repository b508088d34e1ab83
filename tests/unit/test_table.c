/* Tables and lines for people: widths, cuts, styles, and nothing of a cell's but its text. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/shown.h"
#include "ctl/table.h"

static const struct screen plain = {.utf8 = true};

static char *print(const struct table *t, const struct screen *s)
{
	struct buf b = {0};

	table_print(t, s, &b);
	return b.data;
}

static struct table *make(void)
{
	static const char *const cells[] = {"DOMAIN", "", "STATE", "NEXT", "mydomain.ovh", "", "grace",
	        "delete in 3d", "a.example", "", "settled", ""};
	struct table *t = table_new(4);

	for (size_t i = 0; i < ARRAY_SIZE(cells); i++)
		table_cell(t, STYLE_PLAIN, cells[i]);
	return t;
}

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
	struct table *t = make();
	char *text = print(t, &plain);

	(void)state;
	assert_string_equal(text, "DOMAIN        STATE    NEXT\n"
	                          "mydomain.ovh  grace    delete in 3d\n"
	                          "a.example     settled\n");
	assert_int_equal(table_width(t), 35);
	free(text);
	table_free(t);
}

static void a_narrow_screen_cuts_and_leaves_no_blanks(void **state)
{
	struct table *t = make();
	struct screen s = {.width = 30, .utf8 = true};
	char *text = print(t, &s);

	(void)state;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		assert_true(screen_columns(line) <= 30);
		assert_int_not_equal(line[strlen(line) - 1], ' ');
	}
	free(text);
	s.width = 3;
	text = print(t, &s);
	assert_string_equal(text, "DO…\nmy…\na.…\n");
	free(text);
	table_free(t);
}

static void the_first_column_gives_way_first(void **state)
{
	struct table *t = table_new(2);
	struct screen s = {.width = 20};

	(void)state;
	table_cell(t, STYLE_PLAIN, "a-very-long-name.example");
	table_cell(t, STYLE_PLAIN, "ready");
	char *text = print(t, &s);
	assert_string_equal(text, "a-very-long-~  ready\n");
	free(text);
	table_free(t);
}

static void cells_cannot_forge_escapes_or_lines(void **state)
{
	struct table *t = table_new(1);

	(void)state;
	table_cell(t, STYLE_PLAIN, "\033[31mred\nforged line\r");
	char *text = print(t, &plain);
	assert_null(strchr(text, '\033'));
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	free(text);
	table_free(t);
}

static void styles_only_with_colour(void **state)
{
	struct screen colour = {.colour = true};
	struct table *t = table_new(1);

	(void)state;
	table_cell(t, STYLE_BAD, "error");
	char *text = print(t, &plain);
	assert_string_equal(text, "error\n");
	free(text);
	text = print(t, &colour);
	assert_string_equal(text, "\033[1;31merror\033[0m\n");
	free(text);
	table_free(t);
}

static void characters_count_not_bytes(void **state)
{
	struct table *t = table_new(2);

	(void)state;
	table_cell(t, STYLE_PLAIN, "é");
	table_cell(t, STYLE_PLAIN, "x");
	table_cell(t, STYLE_PLAIN, "ee");
	table_cell(t, STYLE_PLAIN, "x");
	char *text = print(t, &plain);
	assert_string_equal(text, "é   x\nee  x\n");
	free(text);
	table_free(t);
}

static void bars_fill_by_permille(void **state)
{
	struct screen ascii = {0};
	static const struct {
		int permille;
		const char *bar;
	} all[] = {{-5, "----"}, {0, "----"}, {249, "----"}, {250, "#---"}, {999, "###-"}, {1000, "####"},
	        {4000, "####"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct buf b = {0};

		screen_bar(&ascii, &b, 4, all[i].permille);
		assert_string_equal(b.data, all[i].bar);
		buf_free(&b);
	}
}

static void lines_break_between_words(void **state)
{
	struct screen s = {.width = 12};
	struct buf b = {0};

	(void)state;
	screen_wrap(&s, &b, "one two three averyverylongword end", 0, 2);
	assert_string_equal(b.data, "one two\n  three\n  averyverylongword\n  end\n");
	buf_free(&b);
	buf_puts(&b, "name:");
	screen_wrap(&s, &b, "one two", 5, 2);
	assert_string_equal(b.data, "name: one\n  two\n");
	buf_free(&b);
	screen_wrap(&plain, &b, "8 domains in a row", 0, 2);
	assert_string_equal(b.data, "8 domains in a row\n");
	buf_free(&b);
}

/* --- what is shown ------------------------------------------------------------------------------ */

static void times_read_as_people_say_them(void **state)
{
	static const struct {
		int64_t at;
		const char *text;
	} all[] = {
	        {0, ""},
	        {100 * MS_DAY, "now"},
	        {100 * MS_DAY + 3 * MS_SECOND, "in 3s"},
	        {103 * MS_DAY + 2 * MS_HOUR + 5, "in 3d 2h"},
	        {100 * MS_DAY - 90 * MS_SECOND, "1min 30s ago"},
	};
	char text[SHOWN_WHEN];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		assert_string_equal(shown_when(text, all[i].at, 100 * MS_DAY), all[i].text);
}

static struct shown *read(const char *text)
{
	struct shown *s = shown_new();
	const struct json *list = NULL;

	assert_int_equal(json_parse(text, strlen(text), JSON_MAX_LOCAL, &list, NULL, 0), 0);
	for (const struct json *j = json_first(list); j; j = json_next(j))
		assert_true(shown_add(s, j, NULL));
	json_free(list);
	shown_sort(s);
	return s;
}

static void worst_first(void **state)
{
	struct shown *s = read(
	        "["
	        "{\"domain\":\"settled\",\"phase\":\"settled\",\"condition\":\"ok\",\"active_selector\":"
	        "\"s\"},"
	        "{\"domain\":\"grace\",\"phase\":\"grace\",\"condition\":\"ok\",\"active_selector\":\"s\"},"
	        "{\"domain\":\"blocked\",\"phase\":\"grace\",\"condition\":\"blocked\",\"active_selector\":"
	        "\"s\"},"
	        "{\"domain\":\"error\",\"phase\":\"settled\",\"condition\":\"error\",\"active_selector\":"
	        "\"s\"},"
	        "{\"domain\":\"silent\",\"phase\":\"settled\",\"condition\":\"error\",\"active_selector\":"
	        "null},"
	        "{\"domain\":\"paused\",\"phase\":\"settled\",\"condition\":\"paused\",\"active_selector\":"
	        "\"s\"}]");
	static const char *const order[] = {"silent", "error", "blocked", "paused", "grace", "settled"};

	(void)state;
	assert_int_equal(s->n, ARRAY_SIZE(order));
	for (size_t i = 0; i < s->n; i++)
		assert_string_equal(s->list[i].domain, order[i]);
	shown_free(s);
}

static void what_is_not_known_is_no_alarm(void **state)
{
	struct shown *s = read(
	        "[{\"domain\":\"new\",\"phase\":\"unknown\",\"condition\":\"ok\",\"active_selector\":null},"
	        "{\"domain\":\"v2\",\"phase\":\"settled\",\"condition\":\"ok\",\"active_selector\":null,"
	        "\"signing\":true},"
	        "{\"domain\":\"off\",\"phase\":\"settled\",\"condition\":\"ok\",\"active_selector\":null}]");

	(void)state;
	for (size_t i = 0; i < s->n; i++)
		assert_int_equal(shown_unsigned(&s->list[i]), strcmp(s->list[i].domain, "off") == 0);
	shown_free(s);
}

static void lateness_counts_unless_somebody_asked_for_it(void **state)
{
	struct shown_domain d = {.phase = "settled", .condition = "ok", .now = 100 * MS_DAY};

	(void)state;
	d.next_look = d.now - 2 * MS_HOUR;
	assert_true(shown_overdue(&d));
	d.next_look = d.now - MS_MINUTE;
	assert_false(shown_overdue(&d));
	d.next_rotation = d.now - 2 * MS_DAY;
	assert_true(shown_overdue(&d));
	d.condition = "paused";
	assert_false(shown_overdue(&d));
}

static void a_grace_has_a_share(void **state)
{
	struct shown_selector sel[] = {
	        {.role = "active"}, {.role = "retired", .stopped = 10 * MS_DAY, .delete_after = 20 * MS_DAY}};
	struct shown_domain d = {.selectors = sel, .n_selectors = 2, .now = 15 * MS_DAY};

	(void)state;
	assert_int_equal(shown_grace_permille(&d), 500);
	d.now = 30 * MS_DAY;
	assert_int_equal(shown_grace_permille(&d), 1000);
	d.now = 9 * MS_DAY;
	assert_int_equal(shown_grace_permille(&d), 0);
	d.n_selectors = 1;
	assert_int_equal(shown_grace_permille(&d), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
	        cmocka_unit_test(a_narrow_screen_cuts_and_leaves_no_blanks),
	        cmocka_unit_test(the_first_column_gives_way_first),
	        cmocka_unit_test(cells_cannot_forge_escapes_or_lines),
	        cmocka_unit_test(styles_only_with_colour),
	        cmocka_unit_test(characters_count_not_bytes),
	        cmocka_unit_test(bars_fill_by_permille),
	        cmocka_unit_test(lines_break_between_words),
	        cmocka_unit_test(times_read_as_people_say_them),
	        cmocka_unit_test(worst_first),
	        cmocka_unit_test(what_is_not_known_is_no_alarm),
	        cmocka_unit_test(lateness_counts_unless_somebody_asked_for_it),
	        cmocka_unit_test(a_grace_has_a_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
