/* Reads files as the daemon does: whoever could not have given them to the daemon cannot give them to us. */
#include "ctl/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "io/files.h"

void site_add_text(struct site_texts *t, const char *path, char *text, size_t len)
{
	t->list = xrealloc(t->list, (t->n + 1) * sizeof(*t->list));
	t->list[t->n++] = (struct inventory_text){
	        .path = xstrdup(path), .text = text ? text : xstrdup(""), .len = text ? len : 0};
}

void site_free_texts(struct site_texts *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free((void *)(uintptr_t)t->list[i].path);
		free((void *)(uintptr_t)t->list[i].text);
	}
	free(t->list);
}

void site_folder(const struct config *cfg, struct site_texts *t, struct diags *d)
{
	struct file_list l = {0};

	if (files_list(cfg->inventory, &l, d) < 0)
		return;
	for (size_t i = 0; i < l.n; i++) {
		struct file_text text;

		if (files_read(l.paths[i], FILE_PUBLIC, true, &text, d) < 0)
			continue;
		site_add_text(t, l.paths[i], text.text, text.len);
	}
	files_list_free(&l);
}

void site_print_faults(const struct diags *d)
{
	char line[STR_CLEAN_MAX + 600];

	for (size_t i = 0; i < d->n; i++)
		fprintf(stderr, "%s\n", diag_format(&d->list[i], line, sizeof(line)));
	if (d->count > d->n)
		fprintf(stderr, "and %zu more\n", d->count - d->n);
}

int site_read(const struct ctl *c, struct site *ret)
{
	const char *path = c->config ? c->config : CONFIG_DEFAULT_PATH;
	struct file_text text;
	struct site_texts t = {0};
	struct diags d = {0};

	memset(ret, 0, sizeof(*ret));
	if (files_read(path, FILE_PUBLIC, true, &text, &d) == 0) {
		ret->config = config_parse(text.text, text.len, path, &d);
		files_free(&text);
	}
	if (ret->config) {
		site_folder(ret->config, &t, &d);
		ret->inventory = inventory_build(ret->config, t.list, t.n, NULL, 0, NULL, &d);
	}
	site_free_texts(&t);
	site_print_faults(&d);
	int rc = ret->config && d.count == 0 ? CTL_DONE : CTL_REFUSED;
	diags_clear(&d);
	return rc;
}

void site_free(struct site *s)
{
	inventory_free(s->inventory);
	config_free(s->config);
}
