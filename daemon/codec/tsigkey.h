/* A TSIG key (RFC 8945): the secret that a name server and we share, as a file has it. */
#ifndef DKIMROTD_CODEC_TSIGKEY_H
#define DKIMROTD_CODEC_TSIGKEY_H

#include <stddef.h>

#include "base/diag.h"

/* The algorithms that can be asked for, the first is the default. Those of RFC 8945 that the library does not know, and
 * MD5, are left out. */
#define TSIG_ALGORITHMS 3
extern const char *const tsig_algorithms[TSIG_ALGORITHMS];
/* The static text of an algorithm, written in any case and with or without a dot at its end; NULL = not one of them. */
const char *tsig_algorithm(const char *text);

struct tsig_key {
	char *name;            /* lower case, without a dot at the end */
	const char *algorithm; /* one of tsig_algorithms */
	char *secret;          /* base64 */
};

/* The secret in a file: either one word of base64 and nothing else, or the `key "name" { algorithm ...; secret "..."; };`
 * that tsig-keygen and BIND's key files have (one such statement; comments are fine). name and algorithm are what the
 * configuration says, NULL = nothing: then the file must say the name, and an algorithm that nobody says is the default.
 * Where both say something else, it is a fault. NULL on a fault: then d says why, never with a secret in it. Give back with
 * tsig_key_free, which wipes it; NULL is fine there. */
struct tsig_key *tsig_key_parse(const char *text, size_t len, const char *file, const char *name,
        const char *algorithm, struct diags *d);
void tsig_key_free(struct tsig_key *k);

#endif
