/* What the two files of the store in memory share. */
#ifndef DKIMROTD_IO_RAM_STORE_RAM_PARTS_H
#define DKIMROTD_IO_RAM_STORE_RAM_PARTS_H

#include "io/store_rows.h"

#define RING 8192 /* as many as the file beside the database holds */

struct image {
	char *packed; /* owned; NULL = none */
	size_t len;
	struct store_due due;
};

struct row {
	struct store_key *key; /* owned */
	struct image durable, waiting;
	bool damaged;
};

/* A fact or a file. */
struct item {
	char *name;
	char *durable, *waiting; /* owned, terminated; NULL = none, deleted */
	size_t durable_len, waiting_len;
	bool dirty;
};

struct items {
	struct item *list; /* by name */
	size_t n;
};

struct entry {
	int64_t domain_id, at;
	char *kind, *json;
};

struct ring {
	char *account;
	int64_t at[RING];
	uint64_t n; /* ever noted */
};

struct store {
	struct store *next;
	char *dir;
	bool open, read_only, witnessed;
	unsigned iterating;
	int fail;
	uint64_t commits;
	struct row **rows; /* by key */
	size_t n_rows, n_waiting;
	int64_t next_id, next_id_durable;
	struct items facts, files;
	struct entry *history;
	size_t n_history, n_history_durable;
	int64_t prune_before;
	struct ring **rings;
	size_t n_rings;
	void (*lost)(void *arg, const char *what);
	void *lost_arg;
};

/* store_ram_side.c */
char *ram_copy(const char *p, size_t len); /* terminated; NULL gives NULL */
void ram_item_set(struct items *t, const char *name, const char *value, size_t len);
bool ram_items_dirty(const struct items *t);
void ram_items_end(struct items *t, bool durable); /* what waits becomes durable, or is dropped */
void ram_items_free(struct items *t);
/* After each commit: how far the state has come. */
void ram_witness_note(struct store *s);
void ram_forget_history(struct store *s, size_t from, size_t n);

#endif
