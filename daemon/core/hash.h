/* A hash of a name that stays the same for ever: over restarts, releases and machines. It spreads rotations
 * and looks over time, so another hash would move every domain's schedule. Not for anything that an enemy
 * chooses. */
#ifndef DKIMROTD_CORE_HASH_H
#define DKIMROTD_CORE_HASH_H

#include <stdint.h>

/* FNV-1a, 64 bits, then the finalizer of MurmurHash3, so that every bit depends on every byte. */
uint64_t hash_name(const char *name);
/* Another value for the same name, for another purpose (splay and spread must not move together). */
uint64_t hash_name_for(const char *purpose, const char *name);
/* 0..1 as parts per 2^32. */
uint32_t hash_fraction(uint64_t hash);
/* That part of a span: 0 <= result < span (0 when span is 0 or below). */
int64_t hash_part(uint64_t hash, int64_t span_ms);

#endif
