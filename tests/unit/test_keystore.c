/* The key store over a real disk and its own thread: what is made, mapped, revoked, shredded and taken over; names that are
 * used once; the maps as OpenDKIM and rspamd read them; and damage that is told instead of being written over. */
#include "io/keystore.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "codec/keypair.h"
#include "codec/keyring.h"
#include "codec/signermap.h"
#include "io/loop.h"

static char root[] = "/tmp/keystore.XXXXXX", stamp[64];
static struct external open_x = {.signer = "opendkim",
                               .layout = LAYOUT_OPENDKIM,
                               .key = KEY_ED25519,
                               .bits = 2048},
                       rspamd_x = {
                               .signer = "rspamd", .layout = LAYOUT_RSPAMD, .key = KEY_ED25519, .bits = 2048};

struct answer {
	struct loop *loop;
	unsigned waiting;
	int result;
	char why[300];
	struct holding held;
};

static void done(void *arg, int result, const char *why, const struct holding *held)
{
	struct answer *a = arg;

	a->result = result;
	snprintf(a->why, sizeof(a->why), "%s", why);
	holding_clear(&a->held);
	if (result == 0) {
		a->held = *held;
		a->held.used = xcalloc(held->n_used + 1, sizeof(*held->used));
		memcpy(a->held.used, held->used, held->n_used * sizeof(*held->used));
	}
	if (--a->waiting == 0)
		loop_stop(a->loop);
}

static struct keystore *store;
static struct answer last;

static int ask(enum keystore_op op, const struct external *x, const char *name, int64_t now)
{
	struct keystore_request q = {
	        .op = op, .domain = "a.example", .external = x, .name = name, .now = now};

	last.waiting++;
	keystore_start(store, &q, done, &last);
	loop_run(last.loop);
	return last.result;
}

static char *slurp(const char *path)
{
	char full[400];
	struct buf b = {0};
	char part[512];
	size_t n;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	FILE *f = fopen(full, "re");
	if (f == NULL)
		return NULL;
	buf_puts(&b, "");
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(&b, part, n);
	fclose(f);
	return b.data;
}

