/* What follows from the columns of a record (store_columns.c): values in and out of its structures, checksums, keys,
 * and the packed form. It must never depend on the order of the columns or the numbers of enums for what is on disk. */
#include "io/store_rows.h"

#include <stdlib.h>
#include <string.h>

/* ---- one value ---- */

bool rows_is_text(const struct rows_column *c)
{
	return c->type == ROWS_TEXT || c->type == ROWS_WORD;
}

const char *rows_sql_type(const struct rows_column *c)
{
	return rows_is_text(c) ? "TEXT" : c->type == ROWS_BYTES ? "BLOB" : "INTEGER";
}

int64_t rows_int(const struct rows_column *c, const void *structure)
{
	const char *p = (const char *)structure + c->offset;
	int64_t wide = 0;
	unsigned u = 0;
	bool b;
	int i;

	switch (c->type) {
	case ROWS_INT64:
		memcpy(&wide, p, sizeof(wide));
		return wide;
	case ROWS_BOOL:
		memcpy(&b, p, sizeof(b));
		return b;
	case ROWS_INT:
		memcpy(&i, p, sizeof(i));
		return i;
	default:
		memcpy(&u, p, sizeof(u));
		return u;
	}
}

const char *rows_text(const struct rows_column *c, const void *structure)
{
	if (c->type == ROWS_TEXT)
		return (const char *)structure + c->offset;
	return words_text(c->words, (int)rows_int(c, structure));
}

const void *rows_bytes(const struct rows_column *c, const void *structure, size_t *ret_n)
{
	const char *p = (const char *)structure + c->offset;

	*ret_n = 0;
	for (size_t i = 0; i < c->size; i++)
		if (p[i])
			*ret_n = c->size;
	return p;
}

bool rows_set_int(const struct rows_column *c, void *structure, int64_t value)
{
	char *p = (char *)structure + c->offset;
	unsigned u = (unsigned)value;
	bool b = value != 0;
	int i = (int)value;

	switch (c->type) {
	case ROWS_INT64:
		memcpy(p, &value, sizeof(value));
		return true;
	case ROWS_BOOL:
		memcpy(p, &b, sizeof(b));
		return value == 0 || value == 1;
	case ROWS_INT:
		memcpy(p, &i, sizeof(i));
		return i == value;
	default:
		memcpy(p, &u, sizeof(u));
		return (int64_t)u == value;
	}
}

bool rows_set_text(const struct rows_column *c, void *structure, const char *text)
{
	if (c->type == ROWS_TEXT)
		return str_copy((char *)structure + c->offset, c->size, text);
	int value = words_parse(c->words, text);

	return value >= 0 && rows_set_int(c, structure, value);
}

bool rows_set_bytes(const struct rows_column *c, void *structure, const void *p, size_t n)
{
	if (n != 0 && n != c->size)
		return false;
	memset((char *)structure + c->offset, 0, c->size);
	memcpy((char *)structure + c->offset, p, n);
	return true;
}

/* ---- checksums ---- */

/* Every step can be undone, so two inputs that differ in one word never meet in the next step. */
uint64_t rows_mix_int(uint64_t sum, int64_t value)
{
	sum = (sum ^ (uint64_t)value) * UINT64_C(0x9e3779b97f4a7c15);
	return sum ^ sum >> 29;
}

uint64_t rows_mix(uint64_t sum, const void *p, size_t n)
{
	sum = rows_mix_int(sum, (int64_t)n);
	for (size_t at = 0; at < n; at += 8) {
		int64_t word = 0;

		memcpy(&word, (const char *)p + at, n - at < 8 ? n - at : 8);
		sum = rows_mix_int(sum, word);
	}
	return sum;
}

static uint64_t mix_text(uint64_t sum, const char *text)
{
	return rows_mix(sum, text, strlen(text));
}

