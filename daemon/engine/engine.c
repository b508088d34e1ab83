/* The engine's life: start, reload, pause, orders, the end. What happens to one domain is in job.c, what an account may do
 * in account.c. */
#include "engine/engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "engine/parts.h"

#define TICK      MS_MINUTE
#define ONCE_MOST (10 * MS_MINUTE)
#define KEEP      (2 * 365 * MS_DAY) /* of the history */

static void tick(void *arg);

/* Domains that sign elsewhere need caps, a breaker and a schedule as all others do, and no API. */
static const struct config_account account_external = {.name = ACCOUNT_EXTERNAL, .connections = 16};

struct engine *engine_new(const struct engine_parts *parts)
{
	struct engine *e = xcalloc(1, sizeof(*e));

	e->p = *parts;
	e->started = loop_wall(parts->loop);
	e->update_id = (uint16_t)e->started;
	e->n_accounts = parts->config->n_accounts + (parts->config->n_signers != 0);
	e->accounts = xcalloc(e->n_accounts, sizeof(*e->accounts));
	for (size_t i = 0; i < parts->config->n_accounts; i++)
		account_init(&e->accounts[i], e, &parts->config->accounts[i], parts->credentials[i]);
	if (parts->config->n_signers != 0)
		account_init(&e->accounts[parts->config->n_accounts], e, &account_external, NULL);
	e->tick = timer_new(parts->loop, tick, e);
	e->commit = timer_new(parts->loop, commit_turn, e);
	return e;
}

static void pump_all(struct engine *e)
{
	for (size_t i = 0; i < e->n_accounts; i++)
		account_pump(&e->accounts[i]);
}

/* --- pause: a fact of the store ------------------------------------------------------------------------------------- */

static enum ask_result pause_save(struct engine *e)
{
	struct buf b = {0};

	if (e->paused)
		buf_printf(&b, "%lld %lld %s", (long long)e->paused_at, (long long)e->paused_until,
		        e->paused_why);
	store_set_fact(e->p.store, "paused", e->paused ? b.data : NULL);
	store_set_fact(e->p.store, "paused_by", e->paused ? e->paused_by : NULL);
	buf_free(&b);
	return engine_commit(e) == 0 ? ASK_OK : ASK_REFUSED;
}

static void pause_load(struct engine *e)
{
	char *text = store_fact(e->p.store, "paused"), *end;

	if (text == NULL)
		return;
	e->paused = true;
	e->paused_at = strtoll(text, &end, 10);
	e->paused_until = strtoll(end, &end, 10);
	str_format(e->paused_why, sizeof(e->paused_why), "%s", *end == ' ' ? end + 1 : end);
	free(text);
	text = store_fact(e->p.store, "paused_by");
	str_format(e->paused_by, sizeof(e->paused_by), "%s", text != NULL ? text : "control socket");
	free(text);
}

/* A change of the record from outside a job; a job under way reads it at its own end. */
static enum ask_result edit_record(
        struct engine *e, struct slot *s, void (*edit)(struct record *r, void *arg), void *arg)
{
	struct store_key key;
	struct record *r = xcalloc(1, sizeof(*r));
	enum ask_result result = ASK_OK;

	slot_key(s, &key);
	int loaded = store_load(e->p.store, &key, r);
	if (loaded == -ENOENT)
		record_init(r);
	else if (loaded < 0) {
		free(r);
		return ASK_REFUSED;
	}
	edit(r, arg);
	slot_save(s, r);
	if (engine_commit(e) != 0)
		result = ASK_REFUSED;
	free(r);
	return result;
}

struct pause_order {
	bool on;
	const char *reason;
	int64_t until;
};

static void set_pause(struct record *r, void *arg)
{
	const struct pause_order *o = arg;

	r->paused = o->on;
	r->paused_until = o->until;
	str_format(r->paused_by, sizeof(r->paused_by), "%s", o->on ? o->reason : "");
	if (!o->on) { /* a person has looked: what was given up is tried again */
		r->attempts = 0;
		r->repaired = 0;
	}
	r->next_look = 0; /* look again at once, so that what is shown is true */
}

static enum ask_result pause_domain(struct engine *e, const char *name, struct pause_order *o)
{
	struct slot *s = slot_find(e, name);
	struct fields f;

	if (s == NULL)
		return ASK_UNKNOWN;
	if (s->job != NULL)
		job_cancel(s->job); /* its intent, if any, is durable; it is looked at again at once */
	enum ask_result r = edit_record(e, s, set_pause, o);
	tell_fields(&f, s);
	report(o->on ? EVENT_PAUSED : EVENT_RESUMED, &f, s->d->domain, o->on ? o->reason : "");
	slot_schedule(s, URGENT_PERSON, 0);
	account_pump(s->account);
	return r;
}

static void changed(struct engine *e)
{
	if (e->p.changed != NULL)
		e->p.changed(e->p.arg);
}

