/* Selector names from a template: "dk%Y%m%n" is dk2026111 in November 2026. Pure. */
#ifndef DKIMROTD_CORE_KEYNAME_H
#define DKIMROTD_CORE_KEYNAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEYNAME_DEFAULT "dk%Y%m%n"
#define KEYNAME_TRIES   10000 /* counters tried for one name */

/* What is wrong with a template, NULL = nothing (static text). It must hold %n exactly once (a counter from 1: without one a
 * second key of the same day could have no name), may hold %Y, %m, %d (UTC) and %% for nothing else, and must make a
 * selector of at most 60 bytes (RFC 1035 2.3.4, with room for the second selector of `key: both`). */
const char *keyname_fault(const char *template_);

/* The name for a day and counter. False when it does not fit. */
bool keyname_make(char *dst, size_t n, const char *template_, int64_t now, unsigned counter);

/* The second selector of `key: both`: "dk2026111e". */
bool keyname_second(char *dst, size_t n, const char *name);

/* The first name of today that `used` does not have; nor, for the second selector, its own. False: none is left. */
bool keyname_next(
        char *dst, size_t n, const char *template_, int64_t now, const char (*used)[128], unsigned n_used);

#endif
