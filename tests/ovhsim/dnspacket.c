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
	NAMES_MAX = 64,
	NAME_WIRE_MAX = 255
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
			if (p[at] > 0x20 && p[at] < 0x7f && p[at] != '.' && p[at] != '\\')
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
	struct {
		const char *text; /* borrowed for as long as the message is written */
		size_t len, at;
	} names[NAMES_MAX]; /* that stand in the message, for pointers to them */
	size_t n_names;
};

static void put(struct writer *w, const void *p, size_t n)
{
	if (n > DNS_MESSAGE_MAX - w->len) {
		w->full = true;
		return;
	}
	memcpy(w->out + w->len, p, n);
	w->len += n;
}

static void put8(struct writer *w, unsigned v)
{
	put(w, (uint8_t[]){(uint8_t)v}, 1);
}

static void put16(struct writer *w, unsigned v)
{
	put(w, (uint8_t[]){(uint8_t)(v >> 8), (uint8_t)v}, 2);
}

static void put32(struct writer *w, uint32_t v)
{
	put16(w, v >> 16);
	put16(w, v & 0xffff);
}

static bool is_escape(const char *s, size_t n)
{
	return n > 3 && *s == '\\' && isdigit((unsigned char)s[1]) && isdigit((unsigned char)s[2]) &&
	       isdigit((unsigned char)s[3]);
}

/* A label in wire form, \DDD understood. */
static void put_label(struct writer *w, const char *s, size_t n)
{
	uint8_t wire[64];
	size_t len = 0;

	while (n && len < sizeof(wire)) {
		size_t taken = is_escape(s, n) ? 4 : 1;

		wire[len++] =
		        (uint8_t)(taken == 1 ? *s : (s[1] - '0') * 100 + (s[2] - '0') * 10 + (s[3] - '0'));
		s += taken;
		n -= taken;
	}
	if (len == 0 || len == sizeof(wire))
		w->full = true;
	put8(w, (unsigned)len);
	put(w, wire, len);
}

/* The message has this name at `at` now. Pointers reach 14 bits far (RFC 1035 4.1.4). */
static void remember_name(struct writer *w, const char *text, size_t len, size_t at)
{
	if (w->n_names == NAMES_MAX || at >= 0x4000)
		return;
	w->names[w->n_names].text = text;
	w->names[w->n_names].len = len;
	w->names[w->n_names++].at = at;
}

/* A pointer to the name, when it stands in the message already. */
static bool put_pointer(struct writer *w, const char *text, size_t len)
{
	for (size_t i = 0; i < w->n_names; i++) {
		if (w->names[i].len == len && !strncasecmp(w->names[i].text, text, len)) {
			put16(w, 0xc000U | (unsigned)w->names[i].at);
			return true;
		}
	}
	return false;
}

/* A byte of length before every label, and the root's behind the last. */
static size_t wire_len(const char *text, size_t len)
{
	const char *end = text + len;
	size_t n = len + 1 + (len && end[-1] != '.');

	for (const char *p = text; (p = memchr(p, '\\', (size_t)(end - p))); p++)
		n -= is_escape(p, (size_t)(end - p)) ? 3 : 0;
	return n;
}

static void put_name(struct writer *w, const char *text, size_t len)
{
	if (wire_len(text, len) > NAME_WIRE_MAX)
		w->full = true;
	if (len && text[len - 1] == '.')
		len--;
	while (len && !put_pointer(w, text, len)) {
		const char *dot = memchr(text, '.', len);
		size_t label = dot ? (size_t)(dot - text) : len;

		remember_name(w, text, len, w->len);
		put_label(w, text, label);
		label += label < len;
		text += label;
		len -= label;
	}
	if (!len)
		put8(w, 0);
}

/* TXT arrives joined; strings of 255 bytes at most are what the wire knows (RFC 1035 3.3). */
static void put_txt(struct writer *w, const char *s)
{
	size_t left = strlen(s);

	do {
		size_t n = left > 255 ? 255 : left;

		put8(w, (unsigned)n);
		put(w, s, n);
		s += n;
		left -= n;
	} while (left);
}

/* "mname rname serial refresh retry expire minimum" */
static void put_soa(struct writer *w, const char *s)
{
	for (int i = 0; i < 2; i++) {
		size_t len = strcspn(s, " ");

		if (!len) {
			w->full = true;
			return;
		}
		put_name(w, s, len);
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
	char *end;

	switch (type) {
	case TYPE_A:
	case TYPE_AAAA:
		if (inet_pton(type == TYPE_A ? AF_INET : AF_INET6, s, address) != 1)
			w->full = true;
		else
			put(w, address, type == TYPE_A ? 4 : 16);
		break;
	case TYPE_NS:
	case TYPE_CNAME:
	case TYPE_PTR:
		put_name(w, s, strlen(s));
		break;
	case TYPE_MX:
		put16(w, (unsigned)strtoul(s, &end, 10));
		end += *end == ' ';
		put_name(w, end, strlen(end));
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

	put_name(w, rr->name, strlen(rr->name));
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

/* The question as it came, its name the first that later ones may point to. */
static void put_question(struct writer *w, const struct dns_query *q)
{
	const char *text = q->name;

	put(w, q->question, q->question_len);
	for (size_t at = HEADER; w->out[at]; at += w->out[at] + 1U) {
		remember_name(w, text, strlen(text), at);
		text += strcspn(text, ".") + 1;
	}
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
	if (q->question)
		put_question(&w, q);
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
