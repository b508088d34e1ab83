/* Packets of the milter protocol. It must never believe a length or a text that the packet does not hold. */
#include "codec/milter.h"

#include <arpa/inet.h>
#include <string.h>

/* Bits of the negotiation: steps that are left out, and steps that get no answer. */
enum {
	NO_CONNECT = 0x1,
	NO_HELO = 0x2,
	NO_MAIL = 0x4,
	NO_RCPT = 0x8,
	NO_BODY = 0x10,
	NO_FIELDS = 0x20,
	NO_END_OF_HEADER = 0x40,
	SILENT_FIELDS = 0x80,
	NO_DATA = 0x200,
	SILENT_CONNECT = 0x1000,
	SILENT_HELO = 0x2000,
	SILENT_MAIL = 0x4000,
	SILENT_RCPT = 0x8000,
	SILENT_DATA = 0x10000,
	SILENT_END_OF_HEADER = 0x40000,
	SILENT_BODY = 0x80000,
};
#define VERSION 6
#define MAY_ADD 0x1FFU /* every change is allowed: those that are not about the header are passed over */
#define MAY_LEAVE                                                                                            \
	(NO_CONNECT | NO_HELO | NO_RCPT | NO_DATA | NO_END_OF_HEADER | SILENT_FIELDS | SILENT_CONNECT |      \
	        SILENT_HELO | SILENT_MAIL | SILENT_RCPT | SILENT_DATA | SILENT_END_OF_HEADER | SILENT_BODY)

static const struct {
	char command;
	uint32_t unwanted, silent;
	const char *macros; /* name and value in turn, each terminated, an empty name ends them */
} steps[] = {
        [MILTER_NEGOTIATE] = {'O', 0, 0, NULL},
        [MILTER_CONNECT] = {'C', NO_CONNECT, SILENT_CONNECT, "j\0localhost\0{daemon_name}\0dkimrotd\0"},
        [MILTER_HELO] = {'H', NO_HELO, SILENT_HELO, NULL},
        [MILTER_MAIL] = {'M', NO_MAIL, SILENT_MAIL, "i\0dkimrotd\0"},
        [MILTER_RCPT] = {'R', NO_RCPT, SILENT_RCPT, NULL},
        [MILTER_DATA] = {'T', NO_DATA, SILENT_DATA, NULL},
        [MILTER_FIELD] = {'L', NO_FIELDS, SILENT_FIELDS, NULL},
        [MILTER_END_OF_HEADER] = {'N', NO_END_OF_HEADER, SILENT_END_OF_HEADER, NULL},
        [MILTER_BODY] = {'B', NO_BODY, SILENT_BODY, NULL},
        [MILTER_END] = {'E', 0, 0, "i\0dkimrotd\0"},
        [MILTER_QUIT] = {'Q', 0, 0, NULL},
};

/* ---- writing ---- */

static void put32(struct buf *out, uint32_t v)
{
	uint32_t be = htonl(v);

	buf_add(out, &be, sizeof(be));
}

static void put_text(struct buf *out, const char *text)
{
	buf_add(out, text ? text : "", strlen(text ? text : "") + 1);
}

static void put_packet(struct buf *out, char command, const struct buf *data)
{
	put32(out, (uint32_t)data->len + 1);
	buf_add(out, &command, 1);
	buf_add(out, data->data ? data->data : "", data->len);
}

static void put_macros(struct buf *out, enum milter_step step)
{
	struct buf data = {0};

	buf_add(&data, &steps[step].command, 1);
	for (const char *s = steps[step].macros; *s; s += strlen(s) + 1)
		put_text(&data, s);
	put_packet(out, 'D', &data);
	buf_free(&data);
}

static void put_data(struct buf *data, enum milter_step step, const char *text, const char *more)
{
	const uint16_t port = htons(25);

	switch (step) {
	case MILTER_NEGOTIATE:
		put32(data, VERSION);
		put32(data, MAY_ADD);
		put32(data, MAY_LEAVE);
		break;
	case MILTER_CONNECT:
		put_text(data, text);
		buf_add(data, "4", 1);
		buf_add(data, &port, sizeof(port));
		put_text(data, "127.0.0.1");
		break;
	case MILTER_FIELD:
		put_text(data, text);
		put_text(data, more);
		break;
	case MILTER_HELO:
	case MILTER_MAIL:
	case MILTER_RCPT:
		put_text(data, text);
		break;
	case MILTER_BODY:
		buf_puts(data, text);
		break;
	case MILTER_DATA:
	case MILTER_END_OF_HEADER:
	case MILTER_END:
	case MILTER_QUIT:
	default:
		break;
	}
}

bool milter_write(
        const struct milter *m, enum milter_step step, const char *text, const char *more, struct buf *out)
{
	struct buf data = {0};

	if (m->protocol & steps[step].unwanted)
		return false;
	if (steps[step].macros)
		put_macros(out, step);
	put_data(&data, step, text, more);
	put_packet(out, steps[step].command, &data);
	buf_free(&data);
	return step != MILTER_QUIT && !(m->protocol & steps[step].silent);
}

/* ---- reading ---- */

static uint32_t get32(const char *p)
{
	uint32_t be;

	memcpy(&be, p, sizeof(be));
	return ntohl(be);
}

/* Two terminated texts that fill the data. */
static bool take_field(const char *data, size_t n, struct milter_reply *r)
{
	const char *end = memchr(data, '\0', n);

	if (!end || end + 1 >= data + n)
		return false;
	r->name = data;
	r->value = end + 1;
	return memchr(r->value, '\0', n - (size_t)(r->value - data)) == data + n - 1;
}

static enum milter_answer understand(
        struct milter *m, char command, const char *data, size_t n, struct milter_reply *r)
{
	switch (command) {
	case 'O':
		if (n < 12)
			return MILTER_BROKEN;
		m->protocol = get32(data + 8);
		return MILTER_CONTINUE;
	case 'c':
	case 's': /* "no more of this step" */
		return MILTER_CONTINUE;
	case 'a':
		return MILTER_ACCEPT;
	case 'r':
	case 't':
	case 'd':
	case 'y':
	case '4': /* connection failed */
		return MILTER_REFUSED;
	case 'h':
		return take_field(data, n, r) ? MILTER_ADD : MILTER_BROKEN;
	case 'i': /* at an index */
		return n > 4 && take_field(data + 4, n - 4, r) ? MILTER_ADD : MILTER_BROKEN;
	default:
		return MILTER_OTHER;
	}
}

struct milter_reply milter_read(struct milter *m, const char *bytes, size_t n)
{
	struct milter_reply r = {.kind = MILTER_MORE};

	if (n < 5)
		return r;
	size_t len = get32(bytes);
	if (len == 0 || len > MILTER_PACKET_MAX) {
		r.kind = MILTER_BROKEN;
		return r;
	}
	if (n < 4 + len)
		return r;
	r.taken = 4 + len;
	r.kind = understand(m, bytes[4], bytes + 5, len - 1, &r);
	return r;
}
