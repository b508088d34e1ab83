/* status --check: one line for a monitoring system with its figures, then a line for each domain that somebody should
 * look at. The worst finding decides how it ends. */
#include "ctl/view.h"

#define SHOWN_MOST 20

struct found {
	size_t critical, warning, not_signing, blocked, error, overdue;
};

static enum ctl_check judge(const struct shown_domain *d)
{
	if (str_eq(d->condition, "error") || shown_unsigned(d))
		return CHECK_CRITICAL;
	if (str_eq(d->condition, "blocked") || shown_overdue(d))
		return CHECK_WARNING;
	return CHECK_OK;
}

static void count(const struct shown *s, struct found *f)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct shown_domain *d = &s->list[i];

		f->critical += judge(d) == CHECK_CRITICAL;
		f->warning += judge(d) == CHECK_WARNING;
		f->not_signing += shown_unsigned(d);
		f->blocked += str_eq(d->condition, "blocked");
		f->error += str_eq(d->condition, "error");
		f->overdue += shown_overdue(d);
	}
}

/* Plugins' output ends at a '|', where the figures begin. */
static void put_text(struct buf *out, const char *s)
{
	for (; *s; s++)
		buf_add(out, *s == '|' ? "/" : s, 1);
}

static void put_domains(const struct shown *s, struct buf *out)
{
	size_t shown = 0, left = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct shown_domain *d = &s->list[i];
		struct buf why = {0};

		if (judge(d) == CHECK_OK)
			continue;
		if (shown++ >= SHOWN_MOST) {
			left++;
			continue;
		}
		buf_printf(out, "%s: %s%s: ", d->domain, d->condition,
		        shown_unsigned(d) ? ", does not sign" : "");
		view_why(d, &why);
		put_text(out, why.data);
		buf_puts(out, "\n");
		buf_free(&why);
	}
	if (left)
		buf_printf(out, "and %zu more\n", left);
}

enum ctl_check view_check(const struct gathered *g, struct buf *out)
{
	static const char *const words[] = {"OK", "WARNING", "CRITICAL"};
	struct buf trouble = {0}, counts = {0};
	struct found f = {0};
	size_t beyond = view_trouble(g->status.json, &trouble);

	count(g->shown, &f);
	enum ctl_check worst = f.critical ? CHECK_CRITICAL : f.warning || beyond ? CHECK_WARNING : CHECK_OK;
	view_counts(g->shown, &counts);
	buf_printf(out, "DKIM %s - ", words[worst]);
	put_text(out, counts.data);
	buf_printf(out, " | domains=%zu not_signing=%zu error=%zu blocked=%zu overdue=%zu\n", g->shown->n,
	        f.not_signing, f.error, f.blocked, f.overdue);
	put_domains(g->shown, out);
	if (trouble.data)
		put_text(out, trouble.data);
	buf_free(&trouble);
	buf_free(&counts);
	return worst;
}
