/* A reported event as journal fields, as a line for people, and as JSON. Whatever came from outside is cleaned here, once
 * for all sinks: control characters, broken UTF-8 and marks that reorder text never pass. */
#include "io/report_line.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char *const levels[] = {"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"};
static const char *const colours[] = {
        "\033[1;31m", "\033[1;31m", "\033[1;31m", "\033[31m", "\033[33m", "\033[1m", "", "\033[2m"};

/* ---- building ---- */

struct builder {
	struct buf text; /* every field, terminated */
	size_t begin[LINE_FIELDS];
	unsigned n;
};

/* Nearly everything is plain: such text is its own clean form. */
static bool is_plain(const char *s)
{
	while (*s >= ' ' && *s <= '~')
		s++;
	return *s == '\0';
}

/* str_clean cuts at 500 bytes, which is right for one thing from outside; a whole message may hold several. */
static void add_clean(struct buf *b, const char *s)
{
	char part[STR_CLEAN_MAX + 1], clean[STR_CLEAN_MAX + 1];

	if (is_plain(s)) {
		buf_puts(b, s);
		return;
	}
	while (*s) {
		size_t n = 0, left = strlen(s);

		while (n < left && n < STR_CLEAN_MAX - 4) {
			uint32_t code;
			size_t len = utf8_next(s + n, left - n, &code);

			n += len ? len : 1;
		}
		memcpy(part, s, n);
		part[n] = '\0';
		buf_puts(b, str_clean(clean, sizeof(clean), part));
		s += n;
	}
}

static void add(struct builder *b, const char *name, const char *value)
{
	if (!value || b->n == LINE_FIELDS)
		return;
	b->begin[b->n++] = b->text.len;
	buf_puts(&b->text, name);
	buf_puts(&b->text, "=");
	add_clean(&b->text, value);
	buf_add(&b->text, "", 1);
}

static void add_number(struct builder *b, const char *name, int64_t value)
{
	char text[32];

	if (value)
		str_format(text, sizeof(text), "%lld", (long long)value);
	add(b, name, value ? text : NULL);
}

static void add_fields(struct builder *b, const struct fields *f)
{
	char at[TIME_TEXT];

	add(b, "DKIM_DOMAIN", f->domain);
	add(b, "DKIM_SELECTOR", f->selector);
	add(b, "DKIM_PLATFORM", f->platform);
	add(b, "DKIM_ACCOUNT", f->account);
	add(b, "DKIM_SERVICE", f->service);
	add(b, "DKIM_PHASE", f->phase);
	add(b, "DKIM_PHASE_OLD", f->phase_old);
	add(b, "DKIM_ACTION", f->action);
	add(b, "DKIM_REASON", f->reason);
	add(b, "DKIM_WAITS_ON", f->waits_on);
	add(b, "DKIM_NEXT", f->next ? time_text(at, f->next) : NULL);
	add_number(b, "DKIM_ERROR_CODE", f->error_code);
	add(b, "OVH_QUERY_ID", f->query_id && *f->query_id ? f->query_id : NULL);
	add_number(b, "OVH_TASK_ID", f->task_id);
	add(b, "HTTP_METHOD", f->http_method);
	add(b, "HTTP_PATH", f->http_path);
	add_number(b, "HTTP_STATUS", f->http_status);
	add(b, "CONFIG_FILE", f->config_file);
	add_number(b, "CONFIG_LINE", f->config_line);
	add_number(b, "CONFIG_COLUMN", f->config_column);
}

/* The value of a field, "" when the line has none. */
static const char *value_of(const struct line *l, const char *name)
{
	size_t n = strlen(name);

	for (unsigned i = 0; i < l->n; i++)
		if (strncmp(l->field[i], name, n) == 0 && l->field[i][n] == '=')
			return l->field[i] + n + 1;
	return "";
}

struct line *line_new(enum event e, int64_t at, const struct fields *f, const char *message, unsigned repeats)
{
	struct builder b = {0};
	static const struct fields none;
	char word[64], times[STR_COUNT], *told = NULL;

	if (repeats)
		told = xasprintf(
		        "%s (%s since it was last told)", message, str_count(times, repeats, "more time"));
	add(&b, "MESSAGE", told ? told : message);
	free(told);
	add_number(&b, "PRIORITY", event_priority(e));
	add(&b, "MESSAGE_ID", event_message_id(e));
	add(&b, "DKIM_EVENT", line_event_word(word, sizeof(word), e));
	add_fields(&b, f ? f : &none);
	struct line *l = xmalloc(sizeof(*l) + b.text.len);
	*l = (struct line){.event = e, .at = at, .n = b.n};
	char *text = (char *)(l + 1);
	memcpy(text, b.text.data, b.text.len);
	for (unsigned i = 0; i < b.n; i++)
		l->field[i] = text + b.begin[i];
	l->domain = value_of(l, "DKIM_DOMAIN");
	l->query_id = value_of(l, "OVH_QUERY_ID");
	buf_free(&b.text);
	return l;
}

const char *line_event_word(char *dst, size_t n, enum event e)
{
	str_format(dst, n, "%s", event_name(e));
	for (char *p = dst; *p; p++)
		*p = *p == '_' ? '-' : (char)tolower((unsigned char)*p);
	return dst;
}

/* ---- showing ---- */

void line_text(struct buf *b, const struct line *l, bool colour)
{
	int priority = event_priority(l->event);
	const char *message = value_of(l, "MESSAGE");
	char at[TIME_TEXT], word[64];

	buf_printf(b, "%s %s%s%s %s ", time_text(at, l->at), colour ? colours[priority] : "",
	        levels[priority], colour && *colours[priority] ? "\033[0m" : "",
	        line_event_word(word, sizeof(word), l->event));
	if (*l->domain && !strstr(message, l->domain))
		buf_printf(b, "%s: ", l->domain);
	buf_puts(b, message);
	if (*l->query_id && priority <= 4)
		buf_printf(b, " [%s]", l->query_id);
	buf_puts(b, "\n");
}

/* The text holds no control characters and is UTF-8: two characters are left to escape. */
static void json_text(struct buf *b, const char *s)
{
	buf_puts(b, "\"");
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			buf_puts(b, "\\");
		buf_add(b, s, 1);
	}
	buf_puts(b, "\"");
}

void line_json(struct buf *b, const struct line *l)
{
	buf_printf(b, "{\"__REALTIME_TIMESTAMP\":\"%lld000\"", (long long)l->at);
	for (unsigned i = 0; i < l->n; i++) {
		size_t n = strcspn(l->field[i], "=");

		buf_printf(b, ",\"%.*s\":", (int)n, l->field[i]);
		json_text(b, l->field[i] + n + 1);
	}
	buf_puts(b, "}\n");
}
