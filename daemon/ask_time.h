/* The routes about what was and what will be: GET /v1/plan, GET /v1/history. */
#ifndef DKIMROTD_ASK_TIME_H
#define DKIMROTD_ASK_TIME_H

#include "ask.h"

void get_plan(struct ask *ask, const struct control_request *q, struct control_answer *a);
void get_history(struct ask *ask, const struct control_request *q, struct control_answer *a);

#endif
