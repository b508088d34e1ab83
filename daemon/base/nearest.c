/* The nearest known word. It must never choose for the user: it only suggests. */
#include "base/nearest.h"

#include <string.h>

#include "base/util.h"

#define WORD_MOST 40
#define FAR       1000

static int lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c == '-' ? '_' : c;
}

/* The optimal string alignment distance, three rows at a time. */
size_t nearest_distance(const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b), rows[3][WORD_MOST + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];

	if (n > WORD_MOST || m > WORD_MOST)
		return FAR;
	for (size_t j = 0; j <= m; j++)
		above[j] = before[j] = j;
	for (size_t i = 1; i <= n; i++) {
		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t best = above[j - 1] + (lower(a[i - 1]) != lower(b[j - 1]));

			best = above[j] + 1 < best ? above[j] + 1 : best;
			best = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
			        lower(a[i - 2]) == lower(b[j - 1]) && before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			row[j] = best;
		}
		size_t *next = before;
		before = above;
		above = row;
		row = next;
	}
	return above[m];
}

const char *nearest_word(const char *word, const char *const *list, size_t n)
{
	const char *found = NULL;
	size_t best = FAR;

	for (size_t i = 0; i < n; i++) {
		if (!list[i])
			continue;
		size_t d = nearest_distance(word, list[i]), longest = strlen(list[i]);

		longest = strlen(word) > longest ? strlen(word) : longest;
		if (d <= (longest + 1) / 3 && d < best) {
			best = d;
			found = list[i];
		}
	}
	return found;
}
