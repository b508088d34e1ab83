/* The files that a signer reads, as text: which selector it signs a domain with, and where that key lies.
 *
 *   opendkim   KeyTable        example.org example.org:dk2026111:/var/lib/dkimrotd/keys/private/example.org/dk2026111.pem
 *              SigningTable    *@example.org example.org                              (opendkim.conf: refile:)
 *   rspamd     selectors.map   example.org dk2026111
 *              paths.map       example.org /var/lib/dkimrotd/keys/private/example.org/$selector.pem
 *
 * A switch changes the first file alone, so one rename makes it. The second has the domain once it has a key at all. With a
 * second signature (`key: both`) KeyTable and SigningTable have one more line, for the name "example.org/2".
 * The first line of the first file counts its versions; the signer's stamp is a copy of both files as it took them, so it
 * tells which version that was. Lines of others are kept. */
#ifndef DKIMROTD_CODEC_SIGNERMAP_H
#define DKIMROTD_CODEC_SIGNERMAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/util.h"
#include "core/external.h"

/* "KeyTable", "SigningTable" ... */
const char *signermap_file(enum signer_layout layout, bool second);

struct signermap_line {
	bool mapped;        /* both files have the domain */
	char selector[128]; /* of its first signature; "" = not mapped */
};
/* What the files say of a domain. They may be one text (a stamp), then `second` is NULL. NULL = no such file. */
void signermap_read(enum signer_layout layout, const char *first, const char *second, const char *domain,
        struct signermap_line *ret);
/* In what `dkimrotctl confirm` wrote: the version of the map under which a message was seen signed with this selector, and
 * verified; 0 = none was. NULL = it wrote nothing. */
uint64_t signermap_confirmed(const char *text, const char *domain, const char *selector);
/* The version in the first line, 0 = none. */
uint64_t signermap_version(const char *first);

/* The first file with the domain signing with this key, as version `version`; `folder` is where its private keys lie. */
void signermap_set(struct buf *out, enum signer_layout layout, const char *first, const char *domain,
        const struct held_key *key, const char *folder, uint64_t version);
/* The second file with the domain in it. False, and nothing written, when it stands there as it must. */
bool signermap_set_second(struct buf *out, enum signer_layout layout, const char *second, const char *domain,
        const struct held_key *key, const char *folder);

#endif
