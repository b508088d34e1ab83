/* Records that go into the same zone together: one job of a writer at a time for each zone, fed by the domains that want
 * something of it, and one publication for them all. The gate is asked of each request when it leaves, in the name of the
 * domain that it is for; their intents are durable before they come here. */
#include <stdlib.h>
#include <string.h>

#include "engine/external.h"

#define OPEN_FOR                                                                                             \
	(10 * MS_SECOND) /* others may join so long: a reading must be fresh when its record's turn comes */

struct zone_batch {
	struct engine *e;
	struct zone_batch *next;
	struct zone_way way;
	int64_t opened; /* boot clock */
	struct write_job w;
	struct member {          /* beside w.items */
		struct job *j;   /* NULL: it has gone */
		unsigned record; /* of the job's */
	} members[WRITE_ITEMS];
	struct write_request request;
	struct call *call;             /* under way, through the API */
	struct dns_exchange *exchange; /* under way, to a name server */
	struct dns_sent sent;
};

static void batch_step(struct zone_batch *b);

/* --- through whom ------------------------------------------------------------------------------------------------ */

struct zone_way zone_way(const struct job *j)
{
	const struct desired *d = j->slot->d;
	const struct config *c = j->e->p.config;
	struct zone_way way = {0};

	if (d->dns != DNS_RFC2136) {
		way.account = account_by_name(j->e, d->zone_account);
		if (way.account == NULL || way.account->stopped)
			way.unfit = "the account of the zone is stopped";
		return way;
	}
	for (size_t i = 0; i < c->n_servers; i++)
		if (str_eq(c->servers[i].name, d->dns_server)) {
			way.server = &c->servers[i];
			way.key = j->e->p.keys[i];
		}
	if (way.key == NULL)
		way.unfit =
		        "the secret for the zone's name server cannot be used: the journal said why at the "
		        "start";
	return way;
}

static bool same_way(const struct zone_way *a, const struct zone_way *b)
{
	return a->account == b->account && a->server == b->server;
}

/* --- its end ---------------------------------------------------------------------------------------------------- */

static void batch_unlink(struct zone_batch *b)
{
	for (struct zone_batch **p = &b->e->zones; *p != NULL; p = &(*p)->next)
		if (*p == b) {
			*p = b->next;
			break;
		}
}

/* Each job is told once, all of its records together. */
static void batch_over(struct zone_batch *b)
{
	batch_unlink(b);
	for (unsigned i = 0; i < b->w.n; i++) {
		struct job *j = b->members[i].j;

		if (j == NULL)
			continue;
		for (unsigned k = i; k < b->w.n; k++)
			if (b->members[k].j == j) {
				j->records[b->members[k].record].end = b->w.items[k];
				b->members[k].j = NULL;
			}
		j->batch = NULL;
		act_written(j);
	}
	free(b);
}

/* --- requests out, answers in ------------------------------------------------------------------------------------ */

/* Whoever's record is made may have it published; one is enough. */
static bool may_publish(struct zone_batch *b)
{
	for (unsigned i = 0; i < b->w.n; i++)
		if (b->w.items[i].verdict == WRITE_MADE && b->members[i].j != NULL &&
		        act_may_write(b->members[i].j, b->members[i].record, &b->w))
			return true;
	return false;
}

static bool may_leave(void *arg)
{
	struct zone_batch *b = arg;
	const struct member *m = &b->members[b->w.at];

	if (b->w.refreshes)
		return may_publish(b);
	return m->j != NULL && act_may_write(m->j, m->record, &b->w);
}

static void answered(void *arg, const struct api_answer *a, bool was_denied)
{
	struct zone_batch *b = arg;
	const struct member *m = &b->members[b->w.at];
	struct write_answer answer = {.api = a};

	b->call = NULL;
	if (was_denied)
		write_deny(&b->w, m->j != NULL ? m->j->denial.why : "nobody waits for it any more");
	else
		write_feed(&b->w, &answer);
	batch_step(b);
}

static void exchanged(void *arg, enum exchange_end end, const uint8_t *bytes, size_t n, const char *error)
{
	struct zone_batch *b = arg;
	struct dns_reply *reply = NULL;
	struct write_answer answer = {.dns = {.not_sent = end == EXCHANGE_NOT_SENT, .error = error}};

	b->exchange = NULL;
	b->e->progress++;
	if (end == EXCHANGE_ANSWERED) {
		reply = xcalloc(1, sizeof(*reply));
		update_read(&b->request.dns, b->way.key, &b->sent, bytes, n, reply);
		answer.dns.reply = reply;
	}
	write_feed(&b->w, &answer);
	free(reply);
	batch_step(b);
}

