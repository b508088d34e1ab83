/* check: configuration and inventory files judged as a pipeline would, without a daemon. Nothing is sent, nothing written.
 * Files named on the command line are read whoever owns them: in a pipeline that is nobody's daemon. Those that the
 * configuration names are read as the daemon reads them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "codec/config.h"
#include "codec/inventory.h"
#include "codec/json.h"
#include "ctl/ctl.h"
#include "ctl/read.h"
#include "ctl/site.h"
#include "io/files.h"

static struct config *read_config(const char *path, struct diags *d)
{
	struct buf b = {0};
	struct config *cfg = NULL;

	if (read_whole(path, &b, d))
		cfg = config_parse(b.data ? b.data : "", b.len, path, d);
	buf_free(&b);
	return cfg;
}

static void print_json(const struct diags *d, size_t files, size_t domains)
{
	struct buf b = {0};
	struct json_w *w = json_w_open(&b);

	json_w_object(w);
	json_w_kint(w, "files", (int64_t)files);
	json_w_kint(w, "domains", (int64_t)domains);
	json_w_key(w, "faults");
	json_w_array(w);
	for (size_t i = 0; i < d->n; i++) {
		json_w_object(w);
		json_w_kstr(w, "file", d->list[i].file);
		json_w_kint(w, "line", d->list[i].line);
		json_w_kint(w, "column", d->list[i].column);
		json_w_kstr(w, "message", d->list[i].text);
		json_w_end(w);
	}
	json_w_end(w);
	json_w_end(w);
	json_w_close(w);
	printf("%s\n", b.data);
	buf_free(&b);
}

int ctl_files(const struct ctl *c, char **args, int n)
{
	const char *path = c->config ? c->config : n == 0 ? CONFIG_DEFAULT_PATH : NULL;
	struct diags d = {0};
	struct site_texts t = {0};
	struct config *cfg = path ? read_config(path, &d) : NULL;

	for (int i = 0; i < n; i++) {
		struct buf b = {0};

		if (read_whole(args[i], &b, &d))
			site_add_text(&t, args[i], b.data, b.len);
	}
	if (n == 0 && cfg)
		site_folder(cfg, &t, &d);
	/* A configuration that is itself at fault leaves policy and account names unresolved. */
	struct inventory *inv = inventory_build(cfg, t.list, t.n, NULL, 0, NULL, &d);
	site_print_faults(&d);
	if (c->json)
		print_json(&d, t.n + (path ? 1 : 0), inv->n);
	else if (d.count == 0)
		printf("no fault in %zu file%s, %zu domain%s\n", t.n + (path ? 1 : 0),
		        t.n + (path ? 1 : 0) == 1 ? "" : "s", inv->n, inv->n == 1 ? "" : "s");
	int rc = d.count == 0 ? CTL_DONE : CTL_REFUSED;
	inventory_free(inv);
	config_free(cfg);
	site_free_texts(&t);
	diags_clear(&d);
	return rc;
}
