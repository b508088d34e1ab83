/* What would be sent: the forecast of some domains, or of all, as JSON. Their whole accounts are moved on together, for
 * they share caps. It works on copies, a slice at a time between other events of the loop, and must never write, send, or
 * hold the loop up. */
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"
#include "core/forecast.h"
#include "engine/parts.h"

#define LOADS_A_SLICE 100      /* some 20 us each */
#define LOOKS_A_SLICE 400      /* some 5 us each */
#define ENDS_A_SLICE  500      /* domains that are told of and let go, some 2 us each */
#define BYTES_A_SLICE 1000000  /* of transitions that go into the answer */
#define AT_ONCE       4        /* forecasts */
#define LOOKS_MOST    10000000 /* of one; far more than 10,000 domains need for two years */

struct future { /* of one account */
	struct account *account;
	struct forecast_account shared;
	int64_t now, until;
	bool asked; /* a domain of it was asked for */
};

struct subject {
	struct slot slot; /* its place in the heap; none of the engine's */
	struct future *future;
	bool asked;
	struct forecast_domain *x; /* as long as its last selector; NULL = not loaded */
};

struct forecast {
	struct engine *e;
	struct forecast *next;
	struct timer *timer;
	struct future *futures;
	struct subject *list;
	size_t n, loaded, looks, copied, ended;
	bool looked; /* to the end: what waits is being told */
	struct heap due;
	int64_t cut;  /* it ends here already: too much happens, 0 = it does not */
	int64_t span; /* 0 = only what would leave at this moment */
	struct forecast_domain scratch;
	struct subject *present; /* whose look it is */
	bool notes;              /* transitions are asked for, too */
	struct buf json, transitions;
	struct json_w *w, *t; /* into these; t: NULL once it is closed */
	engine_forecast_answer *answer;
	void *arg;
};

/* --- what is told ---------------------------------------------------------------------------------------------------- */

static void sent(void *arg, const struct forecast_domain *x, const struct forecast_change *c)
{
	struct forecast *f = arg;
	struct json_w *w = f->w;

	if (!f->present->asked)
		return;
	forecast_call_json(w, x, c);
}

/* As the history will have it. */
static void noted(void *arg, const struct forecast_domain *x, const struct note *n)
{
	struct forecast *f = arg;
	struct json_w *w = f->t;

	if (!f->present->asked || !f->notes)
		return;
	json_w_object(w);
	json_w_ktime(w, "at", x->at);
	json_w_kstr(w, "kind", "transition");
	json_w_kstr(w, "domain", x->d->domain);
	json_w_kstr(w, "platform", platform_word(x->d->platform));
	json_w_kstr(w, "event", note_word(n->kind));
	json_w_kstr(w, "selector", n->selector[0] != '\0' ? n->selector : NULL);
	if (n->other[0] != '\0')
		json_w_kstr(w, "before", n->other);
	json_w_end(w);
}

/* --- a domain's copy ------------------------------------------------------------------------------------------------- */

static size_t size_of(const struct forecast_domain *x)
{
	return offsetof(struct forecast_domain, r.sel) + x->r.n * sizeof(x->r.sel[0]);
}

static void keep(struct subject *s, const struct forecast_domain *x)
{
	size_t size = size_of(x);

	if (s->x == NULL || size_of(s->x) < size)
		s->x = xrealloc(s->x, size);
	memcpy(s->x, x, size);
}

static void take(const struct subject *s, struct forecast_domain *x)
{
	memcpy(x, s->x, size_of(s->x));
}

static void load(struct forecast *f, struct subject *s)
{
	const struct forecast_account *u = &s->future->shared;
	struct forecast_domain *x = &f->scratch;
	int64_t now = s->future->now;
	struct store_key key;

	memset(x, 0, sizeof(*x));
	slot_key(&s->slot, &key);
	if (store_load(f->e->p.store, &key, &x->r) != 0)
		record_init(&x->r);
	x->d = s->slot.d;
	x->id = x->r.id != 0 ? x->r.id : -1 - (int64_t)(s - f->list);
	x->at = f->span != 0 ? s->slot.next_look : now;
	/* whoever ends a pause has what it held back looked at at once */
	if (u->paused_until != 0 && x->r.condition == CONDITION_PAUSED && x->at > u->paused_until)
		x->at = u->paused_until;
	forecast_begin(x, now);
	keep(s, x);
	s->slot.next_look = x->at;
	if (forecast_possible(x) && !s->future->account->stopped)
		heap_put(&f->due, &s->slot);
}

/* --- accounts -------------------------------------------------------------------------------------------------------- */

static struct tally_entry *tally_copy(const struct day *d, size_t more)
{
	struct tally_entry *list = xcalloc(d->n + more + 1, sizeof(*list));

	if (d->n != 0)
		memcpy(list, d->list, d->n * sizeof(*list));
	return list;
}

