/* Files named on the command line, read whoever owns them. */
#ifndef DKIMROTD_CTL_READ_H
#define DKIMROTD_CTL_READ_H

#include <stdbool.h>

#include "base/diag.h"
#include "base/util.h"

/* A file's text, at most FILES_SIZE_MAX, appended to ret; or false, and a fault in d. "-" is what comes in at stdin. */
bool read_whole(const char *path, struct buf *ret, struct diags *d);

#endif
