/* dkimrotctl's parts and what they share: the options as given, and how they end. Every verb prints on stdout what
 * was asked for and on stderr why it could not be had. */
#ifndef DKIMROTD_CTL_CTL_H
#define DKIMROTD_CTL_CTL_H

#include <stdbool.h>
#include <stdint.h>

#define CTL_SOCKET "/run/dkimrotd/control.sock"
#define CTL_STATE  "/var/lib/dkimrotd"

enum ctl_exit {
	CTL_DONE = 0,
	CTL_REFUSED = 1, /* by the daemon, or a fault in what was checked */
	CTL_USAGE = 2,
	CTL_NO_DAEMON = 3, /* it cannot be asked */
};

/* `status --check`, as monitoring plugins end. */
enum ctl_check { CHECK_OK, CHECK_WARNING, CHECK_CRITICAL, CHECK_UNKNOWN };

struct ctl {
	const char *socket;
	const char *
	        state; /* folder of the daemon's state, for status without a daemon; NULL = by configuration */
	const char *milter;         /* where a signer listens, NULL = not given */
	const char *config;         /* -c of the verbs that need no daemon, NULL = none given */
	const char *key, *selector; /* of adopt, NULL = not given */
	const char *account;        /* discover --account, NULL = all */
	const char *color;          /* "auto", "always", "never" */
	bool json, check, compromised, back, all, missing;
	const char *reason, *for_text; /* NULL = not given; for_text is a span */
	const char *until, *since;     /* spans, NULL = not given */
	int64_t wait;                  /* ms; 0 = do not */
};

/* The verbs. args are the words behind the verb. */
int ctl_status(const struct ctl *c, char **args, int n);
int ctl_explain(const struct ctl *c, char **args, int n);
int ctl_history(const struct ctl *c, char **args, int n);
int ctl_timeline(const struct ctl *c, char **args, int n);
int ctl_plan(const struct ctl *c, char **args, int n);
int ctl_records(const struct ctl *c, char **args, int n);
int ctl_rotate(const struct ctl *c, char **args, int n);
int ctl_pause(const struct ctl *c, char **args, int n);
int ctl_resume(const struct ctl *c, char **args, int n);
int ctl_adopt(const struct ctl *c, char **args, int n);
int ctl_reload(const struct ctl *c, char **args, int n);
int ctl_files(const struct ctl *c, char **args, int n); /* "check" */
int ctl_confirm(const struct ctl *c, char **args, int n);
int ctl_verify(const struct ctl *c, char **args, int n); /* "verify-message" */
int ctl_discover(const struct ctl *c, char **args, int n);
int ctl_grant(const struct ctl *c, char **args, int n);

/* "/v1/plan?domain=...&until=..."; until NULL: now. Free with free(). */
char *plan_path(char **names, int n, const char *until);

/* The history, oldest first: `page` is called with each answer of /v1/history. An exit code; why it is not CTL_DONE was
 * said. name and since may be NULL: all. */
struct answer;
typedef void history_page(void *arg, const struct answer *a, bool first);
int history_pages(const struct ctl *c, const char *name, const char *since, history_page *page, void *arg);

/* "dkimrotctl: ..." on stderr, cleaned. */
void ctl_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
