/* The model behind the forecast: small on purpose. It must never be wiser than a look could be, nor fail: what goes wrong
 * is the simulator's to show (tests/ovhsim), here everything goes well. */
#include "core/fair.h"

#include <string.h>

#include "core/dname.h"
#include "core/text.h"

#define SECOND       INT64_C(1000)
#define MINUTE       (60 * SECOND)
#define TTL_NEGATIVE 300 /* the SOA minimum of OVHcloud's zones */

const struct fair_pace fair_usual = {
        .task = 22 * SECOND,
        .check = 10 * MINUTE,
        .publish = 30 * SECOND,
        .take = 5 * SECOND,
        .ttl = 3600,
};

static bool has_selectors(const struct desired *d)
{
	return platform_rotates(d->platform);
}

/* Whoever wrote the records, OVHcloud or we: MX Plan wants a second enable where it did not write them itself. */
static bool needs_no_second(const struct desired *d)
{
	return d->dns == DNS_PLATFORM || d->platform == PLATFORM_ZIMBRA;
}

/* --- beginning ------------------------------------------------------------------------------------------------------ */

static bool is_task(enum selector_state s)
{
	return s == SELECTOR_TODO || s == SELECTOR_ENABLING || s == SELECTOR_DISABLING ||
	       s == SELECTOR_DELETING;
}

static bool is_waiting(enum selector_state s)
{
	return s == SELECTOR_WAITING_RECORD || s == SELECTOR_TO_SET || s == SELECTOR_TO_FIX;
}

/* The record's half and the key's half of what the last look-up said; unknown is taken for what the state implies. */
static void begin_dns(struct fair_selector *s, const struct rec_selector *r)
{
	bool stands = !is_waiting(r->state) && r->state != SELECTOR_TODO && r->state != SELECTOR_ABSENT;

	s->key = SEEN_OK;
	s->dns = r->dns;
	if (r->dns == SEEN_UNKNOWN)
		s->dns = stands || r->published != 0 ? SEEN_OK : SEEN_MISSING;
	if (r->dns == SEEN_REVOKED || r->dns == SEEN_WEAK) {
		s->key = r->dns;
		s->dns = SEEN_OK;
	}
}

static void serve(struct fair *f, struct fair_selector *s, int64_t at)
{
	if (s->dns == SEEN_OK || s->dns == SEEN_BOGUS)
		return;
	s->served = at + f->pace->publish;
}

static void expect_check(struct fair *f, struct fair_selector *s, int64_t now)
{
	if (is_waiting(s->state) && s->dns == SEEN_OK && s->key == SEEN_OK && s->checked == 0)
		s->checked = now + f->pace->check;
}

static void begin_selector(struct fair *f, const struct desired *d, const struct rec_selector *r, int64_t now)
{
	struct fair_selector *s = &f->sel[f->n++];

	memset(s, 0, sizeof(*s));
	s->state = r->state;
	s->valid = r->cname_valid;
	begin_dns(s, r);
	if (is_task(s->state)) {
		s->ends = (r->task_since != 0 ? r->task_since : now) + f->pace->task;
		return;
	}
	if (s->state == SELECTOR_ABSENT || s->state == SELECTOR_UNKNOWN)
		return;
	if (d->dns == DNS_PLATFORM && is_waiting(s->state))
		serve(f, s, now);
	else if (d->dns != DNS_MANUAL && r->written != 0)
		serve(f, s, r->written);
	expect_check(f, s, now);
}

/* What was sent and is not to be seen yet has been accepted. */
static void begin_intents(struct fair *f, const struct record *r)
{
	for (unsigned i = 0; i < INTENTS_MAX; i++) {
		const struct intent *x = &r->intent[i];
		enum selector_state was = SELECTOR_UNKNOWN;

		if (x->action == ACTION_NONE)
			continue;
		for (unsigned k = 0; k < f->n; k++)
			if (strcmp(r->sel[k].name, x->selector) == 0)
				was = f->sel[k].state;
		if (!is_task(was) && f->status != STATUS_MODIFYING)
			fair_do(f, r, x->action, x->selector, x->at);
	}
}

void fair_begin(struct fair *f, const struct desired *d, const struct record *r, const struct fair_pace *pace,
        int64_t now)
{
	memset(f, 0, sizeof(*f));
	f->pace = pace;
	f->service = r->service == SERVICE_BUSY ? SERVICE_OK : r->service;
	f->status = r->status;
	/* through v1 the selectors are shown by the first enable only; v2 names them before it */
	f->wanted = r->n != 0 && !(d->platform == PLATFORM_ZIMBRA && d->zimbra_api == ZIMBRA_V2) &&
	            needs_no_second(d);
	if (f->status == STATUS_MODIFYING)
		f->ends = r->status_since + f->pace->task;
	for (unsigned i = 0; i < r->n; i++)
		begin_selector(f, d, &r->sel[i], now);
	f->known = f->n;
	begin_intents(f, r);
	fair_pass(f, d, now);
}

