/* The service manager's few words. It must never let text from outside forge one of them: a status is cleaned of line
 * breaks before it is sent. */
#include "io/notify.h"

#include <stdarg.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "base/util.h"

void notify_ready(const char *status)
{
	char clean[STR_CLEAN_MAX + 1];

	sd_notifyf(0, "READY=1\nSTATUS=%s", str_clean(clean, sizeof(clean), status));
}

/* Type=notify-reload (systemd 253) wants the instant; 252 passes over it. */
void notify_reloading(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)ts.tv_sec * 1000000 + ts.tv_nsec / 1000);
}

void notify_status(const char *fmt, ...)
{
	char text[1000], clean[STR_CLEAN_MAX + 1];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sd_notifyf(0, "STATUS=%s", str_clean(clean, sizeof(clean), text));
}

void notify_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

void notify_extend(int64_t more_ms)
{
	sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%lld", (long long)more_ms * 1000);
}

int64_t notify_watchdog_interval(void)
{
	uint64_t usec = 0;

	return sd_watchdog_enabled(0, &usec) > 0 ? (int64_t)(usec / 2000) : 0;
}

void notify_watchdog(void)
{
	sd_notify(0, "WATCHDOG=1");
}
