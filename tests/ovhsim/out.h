/* A growing piece of text for the shell around the world: pages, JSON, log lines. It knows nothing of HTTP or
 * DNS. Running out of memory ends the program; this is a test tool. */
#ifndef OVHSIM_OUT_H
#define OVHSIM_OUT_H

#include <stddef.h>

struct out {
	char *data; /* NULL until the first byte, then terminated; free with out_free */
	size_t len, cap;
};

void out_add(struct out *o, const void *p, size_t n);
void out_puts(struct out *o, const char *s);
void out_printf(struct out *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A JSON string with its quotes; NULL becomes null. Bytes that are not UTF-8 are passed on as they are. */
void out_json(struct out *o, const char *s);
void out_free(struct out *o);

/* One line on stderr ("ovhsim: ..."), then exit 2: for what makes starting impossible. */
void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
void *must(void *p); /* p, or dies when it is NULL: for allocations */

#endif
