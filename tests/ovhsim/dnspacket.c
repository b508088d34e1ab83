/* The small wire codec of the simulator's name servers. It must never read past the packet it was given nor
 * write past the message it makes; what it cannot say it leaves out. */
#include "dnspacket.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_PTR = 12,
	TYPE_MX = 15,
	TYPE_TXT = 16,
	TYPE_AAAA = 28,
	TYPE_OPT = 41,
	TYPE_IXFR = 251,
	TYPE_ANY = 255,
	CLASS_IN = 1,
	HEADER = 12,
	NAMES_MAX = 64
};

/* ---- reading ---- */

static unsigned get16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* Reads an uncompressed name (a question has nothing to point to) as text. Returns its wire length, 0 = bad.
 */
static size_t get_name(const uint8_t *p, size_t n, char *text, size_t size)
{
	size_t at = 0, o = 0;

	while (at < n && p[at] != 0) {
		size_t len = p[at++];

		if (len > 63 || at + len >= n || at + len > 254)
			return 0;
		if (o)
			text[o++] = '.';
		for (; len; len--, at++) {
			if (o + 6 > size)
				return 0;
			if (isalnum(p[at]) || (p[at] > 0x20 && p[at] < 0x7f && p[at] != '.' && p[at] != '\\'))
				text[o++] = (char)p[at];
			else
				o += (size_t)snprintf(text + o, 5, "\\%03u", p[at]);
		}
	}
	if (at >= n)
		return 0;
	if (!o)
		text[o++] = '.';
	text[o] = 0;
	return at + 1;
}

/* Skips a name that may be compressed. Returns the offset behind it, 0 = bad. */
static size_t skip_name(const uint8_t *p, size_t n, size_t at)
{
	while (at < n) {
		if (p[at] == 0)
			return at + 1;
		if (p[at] >= 0xc0)
			return at + 2 <= n ? at + 2 : 0;
		if (p[at] > 63)
			return 0;
		at += 1U + p[at];
	}
	return 0;
}

/* Looks for the OPT record behind the question. false: the sections do not hold what the header promises. */
static bool get_edns(const uint8_t *p, size_t n, size_t at, struct dns_query *q)
{
	unsigned records = get16(p + 6) + get16(p + 8) + get16(p + 10);

	for (; records; records--) {
		size_t name = at;

		at = skip_name(p, n, at);
		if (!at || at + 10 > n || at + 10 + get16(p + at + 8) > n)
			return false;
		if (get16(p + at) == TYPE_OPT) {
			if (q->edns || p[name] != 0)
				return false;
			q->edns = true;
			q->edns_size = get16(p + at + 2) < DNS_UDP_PLAIN ? DNS_UDP_PLAIN : get16(p + at + 2);
			q->dnssec_ok = p[at + 6] & 0x80;
			if (p[at + 5])
				q->rcode = DNS_BADVERS;
		}
		at += 10 + get16(p + at + 8);
	}
	return true;
}

bool dnspacket_parse(const uint8_t *p, size_t n, struct dns_query *ret_query)
{
	struct dns_query q = {.edns_size = DNS_UDP_PLAIN};
	size_t len;

	if (n < HEADER || p[2] & 0x80)
		return false;
	q.id = (uint16_t)get16(p);
	q.opcode = p[2] >> 3 & 15;
	q.rd = p[2] & 1;
	q.cd = p[3] & 0x10;
	if (q.opcode) {
		q.rcode = DNS_NOTIMP;
		goto done;
	}
	q.rcode = DNS_FORMERR;
	if (get16(p + 4) != 1)
		goto done;
	len = get_name(p + HEADER, n - HEADER, q.name, sizeof(q.name));
	if (!len || HEADER + len + 4 > n)
		goto done;
	q.question = p + HEADER;
	q.question_len = len + 4;
	q.type = (int)get16(p + HEADER + len);
	q.rcode = 0;
	if (!get_edns(p, n, HEADER + len + 4, &q))
		q.rcode = DNS_FORMERR;
	else if (q.rcode == 0 &&
	         (get16(p + HEADER + len + 2) != CLASS_IN || (q.type >= TYPE_IXFR && q.type <= TYPE_ANY)))
		q.rcode = DNS_REFUSED;
done:
	*ret_query = q;
	return true;
}

