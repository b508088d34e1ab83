/* Growing text and the one way to give up. It must never be used for anything that has an error to return. */
#include "out.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("ovhsim: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(2);
}

void *must(void *p)
{
	if (!p)
		die("out of memory");
	return p;
}

static void out_room(struct out *o, size_t n)
{
	if (o->len + n + 1 <= o->cap)
		return;
	o->cap = (o->len + n + 1) * 2;
	o->data = must(realloc(o->data, o->cap));
}

void out_add(struct out *o, const void *p, size_t n)
{
	out_room(o, n);
	if (n)
		memcpy(o->data + o->len, p, n);
	o->len += n;
	o->data[o->len] = 0;
}

void out_puts(struct out *o, const char *s)
{
	out_add(o, s, strlen(s));
}

void out_printf(struct out *o, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n > 0) {
		out_room(o, (size_t)n);
		vsnprintf(o->data + o->len, (size_t)n + 1, fmt, again);
		o->len += (size_t)n;
	}
	va_end(again);
}

void out_json(struct out *o, const char *s)
{
	if (!s) {
		out_puts(o, "null");
		return;
	}
	out_puts(o, "\"");
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			out_printf(o, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			out_printf(o, "\\u%04x", c);
		else
			out_add(o, s, 1);
	}
	out_puts(o, "\"");
}

void out_free(struct out *o)
{
	free(o->data);
	*o = (struct out){0};
}
