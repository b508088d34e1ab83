/* How a record becomes rows: one table of columns for each of its three structures, from which the statements, the
 * checksums and the packed form in memory all follow. A new field of core/model.h is a new line in store_columns.c, with
 * the schema version that brings it; a default (0, "", the first word) is never part of a checksum, so that old rows
 * stay right. Pure functions over memory. */
#ifndef DKIMROTD_IO_STORE_ROWS_H
#define DKIMROTD_IO_STORE_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/util.h"
#include "core/words.h"
#include "io/store.h"

enum rows_type {
	ROWS_INT64,
	ROWS_UINT, /* unsigned and uint32_t */
	ROWS_INT,
	ROWS_BOOL,
	ROWS_TEXT,  /* an array of char, terminated */
	ROWS_WORD,  /* an enum, stored as its word */
	ROWS_BYTES, /* all zero is stored as no bytes */
};

struct rows_column {
	const char *name;
	enum rows_type type;
	uint16_t offset, size;
	uint8_t since; /* the schema version that brought it */
	const struct words *words;
};

struct rows_table {
	const char *name;
	const struct rows_column *columns;
	unsigned n;
	size_t size; /* of the structure */
};

/* struct record without id, intents and selectors; struct intent; struct rec_selector. */
extern const struct rows_table rows_domain, rows_intent, rows_selector;

extern const struct words rows_phases, rows_conditions, rows_reasons;

/* SQL type of a column. */
const char *rows_sql_type(const struct rows_column *c);
bool rows_is_text(const struct rows_column *c);

/* One value out of a structure. */
int64_t rows_int(const struct rows_column *c, const void *structure);
const char *rows_text(const struct rows_column *c, const void *structure);
const void *rows_bytes(const struct rows_column *c, const void *structure, size_t *ret_n);
/* One value into a structure; false when it cannot be one (out of range, too long, not a word). */
bool rows_set_int(const struct rows_column *c, void *structure, int64_t value);
bool rows_set_text(const struct rows_column *c, void *structure, const char *text);
bool rows_set_bytes(const struct rows_column *c, void *structure, const void *p, size_t n);

/* A checksum over a whole record with its id, key, intents and selectors; and over what the schedule reads. */
uint64_t rows_sum(const struct store_key *k, const struct record *r);
uint64_t rows_sum_due(const struct store_key *k, const struct store_due *d);
/* Begins a checksum of something else, and goes on with it. */
uint64_t rows_mix_int(uint64_t sum, int64_t value);
uint64_t rows_mix(uint64_t sum, const void *p, size_t n);

struct store_due rows_due(const struct record *r);
int rows_compare(const struct store_key *a, const struct store_key *b); /* by domain, then the rest */
uint64_t rows_hash(const struct store_key *k);
/* "example.org (exchange, service, organization, account default)", cleaned. */
char *rows_name(char *dst, size_t n, const struct store_key *k);
/* A copy of a key in one allocation; free it with free. */
struct store_key *rows_copy_key(const struct store_key *k);

/* A record in few bytes, for the queue: only what is not default. Unpacking fills the whole record. */
void rows_pack(struct buf *b, const struct record *r);
void rows_unpack(const char *p, struct record *ret);

#endif
