/* Sockets for questions over UDP: which question gets which port. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/util.h"
#include "io/dns_socket.h"
#include "io/loop.h"

static struct loop *loop;
static struct dns_sockets *sockets;
static struct server {
	int fd;
	struct dns_address at;
} servers[2];
static struct question {
	int heard, error;
	char text[20];
} one, two;

static void heard(void *arg, int error, const uint8_t *bytes, size_t n)
{
	struct question *q = arg;

	q->heard++;
	q->error = error;
	str_format(q->text, sizeof(q->text), "%.*s", (int)n, n > 0 ? (const char *)bytes : "");
	loop_stop(loop);
}

static void server_open(struct server *s)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&s->at.sa;

	*s = (struct server){.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(s->fd, (struct sockaddr *)in, sizeof(*in)), 0);
	s->at.len = sizeof(*in);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)in, &s->at.len), 0);
}

static int setup(void **state)
{
	(void)state;
	loop = loop_new();
	sockets = dns_sockets_new(loop, 1, heard);
	server_open(&servers[0]);
	server_open(&servers[1]);
	one = two = (struct question){0};
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	dns_sockets_free(sockets);
	loop_free(loop);
	close(servers[0].fd);
	close(servers[1].fd);
	return 0;
}

static struct dns_socket *take(struct server *s, struct question *q)
{
	struct dns_socket *ret = NULL;

	assert_int_equal(dns_socket_take(sockets, &s->at, q, &ret), 0);
	assert_int_equal(dns_socket_send(ret, (const uint8_t *)"?", 1), 0);
	return ret;
}

/* Who asked, as the server sees it; answers when there is something to say. */
static uint16_t port_of(struct server *s, const char *answer)
{
	struct sockaddr_in from = {0};
	socklen_t n = sizeof(from);
	char byte;

	assert_int_equal(recvfrom(s->fd, &byte, 1, 0, (struct sockaddr *)&from, &n), 1);
	if (answer)
		sendto(s->fd, answer, strlen(answer), 0, (struct sockaddr *)&from, n);
	return ntohs(from.sin_port);
}

/* One question, answered, and its socket given back. */
static uint16_t ask(struct server *s, bool clean)
{
	struct dns_socket *k = take(s, &one);
	uint16_t port = port_of(s, "!");

	loop_run(loop);
	assert_int_equal(one.error, 0);
	assert_string_equal(one.text, "!");
	dns_socket_leave(k, clean);
	return port;
}

/* A socket takes new questions for a second only: on a machine that is slower than that nothing can be said. */
static void assert_same(uint16_t port, uint16_t first, int64_t since)
{
	if (loop_boot(loop) - since < MS_SECOND)
		assert_int_equal(port, first);
}

static void test_one_after_another(void **state)
{
	(void)state;
	int64_t since = loop_boot(loop);
	uint16_t first = ask(&servers[0], true);

	for (int i = 2; i <= 16; i++)
		assert_same(ask(&servers[0], true), first, since);
	assert_int_not_equal(ask(&servers[0], true), first); /* it has served its time */
}

static void test_at_the_same_time(void **state)
{
	(void)state;
	int64_t since = loop_boot(loop);
	uint16_t first = ask(&servers[0], true);
	struct dns_socket *a = take(&servers[0], &one), *b = take(&servers[0], &two);

	assert_same(port_of(&servers[0], NULL), first, since);
	assert_int_not_equal(port_of(&servers[0], "b"), first);
	loop_run(loop);
	assert_string_equal(two.text, "b"); /* and each hears its own */
	assert_int_equal(two.heard, 1);
	assert_int_equal(one.heard, 1);
	dns_socket_leave(a, false);
	dns_socket_leave(b, true);
}

static void test_what_may_not_be_used_again(void **state)
{
	(void)state;
	int64_t since = loop_boot(loop);
	uint16_t first = ask(&servers[0], true);

	assert_int_not_equal(ask(&servers[1], true), first); /* another address */
	assert_same(ask(&servers[0], false), first, since);  /* something may still come */
	uint16_t next = ask(&servers[0], true);
	assert_int_not_equal(next, first);
	dns_sockets_rest(sockets);
	assert_int_not_equal(ask(&servers[0], true), next);
}

/* Somebody knows the port of a socket on which nothing was asked. */
static void test_unasked(void **state)
{
	(void)state;
	uint16_t port = ask(&servers[0], true);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(sendto(servers[0].fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)), 1);
	struct dns_socket *k = take(&servers[1], &two); /* so that the loop turns until something is heard */
	port_of(&servers[1], "y");
	loop_run(loop);
	assert_string_equal(two.text, "y");
	dns_socket_leave(k, false);
	int before = one.heard;
	assert_int_not_equal(ask(&servers[0], true), port);
	assert_int_equal(one.heard, before + 1);
}

static void test_silence(void **state)
{
	(void)state;
	struct dns_socket *k = take(&servers[0], &one);

	loop_run(loop);
	assert_int_equal(one.error, -ETIMEDOUT);
	assert_int_equal(dns_socket_send(k, (const uint8_t *)"?", 1), 0);
	loop_run(loop);
	assert_int_equal(one.heard, 2);
	dns_socket_leave(k, false);
}

static void test_nobody_there(void **state)
{
	(void)state;
	close(servers[0].fd);
	struct dns_socket *k = take(&servers[0], &one);
	loop_run(loop);
	assert_int_equal(one.error, -ECONNREFUSED);
	dns_socket_leave(k, false);
	server_open(&servers[0]);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	        T(test_one_after_another),
	        T(test_at_the_same_time),
	        T(test_what_may_not_be_used_again),
	        T(test_unasked),
	        T(test_silence),
	        T(test_nobody_there),
	};

	return cmocka_run_group_tests_name("dns_socket", tests, NULL, NULL);
}
