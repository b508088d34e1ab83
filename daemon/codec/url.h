/* Percent-encoding (RFC 3986). What users, files and the API itself name goes into a URL through here, so that it can
 * never become another path, another query or another host. */
#ifndef DKIMROTD_CODEC_URL_H
#define DKIMROTD_CODEC_URL_H

#include <stdbool.h>

#include "base/util.h"

/* Appends text with everything but unreserved characters (A-Z a-z 0-9 - . _ ~) encoded, in upper case. Fit for a form
 * (application/x-www-form-urlencoded) too. */
void url_encode(struct buf *b, const char *text);

/* Appends one path segment, without a '/'. False for "", "." and "..", which would change the path around them and
 * cannot be encoded safely: then "%00" is appended, a segment that names nothing anywhere. */
bool url_segment(struct buf *b, const char *text);

/* Appends "?key=value", or "&key=value" when b has a '?' already. */
void url_query(struct buf *b, const char *key, const char *value);

#endif
