/* The store in memory: io/store.h without a disk, for the simulation and for tests of the engine. The content of a
 * "folder" outlives store_close, as files would, until it is forgotten. Link libio_ram.a before libio.a. */
#ifndef DKIMROTD_IO_RAM_STORE_RAM_H
#define DKIMROTD_IO_RAM_STORE_RAM_H

#include "io/store.h"

/* The process dies here: whatever was not committed is gone, and so is the lock. The pointer stays good for nothing
 * but store_close, which does nothing more; store_open on the same folder finds what was durable. */
void store_ram_crash(struct store *s);
/* Every commit fails with this errno (ENOSPC, EIO ...) until it is set to 0. */
void store_ram_fail(struct store *s, int error);
/* The row of this key is damaged on the disk: found, told and dropped as store.h says. */
void store_ram_damage(struct store *s, const struct store_key *k);
/* The folder `to` gets what is durable in `from`, as a backup would; `to` must not be open. */
void store_ram_copy(const char *from, const char *to);
/* The host starts anew: nobody remembers how far the folder's state had come (store_witness). */
void store_ram_forget_witness(const char *dir);
/* The folder is removed; it must not be open. Nothing happens when there is none. */
void store_ram_forget(const char *dir);
/* Is a change of this domain, on whatever platform, durably noted as begun? */
bool store_ram_begun(const struct store *s, const char *domain);
/* Commits that wrote something, since the folder was made. */
uint64_t store_ram_commits(const struct store *s);

#endif
