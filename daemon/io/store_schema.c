/* The schema, made from the columns of store_rows.h: version 1 has the tables, every later version the columns that name it
 * too. A new database is made as it is now, an older one step by step to the same words; a database is compared with them, so
 * that a damaged or foreign schema is noticed before anything is read. Steps go forward only. */
#include <errno.h>
#include <string.h>

#include "io/store_db.h"

static const struct rows_table *const tables[] = {&rows_domain, &rows_intent, &rows_selector};
#define KEY_PARTS   5
#define KEY_COLUMNS "domain,platform,service,organization,account"

/* "name TYPE NOT NULL DEFAULT ..." */
static void add_column(struct buf *b, const struct rows_column *c)
{
	buf_printf(b, "%s %s NOT NULL DEFAULT ", c->name, rows_sql_type(c));
	if (c->type == ROWS_WORD)
		buf_printf(b, "'%s'", words_text(c->words, 0));
	else
		buf_puts(b, c->type == ROWS_TEXT ? "''" : c->type == ROWS_BYTES ? "x''" : "0");
}

/* The columns of later versions stand where ALTER TABLE puts them: behind the others, in the order in which they came. */
static void create_table(
        struct buf *b, const struct rows_table *t, unsigned version, const char *before, const char *after)
{
	buf_printf(b, "CREATE TABLE %s(%s", t->name, before);
	for (unsigned v = 1; v <= version; v++)
		for (unsigned i = 0; i < t->n; i++)
			if (t->columns[i].since == v) {
				buf_puts(b, ", ");
				add_column(b, &t->columns[i]);
			}
	buf_printf(b, ", %s) STRICT, WITHOUT ROWID;\n", after);
}

/* Instants as people read them; never is NULL. */
#define ISO(column) "strftime('%Y-%m-%dT%H:%M:%SZ', nullif(" column ", 0) / 1000, 'unixepoch')"

/* clang-format off */
static const char views[] =
	"CREATE VIEW v_status AS SELECT d.domain, d.platform, d.service, d.account, d.phase, d.condition, d.reason, d.detail, "
	ISO("d.since") " AS since, d.next_action, "
	ISO("d.next_at") " AS next_at, "
	ISO("d.next_look") " AS next_look, "
	ISO("d.rotated") " AS rotated, "
	ISO("d.last_good") " AS last_good, d.paused, "
	"(SELECT group_concat(s.name) FROM selector AS s WHERE s.domain_id = d.id AND s.signing_since <> 0) AS signing "
	"FROM domain AS d ORDER BY d.domain, d.platform;\n"

	"CREATE VIEW v_rotating AS SELECT d.domain, d.platform, d.phase, s.name, s.state, s.dns, s.target, "
	ISO("s.published") " AS published, "
	ISO("s.signing_since") " AS signing_since, "
	ISO("s.may_sign_last") " AS may_sign_last, "
	ISO("s.stopped") " AS stopped "
	"FROM domain AS d JOIN selector AS s ON s.domain_id = d.id "
	"WHERE d.phase IN ('rotating', 'grace', 'renewing') ORDER BY d.domain, d.platform, s.n;\n"

	"CREATE VIEW v_intents AS SELECT d.domain, d.platform, i.action, i.selector, i.target, "
	ISO("i.at") " AS at, i.answered, i.looks "
	"FROM domain AS d JOIN intent AS i ON i.domain_id = d.id ORDER BY i.at;\n";
/* clang-format on */

static void everything(struct buf *b, unsigned version)
{
	buf_puts(b, "CREATE TABLE meta(one INTEGER PRIMARY KEY CHECK (one = 1), commits INTEGER NOT NULL, "
	            "domains INTEGER NOT NULL, next_id INTEGER NOT NULL, facts INTEGER NOT NULL, "
	            "files INTEGER NOT NULL, sum INTEGER NOT NULL) STRICT;\n");
	create_table(b, &rows_domain, version,
	        "domain TEXT NOT NULL, platform TEXT NOT NULL, service TEXT NOT NULL, organization TEXT NOT "
	        "NULL, "
	        "account TEXT NOT NULL, id INTEGER NOT NULL, has_intent INTEGER NOT NULL, sum INTEGER NOT "
	        "NULL, "
	        "due_sum INTEGER NOT NULL",
	        "PRIMARY KEY (" KEY_COLUMNS ")");
	create_table(b, &rows_intent, version, "domain_id INTEGER NOT NULL, n INTEGER NOT NULL",
	        "PRIMARY KEY (domain_id, n)");
	create_table(b, &rows_selector, version, "domain_id INTEGER NOT NULL, n INTEGER NOT NULL",
	        "PRIMARY KEY (domain_id, n)");
	buf_puts(b, "CREATE TABLE fact(name TEXT PRIMARY KEY, value TEXT NOT NULL, sum INTEGER NOT NULL) "
	            "STRICT, WITHOUT ROWID;\n"
	            "CREATE TABLE file(path TEXT PRIMARY KEY, text BLOB NOT NULL, sum INTEGER NOT NULL) "
	            "STRICT;\n");
	buf_puts(b, views);
}

