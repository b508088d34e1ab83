/* Any bytes as a message: taken apart, its claims read, and its signatures checked against a key that always stands
 * there. Nothing is ever signed by chance. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "codec/dkimverify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum key_answer look_up(void *arg, const char *name, char *dst, size_t n, char *why)
{
	(void)arg;
	if (strlen(name) == 0)
		abort();
	if (strlen(name) % 5 == 0) {
		str_copy(why, KEY_WHY, "it is not there");
		return strlen(name) % 2 ? KEY_ABSENT : KEY_FAILED;
	}
	str_copy(dst, n, "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
	return KEY_FOUND;
}

static void read_fields(const struct mail *m)
{
	struct mail_result list[MAIL_RESULTS_MAX];
	char text[256], small[4];

	for (size_t i = 0; i < m->n; i++) {
		char *value = mail_value(&m->fields[i]);

		if (strchr(value, '\n') || strchr(value, '\r'))
			abort();
		size_t n = mail_results(value, text, sizeof(text), list);
		for (size_t k = 0; k < n; k++)
			if (list[k].method[0] == '\0')
				abort();
		mail_tag(value, "d", text, sizeof(text));
		mail_tag(value, "i", small, sizeof(small));
		free(value);
	}
	mail_from_domain(m, text, sizeof(text));
	mail_from_domain(m, small, sizeof(small));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dkim_signature *list = NULL;
	const char *why = NULL;
	struct mail m;
	size_t n = 0;

	if (mail_read((const char *)data, size, &m, &why) < 0) {
		if (!why)
			abort();
		return 0;
	}
	if (m.body < m.text || m.body + m.body_len != m.text + m.len)
		abort();
	read_fields(&m);
	if (dkim_verify_mail(&m, look_up, NULL, &list, &n) == 0)
		for (size_t i = 0; i < n; i++)
			if (list[i].result != DKIM_PASS && list[i].why[0] == '\0')
				abort();
	free(list);
	mail_free(&m);
	return 0;
}
