/* Faults by probability, drawn from the seed: what goes wrong before a request is looked at, and after it was
 * answered. Whether it was applied is already decided when the shell learns of it. */
#include "api.h"

#include <stdlib.h>
#include <string.h>

static const char gateway[] =
        "<html><head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad "
        "Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body></html>\r\n";
static const char request_timeout[] = "<html><body><h1>408 Request Time-out</h1>\nYour browser didn't send a "
                                      "complete request in time.\n</body></html>\n";
static const char maintenance[] = "<!DOCTYPE html><html><body>Maintenance in progress</body></html>\n";
static const char *const pages[] = {gateway, request_timeout, maintenance};

bool w_fault(struct w_call *c, enum w_switch sw)
{
	const struct w_narrow *n = c->domain ? c->domain->narrow : c->zone ? c->zone->narrow : NULL;

	return w_chance(c->w, w_value(c->w, n, sw));
}

static uint64_t draw(struct w_call *c)
{
	return w_mix(c->w->seed ^ w_mix(++c->w->draws));
}

static void body(struct world_answer *ret, const char *text)
{
	free(ret->body);
	ret->body = w_strdup(text);
	ret->body_len = strlen(text);
}

static void html(struct w_call *c, struct world_answer *ret)
{
	static const int statuses[] = {408, 502, 503, 200};

	ret->status = statuses[draw(c) % W_COUNT(statuses)];
	ret->content_type = "text/html";
	body(ret, pages[draw(c) % W_COUNT(pages)]);
}

void w_limit(struct w_call *c, struct world_answer *ret)
{
	const struct w_value *form = &c->w->value[SW_LIMIT_BODY];

	w_refuse(c, 429, "Client::TooManyRequests", "QUOTA", "Too many requests, please retry later");
	ret->status = 429;
	ret->retry_after = (int)c->w->value[SW_RETRY_AFTER].n;
	if (w_is(form, "html")) {
		ret->content_type = "text/html";
		body(ret, maintenance);
	} else if (w_is(form, "empty")) {
		body(ret, "");
	}
}

bool w_fault_before(struct w_call *c, struct world_answer *ret)
{
	if (w_fault(c, SW_FAULT_RESET_BEFORE)) {
		ret->fault = WORLD_RESET;
		w_refuse(c, 500, "Server::InternalServerError", NULL, "never sent");
	} else if (w_fault(c, SW_FAULT_429)) {
		w_limit(c, ret);
	} else if (w_fault(c, SW_FAULT_HTML)) {
		html(c, ret);
	} else if (w_fault(c, SW_FAULT_5XX)) {
		if (draw(c) & 1)
			w_refuse(c, 500, "Server::InternalServerError", "INTERNAL_ERROR",
			        "Internal server error");
		else
			w_refuse(c, 503, "Server::ServiceUnavailable", NULL, "Service unavailable");
	} else if (w_fault(c, SW_FAULT_401)) {
		w_refuse(c, 401, "Client::Unauthorized", NULL, "You must login first");
	} else if (w_fault(c, SW_FAULT_403)) {
		w_refuse(c, 403, "Client::Forbidden", "NOT_GRANTED_CALL", "This call has not been granted");
	} else if (c->route && c->route->act == W_ACT_NONE && w_fault(c, SW_FAULT_404)) {
		w_refuse_missing(c, "selectorName", c->sel ? c->sel : "id");
	} else {
		return false;
	}
	return true;
}

void w_fault_after(struct w_call *c, struct world_answer *ret)
{
	if (w_fault(c, SW_FAULT_RESET_AFTER)) {
		ret->fault = WORLD_RESET;
	} else if (w_fault(c, SW_FAULT_5XX_AFTER)) {
		w_refuse(c, 500, "Server::InternalServerError", "INTERNAL_ERROR", "Internal server error");
	} else if (w_fault(c, SW_FAULT_GARBAGE)) {
		static const char *const texts[] = {"{\"status\":\"ready\",,}", "", "null", "[]", "{}",
		        "\"ready\"", "17", "{\"status\":\"ready\"}{\"status\":\"ready\"}",
		        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["};

		ret->status = 200;
		body(ret, texts[draw(c) % W_COUNT(texts)]);
	} else if (w_fault(c, SW_FAULT_TRUNCATED)) {
		ret->fault = WORLD_TRUNCATED;
	} else if (w_fault(c, SW_FAULT_SLOW)) {
		ret->fault = WORLD_SLOW;
		ret->delay_ms = c->w->value[SW_SLOW_MS].n;
	}
}