/* --- time passes ---------------------------------------------------------------------------------------------------- */

static int64_t sooner(int64_t a, int64_t b)
{
	return a == 0 ? b : b == 0 || a < b ? a : b;
}

int64_t fair_next(const struct fair *f)
{
	int64_t at = f->ends;

	for (unsigned i = 0; i < f->n; i++)
		at = sooner(at, sooner(f->sel[i].ends, sooner(f->sel[i].served, f->sel[i].checked)));
	return at;
}

static void stop_others(struct fair *f, const struct fair_selector *s)
{
	for (unsigned i = 0; i < f->n; i++)
		if (&f->sel[i] != s && f->sel[i].state == SELECTOR_IN_PRODUCTION)
			f->sel[i].state = SELECTOR_READY;
}

static void task_ends(struct fair *f, const struct desired *d, struct fair_selector *s, int64_t at)
{
	s->ends = 0;
	switch (s->state) {
	case SELECTOR_TODO:
		s->state = SELECTOR_WAITING_RECORD;
		s->valid = TRI_NO;
		s->dns = s->dns == SEEN_MISSING ? SEEN_MISSING : SEEN_WRONG; /* it leads to the old key */
		if (d->dns == DNS_PLATFORM)                                  /* configureDkim */
			serve(f, s, at);
		break;
	case SELECTOR_ENABLING:
		s->state = SELECTOR_IN_PRODUCTION;
		stop_others(f, s);
		break;
	case SELECTOR_DISABLING:
		s->state = SELECTOR_READY;
		break;
	case SELECTOR_DELETING:
		s->state = SELECTOR_ABSENT;
		break;
	default:
		break;
	}
}

static bool all_set(const struct fair *f)
{
	for (unsigned i = 0; i < f->n; i++)
		if (f->sel[i].state != SELECTOR_SET)
			return false;
	return f->n != 0;
}

/* The first enable shows the selectors; with every record in place it switches on. */
static void switch_ends(struct fair *f, const struct desired *d, int64_t at)
{
	f->ends = 0;
	f->wanted = needs_no_second(d);
	f->status = all_set(f) ? STATUS_ENABLED : STATUS_DISABLED;
	if (f->n != 0)
		return;
	f->n = 2;
	for (unsigned i = 0; i < f->n; i++) {
		struct fair_selector *s = &f->sel[i];

		memset(s, 0, sizeof(*s));
		*s = (struct fair_selector){
		        .state = SELECTOR_TO_SET, .dns = SEEN_MISSING, .key = SEEN_OK, .keys = 1};
		if (d->dns == DNS_PLATFORM)
			serve(f, s, at);
	}
}

static void check_finds(struct fair *f, struct fair_selector *s)
{
	s->checked = 0;
	s->valid = TRI_YES;
	if (s->state == SELECTOR_WAITING_RECORD) {
		s->state = SELECTOR_READY;
		return;
	}
	s->state = SELECTOR_SET;
	if (f->wanted && f->status != STATUS_ENABLED && f->ends == 0 && all_set(f))
		f->status = STATUS_ENABLED;
}

/* What is due at this very instant. */
static void happen(struct fair *f, const struct desired *d, int64_t at)
{
	if (f->ends == at)
		switch_ends(f, d, at);
	for (unsigned i = 0; i < f->n; i++) {
		struct fair_selector *s = &f->sel[i];

		if (s->ends == at)
			task_ends(f, d, s, at);
		if (s->served == at) {
			s->served = 0;
			s->dns = SEEN_OK;
			expect_check(f, s, at);
		}
		if (s->checked == at)
			check_finds(f, s);
	}
}

void fair_pass(struct fair *f, const struct desired *d, int64_t now)
{
	for (int64_t at = fair_next(f); at != 0 && at <= now; at = fair_next(f))
		happen(f, d, at);
}

/* --- a look ---------------------------------------------------------------------------------------------------------- */

static void name_of(const struct record *r, unsigned i, char dst[SELECTOR_NAME])
{
	static const char *const made_up[] = {"selector1", "selector2"};

	text_join(dst, SELECTOR_NAME, i < r->n ? r->sel[i].name : made_up[i % 2], NULL);
}