enum ask_result engine_pause(
        struct engine *e, const char *name, const char *reason, const char *by, int64_t for_ms)
{
	if (name != NULL) {
		struct slot *s = slot_find(e, name);
		struct pause_order o = {.on = true, .reason = reason};

		if (s != NULL && for_ms != 0)
			o.until = account_now(s->account) + for_ms;
		return pause_domain(e, name, &o);
	}
	e->paused = true;
	e->paused_at = loop_wall(e->p.loop);
	e->paused_until = for_ms != 0 ? e->paused_at + for_ms : 0;
	str_clean(e->paused_why, sizeof(e->paused_why), reason);
	str_clean(e->paused_by, sizeof(e->paused_by), by);
	enum ask_result r = pause_save(e); /* in force at all events; but a restart would forget it */
	changed(e);
	report(EVENT_PAUSED, NULL, "everything", reason);
	return r;
}

enum ask_result engine_resume(struct engine *e, const char *name)
{
	struct pause_order off = {0};

	if (name != NULL)
		return pause_domain(e, name, &off);
	e->paused = false;
	for (size_t i = 0; i < e->n_accounts; i++)
		brakes_close(&e->accounts[i]);
	enum ask_result r = pause_save(e);
	changed(e);
	report(EVENT_RESUMED, NULL, "everything", "");
	for (size_t i = 0; i < e->n_slots; i++)
		if (e->slots[i]->job == NULL && e->slots[i]->at != 0 &&
		        e->slots[i]->condition == CONDITION_PAUSED)
			slot_schedule(e->slots[i], URGENT_PERSON, 0);
	pump_all(e);
	return r;
}

/* --- a person's order ---------------------------------------------------------------------------------------------- */

void order_start(struct engine *e, struct slot *s, const struct job_order *o)
{
	struct account *a = s->account;
	struct fields f;

	if (s->missing_since != 0) { /* it left while the order waited */
		o->answer(o->arg, ASK_UNKNOWN, "no such domain in the inventory");
		return;
	}
	if (e->stopping) {
		o->answer(o->arg, ASK_REFUSED, "the daemon is stopping");
		return;
	}
	if (a->stopped || !a->clock.known) {
		o->answer(o->arg, ASK_REFUSED,
		        a->stopped ? reason_text(REASON_ACCOUNT_STOPPED) : reason_text(REASON_CLOCK));
		return;
	}
	tell_fields(&f, s);
	report(EVENT_ORDERED, &f, s->d->domain,
	        o->order == ORDER_COMPROMISED ? "rotate --compromised"
	        : o->order == ORDER_BACK      ? "rotate --back"
	                                      : "rotate");
	unsigned need = job_need(s);
	if (!budget_reserve(&a->budget, need, loop_boot(e->p.loop)))
		need = 0; /* its requests wait for room, before everything but what is in flight */
	slot_unschedule(s);
	s->urgency = s->in_flight ? URGENT_IN_FLIGHT : URGENT_PERSON;
	job_start(e, s, need, o);
}

void engine_rotate(struct engine *e, const char *name, enum order order, engine_answer *answer, void *arg)
{
	struct slot *s = slot_find(e, name);
	struct job_order o = {.order = order, .answer = answer, .arg = arg};

	if (s == NULL)
		answer(arg, ASK_UNKNOWN, "no such domain in the inventory");
	else if (!platform_rotates(s->d->platform))
		answer(arg, ASK_REFUSED, reason_text(REASON_NO_ROTATION));
	else if (s->job == NULL)
		order_start(e, s, &o);
	else if (!job_queue(s->job, &o))
		answer(arg, ASK_REFUSED, "another order waits for it already");
}

/* --- start, reload, end ---------------------------------------------------------------------------------------------- */

static void once_look(struct engine *e)
{
	bool all = true;
	int code = 0;

	if (!e->p.once || e->once_done)
		return;
	if (e->jobs != 0 && loop_boot(e->p.loop) < e->once_until)
		return; /* asked at the end of each job: no need to go through all domains each time */
	for (size_t i = 0; i < e->n_slots; i++) {
		const struct slot *s = e->slots[i];
		bool soon = s->looked && reason_waits_on((enum reason)s->reason) == WAITS_OVHCLOUD &&
		            s->condition == CONDITION_OK;

		if (s->account->stopped)
			continue;
		all = all && s->looked && s->job == NULL && !s->in_flight && !soon &&
		      reason_waits_on((enum reason)s->reason) != WAITS_DNS;
	}
	if (!all && loop_boot(e->p.loop) < e->once_until)
		return;
	for (size_t i = 0; i < e->n_slots; i++) {
		const struct slot *s = e->slots[i];

		if (!s->looked || s->in_flight || s->condition == CONDITION_BLOCKED ||
		        s->condition == CONDITION_ERROR)
			code = 3;
		if (s->phase != PHASE_SETTLED && s->phase != PHASE_GRACE && s->condition == CONDITION_OK &&
		        reason_waits_on((enum reason)s->reason) != WAITS_TIME &&
		        reason_waits_on((enum reason)s->reason) != WAITS_NOBODY)
			code = 3;
	}
	e->once_done = true;
	tell_summary(e);
	e->p.done(e->p.arg, code);
}

