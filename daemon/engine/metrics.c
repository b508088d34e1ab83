/* Prometheus text, with the contract's names. */
#include <stdlib.h>
#include <string.h>

#include "engine/parts.h"

#define OLDEST_KEPT (10 * MS_MINUTE)

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Label values come from the configuration; quotes and backslashes are escaped all the same. */
static void label(struct buf *out, const char *value)
{
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			buf_add(out, "\\", 1);
		if ((unsigned char)*value >= ' ')
			buf_add(out, value, 1);
	}
}

static void line(struct buf *out, const char *name, const struct account *a, const char *key,
        const char *word, double v)
{
	buf_printf(out, "%s{account=\"", name);
	label(out, a->cfg->name);
	if (key != NULL)
		buf_printf(out, "\",%s=\"%s", key, word);
	buf_printf(out, "\"} %.15g\n", v);
}

struct of_account {
	size_t phases[PHASE_RENEWING + 1], conditions[CONDITION_OBSERVING + 1], not_signing;
};

static void domains(struct engine *e, struct buf *out)
{
	struct of_account *n = xcalloc(e->n_accounts, sizeof(*n));
	int64_t overdue = 0;

	for (size_t i = 0; i < e->n_slots; i++) {
		const struct slot *s = e->slots[i];
		struct of_account *k = &n[s->account - e->accounts];
		int64_t late = account_now(s->account) - s->next_look;

		if (s->missing_since != 0)
			continue;
		k->phases[s->phase <= PHASE_RENEWING ? s->phase : 0]++;
		k->conditions[s->condition <= CONDITION_OBSERVING ? s->condition : 0]++;
		k->not_signing += s->unsigned_now;
		if (s->looked && s->job == NULL && late > overdue)
			overdue = late;
	}
	head(out, "dkimrotd_domains", "gauge", "Domains by phase.");
	for (size_t a = 0; a < e->n_accounts; a++)
		for (unsigned p = 0; p <= PHASE_RENEWING; p++)
			line(out, "dkimrotd_domains", &e->accounts[a], "phase", phase_word((enum phase)p),
			        (double)n[a].phases[p]);
	head(out, "dkimrotd_domains_condition", "gauge", "Domains by condition.");
	for (size_t a = 0; a < e->n_accounts; a++)
		for (unsigned c = 0; c <= CONDITION_OBSERVING; c++)
			line(out, "dkimrotd_domains_condition", &e->accounts[a], "condition",
			        condition_word((enum condition)c), (double)n[a].conditions[c]);
	head(out, "dkimrotd_domains_not_signing", "gauge", "Domains without a signing selector.");
	for (size_t a = 0; a < e->n_accounts; a++)
		line(out, "dkimrotd_domains_not_signing", &e->accounts[a], NULL, NULL,
		        (double)n[a].not_signing);
	head(out, "dkimrotd_overdue_seconds", "gauge", "How late the latest look is.");
	buf_printf(out, "dkimrotd_overdue_seconds %.15g\n", (double)overdue / 1000);
	free(n);
}

static void find_oldest(void *arg, struct slot *slot, const struct record *r)
{
	struct engine_cursor *at = arg;
	const struct rec_selector *s = record_signer(r);

	(void)slot;
	if (s != NULL && s->signing_since != 0 && (at->oldest == 0 || s->signing_since < at->oldest))
		at->oldest = s->signing_since;
}

/* Every record is read for it, which is too dear for each scrape, and piece by piece. True: it is known. */
static bool know_oldest(struct engine *e, struct engine_cursor *at)
{
	int64_t boot = loop_boot(e->p.loop);

	if (!at->begun && e->oldest_at != 0 && boot - e->oldest_at <= OLDEST_KEPT)
		return true;
	at->begun = true;
	if (engine_walk(e, at, find_oldest, at))
		return false;
	e->oldest_key = at->oldest;
	e->oldest_at = boot;
	return true;
}

static void accounts(struct engine *e, struct buf *out)
{
	static const struct {
		const char *name, *help;
	} rows[] = {
	        {"dkimrotd_breaker_open", "Scheduled changes are stopped (1) or not (0)."},
	        {"dkimrotd_clock_offset_seconds", "The API's clock minus this host's."},
	        {"dkimrotd_last_pass_timestamp_seconds", "When every domain had been looked at, last."},
	        {"dkimrotd_effective_settled_seconds", "poll.settled as stretched to the budget."},
	};

	for (size_t r = 0; r < ARRAY_SIZE(rows); r++) {
		head(out, rows[r].name, "gauge", rows[r].help);
		for (size_t i = 0; i < e->n_accounts; i++) {
			const struct account *a = &e->accounts[i];
			const double v[] = {a->breaker ? 1 : 0, (double)a->clock.offset / 1000,
			        (double)a->last_pass / 1000, (double)a->effective_settled / 1000};

			line(out, rows[r].name, a, NULL, NULL, v[r]);
		}
	}
	head(out, "dkimrotd_credential_expires_timestamp_seconds", "gauge",
	        "When the account's key expires; absent where it does not, or is not known to.");
	for (size_t i = 0; i < e->n_accounts; i++)
		if (e->accounts[i].credential.expires != 0)
			line(out, "dkimrotd_credential_expires_timestamp_seconds", &e->accounts[i], NULL,
			        NULL, (double)e->accounts[i].credential.expires / 1000);
	head(out, "dkimrotd_api_requests_total", "counter", "Requests by method and status; 0 = no answer.");
	for (size_t i = 0; i < e->n_accounts; i++)
		for (size_t k = 0; k < e->accounts[i].n_counts; k++) {
			const struct count *c = &e->accounts[i].counts[k];

			buf_puts(out, "dkimrotd_api_requests_total{account=\"");
			label(out, e->accounts[i].cfg->name);
			buf_printf(out, "\",method=\"%s\",status=\"%d\"} %llu\n", c->method, c->status,
			        (unsigned long long)c->n);
		}
}

