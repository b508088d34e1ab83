/* Asks the daemon for its status and domains. The daemon's own text of them is kept as it came: programs get that, not
 * what we made of it. */
#include "ctl/gather.h"

#include <stdlib.h>
#include <string.h>

static void keep(void *arg, const struct json *domain)
{
	struct gathered *g = arg;

	shown_add(g->shown, domain, g->status.json);
}

static int ask_all(const struct ctl *c, const char *path, bool whole, struct gathered *g, char *why, size_t n)
{
	struct ask_list list = {.each = keep, .arg = g, .keep = whole};
	struct answer a;
	int rc = ask_list(c, path, NULL, &list, &a, why, n);

	if (rc == CTL_DONE) {
		g->domains = a.body;
		a.body = (struct buf){0};
	} else { /* half a list is none */
		shown_free(g->shown);
		g->shown = shown_new();
	}
	answer_free(&a);
	return rc;
}

/* A daemon that does not know of tables may pass over the question, and tells more than is needed, or refuse it. */
static int gather_all(const struct ctl *c, enum gather_what what, struct gathered *g, char *why, size_t n)
{
	int rc = CTL_REFUSED;

	if (what == GATHER_TABLE)
		rc = ask_all(c, "/v1/domains?for=table", false, g, why, n);
	return rc == CTL_REFUSED ? ask_all(c, "/v1/domains", what == GATHER_WHOLE, g, why, n) : rc;
}

/* Each by itself; one that the daemon does not know is told, and the others are shown. */
static int gather_named(
        const struct ctl *c, char **names, int n_names, struct gathered *g, char *why, size_t n)
{
	int worst = CTL_DONE;

	buf_puts(&g->domains, "[");
	for (int i = 0; i < n_names; i++) {
		char *path = ask_domain_path(names[i], NULL);
		struct answer a;
		int rc = ask_quiet(c, path, NULL, &a, why, n);

		free(path);
		if (rc == CTL_DONE) {
			if (g->domains.len > 1)
				buf_puts(&g->domains, ",");
			buf_add(&g->domains, a.body.data, a.body.len);
			shown_add(g->shown, a.json, g->status.json);
		} else if (rc == CTL_REFUSED) {
			ctl_say("%s", why);
			worst = CTL_REFUSED;
		}
		answer_free(&a);
		if (rc == CTL_NO_DAEMON)
			return rc;
	}
	buf_puts(&g->domains, "]");
	return worst;
}

int gather(const struct ctl *c, char **names, int n_names, enum gather_what what, struct gathered *ret,
        char *why, size_t n)
{
	char own[STR_CLEAN_MAX + 200] = "";
	bool say = why == NULL;

	if (say) {
		why = own;
		n = sizeof(own);
	}
	memset(ret, 0, sizeof(*ret));
	ret->shown = shown_new();
	int rc = ask_quiet(c, "/v1/status", NULL, &ret->status, why, n);
	if (rc == CTL_DONE) {
		rc = n_names > 0 ? gather_named(c, names, n_names, ret, why, n)
		                 : gather_all(c, what, ret, why, n);
		if (rc == CTL_REFUSED && n_names == 0)
			ctl_say("%s", why);
	} else if (rc == CTL_REFUSED) {
		ctl_say("%s", why);
	}
	if (rc == CTL_NO_DAEMON && say)
		ctl_say("%s", why);
	shown_sort(ret->shown);
	return rc;
}

void gather_free(struct gathered *g)
{
	answer_free(&g->status);
	buf_free(&g->domains);
	shown_free(g->shown);
	memset(g, 0, sizeof(*g));
}