/* ---- writing ---- */

struct writer {
	uint8_t *out;
	size_t len;
	bool full; /* something did not fit or was no DNS data: the record is taken back */
	size_t names[NAMES_MAX];
	size_t n_names;
};

static void put8(struct writer *w, unsigned v)
{
	if (w->len >= DNS_MESSAGE_MAX)
		w->full = true;
	else
		w->out[w->len++] = (uint8_t)v;
}

static void put16(struct writer *w, unsigned v)
{
	put8(w, v >> 8 & 255);
	put8(w, v & 255);
}

static void put32(struct writer *w, uint32_t v)
{
	put16(w, v >> 16);
	put16(w, v & 0xffff);
}

/* Does the name written at `at` equal wire[0..]? Compares without case; follows our own pointers. */
static bool name_is(const struct writer *w, size_t at, const uint8_t *wire)
{
	for (;;) {
		size_t i, len;

		while (w->out[at] >= 0xc0)
			at = (size_t)(w->out[at] & 0x3f) << 8 | w->out[at + 1];
		len = w->out[at];
		if (len != *wire)
			return false;
		if (!len)
			return true;
		for (i = 1; i <= len; i++)
			if (tolower(w->out[at + i]) != tolower(wire[i]))
				return false;
		at += len + 1;
		wire += len + 1;
	}
}

/* Text to wire form, \DDD understood. Returns the length, 0 when it is no name. */
static size_t text_to_wire(const char *s, uint8_t wire[256])
{
	size_t len = 0, at = 1;

	if (!strcmp(s, ".") || !*s) {
		wire[0] = 0;
		return 1;
	}
	for (;; s++) {
		if (*s == '.' || !*s) {
			size_t label = at - len - 1;

			if (label == 0 || label > 63 || at > 254)
				return 0;
			wire[len] = (uint8_t)label;
			len = at++;
			if (!*s || !s[1])
				break;
			continue;
		}
		if (at >= 254)
			return 0;
		if (*s == '\\' && isdigit((unsigned char)s[1]) && isdigit((unsigned char)s[2]) &&
		        isdigit((unsigned char)s[3])) {
			wire[at++] = (uint8_t)((s[1] - '0') * 100 + (s[2] - '0') * 10 + (s[3] - '0'));
			s += 3;
		} else {
			wire[at++] = (uint8_t)*s;
		}
	}
	wire[len] = 0;
	return len + 1;
}

/* Remembers the labels of a name that stands at `at` for later pointers. */
static void remember_names(struct writer *w, size_t at, size_t end)
{
	while (at < end && w->out[at] && w->out[at] < 0xc0 && w->n_names < NAMES_MAX && at < 0x4000) {
		w->names[w->n_names++] = at;
		at += w->out[at] + 1U;
	}
}

static void put_name(struct writer *w, const char *text)
{
	uint8_t wire[256];
	size_t at = 0, i, start = w->len;

	if (!text_to_wire(text, wire)) {
		w->full = true;
		return;
	}
	while (wire[at]) {
		for (i = 0; i < w->n_names; i++) {
			if (name_is(w, w->names[i], wire + at)) {
				put16(w, 0xc000U | (unsigned)w->names[i]);
				goto done;
			}
		}
		for (i = 0; i <= wire[at]; i++)
			put8(w, wire[at + i]);
		at += wire[at] + 1U;
	}
	put8(w, 0);
done:
	if (!w->full)
		remember_names(w, start, w->len);
}

/* TXT arrives joined; strings of 255 bytes at most are what the wire knows (RFC 1035 3.3). */
static void put_txt(struct writer *w, const char *s)
{
	size_t left = strlen(s);

	do {
		size_t n = left > 255 ? 255 : left;

		put8(w, (unsigned)n);
		for (left -= n; n; n--)
			put8(w, (uint8_t)*s++);
	} while (left);
}

