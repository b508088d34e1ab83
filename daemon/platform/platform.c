/* The table of drivers, and what is the same for every look: when it began, what was asked last, and whether it is complete
 * in the end. It must never look into an answer. */
#include "platform/platform.h"

#include "base/util.h"
#include "platform/domains.h"
#include "platform/external.h"
#include "platform/look.h"
#include "platform/selectors.h"

const struct driver *platform_for(const struct desired *d)
{
	switch (d->platform) {
	case PLATFORM_EXCHANGE:
		return &driver_exchange;
	case PLATFORM_EMAILPRO:
		return &driver_emailpro;
	case PLATFORM_MXPLAN:
		return &driver_mxplan;
	case PLATFORM_ZIMBRA:
		return d->zimbra_api == ZIMBRA_V2 ? &driver_zimbra2 : &driver_zimbra;
	case PLATFORM_EXTERNAL:
		return &driver_external;
	}
	return NULL;
}

bool platform_next(struct pass *p, struct api_request *ret)
{
	struct api_request r;
	struct observed *o = &p->seen;

	o->light = p->kind == LOOK_LIGHT && p->platform->has_light;
	o->flight = p->kind == LOOK_FLIGHT;
	if (!p->whole && p->platform->next(p, &r)) {
		str_format(p->asked, sizeof p->asked, "%s %s", r.method, r.path);
		if (request_ok(&r)) {
			*ret = r;
			return true;
		}
		look_trouble(p, TROUBLE_ODD, NULL, "is too long to be sent");
	}
	p->whole = true;
	o->complete = p->kind != LOOK_FLIGHT && o->trouble == TROUBLE_NONE && !o->too_many;
	return false;
}

void platform_feed(struct pass *p, const struct api_answer *a)
{
	if (p->whole)
		return;
	if (a->answered && (!p->seen.began || a->now < p->seen.began))
		p->seen.began = a->now;
	p->platform->feed(p, a);
}