static void future_init(struct future *u, struct account *a, int64_t span)
{
	struct engine *e = a->e;
	const struct config *c = e->p.config;

	u->account = a;
	u->now = account_now(a);
	u->until = u->now + span;
	u->shared = (struct forecast_account){
	        .rules = engine_rules(e, a),
	        .changes = tally_copy(&a->changes, a->domains),
	        .n_changes = a->changes.n,
	        .switching = tally_copy(&a->switching, a->domains),
	        .n_switching = a->switching.n,
	        .max_rotating = (unsigned)c->safety.max_rotating,
	        .max_changed = (unsigned)config_daily_changes(c, a->domains),
	        .breaker = a->breaker,
	        .observe = c->mode == MODE_OBSERVE,
	        .paused = e->paused,
	        .paused_until = e->paused_until != 0 ? e->paused_until + u->now - loop_wall(e->p.loop) : 0,
	};
}

/* --- the end ---------------------------------------------------------------------------------------------------------- */

static void forecast_free(struct forecast *f)
{
	for (struct forecast **p = &f->e->forecasts; *p != NULL; p = &(*p)->next)
		if (*p == f) {
			*p = f->next;
			break;
		}
	for (size_t i = 0; i < f->n; i++)
		free(f->list[i].x);
	for (size_t i = 0; i < f->e->n_accounts; i++) {
		free(f->futures[i].shared.changes);
		free(f->futures[i].shared.switching);
	}
	free(f->futures);
	free(f->list);
	free(f->due.list);
	timer_free(f->timer);
	buf_free(&f->json);
	buf_free(&f->transitions);
	free(f);
}

/* Domains that will not go on by themselves, and whom they wait for. */
static void waiting_json(struct forecast *f, const struct subject *s)
{
	const struct record *r = &s->x->r;
	bool stopped = s->future->account->stopped;
	enum reason why = stopped ? REASON_ACCOUNT_STOPPED : r->reason;
	bool still = s->x->d->mode == MODE_OBSERVE || s->future->shared.observe || s->future->shared.paused ||
	             r->paused;

	if (!still && reason_waits_on(why) != WAITS_PERSON && forecast_possible(s->x))
		return;
	json_w_object(f->w);
	json_w_kstr(f->w, "domain", s->x->d->domain);
	json_w_kstr(f->w, "platform", platform_word(s->x->d->platform));
	json_w_kstr(f->w, "condition", condition_word(stopped ? CONDITION_BLOCKED : r->condition));
	json_w_kstr(f->w, "reason", reason_word(why));
	json_w_kstr(f->w, "detail", r->detail[0] != '\0' && !stopped ? r->detail : NULL);
	json_w_end(f->w);
}

static void close_transitions(struct forecast *f)
{
	if (f->t == NULL)
		return;
	json_w_end(f->t);
	json_w_close(f->t);
	f->t = NULL;
}

static void end_looks(struct forecast *f)
{
	f->looked = true;
	json_w_end(f->w);
	close_transitions(f);
	json_w_key(f->w, "transitions");
	json_w_raw(f->w, ""); /* they follow piece by piece, past the writer, which holds nothing back */
}

/* They may be tens of megabytes. False when they are all in the answer. */
static bool copy_transitions(struct forecast *f)
{
	size_t left = f->transitions.len - f->copied, n = left < BYTES_A_SLICE ? left : BYTES_A_SLICE;

	if (f->transitions.data == NULL)
		return false;
	buf_add(&f->json, f->transitions.data + f->copied, n);
	f->copied += n;
	if (n == left) {
		buf_free(&f->transitions);
		json_w_ktime(f->w, "cut", f->cut);
		json_w_key(f->w, "waiting");
		json_w_array(f->w);
	}
	return true;
}

/* False when all of them are told. */
static bool tell_waiting(struct forecast *f)
{
	for (unsigned i = 0; i < ENDS_A_SLICE && f->ended < f->n; i++) {
		struct subject *s = &f->list[f->ended++];

		if (s->asked)
			waiting_json(f, s);
		free(s->x);
		s->x = NULL;
	}
	return f->ended < f->n;
}

static void finish(struct forecast *f)
{
	engine_forecast_answer *answer = f->answer;
	void *arg = f->arg;
	struct buf json;

	json_w_end(f->w);
	json_w_end(f->w);
	json_w_close(f->w);
	json = f->json;
	f->json = (struct buf){0};
	forecast_free(f);
	answer(arg, ASK_OK, "", &json);
}

void forecasts_clear(struct engine *e)
{
	while (e->forecasts != NULL) {
		struct forecast *f = e->forecasts;
		engine_forecast_answer *answer = f->answer;
		void *arg = f->arg;
		struct buf none = {0};

		if (!f->looked || f->transitions.data == NULL) /* the writer wants its containers ended */
			json_w_end(f->w);
		json_w_end(f->w);
		json_w_close(f->w);
		close_transitions(f);
		forecast_free(f);
		answer(arg, ASK_REFUSED, "the daemon read its configuration anew, or stops: ask again",
		        &none);
	}
}

