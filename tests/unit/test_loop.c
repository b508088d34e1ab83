/* The event loop: order, coalescing, re-entrancy, and one clock reading a turn. Nothing here asserts how long
 * something took; the order of events and the instants the loop itself reports are what is checked. */
#include "io/loop.h"

#include "base/util.h"

#include <event2/event.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct loop *loop;
static char trace[256];

static int setup(void **state)
{
	(void)state;
	trace[0] = '\0';
	loop = loop_new();
	return loop ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	loop_free(loop);
	return 0;
}

static void note(void *arg)
{
	size_t n = strlen(trace);

	str_format(trace + n, sizeof(trace) - n, "%s", (const char *)arg);
}

static void stop(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

static char A[] = "a", B[] = "b", C[] = "c", D[] = "d";

/* Outside of a turn each timer would be set at an instant of its own, and these may be far apart. */
static void set_in_disorder(void *arg)
{
	struct timer **t = arg;

	timer_set(t[3], 40, 0);
	timer_set(t[2], 25, 0);
	timer_set(t[0], 5, 0);
	timer_set(t[1], 15, 0);
}

static void test_timers_fire_in_order(void **state)
{
	(void)state;
	struct timer *t[4] = {timer_new(loop, note, A), timer_new(loop, note, B), timer_new(loop, note, C),
	        timer_new(loop, stop, NULL)};

	loop_defer(loop, set_in_disorder, t);
	assert_int_equal(loop_run(loop), 0);
	assert_string_equal(trace, "abc");
	for (size_t i = 0; i < 4; i++)
		timer_free(t[i]);
	timer_free(NULL);
}

static void set_and_move(void *arg)
{
	struct timer **t = arg;

	timer_set(t[0], 1, 0);
	timer_set(t[1], 5, 0);
	timer_set(t[0], 20, 0); /* moved behind the other */
	timer_set(t[2], 2, 0);
	timer_stop(t[2]);
	timer_stop(t[2]);
	timer_set(t[3], 40, 0);
}

static void test_timer_moves_and_stops(void **state)
{
	(void)state;
	struct timer *t[4] = {timer_new(loop, note, A), timer_new(loop, note, B), timer_new(loop, note, C),
	        timer_new(loop, stop, NULL)};

	loop_defer(loop, set_and_move, t);
	assert_int_equal(loop_run(loop), 0);
	assert_string_equal(trace, "ba");

	timer_set(t[2], -100, 0); /* below nothing is nothing */
	timer_set(t[3], 1, 0);
	assert_int_equal(loop_run(loop), 0);
	assert_string_equal(trace, "bac");
	for (size_t i = 0; i < 4; i++)
		timer_free(t[i]);
}

static void test_defer_keeps_order_and_never_nests(void **state)
{
	(void)state;
	loop_defer(loop, note, A);
	loop_defer(loop, note, B);
	for (int i = 0; i < 100; i++)
		loop_defer(loop, note, D);
	loop_defer(loop, stop, NULL);
	loop_defer(loop, note, C); /* the turn under way is finished */
	assert_string_equal(trace, "");
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(strlen(trace), 103);
	assert_memory_equal(trace, "abd", 3);
	assert_string_equal(trace + 101, "dc");
}

static int nested;
static void defer_again(void *arg)
{
	(void)arg;
	if (++nested < 50) {
		loop_defer(loop, defer_again, NULL);
		assert_true(nested < 50); /* not called from inside loop_defer */
	} else {
		loop_stop(loop);
	}
}

static struct timer *itself;
static struct timer *victim;
static void restart_and_kill(void *arg)
{
	(void)arg;
	note(A);
	timer_free(victim);
	victim = NULL;
	if (strlen(trace) < 5)
		timer_set(itself, 0, 0);
	else
		loop_stop(loop);
}

static void test_callbacks_may_do_anything(void **state)
{
	(void)state;
	nested = 0;
	loop_defer(loop, defer_again, NULL);
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(nested, 50);

	itself = timer_new(loop, restart_and_kill, NULL);
	victim = timer_new(loop, note, B);
	timer_set(itself, 0, 0);
	timer_set(victim, 0, 0); /* due in the same turn, and gone before its time */
	assert_int_equal(loop_run(loop), 0);
	assert_string_equal(trace, "aaaaa");
	timer_free(itself);
}

static void free_itself(void *arg)
{
	struct timer **t = arg;

	timer_free(*t);
	*t = NULL;
	loop_stop(loop);
}

static void test_timer_frees_itself(void **state)
{
	(void)state;
	static struct timer *t;

	t = timer_new(loop, free_itself, &t);
	timer_set(t, 1, 0);
	assert_int_equal(loop_run(loop), 0);
	assert_null(t);
}

/* A timer that sets itself with no delay must leave descriptors their turn. */
static void spin(void *arg)
{
	timer_set(*(struct timer **)arg, 0, 0);
}

static void readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
	loop_stop(loop);
}

