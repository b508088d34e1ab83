/* Many looks at once, and looks nobody waits for any more: each is told exactly once or, dropped, never. */
#include "dns_scaffold.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- many looks, and looks nobody waits for ---- */

static unsigned told;

static void tell(void *arg, const struct evidence *e)
{
	assert_int_equal(e->state, SEEN_OK);
	assert_int_equal(e->servers, 2); /* what one look learnt of servers and zones, the others say too */
	assert_int_equal(e->ttl_negative_target, 30);
	++*(unsigned *)arg;
	if (++told == 1000)
		loop_stop(loop);
}

static unsigned soa_questions(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < SERVERS; i++)
		n += responder.seen_types[i][SOA];
	return n;
}

/* Those that ask the same at the same moment share the answer. */
static void test_many_at_once(void **state)
{
	(void)state;
	static unsigned counts[1000];
	unsigned before = soa_questions();

	told = 0;
	memset(counts, 0, sizeof(counts));
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		dns_look(dns, &right_question, tell, &counts[i]);
	loop_run(loop);
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		assert_int_equal(counts[i], 1);
	assert_true(soa_questions() - before < ARRAY_SIZE(counts));
}

static void stop_loop(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

static void never(void *arg, const struct evidence *e)
{
	(void)arg, (void)e;
	fail_msg("told of a look that was to be cancelled");
}

/* Cancelled before it began, and at every turn of the loop while it runs: no callback, no leak. */
static void test_cancel(void **state)
{
	(void)state;
	struct timer *t = timer_new(loop, stop_loop, NULL);

	seen_count = 0;
	for (unsigned turns = 0; turns < 40; turns++) {
		struct dns_look *k = dns_look(dns, &right_question, seen, NULL);
		for (unsigned i = 0; i < turns && seen_count == 0; i++) {
			timer_set(t, 0, 0);
			loop_run(loop);
		}
		if (seen_count > 0)
			break; /* it took fewer turns than that */
		dns_cancel(k);
	}
	unsigned before = seen_count;
	timer_set(t, 50, 0);
	loop_run(loop);
	assert_int_equal(seen_count, before);
	timer_free(t);
	assert_int_equal(look().state, SEEN_OK);
}

/* Many are cancelled at once while the thread that looks has them in its hands: between any two of its steps. */
static void test_cancel_a_crowd(void **state)
{
	(void)state;
	struct timer *t = timer_new(loop, stop_loop, NULL);
	struct dns_look *crowd[64];

	responder.manner[1] = SILENT; /* no look is over before it is cancelled */
	for (unsigned round = 0; round < 150; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(crowd); i++)
			crowd[i] = dns_look(dns, &right_question, never, NULL);
		for (unsigned turns = 0; turns < 2 + round % 4; turns++) {
			timer_set(t, 0, 0);
			loop_run(loop);
		}
		for (size_t i = 0; i < ARRAY_SIZE(crowd); i++)
			dns_cancel(crowd[i]);
	}
	timer_free(t);
	responder.manner[1] = HONEST;
	assert_int_equal(look().state, SEEN_OK);
}

struct member {
	struct dns_look *look; /* NULL once it was told */
	unsigned *left;
};

static void tell_member(void *arg, const struct evidence *e)
{
	struct member *m = arg;

	assert_int_equal(e->state, SEEN_OK);
	assert_int_equal(e->ttl_negative_zone, 120);
	m->look = NULL;
	if (--*m->left == 0)
		loop_stop(loop);
}

