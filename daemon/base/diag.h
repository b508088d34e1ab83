/* What is wrong with a file, for a person to read: FILE:LINE:COLUMN: text. A list, in the order found. */
#ifndef DKIMROTD_BASE_DIAG_H
#define DKIMROTD_BASE_DIAG_H

#include <stddef.h>

struct diag {
	char *file; /* owned */
	int line;   /* from 1; 0 = the file as a whole */
	int column; /* from 1; 0 = unknown */
	char *text; /* owned; one sentence without a full stop */
};

struct diags {
	struct diag *list;
	size_t n, cap;
	size_t count; /* all that were added; beyond DIAGS_MOST they are counted, not kept: compare this, not n */
};

/* A file of 16 MiB can hold a million faults. Nobody reads more than these. */
#define DIAGS_MOST 1000

void diag_add(struct diags *d, const char *file, int line, int column, const char *fmt, ...)
        __attribute__((format(printf, 5, 6)));
/* "FILE:LINE:COLUMN: text" into dst, cleaned of control characters; parts that are 0 are left out. */
char *diag_format(const struct diag *d, char *dst, size_t n);
/* Appends what is in from, and empties it. */
void diags_move(struct diags *to, struct diags *from);
void diags_clear(struct diags *d);

#endif
