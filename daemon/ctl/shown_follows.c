/* What follows from a domain that can be shown, and from nothing else: how urgent, how late, how far. */
#include "ctl/shown.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "core/model.h"
#include "core/span.h"
#include "core/text.h"

static int compare(const void *pa, const void *pb)
{
	const struct shown_domain *a = pa, *b = pb;

	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	if (a->change_at != b->change_at)
		return a->change_at < b->change_at ? -1 : 1;
	int order = strcmp(a->domain, b->domain);
	return order ? order : strcmp(a->platform ? a->platform : "", b->platform ? b->platform : "");
}

void shown_sort(struct shown *s)
{
	if (s->n)
		qsort(s->list, s->n, sizeof(*s->list), compare);
}

bool shown_unsigned(const struct shown_domain *d)
{
	return !d->signing && !str_eq(d->phase, "unknown");
}

bool shown_overdue(const struct shown_domain *d)
{
	bool waived = str_eq(d->condition, "paused") || str_eq(d->condition, "observing");

	if (d->next_look && d->now - d->next_look > MS_HOUR)
		return true;
	return !waived && str_eq(d->phase, "settled") && d->next_rotation &&
	       d->now - d->next_rotation > MS_DAY;
}

const char *shown_sentence(const char *reason)
{
	for (int i = 0; i < REASON_COUNT; i++)
		if (str_eq(reason_word((enum reason)i), reason))
			return reason_text((enum reason)i);
	return reason ? reason : "it does not say why";
}

int shown_grace_permille(const struct shown_domain *d)
{
	for (size_t i = 0; i < d->n_selectors; i++) {
		const struct shown_selector *x = &d->selectors[i];
		int64_t all = x->delete_after - x->stopped, gone = d->now - x->stopped;

		if (!str_eq(x->role, "retired") || !x->stopped || all <= 0)
			continue;
		return gone <= 0 ? 0 : gone >= all ? 1000 : (int)(gone * 1000 / all);
	}
	return -1;
}

const char *shown_when(char dst[SHOWN_WHEN], int64_t at, int64_t now)
{
	char span[SPAN_TEXT];
	int64_t ahead = at - now, size = ahead < 0 ? -ahead : ahead;

	if (!at)
		dst[0] = '\0';
	else if (size < MS_SECOND)
		str_format(dst, SHOWN_WHEN, "now");
	else if (ahead > 0)
		text_join(
		        dst, SHOWN_WHEN, "in ", span_format_short(span, size / MS_SECOND * MS_SECOND), NULL);
	else
		text_join(
		        dst, SHOWN_WHEN, span_format_short(span, size / MS_SECOND * MS_SECOND), " ago", NULL);
	return dst;
}
