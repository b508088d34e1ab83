/* Signers' maps by lines. It must never touch a line of another domain: each is somebody's mail. */
#include "codec/signermap.h"

#include <stdlib.h>
#include <string.h>

#define HEADER "# dkimrotd version "

const char *signermap_file(enum signer_layout layout, bool second)
{
	static const char *const names[][2] = {
	        [LAYOUT_OPENDKIM] = {"KeyTable", "SigningTable"},
	        [LAYOUT_RSPAMD] = {"selectors.map", "paths.map"},
	};

	return names[layout][second];
}

/* ---- lines ---- */

struct line {
	const char *at;
	size_t len; /* without its end */
};

static bool next_line(const char **text, struct line *ret)
{
	if (*text == NULL || **text == '\0')
		return false;
	ret->at = *text;
	ret->len = strcspn(*text, "\n");
	*text += ret->len;
	*text += **text == '\n';
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The line's first word is `key`; *ret_value is what follows. */
static bool has_key(const struct line *l, const char *key, struct line *ret_value)
{
	size_t n = strlen(key), at = n;

	if (l->len <= n || strncasecmp(l->at, key, n) != 0 || !is_blank(l->at[n]))
		return false;
	while (at < l->len && is_blank(l->at[at]))
		at++;
	*ret_value = (struct line){l->at + at, l->len - at};
	return true;
}

/* The key's line in a text, the one whose value begins as `like` says: KeyTable and paths.map in one text. */
static bool find_line(const char *text, const char *key, bool path, struct line *ret)
{
	struct line l, value;

	while (next_line(&text, &l))
		if (has_key(&l, key, &value) && value.len > 0 && (value.at[0] == '/') == path) {
			*ret = value;
			return true;
		}
	return false;
}

/* ---- names in the files ---- */

static void key_name(char *dst, size_t n, const char *domain, unsigned part)
{
	str_format(dst, n, part == 0 ? "%s" : "%s/2", domain);
}

static void address_pattern(char *dst, size_t n, const char *domain)
{
	str_format(dst, n, "*@%s", domain);
}

/* ---- reading ---- */

/* "domain:selector:path" or "selector". */
static void take_selector(enum signer_layout layout, const struct line *value, struct signermap_line *ret)
{
	const char *at = value->at, *end = value->at + value->len;

	if (layout == LAYOUT_OPENDKIM) {
		const char *colon = memchr(at, ':', value->len);

		if (colon == NULL)
			return;
		at = colon + 1;
		colon = memchr(at, ':', (size_t)(end - at));
		if (colon == NULL)
			return;
		end = colon;
	}
	while (end > at && (is_blank(end[-1]) || end[-1] == '\r'))
		end--;
	if (end == at || (size_t)(end - at) >= sizeof(ret->selector))
		return;
	memcpy(ret->selector, at, (size_t)(end - at));
	ret->selector[end - at] = '\0';
}

void signermap_read(enum signer_layout layout, const char *first, const char *second, const char *domain,
        struct signermap_line *ret)
{
	const char *other = second != NULL ? second : first;
	char pattern[300];
	struct line value, found;

	*ret = (struct signermap_line){.mapped = false};
	if (first == NULL || other == NULL)
		return;
	address_pattern(pattern, sizeof(pattern), domain);
	bool routed = layout == LAYOUT_OPENDKIM ? find_line(other, pattern, false, &found)
	                                        : find_line(other, domain, true, &found);
	if (routed && find_line(first, domain, false, &value))
		take_selector(layout, &value, ret);
	ret->mapped = ret->selector[0] != '\0';
}

uint64_t signermap_confirmed(const char *text, const char *domain, const char *selector)
{
	struct line l, value, version;

	while (next_line(&text, &l))
		if (has_key(&l, domain, &value) && has_key(&value, selector, &version))
			return strtoull(version.at, NULL, 10);
	return 0;
}

uint64_t signermap_version(const char *first)
{
	const char *at = first != NULL ? strstr(first, HEADER) : NULL;

	if (at == NULL || (at != first && at[-1] != '\n'))
		return 0;
	return strtoull(at + strlen(HEADER), NULL, 10);
}

/* ---- writing ---- */

/* Every line but the header and those of the keys given. */
static void copy_others(struct buf *out, const char *text, const char *const *keys, unsigned n)
{
	struct line l, value;

	while (next_line(&text, &l)) {
		bool ours = l.len >= strlen(HEADER) && strncmp(l.at, HEADER, strlen(HEADER)) == 0;

		for (unsigned i = 0; i < n && !ours; i++)
			ours = has_key(&l, keys[i], &value);
		if (ours)
			continue;
		buf_add(out, l.at, l.len);
		buf_puts(out, "\n");
	}
}

void signermap_set(struct buf *out, enum signer_layout layout, const char *first, const char *domain,
        const struct held_key *key, const char *folder, uint64_t version)
{
	char names[2][300];
	const char *const keys[] = {names[0], names[1]};

	key_name(names[0], sizeof(names[0]), domain, 0);
	key_name(names[1], sizeof(names[1]), domain, 1);
	buf_printf(out, HEADER "%llu\n", (unsigned long long)version);
	copy_others(out, first, keys, 2);
	for (unsigned i = 0; i < key->n; i++) {
		if (layout == LAYOUT_OPENDKIM)
			buf_printf(out, "%s %s:%s:%s/%s.pem\n", names[i], domain, key->part[i].selector,
			        folder, key->part[i].selector);
		else if (i == 0)
			buf_printf(out, "%s %s\n", domain, key->part[i].selector);
	}
}

/* The lines that the second file is to have for a domain. */
static void write_second(struct buf *out, enum signer_layout layout, const char *domain,
        const struct held_key *key, const char *folder)
{
	char name[300];

	buf_puts(out, "");
	if (layout == LAYOUT_RSPAMD) {
		buf_printf(out, "%s %s/$selector.pem\n", domain, folder);
		return;
	}
	for (unsigned i = 0; i < key->n; i++) {
		key_name(name, sizeof(name), domain, i);
		buf_printf(out, "*@%s %s\n", domain, name);
	}
}

bool signermap_set_second(struct buf *out, enum signer_layout layout, const char *second, const char *domain,
        const struct held_key *key, const char *folder)
{
	char pattern[300];
	const char *const keys[] = {layout == LAYOUT_OPENDKIM ? pattern : domain};
	struct buf want = {0}, others = {0};
	bool stands;

	address_pattern(pattern, sizeof(pattern), domain);
	copy_others(&others, second, keys, 1);
	write_second(&want, layout, domain, key, folder);
	stands = second != NULL && strstr(second, want.data) != NULL &&
	         strlen(second) == others.len + want.len;
	if (!stands) {
		if (others.len > 0)
			buf_add(out, others.data, others.len);
		buf_add(out, want.data, want.len);
	}
	buf_free(&want);
	buf_free(&others);
	return !stands;
}
