/* One inventory file's text as struct desired; for inventory.c. */
#ifndef DKIMROTD_CODEC_INVENTORY_FILE_H
#define DKIMROTD_CODEC_INVENTORY_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/diag.h"
#include "codec/config.h"
#include "codec/window.h"
#include "core/desired.h"

struct desired_list {
	struct desired *list; /* free with free() */
	size_t n, cap;
};

/* By domain, platform, and place. */
int desired_compare(const struct desired *a, const struct desired *b);
void desired_add(struct desired_list *l, const struct desired *d);

/* Appends the file's domains, strings and windows being kept in arena and windows. lenient: a faulty domain is left
 * out, and the others count; otherwise nothing is appended when there is any fault. False when there was one. */
bool inventory_file_parse(const struct config *cfg, const char *text, size_t len, const char *path,
        struct arena *arena, struct windows *windows, bool lenient, struct desired_list *ret,
        struct diags *d);

#endif