static void later_version(struct buf *b, unsigned version)
{
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++)
		for (unsigned i = 0; i < tables[t]->n; i++)
			if (tables[t]->columns[i].since == version) {
				buf_printf(b, "ALTER TABLE %s ADD COLUMN ", tables[t]->name);
				add_column(b, &tables[t]->columns[i]);
				buf_puts(b, ";\n");
			}
}

/* In one transaction. */
static int make(struct sql *db, struct buf *b, unsigned version)
{
	buf_printf(b, "PRAGMA application_id=%d; PRAGMA user_version=%u;\nCOMMIT;", STORE_APPLICATION_ID,
	        version);
	int r = sql_exec(db, b->data);
	if (r < 0)
		sql_exec(db, "ROLLBACK");
	buf_free(b);
	return r;
}

int store_schema_make(struct sql *db, unsigned version)
{
	struct buf b = {0};

	buf_puts(&b, "BEGIN IMMEDIATE;\n");
	everything(&b, version);
	return make(db, &b, version);
}

int store_schema_step(struct sql *db, unsigned version)
{
	struct buf b = {0};

	buf_puts(&b, "BEGIN IMMEDIATE;\n");
	later_version(&b, version);
	return make(db, &b, version);
}

/* The objects of ours as one text. Tables and views that a person added are not looked at, but a trigger or an index
 * on our tables would act behind our back. */
static int schema_text(struct sql *db, struct buf *b)
{
	static const char text[] = "SELECT type || ' ' || name || ' ' || sql FROM sqlite_schema WHERE type "
	                           "IN ('trigger', 'index') OR name IN "
	                           "('meta', 'domain', 'intent', 'selector', 'fact', 'file', 'v_status', "
	                           "'v_rotating', 'v_intents') "
	                           "ORDER BY type, name";
	struct sql_stmt *st = NULL;
	int r = sql_prepare(db, text, &st);

	if (r < 0)
		return r;
	while ((r = sql_step(st)) > 0)
		buf_printf(b, "%s\n", sql_text(st, 0));
	sql_free(st);
	return r;
}

/* The objects as this program makes them, in that version of the schema: made once, for it never changes. */
static int model_text(unsigned version, const char **ret)
{
	static struct buf models[STORE_VERSION + 2]; /* and the one after it, for the tests */
	struct buf b = {0};
	struct sql *model = NULL;

	if (version < ARRAY_SIZE(models) && models[version].data) {
		*ret = models[version].data;
		return 0;
	}
	int r = sql_open("", SQL_MEMORY, &model);
	if (r == 0)
		r = store_schema_make(model, version);
	if (r == 0)
		r = schema_text(model, &b);
	sql_close(model);
	if (r >= 0 && (!b.data || version >= ARRAY_SIZE(models)))
		r = -EBADMSG;
	if (r < 0) {
		buf_free(&b);
		return r;
	}
	models[version] = b;
	*ret = b.data;
	return 0;
}

int store_schema_compare(struct sql *db, unsigned version, char *why, size_t n)
{
	struct buf found = {0};
	const char *wanted = NULL;
	int r = model_text(version, &wanted);

	if (r < 0)
		str_format(why, n, "the schema cannot be made: %s", strerror(-r));
	if (r == 0 && (r = schema_text(db, &found)) < 0)
		str_format(why, n, "its schema cannot be read: %s", sql_error(db));
	if (r == 0 && (!found.data || strcmp(found.data, wanted) != 0)) {
		str_format(why, n, "its tables are not those of schema version %u", version);
		r = -EBADMSG;
	}
	buf_free(&found);
	return r;
}

/* ---- the order of the rows ---- */

/* A row that stands in the wrong place of its tree is found by a walk but not by its key. Keys are n texts, or numbers. */
static int order_of(struct sql *db, const char *text, unsigned n, bool numbers, char *why, size_t why_n)
{
	struct buf last[KEY_PARTS] = {{0}};
	int64_t last_number[KEY_PARTS] = {0};
	struct sql_stmt *st = NULL;
	int r = sql_prepare(db, text, &st), step = 0;
	bool first = true, ordered = true;

	while (r == 0 && ordered && (step = sql_step(st)) > 0) {
		int order = first ? 1 : 0;

		for (unsigned i = 0; i < n; i++) {
			const char *value = sql_text(st, (int)i);
			int64_t number = sql_int(st, (int)i);

			if (order == 0)
				order = numbers ? (number > last_number[i]) - (number < last_number[i])
				                : strcmp(value, last[i].data);
			last_number[i] = number;
			last[i].len = 0;
			buf_puts(&last[i], value);
		}
		first = false;
		ordered = order > 0;
	}
	if (r < 0 || step < 0)
		str_format(why, why_n, "%s", sql_error(db));
	else if (!ordered)
		str_format(why, why_n, "rows are out of order: %s", text);
	for (unsigned i = 0; i < n; i++)
		buf_free(&last[i]);
	sql_free(st);
	return r < 0 ? r : step < 0 ? step : ordered ? 0 : -EBADMSG;
}