/* A message to a name server leaves at once: there is no budget to wait for. False: nothing is awaited. */
static bool exchange(struct zone_batch *b)
{
	size_t n = 0;
	uint8_t *bytes = NULL;

	if (b->request.changes && !may_leave(b)) {
		const struct job *j = b->members[b->w.at].j;

		write_deny(&b->w, j != NULL ? j->denial.why : "nobody waits for it any more");
		return false;
	}
	bytes = update_write(&b->request.dns, b->way.key, b->e->update_id++, &n, &b->sent);
	if (bytes == NULL) {
		const struct write_answer none = {
		        .dns = {.not_sent = true,
		                .error = "no message can be made of it: is the key's secret whole?"}};

		write_feed(&b->w, &none);
		return false;
	}
	b->exchange = dns_exchange(b->e->p.loop, &b->way.server->server, bytes, n, 0, exchanged, b);
	free(bytes);
	return true;
}

static void batch_step(struct zone_batch *b)
{
	while (write_next(&b->w, &b->request)) {
		struct job *j = b->members[b->w.at].j;
		struct account *a = b->way.account;

		if (b->request.via == VIA_API) {
			b->call = account_call(a, &b->request.api, URGENT_CHANGE,
			        j != NULL && j->account == a ? &j->reserved : NULL,
			        b->request.changes ? may_leave : NULL, answered, b);
			return;
		}
		if (exchange(b))
			return;
	}
	batch_over(b);
}

/* --- coming and going --------------------------------------------------------------------------------------------- */

static const char *zone_of(const struct job *j)
{
	return job_is_external(j) ? external_zone(j->slot->d) : j->slot->d->zone;
}

static struct zone_batch *batch_find(const struct job *j, const struct zone_way *way)
{
	for (struct zone_batch *b = j->e->zones; b != NULL; b = b->next)
		if (same_way(&b->way, way) && str_caseeq(b->w.zone, zone_of(j)))
			return b;
	return NULL;
}

static bool batch_has_room(const struct zone_batch *b, unsigned n)
{
	return !b->w.over && !b->w.publishing && b->w.n + n <= WRITE_ITEMS &&
	       loop_boot(b->e->p.loop) - b->opened < OPEN_FOR;
}

static void batch_add(struct zone_batch *b, struct job *j)
{
	for (unsigned i = 0; i < j->n_records; i++) {
		int at = write_add(&b->w, &j->records[i].rr);

		if (at >= 0) /* room and fitness were looked at before */
			b->members[at] = (struct member){.j = j, .record = i};
	}
	j->batch = b;
}

bool zone_has_room(const struct job *j)
{
	struct zone_way way = zone_way(j);
	const struct zone_batch *b = batch_find(j, &way);

	return b == NULL || batch_has_room(b, j->n_records);
}

/* Looked for twice, written, read back; and one publication for all. */
unsigned zone_need(unsigned records)
{
	return 4 * records + 1;
}

int64_t zone_reserve(struct job *j)
{
	struct account *a = zone_way(j).account;
	int64_t boot = loop_boot(j->e->p.loop);
	bool own = a == j->account;
	unsigned need = zone_need(j->n_records), held = own ? j->reserved : 0;
	unsigned lacking = need > held ? need - held : 0;

	if (a == NULL || a->budget.limit == 0) /* a name server has no budget */
		return 0;
	if (a->budget.limit < need + (own ? LOOK_NEED : 0))
		return j->n_records > 1 ? boot + BUDGET_WINDOW : 0;
	if (budget_room(&a->budget, boot) < lacking)
		return budget_when(&a->budget, lacking, boot);
	if (own && budget_reserve(&a->budget, lacking, boot))
		j->reserved += lacking;
	return 0;
}

bool zone_join(struct job *j)
{
	struct zone_way way = zone_way(j);
	struct zone_batch *b = batch_find(j, &way);
	uint32_t ttl = way.server != NULL ? (uint32_t)way.server->ttl : 0;

	if (b != NULL) {
		if (!batch_has_room(b, j->n_records))
			return false;
		batch_add(b, j);
		return true;
	}
	b = xcalloc(1, sizeof(*b));
	if (way.unfit != NULL || write_begin(&b->w, j->slot->d->dns, zone_of(j), ttl) != 0) {
		free(b);
		return false;
	}
	b->e = j->e;
	b->way = way;
	b->opened = loop_boot(j->e->p.loop);
	b->next = j->e->zones;
	j->e->zones = b;
	batch_add(b, j);
	batch_step(b);
	return true;
}

bool zone_is_acting(const struct job *j)
{
	const struct zone_batch *b = j->batch;

	return b != NULL && (b->call != NULL || b->exchange != NULL) && b->request.changes;
}

void zone_leave(struct job *j)
{
	struct zone_batch *b = j->batch;
	bool others = false;

	if (b == NULL)
		return;
	bool asking = b->members[b->w.at].j ==
	              j; /* the request under way is in its name, and may hold its reserve */
	j->batch = NULL;
	for (unsigned i = 0; i < b->w.n; i++) {
		if (b->members[i].j == j) {
			b->members[i].j = NULL;
			write_drop(&b->w, i);
		}
		others = others || b->members[i].j != NULL;
	}
	if (others && !asking)
		return;
	if (b->call != NULL)
		call_cancel(b->call);
	if (b->exchange != NULL)
		dns_exchange_cancel(b->exchange);
	b->call = NULL;
	b->exchange = NULL;
	if (others) {
		batch_step(b);
		return;
	}
	batch_unlink(b);
	free(b);
}
