/* The routes of the control socket: what people and programs ask of a running daemon, answered by the engine. */
#ifndef DKIMROTD_ASK_H
#define DKIMROTD_ASK_H

#include "io/control.h"

struct engine;

enum reload_result {
	RELOAD_TAKEN,
	RELOAD_IN_PART, /* some files are refused, what is good is in force */
	RELOAD_REFUSED, /* the configuration is, and everything stays as it was */
};

struct ask {
	struct engine *engine;
	/* Reads configuration and inventory anew; the faults as text into `out`. */
	enum reload_result (*reload)(void *arg, struct buf *out);
	void *arg;
};

/* A control_handler; arg is a struct ask. */
void ask_handle(void *arg, const struct control_request *q, struct control_answer *a);

/* 404: that is no domain of the inventory. */
void ask_unknown(struct control_answer *a, const char *name);

#endif
