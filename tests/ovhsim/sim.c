/* Small things every part of the shell needs: time, chance, switches, error bodies, paths. It must never
 * decide what OVHcloud does with a domain; that is the world's. */
#include "sim.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "out.h"

int64_t sim_now(struct sim *s)
{
	return simclock_now(&s->clock);
}

/* splitmix64 */
uint64_t sim_random(struct sim *s)
{
	uint64_t z = s->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

bool sim_chance(struct sim *s, int64_t millionths)
{
	return millionths > 0 && (int64_t)(sim_random(s) % 1000000) < millionths;
}

void sim_query_id(struct sim *s, char dst[80])
{
	uint64_t a = sim_random(s), b = sim_random(s);

	snprintf(dst, 80, "EU.ext-3.%08" PRIx64 ".%" PRIu64 ".%016" PRIx64 "%016" PRIx64,
	        (uint64_t)(sim_now(s) / 1000), a % 9999999, a, b);
}

int sim_set(struct sim *s, const char *name, const char *value)
{
	int r = knobs_set(&s->knobs, name, value);

	return r == -ENOENT || (r == 0 && knobs_shared(name)) ? world_set(s->world, name, value) : r;
}

void reply_text(struct world_answer *a, int status, const char *content_type, char *owned_body)
{
	*a = (struct world_answer){
	        .status = status,
	        .content_type = content_type,
	        .body = owned_body,
	        .body_len = owned_body ? strlen(owned_body) : 0,
	};
}

static const char *status_line(int status)
{
	switch (status) {
	case 400:
		return "400 Bad Request";
	case 401:
		return "401 Unauthorized";
	case 403:
		return "403 Forbidden";
	case 404:
		return "404 Not Found";
	default:
		return "500 Internal Server Error";
	}
}

void reply_refusal(struct sim *s, struct world_answer *a, const struct refusal *r, const char *details)
{
	struct out o = {0};

	if (s->knobs.errors == ERRORS_OLD) {
		out_puts(&o, "{");
		if (r->code)
			out_printf(&o, "\"errorCode\":\"%s\",\"httpCode\":\"%s\",", r->code,
			        status_line(r->status));
		out_puts(&o, "\"message\":");
		out_json(&o, r->message);
	} else {
		out_printf(&o, "{\"class\":\"%s\",\"message\":", r->class);
		out_json(&o, r->message);
		if (details)
			out_printf(&o, ",\"details\":%s", details);
	}
	out_puts(&o, "}");
	reply_text(a, r->status, REPLY_JSON, o.data);
}

bool path_is(const char *path, const char *want)
{
	size_t n = strlen(want);

	return !strncmp(path, want, n) && (path[n] == 0 || path[n] == '?');
}

const char *path_route(const char *path)
{
	if (!strncmp(path, "/1.0/", 5))
		return path + 4;
	if (!strncmp(path, "/v1/", 4))
		return path + 3;
	return path;
}
