/* The event loop: timers, deferred calls, signals, and the only clock. Time is read once per wake-up and handed
 * down as data; everything that happens in one wake-up happens at one instant. The deterministic simulation
 * implements this header over a virtual clock, so nothing here may leak a library's type. */
#ifndef DKIMROTD_IO_LOOP_H
#define DKIMROTD_IO_LOOP_H

#include <stdint.h>

struct loop;
struct timer;

/* NULL with errno when the kernel gives no descriptors. SIGPIPE is ignored in the whole process from here on. */
struct loop *loop_new(void);
void loop_free(struct loop *l); /* after every timer and module that uses it; NULL is fine */

/* Runs until loop_stop, which may have come before. Returns 0, or negative errno when the backend failed. What was
 * deferred and not yet called stays for the next loop_run, if there is one. */
int loop_run(struct loop *l);
void loop_stop(struct loop *l);

/* Instants of the present wake-up in ms: the host's wall clock (CLOCK_REALTIME), and the boot clock
 * (CLOCK_BOOTTIME, which runs on through suspend and never steps). Outside loop_run they are read at every call. */
int64_t loop_wall(const struct loop *l);
int64_t loop_boot(const struct loop *l);
/* Wake-ups since the start; the watchdog and the bench read it. */
uint64_t loop_turns(const struct loop *l);

/* Calls cb(arg) once from the loop, soon, never from inside the caller. Calls run in the order deferred. There is
 * no way to take a call back: what may go away first uses a timer with no delay. */
void loop_defer(struct loop *l, void (*cb)(void *arg), void *arg);

/* A timer fires once per timer_set (which moves a timer already set); delay below 0 counts as 0. slack_ms lets
 * the loop fire up to that much later, together with other timers, to save wake-ups. Suspended time counts. Timers
 * fire in the order of their instants, those of one instant in the order set, never from inside timer_set; one
 * may set, stop or free itself and any other from its callback. */
struct timer *timer_new(struct loop *l, void (*cb)(void *arg), void *arg);
void timer_set(struct timer *t, int64_t delay_ms, int64_t slack_ms);
void timer_stop(struct timer *t);
void timer_free(struct timer *t); /* NULL is fine */

/* cb(arg) from the loop when the signal came. One handler per signal; lives as long as the loop. */
void loop_signal(struct loop *l, int signo, void (*cb)(void *arg), void *arg);

/* For the other files of io only: the libevent base behind it, as struct event_base *. */
void *loop_base(struct loop *l);

#endif