static bool is_default(const struct rows_column *c, const void *structure)
{
	size_t n;

	if (c->type == ROWS_TEXT)
		return *((const char *)structure + c->offset) == '\0';
	if (c->type == ROWS_BYTES)
		return rows_bytes(c, structure, &n), n == 0;
	return rows_int(c, structure) == 0;
}

/* A default leaves no trace, and every value is mixed under its column's name: a column added later does not change
 * the sums of the rows that were there before. */
static uint64_t mix_columns(uint64_t sum, const struct rows_table *t, const void *structure)
{
	for (unsigned i = 0; i < t->n; i++) {
		const struct rows_column *c = &t->columns[i];
		size_t n;

		if (is_default(c, structure))
			continue;
		sum = mix_text(sum, c->name);
		if (rows_is_text(c)) {
			sum = mix_text(sum, rows_text(c, structure));
		} else if (c->type == ROWS_BYTES) {
			const void *p = rows_bytes(c, structure, &n);

			sum = rows_mix(sum, p, n);
		} else {
			sum = rows_mix_int(sum, rows_int(c, structure));
		}
	}
	return sum;
}

static uint64_t mix_key(uint64_t sum, const struct store_key *k)
{
	sum = mix_text(sum, k->domain);
	sum = mix_text(sum, k->platform);
	sum = mix_text(sum, k->service);
	sum = mix_text(sum, k->organization);
	return mix_text(sum, k->account);
}

uint64_t rows_sum(const struct store_key *k, const struct record *r)
{
	uint64_t sum = mix_key(rows_mix_int(1, r->id), k);

	sum = mix_columns(sum, &rows_domain, r);
	for (int i = 0; i < INTENTS_MAX; i++)
		if (r->intent[i].action != ACTION_NONE)
			sum = mix_columns(rows_mix_int(sum, i), &rows_intent, &r->intent[i]);
	sum = rows_mix_int(sum, r->n);
	for (unsigned i = 0; i < r->n; i++)
		sum = mix_columns(rows_mix_int(sum, i), &rows_selector, &r->sel[i]);
	return sum;
}

uint64_t rows_sum_due(const struct store_key *k, const struct store_due *d)
{
	uint64_t sum = mix_key(rows_mix_int(2, d->id), k);

	sum = mix_text(sum, words_text(&rows_phases, (int)d->phase));
	sum = mix_text(sum, words_text(&rows_conditions, (int)d->condition));
	sum = mix_text(sum, words_text(&rows_reasons, (int)d->reason));
	return rows_mix_int(rows_mix_int(sum, d->next_look), d->has_intent);
}

struct store_due rows_due(const struct record *r)
{
	struct store_due d = {.id = r->id,
	        .next_look = r->next_look,
	        .last_full = r->last_full,
	        .phase = r->phase,
	        .condition = r->condition,
	        .reason = r->reason};

	for (int i = 0; i < INTENTS_MAX; i++)
		d.has_intent |= r->intent[i].action != ACTION_NONE;
	return d;
}

/* ---- keys ---- */

int rows_compare(const struct store_key *a, const struct store_key *b)
{
	int c = strcmp(a->domain, b->domain);

	c = c ? c : strcmp(a->platform, b->platform);
	c = c ? c : strcmp(a->service, b->service);
	c = c ? c : strcmp(a->organization, b->organization);
	return c ? c : strcmp(a->account, b->account);
}

uint64_t rows_hash(const struct store_key *k)
{
	return mix_key(0, k);
}

char *rows_name(char *dst, size_t n, const struct store_key *k)
{
	char text[STR_CLEAN_MAX];

	str_format(text, sizeof(text), "%s (%s%s%s%s%s, account %s)", k->domain, k->platform,
	        *k->service ? " " : "", k->service, *k->organization ? " " : "", k->organization, k->account);
	return str_clean(dst, n, text);
}

