/* Counting what comes in, for the figures that tests and the bench ask for. */
#ifndef OVHSIM_METER_H
#define OVHSIM_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "out.h"

enum meter_kind {
	METER_API,     /* passed on to the world */
	METER_AUTH,    /* /auth/... */
	METER_TOKEN,   /* the OAuth2 token endpoint */
	METER_REFUSED, /* turned away by the authentication or the access rules */
	METER_KINDS,
};

struct meter;

struct meter *meter_new(void);
void meter_free(struct meter *m);
void meter_reset(struct meter *m);
void meter_connection(struct meter *m);
void meter_dns(struct meter *m, bool tcp);
/* now: ms. account NULL: nobody we know; counted, but in no account's window. */
void meter_request(struct meter *m, int64_t now, const char *account, enum meter_kind kind);
/* Adds a JSON object: connections, requests by kind, DNS queries, and per account the most requests that any
 * 60 s held (all of them, and without /auth and token calls). */
void meter_json(const struct meter *m, struct out *o);

#endif
