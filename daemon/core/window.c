/* Searching a window's intervals. It must never guess beyond the span that was expanded: not open only
 * delays. */
#include "core/window.h"

/* The first interval that ends after now; n when there is none. */
static size_t first_after(const struct window *w, int64_t now)
{
	size_t lo = 0, hi = w->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (w->list[mid].to <= now)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool window_open(const struct window *w, int64_t now)
{
	if (!w)
		return true;
	size_t i = first_after(w, now);
	return i < w->n && w->list[i].from <= now;
}

int64_t window_next(const struct window *w, int64_t now)
{
	if (!w)
		return now;
	size_t i = first_after(w, now);
	if (i == w->n)
		return 0;
	return w->list[i].from > now ? w->list[i].from : now;
}
