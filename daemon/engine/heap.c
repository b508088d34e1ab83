/* A binary heap of slots by their next look. */
#include <stdlib.h>

#include "engine/parts.h"

static void place(struct heap *h, size_t i, struct slot *s)
{
	h->list[i] = s;
	s->at = (uint32_t)i + 1;
}

static void sift_up(struct heap *h, size_t i, struct slot *s)
{
	while (i > 0 && h->list[(i - 1) / 2]->next_look > s->next_look) {
		place(h, i, h->list[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	place(h, i, s);
}

static void sift_down(struct heap *h, size_t i, struct slot *s)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= h->n)
			break;
		if (child + 1 < h->n && h->list[child + 1]->next_look < h->list[child]->next_look)
			child++;
		if (h->list[child]->next_look >= s->next_look)
			break;
		place(h, i, h->list[child]);
		i = child;
	}
	place(h, i, s);
}

void heap_put(struct heap *h, struct slot *s)
{
	if (h->n == h->cap) {
		h->cap = h->cap != 0 ? h->cap * 2 : 64;
		h->list = xrealloc(h->list, h->cap * sizeof(*h->list));
	}
	sift_up(h, h->n++, s);
}

void heap_remove(struct heap *h, struct slot *s)
{
	size_t i = s->at - 1;
	struct slot *last = h->list[--h->n];

	s->at = 0;
	if (last == s)
		return;
	if (i > 0 && h->list[(i - 1) / 2]->next_look > last->next_look)
		sift_up(h, i, last);
	else
		sift_down(h, i, last);
}

struct slot *heap_top(const struct heap *h)
{
	return h->n != 0 ? h->list[0] : NULL;
}
