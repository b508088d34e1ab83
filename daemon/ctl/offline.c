/* Status without a daemon: its state, opened read-only, tells how things stood when it was last written. Nothing is
 * locked, written or decided here, and nothing is shown that only a running daemon could know (policies are not part of
 * the state, so neither is the next rotation). */
#include "ctl/gather.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "codec/config.h"
#include "codec/idna.h"
#include "core/model.h"
#include "core/record.h"
#include "io/files.h"
#include "io/store.h"

#define TYPICAL_GRACE (7 * MS_DAY) /* only for the role of selectors of unknown history */

struct reading {
	struct gathered *g;
	char **names;
	int n_names;
	bool *found; /* of the names */
};

/* --state, $STATE_DIRECTORY, what the configuration in its usual place says, the default. Free with free(). */
static char *state_folder(const struct ctl *c)
{
	const char *given = getenv("STATE_DIRECTORY");
	struct file_text text = {0};
	struct diags d = {0};
	char *folder = NULL;

	if (c->state)
		return xstrdup(c->state);
	if (given && *given)
		return xstrndup(given, strcspn(given, ":"));
	if (files_read(CONFIG_DEFAULT_PATH, FILE_PUBLIC, false, &text, &d) == 0) {
		struct config *cfg = config_parse(text.text, text.len, CONFIG_DEFAULT_PATH, &d);
		if (cfg)
			folder = xstrdup(cfg->state);
		config_free(cfg);
		files_free(&text);
	}
	diags_clear(&d);
	return folder ? folder : xstrdup(CTL_STATE);
}

static const char *keep(struct shown *s, const char *text)
{
	char clean[STR_CLEAN_MAX + 1];

	return text && *text ? arena_intern(s->arena, str_clean(clean, sizeof(clean), text)) : NULL;
}

/* "mydomain.ovh" or "mydomain.ovh:mxplan", compared as they stand in the state. */
static bool wanted(struct reading *x, const struct store_key *k)
{
	bool is = x->n_names == 0;
	char *both = xasprintf("%s:%s", k->domain, k->platform);

	for (int i = 0; i < x->n_names; i++) {
		char name[IDNA_ASKED];
		const char *asked = idna_asked(name, x->names[i]);

		if (str_eq(asked, k->domain) || str_eq(asked, both))
			is = x->found[i] = true;
	}
	free(both);
	return is;
}

static void read_selectors(struct shown *s, struct shown_domain *d, const struct record *r)
{
	struct shown_selector *all = arena_alloc(s->arena, SELECTORS_MAX * sizeof(*all));
	bool domain_wide = str_eq(d->platform, "mxplan") || str_eq(d->platform, "zimbra");

	for (unsigned i = 0; i < r->n; i++) {
		const struct rec_selector *x = &r->sel[i];
		enum role role = record_role(x, TYPICAL_GRACE, d->now);

		if (domain_wide)
			role = str_eq(record_active(r), x->name) ? ROLE_ACTIVE : ROLE_SPARE;
		all[i].name = keep(s, x->name);
		all[i].state = selector_state_word(x->state);
		all[i].role = role_word(role);
		all[i].record = keep(s, x->record);
		all[i].target = keep(s, x->target);
		all[i].dns = x->dns_at ? seen_word(x->dns) : "unknown";
		all[i].bits = x->key_bits;
		all[i].signing_since = x->signing_since;
		all[i].stopped = role == ROLE_RETIRED ? x->stopped : 0;
		all[i].delete_after =
		        role == ROLE_RETIRED && r->next_action == ACTION_DELETE ? r->next_at : 0;
	}
	d->selectors = all;
	d->n_selectors = r->n;
}

static bool on_record(void *arg, const struct store_key *k, const struct record *r)
{
	struct reading *x = arg;
	struct shown *s = x->g->shown;
	struct timespec now;
	struct shown_domain d = {0};

	if (!wanted(x, k))
		return true;
	clock_gettime(CLOCK_REALTIME, &now);
	d.now = (int64_t)now.tv_sec * MS_SECOND;
	d.domain = d.zone = keep(s, k->domain);
	d.account = keep(s, k->account);
	d.platform = keep(s, k->platform);
	d.phase = phase_word(r->phase);
	d.condition = condition_word(r->condition);
	d.reason = reason_word(r->reason);
	d.waits_on = waits_on_word(reason_waits_on(r->reason));
	d.active = keep(s, record_active(r));
	d.signing = d.active || r->status == STATUS_ENABLED;
	d.detail = keep(s, r->detail);
	d.paused = r->paused ? keep(s, r->paused_by) : NULL;
	d.action = action_word(r->next_action == ACTION_NONE ? ACTION_LOOK : r->next_action);
	d.next_at = r->next_at;
	d.since = r->since;
	d.next_look = r->next_look;
	d.rotated = r->rotated;
	read_selectors(s, &d, r);
	shown_take(s, &d);
	return true;
}

static int tell_missing(const struct reading *x)
{
	int rc = CTL_DONE;

	for (int i = 0; i < x->n_names; i++) {
		if (x->found[i])
			continue;
		ctl_say("%s: it is not in the state", x->names[i]);
		rc = CTL_REFUSED;
	}
	return rc;
}

int gather_offline(const struct ctl *c, char **names, int n_names, struct gathered *ret)
{
	char *folder = state_folder(c), error[600] = "";
	struct store *store = store_open(folder, true, error, sizeof(error));

	memset(ret, 0, sizeof(*ret));
	ret->shown = shown_new();
	str_format(ret->state_file, sizeof(ret->state_file), "%s", folder);
	free(folder);
	if (!store) {
		ctl_say("%s", error);
		return CTL_NO_DAEMON;
	}
	struct reading x = {.g = ret, .names = names, .n_names = n_names};
	x.found = xcalloc((size_t)n_names + 1, sizeof(*x.found));
	store_each(store, on_record, &x);
	store_close(store);
	int rc = tell_missing(&x);
	free(x.found);
	struct json_w *w = json_w_open(&ret->domains);
	json_w_array(w);
	for (size_t i = 0; i < ret->shown->n; i++)
		shown_json(&ret->shown->list[i], w);
	json_w_end(w);
	json_w_close(w);
	shown_sort(ret->shown);
	return rc;
}
