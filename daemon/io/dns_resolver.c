/* The recursive and validating half: libunbound on the libevent base of the loop that it is given. It must
 * never touch libunbound from inside one of its callbacks, never hand over data that it calls bogus, and
 * never call an answer forged where the root itself does not validate on the same path: a resolver that
 * strips signatures makes everything look forged.
 *
 * So the root comes first. A fresh context with the trust anchor asks for the root's name servers. Secure:
 * that context answers everything, and bogus means bogus (asked again on a fresh context when the last proof
 * is older than ten minutes). Anything else: a context without the anchor answers, the verdict is "unknown",
 * and the root is tried again every hour. libunbound is also the cache of NS sets and addresses; of absent
 * names it keeps nothing. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>
#include <unbound-event.h>
#include <unbound.h>

#include "base/util.h"
#include "io/dns_parts.h"
#include "io/loop.h"

#define WINDOW         100
#define PROBE_PATIENCE (4 * MS_SECOND)
#define PROOF_AGE      (10 * MS_MINUTE) /* a bogus answer needs a younger proof that the root validates */
#define PROBE_AGAIN    MS_HOUR

struct dns_resolver {
	struct loop *loop;
	char **forwarders; /* "address@port", NULL-terminated; NULL = /etc/resolv.conf */
	char *anchor;      /* NULL = none */
	const char *warning;
	struct ub_ctx *ctx;
	bool validates; /* ctx has the anchor, and the root proved secure with it */
	struct dns_asks queued, asked;
	struct ub_ctx *probe;
	int64_t probed_at; /* boot clock, end of the last probe; 0 = never */
	bool probe_over, probe_secure;
	struct timer *probe_deadline;
	struct timer *turn; /* what callbacks ask for is done from here */
};

/* An ask that libunbound holds. */
struct held {
	struct dns_resolver *resolver;
	struct dns_ask *ask;
	int id;
};

static const struct {
	const char *name, *value;
} settings[] = {
        {"module-config:", "iterator"}, /* with an anchor: see context_new() */
        {"do-not-query-localhost:", "no"},
        /* A record published a moment ago must be seen at the next look, not when a denial has aged. */
        {"cache-max-negative-ttl:", "0"},
        {"aggressive-nsec:", "no"},
        /* A dead resolver takes 2 s, not 17, and one that came back is asked again at once. */
        {"outbound-msg-retry:", "2"},
        {"unknown-server-time-limit:", "376"},
        {"infra-cache-max-rtt:", "1000"},
        {"infra-host-ttl:", "15"},
        {"infra-keep-probing:", "yes"},
        /* Memory: our own window is what libunbound has to carry, and its caches what one pass has in hand at once: the names
         * of servers and, with an anchor, the keys of the zones above. What is the domain's own is asked afresh each time. */
        {"outgoing-range:", "128"},
        {"num-queries-per-thread:", "128"},
        {"msg-cache-slabs:", "1"},
        {"rrset-cache-slabs:", "1"},
        {"infra-cache-slabs:", "1"},
        {"key-cache-slabs:", "1"},
        {"msg-cache-size:", "256k"},
        {"rrset-cache-size:", "512k"},
        {"key-cache-size:", "256k"},
        {"neg-cache-size:", "128k"},
};

static bool context_set(struct ub_ctx *ctx, const char *name, const char *value)
{
	return ub_ctx_set_option(ctx, name, value) == 0;
}

/* Order matters: options, forwarders, trust anchor; the first question freezes them. */
static struct ub_ctx *context_new(const struct dns_resolver *r, bool validating, const char **ret_error)
{
	struct ub_ctx *ctx = ub_ctx_create_event(loop_base(r->loop));
	bool ok = ctx != NULL;

	*ret_error = "libunbound does not start";
	if (!ctx)
		return NULL;
	for (size_t i = 0; ok && i < ARRAY_SIZE(settings); i++)
		ok = context_set(ctx, settings[i].name, settings[i].value);
	if (ok && validating)
		ok = context_set(ctx, "module-config:", "validator iterator");
	if (!r->forwarders && ok) {
		*ret_error = "the system's resolvers (/etc/resolv.conf) cannot be read";
		ok = ub_ctx_resolvconf(ctx, NULL) == 0;
	}
	for (char **f = r->forwarders; ok && f && *f; f++) {
		*ret_error = "libunbound refuses the address of a resolver";
		ok = ub_ctx_set_fwd(ctx, *f) == 0;
	}
	if (ok && validating) {
		*ret_error = "libunbound refuses the trust anchor file";
		ok = ub_ctx_add_ta_file(ctx, r->anchor) == 0;
	}
	if (!ok) {
		ub_ctx_delete(ctx);
		return NULL;
	}
	return ctx;
}

static void held_settle(struct held *h, enum reply reply)
{
	struct dns_ask *a = h->ask;

	struct dns_resolver *r = h->resolver;

	a->reply = reply;
	a->part = NULL;
	dns_asks_remove(&r->asked, a);
	free(h);
	dns_answered(a);
}

