/* Reporting: the table of events, what a line looks like at each sink, the folding of repeats on a clock of the test's,
 * and a sink that stands still. What a real journald makes of it is in tests/e2e/report_journal.sh. */
#include "io/report.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/util.h"
#include "io/report_fold.h"
#include "io/report_line.h"
#include "io/report_writer.h"

/* ---- the table ---- */

static const struct {
	const char *text, *subject;
} table[] = {
#define EVENT(id, message_id, priority, subject, text) [EVENT_##id] = {text, subject},
#include "events.def"
#undef EVENT
};

static void every_row_is_well_formed(void **state)
{
	(void)state;
	for (int e = 0; e < EVENT_COUNT; e++) {
		const char *id = event_message_id((enum event)e), *name = event_name((enum event)e);

		if (strlen(id) != 32 || strspn(id, "0123456789abcdef") != 32)
			fail_msg("%s: MESSAGE_ID %s", name, id);
		if (event_priority((enum event)e) < 3 || event_priority((enum event)e) > 7)
			fail_msg("%s: priority %d", name, event_priority((enum event)e));
		for (const char *p = strchr(table[e].text, '%'); p; p = strchr(p + 2, '%'))
			if (p[1] != 's')
				fail_msg("%s: its text takes more than strings", name);
		if (!*table[e].subject)
			fail_msg("%s: no subject", name);
		for (int other = 0; other < e; other++)
			if (strcmp(id, event_message_id((enum event)other)) == 0)
				fail_msg("%s and %s share a MESSAGE_ID", name, event_name((enum event)other));
	}
}

/* ---- capture ---- */

static char captured[1000];

static void catch_event(void *arg, enum event e, int priority, const struct fields *f, const char *message)
{
	size_t n = strlen(captured);

	assert_ptr_equal(arg, captured);
	str_format(captured + n, sizeof(captured) - n, "%s/%d/%s/%s;", event_name(e), priority,
	        f->domain ? f->domain : "-", message);
}

static void capture_takes_everything(void **state)
{
	(void)state;
	captured[0] = '\0';
	report_capture(catch_event, captured);
	report(EVENT_SIGNING, &(struct fields){.domain = "a.example"}, "a.example", "sel1");
	report(EVENT_ERROR, &(struct fields){.domain = "a.example"}, "a.example", "bad");
	report(EVENT_ERROR, &(struct fields){.domain = "a.example"}, "a.example",
	        "bad"); /* no folding here */
	report(EVENT_STATE_WRITABLE, NULL);
	report_capture(NULL, NULL);
	assert_string_equal(captured,
	        "SIGNING/5/a.example/a.example signs with sel1;ERROR/3/a.example/a.example: bad;"
	        "ERROR/3/a.example/a.example: bad;STATE_WRITABLE/5/-/the state can be written again;");
}

/* ---- lines ---- */

static const struct fields all_fields = {.domain = "a.example",
        .selector = "sel1",
        .platform = "exchange",
        .account = "default",
        .phase = "grace",
        .phase_old = "rotating",
        .action = "delete",
        .reason = "old-key-in-grace",
        .waits_on = "time",
        .next = INT64_C(1763632800000),
        .error_code = 504,
        .query_id = "EU.ext-1.x",
        .task_id = INT64_C(9007199254740993),
        .http_method = "DELETE",
        .http_path = "/email/exchange",
        .http_status = 403,
        .config_file = "/etc/a.yaml",
        .config_line = 3,
        .config_column = 7};

static void a_line_has_every_field(void **state)
{
	static const char *const wanted[] = {"MESSAGE=hello", "PRIORITY=3",
	        "MESSAGE_ID=b46167a395d742b1a45a15bc05cec7ab", "DKIM_EVENT=error", "DKIM_DOMAIN=a.example",
	        "DKIM_SELECTOR=sel1", "DKIM_PLATFORM=exchange", "DKIM_ACCOUNT=default", "DKIM_PHASE=grace",
	        "DKIM_PHASE_OLD=rotating", "DKIM_ACTION=delete", "DKIM_REASON=old-key-in-grace",
	        "DKIM_WAITS_ON=time", "DKIM_NEXT=2025-11-20T10:00:00Z", "DKIM_ERROR_CODE=504",
	        "OVH_QUERY_ID=EU.ext-1.x", "OVH_TASK_ID=9007199254740993", "HTTP_METHOD=DELETE",
	        "HTTP_PATH=/email/exchange", "HTTP_STATUS=403", "CONFIG_FILE=/etc/a.yaml", "CONFIG_LINE=3",
	        "CONFIG_COLUMN=7"};
	struct line *l = line_new(EVENT_ERROR, 0, &all_fields, "hello", 0);

	(void)state;
	assert_int_equal(l->n, ARRAY_SIZE(wanted));
	for (unsigned i = 0; i < l->n; i++)
		assert_string_equal(l->field[i], wanted[i]);
	free(l);
	l = line_new(EVENT_STOPPING, 0, NULL, "hello", 0);
	assert_int_equal(l->n, 4); /* nothing is said of what is not known */
	free(l);
}

