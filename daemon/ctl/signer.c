/* One message through a milter. The signer may be slow, silent or broken: every wait has its end. */
#include "ctl/signer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "codec/address.h"
#include "codec/milter.h"

#define PATIENCE (20 * MS_SECOND) /* for a whole message; a signer's own limits are below */

struct session {
	int fd;
	int64_t until; /* monotonic */
	struct milter milter;
	struct buf in, added; /* what came and is not understood yet; the fields that the signer adds */
	char *why;
	size_t why_n;
	bool accepted; /* it wants to hear no more of this message */
};

static int64_t monotonic(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * MS_SECOND + t.tv_nsec / 1000000;
}

static int fail(struct session *s, int r, const char *what)
{
	str_format(
	        s->why, s->why_n, "%s%s%s", what, r == -EPROTO ? "" : ": ", r == -EPROTO ? "" : strerror(-r));
	return r;
}

/* ---- where it listens ---- */

/* "inet:8891@127.0.0.1" and what address.h reads. */
static bool read_inet(const char *where, struct address *ret)
{
	char text[64];

	if (str_prefix(where, "inet:") || str_prefix(where, "inet6:")) {
		const char *port = strchr(where, ':') + 1, *at = strchr(port, '@');
		const char *host = at ? at + 1 : "127.0.0.1";
		size_t n = strcspn(port, "@");

		str_format(text, sizeof(text), "%s@%.*s", str_eq(host, "localhost") ? "127.0.0.1" : host,
		        (int)(n < 6 ? n : 6), port);
		return address_parse(text, ret);
	}
	if (str_prefix(where, "localhost:")) {
		str_format(text, sizeof(text), "127.0.0.1%s", where + strlen("localhost"));
		return address_parse(text, ret);
	}
	return address_parse(where, ret);
}

static int open_unix(const char *path)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};

	if (!str_copy(sa.sun_path, sizeof(sa.sun_path), path))
		return -ENAMETOOLONG;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
		return fd;
	int r = -errno;
	close(fd);
	return r;
}

static int open_inet(const struct address *a)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(a->port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(a->port)};
	bool six = strchr(a->host, ':') != NULL;

	if (inet_pton(six ? AF_INET6 : AF_INET, a->host,
	            six ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr) != 1)
		return -EINVAL;
	int fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, six ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4,
	            six ? sizeof(v6) : sizeof(v4)) == 0)
		return fd;
	int r = -errno;
	close(fd);
	return r;
}

static int open_signer(const char *where)
{
	struct address a = {.port = 0};

	if (str_prefix(where, "unix:") || str_prefix(where, "local:"))
		return open_unix(strchr(where, ':') + 1);
	if (where[0] == '/')
		return open_unix(where);
	if (read_inet(where, &a) && a.port != 0)
		return open_inet(&a);
	return -EINVAL;
}

#define AGAIN 100 /* ms */

/* Who was started just now does not listen yet. */
static int open_patiently(const char *where, int64_t *patience)
{
	int fd = open_signer(where);

	while ((fd == -ECONNREFUSED || fd == -ENOENT) && *patience > 0) {
		poll(NULL, 0, AGAIN);
		*patience -= AGAIN;
		fd = open_signer(where);
	}
	return fd;
}

/* ---- talking ---- */

static int wait_for(const struct session *s, short events)
{
	int64_t left = s->until - monotonic();
	struct pollfd p = {.fd = s->fd, .events = events};

	if (left <= 0)
		return -ETIMEDOUT;
	int r = poll(&p, 1, (int)left);
	return r > 0 ? 0 : r == 0 ? -ETIMEDOUT : errno == EINTR ? 0 : -errno;
}

