/* Offsets of local time, from the system's time zone files (TZif, RFC 8536). The C library knows only one zone at a
 * time and changes it for the whole process, so this reads them itself. */
#ifndef DKIMROTD_CODEC_TZ_H
#define DKIMROTD_CODEC_TZ_H

#include <stddef.h>
#include <stdint.h>

struct tz;

#define TZ_FOLDER "/usr/share/zoneinfo" /* Debian's tzdata */

/* A zone by its name, "Europe/Paris". "UTC" needs no file. Returns 0; -EINVAL for a text that can be no zone's name,
 * -ENOENT when the system has no such zone, -EBADMSG for a file that is no TZif of version 2 or later. */
int tz_load(const char *name, struct tz **ret);
/* The same from a file's bytes. */
int tz_parse(const void *bytes, size_t len, struct tz **ret);
void tz_free(struct tz *tz); /* NULL is fine */

/* Seconds east of UTC at an instant (seconds since 1970, UTC), and until when that holds: at < *ret_until, INT64_MAX
 * = for ever. */
int32_t tz_offset(const struct tz *tz, int64_t at, int64_t *ret_until);

#endif
