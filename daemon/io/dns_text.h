/* TXT records for a program that may wait: one question after another, through the same resolvers and trust anchor as the
 * daemon's look-ups. It blocks, so the daemon must never use it. */
#ifndef DKIMROTD_IO_DNS_TEXT_H
#define DKIMROTD_IO_DNS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct dns_texts;

/* resolvers as in struct dns_options, NULL = the system's; trust_anchor NULL or "" = none. NULL, and why in ret_error
 * (static text), when an option is unusable. */
struct dns_texts *dns_texts_new(
        const char *const *resolvers, const char *trust_anchor, const char **ret_error);
void dns_texts_free(struct dns_texts *t);

enum dns_text_answer {
	DNS_TEXT_FOUND,
	DNS_TEXT_NONE,   /* proven absent: no such name, or no TXT record there */
	DNS_TEXT_FAILED, /* nobody answered usefully: nothing is known */
	DNS_TEXT_BOGUS,  /* DNSSEC says forged; the data are not handed out */
};

struct dns_text {
	char **list; /* each record's strings joined, terminated; bytes of value 0 are left out */
	size_t n;
	bool secure;   /* validated by DNSSEC */
	char why[160]; /* for people, when it is not DNS_TEXT_FOUND */
};
/* CNAMEs are followed. *ret is set in any case; dns_text_clear. */
enum dns_text_answer dns_text_ask(struct dns_texts *t, const char *name, struct dns_text *ret);
void dns_text_clear(struct dns_text *t);

#endif
