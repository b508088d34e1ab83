/* Says everything that dkimrotd can say, for report_journal.sh: "all" reports every event once, with every field; "stall
 * PID" does so with the journald of that pid stopped, far more often than its socket and our queue hold, lets it go
 * on until the end of standard input, and prints how much was sent and dropped; "stuck PID" ends while it is stopped. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "io/report.h"
#include "io/report_writer.h"

/* What the fields hold: something from outside in each, and a line break, which must not begin a field. */
static const struct fields every = {.domain = "b\xc3\xbc"
                                              "cher.example",
        .selector = "ovhex1-selector1",
        .platform = "exchange",
        .account = "default",
        .service = "hosted-zz1111111-1",
        .phase = "grace",
        .phase_old = "rotating",
        .action = "delete",
        .reason = "old-key-in-grace",
        .waits_on = "time",
        .next = INT64_C(1763632800000),
        .error_code = 504,
        .query_id = "EU.ext-1.5f\nPRIORITY=0",
        .task_id = INT64_C(9007199254740993),
        .http_method = "DELETE",
        .http_path = "/email/exchange/x/service/y/domain/z/dkim/s",
        .http_status = 403,
        .config_file = "/etc/dkimrotd/inventory.d/a.yaml",
        .config_line = 3,
        .config_column = 7};

static void report_all(void)
{
	for (int e = 0; e < EVENT_COUNT; e++)
		report((enum event)e, &every, "one", "two", "three", "four");
}

static unsigned flood(void)
{
	const unsigned lines = 3 * WRITER_LINES;

	for (unsigned i = 0; i < lines; i++) {
		char name[64];

		str_format(name, sizeof(name), "flood%u.example", i);
		report(EVENT_SIGNING, &(struct fields){.domain = name}, name, "s1");
	}
	return lines;
}

int main(int argc, char **argv)
{
	pid_t journald = argc > 2 ? (pid_t)strtol(argv[2], NULL, 10) : 0;
	const char *what = argc > 1 ? argv[1] : "";

	if (report_open(REPORT_JOURNAL) < 0)
		return 1;
	if (strcmp(what, "all") == 0)
		report_all();
	if (journald > 0)
		kill(journald, SIGSTOP);
	unsigned sent = journald > 0 ? flood() : 0;
	uint64_t dropped = report_dropped(); /* all that was too much, for nothing is reported any more */
	if (strcmp(what, "stall") == 0) {
		kill(journald, SIGCONT);
		while (getchar() != EOF)
			;
	}
	report_close();
	printf("%u %llu\n", sent, (unsigned long long)dropped);
	return 0;
}
