/* Files in, configuration and inventory out: reads what codec parses, and keeps the last good text of every inventory file
 * in the store. It decides nothing about domains. */
#ifndef DKIMROTD_INTAKE_H
#define DKIMROTD_INTAKE_H

#include "base/diag.h"
#include "codec/config.h"
#include "codec/inventory.h"

struct store;

/* NULL on a fault, told in d. */
struct config *intake_config(const char *path, struct diags *d);
/* The next generation from the inventory's folder; previous NULL = the first after a start. A folder that cannot be read
 * is no evidence that domains left: then the last good texts are all there is. store NULL: none are known (--check).
 * Never NULL. */
struct inventory *intake_inventory(
        const struct config *c, struct store *store, const struct inventory *previous, struct diags *d);

#endif
