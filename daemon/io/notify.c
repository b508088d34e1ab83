/* The service manager's few words, sent by ourselves: sd_notify(3) waits when nobody reads the manager's socket, and a
 * manager that stands still must not make us stand still. What did not fit is owed and said later, in order. It must
 * never let text from outside forge a word: a status is cleaned of line breaks before it is sent. */
#include "io/notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"

#define OWED_MOST 8

static struct {
	char text[STR_CLEAN_MAX + 40];
} owed[OWED_MOST];
static unsigned n_owed;

/* $NOTIFY_SOCKET: a path, or '@' and a name of the abstract space. False when there is no manager to tell. */
static bool manager_address(struct sockaddr_un *ret, socklen_t *ret_len)
{
	const char *path = getenv("NOTIFY_SOCKET");

	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (path == NULL || (path[0] != '/' && path[0] != '@') ||
	        !str_copy(ret->sun_path, sizeof(ret->sun_path), path))
		return false;
	*ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + (path[0] == '/'));
	if (path[0] == '@')
		ret->sun_path[0] = '\0';
	return true;
}

/* False only when it may be said later: the socket is full. Whatever else goes wrong, nobody listens. */
static bool say(const char *text)
{
	struct sockaddr_un manager;
	socklen_t len;

	if (!manager_address(&manager, &len))
		return true;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return errno != ENFILE && errno != EMFILE && errno != ENOBUFS;
	ssize_t n = sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&manager, len);
	bool later = n < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM || errno == EINTR);
	close(fd);
	return !later;
}

static void forget(unsigned i)
{
	memmove(&owed[i], &owed[i + 1], (--n_owed - i) * sizeof(owed[0]));
}

bool notify_owed(void)
{
	while (n_owed > 0 && say(owed[0].text))
		forget(0);
	return n_owed > 0;
}

/* A later status takes the place of an earlier one, and what is owed already is owed once. */
static void owe(const char *text)
{
	for (unsigned i = 0; i < n_owed; i++)
		if (str_eq(owed[i].text, text) ||
		        (str_prefix(text, "STATUS=") && str_prefix(owed[i].text, "STATUS=")))
			forget(i--);
	if (n_owed == OWED_MOST)
		forget(0);
	str_format(owed[n_owed++].text, sizeof(owed[0].text), "%s", text);
}

static void notify(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void notify(const char *fmt, ...)
{
	char text[sizeof(owed[0].text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (notify_owed() || !say(text))
		owe(text);
}

void notify_ready(const char *status)
{
	char clean[STR_CLEAN_MAX + 1];

	notify("READY=1\nSTATUS=%s", str_clean(clean, sizeof(clean), status));
}

/* Type=notify-reload (systemd 253) wants the instant; 252 passes over it. */
void notify_reloading(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	notify("RELOADING=1\nMONOTONIC_USEC=%lld", (long long)ts.tv_sec * 1000000 + ts.tv_nsec / 1000);
}

void notify_status(const char *fmt, ...)
{
	char text[1000], clean[STR_CLEAN_MAX + 1];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	notify("STATUS=%s", str_clean(clean, sizeof(clean), text));
}

void notify_stopping(void)
{
	notify("STOPPING=1");
}

void notify_extend(int64_t more_ms)
{
	notify("EXTEND_TIMEOUT_USEC=%lld", (long long)more_ms * 1000);
}

int64_t notify_watchdog_interval(void)
{
	uint64_t usec = 0;

	return sd_watchdog_enabled(0, &usec) > 0 ? (int64_t)(usec / 2000) : 0;
}

void notify_watchdog(void)
{
	notify("WATCHDOG=1");
}
