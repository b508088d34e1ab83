/* One OVHcloud account: its clock, its credential's health, its budget, and which of its domains is looked at next. */
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "engine/parts.h"

#define TIMING_MOST 3                /* tries at /auth/time before the host's clock must do */
#define TRY_AGAIN   (10 * MS_MINUTE) /* a stopped account lets one domain try so often */

/* Whoever asks first in a wake-up finds out whether the host's clock was stepped since the last one. */
int64_t account_now(struct account *a)
{
	int64_t wall = loop_wall(a->e->p.loop);

	bool apart = apiclock_wakeup(&a->clock, wall, loop_boot(a->e->p.loop));
	if (a->local) /* nobody else's time matters; a step of it is seen as a gap in the readings */
		apiclock_sample(&a->clock, wall, wall, loop_boot(a->e->p.loop));
	else if (apart)
		clock_measure(a);
	return apiclock_now(&a->clock, wall);
}

bool account_clock_sure(struct account *a)
{
	account_now(a);
	return apiclock_sure(&a->clock, loop_boot(a->e->p.loop));
}

struct account *account_by_name(struct engine *e, const char *name)
{
	for (size_t i = 0; i < e->n_accounts; i++)
		if (str_eq(e->accounts[i].cfg->name, name))
			return &e->accounts[i];
	return NULL;
}

void account_stop(struct account *a, const char *why)
{
	struct fields f = {.account = a->cfg->name};

	a->stopped_until = loop_boot(a->e->p.loop) + TRY_AGAIN;
	if (a->stopped)
		return;
	a->stopped = true;
	str_format(a->stopped_why, sizeof(a->stopped_why), "%s", why);
	report(EVENT_ACCOUNT_STOPPED, &f, a->cfg->name, why);
}

void account_well(struct account *a)
{
	struct fields f = {.account = a->cfg->name};

	if (!a->stopped)
		return;
	a->stopped = false;
	a->stopped_why[0] = '\0';
	report(EVENT_ACCOUNT_BACK, &f, a->cfg->name);
}

/* --- admission ------------------------------------------------------------------------------------------------------- */

static bool is_due(const struct account *a, unsigned u, int64_t now)
{
	const struct slot *s = heap_top(&a->due[u]);

	return s != NULL && s->next_look <= now;
}

/* Those that ask OVHcloud are so few that what one has read is not old before it is done (safety rule 15); those that wait for
 * the DNS alone need no connection. */
static bool has_room(const struct account *a)
{
	unsigned n = (unsigned)a->cfg->connections;

	if (a->stopped)
		return a->jobs == 0;
	return a->jobs - a->in_dns < 2 * n && a->jobs < 4 * n;
}

/* Starts as many due looks as connections and budget carry, the urgent first. Returns when the next may start, on the
 * boot clock; 0 = nothing is due. */
static int64_t admit(struct account *a)
{
	int64_t boot = loop_boot(a->e->p.loop), now = account_now(a);
	bool waiting[URGENCIES];

	while (has_room(a)) {
		for (unsigned u = 0; u < URGENCIES; u++)
			waiting[u] = is_due(a, u, now);
		enum urgency u = budget_pick(&a->budget, waiting);
		if (u == URGENCIES)
			return 0;
		struct slot *s = heap_top(&a->due[u]);
		unsigned need = job_need(s);
		if (!budget_reserve(&a->budget, need, boot))
			return budget_when(&a->budget, need, boot);
		budget_granted(&a->budget, u, waiting);
		job_start(a->e, s, a->budget.limit != 0 && need > a->budget.limit ? a->budget.limit : need,
		        NULL);
	}
	return 0; /* a job that ends pumps again */
}

/* The first answer to /auth/time is waited for. Where it is not to be had the host's clock must do: looking, creation, first
 * activation, repair and records do not depend on time (safety rule 9). */
bool account_may_ask(const struct account *a)
{
	return a->clock.known || a->timing_failures >= TIMING_MOST;
}

static bool may_admit(const struct account *a)
{
	int64_t boot = loop_boot(a->e->p.loop);

	if (a->e->stopping || !account_may_ask(a) || boot < a->hold_until || (a->cred == NULL && !a->local))
		return false;
	if (!a->stopped)
		return true;
	return boot >= a->stopped_until && a->jobs == 0;
}

