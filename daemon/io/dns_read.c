/* What one answer says of what was asked: a server's word on the CNAME, a zone's SOA, the key behind a name.
 * It must never take a failed or lame answer for an absence. */
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "codec/dkimkey.h"
#include "core/dkim.h"
#include "io/dns_parts.h"

#define WEAK_RSA 1024 /* RFC 8301 section 3.2: verifiers must not take less */

static uint32_t ttl_cap(uint32_t ttl)
{
	return ttl < EVIDENCE_TTL_MAX ? ttl : EVIDENCE_TTL_MAX;
}

/* Opens an answer that can be evidence: it holds together, and its rcode is a statement about the name. */
static bool answer_open(const struct dns_ask *a, struct dnswire *ret)
{
	return a->reply == REPLY_MESSAGE && dnswire_read(a->bytes, a->n, ret) == 0 && !ret->truncated &&
	       (ret->rcode == DNS_NOERROR || ret->rcode == DNS_NXDOMAIN);
}

/* Why a server's answer is no evidence, as people know it. */
static const char *answer_excuse(const struct dns_ask *a)
{
	static const char *const replies[] = {
	        [REPLY_NONE] = "no answer",
	        [REPLY_REFUSED] = "connection refused",
	        [REPLY_NO_ROUTE] = "no route",
	        [REPLY_BROKEN] = "broken answer",
	        [REPLY_MESSAGE] = "error",
	};
	static const char *const rcodes[] = {
	        [DNS_NOERROR] = "not authoritative",
	        [DNS_FORMERR] = "FORMERR",
	        [DNS_SERVFAIL] = "SERVFAIL",
	        [DNS_NXDOMAIN] = "not authoritative",
	        [DNS_NOTIMP] = "NOTIMP",
	        [DNS_REFUSED] = "REFUSED",
	};
	struct dnswire m;

	if (a->reply != REPLY_MESSAGE || dnswire_read(a->bytes, a->n, &m) < 0 ||
	        m.rcode >= ARRAY_SIZE(rcodes))
		return replies[a->reply];
	return rcodes[m.rcode];
}

/* What a message says of the CNAME at the name asked. */
static void witness_read(const struct dnswire *m, const struct dnswire_name *name, struct witness *w)
{
	struct dnswire_found f;
	struct dnswire_name target;

	dnswire_find(m, name, DNS_TYPE_CNAME, &f);
	if (f.n == 0) {
		w->said = m->rcode == DNS_NXDOMAIN ? SAID_NO_NAME : SAID_NO_DATA;
		return;
	}
	w->ttl = ttl_cap(f.ttl);
	w->said = f.n == 1 ? SAID_CNAME : SAID_CNAMES;
	if (f.n > 1)
		return;
	if (dnswire_record_name(m, &f.first, &target) < 0) {
		w->said = SAID_NOTHING;
		w->why = "broken answer";
	} else if (!dnswire_name_text(&target, w->target, sizeof(w->target))) {
		str_copy(w->target, sizeof(w->target), "(a name of odd bytes)");
	}
}

/* The same of a key record: whose key stands there. */
static void witness_read_key(const struct dnswire *m, const struct dns_ask *a, struct witness *w)
{
	struct dnswire_found f;
	struct dkim_key key;
	uint8_t digest[KEY_DIGEST];
	char *text;
	size_t len;

	dnswire_find(m, &a->name, DNS_TYPE_TXT, &f);
	if (f.n == 0 && dnswire_name_eq(&f.end, &a->name)) {
		w->said = m->rcode == DNS_NXDOMAIN ? SAID_NO_NAME : SAID_NO_DATA;
		return;
	}
	w->ttl = ttl_cap(f.ttl);
	w->said = SAID_CNAME;
	if (!dnswire_name_eq(&f.end, &a->name)) {
		str_copy(w->target, sizeof(w->target), "(a CNAME)");
		return;
	}
	if (f.n > 1) {
		w->said = SAID_CNAMES;
		return;
	}
	str_copy(w->target, sizeof(w->target), "(no key)");
	if (dnswire_record_text(m, &f.first, &text, &len) < 0)
		return;
	if (dkim_parse(text, len, &key) == DKIM_OK) {
		if (key.revoked)
			str_copy(w->target, sizeof(w->target), "revoked");
		else if (dkimkey_digest(key.key, key.len, digest) == 0)
			dkimkey_hex(digest, w->target);
	}
	free(text);
}

struct witness dns_read_record(const struct dns_ask *a)
{
	struct witness w = {.said = SAID_NOTHING, .why = ""};
	struct dnswire m;

	if (!answer_open(a, &m) || (a->direct && !m.authoritative))
		w.why = answer_excuse(a); /* a referral, a cache or a lame server: not the zone's word */
	else if (a->type == DNS_TYPE_TXT)
		witness_read_key(&m, a, &w);
	else
		witness_read(&m, &a->name, &w);
	return w;
}

enum seen dns_read_recursive(const struct dns_ask *a, const char *target, struct witness *ret)
{
	*ret = dns_read_record(a);
	switch (ret->said) {
	case SAID_NOTHING:
		return a->dnssec == DNSSEC_BOGUS ? SEEN_BOGUS : SEEN_UNKNOWN;
	case SAID_CNAME:
		return str_caseeq(ret->target, target) ? SEEN_OK : SEEN_WRONG;
	case SAID_CNAMES:
		return SEEN_WRONG;
	case SAID_NO_DATA:
	case SAID_NO_NAME:
		break;
	}
	return SEEN_MISSING;
}

