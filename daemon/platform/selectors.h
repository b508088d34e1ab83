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

/* Places in p->seen (selectors_place.c). Names fold case; the spelling given last stays. */
int selectors_find(const struct pass *p, const char *name); /* -1 = not there */
/* Finds or makes the place of a selector. Where there is none left, too_many is set, and a named one takes the place of
 * one that is not. */
void selectors_place(struct pass *p, const char *name, bool named, bool listed);
/* The pair that the record has. */
void selectors_place_recorded(struct pass *p);
/* Those of the pair that the record has which are not in their place yet, as not named: dkimSelector, just read, lacks
 * them. They are read once more, so that the record learns it. */
void selectors_place_dropped(struct pass *p);
/* What a flight look reads: the selectors of the unresolved intents; for an enable also the other of the pair, which it
 * may switch off. */
void selectors_place_intents(struct pass *p);
/* The named ones first, by name, then the others, by name. Before any of them is read: own[] is not moved. */
void selectors_sort(struct pass *p);
/* Was this selector met before, under whatever role? */
bool selectors_known(const struct pass *p, const char *name);

/* "/email/exchange/ORG/service/SVC", "/email/pro/SVC". */
void exchange_base(const struct desired *d, struct api_request *r);
void emailpro_base(const struct desired *d, struct api_request *r);

extern const struct driver driver_exchange, driver_emailpro;

#endif
