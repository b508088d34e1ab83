/* The table of troubles lately told, oldest first, with a hash beside it. It must never hold back what is new: another
 * reason, selector or file is another trouble. */
#include "io/report_fold.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"

#define BUCKETS 1024

/* struct fields with its texts copied: what is held back outlives the call that reported it. */
struct held {
	struct fields f;
	char *message;
	char *texts;
};

struct trouble_seen {
	struct trouble_seen *next;          /* in its bucket */
	struct trouble_seen *newer, *older; /* in order of last_told */
	uint64_t hash;
	char *key; /* owned */
	enum event event;
	int64_t last_told;
	unsigned repeats;
	struct held held; /* the latest repeat */
};

struct fold {
	fold_tell *tell;
	void *arg;
	struct trouble_seen *bucket[BUCKETS];
	struct trouble_seen *oldest, *newest;
	unsigned n;
};

struct fold *fold_new(fold_tell *tell, void *arg)
{
	struct fold *t = xcalloc(1, sizeof(*t));

	t->tell = tell;
	t->arg = arg;
	return t;
}

/* ---- what makes a repeat ---- */

static char *key_of(enum event e, const struct fields *f)
{
	const char *const parts[] = {f->domain, f->platform, f->account, f->service, f->selector, f->action,
	        f->reason, f->config_file};
	struct buf b = {0};

	buf_printf(&b, "%d %d %d", (int)e, f->config_line, f->config_column);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		buf_printf(&b, "\n%s", parts[i] ? parts[i] : "");
	return b.data;
}

static uint64_t hash_of(const char *key)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * UINT64_C(0x100000001b3);
	return h ^ h >> 32;
}

/* ---- what is held back ---- */

static void held_clear(struct held *h)
{
	free(h->message);
	free(h->texts);
	*h = (struct held){0};
}

static void held_set(struct held *h, const struct fields *f, const char *message)
{
	held_clear(h);
	h->f = *f;
	const char **texts[] = {&h->f.domain, &h->f.selector, &h->f.platform, &h->f.account, &h->f.service,
	        &h->f.phase, &h->f.phase_old, &h->f.action, &h->f.reason, &h->f.waits_on, &h->f.query_id,
	        &h->f.http_method, &h->f.http_path, &h->f.config_file};
	size_t n = 1;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		n += *texts[i] ? strlen(*texts[i]) + 1 : 0;
	char *p = h->texts = xmalloc(n);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (*texts[i]) {
			size_t len = strlen(*texts[i]) + 1;

			*texts[i] = memcpy(p, *texts[i], len);
			p += len;
		}
	h->message = xstrdup(message);
}

/* ---- the list ---- */

static void list_remove(struct fold *t, struct trouble_seen *s)
{
	*(s->older ? &s->older->newer : &t->oldest) = s->newer;
	*(s->newer ? &s->newer->older : &t->newest) = s->older;
	s->newer = s->older = NULL;
}

static void list_append(struct fold *t, struct trouble_seen *s)
{
	s->older = t->newest;
	*(t->newest ? &t->newest->newer : &t->oldest) = s;
	t->newest = s;
}

static void forget(struct fold *t, struct trouble_seen *s)
{
	struct trouble_seen **p = &t->bucket[s->hash % BUCKETS];

	while (*p != s)
		p = &(*p)->next;
	*p = s->next;
	list_remove(t, s);
	t->n--;
	held_clear(&s->held);
	free(s->key);
	free(s);
}

void fold_free(struct fold *t)
{
	if (!t)
		return;
	while (t->oldest)
		forget(t, t->oldest);
	free(t);
}

/* The hour of this trouble is over: what was held back is told and another hour begins; without any it is over. */
static void hour_over(struct fold *t, struct trouble_seen *s, int64_t now)
{
	if (s->repeats == 0) {
		forget(t, s);
		return;
	}
	struct held held = s->held;
	unsigned repeats = s->repeats;

	s->held = (struct held){0};
	s->repeats = 0;
	s->last_told = now;
	list_remove(t, s);
	list_append(t, s);
	t->tell(t->arg, s->event, &held.f, held.message, repeats);
	held_clear(&held);
}

void fold_flush(struct fold *t, int64_t now_ms, bool everything)
{
	/* Every step either forgets the oldest or makes it the newest, told now. */
	while (t->oldest && (everything || now_ms - t->oldest->last_told >= MS_HOUR)) {
		if (everything && t->oldest->repeats == 0)
			forget(t, t->oldest);
		else
			hour_over(t, t->oldest, now_ms);
	}
}

bool fold_see(struct fold *t, int64_t now_ms, enum event e, const struct fields *f, const char *message)
{
	char *key = key_of(e, f);
	uint64_t hash = hash_of(key);

	fold_flush(t, now_ms, false);
	struct trouble_seen *s = t->bucket[hash % BUCKETS];
	while (s && (s->hash != hash || strcmp(s->key, key) != 0))
		s = s->next;
	if (s) {
		free(key);
		s->repeats++;
		held_set(&s->held, f, message);
		return false;
	}
	if (t->n == FOLD_MAX) {
		if (t->oldest->repeats)
			t->tell(t->arg, t->oldest->event, &t->oldest->held.f, t->oldest->held.message,
			        t->oldest->repeats);
		forget(t, t->oldest);
	}
	s = xcalloc(1, sizeof(*s));
	*s = (struct trouble_seen){
	        .next = t->bucket[hash % BUCKETS], .hash = hash, .key = key, .event = e, .last_told = now_ms};
	t->bucket[hash % BUCKETS] = s;
	list_append(t, s);
	t->n++;
	return true;
}
