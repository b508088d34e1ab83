/* The HTTP routes that the shell answers itself: tokens, /auth/..., and the control page under /_sim. */
#ifndef OVHSIM_PAGES_H
#define OVHSIM_PAGES_H

#include "auth.h"
#include "sim.h"

/* POST /auth/oauth2/token. ret_account: the service account's, NULL when unknown. */
void oauth2_token(
        struct sim *s, const struct incoming *in, const char **ret_account, struct world_answer *ret);

/* /auth/time, /auth/currentCredential, /auth/details, /auth/credential. route: behind the version. */
void authpages_answer(struct sim *s, const struct incoming *in, const char *route, const char **ret_account,
        struct world_answer *ret);

/* /_sim/... */
void control_answer(struct sim *s, const struct incoming *in, struct world_answer *ret);

/* One definition a line (see --help): account, rule, deny, domain, repeat, set, person. Stops at the first
 * fault and returns false with "line N: what" in ret_error. origin: for messages. */
bool scenario_text(struct sim *s, const char *text, char *ret_error, size_t n);

/* The value of a form field or query parameter, decoded into dst; false when absent or too long. */
bool form_field(const char *form, const char *name, char *dst, size_t n);

#endif
