/* TXT records, asked by a program that has nothing else to do meanwhile: libunbound's plain call, in this thread. */
#include "io/dns_text.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <unbound.h>

#include "base/util.h"
#include "codec/dnswire.h"
#include "io/dns_parts.h"

struct dns_texts {
	struct ub_ctx *ctx;
};

static bool set_up(
        struct ub_ctx *ctx, const char *const *resolvers, const char *anchor, const char **ret_error)
{
	static const char *const options[][2] = {
	        /* A dead resolver takes 2 s, not 17. */
	        {"do-not-query-localhost:", "no"},
	        {"outbound-msg-retry:", "2"},
	        {"unknown-server-time-limit:", "376"},
	        {"infra-cache-max-rtt:", "1000"},
	};

	*ret_error = "libunbound refuses an option";
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (ub_ctx_set_option(ctx, options[i][0], options[i][1]) != 0)
			return false;
	*ret_error = "the system's resolvers (/etc/resolv.conf) cannot be read";
	if ((!resolvers || !resolvers[0]) && ub_ctx_resolvconf(ctx, NULL) != 0)
		return false;
	*ret_error = "a resolver must be address, address:port, address@port or [address]:port";
	for (const char *const *r = resolvers; r && *r; r++) {
		char *forwarder = dns_forwarder_read(*r);
		bool ok = forwarder && ub_ctx_set_fwd(ctx, forwarder) == 0;

		free(forwarder);
		if (!ok)
			return false;
	}
	/* One that cannot be read is none, as in the daemon: the answer is then "not validated". */
	*ret_error = "libunbound refuses the trust anchor file";
	return !anchor || !*anchor || access(anchor, R_OK) != 0 || ub_ctx_add_ta_file(ctx, anchor) == 0;
}

struct dns_texts *dns_texts_new(
        const char *const *resolvers, const char *trust_anchor, const char **ret_error)
{
	struct ub_ctx *ctx = ub_ctx_create();

	*ret_error = "libunbound does not start";
	if (!ctx)
		return NULL;
	if (!set_up(ctx, resolvers, trust_anchor, ret_error)) {
		ub_ctx_delete(ctx);
		return NULL;
	}
	struct dns_texts *t = xcalloc(1, sizeof(*t));
	t->ctx = ctx;
	return t;
}

void dns_texts_free(struct dns_texts *t)
{
	if (!t)
		return;
	ub_ctx_delete(t->ctx);
	free(t);
}

/* A record's strings, joined (RFC 6376 3.6.2.2). */
static char *joined(const char *data, int len)
{
	struct buf b = {0};

	buf_puts(&b, "");
	for (int at = 0; at < len;) {
		int n = (unsigned char)data[at++];

		for (int i = 0; i < n && at < len; i++, at++)
			if (data[at] != '\0')
				buf_add(&b, data + at, 1);
	}
	return b.data ? b.data : xstrdup("");
}

static enum dns_text_answer read_result(const struct ub_result *r, struct dns_text *ret)
{
	if (r->bogus) {
		char clean[STR_CLEAN_MAX + 1];

		str_format(ret->why, sizeof(ret->why), "DNSSEC says that the answer is forged: %s",
		        str_clean(clean, sizeof(clean), r->why_bogus ? r->why_bogus : ""));
		return DNS_TEXT_BOGUS;
	}
	ret->secure = r->secure != 0;
	if (r->rcode != DNS_NOERROR && r->rcode != DNS_NXDOMAIN) {
		str_copy(ret->why, sizeof(ret->why), "the resolver does not answer usefully");
		return DNS_TEXT_FAILED;
	}
	while (r->havedata && r->data[ret->n])
		ret->n++;
	if (ret->n == 0) {
		str_copy(ret->why, sizeof(ret->why),
		        r->nxdomain ? "the name does not exist" : "no TXT record stands there");
		return DNS_TEXT_NONE;
	}
	ret->list = xcalloc(ret->n, sizeof(*ret->list));
	for (size_t i = 0; i < ret->n; i++)
		ret->list[i] = joined(r->data[i], r->len[i]);
	return DNS_TEXT_FOUND;
}

enum dns_text_answer dns_text_ask(struct dns_texts *t, const char *name, struct dns_text *ret)
{
	struct dnswire_name wire;
	struct ub_result *r = NULL;

	memset(ret, 0, sizeof(*ret));
	if (dnswire_name_read(name, &wire) < 0) {
		str_copy(ret->why, sizeof(ret->why), "that is no name of the DNS");
		return DNS_TEXT_NONE;
	}
	if (ub_resolve(t->ctx, name, DNS_TYPE_TXT, 1, &r) != 0 || !r) {
		str_copy(ret->why, sizeof(ret->why), "the resolver does not answer");
		return DNS_TEXT_FAILED;
	}
	enum dns_text_answer answer = read_result(r, ret);
	ub_resolve_free(r);
	return answer;
}

void dns_text_clear(struct dns_text *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->list[i]);
	free(t->list);
	memset(t, 0, sizeof(*t));
}
