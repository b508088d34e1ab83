/* What the tests of the stores share: folders, keys, and records with something in every field. */
#ifndef TESTS_STORE_COMMON_H
#define TESTS_STORE_COMMON_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/store.h"
#include "io/store_rows.h"

static inline char *folder_new(void)
{
	const char *tmp = getenv("TMPDIR");
	char *path = xasprintf("%s/store.XXXXXX", tmp ? tmp : "/tmp");

	if (!mkdtemp(path))
		abort();
	return path;
}

static inline void folder_remove(char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char *file = xasprintf("%s/%s", path, e->d_name);

		unlink(file);
		free(file);
	}
	if (d)
		closedir(d);
	rmdir(path);
	free(path);
}

static inline struct store *open_or_fail(const char *dir)
{
	char error[2000] = "";
	struct store *s = store_open(dir, false, error, sizeof(error));

	if (!s)
		fail_msg("%s", error);
	return s;
}

static inline struct store_key key_of(const char *domain)
{
	return (struct store_key){.account = "default",
	        .platform = "exchange",
	        .service = "hosted-zz1111111-1",
	        .organization = "hosted-zz1111111-1",
	        .domain = domain};
}

/* A value for every column, from the seed; about one in eight stays default. */
static inline void make_columns(const struct rows_table *t, void *structure, unsigned *seed)
{
	for (unsigned i = 0; i < t->n; i++) {
		const struct rows_column *c = &t->columns[i];
		char text[64];
		uint8_t bytes[64];

		if (rand_r(seed) % 8 == 0)
			continue;
		if (c->type == ROWS_TEXT) {
			str_format(text, c->size < sizeof(text) ? c->size : sizeof(text), "%s-%d", c->name,
			        rand_r(seed));
			if (!rows_set_text(c, structure, text))
				abort();
		} else if (c->type == ROWS_BYTES) {
			for (unsigned b = 0; b < c->size; b++)
				bytes[b] = (uint8_t)rand_r(seed);
			rows_set_bytes(c, structure, bytes, c->size);
		} else {
			int64_t v = c->type == ROWS_WORD    ? rand_r(seed) % c->words->n
			            : c->type == ROWS_BOOL  ? 1
			            : c->type == ROWS_INT64 ? INT64_C(1700000000000) + rand_r(seed)
			                                    : rand_r(seed);

			if (!rows_set_int(c, structure, v))
				abort();
		}
	}
}

static inline void make_record(struct record *r, unsigned seed)
{
	memset(r, 0, sizeof(*r));
	make_columns(&rows_domain, r, &seed);
	for (unsigned i = 0; i < INTENTS_MAX; i++) {
		make_columns(&rows_intent, &r->intent[i], &seed);
		if (r->intent[i].action == ACTION_NONE)
			memset(&r->intent[i], 0, sizeof(r->intent[i]));
	}
	r->n = seed % (SELECTORS_MAX + 1);
	for (unsigned i = 0; i < r->n; i++)
		make_columns(&rows_selector, &r->sel[i], &seed);
}

static inline bool same_columns(const struct rows_table *t, const void *a, const void *b)
{
	for (unsigned i = 0; i < t->n; i++) {
		const struct rows_column *c = &t->columns[i];
		bool same = c->type == ROWS_TEXT    ? strcmp(rows_text(c, a), rows_text(c, b)) == 0
		            : c->type == ROWS_BYTES ? memcmp((const char *)a + c->offset,
		                                              (const char *)b + c->offset, c->size) == 0
		                                    : rows_int(c, a) == rows_int(c, b);

		if (!same)
			return false;
	}
	return true;
}

static inline bool same_record(const struct record *a, const struct record *b)
{
	bool same = a->id == b->id && a->n == b->n && same_columns(&rows_domain, a, b);

	for (unsigned i = 0; i < INTENTS_MAX; i++)
		same = same && same_columns(&rows_intent, &a->intent[i], &b->intent[i]);
	for (unsigned i = 0; same && i < a->n; i++)
		same = same_columns(&rows_selector, &a->sel[i], &b->sel[i]);
	return same;
}

#define assert_same(a, b) assert_true(same_record(a, b))

#endif
