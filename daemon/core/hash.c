/* The stable hash behind splay and spread. It must never change: see hash.h. */
#include "core/hash.h"

#define FNV_OFFSET UINT64_C(14695981039346656037)
#define FNV_PRIME  UINT64_C(1099511628211)

static uint64_t add_text(uint64_t h, const char *s)
{
	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * FNV_PRIME;
	return h;
}

static uint64_t finish(uint64_t h)
{
	h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 33;
}

uint64_t hash_name(const char *name)
{
	return finish(add_text(FNV_OFFSET, name));
}

/* The byte 0xff stands in no name, so that ("a", "bc") and ("ab", "c") differ. */
uint64_t hash_name_for(const char *purpose, const char *name)
{
	return finish(add_text(add_text(add_text(FNV_OFFSET, purpose), "\xff"), name));
}

uint32_t hash_fraction(uint64_t hash)
{
	return (uint32_t)(hash >> 32);
}

int64_t hash_part(uint64_t hash, int64_t span_ms)
{
	uint64_t f = hash_fraction(hash), span = span_ms > 0 ? (uint64_t)span_ms : 0;

	/* span * f / 2^32 without leaving 64 bits */
	return (int64_t)((span >> 32) * f + ((span & UINT32_MAX) * f >> 32));
}
