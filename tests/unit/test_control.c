/* The control socket against a client that writes bytes: what reaches the handler, what never does, and who may write.
 * The loop runs in a thread of its own; the client blocks. */
#include "io/control.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/loop.h"

static char *dir, *path;
static struct loop *loop;
static struct control *control;
static pthread_t thread;

/* A long answer: so many pieces of so many bytes, each second one empty. */
struct long_answer {
	long pieces, size, made;
};
static _Atomic long made, overs;

static bool next_piece(void *arg, struct buf *out)
{
	struct long_answer *l = arg;

	made = ++l->made;
	for (long i = 0; l->made % 2 == 1 && i < l->size; i++)
		buf_add(out, &"abcdefghij"[l->made / 2 % 10], 1);
	return l->made < l->pieces;
}

static void long_over(void *arg)
{
	overs++;
	free(arg);
}

static void answer_long(const struct control_request *r, struct control_answer *a)
{
	struct long_answer *l = xcalloc(1, sizeof(*l));

	l->pieces = strtol(control_param(r, "pieces"), NULL, 10);
	l->size = strtol(control_param(r, "size"), NULL, 10);
	a->type = "text/plain";
	made = 0;
	control_stream(r, a, next_piece, long_over, l);
	assert_int_equal(made, 0); /* never from inside */
}

/* What it was asked, as the answer. */
static void echo(void *arg, const struct control_request *r, struct control_answer *a)
{
	assert_ptr_equal(arg, &loop);
	if (r->n_segments == 1 && strcmp(r->segment[0], "stop") == 0)
		loop_stop(loop);
	if (r->n_segments == 1 && strcmp(r->segment[0], "long") == 0) {
		answer_long(r, a);
		return;
	}
	if (r->n_segments == 1 && strcmp(r->segment[0], "conflict") == 0) {
		control_fail(a, 409, "refused", "a \"rule\"\nsays %s", "no");
		return;
	}
	a->type = "text/plain";
	buf_printf(&a->body, "%s%s%s", r->method, r->may_write ? " w" : "", r->metrics ? " metrics" : "");
	for (unsigned i = 0; i < r->n_segments; i++)
		buf_printf(&a->body, " [%s]", r->segment[i]);
	for (unsigned i = 0; i < r->n_params; i++)
		buf_printf(&a->body, " %s=%s", r->param[i].name, r->param[i].value);
	const char *x = control_param(r, "x");
	buf_printf(&a->body, " x:%s body:%zu:%s", x ? x : "-", r->body_len, r->body);
	if (r->n_segments == 1 && strcmp(r->segment[0], "large") == 0)
		for (int i = 0; i < 1000000; i++)
			buf_puts(&a->body, "0123456789");
}

static void *run(void *arg)
{
	loop_run(arg);
	return NULL;
}

static int setup(void **state)
{
	char error[300] = "";

	(void)state;
	dir = xstrdup("/tmp/control.XXXXXX"); /* not $TMPDIR: another user must be able to come here */
	assert_non_null(mkdtemp(dir));
	chmod(dir, 0755);
	path = xasprintf("%s/control.sock", dir);
	loop = loop_new();
	control = control_open(loop, path, "127.0.0.1:0", echo, &loop, error, sizeof(error));
	if (!control)
		fail_msg("%s", error);
	pthread_create(&thread, NULL, run, loop);
	return 0;
}

static int connect_local(void)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	str_copy(at.sun_path, sizeof(at.sun_path), path);
	if (connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0)
		return fd;
	close(fd);
	return -1;
}

static int connect_metrics(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(control_metrics_port(control))};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

/* Sends the bytes, reads to the end; the caller frees. */
static char *ask_fd(int fd, const char *request)
{
	struct buf b = {0};
	char part[65536];
	ssize_t n;

	assert_true(fd >= 0);
	for (size_t at = 0, len = strlen(request); at < len; at += (size_t)n)
		if ((n = send(fd, request + at, len - at, MSG_NOSIGNAL)) < 0)
			break; /* it may have answered before all of it was sent */
	while ((n = recv(fd, part, sizeof(part), 0)) > 0)
		buf_add(&b, part, (size_t)n);
	close(fd);
	return b.data ? b.data : xstrdup("");
}

