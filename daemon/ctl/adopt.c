/* adopt: hands a private key to the daemon, over its socket, which only root and the daemon's user may write to. The key is
 * read from a file or from standard input, never from the command line, and wiped when it was handed over. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ask.h"

#define KEY_MOST 16384

static char *read_key(const char *path)
{
	bool file = strcmp(path, "-") != 0;
	FILE *f = file ? fopen(path, "re") : stdin;
	char *text = xcalloc(1, KEY_MOST + 1);

	if (f == NULL) {
		ctl_say("%s: %s", path, strerror(errno));
		free(text);
		return NULL;
	}
	setvbuf(f, NULL, _IONBF, 0); /* no second copy */
	size_t n = fread(text, 1, KEY_MOST, f);
	bool whole = feof(f) || fgetc(f) == EOF;
	if (file)
		fclose(f);
	if (n > 0 && whole && memchr(text, '\0', n) == NULL)
		return text;
	ctl_say("%s: it is empty, or no PEM file", path);
	explicit_bzero(text, KEY_MOST);
	free(text);
	return NULL;
}

int ctl_adopt(const struct ctl *c, char **args, int n)
{
	struct buf body = {0};
	struct answer a;

	(void)n;
	if (!c->key || !c->selector) {
		ctl_say("adopt needs --key FILE and --selector NAME");
		return CTL_USAGE;
	}
	char *key = read_key(c->key);
	if (key == NULL)
		return CTL_REFUSED;
	struct json_w *w = json_w_open(&body);
	json_w_object(w);
	json_w_kstr(w, "selector", c->selector);
	json_w_kstr(w, "key", key);
	json_w_end(w);
	json_w_close(w);
	explicit_bzero(key, strlen(key));
	free(key);
	char *path = ask_domain_path(args[0], "adopt");
	int rc = ask(c, path, body.data, &a);
	explicit_bzero(body.data, body.len);
	buf_free(&body);
	const char *message = json_string(json_get(a.json, "message"));
	char clean[STR_CLEAN_MAX + 1];
	if (rc == CTL_DONE && c->json)
		printf("%s\n", a.body.data);
	else if (rc == CTL_DONE)
		printf("%s\n", str_clean(clean, sizeof(clean), message ? message : "taken over"));
	answer_free(&a);
	free(path);
	return rc;
}
