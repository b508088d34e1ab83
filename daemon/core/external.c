/* Where records of our own keys stand. */
#include "core/external.h"

#include <string.h>

#include "core/desired.h"
#include "core/dname.h"

const char *external_zone(const struct desired *d)
{
	return d->external->record == RECORD_CNAME ? d->external->target : d->zone;
}

bool external_owner(char *dst, const struct desired *d, const char *selector)
{
	size_t at, more;

	if (!dname_dkim(dst, selector, d->domain))
		return false;
	if (d->external->record != RECORD_CNAME)
		return true;
	at = strlen(dst);
	more = strlen(d->external->target);
	if (at + 1 + more >= DNAME_TEXT) {
		dst[0] = '\0';
		return false;
	}
	dst[at] = '.';
	memcpy(dst + at + 1, d->external->target, more + 1);
	return true;
}
