/* The daemon asked over its socket, by libcurl, which is used nowhere else in dkimrotctl. It must never go by a proxy
 * or leave this machine: whatever the environment says, the socket is the only way. */
#include "ctl/ask.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "codec/url.h"

#define CONNECT_MS   5000L
#define ANSWER_MS    120000L /* a rotation is decided on fresh looks, and these take their time */
#define SILENCE_S    8L      /* a monitoring system gives its plugins 10 s: silence is a finding there */
#define ANSWER_MAX   JSON_MAX_LOCAL
#define READ_AT_ONCE 65536L /* bytes: as many as a socket hands over */

/* The answer while it comes in: read at once, so that both sides work at the same time. */
struct incoming {
	struct json_reader *reader;
	struct buf *text; /* NULL: it is not kept as it came */
	size_t len;
};

static size_t on_bytes(char *data, size_t size, size_t n, void *arg)
{
	struct incoming *in = arg;

	in->len += size * n;
	if (in->len > ANSWER_MAX)
		return 0;
	json_reader_feed(in->reader, data, size * n);
	if (in->text)
		buf_add(in->text, data, size * n);
	return size * n;
}

static CURL *make_request(const struct ctl *c, const char *path, const char *body, struct incoming *in,
        struct curl_slist **headers)
{
	CURL *h = curl_easy_init();
	char *url = xasprintf("http://localhost%s", path);

	if (!h)
		out_of_memory();
	curl_easy_setopt(h, CURLOPT_UNIX_SOCKET_PATH, c->socket);
	curl_easy_setopt(h, CURLOPT_URL, url);
	curl_easy_setopt(h, CURLOPT_PROXY, "");
	curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
	curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, ANSWER_MS);
	if (c->check) {
		curl_easy_setopt(h, CURLOPT_LOW_SPEED_LIMIT, 1L);
		curl_easy_setopt(h, CURLOPT_LOW_SPEED_TIME, SILENCE_S);
	}
	curl_easy_setopt(h, CURLOPT_BUFFERSIZE, READ_AT_ONCE);
	curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_bytes);
	curl_easy_setopt(h, CURLOPT_WRITEDATA, in);
	if (body) {
		*headers = curl_slist_append(*headers, "Content-Type: application/json");
		*headers = curl_slist_append(*headers, "Expect:");
		curl_easy_setopt(h, CURLOPT_POSTFIELDS, body);
		curl_easy_setopt(h, CURLOPT_HTTPHEADER, *headers);
	}
	free(url);
	return h;
}

/* Why nothing was heard, in words that name the socket. */
static void explain_silence(const struct ctl *c, CURL *h, CURLcode rc, char *why, size_t n)
{
	long os = 0;

	curl_easy_getinfo(h, CURLINFO_OS_ERRNO, &os);
	if (rc == CURLE_COULDNT_RESOLVE_HOST) /* there is no host: so it says that the path does not fit */
		str_format(why, n, "the daemon cannot be asked at %s: %s", c->socket, strerror(ENAMETOOLONG));
	else if (rc != CURLE_COULDNT_CONNECT)
		str_format(why, n, "the daemon cannot be asked at %s: %s", c->socket, curl_easy_strerror(rc));
	else if (os == EACCES)
		str_format(why, n,
		        "the daemon cannot be asked at %s: Permission denied (who may ask: root and members "
		        "of the socket's group)",
		        c->socket);
	else
		str_format(why, n, "the daemon cannot be asked at %s: %s", c->socket,
		        os != 0 ? strerror((int)os) : "nobody answers");
}

/* Sends, and reads the answer's status. */
static CURLcode perform(const struct ctl *c, const char *path, const char *body, struct incoming *in,
        int *ret_status, char *why, size_t n)
{
	struct curl_slist *headers = NULL;
	CURL *h = make_request(c, path, body, in, &headers);
	CURLcode rc = curl_easy_perform(h);
	long status = 0;

	if (rc == CURLE_OK) {
		curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status);
		*ret_status = (int)status;
	} else {
		explain_silence(c, h, rc, why, n);
	}
	curl_easy_cleanup(h);
	curl_slist_free_all(headers);
	return rc;
}

/* Whatever else may listen there, that it took an order is never believed of it, nor that all is well. */
static bool is_ours(const struct answer *a, const char *path, const char *body)
{
	bool ok = false;

	if (a->status < 200 || a->status >= 300)
		return json_string(json_get(a->json, "error")) != NULL;
	if (body != NULL)
		return json_bool(json_get(a->json, "ok"), &ok) && ok;
	if (str_eq(path, "/v1/status"))
		return json_string(json_get(a->json, "version")) != NULL;
	return json_is(a->json, JSON_OBJECT) || json_is(a->json, JSON_ARRAY);
}

/* What an answer that came in whole means. */
static int judge(const struct answer *a, char *why, size_t n)
{
	const char *message = json_string(json_get(a->json, "message"));

	if (a->status >= 200 && a->status < 300)
		return CTL_DONE;
	if (message)
		str_format(why, n, "%s", message);
	else
		str_format(why, n, "the daemon answered %d", a->status);
	return a->status >= 500 ? CTL_NO_DAEMON : CTL_REFUSED;
}

int ask_quiet(
        const struct ctl *c, const char *path, const char *body, struct answer *ret, char *why, size_t n)
{
	struct ask_list all = {.keep = true};

	return ask_list(c, path, body, &all, ret, why, n);
}

int ask_list(const struct ctl *c, const char *path, const char *body, const struct ask_list *list,
        struct answer *ret, char *why, size_t n)
{
	char fault[160] = "";

	memset(ret, 0, sizeof(*ret));
	struct incoming in = {.text = list->keep ? &ret->body : NULL,
	        .reader = json_reader_new(JSON_MAX_LOCAL, list->each, list->arg)};
	CURLcode rc = perform(c, path, body, &in, &ret->status, why, n);
	int read = json_reader_end(in.reader, &ret->json, fault, sizeof(fault));
	if (rc == CURLE_OK && read == 0 && is_ours(ret, path, body))
		return judge(ret, why, n);
	if (rc == CURLE_OK)
		str_format(why, n, "%s does not answer as dkimrotd does: status %d%s%s", c->socket,
		        ret->status, fault[0] != '\0' ? ", " : "", fault);
	return CTL_NO_DAEMON;
}

int ask(const struct ctl *c, const char *path, const char *body, struct answer *ret)
{
	char why[STR_CLEAN_MAX + 200] = "";
	int rc = ask_quiet(c, path, body, ret, why, sizeof(why));

	if (rc != CTL_DONE)
		ctl_say("%s", why);
	return rc;
}

void answer_free(struct answer *a)
{
	json_free(a->json);
	buf_free(&a->body);
	memset(a, 0, sizeof(*a));
}

char *ask_domain_path(const char *name, const char *verb)
{
	struct buf b = {0};

	buf_puts(&b, "/v1/domains/");
	url_segment(&b, name);
	if (verb) {
		buf_puts(&b, "/");
		buf_puts(&b, verb);
	}
	return b.data;
}
