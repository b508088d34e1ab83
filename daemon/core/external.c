/* Where records of our own keys stand, and what they are to say. */
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

enum record_want external_wanted(
        const struct desired *d, const struct held_key *k, int64_t now, int64_t *ret_since)
{
	int64_t from = d->dns == DNS_MANUAL ? k->revoked : k->shown;

	*ret_since = k->revoked;
	if (k->revoked == 0)
		return WANT_KEY;
	if (from == 0 || now - from < d->external->revoke)
		return WANT_REVOKED;
	*ret_since = from + d->external->revoke;
	return WANT_NOTHING;
}