/* --- slices ---------------------------------------------------------------------------------------------------------- */

/* False when the next look lies beyond the span, or none is left. */
static bool look(struct forecast *f)
{
	struct slot *top = heap_top(&f->due);
	struct subject *s = (struct subject *)top; /* the slot is its first member */
	struct forecast_domain *x = &f->scratch;

	if (top == NULL || top->next_look > s->future->until)
		return false;
	if (f->looks++ == LOOKS_MOST) {
		f->cut = top->next_look;
		return false;
	}
	heap_remove(&f->due, top);
	take(s, x);
	f->present = s;
	forecast_look(
	        x, &s->future->shared, &(struct forecast_listener){.change = sent, .note = noted, .arg = f});
	keep(s, x);
	top->next_look = x->at;
	if (!x->over)
		heap_put(&f->due, top);
	return true;
}

static void slice(void *arg)
{
	struct forecast *f = arg;
	bool more = true;

	f->e->progress++;
	for (unsigned i = 0; i < LOADS_A_SLICE && f->loaded < f->n; i++)
		load(f, &f->list[f->loaded++]);
	if (f->looked)
		more = copy_transitions(f) || tell_waiting(f);
	for (unsigned i = 0; i < LOOKS_A_SLICE && f->loaded == f->n && !f->looked; i++)
		if (!look(f))
			end_looks(f);
	if (more)
		timer_set(f->timer, 0, 0);
	else
		finish(f);
}

/* --- the beginning --------------------------------------------------------------------------------------------------- */

static bool is_followed(const struct slot *s)
{
	return s->missing_since == 0 && platform_for(s->d) != NULL;
}

/* Every domain of the accounts that were asked for. No name: all domains. */
static void choose(struct forecast *f, const char *const *names)
{
	struct engine *e = f->e;
	bool all = names[0] == NULL;
	struct slot **picked = NULL;
	size_t n = 0;

	for (const char *const *name = names; *name != NULL; name++) {
		picked = xrealloc(picked, (n + 1) * sizeof(struct slot *));
		picked[n++] = slot_find(e, *name);
	}
	f->list = xcalloc(e->n_slots + 1, sizeof(*f->list));
	for (size_t i = 0; i < e->n_slots; i++)
		f->futures[e->slots[i]->account - e->accounts].asked = all;
	for (size_t k = 0; k < n; k++)
		f->futures[picked[k]->account - e->accounts].asked = true;
	for (size_t i = 0; i < e->n_slots; i++) {
		const struct slot *s = e->slots[i];
		struct subject *x = &f->list[f->n];

		x->future = &f->futures[s->account - e->accounts];
		if (!is_followed(s) || !x->future->asked)
			continue;
		x->asked = all;
		for (size_t k = 0; k < n; k++)
			x->asked = x->asked || picked[k] == s;
		x->slot = (struct slot){
		        .d = s->d, .account = s->account, .id = s->id, .next_look = s->next_look};
		f->n++;
	}
	free(picked);
}

enum ask_result engine_forecast(struct engine *e, const char *const *names, int64_t span, bool transitions,
        engine_forecast_answer *answer, void *arg, const char **ret_unknown)
{
	unsigned n = 0;

	for (const char *const *name = names; *name != NULL; name++)
		if (slot_find(e, *name) == NULL) {
			*ret_unknown = *name;
			return ASK_UNKNOWN;
		}
	for (const struct forecast *f = e->forecasts; f != NULL; f = f->next)
		n++;
	if (n == AT_ONCE)
		return ASK_REFUSED;
	struct forecast *f = xcalloc(1, sizeof(*f));
	f->e = e;
	f->span = span;
	f->notes = transitions;
	f->answer = answer;
	f->arg = arg;
	f->next = e->forecasts;
	e->forecasts = f;
	f->futures = xcalloc(e->n_accounts, sizeof(*f->futures));
	for (size_t i = 0; i < e->n_accounts; i++)
		future_init(&f->futures[i], &e->accounts[i], span);
	choose(f, names);
	const struct future *clock = f->n != 0 ? f->list[0].future : &f->futures[0];
	f->w = json_w_open(&f->json);
	json_w_object(f->w);
	json_w_ktime(f->w, "at", clock->now);
	json_w_ktime(f->w, "until", clock->until);
	json_w_key(f->w, "calls");
	json_w_array(f->w);
	f->t = json_w_open(&f->transitions);
	json_w_array(f->t);
	f->timer = timer_new(e->p.loop, slice, f);
	timer_set(f->timer, 0, 0);
	return ASK_OK;
}
