/* Sends answers, with what their faults say: dropped, late, or cut short. */
#ifndef OVHSIM_SENDER_H
#define OVHSIM_SENDER_H

#include <time.h>

#include "sim.h"

struct evhttp_request;
struct pending;

struct sender {
	struct sim *sim;
	struct pending *pending; /* answers that wait */
	time_t date_at;
	char date[50]; /* of date_at, as the header tells it */
};

/* Sends or drops; takes the answer's body over. The request is gone for the caller. */
void send_answer(struct sender *s, struct evhttp_request *req, struct world_answer *a);
/* Forgets what waits; before evhttp_free. */
void sender_clear(struct sender *s);

#endif
