/* Definitions in text: accounts, rules, domains, switches. The same lines stand in scenario files and arrive
 * at
 * /_sim/add. It must never accept half a line. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pages.h"

enum { FIELDS_MAX = 12 };

struct fields {
	char *f[FIELDS_MAX];
	size_t n;
};

/* Cuts a line at blanks, in place. false: too many fields. */
static bool cut(char *line, struct fields *ret)
{
	*ret = (struct fields){0};
	for (char *save = NULL, *f = strtok_r(line, " \t\r", &save); f; f = strtok_r(NULL, " \t\r", &save)) {
		if (ret->n == FIELDS_MAX)
			return false;
		ret->f[ret->n++] = f;
	}
	return true;
}

static const char *value_of(const struct fields *f, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 2; i < f->n; i++)
		if (!strncmp(f->f[i], name, n) && f->f[i][n] == '=' && f->f[i][n + 1])
			return f->f[i] + n + 1;
	return NULL;
}

/* account NAME [ak=.. as=.. ck=..] [client_id=.. client_secret=..] */
static const char *do_account(struct sim *s, const struct fields *f)
{
	const char *ak, *as, *ck, *id, *secret;
	struct auth_account *acc;

	if (f->n < 2)
		return "account NAME ak=.. as=.. ck=.. | client_id=.. client_secret=..";
	ak = value_of(f, "ak");
	as = value_of(f, "as");
	ck = value_of(f, "ck");
	id = value_of(f, "client_id");
	secret = value_of(f, "client_secret");
	if ((ak || as || ck) && !(ak && as && ck))
		return "an application key needs all of ak=, as= and ck=";
	if ((id || secret) && !(id && secret))
		return "a service account needs client_id= and client_secret=";
	if ((size_t)(ak ? 3 : 0) + (id ? 2 : 0) + 2 != f->n)
		return "unknown word behind the account's name";
	acc = auth_account(s->auth, f->f[1]);
	if (ak)
		auth_add_key(s, acc, ak, as, ck);
	if (id)
		auth_add_client(s->auth, acc, id, secret);
	return NULL;
}

/* rule|deny ACCOUNT METHOD PATTERN */
static const char *do_rule(struct sim *s, const struct fields *f)
{
	struct auth_account *acc = f->n == 4 ? auth_account_find(s->auth, f->f[1]) : NULL;

	if (f->n != 4)
		return "rule|deny ACCOUNT METHOD PATTERN";
	if (!acc)
		return "unknown account";
	auth_add_rule(&acc->rules, f->f[2], f->f[3], !strcmp(f->f[0], "deny"));
	return NULL;
}

/* domain ACCOUNT PLATFORM SERVICE NAME [ZONE [DNS [SELECTORS [STATE]]]], "-" = default */
static const char *do_domain(struct sim *s, const struct fields *f)
{
	static const char *const defaults[] = {"", "", "", "", "", "", "ovh", "2", "virgin"};
	const char *v[9];
	unsigned long selectors;
	char *end;

	if (f->n < 5 || f->n > 9)
		return "domain ACCOUNT PLATFORM SERVICE NAME [ZONE [DNS [SELECTORS [STATE]]]]";
	for (size_t i = 1; i < 9; i++)
		v[i] = i < f->n && (i < 5 || strcmp(f->f[i], "-") != 0) ? f->f[i] : defaults[i];
	if (!*v[5])
		v[5] = v[4];
	selectors = strtoul(v[7], &end, 10);
	if (*end || selectors > 9)
		return "SELECTORS is a number up to 9";
	auth_account(s->auth, v[1]);
	if (world_add_domain(
	            s->world, sim_now(s), v[1], v[2], v[3], v[4], v[5], v[6], (unsigned)selectors, v[8]) < 0)
		return "the world refuses this domain (platform, name twice, state?)";
	return NULL;
}