bool dns_read_soa(const struct dns_ask *a, uint32_t *ret_ttl)
{
	struct dnswire m;
	struct dnswire_found f;
	uint32_t minimum;

	if (!answer_open(a, &m))
		return false;
	dnswire_find(&m, &a->name, DNS_TYPE_SOA, &f);
	if (f.n == 0 || !dnswire_name_eq(&f.end, &a->name) ||
	        dnswire_record_minimum(&m, &f.first, &minimum) < 0)
		return false;
	*ret_ttl = ttl_cap(f.first.ttl < minimum ? f.first.ttl : minimum);
	return true;
}

bool dns_read_denial(const struct dns_ask *a, struct dnswire_name *ret_zone, uint32_t *ret_ttl)
{
	struct dnswire m;

	if (!answer_open(a, &m) || (a->direct && !m.authoritative) ||
	        !dnswire_negative(&m, ret_zone, ret_ttl))
		return false;
	*ret_ttl = ttl_cap(*ret_ttl);
	return true;
}

uint32_t dns_read_life(const struct dns_ask *a)
{
	struct dnswire m;
	struct dnswire_found f;

	if (a->dnssec == DNSSEC_BOGUS || !answer_open(a, &m))
		return 0;
	dnswire_find(&m, &a->name, a->type, &f);
	if (!dnswire_name_eq(&f.end, &a->name))
		return 0;
	return f.n > 0 ? f.first.ttl
	               : EVIDENCE_TTL_MAX; /* how long a denial holds, our own cache has taken out of it */
}

bool dns_read_nxdomain(const struct dns_ask *a)
{
	struct dnswire m;

	return answer_open(a, &m) && m.rcode == DNS_NXDOMAIN;
}

bool dns_read_txt_stands(const struct dns_ask *a)
{
	struct dnswire m;
	struct dnswire_found f;

	if (!answer_open(a, &m) || (a->direct && !m.authoritative))
		return false;
	dnswire_find(&m, &a->name, DNS_TYPE_TXT, &f);
	return f.n > 0 && dnswire_name_eq(&f.end, &a->name);
}

bool dns_read_key_ttl(const struct dns_ask *a, uint32_t *ret)
{
	struct dnswire m;
	struct dnswire_found f;

	if (!answer_open(a, &m) || (a->direct && !m.authoritative))
		return false;
	dnswire_find(&m, &a->name, DNS_TYPE_TXT, &f);
	*ret = ttl_cap(f.ttl);
	return true;
}

/* The key record itself: is it one that verifiers take? */
static enum seen key_judge(
        const struct dkim_key *k, const char *name, struct evidence *e, char *detail, size_t n)
{
	unsigned bits = 0;

	if (k->revoked) {
		str_format(detail, n, "the key at %s is revoked (its p= is empty)", name);
		return SEEN_REVOKED;
	}
	if (dkimkey_bits(k->type, k->key, k->len, &bits) < 0) {
		str_format(detail, n, "the p= of the key at %s is no public key", name);
		return SEEN_WEAK;
	}
	e->key_bits = bits;
	e->test_mode = k->test_mode;
	e->strict = k->strict;
	e->has_digest = dkimkey_digest(k->key, k->len, e->digest) == 0;
	if (k->type == DKIM_TYPE_RSA && bits < WEAK_RSA) {
		str_format(detail, n, "the key at %s has %u bits, verifiers want %d at least", name, bits,
		        WEAK_RSA);
		return SEEN_WEAK;
	}
	return SEEN_OK;
}

static enum seen key_parse(const struct dnswire *m, const struct dnswire_found *f, const char *name,
        struct evidence *e, char *detail, size_t n)
{
	struct dkim_key key;
	char *text;
	size_t len;

	if (f->n > 1) { /* RFC 6376 section 3.6.2.2: the results are undefined */
		str_format(detail, n, "%u TXT records stand at %s, where the key must be alone", f->n, name);
		return SEEN_WEAK;
	}
	if (dnswire_record_text(m, &f->first, &text, &len) < 0) {
		str_format(detail, n, "the answer for %s is broken", name);
		return SEEN_UNKNOWN;
	}
	enum dkim_fault fault = dkim_parse(text, len, &key);
	free(text);
	if (fault != DKIM_OK) {
		str_format(detail, n, "the TXT record at %s %s", name, dkim_fault_text(fault));
		return SEEN_WEAK;
	}
	return key_judge(&key, name, e, detail, n);
}

enum seen dns_read_key(const struct dns_ask *a, const char *name, struct evidence *e, char *detail, size_t n)
{
	struct dnswire m;
	struct dnswire_found f;

	if (a->dnssec == DNSSEC_BOGUS) {
		str_format(detail, n, "DNSSEC calls the key at %s forged: %s", name, a->why);
		return SEEN_BOGUS;
	}
	if (!answer_open(a, &m) || (a->direct && !m.authoritative)) {
		str_format(detail, n, "the resolver did not answer for the key at %s", name);
		return SEEN_UNKNOWN;
	}
	dnswire_find(&m, &a->name, DNS_TYPE_TXT, &f);
	e->ttl_key = ttl_cap(f.ttl);
	if (f.n > 0)
		return key_parse(&m, &f, name, e, detail, n);
	if (f.loop)
		str_format(detail, n, "the CNAMEs behind %s lead in a circle", name);
	else
		str_format(detail, n, "the CNAME is there, but no key stands at %s", name);
	return SEEN_MISSING;
}