static int send_all(const struct session *s, const struct buf *b)
{
	for (size_t at = 0; at < b->len;) {
		int r = wait_for(s, POLLOUT);
		ssize_t n;

		if (r < 0)
			return r;
		n = send(s->fd, b->data + at, b->len - at, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		at += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int receive_more(struct session *s)
{
	char part[16384];
	int r = wait_for(s, POLLIN);

	if (r < 0)
		return r;
	ssize_t n = recv(s->fd, part, sizeof(part), MSG_DONTWAIT);
	if (n == 0)
		return -ECONNRESET;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	buf_add(&s->in, part, (size_t)n);
	return s->in.len > 2 * MILTER_PACKET_MAX ? -EPROTO : 0;
}

/* A field as it stands in a message: what the signer folded with LF travels with CRLF. */
static void keep_field(struct session *s, const struct milter_reply *r)
{
	buf_printf(&s->added, "%s: ", r->name);
	const char *v = r->value + (*r->value == ' ');
	for (; *v; v++)
		if (*v == '\n')
			buf_puts(&s->added, "\r\n");
		else if (*v != '\r')
			buf_add(&s->added, v, 1);
	buf_puts(&s->added, "\r\n");
}

/* Reads replies until the step is over. At the end of the message, changes come before that. */
static int hear(struct session *s)
{
	for (;;) {
		struct milter_reply r = milter_read(&s->milter, s->in.data, s->in.len);
		int e;

		if (r.kind == MILTER_MORE) {
			e = receive_more(s);
			if (e < 0)
				return fail(s, e, "the signer");
			continue;
		}
		if (r.kind == MILTER_BROKEN)
			return fail(s, -EPROTO, "the signer does not speak the milter protocol");
		if (r.kind == MILTER_ADD)
			keep_field(s, &r);
		memmove(s->in.data, s->in.data + r.taken, s->in.len - r.taken);
		s->in.len -= r.taken;
		if (r.kind == MILTER_REFUSED)
			return fail(s, -EPROTO, "the signer refuses the message");
		s->accepted |= r.kind == MILTER_ACCEPT;
		if (r.kind == MILTER_CONTINUE || r.kind == MILTER_ACCEPT)
			return 0;
	}
}

static int step(struct session *s, enum milter_step what, const char *text, const char *more)
{
	struct buf out = {0};
	int r = 0;

	if (s->accepted)
		return 0;
	bool answered = milter_write(&s->milter, what, text, more, &out);
	if (out.len > 0)
		r = send_all(s, &out);
	buf_free(&out);
	if (r < 0)
		return fail(s, r, "the signer");
	return answered ? hear(s) : 0;
}

/* ---- the message ---- */

struct field {
	const char *name;
	char *value;
};

static void compose(const char *domain, struct field fields[5])
{
	char date[64];
	time_t now = time(NULL);
	struct tm tm;

	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", gmtime_r(&now, &tm));
	fields[0] = (struct field){"From", xasprintf("dkimrotd <postmaster@%s>", domain)};
	fields[1] = (struct field){"To", xasprintf("postmaster@%s", domain)};
	fields[2] = (struct field){"Subject", xstrdup("Which key signs?")};
	fields[3] = (struct field){"Date", xstrdup(date)};
	fields[4] = (struct field){
	        "Message-ID", xasprintf("<%lld.%d@%s>", (long long)now, (int)getpid(), domain)};
}

#define BODY "This message was made to see which key signs, and is sent to nobody.\r\n"

static int converse(struct session *s, const char *domain, const struct field fields[5])
{
	char *address = xasprintf("<postmaster@%s>", domain);
	int r = step(s, MILTER_NEGOTIATE, NULL, NULL);

	r = r < 0 ? r : step(s, MILTER_CONNECT, "localhost", NULL);
	r = r < 0 ? r : step(s, MILTER_HELO, "localhost", NULL);
	r = r < 0 ? r : step(s, MILTER_MAIL, address, NULL);
	r = r < 0 ? r : step(s, MILTER_RCPT, address, NULL);
	r = r < 0 ? r : step(s, MILTER_DATA, NULL, NULL);
	for (size_t i = 0; i < 5 && r == 0; i++)
		r = step(s, MILTER_FIELD, fields[i].name, fields[i].value);
	r = r < 0 ? r : step(s, MILTER_END_OF_HEADER, NULL, NULL);
	r = r < 0 ? r : step(s, MILTER_BODY, BODY, NULL);
	r = r < 0 ? r : step(s, MILTER_END, NULL, NULL);
	s->accepted = false;
	if (r == 0)
		step(s, MILTER_QUIT, NULL, NULL);
	free(address);
	return r;
}

int signer_pass(
        const char *where, int64_t *patience, const char *domain, struct buf *ret, char *why, size_t n)
{
	int fd = open_patiently(where, patience);
	struct session s = {.fd = fd, .until = monotonic() + PATIENCE, .why = why, .why_n = n};
	struct field fields[5];

	if (s.fd < 0)
		return fail(&s, s.fd, where);
	compose(domain, fields);
	int r = converse(&s, domain, fields);
	if (r == 0) {
		buf_add(ret, s.added.data ? s.added.data : "", s.added.len);
		for (size_t i = 0; i < 5; i++)
			buf_printf(ret, "%s: %s\r\n", fields[i].name, fields[i].value);
		buf_puts(ret, "\r\n" BODY);
	}
	for (size_t i = 0; i < 5; i++)
		free(fields[i].value);
	close(s.fd);
	buf_free(&s.in);
	buf_free(&s.added);
	return r;
}
