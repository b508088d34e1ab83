/* One line of the journal as its fields, and how the sinks show it. Pure functions over memory. */
#ifndef DKIMROTD_IO_REPORT_LINE_H
#define DKIMROTD_IO_REPORT_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/util.h"
#include "io/report.h"

#define LINE_FIELDS 32

/* "NAME=value" texts, cleaned of control characters; the first is MESSAGE. One allocation, free it with free. */
struct line {
	enum event event;
	int64_t at; /* the host's wall clock, ms */
	unsigned n;
	const char *field[LINE_FIELDS];
	const char *domain, *query_id; /* values inside field, or "" */
};

/* `repeats` > 0 is told behind the message. */
struct line *line_new(
        enum event e, int64_t at, const struct fields *f, const char *message, unsigned repeats);
/* For people, with a newline: instant, level, event, domain unless the message names it, message. */
void line_text(struct buf *b, const struct line *l, bool colour);
/* One object, with a newline; the fields as journalctl -o json names them. */
void line_json(struct buf *b, const struct line *l);

/* "domain-met": the event as people and scripts see it. */
const char *line_event_word(char *dst, size_t n, enum event e);

#endif