/* Back into the queue: asked again on another context, or when the root is known. */
static void held_requeue(struct held *h)
{
	struct dns_ask *a = h->ask;

	a->part = NULL;
	dns_asks_remove(&h->resolver->asked, a);
	dns_asks_add(&h->resolver->queued, a);
	free(h);
}

static bool proof_is_fresh(const struct dns_resolver *r)
{
	return r->probed_at != 0 && loop_boot(r->loop) - r->probed_at < PROOF_AGE;
}

static enum dnssec verdict(const struct dns_resolver *r, int sec)
{
	if (!r->validates)
		return DNSSEC_UNKNOWN;
	return sec == 2 ? DNSSEC_SECURE : sec == 1 ? DNSSEC_BOGUS : DNSSEC_INSECURE;
}

/* libunbound answers, maybe from inside ub_resolve_event(). With rcode set the packet must not be touched,
 * except that a bogus answer carries both. */
static void resolver_event(void *arg, int rcode, void *packet, int len, int sec, char *why_bogus, int limited)
{
	struct held *h = arg;
	struct dns_resolver *r = h->resolver;
	struct dns_ask *a = h->ask;
	struct dnswire m;

	(void)limited;
	timer_set(r->turn, 0, 0);
	a->dnssec = verdict(r, sec);
	if (a->dnssec == DNSSEC_BOGUS) {
		if (!proof_is_fresh(r)) {
			held_requeue(h);
			r->probed_at = 0;
			return;
		}
		char why[512];
		str_format(a->why, sizeof(a->why), "%s",
		        str_clean(why, sizeof(why), why_bogus ? why_bogus : ""));
		held_settle(h, REPLY_BROKEN);
		return;
	}
	if (rcode != 0 || len <= 0 || dnswire_read(packet, (size_t)len, &m) < 0 || !m.asked ||
	        m.type != a->type || !dnswire_name_eq(&m.name, &a->name)) {
		held_settle(h, REPLY_BROKEN);
		return;
	}
	a->bytes = xmalloc((size_t)len);
	memcpy(a->bytes, packet, (size_t)len);
	a->n = (size_t)len;
	held_settle(h, REPLY_MESSAGE);
}

static void resolver_put(struct dns_resolver *r, struct dns_ask *a)
{
	struct held *h = xcalloc(1, sizeof(*h));
	char name[DNSWIRE_NAME_TEXT];
	int id = 0;

	h->resolver = r;
	h->ask = a;
	a->part = h;
	dns_asks_add(&r->asked, a);
	dnswire_name_text(&a->name, name, sizeof(name));
	if (ub_resolve_event(r->ctx, name, a->type, 1, h, resolver_event, &id) != 0)
		held_settle(h, REPLY_BROKEN);
	else if (a->part == h) /* else it was answered from the cache, within the call */
		h->id = id;
}

static void resolver_fill(struct dns_resolver *r)
{
	while (r->ctx && r->asked.n < WINDOW && r->queued.n > 0)
		resolver_put(r, dns_asks_take(&r->queued));
}

/* Puts another context in the place of the present one. What is under way is asked again; its callbacks are
 * cancelled first, because ub_ctx_delete() would call them. */
static void resolver_swap(struct dns_resolver *r, struct ub_ctx *ctx, bool validates)
{
	while (r->asked.n > 0) {
		struct held *h = r->asked.first->part;
		ub_cancel(r->ctx, h->id);
		held_requeue(h);
	}
	if (r->ctx)
		ub_ctx_delete(r->ctx);
	r->ctx = ctx;
	r->validates = validates;
}

static void probe_event(void *arg, int rcode, void *packet, int len, int sec, char *why_bogus, int limited)
{
	struct dns_resolver *r = arg;

	(void)packet, (void)why_bogus, (void)limited;
	if (!r->probe || r->probe_over)
		return;
	r->probe_over = true;
	r->probe_secure = rcode == 0 && len > 0 && sec == 2;
	timer_set(r->turn, 0, 0);
}

static void probe_late(void *arg)
{
	struct dns_resolver *r = arg;

	if (!r->probe || r->probe_over)
		return;
	r->probe_over = true;
	r->probe_secure = false;
	timer_set(r->turn, 0, 0);
}

/* Begins to ask for the root's name servers on a context of its own. */
static void resolver_probe(struct dns_resolver *r)
{
	const char *error;
	int id;

	r->probe_over = r->probe_secure = false;
	r->probe = context_new(r, true, &error);
	if (!r->probe || ub_resolve_event(r->probe, ".", DNS_TYPE_NS, 1, r, probe_event, &id) != 0)
		r->probe_over = true;
	timer_set(r->probe_deadline, PROBE_PATIENCE, 0);
}

/* The probe's end. A context that validates stays, with its keys in the cache; else one without the anchor
 * serves. */
