/* confirm --milter SOCKET FILE: asks a signer itself which key it signs with. For every domain of its map (OpenDKIM's KeyTable
 * or rspamd's selectors.map) a message goes through it, and what comes back is verified with the key that is in the DNS.
 * "DOMAIN SELECTOR" on standard output where the selector of the map signed and its signature holds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/keys.h"
#include "ctl/read.h"
#include "ctl/signer.h"
#include "ctl/site.h"

struct confirming {
	const struct ctl *c;
	struct dns_texts *dns;
	int rc;
};

/* A line of the map: "example.org selector", or "NAME example.org:selector:/path". False for what is neither. */
static bool read_line(char *line, char **ret_domain, char **ret_selector)
{
	char *save = NULL, *name = strtok_r(line, " \t\r", &save), *value = strtok_r(NULL, " \t\r", &save);

	if (!name || name[0] == '#' || !value || value[0] == '/')
		return false;
	*ret_domain = name;
	*ret_selector = value;
	if (!strchr(value, ':'))
		return true;
	*ret_domain = strtok_r(value, ":", &save);
	*ret_selector = strtok_r(NULL, ":", &save);
	return *ret_domain && *ret_selector;
}

/* What the signer put on the message: NULL when the selector's signature holds, else why it does not (static or in why). */
static const char *judge(const struct dkim_signature *list, size_t n, const char *domain,
        const char *selector, char *why, size_t why_n)
{
	for (size_t i = 0; i < n; i++)
		if (str_caseeq(list[i].domain, domain) && str_caseeq(list[i].selector, selector)) {
			str_format(
			        why, why_n, "the signature with %s does not hold: %s", selector, list[i].why);
			return list[i].result == DKIM_PASS ? NULL : why;
		}
	if (n == 0)
		return "the signer does not sign its mail";
	str_format(why, why_n, "the signer signs with %s, not with %s", list[0].selector, selector);
	return why;
}

static const char *confirm(
        struct confirming *x, const char *domain, const char *selector, char *why, size_t why_n)
{
	struct dkim_signature *list = NULL;
	struct buf message = {0};
	const char *said = why;
	struct mail mail;
	size_t n = 0;

	if (signer_pass(x->c->milter, domain, &message, why, why_n) == 0 &&
	        mail_read(message.data, message.len, &mail, &said) == 0) {
		said = "libopendkim refuses the message";
		if (dkim_verify_mail(&mail, keys_look_up, x->dns, &list, &n) == 0)
			said = judge(list, n, domain, selector, why, why_n);
		mail_free(&mail);
	}
	free(list);
	buf_free(&message);
	return said;
}

static void confirm_line(struct confirming *x, char *line)
{
	char *domain, *selector, why[400] = "";

	if (!read_line(line, &domain, &selector))
		return;
	const char *said = confirm(x, domain, selector, why, sizeof(why));
	if (!said) {
		printf("%s %s\n", domain, selector);
		fflush(stdout);
		return;
	}
	ctl_say("%s: %s", domain, said);
	x->rc = CTL_REFUSED;
}

int ctl_confirm(const struct ctl *c, char **args, int n)
{
	struct confirming x = {.c = c, .rc = CTL_DONE};
	struct diags d = {0};
	struct buf map = {0};
	char *save = NULL;

	(void)n;
	if (!c->milter) {
		ctl_say("confirm needs --milter SOCKET: where the signer listens");
		return CTL_USAGE;
	}
	if (!read_whole(args[0], &map, &d)) {
		site_print_faults(&d);
		diags_clear(&d);
		return CTL_REFUSED;
	}
	x.dns = keys_open(c);
	for (char *line = x.dns && map.data ? strtok_r(map.data, "\n", &save) : NULL; line;
	        line = strtok_r(NULL, "\n", &save))
		confirm_line(&x, line);
	if (!x.dns)
		x.rc = CTL_REFUSED;
	dns_texts_free(x.dns);
	buf_free(&map);
	return x.rc;
}
