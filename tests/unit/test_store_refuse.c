/* A state that is none, is newer, older, in use or was edited by hand: what is refused, in which words, and what is told. */
#include <fcntl.h>

#include "io/store_db.h"
#include "store_state.h"

static void what_is_no_state(void **state)
{
	struct image im = clean;
	char garbage[5000];

	(void)state;
	memset(garbage, 'x', sizeof(garbage));
	im.data[0] = garbage;
	im.len[0] = sizeof(garbage);
	struct outcome o = with(&im);
	assert_true(o.refused);
	assert_non_null(strstr(o.error, "is damaged"));
	assert_non_null(strstr(o.error, "mkdir "));
	im.len[0] = 0; /* emptied */
	assert_true(with(&im).refused);
	im.data[0] = NULL; /* moved aside, as the sentence says: a fresh start, and it is told */
	put_image(&im);
	struct store *s = open_or_fail(dir);
	store_on_lost(s, on_lost, &o);
	assert_int_equal(o.told, 1);
	assert_non_null(strstr(o.first, "is gone"));
	store_close(s);
	im = crashed; /* but not without its log */
	im.data[0] = NULL;
	im.len[0] = 0;
	o = with(&im);
	assert_true(o.refused);
	assert_non_null(strstr(o.error, "its log is there"));
}

static void run_sql(const char *text)
{
	char *path = path_of(dir, "state.db");
	struct sql *db = NULL;

	assert_int_equal(sql_open(path, SQL_WRITE, &db), 0);
	assert_int_equal(sql_settle(db), 0);
	if (sql_exec(db, text) < 0)
		fail_msg("%s: %s", text, sql_error(db));
	sql_close(db);
	free(path);
}

/* What a person, or a failing disk, did to the rows behind our back. */
static struct outcome after_sql(const char *text)
{
	put_image(&clean);
	run_sql(text);
	struct image im = take_image(dir);
	struct outcome o = try_open(&im);
	free_image(&im);
	return o;
}

static void rows_changed_by_others(void **state)
{
	static const struct {
		const char *sql;
		unsigned told, found;
	} all[] = {
	        {"UPDATE domain SET rotated=rotated+1 WHERE domain='domain3.example'", 1, DOMAINS - 1},
	        {"UPDATE domain SET next_look=7 WHERE domain='domain3.example'", 1, DOMAINS - 1},
	        {"UPDATE selector SET signing_since=1 WHERE domain_id=4 AND n=0", 1, DOMAINS - 1},
	        {"UPDATE domain SET domain='domain99.example' WHERE domain='domain3.example'", 1,
	                DOMAINS - 1},
	        {"DELETE FROM domain WHERE domain='domain3.example'", 1, DOMAINS - 1},
	        {"DELETE FROM selector WHERE domain_id=4 AND n=0", 1, DOMAINS - 1},
	        {"INSERT INTO selector(domain_id,n) VALUES (4, 5)", 1, DOMAINS - 1},
	        {"UPDATE fact SET value='value 0'", 1, DOMAINS},
	        {"UPDATE file SET text=x'00'", 1, DOMAINS},
	        {"DELETE FROM fact", 1, DOMAINS},
	        {"DELETE FROM file", 1, DOMAINS},
	        {"UPDATE meta SET next_id=1", 1, DOMAINS},
	        {"DELETE FROM meta", 1, DOMAINS},
	        {"CREATE VIEW mine AS SELECT domain FROM domain", 0, DOMAINS},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		struct outcome o = after_sql(all[i].sql);

		if (o.refused || o.told != all[i].told || o.found != all[i].found)
			fail_msg("%s: refused %d (%s), told %u (%s), found %u", all[i].sql, o.refused,
			        o.error, o.told, o.first, o.found);
	}
}

static void schemas_that_are_not_ours(void **state)
{
	struct outcome o = after_sql("PRAGMA user_version=3");

	(void)state;
	assert_true(o.refused);
	assert_non_null(strstr(o.error, "written by a newer dkimrotd"));
	assert_true(after_sql("PRAGMA user_version=0").refused);
	assert_true(after_sql("PRAGMA application_id=1").refused);
	assert_true(
	        after_sql("CREATE TRIGGER t AFTER UPDATE ON domain BEGIN DELETE FROM selector; END").refused);
	assert_true(after_sql("DROP VIEW v_status").refused);
	assert_true(after_sql("ALTER TABLE domain ADD COLUMN more TEXT").refused);
}

/* Schema steps go forward: a step that adds nothing leaves the tables what they were, and this program then says that
 * another has been here. */
