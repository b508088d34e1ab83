/* The engine's way to the key store. It must never decide by itself, nor touch the key store without the gate's leave. */
#include "engine/external.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "codec/keyring.h"

bool job_is_external(const struct job *j)
{
	return j->slot->d->platform == PLATFORM_EXTERNAL;
}

static void start(struct job *j, enum keystore_op op, keystore_done *done)
{
	struct keystore_request q = {.op = op,
	        .domain = j->slot->d->domain,
	        .external = j->slot->d->external,
	        .name = j->decision.selector,
	        .now = account_now(j->account),
	        .again = j->slot->d->external->pair[0] != NULL};

	j->external->call = keystore_start(j->e->p.keystore, &q, done, j);
}

/* --- the look: the DNS ---------------------------------------------------------------------------------------------- */

static void conclude(struct job *j)
{
	struct external_job *x = j->external;
	struct observed *o = &j->pass.seen;
	int64_t now = account_now(j->account);

	for (unsigned at = 0; at < x->n;) {
		struct external_question q[EXTERNAL_QUESTIONS];
		struct evidence e[EXTERNAL_QUESTIONS];
		unsigned s = x->looks[at].selector, n = 0;

		for (; at < x->n && x->looks[at].selector == s; at++, n++) {
			q[n] = x->looks[at].q;
			e[n] = x->looks[at].e;
			if (external_name_is_taken(&o->sel[s], &e[n]))
				external_view_take(j->slot, o->sel[s].name);
		}
		external_answered(&o->sel[s], q, e, n, now);
	}
	external_conclude(o, &j->record);
	external_view_set(j->slot, o, now);
	job_fold(j);
}

static void looked(void *arg, const struct evidence *e)
{
	struct external_look *l = arg;
	struct job *j = l->job;

	l->look = NULL;
	l->e = *e;
	if (--j->external->looking == 0)
		conclude(j);
}

static void look_up(struct job *j)
{
	struct external_job *x = j->external;
	struct observed *o = &j->pass.seen;

	x->n = 0;
	x->looking = 1; /* this function's own hold */
	for (unsigned i = 0; i < o->n; i++) {
		struct external_question q[EXTERNAL_QUESTIONS];
		unsigned n = external_questions(j->slot->d, &o->sel[i], q);

		for (unsigned k = 0; k < n; k++) {
			struct external_look *l = &x->looks[x->n++];
			struct dns_question ask;

			*l = (struct external_look){.job = j, .selector = i, .q = q[k]};
			ask = (struct dns_question){.record = l->q.record,
			        .target = l->q.target,
			        .zone = l->q.zone,
			        .key_record = l->q.key_record};
			x->looking++;
			l->look = dns_look(j->e->p.dns, &ask, looked, l);
		}
	}
	if (--x->looking == 0)
		conclude(j);
}

/* --- the look: the key store ---------------------------------------------------------------------------------------- */

static void hold(struct external_job *x, const struct holding *held)
{
	holding_clear(&x->held);
	x->held = *held;
	x->held.used = xmalloc((held->n_used + 1) * sizeof(*held->used));
	memcpy(x->held.used, held->used, held->n_used * sizeof(*held->used));
}

/* What a look showed is written down; the next look sees whether that was done. */
static void write_down(struct job *j, const struct seen_selector *s, enum keystore_op op)
{
	struct keystore_request q = {.op = op,
	        .domain = j->slot->d->domain,
	        .external = j->slot->d->external,
	        .name = s->name,
	        .now = account_now(j->account)};

	keystore_cancel(keystore_start(j->e->p.keystore, &q, NULL, NULL));
}

/* The unit that has the signer read its map does not see what changes just as it begins to watch again: a map that is not
 * taken for a while is written once more. */
static void remind(struct job *j, const struct seen_selector *s)
{
	const struct held_key *k = s->key;

	if (k == NULL || !k->mapped || k->taken || j->standing.observe)
		return;
	if (account_now(j->account) - k->changed >= rules_settle(&j->rules))
		write_down(j, s, KEYSTORE_NUDGE);
}

