/* confirm --milter SOCKET MAP [BEFORE]: asks a signer itself which key it signs with. For every domain of its map (OpenDKIM's
 * KeyTable or rspamd's selectors.map, or the folder that has one of them) a message goes through it, and what comes back is
 * verified with the key that is in the DNS. "DOMAIN SELECTOR VERSION", the map's version, on standard output where the
 * selector of the map signed and its signature holds. What could not be asked now says nothing: then the line of BEFORE, an
 * earlier output, is given again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec/json.h"
#include "codec/signermap.h"
#include "ctl/keys.h"
#include "ctl/read.h"
#include "ctl/signer.h"
#include "ctl/site.h"

#define STARTING (10 * MS_SECOND) /* as long as a signer may take to listen, with many maps to be read */

struct confirming {
	const struct ctl *c;
	struct dns_texts *dns;
	const char *before; /* NULL = none */
	uint64_t version;   /* of the map */
	int64_t patience;   /* ms left for a signer that does not listen yet, all domains together */
	struct json_w *w;   /* --json: the array; NULL = lines */
	int rc;
};

/* What a message through the signer showed. */
enum finding {
	FINDING_SIGNS,
	FINDING_NOT,     /* another key signs, or none, or the signature does not hold */
	FINDING_UNKNOWN, /* the signer or the DNS did not answer */
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

/* What the signer put on the message; why (n bytes) unless it is FINDING_SIGNS. */
static enum finding judge(const struct dkim_signature *list, size_t n, const char *domain,
        const char *selector, char *why, size_t why_n)
{
	for (size_t i = 0; i < n; i++)
		if (str_caseeq(list[i].domain, domain) && str_caseeq(list[i].selector, selector)) {
			str_format(
			        why, why_n, "the signature with %s does not hold: %s", selector, list[i].why);
			return list[i].result == DKIM_PASS        ? FINDING_SIGNS
			       : list[i].result == DKIM_TEMPERROR ? FINDING_UNKNOWN
			                                          : FINDING_NOT;
		}
	if (n == 0)
		str_format(why, why_n, "the signer does not sign its mail");
	else
		str_format(why, why_n, "the signer signs with %s, not with %s", list[0].selector, selector);
	return FINDING_NOT;
}

static enum finding find_out(
        struct confirming *x, const char *domain, const char *selector, char *why, size_t why_n)
{
	enum finding found = FINDING_UNKNOWN;
	struct dkim_signature *list = NULL;
	struct buf message = {0};
	struct mail mail;
	const char *said;
	size_t n = 0;

	if (signer_pass(x->c->milter, &x->patience, domain, &message, why, why_n) < 0)
		return FINDING_UNKNOWN;
	if (mail_read(message.data, message.len, &mail, &said) < 0) {
		str_format(why, why_n, "what the signer made of the message is none: %s", said);
	} else {
		str_format(why, why_n, "libopendkim refuses the message");
		if (dkim_verify_mail(&mail, keys_look_up, x->dns, &list, &n) == 0)
			found = judge(list, n, domain, selector, why, why_n);
		mail_free(&mail);
	}
	free(list);
	buf_free(&message);
	return found;
}

static void tell(struct confirming *x, const char *domain, const char *selector, enum finding found,
        uint64_t version, const char *why)
{
	static const char *const words[] = {
	        [FINDING_SIGNS] = "signs", [FINDING_NOT] = "not", [FINDING_UNKNOWN] = "unknown"};
	char clean[STR_CLEAN_MAX + 1];

	if (!x->w) {
		if (found == FINDING_SIGNS || version != 0)
			printf("%s %s %llu\n", domain, selector, (unsigned long long)version);
		return;
	}
	json_w_object(x->w);
	json_w_kstr(x->w, "domain", str_clean(clean, sizeof(clean), domain));
	json_w_kstr(x->w, "selector", str_clean(clean, sizeof(clean), selector));
	json_w_kstr(x->w, "found", words[found]);
	json_w_kint(x->w, "version", (int64_t)version);
	if (found != FINDING_SIGNS)
		json_w_kstr(x->w, "why", str_clean(clean, sizeof(clean), why));
	json_w_end(x->w);
}

static void confirm_line(struct confirming *x, char *line)
{
	char *domain, *selector, why[400] = "";

	if (!read_line(line, &domain, &selector))
		return;
	enum finding found = find_out(x, domain, selector, why, sizeof(why));
	uint64_t version = found == FINDING_SIGNS     ? x->version
	                   : found == FINDING_UNKNOWN ? signermap_confirmed(x->before, domain, selector)
	                                              : 0;
	tell(x, domain, selector, found, version, why);
	if (found == FINDING_SIGNS)
		return;
	ctl_say("%s: %s", domain, why);
	x->rc = CTL_REFUSED;
}

/* The map that a signer's folder has, or the file that was named. */
static char *map_of(const char *path)
{
	static const enum signer_layout layouts[] = {LAYOUT_OPENDKIM, LAYOUT_RSPAMD};
	struct stat st;

	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return xstrdup(path);
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++) {
		char *file = xasprintf("%s/%s", path, signermap_file(layouts[i], false));

		if (access(file, F_OK) == 0)
			return file;
		free(file);
	}
	return xstrdup(path);
}

static bool read_texts(char **args, int n, struct buf *map, struct buf *before)
{
	struct diags d = {0};
	char *path = map_of(args[0]);
	bool ok = read_whole(path, map, &d);

	free(path);
	if (ok && n > 1 && access(args[1], F_OK) == 0) /* there is none the first time */
		ok = read_whole(args[1], before, &d);
	site_print_faults(&d);
	diags_clear(&d);
	return ok;
}

int ctl_confirm(const struct ctl *c, char **args, int n)
{
	struct confirming x = {.c = c, .patience = STARTING, .rc = CTL_DONE};
	struct buf map = {0}, before = {0}, out = {0};
	char *save = NULL;

	if (!c->milter || !*c->milter) {
		ctl_say("confirm needs --milter SOCKET: where the signer listens");
		return CTL_USAGE;
	}
	if (read_texts(args, n, &map, &before))
		x.dns = keys_open(c);
	x.before = before.data;
	x.version = signermap_version(map.data);
	if (x.dns && c->json) {
		x.w = json_w_open(&out);
		json_w_array(x.w);
	}
	for (char *line = x.dns && map.data ? strtok_r(map.data, "\n", &save) : NULL; line;
	        line = strtok_r(NULL, "\n", &save))
		confirm_line(&x, line);
	if (x.w) {
		json_w_end(x.w);
		json_w_close(x.w);
		printf("%s\n", out.data);
		buf_free(&out);
	}
	if (!x.dns)
		x.rc = CTL_USAGE; /* nothing is known of anybody */
	dns_texts_free(x.dns);
	buf_free(&map);
	buf_free(&before);
	return x.rc;
}
