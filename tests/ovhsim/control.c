/* The control page under /_sim: what tests see and do behind the API's back. Loopback only, no
 * authentication. It must never be counted as a request of an account. */
#include <errno.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "meter.h"
#include "pages.h"

static void answer_fault(struct world_answer *ret, int status, const char *message)
{
	struct out o = {0};

	out_puts(&o, "{\"message\":");
	out_json(&o, message);
	out_puts(&o, "}\n");
	reply_text(ret, status, REPLY_JSON, o.data);
}

static void answer_done(struct world_answer *ret)
{
	reply_text(ret, 200, REPLY_JSON, must(strdup("null\n")));
}

static bool query_domain(const struct incoming *in, char *dst, size_t n)
{
	const char *query = strchr(in->path, '?');

	return query && form_field(query + 1, "domain", dst, n);
}

static void get_dump(struct sim *s, const struct incoming *in, struct world_answer *ret)
{
	char domain[256];
	char *text =
	        world_dump(s->world, sim_now(s), query_domain(in, domain, sizeof(domain)) ? domain : NULL);

	if (text)
		reply_text(ret, 200, REPLY_JSON, text);
	else
		answer_fault(ret, 404, "no such domain");
}

static void get_signing(struct sim *s, const struct incoming *in, struct world_answer *ret)
{
	char domain[256];
	const char *names;
	struct out o = {0};

	if (!query_domain(in, domain, sizeof(domain))) {
		answer_fault(ret, 400, "?domain=NAME");
		return;
	}
	names = world_signing(s->world, sim_now(s), domain);
	out_printf(&o, "%s\n", names ? names : "");
	reply_text(ret, 200, "text/plain", o.data);
}

static void get_counts(struct sim *s, const struct incoming *in, struct world_answer *ret)
{
	struct out o = {0};
	char *world = world_counts(s->world);

	(void)in;
	out_puts(&o, "{\"world\":");
	out_puts(&o, world ? world : "null");
	out_puts(&o, ",\"shell\":");
	meter_json(s->meter, &o);
	out_puts(&o, "}\n");
	free(world);
	reply_text(ret, 200, REPLY_JSON, o.data);
}

static void get_changes(struct sim *s, const struct incoming *in, struct world_answer *ret)
{
	size_t n = world_changes(s->world);
	struct out o = {0};

	(void)in;
	out_printf(&o, "{\"broken\":%zu,\"changes\":[", world_broken(s->world));
	for (size_t i = 0; i < n; i++) {
		const struct world_change *c = world_change(s->world, i);

		out_printf(&o, "%s\n{\"at\":%" PRId64 ",\"domain\":", i ? "," : "", c->at);
		out_json(&o, c->domain);
		out_puts(&o, ",\"selector\":");
		out_json(&o, c->selector);
		out_puts(&o, ",\"method\":");
		out_json(&o, c->method);
		out_puts(&o, ",\"path\":");
		out_json(&o, c->path);
		out_printf(&o, ",\"status\":%d,\"applied\":%s,\"broken\":%d,\"why\":", c->status,
		        c->applied ? "true" : "false", c->broken);
		out_json(&o, c->why);
		out_puts(&o, "}");
	}
	out_puts(&o, "]}\n");
	reply_text(ret, 200, REPLY_JSON, o.data);
}

static void put_switch(
        struct out *o, const char *sep, const char *owner, const char *const text[3], const char *value)
{
	out_printf(o, "%s\n{\"owner\":\"%s\",\"name\":", sep, owner);
	out_json(o, text[0]);
	out_puts(o, ",\"default\":");
	out_json(o, text[1]);
	if (value) {
		out_puts(o, ",\"value\":");
		out_json(o, value);
	}
	out_puts(o, ",\"help\":");
	out_json(o, text[2]);
	out_puts(o, "}");
}

static void get_switches(struct sim *s, const struct incoming *in, struct world_answer *ret)
{
	size_t n = 0;
	const struct world_switch *w = world_switches(&n);
	const char *sep = "";
	struct out o = {0};

	(void)in;
	out_puts(&o, "[");
	for (size_t i = 0; knobs_row(i); i++, sep = ",") {
		char value[40];

		knobs_value(&s->knobs, i, value, sizeof(value));
		put_switch(&o, sep, "shell", knobs_row(i), value);
	}
	for (size_t i = 0; i < n; i++)
		if (!knobs_shared(w[i].name))
			put_switch(&o, sep, "world", (const char *const[3]){w[i].name, w[i].value, w[i].help},
			        NULL);
	out_puts(&o, "]\n");
	reply_text(ret, 200, REPLY_JSON, o.data);
}

