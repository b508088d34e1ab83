/* This host's configuration and inventory as a daemon here would read them, for the verbs that need no daemon. */
#ifndef DKIMROTD_CTL_SITE_H
#define DKIMROTD_CTL_SITE_H

#include "base/diag.h"
#include "codec/config.h"
#include "codec/inventory.h"
#include "ctl/ctl.h"

struct site {
	struct config *config;
	struct inventory *inventory;
};

/* Files of which nothing was understood are faults, told on stderr: then CTL_REFUSED. Free with site_free in any case. */
int site_read(const struct ctl *c, struct site *ret);
void site_free(struct site *s);

/* Texts of inventory files, owned. */
struct site_texts {
	struct inventory_text *list;
	size_t n;
};
/* text NULL = empty; taken over, as path is copied. */
void site_add_text(struct site_texts *t, const char *path, char *text, size_t len);
/* Those of the folder that the configuration names; what cannot be read is told in d. */
void site_folder(const struct config *cfg, struct site_texts *t, struct diags *d);
void site_free_texts(struct site_texts *t);

/* Every fault on stderr, a line each. */
void site_print_faults(const struct diags *d);

#endif
