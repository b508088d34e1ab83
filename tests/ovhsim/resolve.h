/* A resolver's view of the world's zones: aliases followed, the next server asked where one fails. */
#ifndef OVHSIM_RESOLVE_H
#define OVHSIM_RESOLVE_H

#include "sim.h"

/* first: the server asked first, of servers. ret: world_rrs_free. */
void resolve(
        struct sim *s, unsigned first, unsigned servers, const char *name, int type, struct world_rrs *ret);

#endif
