/* Messages taken apart, no further than a signature's check and its report need. It must never change a byte that a
 * signature may cover, line ends apart, which travel as CRLF whatever a file has. */
#include "codec/mail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

/* ---- header and body ---- */

/* The bytes with CRLF at every line's end; a CR or LF that stands alone counts as an end, as mail servers take it. */
static char *with_crlf(const char *s, size_t n, size_t *ret_len)
{
	struct buf b = {0};
	size_t from = 0;

	buf_add(&b, "", 0);
	for (size_t i = 0; i < n; i++) {
		if (s[i] != '\n')
			continue;
		size_t end = i > from && s[i - 1] == '\r' ? i - 1 : i;
		buf_add(&b, s + from, end - from);
		buf_add(&b, "\r\n", 2);
		from = i + 1;
	}
	if (from < n) {
		buf_add(&b, s + from, n - from);
		buf_add(&b, "\r\n", 2);
	}
	*ret_len = b.len;
	return b.data ? b.data : xstrdup("");
}

/* The end of the field that begins at `from`: the CRLF that no white space follows. */
static size_t field_end(const struct mail *m, size_t from)
{
	for (size_t i = from; i + 1 < m->len; i++)
		if (m->text[i] == '\r' && m->text[i + 1] == '\n' &&
		        (i + 2 >= m->len || (m->text[i + 2] != ' ' && m->text[i + 2] != '\t')))
			return i;
	return m->len;
}

/* RFC 5322 2.2: printable ASCII but the colon. White space before the colon is its obsolete form. */
static size_t name_length(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && s[i] > ' ' && s[i] < 127 && s[i] != ':')
		i++;
	size_t len = i;
	while (i < n && (s[i] == ' ' || s[i] == '\t'))
		i++;
	return i < n && s[i] == ':' ? len : 0;
}

static const char *read_fields(struct mail *m)
{
	size_t at = 0;

	while (at < m->len && !(m->text[at] == '\r' && at + 1 < m->len && m->text[at + 1] == '\n')) {
		size_t end = field_end(m, at);
		size_t name = name_length(m->text + at, end - at);

		if (name == 0)
			return m->n == 0 ? "it does not begin with a header field"
			                 : "a line of its header is no header field";
		if (end - at > MAIL_FIELD_MAX)
			return "a header field is larger than 64 KiB";
		if (m->n == MAIL_FIELDS_MAX)
			return "it has more than 2000 header fields";
		m->fields = xrealloc(m->fields, (m->n + 1) * sizeof(*m->fields));
		m->fields[m->n++] = (struct mail_field){
		        .name = m->text + at, .name_len = name, .line = m->text + at, .line_len = end - at};
		at = end + 2 < m->len ? end + 2 : m->len;
	}
	if (m->n == 0)
		return "it is empty";
	at = at + 2 < m->len ? at + 2 : m->len;
	m->body = m->text + at;
	m->body_len = m->len - at;
	return NULL;
}

int mail_read(const char *bytes, size_t n, struct mail *ret, const char **why)
{
	struct mail m = {0};

	if (n >= 5 &&
	        memcmp(bytes, "From ", 5) == 0) { /* an mbox: its first line is no part of the message */
		const char *end = memchr(bytes, '\n', n);

		n -= end ? (size_t)(end + 1 - bytes) : n;
		bytes = end ? end + 1 : bytes;
	}
	m.text = with_crlf(bytes, n, &m.len);
	*why = read_fields(&m);
	if (*why) {
		mail_free(&m);
		return -EBADMSG;
	}
	*ret = m;
	return 0;
}

void mail_free(struct mail *m)
{
	free(m->text);
	free(m->fields);
	memset(m, 0, sizeof(*m));
}

bool mail_is(const struct mail_field *f, const char *name)
{
	char own[64];

	if (f->name_len >= sizeof(own))
		return false;
	memcpy(own, f->name, f->name_len);
	own[f->name_len] = '\0';
	return str_caseeq(own, name);
}

char *mail_value(const struct mail_field *f)
{
	const char *colon = memchr(f->line, ':', f->line_len);
	size_t from = colon ? (size_t)(colon + 1 - f->line) : f->line_len;
	char *s = xmalloc(f->line_len - from + 1), *p = s;

	for (size_t i = from; i < f->line_len; i++)
		if (f->line[i] != '\r' && f->line[i] != '\0')
			*p++ = f->line[i] == '\n' || f->line[i] == '\t' ? ' ' : f->line[i];
	while (p > s && p[-1] == ' ')
		p--;
	*p = '\0';
	size_t lead = strspn(s, " ");
	memmove(s, s + lead, strlen(s + lead) + 1);
	return s;
}

/* ---- what stands in a field ---- */

