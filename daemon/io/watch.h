/* The inventory's folder, watched: one call when what changed in it has come to rest. */
#ifndef DKIMROTD_IO_WATCH_H
#define DKIMROTD_IO_WATCH_H

#include <stdint.h>

struct loop;
struct watch;

#define WATCH_QUIET_MS  2000  /* nothing happened for so long ... */
#define WATCH_MOST_MS   10000 /* ... or something did for so long */
#define WATCH_ABSENT_MS 30000 /* how often a folder that is not there is looked for */

/* changed(arg) comes from the loop. A folder that is missing, or goes away, is awaited, and its appearance is a change.
 * A change of a file outside, to which a symbolic link in the folder leads, is not seen. NULL with errno when the
 * kernel gives no watch at all (then only reload brings changes in). */
struct watch *watch_new(struct loop *l, const char *dir, void (*changed)(void *arg), void *arg);
void watch_free(struct watch *w); /* NULL is fine */

#endif
