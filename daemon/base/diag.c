/* The list of what is wrong with files. It must never print: main, the control socket and the report do. */
#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/util.h"

void diag_add(struct diags *d, const char *file, int line, int column, const char *fmt, ...)
{
	va_list ap;
	char text[1024];

	if (d->count++ > DIAGS_MOST)
		return;
	if (d->count > DIAGS_MOST) {
		fmt = "more faults are not shown";
		file = NULL;
	}
	va_start(ap, fmt);
	if (vsnprintf(text, sizeof text, fmt, ap) < 0)
		text[0] = '\0';
	va_end(ap);
	if (d->n == d->cap) {
		d->cap = d->cap ? d->cap * 2 : 8;
		d->list = xrealloc(d->list, d->cap * sizeof *d->list);
	}
	d->list[d->n++] = (struct diag){
	        .file = xstrdup(file ? file : ""), .line = line, .column = column, .text = xstrdup(text)};
}

char *diag_format(const struct diag *d, char *dst, size_t n)
{
	char place[STR_CLEAN_MAX + 64] = "", file[STR_CLEAN_MAX + 1], text[STR_CLEAN_MAX + 1];

	str_clean(file, sizeof file, d->file);
	str_clean(text, sizeof text, d->text);
	if (file[0] && d->line > 0 && d->column > 0)
		str_format(place, sizeof place, "%s:%d:%d: ", file, d->line, d->column);
	else if (file[0] && d->line > 0)
		str_format(place, sizeof place, "%s:%d: ", file, d->line);
	else if (file[0])
		str_format(place, sizeof place, "%s: ", file);
	str_format(dst, n, "%s%s", place, text);
	return dst;
}

void diags_move(struct diags *to, struct diags *from)
{
	for (size_t i = 0; i < from->n; i++)
		diag_add(to, from->list[i].file, from->list[i].line, from->list[i].column, "%s",
		        from->list[i].text);
	to->count += from->count - from->n;
	diags_clear(from);
}

void diags_clear(struct diags *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->list[i].file);
		free(d->list[i].text);
	}
	free(d->list);
	*d = (struct diags){0};
}
