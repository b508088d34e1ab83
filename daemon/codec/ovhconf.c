/* ovh.conf. It must never put a secret into a fault, and never leave one in memory that it gives back. */
#include "codec/ovhconf.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/util.h"
#include "codec/endpoint.h"
#include "codec/text.h"

#define VALUE_MAX 512

enum { KEY_ENDPOINT, KEY_AK, KEY_AS, KEY_CK, KEY_ID, KEY_SECRET, KEY_TOKEN_URL, N_KEYS };

static const char *const key_names[N_KEYS] = {"endpoint", "application_key", "application_secret",
        "consumer_key", "client_id", "client_secret", "token_url"};

struct value {
	char *text; /* NULL = not given */
	int line, column;
};

struct section {
	int line; /* 0 = there is none */
	struct value values[N_KEYS];
	char odd[64]; /* a key that we do not know, but that looks like one of ours */
	int odd_line;
};

struct reader {
	const char *file;
	const char *endpoint;
	struct diags *d;
	struct section named, fallback, *present; /* present: NULL in a section that is not ours */
	int line;
};

/* ---- lines ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* A piece of the text, blanks at both ends taken off. */
struct piece {
	const char *p;
	size_t n;
};

static struct piece trim(const char *p, size_t n)
{
	while (n > 0 && is_blank(*p)) {
		p++;
		n--;
	}
	while (n > 0 && is_blank(p[n - 1]))
		n--;
	return (struct piece){p, n};
}

static bool piece_is(struct piece x, const char *text)
{
	return strlen(text) == x.n && memcmp(x.p, text, x.n) == 0;
}

/* Is this section meant for our endpoint? Its name may be spelled as a name or as a URL. */
static bool names_endpoint(const struct reader *r, struct piece name)
{
	const struct endpoint *known = endpoint_find(r->endpoint);

	if (piece_is(name, r->endpoint))
		return true;
	return known && (piece_is(name, known->name) || piece_is(name, known->base_url));
}

static void read_section(struct reader *r, struct piece line)
{
	const char *end = memrchr(line.p, ']', line.n); /* an IPv6 URL has one too */

	r->present = NULL;
	if (!end || trim(end + 1, line.n - (size_t)(end - line.p) - 1).n > 0) {
		diag_add(r->d, r->file, r->line, 1, "a section must be a name in brackets, such as [ovh-eu]");
		return;
	}
	struct piece name = trim(line.p + 1, (size_t)(end - line.p) - 1);
	if (piece_is(name, "default"))
		r->present = &r->fallback;
	else if (names_endpoint(r, name))
		r->present = &r->named;
	if (!r->present)
		return;
	if (r->present->line)
		diag_add(r->d, r->file, r->line, 1,
		        "the section [%.*s] stands here a second time, first on line %d",
		        (int)(name.n < 60 ? name.n : 60), name.p, r->present->line);
	r->present->line = r->line;
}

/* Takes off what SDKs take off as well: quotes around the whole, and a comment behind white space. */
static struct piece strip_value(struct piece v)
{
	if (v.n >= 2 && (v.p[0] == '"' || v.p[0] == '\'') && v.p[v.n - 1] == v.p[0])
		return (struct piece){v.p + 1, v.n - 2};
	for (size_t i = 1; i < v.n; i++)
		if ((v.p[i] == '#' || v.p[i] == ';') && is_blank(v.p[i - 1]))
			return trim(v.p, i);
	return v;
}

/* What SDKs and the API accept as a key, a secret or a URL. */
static bool is_value(struct piece v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] <= ' ' || v.p[i] > '~')
			return false;
	return v.n > 0 && v.n <= VALUE_MAX;
}

static void read_value(struct reader *r, struct piece name, struct piece value, int column)
{
	struct section *s = r->present;
	char word[64];
	int key = 0;

	if (!s || name.n >= sizeof word)
		return;
	memcpy(word, name.p, name.n);
	word[name.n] = '\0';
	while (key < N_KEYS && !str_eq(key_names[key], word))
		key++;
	if (key == N_KEYS) { /* SDKs know more keys than we do */
		if (nearest_word(word, key_names, N_KEYS) && !s->odd_line) {
			str_copy(s->odd, sizeof s->odd, word);
			s->odd_line = r->line;
		}
		return;
	}
	struct value *v = &s->values[key];
	if (v->line)
		diag_add(r->d, r->file, r->line, 1, "%s stands here a second time, first on line %d", word,
		        v->line);
	else if (!is_value(value))
		diag_add(r->d, r->file, r->line, column, "%s has %s", word,
		        value.n == 0 ? "no value"
		                     : "a value with white space or other characters that cannot be right");
	else
		v->text = xstrndup(value.p, value.n);
	v->line = r->line;
	v->column = column;
}

static void read_line(struct reader *r, const char *p, size_t n)
{
	struct piece line = trim(p, n);
	size_t sign = 0;

	if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
		return;
	if (line.p[0] == '[') {
		read_section(r, line);
		return;
	}
	while (sign < line.n && line.p[sign] != '=' && line.p[sign] != ':')
		sign++;
	struct piece name = trim(line.p, sign);
	if (sign == line.n || name.n == 0) {
		/* the line itself is not shown: it may be a secret that lost its key */
		diag_add(r->d, r->file, r->line, 1, "neither a section nor \"key = value\"");
		return;
	}
	struct piece value = strip_value(trim(line.p + sign + 1, line.n - sign - 1));
	read_value(
	        r, name, value, value.n ? (int)(value.p - p) + 1 : (int)(line.p - p + (ptrdiff_t)sign) + 1);
}

