/* The look and the changes of the platforms with one switch a domain. MX Plan, and Zimbra through the same routes
 * (ovh-api 2.6); Zimbra through its control panel's routes (2.7). For daemon/platform only. */
#ifndef DKIMROTD_PLATFORM_DOMAINS_H
#define DKIMROTD_PLATFORM_DOMAINS_H

#include "platform/platform.h"

bool mxplan_next(struct pass *p, struct api_request *ret);
void mxplan_feed(struct pass *p, const struct api_answer *a);
int mxplan_change(const struct desired *d, const struct pass *last, enum action_kind action,
        const char *selector, struct api_request *ret);
void mxplan_outcome(const struct api_answer *a, struct outcome *ret);

/* A new selector in `seen`, named and listed, of unknown state. NULL: there is one of that name, or no room (too_many). */
struct seen_selector *domains_place(struct pass *p, const char *name, int64_t now);
/* By name: the API's order swaps from reading to reading. */
void domains_sort(struct pass *p);

struct json;
/* expectedDNSConfig's CNAMEs into `seen`, their states unknown; and one element of a diagnosis: states, status, theirs. */
void zimbra_cnames(struct pass *p, const struct api_answer *a, const struct json *config);
void zimbra_result(struct pass *p, const struct api_answer *a, const struct json *diagnosis);

extern const struct driver driver_mxplan, driver_zimbra, driver_zimbra2;

#endif
