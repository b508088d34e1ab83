/* Long answers, piece by piece. A piece is made when the one before has been written, from a timer of the loop: so a list
 * of 100,000 domains neither holds up the loop nor lies in memory as a whole, and who reads slowly waits for himself
 * alone. It must never ask for a piece once the reader has gone. */
#include "io/control.h"

#include <event2/buffer.h>
#include <event2/http.h>
#include <stdlib.h>

#include "io/control_parts.h"
#include "io/loop.h"

struct stream {
	struct evhttp_request *req;
	struct timer *turn;
	control_piece *piece;
	void (*over)(void *arg);
	void *arg;
};

static void stream_free(struct stream *s)
{
	timer_free(s->turn);
	s->over(s->arg);
	free(s);
}

static void reader_gone(struct evhttp_connection *conn, void *arg)
{
	struct stream *s = arg;

	(void)conn;
	control_abandon(s->req);
	stream_free(s);
}

static void piece_written(struct evhttp_connection *conn, void *arg)
{
	struct stream *s = arg;

	(void)conn;
	timer_set(s->turn, 0, 0);
}

static void free_piece(const void *data, size_t n, void *extra)
{
	(void)n, (void)extra;
	free((void *)(uintptr_t)data);
}

static void stream_end(struct stream *s)
{
	evhttp_connection_set_closecb(evhttp_request_get_connection(s->req), NULL, NULL);
	evhttp_send_reply_end(s->req);
	stream_free(s);
}

/* A piece may be empty: its maker has worked for a while and wants the loop to turn. */
static void stream_turn(void *arg)
{
	struct stream *s = arg;
	struct buf b = {0};
	bool more = s->piece(s->arg, &b);

	if (b.len > 0) {
		struct evbuffer *out = evbuffer_new();

		evbuffer_add_reference(out, b.data, b.len, free_piece, NULL);
		if (more)
			evhttp_send_reply_chunk_with_cb(s->req, out, piece_written, s);
		else
			evhttp_send_reply_chunk(s->req, out);
		evbuffer_free(out);
	} else {
		buf_free(&b);
		if (more)
			timer_set(s->turn, 0, 0);
	}
	if (!more)
		stream_end(s);
}

void control_stream(const struct control_request *request, struct control_answer *answer,
        control_piece *piece, void (*over)(void *arg), void *arg)
{
	struct stream *s = xcalloc(1, sizeof(*s));

	*s = (struct stream){.req = request->request, .piece = piece, .over = over, .arg = arg};
	s->turn = timer_new(request->loop, stream_turn, s);
	answer->later = true;
	control_headers(s->req, answer->type);
	evhttp_connection_set_closecb(evhttp_request_get_connection(s->req), reader_gone, s);
	evhttp_send_reply_start(s->req, answer->status, "OK");
	timer_set(s->turn, 0, 0);
}