static void spit(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* The signer takes its maps. */
static void take(const char *first, const char *second)
{
	char *a = slurp(first), *b = slurp(second), *both = xasprintf("%s%s", a ? a : "", b ? b : "");

	spit(stamp, both);
	free(a);
	free(b);
	free(both);
}

static ino_t inode_of(const char *path)
{
	char full[400];
	struct stat st;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	assert_int_equal(stat(full, &st), 0);
	return st.st_ino;
}

static mode_t mode_of(const char *path)
{
	char full[400];
	struct stat st;

	snprintf(full, sizeof(full), "%s/%s", root, path);
	return stat(full, &st) == 0 ? st.st_mode & 07777 : 0;
}

static int set_up(void **state)
{
	char why[300] = "";

	(void)state;
	strcpy(root, "/tmp/keystore.XXXXXX");
	assert_non_null(mkdtemp(root));
	snprintf(stamp, sizeof(stamp), "%s/stamp", root);
	open_x.stamp = rspamd_x.stamp = stamp;
	last = (struct answer){.loop = loop_new()};
	char *keys = xasprintf("%s/keys", root);
	store = keystore_new(last.loop, keys, why, sizeof(why));
	free(keys);
	assert_non_null(store);
	return 0;
}

static int tear_down(void **state)
{
	char *rm = xasprintf("rm -rf %s", root);

	(void)state;
	keystore_free(store);
	loop_free(last.loop);
	holding_clear(&last.held);
	assert_int_equal(system(rm), 0);
	free(rm);
	return 0;
}

static void test_life(void **state)
{
	(void)state;
	char *keys = xasprintf("%s/keys", root);
	assert_int_equal(
	        chmod(keys, 02750), 0); /* as the package sets it up: the signers' group goes down with it */
	free(keys);
	assert_int_equal(ask(KEYSTORE_LOOK, &open_x, NULL, 1), 0);
	assert_int_equal(last.held.n, 0);
	assert_int_equal(ask(KEYSTORE_MAKE, &open_x, "k1", 10), 0);
	assert_int_equal(ask(KEYSTORE_MAKE, &open_x, "k2", 11), 0);
	assert_int_equal(last.held.n, 2);
	assert_int_equal(mode_of("keys/private/a.example/k1.pem"), 0640);
	assert_int_equal(mode_of("keys/private/a.example"), 02750);
	char *pem = slurp("keys/private/a.example/k1.pem");
	struct keypair pair;
	assert_int_equal(keypair_read(pem, strlen(pem), &pair), 0);
	assert_string_equal(pair.text, last.held.key[0].part[0].text);
	free(pem);
	assert_int_equal(ask(KEYSTORE_MAKE, &open_x, "k1", 12), -EEXIST);

	assert_int_equal(ask(KEYSTORE_MAP, &open_x, "nobody", 13), -ENOENT);
	assert_int_equal(ask(KEYSTORE_MAP, &open_x, "k1", 14), 0);
	assert_true(last.held.key[0].mapped && !last.held.key[0].taken && !last.held.key[1].mapped);
	take("keys/opendkim/KeyTable", "keys/opendkim/SigningTable");
	assert_int_equal(ask(KEYSTORE_LOOK, &open_x, NULL, 15), 0);
	assert_true(last.held.stamped && last.held.key[0].taken);

	assert_int_equal(ask(KEYSTORE_MAP, &open_x, "k2", 16), 0);
	/* When the map came to name a key, and ceased to: the witness that nothing happened unseen. */
	assert_int_equal(last.held.key[0].changed, 16);
	assert_int_equal(last.held.key[1].changed, 16);
	assert_true(last.held.key[1].mapped && !last.held.key[1].taken && last.held.key[0].taken);
	char *map = slurp("keys/opendkim/KeyTable");
	ino_t file = inode_of("keys/opendkim/KeyTable");
	assert_int_equal(ask(KEYSTORE_NUDGE, &open_x, NULL, 16), 0);
	char *again = slurp("keys/opendkim/KeyTable");
	assert_string_equal(map, again); /* another file with the same text, for who watches the folder */
	assert_true(inode_of("keys/opendkim/KeyTable") != file);
	assert_true(last.held.key[1].mapped && !last.held.key[1].taken && last.held.key[1].changed == 16);
	free(map);
	free(again);
	assert_int_equal(ask(KEYSTORE_REVOKE, &open_x, "k1", 17),
	        -EBUSY); /* the signer has not said that it left it */
	take("keys/opendkim/KeyTable", "keys/opendkim/SigningTable");
	assert_int_equal(ask(KEYSTORE_SHRED, &open_x, "k1", 18), -EBUSY);
	assert_int_equal(ask(KEYSTORE_REVOKE, &open_x, "k1", 19), 0);
	assert_true(last.held.key[0].revoked == 19 && last.held.key[0].shown == 0);
	assert_int_equal(ask(KEYSTORE_SHOWN, &open_x, "k2", 20), -EBUSY); /* it signs */
	assert_int_equal(ask(KEYSTORE_SHOWN, &open_x, "k1", 20), 0);
	assert_int_equal(ask(KEYSTORE_SHOWN, &open_x, "k1", 21), 0);
	assert_true(last.held.key[0].revoked == 19 && last.held.key[0].shown == 20); /* from the first time */
	assert_int_equal(ask(KEYSTORE_MAP, &open_x, "k1", 20), -ENOENT);
	assert_int_equal(ask(KEYSTORE_REVOKE, &open_x, "k2", 20), -EBUSY);
	assert_int_equal(ask(KEYSTORE_SHRED, &open_x, "k1", 21), 0);
	assert_null(slurp("keys/private/a.example/k1.pem"));
	assert_int_equal(last.held.n, 1);
	assert_int_equal(last.held.n_used, 2); /* its name is remembered */
	assert_int_equal(ask(KEYSTORE_MAKE, &open_x, "k1", 22), -EEXIST);
}

/* An older stamp that happens to name the key proves nothing. */
static void test_old_stamp(void **state)
{
	(void)state;
	assert_int_equal(ask(KEYSTORE_MAKE, &open_x, "k1", 1), 0);
	assert_int_equal(ask(KEYSTORE_MAKE, &open_x, "k2", 2), 0);
	assert_int_equal(ask(KEYSTORE_MAP, &open_x, "k1", 3), 0);
	take("keys/opendkim/KeyTable", "keys/opendkim/SigningTable");
	assert_int_equal(ask(KEYSTORE_MAP, &open_x, "k2", 4), 0); /* the signer may have taken this one ... */
	assert_int_equal(ask(KEYSTORE_MAP, &open_x, "k1", 5), 0); /* ... before we went back */
	assert_true(last.held.key[0].mapped && !last.held.key[0].taken);
	take("keys/opendkim/KeyTable", "keys/opendkim/SigningTable");
	assert_int_equal(ask(KEYSTORE_LOOK, &open_x, NULL, 6), 0);
	assert_true(last.held.key[0].taken);
}

static void test_maps(void **state)
{
	(void)state;
	char *first, *want;

	assert_int_equal(ask(KEYSTORE_MAKE, &rspamd_x, "r1", 1), 0);
	assert_int_equal(ask(KEYSTORE_MAP, &rspamd_x, "r1", 2), 0);
	first = slurp("keys/rspamd/selectors.map");
	assert_string_equal(first, "# dkimrotd version 1\na.example r1\n");
	free(first);
	first = slurp("keys/rspamd/paths.map");
	want = xasprintf("a.example %s/keys/private/a.example/$selector.pem\n", root);
	assert_string_equal(first, want);
	free(first);
	free(want);
	assert_int_equal(mode_of("keys/rspamd/selectors.map"), 0640);
	take("keys/rspamd/selectors.map", "keys/rspamd/paths.map");
	assert_int_equal(ask(KEYSTORE_LOOK, &rspamd_x, NULL, 3), 0);
	assert_true(last.held.key[0].taken);
}

/* Two parts, and the lines of others are left alone. */
static void test_both_beside_others(void **state)
{
	(void)state;
	struct held_key k = {.name = "b1",
	        .n = 2,
	        .part = {{.selector = "b1"}, {.selector = "b1e", .type = DKIM_TYPE_ED25519}}};
	struct signermap_line line;
	struct buf out = {0}, second = {0};

	signermap_set(&out, LAYOUT_OPENDKIM,
	        "# dkimrotd version 7\n# mine\nx.a.example y:z:/k\na.example a.example:old:/o\n", "a.example",
	        &k, "/keys", 8);
	assert_string_equal(out.data,
	        "# dkimrotd version 8\n# mine\nx.a.example y:z:/k\n"
	        "a.example a.example:b1:/keys/b1.pem\na.example/2 a.example:b1e:/keys/b1e.pem\n");
	signermap_read(LAYOUT_OPENDKIM, out.data, "", "a.example", &line);
	assert_false(line.mapped); /* SigningTable does not lead there */
	assert_true(
	        signermap_set_second(&second, LAYOUT_OPENDKIM, "*@b.example b\n", "a.example", &k, "/keys"));
	assert_string_equal(second.data, "*@b.example b\n*@a.example a.example\n*@a.example a.example/2\n");
	signermap_read(LAYOUT_OPENDKIM, out.data, second.data, "a.example", &line);
	assert_true(line.mapped);
	assert_string_equal(line.selector, "b1");
	signermap_read(LAYOUT_OPENDKIM, out.data, second.data, "x.a.example", &line);
	assert_false(line.mapped);
	assert_int_equal(signermap_version(out.data), 8);
	struct buf again = {0};
	assert_false(signermap_set_second(&again, LAYOUT_OPENDKIM, second.data, "a.example", &k, "/keys"));
	buf_free(&out);
	buf_free(&second);
}

static void test_adopt(void **state)
{
	(void)state;
	struct keypair pair;
	struct keystore_request q = {
	        .op = KEYSTORE_ADOPT, .domain = "a.example", .external = &open_x, .name = "mail", .now = 5};

	assert_int_equal(keypair_make(DKIM_TYPE_RSA, 2048, &pair), 0);
	assert_int_equal(ask(KEYSTORE_MAKE, &open_x, "k1", 1), 0);
	assert_int_equal(ask(KEYSTORE_MAKE, &open_x, "k2", 2), 0);
	q.pem = pair.pem;
	q.pem_len = pair.pem_len;
	last.waiting++;
	keystore_start(store, &q, done, &last);
	loop_run(last.loop);
	assert_int_equal(last.result, 0);
	assert_int_equal(last.held.n, 3);
	assert_true(last.held.key[2].imported && last.held.key[2].mapped);
	assert_true(
	        last.held.key[1].revoked == 5 && last.held.key[0].revoked == 0); /* room for it in the pair */
	assert_string_equal(last.held.key[2].part[0].text, pair.text);
	last.waiting++;
	q.name = "mail2";
	keystore_start(store, &q, done, &last);
	loop_run(last.loop);
	assert_int_equal(last.result, -EEXIST);
	keypair_wipe(&pair);
}

/* One of two names in turn: again only when the last key of that name is destroyed. */
static void test_in_turn(void **state)
{
	(void)state;
	struct keystore_request q = {.op = KEYSTORE_MAKE,
	        .domain = "a.example",
	        .external = &open_x,
	        .name = "dk1",
	        .now = 1,
	        .again = true};
	static const int wanted[] = {0, -EEXIST, 0};

	for (int i = 0; i < 3; i++) {
		if (i == 2) {
			assert_int_equal(ask(KEYSTORE_REVOKE, &open_x, "dk1", 2), 0);
			assert_int_equal(ask(KEYSTORE_SHRED, &open_x, "dk1", 3), 0);
		}
		last.waiting++;
		keystore_start(store, &q, done, &last);
		loop_run(last.loop);
		assert_int_equal(last.result, wanted[i]);
	}
	assert_int_equal(last.held.n, 1);
}

static void test_damage(void **state)
{
	(void)state;
	char path[300], *text;

	assert_int_equal(ask(KEYSTORE_MAKE, &open_x, "k1", 1), 0);
	snprintf(path, sizeof(path), "%s/keys/private/a.example/keys", root);
	text = slurp("keys/private/a.example/keys");
	for (size_t n = strlen(text) - 1; n > 0; n -= n > 40 ? 40 : n) { /* cut anywhere, it is no file */
		text[n] = '\0';
		spit(path, text);
		assert_int_equal(ask(KEYSTORE_LOOK, &open_x, NULL, 2), -EBADMSG);
		assert_non_null(strstr(last.why, "private/a.example/keys is damaged"));
		assert_int_equal(ask(KEYSTORE_MAKE, &open_x, "k2", 2), -EBADMSG);
	}
	free(text);
}

/* Many at once, some of them cancelled, the store freed while it works: for ThreadSanitizer. */
static void nobody(void *arg, int result, const char *why, const struct holding *held)
{
	(void)arg;
	(void)result;
	(void)why;
	(void)held;
	fail();
}

static void test_many(void **state)
{
	(void)state;
	char name[16];

	for (int i = 0; i < 60; i++) {
		struct keystore_request q = {.op = i % 3 ? KEYSTORE_MAKE : KEYSTORE_LOOK,
		        .domain = "a.example",
		        .external = &open_x,
		        .name = name,
		        .now = i + 1};

		snprintf(name, sizeof(name), "n%d", i);
		if (i % 5 == 4) {
			keystore_cancel(keystore_start(store, &q, nobody, NULL));
			continue;
		}
		last.waiting++;
		keystore_start(store, &q, done, &last);
	}
	loop_run(last.loop);
	assert_int_equal(last.result, 0);
	struct keystore_request q = {
	        .op = KEYSTORE_MAKE, .domain = "b.example", .external = &open_x, .name = "late", .now = 1};
	keystore_start(store, &q, nobody, NULL); /* it is done to its end, and nobody is told */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_life, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_old_stamp, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_maps, set_up, tear_down),
	        cmocka_unit_test(test_both_beside_others),
	        cmocka_unit_test_setup_teardown(test_adopt, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_in_turn, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_damage, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_many, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
