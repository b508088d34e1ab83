/* Fields of the API's objects, read strictly: what is absent may be absent, what is there must be what the schema says. It
 * must never guess: a word that no table has, a number that is no whole number, a name that is none are all refused. */
#include <string.h>

#include "base/util.h"
#include "core/dname.h"
#include "platform/look.h"

int word_find(const struct word *table, size_t n, const struct json *j)
{
	const char *text = json_string(j);

	for (size_t i = 0; text && i < n; i++)
		if (str_caseeq(table[i].word, text))
			return table[i].value;
	return -1;
}

static bool is_absent(const struct json *j)
{
	return !j || json_is_null(j);
}

bool read_id(const struct json *j, int64_t *ret)
{
	int64_t v = 0;

	if (!is_absent(j) && (!json_int64(j, &v) || v < 0))
		return false;
	*ret = v;
	return true;
}

bool read_tri(const struct json *j, enum tri *ret)
{
	bool v = false;

	if (!is_absent(j) && !json_bool(j, &v))
		return false;
	*ret = is_absent(j) ? TRI_UNKNOWN : v ? TRI_YES : TRI_NO;
	return true;
}

bool host_valid(const char *name)
{
	const char *last = strrchr(name, '.');

	if (!last || !dname_valid(name))
		return false;
	return strspn(last + 1, "0123456789") != strlen(last + 1);
}

bool read_host(const struct json *j, char dst[HOST_NAME])
{
	const char *text = json_string(j);
	char name[HOST_NAME] = "";

	if (!is_absent(j) && !text)
		return false;
	if (text && *text && (!dname_lower(name, sizeof name, text) || !host_valid(name)))
		return false;
	memcpy(dst, name, sizeof name);
	return true;
}

bool read_selector(const struct json *j, char dst[SELECTOR_NAME])
{
	const char *text = json_string(j);

	return text && strlen(text) < SELECTOR_NAME && dname_valid_selector(text) &&
	       str_copy(dst, SELECTOR_NAME, text);
}

bool read_token(const struct json *j, char dst[TOKEN_MAX])
{
	static const char allowed[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-";
	const char *text = json_string(j);

	return text && *text && strlen(text) < TOKEN_MAX && strspn(text, allowed) == strlen(text) &&
	       str_copy(dst, TOKEN_MAX, text);
}

void read_diagnosis(const struct json *j, struct diagnosis *ret)
{
	const char *state = json_string(json_get(j, "state")), *message = json_string(json_get(j, "message"));
	int64_t code;

	if (!state && !message && !json_get(j, "errorCode"))
		return;
	*ret = (struct diagnosis){.given = true};
	str_clean(ret->state, sizeof ret->state, state ? state : "");
	str_clean(ret->message, sizeof ret->message, message ? message : "");
	if (json_int64(json_get(j, "errorCode"), &code) && code > 0 && code < 100000)
		ret->code = (int)code;
}
