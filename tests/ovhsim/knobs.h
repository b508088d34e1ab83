/* The shell's own switches: how it tells time, judges signatures, hands out tokens and resolves names. What
 * OVHcloud does with domains and zones is switched in the world. Set by --set, `set` lines and POST
 * /_sim/set. */
#ifndef OVHSIM_KNOBS_H
#define OVHSIM_KNOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum knob_errors { ERRORS_NEW, ERRORS_OLD };
enum knob_token { TOKEN_OK, TOKEN_400, TOKEN_401, TOKEN_200_ERROR, TOKEN_503_HTML };
enum knob_resolver { RESOLVER_OK, RESOLVER_SERVFAIL, RESOLVER_SILENT, RESOLVER_REFUSED };

struct knobs {                   /* spans in ms; probabilities 0..1000000 */
	int64_t clock_offset;    /* added to the clock that /auth/time tells and signatures are judged by */
	int64_t auth_time_lie;   /* added to what /auth/time tells only */
	int64_t sign_window;     /* times the speed when that is above 1 */
	int64_t errors;          /* enum knob_errors */
	int64_t auth_fault;      /* probability of a transport fault on /auth/... and the token endpoint */
	int64_t credential_life; /* told by currentCredential; 0 = for ever */
	int64_t expires_in;      /* told by the token endpoint */
	int64_t token_lifetime;  /* a token really lives so long, < 0 = as told */
	int64_t token;           /* enum knob_token */
	int64_t resolver;        /* enum knob_resolver */
	int64_t keep_alive;      /* a connection may idle so long */
	int64_t close_after;     /* probability that an answer closes its connection */
};

void knobs_default(struct knobs *k);
/* 0, -ENOENT unknown name, -EINVAL bad value. */
int knobs_set(struct knobs *k, const char *name, const char *value);
/* The world has a switch of the same name that must follow. */
bool knobs_shared(const char *name);
/* For listings: row i (name, default, help), and its present value as text. NULL behind the last. */
const char *const *knobs_row(size_t i);
void knobs_value(const struct knobs *k, size_t i, char *dst, size_t n);

/* "90d", "6h", "10min", "30s", "250ms"; a plain number is milliseconds. false when it is none. */
bool span_parse(const char *s, int64_t *ret_ms);

#endif