/* The target of a key that OVHcloud will make: only that it is another one is known. */
static void target_of(const struct fair_selector *s, const struct record *r, unsigned i, const char *name,
        char dst[HOST_NAME])
{
	char number[2] = {(char)('0' + s->keys % 10), '\0'};

	if (s->keys == 0 && i < r->n)
		text_join(dst, HOST_NAME, r->sel[i].target, NULL);
	else
		text_join(dst, HOST_NAME, name, "._domainkey.key", number, ".forecast.invalid", NULL);
}

static void see_dns(const struct fair_selector *s, const struct rec_selector *r, uint32_t ttl,
        struct seen_selector *ret, int64_t now)
{
	struct evidence *e = &ret->dns;

	ret->dns_at = now;
	e->record = s->dns;
	e->key = s->key;
	e->state = s->dns != SEEN_OK ? s->dns : s->key;
	e->served_key = s->dns == SEEN_OK ? s->key : SEEN_MISSING;
	e->ttl_record = r != NULL && r->ttl_record != 0 ? r->ttl_record : ttl;
	e->ttl_key = e->ttl_negative_zone = e->ttl_negative_target = TTL_NEGATIVE;
	e->servers = e->answered = 2;
	e->agreed = s->dns == SEEN_OK ? 2 : 0;
	if (s->dns == SEEN_OK)
		memcpy(e->target, ret->target, sizeof(e->target));
}

static void see_selector(const struct fair *f, const struct desired *d, const struct record *r, unsigned i,
        int64_t now, struct seen_selector *ret)
{
	const struct fair_selector *s = &f->sel[i];
	const struct rec_selector *known = i < r->n ? &r->sel[i] : NULL;
	char record[DNAME_TEXT];
	bool exists = s->state != SELECTOR_ABSENT;

	memset(ret, 0, sizeof(*ret));
	name_of(r, i, ret->name);
	ret->named = known == NULL || known->named;
	ret->state = s->state;
	ret->listed = exists;
	ret->read_at = now;
	if (!exists || s->state == SELECTOR_UNKNOWN)
		return;
	ret->cname_valid = s->valid;
	ret->last_update = known != NULL ? known->last_update : 0;
	ret->task = is_task(s->state) ? TASK_PENDING : TASK_NONE;
	if (s->state == SELECTOR_TODO)
		return;
	if (dname_dkim(record, ret->name, d->domain))
		text_join(ret->record, sizeof(ret->record), record, NULL);
	target_of(s, r, i, ret->name, ret->target);
	if (s->state != SELECTOR_DELETING && ret->named && ret->target[0] != '\0')
		see_dns(s, known, f->pace->ttl, ret, now);
}

void fair_see(const struct fair *f, const struct desired *d, const struct record *r, int64_t now,
        struct observed *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->began = now;
	ret->complete = true;
	ret->service = f->service;
	ret->theirs = r->theirs;
	ret->status = f->status;
	if (!has_selectors(d)) {
		memcpy(ret->active, r->active, sizeof(ret->active));
		ret->domain_task_state = f->status == STATUS_MODIFYING ? TASK_PENDING : TASK_NONE;
	}
	ret->n = f->n;
	for (unsigned i = 0; i < f->n; i++)
		see_selector(f, d, r, i, now, &ret->sel[i]);
}

/* --- changes --------------------------------------------------------------------------------------------------------- */

static void start_task(struct fair *f, struct fair_selector *s, enum selector_state state, int64_t now)
{
	s->state = state;
	s->ends = now + f->pace->task;
	s->checked = 0;
}

void fair_do(
        struct fair *f, const struct record *r, enum action_kind action, const char *selector, int64_t now)
{
	struct fair_selector *s = NULL;
	char name[SELECTOR_NAME];

	for (unsigned i = 0; i < f->n; i++) {
		name_of(r, i, name);
		if (selector[0] != '\0' && strcmp(name, selector) == 0)
			s = &f->sel[i];
	}
	if (s == NULL && selector[0] != '\0')
		return;
	if (s == NULL) { /* MX Plan's and Zimbra's one switch */
		f->status = STATUS_MODIFYING;
		f->ends = now + f->pace->task;
		return;
	}
	switch (action) {
	case ACTION_CREATE:
		s->keys++;
		start_task(f, s, SELECTOR_TODO, now);
		break;
	case ACTION_ENABLE:
		start_task(f, s, SELECTOR_ENABLING, now);
		break;
	case ACTION_DISABLE:
		start_task(f, s, SELECTOR_DISABLING, now);
		break;
	case ACTION_DELETE:
		start_task(f, s, SELECTOR_DELETING, now);
		break;
	case ACTION_PUBLISH:
		serve(f, s, now);
		break;
	default:
		break;
	}
}
