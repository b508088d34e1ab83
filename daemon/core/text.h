/* Text without a library: the core may call nothing that formats. */
#ifndef DKIMROTD_CORE_TEXT_H
#define DKIMROTD_CORE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Joins the strings up to a NULL into dst, cut to n bytes with the terminator. */
void text_join(char *dst, size_t n, ...) __attribute__((sentinel));
/* Writes n bytes as 2 * n hexadecimal digits, lower case, and the terminator. */
void text_hex(char *dst, const uint8_t *bytes, size_t n);

#endif
