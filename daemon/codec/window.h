/* A policy's window: "Mon..Fri 08:00-17:00 Europe/Paris". Days (names, lists with ',', ranges with '..'), times
 * (HH:MM-HH:MM, several with ','; 24:00 is the end of the day; an end at or before the start is on the next day) and
 * a time zone; each may be left out: every day, all day, UTC. Local time decides, through summer time too: an hour
 * that is skipped is no part of it, one that comes twice is twice. */
#ifndef DKIMROTD_CODEC_WINDOW_H
#define DKIMROTD_CODEC_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/window.h"

/* The windows of one configuration or inventory generation, each text once. */
struct windows;

struct windows *windows_new(void);
void windows_free(struct windows *set); /* NULL is fine */

/* The window of a text; it lives as long as the set. It covers nothing until windows_expand. NULL with a sentence in
 * error when the text is no window or the system does not know its zone. */
const struct window *windows_add(struct windows *set, const char *text, char *error, size_t error_len);

/* Lists the intervals of every window from `from_ms` on for `days` days; what was listed before is forgotten. The
 * caller renews well before the end of the span: beyond it nothing is open. */
#define WINDOW_DAYS 1600 /* its second half holds every forecast, two years at most */
void windows_expand(struct windows *set, int64_t from_ms, int days);
/* Is it time to do so again: is now outside of the first half of the span? Never when there is no window. */
bool windows_due(const struct windows *set, int64_t now_ms);

#endif
