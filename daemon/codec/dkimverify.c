/* libopendkim, the one file that knows it. It must never let the library ask the DNS by itself: keys come from the caller,
 * so that the resolvers are those of the configuration. */
#include "codec/dkimverify.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include <opendkim/dkim.h>

#include "base/util.h"
#include "core/dkim.h"

const char *dkim_result_word(enum dkim_result r)
{
	static const char *const words[] = {
	        [DKIM_PASS] = "pass",
	        [DKIM_FAIL] = "fail",
	        [DKIM_POLICY] = "policy",
	        [DKIM_TEMPERROR] = "temperror",
	        [DKIM_PERMERROR] = "permerror",
	};

	return words[r];
}

/* The library's callbacks get its own handle only: this is behind it (dkim_set_user_context). */
struct verifying {
	key_lookup *lookup;
	void *arg;
	struct dkim_signature *list;
	size_t n;
	DKIM_SIGINFO **sigs;
};

static struct dkim_signature *signature_of(struct verifying *v, DKIM_SIGINFO *sig)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->sigs[i] == sig)
			return &v->list[i];
	return NULL;
}

/* What our own reading of the record tells beside the library's verdict. */
static void read_record(struct dkim_signature *s, const char *record)
{
	struct dkim_key key;
	enum dkim_fault fault = dkim_parse(record, strlen(record), &key);

	if (fault != DKIM_OK)
		str_format(s->why, sizeof(s->why), "the record %s", dkim_fault_text(fault));
	else if (key.revoked)
		str_copy(s->why, sizeof(s->why), "the key is revoked: its p= is empty");
	else
		s->test_key = key.test_mode;
}

static DKIM_CBSTAT look_up(DKIM *dkim, DKIM_SIGINFO *sig, u_char *dst, size_t n)
{
	struct verifying *v = dkim_get_user_context(dkim);
	struct dkim_signature *s = signature_of(v, sig);
	char *name = xasprintf("%s._domainkey.%s", (const char *)dkim_sig_getselector(sig),
	        (const char *)dkim_sig_getdomain(sig));
	char why[200] = "";
	enum key_answer answer = v->lookup(v->arg, name, (char *)dst, n, why);

	if (s && answer == KEY_FOUND)
		read_record(s, (const char *)dst);
	else if (s)
		str_copy(s->why, sizeof(s->why), why);
	if (s && answer == KEY_FAILED)
		s->result = DKIM_TEMPERROR;
	free(name);
	return answer == KEY_FOUND    ? DKIM_CBSTAT_CONTINUE
	       : answer == KEY_ABSENT ? DKIM_CBSTAT_NOTFOUND
	                              : DKIM_CBSTAT_TRYAGAIN;
}

/* A tag of the signature into dst, cleaned. */
static void take_tag(DKIM_SIGINFO *sig, const char *tag, char *dst, size_t n)
{
	char name[8];

	str_copy(name, sizeof(name), tag);
	const char *value = (const char *)dkim_sig_gettagvalue(sig, false, (u_char *)name);
	char *plain = xstrdup(value ? value : ""), *p = plain;
	for (const char *s = plain; *s; s++)
		if (!strchr(" \t\r\n", *s))
			*p++ = *s;
	*p = '\0';
	str_clean(dst, n, plain);
	free(plain);
}

/* All signatures are known now, none is checked yet. */
static DKIM_CBSTAT take_signatures(DKIM *dkim, DKIM_SIGINFO **sigs, int n)
{
	struct verifying *v = dkim_get_user_context(dkim);

	v->n = n > DKIM_SIGNATURES_MAX ? DKIM_SIGNATURES_MAX : (size_t)n;
	v->sigs = sigs;
	free(v->list);
	v->list = xcalloc(v->n + 1, sizeof(*v->list));
	for (int i = 0; i < n; i++) {
		struct dkim_signature *s = (size_t)i < v->n ? &v->list[i] : NULL;

		if (!s) {
			dkim_sig_ignore(sigs[i]);
			continue;
		}
		take_tag(sigs[i], "d", s->domain, sizeof(s->domain));
		take_tag(sigs[i], "s", s->selector, sizeof(s->selector));
		take_tag(sigs[i], "a", s->algorithm, sizeof(s->algorithm));
		take_tag(sigs[i], "h", s->headers, sizeof(s->headers));
		char covered[32];
		take_tag(sigs[i], "l", covered, sizeof(covered));
		s->partial = covered[0] != '\0';
	}
	return DKIM_CBSTAT_CONTINUE;
}

/* ---- the verdict ---- */

/* Errors of the library that are not the signature's permanent fault. */
static const struct {
	DKIM_SIGERROR error;
	enum dkim_result result;
	const char *why; /* NULL = the library's own words */
} verdicts[] = {
        {DKIM_SIGERROR_BADSIG, DKIM_FAIL,
                "the signed header fields were changed on the way, or another key signed them"},
        {DKIM_SIGERROR_KEYFAIL, DKIM_TEMPERROR, "the key could not be looked up now"},
        {DKIM_SIGERROR_NOKEY, DKIM_PERMERROR, "no key record stands at its name"},
        {DKIM_SIGERROR_KEYREVOKED, DKIM_PERMERROR, "the key is revoked: its p= is empty"},
        {DKIM_SIGERROR_KEYTOOSMALL, DKIM_POLICY, "the key has fewer than 1024 bits (RFC 8301)"},
        {DKIM_SIGERROR_EXPIRED, DKIM_PERMERROR, "the signature has expired (x=)"},
        {DKIM_SIGERROR_FUTURE, DKIM_PERMERROR, "the signature was made in the future (t=)"},
};

