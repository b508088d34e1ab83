/* Tables and the terminal. It must never print an escape sequence where no terminal asked for it, nor anything but text
 * from the cells. */
#include "ctl/table.h"

#include "base/arena.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define GAP         2
#define FIRST_LEAST 12
#define WIDE_MAX    1000

struct cell {
	const char *text; /* of the arena */
	size_t columns;
	enum style style;
};

struct table {
	struct arena *arena;
	size_t columns, n, cap;
	size_t *widths; /* of the widest cell of each column */
	struct cell *cells;
};

/* --- the terminal ------------------------------------------------------------------------------- */

static size_t terminal_width(bool terminal)
{
	const char *given = getenv("COLUMNS");
	struct winsize size;

	if (given) {
		long n = strtol(given, NULL, 10);
		if (n > 0 && n <= WIDE_MAX)
			return (size_t)n;
	}
	if (!terminal)
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 80;
}

struct screen screen_of(const struct ctl *c)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	struct screen s = {.terminal = isatty(STDOUT_FILENO) == 1};

	s.width = terminal_width(s.terminal);
	s.utf8 = str_caseeq(nl_langinfo(CODESET), "UTF-8");
	s.colour = s.terminal && term && !str_eq(term, "dumb");
	if (str_eq(c->color, "always"))
		s.colour = true;
	if (str_eq(c->color, "never") || (no && *no))
		s.colour = false;
	return s;
}

size_t screen_columns(const char *text)
{
	size_t n = str_plain(text, strlen(text));

	for (text += n; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

void screen_put(const struct screen *s, struct buf *out, enum style style, const char *text)
{
	static const char *const begin[] = {
	        [STYLE_BOLD] = "\033[1m",
	        [STYLE_DIM] = "\033[2m",
	        [STYLE_GOOD] = "\033[32m",
	        [STYLE_BUSY] = "\033[36m",
	        [STYLE_WARN] = "\033[33m",
	        [STYLE_BAD] = "\033[1;31m",
	};
	bool styled = s->colour && style != STYLE_PLAIN && *text;

	if (styled)
		buf_puts(out, begin[style]);
	buf_puts(out, text);
	if (styled)
		buf_puts(out, "\033[0m");
}

void screen_bar(const struct screen *s, struct buf *out, size_t n, int permille)
{
	int full = (int)n * (permille < 0 ? 0 : permille > 1000 ? 1000 : permille) / 1000;

	for (int i = 0; i < (int)n; i++)
		buf_puts(out, i < full ? (s->utf8 ? "█" : "#") : (s->utf8 ? "░" : "-"));
}

/* --- tables ------------------------------------------------------------------------------------- */

struct table *table_new(size_t columns)
{
	struct table *t = xcalloc(1, sizeof(*t));

	t->arena = arena_new();
	t->widths = xcalloc(columns, sizeof(*t->widths));
	t->columns = columns;
	return t;
}

void table_free(struct table *t)
{
	if (!t)
		return;
	arena_free(t->arena);
	free(t->widths);
	free(t->cells);
	free(t);
}

void table_cell(struct table *t, enum style style, const char *text)
{
	size_t n = strlen(text), *width = &t->widths[t->n % t->columns];
	bool plain = n <= STR_CLEAN_MAX && str_plain(text, n) == n; /* nearly all are */
	char clean[STR_CLEAN_MAX + 1];

	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 256;
		t->cells = xrealloc(t->cells, t->cap * sizeof(*t->cells));
	}
	if (!plain)
		text = str_clean(clean, sizeof(clean), text);
	struct cell *cell = &t->cells[t->n++];
	cell->text = arena_strdup(t->arena, text);
	cell->columns = plain ? n : screen_columns(text);
	cell->style = style;
	if (cell->columns > *width)
		*width = cell->columns;
}

size_t table_width(const struct table *t)
{
	size_t width = 0;

	for (size_t i = 0; i < t->columns; i++)
		width += t->widths[i] ? t->widths[i] + GAP : 0;
	return width >= GAP ? width - GAP : 0;
}

/* The first n columns of a text, ending in an ellipsis when that is not all of it. Returns how many it takes. */
static size_t put_cut(const struct screen *s, struct buf *out, const struct cell *cell, size_t n)
{
	if (cell->columns <= n) {
		screen_put(s, out, cell->style, cell->text);
		return cell->columns;
	}
	if (n == 0)
		return 0;
	size_t bytes = 0, columns = 0;
	while (columns < n - 1) {
		uint32_t code;
		size_t len = utf8_next(cell->text + bytes, strlen(cell->text + bytes), &code);
		bytes += len ? len : 1;
		columns++;
	}
	char *part = xasprintf("%.*s%s", (int)bytes, cell->text, s->utf8 ? "…" : "~");
	screen_put(s, out, cell->style, part);
	free(part);
	return n;
}

static void put_blanks(struct buf *out, size_t n)
{
	static const char blanks[] = "                                                                ";

	for (size_t part; n > 0; n -= part) {
		part = n < sizeof(blanks) - 1 ? n : sizeof(blanks) - 1;
		buf_add(out, blanks, part);
	}
}

static void print_row(
        const struct table *t, const size_t *widths, const struct screen *s, struct buf *out, size_t row)
{
	size_t left = s->width ? s->width : SIZE_MAX, owed = 0;

	for (size_t i = 0; i < t->columns; i++) {
		const struct cell *cell = &t->cells[row * t->columns + i];

		if (widths[i] == 0)
			continue;
		if (cell->columns == 0) { /* blanks are only paid before text: none at a line's end */
			owed += widths[i] + GAP;
			continue;
		}
		if (owed >= left)
			break;
		left -= owed;
		put_blanks(out, owed);
		size_t taken = put_cut(s, out, cell, left < widths[i] ? left : widths[i]);
		left -= taken;
		owed = widths[i] + GAP - taken;
	}
	buf_puts(out, "\n");
}

/* The first column gives way before the last ones are cut off. */
static void fit(size_t *widths, size_t all, size_t wanted)
{
	size_t give = widths[0] > FIRST_LEAST ? widths[0] - FIRST_LEAST : 0;

	if (wanted && all > wanted)
		widths[0] -= all - wanted < give ? all - wanted : give;
}

void table_print(const struct table *t, const struct screen *s, struct buf *out)
{
	size_t *widths = xcalloc(t->columns, sizeof(*widths));

	memcpy(widths, t->widths, t->columns * sizeof(*widths));
	fit(widths, table_width(t), s->width);
	for (size_t row = 0; row < t->n / (t->columns ? t->columns : 1); row++)
		print_row(t, widths, s, out, row);
	free(widths);
}

/* --- lines -------------------------------------------------------------------------------------- */

void screen_wrap(const struct screen *s, struct buf *out, const char *text, size_t at, size_t indent)
{
	for (bool first = true; *text; first = false) {
		size_t word = strcspn(text, " ");
		char *part = xstrndup(text, word);
		size_t columns = screen_columns(part);

		if (!first && s->width && at + 1 + columns > s->width) {
			buf_printf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (!first || at > 0) {
			buf_puts(out, " ");
			at++;
		}
		buf_puts(out, part);
		at += columns;
		free(part);
		text += word + (text[word] == ' ');
	}
	buf_puts(out, "\n");
}
