/* Spans of time as systemd writes them (systemd.time(7)): "90d", "12h 30min", "1.5h", "250ms". A number needs
 * its unit here: a grace of 7 is meant as days far more often than as seconds. */
#ifndef DKIMROTD_CORE_SPAN_H
#define DKIMROTD_CORE_SPAN_H

#include <stdint.h>

#define SPAN_MOST INT64_C(6311520000000) /* 200 years of 365.25 days in ms */
#define SPAN_TEXT 96

/* Parses a whole text to ms; what is finer than a millisecond is rounded up. Parts add up, white space
 * between number, unit and part is free, "0" needs no unit. Returns 0; -EINVAL not a span, -ENODATA a number
 * without a unit, -ERANGE longer than SPAN_MOST. */
int span_parse(const char *text, int64_t *ret_ms);

/* The exact span in days down to milliseconds: "7d", "1d 12h", "0"; a negative one has a '-' before it. */
const char *span_format(char dst[SPAN_TEXT], int64_t ms);
/* For people: its two largest units, the rest dropped ("6d 23h"). */
const char *span_format_short(char dst[SPAN_TEXT], int64_t ms);

#endif