static void get_time(struct sim *s, const struct incoming *in, struct world_answer *ret)
{
	struct out o = {0};

	(void)in;
	out_printf(&o, "{\"now\":%" PRId64 ",\"next_event\":%" PRId64 ",\"speed\":%g}\n", sim_now(s),
	        world_next_event(s->world), s->clock.speed);
	reply_text(ret, 200, REPLY_JSON, o.data);
}

/* The page a person opens to validate a consumer key. */
static void get_validate(struct sim *s, const struct incoming *in, struct world_answer *ret)
{
	const char *query = strchr(in->path, '?');
	char token[80];

	for (size_t i = 0; query && form_field(query + 1, "credentialToken", token, sizeof(token)) &&
	                   i < s->auth->n_keys;
	        i++) {
		struct auth_key *k = s->auth->keys[i];

		if (k->validation && !strcmp(k->validation, token)) {
			k->state = AUTH_VALIDATED;
			answer_done(ret);
			return;
		}
	}
	answer_fault(ret, 404, "no such credential token");
}

/* Runs the body's lines as a scenario, each with `verb` before it. */
static void run_lines(struct sim *s, const struct incoming *in, const char *verb, struct world_answer *ret)
{
	struct out o = {0};
	char error[300];

	for (const char *line = in->body; *line;) {
		size_t len = strcspn(line, "\n");
		size_t blank = strspn(line, " \t\r");

		if (*verb && blank < len && line[blank] != '#')
			out_printf(&o, "%s ", verb);
		out_add(&o, line, len);
		out_puts(&o, "\n");
		line += len + (line[len] == '\n');
	}
	if (!o.data || scenario_text(s, o.data, error, sizeof(error)))
		answer_done(ret);
	else
		answer_fault(ret, 400, error);
	out_free(&o);
}

static void post_set(struct sim *s, const struct incoming *in, struct world_answer *ret)
{
	run_lines(s, in, "set", ret);
}

static void post_add(struct sim *s, const struct incoming *in, struct world_answer *ret)
{
	run_lines(s, in, "", ret);
}

static void post_person(struct sim *s, const struct incoming *in, struct world_answer *ret)
{
	run_lines(s, in, "person", ret);
}

/* A span (90d, 6h, 10min, 30s, 250ms); "next" = to the world's next event. */
static void post_advance(struct sim *s, const struct incoming *in, struct world_answer *ret)
{
	int64_t next = world_next_event(s->world), now = sim_now(s), span;
	char word[32];

	snprintf(word, sizeof(word), "%.*s", (int)strcspn(in->body, " \r\n"), in->body);
	if (!strcmp(word, "next"))
		span = next > now ? next - now : 0;
	else if (!span_parse(word, &span) || span < 0) {
		answer_fault(ret, 400,
		        "a span such as 90d, 6h, 10min, 30s, 250ms, or the word next; not backwards");
		return;
	}
	simclock_advance(&s->clock, span);
	get_time(s, in, ret);
}

static void post_reset_counts(struct sim *s, const struct incoming *in, struct world_answer *ret)
{
	(void)in;
	meter_reset(s->meter);
	answer_done(ret);
}

static void post_quit(struct sim *s, const struct incoming *in, struct world_answer *ret)
{
	struct timeval soon = {0, 50000}; /* the answer goes out first */

	(void)in;
	event_base_loopexit(s->base, &soon);
	answer_done(ret);
}

static const struct control_route {
	const char *method, *path;
	void (*run)(struct sim *s, const struct incoming *in, struct world_answer *ret);
} routes[] = {
        {"GET", "/_sim/dump", get_dump},
        {"GET", "/_sim/signing", get_signing},
        {"GET", "/_sim/counts", get_counts},
        {"GET", "/_sim/changes", get_changes},
        {"GET", "/_sim/switches", get_switches},
        {"GET", "/_sim/time", get_time},
        {"GET", "/_sim/validate", get_validate},
        {"POST", "/_sim/set", post_set},
        {"POST", "/_sim/add", post_add},
        {"POST", "/_sim/person", post_person},
        {"POST", "/_sim/advance", post_advance},
        {"POST", "/_sim/reset-counts", post_reset_counts},
        {"POST", "/_sim/quit", post_quit},
};

void control_answer(struct sim *s, const struct incoming *in, struct world_answer *ret)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (!strcmp(in->method, routes[i].method) && path_is(in->path, routes[i].path)) {
			routes[i].run(s, in, ret);
			return;
		}
	}
	answer_fault(ret, 404, "no such control page");
}
