/* A bounded queue and one thread behind it. The lock is held for a few instructions only and never while lines are
 * written, so whoever reports never waits for the sink. What waits goes out together: a pass over a thousand domains
 * says four thousand lines, and to wake up and to write for each of them would cost more than the lines. */
#include "io/report_writer.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
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
#define GATHER_MS        5

struct writer {
	enum report_sink sink;
	bool colour;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more, drained;
	bool stop, gone, asleep; /* asleep: until `more` */
	struct line *ring[WRITER_LINES];
	unsigned first, n; /* n counts the lines being written too */
	uint64_t untold;   /* dropped and not told yet */
	struct buf text;   /* of the lines being written; the thread's own */
};

static _Atomic uint64_t dropped;
/* A writer that hung in its sink when it was to end. It stays as it is: its thread may wake up yet. */
static struct writer *left_behind;

/* ---- the sinks ---- */

/* How many bytes went out; a reader that stands still is waited for. */
static size_t write_all(int fd, const char *p, size_t n)
{
	struct pollfd room = {.fd = fd, .events = POLLOUT};
	size_t at = 0;

	while (at < n) {
		ssize_t done = write(fd, p + at, n - at);

		if (done > 0)
			at += (size_t)done;
		else if (done < 0 && errno == EAGAIN)
			poll(&room, 1, -1);
		else if (done == 0 || errno != EINTR)
			break;
	}
	return at;
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

static void add_line(struct writer *w, const struct line *l)
{
	if (w->sink == REPORT_JSON)
		line_json(&w->text, l);
	else
		line_text(&w->text, l, w->colour);
}

static unsigned count_lines(const char *p, size_t n)
{
	unsigned count = 0;

	for (const char *end = p + n; (p = memchr(p, '\n', (size_t)(end - p))); p++)
		count++;
	return count;
}

/* The first of n waiting lines go out: as many as a pipe takes whole (pipe(7)), so that no other writer's come between,
 * and one at least. Returns how many were tried, and how many of them are out. */
static unsigned to_stderr(struct writer *w, struct line *const *lines, unsigned n, unsigned *ret_done)
{
	unsigned tried = 0;

	w->text.len = 0;
	while (tried < n) {
		size_t before = w->text.len;

		add_line(w, lines[tried]);
		if (before && w->text.len > PIPE_BUF) {
			w->text.len = before;
			break;
		}
		tried++;
	}
	*ret_done = count_lines(w->text.data, write_all(STDERR_FILENO, w->text.data, w->text.len));
	return tried;
}

/* The same for any sink; the journal takes one at a time. */
static unsigned put_out(struct writer *w, struct line *const *lines, unsigned n, unsigned *ret_done)
{
	if (w->sink != REPORT_JOURNAL)
		return to_stderr(w, lines, n, ret_done);
	*ret_done = to_journal(lines[0]) ? 1 : 0;
	return 1;
}

static bool colour_wanted(void)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDERR_FILENO) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

void writer_direct(const struct line *l)
{
	struct buf b = {0};

	line_text(&b, l, colour_wanted());
	write_all(STDERR_FILENO, b.data, b.len);
	buf_free(&b);
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
	unsigned done;
	put_out(w, &l, 1, &done);
	free(l);
	return done == 1;
}

/* Lets a moment go by. False when we are to end. */
static bool pause_for(struct writer *w, long ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ms * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	while (!w->stop && pthread_cond_timedwait(&w->more, &w->lock, &until) == 0)
		;
	return !w->stop;
}

/* Waits until there is something to write or we are to end. Who has just written waits a moment first: what is said in it
 * goes out together. */
static void wait_for_more(struct writer *w)
{
	if (w->n == 0)
		pause_for(w, GATHER_MS);
	while (w->n == 0 && !w->stop) {
		w->asleep = true;
		pthread_cond_wait(&w->more, &w->lock);
	}
}

/* The first lines have been tried, and `done` of them are out: what was not is dropped, and the ring goes on. */
static void ring_forward(struct writer *w, unsigned tried, unsigned done)
{
	for (unsigned i = 0; i < tried; i++)
		free(w->ring[w->first + i]);
	w->first = (w->first + tried) % WRITER_LINES;
	w->n -= tried;
	w->untold += tried - done;
	atomic_fetch_add(&dropped, tried - done);
}

static void *writer_main(void *arg)
{
	struct writer *w = arg;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		wait_for_more(w);
		if (w->n == 0)
			break;
		unsigned n = w->n < WRITER_LINES - w->first ? w->n : WRITER_LINES - w->first, done;
		uint64_t untold = n == w->n ? w->untold : 0;
		pthread_mutex_unlock(&w->lock);
		unsigned tried = put_out(w, w->ring + w->first, n, &done);
		bool told = untold && done == n && tell_dropped(w, untold);
		pthread_mutex_lock(&w->lock);
		if (done == 0 && w->sink == REPORT_JOURNAL && pause_for(w, JOURNAL_AGAIN_MS))
			continue;
		ring_forward(w, tried, done);
		if (told)
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
		if (w->asleep)
			pthread_cond_signal(&w->more);
		w->asleep = false;
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
	buf_free(&w->text);
	free(w);
}
