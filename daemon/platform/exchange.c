/* Exchange, hosted and private: where its paths begin. It must never know anything else of its own; what it does is
 * selectors.c's. The older products name an organization and a service, which normally have the same name. */
#include "platform/look.h"
#include "platform/selectors.h"

void exchange_base(const struct desired *d, struct api_request *r)
{
	request_path(
	        r, "/email/exchange/%/service/%", d->organization ? d->organization : d->service, d->service);
}

const struct driver driver_exchange = {
        .kind = PLATFORM_EXCHANGE,
        .has_selectors = true,
        .has_light = true,
        .next = selectors_next,
        .feed = selectors_feed,
        .change = selectors_change,
        .outcome = selectors_outcome,
};
