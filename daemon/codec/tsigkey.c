/* TSIG keys as files have them. It must never put a secret into a fault, and never leave one in memory that it gives back. */
#include "codec/tsigkey.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "core/dname.h"

#define SECRET_MAX 512 /* bytes of base64: far more than any digest's block */

const char *const tsig_algorithms[TSIG_ALGORITHMS] = {"hmac-sha256", "hmac-sha512", "hmac-sha1"};

const char *tsig_algorithm(const char *text)
{
	char name[24];

	if (!dname_lower(name, sizeof name, text))
		return NULL;
	for (size_t i = 0; i < TSIG_ALGORITHMS; i++)
		if (str_eq(name, tsig_algorithms[i]))
			return tsig_algorithms[i];
	return NULL;
}

/* ---- words of the file ---- */

#define WORD_MAX (SECRET_MAX + 1)

struct reader {
	const char *p, *end, *file;
	int line;
	struct diags *d;
	bool failed;
	char word[WORD_MAX]; /* the present one; "" at the end */
	bool quoted;
};

static void fault(struct reader *r, const char *why)
{
	if (!r->failed)
		diag_add(r->d, r->file, r->line, 0, "%s", why);
	r->failed = true;
}

/* Over what stands between the words: blanks, # and // to the end of the line, and comments of C. */
static void skip(struct reader *r)
{
	while (r->p < r->end) {
		size_t left = (size_t)(r->end - r->p);

		if (*r->p == '\n') {
			r->line++;
			r->p++;
		} else if (*r->p == ' ' || *r->p == '\t' || *r->p == '\r') {
			r->p++;
		} else if (*r->p == '#' || (left > 1 && r->p[0] == '/' && r->p[1] == '/')) {
			while (r->p < r->end && *r->p != '\n')
				r->p++;
		} else if (left > 1 && r->p[0] == '/' && r->p[1] == '*') {
			const char *to = memmem(r->p + 2, left - 2, "*/", 2);

			for (const char *stop = to ? to + 2 : r->end; r->p < stop; r->p++)
				r->line += *r->p == '\n';
		} else {
			return;
		}
	}
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("+/=._-", c) != NULL);
}

/* The next word: a run of letters and their like, what stands in quotes, or one of { } ; alone. */
static void next_word(struct reader *r)
{
	size_t n = 0;

	skip(r);
	r->quoted = r->p < r->end && *r->p == '"';
	const char *from = r->quoted ? r->p + 1 : r->p, *to = from;
	while (to < r->end && (r->quoted ? *to != '"' && *to != '\n' : is_word(*to)))
		to++;
	if (r->quoted && (to == r->end || *to != '"')) {
		fault(r, "a quote is not closed");
		to = from;
	}
	if (!r->quoted && to == from && from < r->end)
		to++;
	n = (size_t)(to - from);
	if (n >= WORD_MAX) {
		fault(r, "a word is too long");
		n = 0;
	}
	memcpy(r->word, from, n);
	r->word[n] = '\0';
	r->p = r->quoted && to < r->end ? to + 1 : to;
	if (strlen(r->word) != n)
		fault(r, "there is a byte of 0 in it");
}

static void expect(struct reader *r, const char *what)
{
	next_word(r);
	if (r->quoted || !str_eq(r->word, what))
		fault(r, "this is neither a secret in base64 nor a key \"name\" { algorithm ...; secret "
		         "\"...\"; };");
}

/* ---- the key ---- */

/* RFC 4648 section 4, padded. */
static bool is_base64(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"),
	       pad = strlen(s) - n;

	return n > 1 && pad <= 2 && strspn(s + n, "=") == pad && (n + pad) % 4 == 0;
}

static void take_name(struct reader *r, struct tsig_key *k)
{
	char name[DNAME_TEXT];

	next_word(r);
	if (!dname_lower(name, sizeof name, r->word) || !dname_valid(name))
		fault(r, "the key's name is none");
	else
		k->name = xstrdup(name);
}

static void take_secret(struct reader *r, struct tsig_key *k)
{
	if (!is_base64(r->word))
		fault(r, "the secret is not in base64");
	else if (k->secret)
		fault(r, "there are two secrets");
	else
		k->secret = xstrdup(r->word);
}

/* What stands in the braces of a key statement. */
static void take_option(struct reader *r, struct tsig_key *k)
{
	if (str_eq(r->word, "secret")) {
		next_word(r);
		take_secret(r, k);
	} else if (str_eq(r->word, "algorithm")) {
		next_word(r);
		k->algorithm = tsig_algorithm(r->word);
		if (!k->algorithm)
			fault(r, "the algorithm is none of hmac-sha256, hmac-sha512, hmac-sha1");
	} else {
		fault(r, "only algorithm and secret may stand in a key");
	}
	expect(r, ";");
}

/* BIND's statement, from behind the word `key`. */
static void take_statement(struct reader *r, struct tsig_key *k)
{
	take_name(r, k);
	expect(r, "{");
	for (next_word(r); !r->failed && !str_eq(r->word, "}"); next_word(r))
		take_option(r, k);
	expect(r, ";");
	if (!r->failed && !k->secret)
		fault(r, "the key has no secret");
}

/* What the configuration says, against what the file says. */
static void settle(struct reader *r, struct tsig_key *k, const char *name, const char *algorithm)
{
	r->line = 0;
	if (name && k->name && !str_eq(name, k->name))
		fault(r, "the key in it has another name than key: says");
	if (algorithm && k->algorithm && !str_eq(algorithm, k->algorithm))
		fault(r, "the key in it has another algorithm than algorithm: says");
	if (!k->name && name)
		k->name = xstrdup(name);
	if (!k->name)
		fault(r, "it holds a secret alone: set key: to the key's name");
	if (!k->algorithm)
		k->algorithm = algorithm ? algorithm : tsig_algorithms[0];
}

struct tsig_key *tsig_key_parse(const char *text, size_t len, const char *file, const char *name,
        const char *algorithm, struct diags *d)
{
	struct reader r = {.p = text, .end = text + len, .file = file, .line = 1, .d = d};
	struct tsig_key *k = xcalloc(1, sizeof *k);

	next_word(&r);
	if (str_eq(r.word, "key") && !r.quoted)
		take_statement(&r, k);
	else
		take_secret(&r, k);
	if (!r.failed) {
		next_word(&r);
		if (r.word[0] || r.quoted)
			fault(&r, "something stands behind the key");
	}
	if (!r.failed)
		settle(&r, k, name, algorithm);
	explicit_bzero(r.word, sizeof r.word);
	if (!r.failed)
		return k;
	tsig_key_free(k);
	return NULL;
}

void tsig_key_free(struct tsig_key *k)
{
	if (!k)
		return;
	if (k->secret)
		explicit_bzero(k->secret, strlen(k->secret));
	free(k->secret);
	free(k->name);
	free(k);
}
