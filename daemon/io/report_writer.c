/* A bounded queue and one thread behind it. The lock is held for a few instructions only and never while a line is
 * written, so whoever reports never waits for the sink. */
#include "io/report_writer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#define JOURNAL_AGAIN_MS 250

struct writer {
	enum report_sink sink;
	bool colour;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more, drained;
	bool stop, gone;
	struct line *ring[WRITER_LINES];
	unsigned first, n; /* n counts the line being written too */
	uint64_t untold;   /* dropped and not told yet */
};

static _Atomic uint64_t dropped;
/* A writer that hung in its sink when it was to end. It stays as it is: its thread may wake up yet. */
static struct writer *left_behind;

/* ---- the sinks ---- */

static bool write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		p += done;
		n -= (size_t)done;
	}
	return true;
}

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* sd_journal_sendv(3) calls it done when there is no journald at all: that would be a line lost in silence. */
static bool to_journal(const struct line *l)
{
	struct iovec v[LINE_FIELDS];

	if (access(JOURNAL_SOCKET, F_OK) != 0)
		return false;
	for (unsigned i = 0; i < l->n; i++)
		v[i] = (struct iovec){(void *)(uintptr_t)l->field[i], strlen(l->field[i])};
	return sd_journal_sendv(v, (int)l->n) >= 0;
}

static bool to_stderr(const struct line *l, bool json, bool colour)
{
	struct buf b = {0};

	if (json)
		line_json(&b, l);
	else
		line_text(&b, l, colour);
	bool done = write_all(STDERR_FILENO, b.data, b.len);
	buf_free(&b);
	return done;
}

static bool put_out(struct writer *w, const struct line *l)
{
	return w->sink == REPORT_JOURNAL ? to_journal(l) : to_stderr(l, w->sink == REPORT_JSON, w->colour);
}

static bool colour_wanted(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDERR_FILENO) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

void writer_direct(const struct line *l)
{
	to_stderr(l, false, colour_wanted());
}

/* ---- the thread ---- */

static int64_t wall_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The sink takes lines again: how many it missed. */
static bool tell_dropped(struct writer *w, uint64_t count)
{
	char message[200], lines[STR_COUNT];

	str_format(message, sizeof(message), "%s %s dropped because the journal did not take them",
	        str_count(lines, count, "line"), count == 1 ? "was" : "were");
	struct line *l = line_new(EVENT_LINES_DROPPED, wall_ms(), NULL, message, 0);
	bool done = put_out(w, l);
	free(l);
	return done;
}

/* A journald that is gone comes back: its line is kept for it, and others queue behind. False when we are to end. */
static bool wait_for_journal(struct writer *w)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += JOURNAL_AGAIN_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	while (!w->stop && pthread_cond_timedwait(&w->more, &w->lock, &until) == 0)
		;
	return !w->stop;
}

static void *writer_main(void *arg)
{
	struct writer *w = arg;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (w->n == 0 && !w->stop) {
			pthread_cond_signal(&w->drained);
			pthread_cond_wait(&w->more, &w->lock);
		}
		if (w->n == 0)
			break;
		struct line *l = w->ring[w->first];
		uint64_t untold = w->n == 1 ? w->untold : 0;
		pthread_mutex_unlock(&w->lock);
		bool done = put_out(w, l);
		if (done && untold)
			untold = tell_dropped(w, untold) ? untold : 0;
		pthread_mutex_lock(&w->lock);
		if (!done && w->sink == REPORT_JOURNAL && wait_for_journal(w))
			continue;
		if (!done) {
			atomic_fetch_add(&dropped, 1);
			w->untold++;
			untold = 0;
		}
		free(l);
		w->first = (w->first + 1) % WRITER_LINES;
		w->n--;
		w->untold -= untold;
	}
	w->gone = true;
	pthread_cond_signal(&w->drained);
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

int writer_new(enum report_sink sink, struct writer **ret_writer)
{
	struct writer *w = xcalloc(1, sizeof(*w));
	pthread_condattr_t clock;
	sigset_t all, before;

	w->sink = sink;
	w->colour = sink == REPORT_TEXT && colour_wanted();
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&w->more, &clock);
	pthread_cond_init(&w->drained, &clock);
	pthread_condattr_destroy(&clock);
	/* Signals belong to the loop's thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int r = pthread_create(&w->thread, NULL, writer_main, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r != 0) {
		free(w);
		return -r;
	}
	*ret_writer = w;
	return 0;
}

void writer_put(struct writer *w, struct line *l)
{
	pthread_mutex_lock(&w->lock);
	bool full = w->n == WRITER_LINES;
	if (full) {
		w->untold++;
	} else {
		w->ring[(w->first + w->n++) % WRITER_LINES] = l;
		pthread_cond_signal(&w->more);
	}
	pthread_mutex_unlock(&w->lock);
	if (full) {
		free(l);
		atomic_fetch_add(&dropped, 1);
	}
}

uint64_t writer_dropped(void)
{
	return atomic_load(&dropped);
}

void writer_free(struct writer *w)
{
	struct timespec until;

	if (!w)
		return;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += 2;
	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_signal(&w->more);
	while (!w->gone && pthread_cond_timedwait(&w->drained, &w->lock, &until) == 0)
		;
	bool gone = w->gone;
	if (!gone)
		atomic_fetch_add(&dropped, w->n);
	pthread_mutex_unlock(&w->lock);
	if (!gone) {
		pthread_detach(w->thread);
		left_behind = w;
		return;
	}
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->drained);
	pthread_cond_destroy(&w->more);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