static void read_lines(struct reader *r, const char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		const char *end = memchr(text + i, '\n', len - i);
		size_t n = end ? (size_t)(end - text) - i : len - i;

		r->line++;
		read_line(r, text + i, n);
		i += n + 1;
	}
}

/* ---- the sense of it ---- */

static bool has_any(const struct section *s)
{
	for (int i = KEY_AK; i <= KEY_SECRET; i++)
		if (s->values[i].line)
			return true;
	return false;
}

/* Both may be written as a name or as a URL. */
static bool same_endpoint(const char *a, const char *b)
{
	const struct endpoint *x = endpoint_find(a), *y = endpoint_find(b);
	size_t n = strlen(a), m = strlen(b);

	if (x || y)
		return x == y;
	while (n > 0 && a[n - 1] == '/')
		n--;
	while (m > 0 && b[m - 1] == '/')
		m--;
	return n == m && memcmp(a, b, n) == 0;
}

static void check_endpoint(const struct reader *r, const struct section *s)
{
	const struct value *v = &s->values[KEY_ENDPOINT];

	if (v->text && !same_endpoint(v->text, r->endpoint))
		diag_add(r->d, r->file, v->line, v->column,
		        "endpoint contradicts the account's in the configuration, which is %.100s",
		        r->endpoint);
}

/* One of a set is missing. */
static void check_given(const struct reader *r, const struct section *s, int key)
{
	if (s->values[key].line)
		return;
	if (s->odd_line)
		diag_add(r->d, r->file, s->line, 1, "this section has no %s (line %d has \"%s\")",
		        key_names[key], s->odd_line, s->odd);
	else
		diag_add(r->d, r->file, s->line, 1, "this section has no %s", key_names[key]);
}

static char *take(struct section *s, int key)
{
	char *text = s->values[key].text;

	s->values[key].text = NULL;
	return text;
}

/* Where OAuth2 tokens come from; NULL when told. */
static char *token_url(const struct reader *r, struct section *s)
{
	const struct endpoint *known = endpoint_find(r->endpoint);
	struct value *v = &s->values[KEY_TOKEN_URL];

	if (!v->text && known)
		return xstrdup(known->token_url);
	if (!v->text) {
		diag_add(r->d, r->file, s->line, 1,
		        "client_id needs a token_url here: endpoint %.100s has none of its own", r->endpoint);
		return NULL;
	}
	const char *why = endpoint_url_fault(v->text);
	if (why) {
		diag_add(r->d, r->file, v->line, v->column, "token_url %s", why);
		return NULL;
	}
	return take(s, KEY_TOKEN_URL);
}

static struct credentials *make(const struct reader *r, struct section *s)
{
	bool keys = s->values[KEY_AK].line || s->values[KEY_AS].line || s->values[KEY_CK].line;
	bool oauth = s->values[KEY_ID].line || s->values[KEY_SECRET].line;
	size_t before = r->d->count;

	if (keys && oauth) {
		const struct value *v = &s->values[s->values[KEY_ID].line ? KEY_ID : KEY_SECRET];

		diag_add(r->d, r->file, v->line, 1,
		        "an application key and an OAuth2 client at once: one of them must go");
		return NULL;
	}
	for (int i = keys ? KEY_AK : KEY_ID; i <= (keys ? KEY_CK : KEY_SECRET); i++)
		check_given(r, s, i);
	char *url = oauth ? token_url(r, s) : NULL;
	if (r->d->count != before) {
		free(url);
		return NULL;
	}
	struct credentials *c = xcalloc(1, sizeof *c);
	*c = (struct credentials){.kind = keys ? CREDENTIALS_KEYS : CREDENTIALS_OAUTH2,
	        .application_key = take(s, KEY_AK),
	        .application_secret = take(s, KEY_AS),
	        .consumer_key = take(s, KEY_CK),
	        .client_id = take(s, KEY_ID),
	        .client_secret = take(s, KEY_SECRET),
	        .token_url = url};
	return c;
}

static void wipe(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void wipe_section(struct section *s)
{
	for (int i = 0; i < N_KEYS; i++)
		wipe(s->values[i].text);
}

struct credentials *ovhconf_parse(
        const char *text, size_t len, const char *file, const char *endpoint, struct diags *d)
{
	struct reader r = {.file = file, .endpoint = endpoint, .d = d};
	size_t before = d->count;
	struct credentials *c = NULL;

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len -= 3;
	}
	if (!text_check(text, len, file, d))
		return NULL;
	read_lines(&r, text, len);
	check_endpoint(&r, &r.fallback);
	check_endpoint(&r, &r.named);
	struct section *s = has_any(&r.named) ? &r.named : &r.fallback;
	if (d->count == before && !has_any(s))
		diag_add(d, file, 0, 0, "neither a section [%.100s] nor [default] has credentials", endpoint);
	if (d->count == before)
		c = make(&r, s);
	wipe_section(&r.named);
	wipe_section(&r.fallback);
	return c;
}

void credentials_free(struct credentials *c)
{
	if (!c)
		return;
	wipe(c->application_key);
	wipe(c->application_secret);
	wipe(c->consumer_key);
	wipe(c->client_id);
	wipe(c->client_secret);
	wipe(c->token_url);
	free(c);
}