/* "mname rname serial refresh retry expire minimum" */
static void put_soa(struct writer *w, const char *s)
{
	char name[256];

	for (int i = 0; i < 2; i++) {
		size_t len = strcspn(s, " ");

		if (!len || len >= sizeof(name)) {
			w->full = true;
			return;
		}
		snprintf(name, sizeof(name), "%.*s", (int)len, s);
		put_name(w, name);
		s += len;
		s += strspn(s, " ");
	}
	for (int i = 0; i < 5; i++) {
		char *end;

		put32(w, (uint32_t)strtoul(s, &end, 10));
		w->full |= end == s;
		s = end;
	}
}

static void put_data(struct writer *w, int type, const char *s)
{
	uint8_t address[16];
	size_t i, n = type == TYPE_A ? 4 : 16;
	char *end;

	switch (type) {
	case TYPE_A:
	case TYPE_AAAA:
		if (inet_pton(type == TYPE_A ? AF_INET : AF_INET6, s, address) != 1)
			w->full = true;
		for (i = 0; i < n && !w->full; i++)
			put8(w, address[i]);
		break;
	case TYPE_NS:
	case TYPE_CNAME:
	case TYPE_PTR:
		put_name(w, s);
		break;
	case TYPE_MX:
		put16(w, (unsigned)strtoul(s, &end, 10));
		put_name(w, *end == ' ' ? end + 1 : end);
		break;
	case TYPE_SOA:
		put_soa(w, s);
		break;
	case TYPE_TXT:
		put_txt(w, s);
		break;
	default:
		w->full = true;
	}
}

/* One record; taken back whole when it cannot be said. Returns how many were written: 0 or 1. */
static unsigned put_rr(struct writer *w, const struct world_rr *rr)
{
	size_t start = w->len, names = w->n_names, length_at;

	put_name(w, rr->name);
	put16(w, (unsigned)rr->type);
	put16(w, CLASS_IN);
	put32(w, rr->ttl);
	length_at = w->len;
	put16(w, 0);
	put_data(w, rr->type, rr->data ? rr->data : "");
	if (w->full) {
		w->len = start;
		w->n_names = names;
		w->full = false;
		return 0;
	}
	w->out[length_at] = (uint8_t)((w->len - length_at - 2) >> 8);
	w->out[length_at + 1] = (uint8_t)(w->len - length_at - 2);
	return 1;
}

static void put_opt(struct writer *w, const struct dns_query *q, unsigned rcode)
{
	put8(w, 0);
	put16(w, TYPE_OPT);
	put16(w, DNS_UDP_OURS);
	put32(w, (uint32_t)(rcode >> 4) << 24 | (q->dnssec_ok ? 0x8000U : 0U));
	put16(w, 0);
}

size_t dnspacket_answer(const struct dns_query *q, const struct world_rrs *rrs, size_t limit, uint8_t *out)
{
	struct writer w = {.out = out};
	unsigned rcode = q->rcode ? q->rcode : rrs ? (unsigned)rrs->rcode : 0, an = 0, ns = 0;
	bool aa = !q->rcode && rrs && rrs->authoritative, cut = false;
	size_t i, question_end;

	put16(&w, q->id);
	put16(&w, 0x8000U | q->opcode << 11 | (aa ? 0x0400U : 0) | (q->rd ? 0x0180U : 0) |
	                  (q->cd ? 0x10U : 0) | (rcode & 15));
	put16(&w, q->question ? 1 : 0);
	put32(&w, 0);
	put16(&w, q->edns ? 1 : 0);
	for (i = 0; q->question && i < q->question_len; i++)
		put8(&w, q->question[i]);
	remember_names(&w, HEADER, w.len);
	question_end = w.len;
	if (!q->rcode && rrs) {
		for (i = 0; i < rrs->n_answer; i++)
			an += put_rr(&w, &rrs->answer[i]);
		for (i = 0; i < rrs->n_authority; i++)
			ns += put_rr(&w, &rrs->authority[i]);
	}
	if (w.len + (q->edns ? 11 : 0) > limit) {
		w.len = question_end;
		an = ns = 0;
		cut = true;
	}
	if (q->edns)
		put_opt(&w, q, rcode);
	out[2] = (uint8_t)(out[2] | (cut ? 2 : 0));
	out[6] = (uint8_t)(an >> 8);
	out[7] = (uint8_t)an;
	out[8] = (uint8_t)(ns >> 8);
	out[9] = (uint8_t)ns;
	return w.len;
}
