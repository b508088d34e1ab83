/* What the drivers share: building requests, telling an answer from no answer, reading fields strictly, and keeping
 * the worst trouble of a look. For daemon/platform only. */
#ifndef DKIMROTD_PLATFORM_LOOK_H
#define DKIMROTD_PLATFORM_LOOK_H

#include "codec/json.h"
#include "platform/platform.h"

/* ---- requests ---- */

/* An empty request; every method but GET changes something, unless the caller says otherwise. */
void request_start(struct api_request *r, const char *method);
/* Appends to the path; each '%' of the format takes one const char * and gives it percent-encoded. */
void request_path(struct api_request *r, const char *format, ...);
/* The body is what was written into b, which is freed. */
void request_body(struct api_request *r, struct buf *b);
/* False when path or body did not fit: it must not be sent. */
bool request_ok(const struct api_request *r);

/* ---- answers ---- */

enum reply_kind {
	REPLY_JSON,    /* 2xx with JSON: root is set */
	REPLY_GONE,    /* 404 with a JSON error: what the path names is not there, whatever the text says */
	REPLY_TROUBLE, /* see trouble */
};

struct reply {
	enum reply_kind kind;
	const struct json *root; /* freed by reply_done */
	enum trouble trouble;    /* of REPLY_GONE too, for paths that must exist */
	bool refused;            /* it proves that a change was not done (safety rule 7) */
	bool no_service;         /* 404: the service or zone itself is not in this account */
	char text[200];          /* "answered 503: ...", cleaned; "" for REPLY_JSON */
};
void reply_read(const struct api_answer *a, struct reply *ret);
void reply_done(struct reply *r);

/* What the answer to a change means (safety rule 7). A 2xx is an acceptance only when `shape` finds in it what the API
 * answers there: it sets *ret_task when a task is named. */
typedef bool reply_shape(const struct json *root, int64_t *ret_task);
void outcome_read(const struct api_answer *a, reply_shape *shape, struct outcome *ret);
/* Object with a whole number `id`: the tasks of v1. An id 0 is taken for "none named". */
bool shape_task(const struct json *root, int64_t *ret_task);

/* ---- the look ---- */

/* Keeps it when it is worse than what there was. The text becomes "GET /path what". */
void look_trouble(struct pass *p, enum trouble t, const struct api_answer *a, const char *what);
/* The usual way to take an answer: REPLY_JSON or REPLY_GONE as they are, other trouble kept. Ends the look when
 * going on is pointless. `must_exist`: a 404 is trouble too. */
enum reply_kind look_reply(struct pass *p, const struct api_answer *a, bool must_exist, struct reply *ret);
/* Something is not as the schema has it: TROUBLE_ODD with the field's name. */
void look_odd(struct pass *p, const struct api_answer *a, const char *field);

/* ---- fields ---- */

struct word {
	const char *word;
	int value;
};
/* By case-folded comparison; -1 for what is not in the table or no string. */
int word_find(const struct word *table, size_t n, const struct json *j);
#define WORD_FIND(table, j) word_find(table, ARRAY_SIZE(table), j)

/* What is absent or null reads as 0, "" or TRI_UNKNOWN, and true; false is for what is there and something else. */
bool read_id(const struct json *j, int64_t *ret);
bool read_host(
        const struct json *j, char dst[HOST_NAME]); /* lower case, no dot at the end; a name with 2 labels */
bool read_tri(const struct json *j, enum tri *ret);
/* An id of the v2 API: 1 to TOKEN_MAX - 1 bytes of [0-9A-Za-z_-]. */
bool read_token(const struct json *j, char dst[TOKEN_MAX]);
/* A selector's name: host labels that fit. */
bool read_selector(const struct json *j, char dst[SELECTOR_NAME]);
/* Is it a host name that a CNAME may lead to: labels as above, at least two, no address? (Safety rule 14.) */
bool host_valid(const char *name);
/* dkimDiagnostics: {state, errorCode, message}. It is for people, so it is read leniently. */
void read_diagnosis(const struct json *j, struct diagnosis *ret);

/* The record's named selectors, at most the first two by name: writes their pointers and returns how many. */
unsigned record_names(const struct record *rec, const char *ret[2]);
/* The task that an unresolved intent on this selector (NULL = any) was given, 0 = none. */
int64_t record_task(const struct record *rec, const char *selector);

/* The task states of v1: Exchange's and Email Pro's enum, and MX Plan's (which differ) in one table. `gone` is a 404. */
enum task_state task_read(struct pass *p, const struct api_answer *a, int64_t id);

#endif
