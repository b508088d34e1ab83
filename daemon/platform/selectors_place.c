/* Which selectors a look is about: places in `seen`, the named pair first. It must never invent a name: they come from
 * dkimSelector, from the list of what exists, or from the record of either. */
#include <string.h>

#include "base/util.h"
#include "core/dname.h"
#include "platform/look.h"
#include "platform/selectors.h"

int selectors_find(const struct pass *p, const char *name)
{
	for (unsigned i = 0; i < p->seen.n; i++)
		if (str_caseeq(p->seen.sel[i].name, name))
			return (int)i;
	return -1;
}

void selectors_place(struct pass *p, const char *name, bool named, bool listed)
{
	struct observed *o = &p->seen;
	int at = selectors_find(p, name);

	if (at < 0 && o->n < SELECTORS_MAX) {
		at = (int)o->n++;
		memset(&o->sel[at], 0, sizeof o->sel[at]);
	}
	if (at < 0) {
		o->too_many = true;
		for (at = SELECTORS_MAX - 1; named && at >= 0 && o->sel[at].named; at--)
			;
		if (!named || at < 0)
			return;
		memset(&o->sel[at], 0, sizeof o->sel[at]);
	}
	if (!str_copy(o->sel[at].name, sizeof o->sel[at].name, name))
		return;
	o->sel[at].named |= named;
	o->sel[at].listed |= listed;
}

void selectors_sort(struct pass *p)
{
	struct observed *o = &p->seen;

	for (unsigned i = 1; i < o->n; i++)
		for (unsigned j = i; j > 0; j--) {
			struct seen_selector *a = &o->sel[j - 1], *b = &o->sel[j], t;

			if (a->named != b->named ? a->named : strcmp(a->name, b->name) <= 0)
				break;
			t = *a;
			*a = *b;
			*b = t;
		}
}

void selectors_place_recorded(struct pass *p)
{
	const char *names[2];
	unsigned n = record_names(p->record, names);

	for (unsigned i = 0; i < n; i++)
		selectors_place(p, names[i], true, false);
}

void selectors_place_dropped(struct pass *p)
{
	const char *names[2];
	unsigned n = record_names(p->record, names);

	for (unsigned i = 0; i < n; i++)
		if (selectors_find(p, names[i]) < 0)
			selectors_place(p, names[i], false, false);
}

static bool is_recorded_name(const struct pass *p, const char *name)
{
	const char *names[2];
	unsigned n = record_names(p->record, names);

	for (unsigned i = 0; i < n; i++)
		if (str_caseeq(names[i], name))
			return true;
	return false;
}

bool selectors_known(const struct pass *p, const char *name)
{
	for (unsigned i = 0; p->record && i < p->record->n; i++)
		if (str_caseeq(p->record->sel[i].name, name))
			return true;
	return false;
}

void selectors_place_intents(struct pass *p)
{
	for (unsigned i = 0; p->record && i < INTENTS_MAX; i++) {
		const struct intent *in = &p->record->intent[i];

		if (in->action == ACTION_NONE || !dname_valid_selector(in->selector))
			continue;
		selectors_place(p, in->selector, is_recorded_name(p, in->selector), false);
		if (in->action == ACTION_ENABLE)
			selectors_place_recorded(p);
	}
	selectors_sort(p);
}