struct store_key *rows_copy_key(const struct store_key *k)
{
	const char *const parts[] = {k->account, k->platform, k->service, k->organization, k->domain};
	size_t n = sizeof(*k);

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		n += strlen(parts[i]) + 1;
	struct store_key *copy = xmalloc(n);
	const char **to[] = {
	        &copy->account, &copy->platform, &copy->service, &copy->organization, &copy->domain};
	char *p = (char *)(copy + 1);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		n = strlen(parts[i]) + 1;
		*to[i] = memcpy(p, parts[i], n);
		p += n;
	}
	return copy;
}

/* ---- the packed form: number of the column, its value, and a mark at the end ---- */

#define PACK_END 0xff

/* Seven bits a byte, the lowest first, the sign with them: an instant takes six. */
static void pack_int(struct buf *b, int64_t value)
{
	uint64_t left = (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
	unsigned char bytes[10];
	size_t n = 0;

	for (; left >= 0x80; left >>= 7)
		bytes[n++] = (unsigned char)(left | 0x80);
	bytes[n++] = (unsigned char)left;
	buf_add(b, bytes, n);
}

static const char *unpack_int(const char *p, int64_t *ret_value)
{
	uint64_t value = 0;
	unsigned char byte;
	unsigned shift = 0;

	do {
		byte = (unsigned char)*p++;
		value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	*ret_value = (int64_t)(value >> 1 ^ (value & 1 ? UINT64_MAX : 0));
	return p;
}

static void pack_columns(struct buf *b, const struct rows_table *t, const void *structure)
{
	unsigned char mark;

	for (unsigned i = 0; i < t->n; i++) {
		const struct rows_column *c = &t->columns[i];

		if (is_default(c, structure))
			continue;
		mark = (unsigned char)i;
		buf_add(b, &mark, 1);
		if (c->type == ROWS_TEXT) {
			buf_add(b, rows_text(c, structure), strlen(rows_text(c, structure)) + 1);
		} else if (c->type == ROWS_BYTES) {
			buf_add(b, (const char *)structure + c->offset, c->size);
		} else {
			pack_int(b, rows_int(c, structure));
		}
	}
	mark = PACK_END;
	buf_add(b, &mark, 1);
}

static const char *unpack_columns(const char *p, const struct rows_table *t, void *structure)
{
	unsigned char mark;

	while ((mark = (unsigned char)*p++) != PACK_END) {
		const struct rows_column *c = &t->columns[mark];
		int64_t value;

		if (c->type == ROWS_TEXT) {
			rows_set_text(c, structure, p);
			p += strlen(p) + 1;
		} else if (c->type == ROWS_BYTES) {
			rows_set_bytes(c, structure, p, c->size);
			p += c->size;
		} else {
			p = unpack_int(p, &value);
			rows_set_int(c, structure, value);
		}
	}
	return p;
}

void rows_pack(struct buf *b, const struct record *r)
{
	buf_add(b, &r->id, sizeof(r->id));
	buf_add(b, &r->n, sizeof(r->n));
	pack_columns(b, &rows_domain, r);
	for (int i = 0; i < INTENTS_MAX; i++) {
		static const struct intent none;

		pack_columns(b, &rows_intent, r->intent[i].action == ACTION_NONE ? &none : &r->intent[i]);
	}
	for (unsigned i = 0; i < r->n; i++)
		pack_columns(b, &rows_selector, &r->sel[i]);
}

void rows_unpack(const char *p, struct record *ret)
{
	memset(ret, 0, sizeof(*ret));
	memcpy(&ret->id, p, sizeof(ret->id));
	p += sizeof(ret->id);
	memcpy(&ret->n, p, sizeof(ret->n));
	p = unpack_columns(p + sizeof(ret->n), &rows_domain, ret);
	for (int i = 0; i < INTENTS_MAX; i++)
		p = unpack_columns(p, &rows_intent, &ret->intent[i]);
	for (unsigned i = 0; i < ret->n; i++)
		p = unpack_columns(p, &rows_selector, &ret->sel[i]);
}
