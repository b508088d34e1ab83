/* A map of a file read by a table of the keys that may stand in it. Every key that is not in the table is a fault
 * with a suggestion, every value is checked by its row, and a fault never stops the reading of the rest. */
#ifndef DKIMROTD_CODEC_KEYS_H
#define DKIMROTD_CODEC_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "codec/yaml.h"
#include "core/words.h"

struct windows;

struct keys {
	const char *file;
	struct diags *diags;
	struct arena *arena;     /* texts are interned here */
	struct windows *windows; /* windows are checked against and kept in it; NULL = checked only */
};

struct key {
	const char *name;
	/* Checks the value and writes it to field; on a fault it tells and leaves the field alone. */
	void (*read)(struct keys *k, const struct key *key, const struct yaml_node *value, void *field);
	size_t offset;             /* of the field in the target */
	const struct words *words; /* key_word */
	int64_t min, max;          /* key_span (ms), key_count; max 0 = none */
};

/* Reads a map into target. `section` names it for people: "poll". A value that says nothing (`poll:`) is an empty
 * map; any other kind of value is a fault. */
void keys_read(struct keys *k, const struct yaml_node *map, const char *section, const struct key *table,
        size_t n, void *target);

/* A fault at the value, or at the key. */
void keys_fault(struct keys *k, const struct yaml_node *value, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));
void keys_fault_at(struct keys *k, struct place at, const char *fmt, ...)
        __attribute__((format(printf, 3, 4)));
/* The fault of a word that is not in a list of n, with the nearest as a suggestion, or the whole list. `what` begins
 * the sentence: "unknown policy". */
void keys_fault_word(struct keys *k, struct place at, const char *what, const char *word,
        const char *const *list, size_t n);

/* The text of a scalar that is not empty and has no control characters; NULL when told. */
const char *keys_text(struct keys *k, const struct key *key, const struct yaml_node *value);
/* A name for an account or a policy: letters, digits, '.', '_', '-'; 64 bytes at most. */
bool keys_is_name(const char *text);
/* "5%", "2.5%" in hundredths of a percent. */
bool keys_parse_percent(const char *text, int *ret);
/* A decimal number and nothing else, up to 999999999. */
bool keys_parse_number(const char *text, int *ret);

/* Rows for the table; the field's type stands behind each. */
void key_text(
        struct keys *k, const struct key *key, const struct yaml_node *value, void *field); /* const char * */
void key_path(struct keys *k, const struct key *key, const struct yaml_node *value,
        void *field); /* const char *, absolute */
void key_span(
        struct keys *k, const struct key *key, const struct yaml_node *value, void *field); /* int64_t, ms */
void key_count(struct keys *k, const struct key *key, const struct yaml_node *value, void *field); /* int */
void key_bool(struct keys *k, const struct key *key, const struct yaml_node *value, void *field);  /* bool */
void key_word(
        struct keys *k, const struct key *key, const struct yaml_node *value, void *field); /* an enum */

#endif