/* A revoked key is counted as such from when every server says so; and a private key whose record is seen gone at every
 * server is of no use to anybody any more. */
void external_sweep(struct job *j)
{
	bool hands_off = j->standing.observe || j->slot->missing_since != 0; /* rule 8 */

	for (unsigned i = 0; i < j->pass.seen.n; i++) {
		const struct seen_selector *s = &j->pass.seen.sel[i];
		struct fields f;

		remind(j, s);
		if (s->key == NULL || s->key->revoked == 0 || s->dns_at == 0 || !seen_as_wanted(s) ||
		        s->key->mapped || s->key->taken || hands_off)
			continue;
		if (s->want == WANT_REVOKED && s->key->shown == 0)
			write_down(j, s, KEYSTORE_SHOWN);
		if (s->want != WANT_NOTHING)
			continue;
		write_down(j, s, KEYSTORE_SHRED);
		tell_fields(&f, j->slot);
		f.selector = s->name;
		report(EVENT_KEY_SHREDDED, &f, j->slot->d->domain, s->name);
	}
}

static void came(void *arg, int result, const char *why, const struct holding *held)
{
	struct job *j = arg;
	struct observed *o = &j->pass.seen;
	const char(*taken)[SELECTOR_NAME];
	unsigned n_taken;

	j->external->call = NULL;
	if (result < 0) {
		o->trouble = result == -EBADMSG ? TROUBLE_ODD : TROUBLE_TRANSIENT;
		str_clean(o->trouble_text, sizeof(o->trouble_text), why);
		j->pass.whole = true;
		job_fold(j);
		return;
	}
	hold(j->external, held);
	external_view_taken(j->slot, &taken, &n_taken);
	external_see(&j->pass, &j->external->held, account_now(j->account), taken, n_taken);
	platform_next(&j->pass, &j->change); /* it asks nothing: the look is whole but for the DNS */
	look_up(j);
}

void external_read(struct job *j)
{
	if (j->external == NULL)
		j->external = xcalloc(1, sizeof(*j->external));
	start(j, KEYSTORE_LOOK, came);
}

/* --- changes -------------------------------------------------------------------------------------------------------- */

static const enum keystore_op ops[] = {
        [ACTION_CREATE] = KEYSTORE_MAKE, [ACTION_ENABLE] = KEYSTORE_MAP, [ACTION_DELETE] = KEYSTORE_REVOKE};

bool external_can(enum action_kind action)
{
	return action == ACTION_CREATE || action == ACTION_ENABLE || action == ACTION_DELETE;
}

/* Whether a failed write was half done only reading tells; what was refused was not begun. */
static void done(void *arg, int result, const char *why, const struct holding *held)
{
	struct job *j = arg;
	struct outcome out = {.kind = OUTCOME_ACCEPTED};

	(void)held;
	j->external->call = NULL;
	if (result == -ENOENT || result == -EBUSY || result == -EEXIST || result == -EINVAL ||
	        result == -EBADMSG)
		out.kind = OUTCOME_REFUSED;
	else if (result < 0)
		out.kind = OUTCOME_OPEN;
	str_clean(out.text, sizeof(out.text), why);
	act_changed(j, &out, false);
}

void external_leave(struct job *j)
{
	struct outcome out = {.kind = OUTCOME_NOT_SENT};

	if (!act_may_leave(j)) {
		act_changed(j, &out, true);
		return;
	}
	j->change = (struct api_request){.method = "", .changes = true}; /* from here on it is acting */
	start(j, ops[j->decision.action], done);
}

void external_release(struct job *j)
{
	struct external_job *x = j->external;

	if (x == NULL)
		return;
	keystore_cancel(x->call);
	for (unsigned i = 0; i < x->n; i++)
		if (x->looks[i].look != NULL)
			dns_cancel(x->looks[i].look);
	holding_clear(&x->held);
	free(x);
	j->external = NULL;
}
