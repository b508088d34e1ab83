/* Key pairs and the records made of them: what is made is read back as the same key, by our own reader of records and by
 * OpenSSL. */
#include "codec/keypair.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/util.h"
#include "codec/dkimkey.h"
#include "core/dkimtext.h"

static void part_of(struct held_part *part, const struct keypair *k)
{
	*part = (struct held_part){.type = k->type, .bits = k->bits};
	str_copy(part->text, sizeof(part->text), k->text);
	memcpy(part->digest, k->digest, sizeof(k->digest));
}

/* The record says what the key is. */
static void check_record(const struct keypair *k, const struct external *x)
{
	struct held_part part;
	struct dkim_key read;
	char text[1536];
	uint8_t digest[KEY_DIGEST];
	unsigned bits;

	part_of(&part, k);
	assert_true(dkimtext_write(text, sizeof(text), x, &part, WANT_KEY));
	assert_int_equal(dkim_parse(text, strlen(text), &read), DKIM_OK);
	assert_int_equal(read.type, k->type);
	assert_int_equal(dkimkey_bits(read.type, read.key, read.len, &bits), 0);
	assert_int_equal(bits, k->bits);
	assert_int_equal(dkimkey_digest(read.key, read.len, digest), 0);
	assert_memory_equal(digest, k->digest, KEY_DIGEST);
	assert_true(dkimtext_is_of(text, &part));
	assert_true(dkimtext_write(text, sizeof(text), x, &part, WANT_REVOKED));
	assert_int_equal(dkim_parse(text, strlen(text), &read), DKIM_OK);
	assert_true(read.revoked && dkimtext_is_of(text, &part));
}

static void test_made(void **state)
{
	(void)state;
	static const struct {
		enum dkim_type type;
		unsigned bits;
	} kinds[] = {{DKIM_TYPE_RSA, 2048}, {DKIM_TYPE_RSA, 4096}, {DKIM_TYPE_ED25519, 0}};
	static const struct external plain = {0}, full = {.tag_h = "sha256",
	                                                  .tag_n = "rotated by dkimrotd",
	                                                  .tag_s = "email",
	                                                  .tag_t = "s",
	                                                  .tag_g = "*"};
	struct keypair k, again;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		assert_int_equal(keypair_make(kinds[i].type, kinds[i].bits, &k), 0);
		assert_int_equal(k.bits, kinds[i].bits ? kinds[i].bits : 256);
		assert_true(str_prefix(k.pem, "-----BEGIN PRIVATE KEY-----\n"));
		assert_int_equal(strlen(k.pem), k.pem_len);
		check_record(&k, &plain);
		check_record(&k, &full);
		assert_int_equal(keypair_read(k.pem, k.pem_len, &again), 0);
		assert_string_equal(again.text, k.text);
		assert_memory_equal(again.digest, k.digest, KEY_DIGEST);
		assert_int_equal(again.type, k.type);
		keypair_wipe(&k);
		assert_int_equal(k.pem[0], 0);
		keypair_wipe(&again);
	}
}

static void test_refused(void **state)
{
	(void)state;
	static const char broken[] = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
	struct keypair k = {.bits = 7};

	assert_int_equal(keypair_make(DKIM_TYPE_RSA, 1024, &k), -EINVAL);
	assert_int_equal(keypair_make(DKIM_TYPE_RSA, 8192, &k), -EINVAL);
	assert_int_equal(keypair_make(DKIM_TYPE_OTHER, 2048, &k), -EINVAL);
	assert_int_equal(keypair_read("", 0, &k), -EBADMSG);
	assert_int_equal(keypair_read(broken, strlen(broken), &k), -EBADMSG);
	assert_int_equal(k.bits, 7);
}

/* Nobody else's record is ours, whatever kind of key stands in it. */
static void test_whose(void **state)
{
	(void)state;
	struct keypair a, b;
	struct held_part ours, theirs;
	struct external plain = {0};
	char text[1536], small[40];

	assert_int_equal(keypair_make(DKIM_TYPE_ED25519, 0, &a), 0);
	assert_int_equal(keypair_make(DKIM_TYPE_ED25519, 0, &b), 0);
	part_of(&ours, &a);
	part_of(&theirs, &b);
	assert_true(dkimtext_write(text, sizeof(text), &plain, &theirs, WANT_KEY));
	assert_false(dkimtext_is_of(text, &ours));
	assert_false(dkimtext_is_of("v=spf1 -all", &ours));
	assert_true(dkimtext_is_of("v=DKIM1; p=", &ours));
	assert_false(dkimtext_write(small, sizeof(small), &plain, &ours, WANT_KEY));
	assert_string_equal(small, "");
	assert_false(dkimtext_write(text, sizeof(text), &plain, &ours, WANT_NOTHING));
	ours.type = DKIM_TYPE_RSA; /* the same bytes are no RSA key */
	assert_true(dkimtext_write(text, sizeof(text), &plain, &theirs, WANT_KEY));
	assert_false(dkimtext_is_of(text, &ours));
}

static void test_tags(void **state)
{
	(void)state;
	static const struct {
		char tag;
		const char *value;
		bool good;
	} cases[] = {
	        {'h', "sha256", true},
	        {'h', "sha256:sha1", true},
	        {'h', "sha1", false},
	        {'h', "", false},
	        {'h', "sha256:", false},
	        {'s', "email", true},
	        {'s', "*", true},
	        {'s', "tlsrpt", false},
	        {'t', "s", true},
	        {'t', "y:s", true},
	        {'t', "x", false},
	        {'n', "a note", true},
	        {'n', "a; p=", false},
	        {'n', " a", false},
	        {'n', "\"", false},
	        {'n', "\xc3\xa9", false},
	        {'g', "*", true},
	        {'g', "a b", false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if ((dkimtext_tag_fault(cases[i].tag, cases[i].value) == NULL) != cases[i].good)
			fail_msg("%c=%s", cases[i].tag, cases[i].value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_made),
	        cmocka_unit_test(test_refused),
	        cmocka_unit_test(test_whose),
	        cmocka_unit_test(test_tags),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
