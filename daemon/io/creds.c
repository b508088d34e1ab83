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

/* A secret that the configuration names. */
struct secret {
	const char *name, *kind, *of; /* the file's; whose it is: "account", "default" */
	const char *lack;             /* what there is not, in words */
	struct place at;              /* the line that names it */
};

/* Reads it. What is nowhere is told at the line that names it. *ret_path: see find(). */
static bool read_secret(const struct config *c, const struct secret *s, const char *passed, char **ret_path,
        struct file_text *ret, struct diags *d)
{
	int r = find(s->name, passed, ret_path, ret, d);

	if (r == -ENOENT || r == -ENOTDIR)
		diag_add(d, c->file, s->at.line, s->at.column, "%s %s: %s at %s%s", s->kind, s->of, s->lack,
		        *ret_path,
		        !str_prefix(*ret_path, CREDS_FOLDER "/") ? ""
		        : passed                                 ? ", nor in $CREDENTIALS_DIRECTORY"
		                                                 : " ($CREDENTIALS_DIRECTORY is not set)");
	return r == 0;
}

struct credentials *creds_load(
        const struct config *c, const struct config_account *a, const char *passed, struct diags *d)
{
	const struct secret s = {
	        a->credentials, "account", a->name, "there are no credentials", a->credentials_at};
	struct credentials *found = NULL;
	struct file_text text = {0};
	char *path;

	if (read_secret(c, &s, passed, &path, &text, d))
		found = ovhconf_parse(text.text, text.len, path, a->endpoint, d);
	files_free(&text);
	free(path);
	return found;
}

struct tsig_key *creds_load_key(
        const struct config *c, const struct config_server *s, const char *passed, struct diags *d)
{
	const struct secret key = {s->secret, "dns server", s->name, "there is no secret", s->secret_at};
	struct tsig_key *found = NULL;
	struct file_text text = {0};
	char *path;

	if (read_secret(c, &key, passed, &path, &text, d))
		found = tsig_key_parse(text.text, text.len, path, s->key, s->algorithm, d);
	files_free(&text);
	free(path);
	return found;
}