static void outside_text_forges_nothing(void **state)
{
	struct fields f = {.domain = "a\nPRIORITY=0", .query_id = "x\033[31m\xff"};
	struct line *l = line_new(EVENT_ERROR, 0, &f, "one\ntwo \"q\" \\ \xe2\x80\xae", 0);
	struct buf b = {0};

	(void)state;
	for (unsigned i = 0; i < l->n; i++)
		for (const char *p = l->field[i]; *p; p++)
			assert_true((unsigned char)*p >= 0x20);
	line_json(&b, l);
	assert_string_equal(b.data,
	        "{\"__REALTIME_TIMESTAMP\":\"0000\",\"MESSAGE\":\"one?two \\\"q\\\" \\\\ ?\","
	        "\"PRIORITY\":\"3\",\"MESSAGE_ID\":\"b46167a395d742b1a45a15bc05cec7ab\","
	        "\"DKIM_EVENT\":\"error\",\"DKIM_DOMAIN\":\"a?PRIORITY=0\",\"OVH_QUERY_ID\":\"x?[31m?\"}\n");
	buf_free(&b);
	free(l);
}

/* A message of several outside parts may be longer than one part may be, and keeps its whole characters. */
static void a_long_message_is_whole(void **state)
{
	char message[1801] = "";

	(void)state;
	for (int i = 0; i < 600; i++)
		memcpy(message + 3L * i, "\xe2\x82\xac", 4);
	struct line *l = line_new(EVENT_SUMMARY, 0, NULL, message, 0);
	assert_string_equal(l->field[0] + strlen("MESSAGE="), message);
	free(l);
}

static void lines_for_people(void **state)
{
	struct buf b = {0};
	struct line *l =
	        line_new(EVENT_SIGNING, INT64_C(1763632800000), &all_fields, "a.example signs with sel1", 0);

	(void)state;
	line_text(&b, l, false);
	free(l);
	l = line_new(EVENT_ERROR, INT64_C(1763632800999), &all_fields, "it is wrong", 3);
	line_text(&b, l, false);
	line_text(&b, l, true);
	free(l);
	assert_string_equal(b.data, "2025-11-20T10:00:00Z notice signing a.example signs with sel1\n"
	                            "2025-11-20T10:00:00Z err error a.example: it is wrong (3 more times "
	                            "since it was last told) [EU.ext-1.x]\n"
	                            "2025-11-20T10:00:00Z \033[31merr\033[0m error a.example: it is wrong (3 "
	                            "more times since it was last told) "
	                            "[EU.ext-1.x]\n");
	buf_free(&b);
}

/* ---- folding ---- */

static char told[2000];

static void tell(void *arg, enum event e, const struct fields *f, const char *message, unsigned repeats)
{
	size_t n = strlen(told);

	(void)arg;
	(void)e;
	str_format(told + n, sizeof(told) - n, "%s %s x%u;", f->domain, message, repeats);
}

