/* The DKIM key-record parser (RFC 6376 section 3.6.1): one pass over the tag list, then each known tag read
 * by its own rule. It must never guess: whatever a verifier may refuse is refused, since a switch to a key
 * that half of the world cannot read is worse than no switch. */
#include "core/dkim.h"

#include <string.h>

struct slice {
	const char *p;
	size_t n;
};

enum tag { TAG_V, TAG_G, TAG_H, TAG_K, TAG_N, TAG_P, TAG_S, TAG_T, TAG_COUNT };

static const char tag_names[TAG_COUNT] = {
        [TAG_V] = 'v',
        [TAG_G] = 'g',
        [TAG_H] = 'h',
        [TAG_K] = 'k',
        [TAG_N] = 'n',
        [TAG_P] = 'p',
        [TAG_S] = 's',
        [TAG_T] = 't',
};

#define TAGS_MAX 64 /* names remembered to see duplicates; a longer list is no key record of this world */

struct tags {
	struct slice value[TAG_COUNT];
	bool given[TAG_COUNT];
	struct slice names[TAGS_MAX];
	size_t n;
};

/* Length of the folding white space at p: spaces, tabs, and line breaks that a space or tab follows. */
static size_t fws_len(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n) {
		if (p[i] == ' ' || p[i] == '\t')
			i++;
		else if (n - i >= 3 && p[i] == '\r' && p[i + 1] == '\n' &&
		         (p[i + 2] == ' ' || p[i + 2] == '\t'))
			i += 3;
		else
			break;
	}
	return i;
}

static struct slice slice_skip(struct slice s)
{
	size_t i = fws_len(s.p, s.n);

	return (struct slice){s.p + i, s.n - i};
}

/* Values carry no white space at either end (section 3.2). What is cut off the end must be whole FWS, which
 * the character check of tag_value has seen to. */
