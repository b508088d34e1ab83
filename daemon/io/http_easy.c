/* One HTTP request as curl's options, and what curl knows of it afterwards. It must never follow a redirect, send a
 * change twice, trust a certificate unchecked, or call a request unsent that may have left. */
#include "io/http_easy.h"

#include "codec/endpoint.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_TIMEOUT (10 * MS_SECOND)
/* OVHcloud's servers close after 15 s of silence; an older connection may be dead without having said so. */
#define IDLE_CONNECTION_S 10L
/* Changes of address in the DNS are followed after this long at the latest. */
#define OLD_CONNECTION_S 3600L
/* A certificate store once read serves this long: many connections at once share it, and a new one is noticed. */
#define OLD_STORE_S 600L

static const struct {
	const char *name;
	bool changes, has_body; /* has_body: Content-Length is sent even when it is 0 */
} methods[] = {
        {"GET", false, false},
        {"POST", true, true},
        {"PUT", true, true},
        {"DELETE", true, false},
};

/* ---- curl's callbacks ---- */

static size_t on_body(char *data, size_t size, size_t n, void *arg)
{
	struct http_easy *t = arg;
	size_t len = size * n;

	if (len > HTTP_BODY_MAX - t->answer.len) {
		t->too_large = true;
		return CURL_WRITEFUNC_ERROR;
	}
	buf_add(&t->answer, data, len);
	return len;
}

/* curl takes an answer that ends within its headers for a whole one. */
static size_t on_header(char *line, size_t size, size_t n, void *arg)
{
	struct http_easy *t = arg;

	if (size * n <= 2) /* the empty line */
		t->headers_whole = true;
	else if (size * n > 5 &&
	         memcmp(line, "HTTP/", 5) == 0) /* a provisional answer went before; trailers may follow */
		t->headers_whole = false;
	return size * n;
}

/* Called each time the connection stands and the request is about to be written. curl writes a request once more when
 * a kept connection turns out dead, but by then the first copy may have been received: fine for a reading, not for a
 * change, which safety rule 7 resolves by looking and never by repeating. */
static int before_sending(void *arg, char *remote, char *local, int remote_port, int local_port)
{
	struct http_easy *t = arg;

	(void)remote, (void)local, (void)remote_port, (void)local_port;
	t->sends++;
	return t->changes && t->sends > 1 ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* ---- the request ---- */

/* How long scheme, host and port are at the beginning of a URL. */
static size_t origin_len(const char *url)
{
	const char *authority = strstr(url, "://");

	return authority ? (size_t)(authority + 3 - url) + strcspn(authority + 3, "/?#") : strlen(url);
}

static bool has_origin(const char *url, const char *origin)
{
	size_t n = origin ? strlen(origin) : 0;

	return n > 0 && n == origin_len(url) && memcmp(url, origin, n) == 0;
}

/* The URL without its query is judged where the configuration's URLs are judged; only its path, when a URL of the same
 * origin was found good before and nothing in the path looks odd. */
static const char *url_fault(const char *url, const char *good_origin)
{
	size_t n = strcspn(url, "?"), known = 0;
	const char *fault = NULL;

	if (has_origin(url, good_origin))
		known = strlen(good_origin) + strcspn(url + strlen(good_origin), "?#@\"<>\\^`{|}");
	if (known == 0 || known < n) {
		char *base = xstrndup(url, n);

		fault = endpoint_url_fault(base);
		free(base);
	}
	for (const char *p = url; !fault && *p; p++)
		if (*p <= ' ' || *p > '~' || *p == '#')
			fault = "has a character that no URL may have";
	return fault;
}

/* Loopback is never asked through a proxy, whatever the environment says. */
static bool is_loopback(const char *url)
{
	const char *rest = strstr(url, "://") + 3;
	char *plain = xasprintf("http://%.*s", (int)strcspn(rest, "/?"), rest);
	bool yes = endpoint_url_fault(plain) == NULL;

	free(plain);
	return yes || (str_prefix(rest, "localhost") && strchr("/:?", rest[strlen("localhost")]));
}

static void set_transport(CURL *c, const char *url, int64_t timeout_ms)
{
	bool secure = str_prefix(url, "https:");

	curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L); /* what was signed is what is sent */
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, secure ? "https" : "http");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	if (secure) { /* over plain HTTP, PIPEWAIT would hold every request up until the first is answered */
		curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
		curl_easy_setopt(c, CURLOPT_PIPEWAIT, 1L);
	} else {
		curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	}
	if (is_loopback(url))
		curl_easy_setopt(c, CURLOPT_PROXY, "");
	curl_easy_setopt(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L); /* never wait for a thread that sits in getaddrinfo */
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS,
	        (long)(timeout_ms < CONNECT_TIMEOUT ? timeout_ms : CONNECT_TIMEOUT));
	curl_easy_setopt(c, CURLOPT_MAXAGE_CONN, IDLE_CONNECTION_S);
	curl_easy_setopt(c, CURLOPT_MAXLIFETIME_CONN, OLD_CONNECTION_S);
	curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
}

