/* Key records as text. It must never write a record that core/dkim.c would not read. */
#include "core/dkimtext.h"

#include <string.h>

#include "base/util.h"

struct sink {
	char *dst;
	size_t n, at;
	bool full;
};

static void put(struct sink *s, const char *text)
{
	size_t len = strlen(text);

	if (s->full || s->at + len >= s->n) {
		s->full = true;
		return;
	}
	memcpy(s->dst + s->at, text, len + 1);
	s->at += len;
}

static void put_tag(struct sink *s, const char *name, const char *value)
{
	if (value == NULL)
		return;
	put(s, name);
	put(s, value);
	put(s, "; ");
}

bool dkimtext_write(
        char *dst, size_t n, const struct external *x, const struct held_part *part, enum record_want want)
{
	struct sink s = {.dst = dst, .n = n};

	dst[0] = '\0';
	if (want == WANT_NOTHING)
		return false;
	put(&s, "v=DKIM1; ");
	if (want == WANT_KEY) {
		put_tag(&s, "g=", x->tag_g);
		put_tag(&s, "h=", x->tag_h);
	}
	put_tag(&s, "k=", part->type == DKIM_TYPE_ED25519 ? "ed25519" : "rsa");
	if (want == WANT_KEY) {
		put_tag(&s, "n=", x->tag_n);
		put_tag(&s, "s=", x->tag_s);
		put_tag(&s, "t=", x->tag_t);
	}
	put(&s, "p=");
	if (want == WANT_KEY)
		put(&s, part->text);
	if (s.full)
		dst[0] = '\0';
	return !s.full;
}

/* Words apart by ':', each of the list (or any word at all), one of them `needed`. */
static bool is_list(const char *value, const char *const *known, const char *needed)
{
	bool found = needed == NULL;

	for (const char *p = value; p != NULL; p = strchr(p, ':'), p = p ? p + 1 : NULL) {
		size_t len = strcspn(p, ":");
		bool good = false;

		for (const char *const *k = known; *k; k++)
			good = good || (strlen(*k) == len && strncmp(*k, p, len) == 0);
		if (!good)
			return false;
		found = found || (needed && strlen(needed) == len && strncmp(needed, p, len) == 0);
	}
	return found;
}

/* n= and g= are free text; what a tag-list or a zone file would need quoting for is left out (section 3.2). */
static bool is_plain(const char *value, const char * not )
{
	if (!*value || strlen(value) > 200)
		return false;
	for (const char *p = value; *p; p++)
		if (*p < ' ' || *p > '~' || strchr(";\"\\", *p) || strchr(not, *p))
			return false;
	return value[0] != ' ' && value[strlen(value) - 1] != ' ';
}

const char *dkimtext_tag_fault(char tag, const char *value)
{
	static const char *const hashes[] = {"sha256", "sha1", NULL},
	                         *const services[] = {"*", "email", NULL}, *const flags[] = {"y", "s", NULL};

	switch (tag) {
	case 'h':
		return is_list(value, hashes, "sha256") ? NULL : "must be sha256, or sha256:sha1 (RFC 8301)";
	case 's':
		return is_list(value, services, NULL) ? NULL : "must be email or *";
	case 't':
		return is_list(value, flags, NULL) ? NULL : "must be s, y or y:s";
	case 'n':
		return is_plain(value, "")
		               ? NULL
		               : "must be printable ASCII without ';', '\"' and '\\', 200 bytes at most";
	default:
		return is_plain(value, " ") ? NULL
		                            : "must be printable ASCII without blanks, ';', '\"' and '\\'";
	}
}

bool dkimtext_is_of(const char *text, const struct held_part *part)
{
	struct dkim_key theirs, ours;
	char own[KEY_TEXT + 40];
	struct external plain = {0};

	if (dkim_parse(text, strlen(text), &theirs) != DKIM_OK)
		return false;
	if (theirs.revoked)
		return true;
	if (!dkimtext_write(own, sizeof(own), &plain, part, WANT_KEY) ||
	        dkim_parse(own, strlen(own), &ours) != DKIM_OK)
		return false;
	return theirs.type == ours.type && theirs.len == ours.len &&
	       memcmp(theirs.key, ours.key, ours.len) == 0;
}
