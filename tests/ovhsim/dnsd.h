/* The name servers: one UDP and one TCP socket on each of 127.0.0.1 .. 127.0.0.N, all on one port. The last
 * octet minus one is the server's number in the world. Queries with RD set are answered as a resolver would:
 * aliases are followed, silent servers passed over, names of no zone do not exist. */
#ifndef OVHSIM_DNSD_H
#define OVHSIM_DNSD_H

#include "sim.h"

struct dnsd;

/* port 0 = any that is free on all addresses for both. Dies with a sentence when it cannot. */
struct dnsd *dnsd_new(struct sim *s, int port, unsigned servers);
void dnsd_free(struct dnsd *d);
int dnsd_port(const struct dnsd *d);

#endif
