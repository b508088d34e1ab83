/* Changes that are foretold, as JSON: the requests, edits of zones and files that they would be. It must tell what act.c
 * would do, and nothing that only a look can know. */
#include <stdlib.h>

#include "codec/json.h"
#include "codec/signermap.h"
#include "core/dname.h"
#include "core/forecast.h"
#include "core/keyname.h"
#include "engine/parts.h"

/* type NULL: it touches no record; a target that OVHcloud has not named yet, and a key's text, are null. */
struct edit {
	const char *method, *path, *name, *type, *target;
};

static void edit_json(struct json_w *w, const struct edit *e)
{
	json_w_object(w);
	json_w_kstr(w, "method", e->method);
	json_w_kstr(w, "path", e->path);
	if (e->type != NULL) {
		json_w_kstr(w, "name", e->name);
		json_w_kstr(w, "type", e->type);
		json_w_kstr(w, "target", e->target[0] != '\0' ? e->target : NULL);
	}
	json_w_end(w);
}

static void selector_edit_json(
        struct json_w *w, const struct forecast_domain *x, const struct forecast_change *c, struct edit e)
{
	char *name = c->selector[0] != '\0' ? xasprintf("%s._domainkey.%s", c->selector, x->d->domain) : NULL;

	e.name = name;
	edit_json(w, &e);
	free(name);
}

/* The record of each part of a key of our own. */
static void key_edits_json(
        struct json_w *w, const struct forecast_domain *x, const struct forecast_change *c, struct edit e)
{
	char name[DNAME_TEXT], second[SELECTOR_NAME];

	if (x->d->external->record == RECORD_DKIM)
		e.type = rr_type_word(RR_DKIM);
	e.target = "";
	e.name = name;
	if (external_owner(name, x->d, c->selector))
		edit_json(w, &e);
	if (x->d->external->key == KEY_BOTH && keyname_second(second, sizeof(second), c->selector) &&
	        external_owner(name, x->d, second))
		edit_json(w, &e);
}

/* A name server is sent one message (RFC 2136), OVHcloud's zone a record and a refresh. */
static void zone_edits_json(
        struct json_w *w, const struct forecast_domain *x, const struct forecast_change *c)
{
	bool ours = x->d->platform == PLATFORM_EXTERNAL;
	const char *zone = ours ? external_zone(x->d) : x->d->zone;
	char *records = xasprintf("/domain/zone/%s/record", zone);
	char *record = xasprintf("/domain/zone/%s/record/{id}", zone);
	char *refresh = xasprintf("/domain/zone/%s/refresh", zone);
	bool update = x->d->dns == DNS_RFC2136, fresh = c->record == SEEN_MISSING;
	struct edit e = {.method = update       ? "UPDATE"
	                           : c->removes ? "DELETE"
	                           : fresh      ? "POST"
	                                        : "PUT",
	        .path = update  ? zone
	                : fresh ? records
	                        : record,
	        .type = ours ? "TXT" : "CNAME",
	        .target = c->target};

	json_w_key(w, "zone_edits");
	json_w_array(w);
	if (ours)
		key_edits_json(w, x, c, e);
	else if (update || c->record != SEEN_OK)
		selector_edit_json(w, x, c, e);
	if (!update)
		edit_json(w, &(struct edit){.method = "POST", .path = refresh});
	json_w_end(w);
	free(records);
	free(record);
	free(refresh);
}

/* What is written in the folder of keys; paths are below the state's folder. */
static void files_json(struct json_w *w, const struct forecast_domain *x, const struct forecast_change *c)
{
	const struct external *e = x->d->external;
	bool keeps = c->action == ACTION_DELETE; /* what is known of the keys */
	char *path = c->action == ACTION_ENABLE
	                     ? xasprintf("keys/%s/%s", e->signer, signermap_file(e->layout, false))
	                     : xasprintf("keys/private/%s/%s%s", x->d->domain, keeps ? "keys" : c->selector,
	                               keeps ? "" : ".pem");

	json_w_kstr(w, "method", c->shreds ? "SHRED" : "WRITE");
	json_w_kstr(w, "path", path);
	free(path);
}

/* The request as the driver would make it. Zimbra's v2 ids are known to a look only. */
static void request_json(struct json_w *w, const struct forecast_domain *x, const struct forecast_change *c)
{
	struct pass *pass = xcalloc(1, sizeof(*pass));
	const struct driver *p = platform_for(x->d);
	struct api_request q;

	str_copy(pass->token, sizeof(pass->token), "platformId");
	str_copy(pass->token2, sizeof(pass->token2), "domainId");
	if (p->change(x->d, pass, c->action, c->selector, &q) == 0) {
		json_w_kstr(w, "method", q.method);
		json_w_kstr(w, "path", q.path);
		if (q.body[0] != '\0') {
			json_w_key(w, "body");
			json_w_raw(w, q.body);
		}
	}
	free(pass);
}

void forecast_call_json(struct json_w *w, const struct forecast_domain *x, const struct forecast_change *c)
{
	json_w_object(w);
	json_w_ktime(w, "at", c->at);
	json_w_kstr(w, "domain", x->d->domain);
	json_w_kstr(w, "platform", platform_word(x->d->platform));
	json_w_kstr(w, "account", x->d->account);
	json_w_kstr(w, "action", c->shreds ? "shred" : action_word(c->action));
	json_w_kstr(w, "selector", c->selector[0] != '\0' ? c->selector : NULL);
	json_w_kstr(w, "reason", reason_word(c->reason));
	if (c->action == ACTION_PUBLISH)
		zone_edits_json(w, x, c);
	else if (x->d->platform == PLATFORM_EXTERNAL)
		files_json(w, x, c);
	else
		request_json(w, x, c);
	json_w_end(w);
}
