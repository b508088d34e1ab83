/* The milter protocol from a mail server's side, as packets in memory: enough of it to hand one message to a signer
 * (OpenDKIM, rspamd's proxy worker) and take the header fields that it adds. The protocol is Sendmail's, version 6, as
 * described with libmilter (mfdef.h): a length of 4 bytes in network order, a command, its data. */
#ifndef DKIMROTD_CODEC_MILTER_H
#define DKIMROTD_CODEC_MILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"

#define MILTER_PACKET_MAX ((size_t)1 << 20) /* a reply that is larger is none */

/* What is negotiated: steps that the signer does not want to see, and those that it does not answer. */
struct milter {
	uint32_t protocol; /* its SMFIP_ bits, once it has answered */
};

/* The steps of one message in their order; each is sent by milter_write and answered, unless the signer said that it is not.
 * MILTER_FIELD and MILTER_BODY may be repeated. */
enum milter_step {
	MILTER_NEGOTIATE,
	MILTER_CONNECT, /* text: the client's host name; it comes from 127.0.0.1 */
	MILTER_HELO,    /* text: the name that the client gives */
	MILTER_MAIL,    /* text: "<sender>" */
	MILTER_RCPT,    /* text: "<recipient>" */
	MILTER_DATA,
	MILTER_FIELD, /* text: name, more: value */
	MILTER_END_OF_HEADER,
	MILTER_BODY, /* text: the body */
	MILTER_END,
	MILTER_QUIT, /* not answered */
};

/* Appends the step's packet, and before it the macros that mail servers send with it. Nothing is appended when the signer
 * does not want the step. Returns whether an answer is to be waited for. */
bool milter_write(
        const struct milter *m, enum milter_step step, const char *text, const char *more, struct buf *out);

enum milter_answer {
	MILTER_MORE,     /* the bytes do not hold a whole packet yet */
	MILTER_BROKEN,   /* they never will */
	MILTER_CONTINUE, /* the step is over */
	MILTER_ACCEPT,   /* so is the message: it will not be signed any more */
	MILTER_REFUSED,  /* rejected, deferred or discarded */
	MILTER_ADD,      /* a header field is to be added: name and value */
	MILTER_OTHER,    /* another change, or "still at it" */
};
struct milter_reply {
	enum milter_answer kind;
	size_t taken;             /* bytes of the packet */
	const char *name, *value; /* MILTER_ADD: terminated, in the packet */
};
/* Reads the packet that n bytes begin with. The answer to MILTER_NEGOTIATE sets m->protocol. */
struct milter_reply milter_read(struct milter *m, const char *bytes, size_t n);

#endif
