/* The counters behind /_sim/counts. The windows slide by the request: a request belongs to every 60 s that
 * end at it or later, so the largest number ever held is exact, not a sample. */
#include "meter.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW_MS = 60000 };

struct window {
	int64_t *at; /* instants, oldest at head */
	size_t head, n, cap, max;
};

struct meter_account {
	char *name;
	struct window all, api; /* api: without /auth and tokens */
	uint64_t count[METER_KINDS];
};

struct meter {
	uint64_t connections, dns_udp, dns_tcp, count[METER_KINDS];
	struct meter_account *accounts;
	size_t n_accounts;
};

static const char *const kind_names[METER_KINDS] = {
        [METER_API] = "api",
        [METER_AUTH] = "auth",
        [METER_TOKEN] = "token",
        [METER_REFUSED] = "refused",
};

struct meter *meter_new(void)
{
	return must(calloc(1, sizeof(struct meter)));
}

void meter_reset(struct meter *m)
{
	for (size_t i = 0; i < m->n_accounts; i++) {
		free(m->accounts[i].name);
		free(m->accounts[i].all.at);
		free(m->accounts[i].api.at);
	}
	free(m->accounts);
	*m = (struct meter){0};
}

void meter_free(struct meter *m)
{
	if (!m)
		return;
	meter_reset(m);
	free(m);
}

void meter_connection(struct meter *m)
{
	m->connections++;
}

void meter_dns(struct meter *m, bool tcp)
{
	if (tcp)
		m->dns_tcp++;
	else
		m->dns_udp++;
}

static void window_add(struct window *w, int64_t now)
{
	while (w->n && w->at[w->head] <= now - WINDOW_MS) {
		w->head = (w->head + 1) % w->cap;
		w->n--;
	}
	if (w->n == w->cap) {
		size_t cap = w->cap ? w->cap * 2 : 64;
		int64_t *at = must(calloc(cap, sizeof(*at)));

		for (size_t i = 0; i < w->n; i++)
			at[i] = w->at[(w->head + i) % w->cap];
		free(w->at);
		w->at = at;
		w->head = 0;
		w->cap = cap;
	}
	w->at[(w->head + w->n++) % w->cap] = now;
	if (w->n > w->max)
		w->max = w->n;
}

static struct meter_account *meter_account(struct meter *m, const char *name)
{
	struct meter_account *a;

	for (size_t i = 0; i < m->n_accounts; i++)
		if (!strcmp(m->accounts[i].name, name))
			return &m->accounts[i];
	m->accounts = must(realloc(m->accounts, (m->n_accounts + 1) * sizeof(*m->accounts)));
	a = &m->accounts[m->n_accounts++];
	*a = (struct meter_account){.name = must(strdup(name))};
	return a;
}

void meter_request(struct meter *m, int64_t now, const char *account, enum meter_kind kind)
{
	struct meter_account *a;

	m->count[kind]++;
	if (!account)
		return;
	a = meter_account(m, account);
	a->count[kind]++;
	window_add(&a->all, now);
	if (kind == METER_API || kind == METER_REFUSED)
		window_add(&a->api, now);
}

static void kinds_json(const uint64_t *count, struct out *o)
{
	for (int k = 0; k < METER_KINDS; k++)
		out_printf(o, "%s\"%s\":%" PRIu64, k ? "," : "", kind_names[k], count[k]);
}

void meter_json(const struct meter *m, struct out *o)
{
	out_printf(o, "{\"connections\":%" PRIu64 ",\"dns_udp\":%" PRIu64 ",\"dns_tcp\":%" PRIu64 ",",
	        m->connections, m->dns_udp, m->dns_tcp);
	kinds_json(m->count, o);
	out_puts(o, ",\"accounts\":{");
	for (size_t i = 0; i < m->n_accounts; i++) {
		const struct meter_account *a = &m->accounts[i];

		if (i)
			out_puts(o, ",");
		out_json(o, a->name);
		out_puts(o, ":{");
		kinds_json(a->count, o);
		out_printf(
		        o, ",\"max_per_60s\":%zu,\"max_per_60s_without_auth\":%zu}", a->all.max, a->api.max);
	}
	out_puts(o, "}}");
}
