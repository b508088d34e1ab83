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

struct credentials *creds_load(
        const struct config *c, const struct config_account *a, const char *passed, struct diags *d)
{
	bool absolute = a->credentials[0] == '/';
	struct credentials *found = NULL;
	struct file_text text = {0};
	char *path = NULL;
	int r = -ENOENT;

	if (!absolute && passed && *passed)
		r = read_in(passed, a->credentials, FILE_PASSED, &path, &text, d);
	if (r == -ENOENT && path) { /* systemd's name for a file of a folder that it passes on */
		char *name = xasprintf("%s%s", CREDS_PREFIX, a->credentials);

		free(path);
		r = read_in(passed, name, FILE_PASSED, &path, &text, d);
		free(name);
	}
	if (r == -ENOENT || r == -ENOTDIR) {
		free(path);
		r = read_in(absolute ? NULL : CREDS_FOLDER, a->credentials, FILE_SECRET, &path, &text, d);
	}
	if (r == 0)
		found = ovhconf_parse(text.text, text.len, path, a->endpoint, d);
	else if (r == -ENOENT || r == -ENOTDIR)
		diag_add(d, c->file, a->credentials_at.line, a->credentials_at.column,
		        "account %s: there are no credentials at %s%s", a->name, path,
		        absolute ? ""
		        : passed ? ", nor in $CREDENTIALS_DIRECTORY"
		                 : " ($CREDENTIALS_DIRECTORY is not set)");
	files_free(&text);
	free(path);
	return found;
}
