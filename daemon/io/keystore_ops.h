/* What the key store does, over files that are somebody's: the disk's (keystore_disk.c), or the simulation's. */
#ifndef DKIMROTD_IO_KEYSTORE_OPS_H
#define DKIMROTD_IO_KEYSTORE_OPS_H

#include "base/util.h"
#include "io/keystore.h"

#define KEYSTORE_WHY 200

struct keystore_files {
	void *arg;
	const char *root; /* as signers' maps are to name it */
	/* Paths are below root, but for the stamp's, which is absolute. 0 or negative errno; -ENOENT: there is none. */
	int (*read)(void *arg, const char *path, struct buf *ret);
	/* Whole and durable, or not at all. Folders above are made. */
	int (*write)(void *arg, const char *path, const char *data, size_t n);
	/* Overwritten, then removed, durably. No such file is no error. */
	int (*shred)(void *arg, const char *path);
};

/* Does it, at once. why: a sentence for people, "" with 0. *ret is filled with 0 (holding_clear). */
int keystore_do(const struct keystore_files *f, const struct keystore_request *q, char why[KEYSTORE_WHY],
        struct holding *ret);

/* keystore_disk.c: files on the disk, below a folder that is made when it is missing. */
int keystore_disk_open(struct keystore_files *ret, const char *root, char *why, size_t n);
void keystore_disk_close(struct keystore_files *f);

#endif
