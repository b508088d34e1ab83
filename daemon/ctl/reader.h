/* Reading the API without a daemon: GETs of one account, so many at once as its connections, so many a minute as its
 * budget, asked again when the answer says nothing. It can send nothing that changes anything. A daemon that runs at the
 * same time counts its own requests: the two do not know of each other. */
#ifndef DKIMROTD_CTL_READER_H
#define DKIMROTD_CTL_READER_H

#include <stddef.h>

#include "codec/config.h"
#include "codec/json.h"
#include "codec/ovhconf.h"
#include "codec/ovherror.h"

struct loop;
struct http;
struct reader;

struct reader_answer {              /* valid during the callback */
	const struct json *json;    /* NULL: it could not be had */
	enum api_error_class class; /* then why: of the last try */
	const char *why;            /* and in words */
	const char *cursor;         /* X-Pagination-Cursor-Next, "" = the last page */
};
typedef void reader_done(void *arg, const struct reader_answer *a);

/* Everything is borrowed. idle: nothing is under way and nothing waits any more; may be called more than once. */
struct reader *reader_new(struct loop *l, struct http *h, const struct config_account *account,
        const struct credentials *cred, void (*idle)(void *arg), void *arg);
void reader_free(struct reader *r); /* no callback runs any more */
/* Asks for a path of the API ("/email/domain"); cursor "" = the first page. done runs from the loop, exactly once. */
void reader_get(struct reader *r, const char *path, const char *cursor, reader_done *done, void *arg);

struct reader_progress {
	size_t answered, waiting; /* waiting: under way, too */
};
struct reader_progress reader_progress(const struct reader *r);

#endif
