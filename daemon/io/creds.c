/* Finding credentials. It must never take a secret that others could have read, nor keep a copy of it. */
#include "io/creds.h"

#include <errno.h>
#include <stdlib.h>

#include "base/util.h"
#include "io/files.h"

/* The file in a folder, or by its own path. Returns as files_read does; *ret_path is where it was looked for. */
static int read_in(const char *folder, const char *name, enum file_kind kind, char **ret_path,
        struct file_text *ret, struct diags *d)
{
	*ret_path = folder ? xasprintf("%s/%s", folder, name) : xstrdup(name);
	return files_read(*ret_path, kind, false, ret, d);
}

/* Reads the file that `name` means, wherever it is. *ret_path is where it was looked for last; free() it. Returns as
 * files_read does; a file that is nowhere is not told. */
static int find(const char *name, const char *passed, char **ret_path, struct file_text *ret, struct diags *d)
{
	bool absolute = name[0] == '/';
	char *path = NULL;
	int r = -ENOENT;

	if (!absolute && passed && *passed)
		r = read_in(passed, name, FILE_PASSED, &path, ret, d);
	if (r == -ENOENT && path) { /* systemd's name for a file of a folder that it passes on */
		char *prefixed = xasprintf("%s%s", CREDS_PREFIX, name);

		free(path);
		r = read_in(passed, prefixed, FILE_PASSED, &path, ret, d);
		free(prefixed);
	}
	if (r == -ENOENT || r == -ENOTDIR) {
		free(path);
		r = read_in(absolute ? NULL : CREDS_FOLDER, name, FILE_SECRET, &path, ret, d);
	}
	*ret_path = path;
	return r;
}

/* It is nowhere: told at the line that names it. */
static void tell_nowhere(const struct config *c, struct place at, const char *whose, const char *what,
        const char *path, const char *passed, struct diags *d)
{
	bool in_folder = str_prefix(path, CREDS_FOLDER "/");

	diag_add(d, c->file, at.line, at.column, "%s: %s at %s%s", whose, what, path,
	        !in_folder ? ""
	        : passed   ? ", nor in $CREDENTIALS_DIRECTORY"
	                   : " ($CREDENTIALS_DIRECTORY is not set)");
}

struct credentials *creds_load(
        const struct config *c, const struct config_account *a, const char *passed, struct diags *d)
{
	struct credentials *found = NULL;
	struct file_text text = {0};
	char *path, whose[100];
	int r = find(a->credentials, passed, &path, &text, d);

	str_format(whose, sizeof whose, "account %s", a->name);
	if (r == 0)
		found = ovhconf_parse(text.text, text.len, path, a->endpoint, d);
	else if (r == -ENOENT || r == -ENOTDIR)
		tell_nowhere(c, a->credentials_at, whose, "there are no credentials", path, passed, d);
	files_free(&text);
	free(path);
	return found;
}

struct tsig_key *creds_load_key(
        const struct config *c, const struct config_server *s, const char *passed, struct diags *d)
{
	struct tsig_key *found = NULL;
	struct file_text text = {0};
	char *path, whose[100];
	int r = find(s->secret, passed, &path, &text, d);

	str_format(whose, sizeof whose, "dns server %s", s->name);
	if (r == 0)
		found = tsig_key_parse(text.text, text.len, path, s->key, s->algorithm, d);
	else if (r == -ENOENT || r == -ENOTDIR)
		tell_nowhere(c, s->secret_at, whose, "there is no secret", path, passed, d);
	files_free(&text);
	free(path);
	return found;
}
