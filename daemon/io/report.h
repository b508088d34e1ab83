/* Everything the daemon says: one event, its fields, to the journal (or stderr as text or JSON). events.def is the one
 * table: name, MESSAGE_ID, priority, text. Never blocks the loop: a writer thread behind a bounded queue, and a
 * count of what was dropped, which is itself told. Secrets are never given to it. */
#ifndef DKIMROTD_IO_REPORT_H
#define DKIMROTD_IO_REPORT_H

#include <stdbool.h>
#include <stdint.h>

enum event {
#define EVENT(id, message_id, priority, subject, text) EVENT_##id,
#include "events.def"
#undef EVENT
	EVENT_COUNT
};

enum report_sink { REPORT_JOURNAL, REPORT_TEXT, REPORT_JSON };

/* The fields beside MESSAGE, PRIORITY, MESSAGE_ID and DKIM_EVENT (the event's name); NULL, 0 = left out. Borrowed for the call. */
struct fields {
	const char *domain, *selector, *platform, *account, *service, *phase, *phase_old, *action, *reason,
	        *waits_on;
	int64_t next;   /* DKIM_NEXT: an instant, written in UTC */
	int error_code; /* DKIM_ERROR_CODE 501 to 504 */
	const char *query_id;
	int64_t task_id;
	const char *http_method, *http_path;
	int http_status;
	const char *config_file;
	int config_line, config_column;
};

/* REPORT_JOURNAL only when stderr is connected to the journal, unless asked for. 0 or negative errno. */
int report_open(enum report_sink sink);
/* The sink when nothing was asked for: the journal when $JOURNAL_STREAM names stderr's device and inode. */
enum report_sink report_default(void);
void report_close(void); /* writes out what is queued, for at most two seconds */

/* One event. The message is the event's text with the printf arguments that the table's text takes: strings, as many as
 * it has %s. Repeats of the same event with the same domain, account, service, platform, selector, action, reason and place in a
 * file within an hour are folded into one line with a count (priorities err and warning only). Texts from outside
 * may come as they are. From the loop's thread only. Before report_open a line goes to stderr at once. */
void report(enum event e, const struct fields *f, ...);
/* Lines dropped since the start because the sink stalled or was gone. */
uint64_t report_dropped(void);
/* Tests and the simulation: every event goes to this function instead, unfolded. NULL = back to the sink. */
void report_capture(
        void (*cb)(void *arg, enum event e, int priority, const struct fields *f, const char *message),
        void *arg);

const char *event_name(enum event e);
const char *event_message_id(enum event e);
int event_priority(enum event e);

#endif