/* The system's store is a file and a folder with the same certificates. curl shares what it read between connections
 * only when there is no folder, and a store is some megabytes; beside a ca_file the folder would let the system's
 * certificates in again. */
static void set_trust(CURL *c, const char *ca_file)
{
	const char *system_file = curl_version_info(CURLVERSION_NOW)->cainfo;

	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(c, CURLOPT_CA_CACHE_TIMEOUT, OLD_STORE_S);
	if (ca_file)
		curl_easy_setopt(c, CURLOPT_CAINFO, ca_file);
	if (ca_file || (system_file && access(system_file, R_OK) == 0))
		curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
}

static const char *set_method(struct http_easy *t, const struct http_request *request)
{
	size_t i = 0;

	while (i < ARRAY_SIZE(methods) && !str_eq(methods[i].name, request->method))
		i++;
	if (i == ARRAY_SIZE(methods))
		return "the method is none of ours";
	t->changes = methods[i].changes;
	t->has_body = methods[i].has_body || request->body;
	if (t->has_body) {
		size_t len = request->body ? request->body_len : 0;

		t->body = xmalloc(len + 1);
		if (len > 0)
			memcpy(t->body, request->body, len);
		t->body[len] = '\0';
		curl_easy_setopt(t->curl, CURLOPT_POST, 1L);
		curl_easy_setopt(t->curl, CURLOPT_POSTFIELDS, t->body);
		curl_easy_setopt(t->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
	}
	curl_easy_setopt(t->curl, CURLOPT_CUSTOMREQUEST, methods[i].name);
	return NULL;
}

static const char *set_headers(struct http_easy *t, const struct http_request *request)
{
	bool typed = false;

	for (const char *const *line = request->headers; line && *line; line++) {
		size_t name = strcspn(*line, ":");

		if (name == 0 || (*line)[name] != ':' || strpbrk(*line, "\r\n"))
			return "a header line is malformed";
		typed = typed || strncasecmp(*line, "Content-Type:", name + 1) == 0;
		t->lines = curl_slist_append(t->lines, *line);
	}
	if (t->has_body && !typed)
		t->lines = curl_slist_append(t->lines, "Content-Type:"); /* curl would call it a form */
	if (t->has_body)
		t->lines = curl_slist_append(t->lines, "Expect:");
	curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->lines);
	return NULL;
}

/* Why the request must not be sent, in words; NULL when it may. */
static const char *set_request(struct http_easy *t, const struct http_request *request)
{
	const char *fault = set_method(t, request);

	return fault ? fault : set_headers(t, request);
}

