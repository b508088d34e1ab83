/* The times of an account's latest requests, so that its budget holds over a restart: a ring of instants in a small file
 * beside the database, one write a request and no sync. It must never be more than a delay: an unreadable file means
 * that nothing is known of earlier requests. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/store_db.h"

/* Accounts with more requests in a minute than this forget the earliest over a restart. */
#define SLOTS 8192

/* The account's file: letters, digits, '-' and '_' stand for themselves. */
static char *file_of(const struct store *s, const char *account)
{
	struct buf b = {0};

	buf_printf(&b, "%s/budget-", s->dir);
	size_t begin = b.len;
	for (const char *p = account; *p; p++)
		if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') ||
		        *p == '-' || *p == '_')
			buf_add(&b, p, 1);
		else
			buf_printf(&b, "%%%02x", (unsigned)(unsigned char)*p);
	if (b.len - begin > 200) {
		uint64_t sum = rows_mix(6, account, strlen(account));

		b.len = begin;
		buf_printf(&b, "%%%016llx", (unsigned long long)sum);
	}
	return b.data;
}

static size_t read_slots(const char *path, int64_t slots[SLOTS])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t n = 0;

	if (fd < 0)
		return 0;
	ssize_t got = read(fd, slots, SLOTS * sizeof(int64_t));
	if (got > 0)
		n = (size_t)got / sizeof(int64_t);
	close(fd);
	return n;
}

static struct ring *ring_of(struct store *s, const char *account)
{
	struct ring *r = s->rings;

	while (r && strcmp(r->account, account) != 0)
		r = r->next;
	if (r)
		return r;
	char *path = file_of(s, account);
	int64_t *slots = xcalloc(SLOTS, sizeof(int64_t));
	size_t n = read_slots(path, slots), newest = 0;
	r = xcalloc(1, sizeof(*r));
	for (size_t i = 1; i < n; i++)
		newest = slots[i] >= slots[newest] ? i : newest;
	*r = (struct ring){.next = s->rings, .account = xstrdup(account), .at = n ? newest + 1 : 0};
	r->fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	s->rings = r;
	free(slots);
	free(path);
	return r;
}

void store_budget_note(struct store *s, const char *account, int64_t host_wall_ms)
{
	if (s->read_only)
		return;
	struct ring *r = ring_of(s, account);
	off_t at = (off_t)(r->at++ % SLOTS * sizeof(int64_t));

	if (r->fd >= 0 && pwrite(r->fd, &host_wall_ms, sizeof(host_wall_ms), at) < 0)
		r->at--; /* a full disk: it will be tried at the same place */
}

static int ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

size_t store_budget_read(struct store *s, const char *account, int64_t since, int64_t *ret, size_t max)
{
	int64_t *slots = xcalloc(SLOTS, sizeof(int64_t));
	char *path = file_of(s, account);
	size_t n = read_slots(path, slots), kept = 0;

	for (size_t i = 0; i < n; i++)
		if (slots[i] >= since && slots[i] > 0)
			slots[kept++] = slots[i];
	qsort(slots, kept, sizeof(int64_t), ascending);
	size_t skip = kept > max ? kept - max : 0;
	memcpy(ret, slots + skip, (kept - skip) * sizeof(int64_t));
	free(path);
	free(slots);
	return kept - skip;
}

void store_budget_close(struct store *s)
{
	while (s->rings) {
		struct ring *r = s->rings;

		s->rings = r->next;
		if (r->fd >= 0)
			close(r->fd);
		free(r->account);
		free(r);
	}
}
