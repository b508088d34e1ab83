/* The look and the changes of the platforms whose selectors are made, switched and deleted one by one: Exchange and
 * Email Pro, which differ in nothing but where their paths begin (ovh-api 2.1 to 2.5). For daemon/platform only. */
#ifndef DKIMROTD_PLATFORM_SELECTORS_H
#define DKIMROTD_PLATFORM_SELECTORS_H

#include "platform/platform.h"

bool selectors_next(struct pass *p, struct api_request *ret);
void selectors_feed(struct pass *p, const struct api_answer *a);
int selectors_change(const struct desired *d, const struct pass *last, enum action_kind action,
        const char *selector, struct api_request *ret);
void selectors_outcome(const struct api_answer *a, struct outcome *ret);

/* "/email/exchange/ORG/service/SVC", "/email/pro/SVC". */
void exchange_base(const struct desired *d, struct api_request *r);
void emailpro_base(const struct desired *d, struct api_request *r);

extern const struct driver driver_exchange, driver_emailpro;

#endif