static void end_with(struct dkim_signature *s, enum dkim_result result, const char *why)
{
	s->result = result;
	if (s->why[0] == '\0')
		str_copy(s->why, sizeof(s->why), why);
}

static void judge_error(struct dkim_signature *s, DKIM_SIGERROR error)
{
	const char *own = dkim_sig_geterrorstr(error);

	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++)
		if (verdicts[i].error == error) {
			end_with(s, verdicts[i].result, verdicts[i].why);
			return;
		}
	end_with(s, DKIM_PERMERROR, own ? own : "it cannot be used");
}

static void judge(struct dkim_signature *s, DKIM_SIGINFO *sig)
{
	unsigned flags = dkim_sig_getflags(sig);
	DKIM_SIGERROR error = dkim_sig_geterror(sig);
	bool usable = error == DKIM_SIGERROR_OK || error == DKIM_SIGERROR_BADSIG;

	if (dkim_sig_getkeysize(sig, &s->key_bits) != DKIM_STAT_OK)
		s->key_bits = 0;
	if (s->result == DKIM_TEMPERROR)
		return;                           /* without its key nothing is known */
	if (str_caseeq(s->algorithm, "rsa-sha1")) /* RFC 8301 3.1: verifiers must not take it for valid */
		end_with(s, DKIM_POLICY, "it is made with SHA-1, which must not be accepted (RFC 8301)");
	else if (dkim_sig_getbh(sig) == DKIM_SIGBH_MISMATCH && usable)
		end_with(s, DKIM_FAIL,
		        "the body was changed on the way: its hash is not the one that was signed");
	else if (error != DKIM_SIGERROR_OK && error != DKIM_SIGERROR_UNKNOWN)
		judge_error(s, error);
	else if (!(flags & DKIM_SIGFLAG_PROCESSED))
		end_with(s, DKIM_PERMERROR, "the library did not check it");
	else if (!(flags & DKIM_SIGFLAG_PASSED) || dkim_sig_getbh(sig) != DKIM_SIGBH_MATCH)
		end_with(s, DKIM_FAIL, "the signature does not match");
	else if (s->why[0] != '\0') /* the library is content, our stricter reading of the record is not */
		s->result = DKIM_PERMERROR;
	else
		s->result = DKIM_PASS;
}

/* ---- the message through the library ---- */

/* 0, or the library's refusal. Its parameters are not const; it does not write to them. */
static DKIM_STAT feed(DKIM *dkim, const struct mail *m)
{
	DKIM_STAT r = DKIM_STAT_OK;
	bool test_key;

	for (size_t i = 0; i < m->n && r == DKIM_STAT_OK; i++)
		r = dkim_header(dkim, (u_char *)(uintptr_t)m->fields[i].line, m->fields[i].line_len);
	if (r != DKIM_STAT_OK)
		return r;
	r = dkim_eoh(dkim);
	if (r == DKIM_STAT_NOSIG)
		return r;
	if (m->body_len > 0)
		dkim_body(dkim, (u_char *)(uintptr_t)m->body, m->body_len);
	dkim_eom(dkim, &test_key); /* its status is the first signature's; each is judged by itself */
	return DKIM_STAT_OK;
}

static DKIM_LIB *library(void)
{
	DKIM_LIB *lib = dkim_init(NULL, NULL);
	u_int flags = DKIM_LIBFLAGS_NONE;

	if (!lib)
		out_of_memory();
	dkim_options(lib, DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags, sizeof(flags));
	dkim_set_key_lookup(lib, look_up);
	dkim_set_prescreen(lib, take_signatures);
	return lib;
}

static int verify(DKIM_LIB *lib, const struct mail *m, struct verifying *v)
{
	DKIM_STAT status;
	DKIM *dkim = dkim_verify(lib, (const unsigned char *)"-", NULL, &status);

	if (!dkim)
		out_of_memory();
	dkim_set_user_context(dkim, v);
	status = feed(dkim, m);
	for (size_t i = 0; i < v->n && status == DKIM_STAT_OK; i++) {
		dkim_sig_process(
		        dkim, v->sigs[i]); /* those that dkim_eom() left, having found one that holds */
		judge(&v->list[i], v->sigs[i]);
	}
	dkim_free(dkim);
	return status == DKIM_STAT_OK || status == DKIM_STAT_NOSIG ? 0 : -EBADMSG;
}

int dkim_verify_mail(
        const struct mail *m, key_lookup *lookup, void *arg, struct dkim_signature **ret, size_t *ret_n)
{
	struct verifying v = {.lookup = lookup, .arg = arg};
	DKIM_LIB *lib = library();
	int r = -ENOTSUP;

	if (dkim_libfeature(lib, DKIM_FEATURE_SHA256) && dkim_libfeature(lib, DKIM_FEATURE_ED25519))
		r = verify(lib, m, &v);
	dkim_close(lib);
	if (r < 0 || v.n == 0) {
		free(v.list);
		v.list = NULL;
		v.n = 0;
	}
	if (r == 0) {
		*ret = v.list;
		*ret_n = v.n;
	}
	return r;
}
