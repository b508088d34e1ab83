/* Where the verbs that check signatures get their keys: the DNS. */
#ifndef DKIMROTD_CTL_KEYS_H
#define DKIMROTD_CTL_KEYS_H

#include "codec/dkimverify.h"
#include "ctl/ctl.h"
#include "io/dns_text.h"

/* The resolvers and the trust anchor of the configuration. It is not needed: without one that can be read, or a faulty
 * one, the system's resolvers are asked; one that was named with -c must be right. NULL, and why was said. Free with
 * dns_texts_free. */
struct dns_texts *keys_open(const struct ctl *c);

key_lookup keys_look_up; /* arg: struct dns_texts */

#endif
