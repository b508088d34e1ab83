/* Is this a text at all? Asked before a parser sees it, because parsers name the place of a bad byte badly. */
#ifndef DKIMROTD_CODEC_TEXT_H
#define DKIMROTD_CODEC_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"

/* UTF-8 without NUL and without control characters other than tab and line breaks; lines and columns as YAML 1.1
 * counts them. Tells of the first fault only. */
bool text_check(const char *text, size_t len, const char *file, struct diags *d);

#endif
