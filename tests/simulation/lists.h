/* Do the lists of domains say what each domain's own page says at the same instant? A list is made from what is kept of the
 * records, a page from the record itself. */
#ifndef DKIMROTD_LISTS_H
#define DKIMROTD_LISTS_H

#include <stddef.h>

struct engine;

/* How many of the domains are told wrongly, by the list or by the table; each with a line on stderr. ret_n: how many there
 * are. A domain that is missing in a list counts as well. */
size_t lists_differ(struct engine *e, size_t *ret_n);

#endif
