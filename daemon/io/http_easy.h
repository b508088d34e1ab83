/* For http.c only: one request as an easy handle of curl, and its answer read back from it. It knows no loop. */
#ifndef DKIMROTD_IO_HTTP_EASY_H
#define DKIMROTD_IO_HTTP_EASY_H

#include <curl/curl.h>

#include "base/util.h"
#include "io/http.h"

#define HTTP_BODY_MAX ((size_t)4 << 20)

/* A handle of curl that is used again and again. What depends on the place asked alone stays set between requests to
 * the same place; nothing of a request does. */
struct http_handle {
	CURL *curl;
	CURLU *url;    /* of the request, in its parts */
	char *origin;  /* scheme, host and port that it is set up for, found good; NULL = for none yet */
	char *ca_file; /* beside it; NULL = the system's store */
};

struct http_easy {
	struct http_handle *handle; /* borrowed while the request lasts */
	CURL *curl;                 /* the handle's */
	struct curl_slist *lines;
	char *body;
	struct buf answer;
	char error[CURL_ERROR_SIZE];
	unsigned sends; /* how often curl was about to write the request: 0 proves that nothing of it left */
	bool changes;   /* not a GET: must never be written twice */
	bool has_body;  /* maybe an empty one */
	bool headers_whole, too_large;
};

struct http_handle *http_handle_new(void);
void http_handle_free(struct http_handle *h);
/* Sets t->handle up for the request; everything is copied. user_agent and timeout_ms are the same each time. False when it
 * must not start; then t->error says why. */
bool http_easy_prepare(
        struct http_easy *t, const struct http_request *request, const char *user_agent, int64_t timeout_ms);
/* How the transfer ended. What the answer points at lives as long as *t. took_ms is the caller's. */
void http_easy_answer(struct http_easy *t, CURLcode code, struct http_answer *ret);
/* Frees everything but the handle, in which nothing of the request is left. Secrets are wiped. */
void http_easy_clear(struct http_easy *t);

#endif
