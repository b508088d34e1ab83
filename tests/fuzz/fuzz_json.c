/* Any bytes as JSON: they are refused, or every node can be walked, and what the writer makes of them is read back
 * as the same. In pieces it is the same, too, and a long array's elements are those of the whole. */
#include "codec/json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_node(struct json_w *w, const struct json *j)
{
	bool truth;

	if (json_is(j, JSON_OBJECT) || json_is(j, JSON_ARRAY)) {
		if (json_is(j, JSON_OBJECT))
			json_w_object(w);
		else
			json_w_array(w);
		for (const struct json *e = json_first(j); e; e = json_next(e)) {
			if (json_key(e)) {
				json_w_key(w, json_key(e));
				if (json_get(j, json_key(e)) != e)
					abort(); /* a key leads to its own value only */
			}
			write_node(w, e);
		}
		json_w_end(w);
	} else if (json_string(j)) {
		json_w_str(w, json_string(j));
	} else if (json_number(j)) {
		json_w_raw(w, json_number(j));
	} else if (json_bool(j, &truth)) {
		json_w_bool(w, truth);
	} else if (json_is_null(j)) {
		json_w_null(w);
	} else {
		abort();
	}
}

static void write_root(struct buf *out, const struct json *j)
{
	struct json_w *w = json_w_open(out);

	write_node(w, j);
	json_w_close(w);
}

struct elements {
	const struct json *next; /* of the whole; NULL = it is refused, or is no array */
	bool refused;
};

static void compare(void *arg, const struct json *element)
{
	struct elements *e = arg;
	struct buf one = {0}, two = {0};

	if (e->refused)
		return; /* what came before the fault */
	if (e->next == NULL)
		abort();
	write_root(&one, element);
	write_root(&two, e->next);
	if (one.len != two.len || memcmp(one.data, two.data, one.len) != 0)
		abort();
	buf_free(&one);
	buf_free(&two);
	e->next = json_next(e->next);
}

/* whole: NULL = it was refused. */
static void read_in_pieces(const char *text, size_t size, const struct json *whole)
{
	struct elements e = {
	        .next = json_is(whole, JSON_ARRAY) ? json_first(whole) : NULL, .refused = whole == NULL};
	struct json_reader *r = json_reader_new(JSON_MAX_API, compare, &e);
	const struct json *root;
	size_t piece = size % 7 + 1;

	for (size_t at = 0; at < size; at += piece)
		json_reader_feed(r, text + at, size - at < piece ? size - at : piece);
	if ((json_reader_end(r, &root, NULL, 0) != 0) != e.refused || (!e.refused && e.next != NULL))
		abort();
	if (!e.refused) {
		if (json_count(root) != json_count(whole))
			abort();
		json_free(root);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct json *first, *second;
	struct buf one = {0}, two = {0};
	char why[64];

	if (json_parse((const char *)data, size, JSON_MAX_API, &first, why, sizeof(why)) != 0) {
		read_in_pieces((const char *)data, size, NULL);
		return 0;
	}
	read_in_pieces((const char *)data, size, first);
	write_root(&one, first);
	if (json_parse(one.data, one.len, SIZE_MAX, &second, why, sizeof(why)) != 0)
		abort();
	write_root(&two, second);
	if (one.len != two.len || memcmp(one.data, two.data, one.len) != 0)
		abort();
	json_free(first);
	json_free(second);
	buf_free(&one);
	buf_free(&two);
	return 0;
}