/* Past a comment that begins at s, nested ones and quoted pairs in it included. */
static const char *skip_comment(const char *s)
{
	unsigned depth = 0;

	for (; *s; s++) {
		if (*s == '\\' && s[1])
			s++;
		else if (*s == '(')
			depth++;
		else if (*s == ')' && --depth == 0)
			return s + 1;
	}
	return s;
}

static const char *skip_space(const char *s)
{
	for (;;) {
		s += strspn(s, " ");
		if (*s != '(')
			return s;
		s = skip_comment(s);
	}
}

/* The text without comments; what is quoted loses its quotes, and the characters in it lose their meaning. */
static char *without_comments(const char *s)
{
	char *out = xmalloc(strlen(s) + 1), *p = out;

	while (*s) {
		if (*s == '(') {
			s = skip_comment(s);
			*p++ = ' ';
		} else if (*s == '"') {
			for (s++; *s && *s != '"'; s++) {
				if (*s == '\\' && s[1])
					s++;
				*p++ = strchr(";=<>, ", *s) ? '?' : *s;
			}
			s += *s == '"';
		} else {
			*p++ = *s++;
		}
	}
	*p = '\0';
	return out;
}

bool mail_from_domain(const struct mail *m, char *dst, size_t n)
{
	const struct mail_field *from = NULL;
	bool found = false;

	for (size_t i = 0; i < m->n; i++) {
		if (!mail_is(&m->fields[i], "From"))
			continue;
		if (from)
			return false;
		from = &m->fields[i];
	}
	if (!from)
		return false;
	char *value = mail_value(from), *plain = without_comments(value);
	const char *open = strchr(plain, '<');
	const char *at = strchr(open ? open : plain, '@');
	if (at) {
		size_t len = strcspn(at + 1, "> ,;");

		found = len > 0 && len < n;
		for (size_t i = 0; found && i < len; i++)
			dst[i] = at[1 + i] >= 'A' && at[1 + i] <= 'Z' ? (char)(at[1 + i] + 32) : at[1 + i];
		if (found)
			dst[len] = '\0';
	}
	free(plain);
	free(value);
	return found;
}

bool mail_tag(const char *value, const char *tag, char *dst, size_t n)
{
	size_t want = strlen(tag);

	for (const char *s = value; *s;) {
		s += strspn(s, " ;");
		size_t len = strcspn(s, "= ;");
		const char *v = s + len + strspn(s + len, " ");
		const char *end = s + strcspn(s, ";");

		if (*v == '=' && len == want && memcmp(s, tag, len) == 0) {
			size_t k = 0;

			for (v++; v < end; v++) {
				if (*v == ' ')
					continue;
				if (k + 1 >= n)
					return false;
				dst[k++] = *v;
			}
			dst[k] = '\0';
			return true;
		}
		s = end;
	}
	return false;
}

/* The word at s, up to one of `stops`, into dst; cut where it does not fit. Returns what is behind it. */
static const char *take_word(const char *s, const char *stops, char *dst, size_t n)
{
	size_t len = strcspn(s, stops), keep = len < n ? len : n - 1;

	memcpy(dst, s, keep);
	dst[keep] = '\0';
	return s + len;
}

/* "dkim=pass header.d=example.org header.s=one": one piece between two semicolons. */
static bool read_result(const char *s, const char *end, struct mail_result *ret)
{
	struct mail_result r = {0};

	s = take_word(skip_space(s), "= ;", r.method, sizeof(r.method));
	s += strspn(s, " ");
	if (*s != '=' || r.method[0] == '\0')
		return false;
	s = take_word(s + 1 + strspn(s + 1, " "), " ;", r.result, sizeof(r.result));
	while (s < end) {
		char name[64], value[256];

		s = take_word(s + strspn(s, " "), "= ;", name, sizeof(name));
		s += strspn(s, " ");
		if (*s != '=') {
			if (name[0] == '\0')
				break;
			continue;
		}
		s = take_word(s + 1 + strspn(s + 1, " "), " ;", value, sizeof(value));
		if (str_caseeq(name, "header.d"))
			str_copy(r.domain, sizeof(r.domain), value);
		else if (str_caseeq(name, "header.s"))
			str_copy(r.selector, sizeof(r.selector), value);
	}
	*ret = r;
	return true;
}

size_t mail_results(const char *value, char *who, size_t who_n, struct mail_result *list)
{
	char *plain = without_comments(value);
	const char *s = plain;
	size_t n = 0;

	take_word(s + strspn(s, " "), " ;", who, who_n);
	while (n < MAIL_RESULTS_MAX && *(s += strcspn(s, ";")) == ';') {
		s++;
		const char *end = s + strcspn(s, ";");

		n += read_result(s, end, &list[n]);
		s = end;
	}
	free(plain);
	return n;
}