static int64_t earliest(int64_t a, int64_t b)
{
	return a == 0 ? b : b == 0 ? a : a < b ? a : b;
}

/* The next look of all classes, turned from the API's clock to the boot clock. */
static int64_t next_due(struct account *a)
{
	int64_t now = account_now(a), boot = loop_boot(a->e->p.loop), at = 0;

	for (unsigned u = 0; u < URGENCIES; u++) {
		const struct slot *s = heap_top(&a->due[u]);

		if (s != NULL)
			at = earliest(at, boot + (s->next_look > now ? s->next_look - now : 0));
	}
	return at;
}

static void set_timer(struct account *a, int64_t admit_at)
{
	int64_t boot = loop_boot(a->e->p.loop);
	int64_t due = a->clock.known ? apiclock_due(&a->clock) : a->timing_after;
	int64_t at = earliest(calls_when(a), due != 0 && due < a->timing_after ? a->timing_after : due);

	if (a->timing != NULL)
		at = calls_when(a);
	if (may_admit(a)) {
		at = earliest(at, admit_at);
		if (admit_at == 0 && has_room(a))
			at = earliest(at, next_due(a));
	} else if (a->hold_until > boot) {
		at = earliest(at, a->hold_until);
	} else if (a->stopped && a->stopped_until > boot) {
		at = earliest(at, a->stopped_until);
	}
	if (a->token_call == NULL && a->cred != NULL && a->hold_until > boot)
		at = earliest(at, a->hold_until);
	if (at == 0) {
		timer_stop(a->timer);
		return;
	}
	/* looks need no precision: half of poll.active, fifteen seconds at most, lets many share a wake-up */
	int64_t slack = a->e->p.config->poll.active / 2;
	timer_set(a->timer, at > boot ? at - boot : 0, slack > 15 * MS_SECOND ? 15 * MS_SECOND : slack);
}

void account_pump(struct account *a)
{
	int64_t boot = loop_boot(a->e->p.loop), at = 0;

	account_now(a);
	if (a->local)
		doubt_clock_known(a);
	if (boot >= apiclock_due(&a->clock))
		clock_measure(a);
	credential_look(a);
	calls_pump(a);
	if (may_admit(a))
		at = admit(a);
	set_timer(a, at);
}

static void timer_fired(void *arg)
{
	account_pump(arg);
}

static void kicked(void *arg)
{
	calls_pump(arg);
}

/* The budget holds over restarts too: what left in the last minute before counts. */
static void load_budget(struct account *a)
{
	unsigned limit = (unsigned)a->cfg->requests_per_minute;
	int64_t wall = loop_wall(a->e->p.loop), boot = loop_boot(a->e->p.loop);

	a->ring = limit != 0 ? xcalloc(limit, sizeof(*a->ring)) : NULL;
	budget_init(&a->budget, limit, a->ring);
	if (limit == 0)
		return;
	int64_t *times = xcalloc(limit, sizeof(*times));
	size_t n = store_budget_read(a->e->p.store, a->cfg->name, wall - BUDGET_WINDOW, times, limit);
	for (size_t i = 0; i < n; i++)
		budget_spend(&a->budget, false, times[i] > wall ? boot : boot - (wall - times[i]));
	free(times);
}

void account_init(
        struct account *a, struct engine *e, const struct config_account *cfg, struct credentials *cred)
{
	memset(a, 0, sizeof(*a));
	a->e = e;
	a->cfg = cfg;
	a->local = str_eq(cfg->name, ACCOUNT_EXTERNAL);
	a->cred = cred;
	a->effective_settled = e->p.config->poll.settled;
	a->timer = timer_new(e->p.loop, timer_fired, a);
	a->kick = timer_new(e->p.loop, kicked, a);
	load_budget(a);
	brakes_load(a);
	doubt_load(a);
	if (cred == NULL && !a->local)
		account_stop(a, "its credentials cannot be used");
}

void account_clear(struct account *a)
{
	if (a->timing != NULL)
		call_cancel(a->timing);
	credential_clear(a);
	auth_clear(a);
	timer_free(a->timer);
	timer_free(a->kick);
	for (unsigned u = 0; u < URGENCIES; u++)
		free(a->due[u].list);
	brakes_clear(a);
	free(a->ring);
}