/* --- how long requests take ----------------------------------------------------------------------------------------- */

static const int64_t took_bounds[TOOK_BUCKETS] = {50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000}; /* ms */

void metrics_took(struct account *a, int64_t ms)
{
	size_t i = 0;

	while (i < TOOK_BUCKETS && ms > took_bounds[i])
		i++;
	a->took[i]++;
	a->took_ms += ms;
}

static void latency(struct engine *e, struct buf *out)
{
	static const char name[] = "dkimrotd_api_request_duration_seconds";
	char bound[32];

	head(out, name, "histogram", "How long requests to the API took, answered or not.");
	for (size_t i = 0; i < e->n_accounts; i++) {
		const struct account *a = &e->accounts[i];
		struct buf series = {0};
		uint64_t n = 0;

		buf_printf(&series, "%s_bucket", name);
		for (size_t k = 0; k <= TOOK_BUCKETS; k++) {
			n += a->took[k];
			if (k < TOOK_BUCKETS)
				str_format(bound, sizeof(bound), "%g", (double)took_bounds[k] / 1000);
			else
				str_format(bound, sizeof(bound), "+Inf");
			line(out, series.data, a, "le", bound, (double)n);
		}
		series.len = 0;
		buf_printf(&series, "%s_sum", name);
		line(out, series.data, a, NULL, NULL, (double)a->took_ms / 1000);
		series.len = 0;
		buf_printf(&series, "%s_count", name);
		line(out, series.data, a, NULL, NULL, (double)n);
		buf_free(&series);
	}
}

int engine_commit(struct engine *e)
{
	int r = store_commit(e->p.store);

	e->commits++;
	e->commits_failed += r != 0;
	return r;
}

int engine_write(struct engine *e)
{
	int r = store_write(e->p.store);

	e->commits_failed += r != 0;
	return r;
}

static void counters(struct engine *e, struct buf *out)
{
	head(out, "dkimrotd_dns_looks_total", "counter",
	        "Looks at a selector's record and key, by what they found; unknown = too few answered.");
	for (unsigned i = 0; i <= SEEN_BOGUS; i++)
		buf_printf(out, "dkimrotd_dns_looks_total{result=\"%s\"} %llu\n", seen_word((enum seen)i),
		        (unsigned long long)e->dns_looks[i]);
	head(out, "dkimrotd_state_commits_total", "counter", "Times that the state was to be made durable.");
	buf_printf(out, "dkimrotd_state_commits_total %llu\n", (unsigned long long)e->commits);
	head(out, "dkimrotd_state_commit_failures_total", "counter", "Times that this failed.");
	buf_printf(out, "dkimrotd_state_commit_failures_total %llu\n", (unsigned long long)e->commits_failed);
}

bool engine_metrics(struct engine *e, struct engine_cursor *at, struct buf *out)
{
	size_t refused = 0;

	if (!know_oldest(e, at))
		return true;
	for (size_t i = 0; i < e->inventory->n_files; i++)
		refused += e->inventory->files[i].state != INVENTORY_OK;
	domains(e, out);
	accounts(e, out);
	latency(e, out);
	counters(e, out);
	head(out, "dkimrotd_oldest_key_seconds", "gauge", "Age of the key that has signed longest.");
	buf_printf(out, "dkimrotd_oldest_key_seconds %.15g\n",
	        e->oldest_key != 0 ? (double)(loop_wall(e->p.loop) - e->oldest_key) / 1000 : 0.0);
	head(out, "dkimrotd_paused", "gauge", "Everything is paused (1) or not (0).");
	buf_printf(out, "dkimrotd_paused %d\n", e->paused);
	head(out, "dkimrotd_inventory_files_refused", "gauge", "Inventory files that are refused.");
	buf_printf(out, "dkimrotd_inventory_files_refused %zu\n", refused);
	head(out, "dkimrotd_journal_lines_dropped_total", "counter", "Lines that the journal did not take.");
	buf_printf(out, "dkimrotd_journal_lines_dropped_total %llu\n", (unsigned long long)report_dropped());
	return false;
}
