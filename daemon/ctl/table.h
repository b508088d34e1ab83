/* A table for people: columns as wide as their widest cell, text that may be coloured, and the terminal it goes to. */
#ifndef DKIMROTD_CTL_TABLE_H
#define DKIMROTD_CTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"
#include "ctl/ctl.h"

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_GOOD, STYLE_BUSY, STYLE_WARN, STYLE_BAD };

/* Where stdout leads. */
struct screen {
	bool terminal, colour, utf8;
	size_t width; /* columns; 0 = as many as wanted */
};
/* Colour: on a terminal or when asked for by --color always, and never with NO_COLOR. Width: $COLUMNS, else the
 * terminal's. */
struct screen screen_of(const struct ctl *c);
/* How many columns a text takes: characters, not bytes. */
size_t screen_columns(const char *text);
/* text in a style, as far as the screen has colour. */
void screen_put(const struct screen *s, struct buf *out, enum style style, const char *text);
/* A bar of n cells, permille of them full. */
void screen_bar(const struct screen *s, struct buf *out, size_t n, int permille);

/* Words that go on a line which has `at` columns already (0 = a new one), broken at the screen's width; further lines
 * begin in column `indent`. A word that is longer than a line stays whole. */
void screen_wrap(const struct screen *s, struct buf *out, const char *text, size_t at, size_t indent);

struct table;
struct table *table_new(size_t columns);
void table_free(struct table *t);
/* The next cell, row by row; text is copied, and cleaned of what is no text. */
void table_cell(struct table *t, enum style style, const char *text);
size_t table_width(const struct table *t);
/* Appends the rows, cut at the screen's width: the first column first, then the last ones. */
void table_print(const struct table *t, const struct screen *s, struct buf *out);

#endif