static void resolver_conclude_probe(struct dns_resolver *r)
{
	const char *error;
	struct ub_ctx *probe = r->probe;

	timer_stop(r->probe_deadline);
	r->probed_at = loop_boot(r->loop);
	r->probe = NULL;
	r->probe_over = false;
	if (r->probe_secure) {
		resolver_swap(r, probe, true);
		return;
	}
	if (probe)
		ub_ctx_delete(probe);
	if (!r->ctx || r->validates)
		resolver_swap(r, context_new(r, false, &error), false);
}

static bool probe_is_due(const struct dns_resolver *r)
{
	if (!r->anchor || r->probe)
		return false;
	if (r->probed_at == 0)
		return true;
	return !r->validates && loop_boot(r->loop) - r->probed_at >= PROBE_AGAIN;
}

/* Everything that must not happen inside a callback of libunbound. While a first probe, or one that a bogus
 * answer asked for, is under way, questions wait; it takes 4 s at most. */
static void resolver_turn(void *arg)
{
	struct dns_resolver *r = arg;
	const char *error;

	if (r->probe_over)
		resolver_conclude_probe(r);
	if (r->queued.n > 0 && probe_is_due(r))
		resolver_probe(r);
	if (r->probe_over) {
		timer_set(r->turn, 0, 0);
	} else if (!r->anchor || r->probed_at != 0) {
		if (!r->ctx) /* the system's resolvers could not be read a moment ago */
			r->ctx = context_new(r, false, &error);
		resolver_fill(r);
	}
}

void dns_resolver_ask(struct dns_resolver *r, struct dns_ask *a)
{
	dns_asks_add(&r->queued, a);
	resolver_turn(r);
}

void dns_resolver_drop(struct dns_resolver *r, struct dns_ask *a)
{
	struct held *h = a->part;

	if (h) {
		ub_cancel(r->ctx, h->id);
		dns_asks_remove(&r->asked, a);
		free(h);
		timer_set(r->turn, 0, 0);
	} else {
		dns_asks_remove(&r->queued, a);
	}
	dns_ask_free(a);
}

static bool resolver_take_forwarders(struct dns_resolver *r, const char *const *list)
{
	size_t n = 0;

	if (!list || !list[0])
		return true;
	while (list[n])
		n++;
	r->forwarders = xcalloc(n + 1, sizeof(*r->forwarders));
	for (size_t i = 0; i < n; i++) {
		r->forwarders[i] = dns_forwarder_read(list[i]);
		if (!r->forwarders[i])
			return false;
	}
	return true;
}

/* A context is made and thrown away, so that options which libunbound refuses are found out now. */
static bool resolver_try(struct dns_resolver *r, const char **ret_error)
{
	struct ub_ctx *ctx = context_new(r, r->anchor != NULL, ret_error);

	if (!ctx)
		return false;
	if (r->anchor)
		ub_ctx_delete(ctx); /* the first probe makes its own */
	else
		r->ctx = ctx;
	return true;
}

struct dns_resolver *dns_resolver_new(struct loop *l, const struct dns_options *o, const char **ret_error)
{
	struct dns_resolver *r = xcalloc(1, sizeof(*r));

	r->loop = l;
	dns_asks_init(&r->queued);
	dns_asks_init(&r->asked);
	r->turn = timer_new(l, resolver_turn, r);
	r->probe_deadline = timer_new(l, probe_late, r);
	if (o->trust_anchor && *o->trust_anchor) {
		/* libunbound reads it late and keeps quiet about what it finds. */
		if (access(o->trust_anchor, R_OK) == 0)
			r->anchor = xstrdup(o->trust_anchor);
		else
			r->warning = "the trust anchor file cannot be read: DNSSEC is not validated";
	}
	*ret_error = "a resolver must be address, address:port, address@port or [address]:port";
	if (!resolver_take_forwarders(r, o->resolvers) || !resolver_try(r, ret_error)) {
		dns_resolver_free(r);
		return NULL;
	}
	return r;
}

const char *dns_resolver_warning(const struct dns_resolver *r)
{
	if (r->anchor && r->probed_at != 0 && !r->validates)
		return "the root of the DNS does not validate through these resolvers: DNSSEC is not "
		       "validated";
	return r->warning;
}

/* Every look was dropped before, and with it every ask. */
void dns_resolver_free(struct dns_resolver *r)
{
	if (!r)
		return;
	struct ub_ctx *probe = r->probe;
	r->probe = NULL; /* probe_event() sees by it that nobody wants to know any more */
	if (probe)
		ub_ctx_delete(probe);
	if (r->ctx)
		ub_ctx_delete(r->ctx);
	timer_free(r->turn);
	timer_free(r->probe_deadline);
	for (char **f = r->forwarders; f && *f; f++)
		free(*f);
	free(r->forwarders);
	free(r->anchor);
	free(r);
}
