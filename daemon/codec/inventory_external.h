/* The inventory's keys for `platform: external`; for inventory_file.c and inventory.c. */
#ifndef DKIMROTD_CODEC_INVENTORY_EXTERNAL_H
#define DKIMROTD_CODEC_INVENTORY_EXTERNAL_H

#include "base/util.h"
#include "codec/config.h"
#include "codec/keys.h"

#define EXTERNAL_KEYS(X)                                                                                     \
	X(signer)                                                                                            \
	X(selector) X(selectors) X(key) X(bits) X(record) X(target) X(revoke) X(ttl) X(confirm) X(tags)

/* The values as they stand in the file; NULL where a key was left out. */
struct external_nodes {
#define EXTERNAL_NODE(name) const struct yaml_node *name;
	EXTERNAL_KEYS(EXTERNAL_NODE)
#undef EXTERNAL_NODE
};

/* Reads them into d->external, defaults in place; d->platform, dns and domain are known. `own` of another platform's domain:
 * each is a fault. Faults are told. */
void external_resolve(struct keys *k, const struct config *cfg, const struct yaml_node *domain,
        const struct external_nodes *own, const struct external_nodes *defaults, struct desired *d);
/* Every default by itself, once, at its own place; a faulty one is taken out. */
void external_check_defaults(struct keys *k, const struct config *cfg, struct external_nodes *defaults);

/* A copy for another generation. False when the configuration lacks its signer. */
bool external_hold(struct arena *arena, const struct config *cfg, const struct external *old,
        const struct external **ret);
/* ", signer: opendkim, ..." as inventory_held() writes settings. */
void external_put(struct buf *b, const struct external *x);

#endif