int store_schema_order(struct sql *db, char *why, size_t n)
{
	static const struct {
		const char *text;
		unsigned n;
		bool numbers;
	} all[] = {
	        {"SELECT " KEY_COLUMNS " FROM domain ORDER BY " KEY_COLUMNS, KEY_PARTS, false},
	        {"SELECT domain_id,n FROM intent ORDER BY domain_id,n", 2, true},
	        {"SELECT domain_id,n FROM selector ORDER BY domain_id,n", 2, true},
	        {"SELECT name FROM fact ORDER BY name", 1, false},
	        {"SELECT path FROM file ORDER BY path", 1, false},
	};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(all); i++)
		r = order_of(db, all[i].text, all[i].n, all[i].numbers, why, n);
	return r;
}

/* ---- the statements ---- */

static void names(struct buf *b, const struct rows_table *t)
{
	for (unsigned i = 0; i < t->n; i++)
		buf_printf(b, ",%s", t->columns[i].name);
}

/* INSERT OR REPLACE INTO table(head, columns...) VALUES (?, ?, ...) */
static void put_statement(struct buf *b, const struct rows_table *t, const char *head, unsigned n_head)
{
	buf_printf(b, "INSERT OR REPLACE INTO %s(%s", t->name, head);
	names(b, t);
	buf_puts(b, ") VALUES (?");
	for (unsigned i = 1; i < n_head + t->n; i++)
		buf_puts(b, ",?");
	buf_puts(b, ")");
}

static void get_statement(struct buf *b, const struct rows_table *t, const char *head, const char *tail)
{
	buf_printf(b, "SELECT %s", head);
	names(b, t);
	buf_printf(b, " FROM %s %s", t->name, tail);
}

#define WHERE_KEY "WHERE domain=? AND platform=? AND service=? AND organization=? AND account=?"

int store_schema_prepare(struct store *s)
{
	static const char *const fixed[ST_COUNT] = {
	        [ST_ID] = "SELECT id FROM domain " WHERE_KEY,
	        [ST_CUT_SELECTORS] = "DELETE FROM selector WHERE domain_id=? AND n>=?",
	        [ST_CUT_INTENTS] = "DELETE FROM intent WHERE domain_id=?",
	        [ST_CUT_DOMAIN] = "DELETE FROM domain " WHERE_KEY,
	        [ST_PUT_META] = "INSERT OR REPLACE INTO meta(one,commits,domains,next_id,facts,files,sum) "
	                        "VALUES (1,?,?,?,?,?,?)",
	        [ST_PUT_FACT] = "INSERT OR REPLACE INTO fact(name,value,sum) VALUES (?,?,?)",
	        [ST_CUT_FACT] = "DELETE FROM fact WHERE name=?",
	        [ST_PUT_FILE] = "INSERT OR REPLACE INTO file(path,text,sum) VALUES (?,?,?)",
	        [ST_CUT_FILE] = "DELETE FROM file WHERE path=?",
	        [ST_GET_FILE] = "SELECT text,sum FROM file WHERE path=?",
	};
	int r = 0;

	for (unsigned i = 0; i < ST_COUNT && r == 0; i++) {
		struct buf b = {0};

		if (fixed[i])
			buf_puts(&b, fixed[i]);
		else if (i == ST_LOAD)
			get_statement(&b, &rows_domain, STORE_HEAD, WHERE_KEY);
		else if (i == ST_SELECTORS)
			get_statement(&b, &rows_selector, "n", "WHERE domain_id=? ORDER BY n");
		else if (i == ST_INTENTS)
			get_statement(&b, &rows_intent, "n", "WHERE domain_id=? ORDER BY n");
		else if (i == ST_PUT_DOMAIN)
			put_statement(&b, &rows_domain, STORE_HEAD, HEAD_COUNT);
		else
			put_statement(
			        &b, i == ST_PUT_INTENT ? &rows_intent : &rows_selector, "domain_id,n", 2);
		r = sql_prepare(s->db, b.data, &s->st[i]);
		buf_free(&b);
	}
	return r;
}

int store_schema_each(struct store *s, struct sql_stmt **ret_stmt)
{
	struct buf b = {0};

	get_statement(&b, &rows_domain, STORE_HEAD, "ORDER BY " KEY_COLUMNS);
	int r = sql_prepare(s->db, b.data, ret_stmt);
	buf_free(&b);
	return r;
}
