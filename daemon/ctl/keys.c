/* Key records, asked of the resolvers that the configuration names. */
#include "ctl/keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "codec/config.h"
#include "core/dkim.h"
#include "ctl/read.h"
#include "ctl/site.h"

/* One record that is meant to be a key; several are as good as none (RFC 6376 3.6.2.2 leaves it undefined). */
static enum key_answer pick(const struct dns_text *t, char *dst, size_t n, char *why)
{
	struct dkim_key key;
	const char *found = NULL;

	for (size_t i = 0; i < t->n; i++) {
		if (t->n > 1 && dkim_parse(t->list[i], strlen(t->list[i]), &key) == DKIM_NOT_A_KEY)
			continue;
		if (found) {
			str_copy(why, KEY_WHY, "more than one key record stands at its name");
			return KEY_ABSENT;
		}
		found = t->list[i];
	}
	if (found && str_copy(dst, n, found))
		return KEY_FOUND;
	str_copy(why, KEY_WHY,
	        found ? "the key record is too long" : "what stands at its name is no key record");
	return KEY_ABSENT;
}

enum key_answer keys_look_up(void *arg, const char *name, char *dst, size_t n, char *why)
{
	struct dns_text t;
	enum dns_text_answer answer = dns_text_ask(arg, name, &t);
	enum key_answer key = KEY_FAILED;
	char clean[STR_CLEAN_MAX + 1];

	if (answer == DNS_TEXT_FOUND)
		key = pick(&t, dst, n, why);
	else
		str_format(why, KEY_WHY, "%s: %.60s", str_clean(clean, sizeof(clean), name), t.why);
	if (answer == DNS_TEXT_NONE)
		key = KEY_ABSENT;
	dns_text_clear(&t);
	return key;
}

struct dns_texts *keys_open(const struct ctl *c)
{
	struct diags d = {0};
	struct buf b = {0};
	struct config *cfg = NULL;
	const char *why;

	if (read_whole(c->config ? c->config : CONFIG_DEFAULT_PATH, &b, &d))
		cfg = config_parse(
		        b.data ? b.data : "", b.len, c->config ? c->config : CONFIG_DEFAULT_PATH, &d);
	buf_free(&b);
	if (!cfg && c->config) {
		site_print_faults(&d);
		diags_clear(&d);
		return NULL;
	}
	diags_clear(&d);
	size_t n = cfg ? cfg->dns.n_resolvers : 0;
	char **resolvers = xcalloc(n + 1, sizeof(*resolvers));
	for (size_t i = 0; i < n; i++)
		resolvers[i] = xasprintf("%s@%u", cfg->dns.resolvers[i].host, cfg->dns.resolvers[i].port);
	struct dns_texts *t =
	        dns_texts_new((const char *const *)resolvers, cfg ? cfg->dns.trust_anchor : NULL, &why);
	if (!t)
		ctl_say("%s", why);
	for (size_t i = 0; i < n; i++)
		free(resolvers[i]);
	free(resolvers);
	config_free(cfg);
	return t;
}
