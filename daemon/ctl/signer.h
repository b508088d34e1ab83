/* A message of ours handed through a signer as a mail server would (the milter protocol), to see what it signs with. */
#ifndef DKIMROTD_CTL_SIGNER_H
#define DKIMROTD_CTL_SIGNER_H

#include <stddef.h>

#include "base/util.h"

/* Where a signer listens, as its own configuration has it: unix:PATH, local:PATH, PATH, inet:PORT@ADDRESS, ADDRESS:PORT
 * or [ADDRESS]:PORT; addresses are numbers or localhost. A message from DOMAIN to itself goes through, and comes back in *ret
 * (buf_free) with the header fields that the signer added in front, lines ending in CRLF. 0; or -EPROTO, -ECONNREFUSED
 * and others of connect(2), -ETIMEDOUT, -EINVAL for the address, and why (n bytes) says it in words. *patience: ms that a
 * signer which does not listen yet is waited for; what was waited is taken off. */
int signer_pass(
        const char *where, int64_t *patience, const char *domain, struct buf *ret, char *why, size_t n);

#endif