static void assert_answer(char *answer, int status, const char *body)
{
	char *begin = strstr(answer, "\r\n\r\n");

	if (strtol(answer + strlen("HTTP/1.1 "), NULL, 10) != status ||
	        (body && (!begin || strcmp(begin + 4, body) != 0)))
		fail_msg("wanted %d %s, got %s", status, body, answer);
	free(answer);
}

#define END       " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
#define ask(what) ask_fd(connect_local(), what)

static int teardown(void **state)
{
	(void)state;
	int fd = connect_local(); /* the loop stops before it answers */
	assert_true(send(fd, "GET /stop" END, strlen("GET /stop" END), MSG_NOSIGNAL) > 0);
	pthread_join(thread, NULL);
	close(fd);
	control_close(control);
	loop_free(loop);
	assert_int_equal(access(path, F_OK), -1);
	rmdir(dir);
	free(dir);
	free(path);
	return 0;
}

static void what_reaches_the_handler(void **state)
{
	(void)state;
	assert_answer(ask("GET /v1/domains/a%2Fb.example?x=1%202&y=" END), 200,
	        "GET w [v1] [domains] [a/b.example] x=1 2 y= x:1 2 body:0:");
	assert_answer(ask("POST /v1/pause HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: "
	                  "4\r\n\r\n{\"a\""),
	        200, "POST w [v1] [pause] x:- body:4:{\"a\"");
	assert_answer(ask("GET /" END), 200, "GET w x:- body:0:");
	assert_answer(ask("GET /v1///status/" END), 200, "GET w [v1] [] [] [status] x:- body:0:");
	assert_answer(ask("GET /..%2f..%2fetc/.." END), 200, "GET w [../../etc] [..] x:- body:0:");
}

static void errors_are_json_without_surprises(void **state)
{
	char *answer = ask("GET /conflict" END);

	(void)state;
	assert_non_null(strstr(answer, "Content-Type: application/json"));
	assert_answer(answer, 409, "{\"error\":\"refused\",\"message\":\"a \\\"rule\\\"?says no\"}");
}

static void what_never_reaches_it(void **state)
{
	struct buf b = {0};

	(void)state;
	assert_answer(ask("GET /a%00b" END), 400, NULL);
	assert_answer(ask("GET /1/2/3/4/5/6/7/8/9" END), 400, NULL);
	assert_answer(ask("GET /?a&b&c&d&e&f&g&h&i&j&k&l&m&n&o&p&q" END), 400, NULL);
	assert_answer(ask("DELETE /v1/domains" END), 501, NULL);
	assert_answer(ask("PUT /v1/domains" END), 501, NULL);
	assert_answer(ask("rubbish\r\n\r\n"), 400, NULL);
	buf_puts(&b, "GET / HTTP/1.1\r\nX: ");
	for (int i = 0; i < 2000; i++)
		buf_puts(&b, "0123456789");
	buf_puts(&b, "\r\nConnection: close\r\n\r\n");
	assert_answer(ask(b.data), 400, NULL);
	buf_free(&b);
	assert_answer(
	        ask("POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 70000\r\n\r\n"), 413, NULL);
}

static void a_large_answer_comes_whole(void **state)
{
	char *answer = ask("GET /large" END);

	(void)state;
	assert_int_equal(
	        strlen(strstr(answer, "\r\n\r\n") + 4), strlen("GET w [large] x:- body:0:") + 10000000);
	free(answer);
}

