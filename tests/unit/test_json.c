/* JSON: what is accepted, what is refused and why, and that what the writer writes the reader reads back. */
#include "codec/json.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const struct json *parse(const char *text)
{
	const struct json *root = NULL;
	char why[200] = "";

	if (json_parse(text, strlen(text), JSON_MAX_API, &root, why, sizeof(why)) != 0)
		fail_msg("refused: %s: %s", text, why);
	return root;
}

/* Refused, with these words in the reason, and nothing handed out. */
static void refused_bytes(const char *text, size_t n, const char *words)
{
	static const struct json *const untouched = (const struct json *)(uintptr_t)1;
	const struct json *root = untouched;
	char why[200] = "";

	if (json_parse(text, n, JSON_MAX_API, &root, why, sizeof(why)) != -EBADMSG)
		fail_msg("accepted: %s", text);
	assert_ptr_equal(root, untouched);
	if (!strstr(why, words))
		fail_msg("%s: refused as \"%s\", not \"%s\"", text, why, words);
	assert_null(strchr(why, '\n'));
	assert_int_equal(json_parse(text, n, JSON_MAX_API, &root, NULL, 0), -EBADMSG);
}

static void refused(const char *text, const char *words)
{
	refused_bytes(text, strlen(text), words);
}

static void test_a_selector_is_read(void **state)
{
	(void)state;
	const struct json *j =
	        parse("{\"selectorName\":\"ovhex1-selector1\",\"taskPendingId\":9007199254740993,"
	              "\"cnameIsValid\":false,\"targetRecord\":null,\"new\":[1,{\"deep\":[]}],"
	              "\"header\":\"caf\\u00e9 \\ud83d\\ude00\"}");
	int64_t id = -1;
	bool valid = true;

	assert_true(json_is(j, JSON_OBJECT));
	assert_int_equal(json_count(j), 6);
	assert_string_equal(json_string(json_get(j, "selectorName")), "ovhex1-selector1");
	assert_true(json_int64(json_get(j, "taskPendingId"), &id));
	assert_true(id == INT64_C(9007199254740993)); /* one more than a double can hold */
	assert_true(json_bool(json_get(j, "cnameIsValid"), &valid));
	assert_false(valid);
	assert_true(json_is_null(json_get(j, "targetRecord")));
	assert_false(json_is_null(json_get(j, "customerRecord")));
	assert_null(json_get(j, "customerRecord"));
	assert_int_equal(json_count(json_get(j, "new")), 2);
	assert_string_equal(json_string(json_get(j, "header")), "caf\xc3\xa9 \xf0\x9f\x98\x80");
	json_free(j);
	json_free(NULL);
}

static void test_iteration_keeps_order(void **state)
{
	(void)state;
	const struct json *j = parse(" [ \"b\", \"a\" , {\"z\":1,\"y\":2} ]\n");
	const struct json *e = json_first(j);

	assert_string_equal(json_string(e), "b");
	assert_null(json_key(e));
	e = json_next(e);
	assert_string_equal(json_string(e), "a");
	e = json_next(e);
	assert_string_equal(json_key(json_first(e)), "z");
	assert_string_equal(json_key(json_next(json_first(e))), "y");
	assert_null(json_next(json_next(json_first(e))));
	assert_null(json_next(e));
	json_free(j);
}

static void test_accessors_take_anything(void **state)
{
	(void)state;
	const struct json *j = parse("[\"text\",1,true,null,{}]");
	int64_t v = 7;
	bool b = true;

	for (const struct json *e = json_first(j); e; e = json_next(e)) {
		assert_null(json_get(e, "x"));
		assert_null(json_get(json_get(e, "x"), "y"));
		assert_null(json_first(e));
		assert_int_equal(json_count(e), 0);
		assert_int_equal(json_int64(e, &v), json_is(e, JSON_NUMBER));
		assert_int_equal(json_string(e) != NULL, json_is(e, JSON_STRING));
		assert_int_equal(json_bool(e, &b), json_is(e, JSON_BOOL));
	}
	assert_null(json_get(j, "x"));
	assert_null(json_get(NULL, "x"));
	assert_null(json_string(NULL));
	assert_null(json_number(NULL));
	assert_null(json_first(NULL));
	assert_null(json_next(NULL));
	assert_null(json_key(NULL));
	assert_int_equal(json_count(NULL), 0);
	assert_false(json_is(NULL, JSON_NULL));
	assert_false(json_int64(NULL, &v));
	assert_false(json_bool(NULL, &b));
	json_free(j);
}

