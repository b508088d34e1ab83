/* Writes DNS messages for the tests of codec/dnswire.h, and reads them in a block of exactly their size. It uses
 * nothing of the code under test to write. */
#ifndef TESTS_UNIT_DNS_WRITER_H
#define TESTS_UNIT_DNS_WRITER_H

#include "codec/dnswire.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"

static void put8(struct buf *b, unsigned v)
{
	buf_add(b, &(uint8_t){(uint8_t)v}, 1);
}

static void put16(struct buf *b, unsigned v)
{
	put8(b, v >> 8);
	put8(b, v & 0xff);
}

static void put32(struct buf *b, uint32_t v)
{
	put16(b, v >> 16);
	put16(b, v & 0xffff);
}

/* "a.b" uncompressed; "@12" a pointer to offset 12; "a.@12" a label and a pointer. */
static void put_name(struct buf *b, const char *name)
{
	while (*name && *name != '@') {
		size_t n = strcspn(name, ".");
		put8(b, (unsigned)n);
		buf_add(b, name, n);
		name += n + (name[n] == '.');
	}
	if (*name == '@')
		put16(b, 0xc000u | (unsigned)strtoul(name + 1, NULL, 10));
	else
		put8(b, 0);
}

static void put_head(
        struct buf *b, unsigned flags, unsigned answers, unsigned authorities, unsigned additionals)
{
	put16(b, 0x1234);
	put16(b, flags);
	put16(b, 1);
	put16(b, answers);
	put16(b, authorities);
	put16(b, additionals);
}

static void put_question(struct buf *b, const char *name, unsigned type)
{
	put_name(b, name);
	put16(b, type);
	put16(b, 1);
}

/* A record up to its data; returns where the length stands, for put_end(). */
static size_t put_record(struct buf *b, const char *owner, unsigned type, uint32_t ttl)
{
	put_name(b, owner);
	put16(b, type);
	put16(b, 1);
	put32(b, ttl);
	put16(b, 0);
	return b->len - 2;
}

static void put_end(struct buf *b, size_t at)
{
	size_t n = b->len - at - 2;

	b->data[at] = (char)(n >> 8);
	b->data[at + 1] = (char)n;
}

static void put_named(struct buf *b, const char *owner, unsigned type, uint32_t ttl, const char *target)
{
	size_t at = put_record(b, owner, type, ttl);

	put_name(b, target);
	put_end(b, at);
}

static void put_soa(struct buf *b, const char *owner, uint32_t ttl, uint32_t minimum)
{
	size_t at = put_record(b, owner, DNS_TYPE_SOA, ttl);

	put_name(b, "ns1.example");
	put_name(b, "host.example");
	for (uint32_t i = 1; i < 5; i++)
		put32(b, i);
	put32(b, minimum);
	put_end(b, at);
}

static void put_string(struct buf *b, const char *s)
{
	put8(b, (unsigned)strlen(s));
	buf_puts(b, s);
}

/* Reads a copy of exactly the message's size; the copy stays with the caller. Every shorter message is refused
 * unless it ends where the counts say. */
static int read_copy(const struct buf *b, struct dnswire *ret, uint8_t **ret_copy)
{
	uint8_t *copy = xmalloc(b->len);

	memcpy(copy, b->data, b->len);
	*ret_copy = copy;
	return dnswire_read(copy, b->len, ret);
}

static void assert_shorter_is_refused(const struct buf *b)
{
	for (size_t n = 0; n < b->len; n++) {
		struct dnswire m;
		uint8_t *copy = xmalloc(n);
		memcpy(copy, b->data, n);
		assert_int_equal(dnswire_read(copy, n, &m), -EBADMSG);
		free(copy);
	}
}

static struct dnswire_name name_of(const char *text)
{
	struct dnswire_name n;

	assert_int_equal(dnswire_name_read(text, &n), 0);
	return n;
}

#endif
