/* Counting domains over a day. */
#include "core/tally.h"

size_t tally_trim(struct tally_entry *list, size_t n, int64_t now)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (list[i].at > now)
			list[i].at = now;
		if (now - list[i].at < TALLY_SPAN)
			list[kept++] = list[i];
	}
	return kept;
}

bool tally_has(const struct tally_entry *list, size_t n, int64_t domain)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].domain == domain)
			return true;
	return false;
}

size_t tally_put(struct tally_entry *list, size_t n, int64_t domain, int64_t at)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].domain == domain) {
			list[i].at = at;
			return n;
		}
	list[n].domain = domain;
	list[n].at = at;
	return n + 1;
}

size_t tally_drop(struct tally_entry *list, size_t n, int64_t domain)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].domain == domain)
			list[i--] = list[--n];
	return n;
}

unsigned tally_others(const struct tally_entry *list, size_t n, int64_t domain, int64_t now, int64_t span)
{
	unsigned others = 0;

	for (size_t i = 0; i < n; i++)
		others += list[i].domain != domain && now - list[i].at < span;
	return others;
}

bool tally_opens_breaker(size_t troubled, size_t domains)
{
	return troubled >= 2 && troubled * 100 >= domains;
}
