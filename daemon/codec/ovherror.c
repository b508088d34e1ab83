/* API errors as a table read from the top: the first row that fits is the class. The codes are OVHcloud's old
 * generation, which later answers lack, so the known texts stand beside them. It must never call an answer a refusal
 * because of its status alone. */
#include "codec/ovherror.h"

#include "base/util.h"
#include "codec/json.h"

#include <stdlib.h>
#include <string.h>

/* code: the whole errorCode or error. text: how the message begins, without regard to case; an error that merely
 * quotes such words (a value the user gave) is not meant. Neither = every JSON error of that status. */
static const struct {
	int status; /* 0 = any but 2xx */
	const char *code, *text;
	enum api_error_class class;
} rows[] = {
        {.status = 400, .code = "QUERY_TIME_OUT", .class = API_CLOCK},
        {.status = 400, .text = "Query out of time", .class = API_CLOCK},
        {.status = 400, .code = "INVALID_SIGNATURE", .class = API_SIGNATURE},
        {.status = 400, .text = "Invalid signature", .class = API_SIGNATURE},
        {.status = 403, .code = "INVALID_KEY", .class = API_KEY_DEAD},
        {.status = 403, .text = "This application key is invalid", .class = API_KEY_DEAD},
        {.status = 403, .code = "NOT_CREDENTIAL", .class = API_KEY_DEAD},
        {.status = 403, .text = "This credential does not exist", .class = API_KEY_DEAD},
        {.status = 403, .code = "INVALID_CREDENTIAL", .class = API_KEY_DEAD},
        {.status = 403, .text = "This credential is not valid", .class = API_KEY_DEAD},
        {.code = "invalid_client", .class = API_KEY_DEAD},
        {.status = 404, .text = "This service does not exist", .class = API_NO_SERVICE},
        {.status = 404, .text = "Got an invalid (or empty) URL", .class = API_BAD_ROUTE},
        {.status = 400, .class = API_BAD_INPUT},
        {.status = 401, .class = API_LOGIN},
        {.status = 403, .class = API_NOT_GRANTED},
        {.status = 404, .class = API_ABSENT},
        {.status = 409, .class = API_CONFLICT},
        {.status = 460, .class = API_EXPIRED},
};

static const struct {
	const char *word;
	enum trouble trouble;
} classes[] = {
        [API_OK] = {"ok", TROUBLE_NONE},
        [API_CLOCK] = {"clock", TROUBLE_CLOCK},
        [API_SIGNATURE] = {"signature", TROUBLE_CLOCK},
        [API_KEY_DEAD] = {"key-dead", TROUBLE_ACCOUNT},
        [API_LOGIN] = {"login", TROUBLE_ACCOUNT},
        [API_NOT_GRANTED] = {"not-granted", TROUBLE_GRANT},
        [API_BAD_ROUTE] = {"bad-route", TROUBLE_ODD},
        [API_NO_SERVICE] = {"no-service", TROUBLE_MISSING},
        [API_EXPIRED] = {"expired", TROUBLE_EXPIRED},
        [API_ABSENT] = {"absent", TROUBLE_MISSING},
        [API_BAD_INPUT] = {"bad-input", TROUBLE_ODD},
        [API_CONFLICT] = {"conflict", TROUBLE_CONFLICT},
        [API_LIMITED] = {"limited", TROUBLE_TRANSIENT},
        [API_TRANSIENT] = {"transient", TROUBLE_TRANSIENT},
        [API_UNKNOWN] = {"unknown", TROUBLE_ODD},
};

const char *api_error_word(enum api_error_class class)
{
	return classes[class].word;
}

static bool begins(const char *text, const char *with)
{
	return strncasecmp(text, with, strlen(with)) == 0;
}

/* The class of a JSON error. raw: the message before cleaning, because cleaning may cut it. */
static enum api_error_class class_of(int status, const char *code, const char *raw)
{
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].status != 0 && rows[i].status != status)
			continue;
		if (rows[i].code && !str_eq(rows[i].code, code))
			continue;
		if (rows[i].text && !begins(raw, rows[i].text))
			continue;
		return rows[i].class;
	}
	return API_UNKNOWN;
}

static const char *first_string(const struct json *object, const char *const *keys)
{
	for (; *keys; keys++) {
		const char *s = json_string(json_get(object, *keys));

		if (s && *s)
			return s;
	}
	return NULL;
}

/* Both lists of an IAM refusal; they are strings, and one of them is usually empty. */
static void read_denied(const struct json *body, char *dst, size_t n)
{
	static const char *const lists[] = {
	        "unauthorizedActionsByIAM", "unauthorizedActionsByAuthentication", NULL};
	const char *s = first_string(json_get(body, "details"), lists);

	str_clean(dst, n, s ? s : "");
}

/* The message, with what IAM missed in brackets behind it. */
static void say(struct api_error *e, const char *message)
{
	char *whole = *e->denied ? xasprintf("%s (%s)", message, e->denied) : xstrdup(message);

	str_clean(e->message, sizeof(e->message), whole);
	free(whole);
}

/* Reads a JSON error into *e; false when the body is none. A page that calls itself HTML is none, whatever is in it. */
static bool read_error(
        int status, const char *content_type, const char *body, size_t len, struct api_error *e)
{
	static const char *const codes[] = {"errorCode", "error", "class", NULL};
	static const char *const messages[] = {"message", "error_description", NULL};
	const struct json *root;

	if (begins(content_type, "text/html") || json_parse(body, len, JSON_MAX_API, &root, NULL, 0) != 0)
		return false;

	const char *code = first_string(root, codes), *message = first_string(root, messages);
	bool is_error = code || message;

	if (is_error) {
		e->class = class_of(status, code ? code : "", message ? message : "");
		str_clean(e->code, sizeof(e->code), code ? code : "");
		read_denied(root, e->denied, sizeof(e->denied));
		say(e, message ? message : code);
	} else {
		e->class = API_UNKNOWN;
		str_format(e->message, sizeof(e->message), "JSON that says no error");
	}
	json_free(root);
	return is_error;
}

/* For what is not JSON: what it calls itself. */
static void describe(int status, const char *content_type, char *dst, size_t n)
{
	char type[80];

	if (status == 0)
		str_format(dst, n, "no answer");
	else if (*str_clean(type, sizeof(type), content_type))
		str_format(dst, n, "an unreadable answer (%s)", type);
	else
		str_format(dst, n, "an unreadable answer");
}

void api_error_classify(
        int status, const char *content_type, const char *body, size_t body_len, struct api_error *ret)
{
	struct api_error e = {.class = API_OK};

	if (status < 200 || status > 299) {
		e.class = API_TRANSIENT;
		describe(status, content_type, e.message, sizeof(e.message));
		e.json = read_error(status, content_type, body, body_len, &e);
		if (status == 429)
			e.class = API_LIMITED;
		else if (status == 408 || status >= 500 || status == 0)
			e.class = API_TRANSIENT;
	}
	e.trouble = classes[e.class].trouble;
	*ret = e;
}

bool api_error_refuses(int status, const struct api_error *e)
{
	return e->json && (status == 400 || status == 403 || status == 404 || status == 409);
}