static void repeats_are_counted_and_told_hourly(void **state)
{
	struct fold *t = fold_new(tell, NULL);
	struct fields a = {.domain = "a", .reason = "r"}, b = {.domain = "b", .reason = "r"},
	              other = {.domain = "a", .reason = "s"};

	(void)state;
	told[0] = '\0';
	assert_true(fold_see(t, 0, EVENT_ERROR, &a, "first"));
	assert_true(fold_see(t, 1, EVENT_ERROR, &b, "first"));
	assert_true(fold_see(t, 2, EVENT_ERROR, &other, "first")); /* another reason is news */
	assert_true(fold_see(t, 2, EVENT_BLOCKED, &a, "first"));
	assert_false(fold_see(t, 3, EVENT_ERROR, &a, "second"));
	assert_false(fold_see(t, MS_HOUR - 1, EVENT_ERROR, &a, "third"));
	assert_string_equal(told, "");
	assert_false(fold_see(
	        t, MS_HOUR, EVENT_ERROR, &a, "fourth")); /* the hour is over: told up to here, then counted */
	assert_string_equal(told, "a third x2;");
	fold_flush(t, 2 * MS_HOUR - 1, false);
	assert_string_equal(told, "a third x2;");
	fold_flush(t, 2 * MS_HOUR, false);
	assert_string_equal(told, "a third x2;a fourth x1;");
	fold_flush(t, 3 * MS_HOUR, false);
	assert_string_equal(told, "a third x2;a fourth x1;"); /* nothing since: forgotten */
	assert_true(fold_see(t, 3 * MS_HOUR, EVENT_ERROR, &a, "anew"));
	assert_false(fold_see(t, 3 * MS_HOUR, EVENT_ERROR, &a, "last"));
	fold_flush(t, 3 * MS_HOUR, true);
	assert_string_equal(told, "a third x2;a fourth x1;a last x1;");
	fold_free(t);
}

static void the_table_is_bounded(void **state)
{
	struct fold *t = fold_new(tell, NULL);
	char name[32] = "first";
	struct fields f = {.domain = name};

	(void)state;
	told[0] = '\0';
	fold_see(t, 0, EVENT_ERROR, &f, "m");
	assert_false(fold_see(t, 0, EVENT_ERROR, &f, "m"));
	for (int i = 0; i < FOLD_MAX; i++) {
		str_format(name, sizeof(name), "d%d", i);
		assert_true(fold_see(t, 0, EVENT_ERROR, &f, "m"));
	}
	assert_string_equal(told, "first m x1;"); /* pushed out, and what it held was told */
	str_format(name, sizeof(name), "first");
	assert_true(fold_see(t, 0, EVENT_ERROR, &f, "m"));
	fold_free(t);
}

/* ---- the sinks ---- */

/* What the function says on stderr. */
static char *stderr_of(void (*say)(void))
{
	char path[] = "/tmp/report.XXXXXX";
	int file = mkstemp(path), before = dup(STDERR_FILENO);
	struct stat st;

	assert_true(file >= 0 && before >= 0);
	unlink(path);
	fflush(stderr);
	dup2(file, STDERR_FILENO);
	say();
	dup2(before, STDERR_FILENO);
	close(before);
	fstat(file, &st);
	char *text = xcalloc((size_t)st.st_size + 1, 1);
	assert_int_equal(pread(file, text, (size_t)st.st_size, 0), st.st_size);
	close(file);
	return text;
}

static void say_some(void)
{
	struct fields f = {.domain = "a.example"};

	report(EVENT_STARTED, NULL, "0", "1 domain"); /* before there is a sink */
	assert_int_equal(report_open(REPORT_TEXT), 0);
	report(EVENT_SIGNING, &f, "a.example", "s1");
	report(EVENT_SIGNING, &f, "a.example", "s1"); /* a notice is told each time */
	report(EVENT_BLOCKED, &f, "a.example", "dns");
	report(EVENT_BLOCKED, &f, "a.example", "dns");
	report_close();
	assert_int_equal(report_open(REPORT_JSON), 0);
	report(EVENT_STOPPING, NULL);
	report_close();
}

static void lines_reach_stderr_in_order(void **state)
{
	char *text = stderr_of(say_some), shown[2000] = "";

	(void)state;
	/* The instants are taken away. */
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		size_t n = strlen(shown);

		if (line[0] != '{')
			line = strchr(line, ' ') + 1;
		else
			line = strchr(line, ',');
		str_format(shown + n, sizeof(shown) - n, "%s\n", line);
	}
	assert_string_equal(shown,
	        "notice started dkimrotd 0 started: 1 domain\n"
	        "notice signing a.example signs with s1\n"
	        "notice signing a.example signs with s1\n"
	        "err blocked a.example is blocked: dns\n"
	        "err blocked a.example is blocked: dns (1 more time since it was last told)\n"
	        ",\"MESSAGE\":\"dkimrotd "
	        "stops\",\"PRIORITY\":\"5\",\"MESSAGE_ID\":\"efd7c2443d204704834a6318ce636058\","
	        "\"DKIM_EVENT\":\"stopping\"}\n");
	free(text);
}

