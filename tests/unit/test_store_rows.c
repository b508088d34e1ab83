/* The columns of a record: none is forgotten, and checksum and packed form depend on every one of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "store_common.h"

/* Every field of every structure is in a table, and in its place: a field that a table forgets leaves a gap. */
static void tables_cover_the_model(void **state)
{
	static const struct {
		const struct rows_table *table;
		size_t begin, end;
	} all[] = {
	        {&rows_domain, offsetof(struct record, first_met), offsetof(struct record, intent)},
	        {&rows_intent, 0, sizeof(struct intent)},
	        {&rows_selector, 0, sizeof(struct rec_selector)},
	};

	(void)state;
	for (size_t t = 0; t < ARRAY_SIZE(all); t++) {
		size_t at = all[t].begin;

		for (unsigned i = 0; i < all[t].table->n; i++) {
			const struct rows_column *c = &all[t].table->columns[i];
			size_t align = c->type == ROWS_INT64 ? 8
			               : c->type == ROWS_TEXT || c->type == ROWS_BOOL || c->type == ROWS_BYTES
			                       ? 1
			                       : 4;

			if (c->offset != (at + align - 1) / align * align)
				fail_msg("%s.%s: a field before it is in no column", all[t].table->name,
				        c->name);
			at = c->offset + c->size;
		}
		if (all[t].end - at >= 8)
			fail_msg("%s: its last field is in no column", all[t].table->name);
	}
}

static const struct rows_table *const tables[] = {&rows_domain, &rows_intent, &rows_selector};

static void *part_of(struct record *r, size_t table)
{
	return table == 0 ? (void *)r : table == 1 ? (void *)&r->intent[1] : (void *)&r->sel[1];
}

/* Another value than the one that is there. */
static void change(const struct rows_column *c, void *structure)
{
	uint8_t bytes[64] = {1};

	if (c->type == ROWS_TEXT)
		rows_set_text(c, structure, *rows_text(c, structure) == 'x' ? "y" : "x");
	else if (c->type == ROWS_BYTES)
		rows_set_bytes(c, structure, bytes, c->size);
	else if (c->type == ROWS_WORD)
		rows_set_int(c, structure, (rows_int(c, structure) + 1) % c->words->n);
	else
		rows_set_int(c, structure, !rows_int(c, structure));
}

static void every_column_counts(void **state)
{
	const struct store_key k = key_of("example.org");

	(void)state;
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
		for (unsigned i = 0; i < tables[t]->n; i++) {
			struct record r, changed, back;
			struct buf b = {0};

			make_record(&r, 2 + i);
			r.n = 2;
			r.intent[1].action = ACTION_CREATE;
			changed = r;
			change(&tables[t]->columns[i], part_of(&changed, t));
			if (rows_sum(&k, &r) == rows_sum(&k, &changed))
				fail_msg("%s.%s is in no checksum", tables[t]->name,
				        tables[t]->columns[i].name);
			rows_pack(&b, &changed);
			rows_unpack(b.data, &back);
			buf_free(&b);
			if (part_of(&changed, t) != (void *)&changed.intent[1] ||
			        changed.intent[1].action != ACTION_NONE)
				assert_same(&changed, &back);
			assert_true(rows_sum(&k, &changed) == rows_sum(&k, &back) ||
			            changed.intent[1].action == ACTION_NONE);
		}
}

static void key_id_and_count_count(void **state)
{
	const struct store_key k = key_of("example.org");
	struct store_key other = key_of("example.org");
	struct record r, changed;

	(void)state;
	make_record(&r, 9);
	r.n = 2;
	uint64_t sum = rows_sum(&k, &r);
	const char **parts[] = {
	        &other.account, &other.platform, &other.service, &other.organization, &other.domain};
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const char *was = *parts[i];

		*parts[i] = "other";
		assert_true(rows_sum(&other, &r) != sum);
		assert_true(rows_compare(&k, &other) != 0);
		*parts[i] = was;
	}
	assert_true(rows_sum(&other, &r) == sum);
	assert_int_equal(rows_compare(&k, &other), 0);
	/* Parts that run together are not the same key. */
	struct store_key a = key_of("d"), b = key_of("d");
	a.service = "ab";
	a.organization = "c";
	b.service = "a";
	b.organization = "bc";
	assert_true(rows_sum(&a, &r) != rows_sum(&b, &r));
	changed = r;
	changed.id++;
	assert_true(rows_sum(&k, &changed) != sum);
	changed = r;
	memset(&changed.sel[1], 0, sizeof(changed.sel[1]));
	uint64_t empty = rows_sum(&k, &changed);
	changed.n = 1;
	assert_true(rows_sum(&k, &changed) != empty);
}

/* A release that adds a column must find the rows of the one before it whole: what is default leaves no trace. */
static void a_default_leaves_no_trace(void **state)
{
	const struct store_key k = key_of("example.org");
	struct record r = {.id = 1};
	uint64_t sum = rows_sum(&k, &r);

	(void)state;
	r.first_met = 1;
	assert_true(rows_sum(&k, &r) != sum);
	r.first_met = 0;
	assert_true(rows_sum(&k, &r) == sum);
	/* Fixed for ever: another value here means that every state out there is dropped as damaged. */
	assert_int_equal(sum, UINT64_C(0x6004198454dd6be5));
}

static void what_does_not_fit_is_refused(void **state)
{
	struct record r = {0};
	char longer[400];

	(void)state;
	memset(longer, 'x', sizeof(longer));
	longer[399] = '\0';
	for (unsigned i = 0; i < rows_domain.n; i++) {
		const struct rows_column *c = &rows_domain.columns[i];

		if (rows_is_text(c))
			assert_false(rows_set_text(c, &r, longer));
		else if (c->type == ROWS_BOOL)
			assert_false(rows_set_int(c, &r, 2));
		else if (c->type == ROWS_UINT)
			assert_false(rows_set_int(c, &r, -1));
		else if (c->type == ROWS_INT)
			assert_false(rows_set_int(c, &r, INT64_C(1) << 40));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(tables_cover_the_model),
	        cmocka_unit_test(every_column_counts), cmocka_unit_test(key_id_and_count_count),
	        cmocka_unit_test(a_default_leaves_no_trace), cmocka_unit_test(what_does_not_fit_is_refused)};

	return cmocka_run_group_tests_name("store_rows", tests, NULL, NULL);
}