static void test_numbers(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool fits;
		int64_t value;
	} rows[] = {
	        {"0", true, 0},
	        {"-0", true, 0},
	        {"1528723174", true, 1528723174},
	        {"-17", true, -17},
	        {"9223372036854775807", true, INT64_MAX},
	        {"-9223372036854775808", true, INT64_MIN},
	        {"9223372036854775808", false, 0},
	        {"-9223372036854775809", false, 0},
	        {"99999999999999999999999999999999999999", false, 0},
	        {"1.0", false, 0},
	        {"1e3", false, 0},
	        {"1e400", false, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct json *j = parse(rows[i].text);
		int64_t v = 42;

		assert_int_equal(json_int64(j, &v), rows[i].fits);
		assert_true(v == (rows[i].fits ? rows[i].value : 42));
		assert_string_equal(json_number(j), rows[i].text);
		json_free(j);
	}
	refused("01", "");
	refused("+1", "");
	refused("1.", "");
	refused(".5", "");
	refused("NaN", "");
	refused("-", "");
	refused("0x10", "");
}

static void test_refusals(void **state)
{
	(void)state;
	refused("", "premature EOF");
	refused("  \n", "premature EOF");
	refused("{\"a\":1,\"a\":1}", "one key twice");
	refused("{\"a\":1,\"\\u0061\":2}", "one key twice");
	refused("{\"a\\u0000b\":1}", "a key holds a NUL");
	refused("[\"a\\u0000b\"]", "a string holds a NUL");
	refused("{} {}", "trailing garbage");
	refused("{}x", "trailing garbage");
	refused("1 2", "trailing garbage");
	refused("{\"a\":1", "premature EOF");
	refused("[1,]", "");
	refused("{\"a\":1,}", "");
	refused("{'a':1}", "");
	refused("{a:1}", "");
	refused("[1] // no comments", "");
	refused("/* no */ [1]", "");
	refused("\"tab\tinside\"", "");
	refused("\"\\x\"", "");
	refused("\"\\u12g4\"", "");
	refused("tru", "");
	refused("<html><body>502 Bad Gateway</body></html>", "");
	refused("\xef\xbb\xbf{}", "");
	refused("\"\xff\"", "");
	refused("\"\xc3\"", "");
	refused("\"\xc0\xaf\"", "");          /* overlong '/' */
	refused("\"\xe0\x80\xaf\"", "UTF-8"); /* overlong, which yajl lets pass */
	refused("\"\xed\xa0\x80\"", "UTF-8"); /* a surrogate */
	refused("\"\xf4\x90\x80\x80\"", "UTF-8");
	refused("{\"\xed\xa0\x80\":1}", "UTF-8");
	refused_bytes("[1]\0", 4, "");
	refused_bytes("\"a\0b\"", 5, "");
}

static void test_depth_and_width_are_capped(void **state)
{
	(void)state;
	enum { BOMB = 1000000 };
	char *bomb = malloc(BOMB + 1);
	struct buf wide = {0};

	memset(bomb, '[', BOMB);
	bomb[BOMB] = '\0';
	refused(bomb, "nested too deeply");
	memset(bomb + JSON_MAX_DEPTH, ']', JSON_MAX_DEPTH);
	bomb[2 * JSON_MAX_DEPTH] = '\0';
	json_free(parse(bomb));
	for (size_t i = 0; i + 5 < BOMB; i += 5)
		memcpy(bomb + i, "{\"a\":", 5);
	refused(bomb, "nested too deeply");
	free(bomb);

	buf_puts(&wide, "{\"k\":0");
	for (int i = 1; i < JSON_MAX_KEYS; i++)
		buf_printf(&wide, ",\"k%d\":%d", i, i);
	buf_puts(&wide, "}");
	const struct json *j = parse(wide.data);
	int64_t v;
	assert_true(json_int64(json_get(j, "k200"), &v));
	assert_int_equal(v, 200);
	json_free(j);
	wide.len--;
	buf_puts(&wide, ",\"one\":1}");
	refused(wide.data, "too many keys");
	buf_free(&wide);
}