/* Joins the fields from `from` on with blanks again. */
static void rest(const struct fields *f, size_t from, char *dst, size_t n)
{
	size_t o = 0;

	dst[0] = 0;
	for (size_t i = from; i < f->n && o < n; i++)
		o += (size_t)snprintf(dst + o, n - o, "%s%s", i > from ? " " : "", f->f[i]);
}

/* set NAME=VALUE, or NAME VALUE */
static const char *do_set(struct sim *s, const struct fields *f)
{
	char *equals = f->n >= 2 ? strchr(f->f[1], '=') : NULL;
	char value[256];

	if (f->n < 2 || (!equals && f->n < 3))
		return "set NAME=VALUE";
	if (equals && f->n > 2)
		return "set NAME=VALUE";
	rest(f, 2, value, sizeof(value));
	if (equals)
		*equals = 0;
	return sim_set(s, f->f[1], equals ? equals + 1 : value) < 0 ? "unknown switch or bad value" : NULL;
}

/* person DOMAIN WHAT..., or person account:NAME WHAT */
static const char *do_person(struct sim *s, const struct fields *f)
{
	char what[256];
	int r;

	if (f->n < 3)
		return "person DOMAIN|account:NAME WHAT";
	rest(f, 2, what, sizeof(what));
	if (!strncmp(f->f[1], "account:", 8))
		r = auth_person(s, f->f[1] + 8, what);
	else
		r = world_person(s->world, sim_now(s), f->f[1], what);
	return r == -ENOENT  ? "no such domain"
	       : r == -EBUSY ? "not possible now"
	       : r < 0       ? "nobody can do that there"
	                     : NULL;
}

static const struct verb {
	const char *name;
	const char *(*run)(struct sim *s, const struct fields *f); /* NULL, or what is wrong */
} verbs[] = {
        {"account", do_account},
        {"rule", do_rule},
        {"deny", do_rule},
        {"domain", do_domain},
        {"set", do_set},
        {"person", do_person},
};

static const char *run_line(struct sim *s, char *line)
{
	struct fields f;

	if (!cut(line, &f))
		return "too many words";
	for (size_t i = 0; f.n && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!strcmp(f.f[0], verbs[i].name))
			/* cppcheck-suppress returnDanglingLifetime; what is wrong is a fixed text, never a field */
			return verbs[i].run(s, &f);
	return f.n ? "unknown word; account, rule, deny, domain, set, person or repeat" : NULL;
}

/* repeat N LINE: runs the line N times, {} standing for 0..N-1. */
static const char *run_repeat(struct sim *s, const char *line)
{
	char *end;
	unsigned long n = strtoul(line, &end, 10);
	const char *fault = NULL;

	if (end == line || (*end != ' ' && *end != '\t') || n > 1000000)
		return "repeat N LINE";
	for (unsigned long i = 0; i < n && !fault; i++) {
		struct out o = {0};
		const char *at = end, *mark;

		for (; (mark = strstr(at, "{}")); at = mark + 2) {
			out_add(&o, at, (size_t)(mark - at));
			out_printf(&o, "%lu", i);
		}
		out_puts(&o, at);
		fault = run_line(s, o.data);
		out_free(&o);
	}
	return fault;
}

bool scenario_text(struct sim *s, const char *text, char *ret_error, size_t n)
{
	for (unsigned line_no = 1; *text; line_no++) {
		size_t len = strcspn(text, "\n");
		char *line = must(strndup(text, len)), *at;
		const char *fault = NULL;

		line[strcspn(line, "#")] = 0;
		at = line + strspn(line, " \t");
		if (!strncmp(at, "repeat ", 7))
			fault = run_repeat(s, at + 7);
		else
			fault = run_line(s, at);
		free(line);
		if (fault) {
			snprintf(ret_error, n, "line %u: %s", line_no, fault);
			return false;
		}
		text += len + (text[len] == '\n');
	}
	return true;
}