/* stderr is a pipe that nobody reads: report() goes on, drops what is too much, and says so when it flows again. */
static void a_sink_that_stands_still(void **state)
{
	int before = dup(STDERR_FILENO), ends[2];
	const unsigned lines = 3 * WRITER_LINES;
	unsigned got = 0;
	uint64_t dropped = report_dropped(), said = 0;
	char name[64];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	assert_int_equal(report_open(REPORT_TEXT), 0);
	for (unsigned i = 0; i < lines; i++) {
		str_format(name, sizeof(name), "d%u.example", i);
		report(EVENT_SIGNING, &(struct fields){.domain = name}, name, "s1");
	}
	dropped = report_dropped() - dropped;
	assert_true(dropped > 0 && dropped < lines);
	FILE *f = fdopen(ends[0], "r");
	char line[500];
	while (said == 0 && fgets(line, sizeof(line), f)) {
		const char *count = strstr(line, "lines-dropped ");

		got += count == NULL;
		if (count)
			said = strtoull(count + strlen("lines-dropped "), NULL, 10);
	}
	assert_int_equal(said, dropped);
	assert_int_equal(got + dropped, lines);
	dup2(before, STDERR_FILENO);
	close(before);
	report_close();
	fclose(f);
}

static void say_numbers(unsigned from, unsigned to)
{
	char name[64];

	for (unsigned i = from; i < to; i++) {
		str_format(name, sizeof(name), "d%u.example", i);
		report(EVENT_SIGNING, &(struct fields){.domain = name}, name, "s1");
	}
}

/* stderr is a pipe that takes nothing for a while, says so instead of holding up, and then loses its reader. Every line
 * comes whole and in its place, or counts as dropped. */
static void lines_that_waited_come_whole_and_in_order(void **state)
{
	int before = dup(STDERR_FILENO), ends[2];
	const unsigned lines = WRITER_LINES - 1; /* more than a pipe holds */
	uint64_t dropped = report_dropped();
	char line[500], expected[100];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe2(ends, O_NONBLOCK), 0);
	fcntl(ends[0], F_SETFL, 0);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	assert_int_equal(report_open(REPORT_TEXT), 0);
	say_numbers(0, lines);
	FILE *f = fdopen(ends[0], "r");
	for (unsigned i = 0; i < lines; i++) {
		assert_non_null(fgets(line, sizeof(line), f));
		str_format(expected, sizeof(expected), " notice signing d%u.example signs with s1\n", i);
		assert_string_equal(strchr(line, ' '), expected);
	}
	assert_int_equal(report_dropped(), dropped);
	fclose(f);
	say_numbers(0, 100);
	report_close();
	assert_int_equal(report_dropped(), dropped + 100);
	dup2(before, STDERR_FILENO);
	close(before);
}

static void the_journal_is_the_default_only_where_stderr_leads_there(void **state)
{
	struct stat st;
	char value[64];

	(void)state;
	unsetenv("JOURNAL_STREAM");
	assert_int_equal(report_default(), REPORT_TEXT);
	fstat(STDERR_FILENO, &st);
	str_format(value, sizeof(value), "%llu:%llu", (unsigned long long)st.st_dev,
	        (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", value, 1);
	assert_int_equal(report_default(), REPORT_JOURNAL);
	str_format(value, sizeof(value), "%llu:%llu", (unsigned long long)st.st_dev,
	        (unsigned long long)st.st_ino + 1);
	setenv("JOURNAL_STREAM", value, 1);
	assert_int_equal(report_default(), REPORT_TEXT);
	setenv("JOURNAL_STREAM", "nonsense", 1);
	assert_int_equal(report_default(), REPORT_TEXT);
	unsetenv("JOURNAL_STREAM");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(every_row_is_well_formed),
	        cmocka_unit_test(capture_takes_everything), cmocka_unit_test(a_line_has_every_field),
	        cmocka_unit_test(outside_text_forges_nothing), cmocka_unit_test(a_long_message_is_whole),
	        cmocka_unit_test(lines_for_people), cmocka_unit_test(repeats_are_counted_and_told_hourly),
	        cmocka_unit_test(the_table_is_bounded), cmocka_unit_test(lines_reach_stderr_in_order),
	        cmocka_unit_test(a_sink_that_stands_still),
	        cmocka_unit_test(lines_that_waited_come_whole_and_in_order),
	        cmocka_unit_test(the_journal_is_the_default_only_where_stderr_leads_there)};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
