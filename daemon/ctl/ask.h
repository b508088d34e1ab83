/* One request to the daemon over its control socket, and its answer. */
#ifndef DKIMROTD_CTL_ASK_H
#define DKIMROTD_CTL_ASK_H

#include "base/util.h"
#include "codec/json.h"
#include "ctl/ctl.h"

struct answer {
	int status; /* of HTTP; 0 = there was no answer */
	struct buf body;
	const struct json *json; /* the body understood, NULL when it is no JSON */
};

/* Asks. CTL_DONE with any 2xx and a body of JSON in ret; otherwise the exit code that fits, and why was said on stderr
 * (quiet: put into `why`, n bytes, instead). Free with answer_free in any case. body NULL: GET, else POST of it. */
int ask(const struct ctl *c, const char *path, const char *body, struct answer *ret);
int ask_quiet(
        const struct ctl *c, const char *path, const char *body, struct answer *ret, char *why, size_t n);
/* The same for what may be long: every element of an answer that is an array goes to `each` while the daemon still makes
 * the next ones (json_reader_new). When it is not CTL_DONE in the end, some may have gone there already. */
struct ask_list {
	json_each *each; /* NULL: they stay in ret->json */
	void *arg;
	bool keep; /* ret->body is wanted, too */
};
int ask_list(const struct ctl *c, const char *path, const char *body, const struct ask_list *list,
        struct answer *ret, char *why, size_t n);
void answer_free(struct answer *a);

/* "/v1/domains/NAME" and, unless it is NULL, "/VERB". Free with free(). */
char *ask_domain_path(const char *name, const char *verb);

#endif
