/* "Did you mean": the known word nearest to one that is not known. */
#ifndef DKIMROTD_BASE_NEAREST_H
#define DKIMROTD_BASE_NEAREST_H

#include <stddef.h>

/* Edits (a letter added, left out, changed, or two neighbours swapped) from a to b, case aside; words longer
 * than 40 bytes count as far apart. */
size_t nearest_distance(const char *a, const char *b);
/* The word of the list that a person most likely meant, or NULL when none is near. NULL entries are skipped.
 */
const char *nearest_word(const char *word, const char *const *list, size_t n);

#endif
