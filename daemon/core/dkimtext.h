/* The text of a DKIM key record, by all tags of RFC 6376 section 3.6.1 (and RFC 4871's g=, which is history: RFC 6376 has
 * it no more, and verifiers ignore it). Pure. What it writes core/dkim.h reads. */
#ifndef DKIMROTD_CORE_DKIMTEXT_H
#define DKIMROTD_CORE_DKIMTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "core/external.h"

/* "v=DKIM1; h=sha256; k=rsa; n=...; s=email; t=s; p=..." into dst. False when it does not fit, or for WANT_NOTHING. */
bool dkimtext_write(
        char *dst, size_t n, const struct external *x, const struct held_part *part, enum record_want want);

/* What is wrong with the value of a tag, NULL = nothing (static text). */
const char *dkimtext_tag_fault(char tag, const char *value);

/* Is `text`, a record as it stands in a zone, one of this key: its public key, or an empty p=? Nobody else's record may be
 * replaced or removed. */
bool dkimtext_is_of(const char *text, const struct held_part *part);

#endif
