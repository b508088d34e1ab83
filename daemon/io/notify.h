/* What the service manager is told (the protocol of sd_notify(3)). Without one ($NOTIFY_SOCKET unset) every call does
 * nothing. No call waits: what a manager that stands still does not take is owed. */
#ifndef DKIMROTD_IO_NOTIFY_H
#define DKIMROTD_IO_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

/* READY=1 with STATUS=: after configuration, inventory and state are read and the loop has turned once. */
void notify_ready(const char *status);
/* RELOADING=1; notify_ready ends it. */
void notify_reloading(void);
/* STATUS=: one line for systemctl status; cleaned and cut. */
void notify_status(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void notify_stopping(void);
/* Asks for this much more time to start or stop. */
void notify_extend(int64_t more_ms);
/* How often notify_watchdog is due, half of WatchdogSec=; 0 = never. Call it only when the engine made progress. */
int64_t notify_watchdog_interval(void);
void notify_watchdog(void);
/* Says what is owed, as far as it is taken. True while something is left: try again in a while. */
bool notify_owed(void);

#endif
