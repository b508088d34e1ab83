/* Reading configuration and inventory from disk. */
#include "intake.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "io/files.h"
#include "io/store.h"

struct config *intake_config(const char *path, struct diags *d)
{
	struct file_text text;
	struct config *c;

	if (files_read(path, FILE_PUBLIC, true, &text, d) < 0)
		return NULL;
	c = config_parse(text.text, text.len, path, d);
	files_free(&text);
	return c;
}

struct texts {
	struct inventory_text *list;
	size_t n, cap;
};

static void texts_add(struct texts *t, const char *path, const char *text, size_t len, const char *fault)
{
	if (t->n == t->cap) {
		t->cap = t->cap != 0 ? 2 * t->cap : 16;
		t->list = xrealloc(t->list, t->cap * sizeof(*t->list));
	}
	t->list[t->n++] = (struct inventory_text){
	        .path = xstrdup(path),
	        .text = text != NULL ? xmemdup(text, len) : NULL,
	        .len = len,
	        .fault = fault != NULL ? xstrdup(fault) : NULL,
	};
}

static void texts_free(struct texts *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free((void *)(uintptr_t)t->list[i].path);
		free((void *)(uintptr_t)t->list[i].text);
		free((void *)(uintptr_t)t->list[i].fault);
	}
	free(t->list);
}

static bool take_good(void *arg, const char *path, const char *text, size_t len)
{
	texts_add(arg, path, text, len, NULL);
	return true;
}

/* Each file's text, or why it cannot be read. False when the folder itself cannot. */
static bool read_folder(const char *dir, struct texts *t, struct diags *d)
{
	struct file_list list;

	if (files_list(dir, &list, d) < 0)
		return false;
	for (size_t i = 0; i < list.n; i++) {
		struct file_text text;
		size_t told = d->n;

		if (files_read(list.paths[i], FILE_PUBLIC, true, &text, d) < 0) {
			texts_add(t, list.paths[i], NULL, 0,
			        d->n > told ? d->list[d->n - 1].text : "cannot be read");
			continue;
		}
		texts_add(t, list.paths[i], text.text, text.len, NULL);
		files_free(&text);
	}
	files_list_free(&list);
	return true;
}

static const struct inventory_text *find(const struct texts *t, const char *path)
{
	for (size_t i = 0; i < t->n; i++)
		if (str_eq(t->list[i].path, path))
			return &t->list[i];
	return NULL;
}

/* What is good now is what stays in force when it turns bad, over a restart too. */
static void keep_good(
        struct store *s, const struct inventory *inv, const struct texts *files, const struct texts *good)
{
	char *held = inventory_held(inv);

	for (size_t i = 0; i < inv->n_files; i++) {
		const struct inventory_text *now = find(files, inv->files[i].path),
		                            *was = find(good, inv->files[i].path);

		if (inv->files[i].state != INVENTORY_OK || now == NULL || now->text == NULL)
			continue;
		if (was != NULL && was->len == now->len && memcmp(was->text, now->text, now->len) == 0)
			continue;
		store_set_file(s, now->path, now->text, now->len);
	}
	for (size_t i = 0; i < good->n; i++)
		if (good->list[i].path[0] != '\0' && find(files, good->list[i].path) == NULL)
			store_set_file(s, good->list[i].path, NULL, 0);
	store_set_file(s, INVENTORY_HELD, held, held != NULL ? strlen(held) : 0);
	free(held);
	store_commit(s);
}

struct inventory *intake_inventory(
        const struct config *c, struct store *store, const struct inventory *previous, struct diags *d)
{
	struct texts files = {0}, good = {0};
	struct inventory *inv;

	if (store != NULL)
		store_each_file(store, take_good, &good);
	bool readable = read_folder(c->inventory, &files, d);
	if (!readable)
		for (size_t i = 0; i < good.n; i++)
			if (good.list[i].path[0] != '\0')
				texts_add(
				        &files, good.list[i].path, good.list[i].text, good.list[i].len, NULL);
	inv = previous == NULL ? inventory_start(c, files.list, files.n, good.list, good.n, d)
	                       : inventory_build(c, files.list, files.n, good.list, good.n, previous, d);
	if (store != NULL && readable)
		keep_good(store, inv, &files, &good);
	texts_free(&files);
	texts_free(&good);
	return inv;
}