static void metrics_are_all_that_tcp_gives(void **state)
{
	(void)state;
	assert_answer(
	        ask_fd(connect_metrics(), "GET /metrics" END), 200, "GET metrics [metrics] x:- body:0:");
	assert_answer(ask_fd(connect_metrics(), "GET /v1/status" END), 404, NULL);
	assert_answer(ask_fd(connect_metrics(), "GET /metrics/x" END), 404, NULL);
	assert_answer(ask_fd(connect_metrics(),
	                      "POST /metrics HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
	        501, NULL);
}

/* As another user: reading is allowed to whom the file mode lets in, writing is not. */
static void another_user_only_reads(void **state)
{
	int status;

	(void)state;
	if (geteuid() != 0)
		skip();
	chmod(path, 0666);
	chmod(dir, 0755);
	assert_answer(ask("GET /" END), 200,
	        NULL); /* the loop's thread is there and holds no lock that a fork would copy */
	pid_t child = fork();
	if (child == 0) {
		if (setuid(65534) < 0)
			_exit(9);
		char *read_it = ask("GET /v1/status" END);
		char *write_it =
		        ask("POST /v1/pause HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");

		_exit(!(strstr(read_it, "GET [v1] [status]") && strstr(write_it, " 403 ") &&
		        strstr(write_it, "not-allowed")));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void wait_until_over(long n)
{
	for (int i = 0; i < 12000 && overs < n; i++)
		usleep(5000);
	assert_int_equal(overs, n);
}

static void a_long_answer_comes_in_pieces(void **state)
{
	(void)state;
	overs = 0;
	char *answer = ask("GET /long?pieces=6&size=5" END);
	assert_non_null(strcasestr(answer, "\r\nTransfer-Encoding: chunked\r\n"));
	assert_non_null(strcasestr(answer, "\r\nContent-Type: text/plain\r\n"));
	assert_answer(answer, 200, "5\r\naaaaa\r\n5\r\nbbbbb\r\n5\r\nccccc\r\n0\r\n\r\n");
	assert_answer(ask("GET /long?pieces=1&size=3" END), 200, "3\r\naaa\r\n0\r\n\r\n");
	assert_answer(ask("GET /long?pieces=2&size=0" END), 200, "0\r\n\r\n");
	assert_answer(ask("GET /long?pieces=1&size=2 HTTP/1.0\r\n\r\n"), 200, "aa"); /* knows no chunks */
	wait_until_over(4);
}

/* Who does not read is not told more, does not hold up others, and may leave. */
static void a_slow_reader_waits_for_himself(void **state)
{
	char first[1000];

	(void)state;
	overs = 0;
	int fd = connect_local();
	const char *request = "GET /long?pieces=1000000&size=100000" END;
	assert_true(send(fd, request, strlen(request), MSG_NOSIGNAL) > 0);
	assert_true(recv(fd, first, sizeof(first), 0) > 0);
	for (int i = 0; i < 20; i++)
		assert_answer(ask("GET /a" END), 200, NULL);
	assert_true(made < 1000); /* what the kernel's buffers hold, not all of it */
	assert_int_equal(overs, 0);
	close(fd);
	wait_until_over(1);
	long then = made;
	assert_answer(ask("GET /a" END), 200, NULL);
	assert_int_equal(made, then);
}

static void the_socket_is_for_owner_and_group(void **state)
{
	struct stat st;
	char error[300] = "";

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	/* Another daemon listens there. */
	assert_null(control_open(loop, path, NULL, echo, &loop, error, sizeof(error)));
	assert_non_null(strstr(error, "another process listens there"));
	assert_answer(ask("GET /" END), 200, NULL);
}

/* Left over by a killed daemon, a file that is no socket, a path too long, a bad metrics address. */
static void places_to_listen(void **state)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char *other = xasprintf("%s/other", dir), error[300] = "";

	(void)state;
	str_copy(at.sun_path, sizeof(at.sun_path), other);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	close(fd);
	struct loop *own = loop_new();
	struct control *c = control_open(own, other, NULL, echo, &loop, error, sizeof(error));
	assert_non_null(c);
	control_close(c);
	close(open(other, O_CREAT | O_WRONLY, 0600));
	assert_null(control_open(own, other, NULL, echo, &loop, error, sizeof(error)));
	assert_int_equal(access(other, F_OK), 0); /* not ours to remove */
	unlink(other);
	c = control_open(own, other, "nonsense", echo, &loop, error, sizeof(error));
	assert_non_null(c); /* who asks at the socket does not go without because of the metrics */
	assert_non_null(strstr(error, "nonsense"));
	control_close(c);
	char longer[200];
	memset(longer, 'a', sizeof(longer));
	longer[0] = '/';
	longer[199] = '\0';
	assert_null(control_open(own, longer, NULL, echo, &loop, error, sizeof(error)));
	assert_non_null(strstr(error, strerror(ENAMETOOLONG)));
	loop_free(own);
	free(other);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(what_reaches_the_handler), T(errors_are_json_without_surprises),
	        T(what_never_reaches_it), T(a_large_answer_comes_whole), T(a_long_answer_comes_in_pieces),
	        T(a_slow_reader_waits_for_himself), T(metrics_are_all_that_tcp_gives),
	        T(another_user_only_reads), T(the_socket_is_for_owner_and_group), T(places_to_listen)};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
