/* Finding credentials: where, in which order, and whose access is too much. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/util.h"
#include "io/creds.h"
#include "unit/folder.h"

static void put(const char *name, const char *key, mode_t mode)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	fprintf(f, "[default]\napplication_key=%s\napplication_secret=s\nconsumer_key=c\n", key);
	fclose(f);
	assert_int_equal(chmod(name, mode), 0);
}

/* The application key found for credentials NAME, or the first fault. `passed` is relative to the folder. */
static const char *load(const char *name, const char *passed)
{
	static char result[1200];
	struct diags d = {0};
	char *text = xasprintf("accounts:\n  a: {endpoint: ovh-eu, credentials: %s}\n", name);
	char *dir = passed ? xasprintf("%s/%s", folder, passed) : NULL;
	struct config *c = config_parse(text, strlen(text), "c.yaml", &d);

	assert_non_null(c);
	struct credentials *found = creds_load(c, &c->accounts[0], dir, &d);
	if (found) {
		assert_int_equal(d.count, 0);
		str_copy(result, sizeof result, found->application_key);
	} else {
		assert_true(d.n > 0);
		diag_format(&d.list[0], result, sizeof result);
	}
	credentials_free(found);
	diags_clear(&d);
	config_free(c);
	free(dir);
	free(text);
	return result;
}

static void assert_says(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("%s", text);
}

static void an_absolute_path(void **state)
{
	char *path = xasprintf("%s/own.conf", folder);

	(void)state;
	assert_says(
	        load(path, NULL), "c.yaml:2:38: account a: there are no credentials at /tmp/dkimrotd-unit-");
	put("own.conf", "absolute", 0600);
	assert_string_equal(load(path, NULL), "absolute");
	assert_string_equal(load(path, "."), "absolute");
	assert_int_equal(chmod("own.conf", 0640), 0);
	assert_says(load(path, NULL), "own.conf: others may read it (mode 0640): it must be 0600");
	assert_int_equal(chmod("own.conf", 0644), 0);
	assert_says(load(path, NULL), "others may read it");
	put("own.conf", "", 0600);
	assert_says(load(path, NULL), "own.conf:2:16: application_key has no value");
	free(path);
}

static void passed_by_systemd(void **state)
{
	(void)state;
	assert_int_equal(mkdir("creds", 0500 | 0200), 0);
	put("creds/dkimrotd-test-only.conf", "passed", 0400);
	assert_string_equal(load("dkimrotd-test-only.conf", "creds"), "passed");
	assert_int_equal(chmod("creds/dkimrotd-test-only.conf", 0404), 0);
	assert_says(load("dkimrotd-test-only.conf", "creds"), "others may read it (mode 0404)");
	/* a whole folder: LoadCredential=credentials:/etc/dkimrotd/credentials */
	put("creds/credentials_dkimrotd-test-folder.conf", "from-folder", 0400);
	assert_string_equal(load("dkimrotd-test-folder.conf", "creds"), "from-folder");
	put("creds/dkimrotd-test-folder.conf", "by-name", 0400);
	assert_string_equal(load("dkimrotd-test-folder.conf", "creds"), "by-name");
	assert_says(load("dkimrotd-test-none.conf", "creds"),
	        "there are no credentials at /etc/dkimrotd/credentials/dkimrotd-test-none.conf, nor in "
	        "$CREDENTIALS_DIRECTORY");
	assert_says(load("dkimrotd-test-none.conf", NULL), "($CREDENTIALS_DIRECTORY is not set)");
}

/* user::r--, user:ID:r--, group::---, mask::r--, other::---: what systemd sets for a service's user (ID). */
static bool grant(const char *name, uint32_t id, uint8_t group_bits)
{
	uint8_t acl[] = {2, 0, 0, 0,                   /* version */
	        0x01, 0, 4, 0, 0xff, 0xff, 0xff, 0xff, /* owner */
	        0x02, 0, 4, 0, (uint8_t)id, (uint8_t)(id >> 8), (uint8_t)(id >> 16), (uint8_t)(id >> 24),
	        0x04, 0, group_bits, 0, 0xff, 0xff, 0xff, 0xff, /* group */
	        0x10, 0, 4, 0, 0xff, 0xff, 0xff, 0xff,          /* mask */
	        0x20, 0, 0, 0, 0xff, 0xff, 0xff, 0xff};         /* other */

	return setxattr(name, "system.posix_acl_access", acl, sizeof acl, 0) == 0;
}

static void an_acl_shows_as_group_bits(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(mkdir("creds", 0700), 0);
	put("creds/x", "granted", 0400);
	if (!grant("creds/x", geteuid(), 0))
		skip(); /* no ACLs on this file system */
	assert_int_equal(stat("creds/x", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0440);
	assert_string_equal(load("x", "creds"), "granted");
	assert_true(grant("creds/x", 4711, 0)); /* to somebody else */
	assert_says(load("x", "creds"), "others may read it (mode 0440)");
	assert_true(grant("creds/x", geteuid(), 4)); /* to the group as well */
	assert_says(load("x", "creds"), "others may read it (mode 0440)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(an_absolute_path, enter, leave),
	        cmocka_unit_test_setup_teardown(passed_by_systemd, enter, leave),
	        cmocka_unit_test_setup_teardown(an_acl_shows_as_group_bits, enter, leave),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
