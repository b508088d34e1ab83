/* The messages of the name server that tests have: they are taken apart and put together here by hand, and share no
 * line with the code under test. */
#ifndef TESTS_UNIT_DNS_MESSAGE_H
#define TESTS_UNIT_DNS_MESSAGE_H

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { A = 1, NS = 2, CNAME = 5, SOA = 6, TXT = 16, AAAA = 28 };

struct row {
	unsigned at;       /* bits: who serves it */
	const char *owner; /* lower case, no trailing dot */
	unsigned type;
	unsigned ttl;
	const char *data; /* A, AAAA: address; NS, CNAME: name; SOA: minimum; TXT: text, in strings of 200 */
};

struct reply_bytes {
	uint8_t b[65536];
	size_t n;
};

static void reply_16(struct reply_bytes *r, unsigned v)
{
	r->b[r->n++] = (uint8_t)(v >> 8);
	r->b[r->n++] = (uint8_t)v;
}

static void reply_32(struct reply_bytes *r, unsigned v)
{
	reply_16(r, v >> 16);
	reply_16(r, v & 0xffff);
}

static void reply_name(struct reply_bytes *r, const char *name)
{
	while (*name) {
		size_t len = strcspn(name, ".");
		r->b[r->n++] = (uint8_t)len;
		memcpy(r->b + r->n, name, len);
		r->n += len;
		name += len + (name[len] == '.');
	}
	r->b[r->n++] = 0;
}

static void reply_data(struct reply_bytes *r, const struct row *row)
{
	if (row->type == A)
		r->n += (size_t)inet_pton(AF_INET, row->data, r->b + r->n) * 4;
	else if (row->type == AAAA)
		r->n += (size_t)inet_pton(AF_INET6, row->data, r->b + r->n) * 16;
	else if (row->type == NS || row->type == CNAME)
		reply_name(r, row->data);
	else if (row->type == SOA) {
		reply_name(r, "ns.example");
		reply_name(r, "host.example");
		for (unsigned i = 1; i < 5; i++)
			reply_32(r, i);
		reply_32(r, (unsigned)strtoul(row->data, NULL, 10));
	} else {
		const char *s = row->data;
		do {
			size_t len = strlen(s) < 200 ? strlen(s) : 200;
			r->b[r->n++] = (uint8_t)len;
			memcpy(r->b + r->n, s, len);
			r->n += len;
			s += len;
		} while (*s);
	}
}

static void reply_row(struct reply_bytes *r, const struct row *row, unsigned count_at)
{
	reply_name(r, row->owner);
	reply_16(r, row->type);
	reply_16(r, 1);
	reply_32(r, row->ttl);
	size_t at = r->n;
	r->n += 2;
	reply_data(r, row);
	r->b[at] = (uint8_t)((r->n - at - 2) >> 8);
	r->b[at + 1] = (uint8_t)(r->n - at - 2);
	r->b[count_at + 1]++;
}

/* The question's name in lower case; returns its length in the message, 0 when there is none. */
static size_t question_name(const uint8_t *q, size_t n, char name[256])
{
	size_t at = 12, len = 0;

	while (at < n && q[at]) {
		if (at + 1u + q[at] >= n || len + q[at] + 2 > 256)
			return 0;
		if (len)
			name[len++] = '.';
		for (unsigned i = 1; i <= q[at]; i++)
			name[len++] = (char)tolower(q[at + i]);
		at += 1u + q[at];
	}
	name[len] = '\0';
	return at + 5 <= n ? at + 5 - 12 : 0;
}

/* Asked at the message's end, before an OPT. */
static unsigned question_type(const uint8_t *q, size_t n)
{
	return q[n - (q[11] ? 11 : 0) - 3];
}

#endif