static void test_size_is_capped(void **state)
{
	(void)state;
	const struct json *root = NULL;
	char why[100];

	assert_int_equal(json_parse("[1,2]", 5, 4, &root, why, sizeof(why)), -EFBIG);
	assert_null(root);
	assert_string_equal(why, "it is larger than 4 bytes");
	assert_int_equal(json_parse("[1,2]", 5, 4, &root, NULL, 0), -EFBIG);
	assert_int_equal(json_parse("[1,2]", 5, 5, &root, NULL, 0), 0);
	json_free(root);
}

/* --- a long array, piece by piece --- */

struct heard {
	struct buf text;
	size_t n;
};

static void hear(void *arg, const struct json *element)
{
	struct heard *h = arg;
	const char *name = json_string(json_get(element, "name"));
	int64_t number = 0;

	h->n++;
	assert_null(json_next(element));
	if (json_int64(element, &number))
		buf_printf(&h->text, "%d ", (int)number);
	else
		buf_printf(&h->text, "%s/%zu ",
		        name                   ? name
		        : json_string(element) ? json_string(element)
		                               : "-",
		        json_count(json_get(element, "list")));
}

/* In pieces of every length: what `each` hears, and what the end says ("" = it is good). */
static void hears(const char *text, const char *elements, const char *complaint)
{
	for (size_t piece = 1; piece <= strlen(text); piece++) {
		struct heard h = {0};
		struct json_reader *r = json_reader_new(JSON_MAX_API, hear, &h);
		const struct json *root = NULL;
		char why[200] = "";

		buf_puts(&h.text, "");
		for (size_t at = 0; at < strlen(text); at += piece)
			json_reader_feed(r, text + at, strnlen(text + at, piece));
		int e = json_reader_end(r, &root, why, sizeof(why));
		assert_string_equal(h.text.data, elements);
		assert_int_equal(e, *complaint ? -EBADMSG : 0);
		assert_non_null(strstr(why, complaint));
		if (e == 0 && json_is(root, JSON_ARRAY))
			assert_int_equal(json_count(root), h.n);
		assert_null(e == 0 && json_is(root, JSON_ARRAY) ? json_first(root) : NULL);
		json_free(root);
		buf_free(&h.text);
	}
}

static void test_elements_come_as_they_are_whole(void **state)
{
	(void)state;
	hears("[{\"name\":\"a\",\"list\":[1,{\"name\":\"deep\"}]}, {\"name\":\"b\"} ]", "a/2 b/0 ", "");
	hears("[1,\"two\",null,[3],4]", "1 two/0 -/0 -/0 4 ", "");
	hears("[]", "", "");
	hears("{\"list\":[1,2],\"name\":\"no array\"}", "", "");
	hears("[{\"name\":\"a\"},{\"name\":\"b\"},{\"name\":\"c\",\"name\":\"d\"}]", "a/0 b/0 ", "key twice");
	hears("[{\"name\":\"a\"},{\"name\":\"b\"}", "a/0 ", "premature");
	hears("[{\"name\":\"a\"}]]", "", "trailing garbage");
}

