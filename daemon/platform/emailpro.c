/* Email Pro: where its paths begin. It must never know anything else of its own; what it does is selectors.c's. Its
 * schema calls the DKIM reads ALPHA, which is one more reason for reading strictly and saying what was not understood. */
#include "platform/look.h"
#include "platform/selectors.h"

void emailpro_base(const struct desired *d, struct api_request *r)
{
	request_path(r, "/email/pro/%", d->service);
}

const struct driver driver_emailpro = {
        .kind = PLATFORM_EMAILPRO,
        .has_selectors = true,
        .has_light = true,
        .next = selectors_next,
        .feed = selectors_feed,
        .change = selectors_change,
        .outcome = selectors_outcome,
};