/* Some are cancelled while others wait for the answers to their questions: those ask for themselves then. */
static void test_cancel_who_asked_for_others(void **state)
{
	(void)state;
	struct timer *t = timer_new(loop, stop_loop, NULL);
	struct member crowd[64];

	for (unsigned round = 0; round < 60; round++) {
		unsigned left = ARRAY_SIZE(crowd);

		for (size_t i = 0; i < ARRAY_SIZE(crowd); i++)
			crowd[i] = (struct member){
			        dns_look(dns, &right_question, tell_member, &crowd[i]), &left};
		timer_set(t, round % 12, 0);
		loop_run(loop);
		for (size_t i = 0; i < ARRAY_SIZE(crowd); i++)
			if (i % 3 != 2 && crowd[i].look) {
				dns_cancel(crowd[i].look);
				left--;
			}
		timer_stop(t);
		if (left > 0)
			loop_run(loop);
		assert_int_equal(left, 0);
	}
	timer_free(t);
}

/* A trust anchor that cannot be read to its end, as on a file server that hangs, holds up the thread that looks: the loop
 * turns, and can tell. The thread goes on, and so does the look. */
static void test_silence(void **state)
{
	(void)state;
	struct timer *t = timer_new(loop, stop_loop, NULL);
	char fifo[] = "/tmp/test_dns_many.XXXXXX";
	int fd = mkstemp(fifo);

	close(fd);
	unlink(fifo);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	dns_free(dns);
	dns = dns_open(30 * MS_SECOND, true, fifo);
	assert_int_equal(dns_silence(dns), 0); /* nothing is out */
	seen_count = 0;
	dns_look(dns, &right_question, seen, &seen_count);
	do {
		timer_set(t, 20, 0);
		loop_run(loop);
	} while (dns_silence(dns) == 0);
	assert_int_equal(seen_count, 0);
	fd = open(fifo, O_WRONLY);
	close(fd);
	loop_run(loop);
	assert_int_equal(seen_count, 1);
	assert_int_equal(dns_silence(dns), 0);
	unlink(fifo);
	timer_free(t);
}

/* The whole goes with looks waiting, running and unanswered. */
static void test_free_in_flight(void **state)
{
	(void)state;
	struct timer *t = timer_new(loop, stop_loop, NULL);

	responder.manner[1] = SILENT;
	seen_count = 0;
	for (unsigned i = 0; i < 300; i++)
		dns_look(dns, &right_question, seen, NULL);
	timer_set(t, 30, 0);
	loop_run(loop);
	dns_free(dns);
	dns = NULL;
	timer_set(t, 30, 0);
	loop_run(loop);
	assert_int_equal(seen_count, 0);
	timer_free(t);
}

static void free_all(void *arg, const struct evidence *e)
{
	(void)arg, (void)e;
	seen_count++;
	dns_free(dns);
	dns = NULL;
	loop_stop(loop);
}

static void test_free_from_callback(void **state)
{
	(void)state;
	seen_count = 0;
	for (unsigned i = 0; i < 100; i++)
		dns_look(dns, &right_question, free_all, NULL);
	loop_run(loop);
	assert_int_equal(seen_count, 1);
}

static struct dns_look *others[3];

static void cancel_others(void *arg, const struct evidence *e)
{
	(void)arg, (void)e;
	for (unsigned i = 0; i < 3; i++)
		if (arg != &others[i] && others[i])
			dns_cancel(others[i]);
	memset(others, 0, sizeof(others));
	seen_count++;
	dns_look(dns, &right_question, seen, &seen_count); /* and looks again at once */
}

static void test_cancel_from_callback(void **state)
{
	(void)state;
	seen_count = 0;
	for (unsigned i = 0; i < 3; i++)
		others[i] = dns_look(dns, &right_question, cancel_others, &others[i]);
	loop_run(loop);
	assert_int_equal(seen_count, 2);
	assert_int_equal(seen_last.state, SEEN_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        WITH_RESPONDER(test_many_at_once),
	        WITH_RESPONDER(test_cancel),
	        WITH_RESPONDER(test_cancel_a_crowd),
	        WITH_RESPONDER(test_cancel_who_asked_for_others),
	        WITH_RESPONDER(test_silence),
	        WITH_RESPONDER(test_free_in_flight),
	        WITH_RESPONDER(test_free_from_callback),
	        WITH_RESPONDER(test_cancel_from_callback),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
