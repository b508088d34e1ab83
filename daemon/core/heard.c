/* What each server said, as lines of text: written once a look, kept with the selector's record, read again when a person
 * asks. "SERVER ADDRESS TTL TOOK SAID ABOUT", with "-" for what is empty; only ABOUT may hold blanks. Nothing is ever
 * decided on it. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "core/witness.h"

static const char *said_word(const struct witness *w, const char *expected)
{
	switch (w->said) {
	case SAID_NOTHING:
		return "silent";
	case SAID_CNAMES:
		return "two";
	case SAID_NO_DATA:
		return "missing";
	case SAID_NO_NAME:
		return "nxdomain";
	case SAID_CNAME:
		break;
	}
	return str_caseeq(w->target, expected) ? "ok" : "wrong";
}

static const char *or_dash(const char *s)
{
	return s[0] != '\0' ? s : "-";
}

void evidence_hear(struct evidence *e, const char *server, const struct witness *w, const char *expected)
{
	const char *said = said_word(w, expected);
	const char *about = w->said == SAID_NOTHING ? w->why : str_eq(said, "wrong") ? w->target : "";
	size_t used = strlen(e->heard);
	char line[512];

	str_format(line, sizeof(line), "%.120s %s %u %u %s %s\n", or_dash(server), or_dash(w->address),
	        w->ttl, w->took, said, or_dash(about));
	if (used + strlen(line) >= sizeof(e->heard))
		e->unheard++;
	else
		memcpy(e->heard + used, line, strlen(line) + 1);
}

/* Takes the word at the front of a line; "-" is nothing. */
static bool take_word(const char **p, const char *end, char *dst, size_t n)
{
	const char *stop = *p;

	while (stop < end && *stop != ' ')
		stop++;
	size_t len = (size_t)(stop - *p);
	if (len == 0 || len >= n)
		return false;
	memcpy(dst, *p, len);
	dst[len] = '\0';
	if (str_eq(dst, "-"))
		dst[0] = '\0';
	*p = stop < end ? stop + 1 : end;
	return true;
}

static bool take_number(const char **p, const char *end, uint32_t *ret)
{
	char text[16];
	uint32_t n = 0;

	if (!take_word(p, end, text, sizeof(text)))
		return false;
	for (const char *c = text; *c != '\0'; c++) {
		if (*c < '0' || *c > '9')
			return false;
		n = n * 10 + (uint32_t)(*c - '0');
	}
	*ret = n;
	return true;
}

bool heard_next(const char **at, struct heard *ret)
{
	const char *p = *at, *end = strchr(p, '\n');
	struct heard h = {.ttl = 0};

	if (end == NULL || !take_word(&p, end, h.server, sizeof(h.server)) ||
	        !take_word(&p, end, h.address, sizeof(h.address)) || !take_number(&p, end, &h.ttl) ||
	        !take_number(&p, end, &h.took) || !take_word(&p, end, h.said, sizeof(h.said)))
		return false;
	size_t rest = (size_t)(end - p);
	if (rest >= sizeof(h.about))
		return false;
	memcpy(h.about, p, rest);
	h.about[rest] = '\0';
	if (str_eq(h.about, "-") && !str_eq(h.said, "wrong")) /* a CNAME may well lead to the name "-" */
		h.about[0] = '\0';
	*at = end + 1;
	*ret = h;
	return true;
}
