/* What the daemon says, event by event: the table of events, the folding of repeats, and the way to the writer. It must
 * never wait for a sink, and nothing secret is ever given to it. */
#include "io/report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "io/report_fold.h"
#include "io/report_line.h"
#include "io/report_writer.h"

static const struct {
	const char *name, *message_id, *text;
	int priority;
} events[] = {
#define EVENT(id, message_id, priority, subject, text) [EVENT_##id] = {#id, message_id, text, priority},
#include "events.def"
#undef EVENT
};

static struct writer *writer;
static struct fold *fold;

static struct {
	void (*cb)(void *arg, enum event e, int priority, const struct fields *f, const char *message);
	void *arg;
} capture;

const char *event_name(enum event e)
{
	return events[e].name;
}

const char *event_message_id(enum event e)
{
	return events[e].message_id;
}

int event_priority(enum event e)
{
	return events[e].priority;
}

static int64_t clock_ms(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

enum report_sink report_default(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return REPORT_TEXT;
	str_format(ours, sizeof(ours), "%llu:%llu", (unsigned long long)st.st_dev,
	        (unsigned long long)st.st_ino);
	return str_eq(stream, ours) ? REPORT_JOURNAL : REPORT_TEXT;
}

static void send_line(void *arg, enum event e, const struct fields *f, const char *message, unsigned repeats)
{
	struct line *l = line_new(e, clock_ms(CLOCK_REALTIME), f, message, repeats);

	(void)arg;
	if (writer) {
		writer_put(writer, l);
		return;
	}
	writer_direct(l);
	free(l);
}

int report_open(enum report_sink sink)
{
	report_close();
	int r = writer_new(sink, &writer);

	if (r == 0)
		fold = fold_new(send_line, NULL);
	return r;
}

void report_close(void)
{
	if (fold)
		fold_flush(fold, clock_ms(CLOCK_BOOTTIME), true);
	fold_free(fold);
	fold = NULL;
	writer_free(writer);
	writer = NULL;
}

uint64_t report_dropped(void)
{
	return writer_dropped();
}

void report_capture(
        void (*cb)(void *arg, enum event e, int priority, const struct fields *f, const char *message),
        void *arg)
{
	capture.cb = cb;
	capture.arg = arg;
}

/* The text of an event with its arguments in place of %s; nothing else is ever expanded. */
static void expand(char *dst, size_t n, const char *text, va_list ap)
{
	size_t len = 0;

	dst[0] = '\0';
	while (*text && len + 1 < n) {
		bool place = text[0] == '%' && text[1] == 's';
		const char *value = place ? va_arg(ap, const char *) : text;

		value = value ? value : "-";
		size_t take = strnlen(value, place ? n : 1);
		take = take < n - 1 - len ? take : n - 1 - len;
		memcpy(dst + len, value, take);
		len += take;
		dst[len] = '\0';
		text += place ? 2 : 1;
	}
}

void report(enum event e, const struct fields *f, ...)
{
	static const struct fields none;
	char message[4096];
	va_list ap;

	f = f ? f : &none;
	va_start(ap, f);
	expand(message, sizeof(message), events[e].text, ap);
	va_end(ap);
	if (capture.cb) {
		capture.cb(capture.arg, e, events[e].priority, f, message);
		return;
	}
	/* Errors and warnings only: what is told as progress is told each time. */
	if (fold && events[e].priority <= 4 && !fold_see(fold, clock_ms(CLOCK_BOOTTIME), e, f, message))
		return;
	send_line(NULL, e, f, message, 0);
}
