/* HTTP requests on the event loop: bytes out, bytes in. It knows nothing of OVHcloud, signatures, budgets or
 * queues: whoever calls http_start wants the request to leave now (the engine queues and counts), so that what is
 * signed with a timestamp leaves with that timestamp. Redirects are never followed, certificates always checked. */
#ifndef DKIMROTD_IO_HTTP_H
#define DKIMROTD_IO_HTTP_H

#include <stddef.h>
#include <stdint.h>

struct loop;
struct http;
struct http_call;

struct http_request {
	const char *method; /* GET POST PUT DELETE */
	/* absolute; https, or http to a loopback address written as numbers. Sent byte by byte as given */
	const char *url;
	/* "Name: value" lines, NULL-terminated; NULL = none. Content-Type is the caller's; a name without a value
	 * leaves the header out */
	const char *const *headers;
	const char *body; /* NULL = none (then Content-Length: 0 is sent with POST and PUT) */
	size_t body_len;
	const char *ca_file; /* replaces the system's store, NULL = that one; read anew every ten minutes */
};

enum http_end {
	HTTP_ANSWERED, /* a whole HTTP answer of any status */
	HTTP_NOT_SENT, /* certain that no byte of the request left: name, proxy, connect, TLS, certificate, a timeout
	                  before any of these was done */
	HTTP_LOST, /* it may have been received: reset, timeout, a cut or oversized answer. Only a GET is asked
	                  again by itself when a kept connection turns out dead; a change ends here */
};

struct http_answer {
	enum http_end end;
	int status;       /* 0 unless answered */
	const char *body; /* never NULL, terminated; valid during the callback only */
	size_t body_len;
	const char *content_type; /* "" when there was none */
	const char *query_id;     /* X-OVH-QUERYID, "" = none */
	const char *cursor_next;  /* X-Pagination-Cursor-Next, "" = none */
	int64_t retry_after_ms;   /* Retry-After, a day at most, 0 = none */
	int64_t took_ms;
	const char *error; /* in words when it did not end in an answer, else "" */
};

typedef void http_done(void *arg, const struct http_answer *answer);

/* user_agent is copied. connections: the most at once per host (0 = 8). timeout_ms for a whole request (0 = 60 s). Over
 * HTTP/1.1 a request beyond `connections` waits inside, within its timeout and with its signature ageing: whoever
 * starts more at once than that (accounts that share a host count together) signs too early. */
struct http *http_new(struct loop *l, const char *user_agent, unsigned connections, int64_t timeout_ms);
/* Cancels what is under way; no callback runs any more. May be called from a callback; NULL is fine. */
void http_free(struct http *h);

/* Sends now; everything in `request` is copied. done runs from the loop, never from inside http_start. Answers above
 * 4 MiB end as HTTP_LOST. Never returns NULL: what cannot even start ends as HTTP_NOT_SENT. */
struct http_call *http_start(struct http *h, const struct http_request *request, http_done *done, void *arg);
/* Drops a call; its callback will not run. The call is gone once its callback has returned; from inside that callback
 * this does nothing. What was sent stays sent. */
void http_cancel(struct http_call *call);

#endif