static void test_busy_timer_starves_nobody(void **state)
{
	(void)state;
	static struct timer *t;
	int fds[2];

	assert_int_equal(pipe(fds), 0);
	struct event *e = event_new(loop_base(loop), fds[0], EV_READ, readable, NULL);
	event_add(e, NULL);
	t = timer_new(loop, spin, &t);
	timer_set(t, 0, 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	assert_int_equal(loop_run(loop), 0);
	timer_free(t);
	event_free(e);
	close(fds[0]);
	close(fds[1]);
}

struct shot {
	int64_t earliest;
	struct timer *timer;
	int *left;
};

static void shoot(void *arg)
{
	struct shot *s = arg;

	assert_true(loop_boot(loop) >= s->earliest);
	if (--*s->left == 0)
		loop_stop(loop);
}

enum { SHOTS = 50 };
static struct shot shots[SHOTS];

static void set_with_slack(void *arg)
{
	for (int i = 0; i < SHOTS; i++) {
		shots[i] = (struct shot){.left = arg, .timer = timer_new(loop, shoot, &shots[i])};
		shots[i].earliest = loop_boot(loop) + i;
		timer_set(shots[i].timer, i, 64);
	}
}

static void test_slack_shares_wake_ups(void **state)
{
	(void)state;
	int left = SHOTS;

	loop_defer(loop, set_with_slack, &left); /* so that all are set at one instant */
	assert_int_equal(loop_run(loop), 0);
	/* Each span holds a multiple of 64, and all of them together hold two at most. */
	assert_in_range(loop_turns(loop), 1, 2);
	for (int i = 0; i < SHOTS; i++)
		timer_free(shots[i].timer);
}

static void test_no_slack_means_no_early_firing(void **state)
{
	(void)state;
	enum { N = 200 };
	struct shot shot[N];
	int left = N;

	srand(7);
	for (int i = 0; i < N; i++) {
		int delay = rand() % 50;

		shot[i] = (struct shot){.left = &left, .timer = timer_new(loop, shoot, &shot[i])};
		shot[i].earliest = loop_boot(loop) + delay;
		timer_set(shot[i].timer, delay, 0);
	}
	for (int i = 0; i < N; i += 3) { /* take some out of the middle and set them anew */
		timer_stop(shot[i].timer);
		shot[i].earliest = loop_boot(loop) + 3;
		timer_set(shot[i].timer, 3, 0);
	}
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(left, 0);
	for (int i = 0; i < N; i++)
		timer_free(shot[i].timer);
}

static int64_t seen_wall, seen_boot;
static void see(void *arg)
{
	(void)arg;
	if (seen_boot == 0) {
		seen_wall = loop_wall(loop);
		seen_boot = loop_boot(loop);
		struct timespec ms = {.tv_nsec = 3000000};
		nanosleep(&ms, NULL); /* time passes, the turn's instant does not */
	}
	assert_int_equal(loop_wall(loop), seen_wall);
	assert_int_equal(loop_boot(loop), seen_boot);
}

static void test_one_instant_a_turn(void **state)
{
	(void)state;
	struct timer *t = timer_new(loop, see, NULL);

	seen_boot = 0;
	timer_set(t, 0, 0);
	loop_defer(loop, see, NULL);
	loop_defer(loop, see, NULL);
	loop_defer(loop, stop, NULL);
	assert_int_equal(loop_run(loop), 0);
	assert_true(seen_boot > 0);
	assert_true(loop_boot(loop) > seen_boot); /* and outside the loop it is read anew */
	timer_free(t);
}

static void test_signals(void **state)
{
	(void)state;
	loop_signal(loop, SIGUSR1, note, A);
	loop_signal(loop, SIGHUP, stop, NULL);
	raise(SIGUSR1);
	raise(SIGHUP);
	raise(SIGPIPE); /* ignored */
	assert_int_equal(loop_run(loop), 0);
	if (trace[0] == '\0') { /* SIGHUP was seen first */
		loop_defer(loop, stop, NULL);
		loop_run(loop);
	}
	assert_string_equal(trace, "a");
}

static void test_stop_before_run(void **state)
{
	(void)state;
	loop_stop(loop);
	assert_int_equal(loop_run(loop), 0);
	assert_int_equal(loop_turns(loop), 0);
	loop_free(NULL);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        T(test_timers_fire_in_order),
	        T(test_timer_moves_and_stops),
	        T(test_defer_keeps_order_and_never_nests),
	        T(test_callbacks_may_do_anything),
	        T(test_timer_frees_itself),
	        T(test_busy_timer_starves_nobody),
	        T(test_slack_shares_wake_ups),
	        T(test_no_slack_means_no_early_firing),
	        T(test_one_instant_a_turn),
	        T(test_signals),
	        T(test_stop_before_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
