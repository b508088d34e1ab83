/* What handlers answer with: error bodies of both generations, fields of request bodies, and the clock. */
#include "api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *http_words(int status)
{
	static const struct {
		int status;
		const char *words;
	} table[] = {{400, "400 Bad Request"}, {401, "401 Unauthorized"}, {403, "403 Forbidden"},
	        {404, "404 Not Found"}, {409, "409 Conflict"}, {429, "429 Too Many Requests"},
	        {460, "460 Service Expired"}, {500, "500 Internal Server Error"},
	        {503, "503 Service Unavailable"}};

	for (size_t i = 0; i < W_COUNT(table); i++)
		if (table[i].status == status)
			return table[i].words;
	return "500 Internal Server Error";
}

void w_refuse(struct w_call *c, int status, const char *class, const char *code, const char *fmt, ...)
{
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	free(c->out.text);
	c->out = (struct w_buf){0};
	c->status = status;
	w_open(&c->out, '{');
	if (w_is(&c->w->value[SW_ERRORS], "new")) {
		w_key_str(&c->out, "class", class);
	} else if (code) {
		w_key_str(&c->out, "errorCode", code);
		w_key_str(&c->out, "httpCode", http_words(status));
	}
	w_key_str(&c->out, "message", text);
	w_close(&c->out, '}');
}

void w_refuse_missing(struct w_call *c, const char *what, const char *name)
{
	w_refuse(c, 404, "Client::NotFound", NULL, "The requested object (%s = %s) does not exist", what,
	        name);
}

void w_refuse_route(struct w_call *c)
{
	w_refuse(c, 404, "Client::NotFound", "INVALID_URL", "Got an invalid (or empty) URL");
}

void w_refuse_by(struct w_call *c, const struct w_value *word, const char *text)
{
	if (w_is(word, "409"))
		w_refuse(c, 409, "Client::Conflict", NULL, "%s", text);
	else
		w_refuse(c, 400, "Client::BadRequest", NULL, "%s", text);
}

void w_refuse_type(struct w_call *c, const char *field, const char *type)
{
	if (w_is(&c->w->value[SW_BAD_BODY], "signature"))
		w_refuse(c, 400, "Client::BadRequest", "INVALID_SIGNATURE", "Invalid signature");
	else
		w_refuse(c, 400, "Client::BadRequest", NULL, "[%s] Given data is not valid for type %s",
		        field, type);
}

const char *w_param(const struct w_call *c, const char *key)
{
	for (unsigned i = 0; i < c->n_param; i++)
		if (!strcmp(c->param[i].key, key))
			return c->param[i].value;
	return NULL;
}

bool w_body_known(struct w_call *c, const char *const *names)
{
	const struct w_json *j = c->body ? c->body->child : NULL;

	for (; j; j = j->next) {
		size_t i = 0;

		while (names[i] && strcmp(names[i], j->key))
			i++;
		for (const struct w_json *k = j->next; k && names[i]; k = k->next)
			if (!strcmp(k->key, j->key)) {
				w_refuse(c, 400, "Client::BadRequest", NULL, "Field %s is given twice",
				        k->key);
				return false;
			}
		if (names[i])
			continue;
		w_refuse(c, 400, "Client::BadRequest", NULL, "Received not described parameters: (%s)",
		        j->key);
		return false;
	}
	return true;
}

bool w_body_none(struct w_call *c)
{
	static const char *const none[] = {NULL};

	return w_body_known(c, none);
}

bool w_body_text(struct w_call *c, const char *key, bool required, const char **ret)
{
	const struct w_json *j = w_json_get(c->body, key);

	if (j && j->kind == W_JSON_STRING) {
		*ret = j->text;
		return true;
	}
	if (j && (j->kind != W_JSON_NULL || required)) {
		w_refuse_type(c, key, "string");
		return false;
	}
	if (required)
		w_refuse(c, 400, "Client::BadRequest", NULL, "Missing parameter(s): %s", key);
	return !required;
}

bool w_body_bool(struct w_call *c, const struct w_json *object, const char *key, bool *ret)
{
	const struct w_json *j = w_json_get(object, key);

	if (!j)
		return true;
	if (j->kind != W_JSON_BOOL) {
		w_refuse_type(c, key, "boolean");
		return false;
	}
	*ret = j->truth;
	return true;
}

bool w_body_int(struct w_call *c, const char *key, int64_t *ret)
{
	const struct w_json *j = w_json_get(c->body, key);
	char *end;
	long long v;

	if (!j || j->kind == W_JSON_NULL)
		return true;
	v = j->kind == W_JSON_NUMBER ? strtoll(j->text, &end, 10) : 0;
	if (j->kind != W_JSON_NUMBER || *end || v < 0 || v > INT32_MAX) {
		w_refuse_type(c, key, "long");
		return false;
	}
	*ret = v;
	return true;
}

void w_extra(struct w_call *c, const char *key)
{
	if (!c->w->value[SW_EXTRA_FIELDS].n)
		return;
	w_key(&c->out, key);
	w_open(&c->out, '{');
	w_key_str(&c->out, "urn", "urn:v1:eu:resource:unheardOf");
	w_key(&c->out, "tags");
	w_open(&c->out, '[');
	w_int(&c->out, INT64_C(9007199254740995));
	w_null(&c->out);
	w_close(&c->out, ']');
	w_close(&c->out, '}');
}

void w_void(struct w_call *c)
{
	c->applied = true;
	w_null(&c->out);
}

void w_get_time(struct w_call *c)
{
	int64_t at = c->w->now + c->w->value[SW_CLOCK_OFFSET].n;

	w_int(&c->out, at / 1000 - (at % 1000 < 0));
}
