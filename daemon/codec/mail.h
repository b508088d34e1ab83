/* A received message (RFC 5322) as bytes in memory: its header fields as they stand, and where its body begins. Nothing
 * is decoded; what a signature covers is bytes. */
#ifndef DKIMROTD_CODEC_MAIL_H
#define DKIMROTD_CODEC_MAIL_H

#include <stdbool.h>
#include <stddef.h>

#define MAIL_FIELDS_MAX 2000            /* header fields of one message */
#define MAIL_FIELD_MAX  ((size_t)65536) /* bytes of one of them, folds included */

struct mail_field {
	const char *name; /* not terminated */
	size_t name_len;
	const char *line; /* "Name: value", folds and all, without the line's end; not terminated */
	size_t line_len;
};

struct mail {
	char *text; /* the message with CRLF at every line's end, as it travels */
	size_t len;
	struct mail_field *fields; /* in their order; they point into text */
	size_t n;
	const char *body; /* into text, right behind the empty line */
	size_t body_len;
};

/* Reads a message as a mailbox or a mail program saved it: lines may end in LF or CRLF, a first line "From " of an mbox is
 * left out. 0 and *ret (mail_free), or -EBADMSG: it does not begin with a header, or exceeds the limits above; then *ret
 * is untouched and why is set (static text). */
int mail_read(const char *bytes, size_t n, struct mail *ret, const char **why);
void mail_free(struct mail *m);

bool mail_is(const struct mail_field *f, const char *name); /* ASCII case does not count */
/* The value of a field on one line, comments and all: folds become a space. Free with free(). */
char *mail_value(const struct mail_field *f);

/* The domain of the first address in From (RFC 5322 3.6.2), lower case, into dst; false when there is none or the field
 * is not there exactly once. */
bool mail_from_domain(const struct mail *m, char *dst, size_t n);

/* A tag of a tag=value list (RFC 6376 3.2) such as DKIM-Signature's or ARC-Seal's, white space within it taken out, into
 * dst; false when it is missing or does not fit. `value` as mail_value gives it. */
bool mail_tag(const char *value, const char *tag, char *dst, size_t n);

/* One method's result of an Authentication-Results field (RFC 8601), or of an ARC-Authentication-Results behind its i=. */
struct mail_result {
	char method[32], result[32]; /* "dkim", "pass" */
	char domain[256];            /* header.d; "" = not told */
	char selector[256];          /* header.s; "" = not told */
};
#define MAIL_RESULTS_MAX 32
/* Reads the value into at most MAIL_RESULTS_MAX results and who claims them. Returns how many; 0 also for what is none.
 * Comments are passed over, what is quoted is taken out of its quotes. */
size_t mail_results(const char *value, char *who, size_t who_n, struct mail_result *list);

#endif
