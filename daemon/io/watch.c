/* inotify on one folder. It must never call back in the middle of a change: an editor writes, renames and removes
 * within a moment, a deployment rewrites many files, and each would otherwise be read half done. */
#include "io/watch.h"

#include <errno.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/util.h"
#include "io/loop.h"

/* IN_ATTRIB: a file refused for its permissions may have become acceptable. */
#define EVENTS                                                                                               \
	(IN_CREATE | IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE |      \
	        IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

struct watch {
	struct loop *loop;
	char *dir;
	void (*changed)(void *arg);
	void *arg;
	int fd, wd; /* wd < 0: the folder is not there */
	struct event *readable;
	struct timer *settle, *look;
	int64_t first; /* boot clock: the first event not told yet, 0 = none */
};

/* Something happened: wait until it is quiet, but not for ever. */
static void note(struct watch *w)
{
	int64_t now = loop_boot(w->loop);

	if (w->first == 0)
		w->first = now ? now : 1;
	int64_t left = w->first + WATCH_MOST_MS - now;
	timer_set(w->settle, left < WATCH_QUIET_MS ? left : WATCH_QUIET_MS, 0);
}

static void on_settled(void *arg)
{
	struct watch *w = arg;

	w->first = 0;
	w->changed(w->arg);
}

static void look_again(void *arg)
{
	struct watch *w = arg;

	w->wd = inotify_add_watch(w->fd, w->dir, EVENTS);
	if (w->wd >= 0)
		note(w);
	else
		timer_set(w->look, WATCH_ABSENT_MS, MS_SECOND);
}

/* Editors' own files: ".name.swp", "name~". A name that begins with two dots is a deployment's link. */
static bool is_nobodys(const char *name)
{
	return (name[0] == '.' && name[1] != '.') || str_suffix(name, "~");
}

static void on_event(struct watch *w, const struct inotify_event *e)
{
	if (e->mask & IN_Q_OVERFLOW) {
		note(w);
		return;
	}
	if (e->wd != w->wd)
		return; /* of a folder that was replaced */
	if (e->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED)) {
		if (!(e->mask & IN_IGNORED))
			inotify_rm_watch(w->fd, w->wd);
		w->wd = -1;
		note(w);
		timer_set(w->look, 0, 0);
		return;
	}
	if (e->len == 0 || !is_nobodys(e->name))
		note(w);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	_Alignas(struct inotify_event) char events[8192];
	struct watch *w = arg;
	ssize_t n;

	(void)what;
	while ((n = read((int)fd, events, sizeof(events))) > 0) {
		for (char *p = events; p < events + n;) {
			const struct inotify_event *e = (const struct inotify_event *)(const void *)p;

			on_event(w, e);
			p += sizeof(*e) + e->len;
		}
	}
}

struct watch *watch_new(struct loop *l, const char *dir, void (*changed)(void *arg), void *arg)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (fd < 0)
		return NULL;
	struct watch *w = xcalloc(1, sizeof(*w));
	*w = (struct watch){.loop = l, .dir = xstrdup(dir), .changed = changed, .arg = arg, .fd = fd};
	w->settle = timer_new(l, on_settled, w);
	w->look = timer_new(l, look_again, w);
	w->readable = event_new(loop_base(l), fd, EV_READ | EV_PERSIST, on_readable, w);
	w->wd = inotify_add_watch(fd, dir, EVENTS);
	int error = w->wd < 0 ? errno : 0;
	if (event_add(w->readable, NULL) < 0 || error == ENOSPC || error == ENOMEM) {
		watch_free(w);
		errno = error ? error : EIO;
		return NULL;
	}
	if (w->wd < 0)
		timer_set(w->look, WATCH_ABSENT_MS, MS_SECOND);
	return w;
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	timer_free(w->settle);
	timer_free(w->look);
	event_free(w->readable);
	close(w->fd);
	free(w->dir);
	free(w);
}
