/* Pieces that status, its check and the demo's pictures share: words about what was gathered. */
#ifndef DKIMROTD_CTL_VIEW_H
#define DKIMROTD_CTL_VIEW_H

#include "ctl/gather.h"
#include "ctl/table.h"

enum style view_style(const struct shown_domain *d);
/* "8 domains: 5 settled, 3 in grace; 1 blocked; 1 not signing" */
void view_counts(const struct shown *s, struct buf *out);
/* One line for each thing that is not as it should be with the daemon, its accounts and its files; each begins with two
 * blanks and ends in a line's end. Returns how many of them a person should act upon. */
size_t view_trouble(const struct json *status, struct buf *out);
/* "the old key ...; particulars", as long as a line */
void view_why(const struct shown_domain *d, struct buf *out);

/* How a monitoring system is told: its exit code, and its text appended to out. */
enum ctl_check view_check(const struct gathered *g, struct buf *out);

#endif