/* Everything that is the same for each request to one place. */
static void set_place(
        struct http_handle *h, const struct http_request *request, const char *user_agent, int64_t timeout_ms)
{
	if (has_origin(request->url, h->origin) &&
	        str_eq(h->ca_file ? h->ca_file : "", request->ca_file ? request->ca_file : ""))
		return;
	curl_easy_reset(h->curl);
	free(h->origin);
	free(h->ca_file);
	h->origin = xstrndup(request->url, origin_len(request->url));
	h->ca_file = request->ca_file ? xstrdup(request->ca_file) : NULL;
	set_transport(h->curl, request->url, timeout_ms);
	set_trust(h->curl, request->ca_file);
	curl_easy_setopt(h->curl, CURLOPT_USERAGENT, user_agent);
	curl_easy_setopt(h->curl, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(h->curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(h->curl, CURLOPT_PREREQFUNCTION, before_sending);
}

/* Beside the text curl gets the URL's parts: it would take the text apart itself, but then puts it together again, letter
 * by letter, for nobody. What cannot be taken apart is left for curl to refuse. */
static void set_url(struct http_handle *h, const char *url)
{
	bool whole = curl_url_set(h->url, CURLUPART_URL, url, CURLU_PATH_AS_IS) == CURLUE_OK;

	curl_easy_setopt(h->curl, CURLOPT_URL, url);
	curl_easy_setopt(h->curl, CURLOPT_CURLU, whole ? h->url : NULL);
}

bool http_easy_prepare(
        struct http_easy *t, const struct http_request *request, const char *user_agent, int64_t timeout_ms)
{
	const char *of_url = url_fault(request->url, t->handle->origin), *fault = of_url;

	t->curl = t->handle->curl;
	if (!fault)
		set_place(t->handle, request, user_agent, timeout_ms);
	if (!fault)
		fault = set_request(t, request);
	if (fault) {
		str_format(t->error, sizeof(t->error), "%s%s", of_url ? "the URL " : "", fault);
		return false;
	}
	set_url(t->handle, request->url);
	curl_easy_setopt(t->curl, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(t->curl, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->curl, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(t->curl, CURLOPT_PREREQDATA, t);
	return true;
}

/* ---- the answer ---- */

static const char *header(struct http_easy *t, const char *name)
{
	struct curl_header *h;

	return curl_easy_header(t->curl, name, 0, CURLH_HEADER, -1, &h) == CURLHE_OK ? h->value : "";
}

static const char *error_text(struct http_easy *t, CURLcode code)
{
	if (t->too_large)
		return "the answer is larger than 4 MiB";
	if (code == CURLE_ABORTED_BY_CALLBACK)
		return "the connection died before an answer came";
	if (code == CURLE_OK)
		return "the answer was cut short";
	return *t->error ? t->error : curl_easy_strerror(code);
}

void http_easy_answer(struct http_easy *t, CURLcode code, struct http_answer *ret)
{
	long status = 0;
	curl_off_t wait = 0;

	*ret = (struct http_answer){
	        .body = "", .content_type = "", .query_id = "", .cursor_next = "", .error = ""};
	if (code == CURLE_OK && t->headers_whole)
		curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200) {
		ret->end = t->sends == 0 ? HTTP_NOT_SENT : HTTP_LOST;
		ret->error = error_text(t, code);
		return;
	}
	curl_easy_getinfo(t->curl, CURLINFO_RETRY_AFTER, &wait);
	ret->end = HTTP_ANSWERED;
	ret->status = (int)status;
	ret->retry_after_ms = wait <= 0 ? 0 : wait > MS_DAY / MS_SECOND ? MS_DAY : (int64_t)wait * MS_SECOND;
	if (t->answer.len > 0) {
		ret->body = t->answer.data;
		ret->body_len = t->answer.len;
	}
	ret->content_type = header(t, "Content-Type");
	ret->query_id = header(t, "X-OVH-QUERYID");
	ret->cursor_next = header(t, "X-Pagination-Cursor-Next");
}

/* Nothing may point into what goes, and the next request starts as a GET without anything. */
static void forget_request(CURL *c)
{
	curl_easy_setopt(c, CURLOPT_POSTFIELDS, NULL);
	curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)-1);
	curl_easy_setopt(c, CURLOPT_HTTPGET, 1L);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, NULL);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, NULL);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, NULL);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, NULL);
	curl_easy_setopt(c, CURLOPT_PREREQDATA, NULL);
	curl_easy_setopt(c, CURLOPT_PRIVATE, NULL);
}

void http_easy_clear(struct http_easy *t)
{
	forget_request(t->handle->curl);
	for (struct curl_slist *line = t->lines; line; line = line->next)
		explicit_bzero(line->data, strlen(line->data));
	curl_slist_free_all(t->lines);
	if (t->body)
		explicit_bzero(t->body, strlen(t->body));
	free(t->body);
	buf_free(&t->answer);
	*t = (struct http_easy){.handle = t->handle, .curl = t->curl};
}

/* ---- handles ---- */

struct http_handle *http_handle_new(void)
{
	struct http_handle *h = xcalloc(1, sizeof(*h));

	h->curl = curl_easy_init();
	h->url = curl_url();
	if (!h->curl || !h->url)
		abort(); /* only for want of memory, and then xmalloc has aborted */
	return h;
}

void http_handle_free(struct http_handle *h)
{
	curl_easy_cleanup(h->curl);
	curl_url_cleanup(h->url);
	free(h->origin);
	free(h->ca_file);
	free(h);
}