static void test_without_each_the_pieces_make_a_whole(void **state)
{
	static const char text[] = "[{\"name\":\"a\"},{\"name\":\"b\"}]";
	struct json_reader *r = json_reader_new(JSON_MAX_API, NULL, NULL);
	const struct json *root = NULL;
	char why[100];

	(void)state;
	for (size_t i = 0; text[i]; i++)
		json_reader_feed(r, &text[i], 1);
	assert_int_equal(json_reader_end(r, &root, NULL, 0), 0);
	assert_string_equal(json_string(json_get(json_next(json_first(root)), "name")), "b");
	json_free(root);

	root = NULL;
	r = json_reader_new(10, NULL, NULL);
	json_reader_feed(r, text, 8);
	json_reader_feed(r, text + 8, 8);
	assert_int_equal(json_reader_end(r, &root, why, sizeof(why)), -EFBIG);
	assert_string_equal(why, "it is larger than 10 bytes");
	assert_null(root);
}

static void test_writer(void **state)
{
	(void)state;
	struct buf out = {0};
	struct json_w *w;

	buf_puts(&out, "before ");
	w = json_w_open(&out);
	json_w_object(w);
	json_w_kstr(w, "name", "a\"b\\c\n\x01/\x7f\xc3\xa9");
	json_w_kstr(w, "none", NULL);
	json_w_kint(w, "least", INT64_MIN);
	json_w_kbool(w, "yes", true);
	json_w_knull(w, "null");
	json_w_ktime(w, "since", INT64_C(1795168800000));
	json_w_ktime(w, "never", 0);
	json_w_key(w, "list");
	json_w_array(w);
	json_w_raw(w, "{\"raw\":[1,2]}");
	json_w_str(w, "bro\xffken\xe2\x82");
	json_w_end(w);
	json_w_end(w);
	json_w_close(w);
	assert_string_equal(out.data, "before {\"name\":\"a\\\"b\\\\c\\n\\u0001/\x7f\xc3\xa9\",\"none\":null,"
	                              "\"least\":-9223372036854775808,\"yes\":true,\"null\":null,"
	                              "\"since\":\"2026-11-20T10:00:00Z\",\"never\":null,"
	                              "\"list\":[{\"raw\":[1,2]},\"bro?ken??\"]}");

	const struct json *j = parse(out.data + 7);
	assert_string_equal(json_string(json_get(j, "name")), "a\"b\\c\n\x01/\x7f\xc3\xa9");
	json_free(j);
	buf_free(&out);
}

static void test_a_bare_value_can_be_written(void **state)
{
	(void)state;
	struct buf out = {0};
	struct json_w *w = json_w_open(&out);

	json_w_int(w, 5);
	json_w_close(w);
	assert_string_equal(out.data, "5");
	buf_free(&out);
}

static void value_without_key(struct json_w *w)
{
	json_w_object(w);
	json_w_int(w, 1);
}

static void two_roots(struct json_w *w)
{
	json_w_int(w, 1);
	json_w_int(w, 2);
}

static void end_of_nothing(struct json_w *w)
{
	json_w_end(w);
}

static void left_open(struct json_w *w)
{
	json_w_array(w);
	json_w_close(w);
}

static void test_misuse_aborts(void **state)
{
	(void)state;
	static void (*const misuse[])(struct json_w *) = {
	        value_without_key, two_roots, end_of_nothing, left_open};

	for (size_t i = 0; i < ARRAY_SIZE(misuse); i++) {
		pid_t child = fork();
		int status;

		if (child == 0) {
			struct buf out = {0};

			signal(SIGABRT, SIG_DFL);
			misuse[i](json_w_open(&out));
			_exit(0);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_selector_is_read),
	        cmocka_unit_test(test_iteration_keeps_order),
	        cmocka_unit_test(test_accessors_take_anything),
	        cmocka_unit_test(test_numbers),
	        cmocka_unit_test(test_refusals),
	        cmocka_unit_test(test_depth_and_width_are_capped),
	        cmocka_unit_test(test_size_is_capped),
	        cmocka_unit_test(test_elements_come_as_they_are_whole),
	        cmocka_unit_test(test_without_each_the_pieces_make_a_whole),
	        cmocka_unit_test(test_writer),
	        cmocka_unit_test(test_a_bare_value_can_be_written),
	        cmocka_unit_test(test_misuse_aborts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
