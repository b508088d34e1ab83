/* grant: the least that each account's credential must be allowed for this inventory, as access rules and as IAM actions,
 * with the link to OVHcloud's page that makes such a key. Nothing is asked and nothing written. */
#include <stdio.h>

#include "codec/grant.h"
#include "codec/json.h"
#include "ctl/site.h"

static void put_text(const struct config_account *a, const struct grants *rules, const struct grants *actions,
        bool any, struct buf *out)
{
	buf_printf(out, "%saccount %s (%s)", out->len != 0 ? "\n" : "", a->name, a->endpoint);
	if (!any)
		buf_puts(out, ", of which the inventory lists no domain: what dkimrotctl discover reads");
	buf_puts(out, "\n\nAn application key, by this page:\n  ");
	grant_link(a->base_url, rules, out);
	buf_puts(out, "\n\nwith these access rules:\n");
	for (size_t i = 0; i < rules->n; i++)
		buf_printf(out, "  %-6s %s\n", rules->list[i].method, rules->list[i].path);
	buf_puts(out, "\nor a service account (OAuth2) with these IAM actions:\n");
	for (size_t i = 0; i < actions->n; i++)
		buf_printf(out, "  %s\n", actions->list[i].path);
}

static void put_json(const struct config_account *a, const struct grants *rules, const struct grants *actions,
        struct json_w *w)
{
	struct buf link = {0};

	grant_link(a->base_url, rules, &link);
	json_w_object(w);
	json_w_kstr(w, "account", a->name);
	json_w_kstr(w, "endpoint", a->endpoint);
	json_w_key(w, "rules");
	json_w_array(w);
	for (size_t i = 0; i < rules->n; i++) {
		json_w_object(w);
		json_w_kstr(w, "method", rules->list[i].method);
		json_w_kstr(w, "path", rules->list[i].path);
		json_w_end(w);
	}
	json_w_end(w);
	json_w_key(w, "actions");
	json_w_array(w);
	for (size_t i = 0; i < actions->n; i++)
		json_w_str(w, actions->list[i].path);
	json_w_end(w);
	json_w_kstr(w, "link", link.data);
	json_w_end(w);
	buf_free(&link);
}

int ctl_grant(const struct ctl *c, char **args, int n)
{
	struct site site;
	int rc = site_read(c, &site);
	struct buf out = {0}, text = {0};

	(void)args;
	(void)n;
	if (rc == CTL_DONE) {
		struct json_w *w = json_w_open(&out);

		json_w_array(w);
		for (size_t i = 0; i < site.config->n_accounts; i++) {
			const struct config_account *a = &site.config->accounts[i];
			struct grants rules, actions;

			grants_init(&rules);
			grants_init(&actions);
			grant_rules(site.inventory, a->name, &rules);
			grant_actions(site.inventory, a->name, &actions);
			put_text(a, &rules, &actions, grant_needs_any(site.inventory, a->name), &text);
			put_json(a, &rules, &actions, w);
			grants_free(&rules);
			grants_free(&actions);
		}
		json_w_end(w);
		json_w_close(w);
		printf("%s%s", c->json ? out.data : text.data, c->json ? "\n" : "");
	}
	buf_free(&out);
	buf_free(&text);
	site_free(&site);
	return rc;
}
