/* The control socket: HTTP/1.1 on a Unix socket, and GET /metrics on a TCP port where one is wanted. It knows no route
 * and no domain: one handler answers, from the loop's thread, at once. Who may write is decided by the peer's
 * credentials, never by anything in the request. */
#ifndef DKIMROTD_IO_CONTROL_H
#define DKIMROTD_IO_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

struct loop;
struct control;

#define CONTROL_SEGMENTS 8
#define CONTROL_PARAMS   16

struct control_request {
	const char *method; /* "GET" or "POST"; a POST comes only from a peer that may write */
	unsigned n_segments;
	const char
	        *segment[CONTROL_SEGMENTS]; /* of the path, percent-decoded: "v1", "domains", "example.org" */
	unsigned n_params;
	struct {
		const char *name, *value;
	} param[CONTROL_PARAMS]; /* of the query, decoded */
	const char *body;        /* terminated, "" = none; at most 64 KiB */
	size_t body_len;
	bool may_write;    /* root or our own user, by the socket's credentials */
	uint32_t uid;      /* of the peer; meaningless for metrics */
	void *request;     /* the library's; for control_later and control_stream */
	struct loop *loop; /* likewise */
	bool metrics; /* it came in at the metrics port: only /metrics may be answered, and GET is all that comes */
};

/* What goes back. The handler appends to body; status is 200 and the type application/json unless it says else. */
struct control_answer {
	int status;
	const char *type;
	struct buf body;
	bool later; /* set by control_later */
};

/* Borrowed for the call. */
typedef void control_handler(void *arg, const struct control_request *request, struct control_answer *answer);

/* Inside the handler: the answer comes later, by control_reply, exactly once; what the handler leaves in `answer` is not
 * sent. The connection may go away meanwhile: then the reply goes nowhere. */
struct control_later;
struct control_later *control_later(const struct control_request *request, struct control_answer *answer);
void control_reply(struct control_later *later, struct control_answer *answer);

/* Inside the handler: a long answer in pieces, with the status and type that `answer` has. `piece` appends the next one and
 * says whether more will come; it is called from the loop, never from inside this call, and each time the one before has
 * been written. It should take some milliseconds at most, and may append nothing to let the loop turn. `over` is called
 * once, after the last piece or when the reader goes away: arg is the caller's to free there. */
typedef bool control_piece(void *arg, struct buf *out);
void control_stream(const struct control_request *request, struct control_answer *answer,
        control_piece *piece, void (*over)(void *arg), void *arg);

/* The value of a query parameter, NULL when there is none. */
const char *control_param(const struct control_request *request, const char *name);
/* {"error":"word","message":"..."} in place of what the body held; the word is of a closed list. */
void control_fail(struct control_answer *answer, int status, const char *word, const char *fmt, ...)
        __attribute__((format(printf, 4, 5)));

/* Listens at path (a stale socket there is removed, mode 0660) and, unless metrics is NULL or "", at that
 * address:port. NULL with a sentence in error when it cannot; where only the metrics cannot be served there is a sentence
 * beside it, and otherwise error stays as it was. */
struct control *control_open(struct loop *l, const char *path, const char *metrics, control_handler *handler,
        void *arg, char *error, size_t error_len);
/* Ends every connection and removes the socket. NULL is fine. */
void control_close(struct control *c);
/* Where metrics are served, 0 = nowhere; for tests that ask for port 0. */
uint16_t control_metrics_port(const struct control *c);

#endif
