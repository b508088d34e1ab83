/* The HTTP front: listeners for http and https, routes, faults of the transport, the request log. */
#ifndef OVHSIM_HTTPD_H
#define OVHSIM_HTTPD_H

#include <stdint.h>

#include "sim.h"

struct httpd;

/* Listens on ADDR:PORT (port 0 = any; [::1]:PORT works too). cert and key: NULL for plain http, else PEM
 * files. Dies with a sentence when it cannot. */
struct httpd *httpd_new(struct sim *s, const char *address, const char *cert, const char *key);
void httpd_free(struct httpd *h);
int httpd_port(const struct httpd *h);

#endif
