/* The thread that hands lines to the sink, so that a journal or a terminal that stands still never stops the loop. */
#ifndef DKIMROTD_IO_REPORT_WRITER_H
#define DKIMROTD_IO_REPORT_WRITER_H

#include <stdint.h>

#include "io/report.h"
#include "io/report_line.h"

#define WRITER_LINES 4096

struct writer;

/* 0 or negative errno when no thread can be had. */
int writer_new(enum report_sink sink, struct writer **ret_writer);
/* Waits at most two seconds for what is queued; a writer that still stands in its sink is left behind. */
void writer_free(struct writer *w);
/* Takes the line. Never waits: when the queue is full the line is dropped and counted. */
void writer_put(struct writer *w, struct line *l);
/* Lines dropped since the process began. */
uint64_t writer_dropped(void);
/* A line at once from this thread: before there is a writer. */
void writer_direct(const struct line *l);

#endif
