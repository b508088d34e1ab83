#include "io/dns_book.h"

#include <stdlib.h>

#include "base/util.h"
#include "io/loop.h"

/* A provider's servers are a handful; who has more of them asks some again. */
#define HOSTS 32
#define ZONES 4
#define LIFE  60 /* seconds */

struct pages {
	struct dns_book_host hosts[HOSTS];
	struct dns_book_zone zones[ZONES];
};

struct dns_book {
	struct pages *pages; /* NULL while nothing is noted */
};

static int64_t until(int64_t now, uint32_t ttl)
{
	return now + (ttl < LIFE ? ttl : LIFE) * MS_SECOND;
}

static struct pages *pages_of(struct dns_book *b)
{
	if (!b->pages)
		b->pages = xcalloc(1, sizeof(*b->pages));
	return b->pages;
}

/* In the place of the same one, or of the one that ends first. */
void dns_book_note_host(struct dns_book *b, int64_t now, uint32_t ttl, const struct dns_book_host *h)
{
	struct dns_book_host *hosts = pages_of(b)->hosts, *place = hosts;

	for (size_t i = 0; i < HOSTS; i++) {
		if (hosts[i].type == h->type && dnswire_name_eq(&hosts[i].name, &h->name)) {
			place = &hosts[i];
			break;
		}
		if (hosts[i].until < place->until)
			place = &hosts[i];
	}
	*place = *h;
	place->until = until(now, ttl);
}

const struct dns_book_host *dns_book_host(
        const struct dns_book *b, int64_t now, const struct dnswire_name *name, uint16_t type)
{
	for (size_t i = 0; b->pages && i < HOSTS; i++) {
		const struct dns_book_host *h = &b->pages->hosts[i];

		if (now < h->until && h->type == type && dnswire_name_eq(&h->name, name))
			return h;
	}
	return NULL;
}

void dns_book_note_zone(struct dns_book *b, int64_t now, uint32_t ttl, const struct dns_book_zone *z)
{
	struct dns_book_zone *zones = pages_of(b)->zones, *place = zones;

	for (size_t i = 0; i < ZONES; i++) {
		if (dnswire_name_eq(&zones[i].name, &z->name)) {
			place = &zones[i];
			break;
		}
		if (zones[i].until < place->until)
			place = &zones[i];
	}
	*place = *z;
	place->until = until(now, ttl);
}

const struct dns_book_zone *dns_book_zone(
        const struct dns_book *b, int64_t now, const struct dnswire_name *name)
{
	for (size_t i = 0; b->pages && i < ZONES; i++) {
		const struct dns_book_zone *z = &b->pages->zones[i];

		if (now < z->until && dnswire_name_eq(&z->name, name))
			return z;
	}
	return NULL;
}

void dns_book_rest(struct dns_book *b)
{
	free(b->pages);
	b->pages = NULL;
}

struct dns_book *dns_book_new(void)
{
	return xcalloc(1, sizeof(struct dns_book));
}

void dns_book_free(struct dns_book *b)
{
	if (!b)
		return;
	dns_book_rest(b);
	free(b);
}