static void a_step_forward(void **state)
{
	char *path = path_of(dir, "state.db"), error[1000] = "", why[200] = "";
	struct sql *db = NULL;

	(void)state;
	put_image(&clean);
	assert_int_equal(sql_open(path, SQL_WRITE, &db), 0);
	assert_int_equal(sql_settle(db), 0);
	assert_int_equal(store_schema_compare(db, STORE_VERSION, why, sizeof(why)), 0);
	assert_int_equal(store_schema_step(db, STORE_VERSION + 1), 0);
	assert_int_equal(store_schema_compare(db, STORE_VERSION + 1, why, sizeof(why)), 0);
	assert_true(store_schema_make(db, 1) < 0); /* the tables are there */
	assert_int_equal(store_schema_order(db, why, sizeof(why)), 0);
	sql_close(db);
	assert_null(store_open(dir, false, error, sizeof(error)));
	assert_non_null(strstr(error, "written by a newer dkimrotd"));
	free(path);
}

/* A state of the first version is brought forward, and a copy of it is kept. */
static void from_version_1(void **state)
{
	char *path = path_of(dir, "state.db"), *copy = path_of(dir, "state.db.schema1");
	const struct store_key key = key_of("example.org");
	struct record put, got;
	struct sql *db = NULL;
	struct image none = {.len = {0}};

	(void)state;
	put_image(&none);
	close(creat(path, 0600));
	assert_int_equal(sql_open(path, SQL_WRITE, &db), 0);
	assert_int_equal(store_schema_make(db, 1), 0);
	sql_close(db);
	struct store *s = open_or_fail(dir);
	assert_int_equal(access(copy, R_OK), 0);
	make_record(&put, 5);
	assert_true(put.n > 0);
	assert_int_equal(store_save(s, &key, &put), 0);
	assert_int_equal(store_commit(s), 0);
	store_close(s);
	s = open_or_fail(dir);
	assert_int_equal(store_load(s, &key, &got), 0);
	assert_same(&put, &got);
	store_close(s);
	unlink(copy);
	free(copy);
	free(path);
}

/* A backup of last week is brought back, without its lock file. */
static void an_older_copy_is_told(void **state)
{
	struct image old, im = clean;

	(void)state;
	put_image(&clean);
	struct store *s = open_or_fail(dir);
	write_version(s, 0);
	store_close(s);
	old = take_image(dir);
	s = open_or_fail(dir);
	write_version(s, VERSIONS - 1);
	store_close(s);
	struct image now = take_image(dir);
	im.data[0] = old.data[0];
	im.len[0] = old.len[0];
	im.data[2] = now.data[2];
	im.len[2] = now.len[2];
	struct outcome o = with(&im);
	assert_false(o.refused);
	assert_true(o.old);
	assert_int_equal(o.told, 1);
	assert_non_null(strstr(o.first, "older than what was last written (1 commit "));
	free_image(&old);
	free_image(&now);
}

static void one_daemon_at_a_time(void **state)
{
	char error[500] = "", wanted[50];

	(void)state;
	put_image(&clean);
	struct store *s = open_or_fail(dir);
	assert_null(store_open(dir, false, error, sizeof(error)));
	str_format(wanted, sizeof(wanted), "locked by another daemon (pid %ld)", (long)getpid());
	assert_non_null(strstr(error, wanted));
	struct store *reader = store_open(dir, true, error, sizeof(error)); /* reading is free */
	assert_non_null(reader);
	struct outcome o = {0};
	assert_int_equal(store_each(reader, judge_record, &o), 0);
	assert_int_equal(o.found, DOMAINS);
	store_close(reader);
	store_close(s);
	store_close(open_or_fail(dir));
}

static void reading_writes_nothing(void **state)
{
	char error[500] = "";
	struct record r;
	struct store_key k = domain_key(0);

	(void)state;
	put_image(&clean);
	struct store *s = store_open(dir, true, error, sizeof(error));
	assert_non_null(s);
	assert_int_equal(store_load(s, &k, &r), 0);
	assert_int_equal(store_save(s, &k, &r), -EROFS);
	assert_int_equal(store_set_fact(s, "a", "b"), -EROFS);
	assert_int_equal(store_commit(s), 0);
	struct image during = take_image(dir);
	store_close(s);
	for (size_t i = 0; i < FILES; i++)
		assert_true(same_file(&clean, &during, i));
	free_image(&during);
	char *missing = xasprintf("%s/none", dir);
	assert_null(store_open(missing, true, error, sizeof(error)));
	assert_int_equal(access(missing, F_OK), -1);
	assert_true(strlen(error) > 0);
	free(missing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_no_state),
	        cmocka_unit_test(rows_changed_by_others), cmocka_unit_test(schemas_that_are_not_ours),
	        cmocka_unit_test(a_step_forward), cmocka_unit_test(from_version_1),
	        cmocka_unit_test(an_older_copy_is_told), cmocka_unit_test(one_daemon_at_a_time),
	        cmocka_unit_test(reading_writes_nothing)};

	return cmocka_run_group_tests_name("store_refuse", tests, make_images, drop_images);
}