/* What is older than two years leaves the history, once a day, and at each run of --once; never by a clock that nobody
 * vouches for. */
static void prune(struct engine *e)
{
	for (size_t i = 0; i < e->n_accounts; i++) {
		struct account *a = &e->accounts[i];
		int64_t now = account_now(a);

		if (!a->clock.known || (e->last_prune != 0 && now - e->last_prune < MS_DAY))
			continue;
		e->last_prune = now;
		store_prune(e->p.store, now - KEEP);
		return;
	}
}

void engine_poke(struct engine *e)
{
	prune(e);
	once_look(e);
	if (e->stopping && e->jobs == 0 && e->stopped != NULL) {
		void (*stopped)(void *arg) = e->stopped;

		e->stopped = NULL;
		stopped(e->stopped_arg);
	}
}

static void tick_later(struct engine *e)
{
	int64_t every = e->p.once ? MS_SECOND : e->p.tick > 0 && e->p.tick < TICK ? e->p.tick : TICK;

	timer_set(e->tick, every, every / 4);
}

static void tick(void *arg)
{
	struct engine *e = arg;
	int64_t wall = loop_wall(e->p.loop);

	e->progress++;
	if (e->paused && e->paused_until != 0 && e->paused_until <= wall)
		engine_resume(e, NULL);
	slots_drop_missing(e);
	if (inventory_expand_due(e->inventory, wall))
		inventory_expand(e->inventory, wall);
	prune(e);
	if (wall - e->last_summary > MS_DAY) {
		e->last_summary = wall;
		if (wall - e->started > MS_HOUR)
			tell_summary(e); /* once a day */
	}
	if (store_dirty(e->p.store))
		engine_commit(e);
	pump_all(e);
	engine_poke(e);
	tick_later(e);
}

void engine_start(struct engine *e, struct inventory *inv)
{
	pause_load(e);
	e->inventory = inv;
	inventory_expand(inv, loop_wall(e->p.loop));
	slots_take(e, inv);
	for (size_t i = 0; i < e->n_accounts; i++)
		doubt_hurry(&e->accounts[i]);
	if (e->p.once)
		for (size_t i = 0; i < e->n_slots; i++)
			slot_schedule(e->slots[i], (enum urgency)e->slots[i]->urgency, 0);
	e->once_until = loop_boot(e->p.loop) + ONCE_MOST;
	kept_start(e);
	pump_all(e);
	tick_later(e);
	engine_poke(e);
}

void engine_reload(struct engine *e, struct inventory *inv)
{
	e->old = xrealloc(e->old, (e->n_old + 1) * sizeof(*e->old));
	e->old[e->n_old++] = e->inventory;
	e->inventory = inv;
	inventory_expand(inv, loop_wall(e->p.loop));
	slots_take(e, inv);
	slots_drop_missing(e);
	for (size_t i = 0; i < e->n_accounts; i++)
		credential_again(&e->accounts[i]);
	pump_all(e);
}

void engine_leave(const struct engine *e, const struct inventory *next)
{
	slots_leave(e, next);
}

static void stop_late(void *arg)
{
	struct engine *e = arg;

	if (e->stopped == NULL)
		return;
	void (*stopped)(void *arg) = e->stopped;
	e->stopped = NULL;
	stopped(e->stopped_arg);
}

/* Looks are dropped at once; a change that has left gets until the deadline to be answered. */
void engine_stop(struct engine *e, int64_t deadline_ms, void (*stopped)(void *arg), void *arg)
{
	e->stopping = true;
	e->stopped = stopped;
	e->stopped_arg = arg;
	for (size_t i = 0; i < e->n_slots; i++)
		if (e->slots[i]->job != NULL && !job_is_acting(e->slots[i]->job))
			job_cancel(e->slots[i]->job);
	e->stop_timer = timer_new(e->p.loop, stop_late, e);
	timer_set(e->stop_timer, e->jobs != 0 ? deadline_ms : 0, 0);
}

void engine_free(struct engine *e)
{
	adopt_cancel(e);
	forecasts_clear(e);
	slots_clear(e);
	engine_commit(e);
	for (size_t i = 0; i < e->n_accounts; i++)
		account_clear(&e->accounts[i]);
	free(e->accounts);
	timer_free(e->tick);
	timer_free(e->fill);
	timer_free(e->commit);
	timer_free(e->stop_timer);
	for (size_t i = 0; i < e->n_old; i++)
		inventory_free(e->old[i]);
	free(e->old);
	if (e->inventory != NULL)
		inventory_free(e->inventory);
	free(e);
}

uint64_t engine_progress(const struct engine *e)
{
	return e->progress;
}

const struct inventory *engine_inventory(const struct engine *e)
{
	return e->inventory;
}
