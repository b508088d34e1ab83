/* Domain names as text: label rules, subdomains, and the one name that we ever write at (RFC 1035 2.3, RFC
 * 6376 3.6.2.1). Every name here is in presentation form without escapes: LDH labels and underscores, lower
 * case, no dot at the end. */
#ifndef DKIMROTD_CORE_DNAME_H
#define DKIMROTD_CORE_DNAME_H

#include <stdbool.h>
#include <stddef.h>

#define DNAME_MAX  253 /* bytes of a name without its last dot */
#define DNAME_TEXT (DNAME_MAX + 1)
#define LABEL_MAX  63

/* Copies in lower case (ASCII) and without one dot at the end. False, and an empty dst, when it does not fit
 * or nothing is left; says nothing of the labels. */
bool dname_lower(char *dst, size_t n, const char *name);

/* Labels of letters, digits, '-' and '_', 1..63 bytes each, 253 in all. */
bool dname_valid(const char *name);
/* A host name (RFC 952, RFC 1123 2.1): no '_', no '-' at a label's edge, at least two labels, and the last
 * one not all digits, so that it can be no address. */
bool dname_valid_host(const char *name);
/* A DKIM selector: host labels, one or more (RFC 6376 3.1). */
bool dname_valid_selector(const char *name);

/* Equal, but for case and one dot at the end of either. */
bool dname_equal(const char *a, const char *b);
/* Is name the zone itself or below it? Compared as dname_equal does. */
bool dname_within(const char *name, const char *zone);

/* "selector._domainkey.domain" in lower case. False when the selector or the domain is not valid or the whole
 * too long. */
bool dname_dkim(char dst[DNAME_TEXT], const char *selector, const char *domain);
/* The part of name before the zone: "sel._domainkey" for sel._domainkey.example.org in example.org; "" for
 * the zone itself. False when name is not within it. */
bool dname_relative(char dst[DNAME_TEXT], const char *name, const char *zone);
/* The name above: "example.org" for "www.example.org"; NULL above the last label. */
const char *dname_parent(const char *name);

#endif