static struct slice slice_trim(struct slice s)
{
	s = slice_skip(s);
	while (s.n > 0 &&
	        (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r' || s.p[s.n - 1] == '\n'))
		s.n--;
	return s;
}

static bool slice_is(struct slice s, const char *word)
{
	return s.n == strlen(word) && memcmp(s.p, word, s.n) == 0;
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_name_char(char c)
{
	return is_alpha(c) || (c >= '0' && c <= '9') || c == '_';
}

/* Every byte of a value is a VALCHAR or belongs to folding white space. */
static bool value_is_clean(struct slice s)
{
	for (size_t i = 0; i < s.n;) {
		size_t skip = s.p[i] > ' ' ? 0 : fws_len(s.p + i, s.n - i);

		if (skip > 0) {
			i += skip;
			continue;
		}
		if (s.p[i] < 0x21 || s.p[i] > 0x7e)
			return false;
		i++;
	}
	return true;
}

static enum dkim_fault tags_add(struct tags *t, struct slice name, struct slice value)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->names[i].n == name.n && memcmp(t->names[i].p, name.p, name.n) == 0)
			return DKIM_DUPLICATE;
	if (t->n == TAGS_MAX)
		return DKIM_SYNTAX;
	t->names[t->n++] = name;
	for (size_t k = 0; k < TAG_COUNT; k++)
		if (name.n == 1 && name.p[0] == tag_names[k]) {
			t->value[k] = value;
			t->given[k] = true;
		}
	return DKIM_OK;
}

/* One tag-spec: [FWS] tag-name [FWS] "=" [FWS] tag-value [FWS]. */
static enum dkim_fault tags_add_spec(struct tags *t, struct slice spec)
{
	spec = slice_skip(spec);
	if (spec.n == 0 || !is_alpha(spec.p[0]))
		return DKIM_SYNTAX;
	struct slice name = {spec.p, 0};
	while (name.n < spec.n && is_name_char(spec.p[name.n]))
		name.n++;
	struct slice rest = slice_skip((struct slice){spec.p + name.n, spec.n - name.n});
	if (rest.n == 0 || rest.p[0] != '=')
		return DKIM_SYNTAX;
	struct slice value = {rest.p + 1, rest.n - 1};
	if (!value_is_clean(value))
		return DKIM_SYNTAX;
	return tags_add(t, name, slice_trim(value));
}

/* tag-list: specs with ";" between them, one more ";" allowed at the end. */
static enum dkim_fault tags_read(struct tags *t, const char *text, size_t n)
{
	while (n > 0) {
		const char *semi = memchr(text, ';', n);
		size_t len = semi ? (size_t)(semi - text) : n;
		bool last = !semi ||
		            (size_t)(text + n - semi - 1) == fws_len(semi + 1, (size_t)(text + n - semi - 1));
		enum dkim_fault f = tags_add_spec(t, (struct slice){text, len});

		if (f != DKIM_OK)
			return f;
		if (last)
			return DKIM_OK;
		n -= len + 1;
		text += len + 1;
	}
	return DKIM_SYNTAX;
}

/* Does a colon-separated list name the word, or "*" where that stands for all? Words are compared with their
 * case (section 3.2): verifiers that do not are no reason to rely on it. */
static bool list_has(struct slice list, const char *word, bool star)
{
	while (true) {
		const char *colon = list.n ? memchr(list.p, ':', list.n) : NULL;
		size_t len = colon ? (size_t)(colon - list.p) : list.n;
		struct slice item = slice_trim((struct slice){list.p, len});

		if (slice_is(item, word) || (star && slice_is(item, "*")))
			return true;
		if (!colon)
			return false;
		list.p += len + 1;
		list.n -= len + 1;
	}
}

/* clang-format off */
/* By character, and one more than it says, so that 0 is no digit. */
static const uint8_t base64_digits[256] = {
	['A'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
	        14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
	['a'] = 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39,
	        40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52,
	['0'] = 53, 54, 55, 56, 57, 58, 59, 60, 61, 62,
	['+'] = 63, ['/'] = 64,
};
/* clang-format on */

/* The front of s as far as it goes in groups of four digits, three bytes each; returns how many digits those are. Keys are
 * hardly anything else, and a pass over many domains reads many. */
static size_t base64_read_groups(struct slice s, uint8_t *dst, size_t cap)
{
	size_t i = 0;

	for (; s.n - i >= 4 && cap >= 3; i += 4, cap -= 3) {
		uint32_t bits = 0, odd = 0;

		for (size_t k = 0; k < 4; k++) {
			uint32_t d = base64_digits[(uint8_t)s.p[i + k]] - 1u;

			odd |= d;
			bits = bits << 6 | (d & 63);
		}
		if (odd > 63)
			break;
		*dst++ = (uint8_t)(bits >> 16);
		*dst++ = (uint8_t)(bits >> 8);
		*dst++ = (uint8_t)bits;
	}
	return i;
}

/* base64 with folding white space anywhere and its padding complete. */
static enum dkim_fault base64_read(struct slice s, uint8_t *dst, size_t cap, size_t *ret_len)
{
	uint32_t bits = 0;
	size_t digits = base64_read_groups(s, dst, cap), pads = 0, len = digits / 4 * 3;

	for (size_t i = digits; i < s.n;) {
		size_t skip = s.p[i] > ' ' ? 0 : fws_len(s.p + i, s.n - i);
		if (skip > 0) {
			i += skip;
			continue;
		}
		char c = s.p[i++];
		if (c == '=') {
			pads++;
			continue;
		}
		unsigned d = base64_digits[(uint8_t)c];
		if (d == 0 || pads > 0)
			return DKIM_BASE64;
		bits = bits << 6 | (d - 1);
		digits++;
		if (digits % 4 == 1)
			continue;
		if (len == cap)
			return DKIM_TOO_LONG;
		unsigned left = digits % 4 == 2 ? 4 : digits % 4 == 3 ? 2 : 0;
		dst[len++] = (uint8_t)(bits >> left);
	}
	if (digits % 4 == 1 || pads > 2 || (digits + pads) % 4 != 0)
		return DKIM_BASE64;
	*ret_len = len;
	return DKIM_OK;
}

static enum dkim_fault tags_check_version(const struct tags *t)
{
	if (!t->given[TAG_V])
		return DKIM_OK;
	bool first = t->names[0].n == 1 && t->names[0].p[0] == 'v';
	return first && slice_is(t->value[TAG_V], "DKIM1") ? DKIM_OK : DKIM_VERSION;
}

static enum dkim_fault tags_judge(const struct tags *t, struct dkim_key *k)
{
	enum dkim_fault f = tags_check_version(t);

	if (f != DKIM_OK)
		return f;
	if (!t->given[TAG_P])
		return t->given[TAG_V] ? DKIM_NO_KEY : DKIM_NOT_A_KEY;
	f = base64_read(t->value[TAG_P], k->key, sizeof(k->key), &k->len);
	if (f != DKIM_OK)
		return f;
	k->revoked = t->value[TAG_P].n == 0;
	if (k->revoked)
		return DKIM_OK;
	k->type = DKIM_TYPE_RSA;
	if (t->given[TAG_K] && !slice_is(t->value[TAG_K], "rsa"))
		k->type = slice_is(t->value[TAG_K], "ed25519") ? DKIM_TYPE_ED25519 : DKIM_TYPE_OTHER;
	if (k->type == DKIM_TYPE_OTHER)
		return DKIM_UNKNOWN_TYPE;
	if (t->given[TAG_H] && !list_has(t->value[TAG_H], "sha256", false))
		return DKIM_NO_SHA256;
	if (t->given[TAG_S] && !list_has(t->value[TAG_S], "email", true))
		return DKIM_NOT_EMAIL;
	k->test_mode = t->given[TAG_T] && list_has(t->value[TAG_T], "y", false);
	k->strict = t->given[TAG_T] && list_has(t->value[TAG_T], "s", false);
	k->granularity = t->given[TAG_G] && !slice_is(t->value[TAG_G], "*");
	return DKIM_OK;
}

enum dkim_fault dkim_parse(const char *text, size_t n, struct dkim_key *ret)
{
	struct tags t = {.n = 0};
	struct dkim_key k = {.len = 0};
	enum dkim_fault f = tags_read(&t, text, n);

	/* SPF, DMARC and site verifications stand as TXT records too, and not every one is a tag list. */
	if (f == DKIM_SYNTAX && !t.given[TAG_P] && !(t.given[TAG_V] && slice_is(t.value[TAG_V], "DKIM1")))
		return DKIM_NOT_A_KEY;
	if (f == DKIM_OK)
		f = tags_judge(&t, &k);
	if (f == DKIM_OK)
		*ret = k;
	return f;
}

const char *dkim_fault_text(enum dkim_fault f)
{
	static const char *const texts[] = {
	        [DKIM_OK] = "is a DKIM key",
	        [DKIM_NOT_A_KEY] = "is not a DKIM key",
	        [DKIM_SYNTAX] = "is not a list of tags",
	        [DKIM_DUPLICATE] = "names a tag twice",
	        [DKIM_VERSION] = "does not begin with v=DKIM1",
	        [DKIM_NO_KEY] = "has no p= tag",
	        [DKIM_BASE64] = "holds a p= that is not base64",
	        [DKIM_TOO_LONG] = "holds a p= that is too long for any key",
	        [DKIM_UNKNOWN_TYPE] = "names a key type that verifiers do not know",
	        [DKIM_NO_SHA256] = "allows no SHA-256, so that nothing can be verified with it",
	        [DKIM_NOT_EMAIL] = "is not meant for e-mail",
	};

	return texts[f];
}
