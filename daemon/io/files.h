/* Reading configuration, inventory and credentials from disk, and nothing that somebody else could have put there. A
 * file or folder is accepted when it belongs to root or to the daemon's user and nobody else may write to it; files
 * must be regular and at most 16 MiB. Symbolic links are followed, and the same is asked of where they lead. */
#ifndef DKIMROTD_IO_FILES_H
#define DKIMROTD_IO_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/diag.h"

#define FILES_SIZE_MAX ((size_t)16 * 1024 * 1024)

/* A file's whole text, with a terminator behind it that len does not count. Free with files_free. */
struct file_text {
	char *text;
	size_t len;
};

enum file_kind {
	FILE_PUBLIC, /* anybody may read it */
	FILE_SECRET, /* nobody else may */
	FILE_PASSED, /* a secret from $CREDENTIALS_DIRECTORY: systemd grants the daemon's user its access by an ACL, whose
		      * mask shows as group bits; only what the ACL grants to others counts */
};

/* Reads a file into ret (untouched on failure). 0; or negative errno (-EPERM for what is not accepted), then d says
 * why. -ENOENT and -ENOTDIR are told only with tell_missing. */
int files_read(
        const char *path, enum file_kind kind, bool tell_missing, struct file_text *ret, struct diags *d);
/* Wipes and frees. */
void files_free(struct file_text *t);

/* The inventory's files: DIR/NAME for every NAME ending in .yaml or .yml, in byte order; dot files and *~ are left out.
 * 0, or negative errno, then d says why: such a folder is no evidence that domains left. */
struct file_list {
	char **paths;
	size_t n;
};
int files_list(const char *dir, struct file_list *ret, struct diags *d);
void files_list_free(struct file_list *l);

/* First of all in main: a standard stream that was closed leads to /dev/null, for a file that took its place would be
 * written into by everything that is said. */
void files_open_standard(void);

#endif
